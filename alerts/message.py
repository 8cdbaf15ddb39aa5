"""A message as data: composed once, stored with the alert, rendered for each target.

Everything in it is plain text; nothing is escaped yet. It survives a round trip through JSON unchanged.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from pydantic import TypeAdapter

from storage.records import Json

__all__ = [
    "SEVERITIES",
    "Clause",
    "Entry",
    "Excerpt",
    "Kind",
    "LinkRef",
    "Mark",
    "MarkKind",
    "Message",
    "Row",
    "dump_message",
    "load_message",
    "rank",
]

SEVERITIES = ("high", "medium", "low", "cosmetic")


def rank(severity: str) -> int:
    """0 for high, 3 for cosmetic; a word not known here counts as low, so that it is never lost by accident."""
    return SEVERITIES.index(severity) if severity in SEVERITIES else SEVERITIES.index("low")


class Kind(StrEnum):
    CHANGE = "change"
    FAILING = "failing"
    RECOVERED = "recovered"
    STALE = "stale"  # not verified for too long, though no check failed: the schedule itself stands still
    HELD = "held"
    UNSTABLE = "unstable"
    DIGEST = "digest"
    UNDELIVERED = "undelivered"  # to operators: an alert was given up
    SAMPLE = "sample"


class MarkKind(StrEnum):
    SAME = "same"
    REMOVED = "removed"
    ADDED = "added"
    CUT = "cut"  # text left out here; `length` characters of it


@dataclass(frozen=True, slots=True)
class Mark:
    kind: MarkKind
    text: str = ""
    length: int = 0


@dataclass(frozen=True, slots=True)
class Excerpt:
    """One side of a clause change, cut at the ends of sentences. What is left out is a CUT mark in its place."""

    marks: tuple[Mark, ...] = ()

    @property
    def cut(self) -> int:
        """Characters left out."""
        return sum(mark.length for mark in self.marks)

    @property
    def length(self) -> int:
        return sum(len(mark.text) for mark in self.marks)


@dataclass(frozen=True, slots=True)
class Clause:
    """One clause change. `change` is a word that completes "notice period …": added, removed, changed, …"""

    category: str
    change: str
    severity: str
    direction: str = "neutral"
    heading: str = ""
    reason: str = ""
    before: Excerpt = Excerpt()
    after: Excerpt = Excerpt()
    facts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LinkRef:
    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Row:
    label: str
    value: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A line of a digest's table."""

    vendor: str
    document: str
    severity: str
    what: str
    link: str = ""


@dataclass(frozen=True, slots=True)
class Message:
    """`thread` is the same for all messages about one document; `document` is its name, `document_key` its key.

    `notices` stand above everything ("may have reached you before"); `more` says what is left out of `clauses`.
    `members` are the keys of the alerts that a digest stands for. `also` names the other documents that changed alike.
    """

    kind: Kind
    subject: str
    created: datetime
    thread: str
    vendor: str = ""
    document: str = ""
    document_key: str = ""
    severity: str = "low"
    direction: str = "neutral"
    summary: str = ""
    reason: str = ""
    notices: tuple[str, ...] = ()
    rows: tuple[Row, ...] = ()
    facts: tuple[str, ...] = ()
    clauses: tuple[Clause, ...] = ()
    more: str = ""
    steps: tuple[str, ...] = ()
    entries: tuple[Entry, ...] = ()
    links: tuple[LinkRef, ...] = ()
    footer: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    also: tuple[str, ...] = ()


_ADAPTER = TypeAdapter(Message)


def dump_message(message: Message) -> dict[str, Json]:
    """As JSON-ready dict, for the alert's row."""
    dumped: dict[str, Json] = _ADAPTER.dump_python(message, mode="json")
    return dumped


def load_message(data: object) -> Message:
    """Back from `dump_message`. Raises pydantic.ValidationError for anything else."""
    return _ADAPTER.validate_python(data)
