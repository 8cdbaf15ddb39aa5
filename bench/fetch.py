"""CPU of `LiveFetcher` beside a bare shared `httpx.AsyncClient`, on the same pages of a local server.

    python bench/fetch.py [PAGES] [ROUNDS]

The server runs in a process of its own, so that only the client's CPU is counted. The two take turns, and the median of
the rounds is printed as milliseconds of CPU per 60 KB page, plain and gzip.
"""

from __future__ import annotations

import asyncio
import gzip
import multiprocessing
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from multiprocessing.connection import Connection

import anyio
import httpx

from scrapers.live import FetchSettings, LiveFetcher

LINES = "".join(f"<p>Clause {n}: we keep item {n * 7919 % 10007} for {n % 90} days.</p>\n" for n in range(1080))
PAGE = f"<!doctype html><title>Privacy</title>{LINES}".encode()
BODIES = {"/plain": (PAGE, b""), "/gzip": (gzip.compress(PAGE), b"Content-Encoding: gzip\r\n")}


async def _serve(tell: Connection) -> None:
    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                path = head.split(b" ", 2)[1].decode()
                body, extra = BODIES.get(path, (b"User-agent: *\nDisallow: /admin\n", b""))
                writer.write(
                    b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"
                    + extra
                    + b"Content-Length: %d\r\n\r\n" % len(body)
                    + body
                )
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(connected, "127.0.0.1", 0)
    tell.send(server.sockets[0].getsockname()[1])
    async with server:
        await server.serve_forever()


def _server(tell: Connection) -> None:
    asyncio.run(_serve(tell))


async def _cpu(pages: int, get: Callable[[], Awaitable[object]]) -> float:
    """Milliseconds of CPU per page, two pages at a time as for one host."""

    async def some() -> None:
        for _ in range(pages // 2):
            await get()

    start = time.process_time()
    async with anyio.create_task_group() as group:
        group.start_soon(some)
        group.start_soon(some)
    return (time.process_time() - start) * 1000 / (pages // 2 * 2)


async def _measure(port: int, pages: int, rounds: int) -> None:
    settings = FetchSettings.model_validate({"host_pause": 0, "allow_addresses": ["127.0.0.0/8"]})
    async with httpx.AsyncClient() as bare, LiveFetcher(settings) as fetcher:
        for path in BODIES:
            url = f"http://127.0.0.1:{port}{path}"
            found: dict[str, list[float]] = {"bare": [], "ours": []}
            for number in range(rounds + 1):
                once = {
                    "bare": await _cpu(pages, lambda url=url: bare.get(url)),  # type: ignore[misc]
                    "ours": await _cpu(pages, lambda url=url: fetcher.fetch(url)),  # type: ignore[misc]
                }
                if number:  # the first round warms up
                    for name, value in once.items():
                        found[name].append(value)
            theirs, ours = statistics.median(found["bare"]), statistics.median(found["ours"])
            print(
                f"{path[1:]:6} {len(PAGE):,} bytes: bare client {theirs:.2f} ms, LiveFetcher {ours:.2f} ms per page"
                f" ({ours / theirs:.2f} x, {ours - theirs:+.2f} ms)"
            )


def main() -> None:
    pages = int(sys.argv[1]) if len(sys.argv) > 1 else 200
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=_server, args=(theirs,), daemon=True)
    process.start()
    try:
        asyncio.run(_measure(ours.recv(), pages, rounds))
    finally:
        process.terminate()
        process.join()


if __name__ == "__main__":
    main()
