"""The dates that a policy states of itself: when it takes effect, when it was last updated.

A date counts only with words that make it the document's own ("Last updated", "effective as of", a bare date below the
title). Dates of laws, earlier versions, archives and copyright are left alone: no date is better than an invented one.
Phrasings and traps: reference/clauses.md 4.
"""

from __future__ import annotations

import datetime
import re
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analysis.blocks import Block, BlockKind
from analysis.lexicons_dates import (
    BOTH,
    DAY_FIRST_MARKS,
    EFFECTIVE,
    EFFECTIVE_AFTER,
    FOREIGN,
    MONTH_FIRST_MARKS,
    MONTHS,
    NOT_OURS_AFTER,
    NOT_OURS_BEFORE,
    STAMP_BEFORE,
    TITLE_BEFORE,
    UPDATED,
)

__all__ = ["DateFound", "PolicyDates", "RawDate", "find_dates", "find_raw_dates"]

_BEFORE = 110
_AFTER = 90
_HEAD = 2500
_TAIL = 1500
_SPACES = str.maketrans(dict.fromkeys("\xa0\u2007\u2009\u202f\t", " "))
_EARLIEST = 1993
_LATEST = 2099


@dataclass(frozen=True, slots=True)
class RawDate:
    """A date as written somewhere in a text. `day` is None if only the month is given."""

    year: int
    month: int
    day: int | None
    start: int
    end: int
    text: str
    ambiguous: bool = False

    @property
    def date(self) -> datetime.date:
        return datetime.date(self.year, self.month, self.day or 1)

    @property
    def iso(self) -> str:
        """ "2021-04-30", or "2021-04" where no day is given."""
        return f"{self.year:04}-{self.month:02}" + (f"-{self.day:02}" if self.day else "")


@dataclass(frozen=True, slots=True)
class DateFound:
    """A date of the document's own.

    `role` is "effective" or "updated"; `precision` "day" or "month" (`date` is then the first of the month); `cue` the
    words that said so; `text` the date as written; `block`, `start` and `end` say where. `ambiguous` means that day
    and month could be the other way round ("11/05/2026").
    """

    date: datetime.date
    precision: str
    role: str
    cue: str
    text: str
    block: int
    start: int
    end: int
    ambiguous: bool = False

    @property
    def iso(self) -> str:
        """ "2021-04-30", or "2021-04" where the precision is a month."""
        return self.date.isoformat() if self.precision == "day" else self.date.isoformat()[:7]


@dataclass(frozen=True, slots=True)
class PolicyDates:
    """What a document says of its own dates; `others` are further statements of the same kinds that lost."""

    effective: DateFound | None = None
    updated: DateFound | None = None
    others: tuple[DateFound, ...] = ()

    def upcoming(self, today: datetime.date) -> DateFound | None:
        """The effective date if it lies after `today`."""
        return self.effective if self.effective and self.effective.date > today else None


def find_dates(blocks: Sequence[Block], *, day_first: bool | None = None) -> PolicyDates:
    """The effective and last-updated dates of a document.

    `day_first` settles numeric dates that could be read both ways; None decides by the document's other dates and by
    what it says of its country, month first if nothing helps (`DateFound.ambiguous` is set all the same).
    """
    page = _Page(blocks)
    order = day_first if day_first is not None else _reads_day_first(page.text)
    found = [c for raw in find_raw_dates(page.text, day_first=order) for c in _classify(page, raw)]
    found.sort(key=lambda c: (-c[0], c[1].block, c[1].start))
    effective = next((date for _, date in found if date.role == "effective"), None)
    updated = next((date for _, date in found if date.role == "updated"), None)
    others = tuple(date for _, date in found if date not in (effective, updated))
    return PolicyDates(effective, updated, others)


class _Page:
    """The text of all blocks in one string, and the way back from an offset to block and offset."""

    def __init__(self, blocks: Sequence[Block]) -> None:
        self.blocks = blocks
        # one space for each odd one, so that offsets stay
        self.text = "\n".join(block.text for block in blocks).translate(_SPACES)
        self.starts: list[int] = []
        position = 0
        for block in blocks:
            self.starts.append(position)
            position += len(block.text) + 1

    def locate(self, offset: int) -> tuple[int, int]:
        block = max(bisect_right(self.starts, offset) - 1, 0)
        return block, offset - self.starts[block]


# --- dates as written -------------------------------------------------------------------------

