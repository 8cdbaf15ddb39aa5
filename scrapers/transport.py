"""The way to the network: an httpx client whose connections go through the address guard.

httpx offers no place for a network backend of our own, so `GuardedTransport` puts httpcore's public pool below httpx's
public transport interface. It also keeps two habits of httpx's client away from us (reference/wayback.md 6): a client
parses `Location` even when it is not to follow it, and fails where it is malformed, so that header is moved to
`response.extensions["location"]`; and it would carry cookies from one document's fetch into another's.
"""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import httpcore
import httpx

from scrapers.addresses import AddressPolicy
from scrapers.guard import GuardedBackend

__all__ = ["GuardedTransport", "make_client", "make_ssl_context"]

MAX_CONNECTIONS = 200
MAX_IDLE_CONNECTIONS = 50
IDLE_SECONDS = 30.0


def make_ssl_context(*, verify: bool = True, ca_file: Path | None = None) -> ssl.SSLContext:
    """The usual certificates (or those of SSL_CERT_FILE, SSL_CERT_DIR), and those of `ca_file` besides.

    Takes about 30 ms of CPU: make one per run, not one per page.
    """
    context = httpx.create_ssl_context(verify=verify)
    if verify and ca_file is not None:
        context.load_verify_locations(ca_file)
    return context


@contextmanager
def _as_httpx() -> Iterator[None]:
    """httpcore's exceptions as httpx's, which have the same names. Those of the address guard pass through."""
    try:
        yield
    except (
        httpcore.TimeoutException,
        httpcore.NetworkError,
        httpcore.ProtocolError,
        httpcore.ProxyError,
        httpcore.UnsupportedProtocol,
    ) as error:
        kind: type[httpx.TransportError] = getattr(httpx, type(error).__name__, httpx.TransportError)
        raise kind(str(error)) from error


class _Stream(httpx.AsyncByteStream):
    def __init__(self, stream: Any) -> None:
        self._stream = stream

    async def __aiter__(self) -> AsyncIterator[bytes]:
        with _as_httpx():
            async for data in self._stream:
                yield data

    async def aclose(self) -> None:
        with _as_httpx():
            await self._stream.aclose()


class GuardedTransport(httpx.AsyncBaseTransport):
    """A pool of connections to permitted addresses.

    Args:
        policy: what may be connected to. With a proxy it cannot be applied here: the proxy connects, and is itself
            usually internal.
        ssl_context: shared by all connections.
        http2: offer HTTP/2.
        proxy: URL of an HTTP proxy.
        places: hosts to be found at another "host:port".
    """

    def __init__(
        self,
        policy: AddressPolicy,
        *,
        ssl_context: ssl.SSLContext,
        http2: bool = True,
        proxy: str | None = None,
        places: Mapping[str, str] | None = None,
    ) -> None:
        backend = GuardedBackend(policy if proxy is None else AddressPolicy(allow_private=True), places)
        via = None
        if proxy is not None:
            parsed = httpx.Proxy(proxy)
            via = httpcore.Proxy(str(parsed.url), auth=parsed.raw_auth, ssl_context=None)
        self._pool = httpcore.AsyncConnectionPool(
            ssl_context=ssl_context,
            proxy=via,
            max_connections=MAX_CONNECTIONS,
            max_keepalive_connections=MAX_IDLE_CONNECTIONS,
            keepalive_expiry=IDLE_SECONDS,
            http2=http2,
            network_backend=backend,
        )

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        with _as_httpx():
            response = await self._pool.handle_async_request(
                httpcore.Request(
                    method=request.method,
                    url=httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path),
                    headers=request.headers.raw,
                    content=request.stream,
                    extensions=request.extensions,
                )
            )
        headers = response.headers
        extensions = dict(response.extensions)
        if 300 <= response.status < 400:
            extensions["location"] = next((value for name, value in headers if name.lower() == b"location"), None)
            headers = [(name, value) for name, value in headers if name.lower() != b"location"]
        return httpx.Response(response.status, headers=headers, stream=_Stream(response.stream), extensions=extensions)

    async def aclose(self) -> None:
        await self._pool.aclose()


class _NoCookies(CookieJar):
    """Keeps nothing: every document is fetched as by a visitor who was never there."""

    def extract_cookies(self, response: object, request: object) -> None:
        return

    def add_cookie_header(self, request: object) -> None:
        return


def make_client(transport: httpx.AsyncBaseTransport) -> httpx.AsyncClient:
    """A client that adds nothing of its own: no redirects, cookies, credentials or proxies of the environment."""
    return httpx.AsyncClient(transport=transport, trust_env=False, follow_redirects=False, cookies=_NoCookies())
