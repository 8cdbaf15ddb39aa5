"""The client against a real pywb 2.10, which indexes and serves a WARC made here."""

from __future__ import annotations

import gzip
import hashlib
import io
from base64 import b32encode
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from scrapers.archive import ArchiveClient, ArchiveProfile, Rates
from scrapers.archive.plan import plan
from scrapers.errors import NotArchived, NotPlayable, OutsideWindow
from tests.scrapers.pywb_server import PywbUnavailable, serve

pytestmark = [pytest.mark.anyio, pytest.mark.timeout(600)]

PAGE = "https://vendor.example/privacy"
OLD = b"<html><title>Privacy</title><p>We keep your data for 30 days.</p></html>"
NEW = b"<html><title>Privacy</title><p>We keep your data for 90 days.</p></html>"


def digest(body: bytes) -> str:
    return b32encode(hashlib.sha1(body, usedforsecurity=False).digest()).decode()


class Warc:
    """Writes records as a crawler does."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("wb")
        self.writer = WARCWriter(self.file, gzip=True)

    def add(
        self,
        url: str,
        date: str,
        body: bytes = b"",
        status: str = "200 OK",
        headers: Sequence[tuple[str, str]] = (),
    ) -> None:
        given = [("Content-Type", "text/html; charset=utf-8"), ("Server", "vendor/1"), *headers]
        record = self.writer.create_warc_record(
            url,
            "response",
            payload=io.BytesIO(body),
            http_headers=StatusAndHeaders(status, given, protocol="HTTP/1.1"),
            warc_headers_dict={"WARC-Date": date},
        )
        self.writer.write_record(record)

    def revisit(self, url: str, date: str, of: bytes, first: str) -> None:
        given = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
        record = self.writer.create_revisit_record(
            url,
            digest=f"sha1:{digest(of)}",
            refers_to_uri=url,
            refers_to_date=first,
            http_headers=given,
            warc_headers_dict={"WARC-Date": date},
        )
        self.writer.write_record(record)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("pywb")
    warc = Warc(folder / "policies.warc.gz")
    warc.add(PAGE, "2020-03-10T11:30:00Z", OLD, headers=[("Set-Cookie", "token=1"), ("X-Vendor", "yes")])
    warc.revisit(PAGE, "2021-03-10T11:30:00Z", OLD, "2020-03-10T11:30:00Z")
    warc.add(PAGE, "2022-03-10T11:30:00Z", NEW)
    warc.add(PAGE, "2022-06-01T00:00:00Z", b"slow down", "429 Too Many Requests", [("Retry-After", "99")])
    warc.add(PAGE, "2022-07-01T00:00:00Z", b"gone", "404 Not Found")
    moved = [("Location", "https://vendor.example/privacy?from=legal;a,b")]
    warc.add("https://vendor.example/legal", "2022-03-10T11:29:50Z", b"", "301 Moved Permanently", moved)
    warc.add("https://vendor.example/privacy?from=legal;a,b", "2022-03-10T11:29:59Z", NEW)
    warc.add("https://vendor.example/here", "2022-03-10T11:30:00Z", b"", "302 Found", [("Location", "/privacy")])
    warc.add("https://vendor.example/odd", "2022-03-10T11:30:00Z", b"", "302 Found", [("Location", "http://[::x/")])
    warc.add(
        "http://vendor.example/up",
        "2022-03-10T11:30:00Z",
        b"",
        "301 Moved",
        [("Location", "https://vendor.example/up")],
    )
    warc.add(
        "https://vendor.example/zip", "2020-01-01T00:00:00Z", gzip.compress(OLD), headers=[("Content-Encoding", "gzip")]
    )
    warc.add(
        "https://vendor.example/cut",
        "2020-01-01T00:00:00Z",
        gzip.compress(OLD * 99)[:-9],
        headers=[("Content-Encoding", "gzip")],
    )
    warc.add("https://vendor.example/lie", "2020-01-01T00:00:00Z", OLD, headers=[("Content-Encoding", "gzip")])
    warc.add("http://www.vendor.example/twin", "2020-01-01T00:00:00Z", OLD)
    warc.add("https://vendor.example/twin", "2020-01-01T00:00:00Z", NEW)
    for second in range(12):
        warc.add("https://vendor.example/often", f"2020-01-01T00:00:{second // 6:02d}Z", b"often %d" % second)
    warc.file.close()
    try:
        with serve(folder, folder / "policies.warc.gz") as url:
            yield url
    except PywbUnavailable as error:
        pytest.skip(f"NO REAL ARCHIVE TESTED: {error}")


@pytest.fixture
def profile(base: str) -> ArchiveProfile:
    return ArchiveProfile.pywb("policies", base, "policies", rates=Rates(1000, 1000))


def client(profile: ArchiveProfile) -> ArchiveClient:
    return ArchiveClient(profile, user_agent="clausewatch-tests")


async def test_lists_captures_and_knows_which_can_differ(profile: ArchiveProfile) -> None:
    async with client(profile) as archive:
        rows = await archive.list_captures(PAGE)
        assert await archive.list_captures(PAGE, "2021", "2022-03".replace("-", "")) == rows[1:3]
        assert await archive.list_captures("https://vendor.example/never") == []
        assert (
            await archive.list_captures(f"{PAGE}?utm_source=mail") == []
        )  # not the bare page, as fuzzy matching gives
    assert [(row.timestamp[:4], row.status, row.is_revisit) for row in rows] == [
        ("2020", 200, False),
        ("2021", None, True),
        ("2022", 200, False),
        ("2022", 429, False),
        ("2022", 404, False),
    ]
    planned = plan(rows)
    assert [content.digest for content in planned.fetch] == [digest(OLD), digest(NEW)]
    assert [row.timestamp for row in planned.fetch[0].rows] == ["20200310113000", "20210310113000"]
    assert [row.status for row in planned.missing] == [429, 404]


async def test_filters_are_translated(profile: ArchiveProfile) -> None:
    async with client(profile) as archive:
        assert [row.status for row in await archive.list_captures(PAGE, filters=["statuscode:4.*"])] == [429, 404]
        assert await archive.list_captures(PAGE, filters=["statuscode:4"]) == []  # the whole value, as in Wayback
        assert len(await archive.list_captures(PAGE, filters=["!mimetype:warc/revisit"])) == 4
        assert len(await archive.list_captures(PAGE, filters=["~original:priv", "!statuscode:429"])) == 4


async def test_lists_completely_without_resume_keys(profile: ArchiveProfile) -> None:
    async with client(profile) as archive:
        pages = [page async for page in archive.list_pages("https://vendor.example/often", limit=4)]
        rows = [row for page in pages for row in page.rows]
        assert len(rows) == len({row.identity for row in rows}) == 12  # six in one second, on pages of four
        assert len(pages) > 2
        again = [
            row
            async for page in archive.list_pages(
                "https://vendor.example/often", limit=4, resume_key=pages[1].resume_key
            )
            for row in page.rows
        ]
        assert {row.identity for row in rows} == {row.identity for page in pages[:2] for row in page.rows} | {
            row.identity for row in again
        }


async def test_plays_back_a_revisit_with_the_body_it_repeats(profile: ArchiveProfile) -> None:
    async with client(profile) as archive:
        rows = await archive.list_captures(PAGE)
        first = await archive.memento(rows[0])
        again = await archive.memento(rows[1])
        after = await archive.memento(rows[2])
    assert (first.body, again.body, after.body) == (OLD, OLD, NEW)
    assert again.time == datetime(2021, 3, 10, 11, 30, tzinfo=UTC)
    assert first.row_digest_matches and again.row_digest_matches and after.row_digest_matches
    assert first.url == PAGE and first.notes == ()
    headers = dict(first.headers)
    assert headers == {
        "server": "vendor/1",
        "content-type": "text/html; charset=utf-8",
        "set-cookie": "token=1",
        "x-vendor": "yes",
    }


async def test_archived_errors_are_content(profile: ArchiveProfile) -> None:
    async with client(profile) as archive:
        limited = await archive.memento(PAGE, "20220601000000")
        gone = await archive.memento(PAGE, "20220701000000")
        assert archive.traffic.total == 2
    assert (limited.status, limited.body, gone.status) == (429, b"slow down", 404)
    assert limited.fetched.header("retry-after") == "99"


async def test_the_nearest_capture_is_not_taken_for_the_one_asked_for(profile: ArchiveProfile) -> None:
    async with client(profile) as archive:
        with pytest.raises(NotPlayable):
            await archive.memento(PAGE, "20200310113001")
        near = await archive.memento(PAGE, "20200310113001", exact=False)
        assert near.time == datetime(2020, 3, 10, 11, 30, tzinfo=UTC)
        with pytest.raises(OutsideWindow):
            await archive.memento(PAGE, "20200401", exact=False)
        far = await archive.memento(PAGE, "20200401", exact=False, window=timedelta(days=30))
        assert far.body == OLD
        with pytest.raises(NotArchived):
            await archive.memento("https://vendor.example/never", "20200401", exact=False)


async def test_redirects_are_followed_inside_the_archive(profile: ArchiveProfile) -> None:
    async with client(profile) as archive:
        moved = await archive.memento("https://vendor.example/legal", "20220310112950")
        relative = await archive.memento("https://vendor.example/here", "20220310113000")
        odd = await archive.memento("https://vendor.example/odd", "20220310113000")
        with pytest.raises(NotPlayable):  # pywb plays no capture that redirects to itself
            await archive.memento("http://vendor.example/up", "20220310113000")
        kept = await archive.memento("https://vendor.example/legal", "20220310112950", follow_redirects=False)
    assert moved.url == "https://vendor.example/privacy?from=legal;a,b" and moved.body == NEW
    assert [(past.status, past.permanent) for past in moved.history] == [(301, True)]
    assert moved.fetched.hops[0].location == moved.url
    assert relative.url == PAGE and relative.body == NEW
    assert odd.status == 302 and dict(odd.headers)["location"] == "http://[::x/"
    assert kept.status == 301 and kept.history == ()
    assert dict(kept.headers)["location"] == moved.url


async def test_bodies_are_decompressed_whole_or_refused(profile: ArchiveProfile) -> None:
    async with ArchiveClient(profile, user_agent="clausewatch-tests", sleep=_no_sleep) as archive:
        (row,) = await archive.list_captures("https://vendor.example/zip")
        stored = await archive.memento(row)
        assert stored.body == OLD and stored.row_digest_matches  # the digest is that of the compressed body
        lie = await archive.memento("https://vendor.example/lie", "20200101000000")
        assert lie.body == OLD and lie.notes
        with pytest.raises(NotPlayable):
            await archive.memento("https://vendor.example/cut", "20200101000000")


async def _no_sleep(seconds: float) -> None:
    return


async def test_twins_of_one_second_are_told_apart(profile: ArchiveProfile) -> None:
    async with client(profile) as archive:
        rows = await archive.list_captures("https://vendor.example/twin")
        assert len(rows) == 2
        mementos = [await archive.memento(row) for row in rows]
    for row, memento in zip(rows, mementos, strict=True):
        same = memento.url == row.url
        assert memento.row_digest_matches is same
        assert bool(memento.notes) is not same
    assert not all(memento.row_digest_matches for memento in mementos)  # pywb gives one of them for both
