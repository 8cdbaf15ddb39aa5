"""Where the past of a document is looked for: each of its addresses in each archive, and how far their listings are."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from flows.meter import Meter
from flows.pacing import SharedLimiter
from flows.run import Run
from flows.targets import Target, TargetSource
from scrapers.archive.cdx import same_page
from scrapers.archive.client import ArchiveClient
from scrapers.archive.pace import Limiter
from scrapers.archive.timestamps import format_timestamp, parse_timestamp
from storage.records import CursorRecord, ListingRow, ListingState

__all__ = ["RELIST_ALL", "RELIST_BACK", "Place", "list_place", "open_archives", "places"]

RELIST_BACK = timedelta(days=7)
"""An incremental listing begins so long before the newest row: archives publish captures late."""
RELIST_ALL = timedelta(days=30)
"""The past itself grows (16 new rows among 488, reference/wayback.md 1.1): list everything anew so often."""


@dataclass(frozen=True, slots=True)
class Place:
    """One address of one source in one archive. `since` and `until` (4 to 14 digits, "" is no bound) say when the
    address was the document's."""

    target: Target
    source: TargetSource
    client: ArchiveClient
    url: str
    since: str = ""
    until: str = ""

    def is_ours(self, url: str) -> bool:
        """Whether an address is one of the document's, as far as archives tell addresses apart."""
        return any(
            same_page(url, known)
            for source in self.target.config.all_sources
            for known in (source.url, *(former.url for former in source.former))
        )


def places(target: Target, clients: Sequence[ArchiveClient]) -> Iterator[Place]:
    """The addresses that a document has and had, in each archive."""
    for source in target.sources:
        for client in clients:
            yield Place(target, source, client, source.record.url)
            for former in source.config.former:
                since, until = (day.replace("-", "") for day in (former.since, former.until))
                yield Place(target, source, client, former.url, since, until)


@asynccontextmanager
async def open_archives(run: Run, limiter: Limiter | None = None) -> AsyncIterator[list[ArchiveClient]]:
    """Clients of all archives that are switched on. They keep the pace together with every other process that uses the
    same database, unless another limiter is given."""
    shared = limiter or SharedLimiter(run.store)
    async with AsyncExitStack() as stack:
        yield [
            await stack.enter_async_context(
                ArchiveClient(
                    settings.profile(),
                    user_agent=run.config.fetch.identity,
                    limiter=shared,
                    limits=settings.limits(),
                )
            )
            for settings in run.config.archives
            if settings.enabled
        ]


async def list_place(run: Run, place: Place, meter: Meter) -> CursorRecord:
    """Bring the stored listing of a place up to date; goes on where an earlier run stopped.

    Raises:
        ArchiveError: the archive did not give it all. What it gave is stored, with the place to go on from.
    """
    store, archive = run.store, place.client.profile.name
    cursor = store.cursor(place.source.record.id, archive, place.url)
    if cursor.complete:
        cursor = store.start_listing(cursor.id, since=_since(run, cursor))
    rows = 0
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
        rows += len(page.rows)
        meter.listing(archive, rows)
    return cursor


def _since(run: Run, cursor: CursorRecord) -> str:
    """Where a listing that is complete is taken up again: a week before its end, once a month at the beginning."""
    if cursor.last_full is None or run.now() - cursor.last_full >= RELIST_ALL:
        return ""
    newest = max((row.timestamp for row in run.store.listed(cursor.id, list(ListingState))), default="")
    return format_timestamp(parse_timestamp(newest) - RELIST_BACK) if newest else ""
