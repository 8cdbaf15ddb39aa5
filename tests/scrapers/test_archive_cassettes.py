"""Recordings of real exchanges with web.archive.org, replayed. What each must give: reference/wayback.md section 5."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import httpx
import pytest

from scrapers.archive import INTERNET_ARCHIVE, ArchiveClient, ProcessLimiter, Rates
from scrapers.archive.cdx import EMPTY_DIGEST
from scrapers.errors import ArchiveExcluded, NotArchived, NotPlayable, OutsideWindow
from tests.scrapers.archive_world import Clock

pytestmark = [pytest.mark.shared, pytest.mark.anyio]

UNHURRIED = INTERNET_ARCHIVE.with_rates(Rates(index=10_000, playback=10_000))
BIRDS = "https://www.fws.gov/birds/"

Open = Callable[..., tuple[ArchiveClient, Any]]


@pytest.fixture
def replay(shared: Path, monkeypatch: pytest.MonkeyPatch) -> Open:
    """Opens a client over a recording. resolveRevisits is ignored: we do not send it, on its maintainers' advice."""
    monkeypatch.syspath_prepend(str(shared / "tools"))
    sys.modules.pop("vcr_replay", None)
    from vcr_replay import Cassette, ReplayTransport

    def opener(name: str, profile: Any = UNHURRIED, limiter: Any = None) -> tuple[ArchiveClient, Any]:
        cassette = Cassette.load(shared / "cassettes" / f"{name}.yaml", ignore_params=("resolveRevisits",))
        transport: httpx.AsyncBaseTransport = ReplayTransport(cassette)
        return ArchiveClient(profile, user_agent="clausewatch-tests", transport=transport, limiter=limiter), cassette

    return opener


async def test_a_search_gives_each_capture_once(replay: Open) -> None:
    client, cassette = replay("test_search")
    async with client:
        rows = await client.list_captures("nasa.gov", "19961001000000", datetime(1997, 2, 1, tzinfo=UTC))
    assert [row.time for row in rows] == [datetime(1996, 12, 31, 23, 58, 47, tzinfo=UTC)]
    cassette.assert_all_played()


async def test_a_long_search_follows_its_resume_keys(replay: Open) -> None:
    client, cassette = replay("test_search_with_date")
    async with client:
        pages = [page async for page in client.list_pages("dw.com", since="20191001000000", until="20200301000000")]
    rows = [row for page in pages for row in page.rows]
    assert len(rows) == len({row.identity for row in rows}) == 2205
    assert all("20191001" <= row.timestamp <= "20200301" for row in rows)
    assert all(row.digest == EMPTY_DIGEST for row in rows if row.is_redirect)
    assert [page.complete for page in pages] == [False, False, True]
    assert [bool(page.resume_key) for page in pages] == [True, True, False]
    cassette.assert_all_played()


async def test_a_search_resumes_where_another_process_stopped(replay: Open) -> None:
    client, _ = replay("test_search_with_date")
    async with client:
        whole = await client.list_captures("dw.com", "20191001000000", "20200301000000")
    client, _ = replay("test_search_with_date")
    async with client:
        first = await anext(client.list_pages("dw.com", since="20191001000000", until="20200301000000"))
        rest = [page async for page in client.list_pages("dw.com", resume_key=first.resume_key)]
    rows = list(first.rows) + [row for page in rest for row in page.rows]
    assert {row.identity for row in rows} == {row.identity for row in whole}
    assert len(rest) == 2


async def test_revisits_and_redirects_lie_between_the_captures(replay: Open) -> None:
    client, _ = replay("test_search_does_not_repeat_results")
    async with client:
        rows = await client.list_captures("energystar.gov/", "20200612000000", "20200613000000")
    assert len(rows) == len({row.identity for row in rows}) == 15
    assert [row.time for row in rows] == sorted(row.time for row in rows)
    assert [row.status for row in rows if row.is_revisit] == [None] * 3


