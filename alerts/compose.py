"""News into a message: what a busy person needs to understand and act on, in the order they need it.

Pure: the time is a parameter. Text is cleaned and bounded here, made literal by the renderers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime

from alerts.escape import MAX_LINE, clean, safe_url
from alerts.excerpt import sides
from alerts.message import SEVERITIES, Clause, Entry, Kind, LinkRef, Message, Row, rank
from alerts.news import CaptureNews, ChangeNews, ClauseNews, DocumentRef
from analysis.taxonomy import CATEGORIES

__all__ = ["category_name", "compose_change", "compose_digest", "count", "long_date", "moment", "subject_of"]

EXCERPT = 1_500  # characters of each side of a clause; renderers shorten further to their target's limit
CLAUSES = 60  # more than that in one change is a rewritten document; the report page has them all
_WORDS = {
    "added": "added",
    "removed": "removed",
    "modified": "changed",
    "reworded": "reworded",
    "moved": "moved",
    "cosmetic": "changed in form only",
}
_NAMES = {category.id: category.name for category in CATEGORIES}


def category_name(category: str) -> str:
    """The name of a category in words: that of the taxonomy, or the user's own id made readable."""
    return _NAMES.get(category) or _line(category.replace("_", " ").replace("-", " ").capitalize()) or "Other"


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def long_date(day: date) -> str:
    """As "1 March 2027": the same in every country's reading, unlike 01/03/2027."""
    return f"{day.day} {day:%B %Y}"


def moment(time: datetime) -> str:
    time = time.astimezone(UTC)
    return f"{long_date(time.date())}, {time:%H:%M} UTC"


def subject_of(document: DocumentRef, what: str) -> str:
    """ "Vendor, Document: what happened", bounded so that a mail client still shows the end of it."""
    return clean(f"{_line(document.vendor_name, 60)}, {_line(document.name, 60)}: {_line(what, 120)}", 250)


def compose_change(news: ChangeNews, *, now: datetime, shown: Sequence[ClauseNews] | None = None) -> Message:
    """The message about a change.

    Parameters:
        news: the change.
        now: when it is composed; days left are counted from it.
        shown: the clause changes that a route asked for (see `alerts.routing`), all if None. The others are counted.
    """
    wanted = list(news.clauses if shown is None else shown)
    ordered = sorted(wanted, key=lambda c: (rank(c.severity), c.direction != "adverse"))
    clauses = tuple(_clause(clause) for clause in ordered[:CLAUSES])
    first = clauses[0] if clauses else None
    document = news.document
    severity = first.severity if first else news.severity
    what = f"{first.category} clause {first.change}" if first else "text changed"
    return Message(
        kind=Kind.CHANGE,
        subject=subject_of(document, what + (f" ({severity})" if rank(severity) < 2 else "")),
        created=now,
        thread=document.key,
        vendor=_line(document.vendor_name),
        document=_line(document.name),
        document_key=document.key,
        severity=severity,
        direction=news.direction,
        summary=clean(news.summary, 600).strip(),
        reason=first.reason if first else "",
        rows=tuple(_change_rows(news, now)),
        facts=tuple(_line(fact) for fact in news.facts[:20]),
        clauses=clauses,
        more=_more(news, ordered),
        links=tuple(_change_links(news)),
        footer=tuple(_footer(news)),
    )


def _line(text: str, limit: int = MAX_LINE) -> str:
    return clean(text, limit).strip()


def _clause(news: ClauseNews) -> Clause:
    before, after = sides(news.before, news.after, news.spans, EXCERPT)
    return Clause(
        category=category_name(news.category),
        change=_WORDS.get(news.kind, "changed"),
        severity=news.severity,
        direction=news.direction,
        heading=_line(news.heading),
        reason=clean(news.reason, 600).strip(),
        before=before,
        after=after,
        facts=tuple(_line(fact) for fact in news.facts[:20]),
    )


def _change_rows(news: ChangeNews, now: datetime) -> list[Row]:
    rows = []
    if news.effective is not None:
        rows.append(Row("Effective", f"{long_date(news.effective)} ({_days_left(news.effective, now.date())})"))
    stood = (news.after.time.date() - news.stood_since.date()).days
    rows += [
        Row(
            "Old text",
            f"seen since {moment(news.stood_since)} ({count(stood, 'day')}), last seen {moment(news.before.time)}",
        ),
        Row("New text", f"first seen {moment(news.after.time)}"),
    ]
    return rows