_MONTH = (
    r"(?P<{0}>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)"
)
_WRITTEN = re.compile(
    "|".join(
        (
            # "September 6th, 2021", "July 12 , 2023", "November 1. 2014"
            _MONTH.format("m1")
            + r"\.?[ _*]{0,3}(?P<d1>[0-3]?\d)(?:st|nd|rd|th)?(?: ?[,.]? ?| of )(?P<y1>(?:19|20)\d\d)(?!\d)",
            # "6 May 2026", "1st of March, 2014"
            r"(?<![\d.,/-])(?P<d2>[0-3]?\d)(?:st|nd|rd|th)?[ .-]?(?: ?of )?"
            + _MONTH.format("m2")
            + r"\.?[, -]{0,2}(?P<y2>(?:19|20)\d\d)(?!\d)",
            # "June, 2015"
            _MONTH.format("m3") + r"\.?,? ?(?:of )?(?P<y3>(?:19|20)\d\d)(?!\d)",
            # "2021-04-30", "2021.4.30", "2021/04/30"
            r"(?<![\d/.-])(?P<y4>(?:19|20)\d\d)(?P<s4>[-./])(?P<m4>[01]?\d)(?P=s4)(?P<d4>[0-3]?\d)(?![\d/-])",
            # "6/28/2013", "23.05.2018", "4-19-01"
            r"(?<![\d/.-])(?P<a5>[0-3]?\d)(?P<s5>[-/.])(?P<b5>[0-3]?\d)(?P=s5)(?P<y5>(?:19|20)?\d\d)(?![\d/-]|\.\d)",
            # "04 - 2021", "05/2021"
            r"(?<![\d/.-])(?P<m6>0?[1-9]|1[0-2]) ?[-/] ?(?P<y6>(?:19|20)\d\d)(?![\d/-])",
        )
    ),
    re.IGNORECASE,
)
_PARTED = re.compile(r"\d[-/.]\d{1,2}[-/.]\d\d")
_YEAR = re.compile(r"(?:19|20)\d\d|\d[-/.]\d{1,2}[-/.]\d\d")
_NUMERIC = re.compile(r"(?<![\d/.-])([0-3]?\d)([-/])([0-3]?\d)\2(?:19|20)\d\d(?![\d/-])")


def find_raw_dates(text: str, *, day_first: bool = False) -> Iterator[RawDate]:
    """All dates of a text in order, whatever they stand for; years from 1993 (the first policies) to 2099."""
    for start, end in _lines_with_years(text):
        for match in _WRITTEN.finditer(text, start, end):
            found = _raw(match, day_first)
            if found is not None:
                yield found


def _lines_with_years(text: str) -> Iterator[tuple[int, int]]:
    """Where the lines begin and end in which a date can stand: no date is written over the end of a line."""
    end = 0
    for match in _YEAR.finditer(text):
        if match.start() >= end:
            start = text.rfind("\n", 0, match.start()) + 1
            end = text.find("\n", match.end())
            end = len(text) if end < 0 else end
            yield start, end


def _raw(match: re.Match[str], day_first: bool) -> RawDate | None:
    if match.start() and match["m1"] is None and match["m3"] is None and match.string[match.start() - 1].isalpha():
        return None
    ambiguous = False
    day: int | None
    if match["y1"]:
        year, month, day = int(match["y1"]), MONTHS[match["m1"][:3].lower()], int(match["d1"])
    elif match["y2"]:
        year, month, day = int(match["y2"]), MONTHS[match["m2"][:3].lower()], int(match["d2"])
    elif match["y3"]:
        year, month, day = int(match["y3"]), MONTHS[match["m3"][:3].lower()], None
    elif match["y4"]:
        year, month, day = int(match["y4"]), int(match["m4"]), int(match["d4"])
    elif match["y6"]:
        year, month, day = int(match["y6"]), int(match["m6"]), None
    else:
        first, second = int(match["a5"]), int(match["b5"])
        year = int(match["y5"])
        if year < 100:
            if match["s5"] == ".":
                return None  # "2.1.14" is a section
            year += 2000 if year < 80 else 1900
        dotted = match["s5"] == "."
        ambiguous = not dotted and first != second and first <= 12 and second <= 12
        swap = first > 12 or dotted or (day_first and second <= 12)
        month, day = (second, first) if swap else (first, second)
    if not _EARLIEST <= year <= _LATEST:
        return None
    try:
        datetime.date(year, month, day or 1)
    except ValueError:
        return None
    return RawDate(year, month, day, match.start(), match.end(), match.group(), ambiguous)


