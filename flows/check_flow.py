"""The `check` and `backfill` flows: Prefect's view of a run. The work is in `flows.checks` and `flows.backfills`.

One flow run, few tasks: a task per page would cost more than the page (reference/prefect.md 1), so a task takes a batch
of documents grouped by host. What happened to each document is in our own store; Prefect gets a table of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import ContextVar
from pathlib import Path
from typing import Any

from prefect import flow, task
from prefect.artifacts import acreate_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from prefect.logging import get_run_logger
from prefect.runtime import flow_run
from prefect.states import Completed, Failed

from flows.artifacts import change_markdown, outcome_markdown
from flows.backfills import BackfillOptions, backfill_documents
from flows.catching_up import CaughtUp, catch_up
from flows.checks import check_batch, check_documents, deliver, due_keys, say_delivery
from flows.outcomes import CheckResult, count_outcomes
from flows.progress import progress_artifact
from flows.reporting import refresh_derived
from flows.run import Run, Watcher, open_run
from flows.saving import save_changes
from flows.targets import select_keys
from storage.records import CheckOutcome

__all__ = ["backfill", "check", "run_watcher"]

run_watcher: ContextVar[Watcher | None] = ContextVar("run_watcher", default=None)
"""Who is told of progress when the flow runs in the process of the command line."""

_run: ContextVar[Run] = ContextVar("run")


def _run_name() -> str:
    parameters: dict[str, Any] = flow_run.parameters or {}
    names = parameters.get("documents") or []
    what = ", ".join(names) if 0 < len(names) <= 3 else f"{len(names)} documents" if names else "all due documents"
    return f"{flow_run.flow_name} {what}"[:200]


@task(
    name="check-batch",
    task_run_name="{name}: {count} documents",
    cache_policy=NO_CACHE,
    persist_result=False,
    retries=1,
    retry_delay_seconds=10,
    timeout_seconds=3600,
)
async def _batch_task(name: str, keys: Sequence[str], count: int) -> list[CheckResult]:
    return await check_batch(_run.get(), name, keys)


async def _run_batch(run: Run, name: str, keys: Sequence[str]) -> list[CheckResult]:
    return await _batch_task(name, list(keys), len(keys))


@flow(name="check", flow_run_name=_run_name, timeout_seconds=6 * 3600, persist_result=False, validate_parameters=False)
async def check(
    config: str,
    documents: list[str] | None = None,
    only_due: bool = True,
    wait: bool = True,
    archives: bool | None = None,
) -> State[Any]:
    """Look at documents, record what was seen, and send the alerts that are owed.

    Parameters:
        config: path of config.toml.
        documents: vendors or vendor/document keys; all documents if empty.
        only_due: leave out documents whose last check is not yet long enough ago.
        wait: stay for the second look at what is new.
        archives: afterwards, ask the archives for newer captures; without, if `only_due`.
    """
    async with open_run(Path(config), run_id=str(flow_run.id or ""), watcher=run_watcher.get()) as run:
        token = _run.set(run)
        try:
            chosen = select_keys(run.config, documents or [])
            keys = due_keys(run, chosen) if only_due else chosen
            results = await check_documents(run, keys, wait=wait, runner=_run_batch)
            report = await deliver(run)
            refresh_derived(run.store, run.config)
        finally:
            _run.reset(token)
        await _publish(run, results)
        saved = await save_changes(run)
        found = await catch_up(run, chosen) if (only_due if archives is None else archives) else CaughtUp()
    get_run_logger().info("%s; alerts: %s; %s; %s", count_outcomes(results), say_delivery(report), saved, found)
    return _state(results)


async def _publish(run: Run, results: Sequence[CheckResult]) -> None:
    """One table for the run, and for each changed document its differences under a key of its own: the key's history
    is the document's change history."""
    await acreate_markdown_artifact(
        outcome_markdown(results), key="check-outcomes", description=count_outcomes(results)
    )
    for result in results:
        if result.change_id is not None and result.outcome in (CheckOutcome.CHANGED, CheckOutcome.RETURNED):
            text = change_markdown(run.store, result)
            await acreate_markdown_artifact(
                text, key=f"change-{result.key.replace('/', '-')}", description=result.detail
            )


def _state(results: Sequence[CheckResult]) -> State[Any]:
    """A run is failed when it could not see most of its documents: one bad page must not hide in a red list of runs."""
    failed = sum(result.outcome.failing for result in results)
    message = count_outcomes(results)
    if results and failed * 2 > len(results):
        return Failed(message=message, data=list(results))
    return Completed(message=message, data=list(results))


@flow(
    name="backfill", flow_run_name=_run_name, timeout_seconds=24 * 3600, persist_result=False, validate_parameters=False
)
async def backfill(
    config: str, documents: list[str] | None = None, options: dict[str, Any] | None = None
) -> State[Any]:
    """Ask the archives for the past of documents, and put it in its place.

    Parameters:
        config: path of config.toml.
        documents: vendors or vendor/document keys; all documents if empty.
        options: since, until (digits of a timestamp), every (day, month, all), limit, gap.
    """
    async with open_run(Path(config), run_id=str(flow_run.id or ""), watcher=run_watcher.get()) as run:
        keys = select_keys(run.config, documents or [])
        async with progress_artifact(run, "backfill-progress"):
            results = await backfill_documents(run, keys, BackfillOptions(**(options or {})))
        refresh_derived(run.store, run.config)
        await acreate_markdown_artifact(
            outcome_markdown(results), key="backfill-outcomes", description=count_outcomes(results)
        )
    return _state(results)
