"""Fetching from one place what can differ: bodies that are not known, and where redirects led.

Everything is committed as it comes, each capture with the mark on its row of the listing: kill it anywhere and run it
again, nothing is fetched twice but what was under way. One capture that fails does not stop the others.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from itertools import groupby

from flows.durations import parse_duration
from flows.framesets import follow_frames
from flows.meter import Meter
from flows.places import Place, list_place
from flows.run import Run
from flows.settling import state_of
from scrapers.archive.cdx import CaptureRow, Identity
from scrapers.archive.memento import PastRedirect
from scrapers.archive.plan import Content, Every, Plan, find_moves, plan
from scrapers.archive.sweep import Sweep
from scrapers.archive.timestamps import first_moment, last_moment, parse_timestamp
from scrapers.capture import Fetched, Hop
from scrapers.errors import (
    ArchiveExcluded,
    ArchiveFormat,
    ArchiveLoop,
    ArchiveUnavailable,
    NotArchived,
    NotPlayable,
    ScrapeError,
)
from storage.records import CursorRecord, ListingRecord, ListingState

__all__ = ["BackfillOptions", "Collected", "collect", "make_plan", "suggest_moves"]

log = logging.getLogger("clausewatch.backfill")

UNPLAYABLE = timedelta(days=7)
EXCLUDED = timedelta(days=30)
REDIRECT_GAP = timedelta(days=365)
"""A redirect that led to one place at both ends of a year is not asked in between."""
AT_ONCE = 4
"""Fetches under way at a time; the archive's pace is kept by the client's limiter, this bounds memory."""
FAILURES = 3
"""So many captures in a row that the archive fails to give mean that it is the archive."""

_LISTED = list(ListingState)
_UNPLAYABLE = (NotPlayable, NotArchived, ArchiveLoop, ArchiveFormat)


_FRAME_WINDOW = timedelta(days=365)
"""How far from the frameset's capture that of its frame may be: archives took them days or months apart."""


@dataclass(frozen=True, slots=True)
class BackfillOptions:
    """`since` and `until` are 4 to 14 digits of a timestamp ("" is no bound); `limit` is captures per address; `gap` a
    duration ("365d") instead of the configured `archives_gap`."""

    since: str = ""
    until: str = ""
    every: str = "all"
    limit: int | None = None
    gap: str = ""

    def max_gap(self, configured: timedelta) -> timedelta:
        return parse_duration(self.gap) if self.gap else configured


@dataclass(slots=True)
class Collected:
    """What was done at one place. `saved` counts bodies that need not be fetched, because nothing changed around them;
    `problem` is the last capture that the archive failed to give and that is to be tried again."""

    listed: int = 0
    fetched: int = 0
    saved: int = 0
    moves: list[str] = field(default_factory=list)
    problem: ScrapeError | None = None


async def collect(run: Run, place: Place, options: BackfillOptions, meter: Meter) -> Collected:
    """List one place and fetch what can differ.

    Raises:
        ArchiveError: the archive does not answer, or not any more. What came so far is stored.
    """
    cursor = await list_place(run, place, meter)
    planned, rows = make_plan(run, place, cursor, options)
    work = _Work(run, place, options, meter, rows)
    work.done.listed = len(rows)
    meter.begin()
    try:
        sweep = _content_sweep(run, place, planned, rows, options)
        await work.through(sweep, work.fetch)
        work.done.saved = sweep.unread if options.limit is None else 0
        for page in _redirect_sweeps(run, planned, rows):
            await work.through(page, work.look)
    finally:
        _note_repeats(run, place, cursor)
    work.done.moves = suggest_moves(run, place, cursor)
    return work.done


def make_plan(
    run: Run, place: Place, cursor: CursorRecord, options: BackfillOptions
) -> tuple[Plan, dict[Identity, ListingRecord]]:
    """The pure plan over the stored listing, and the stored rows by their identity."""
    listed = run.store.listed(cursor.id, _LISTED)
    rows = {(row.timestamp, row.url, row.status, row.digest): row for row in listed}
    since = max(filter(None, (options.since, place.since)), default="")
    until = min(filter(None, (options.until, place.until)), default="")
    planned = plan(
        [
            CaptureRow("", row.timestamp, row.url, row.mime, row.status or None, row.digest, row.length)
            for row in listed
        ],
        known=_known(run, place, rows),
        unplayable=_closed(run, rows),
        every=Every(options.every),
        since=parse_timestamp(first_moment(since)) if since else None,
        until=parse_timestamp(last_moment(until)) if until else None,
    )
    return planned, rows


def _known(run: Run, place: Place, rows: dict[Identity, ListingRecord]) -> dict[str, int]:
    """Captures by the names of their bodies: the digest, or what the plan calls a row without one."""
    known = run.store.known_digests(place.source.record.id)
    return known | {
        f"{row.timestamp} {row.url}": row.capture_id for row in rows.values() if not row.digest and row.capture_id
    }


def _closed(run: Run, rows: dict[Identity, ListingRecord]) -> set[Identity]:
    """What failed lately and is not to be tried again yet."""
    now = run.now()
    return {key for key, row in rows.items() if row.retry_after is not None and row.retry_after > now}


