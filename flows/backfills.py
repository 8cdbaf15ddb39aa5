"""The past of documents, from archives: list first, fetch what can differ, read it all in the order of time.

Everything is committed as it comes: each page of a listing with its cursor, each capture with the mark on its row. Kill
it anywhere and run it again: nothing is fetched twice, nothing is missing. The history is made from what is there when
a document's turn ends. What a backfill finds is old news: nobody is alerted.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import groupby

from flows.durations import say_duration
from flows.outcomes import CheckResult
from flows.run import Progress, Run
from flows.settling import settle, state_of
from flows.targets import Target, TargetSource
from scrapers.archive.cdx import CaptureRow
from scrapers.archive.client import ArchiveClient
from scrapers.archive.plan import Content, Every, Plan, estimate, plan
from scrapers.archive.sweep import Sweep
from scrapers.archive.timestamps import first_moment, last_moment, parse_timestamp
from scrapers.capture import Fetched
from scrapers.errors import ArchiveExcluded, NotPlayable, ScrapeError
from storage.records import CheckOutcome, CursorRecord, ListingRecord, ListingRow, ListingState

__all__ = ["BackfillOptions", "backfill_documents", "backfill_plan", "open_archives", "plan_documents"]

log = logging.getLogger("clausewatch.backfill")

RELIST_BACK = timedelta(days=7)
"""An incremental listing begins so long before the newest row: archives publish captures late."""
RELIST_ALL = timedelta(days=30)
"""The past itself grows (16 new rows among 488, reference/wayback.md 1.1): list everything anew so often."""
UNPLAYABLE = timedelta(days=7)
EXCLUDED = timedelta(days=30)
AT_ONCE = 4
"""Fetches under way at a time; the archive's pace is kept by the client's limiter, this bounds memory."""


@dataclass(frozen=True, slots=True)
class BackfillOptions:
    """`since` and `until` are 4 to 14 digits of a timestamp ("" is no bound); `limit` is captures per address."""

    since: str = ""
    until: str = ""
    every: str = "all"
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class _Place:
    """One address of one source in one archive."""

    target: Target
    source: TargetSource
    client: ArchiveClient
    url: str
    since: str
    until: str


@asynccontextmanager
async def open_archives(run: Run) -> AsyncIterator[list[ArchiveClient]]:
    """Clients of all archives that are switched on; one limiter each for all that this run asks of it."""
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                ArchiveClient(settings.profile(), user_agent=run.config.fetch.identity, limits=settings.limits())
            )
            for settings in run.config.archives
            if settings.enabled
        ]


async def backfill_documents(run: Run, keys: Sequence[str], options: BackfillOptions) -> list[CheckResult]:
    """Backfill documents one after the other (the archives' pace allows no more).

    Returns: one result per document: first, changed (its versions are others now), unchanged or failed.
    """
    results = []
    async with open_archives(run) as clients:
        targets = run.targets(keys)
        run.expect(targets)
        for target in targets:
            result = await _backfill(run, target, clients, options)
            results.append(result)
            run.finished(result)
    return results


async def plan_documents(run: Run, keys: Sequence[str], options: BackfillOptions) -> list[CheckResult]:
    """List, and say what a backfill would fetch and how long that takes at the archives' pace. Fetches no capture."""
    results = []
    async with open_archives(run) as clients:
        targets = run.targets(keys)
        run.expect(targets)
        for target in targets:
            started, said, outcome = run.now(), [], CheckOutcome.SKIPPED
            for place in _places(target, clients):
                try:
                    cursor = await _list(run, place)
                except ScrapeError as error:
                    outcome = CheckOutcome.FAILED
                    said.append(f"{place.client.profile.name}: {error}")
                    continue
                planned, rows = backfill_plan(run, place, cursor, options)
                time = say_duration(estimate(len(planned.fetch), place.client.profile))
                said.append(
                    f"{place.client.profile.name}: {len(rows)} captures, at most {len(planned.fetch)} to fetch, {time}"
                )
            result = CheckResult(
                key=target.key,
                vendor=target.document.vendor_name,
                document=target.document.name,
                outcome=outcome,
                detail="; ".join(said),
                versions=target.document.versions,
                last_verified=target.document.last_verified,
                elapsed=(run.now() - started).total_seconds(),
            )
            results.append(result)
            run.finished(result)
    return results


async def _backfill(
    run: Run, target: Target, clients: Sequence[ArchiveClient], options: BackfillOptions
) -> CheckResult:
    started = run.now()
    before = run.store.versions(target.document.id)
    problem: ScrapeError | None = None
    fetched = listed = 0
    for place in _places(target, clients):
        try:
            rows, got = await _collect(run, place, options)
            listed += rows
            fetched += got
        except ScrapeError as error:
            log.warning("%s: %s: %s", target.key, place.client.profile.name, error)
            problem = error
    settle(run, target)
    after = run.store.versions(target.document.id)
    changed = [version.fingerprint for version in before] != [version.fingerprint for version in after]
    if problem is not None:
        outcome, detail = CheckOutcome.FAILED, str(problem)
    else:
        outcome = CheckOutcome.UNCHANGED if not changed else CheckOutcome.CHANGED if before else CheckOutcome.FIRST
        detail = f"{listed} captures in the archives, {fetched} fetched now"
    now = run.now()
    return CheckResult(
        key=target.key,
        vendor=target.document.vendor_name,
        document=target.document.name,
        outcome=outcome,
        detail=detail,
        error_kind=problem.kind if problem else "",
        versions=len(after),
        captures=fetched,
        last_verified=target.document.last_verified,
        elapsed=(now - started).total_seconds(),
        url=target.sources[0].record.url if target.sources else "",
    )


def _places(target: Target, clients: Sequence[ArchiveClient]) -> Iterable[_Place]:
    for source in target.sources:
        for client in clients:
            yield _Place(target, source, client, source.record.url, "", "")
            for former in source.config.former:
                since, until = (day.replace("-", "") for day in (former.since, former.until))
                yield _Place(target, source, client, former.url, since, until)


async def _collect(run: Run, place: _Place, options: BackfillOptions) -> tuple[int, int]:
    """List one address and fetch what can differ. Returns: rows listed, captures fetched."""
    cursor = await _list(run, place)
    sweep, rows = _sweep(run, place, cursor, options)
    fetched = 0
    while wanted := sweep.wanted():
        room = len(wanted) if options.limit is None else options.limit - fetched
        if room <= 0:
            break
        for start in range(0, min(room, len(wanted)), AT_ONCE):
            part = wanted[start : min(start + AT_ONCE, room)]
            for content, capture in zip(part, await _fetch_all(run, place, part, rows), strict=True):
                sweep.tell(content.digest, capture)
                fetched += 1
            run.tell(
                Progress(run.done, run.total, note=f"{place.target.key}: {fetched} fetched of {sweep.total} texts")
            )
    _note_repeats(run, place, cursor)
    return len(rows), fetched


async def _fetch_all(
    run: Run, place: _Place, contents: Sequence[Content], rows: dict[tuple[str, str, int, str], ListingRecord]
) -> list[str | None]:
    tasks = [asyncio.ensure_future(_fetch(run, place, content, rows)) for content in contents]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        for task in tasks:
            task.cancel()


async def _list(run: Run, place: _Place) -> CursorRecord:
    """Bring the stored listing up to date; goes on where an earlier run stopped."""
    store, archive = run.store, place.client.profile.name
    cursor = store.cursor(place.source.record.id, archive, place.url)
    if cursor.complete:
        cursor = store.start_listing(cursor.id, since=_since(run, cursor))
    pages = place.client.list_pages(place.url, since=cursor.since, until=cursor.until, resume_key=cursor.resume_key)
    async for page in pages:
        store.save_listing_page(
            cursor.id,
            [
                ListingRow(row.timestamp, row.url, row.status or 0, row.digest, mime=row.mime, length=row.length)
                for row in page.rows
            ],
            resume_key=page.resume_key,
            complete=page.complete,
            malformed=page.malformed,
            now=run.now(),
        )
        run.tell(Progress(run.done, run.total, note=f"{place.target.key}: listing {archive}"))
    return cursor


def _since(run: Run, cursor: CursorRecord) -> str:
    """Where a listing that is complete is taken up again: a week before its end, once a month at the beginning."""
    if cursor.last_full is None or run.now() - cursor.last_full >= RELIST_ALL:
        return ""
    newest = max((row.timestamp for row in run.store.listed(cursor.id, list(ListingState))), default="")
    if not newest:
        return ""
    return f"{parse_timestamp(newest) - RELIST_BACK:%Y%m%d%H%M%S}"


def _sweep(
    run: Run, place: _Place, cursor: CursorRecord, options: BackfillOptions
) -> tuple[Sweep, dict[tuple[str, str, int, str], ListingRecord]]:
    """What is to be fetched of a listing, and the stored rows by their identity."""
    planned, rows = backfill_plan(run, place, cursor, options)
    known = run.store.known_digests(place.source.record.id)
    # a row without a digest stands for itself, under the name that the plan gives it
    known |= {
        f"{row.timestamp} {row.url}": row.capture_id for row in rows.values() if not row.digest and row.capture_id
    }
    states: dict[str, str] = {}
    for digest in {content.digest for content in planned.contents} & set(known):
        state = state_of(run, place.target, place.source, known[digest])
        if state is not None:
            states[digest] = state
    return Sweep(planned.contents, states=states), rows


def backfill_plan(
    run: Run, place: _Place, cursor: CursorRecord, options: BackfillOptions
) -> tuple[Plan, dict[tuple[str, str, int, str], ListingRecord]]:
    """The pure plan over the stored listing."""
    listed = run.store.listed(cursor.id, list(ListingState))
    rows = {(row.timestamp, row.url, row.status, row.digest): row for row in listed}
    now = run.now()
    closed = {key for key, row in rows.items() if row.retry_after is not None and row.retry_after > now}
    since = max(filter(None, (options.since, place.since)), default="")
    until = min(filter(None, (options.until, place.until)), default="")
    planned = plan(
        [
            CaptureRow("", row.timestamp, row.url, row.mime, row.status or None, row.digest, row.length)
            for row in listed
        ],
        known=run.store.known_digests(place.source.record.id),
        unplayable=closed,
        every=Every(options.every),
        since=parse_timestamp(first_moment(since)) if since else None,
        until=parse_timestamp(last_moment(until)) if until else None,
    )
    return planned, rows


async def _fetch(
    run: Run, place: _Place, content: Content, rows: dict[tuple[str, str, int, str], ListingRecord]
) -> str | None:
    """Fetch one body, by the first of its captures that can be played back.

    Returns: the state that it shows; None if none can be played or nothing can be read.
    """
    for row in content.rows:
        record = rows[row.identity]
        try:
            memento = await place.client.memento(row)
        except ArchiveExcluded:
            run.store.mark_listing(record.id, ListingState.EXCLUDED, retry_after=run.now() + EXCLUDED)
            continue
        except NotPlayable as error:
            log.info("%s: %s: %s", place.target.key, row.timestamp, error)
            run.store.mark_listing(record.id, ListingState.UNPLAYABLE, retry_after=run.now() + UNPLAYABLE)
            continue
        # what the index calls it is what later listings are compared by, whatever the bytes' own digest is
        saved = run.store.save_capture(place.source.record.id, replace(memento.fetched, digest=row.digest))
        run.store.mark_listing(record.id, ListingState.CAPTURED, capture_id=saved.id)
        return state_of(run, place.target, place.source, saved.id)
    return None


def _note_repeats(run: Run, place: _Place, cursor: CursorRecord) -> None:
    """Captures of a body that we have are sightings of it, though nobody fetched them: the index vouches by digest.

    Of a stretch of such captures the first and the last say it all.
    """
    store = run.store
    known = store.known_digests(place.source.record.id)
    listed = [row for row in store.listed(cursor.id, list(ListingState)) if _has_content(row)]
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


def _alias(run: Run, place: _Place, row: ListingRecord, capture_id: int) -> None:
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
