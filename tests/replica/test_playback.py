"""Mementos are played back as reference/wayback.md 1.2 says the Internet Archive does."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from tests.replica import Page, digest_of
from tests.replica.conftest import PAGES, SITE, World, page


def relations(link: str) -> list[str]:
    return re.findall(r'rel="([^"]+)"', link)


def test_a_memento_is_the_exact_bytes_with_the_original_headers(world: World) -> None:
    answer = world.web(f"20080301120000id_/{SITE}")
    assert (answer.status_code, answer.content) == (200, page("second"))
    assert answer.headers["memento-datetime"] == "Sat, 01 Mar 2008 12:00:00 GMT"
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["x-archive-orig-server"] == "Apache"
    assert answer.headers["x-archive-orig-etag"] == '"own"'
    assert answer.headers["x-archive-src"] == "a.warc.gz"
    assert "set-cookie" not in answer.headers
    assert relations(answer.headers["link"])[:3] == ["original", "timemap", "timegate"]
    assert f'<{SITE}>; rel="original"' in answer.headers["link"]


def test_twins_of_one_second_are_told_apart_by_their_url(world: World) -> None:
    answer = world.web("20080301120000id_/https://vendor.example/privacy")
    assert answer.content == page("second, secure")
    twin = world.web("20030622233757id_/https://www.vendor.example/privacy")
    assert twin.content == page("first")
    assert '<http://vendor.example/privacy>; rel="original"' in twin.headers["link"]


def test_a_revisit_plays_the_body_it_repeats(world: World) -> None:
    answer = world.web(f"20050101000000id_/{SITE}")
    assert answer.content == page("first")
    assert answer.headers["memento-datetime"] == "Sat, 01 Jan 2005 00:00:00 GMT"


def test_what_is_not_the_exact_time_redirects_to_the_nearest(world: World) -> None:
    answer = world.web(f"20040101000000id_/{SITE}")
    assert answer.status_code == 302
    assert "memento-datetime" not in answer.headers
    assert answer.headers["x-archive-redirect-reason"] == "found capture at 20030622233757"
    assert answer.headers["location"] == f"{world.server.url}/web/20030622233757id_/http://vendor.example/privacy"
    assert world.web(SITE).headers["location"] == f"{world.server.url}/web/20200101000000/{SITE}"


@pytest.mark.parametrize(("style", "prefix"), [("absolute", "http://{}"), ("path", ""), ("schemeless", "//{}")])
def test_a_historical_redirect_leads_into_the_archive(world: World, style: str, prefix: str) -> None:
    world.replica.redirect_style = style  # type: ignore[assignment]
    answer = world.web(f"20100101000000id_/{SITE}")
    assert (answer.status_code, answer.content) == (301, b"")
    assert answer.headers["memento-datetime"] == "Fri, 01 Jan 2010 00:00:00 GMT"
    target = "/web/20100101000000id_/http://www.vendor.example/legal/privacy"
    assert answer.headers["location"] == prefix.format(world.server.address) + target
    following = world.client.get(world.server.url + target)
    assert following.headers["x-archive-redirect-reason"] == "found capture at 20100101000005"


def test_archived_failures_are_content(world: World) -> None:
    gone = world.web("20120101000000id_/http://www.vendor.example/gone")
    assert (gone.status_code, "memento-datetime" in gone.headers) == (404, True)
    down = world.web(f"20150101000000id_/{SITE}")
    assert (down.status_code, down.content) == (503, page("down"))
    assert down.headers["x-archive-orig-retry-after"] == "120"
    assert "retry-after" not in down.headers


def test_never_archived_and_unplayable_are_404_without_memento(world: World) -> None:
    for url in ("http://unknown.example/", "http://lost.example/"):
        answer = world.web(f"20200101000000id_/{url}")
        assert (answer.status_code, "memento-datetime" in answer.headers) == (404, False)
    assert len(world.rows(url="http://lost.example/")) == 1


def test_the_view_is_rewritten_and_hides_redirects(world: World) -> None:
    assert b"WAYBACK TOOLBAR" in world.web(f"20080301120000/{SITE}").content
    answer = world.web(f"20100101000000/{SITE}")
    assert (answer.status_code, "memento-datetime" in answer.headers) == (200, False)
    assert "Got an HTTP 301 response at crawl time" in answer.text


def test_links_name_the_neighbours(world: World) -> None:
    def named(timestamp: str) -> list[str]:
        return relations(world.web(f"{timestamp}id_/http://busy.example/").headers["link"])[3:]

    assert named("20210101000000") == ["first memento", "next memento", "last memento"]
    assert named("20210101001000") == ["first memento", "prev memento", "memento", "next memento", "last memento"]
    assert named("20210101004900") == ["first memento", "prev memento", "last memento"]


def test_timemaps(world: World) -> None:
    links = world.client.get(f"{world.server.url}/web/timemap/link/{SITE}")
    assert links.headers["content-type"] == "application/link-format"
    assert relations(links.text).count("memento") + 1 == 7
    rows = world.client.get(f"{world.server.url}/web/timemap/json/{SITE}?limit=2").json()
    assert [row[1] for row in rows[1:]] == ["20030622233757", "20050101000000"]
    assert world.client.get(f"{world.server.url}/web/timemap/link/http://unknown.example/").status_code == 404


def test_every_page_written_is_played_back(world: World) -> None:
    full: list[Page] = [one for one in PAGES if not one.revisit]
    for one in full:
        answer = world.web(f"{one.timestamp}id_/{one.url}")
        assert (answer.status_code, digest_of(answer.content)) == (one.status, digest_of(one.body)), one.url


@pytest.mark.shared
def test_headers_are_those_of_a_recorded_exchange(world: World, shared: Path) -> None:
    recording = yaml.safe_load((shared / "cassettes/test_get_memento_with_redirects.yaml").read_text("utf-8"))
    redirect, archive, memento = [step["response"] for step in recording["interactions"]]

    def names(response: dict[str, dict[str, list[str]]]) -> dict[str, str]:
        return {name.lower(): values[0] for name, values in response["headers"].items()}

    for recorded, asked in ((redirect, f"20100101000000id_/{SITE}"), (memento, f"20080301120000id_/{SITE}")):
        ours = world.web(asked)
        theirs = names(recorded)
        wanted = {"memento-datetime", "link", "location", "cache-control", "x-archive-src", "x-ts"} & set(theirs)
        assert wanted <= set(ours.headers)
        assert ours.headers["x-ts"] == theirs["x-ts"][:1] + ours.headers["x-ts"][1:]
        assert relations(theirs["link"])[:4] == relations(ours.headers["link"])[:4]
    ours = world.web(f"20040101000000id_/{SITE}")
    theirs = names(archive)
    reason = "x-archive-redirect-reason"
    assert re.sub(r"\d", "0", ours.headers[reason]) == re.sub(r"\d", "0", theirs[reason])
    assert ("memento-datetime" in theirs, "memento-datetime" in ours.headers) == (False, False)
