"""The client against the replica over real connections, with everything going wrong that goes wrong out there."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import anyio
import pytest

from scrapers.archive import (
    ArchiveClient,
    ArchiveProfile,
    CaptureRow,
    CircuitPolicy,
    Dialect,
    Memento,
    ProcessLimiter,
    Rates,
)
from scrapers.archive.plan import plan
from scrapers.archive.timestamps import format_timestamp, parse_timestamp
from tests.replica.app import Replica
from tests.replica.faults import Fault
from tests.replica.server import serve
from tests.replica.warc import Page, write_warc

pytestmark = pytest.mark.anyio

URL = "https://www.vendor.example/privacy"
COUNT = 300
START = parse_timestamp("20180101")

STORM = [
    Fault("status", "cdx", status=429, skip=1, count=1),
    Fault("status", "playback", status=429, skip=20, count=1),
    Fault("status", status=503, rate=0.1, per_url=2, seed=1),
    Fault("drop", rate=0.05, per_url=1, seed=2),
    Fault("reset", rate=0.05, per_url=1, seed=3),
    Fault("truncated", rate=0.05, per_url=1, seed=4),
    Fault("truncated-gzip", rate=0.05, per_url=1, seed=5),
    Fault("garbage", rate=0.05, per_url=1, seed=6),
    Fault("drip", "playback", rate=0.1, pieces=4, delay=0.005, seed=7),
    Fault("duplicate-rows", "cdx", rate=0.4, seed=8),
    Fault("malformed-rows", "cdx", rate=0.1, seed=9),
    Fault("repeat-key", "cdx", skip=3, count=2, seed=10),
    Fault("status", "cdx", status=504, skip=5, count=2),
]


@pytest.fixture(scope="module")
def warc(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pages = []
    for number in range(COUNT):
        stamp = format_timestamp(START + timedelta(days=number, seconds=number % 7))
        pages.append(Page(URL, stamp, body=b"<p>Version %d</p>" % (number // 2) * 40))
        if number % 10 == 0:
            pages.append(Page("http://vendor.example/privacy", stamp, status=301, headers=(("Location", URL),)))
        if number % 25 == 0:
            later = format_timestamp(START + timedelta(days=number, hours=9))
            pages.append(Page(URL, later, body=b"gone %d" % number, status=404))
    return write_warc(tmp_path_factory.mktemp("replica") / "vendor.warc.gz", pages)


@pytest.fixture
async def hurry() -> AsyncIterator[ProcessLimiter]:
    """A limiter whose pauses are short, so that a test can wait for them."""
    yield ProcessLimiter(CircuitPolicy(pause=0.2, patience=5))


async def history(base: str, limiter: ProcessLimiter, dialect: Dialect) -> tuple[list[CaptureRow], dict[str, Memento]]:
    profile = ArchiveProfile.wayback("replica", base, dialect=dialect, rates=Rates(index=500, playback=500))

    async def soon(seconds: float) -> None:
        await anyio.sleep(seconds / 1000)

    mementos: dict[str, Memento] = {}
    async with ArchiveClient(profile, user_agent="clausewatch-tests", limiter=limiter, sleep=soon) as client:
        rows = await client.list_captures(URL, limit=40)
        left = list(plan(rows).fetch)

        async def work() -> None:
            while left:
                content = left.pop()
                mementos[content.digest] = await client.memento(content.rows[0])

        async with anyio.create_task_group() as tasks:
            for _ in range(4):
                tasks.start_soon(work)
    return rows, mementos


@pytest.mark.parametrize("dialect", [Dialect.TEXT, Dialect.JSON])
async def test_a_storm_changes_nothing_but_the_time_it_takes(
    warc: Path, hurry: ProcessLimiter, dialect: Dialect
) -> None:
    replica = Replica([warc])
    with serve(replica) as served:
        rows, calm = await history(served.url, hurry, dialect)
        requests = len(replica.log.entries)
        replica.faults.set(STORM)
        replica.log.clear()
        stormy_rows, stormy = await history(served.url, hurry, dialect)
        fired = replica.faults.fired()
    assert {row.identity for row in stormy_rows} == {row.identity for row in rows}
    assert len(stormy_rows) == len(rows) == COUNT + 30 + 12
    assert {digest: memento.body for digest, memento in stormy.items()} == {
        digest: m.body for digest, m in calm.items()
    }
    assert len(stormy) == COUNT // 2 and all(memento.row_digest_matches for memento in stormy.values())
    assert all(fired.values()), fired
    assert requests < len(replica.log.entries) < 2 * requests + 60
    assert len({entry.connection for entry in replica.log.entries}) < len(replica.log.entries) / 3  # kept, not one each


async def test_redirects_in_every_style_of_the_archive(warc: Path, hurry: ProcessLimiter) -> None:
    stamp = format_timestamp(START)
    for style in ("absolute", "path", "schemeless"):
        with serve(Replica([warc], redirect_style=style)) as served:
            profile = ArchiveProfile.wayback("replica", served.url, rates=Rates(500, 500))
            async with ArchiveClient(profile, user_agent="clausewatch-tests", limiter=hurry) as client:
                rows = [row for row in await client.list_captures(URL) if row.is_redirect]
                memento = await client.memento(rows[0])
            assert memento.status == 200 and memento.url == URL and memento.timestamp[:8] == stamp[:8]
            assert [past.location for past in memento.history] == [URL]


async def test_the_pace_is_kept_as_the_server_sees_it(warc: Path) -> None:
    replica = Replica([warc])
    replica.faults.set([Fault("status", "playback", status=503, rate=0.3, per_url=1)])
    with serve(replica) as served:
        profile = ArchiveProfile.wayback("replica", served.url, rates=Rates(index=500, playback=40))
        limiter = ProcessLimiter()
        async with (
            ArchiveClient(profile, user_agent="clausewatch-tests", limiter=limiter) as one,
            ArchiveClient(profile, user_agent="clausewatch-tests", limiter=limiter) as two,
        ):
            rows = [row for row in await one.list_captures(URL) if row.status == 200][:60]
            async with anyio.create_task_group() as tasks:
                for number, row in enumerate(rows):
                    tasks.start_soon((one if number % 2 else two).memento, row)
        log = replica.log.of("playback")
    assert len(log) > 62  # retries are charged too
    assert log[-1].time - log[0].time >= (len(log) - 1) / 40 - 0.05
    assert replica.log.busiest("playback", 1.0) <= 40 + 10  # the server's thread may be late for some
