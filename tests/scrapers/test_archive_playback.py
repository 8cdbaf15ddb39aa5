"""Playing captures back: what an archive may answer, told apart; and what must not break the client."""

from __future__ import annotations

import gzip
import socket
import time
from collections.abc import AsyncIterator, Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import anyio
import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scrapers.archive import ArchiveClient, ArchiveProfile, CaptureRow, CircuitPolicy, ExchangeLimits, ProcessLimiter
from scrapers.archive.links import parse_links
from scrapers.archive.memento import sha1_digest
from scrapers.errors import (
    ArchiveBlockedByRobots,
    ArchiveError,
    ArchiveExcluded,
    ArchiveFormat,
    ArchiveLoop,
    ArchiveRateLimited,
    ArchiveRefusing,
    ArchiveUnavailable,
    NotArchived,
    NotPlayable,
    OutsideWindow,
)
from tests.scrapers.archive_world import FAST, Clock, answer, archive, memento_answer

pytestmark = pytest.mark.anyio

URL = "https://vendor.example/privacy"
AT = "20200101120000"
WEB = "https://web.archive.org/web/"


def script(
    answers: Mapping[str, Callable[[], httpx.Response] | httpx.Response],
) -> Callable[[httpx.Request], httpx.Response]:
    """Answers by memento address without its prefix; anything else is a failure of the test."""

    def handler(request: httpx.Request) -> httpx.Response:
        address = str(request.url).removeprefix(WEB)
        assert address in answers, f"asked for {address}"
        given = answers[address]
        return given() if callable(given) else given

    return handler


def found(stamp: str, url: str = URL) -> httpx.Response:
    """The archive's own pointer to the capture it has."""
    reason = f"found capture at {stamp}"
    return answer("", 302, location=f"{WEB}{stamp}id_/{url}", x_archive_redirect_reason=reason)


def row(body: bytes = b"<p>text</p>", **changes: object) -> CaptureRow:
    values: dict[str, object] = {
        "urlkey": "k",
        "timestamp": AT,
        "url": URL,
        "mime": "text/html",
        "status": 200,
        "digest": sha1_digest(body),
    }
    return CaptureRow(**(values | changes))  # type: ignore[arg-type]


# -------------------------------------------------------------------------------------------------- kinds of answers


@pytest.mark.parametrize(
    "location",
    [
        f"{WEB}{AT}id_/https://vendor.example/new",
        f"http://web.archive.org/web/{AT}id_/https://vendor.example/new",
        f"//web.archive.org/web/{AT}id_/https://vendor.example/new",
        f"/web/{AT}id_/https://vendor.example/new",
        f"/web/{AT}/https://vendor.example/new",
        "https://vendor.example/new",
        "/new",
    ],
)
async def test_historical_redirects_in_every_form_stay_in_the_archive(location: str) -> None:
    answers = {
        f"{AT}id_/{URL}": memento_answer(URL, AT, "", 301, location=location),
        f"{AT}id_/https://vendor.example/new": found("20200101120033", "https://vendor.example/new"),
        "20200101120033id_/https://vendor.example/new": memento_answer(
            "https://vendor.example/new", "20200101120033", "archived", 404
        ),
    }
    async with archive(script(answers)) as client:
        memento = await client.memento(URL, AT)
    assert (memento.status, memento.body, memento.url) == (404, b"archived", "https://vendor.example/new")
    assert memento.asked == URL and len(memento.visited) == 3
    (past,) = memento.history
    assert (past.url, past.status, past.location) == (URL, 301, "https://vendor.example/new")
    assert past.time == datetime(2020, 1, 1, 12, tzinfo=UTC)
    assert memento.fetched.hops[0].location == memento.fetched.final_url


async def test_the_page_that_view_mode_shows_for_a_redirect() -> None:
    page = (
        "<html><p>Loading...</p><a href='/about'>x</a><p class='code'>Got an HTTP 302 response at crawl time</p>"
        f'<p>Redirecting to...</p><p><a href="/web/{AT}/https://vendor.example/new?a=1&amp;b=2">new</a></p></html>'
    )
    answers = {
        f"{AT}/{URL}": answer(page, x_archive_src="x.warc.gz", content_type="text/html"),
        f"{AT}/https://vendor.example/new?a=1&b=2": found("20200101120033", "https://vendor.example/new?a=1&b=2"),
        "20200101120033/https://vendor.example/new?a=1&b=2": memento_answer(
            "https://vendor.example/new?a=1&b=2", "20200101120033", "archived", 404
        ),
    }
    async with archive(script(answers)) as client:
        memento = await client.memento(URL, AT, modifier="")
    assert memento.status == 404 and len(memento.visited) == 3
    assert [past.status for past in memento.history] == [302]


