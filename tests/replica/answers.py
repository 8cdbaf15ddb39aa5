"""An answer as a value, and the ways, good and bad, to put it on the wire."""

from __future__ import annotations

import asyncio
import gzip
import socket
import struct
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import cast

from starlette.types import Receive, Scope, Send

from tests.replica.faults import Fault, FaultKind

__all__ = ["Answer", "deliver", "html", "text"]

Headers = tuple[tuple[str, str], ...]
Struck = Mapping[FaultKind, tuple[Fault, int]]


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Headers = ()
    body: bytes = b""

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    def plus(self, *headers: tuple[str, str]) -> Answer:
        return replace(self, headers=(*self.headers, *headers))


def text(status: int, body: str, *headers: tuple[str, str]) -> Answer:
    return Answer(status, (("Content-Type", "text/plain"), *headers), body.encode())


def html(status: int, body: str, *headers: tuple[str, str]) -> Answer:
    return Answer(status, (("Content-Type", "text/html; charset=utf-8"), *headers), body.encode())


def compressed(answer: Answer, accepted: str) -> Answer:
    """As a front end would: text goes out gzipped to who accepts it, unless it is coded already."""
    kind = answer.header("Content-Type")
    coded = answer.header("Content-Encoding")
    if "gzip" not in accepted or coded or len(answer.body) < 200 or not kind.startswith(("text/", "application/json")):
        return answer
    body = gzip.compress(answer.body, compresslevel=1, mtime=0)
    return replace(answer, body=body).plus(("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding"))


def broken(answer: Answer, struck: Struck) -> Answer:
    """The answer after the faults that change what it says (those of the connection are `deliver`'s)."""
    if "status" in struck:
        fault = struck["status"][0]
        extra = (("Retry-After", fault.retry_after),) if fault.retry_after is not None else ()
        return html(fault.status, f"<html><body><h1>{fault.status}</h1></body></html>", *extra)
    if "html" in struck:
        return html(200, "<html><head><title>Sign in to the network</title></head><body>Please sign in.</body></html>")
    if "truncated-gzip" in struck:
        whole = gzip.compress(_plain(answer), mtime=0)
        return _recoded(answer, whole[: max(len(whole) // 2, 12)])
    if "false-gzip" in struck:
        return _recoded(answer, _plain(answer))
    return answer


def _plain(answer: Answer) -> bytes:
    return zlib.decompress(answer.body, 31) if answer.header("Content-Encoding") == "gzip" else answer.body


def _recoded(answer: Answer, body: bytes) -> Answer:
    headers = tuple((name, value) for name, value in answer.headers if name.lower() != "content-encoding")
    return Answer(answer.status, (*headers, ("Content-Encoding", "gzip")), body)


def _abort(transport: asyncio.Transport | None) -> None:
    """Close with RST, as a firewall does, not with an orderly end."""
    if transport is None:
        raise RuntimeError("connection faults need `tests.replica.serve`")
    raw = transport.get_extra_info("socket")
    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


async def _gone(receive: Receive) -> None:
    """Wait until the server knows that the connection is closed; before that it would complain."""
    while (await receive())["type"] != "http.disconnect":
        pass


async def deliver(answer: Answer, struck: Struck, scope: Scope, receive: Receive, send: Send) -> None:
    """Send the answer, with the faults that it meets."""
    transport = cast("asyncio.Transport | None", scope.get("state", {}).get("transport"))
    if "delay" in struck:
        await asyncio.sleep(struck["delay"][0].delay)
    if "drop" in struck:
        _abort(transport)
        return await _gone(receive)
    if "garbage" in struck and transport is not None:
        transport.write(b"+OK this is not the protocol that you are looking for\r\n\r\n")
        transport.close()
        return await _gone(receive)
    bare = answer.status in (204, 304) or scope["method"] == "HEAD"
    headers = [(name.lower(), value) for name, value in answer.headers if name.lower() != "content-length"]
    if answer.status not in (204, 304):
        headers.append(("content-length", str(len(answer.body))))
    raw = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    if bare:
        return await send({"type": "http.response.body", "body": b""})
    if "reset" in struck or "truncated" in struck:
        await send({"type": "http.response.body", "body": answer.body[: len(answer.body) // 2], "more_body": True})
        await asyncio.sleep(0.01)  # what was written must reach the client before the connection goes
        if "reset" in struck:
            _abort(transport)
        elif transport is not None:
            transport.close()
        return await _gone(receive)
    if "drip" in struck:
        fault = struck["drip"][0]
        size = max(1, -(-len(answer.body) // fault.pieces))
        for start in range(0, len(answer.body), size):
            await send(
                {"type": "http.response.body", "body": answer.body[start : start + size], "more_body": True},
            )
            await asyncio.sleep(fault.delay)
        return await send({"type": "http.response.body", "body": b""})
    return await send({"type": "http.response.body", "body": answer.body})
