"""One HTTP exchange with an archive: in its pace, with retries, under caps, and safe from what archived headers hold.

Three things differ from an ordinary client. An answer with a `Memento-Datetime` is content whatever its status: an
archived 503 is never retried. An archived `Location` may be no URL at all, which httpx parses (and fails on) even when
it is told not to follow: it is taken out of the headers first. And bodies are decoded by `scrapers.body`, because
httpx takes truncated gzip for whole and fails on a plain body that is labelled gzip (reference/wayback.md 1.2, 6).
"""

from __future__ import annotations

import errno
import hashlib
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.cookiejar import CookieJar, DefaultCookiePolicy
from types import TracebackType

import anyio
import httpx

from scrapers.archive.cdx import raise_if_forbidden
from scrapers.archive.limits import ExchangeLimits
from scrapers.archive.pace import Limiter, ProcessLimiter
from scrapers.archive.profiles import ArchiveProfile, Endpoint
from scrapers.body import Body, read_body
from scrapers.errors import (
    ArchiveError,
    ArchiveFormat,
    ArchiveRateLimited,
    ArchiveUnavailable,
    BodyFailed,
    BodyTruncated,
    NotPlayable,
)
from scrapers.exchange import retry_after_seconds

__all__ = ["Answer", "Exchange", "Traffic"]

RETRIED = frozenset({413, 421, 500, 502, 503, 504, 520, 599})
"""Statuses of an archive (not of a memento) that a later try may cure."""


@dataclass(slots=True)
class Traffic:
    """What a client has sent and got so far, for progress and checks."""

    requests: dict[Endpoint, int] = field(default_factory=lambda: dict.fromkeys(Endpoint, 0))
    retries: int = 0
    wire_bytes: int = 0

    @property
    def total(self) -> int:
        return sum(self.requests.values())


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: `location` apart from the headers, `digest` the base32 SHA-1 of the body as it was sent."""

    url: str
    status: int
    headers: httpx.Headers
    location: str | None
    body: Body
    wire_digest: bytes
    elapsed: float

    @property
    def memento_datetime(self) -> datetime | None:
        """When the capture was made; None where this is no memento but the archive's own answer."""
        given = self.headers.get("memento-datetime")
        if not given:
            return None
        try:
            return parsedate_to_datetime(given).astimezone(UTC)
        except (ValueError, OverflowError):
            return None

    @property
    def text(self) -> str:
        """The body of an index or of an archive's own page (never of a memento, whose charset is its own)."""
        return self.body.data.decode("utf-8", "replace")