async def test_redirects_in_a_loop() -> None:
    answers: dict[str, Callable[[], httpx.Response] | httpx.Response] = {
        f"{AT}id_/{URL}": lambda: memento_answer(URL, AT, "", 303, location=f"{WEB}{AT}id_/{URL}/cookie"),
        f"{AT}id_/{URL}/cookie": found("20200101120001", f"{URL}/cookie"),
        f"20200101120001id_/{URL}/cookie": lambda: memento_answer(
            f"{URL}/cookie", "20200101120001", "", 302, location=f"{WEB}20200101120001id_/{URL}"
        ),
        f"20200101120001id_/{URL}": lambda: found(AT),
    }
    async with archive(script(answers)) as client:
        with pytest.raises(ArchiveLoop):
            await client.memento(URL, AT)
        assert client.traffic.total == 4


async def test_redirects_without_an_end() -> None:
    def handler(request: httpx.Request) -> httpx.Response:
        url = str(request.url).partition("id_/")[2]
        return memento_answer(url, AT, "", 302, location=f"{WEB}{AT}id_/{url}x")

    async with archive(handler) as client:
        with pytest.raises(ArchiveLoop):
            await client.memento(URL, AT)
        assert client.traffic.total == 20


EXCLUDED = "<html>" + " " * 90_000 + "<p>This URL has been excluded from the Wayback Machine.</p></html>"


@pytest.mark.parametrize(
    ("given", "error"),
    [
        (answer(EXCLUDED), ArchiveExcluded),
        (answer("", 403, x_archive_wayback_runtime_error="RobotAccessControlException"), ArchiveBlockedByRobots),
        (answer("no", 451), ArchiveExcluded),
        (answer("<html>not archived</html>", 404), NotArchived),
        (answer("<html>a page of the archive</html>"), NotPlayable),
        (answer("", 302, location="https://archive.org/login"), NotPlayable),
        (answer("", 302, location="http://[::"), NotPlayable),
        (found("20200101120001"), NotPlayable),
        (found(AT, "https://vendor.example/other"), NotPlayable),
        (memento_answer(URL, "20200101120001"), NotPlayable),
        (memento_answer("https://vendor.example/other", AT), NotPlayable),
        (answer("bad request", 400), NotPlayable),
        (answer("", 304), ArchiveFormat),
        (answer("x", memento_datetime="yesterday"), ArchiveFormat),
    ],
)
async def test_each_outcome_is_a_class_of_its_own(given: httpx.Response, error: type[ArchiveError]) -> None:
    async with archive(script({f"{AT}id_/{URL}": given})) as client:
        with pytest.raises(ArchiveError) as caught:
            await client.memento(URL, AT)
        assert type(caught.value) is error
        assert client.traffic.total == 1  # none of them is worth a second try


async def test_listed_but_not_there_is_not_the_same_as_never_archived() -> None:
    async with archive(script({f"{AT}id_/{URL}": answer("", 404)})) as client:
        with pytest.raises(NotPlayable):
            await client.memento(row())


@pytest.mark.parametrize("status", [404, 429, 500, 503])
async def test_archived_failures_are_content(status: int) -> None:
    clock = Clock()
    given = memento_answer(URL, AT, "archived", status, x_archive_orig_retry_after="60", retry_after="60")
    async with archive(script({f"{AT}id_/{URL}": given}), clock) as client:
        memento = await client.memento(URL, AT)
        assert client.traffic.total == 1
    assert (memento.status, memento.body, clock.slept) == (status, b"archived", [])
    assert memento.fetched.header("retry-after") == "60"


async def test_nearest_within_a_window() -> None:
    near = {
        f"{AT}id_/{URL}": lambda: found("20200103120000"),
        f"20200103120000id_/{URL}": lambda: memento_answer(URL, "20200103120000"),
    }
    async with archive(script(near)) as client:
        memento = await client.memento(URL, AT, exact=False, window=timedelta(days=2))
        assert memento.timestamp == "20200103120000"
        with pytest.raises(OutsideWindow):
            await client.memento(URL, AT, exact=False, window=timedelta(days=1))
        assert (await client.memento(URL, AT, exact=False, window=None)).status == 200


