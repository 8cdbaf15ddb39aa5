"""One request and its answer: turns, time, retries, and each failure as its own class.

A fetch consists of exchanges: one per redirect, and one per redirect of each host's robots.txt. They share a `Tally`
(what the fetch has cost so far) and its budget of time.
"""

from __future__ import annotations

import ssl
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import anyio
import httpx
import tenacity

from scrapers import errors
from scrapers.body import Body, read_body
from scrapers.content import check_type
from scrapers.pace import HeldBack, Pace
from scrapers.settings import FetchSettings

__all__ = ["REDIRECTS", "Answer", "Exchanger", "Tally", "host_key", "retry_after_seconds"]

REDIRECTS = frozenset({301, 302, 303, 307, 308})
RETRIED = frozenset({429, 502, 503, 504})
WITH_BODY = frozenset({200, 203})

DRAINED = 16_384
"""Bytes of an unwanted body that are read so that the connection can serve again; more than that costs more than it."""

MAX_PAUSE = 24 * 3600.0
"""Longest time that one Retry-After keeps us from a host."""


@dataclass(slots=True)
class Tally:
    """What a fetch has cost, and how much time it has left."""

    seconds_left: float
    requests: int = 0
    wire_bytes: int = 0
    started: float = field(default_factory=time.monotonic)

    def add_bytes(self, count: int) -> None:
        self.wire_bytes += count

    @property
    def elapsed(self) -> float:
        return time.monotonic() - self.started

    @contextmanager
    def running(self, allowed: float) -> Iterator[None]:
        """Time that counts: what happens inside ends with `TotalTimeout` when there is none left."""
        start = time.monotonic()
        with anyio.move_on_after(max(0.0, self.seconds_left)) as scope:
            try:
                yield
            finally:
                self.seconds_left -= time.monotonic() - start
        if scope.cancelled_caught:
            raise errors.TotalTimeout(f"the fetch took longer than {allowed:g} s")


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server answered: `time` is when its headers arrived, `body` is there for 200 and 203 only."""

    response: httpx.Response
    time: datetime
    body: Body | None = None

    @property
    def status(self) -> int:
        return self.response.status_code

    @property
    def location(self) -> bytes | None:
        value = self.response.extensions.get("location")
        return value if isinstance(value, bytes) else None


def host_key(url: httpx.URL) -> str:
    """Whose turn a request is: the host, with its port where that is an unusual one (another server then)."""
    return url.host if url.port in (None, 80, 443) else f"{url.host}:{url.port}"


def retry_after_seconds(value: str | None, now: datetime) -> float | None:
    """Seconds from a Retry-After header, given as seconds or as an HTTP date (RFC 9110 10.2.3); None if unusable."""
    if value is None:
        return None
    text = value.strip()[:100]
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())


class Exchanger:
    """Makes requests with one client under one set of limits per host.

    Args:
        client: of `scrapers.transport.make_client`.
        pace: shared by everything that asks the same hosts.
        sleep: waits between retries; to be replaced in tests.
    """

    def __init__(self, client: httpx.AsyncClient, pace: Pace, sleep: Callable[[float], Awaitable[None]]) -> None:
        self._client = client
        self._pace = pace
        self._sleep = sleep

    async def get(
        self,
        url: httpx.URL,
        headers: list[tuple[bytes, bytes]],
        settings: FetchSettings,
        tally: Tally,
        *,
        interval: float,
        cut_at: int | None = None,
    ) -> Answer:
        """A GET with its retries; follows nothing.

        Args:
            interval: least seconds since the last request to this host.
            cut_at: read so many bytes of the body at most, of whatever type it is; else the caps of the settings are
                errors, and so is a type that holds no text.

        Raises:
            FetchError: of every class but BadUrl, RobotsForbidden, RedirectFailed and the status classes other than
                TooManyRequests and ServerFailed (502, 503 and 504, when the retries are used up).
        """

        retrying = tenacity.AsyncRetrying(
            stop=tenacity.stop_after_attempt(settings.retries + 1),
            retry=tenacity.retry_if_exception(_is_transient),
            wait=tenacity.wait_random_exponential(settings.retry_wait, max=60),
            sleep=self._sleep,
            reraise=True,
        )
        return await retrying(self._attempt, url, headers, settings, tally, interval, cut_at)

    async def _attempt(
        self,
        url: httpx.URL,
        headers: list[tuple[bytes, bytes]],
        settings: FetchSettings,
        tally: Tally,
        interval: float,
        cut_at: int | None,
    ) -> Answer:
        key = host_key(url)
        try:
            async with self._pace.turn(
                key, concurrent=settings.host_concurrency, interval=interval, patience=settings.retry_after_cap
            ):
                with tally.running(settings.total_timeout):
                    return await self._send(url, headers, settings, tally, cut_at)
        except HeldBack as held:
            raise errors.TooManyRequests(
                f"{url.host} asked us to leave it alone for another {held.seconds:.0f} s", retry_after=held.seconds
            ) from None
        raise AssertionError("a timed out exchange raises")

    async def _send(
        self,
        url: httpx.URL,
        headers: list[tuple[bytes, bytes]],
        settings: FetchSettings,
        tally: Tally,
        cut_at: int | None,
    ) -> Answer:
        request = httpx.Request("GET", url, headers=headers, extensions={"timeout": _timeouts(settings)})
        tally.requests += 1
        try:
            response = await self._client.send(request, stream=True)
        except errors.FetchError as error:  # of the address guard
            error.transient |= isinstance(error, errors.ConnectionRefused | errors.ConnectTimeout)
            raise
        except (httpx.TransportError, OSError) as error:
            raise _before_answer(error, url, settings) from error
        now = datetime.now(UTC)
        try:
            status = response.status_code
            if status in WITH_BODY:
                return Answer(response, now, await self._read(response, settings, tally, cut_at))
            await _drain(response, tally)
            if status in RETRIED:
                raise self._refused(response, now, settings, host_key(url))
            return Answer(response, now)
        except errors.FetchError as error:
            error.status = status
            raise
        except httpx.ReadTimeout as error:
            late = errors.ReadTimeout(f"no byte of the body came for {settings.read_timeout:g} s", status=status)
            late.transient = True
            raise late from error
        except (httpx.TransportError, OSError) as error:
            broken = errors.ProtocolFailed("the connection broke in mid-body", status=status)
            broken.transient = True
            raise broken from error
        finally:
            with anyio.CancelScope(shield=True):
                await _close(response)

    async def _read(self, response: httpx.Response, settings: FetchSettings, tally: Tally, cut_at: int | None) -> Body:
        if cut_at is not None:
            return await read_body(response, max_bytes=cut_at, max_wire_bytes=cut_at, cut=True, meter=tally.add_bytes)
        check_type(response.headers.get("content-type", ""))
        try:
            return await read_body(
                response,
                max_bytes=settings.max_bytes,
                max_wire_bytes=settings.max_wire_bytes,
                meter=tally.add_bytes,
            )
        except errors.BodyTruncated as error:
            error.transient = True
            raise

    def _refused(
        self, response: httpx.Response, now: datetime, settings: FetchSettings, key: str
    ) -> errors.StatusFailed:
        """The error of a status that is worth another try, and the pause that its Retry-After asks for."""
        status = response.status_code
        asked = retry_after_seconds(response.headers.get("retry-after"), now)
        error: errors.StatusFailed
        if status == 429:
            error = errors.TooManyRequests("too many requests (429)", retry_after=asked, status=status)
        else:
            error = errors.ServerFailed(f"the server fails ({status})", status=status)
        error.transient = asked is None or asked <= settings.retry_after_cap
        if asked and not error.transient:
            error.message += f", and asks to be left alone for {asked:.0f} s"
            error.args = (error.message,)
        # A long pause after 5xx may be meant for the one page; 429 speaks of us, so it holds for the host.
        if asked and (error.transient or status == 429):
            self._pace.pause(key, min(asked, MAX_PAUSE))
        return error


def _is_transient(error: BaseException) -> bool:
    return isinstance(error, errors.FetchError) and error.transient


def _timeouts(settings: FetchSettings) -> dict[str, float | None]:
    return {
        "connect": settings.connect_timeout,
        "pool": settings.total_timeout,
        "read": settings.read_timeout,
        "write": settings.read_timeout,
    }


async def _drain(response: httpx.Response, tally: Tally) -> None:
    """Reads a short unwanted body to its end, for at most a second."""
    size = 0
    with anyio.move_on_after(1.0):
        try:
            async for data in response.aiter_raw():
                tally.add_bytes(len(data))
                size += len(data)
                if size > DRAINED:
                    return
        except (httpx.TransportError, OSError):
            return  # the status has come, and says enough


async def _close(response: httpx.Response) -> None:
    try:
        await response.aclose()
    except (httpx.TransportError, OSError):
        return  # the body is read or given up; how its connection ends changes nothing


def _before_answer(error: httpx.TransportError | OSError, url: httpx.URL, settings: FetchSettings) -> errors.FetchError:
    """Our class for what httpx raises while there is no answer yet."""
    failure: errors.FetchError
    if isinstance(error, httpx.ConnectTimeout):
        failure = errors.ConnectTimeout(f"no encrypted connection within {settings.connect_timeout:g} s")
    elif isinstance(error, httpx.PoolTimeout):
        failure = errors.ConnectTimeout("no connection was free in time")
    elif isinstance(error, httpx.TimeoutException):
        failure = errors.ReadTimeout(f"no answer within {settings.read_timeout:g} s")
    elif isinstance(error, httpx.ConnectError | ssl.SSLError):
        # The guard raises its own errors for the connection itself, so this is the handshake.
        return _tls_failure(error, url)
    elif isinstance(error, httpx.ProxyError):
        failure = errors.ConnectionFailed(f"the proxy refuses: {error}")
    elif isinstance(error, httpx.NetworkError | OSError):
        failure = errors.ConnectionRefused("the connection was reset before an answer came")
    else:
        failure = errors.ProtocolFailed(f"no answer of HTTP: {str(error)[:200] or type(error).__name__}")
    failure.transient = True
    return failure


def _tls_failure(error: BaseException, url: httpx.URL) -> errors.TlsFailed:
    cause: BaseException | None = error
    while cause is not None and not isinstance(cause, ssl.SSLError):
        cause = cause.__cause__ or cause.__context__
    if isinstance(cause, ssl.SSLCertVerificationError):
        return errors.TlsFailed(f"the certificate of {url.host} is not valid: {cause.verify_message}")
    reason = f": {cause.reason}" if cause is not None and cause.reason else ""
    failure = errors.TlsFailed(f"no encrypted connection with {url.host}{reason}")
    failure.transient = True
    return failure
