"""Save Page Now 2: have the Internet Archive capture a page, as evidence (reference/wayback.md 1.5).

Needs the S3 keys of an archive.org account; without them it answers 401. Errors come with HTTP 200, from the first
request too. A fresh capture is not listed at once and its own address leads to an older one for a while: keep its
timestamp and look again later.

    async with SavePageNow(access_key, secret_key, user_agent="...") as saver:
        saved = await saver.save("https://example.com/privacy", if_not_archived_within="1d")
        print(saved.memento_url)
"""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from types import TracebackType
from typing import Any

import anyio
import httpx

from scrapers.archive.exchange import Answer, Exchange
from scrapers.archive.limits import ExchangeLimits
from scrapers.archive.pace import Limiter
from scrapers.archive.profiles import INTERNET_ARCHIVE, ArchiveProfile, Endpoint
from scrapers.archive.timestamps import parse_timestamp
from scrapers.errors import ArchiveFormat, SaveFailed

__all__ = ["SAVE_ERRORS", "SaveCapacity", "SaveJob", "SavePageNow", "SaveState", "SaveStatus", "Saved"]

_TRANSIENT = (
    "bad-gateway",
    "browsing-timeout",
    "cannot-fetch",
    "capture-location-error",
    "celery",
    "gateway-timeout",
    "internal-server-error",
    "invalid-server-response",
    "job-failed",
    "no-browsers-available",
    "protocol-error",
    "proxy-error",
    "read-timeout",
    "service-unavailable",
    "soft-time-limit-exceeded",
    "too-many-requests",
    "user-session-limit",
)
_PERMANENT = (
    "blocked-url",
    "invalid-url-syntax",
    "invalid-host-resolution",
    "not-found",
    "no-access",
    "unauthorized",
    "filesize-limit",
    "too-many-redirects",
    "too-many-daily-captures",
)

SAVE_ERRORS: Mapping[str, bool] = {**dict.fromkeys(_TRANSIENT, True), **dict.fromkeys(_PERMANENT, False)}
"""Every documented `status_ext` without its "error:", and whether a later try can succeed. Unknown ones cannot."""

LEAST_POLL = 3.0
_WITHIN = re.compile(r"(?:\d+[dhms] ?)+|\d+")


class SaveState(StrEnum):
    PENDING = "pending"
    SUCCESS = "success"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class SaveJob:
    """A capture that was ordered. `message` is what the archive adds, such as that it has one from minutes ago."""

    job_id: str
    url: str
    message: str = ""


@dataclass(frozen=True, slots=True)
class SaveStatus:
    """How a job stands. On success `timestamp` (14 digits) and `original_url`, after redirects, name the memento; on
    error `code` is one of `SAVE_ERRORS`."""

    job_id: str
    state: SaveState
    timestamp: str = ""
    original_url: str = ""
    http_status: int | None = None
    code: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True)
class Saved:
    """A page that the archive has captured; `memento_url` is where people find it, in a while."""

    url: str
    original_url: str
    timestamp: str
    memento_url: str
    job_id: str
    http_status: int | None = None
    message: str = ""

    @property
    def time(self) -> datetime:
        return parse_timestamp(self.timestamp)


@dataclass(frozen=True, slots=True)
class SaveCapacity:
    """What an account may still do: jobs at once and captures today."""

    available: int
    processing: int
    daily_captures: int
    daily_captures_limit: int