async def test_a_pointer_with_the_time_of_a_capture_is_no_redirect_of_the_site() -> None:
    pointer = memento_answer(URL, "20200101150000", "", 302, location=f"{WEB}20200101150000id_/{URL}")
    odd = memento_answer(URL, AT, "", 302, location=f"{WEB}20200101150000id_/{URL}")
    for first in (pointer, odd):
        answers = {f"{AT}id_/{URL}": first, f"20200101150000id_/{URL}": memento_answer(URL, "20200101150000")}
        async with archive(script(answers)) as client:
            if first is odd:
                memento = await client.memento(URL, AT, exact=False)
                assert memento.history == () and memento.timestamp == "20200101150000"
            else:
                with pytest.raises(NotPlayable):
                    await client.memento(URL, AT)


async def test_each_step_may_be_a_day_away_from_the_one_before() -> None:
    answers = {
        f"{AT}id_/{URL}": found("20200102080000"),
        f"20200102080000id_/{URL}": memento_answer(URL, "20200102080000", "", 301, location="/new"),
        "20200102080000id_/https://vendor.example/new": found("20200103040000", "https://vendor.example/new"),
        "20200103040000id_/https://vendor.example/new": memento_answer("https://vendor.example/new", "20200103040000"),
    }
    async with archive(script(answers)) as client:
        assert (await client.memento(URL, AT, exact=False)).timestamp == "20200103040000"


async def test_cookies_of_archived_pages_are_not_sent_back() -> None:
    asked: list[httpx.Request] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return memento_answer(URL, AT, set_cookie="token=1; Path=/")

    async with archive(handler) as client:
        await client.memento(URL, AT)
        await client.memento(URL, AT)
    assert "cookie" not in asked[1].headers
    assert asked[0].headers["user-agent"] == "clausewatch-tests"


async def test_the_end_of_a_historical_redirect_must_be_near_too() -> None:
    answers = {
        f"{AT}id_/{URL}": memento_answer(URL, AT, "", 301, location=f"{WEB}{AT}id_/{URL}/new"),
        f"{AT}id_/{URL}/new": found("20230101000000", f"{URL}/new"),
    }
    async with archive(script(answers)) as client:
        with pytest.raises(OutsideWindow):
            await client.memento(URL, AT)


async def test_twins_are_said_and_digests_compared() -> None:
    given = memento_answer("http://www.vendor.example:80/privacy", AT, "other")
    async with archive(script({f"{AT}id_/{URL}": given})) as client:
        memento = await client.memento(row())
    assert memento.url == "http://www.vendor.example/privacy"
    assert memento.row_digest_matches is False and memento.fetched.digest == row().digest
    assert len(memento.notes) == 2 and memento.fetched.notes == memento.notes


async def test_a_row_with_an_inserted_month_is_asked_for_as_it_is_listed() -> None:
    odd = row(timestamp="20000012170449")
    given = memento_answer(URL, "20001217044900")
    async with archive(script({f"20000012170449id_/{URL}": given})) as client:
        assert (await client.memento(odd)).row_digest_matches


# ------------------------------------------------------------------------------------------------------ httpx's traps


@pytest.mark.parametrize(
    "location", ["http://[::1", "https://a b.example:port/", "javascript:void(0)", "http://" + "a" * 70_000]
)
async def test_an_archived_location_that_is_no_address(location: str) -> None:
    given = memento_answer(URL, AT, "moved", 302, location=location)
    async with archive(script({f"{AT}id_/{URL}": given})) as client:
        memento = await client.memento(URL, AT)
    assert memento.status == 302 and memento.history == ()
    assert dict(memento.headers)["location"] == location


async def test_bodies_however_they_are_packed() -> None:
    html = b"<p>text</p>" * 100
    packed = gzip.compress(html)
    cases = [
        memento_answer(URL, AT, html, packed=True),
        memento_answer(URL, AT, packed),  # gzip without a label
        memento_answer(URL, AT, html, content_encoding="gzip"),  # a label without gzip
        memento_answer(URL, AT, packed, content_encoding=""),
    ]
    for case in cases:
        async with archive(script({f"{AT}id_/{URL}": case})) as client:
            memento = await client.memento(row(html))
        assert memento.body == html and memento.row_digest_matches
        assert "content-encoding" not in dict(memento.headers)
    stored = memento_answer(URL, AT, packed, content_encoding="gzip")
    async with archive(script({f"{AT}id_/{URL}": stored})) as client:
        assert (await client.memento(row(packed))).row_digest_matches  # the index hashed the compressed body


