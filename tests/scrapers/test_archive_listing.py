"""Listing captures: both dialects, pages, and everything that an index may do instead of answering."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrapers.archive import INTERNET_ARCHIVE, ArchiveClient, ArchiveProfile, Dialect, Rates
from scrapers.archive.cdx import CdxQuery, normalise_url, parse_cdx, same_page
from scrapers.archive.listing import Position
from scrapers.archive.timestamps import first_moment, format_timestamp, last_moment, parse_timestamp
from scrapers.errors import ArchiveBlockedByRobots, ArchiveExcluded, ArchiveFormat, ArchiveUnavailable
from tests.scrapers.archive_world import FAST, Clock, Index, answer, archive

pytestmark = pytest.mark.anyio

URL = "https://example.com/"


def days(count: int, start: str = "20200101") -> list[str]:
    first = parse_timestamp(start)
    return [f"{format_timestamp(first + timedelta(days=day))} {URL} 200 D{day}" for day in range(count)]


async def stamps(client: ArchiveClient, **options: object) -> list[str]:
    async with client:
        pages = [page async for page in client.list_pages(URL, **options)]  # type: ignore[arg-type]
    assert [page.complete for page in pages] == [False] * (len(pages) - 1) + [True]
    assert all(bool(page.resume_key) is not page.complete for page in pages)
    return [row.timestamp for page in pages for row in page.rows]


# ------------------------------------------------------------------------------------------------------ answers


def test_text_rows_that_cannot_be_read_are_counted() -> None:
    answer = parse_cdx(
        "com,example)/ 20200101000000 https://example.com:443/ text/html 200 AAA 900 extra columns\n"
        "com,example)/ 20200102000000 https://example.com/ warc/revisit - AAA -\n"
        "com,example)/ 20000012170449 http://example.com:80/ text/html 200 BBB 5\n"
        "com,example)/ 20000800241623 http://example.com/ unk - BBB 5\n"
        "com,example)/ 20201399000000 http://example.com/ text/html 200 CCC 5\n"
        "com,example)/ 2020 http://example.com/ text/html 200 CCC 5\n"
        "com,example)/ 20200103000000 http://mailto:a@example.com/ text/html 200 CCC 5\n"
        "com,example)/ 20200103000000 http://example.com/data:image/jpeg;base64,AAA= text/html 200 CCC 5\n"
        "com,example)/ 20200103000000 http://word/ text/html 200 CCC 5\n"
        "com,example)/ 20200103000000 dns:example.com text/dns - CCC 5\n"
        "com,example)/ 20200103000000 http://[::1 text/html 200 CCC 5\n"
        "com,example)/ 2020010300000\n"
    )
    assert (len(answer.rows), answer.malformed, answer.raw) == (4, 8, 12)
    first, revisit, month, day = answer.rows
    assert (first.url, first.status, first.length) == ("https://example.com/", 200, 900)
    assert (revisit.is_revisit, revisit.status, revisit.length) == (True, None, None)
    assert revisit.identity == ("20200102000000", "https://example.com/", 0, "AAA")
    assert month.time == datetime(2000, 12, 17, 4, 49, tzinfo=UTC) and month.timestamp == "20000012170449"
    assert day.time == datetime(2000, 8, 24, 16, 23, tzinfo=UTC)


def test_what_makes_a_capture_one_of_its_kind() -> None:
    line = "com,example)/ 20200101000000 {} text/html {} {} {}"
    values = [
        ("https://e.com/", "200", "A", "1"),
        ("http://e.com/", "200", "A", "1"),
        ("https://e.com/", "-", "A", "1"),
    ]
    values += [
        ("https://e.com/", "200", "B", "1"),
        ("https://e.com:443/", "200", "A", "2"),
    ]  # the last is the first again
    rows = parse_cdx("\n".join(line.format(*one) for one in values)).rows
    assert len(rows) == 5 and len({row.identity for row in rows}) == 4


def test_arrays_and_ndjson_are_recognised_whatever_was_asked_for() -> None:
    arrays = parse_cdx(
        '[["urlkey","timestamp","original","mimetype","statuscode","digest","length"],'
        '["com,example)/","20200101000000","https://example.com/","text/html","200","AAA","900"],'
        '["com,example)/","bad"],[],["com%2Cexample%29%2F+20200101000001"]]'
    )
    assert (len(arrays.rows), arrays.malformed, arrays.raw) == (1, 1, 2)
    assert arrays.resume_key == "com%2Cexample%29%2F+20200101000001"
    assert parse_cdx("[]").rows == parse_cdx("").rows == parse_cdx("\n").rows == ()
    ndjson = parse_cdx(
        '{"urlkey":"k","timestamp":"20200101000000","url":"https://example.com/","mime":"text/html","status":"200",'
        '"digest":"AAA","length":"900","offset":"0"}\n'
        '{"timestamp":"20200102000000","url":"https://example.com/","mime":"warc/revisit","digest":"AAA"}\n'
        '{"timestamp":"20200103000000","url":"https://example.com/","is_fuzzy":"1","digest":"AAA"}\n'
        "{broken\n"
    )
    assert [row.status for row in ndjson.rows] == [200, None] and ndjson.malformed == 1
    assert arrays.rows[0].identity == ndjson.rows[0].identity


def test_a_page_may_begin_with_a_broken_row_or_hold_nothing_else() -> None:
    row = "com,example)/ 20200101000000 https://example.com/ text/html 200 AAA 1"
    for junk in ("<html><body>error</body></html>", "{broken", "garbage"):
        answer = parse_cdx(f"{junk}\n{row}\n")
        assert (len(answer.rows), answer.malformed, answer.raw) == (1, 1, 2)
        assert parse_cdx(f"{junk}\n\nkey\n").resume_key == "key"
    assert parse_cdx("com,example)/ 2020").malformed == 1


@pytest.mark.parametrize(
    "body",
    [
        "<html>proxy login</html>",
        "<html>\n<p>Please log in to the network of this hotel to go on.</p>\n</html>",
        "[1, 2",
        '[["a","b"],["c","d"]]',
        '{"message": "no"}',
        "Service busy, try later",
    ],
)
def test_what_is_no_index_is_not_an_empty_one(body: str) -> None:
    with pytest.raises(ArchiveFormat):
        parse_cdx(body)


def test_refusals_are_found_in_lines_of_text() -> None:
    with pytest.raises(ArchiveBlockedByRobots):
        parse_cdx("org.archive.wayback.exception.RobotAccessControlException: Blocked By Robots")
    with pytest.raises(ArchiveExcluded) as caught:
        parse_cdx("org.archive.wayback.exception.AdministrativeAccessControlException: Blocked Site Error")
    assert not isinstance(caught.value, ArchiveBlockedByRobots)


def test_hostile_answers_take_linear_time() -> None:
    line = "com,example)/ 20200101000000 https://example.com/" + "%" * 20_000 + " text/html 200 A 1"
    assert parse_cdx("\n".join([line] * 50 + ["\n"] * 50_000)).malformed == 50  # longer than any address may be
    with pytest.raises(ArchiveFormat):
        parse_cdx("[" * 200_000)


# --------------------------------------------------------------------------------------------------- timestamps


def test_bounds_are_whole_periods() -> None:
    assert first_moment("2004") == "20040101000000" and last_moment("2004") == "20041231235959"
    assert last_moment("202002") == "20200229235959" and last_moment("20200228") == "20200228235959"
    assert last_moment("2020022823") == "20200228235959" and first_moment("") == last_moment("") == ""
    assert first_moment(datetime(2020, 1, 1, 1, tzinfo=UTC)) == "20200101010000"
    with pytest.raises(ValueError, match="time zone"):
        first_moment(datetime(2020, 1, 1))  # noqa: DTZ001 (that is the point)
    for bad in ("20", "20201", "2020-01-01", "٢٠٢٠", "20201301"):
        with pytest.raises(ValueError, match=r"."):
            first_moment(bad)


@given(st.datetimes(datetime(1996, 1, 1), datetime(2100, 1, 1)))  # noqa: DTZ001 (hypothesis wants them bare)
def test_timestamps_survive_the_round_trip(moment: datetime) -> None:
    moment = moment.replace(microsecond=0, tzinfo=UTC)
    assert parse_timestamp(format_timestamp(moment)) == moment


def test_addresses_are_compared_as_archives_look_them_up() -> None:
    assert normalise_url("http://a.example:80/x:80/") == "http://a.example/x:80/"
    assert normalise_url("https://a.example:443") == "https://a.example"
    assert normalise_url("https://a.example:80/") == "https://a.example:80/"
    assert same_page("http://www.Example.com:80/Privacy/", "https://example.com/privacy")
    assert same_page("http://www2.example.com/?b=1#top", "https://example.com?b=1")
    assert same_page(
        "https://example.com/~a;jsessionid=0123456789abcdef0123456789abcdef?b=1&a=2",
        "https://example.com/%7Ea?a=2&b=1&PHPSESSID=0123&",
    )
    assert not same_page("https://example.com/privacy", "https://example.com/terms")
    assert not same_page("https://example.com/?p=1", "https://example.com/?p=2")


# --------------------------------------------------------------------------------------------------------- pages


async def test_queries_in_each_dialect() -> None:
    query = CdxQuery(URL, "20200101000000", "", "a%2Cb+1", 50, "prefix", ("!statuscode:404", "~mimetype:html"))
    text = dict(query.parameters(Dialect.TEXT))
    assert text == {
        "url": URL,
        "matchType": "prefix",
        "limit": "50",
        "from": "20200101000000",
        "filter": "~mimetype:html",
        "showResumeKey": "true",
        "resumeKey": "a%2Cb+1",
    }
    assert dict(query.parameters(Dialect.JSON))["output"] == "json"
    pywb = query.parameters(Dialect.PYWB)
    assert ("filter", "!~status:(?:404)$") in pywb and ("filter", "mime:html") in pywb
    assert ("allowFuzzy", "0") in pywb and "resumeKey" not in dict(pywb)


async def test_resume_keys_are_sent_back_encoded_once_more() -> None:
    key = "com%2Cexample%29%2F+2001041400593%3A"  # as the old server gave them: not even a digit at the end
    asked: list[bytes] = []

    def handler(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.query)
        row = "com,example)/ 20010414005939 https://example.com/ text/html 200 AAA 1\n"
        return answer(f"{row}\n{key}\n" if len(asked) == 1 else "")

    assert await stamps(archive(handler)) == ["20010414005939"]
    assert parse_qs(asked[1].decode())["resumeKey"] == [key]
    assert b"resumeKey=com%252Cexample%2529%252F%2B2001041400593%253A" in asked[1]


@pytest.mark.parametrize("dialect", [Dialect.TEXT, Dialect.PYWB])
async def test_pages_lose_and_repeat_nothing(dialect: Dialect) -> None:
    rows = sorted(days(50) + days(50) + [f"20200110000000 {URL} 301 R{n}" for n in range(7)])
    index = Index(rows)
    if dialect is Dialect.PYWB:
        index.key = lambda number: ""
    profile = ArchiveProfile("own", FAST.index_url, FAST.memento_prefix, dialect, Rates(1e6, 1e6))
    listed = await stamps(archive(index, profile=profile), limit=5)
    assert listed == sorted(row.split()[0] for row in days(50) + [f"20200110000000 {URL} 301 R{n}" for n in range(7)])


@pytest.mark.parametrize("fault", ["first page again", "key of this page again", "keys in a circle"])
async def test_a_repeated_resume_key_is_no_end_and_no_circle(fault: str) -> None:
    index = Index(days(40))

    def handler(request: httpx.Request) -> httpx.Response:
        query = dict(request.url.params)
        number = len(index.asked)
        normal = index(request)
        if "resumeKey" in query and number == 2:
            if fault == "first page again":
                return answer(index.page(query, 0))
            text = index.page(query, int(query["resumeKey"][1:]))
            last = query["resumeKey"] if fault == "key of this page again" else "k5"
            return answer(text[: text.rindex("k")] + last + "\n")
        return normal

    assert await stamps(archive(handler), limit=5) == [row.split()[0] for row in days(40)]
    assert len(index.asked) < 30


async def test_an_index_that_only_goes_round_is_an_error() -> None:
    row = "com,example)/ 20200101000000 https://example.com/ text/html 200 AAA 1\n"
    client = archive(lambda request: answer(f"{row}\nsame-key\n"))
    async with client:
        with pytest.raises(ArchiveFormat):
            await client.list_captures(URL, "20200101", "20200101")
    assert client.traffic.total < 20


async def test_pages_that_grow_while_they_are_listed() -> None:
    index = Index(days(20))

    def handler(request: httpx.Request) -> httpx.Response:
        normal = index(request)
        index.rows.append([f"2021{len(index.asked):02d}01000000", URL, "200", f"N{len(index.asked)}"])
        return normal

    listed = await stamps(archive(handler), limit=5)
    assert set(listed) >= {row.split()[0] for row in days(20)}
    assert len(listed) == len(set(listed))


@pytest.mark.parametrize("dialect", [Dialect.TEXT, Dialect.PYWB])
async def test_an_index_that_gives_up_is_asked_for_less(dialect: Dialect) -> None:
    rows = [row for year in ("1998", "2004", "2021") for row in days(200, f"{year}0101")]
    index = Index(rows)
    if dialect is Dialect.PYWB:
        index.key = lambda number: ""
    refused = 0

    def handler(request: httpx.Request) -> httpx.Response:
        nonlocal refused
        query = dict(request.url.params)
        start, stop = query.get("from", "19960101000000"), query.get("to") or format_timestamp(datetime.now(UTC))
        if parse_timestamp(stop) - parse_timestamp(start) > timedelta(days=400):
            refused += 1
            return answer("<html>504 Gateway Time-out</html>", 504)
        return index(request)

    profile = ArchiveProfile("own", FAST.index_url, FAST.memento_prefix, dialect, Rates(1e6, 1e6))
    clock = Clock()
    assert await stamps(archive(handler, clock, profile), limit=60) == [row.split()[0] for row in rows]
    assert clock.slept == []  # splitting is not retrying
    # some to come down to what it manages, then about one for each part
    assert refused <= 25 and len(index.asked) <= 60


async def test_an_index_that_gives_up_in_the_middle_is_not_asked_from_the_start() -> None:
    index = Index(days(40))

    def handler(request: httpx.Request) -> httpx.Response:
        normal = index(request)
        return answer("", 504) if len(index.asked) == 3 else normal

    assert await stamps(archive(handler), limit=10) == [row.split()[0] for row in days(40)]
    assert index.asked[3]["from"] == "20200120000000" and "resumeKey" not in index.asked[3]
    assert len(index.asked) < 9


async def test_an_index_that_gives_up_on_everything_is_unavailable() -> None:
    clock = Clock()
    client = archive(lambda request: answer("", 504), clock)
    async with client:
        with pytest.raises(ArchiveUnavailable):
            await client.list_captures(URL)
    assert client.traffic.total < 40
    assert clock.slept == [8.0 / 2, 8.0, 16.0]


async def test_a_listing_can_be_resumed_in_a_split_part() -> None:
    rows = [row for year in ("1998", "2004", "2021") for row in days(100, f"{year}0101")]
    index = Index(rows)

    def handler(request: httpx.Request) -> httpx.Response:
        query = dict(request.url.params)
        start, stop = query.get("from", "19960101000000"), query.get("to") or format_timestamp(datetime.now(UTC))
        if parse_timestamp(stop) - parse_timestamp(start) > timedelta(days=400):
            return answer("", 504)
        return index(request)

    known: set[str] = set()
    key, pages = "", 0
    while pages == 0 or key:  # one page per client, as a process that is killed after each
        async with archive(handler) as client:
            page = await anext(client.list_pages(URL, limit=30, resume_key=key))
            known |= {row.timestamp for row in page.rows}
            key, pages = page.resume_key, pages + 1
    assert known == {row.split()[0] for row in rows}
    assert pages < 60


def test_resume_keys_of_others_are_refused() -> None:
    position = Position("20200101000000", "20200201000000", "", "a:b-c+d%3A", "20200103000000")
    assert Position.decode(position.encode()) == position
    for bad in ("", "com%2Cexample", "a-b-c-d:e", "1-2-3:x", "2020-2020-2020-2020:x"):
        with pytest.raises(ValueError, match="resume key"):
            Position.decode(bad)


async def test_excluded_sites_by_header_alone() -> None:
    said = "org.archive.wayback.exception.AdministrativeAccessControlException: Blocked Site Error"
    client = archive(lambda request: answer("", 403, x_archive_wayback_runtime_error=said))
    async with client:
        with pytest.raises(ArchiveExcluded):
            await client.list_captures(URL)
    assert client.traffic.total == 1


async def test_a_failed_page_raises_and_never_ends_the_listing() -> None:
    index = Index(days(20))

    def handler(request: httpx.Request) -> httpx.Response:
        return answer("busy", 503) if "resumeKey" in request.url.params else index(request)

    async with archive(handler) as client:
        pages = client.list_pages(URL, limit=5)
        first = await anext(pages)
        assert not first.complete and first.resume_key
        with pytest.raises(ArchiveUnavailable):
            await anext(pages)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 300), st.sampled_from("ABC")), max_size=60),
    st.integers(1, 12),
    st.booleans(),
)
async def test_every_listing_is_complete(captures: list[tuple[int, str]], limit: int, keyed: bool) -> None:
    rows = [
        f"{format_timestamp(parse_timestamp('2020') + timedelta(seconds=s))} {URL} 200 {d}" for s, d in sorted(captures)
    ]
    index = Index(rows) if keyed else Index(rows, lambda number: "")
    dialect = Dialect.TEXT if keyed else Dialect.PYWB
    profile = ArchiveProfile("own", FAST.index_url, FAST.memento_prefix, dialect, Rates(1e6, 1e6))
    async with archive(index, profile=profile) as client:
        listed = await client.list_captures(URL, limit=limit)
    assert sorted((row.timestamp, row.digest) for row in listed) == sorted(
        {(row.split()[0], row.split()[3]) for row in rows}
    )


def test_the_profiles_keep_the_published_limits() -> None:
    assert INTERNET_ARCHIVE.rates == Rates(index=0.4, playback=8.0, save=0.2)
    assert ArchiveProfile.pywb("own", "http://127.0.0.1:80/", "c").index_url == "http://127.0.0.1:80/c/cdx"
    assert INTERNET_ARCHIVE.split_memento_url("http://web.archive.org/web/2020id_/http://a.example/?x=//y") == (
        "2020",
        "id_",
        "http://a.example/?x=//y",
    )
    for other in (
        "https://web.archive.org/web/*/http://a.example/",
        "https://example.com/web/2020/http://a.example/",
        "x",
    ):
        assert INTERNET_ARCHIVE.split_memento_url(other) is None
    with pytest.raises(ValueError, match="address"):
        ArchiveProfile("own", "ftp://a.example/", "https://a.example/")
