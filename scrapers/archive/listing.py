"""Where a listing stands: which part of the time, which resume key, what comes next. Pure.

An index is read in parts of time. Mostly there is one, the whole. It becomes several when the index gives up on it
(504), when it has no resume keys (pywb), or when it gives the same key twice. A `Position` can be written down with
the rows of its page and taken up again by another process.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from scrapers.archive.cdx import CdxAnswer
from scrapers.archive.profiles import Dialect
from scrapers.archive.timestamps import format_timestamp, parse_timestamp
from scrapers.errors import ArchiveFormat

__all__ = ["Listing", "Position"]

EARLIEST = "19960101000000"
"""No archive has older captures."""

LEAST_PART = timedelta(days=1)
LEAST_LIMIT = 10
MOST_LIMIT = 100_000
SECOND = timedelta(seconds=1)
FOREVER = timedelta(days=36_500)


@dataclass(frozen=True, slots=True)
class Position:
    """The next request: the part `since` to `until` after `key`, on the way to `end`. "" is no bound.

    `reached` is the last timestamp seen in the part.
    """

    since: str = ""
    until: str = ""
    end: str = ""
    key: str = ""
    reached: str = ""

    def encode(self) -> str:
        return f"{self.since}-{self.until}-{self.end}-{self.reached}:{self.key}"

    @classmethod
    def decode(cls, text: str) -> Position:
        """Raises ValueError where `text` was not made by `encode`."""
        bounds, colon, key = text.partition(":")
        parts = bounds.split("-")
        if (
            not colon
            or len(parts) != 4
            or not all(part == "" or (part.isdigit() and len(part) == 14) for part in parts)
        ):
            raise ValueError(f"not a resume key of ours: {text[:200]!r}")
        since, until, end, reached = parts
        return cls(since, until, end, key, reached)


class Listing:
    """The course of one listing: `position` and `limit` say what to ask, `take` and `give_up` what came of it.

    `position` is None when the listing is complete. `exact` says that all rows are of one page, so that the index is
    sorted by time and a part of it can begin where the last one broke off.
    """

    def __init__(self, position: Position, *, dialect: Dialect, limit: int, exact: bool, now: datetime) -> None:
        self.position: Position | None = position
        self.limit = limit
        self._keyed = dialect is not Dialect.PYWB
        self._exact = exact
        self._now = now
        self._keys = {position.key}
        self._too_long = FOREVER  # a part that the index did not manage
        if not exact and not self._keyed:
            self.limit = MOST_LIMIT  # neither keys nor time lead on from a full page

    def complete(self) -> bool:
        return self.position is None

    @property
    def current(self) -> Position:
        assert self.position is not None, "the listing is complete"
        return self.position

    def take(self, answer: CdxAnswer) -> None:
        """A page has come: move on.

        Raises:
            ArchiveFormat: the index leads nowhere (its keys go round, a page that cannot be passed).
        """
        here = self.current
        reached = max((row.timestamp for row in answer.rows), default=here.reached)
        reached = max(reached, here.reached)
        if answer.resume_key and answer.resume_key not in self._keys:
            self._keys.add(answer.resume_key)
            self.position = replace(here, key=answer.resume_key, reached=reached)
        elif answer.resume_key and not answer.raw:
            self.position = self._next_part(here)  # nothing, and after it the same nothing
        elif answer.resume_key or answer.raw >= self.limit:
            self._go_on_by_time(here, reached)
        else:
            self.position = self._next_part(here)

    def give_up(self) -> bool:
        """The index did not manage (504): ask for less. False when there is no less to ask for."""
        here = self.current
        # rows of other pages follow each other by address, not by time: their part begins again
        since = (here.reached or here.since) if self._exact else here.since
        start = parse_timestamp(since or EARLIEST)
        stop = min(parse_timestamp(here.until or here.end), self._now) if here.until or here.end else self._now
        if stop - start > LEAST_PART:
            self._too_long = stop - start
            middle = format_timestamp(start + (stop - start) / 2)
            self.position = Position(since, middle, here.end)
            return True
        if self.limit > LEAST_LIMIT and self._keyed:
            self.limit = max(LEAST_LIMIT, self.limit // 10)
            return True
        return False

    def _go_on_by_time(self, here: Position, reached: str) -> None:
        """From the second of the last row, inclusive; with larger pages where one second fills a page."""
        if not self._exact:
            raise ArchiveFormat("the index does not lead on from a full page")
        if reached and reached > here.since:
            self.position = replace(here, since=reached, key="", reached=reached)
        elif self.limit < MOST_LIMIT:
            self.limit = min(MOST_LIMIT, self.limit * 4)
            self.position = replace(here, key="", reached=reached)
        else:
            raise ArchiveFormat("the index goes round in circles")

    def _next_part(self, here: Position) -> Position | None:
        """The part after this one; None behind the last. It is twice as long because this one succeeded, but shorter
        than one that failed, which is forgotten little by little: pages are captured more in some years."""
        if here.until == here.end:
            return None
        start = parse_timestamp(here.until) + SECOND
        length = start - parse_timestamp(here.since or EARLIEST)
        end = parse_timestamp(here.end) if here.end else self._now
        until = start + min(2 * max(length, LEAST_PART), max(0.8 * self._too_long, LEAST_PART))
        self._too_long = min(FOREVER, 1.1 * self._too_long)
        last = until >= end
        return Position(format_timestamp(start), here.end if last else format_timestamp(until), here.end)


def start(since: str, until: str) -> Position:
    """The position before the first page."""
    return Position(since, until, until)


def utc_now() -> datetime:
    return datetime.now(UTC)
