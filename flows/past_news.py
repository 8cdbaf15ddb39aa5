"""A digest of what a backfill found, for those who ask for it: what archives tell of the past is no news by itself."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

from alerts.compose import compose_change, compose_digest, count
from alerts.message import Message
from alerts.news import CaptureNews, ChangeNews, ClauseNews
from alerts.routing import wanted_clauses
from alerts.settings import Route
from flows.announcing import document_ref
from flows.targets import Target
from storage.records import ChangeKind, ChangeRecord, ClauseChangeRecord
from storage.store import Store

__all__ = ["past_digest"]


def past_digest(store: Store, targets: Sequence[Target], route: Route, *, begun: datetime, now: datetime) -> Message:
    """One message of all changes that were put on record since `begun`, as far as the route asks for them.

    Parameters:
        targets: the documents that were backfilled.
        begun: when the backfill began.
    """
    messages = []
    for target in targets:
        found = store.changes(target.document.id, kinds=[ChangeKind.CHANGE, ChangeKind.RETURN], limit=None)
        for record in sorted((change for change in found if change.created >= begun), key=lambda change: change.id):
            news = _news(store, target, store.change(record.id))
            clauses = wanted_clauses(route, news)
            if clauses is not None:
                messages.append(compose_change(news, now=now, shown=clauses or None))
    health = f"What web archives tell of the past of {count(len(targets), 'document')}; nothing of it is new today."
    return compose_digest(messages, route=route.name, now=now, health=health)


def _news(store: Store, target: Target, change: ChangeRecord) -> ChangeNews:
    before, after = store.version(change.from_version_id), store.version(change.to_version_id)
    return ChangeNews(
        document=document_ref(target),
        clauses=tuple(_clause(clause) for clause in change.clauses),
        severity=change.severity,
        direction=change.direction,
        summary=change.summary,
        before=_capture(store, before.last_capture_id, before.last_seen),
        after=_capture(store, after.first_capture_id, after.first_seen),
        stood_since=before.first_seen,
        verified=after.last_seen,
        run_id=change.run_id,
        facts=tuple(str(fact.get("text", "")) for fact in change.facts),
        effective=date.fromisoformat(change.effective) if change.effective else None,
    )


def _clause(clause: ClauseChangeRecord) -> ClauseNews:
    return ClauseNews(
        category=clause.category,
        kind=clause.kind,
        severity=clause.severity,
        direction=clause.direction,
        heading=clause.heading,
        before=clause.before,
        after=clause.after,
        reason=clause.reason,
        facts=tuple(str(fact.get("text", "")) for fact in clause.facts),
    )


def _capture(store: Store, capture_id: int, time: datetime) -> CaptureNews:
    capture = store.capture(capture_id)
    return CaptureNews(time=time, memento=capture.memento_url, sha256=capture.payload)
