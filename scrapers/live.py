"""Live pages: one address in, a capture or "not modified" or one of the errors out.

    async with LiveFetcher(FetchSettings(contact="policies@example.com")) as fetcher:
        page = await fetcher.fetch("https://example.com/privacy")

Redirects are followed here, hop by hop, because each hop is checked: scheme, address (scrapers.addresses), robots.txt
(scrapers.robots). A fetcher is made once per run: its client, certificates, turns per host and robots.txt answers are
shared by all its fetches, which may run side by side.
"""

from __future__ import annotations

import logging
import ssl
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from types import TracebackType
from typing import Self

import anyio
import httpx

from scrapers import errors
from scrapers.capture import Fetched, Hop, NotModified, Validators
from scrapers.content import check_body, meta_refresh, plain_text_for_notes
from scrapers.exchange import REDIRECTS, Answer, Exchanger, Tally
from scrapers.guard import resolve
from scrapers.pace import Pace
from scrapers.robots import MAX_ROBOTS_BYTES, MAX_ROBOTS_REDIRECTS, RobotsAnswer, RobotsCache
from scrapers.settings import FetchSettings
from scrapers.transport import GuardedTransport, make_client, make_ssl_context
from scrapers.urls import parse_url, redirect_target

__all__ = ["FetchSettings", "LiveFetcher"]

logger = logging.getLogger(__name__)

MAX_VALIDATOR = 1000
ACCEPT = b"text/html,application/xhtml+xml,application/pdf;q=0.9,text/plain;q=0.8,*/*;q=0.5"
ACCEPT_ENCODING = b"gzip, deflate, br, zstd"

ChannelKey = tuple[bool, tuple[IPv4Network | IPv6Network, ...], bool, bool, Path | None, str | None]


@dataclass(frozen=True, slots=True)
class _Channel:
    """A client and what was learnt through it. Settings that decide who may be connected to, and how, have their own:
    a connection once allowed for one document must not serve another for which it is forbidden."""

    exchanger: Exchanger
    robots: RobotsCache


@dataclass(slots=True)
class _Job:
    """One fetch on its way."""

    settings: FetchSettings
    channel: _Channel
    tally: Tally
    headers: list[tuple[bytes, bytes]]
    cookies: httpx.Cookies | None = None


