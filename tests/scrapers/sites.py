"""A web server on loopback that answers exactly the bytes a test gives it, for `test_live*`.

No server library here: what is tested is how broken answers are taken, and libraries do not send those.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Self

from scrapers.settings import FetchSettings

HTML = b"<!doctype html><title>Privacy</title><h1>Privacy Policy</h1><p>We keep what you give us.</p>"


def answer(body: bytes = HTML, *headers: str, status: str = "200 OK", length: int | None = None) -> bytes:
    """A whole response; a Content-Type is given unless one of the headers is one."""
    lines = [f"HTTP/1.1 {status}", f"Content-Length: {len(body) if length is None else length}", *headers]
    if not any(line.lower().startswith("content-type") for line in headers):
        lines.append("Content-Type: text/html; charset=utf-8")
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def redirect(location: str, *headers: str, status: str = "302 Found") -> bytes:
    return answer(b"moved", f"Location: {location}", *headers, status=status)


@dataclass(frozen=True, slots=True)
class Asked:
    path: str
    headers: dict[str, str]


Script = Callable[[Asked, asyncio.StreamWriter], Awaitable[None]]
Reply = bytes | Script


@dataclass
class Site:
    """`replies` maps a path to a reply or to a list of replies given one after the other, the last one for ever."""

    replies: dict[str, Reply | list[Reply]] = field(default_factory=dict)
    context: ssl.SSLContext | None = None
    asked: list[Asked] = field(default_factory=list)
    active: int = 0
    most_active: int = 0

    @property
    def paths(self) -> list[str]:
        """What was asked for, without robots.txt."""
        return [one.path for one in self.asked if one.path != "/robots.txt"]

    def url(self, path: str = "/", host: str = "127.0.0.1") -> str:
        return f"{'https' if self.context else 'http'}://{host}:{self.port}{path}"

    async def __aenter__(self) -> Self:
        self._tasks: set[asyncio.Task[None]] = set()
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", 0, ssl=self.context)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.ensure_future(self._serve(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while not writer.is_closing():
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
                pairs = (line.split(": ", 1) for line in head[1:] if line)
                asked = Asked(head[0].split(" ")[1], {name.lower(): value for name, value in pairs})
                self.asked.append(asked)
                self.active += 1
                self.most_active = max(self.most_active, self.active)
                try:
                    await self._reply(asked, writer)
                finally:
                    self.active -= 1
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()

    async def _reply(self, asked: Asked, writer: asyncio.StreamWriter) -> None:
        reply = self.replies.get(asked.path, answer(b"no", status="404 Not Found"))
        if isinstance(reply, list):
            reply = reply.pop(0) if len(reply) > 1 else reply[0]
        if isinstance(reply, bytes):
            writer.write(reply)
            await writer.drain()
        else:
            await reply(asked, writer)


def settings(**fields: object) -> FetchSettings:
    """Settings under which loopback may be asked, without pauses."""
    return FetchSettings.model_validate(
        {"allow_addresses": ["127.0.0.0/8"], "host_pause": 0, "retry_wait": 0, "retries": 0, "robots": False} | fields
    )