def _content_sweep(
    run: Run, place: Place, planned: Plan, rows: dict[Identity, ListingRecord], options: BackfillOptions
) -> Sweep:
    """The bodies of a place with what they are known to say. What is stored but says nothing is not fetched again."""
    known = _known(run, place, rows)
    document = place.target.document.id
    sighted = {sighting.capture_id: sighting.fingerprint for sighting in run.store.sightings(document)}
    held = {hold.capture_id for hold in run.store.holds(document, state=None, limit=1_000_000)}
    states: dict[str, str] = {}
    unreadable: list[str] = []
    for digest in {content.digest for content in planned.contents} & set(known):
        capture = known[digest]
        state = sighted.get(capture)
        if state is None and capture not in held:
            state = state_of(run, place.target, place.source, capture)
        if state is None:
            unreadable.append(digest)
        else:
            states[digest] = state
    gap = options.max_gap(place.target.settings.archives_gap)
    return Sweep(planned.contents, states=states, unreadable=unreadable, max_gap=gap)


def _redirect_sweeps(run: Run, planned: Plan, rows: dict[Identity, ListingRecord]) -> list[Sweep]:
    """The redirects of each URL, told apart by where they led: one a day at most, and none between two that agree."""
    closed = _closed(run, rows)
    sweeps = []
    by_url = sorted(planned.redirects, key=lambda row: (row.url, row.time))
    for _, group in groupby(by_url, key=lambda row: row.url):
        contents = [Content(_name(row), (row,)) for row in group]
        looked = {_name(row): rows[row.identity] for content in contents for row in content.rows}
        states = {name: row.location for name, row in looked.items() if row.location is not None}
        unreadable = [_name(content.rows[0]) for content in contents if content.rows[0].identity in closed]
        sweeps.append(Sweep(contents, states=states, unreadable=unreadable, max_gap=REDIRECT_GAP, dense=1))
    return sweeps


def _name(row: CaptureRow) -> str:
    return f"{row.timestamp} {row.url} {row.status} {row.digest}"


class _Work:
    """What is fetched at one place, with its counts."""

    def __init__(
        self, run: Run, place: Place, options: BackfillOptions, meter: Meter, rows: dict[Identity, ListingRecord]
    ) -> None:
        self.done = Collected()
        self._run = run
        self._place = place
        self._limit = options.limit
        self._meter = meter
        self._rows = rows
        self._failures = 0

    async def through(self, sweep: Sweep, fetch: Callable[[Content], Awaitable[str | None]]) -> None:
        """Fetch what a sweep wants until it wants no more, `AT_ONCE` at a time."""
        under_way: dict[asyncio.Task[str | None], Content] = {}
        waiting: deque[Content] = deque()
        asked: set[str] = set()
        rate = self._place.client.profile.rates.playback

        def count_left() -> int:
            return len(waiting) + len(under_way) + sweep.unread

        try:
            while True:
                if not waiting:
                    waiting += [content for content in sweep.wanted() if content.digest not in asked]
                    asked.update(content.digest for content in waiting)
                while waiting and len(under_way) < AT_ONCE and self._has_room(len(under_way)):
                    content = waiting.popleft()
                    under_way[asyncio.ensure_future(_as_task(fetch(content)))] = content
                if not under_way:
                    return
                finished, _ = await asyncio.wait(under_way, return_when=asyncio.FIRST_COMPLETED)
                for task in sorted(finished, key=lambda task: under_way[task].time):
                    content = under_way.pop(task)
                    sweep.tell(content.digest, task.result())
                    self.done.fetched += 1
                    self._meter.fetched(count_left, rate)
        finally:
            for task in under_way:
                task.cancel()
            await asyncio.gather(*under_way, return_exceptions=True)

    def _has_room(self, under_way: int) -> bool:
        return self._limit is None or self.done.fetched + under_way < self._limit

    async def fetch(self, content: Content) -> str | None:
        """Fetch one body, by the first of its captures that can be played back.

        Returns: the state that it shows; None if none can be played or nothing can be read.
        """
        run, place = self._run, self._place
        for row in content.rows:
            record = self._rows[row.identity]
            try:
                memento = await place.client.memento(row)
                # what the index calls it is what later listings are compared by, whatever the bytes' own digest is
                fetched = await follow_frames(replace(memento.fetched, digest=row.digest), partial(self._frame, row))
            except (*_UNPLAYABLE, ArchiveExcluded, ArchiveUnavailable) as error:
                self._failed(record, error)
                continue
            self._failures = 0
            saved = run.store.save_capture(place.source.record.id, fetched)
            run.store.mark_listing(record.id, ListingState.CAPTURED, capture_id=saved.id)
            return state_of(run, place.target, place.source, saved.id)
        return None

    async def _frame(self, row: CaptureRow, address: str) -> Fetched:
        """A frame of a frameset, at about the time of its capture."""
        return (await self._place.client.memento(address, row.time, exact=False, window=_FRAME_WINDOW)).fetched

    async def look(self, content: Content) -> str | None:
        """Look where a redirect led. The page at the end of a permanent one is kept as a capture of the document.

        Returns: where; None if it can't be told.
        """
        row, record = content.rows[0], self._rows[content.rows[0].identity]
        try:
            memento = await self._place.client.memento(row, follow_redirects=False)
        except (*_UNPLAYABLE, ArchiveExcluded, ArchiveUnavailable) as error:
            self._failed(record, error)
            return None
        self._failures = 0
        location = next((value for name, value in memento.headers if name == "location"), "")
        capture: int | None = None
        if location and memento.status in (301, 308) and not self._place.is_ours(location):
            capture = await self._follow(row, memento.status, location)
        state = ListingState.CAPTURED if capture else ListingState.SKIPPED
        self._run.store.mark_listing(record.id, state, capture_id=capture, location=location[:2000])
        return location

    async def _follow(self, row: CaptureRow, status: int, location: str) -> int | None:
        """The page that a redirect led to, stored as what the document's address gave that day."""
        try:
            memento = await self._place.client.memento(location, row.time, exact=False)
        except (*_UNPLAYABLE, ArchiveExcluded) as error:
            log.info("%s: %s: moved to %s: %s", self._place.target.key, row.timestamp, location[:200], error)
            return None
        if not 200 <= memento.status < 300:
            return None
        hops = (Hop(row.url, status, location), *memento.fetched.hops)
        fetched = replace(memento.fetched, url=row.url, hops=hops)
        return self._run.store.save_capture(self._place.source.record.id, fetched).id

    def _failed(self, record: ListingRecord, error: ScrapeError) -> None:
        """Remember what can't be had. What fails for the archive's own troubles is tried again by the next run."""
        log.info("%s: %s: %s", self._place.target.key, record.timestamp, error)
        now = self._run.now()
        if isinstance(error, ArchiveExcluded):
            self._run.store.mark_listing(record.id, ListingState.EXCLUDED, retry_after=now + EXCLUDED)
        elif isinstance(error, _UNPLAYABLE):
            self._run.store.mark_listing(record.id, ListingState.UNPLAYABLE, retry_after=now + UNPLAYABLE)
        else:
            self._failures += 1
            self.done.problem = error
            if self._failures >= FAILURES:
                raise error


