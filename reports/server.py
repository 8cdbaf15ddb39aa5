"""A preview of the pages on this machine, with the headers that a public web server should send too."""

from __future__ import annotations

from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.datastructures import MutableHeaders
from starlette.middleware import Middleware
from starlette.responses import PlainTextResponse
from starlette.routing import Mount
from starlette.staticfiles import StaticFiles
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from reports.templating import POLICY

__all__ = ["HEADERS", "pages_app", "serve_reports"]

HEADERS = {
    "Content-Security-Policy": f"{POLICY}; frame-ancestors 'none'",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cache-Control": "no-cache",
}


class _Guard:
    """Our headers on every answer, errors too; what begins with a dot is not there."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                MutableHeaders(raw=message["headers"]).update(HEADERS)
            await send(message)

        if scope["type"] != "http":
            await self._app(scope, receive, send)
        elif any(part.startswith(".") for part in scope["path"].split("/")):
            await PlainTextResponse("Not found", 404)(scope, receive, with_headers)
        else:
            await self._app(scope, receive, with_headers)


def pages_app(folder: Path) -> Starlette:
    """An ASGI application that serves the pages of a folder, and nothing that is hidden in it."""
    return Starlette(routes=[Mount("/", StaticFiles(directory=folder, html=True))], middleware=[Middleware(_Guard)])


def serve_reports(folder: Path, port: int = 8321, *, host: str = "127.0.0.1") -> None:
    """Serve the pages of a folder until interrupted.

    Raises:
        FileNotFoundError: there is no such folder.
    """
    if not folder.is_dir():
        raise FileNotFoundError(f"there are no report pages in {folder}")
    uvicorn.run(pages_app(folder), host=host, port=port, log_level="warning")
