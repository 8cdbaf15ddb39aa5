"""One change on a page that several documents share is told once, in one message that names them all.

Each document is checked in a transaction of its own, so the first one owes its alert before the second one is read.
The key of an alert about a change ends with a hash of what changed; the second document finds the first one's alert by
it:

| the first one's alert | the second document |
|---|---|
| is not yet being sent | is written into it; its own alert is recorded as muted and says with which it is told |
| was sent, about the same page | its own alert is recorded as muted: the same readers know the change of that page |
| was sent, about another page | owes its own alert: nobody was told that this document changed |

The three writes (the change, the first alert amended, the muted one) are one transaction. Delivery comes after all
checks of a run, so documents of one run meet in the first row.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import ValidationError

from alerts.compose import subject_of
from alerts.escape import clean, safe_url
from alerts.message import Message, Row, dump_message, load_message
from alerts.news import ChangeNews, DocumentRef
from storage.records import AlertRecord, AlertState

if TYPE_CHECKING:
    from storage.store import Transaction

__all__ = ["WINDOW", "change_content", "owe_once"]

WINDOW = timedelta(days=1)
"""Documents on one page need not be checked in the same run; a change that comes later is another one."""

_ALSO = "Also in"
_FOOTER_LINES = 30


def change_content(news: ChangeNews) -> str:
    """Names what changed, whoever's document it is in: equal for equal sets of texts before and after. "" for a change
    without a clause change, and for one that is only cosmetic or moved."""
    texts = {(clause.before, clause.after) for clause in news.clauses if clause.kind not in ("cosmetic", "moved")}
    if not texts:
        return ""
    joined = "\x1e".join("\x1f".join(pair) for pair in sorted(texts))
    return hashlib.sha256(joined.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def owe_once(tx: Transaction, alert: AlertRecord, document: DocumentRef, *, content: str, now: datetime) -> bool:
    """Owe an alert about a change of `document`, unless another document's alert to the same route tells it.

    Parameters:
        content: `change_content` of the change, with which the alert's key ends.

    Returns: whether there is one message more to send.
    """
    own = load_message(alert.message)
    for twin in tx.change_alerts_ending(f":{content}", alert.route, since=now - WINDOW) if content else ():
        told = _loaded(twin)
        if told is None or told.document_key == document.key:
            continue
        unsent = twin.state is AlertState.OWED and tx.amend_alert(
            twin.id, dump_message(_with(told, own, document)), now=now
        )
        if unsent or _pages(told) & _pages(own):
            reference = Row("Told with", f"{told.vendor}, {told.document} ({twin.key})")
            muted = replace(own, rows=(*own.rows, reference))
            tx.owe_alert(replace(alert, message=dump_message(muted), state=AlertState.MUTED))
            return False
    return tx.owe_alert(alert)


def _with(told: Message, own: Message, document: DocumentRef) -> Message:
    """The message about the first document, naming another one that changed alike."""
    name = f"{own.vendor}, {own.document}"
    also = tuple(dict.fromkeys((*told.also, name)))
    rows = tuple(row for row in told.rows if row.label != _ALSO)
    what = own.subject.removeprefix(subject_of(document, "").rstrip())
    return replace(
        told,
        subject=clean(f"{told.vendor[:60]}, {told.document[:60]} and {len(also)} more:{what}", 250),
        also=also,
        rows=(Row(_ALSO, clean("; ".join(also), 2000)), *rows),
        links=tuple(dict.fromkeys((*told.links, *(link for link in own.links if link.label == "Live page"))))[:12],
        footer=tuple(dict.fromkeys((*told.footer, *own.footer)))[:_FOOTER_LINES],
    )


def _pages(message: Message) -> set[str]:
    return {url for link in message.links if link.label == "Live page" and (url := safe_url(link.url))}


def _loaded(alert: AlertRecord) -> Message | None:
    try:
        return load_message(alert.message)
    except ValidationError:
        return None
