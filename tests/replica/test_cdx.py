"""The index answers as reference/wayback.md 1.0 and 1.1 say the Internet Archive's does."""

from __future__ import annotations

import pytest

from tests.replica import digest_of
from tests.replica.cdx import resume_key
from tests.replica.conftest import SITE, World, page
from tests.replica.surt import stamp, surt
from tests.replica.warc import Row


@pytest.mark.parametrize(
    ("url", "key"),
    [
        ("nasa.gov", "gov,nasa)/"),
        ("HTTPS://www2.NASA.gov:443/", "gov,nasa)/"),
        ("http://a.b.example:8080/X/?b=2&a=1#part", "example,b,a:8080)/x?a=1&b=2"),
        ("http://user@vendor.example/a%20b/", "example,vendor)/a%20b"),
    ],
)
def test_urls_are_matched_whatever_their_scheme_case_www_port_and_slash(url: str, key: str) -> None:
    assert surt(url) == key


def test_a_resume_key_is_the_one_that_was_recorded() -> None:
    row = Row("gov,nasa)/", "20040905075719", "http://www.nasa.gov/", "text/html", "200", "A" * 32, "1")
    assert resume_key(row) == "eJxLzy_TyUssTtTUVzAyMDAxsDQwNTA3NTe0BABfMwZl"


def test_text_has_seven_columns_sorted_by_time(world: World) -> None:
    answer = world.cdx(url="vendor.example/privacy")
    rows = [line.split(" ") for line in answer.text.splitlines()]
    assert answer.headers["content-type"] == "text/plain"
    assert [len(row) for row in rows] == [7] * 7
    assert [row[1] for row in rows] == sorted(row[1] for row in rows)
    first = rows[0]
    expected = ["example,vendor)/privacy", "20030622233757", "http://vendor.example/privacy", "text/html", "200"]
    assert first[:6] == [*expected, digest_of(page("first"))]
    assert int(first[6]) > 100


def test_a_revisit_has_no_status_and_the_digest_of_the_earlier_body(world: World) -> None:
    rows = world.rows(url=SITE, to="2006")
    assert [row[3:5] for row in rows] == [["text/html", "200"], ["warc/revisit", "-"]]
    assert rows[0][5] == rows[1][5]
    assert [row[1] for row in world.rows(url=SITE, to="2006", filter="statuscode:200")] == ["20030622233757"]


def test_a_redirect_without_body_has_the_digest_of_nothing(world: World) -> None:
    (row,) = world.rows(url=SITE, filter="statuscode:3..")
    assert row[5] == "3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ"


def test_json_is_an_array_of_arrays_with_header_and_key(world: World) -> None:
    data = world.cdx(url=SITE, output="json", limit=2, showResumeKey="true").json()
    assert data[0] == ["urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length"]
    assert [row[1] for row in data[1:3]] == ["20030622233757", "20050101000000"]
    assert data[3] == []
    assert len(data[4]) == 1
    assert world.cdx(url="http://unknown.example/", output="json").json() == []
    assert world.cdx(url="http://unknown.example/").text == ""


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 49, 50, 51])
def test_resume_keys_lead_through_all_rows(world: World, limit: int) -> None:
    seen: list[str] = []
    key = ""
    for _ in range(60):
        params = {"resumeKey": key} if key else {}
        answer = world.cdx(url="busy.example", limit=limit, showResumeKey="true", **params)
        rows, _, key = answer.text.partition("\n\n")
        seen += rows.splitlines()
        key = key.strip()
        if not key:
            break
    assert list(dict.fromkeys(seen)) == world.cdx(url="busy.example").text.splitlines()


@pytest.mark.parametrize(
    ("params", "times"),
    [
        ({"from": "2008", "to": "2010"}, ["20080301120000", "20080301120000", "20100101000000"]),
        ({"from": "20080301120001", "to": "20150101"}, ["20100101000000", "20150101000000"]),
        ({"limit": -2}, ["20150101000000", "20200101000000"]),
        ({"sort": "closest", "closest": "20091231", "limit": 1}, ["20100101000000"]),
        ({"sort": "reverse", "limit": 1}, ["20200101000000"]),
        ({"filter": "!statuscode:200|-"}, ["20100101000000", "20150101000000"]),
        ({"filter": "~original:https"}, ["20080301120000"]),
        ({"filter": "statuscode:20"}, []),
        ({"collapse": "timestamp:8", "from": "2008", "to": "2008"}, ["20080301120000"]),
    ],
)
def test_parameters(world: World, params: dict[str, str | int], times: list[str]) -> None:
    assert [row[1] for row in world.rows(url=SITE, **params)] == times


def test_match_types(world: World) -> None:
    def urls(**params: str) -> set[str]:
        return {row[0] for row in world.rows(**params)}

    pages = {f"example,vendor)/{path}" for path in ("privacy", "legal/privacy", "gone", "search?a=1&b=2")}
    assert urls(url="vendor.example", matchType="host") == pages
    assert urls(url="*.example") == pages | {"example,busy)/", "example,lost)/"}
    assert urls(url="vendor.example/legal/*") == {"example,vendor)/legal/privacy"}
    assert urls(url="vendor.example/legal", matchType="prefix") == {"example,vendor)/legal/privacy"}
    assert urls(url="vendor.example/SEARCH?a=1&B=2") == {"example,vendor)/search?a=1&b=2"}


def test_fl_chooses_the_columns(world: World) -> None:
    assert world.rows(url=SITE, fl="timestamp,statuscode", limit=1) == [["20030622233757", "200"]]


def test_what_the_server_does_not_understand_is_a_400(world: World) -> None:
    assert world.cdx(limit=1).status_code == 400
    assert world.cdx(url=SITE, matchType="fuzzy").status_code == 400
    assert world.cdx(url=SITE, resumeKey="com%2Ccnn%29%2F+2001041400593%3A").status_code == 400
    assert world.cdx(url=SITE, filter="colour:red").status_code == 400


def test_the_horizon_hides_what_is_not_archived_yet(world: World) -> None:
    world.replica.horizon = stamp("2009")
    assert [row[1] for row in world.rows(url=SITE)][-1] == "20080301120000"
    assert world.web(f"20200101000000id_/{SITE}").headers["x-archive-redirect-reason"].endswith("20080301120000")
