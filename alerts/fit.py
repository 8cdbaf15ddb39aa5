"""A message made to fit a target's own limit: shorter excerpts first, then fewer clauses, saying what is left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sized
from dataclasses import replace
from typing import TypeVar

from alerts.escape import clean
from alerts.excerpt import shorten
from alerts.message import SEVERITIES, Clause, Message

__all__ = ["fitted", "shortened"]

T = TypeVar("T", bound=Sized)

# (characters of each excerpt, clauses and table lines), from generous to bare; the first that fits is sent
_LADDER = (
    (800, 60),
    (400, 60),
    (200, 60),
    (400, 20),
    (200, 20),
    (100, 20),
    (400, 8),
    (200, 8),
    (100, 8),
    (200, 3),
    (100, 3),
    (100, 1),
    (0, 1),
    (0, 0),
)


def fitted(message: Message, render: Callable[[Message], T], limit: int, measure: Callable[[T], int] = len) -> T:
    """What `render` makes of the message, within `limit` as `measure` counts it.

    The barest form is returned even where it does not fit: it is a few hundred characters, and a target whose limit is
    below that must cut by itself.
    """
    made = render(message)
    for excerpt, clauses in _LADDER:
        if measure(made) <= limit:
            return made
        made = render(shortened(message, excerpt=excerpt, clauses=clauses))
    if measure(made) > limit:
        made = render(_bare(message))
    return made


def shortened(message: Message, *, excerpt: int, clauses: int) -> Message:
    """The message with at most `clauses` clauses (and lines of a table), each excerpt at most `excerpt` characters."""
    kept = tuple(
        replace(clause, before=shorten(clause.before, excerpt), after=shorten(clause.after, excerpt))
        for clause in message.clauses[:clauses]
    )
    parts = [message.more] if message.more else []
    if left := message.clauses[clauses:]:
        parts.append(_left_out(left))
    rows = max(clauses, 1) * 5
    if over := len(message.entries) - rows if len(message.entries) > rows else 0:
        parts.append(f"{over:,} further lines left out")
    return replace(
        message,
        clauses=kept,
        entries=message.entries[:rows],
        more="; ".join(parts),
        links=message.links[: max(clauses, 4)],
    )


def _left_out(clauses: tuple[Clause, ...]) -> str:
    severities = Counter(clause.severity for clause in clauses)
    by_severity = ", ".join(f"{severities[s]} {s}" for s in SEVERITIES if severities[s])
    return f"{len(clauses):,} further clause change{'s' if len(clauses) > 1 else ''} left out here ({by_severity})"


def _bare(message: Message) -> Message:
    bare = shortened(message, excerpt=0, clauses=0)
    return replace(
        bare,
        summary=clean(bare.summary, 400),
        reason=clean(bare.reason, 200),
        facts=(),
        rows=bare.rows[:1],
        steps=bare.steps[:1],
        footer=(),
        links=bare.links[:1],
        entries=bare.entries[:3],
    )
