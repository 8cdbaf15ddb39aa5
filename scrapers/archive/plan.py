"""What a backfill must fetch of a listing, and what it need not. Pure.

Captures with one digest have one body: one of them is fetched, for all. Redirects are looked at once per URL and day,
because their digest is mostly that of an empty body, whatever their target. Captures of errors are never content; that
they exist is evidence that the page was missing (reference/wayback.md 6, "Dedupe/plan").
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from scrapers.archive.cdx import CaptureRow, Identity
from scrapers.archive.memento import PastRedirect
from scrapers.archive.profiles import ArchiveProfile

__all__ = ["Content", "Every", "Move", "Plan", "estimate", "find_moves", "plan", "resolve_revisits"]


class Every(StrEnum):
    """How many captures of a page are wanted at most."""

    ALL = "all"
    DAY = "day"
    MONTH = "month"


@dataclass(frozen=True, slots=True)
class Content:
    """One body, and the captures that have it, oldest first. If the first cannot be played back, the next will do."""

    digest: str
    rows: tuple[CaptureRow, ...]

    @property
    def time(self) -> datetime:
        return self.rows[0].time


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done with the rows of a listing.

    Parameters:
        contents: every body that the page had and that is known or can be fetched, by its first capture.
        fetch: those of `contents` whose digest is not known, with the captures that may be tried.
        redirects: one capture per URL and day, to learn where they led.
        missing: captures of 4xx and 5xx, not to be fetched.
        unplayable: bodies of which no capture can be played back at present.
        thinned: captures left out because of `every`, or because they repeat a redirect of the same day.
    """

    contents: tuple[Content, ...] = ()
    fetch: tuple[Content, ...] = ()
    redirects: tuple[CaptureRow, ...] = ()
    missing: tuple[CaptureRow, ...] = ()
    unplayable: tuple[Content, ...] = ()
    thinned: int = 0

    @property
    def captures(self) -> int:
        return sum(len(content.rows) for content in self.contents)


@dataclass(slots=True)
class _Sorted:
    content: list[CaptureRow] = field(default_factory=list)
    redirects: list[CaptureRow] = field(default_factory=list)
    missing: list[CaptureRow] = field(default_factory=list)
    thinned: int = 0


def resolve_revisits(rows: Iterable[CaptureRow]) -> dict[Identity, int]:
    """The status that each revisit repeats, where a row of the same digest tells it; by the revisit's identity.

    The row that tells may be earlier, later or of another URL, so give all rows of the listing. Where rows of one
    digest disagree, success wins: a body that was once served as a page can be read as one.
    """
    rows = list(rows)
    told: dict[str, int] = {}
    for row in rows:
        if row.status is not None and row.digest:
            told[row.digest] = min(row.status, told.get(row.digest, row.status))
    return {row.identity: told[row.digest] for row in rows if row.status is None and row.digest in told}


def plan(
    rows: Iterable[CaptureRow],
    *,
    known: Collection[str] = (),
    unplayable: Collection[Identity] = (),
    every: Every = Every.ALL,
    since: datetime | None = None,
    until: datetime | None = None,
) -> Plan:
    """Decide what to fetch.

    Parameters:
        rows: all rows of the listing, in any order; repeats do no harm.
        known: digests whose body is stored already, whatever page or archive it came from.
        unplayable: captures that failed lately.
        every: thin the captures of pages out to the first of each day or month.
        since, until: only captures in this time, both ends included. Revisits are resolved over all rows all the same.
    """
    unique = {row.identity: row for row in rows}
    statuses = resolve_revisits(unique.values())
    inside = [
        row
        for row in sorted(unique.values(), key=lambda row: (row.time, row.identity))
        if (since is None or row.time >= since) and (until is None or row.time <= until)
    ]
    found = _sort(inside, statuses, every)
    bodies: dict[str, list[CaptureRow]] = {}
    for row in found.content:
        # a row without a digest stands for itself: nothing says that its body is known
        bodies.setdefault(row.digest or f"{row.timestamp} {row.url}", []).append(row)
    failed = frozenset(unplayable)
    contents: list[Content] = []
    fetch: list[Content] = []
    hopeless: list[Content] = []
    for digest, captures in bodies.items():
        content = Content(digest, tuple(captures))
        playable = tuple(row for row in captures if row.identity not in failed)
        if digest in known:
            contents.append(content)
        elif playable:
            contents.append(Content(digest, playable))
            fetch.append(contents[-1])
        else:
            hopeless.append(content)
    return Plan(
        tuple(contents), tuple(fetch), tuple(found.redirects), tuple(found.missing), tuple(hopeless), found.thinned
    )


def _sort(rows: Iterable[CaptureRow], statuses: dict[Identity, int], every: Every) -> _Sorted:
    """Rows in order of time by what they are, thinned out."""
    found = _Sorted()
    digits = {Every.ALL: 14, Every.DAY: 8, Every.MONTH: 6}[every]
    periods: set[str] = set()
    days: set[tuple[str, str]] = set()
    for row in rows:
        status = row.status if row.status is not None else statuses.get(row.identity)
        if status is None or 200 <= status < 300:
            period = row.timestamp[:digits]
            if every is not Every.ALL and period in periods:
                found.thinned += 1
            else:
                periods.add(period)
                found.content.append(row)
        elif 300 <= status < 400:
            day = (row.url, row.timestamp[:8])
            if day in days:
                found.thinned += 1
            else:
                days.add(day)
                found.redirects.append(row)
        else:
            found.missing.append(row)
    return found


def estimate(requests: int, profile: ArchiveProfile) -> timedelta:
    """How long that many playback requests take at least, at the archive's pace."""
    return timedelta(seconds=requests / profile.rates.playback)


@dataclass(frozen=True, slots=True)
class Move:
    """A permanent redirect that a page gave: its address may have to be followed in config.toml."""

    url: str
    target: str
    first: datetime
    last: datetime
    seen: int


def find_moves(redirects: Iterable[PastRedirect]) -> tuple[Move, ...]:
    """The permanent redirects among what was met, one per pair of addresses, the newest last."""
    moves: dict[tuple[str, str], Move] = {}
    for past in redirects:
        if not past.permanent:
            continue
        key = (past.url, past.location)
        known = moves.get(key, Move(past.url, past.location, past.time, past.time, 0))
        moves[key] = Move(
            known.url, known.target, min(known.first, past.time), max(known.last, past.time), known.seen + 1
        )
    return tuple(sorted(moves.values(), key=lambda move: (move.last, move.url, move.target)))