async def _as_task(work: Awaitable[str | None]) -> str | None:
    return await work


def _note_repeats(run: Run, place: Place, cursor: CursorRecord) -> None:
    """Captures of a body that we have are sightings of it, though nobody fetched them: the index vouches by digest.

    Of a stretch of such captures the first and the last say it all.
    """
    store = run.store
    known = store.known_digests(place.source.record.id)
    listed = [row for row in store.listed(cursor.id, _LISTED) if _has_content(row)]
    for digest, group in groupby(listed, key=lambda row: row.digest):
        stretch = list(group)
        if not digest or digest not in known:
            continue
        ends = {stretch[0].id, stretch[-1].id}
        fresh = [row for row in stretch if row.state is ListingState.LISTED]
        for row in fresh:
            if row.id in ends:
                _alias(run, place, row, known[digest])
        between = [row.id for row in fresh if row.id not in ends]
        store.mark_listing(between, ListingState.SAME, capture_id=known[digest])


def _has_content(row: ListingRecord) -> bool:
    return row.status == 0 or 200 <= row.status < 300


def _alias(run: Run, place: Place, row: ListingRecord, capture_id: int) -> None:
    """Store a capture that was not fetched, with the body that its digest names."""
    known = run.store.capture(capture_id)
    profile = place.client.profile
    saved = run.store.save_capture(
        place.source.record.id,
        Fetched(
            url=row.url,
            final_url=row.url,
            status=known.status,
            headers=known.headers,
            body=run.store.payload(known.payload),
            time=parse_timestamp(row.timestamp),
            archive=profile.name,
            memento_url=profile.memento_url(row.url, row.timestamp),
            digest=row.digest,
            notes=(f"not fetched: the index gives it the digest of the capture of {known.time:%Y-%m-%d %H:%M:%S}",),
        ),
    )
    run.store.mark_listing(row.id, ListingState.SAME, capture_id=saved.id)


def suggest_moves(run: Run, place: Place, cursor: CursorRecord) -> list[str]:
    """What to write into config.toml where an address gave permanent redirects, and no page of its own since."""
    listed = run.store.listed(cursor.id, _LISTED)
    content = max((row.timestamp for row in listed if 200 <= row.status < 300), default="")
    profile = place.client.profile
    past = [
        PastRedirect(
            row.url,
            parse_timestamp(row.timestamp),
            row.status,
            row.location,
            profile.memento_url(row.url, row.timestamp),
        )
        for row in listed
        if row.location and row.timestamp > content and not place.is_ours(row.location)
    ]
    return [
        f"{move.url} moved to {move.target} on or before {move.first:%Y-%m-%d}: make that its url in config.toml and "
        f'add former = [{{ url = "{move.url}", until = "{move.first:%Y-%m-%d}" }}]'
        for move in find_moves(past)[-1:]
    ]
