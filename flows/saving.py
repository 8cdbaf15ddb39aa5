"""Having archives save a page whose change was just confirmed, so that anybody can see what it said.

After the alerts, never before. What was ordered, what came of it and what went wrong is kept with the change, as its
evidence: a run that ends early, or an archive that is busy, costs nothing but time, for the next run goes on.

| `state` | what else an entry of `change.evidence` has |
|---|---|
| ordered | `job`, `tries` |
| saved | `memento`, `timestamp`, `job` |
| failed | `code`, `message`, `tries`, `again` (whether it is worth another try) |

Every entry has `kind` "save-page", `archive`, `url` and `at`, when it was written.
"""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeAlias

from flows.pacing import SharedLimiter
from flows.run import Progress, Run
from scrapers.archive.pace import Limiter
from scrapers.archive.save import SAVE_ERRORS, SavePageNow, SaveState, SaveStatus
from scrapers.archive.settings import ArchiveSettings
from scrapers.archive.timestamps import parse_timestamp
from scrapers.errors import ArchiveError, ArchiveFormat, SaveFailed
from storage.records import ChangeKind, ChangeRecord, Json

__all__ = ["SaveReport", "save_changes"]

log = logging.getLogger("clausewatch.save")

BUDGET = timedelta(minutes=5)
POLL = 6.0
"""Seconds between two looks at the orders; the service asks for at least three."""
RECENT = timedelta(days=3)
"""Changes that are older are not saved any more: the page may be another by now."""
TRIES = 5

_Entry: TypeAlias = "dict[str, Json]"


@dataclass(frozen=True, slots=True)
class SaveReport:
    """How many pages were saved, failed, or are still under way; `problem` is why none could be ordered at all."""

    saved: int = 0
    failed: int = 0
    under_way: int = 0
    problem: str = ""

    def __str__(self) -> str:
        counts = ((self.saved, "saved"), (self.failed, "failed"), (self.under_way, "under way"))
        said = ", ".join(f"{number} {what}" for number, what in counts if number) or "no page to save"
        return f"saving pages: {self.problem or said}"


@dataclass(slots=True)
class _Order:
    """A page of a change that one archive is to save."""

    change: ChangeRecord
    settings: ArchiveSettings
    saver: SavePageNow
    url: str
    entry: _Entry

    @property
    def ends(self) -> bool:
        return self.entry.get("state") in ("saved", "failed")


async def save_changes(
    run: Run,
    *,
    environ: Mapping[str, str] = os.environ,
    budget: timedelta = BUDGET,
    poll: float = POLL,
    limiter: Limiter | None = None,
) -> SaveReport:
    """Have the pages of recent live changes saved, by each archive that is configured to, and note it as evidence.

    Parameters:
        environ: where the keys are.
        budget: orders that are not done by then are looked at by the next run.
        poll: seconds between two looks at what was ordered.

    Never raises for what an archive does, nor for keys that are missing: the report says so.
    """
    wanted = [settings for settings in run.config.archives if settings.enabled and settings.save.enabled]
    changes = _changes(run) if wanted else []
    if not changes:
        return SaveReport()
    async with AsyncExitStack() as stack:
        savers: list[tuple[ArchiveSettings, SavePageNow]] = []
        for settings in wanted:
            try:
                access, secret = settings.save.keys(environ)
                saver = SavePageNow(
                    access.get_secret_value(),
                    secret.get_secret_value(),
                    user_agent=run.config.fetch.identity,
                    profile=settings.profile(),
                    limiter=limiter or SharedLimiter(run.store),
                    limits=settings.limits(),
                )
            except ValueError as error:
                log.error("%s", error)
                return SaveReport(problem=str(error))
            savers.append((settings, await stack.enter_async_context(saver)))
        orders = [
            order
            for change in changes
            for settings, saver in savers
            for url in _pages(run, change)
            if (order := _order(change, settings, saver, url)) is not None
        ]
        try:
            async with asyncio.timeout(budget.total_seconds()):
                await _work_through(run, orders, poll)
        except TimeoutError:
            log.info("%d pages are still being saved", sum(not order.ends for order in orders))
    states = [order.entry.get("state") for order in orders]
    saved, failed = states.count("saved"), states.count("failed")
    return SaveReport(saved, failed, len(orders) - saved - failed)


def _changes(run: Run) -> list[ChangeRecord]:
    kinds = [ChangeKind.CHANGE, ChangeKind.RETURN]
    now = run.now()
    # a version can be older than its change: it was seen once, and confirmed later
    recent = run.store.changes(kinds=kinds, since=now - 10 * RECENT, limit=None)
    return [change for change in recent if change.live and now - change.created <= RECENT]