class _Pool:
    """An httpx client that closes itself once it has been replaced and nobody uses it any more."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self.client = client
        self.users = 0
        self.retired = False

    async def leave(self) -> None:
        self.users -= 1
        if self.retired and not self.users:
            await self.client.aclose()


class _HashedStream(httpx.AsyncByteStream):
    """A response's bytes as they pass, hashed: an index's digest may be that of the body before decompression."""

    def __init__(self, stream: httpx.AsyncByteStream) -> None:
        self._stream = stream
        self.sha1 = hashlib.sha1(usedforsecurity=False)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._stream:
            self.sha1.update(piece)
            yield piece

    async def aclose(self) -> None:
        await self._stream.aclose()


class Exchange:
    """Sends requests to one archive; see the module. Use it as an asynchronous context manager.

    Parameters:
        profile: the archive.
        user_agent: who asks, with an address where its people can be reached.
        limiter: shared by all that talk to the archive; one of its own where none is given.
        transport: replaces the network (recordings, an ASGI app); closed with this object, as httpx does.
        limits: times and sizes.
        sleep, jitter: waiting and randomness between tries (tests).
    """

    def __init__(
        self,
        profile: ArchiveProfile,
        *,
        user_agent: str,
        limiter: Limiter | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        limits: ExchangeLimits | None = None,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self.profile = profile
        self.limits = limits or ExchangeLimits()
        self.limiter: Limiter = limiter or ProcessLimiter()
        self.traffic = Traffic()
        self._user_agent = user_agent
        self._transport = transport
        self._sleep = sleep
        self._jitter = jitter
        self._pool = self._new_pool()
        # A turn is taken only when there is a connection for it: else requests that waited for one would leave in a
        # burst, faster than the archive allows.
        self._slots = {
            endpoint: anyio.Semaphore(self.limits.connections if endpoint is Endpoint.PLAYBACK else 1)
            for endpoint in Endpoint
        }

    async def __aenter__(self) -> Exchange:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._pool.client.aclose()

    async def request(
        self,
        url: str,
        endpoint: Endpoint,
        *,
        method: str = "GET",
        parameters: Sequence[tuple[str, str]] = (),
        form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
        hand_back: frozenset[int] = frozenset(),
    ) -> Answer:
        """One answer that means something: a memento of any status, or the archive's own below 500 and not 429.

        `hand_back` are statuses that the caller deals with instead of having them retried.

        Raises:
            ArchiveRateLimited: 429 twice, or a longer pause asked for than one waits.
            ArchiveRefusing: connections refused in a row.
            ArchiveUnavailable: all tries failed.
            ArchiveExcluded, ArchiveBlockedByRobots: said in the header that exists for it.
            NotPlayable, ArchiveFormat: the address cannot be requested, or its body cannot be read.
        """
        limited = False
        tries = 0
        while True:
            wait: float | None = None
            try:
                async with self._slots[endpoint]:
                    await self.limiter.acquire(self.profile.key, endpoint, self.profile.rates.of(endpoint))
                    self.traffic.requests[endpoint] += 1
                    answer = await self._send(method, url, endpoint, parameters, form, headers)
            except (httpx.TransportError, BodyTruncated, TimeoutError) as error:
                await self._note_failure(error)
                failure: ArchiveError = _failed(error, url, endpoint)
            except BodyFailed as error:
                unreadable = NotPlayable if endpoint is Endpoint.PLAYBACK else ArchiveFormat
                raise unreadable(f"its body cannot be read: {error.message}", url=url) from error
            else:
                if answer.status == 429 and answer.memento_datetime is None:
                    left = await self.limiter.pause(self.profile.key, self._retry_after(answer) or 0.0)
                    if limited or left > self.limits.longest_wait:
                        raise ArchiveRateLimited(
                            "the archive asks for fewer requests", retry_after=left, url=url, status=429
                        )
                    limited = True
                    continue
                await self.limiter.answered(self.profile.key)
                retried = answer.status in RETRIED and answer.memento_datetime is None
                if not retried or answer.status in hand_back:
                    raise_if_forbidden(
                        "", answer.headers.get("x-archive-wayback-runtime-error", ""), url, answer.status
                    )
                    return answer
                wait = self._retry_after(answer)
                failure = ArchiveUnavailable(f"the archive answered {answer.status}", url=url, status=answer.status)
            tries += 1
            if tries >= self.limits.tries or (wait or 0.0) > self.limits.longest_wait:
                raise failure
            self.traffic.retries += 1
            await self._sleep(max(wait or 0.0, self._backoff(tries)))

    @staticmethod
    def _retry_after(answer: Answer) -> float | None:
        return retry_after_seconds(answer.headers.get("retry-after"), datetime.now(UTC))

    def _backoff(self, tries: int) -> float:
        """The first retry comes at once: most resets are single. Then 4, 8, 16 seconds, halved at random."""
        return 0.0 if tries == 1 else 2.0 * 2 ** (tries - 1) * (0.5 + self._jitter() / 2)

    async def _send(
        self,
        method: str,
        url: str,
        endpoint: Endpoint,
        parameters: Sequence[tuple[str, str]],
        form: Mapping[str, str] | None,
        headers: Mapping[str, str] | None,
    ) -> Answer:
        pool = self._pool
        started = time.monotonic()
        try:
            request = pool.client.build_request(
                method,
                url,
                params=httpx.QueryParams(list(parameters)) if parameters else None,
                data=form,
                headers=headers,
            )
        except (httpx.InvalidURL, ValueError) as error:
            raise NotPlayable(f"the address cannot be requested: {error}", url=url[:500]) from error
        largest = self.limits.max_index_bytes if endpoint is Endpoint.INDEX else self.limits.max_bytes
        wire = self.limits.max_index_bytes if endpoint is Endpoint.INDEX else self.limits.max_wire_bytes
        pool.users += 1
        try:
            with anyio.fail_after(self.limits.total_timeout):
                response = await pool.client.send(request, stream=True)
                try:
                    assert isinstance(response.stream, httpx.AsyncByteStream)
                    response.stream = stream = _HashedStream(response.stream)
                    body = await read_body(response, max_bytes=largest, max_wire_bytes=wire)
                finally:
                    await response.aclose()
        finally:
            with anyio.CancelScope(shield=True):
                await pool.leave()
        self.traffic.wire_bytes += body.wire_bytes
        return Answer(
            url=url,
            status=response.status_code,
            headers=response.headers,
            location=response.extensions.get("archived_location"),
            body=body,
            wire_digest=stream.sha1.digest(),
            elapsed=time.monotonic() - started,
        )

    async def _note_failure(self, error: Exception) -> None:
        if not isinstance(error, httpx.ConnectError):
            return
        if _is_refusal(error):
            await self.limiter.refused(self.profile.key)
        # A pool that has met a connection error goes on meeting them: EDGI cut errors from 5-8 % to 1-2 % by
        # taking a new one (reference/wayback.md 1.4).
        if self._transport is None:
            old, self._pool = self._pool, self._new_pool()
            old.retired = True
            old.users += 1
            await old.leave()

    def _new_pool(self) -> _Pool:
        limits = self.limits
        return _Pool(
            httpx.AsyncClient(
                transport=self._transport,
                headers={"User-Agent": self._user_agent, "Accept-Encoding": "gzip, deflate"},
                timeout=httpx.Timeout(limits.read_timeout, connect=limits.connect_timeout, pool=None),
                limits=httpx.Limits(
                    max_connections=limits.connections,
                    max_keepalive_connections=limits.connections,
                    keepalive_expiry=60.0,
                ),
                # pages of other sites set cookies here (pywb passes them on)
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
                event_hooks={"response": [_take_location]},
                follow_redirects=False,
            )
        )


async def _take_location(response: httpx.Response) -> None:
    """Moves `Location` where httpx does not parse it."""
    location = response.headers.pop("location", None)
    if location is not None:
        response.extensions["archived_location"] = location


def _failed(error: Exception, url: str, endpoint: Endpoint) -> ArchiveError:
    if isinstance(error, BodyTruncated) and endpoint is Endpoint.PLAYBACK:
        # every time: then the archive holds no more than this
        failure: ArchiveError = NotPlayable(f"its body cannot be read: {error.message}", url=url)
    elif isinstance(error, TimeoutError):
        failure = ArchiveUnavailable("the archive took too long to answer", url=url)
    else:
        failure = ArchiveUnavailable(f"no answer from the archive ({type(error).__name__}: {error})", url=url)
    failure.__cause__ = error
    return failure


def _is_refusal(error: BaseException) -> bool:
    """Whether connections were refused (or reset before an answer), somewhere under what httpx and anyio made of it."""
    todo: list[BaseException | None] = [error]
    for _ in range(50):
        if not todo:
            return False
        one = todo.pop()
        if isinstance(one, OSError) and one.errno in (errno.ECONNREFUSED, errno.ECONNRESET):
            return True
        if isinstance(one, BaseExceptionGroup):
            todo += one.exceptions
        if one is not None:
            todo += [one.__cause__, one.__context__]
    return False
