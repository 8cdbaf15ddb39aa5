"""The progress of a run as an artifact on Prefect's dashboard: a bar, and what is being done until when."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from prefect.artifacts import acreate_progress_artifact, aupdate_progress_artifact

from alerts.escape import clean, markdown_text
from flows.run import Progress, Run

__all__ = ["progress_artifact"]

EVERY = 5.0
"""Seconds between two updates: each is a request to Prefect's server."""


@asynccontextmanager
async def progress_artifact(run: Run, key: str, *, every: float = EVERY) -> AsyncIterator[None]:
    """Show on the dashboard what the run's watcher is told, until the end of the block. The watcher is told, too.

    Parameters:
        key: of the artifact; Prefect keeps one history per key.
        every: seconds between updates, where there is something new.
    """
    latest = Progress(run.done, run.total, note="starting")
    watcher = run.watcher

    def watch(progress: Progress) -> None:
        nonlocal latest
        latest = progress
        if watcher is not None:
            watcher(progress)

    artifact = await acreate_progress_artifact(0.0, key=key, description=_description(latest))

    async def update() -> None:
        shown = latest
        while True:
            await asyncio.sleep(every)
            if latest is not shown:
                shown = latest
                await aupdate_progress_artifact(artifact, _percent(shown), _description(shown))

    run.watcher = watch
    updating = asyncio.create_task(update())
    try:
        yield
    finally:
        run.watcher = watcher
        updating.cancel()
        await asyncio.gather(updating, return_exceptions=True)
        await aupdate_progress_artifact(artifact, _percent(latest), _description(latest))


def _percent(progress: Progress) -> float:
    done = progress.done + (0.0 if progress.result else min(progress.part, 1.0))
    return round(min(100.0, 100 * done / progress.total), 1) if progress.total else 0.0


def _description(progress: Progress) -> str:
    said = progress.note or (f"{progress.result.key}: {progress.result.outcome.value}" if progress.result else "")
    return markdown_text(clean(f"{progress.done} of {progress.total} documents. {said}", 300))
