"""Fetching a page: redirects, statuses, retries, conditional requests, robots.txt, turns."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TypeVar

import anyio
import pytest

from scrapers import errors
from scrapers.capture import Fetched, Hop, NotModified, Validators
from scrapers.exchange import retry_after_seconds
from scrapers.live import LiveFetcher
from scrapers.pace import Pace
from scrapers.settings import FetchSettings
from tests.scrapers.sites import HTML, Asked, Site, answer, redirect, settings

pytestmark = pytest.mark.anyio

E = TypeVar("E", bound=errors.FetchError)


async def get(site: Site, path: str = "/", **fields: object) -> Fetched:
    async with LiveFetcher(settings(**fields)) as fetcher:
        page = await fetcher.fetch(site.url(path))
    assert isinstance(page, Fetched)
    return page


async def fails(kind: type[E], site: Site, path: str = "/", **fields: object) -> E:
    with pytest.raises(kind) as info:
        await get(site, path, **fields)
    assert type(info.value) is kind
    assert info.value.elapsed is not None
    return info.value


async def test_a_page_comes_as_the_server_gave_it_and_the_request_says_who_we_are() -> None:
    async with Site({"/p?a=1": answer(HTML, 'ETag: W/"x"', "X-Twice: 1", "X-Twice: 2")}) as site:
        before = datetime.now(UTC)
        async with LiveFetcher(settings(contact="ops@example.com", accept_language="de")) as fetcher:
            page = await fetcher.fetch(site.url("/p?a=1#part"))
        assert isinstance(page, Fetched)
        assert (page.status, page.body, page.hops, page.requests) == (200, HTML, (), 1)
        assert (page.url, page.final_url) == (site.url("/p?a=1#part"), site.url("/p?a=1#part"))
        assert before <= page.time <= datetime.now(UTC)
        assert page.wire_bytes == len(HTML)
        assert [value for name, value in page.headers if name == "x-twice"] == ["1", "2"]
        assert page.validators == Validators('W/"x"', None, page.final_url)
        sent = site.asked[0].headers
        assert sent["user-agent"].startswith("clausewatch/")
        assert "ops@example.com" in sent["user-agent"]
        assert sent["accept-language"] == "de"
        assert sent["accept-encoding"] == "gzip, deflate, br, zstd"


async def test_redirects_are_followed_and_each_is_recorded() -> None:
    replies = {
        "/": redirect("/a?x=1", status="301 Moved Permanently"),
        "/a?x=1": redirect("sub/privacy page", status="308 Permanent Redirect"),
        "/sub/privacy%20page": answer(),
    }
    async with Site(dict(replies)) as site:
        page = await get(site, "/#data")
        assert page.hops == (
            Hop(site.url("/#data"), 301, "/a?x=1"),
            Hop(site.url("/a?x=1#data"), 308, "sub/privacy page"),
        )
        assert page.final_url == site.url("/sub/privacy%20page#data")
        assert page.requests == 3
        assert page.wire_bytes == len(HTML) + 2 * len(b"moved")


async def test_loops_and_long_chains_are_told_apart() -> None:
    loop: dict[str, object] = {"/": redirect("/b"), "/b": redirect("/")}
    chain = {f"/{n}": redirect(f"/{n + 1}") for n in range(20)}
    async with Site(loop | chain) as site:  # type: ignore[arg-type]
        error = await fails(errors.RedirectLoop, site)
        assert (error.hop, error.url, error.requests) == (2, site.url("/"), 2)
        error2 = await fails(errors.TooManyRedirects, site, "/0", max_redirects=3)
        assert (error2.hop, error2.requests) == (4, 4)


async def test_a_cookie_that_a_redirect_asks_back_is_sent_back_and_then_forgotten() -> None:
    async def gate(asked: Asked, writer: asyncio.StreamWriter) -> None:
        seen = asked.headers.get("cookie")
        writer.write(answer() if seen == "seen=1" else redirect("/", "Set-Cookie: seen=1; Path=/"))

    async with Site({"/": gate}) as site, LiveFetcher(settings()) as fetcher:
        for _ in range(2):
            page = await fetcher.fetch(site.url())
            assert isinstance(page, Fetched)
            assert len(page.hops) == 1
        assert [asked.headers.get("cookie") for asked in site.asked] == [None, "seen=1", None, "seen=1"]


@pytest.mark.parametrize(
    "location", ["", "   ", "ftp://example.com/", "javascript:alert(1)", "http://u:p@h.example/", "\\\\h\\x",
                 "http://[::1", "http://x:99999/", "/" + "a" * 9000]
)  # fmt: skip
async def test_redirects_to_nowhere(location: str) -> None:
    async with Site({"/": redirect(location)}) as site:
        error = await fails(errors.BadRedirect, site)
        assert (error.status, error.url, error.hop) == (302, site.url("/"), 0)


@pytest.mark.parametrize(
    "url", ["", "privacy", "file:///etc/passwd", "http://", "http://user:pw@example.com/", "http://a\nb/", "http://x:0/",
            "http://exa\\mple.com/", "http://x:port/", "https://" + "a" * 9000, "http://[1::zz]/", "http://xn--zz--.example\u2603-/"]
)  # fmt: skip
async def test_addresses_that_cannot_be_fetched(url: str) -> None:
    async with LiveFetcher(settings()) as fetcher:
        with pytest.raises(errors.BadUrl) as info:
            await fetcher.fetch(url)
    assert info.value.requests == 0


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        ("401 x", errors.AccessDenied), ("403 x", errors.AccessDenied), ("451 x", errors.AccessDenied),
        ("404 x", errors.PageGone), ("410 x", errors.PageGone), ("429 x", errors.TooManyRequests),
        ("500 x", errors.ServerFailed), ("503 x", errors.ServerFailed), ("520 x", errors.ServerFailed),
        ("400 x", errors.UnexpectedStatus), ("418 x", errors.UnexpectedStatus), ("202 x", errors.UnexpectedStatus),
        ("206 x", errors.UnexpectedStatus), ("300 x", errors.UnexpectedStatus), ("304 x", errors.UnexpectedStatus),
    ],
)  # fmt: skip
async def test_each_status_has_its_class(status: str, kind: type[errors.FetchError]) -> None:
    async with Site(
        {"/": redirect("/end"), "/end": answer(b"" if status[:3] == "304" else b"<p>x", status=status)}
    ) as site:
        error = await fails(kind, site)
        assert (error.status, error.url, error.hop) == (int(status[:3]), site.url("/end"), 1)


async def test_failures_that_may_pass_are_tried_again_and_counted() -> None:
    async def reset(_: Asked, writer: asyncio.StreamWriter) -> None:
        writer.transport.abort()

    broken = answer(b"busy", status="503 Busy")
    async with Site({"/": [broken, reset, answer()], "/never": broken, "/gone": answer(status="404 x")}) as site:
        page = await get(site, retries=2)
        assert (page.body, page.requests, page.wire_bytes) == (HTML, 3, len(HTML) + 4)
        error = await fails(errors.ServerFailed, site, "/never", retries=2)
        assert (error.requests, error.wire_bytes) == (3, 12)
        assert (await fails(errors.PageGone, site, "/gone", retries=2)).requests == 1


def test_retry_after_in_both_forms() -> None:
    now = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
    assert retry_after_seconds("120", now) == 120
    assert retry_after_seconds(format_datetime(now + timedelta(seconds=90), usegmt=True), now) == 90
    assert retry_after_seconds("Sun, 01 Mar 2026 11:00:00 GMT", now) == 0
    for unusable in (None, "", "soon", "-5", "1e9", "Sun, 99 Mar 2026 11:00:00 GMT"):
        assert retry_after_seconds(unusable, now) is None


async def test_retry_after_is_waited_for_by_everybody_who_asks_that_host() -> None:
    now = 1000.0
    slept = []

    async def sleep(seconds: float) -> None:
        nonlocal now
        slept.append(seconds)
        now += seconds

    pace = Pace(clock=lambda: now, sleep=sleep)
    async with (
        Site({"/": [answer(b"", "Retry-After: 40", status="429 x"), answer()]}) as site,
        LiveFetcher(settings(retries=1), pace=pace) as fetcher,
    ):
        page = await fetcher.fetch(site.url())
    assert page.requests == 2
    assert slept == [40]


async def test_a_longer_retry_after_than_we_would_wait_fails_at_once_for_the_whole_host() -> None:
    async with Site({"/": answer(b"", "Retry-After: 3600", status="429 x"), "/b": answer()}) as site:
        async with LiveFetcher(settings(retries=3)) as fetcher:
            caught = []
            for path in ("/", "/b"):
                with pytest.raises(errors.TooManyRequests) as info:
                    await fetcher.fetch(site.url(path))
                caught.append(info.value)
        assert caught[0].retry_after == 3600
        assert caught[1].retry_after == pytest.approx(3600, abs=30)
        assert site.paths == ["/"]


async def test_conditional_requests_send_back_what_was_given() -> None:
    stamp = "Tue, 03 Mar 2026 10:00:00 GMT"
    replies = {
        "/": redirect("/p"),
        "/p": [answer(HTML, 'ETag: W/"caf\xe9"', f"Last-Modified: {stamp}"), answer(b"", status="304 Not Modified")],
    }
    async with Site(dict(replies)) as site, LiveFetcher(settings()) as fetcher:  # type: ignore[arg-type]
        first = await fetcher.fetch(site.url())
        assert isinstance(first, Fetched)
        again = await fetcher.fetch(site.url(), validators=first.validators)
        assert isinstance(again, NotModified)
        assert (again.url, again.final_url, again.requests) == (site.url(), site.url("/p"), 2)
        asked = site.asked[3].headers
        assert (asked["if-none-match"], asked["if-modified-since"]) == ('W/"caf\xe9"', stamp)
        # Not to the page that redirects: it has no such date.
        assert "if-modified-since" not in site.asked[2].headers


async def test_validators_that_no_header_can_carry_are_left_out() -> None:
    async with Site({"/": answer()}) as site, LiveFetcher(settings()) as fetcher:
        for etag in ('"a\r\nX: y"', '"\u2603"', "x" * 5000):
            await fetcher.fetch(site.url(), validators=Validators(etag))
        assert not any("if-none-match" in asked.headers or "x" in asked.headers for asked in site.asked)


async def test_robots_txt_is_read_once_and_obeyed_on_every_hop_unless_overridden() -> None:
    rules = answer(b"User-agent: *\nDisallow: /secret\n", "Content-Type: text/plain")
    replies = {"/robots.txt": rules, "/": redirect("/secret"), "/secret": answer(), "/open": answer()}
    async with Site(dict(replies)) as site, LiveFetcher(settings(robots=True)) as fetcher:
        await fetcher.fetch(site.url("/open"))
        with pytest.raises(errors.RobotsForbidden) as info:
            await fetcher.fetch(site.url())
        assert (info.value.url, info.value.hop, info.value.requests) == (site.url("/secret"), 1, 1)
        await fetcher.fetch(site.url("/secret"), overrides=FetchSettings(robots=False))
        assert [asked.path for asked in site.asked] == ["/robots.txt", "/open", "/", "/secret"]


@pytest.mark.parametrize(
    ("replies", "kind"),
    [
        ({}, None),  # 404
        ({"/robots.txt": answer(b"", status="500 x")}, errors.RobotsUnavailable),
        ({"/robots.txt": redirect("/r1"), "/r1": answer(b"User-agent: *\nDisallow: /")}, errors.RobotsForbidden),
        ({"/robots.txt": redirect("/robots.txt")}, None),
        ({"/robots.txt": redirect("gopher://x")}, None),
        # The prohibition stands beyond the part that is read.
        ({"/robots.txt": answer(b"#" * 600_000 + b"\nUser-agent: *\nDisallow: /")}, None),
        ({"/robots.txt": answer(b"\x89PNG\r\n", "Content-Type: image/png")}, None),
        ({"/robots.txt": answer(b"zzz\x00", "Content-Encoding: br")}, None),
    ],
)
async def test_robots_txt_by_how_it_answers(replies: dict[str, bytes], kind: type[errors.FetchError] | None) -> None:
    async with Site({"/": answer(), **replies}) as site:
        if kind is None:
            assert (await get(site, robots=True)).status == 200
        else:
            await fails(kind, site, robots=True)
            assert site.paths == [path for path in site.paths if path != "/"]


async def test_crawl_delay_is_kept_up_to_the_cap_and_never_below_our_own_pause() -> None:
    now = 1000.0
    starts = []

    async def sleep(seconds: float) -> None:
        nonlocal now
        now += seconds

    async def page(_: Asked, writer: asyncio.StreamWriter) -> None:
        starts.append(now)
        writer.write(answer())

    robots = answer(b"User-agent: *\nCrawl-delay: 7")
    async with (
        Site({"/robots.txt": robots, "/": page}) as site,
        LiveFetcher(settings(robots=True, host_pause=2), pace=Pace(clock=lambda: now, sleep=sleep)) as fetcher,
    ):
        for cap in (10, 4, 0):
            await fetcher.fetch(site.url(), overrides=FetchSettings(crawl_delay_cap=cap))
    assert starts == [1007, 1011, 1013]


async def test_at_most_two_requests_to_one_host_at_a_time() -> None:
    together = anyio.Event()

    async def page(_: Asked, writer: asyncio.StreamWriter) -> None:
        if site.active == 2:
            together.set()
        await together.wait()  # would hang if two were not let in
        for _turn in range(20):
            await anyio.lowlevel.checkpoint()
        writer.write(answer())

    async with Site({"/": page}) as site, LiveFetcher(settings()) as fetcher:
        async with anyio.create_task_group() as group:
            for _ in range(8):
                group.start_soon(fetcher.fetch, site.url())
        assert site.most_active == 2
        assert len(site.asked) == 8


async def test_what_is_unusual_about_a_page_is_noted() -> None:
    consent = b"<html><head><meta http-equiv='refresh' content='3; url=/consent?a=1&amp;b=2'></head><p>x"
    script = b"<html><noscript><meta http-equiv=refresh content='0; url=/old'></noscript><p>x"
    async with Site({"/": answer(consent), "/s": answer(script), "/h": answer(HTML, "Refresh: 5; url=/z")}) as site:
        assert (await get(site)).notes == ("meta refresh to /consent?a=1&b=2, not followed",)
        assert (await get(site, "/s")).notes == ()
        assert (await get(site, "/h")).notes == ("meta refresh to /z, not followed",)


def test_settings_refuse_what_cannot_work_and_overrides_change_only_what_they_name() -> None:
    for wrong in (
        {"user_agent": "a\r\nX: y"}, {"contact": "caf\xe9"}, {"proxy": "socks5://x:1"}, {"retries": -1},
        {"allow_addresses": ["10.0.0.1/8"]}, {"unknown": 1}, {"total_timeout": 0},
    ):  # fmt: skip
        with pytest.raises(ValueError, match="validation error"):
            FetchSettings.model_validate(wrong)
    base = FetchSettings(contact="a@b.example", host_pause=5)
    merged = base.merged(FetchSettings(robots=False))
    assert (merged.contact, merged.host_pause, merged.robots) == ("a@b.example", 5, False)
    assert base.merged(None) is base
    assert base.product == "clausewatch"
    assert FetchSettings(user_agent="AcmeBot/2 (+https://acme.example)").product == "acmebot"
    assert all(field.get("description") for field in FetchSettings.model_json_schema()["properties"].values())
