"""`clausewatch reextract`: all stored captures read again by today's extractor and selectors."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path

from flows.commands.watching import known, progress, say
from flows.config_file import find_config, read_config
from flows.outcomes import CheckResult, exit_code
from flows.reextracting import reextract_documents
from flows.run import open_run
from flows.targets import select_keys

__all__ = ["run_reextract"]


def run_reextract(config_path: Path | None, names: Sequence[str], *, as_json: bool) -> int:
    """Read the captures of documents again. Can be stopped and run again at any time. Returns the exit code."""
    path = find_config(config_path)
    known(read_config(path), names)

    async def here() -> list[CheckResult]:
        async with open_run(path, watcher=watcher) as run:
            return await asyncio.to_thread(reextract_documents, run, select_keys(run.config, names))

    with progress(as_json) as watcher:
        results = asyncio.run(here())
    say(results, as_json, "reextract")
    return exit_code(results)