async def test_truncated_gzip_is_never_taken_for_whole() -> None:
    cut = gzip.compress(bytes(range(256)) * 100)[:-20]
    once = [memento_answer(URL, AT, cut, content_encoding="gzip"), memento_answer(URL, AT, b"whole", packed=True)]
    async with archive(lambda request: once.pop(0)) as client:
        assert (await client.memento(URL, AT)).body == b"whole"
    async with archive(lambda request: memento_answer(URL, AT, cut, content_encoding="gzip")) as client:
        with pytest.raises(NotPlayable):
            await client.memento(URL, AT)
        assert client.traffic.total == 5


async def test_bodies_are_capped() -> None:
    bomb = gzip.compress(bytes(50_000_000))
    limits = ExchangeLimits(max_bytes=1_000_000, max_wire_bytes=100_000)
    async with archive(lambda request: memento_answer(URL, AT, bomb, content_encoding="gzip"), limits=limits) as client:
        with pytest.raises(NotPlayable, match="larger"):
            await client.memento(URL, AT)
        assert client.traffic.total == 1


async def test_an_address_that_cannot_be_requested() -> None:
    async with archive(script({})) as client:
        for bad in ("https://vendor.example/" + "a" * 70_000, "https://vendor.example/\x00"):
            with pytest.raises(NotPlayable):
                await client.memento(bad, AT)
        with pytest.raises(ValueError, match="timestamp"):
            await client.memento(URL)


def test_links_with_separators_inside_addresses() -> None:
    links = parse_links(
        '<http://a.example/?a=1;b=2,3>; rel="original", , <http://b.example/>; rel="first memento"; '
        'datetime="Wed, 01 Jan 2020 00:00:00 GMT", <http://c.example/>;rel=timegate;type="a;b"'
        ', <http://d.example/> rel="bad"; =x, <http://e.example/>; rel="last  MEMENTO"'
    )
    assert {name: link.url for name, link in links.items()} == {
        "original": "http://a.example/?a=1;b=2,3",
        "first memento": "http://b.example/",
        "timegate": "http://c.example/",
        "last memento": "http://e.example/",
    }
    assert links["first memento"].parameters["datetime"] == "Wed, 01 Jan 2020 00:00:00 GMT"


@given(st.text(alphabet='<>;,="\\ a', max_size=300))
def test_links_of_any_text(header: str) -> None:
    parse_links(header)


def test_links_of_hostile_text_take_linear_time() -> None:
    started = time.perf_counter()
    for header in ("<" * 60_000, '<a>;a="' * 9_000, "<a>" + ";a" * 30_000, ", " * 30_000, "<a>;" + " " * 60_000):
        parse_links(header)
    assert time.perf_counter() - started < 2


# ----------------------------------------------------------------------------------------- retries, pauses, refusals


async def test_the_archive_s_own_failures_are_retried_with_growing_pauses() -> None:
    clock = Clock()
    given = [answer("", 503), answer("", 503, retry_after="7"), answer("", 520), memento_answer(URL, AT)]
    async with archive(lambda request: given.pop(0), clock) as client:
        assert (await client.memento(URL, AT)).status == 200
        assert (client.traffic.total, client.traffic.retries) == (4, 3)
    assert clock.slept == [7.0, 8.0]  # at once, as asked, then as grown


