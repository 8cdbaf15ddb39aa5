"""A run over many documents: batches grouped by host, second looks at what is new, then the outbox.

Plain asyncio. `flows.check_flow` hands the batches to Prefect tasks instead of running them itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from datetime import timedelta
from typing import TypeAlias

from alerts.deliver import DeliveryReport, deliver_due
from flows.batches import host_batches
from flows.checking import check_document
from flows.outcomes import CheckResult
from flows.run import Progress, Run
from flows.targets import Target
from storage.records import CheckOutcome

__all__ = ["LONGEST_WAIT", "BatchRunner", "check_batch", "check_documents", "deliver", "due_keys", "say_delivery"]

log = logging.getLogger("clausewatch")

LONGEST_WAIT = timedelta(minutes=15)
"""A run waits so long for a second look; where the configuration asks for more, the next run looks."""

BatchRunner: TypeAlias = "Callable[[Run, str, Sequence[str]], Awaitable[list[CheckResult]]]"


def due_keys(run: Run, keys: Sequence[str]) -> list[str]:
    """Those of the documents that were last checked longer ago than their `every`, or never."""
    now = run.now()
    targets = run.targets(keys)
    return [
        target.key
        for target in targets
        if target.document.last_checked is None
        or target.document.pending_capture_id is not None
        or now - target.document.last_checked >= target.settings.every
    ]


async def check_batch(run: Run, name: str, keys: Sequence[str]) -> list[CheckResult]:
    """Check the documents of one batch side by side; `run.slots` bounds how many of all batches are in work."""

    async def one(target: Target) -> CheckResult:
        async with run.slots:
            result = await check_document(run, target)
        run.finished(result)
        return result

    results = await asyncio.gather(*(one(target) for target in run.targets(keys)))
    log.info("%s: %d documents", name, len(results))
    return results


async def check_documents(
    run: Run, keys: Sequence[str], *, wait: bool = True, runner: BatchRunner = check_batch
) -> list[CheckResult]:
    """Check documents, and look a second time at those whose wording is new.

    Parameters:
        keys: of registered documents.
        wait: stay for the second look, if it is due within `LONGEST_WAIT`.
        runner: what runs one batch.

    Returns: one result per document, in the order of the keys; the second look's where there was one.
    """
    results = await _pass(run, keys, runner, "batch")
    pending = [key for key in keys if (found := results.get(key)) and found.outcome is CheckOutcome.PENDING]
    if pending and wait and not run.dry and await _wait_for_second_look(run, pending, results):
        run.forget_fetches()
        second = await _pass(run, pending, runner, "second look")
        for key, result in second.items():
            first = results[key]
            results[key] = result if result.outcome is not CheckOutcome.SKIPPED else first
    return [results[key] for key in keys if key in results]


async def _pass(run: Run, keys: Sequence[str], runner: BatchRunner, what: str) -> dict[str, CheckResult]:
    targets = run.targets(keys)
    run.expect(targets)
    with_hosts = [(target.sources[0].record.url if target.sources else "", target.key) for target in targets]
    batches = host_batches(with_hosts, run.config.prefect.batch)
    names = [f"{what} {number} of {len(batches)}" for number in range(1, len(batches) + 1)]
    found = await asyncio.gather(*(runner(run, name, batch) for name, batch in zip(names, batches, strict=True)))
    return {result.key: result for batch in found for result in batch}


async def _wait_for_second_look(run: Run, pending: Sequence[str], results: dict[str, CheckResult]) -> bool:
    """Wait until the last of the pending documents may be looked at again. False if that is too long to wait."""
    moments = []
    for target in run.targets(pending):
        since = results[target.key].pending_since
        if since is not None:
            moments.append(since + target.settings.confirm_after)
    left = max(moments) - run.now() if moments else timedelta(0)
    if left > LONGEST_WAIT:
        return False
    if left > timedelta(0):
        run.tell(Progress(run.done, run.total, note=f"waiting to look again at {len(pending)} with a new wording"))
        await asyncio.sleep(left.total_seconds())
    return True


async def deliver(run: Run) -> DeliveryReport:
    """Send what is owed and due."""
    return await deliver_due(
        run.store,
        run.config.routes,
        run.now(),
        settings=run.config.alerts,
        base=run.folder,
        owner=run.owner,
    )


def say_delivery(report: DeliveryReport) -> str:
    """ "2 sent, 1 attempt failed, …", or "none were due"."""
    parts = [
        f"{number} {what}"
        for number, what in (
            (report.sent, "sent"),
            (report.failed, "attempts failed"),
            (report.given_up, "given up"),
            (report.digested, "put into digests"),
            (report.unrouted, "for routes that are no longer configured"),
        )
        if number
    ]
    return ", ".join(parts) or "none were due"
