"""What a check has to tell, as alerts owed: rows written in the transaction of the check, sent by the outbox later."""

from __future__ import annotations

from datetime import datetime

from alerts.message import Kind, Message
from alerts.news import CaptureNews, ChangeNews, ClauseNews, DocumentRef, WatchNews
from alerts.outbox import change_alerts, operator_alerts
from alerts.twins import change_content, owe_once
from alerts.watch import WatchState, compose_failing, compose_recovered, compose_unstable, watch_alert
from analysis.judgement import ClauseChange
from flows.histories import Rebuilt
from flows.run import Run
from flows.targets import Target
from reports.addresses import change_url
from storage.records import CheckRecord, CheckSaved, VersionRecord
from storage.store import Transaction

__all__ = ["document_ref", "owe_change", "owe_unstable", "owe_watching"]


def document_ref(target: Target) -> DocumentRef:
    document = target.document
    return DocumentRef(
        key=document.key,
        name=document.name,
        type=document.type,
        vendor=document.vendor_slug,
        vendor_name=document.vendor_name,
        tags=(*document.vendor_tags, *target.config.tags),
        urls=tuple(source.record.url for source in target.sources),
    )


def owe_change(run: Run, tx: Transaction, target: Target, rebuilt: Rebuilt, now: datetime) -> int:
    """Write an alert for each route that asked for this change.

    Returns: how many messages that is. A cosmetic or technical change is told to nobody; what another document's alert
    tells already (they share a page) is told with it.
    """
    assert rebuilt.newest is not None
    change, judgement = rebuilt.newest
    if not change.live:
        return 0
    versions = {version.id: version for version in rebuilt.update.versions}
    before, after = versions[change.from_version_id], versions[change.to_version_id]
    news = ChangeNews(
        document=document_ref(target),
        clauses=tuple(_clause_news(clause) for clause in judgement.clause_changes),
        severity=judgement.severity,
        direction=judgement.direction,
        summary=judgement.summary,
        before=_capture_news(run, before.last_capture_id, before.last_seen),
        after=_capture_news(run, after.first_capture_id, after.first_seen),
        stood_since=before.first_seen,
        verified=now,
        run_id=run.id,
        facts=tuple(fact.text for fact in judgement.facts),
        effective=judgement.effective.date if judgement.effective else None,
        report=_report_page(run, change.id),
        change_key=_change_key(target, before, after),
    )
    alerts = change_alerts(news, run.config.routes, now=now, document_id=target.document.id, change_id=change.id)
    tx.announce(change.id, now)
    content = change_content(news)
    return sum(owe_once(tx, alert, news.document, content=content, now=now) for alert in alerts)


def _report_page(run: Run, change_id: int) -> str:
    """Address of the page of a change, where the report pages are served; "" where nobody says so."""
    base = run.config.alerts.report_url.rstrip("/")
    return f"{base}/{change_url(change_id)}" if base else ""


def _change_key(target: Target, before: VersionRecord, after: VersionRecord) -> str:
    """Names a change by what it is, not by row ids: a run that is repeated owes the same alert, not a second one."""
    return f"{target.key}|{before.fingerprint[:16]}|{after.fingerprint[:16]}|{after.first_seen:%Y%m%dT%H%M%S}"


def _clause_news(clause: ClauseChange) -> ClauseNews:
    return ClauseNews(
        category=clause.category,
        kind=clause.kind,
        severity=clause.severity,
        direction=clause.direction,
        heading=clause.heading,
        before=clause.before,
        after=clause.after,
        reason=clause.reason,
        facts=tuple(fact.text for fact in clause.facts),
        spans=clause.spans,
        categories=clause.categories,
    )


def _capture_news(run: Run, capture_id: int, time: datetime) -> CaptureNews:
    capture = run.store.capture(capture_id)
    return CaptureNews(time=time, memento=capture.memento_url, sha256=capture.payload)


def owe_unstable(run: Run, tx: Transaction, target: Target, rebuilt: Rebuilt, now: datetime) -> int:
    """Tell the operators once that a document does not hold still; again only when it calmed down in between."""
    period = rebuilt.history.unstable
    if period is None:
        return 0
    ref = document_ref(target)
    message = compose_unstable(
        ref, since=period.since, returns=period.returns, variants=len(period.variants), kind=period.kind, now=now
    )
    alerts = operator_alerts(
        message,
        run.config.routes,
        occasion=f"unstable since {period.since:%Y%m%dT%H%M%S}",
        now=now,
        document=ref,
        document_id=target.document.id,
    )
    return sum(tx.owe_alert(alert) for alert in alerts)


def owe_watching(
    run: Run, tx: Transaction, target: Target, check: CheckRecord, saved: CheckSaved, *, advice: str, again: str = ""
) -> int:
    """Tell the operators that a document can't be watched, that the reason is another now, or that it works again.

    Parameters:
        again: names what is new since they were told that it can't be watched, "" if nothing is.
    """
    before = WatchState(saved.previous_failures, saved.previous_error_kind)
    # a document that was never seen as it should be was added wrongly, as like as not: its operator hears at once
    enough = run.config.alerts.failures_before_alert if target.document.versions else 1
    kind = watch_alert(before, WatchState(saved.failures, saved.error_kind), enough)
    if kind is None and again and saved.failures > enough:
        kind = Kind.FAILING
    if kind is None:
        return 0
    now = check.finished
    recovered = kind is Kind.RECOVERED
    news = WatchNews(
        document=document_ref(target),
        failures=saved.previous_failures if recovered else saved.failures,
        failing_since=saved.failing_since,
        last_verified=now if recovered else target.document.last_verified,
        error_kind=check.error_kind,
        detail=check.detail,
        advice=advice,
        url=check.url,
        status=check.status,
        run_id=run.id,
    )
    message: Message = compose_recovered(news, now=now) if recovered else compose_failing(news, now=now)
    since = saved.failing_since or now
    alerts = operator_alerts(
        message,
        run.config.routes,
        occasion=f"{since:%Y%m%dT%H%M%S}|{check.error_kind}" + (f"|{again}" if again else ""),
        now=now,
        document=news.document,
        document_id=target.document.id,
    )
    return sum(tx.owe_alert(alert) for alert in alerts)
