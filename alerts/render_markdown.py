"""Markdown with everything escaped that any dialect reads, for channels that show Markdown whether asked to or not."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.escape import clean, markdown_text, safe_url
from alerts.fit import fitted
from alerts.message import Clause, Excerpt, MarkKind, Message
from alerts.templating import runs

__all__ = ["render_markdown"]


def render_markdown(message: Message, *, limit: int = 30_000, title: bool = True) -> str:
    """The message within `limit` characters. `title` puts the subject on top, for channels that have no title."""
    made = fitted(message, lambda m: "\n".join(_lines(m, title)).strip() + "\n", limit)
    if len(made) <= limit:
        return made
    return (
        made[: made.rfind("\n", 0, limit)] if "\n" in made[:limit] else ""
    )  # whole lines: an escape is never cut in two


def _lines(message: Message, title: bool) -> Iterator[str]:
    for notice in message.notices:
        yield f"*{_own(notice)}*\n"
    if title:
        yield f"**{_own(message.subject)}**\n"
    lead = f"**{_own(message.severity.upper())}**"
    lead += f", {_own(message.direction)}" if message.direction != "neutral" else ""
    yield lead + (f": {_own(message.reason)}" if message.reason else "")
    if message.summary:
        yield f"\n{_own(message.summary)}"
    yield ""
    yield from (f"- **{_own(row.label)}**: {_own(row.value)}" for row in message.rows)
    yield from (f"- {_own(fact)}" for fact in message.facts)
    for entry in message.entries:
        yield f"- {_own(entry.severity.upper())} {_own(entry.vendor)}, {_own(entry.document)}: {_own(entry.what)}"
    for clause in message.clauses:
        yield from _clause(clause)
    yield from _end(message)


def _end(message: Message) -> Iterator[str]:
    if message.more:
        yield f"\n*{_own(message.more)}.*"
    if message.steps:
        yield "\n**What to do**\n"
        yield from (f"- {_own(step)}" for step in message.steps)
    links = [f"[{_own(link.label)}](<{url}>)" for link in message.links if (url := safe_url(link.url))]
    if links:
        yield "\n" + "   ".join(links)
    if message.footer:
        yield ""
        yield from (f"{_own(line)}  " for line in message.footer)


def _own(text: str) -> str:
    return markdown_text(clean(text).strip())


def _clause(clause: Clause) -> Iterator[str]:
    yield f"\n**{_own(clause.category)} clause {_own(clause.change)}** ({_own(clause.severity)})  "
    if clause.heading:
        yield f"Under: {_own(clause.heading)}  "
    if clause.reason:
        yield f"{_own(clause.reason)}  "
    if clause.facts:
        yield ""
    for fact in clause.facts:
        yield f"- {_own(fact)}"
    for label, side in (("Before", clause.before), ("Now", clause.after)):
        if side.marks:
            yield f"\n{label}:\n> {_marks(side)}"


def _marks(side: Excerpt) -> str:
    parts = []
    for kind, text, note in runs(side, markdown_text):
        bare = text.strip()
        around = (text[: len(text) - len(text.lstrip())], text[len(text.rstrip()) :])
        if kind == MarkKind.CUT:
            parts.append(f" *{markdown_text(note)}* ")
        elif kind == MarkKind.REMOVED and bare:
            parts.append(f"{around[0]}~~{bare}~~{around[1]}")
        elif kind == MarkKind.ADDED and bare:
            parts.append(f"{around[0]}**{bare}**{around[1]}")
        else:
            parts.append(text)
    return "".join(parts).strip()
