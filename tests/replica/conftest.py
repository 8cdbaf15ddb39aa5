from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from tests.replica import Index, Page, Replica, Served, serve, write_warc

SITE = "http://www.vendor.example/privacy"
HTML = (("Content-Type", "text/html; charset=utf-8"), ("Server", "Apache"), ("Set-Cookie", "a=1"))


def page(text: str) -> bytes:
    return f"<html><head><title>Privacy</title></head><body><p>{text}</p></body></html>".encode()


PAGES = [
    Page("http://vendor.example/privacy", "20030622233757", page("first"), headers=HTML),
    Page(SITE, "20050101000000", page("first"), revisit=True),
    Page(SITE, "20080301120000", page("second"), headers=(*HTML, ("ETag", '"own"'))),
    # two captures in one second, of two spellings of the URL
    Page("https://vendor.example/privacy", "20080301120000", page("second, secure"), headers=HTML),
    Page(SITE, "20100101000000", headers=(("Location", "/legal/privacy"),), status=301),
    Page("http://www.vendor.example/legal/privacy", "20100101000005", page("third"), headers=HTML),
    Page("http://www.vendor.example/gone", "20120101000000", page("not here"), headers=HTML, status=404),
    Page(SITE, "20150101000000", page("down"), headers=(*HTML, ("Retry-After", "120")), status=503),
    Page(SITE, "20200101000000", page("fourth"), headers=HTML),
    Page("http://www.vendor.example/search?b=2&A=1", "20200101000000", page("found"), headers=HTML),
    # nobody has the body of this one
    Page("http://lost.example/", "20200101000000", b"lost", revisit=True),
    *(Page("http://busy.example/", f"2021010100{n:02}00", page(f"state {n}"), headers=HTML) for n in range(50)),
]


@dataclass
class World:
    replica: Replica
    server: Served
    client: httpx.Client

    def cdx(self, **params: str | int) -> httpx.Response:
        return self.client.get(f"{self.server.url}/cdx/search/cdx", params=params)

    def rows(self, **params: str | int) -> list[list[str]]:
        return [line.split(" ") for line in self.cdx(**params).text.splitlines()]

    def web(self, rest: str) -> httpx.Response:
        return self.client.get(f"{self.server.url}/web/{rest}")

    def live(self, path: str, host: str = "www.vendor.example", **headers: str) -> httpx.Response:
        names = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.get(f"{self.server.url}{path}", headers={"Host": host, **names})


@pytest.fixture(scope="session")
def index(tmp_path_factory: pytest.TempPathFactory) -> Index:
    folder: Path = tmp_path_factory.mktemp("warc")
    return Index([write_warc(folder / "a.warc.gz", PAGES[:4]), write_warc(folder / "b.warc.gz", PAGES[4:])])


class _Stage:
    """What the shared server serves: the replica of the test that is running."""

    replica: Replica

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.replica(scope, receive, send)


@pytest.fixture(scope="session")
def stage() -> Iterator[tuple[_Stage, Served, httpx.Client]]:
    """One server for all: to start and stop one takes longer than most of these tests."""
    stage = _Stage()
    with serve(stage) as server, httpx.Client(timeout=10) as client:
        yield stage, server, client


@pytest.fixture
def world(stage: tuple[_Stage, Served, httpx.Client], index: Index) -> World:
    stage[0].replica = Replica(index)
    return World(stage[0].replica, *stage[1:])
