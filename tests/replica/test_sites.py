"""The vendors' live sites at a date, the control desk, and the ways to reach them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.replica import Index, Page, Replica, serve, write_warc
from tests.replica.conftest import SITE, World, page
from tests.replica.surt import stamp


def at(world: World, date: str) -> None:
    world.replica.date = stamp(date)


def test_the_date_chooses_the_page(world: World) -> None:
    seen = []
    for date in ("2002", "2003-06-23", "2006", "2009", "2016", "2026-06-30"):
        at(world, date)
        answer = world.live("/privacy")
        seen.append((answer.status_code, answer.content))
    assert [status for status, _ in seen] == [404, 200, 200, 200, 503, 200]
    assert [body for _, body in seen[1:]] == [
        page("first"),
        page("first"),
        page("second"),
        page("down"),
        page("fourth"),
    ]


def test_redirects_are_the_vendors_own(world: World) -> None:
    at(world, "2011")
    answer = world.live("/privacy")
    assert (answer.status_code, answer.headers["location"]) == (301, "/legal/privacy")
    assert world.live("/legal/privacy").content == page("third")


def test_a_site_that_sends_everybody_to_https_still_answers(tmp_path: Path) -> None:
    secure = "https://vendor.example/privacy"
    pages = [
        Page("http://vendor.example/privacy", "20200101000000", status=301, headers=(("Location", secure),)),
        Page(secure, "20200101000000", page("secure")),
        Page("http://vendor.example/old", "20200101000000", status=301, headers=(("Location", secure),)),
    ]
    with (
        serve(Replica([write_warc(tmp_path / "x.warc.gz", pages)])) as server,
        httpx.Client(proxy=server.url) as client,
    ):
        assert client.get("http://vendor.example/privacy").content == page("secure")
        assert client.get("http://vendor.example/old").headers["location"] == "http://vendor.example/privacy"


def test_conditional_requests(world: World) -> None:
    at(world, "2006")
    first = world.live("/privacy")
    assert first.headers["last-modified"] == "Sun, 22 Jun 2003 23:37:57 GMT"
    again = world.live("/privacy", If_None_Match=first.headers["etag"])
    assert (again.status_code, again.content) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    assert world.live("/privacy", If_Modified_Since=first.headers["last-modified"]).status_code == 304
    assert world.live("/privacy", If_Modified_Since="not a date").status_code == 200
    assert world.live("/privacy", If_None_Match='"other"', If_Modified_Since="Fri, 01 Jan 2021 00:00:00 GMT").content
    at(world, "2021")
    assert world.live("/privacy", If_None_Match=first.headers["etag"]).content == page("fourth")


def test_stored_validators_are_kept(tmp_path: Path) -> None:
    stored = (("Content-Type", "text/html"), ("ETag", 'W/"own"'), ("Last-Modified", "Mon, 01 Jan 2001 00:00:00 GMT"))
    path = write_warc(tmp_path / "x.warc.gz", [Page("http://v.example/", "20200101000000", page("x"), headers=stored)])
    with serve(Replica([path])) as server:
        answer = httpx.get(f"{server.url}/live/v.example/")
        assert (answer.headers["etag"], answer.headers["last-modified"]) == ('W/"own"', "Mon, 01 Jan 2001 00:00:00 GMT")
        assert httpx.get(f"{server.url}/live/v.example/", headers={"If-None-Match": '"own"'}).status_code == 304


def test_three_ways_lead_to_a_vendor(world: World) -> None:
    at(world, "2021")
    direct = world.live("/privacy")
    under = world.client.get(f"{world.server.url}/live/www.vendor.example/privacy")
    with httpx.Client(proxy=world.server.url) as client:
        proxied = client.get(SITE)
    assert direct.content == under.content == proxied.content == page("fourth")
    assert world.live("/search?b=2&A=1").content == page("found")
    assert world.live("/privacy", host="nobody.example").status_code == 404


def test_robots(world: World) -> None:
    assert world.live("/robots.txt").status_code == 404
    world.replica.robots["www.vendor.example"] = "User-agent: *\nDisallow: /privacy\n"
    assert "Disallow" in world.live("/robots.txt").text


def test_a_site_can_put_something_new_into_each_response(world: World) -> None:
    at(world, "2021")
    world.replica.rewrite = lambda url, body, number: body.replace(b"fourth", f"{url} {number}".encode())
    one, two = world.live("/privacy"), world.live("/privacy")
    assert b"http://www.vendor.example/privacy 1" in one.content
    assert b"http://www.vendor.example/privacy 2" in two.content
    assert "etag" not in one.headers
    assert "last-modified" not in one.headers


def test_the_control_desk(world: World) -> None:
    desk = f"{world.server.url}/_control"
    fault = {"kind": "status", "area": "live", "status": 429, "retry_after": "7", "count": 1}
    state = world.client.post(desk, json={"date": "2006", "faults": [fault]}).json()
    assert (state["date"], state["faults"][0]["kind"]) == ("20061231235959", "status")
    answer = world.live("/privacy")
    assert (answer.status_code, answer.headers["retry-after"]) == (429, "7")
    assert world.live("/privacy").content == page("first")
    assert world.client.get(desk).json()["fired"] == {"status": 1}
    log = world.client.get(f"{world.server.url}/_log").json()
    assert [(entry["area"], entry["target"], entry["status"]) for entry in log] == [
        ("live", "/privacy", 429),
        ("live", "/privacy", 200),
    ]
    assert world.client.post(desk, json={"faults": [{"kind": "earthquake"}]}).status_code == 400
    assert world.client.post(desk, json={"weather": 1}).status_code == 400
    assert world.client.get(f"{world.server.url}/elsewhere").status_code == 404


def test_the_command_prints_where_it_listens(index: Index) -> None:
    command = [sys.executable, "-m", "tests.replica", *map(str, index.paths), "--live-date", "2006"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            url = process.stdout.readline().strip()
            assert httpx.get(f"{url}/live/vendor.example/privacy", timeout=10).content == page("first")
        finally:
            process.terminate()


@pytest.mark.shared
def test_the_corpus_is_served_whole(shared: Path) -> None:
    replica = Replica([shared / "corpus/saas-vendors.warc.gz"])
    assert len(replica.index.rows) == 635
    with serve(replica) as server, httpx.Client() as client:
        listed = client.get(f"{server.url}/cdx/search/cdx?url=docs.github.com&matchType=host").text.splitlines()
        assert len(listed) == 105 + 76 + 61
        for row in replica.index.rows[::20]:
            answer = client.get(f"{server.url}/web/{row.timestamp}id_/{row.original}")
            assert answer.headers["memento-datetime"]
            assert replica.index.read(row).body == answer.content