def _pages(run: Run, change: ChangeRecord) -> list[str]:
    """The pages that show what changed; none where they show something else by now."""
    keys = {number: key for key, number in run.store.document_keys().items()}
    targets = run.targets([keys[change.document_id]]) if change.document_id in keys else []
    return [
        source.record.url
        for target in targets
        if target.document.current is not None and target.document.current.id == change.to_version_id
        for source in target.sources
    ]


def _order(change: ChangeRecord, settings: ArchiveSettings, saver: SavePageNow, url: str) -> _Order | None:
    """What is left to do for one page; None where it is done, or not worth another try."""
    entry = next((one for one in change.evidence if _names(one, settings.name, url)), None)
    if entry is not None and (
        entry.get("state") == "saved"
        or (entry.get("state") == "failed" and not (entry.get("again") and _tries(entry) < TRIES))
    ):
        return None
    kept: _Entry = dict(entry) if entry is not None else {}
    if kept.get("state") == "failed":
        kept = {"tries": _tries(kept)}
    return _Order(change, settings, saver, url, kept)


def _names(entry: Mapping[str, Json], archive: str, url: str) -> bool:
    return entry.get("kind") == "save-page" and entry.get("archive") == archive and entry.get("url") == url


def _tries(entry: Mapping[str, Json]) -> int:
    tries = entry.get("tries", 0)
    return tries if isinstance(tries, int) else 0


async def _work_through(run: Run, orders: Sequence[_Order], poll: float) -> None:
    """Order what is not ordered yet, then look at all of it again and again until each has ended."""
    for order in orders:
        if order.entry.get("state") != "ordered":
            run.tell(Progress(run.done, run.total, note=f"having {order.settings.name} save {order.url}"))
            await _submit(run, order)
    while left := [order for order in orders if not order.ends]:
        run.tell(Progress(run.done, run.total, note=f"waiting for {len(left)} pages to be saved"))
        await asyncio.sleep(poll)
        for order in left:
            await _look(run, order)


async def _submit(run: Run, order: _Order) -> None:
    tries = _tries(order.entry) + 1
    try:
        within = order.settings.save.if_not_archived_within
        job = await order.saver.submit(order.url, if_not_archived_within=within)
    except ArchiveError as error:
        _fail(run, order, error, tries)
    else:
        _note(run, order, {"state": "ordered", "job": job.job_id, "tries": tries})


async def _look(run: Run, order: _Order) -> None:
    tries = _tries(order.entry)
    job = str(order.entry.get("job", ""))
    try:
        status = await order.saver.status(job)
        if status.state is SaveState.ERROR:
            raise SaveFailed(
                status.message or f"the archive could not save it ({status.code})",
                code=status.code,
                transient=SAVE_ERRORS.get(status.code, False),
                url=order.url,
            )
        if status.state is SaveState.SUCCESS:
            _note(run, order, _saved(order, status))
        elif run.now() - _at(order.entry, run.now()) > timedelta(hours=1):
            raise SaveFailed("the archive never finished saving it", code="timeout", transient=True, url=order.url)
    except (ArchiveError, ValueError) as error:
        _fail(run, order, error, tries)


def _saved(order: _Order, status: SaveStatus) -> _Entry:
    try:
        parse_timestamp(status.timestamp)
    except ValueError as error:
        raise ArchiveFormat("a saved page without a timestamp", url=order.url) from error
    memento = order.saver.profile.memento_url(status.original_url or order.url, status.timestamp, "")
    return {"state": "saved", "memento": memento, "timestamp": status.timestamp, "job": status.job_id}


def _at(entry: Mapping[str, Json], now: datetime) -> datetime:
    try:
        return datetime.fromisoformat(str(entry.get("at", "")))
    except ValueError:
        return now


def _fail(run: Run, order: _Order, error: ArchiveError | ValueError, tries: int) -> None:
    """A refusal that says it is for good is not asked again; all other troubles pass."""
    code = error.code if isinstance(error, SaveFailed) else error.kind if isinstance(error, ArchiveError) else "invalid"
    again = error.transient if isinstance(error, SaveFailed) else isinstance(error, ArchiveError)
    message = error.message if isinstance(error, ArchiveError) else str(error)
    log.warning("%s was not saved by %s: %s (%s)", order.url, order.settings.name, message, code)
    _note(run, order, {"state": "failed", "code": code, "message": message[:500], "tries": tries, "again": again})


def _note(run: Run, order: _Order, entry: _Entry) -> None:
    """Put an entry into the change's evidence, in the place of an earlier one of the same page and archive."""
    name, url = order.settings.name, order.url
    order.entry = {"kind": "save-page", "archive": name, "url": url, "at": run.now().isoformat(), **entry}
    with run.store.transaction() as tx:
        known = next((c for c in tx.changes(order.change.document_id, limit=None) if c.id == order.change.id), None)
        if known is not None:
            others = [one for one in known.evidence if not _names(one, name, url)]
            tx.set_evidence(order.change.id, [*others, order.entry])