async def test_a_blocked_site_is_excluded_not_empty(replay: Open) -> None:
    client, _ = replay("test_search_raises_for_blocked_urls")
    async with client:
        with pytest.raises(ArchiveExcluded):
            await client.list_captures("https://nationalpost.com/health", "20191001000000", "20191002000000")


async def test_filters_are_sent_as_given(replay: Open) -> None:
    january: dict[str, Any] = {"since": "20220101000000", "until": "20220201000000", "match": "prefix", "limit": 10}
    client, _ = replay("test_search_with_filter")
    async with client:
        async for page in client.list_pages("nasa.gov/", **january):
            assert any(row.status == 200 for row in page.rows)
            break
        async for page in client.list_pages("nasa.gov/", filters=["statuscode:404"], **january):
            assert [row.status for row in page.rows] == [404] * 10
            break
    client, _ = replay("test_search_with_filter_tuple")
    async with client:
        rows = await client.list_captures(
            "nasa.gov/",
            "20220101000000",
            "20220201000000",
            match="prefix",
            limit=10,
            filters=("statuscode:404", "urlkey:.*feature.*"),
        )
    assert len(rows) == 6
    assert all(row.status == 404 and "feature" in row.url for row in rows)


async def test_playback_keeps_the_pace_of_eight_a_second(replay: Open) -> None:
    clock = Clock()
    limiter = ProcessLimiter(clock=clock, sleep=clock.sleep)
    client, _ = replay("test_memento_rate_limits", INTERNET_ARCHIVE, limiter)
    async with client:
        async for page in client.list_pages("zew.de"):
            assert len(page.rows) == 991  # of 1000; 9 are repeats
            break
        started = clock.now
        for _ in range(11):
            memento = await client.memento("http://www.zew.de/", "19970427191925")
    assert clock.now - started == pytest.approx(1.25)  # ten turns of an eighth of a second
    assert memento.url == "http://www.zew.de/"


async def check_birds(memento: Any) -> None:
    assert memento.url == BIRDS
    assert memento.time == datetime(2017, 11, 24, 15, 13, 15, tzinfo=UTC)
    assert memento.memento_url == f"https://web.archive.org/web/20171124151315id_/{BIRDS}"
    assert memento.status == 200
    assert [name for name, _ in memento.headers] == [
        "date",
        "strict-transport-security",
        "transfer-encoding",
        "content-type",
    ]
    assert set(memento.links) == {
        "original",
        "timemap",
        "timegate",
        "first memento",
        "prev memento",
        "memento",
        "next memento",
        "last memento",
    }
    assert b"<title>" in memento.body and len(memento.body) > 24428
    assert memento.history == () and memento.fetched.archive == "internet-archive"


@pytest.mark.parametrize(
    ("cassette", "moment"),
    [
        ("test_get_memento", datetime(2017, 11, 24, 15, 13, 15, tzinfo=UTC)),
        ("test_get_memento_with_string_datetime", "20171124151315"),
        (
            "test_get_memento_handles_non_utc_datetime",
            datetime(2017, 11, 24, 8, 13, 15, tzinfo=timezone(-timedelta(hours=7))),
        ),
        ("test_get_memento_with_mode_string", "20171124151315"),
    ],
)
async def test_a_memento_comes_with_its_bytes_and_facts(replay: Open, cassette: str, moment: Any) -> None:
    client, _ = replay(cassette)
    async with client:
        await check_birds(await client.memento(BIRDS, moment))


async def test_a_memento_by_its_own_address(replay: Open) -> None:
    client, _ = replay("test_get_memento_with_archive_url")
    async with client:
        await check_birds(await client.memento(f"https://web.archive.org/web/20171124151315id_/{BIRDS}"))