class SavePageNow:
    """Orders captures and asks after them; see the module. Use it as an asynchronous context manager.

    Parameters:
        access_key, secret_key: of https://archive.org/account/s3.php; they are sent in a header and never logged.
        user_agent, limiter, transport, limits: as for `ArchiveClient`.
        profile: the archive; its `save_url` is used.
        sleep, clock: waiting and seconds (tests).
    """

    def __init__(
        self,
        access_key: str,
        secret_key: str,
        *,
        user_agent: str,
        profile: ArchiveProfile = INTERNET_ARCHIVE,
        limiter: Limiter | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
        limits: ExchangeLimits | None = None,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
        clock: Callable[[], float] = time.monotonic,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        if not profile.save_url:
            raise ValueError(f"archive {profile.name} cannot save pages")
        for key in (access_key, secret_key):
            if not key or not key.isascii() or not key.isprintable() or ":" in key or " " in key:
                raise ValueError("a key of Save Page Now is missing or holds characters that no key has")
        self.profile = profile
        self._url = profile.save_url.rstrip("/")
        self._headers = {"Accept": "application/json", "Authorization": f"LOW {access_key}:{secret_key}"}
        self._sleep = sleep
        self._clock = clock
        self._jitter = jitter
        self._exchange = Exchange(
            profile,
            user_agent=user_agent,
            limiter=limiter,
            transport=transport,
            limits=limits,
            sleep=sleep,
            jitter=jitter,
        )

    async def __aenter__(self) -> SavePageNow:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._exchange.aclose()

    async def submit(
        self,
        url: str,
        *,
        if_not_archived_within: str = "",
        options: Mapping[str, str | bool] | None = None,
    ) -> SaveJob:
        """Order a capture.

        Parameters:
            url: of the page.
            if_not_archived_within: such as "3d 5h" or seconds; a younger capture is given instead of a new one.
            options: others of the service (capture_outlinks, js_behavior_timeout, ...); True is sent as "1".

        Raises:
            SaveFailed: the archive will not; `code` says why, `transient` whether it may later.
            ArchiveRateLimited, ArchiveRefusing, ArchiveUnavailable: try again later.
        """
        if if_not_archived_within and not _WITHIN.fullmatch(if_not_archived_within):
            raise ValueError(f"not a duration such as 3d 5h: {if_not_archived_within!r}")
        form = {"url": url, "skip_first_archive": "1"}
        if if_not_archived_within:
            form["if_not_archived_within"] = if_not_archived_within
        for name, value in (options or {}).items():
            if value is not False:
                form[name] = "1" if value is True else value
        answer = await self._request(self._url, method="POST", form=form)
        said = _record(answer)
        job_id = said.get("job_id")
        if isinstance(job_id, str) and job_id:
            return SaveJob(job_id, url, _text(said, "message"))
        raise _failure(said, answer, url)

    async def status(self, job_id: str) -> SaveStatus:
        """Ask after a job. An error of the job is a state here, not an exception.

        Raises:
            SaveFailed: the archive knows no such job, or not these keys.
        """
        if not re.fullmatch(r"[\w-]{1,100}", job_id):
            raise ValueError(f"not a job's id: {job_id!r}")
        answer = await self._request(f"{self._url}/status/{job_id}")
        said = _record(answer)
        try:
            state = SaveState(_text(said, "status"))
        except ValueError:
            raise _failure(said, answer, job_id) from None
        http_status = said.get("http_status")
        return SaveStatus(
            job_id,
            state,
            _text(said, "timestamp"),
            _text(said, "original_url"),
            http_status if isinstance(http_status, int) else None,
            _code(said),
            _text(said, "message"),
        )

    async def save(
        self, url: str, *, if_not_archived_within: str = "", poll: float = 6.0, patience: float = 180.0
    ) -> Saved:
        """Order a capture and wait for it.

        Parameters:
            poll: seconds between two looks; the service asks for at least three.
            patience: seconds after which it counts as lost; a capture takes two minutes at most.

        Raises:
            SaveFailed: with the job's own code; "timeout" when it never ended (transient).
        """
        job = await self.submit(url, if_not_archived_within=if_not_archived_within)
        give_up = self._clock() + patience
        while True:
            await self._sleep(max(LEAST_POLL, poll))
            status = await self.status(job.job_id)
            if status.state is SaveState.SUCCESS:
                return self._saved(job, status)
            if status.state is SaveState.ERROR:
                raise SaveFailed(
                    status.message or f"the archive could not save it ({status.code})",
                    code=status.code,
                    transient=SAVE_ERRORS.get(status.code, False),
                    url=url,
                )
            if self._clock() >= give_up:
                raise SaveFailed("the archive did not finish saving it", code="timeout", transient=True, url=url)

    async def capacity(self) -> SaveCapacity:
        """What the account may still do. The service caches this answer unless its address is new each time."""
        answer = await self._request(f"{self._url}/status/user", parameters=[("_t", f"{self._jitter():.16f}")])
        said = _record(answer)
        if "available" not in said:
            raise _failure(said, answer, "")
        names = ("available", "processing", "daily_captures", "daily_captures_limit")
        numbers = [value if isinstance(value := said.get(name), int) else 0 for name in names]
        return SaveCapacity(*numbers)

    async def _request(
        self,
        url: str,
        *,
        method: str = "GET",
        form: Mapping[str, str] | None = None,
        parameters: list[tuple[str, str]] | None = None,
    ) -> Answer:
        return await self._exchange.request(
            url, Endpoint.SAVE, method=method, form=form, parameters=parameters or (), headers=self._headers
        )

    def _saved(self, job: SaveJob, status: SaveStatus) -> Saved:
        try:
            parse_timestamp(status.timestamp)
        except ValueError as error:
            raise ArchiveFormat("a saved page without a timestamp", url=job.url) from error
        original = status.original_url or job.url
        return Saved(
            job.url,
            original,
            status.timestamp,
            self.profile.memento_url(original, status.timestamp, ""),
            job.job_id,
            status.http_status,
            status.message or job.message,
        )


def _record(answer: Answer) -> dict[str, Any]:
    try:
        said = json.loads(answer.text)
    except (ValueError, RecursionError):
        said = None
    if isinstance(said, dict):
        return said
    if answer.status in (401, 403):
        return {"status_ext": "error:unauthorized", "message": "the archive does not accept these keys"}
    raise ArchiveFormat(f"the archive answered {answer.status}, no JSON", url=answer.url, status=answer.status)


def _text(said: Mapping[str, Any], name: str) -> str:
    value = said.get(name)
    return value if isinstance(value, str) else ""


def _code(said: Mapping[str, Any]) -> str:
    return _text(said, "status_ext").removeprefix("error:")


def _failure(said: Mapping[str, Any], answer: Answer, url: str) -> SaveFailed:
    """What an answer without a job means. The service's words are for people, its `status_ext` for programs."""
    code = _code(said) or ("unauthorized" if answer.status in (401, 403) else "unknown")
    message = _text(said, "message") or f"the archive would not save it ({code})"
    return SaveFailed(message[:500], code=code, transient=SAVE_ERRORS.get(code, False), url=url, status=answer.status)