async def test_resets_are_retried_and_then_given_up() -> None:
    class Broken(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            yield b"<p>te"
            raise httpx.ReadError("connection reset")

    calls = 0

    def handler(request: httpx.Request) -> httpx.Response:
        nonlocal calls
        calls += 1
        if calls % 2:
            raise httpx.RemoteProtocolError("Server disconnected without sending a response.")
        whole = memento_answer(URL, AT)
        return httpx.Response(200, headers=whole.headers, stream=Broken())

    clock = Clock()
    async with archive(handler, clock) as client:
        with pytest.raises(ArchiveUnavailable):
            await client.memento(URL, AT)
    assert calls == 5 and clock.slept == [4.0, 8.0, 16.0]


async def test_an_answer_that_drips_ends() -> None:
    class Drip(httpx.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            while True:
                await anyio.sleep(0.01)
                yield b"x"

    def handler(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers=memento_answer(URL, AT).headers, stream=Drip())

    async with archive(handler, limits=ExchangeLimits(total_timeout=0.05, tries=2)) as client:
        with pytest.raises(ArchiveUnavailable, match="too long"):
            await client.memento(URL, AT)


async def test_a_429_pauses_everyone_then_one_more_try_then_back_to_the_schedule() -> None:
    clock = Clock()
    asked: list[float] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(clock.now)
        return answer("", 429, retry_after="10")

    limiter = ProcessLimiter(clock=clock, sleep=clock.sleep)
    async with archive(handler, clock, limiter=limiter) as client, archive(handler, clock, limiter=limiter) as other:
        with pytest.raises(ArchiveRateLimited) as caught:
            await client.memento(URL, AT)
        assert asked == pytest.approx([1000, 1060], abs=0.01)  # a minute, though ten seconds were asked for
        assert caught.value.retry_after >= 60
        with pytest.raises(ArchiveRateLimited):
            await other.list_captures(URL)  # everyone, and without a request
        assert len(asked) == 2
        clock.now += caught.value.retry_after
        with pytest.raises(ArchiveRateLimited):
            await other.list_captures(URL)
        assert len(asked) == 3 + 0


async def test_a_429_that_is_over_in_time_is_forgotten() -> None:
    clock = Clock()
    given = [answer("", 429), memento_answer(URL, AT), answer("", 429, retry_after="90"), memento_answer(URL, AT)]
    async with archive(lambda request: given.pop(0), clock) as client:
        await client.memento(URL, AT)
        await client.memento(URL, AT)
    assert clock.slept == pytest.approx([60.0, 90.0], abs=0.01)


async def test_a_long_retry_after_is_not_waited_for() -> None:
    clock = Clock()
    async with archive(lambda request: answer("", 429, retry_after="3600"), clock) as client:
        with pytest.raises(ArchiveRateLimited) as caught:
            await client.memento(URL, AT)
    assert caught.value.retry_after == pytest.approx(3600) and clock.slept == []


async def test_refused_connections_open_the_circuit_for_an_hour_then_two() -> None:
    with socket.socket() as probe:  # a port that refuses
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    clock = Clock()
    limiter = ProcessLimiter(clock=clock, sleep=clock.sleep)
    profile = ArchiveProfile.wayback("own", f"http://127.0.0.1:{port}", rates=FAST.rates)
    async with ArchiveClient(profile, user_agent="t", limiter=limiter, sleep=clock.sleep) as client:
        for hours in (1, 2, 4):
            before = client.traffic.total
            with pytest.raises((ArchiveRefusing, ArchiveUnavailable)):
                await client.memento(URL, AT)
            assert client.traffic.total - before == (5 if hours == 1 else 1)
            with pytest.raises(ArchiveRefusing) as caught:
                await client.list_captures(URL)
            wait = (caught.value.until - datetime.now(UTC)).total_seconds()
            assert wait == pytest.approx(hours * 3600, abs=30)
            assert limiter.waiting(profile.key) == pytest.approx(hours * 3600, abs=30)
            clock.now += hours * 3600 + 1


async def test_turns_are_evenly_spaced_per_endpoint_and_shared() -> None:
    clock = Clock()
    limiter = ProcessLimiter(clock=clock, sleep=clock.sleep)
    turns: list[tuple[str, float]] = []

    async def work(endpoint: str, rate: float) -> None:
        for _ in range(3):
            await limiter.acquire("a.example", endpoint, rate)
            turns.append((endpoint, clock.now))

    async with anyio.create_task_group() as tasks:
        for _ in range(4):
            tasks.start_soon(work, "playback", 8.0)
    times = [moment for _, moment in turns]
    assert [round(after - before, 6) for before, after in pairwise(times)] == [0.125] * 11
    started = clock.now
    await limiter.acquire("a.example", "index", 0.4)
    await limiter.acquire("b.example", "playback", 8.0)
    assert clock.now == started  # queues of their own
    await limiter.acquire("a.example", "index", 0.4)
    assert clock.now - started == pytest.approx(2.5)


async def test_answers_under_way_when_the_pause_began_prove_nothing() -> None:
    clock = Clock()
    limiter = ProcessLimiter(CircuitPolicy(pause=60), clock=clock, sleep=clock.sleep)
    for _ in range(4):  # four requests were under way
        assert await limiter.pause("a.example") == 60
    await limiter.answered("a.example")
    clock.now += 61
    await limiter.acquire("a.example", "index", 1)
    assert await limiter.pause("a.example") == 120
    with pytest.raises(ArchiveRateLimited):
        await limiter.acquire("a.example", "index", 1)
