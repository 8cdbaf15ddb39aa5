"""`clausewatch check` and `clausewatch backfill`: runs, with progress while they work and a table at the end."""

from __future__ import annotations

import asyncio
import logging
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bar
from rich.text import Text

from flows.config import Config, day_digits
from flows.config_file import find_config, read_config
from flows.durations import parse_duration
from flows.outcomes import CheckResult, count_outcomes, exit_code
from flows.prefect_env import prefect_wanted, prepare_prefect
from flows.run import Progress, Run, open_run
from flows.targets import UnknownDocument, select_keys
from flows.terminal import UserError, complain, console, print_json, safe, say_when, table

__all__ = ["known", "outcome_table", "progress", "run_backfill", "run_check", "say"]

_STYLES = {
    "first": "cyan", "changed": "bold yellow", "returned": "yellow", "pending": "magenta", "unconfirmed": "magenta",
    "held": "bold red", "failed": "bold red",
}  # fmt: skip


def run_check(
    config_path: Path | None,
    names: Sequence[str],
    *,
    due: bool,
    dry: bool,
    wait: bool,
    archives: bool | None,
    as_json: bool,
) -> int:
    """Check documents. Returns the exit code."""
    path = find_config(config_path)
    config = read_config(path)
    known(config, names)
    with progress(as_json) as watcher:
        if prefect_wanted(config.prefect.mode) and not dry:
            prepare_prefect(config.data, config.prefect.mode, quiet=True)
            results = asyncio.run(
                _through_prefect("check", watcher, path, list(names), only_due=due, wait=wait, archives=archives)
            )
        else:
            ask = due if archives is None else archives
            results = asyncio.run(
                _check_here(path, list(names), due=due, dry=dry, wait=wait, archives=ask, watcher=watcher)
            )
    say(results, as_json, "check")
    return exit_code(results)


def run_backfill(
    config_path: Path | None,
    names: Sequence[str],
    *,
    since: str,
    until: str,
    every: str,
    limit: int | None,
    gap: str,
    tell: str,
    dry: bool,
    as_json: bool,
) -> int:
    """Backfill documents. Returns the exit code."""
    from flows.backfills import BackfillOptions, backfill_documents, plan_documents
    from flows.commands.telling import find_route, tell_past
    from flows.reporting import refresh_derived

    path = find_config(config_path)
    config = read_config(path)
    known(config, names)
    if every not in ("all", "day", "month"):
        raise UserError(f'--every must be all, day or month, not "{every}"')
    if gap:
        try:
            if not parse_duration(gap):
                raise ValueError("must be longer than nothing")
        except ValueError as error:
            raise UserError(f'--gap {error}, not "{safe(gap, 40)}"') from None
    options = BackfillOptions(_digits("--from", since), _digits("--to", until), every, limit, gap)
    route = find_route(config, tell) if tell else None
    begun = datetime.now(UTC)

    async def here(watcher: Callable[[Progress], None]) -> list[CheckResult]:
        async with open_run(path, watcher=watcher) as run:
            keys = select_keys(run.config, names)
            if dry:
                return await plan_documents(run, keys, options)
            results = await backfill_documents(run, keys, options)
            refresh_derived(run.store, run.config)
            return results

    with progress(as_json) as watcher:
        if prefect_wanted(config.prefect.mode) and not dry:
            prepare_prefect(config.data, config.prefect.mode, quiet=True)
            given = {"since": options.since, "until": options.until, "every": every, "limit": limit, "gap": gap}
            results = asyncio.run(_through_prefect("backfill", watcher, path, list(names), options=given))
        else:
            results = asyncio.run(here(watcher))
    say(results, as_json, "backfill")
    unsent = tell_past(path, config, route, [result.key for result in results], begun) if route and not dry else False
    return 1 if unsent else exit_code(results)


def known(config: Config, names: Sequence[str]) -> None:
    try:
        select_keys(config, names)
    except UnknownDocument as error:
        raise UserError(str(error)) from None
    if not config.documents():
        raise UserError("config.toml watches no document yet; see [vendors] in the example")


def _digits(option: str, text: str) -> str:
    """A day, month or year as an archive's timestamp."""
    try:
        return day_digits(text)
    except ValueError as error:
        raise UserError(f'{option} {error}, not "{safe(text, 40)}"') from None


async def _check_here(
    path: Path,
    names: list[str],
    *,
    due: bool,
    dry: bool,
    wait: bool,
    archives: bool,
    watcher: Callable[[Progress], None],
) -> list[CheckResult]:
    """The run without Prefect."""
    from flows.checks import check_documents, deliver, due_keys
    from flows.reporting import refresh_derived

    async with open_run(path, dry=dry, watcher=watcher) as run:
        chosen = select_keys(run.config, names)
        keys = due_keys(run, chosen) if due else chosen
        results = await check_documents(run, keys, wait=wait)
        if not dry:
            await deliver(run)
            refresh_derived(run.store, run.config)
            await _afterwards(run, chosen, archives=archives)
    return results


async def _afterwards(run: Run, keys: Sequence[str], *, archives: bool) -> None:
    """What archives are asked for when everybody has been told: to save what changed, and what they saw meanwhile."""
    from flows.catching_up import catch_up
    from flows.saving import save_changes

    saved = await save_changes(run)
    if saved.problem or saved.failed:
        complain(str(saved))
    if archives:
        found = await catch_up(run, keys)
        for result in found.results:
            if result.outcome.failing:
                complain(f"{result.key}: the archives could not be asked: {result.detail}")


async def _through_prefect(
    flow: str, watcher: Callable[[Progress], None], path: Path, names: list[str], **parameters: Any
) -> list[CheckResult]:
    """The same run as a Prefect flow, in this process. Fails as the flow fails."""
    from flows import check_flow

    check_flow.run_watcher.set(watcher)
    state = await getattr(check_flow, flow)(str(path), names, return_state=True, **parameters)
    results = await state.result(raise_on_failure=False)
    if isinstance(results, BaseException):
        raise results
    return list(results)


@contextmanager
def progress(quiet: bool) -> Iterator[Callable[[Progress], None]]:
    """A progress bar on standard error; nothing where that is no terminal, or where JSON is wanted."""
    logging.getLogger("clausewatch").setLevel(logging.ERROR)
    error = Console(stderr=True, highlight=False)
    if quiet or not error.is_terminal:
        yield lambda progress: None
        return
    columns = (TextColumn("{task.description}", markup=False), BarColumn(20), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=error, transient=True) as bar:
        task = bar.add_task("starting", total=None)

        def watch(progress: Progress) -> None:
            said = (
                progress.note or (progress.result and f"{progress.result.key}: {progress.result.outcome}") or "working"
            )
            bar.update(task, completed=progress.done, total=progress.total or None, description=safe(said, 100))

        yield watch


def say(results: list[CheckResult], as_json: bool, what: str) -> None:
    if as_json:
        print_json([result.as_json() for result in results])
        return
    console().print(outcome_table(results))
    for result in results:
        if result.outcome.failing:
            complain(f"{result.key}: {result.outcome.value}: {result.detail}")
    sys.stdout.write(f"\n{what}: {count_outcomes(results)}\n")


def outcome_table(results: Sequence[CheckResult]) -> Any:
    """Vendor, document, outcome, versions, what changed, last verified."""
    return table(
        ("vendor", "document", "outcome", "versions", "what", "last verified"),
        [
            (
                result.vendor,
                result.document,
                Text(result.outcome.value, style=_STYLES.get(result.outcome.value, "")),
                str(result.versions),
                result.detail,
                say_when(result.last_verified),
            )
            for result in results
        ],
    )