async def test_a_memento_by_its_row_has_the_row_s_digest(replay: Open) -> None:
    from scrapers.archive import CaptureRow

    row = CaptureRow(
        "gov,fws)/birds", "20171124151315", BIRDS, "text/html", 200, "LJQDEP53X7VNCM6GXMPSQ3QKMEBNPBGB", 24428
    )
    client, _ = replay("test_get_memento_with_cdx_record")
    async with client:
        memento = await client.memento(row)
    await check_birds(memento)
    assert memento.row_digest == row.digest and memento.row_digest_matches is not None


@pytest.mark.parametrize(
    ("cassette", "moment", "window"),
    [
        ("test_get_memento_with_date_datetime", "20171124", timedelta(days=1)),
        ("test_get_memento_with_inexact_string_datetime", "20171124151310", timedelta(days=1)),
        ("test_get_memento_target_window", datetime(2017, 11, 1, tzinfo=UTC), timedelta(days=25)),
    ],
)
async def test_the_nearest_capture_will_do_if_one_says_so(
    replay: Open, cassette: str, moment: Any, window: timedelta
) -> None:
    client, _ = replay(cassette)
    async with client:
        memento = await client.memento(BIRDS, moment, exact=False, window=window)
    await check_birds(memento)
    assert len(memento.visited) == 2


async def test_the_nearest_capture_may_be_too_far_away_or_not_exact(replay: Open) -> None:
    client, _ = replay("test_get_memento_target_window")
    async with client:
        with pytest.raises(OutsideWindow):
            await client.memento(BIRDS, "20171101", exact=False, window=timedelta(days=1))
    client, _ = replay("test_get_memento_target_window")
    async with client:
        with pytest.raises(NotPlayable) as caught:
            await client.memento(BIRDS, "20171101")
    assert not isinstance(caught.value, OutsideWindow)


async def test_historical_redirects_are_followed_and_recorded(replay: Open) -> None:
    client, cassette = replay("test_get_memento_with_redirects")
    async with client:
        memento = await client.memento("https://www.epa.gov/ghgreporting/san5779-factsheet", "20180808094144")
    assert len(memento.history) == 1 and len(memento.visited) == 3
    assert memento.history[0].status == 301 and memento.history[0].permanent
    assert memento.history[0].location == memento.url
    assert memento.url.endswith("gas-reporting-program-addition-global-warming") and memento.status == 200
    assert memento.time == datetime(2018, 8, 8, 10, 45, tzinfo=UTC)
    assert dict(memento.headers)["server"] == "Apache"
    cassette.assert_all_played()


async def test_a_redirect_by_path_alone_stays_in_the_archive(replay: Open) -> None:
    client, _ = replay("test_get_memento_with_path_based_redirects")
    async with client:
        memento = await client.memento(
            "https://www.whitehouse.gov/administration/eop/ostp/about/student/faqs", "20201027215555"
        )
    assert memento.status == 404 and len(memento.history) == 1
    assert memento.url == memento.history[0].location == "https://www.whitehouse.gov/ostp/about/student/faqs"


async def test_archive_redirects_before_a_historical_one(replay: Open) -> None:
    client, _ = replay("test_get_memento_follows_historical_redirects")
    async with client:
        memento = await client.memento("http://epa.gov/climatechange", "20200201020357", exact=False)
    assert memento.url.endswith("/signpost/cc.html")
    assert (len(memento.history), len(memento.visited)) == (1, 4)
    client, _ = replay("test_get_memento_follows_historical_redirects")
    async with client:
        memento = await client.memento(
            "http://epa.gov/climatechange", "20200201020357", exact=False, follow_redirects=False
        )
    assert memento.status == 301 and memento.history == () and len(memento.visited) == 2
    assert dict(memento.headers)["location"] == "https://www.epa.gov/sites/production/files/signpost/cc.html"


async def test_never_archived(replay: Open) -> None:
    client, _ = replay("test_get_memento_raises_no_memento_error")
    async with client:
        with pytest.raises(NotArchived):
            await client.memento("https://this-is-not-real-url.whatever/", "20170929002712")