def _reads_day_first(text: str) -> bool:
    """Whether numeric dates of the document have the day first: by its unambiguous dates, then by its country."""
    if not _PARTED.search(text):
        return False  # no date that could be read both ways
    votes = 0
    for match in _NUMERIC.finditer(text):
        first, second = int(match[1]), int(match[3])
        votes += (first > 12 >= second) - (second > 12 >= first)
    if votes:
        return votes > 0
    return len(DAY_FIRST_MARKS.findall(text)) > len(MONTH_FIRST_MARKS.findall(text))


# --- whose date it is -------------------------------------------------------------------------

_NOISE = re.compile(r"[*_#|\\>\u200b\u200e\ufeff]+|\[|\]\([^)\s]{0,300}\)?")
_SOME_READERS = re.compile(r"[ ,]*for (?:\w+ )?(?:users|developers|existing|customers|accounts|members)", re.IGNORECASE)
_SPACE = re.compile(r"\s+")


def _clean(text: str) -> str:
    return _SPACE.sub(" ", _NOISE.sub("", text.replace("\u00a0", " ").replace("&nbsp;", " ")))


def _classify(page: _Page, raw: RawDate) -> Iterator[tuple[float, DateFound]]:
    block, offset = page.locate(raw.start)
    before, after = _context(page, raw, block, offset)
    if FOREIGN.search(before[-90:]) or NOT_OURS_BEFORE.search(before) or NOT_OURS_AFTER.match(after):
        return
    place = _place(page, raw, block)
    for role, cue, strength in _roles(before, after, raw, page, block):
        score = strength + place
        if score >= 1.0:
            precision = "day" if raw.day else "month"
            yield (
                score,
                DateFound(
                    raw.date,
                    precision,
                    role,
                    cue.strip(" :("),
                    raw.text,
                    block,
                    offset,
                    offset + len(raw.text),
                    raw.ambiguous,
                ),
            )


def _context(page: _Page, raw: RawDate, block: int, offset: int) -> tuple[str, str]:
    """Words before and after; into the block before only if nothing stands before the date in its own."""
    own = page.blocks[block].text
    before = own[max(0, offset - _BEFORE) : offset]
    if not re.search(r"\w", before) and block:
        # "Effective date" as a heading or table cell, the date below it
        previous = page.blocks[block - 1].text
        if len(previous) <= 60:
            before = previous + " " + before
    end = offset + len(raw.text)
    after = own[end : end + _AFTER]
    return _clean(before), _clean(after)


def _place(page: _Page, raw: RawDate, block: int) -> float:
    """How much the place speaks for a date line: the head of the page, its end, a short block of its own."""
    bonus = 0.0
    if raw.start < _HEAD:
        bonus += 0.25 * (1 - raw.start / _HEAD) + 0.1
    elif len(page.text) - raw.end < _TAIL:
        bonus += 0.15
    if len(page.blocks[block].text) <= 120:
        bonus += 0.15
    return bonus


def _roles(before: str, after: str, raw: RawDate, page: _Page, block: int) -> Iterator[tuple[str, str, float]]:
    """Roles of a date with the words that gave them and their strength; 1 is enough anywhere on the page."""
    both = BOTH.search(before)
    if both:
        yield "effective", both.group(), 1.0
        yield "updated", both.group(), 1.0
        return
    for pattern, strength in EFFECTIVE:
        match = pattern.search(before)
        if match:
            # "effective … for existing users": true of some readers only
            yield "effective", match.group(), strength - (0.4 if _SOME_READERS.match(after) else 0.0)
            return
    for pattern, strength in UPDATED:
        match = pattern.search(before)
        if match:
            yield "updated", match.group(), strength
            late = EFFECTIVE_AFTER.match(after)
            if late:
                yield "effective", match.group() + " … " + late.group().strip(), strength
            return
    yield from _bare(before, after, raw, page, block)


def _bare(before: str, after: str, raw: RawDate, page: _Page, block: int) -> Iterator[tuple[str, str, float]]:
    """A date alone in its block, or right after the title, at the head (or alone at the end) of the page."""
    own = _clean(page.blocks[block].text).strip(" .()[]")
    alone = own == _clean(raw.text).strip() or (
        STAMP_BEFORE.fullmatch(before.strip()) and len(after.strip(" .)")) <= 40
    )
    head = raw.start < 1500
    tail = len(page.text) - raw.end < 400 and block >= len(page.blocks) - 6
    if page.blocks[block].kind is BlockKind.ROW or raw.day is None:
        return
    if alone and (head or tail):
        yield "updated", "bare date", 1.0
    elif head and raw.start < 700 and TITLE_BEFORE.search(before):
        yield "updated", "bare date after the title", 0.75
