"""Where the demo's messages end: a mail server and a chat webhook that keep everything they are given.

Both speak the real protocols on loopback, so that what is shown is what a mail server or Slack would have received.
"""

from __future__ import annotations

import asyncio
import email
import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import cast
from urllib.parse import parse_qs

from aiosmtpd.smtp import SMTP, Envelope, Session
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

__all__ = ["Hook", "HookSink", "Mail", "MailSink"]

MAX_MESSAGE = 10_000_000


def _next(folder: Path, suffix: str) -> Path:
    """The next free number; messages of earlier runs stay."""
    last = max((int(path.stem) for path in folder.glob(f"*{suffix}") if path.stem.isdigit()), default=0)
    return folder / f"{last + 1:04}{suffix}"


@dataclass(frozen=True, slots=True)
class Mail:
    """A message that was delivered: the envelope, and what is in it."""

    path: Path
    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage

    @property
    def subject(self) -> str:
        return str(self.message["Subject"] or "")

    @property
    def text(self) -> str:
        """The plain text part, or the HTML one where there is no other."""
        part = self.message.get_body(("plain", "html"))
        return str(part.get_content()).replace("\r\n", "\n") if part is not None else ""


class MailSink:
    """An SMTP server that accepts everything and stores each message as `0001.eml`, `0002.eml`, ... in `folder`.

    The envelope is kept in `X-Envelope-From` and `X-Envelope-To`, above the message as it came.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802 (aiosmtpd's name)
        content = cast("bytes", envelope.original_content)
        head = f"X-Envelope-From: {envelope.mail_from}\r\nX-Envelope-To: {', '.join(envelope.rcpt_tos)}\r\n"
        _next(self.folder, ".eml").write_bytes(head.encode() + content)
        return "250 OK"

    def messages(self) -> list[Mail]:
        """All messages in the order in which they arrived."""
        found = []
        for path in sorted(self.folder.glob("*.eml")):
            message = email.message_from_bytes(path.read_bytes(), policy=default)
            to = tuple(one.strip() for one in str(message["X-Envelope-To"]).split(","))
            found.append(Mail(path, str(message["X-Envelope-From"]), to, message))
        return found

    @contextmanager
    def serve(self, host: str = "127.0.0.1", port: int = 0) -> Iterator[int]:
        """Accept mail until the end of the block; gives the port."""
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP) as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((host, port))
            listener.listen(64)
            loop = asyncio.new_event_loop()
            done = asyncio.Event()

            async def run() -> None:
                server = await loop.create_server(
                    lambda: SMTP(self, hostname="mail.demo", data_size_limit=MAX_MESSAGE, loop=loop), sock=listener
                )
                async with server:
                    await done.wait()

            # connections wait in the listener's queue until the loop runs, so there is nothing to wait for here
            thread = threading.Thread(target=loop.run_until_complete, args=(run(),), daemon=True, name="mail-sink")
            thread.start()
            try:
                yield int(listener.getsockname()[1])
            finally:
                loop.call_soon_threadsafe(done.set)
                thread.join(10)
                loop.close()


@dataclass(frozen=True, slots=True)
class Hook:
    """A message that was posted: to which path, and its JSON."""

    path: Path
    target: str
    payload: object

    @property
    def text(self) -> str:
        """What a person would see first: Slack's `text`, its blocks' and attachments' texts, or the whole payload."""
        texts = list(_texts(self.payload))
        return "\n".join(dict.fromkeys(texts)) if texts else json.dumps(self.payload, ensure_ascii=False)


def _texts(value: object) -> Iterator[str]:
    if isinstance(value, dict):
        for key in ("title", "pretext", "text", "body", "message"):
            if isinstance(value.get(key), str):
                yield value[key]
        for item in value.values():
            if isinstance(item, dict | list):
                yield from _texts(item)
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)


class HookSink:
    """Slack's incoming webhook (`POST /services/T000/B000/XXX`) and a generic one (`POST /hook/...`).

    Each accepted payload is stored as `0001.json`, `0002.json`, ... in `folder`. `app` is the ASGI application.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)
        routes = [
            Route("/services/{team}/{channel}/{token}", self._slack, methods=["POST"]),
            Route("/hook/{name:path}", self._generic, methods=["POST"]),
        ]
        self.app = Starlette(routes=routes)

    def messages(self) -> list[Hook]:
        """All payloads in the order in which they arrived."""
        found = []
        for path in sorted(self.folder.glob("*.json")):
            stored = json.loads(path.read_text("utf-8"))
            found.append(Hook(path, stored["target"], stored["payload"]))
        return found

    async def _slack(self, request: Request) -> Response:
        """Answers as Slack does: `ok`, or 400 with `invalid_payload` or `no_text`."""
        body = await request.body()
        if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
            body = parse_qs(body.decode("utf-8", "replace")).get("payload", [""])[0].encode()
        try:
            payload = json.loads(body)
        except ValueError:
            return PlainTextResponse("invalid_payload", 400)
        if not isinstance(payload, dict) or not any(payload.get(key) for key in ("text", "blocks", "attachments")):
            return PlainTextResponse("no_text", 400)
        self._store(request.url.path, payload)
        return PlainTextResponse("ok")

    async def _generic(self, request: Request) -> Response:
        try:
            payload = json.loads(await request.body())
        except ValueError:
            return JSONResponse({"error": "not JSON"}, 400)
        self._store(request.url.path, payload)
        return JSONResponse({"ok": True})

    def _store(self, target: str, payload: object) -> None:
        text = json.dumps({"target": target, "payload": payload}, ensure_ascii=False, indent=2)
        _next(self.folder, ".json").write_text(text, "utf-8")
