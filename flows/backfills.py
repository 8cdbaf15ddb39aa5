"""The past of documents, from archives: list first, fetch what can differ, read it all in the order of time.

Everything is committed as it comes: each page of a listing with its cursor, each capture with the mark on its row. Kill
it anywhere and run it again: nothing is fetched twice, nothing is missing. The history is made from what is there when
a document's turn ends. What a backfill finds is old news: nobody is alerted.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from datetime import datetime

from flows.collecting import BackfillOptions, Collected, collect, make_plan
from flows.durations import say_duration
from flows.meter import Meter
from flows.outcomes import CheckResult
from flows.places import list_place, open_archives, places
from flows.reextracting import refresh_locked
from flows.run import Run
from flows.settling import settle
from flows.targets import Target
from scrapers.archive.client import ArchiveClient
from scrapers.archive.pace import Limiter
from scrapers.archive.plan import estimate
from scrapers.errors import ScrapeError
from storage.records import CheckOutcome, VersionRecord

__all__ = ["BackfillOptions", "backfill_document", "backfill_documents", "open_archives", "plan_documents"]

log = logging.getLogger("clausewatch.backfill")

_NOT_ASKED = "archives = false: the archives are not asked about it"


async def backfill_documents(
    run: Run, keys: Sequence[str], options: BackfillOptions, *, limiter: Limiter | None = None
) -> list[CheckResult]:
    """Backfill documents one after the other (the archives' pace allows no more).

    Parameters:
        limiter: keeps the archives' pace; without it one that all processes on this database share.

    Returns: one result per document: first, changed (its versions are others now), unchanged, failed, or skipped.
    """
    results = []
    async with open_archives(run, limiter) as clients:
        targets = run.targets(keys)
        run.expect(targets)
        for target in targets:
            result = await backfill_document(run, target, clients, options)
            results.append(result)
            run.finished(result)
    return results


async def plan_documents(
    run: Run, keys: Sequence[str], options: BackfillOptions, *, limiter: Limiter | None = None
) -> list[CheckResult]:
    """List, and say what a backfill would fetch and how long that takes at the archives' pace. Fetches no capture."""
    results = []
    async with open_archives(run, limiter) as clients:
        targets = run.targets(keys)
        run.expect(targets)
        for target in targets:
            result = await _plan_document(run, target, clients, options)
            results.append(result)
            run.finished(result)
    return results


async def _plan_document(
    run: Run, target: Target, clients: Sequence[ArchiveClient], options: BackfillOptions
) -> CheckResult:
    started = run.now()
    if not target.settings.archives:
        return _result(run, target, started, CheckOutcome.SKIPPED, _NOT_ASKED)
    said: list[str] = []
    problem: ScrapeError | None = None
    for place in places(target, clients):
        name = place.client.profile.name
        try:
            cursor = await list_place(run, place, Meter(run, target.key))
        except ScrapeError as error:
            problem = error
            said.append(f"{name}: {error}")
            continue
        planned, rows = make_plan(run, place, cursor, options)
        number = len(planned.fetch) if options.limit is None else min(options.limit, len(planned.fetch))
        time = say_duration(estimate(number, place.client.profile))
        missing = f", {len(planned.missing)} of a missing page" if planned.missing else ""
        said.append(f"{name}: {len(rows)} captures{missing}, at most {number} to fetch, {time}")
    outcome = CheckOutcome.FAILED if problem else CheckOutcome.SKIPPED
    return _result(run, target, started, outcome, "; ".join(said), problem=problem)


async def backfill_document(
    run: Run, target: Target, clients: Sequence[ArchiveClient], options: BackfillOptions
) -> CheckResult:
    """Ask all archives for the past of one document, and put what they have into its history.

    Never raises for what an archive does: what came is kept, and the result says what is missing.
    """
    started = run.now()
    if not target.settings.archives:
        return _result(run, target, started, CheckOutcome.SKIPPED, _NOT_ASKED)
    target = await asyncio.to_thread(refresh_locked, run, target)  # old and new are to be read alike
    before = run.store.versions(target.document.id)
    meter = Meter(run, target.key)
    problem: ScrapeError | None = None
    done: list[Collected] = []
    for place in places(target, clients):
        try:
            collected = await collect(run, place, options, meter)
        except ScrapeError as error:
            log.warning("%s: %s: %s", target.key, place.client.profile.name, error)
            problem = error
        else:
            done.append(collected)
            problem = collected.problem or problem
    meter.settling()
    settle(run, target)
    after = run.store.versions(target.document.id)
    fetched = sum(one.fetched for one in done)
    outcome = CheckOutcome.FAILED if problem else _outcome(before, after)
    detail = str(problem) if problem else _detail(done)
    return _result(run, target, started, outcome, detail, problem=problem, versions=len(after), captures=fetched)


def _outcome(before: Sequence[VersionRecord], after: Sequence[VersionRecord]) -> CheckOutcome:
    if [version.fingerprint for version in before] == [version.fingerprint for version in after]:
        return CheckOutcome.UNCHANGED
    return CheckOutcome.CHANGED if before else CheckOutcome.FIRST


def _detail(done: Sequence[Collected]) -> str:
    listed, fetched, saved = (sum(getattr(one, name) for one in done) for name in ("listed", "fetched", "saved"))
    detail = f"{listed} captures in the archives, {fetched} fetched now"
    if saved:
        detail += f", {saved} need not be: nothing changed around them"
    return "; ".join([detail, *(move for one in done for move in one.moves)])


def _result(
    run: Run,
    target: Target,
    started: datetime,
    outcome: CheckOutcome,
    detail: str,
    *,
    problem: ScrapeError | None = None,
    versions: int | None = None,
    captures: int = 0,
) -> CheckResult:
    document = target.document
    return CheckResult(
        key=target.key,
        vendor=document.vendor_name,
        document=document.name,
        outcome=outcome,
        detail=detail,
        error_kind=problem.kind if problem else "",
        versions=document.versions if versions is None else versions,
        captures=captures,
        last_verified=document.last_verified,
        elapsed=(run.now() - started).total_seconds(),
        url=target.sources[0].record.url if target.sources else "",
    )
