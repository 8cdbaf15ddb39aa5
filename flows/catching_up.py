"""After a scheduled check: asking the archives for what they have of documents that were backfilled before.

Archives see pages between our looks and publish captures late. A listing begins a week before the newest capture
known, once a month at the beginning. At the pace of the Internet Archive's index (0.4 a second) a thousand documents
take three quarters of an hour, so each is asked about once a day at most, those first that waited longest, until the
time that a run gives to it is over. It comes after the alerts, and what it finds is old news.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flows.backfills import BackfillOptions, backfill_document
from flows.outcomes import CheckResult
from flows.places import open_archives, places
from flows.run import Progress, Run
from flows.settling import settle
from flows.targets import Target
from scrapers.archive.client import ArchiveClient
from scrapers.archive.pace import Limiter
from storage.records import CheckOutcome

__all__ = ["CaughtUp", "catch_up"]

log = logging.getLogger("clausewatch.backfill")

ONCE_A = timedelta(days=1)
BUDGET = timedelta(minutes=10)
LIMIT = 25
"""Captures per address and run; where more came to light, the next runs go on."""
_HOPELESS = ("archive.rate-limited", "archive.refusing")


@dataclass(frozen=True, slots=True)
class CaughtUp:
    """What came of it: results of the documents that were asked about, and how many have to wait for another run."""

    results: tuple[CheckResult, ...] = ()
    left: int = 0

    def __str__(self) -> str:
        if not self.results and not self.left:
            return "nothing to ask the archives"
        counts = [
            (len(self.results), "documents asked about"),
            (sum(result.captures for result in self.results), "captures fetched"),
            (sum(result.outcome is CheckOutcome.CHANGED for result in self.results), "histories changed"),
            (sum(result.outcome is CheckOutcome.FAILED for result in self.results), "failed"),
            (self.left, "left for the next run"),
        ]
        return "archives: " + ", ".join(f"{number} {what}" for number, what in counts if number)


async def catch_up(
    run: Run, keys: Sequence[str], *, budget: timedelta = BUDGET, limiter: Limiter | None = None
) -> CaughtUp:
    """Ask the archives about documents whose turn it is.

    Parameters:
        budget: no further document is begun after this time, and the one in work is left where it is: what it got is
            stored, and the next run goes on.
        limiter: keeps the archives' pace; without it one that all processes on this database share.

    Never raises for what an archive does.
    """
    results: list[CheckResult] = []
    async with open_archives(run, limiter) as clients:
        due = _due(run, keys, clients)
        end = asyncio.get_running_loop().time() + budget.total_seconds()
        for number, target in enumerate(due):
            run.tell(Progress(run.done, run.total, note=f"asking the archives about {target.key}"))
            try:
                async with asyncio.timeout_at(end):
                    result = await backfill_document(run, target, clients, BackfillOptions(limit=LIMIT))
            except TimeoutError:
                settle(run, target)  # what came so far
                return CaughtUp(tuple(results), len(due) - number)
            log.info("%s: archives: %s: %s", target.key, result.outcome.value, result.detail)
            results.append(result)
            if result.error_kind in _HOPELESS:
                return CaughtUp(tuple(results), len(due) - number - 1)
    return CaughtUp(tuple(results))


def _due(run: Run, keys: Sequence[str], clients: Sequence[ArchiveClient]) -> list[Target]:
    """Documents with a complete listing that is older than a day, the oldest first."""
    now = run.now()
    waiting: list[tuple[datetime, str, Target]] = []
    for target in run.targets(keys):
        if not (target.settings.archives and target.settings.archives_incremental):
            continue
        listed = [
            cursor.last_listed or datetime.min.replace(tzinfo=UTC)
            for place in places(target, clients)
            if (cursor := run.store.cursor(place.source.record.id, place.client.profile.name, place.url)).last_full
        ]
        if listed and now - min(listed) >= ONCE_A:
            waiting.append((min(listed), target.key, target))
    return [target for *_, target in sorted(waiting, key=lambda one: one[:2])]
