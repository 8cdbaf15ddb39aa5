"""Faults strike as told: on the wire, in the index, in playback; and the same ones each time."""

from __future__ import annotations

import zlib
from collections import Counter

import httpx
import pytest

from tests.replica import Fault, Index, Replica, serve
from tests.replica.conftest import SITE, World, page
from tests.replica.faults import AccessLog, FaultKind

BUSY = "20210101000500id_/http://busy.example/"


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        ("drop", httpx.ReadError),
        ("reset", httpx.ReadError),
        ("truncated", httpx.RemoteProtocolError),
        ("false-gzip", httpx.DecodingError),
        ("garbage", httpx.RemoteProtocolError),
    ],
)
def test_connections_break(world: World, kind: FaultKind, error: type[Exception]) -> None:
    world.replica.faults.set([Fault(kind, area="playback", count=1)])
    with pytest.raises(error):
        world.web(BUSY)
    assert world.web(BUSY).content == page("state 5")


def test_a_truncated_gzip_has_a_length_that_fits(world: World) -> None:
    world.replica.faults.set([Fault("truncated-gzip", area="live")])
    with world.client.stream("GET", f"{world.server.url}/live/busy.example/") as answer:
        raw = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) == len(raw)
    stream = zlib.decompressobj(31)
    stream.decompress(raw)
    assert not stream.eof


def test_a_drip_arrives_in_pieces_and_whole(world: World) -> None:
    world.replica.faults.set([Fault("drip", area="live", pieces=5, delay=0.01)])
    with world.client.stream("GET", f"{world.server.url}/live/busy.example/") as answer:
        pieces = list(answer.iter_raw())
    assert len(pieces) > 2
    assert b"".join(pieces) == page("state 49")


def test_refusals_of_the_archive(world: World) -> None:
    faults = world.replica.faults
    error = "x-archive-wayback-runtime-error"
    faults.set([Fault("blocked", match="vendor.example")])
    assert world.cdx(url=SITE).status_code == 403
    assert "AdministrativeAccessControlException: Blocked Site Error" in world.cdx(url=SITE).headers[error]
    assert (world.web(f"2008id_/{SITE}").status_code, error in world.web(f"2008id_/{SITE}").headers) == (403, True)
    assert len(world.rows(url="busy.example")) == 50
    faults.set([Fault("excluded", area="playback")])
    answer = world.web(f"20080301120000id_/{SITE}")
    assert (answer.status_code, "memento-datetime" in answer.headers) == (200, False)
    assert "URL has been excluded" in answer.text
    faults.set([Fault("robots")])
    assert (world.cdx(url=SITE).status_code, "RobotAccessControl" in world.cdx(url=SITE).text) == (200, True)


def test_a_listed_capture_that_is_not_played_back(world: World) -> None:
    world.replica.faults.set([Fault("elsewhere", match="20210101000500")])
    answer = world.web(BUSY)
    assert (answer.status_code, "memento-datetime" in answer.headers) == (302, False)
    assert answer.headers["location"].split("/")[4] in ("20210101000400id_", "20210101000600id_")
    assert "20210101000500" in [row[1] for row in world.rows(url="busy.example")]


def test_duplicate_and_malformed_rows_hide_nothing(world: World) -> None:
    clean = world.cdx(url="busy.example").text.splitlines()
    world.replica.faults.set([Fault("duplicate-rows", rate=0.5), Fault("malformed-rows", rate=0.3)])
    dirty = world.cdx(url="busy.example").text.splitlines()
    assert set(clean) < set(dirty)
    assert max(Counter(dirty).values()) >= 2
    assert any(len(line.split(" ")) != 7 for line in dirty)
    lengths = {line.rpartition(" ")[0] for line in clean}
    near = [line for line in dirty if line not in clean and line.rpartition(" ")[0] in lengths]
    assert near, "no row that differs in its length alone"


def test_a_resume_key_that_repeats(world: World) -> None:
    world.replica.faults.set([Fault("repeat-key", match="resumeKey=", count=1)])

    def key(**params: str) -> str:
        return world.cdx(url="busy.example", limit=5, showResumeKey="true", **params).text.splitlines()[-1]

    first = key()
    assert key(resumeKey=first) == first
    assert key(resumeKey=first) != first


def test_an_index_that_grows_while_it_is_listed(world: World) -> None:
    world.replica.faults.set([Fault("growing", hidden=20, step=8)])
    assert [len(world.rows(url="busy.example")) for _ in range(4)] == [30, 38, 46, 50]


def test_counts_and_shares(world: World) -> None:
    world.replica.faults.set([Fault("status", per_url=1, skip=1), Fault("html", area="cdx")])
    statuses = [world.web(BUSY).status_code for _ in range(3)] + [world.web(f"2008id_/{SITE}").status_code]
    assert statuses == [200, 503, 200, 503]
    assert world.cdx(url=SITE, limit=3).status_code == 503
    assert "Please sign in" in world.cdx(url=SITE, limit=3).text


def test_a_share_does_not_depend_on_the_order() -> None:
    def struck(targets: list[str]) -> set[str]:
        replica.faults.set([Fault("status", rate=0.3, seed=7)])
        return {target for target in targets if replica.faults.strike("cdx", target)}

    replica = Replica([])
    targets = [f"/cdx/search/cdx?url=v{n}.example" for n in range(200)]
    forwards = struck(targets)
    assert forwards == struck(targets[::-1])
    assert 40 <= len(forwards) <= 80


def test_limits_are_kept_by_the_server(index: Index) -> None:
    replica = Replica(index, limits={"cdx": 3})
    with serve(replica) as server, httpx.Client() as client:
        statuses = [client.get(f"{server.url}/cdx/search/cdx?url={SITE}").status_code for _ in range(5)]
        assert statuses == [200, 200, 200, 429, 429]
        assert client.get(f"{server.url}/web/20080301120000id_/{SITE}").status_code == 200
    assert (replica.log.busiest("cdx", 60), replica.log.busiest("playback", 60)) == (5, 1)


def test_the_busiest_window() -> None:
    log = AccessLog()
    for moment in (0.0, 0.5, 1.0, 1.4, 5.0):
        log.add(area="cdx", method="GET", host="", target="", user_agent="", connection="").time = moment
    assert [log.busiest("cdx", window) for window in (0.1, 1.0, 2.0, 10.0)] == [1, 3, 4, 5]