class LiveFetcher:
    """Fetches live pages; an async context manager.

    Args:
        settings: what holds for all documents.
        pace: turns per host, to be shared with others that ask the same hosts.
        sleep: waits between retries; to be replaced in tests.
    """

    def __init__(
        self,
        settings: FetchSettings | None = None,
        *,
        pace: Pace | None = None,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self.settings = settings or FetchSettings()
        self.pace = pace or Pace()
        self._sleep = sleep
        self._channels: dict[ChannelKey, _Channel] = {}
        self._contexts: dict[tuple[bool, Path | None, bool], ssl.SSLContext] = {}
        self._open = AsyncExitStack()

    async def __aenter__(self) -> Self:
        await self._open.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._channels.clear()
        await self._open.__aexit__(kind, error, trace)

    async def fetch(
        self,
        url: str,
        *,
        validators: Validators | None = None,
        overrides: FetchSettings | None = None,
    ) -> Fetched | NotModified:
        """Fetches one page.

        Args:
            url: what to fetch. A fragment is not sent, and kept in `final_url` unless a redirect has its own.
            validators: of the last capture, when nothing is to be sent again that we have. The caller leaves them out
                where a different extractor or selectors make the bytes needed again.
            overrides: settings of this document; only the fields that were set count.

        Returns:
            the page as it came; `NotModified` only when validators were sent.

        Raises:
            FetchError: one of its subclasses, with url and hop, status where there was an answer, elapsed seconds,
                and the requests and bytes that it took.
        """
        settings = self.settings.merged(overrides)
        tally = Tally(settings.total_timeout)
        try:
            job = _Job(settings, await self._channel(settings), tally, _headers(settings))
            return await self._follow(url, validators or Validators(), job)
        except errors.FetchError as error:
            error.url = error.url or url
            error.elapsed = tally.elapsed
            error.requests = tally.requests
            error.wire_bytes = tally.wire_bytes
            raise

    async def _channel(self, settings: FetchSettings) -> _Channel:
        key: ChannelKey = (
            settings.allow_private_addresses,
            settings.allow_addresses,
            settings.http2,
            settings.verify,
            settings.ca_file,
            settings.proxy,
        )
        channel = self._channels.get(key)
        if channel is None:
            if not settings.verify:
                logger.warning("certificates are not checked where fetch.verify is false")
            transport = GuardedTransport(
                settings.addresses,
                ssl_context=self._context(settings),
                http2=settings.http2,
                proxy=settings.proxy,
                places=settings.connect_to,
            )
            client = make_client(transport)
            channel = _Channel(Exchanger(client, self.pace, self._sleep), RobotsCache())
            # Stored before the first await: fetches side by side must find one channel.
            self._channels[key] = channel
            await self._open.enter_async_context(client)
        return channel

    def _context(self, settings: FetchSettings) -> ssl.SSLContext:
        # httpcore sets what HTTP version a context offers, so the two kinds do not share one.
        key = (settings.verify, settings.ca_file, settings.http2)
        if key not in self._contexts:
            try:
                self._contexts[key] = make_ssl_context(verify=settings.verify, ca_file=settings.ca_file)
            except OSError as error:
                raise errors.TlsFailed(f"the certificates of fetch.ca_file cannot be read: {error}") from error
        return self._contexts[key]

    async def _follow(self, asked: str, validators: Validators, job: _Job) -> Fetched | NotModified:
        hops: list[Hop] = []
        seen: set[tuple[str, str]] = set()
        current = asked
        try:
            url = parse_url(asked)
            while True:
                current = str(url)
                _check_progress(url, hops, seen, job)
                conditional = _conditional(url, validators)
                answer = await self._ask(url, conditional, job)
                if answer.status not in REDIRECTS:
                    return _result(asked, url, answer, hops, job, conditional=bool(conditional))
                target, location = redirect_target(url, answer.location, answer.status)
                hops.append(Hop(current, answer.status, location))
                if "set-cookie" in answer.response.headers:
                    # Some sites set a cookie and send the visitor back to the same address. It lives for this fetch.
                    job.cookies = job.cookies or httpx.Cookies()
                    job.cookies.extract_cookies(answer.response)
                url = target
        except errors.FetchError as error:
            error.url = error.url or current
            error.hop = len(hops)
            raise

    async def _ask(self, url: httpx.URL, conditional: list[tuple[bytes, bytes]], job: _Job) -> Answer:
        settings = job.settings
        if settings.proxy is not None:
            await _check_before_proxy(url, settings)
        interval = settings.host_pause
        if settings.robots:
            rules = await job.channel.robots.check(
                str(url.copy_with(fragment=None)) if url.fragment else str(url),
                f"{url.scheme}://{url.netloc.decode('ascii')}",
                settings.product,
                lambda robots_url: self._read_robots(robots_url, job),
            )
            interval = max(interval, min(rules.crawl_delay, settings.crawl_delay_cap))
        headers = job.headers + conditional
        cookie = _cookie(url, job)
        if cookie:
            headers = [*headers, (b"Cookie", cookie.encode("latin-1", "ignore"))]
        return await job.channel.exchanger.get(url, headers, settings, job.tally, interval=interval)

    async def _read_robots(self, address: str, job: _Job) -> RobotsAnswer:
        """Reads a robots.txt, in a time of its own: a page with little time left must not spoil it for the others."""
        url = httpx.URL(address)
        tally = Tally(job.settings.total_timeout)
        try:
            for _ in range(MAX_ROBOTS_REDIRECTS + 1):
                if job.settings.proxy is not None:
                    await _check_before_proxy(url, job.settings)
                answer = await job.channel.exchanger.get(
                    url,
                    job.headers,
                    job.settings,
                    tally,
                    interval=job.settings.host_pause,
                    cut_at=MAX_ROBOTS_BYTES,
                )
                if answer.status not in REDIRECTS:
                    text = answer.body.data.decode("utf-8", "replace") if answer.body else ""
                    return RobotsAnswer(answer.status, text)
                url, _location = redirect_target(url, answer.location, answer.status)
            return RobotsAnswer(404)  # RFC 9309 2.3.1.2: too many redirects count as "there is none"
        except errors.RedirectFailed:
            return RobotsAnswer(404)
        except errors.StatusFailed as error:
            if error.status is None:  # held back, nothing was asked
                raise
            return RobotsAnswer(error.status)
        except errors.BodyUndecodable:
            return RobotsAnswer(404)
        except errors.FetchError as error:
            error.url = ""  # the page's, which is what could not be fetched
            if not isinstance(error, errors.ConnectionFailed | errors.AddressForbidden):
                error.message = f"robots.txt could not be read: {error.message}"
                error.args = (error.message,)
            raise
        finally:
            job.tally.requests += tally.requests
            job.tally.wire_bytes += tally.wire_bytes


def _headers(settings: FetchSettings) -> list[tuple[bytes, bytes]]:
    return [
        (b"User-Agent", settings.identity.encode("ascii")),
        (b"Accept", ACCEPT),
        (b"Accept-Language", settings.accept_language.encode("ascii")),
        (b"Accept-Encoding", ACCEPT_ENCODING),
    ]


def _without_fragment(url: httpx.URL | str) -> str:
    return str(url).partition("#")[0]


def _conditional(url: httpx.URL, validators: Validators) -> list[tuple[bytes, bytes]]:
    """The headers of a conditional request, where the validators are this URL's."""
    if not validators or (validators.url and _without_fragment(validators.url) != _without_fragment(url)):
        return []
    headers = []
    for name, value in ((b"If-None-Match", validators.etag), (b"If-Modified-Since", validators.last_modified)):
        # What a header cannot carry back is left out: the page is then simply sent again.
        if value and len(value) <= MAX_VALIDATOR and all(" " <= character <= "\xff" for character in value):
            headers.append((name, value.strip().encode("latin-1")))
    return headers


def _cookie(url: httpx.URL, job: _Job) -> str:
    if job.cookies is None:
        return ""
    request = httpx.Request("GET", url)
    job.cookies.set_cookie_header(request)
    return str(request.headers.get("cookie", ""))


def _check_progress(url: httpx.URL, hops: list[Hop], seen: set[tuple[str, str]], job: _Job) -> None:
    """Tells a loop from a long chain: an address is asked again only if it gave us a new cookie meanwhile."""
    step = (_without_fragment(url), _cookie(url, job))
    if step in seen:
        raise errors.RedirectLoop("the redirects lead back to an address that was already asked")
    if len(hops) > job.settings.max_redirects:
        raise errors.TooManyRedirects(f"more than {job.settings.max_redirects} redirects")
    seen.add(step)


async def _check_before_proxy(url: httpx.URL, settings: FetchSettings) -> None:
    """The address check where a proxy will connect: as good as it gets, on what the name means here.

    A name that does not resolve here is left to the proxy, which may know it where we do not.
    """
    port = url.port or (443 if url.scheme == "https" else 80)
    try:
        with anyio.move_on_after(settings.connect_timeout):
            settings.addresses.choose(url.host, await resolve(url.host, port))
    except errors.NameNotResolved:
        return


def _result(
    asked: str, url: httpx.URL, answer: Answer, hops: list[Hop], job: _Job, *, conditional: bool
) -> Fetched | NotModified:
    tally = job.tally
    if answer.status == 304 and conditional:
        return NotModified(asked, str(url), answer.time, tally.elapsed, tally.wire_bytes, tally.requests)
    if answer.body is None:
        raise _status_failure(answer)
    headers = tuple(
        (name.decode("latin-1").lower(), value.decode("latin-1").replace("\0", ""))
        for name, value in answer.response.headers.raw
    )
    body = answer.body
    content_type = next((value for name, value in headers if name == "content-type"), "")
    try:
        check_body(content_type, body.data)
    except errors.BodyFailed as error:
        error.status = answer.status
        raise
    return Fetched(
        url=asked,
        final_url=str(url),
        status=answer.status,
        headers=headers,
        body=body.data,
        time=answer.time,
        hops=tuple(hops),
        elapsed=tally.elapsed,
        wire_bytes=tally.wire_bytes,
        notes=body.notes + _notes(url, answer, hops, body.data, job.settings),
        requests=tally.requests,
    )


def _notes(url: httpx.URL, answer: Answer, hops: list[Hop], body: bytes, settings: FetchSettings) -> tuple[str, ...]:
    notes = []
    if url.scheme == "https" and not settings.verify:
        notes.append("certificate not checked")
    if url.scheme == "http" and any(hop.url.startswith("https:") for hop in hops):
        notes.append("redirected from https to http")
    refresh = meta_refresh(body)
    if refresh is None:
        _seconds, _mark, refresh = str(answer.response.headers.get("refresh", ""))[:1000].partition("=")
    if refresh:
        notes.append(f"meta refresh to {plain_text_for_notes(refresh)}, not followed")
    return tuple(notes)


def _status_failure(answer: Answer) -> errors.FetchError:
    status = answer.status
    headers = answer.response.headers
    if status in (204, 205):
        return errors.BodyEmpty(f"an answer without a body ({status})", status=status)
    if status in (401, 403, 451):
        # Said by the two most frequent guards themselves; worth telling from a page that is closed to everybody.
        challenge = "cf-mitigated" in headers or "x-amzn-waf-action" in headers
        return errors.AccessDenied(
            f"access denied ({status})" + (", with a challenge for browsers" if challenge else ""), status=status
        )
    if status in (404, 410):
        return errors.PageGone(f"the page is gone ({status})", status=status)
    if status >= 500:
        return errors.ServerFailed(f"the server fails ({status})", status=status)
    return errors.UnexpectedStatus(f"an answer with status {status}", status=status)
