"""A pass over 200 local pages of 60 KB: with no change, with a changing token in each answer, with 10 % changed.

Beside clausewatch, in the same run and against the same server, the floor: one shared httpx client, lxml's text,
SHA-256. Report pages are not written (`bench.reports` measures them). Each subject has a process of its own; CPU is
that process's, wall and peak memory are as they come. The first pass (which stores everything) and the start-up are
reported beside it. Peers on the same work, measured on another day (reference/page-monitors.md 6.3): urlwatch 5.9 CPU
seconds, changedetection.io 9.5 (token), webchanges 15.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from bench.pages import NUMBER, page, serving, tell

__all__ = ["main"]

_PASSES = ("first", "no change", "token", "10 % changed")
_CONFIG = """\
data = "data"
[prefect]
mode = "{mode}"
[check]
confirm_after = 0
[fetch]
host_pause = 0
host_concurrency = 10
robots = false
allow_addresses = ["127.0.0.0/8"]
[reports]
write = false
"""


def _config(folder: Path, base: str, mode: str) -> Path:
    text = _CONFIG.format(mode=mode)
    for number in range(NUMBER):
        text += f'\n[vendors.v{number}]\nname = "Vendor {number}"\n[[vendors.v{number}.documents]]\n'
        text += f'type = "Privacy Policy"\nurl = "{base}/p/{number}"\n'
    path = folder / "config.toml"
    path.write_text(text, "utf-8")
    return path


async def _measure(base: str, one_pass: Callable[[], Awaitable[Any]], started: float) -> dict[str, Any]:
    figures: dict[str, Any] = {"start-up": {"cpu": time.process_time(), "wall": time.time() - started}}
    for name in _PASSES:
        tell(base, "nonce", int(name == "token"))
        tell(base, "version", 2 if name == "10 % changed" else 1)
        cpu, wall = time.process_time(), time.perf_counter()
        said = await one_pass()
        figures[name] = {"cpu": time.process_time() - cpu, "wall": time.perf_counter() - wall, "said": said}
        figures[name]["peak MB"] = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return figures


async def _floor(base: str, folder: Path, started: float) -> dict[str, Any]:
    import httpx
    import lxml.html

    seen: dict[int, str] = {}
    async with httpx.AsyncClient(limits=httpx.Limits(max_connections=10)) as client:

        async def one(number: int, slots: asyncio.Semaphore) -> None:
            async with slots:
                answer = await client.get(f"{base}/p/{number}")
            tree = lxml.html.document_fromstring(answer.content)
            text = "\n".join(part for part in tree.itertext() if part.strip())
            seen[number] = hashlib.sha256(text.encode()).hexdigest()

        async def one_pass() -> str:
            slots = asyncio.Semaphore(10)
            await asyncio.gather(*(one(number, slots) for number in range(NUMBER)))
            return f"{len(seen)} pages"

        return await _measure(base, one_pass, started)


async def _clausewatch(base: str, folder: Path, started: float) -> dict[str, Any]:
    import prefect  # noqa: F401  (the aim for memory is with Prefect loaded)

    from flows.checks import check_documents, deliver
    from flows.outcomes import count_outcomes
    from flows.run import open_run

    _warm_up()
    async with open_run(_config(folder, base, "off")) as run:

        async def one_pass() -> str:
            results = await check_documents(run, list(run.config.documents()))
            await deliver(run)
            return count_outcomes(results)

        return await _measure(base, one_pass, started)


def _warm_up() -> None:
    """A warm process has compiled its patterns: judge one change, as part of the start-up."""
    from analysis.align import align
    from analysis.judgement import judge
    from scrapers.extract import extract

    old, new = (extract(page(10, version)).blocks for version in (1, 2))
    judge(align(old, new))


async def _in_prefect(base: str, folder: Path, started: float) -> dict[str, Any]:
    from flows.prefect_env import prepare_prefect

    prepare_prefect(folder, "embedded", quiet=True)
    from flows.check_flow import check
    from flows.outcomes import count_outcomes

    _warm_up()
    path = _config(folder, base, "embedded")

    async def one_pass() -> str:
        state: Any = await check(str(path), None, only_due=False, return_state=True)
        return count_outcomes(await state.result(raise_on_failure=False))

    return await _measure(base, one_pass, started)


_SUBJECTS = {"floor": _floor, "clausewatch": _clausewatch, "clausewatch in a Prefect flow": _in_prefect}


def main() -> None:
    """Run all subjects and print the table, with ratios to the floor."""
    results: dict[str, dict[str, Any]] = {}
    with serving() as base:
        for name in _SUBJECTS:
            command = [sys.executable, "-m", "bench.passes", name, base]
            out = subprocess.run(
                command, capture_output=True, text=True, check=False, env=os.environ | {"DO_NOT_TRACK": "1"}
            )
            if out.returncode:
                sys.exit(f"{name}: {out.stderr[-2000:]}")
            results[name] = json.loads(out.stdout.splitlines()[-1])
    floor = results["floor"]
    print(f"{'':32}{'pass':14}{'CPU s':>8}{'x floor':>9}{'wall s':>8}{'peak MB':>9}  outcome")
    for name, passes in results.items():
        for what, figures in passes.items():
            ratio = figures["cpu"] / floor[what]["cpu"]
            print(
                f"{name:32}{what:14}{figures['cpu']:8.2f}{ratio:9.2f}{figures['wall']:8.2f}"
                f"{figures.get('peak MB', 0):9.0f}  {figures.get('said', '')}"
            )


if __name__ == "__main__":
    if len(sys.argv) == 1:
        main()
    else:
        with tempfile.TemporaryDirectory() as temporary:
            begun = time.time()
            measured = asyncio.run(_SUBJECTS[sys.argv[1]](sys.argv[2], Path(temporary), begun))
        print(json.dumps(measured))
