"""An archive in a few lines for the tests of the client: time that passes only in sleeps, and scripted answers."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from typing import Any

import httpx

from scrapers.archive import INTERNET_ARCHIVE, ArchiveClient, ArchiveProfile, ProcessLimiter, Rates

__all__ = ["FAST", "Clock", "Handler", "Index", "answer", "archive", "memento_answer"]

FAST = INTERNET_ARCHIVE.with_rates(Rates(index=1e6, playback=1e6, save=1e6))

Handler = Callable[[httpx.Request], httpx.Response]


class Clock:
    """Seconds that pass when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        if seconds > 0.001:  # the turns of a limiter without limits are no waiting
            self.slept.append(seconds)
        self.now += max(0.0, seconds)


def archive(
    handler: Handler, clock: Clock | None = None, profile: ArchiveProfile = FAST, **options: Any
) -> ArchiveClient:
    """A client whose network is `handler`."""
    clock = clock or Clock()
    return ArchiveClient(
        profile,
        user_agent="clausewatch-tests",
        limiter=options.pop("limiter", None) or ProcessLimiter(clock=clock, sleep=clock.sleep),
        transport=httpx.MockTransport(handler),
        sleep=clock.sleep,
        jitter=lambda: 1.0,
        **options,
    )


def answer(
    body: str | bytes = b"", status: int = 200, headers: Sequence[tuple[str, str]] = (), **more: str
) -> httpx.Response:
    """An answer as it comes from the network: undecoded. Names in `more` have hyphens for underscores."""
    data = body.encode() if isinstance(body, str) else body
    given = [*headers, *((name.replace("_", "-"), value) for name, value in more.items())]
    return httpx.Response(status, headers=given, stream=httpx.ByteStream(data))


def memento_answer(
    url: str, stamp: str, body: str | bytes = b"<p>text</p>", status: int = 200, packed: bool = False, **more: str
) -> httpx.Response:
    """A memento as the Internet Archive plays it back."""
    from email.utils import format_datetime

    from scrapers.archive.timestamps import parse_timestamp

    data = body.encode() if isinstance(body, str) else body
    headers = [
        ("Memento-Datetime", format_datetime(parse_timestamp(stamp), usegmt=True)),
        ("Link", f'<{url}>; rel="original", <https://web.archive.org/web/{url}>; rel="timegate"'),
        ("Content-Type", "text/html"),
        ("X-Archive-Src", "some.warc.gz"),
    ]
    if packed:
        headers.append(("Content-Encoding", "gzip"))
        data = gzip.compress(data)
    return answer(data, status, headers, **more)


class Index:
    """A CDX server over rows "timestamp url status digest", sorted; text dialect with resume keys.

    `asked` records the queries. `key` makes the resume key of the next row's number (opaque to the client).
    """

    def __init__(self, rows: Sequence[str], key: Callable[[int], str] = "k{}".format) -> None:
        self.rows = [row.split() for row in rows]
        self.key = key
        self.asked: list[dict[str, str]] = []

    def __call__(self, request: httpx.Request) -> httpx.Response:
        query = dict(request.url.params)
        self.asked.append(query)
        start = int(query["resumeKey"].lstrip("k")) if "resumeKey" in query else 0
        return answer(self.page(query, start))

    def page(self, query: dict[str, str], start: int) -> str:
        lines: list[str] = []
        limit = int(query["limit"])
        for number, row in enumerate(self.rows[start:], start):
            if not query.get("from", "0") <= row[0] <= query.get("to", "9"):
                continue
            if len(lines) == limit:
                return "\n".join([*lines, "", self.key(number), ""])
            lines.append(f"com,example)/ {row[0]} {row[1]} text/html {row[2]} {row[3]} 100")
        return "\n".join([*lines, ""])
