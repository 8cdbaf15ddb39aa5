"""From news to the rows of alerts owed, written in the transaction that stores the news.

Each alert is one message to one route; its key names the news and the route, so that work done twice owes it once.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from datetime import datetime

from alerts.compose import compose_change
from alerts.message import Kind, Message, dump_message
from alerts.news import ChangeNews, DocumentRef
from alerts.routing import due_at, operators, selects, wanted_clauses
from alerts.settings import Route
from alerts.twins import change_content
from storage.records import AlertRecord

__all__ = ["change_alerts", "key_of", "operator_alerts"]


def change_alerts(
    news: ChangeNews,
    routes: Iterable[Route],
    *,
    now: datetime,
    document_id: int | None = None,
    change_id: int | None = None,
) -> tuple[AlertRecord, ...]:
    """The alerts that a change owes: one for each route that asks for it, composed for what that route asks for.

    Only for news: what backfill learned of the past is not passed to this function.
    """
    owed = []
    content = change_content(news)
    for route in routes:
        clauses = wanted_clauses(route, news)
        if clauses is not None:
            message = compose_change(news, now=now, shown=clauses or None)
            key = key_of("change", news.document.key, news.change_key, route.name)
            key += f":{content}" if content else ""  # by which `alerts.twins` finds what other documents owe
            owed.append(_record(key, route, message, now, document_id=document_id, change_id=change_id))
    return tuple(owed)


def operator_alerts(
    message: Message,
    routes: Iterable[Route],
    *,
    occasion: str,
    now: datetime,
    document: DocumentRef | None = None,
    document_id: int | None = None,
    without: Sequence[str] = (),
) -> tuple[AlertRecord, ...]:
    """The alerts that a failure, a recovery or a given-up alert owes to the operator routes.

    Parameters:
        occasion: names what happened, and when, so that it is told once: for a failing document the time it began to
            fail and the kind of error.
        document: operator routes that restrict themselves to other documents are not told.
        without: names of routes that are not told.
    """
    told = [r for r in operators(routes) if r.name not in without and (document is None or selects(r, document))]
    about = document.key if document else ""
    return tuple(
        _record(key_of(message.kind.value, about, occasion, route.name), route, message, now, document_id=document_id)
        for route in told
    )


def key_of(kind: str, about: str, occasion: str, route: str) -> str:
    """Readable as far as it fits, exact always."""
    exact = hashlib.sha256("\x00".join((kind, about, occasion, route)).encode("utf-8", "surrogatepass")).hexdigest()[
        :24
    ]
    return f"{kind}:{about[:80]}:{route[:63]}:{exact}"


def _record(
    key: str,
    route: Route,
    message: Message,
    now: datetime,
    *,
    document_id: int | None = None,
    change_id: int | None = None,
) -> AlertRecord:
    # Operators are told at once, whatever the route's rhythm for changes; its quiet hours hold for both.
    at_once = message.kind is not Kind.CHANGE
    return AlertRecord(
        key=key,
        route=route.name,
        kind=message.kind.value,
        message=dump_message(message),
        created=now,
        due=due_at(route, now, at_once=at_once),
        document_id=document_id,
        change_id=change_id,
    )