def _days_left(day: date, today: date) -> str:
    days = (day - today).days
    if days == 0:
        return "today"
    return f"in {count(days, 'day')}" if days > 0 else f"{count(-days, 'day')} ago"


def _more(news: ChangeNews, shown: Sequence[ClauseNews]) -> str:
    """What the message leaves out: clause changes over the number shown, and those the route did not ask for."""
    parts = []
    if len(shown) > CLAUSES:
        parts.append(f"{count(len(shown) - CLAUSES, 'less severe clause change')} not shown")
    others = Counter(clause.severity for clause in news.clauses) - Counter(clause.severity for clause in shown)
    if others:
        by_severity = ", ".join(f"{others[s]} {s}" for s in SEVERITIES if others[s])
        parts.append(f"{count(others.total(), 'other clause change')} this route does not ask for ({by_severity})")
    return "; ".join(parts)


def _change_links(news: ChangeNews) -> list[LinkRef]:
    found = [("Full difference", news.report)]
    found += [("Live page", url) for url in news.document.urls[:5]]
    found += [("Archived before", news.before.memento), ("Archived after", news.after.memento)]
    return [LinkRef(label, checked) for label, url in found if (checked := safe_url(url))]


def _footer(news: ChangeNews) -> list[str]:
    lines = [f"Checked, unchanged since {moment(news.after.time)}; last verified {moment(news.verified)}."]
    for name, capture in (("before", news.before), ("after", news.after)):
        if proof := _proof(capture):
            lines.append(f"Capture {name}: {proof}.")
    if news.run_id:
        lines.append(f"clausewatch run {_line(news.run_id, 80)}, document {_line(news.document.key, 120)}.")
    return lines


def _proof(capture: CaptureNews) -> str:
    return f"{moment(capture.time)}, SHA-256 {capture.sha256[:64]}" if capture.sha256 else ""


def compose_digest(
    messages: Sequence[Message], *, route: str, now: datetime, health: str = "", members: Sequence[str] = ()
) -> Message:
    """Many messages as one: a table on top, then each document's clause changes, grouped by vendor, most severe first.

    Parameters:
        messages: those that were owed to the route since the last digest; may be empty ("nothing changed").
        health: a sentence such as "57 documents verified, none changed, 2 failing."
    """
    worst: dict[str, int] = {}
    for message in messages:
        worst[message.vendor] = min(worst.get(message.vendor, 9), rank(message.severity))
    ordered = sorted(messages, key=lambda m: (worst[m.vendor], m.vendor, rank(m.severity), m.document))
    entries = tuple(
        Entry(m.vendor, m.document, m.severity, _what(m), m.links[0].url if m.links else "") for m in ordered[:500]
    )
    documents = len({message.document_key for message in messages})
    what = (
        f"{count(len(messages), 'message')} about {count(documents, 'document')}" if messages else "nothing to report"
    )
    return Message(
        kind=Kind.DIGEST,
        subject=f"Policy digest: {what}",
        created=now,
        thread=f"digest/{route}",
        severity=min((m.severity for m in messages), key=rank, default="low"),
        summary=clean(health, 600),
        entries=entries,
        clauses=tuple(_named(clause, m) for m in ordered for clause in m.clauses)[:CLAUSES],
        links=tuple(link for m in ordered[:20] for link in m.links[:1]),
        members=tuple(members),
        footer=(f"Digest for the route {_line(route, 80)}, composed {moment(now)}.",),
    )


def _named(clause: Clause, message: Message) -> Clause:
    """A clause that says whose it is, for a message about several documents."""
    where = f"{message.vendor}, {message.document}" + (f": {clause.heading}" if clause.heading else "")
    return Clause(
        clause.category,
        clause.change,
        clause.severity,
        clause.direction,
        where,
        clause.reason,
        clause.before,
        clause.after,
        clause.facts,
    )


def _what(message: Message) -> str:
    first = message.clauses[0] if message.clauses else None
    if first is None:
        return message.summary or message.subject
    others = len(message.clauses) - 1
    also = f"; also {', '.join(message.also)}" if message.also else ""
    return f"{first.category} clause {first.change}" + (f" and {others} more" if others else "") + also
