"""Keeping an archive's pace: one limiter for all that talks to it.

The Internet Archive blocks an address for an hour, doubling, when a 429 is ignored for a minute (reference/wayback.md
1.4). So every HTTP request passes here first, retries and redirect hops included, and a 429 or refused connections
stop everyone, not only the task that met them.

`Limiter` is the interface; `ProcessLimiter` serves the tasks of one event loop. Where several processes work, a
limiter that keeps its state in the database takes its place.
"""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

import anyio

from scrapers.errors import ArchiveRateLimited, ArchiveRefusing

__all__ = ["CircuitPolicy", "Limiter", "ProcessLimiter"]


@dataclass(frozen=True, slots=True)
class CircuitPolicy:
    """When and for how long an archive is left alone. Times are in seconds.

    Parameters:
        pause: the least pause after a 429; doubled for each that follows before a good answer.
        patience: a longer wait than this is not waited for: the work goes back to the schedule.
        refusals: connections refused in a row that open the circuit.
        refused: how long the circuit stays open the first time; doubled each time it opens again at once.
        longest: no pause and no open circuit is longer.
    """

    pause: float = 60.0
    patience: float = 300.0
    refusals: int = 5
    refused: float = 3600.0
    longest: float = 86400.0


class Limiter(Protocol):
    """What the client needs of a limiter. `archive` is `ArchiveProfile.key`, `endpoint` one of `Endpoint`."""

    async def acquire(self, archive: str, endpoint: str, rate: float) -> None:
        """Wait for this request's turn at `rate` requests per second.

        Raises:
            ArchiveRateLimited: the archive asked for a pause that is longer than one waits for, or asked twice.
            ArchiveRefusing: the circuit is open.
        """

    async def pause(self, archive: str, seconds: float = 0.0) -> float:
        """A 429 came: everyone waits for `seconds` or the least pause. Gives the seconds that are left of it."""

    async def refused(self, archive: str) -> None:
        """A connection was refused. Enough of them in a row open the circuit: the next `acquire` raises."""

    async def answered(self, archive: str) -> None:
        """The archive answered as an archive does: whatever was counted against it is forgotten."""


@dataclass(slots=True)
class _Health:
    paused_until: float = 0.0
    strikes: int = 0  # 429s since the last good answer, those that came during a pause not counted
    refusals: int = 0
    openings: int = 0
    open_until: float = 0.0


@dataclass(slots=True)
class _Queue:
    next_turn: float = 0.0
    lock: anyio.Lock = field(default_factory=anyio.Lock)


class ProcessLimiter:
    """A limiter for the tasks of one event loop: turns are evenly spaced, first come, first served, no bursts.

    Parameters:
        policy: pauses and circuit, see `CircuitPolicy`.
        clock: seconds from any zero, never going back.
        sleep: waits that many seconds.
    """

    def __init__(
        self,
        policy: CircuitPolicy = CircuitPolicy(),
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self.policy = policy
        self._clock = clock
        self._sleep = sleep
        self._health: dict[str, _Health] = {}
        self._queues: dict[tuple[str, str], _Queue] = {}

    async def acquire(self, archive: str, endpoint: str, rate: float) -> None:
        health = self._of(archive)
        queue = self._queues.setdefault((archive, endpoint), _Queue())
        self._refuse_if_hopeless(archive, health)
        async with queue.lock:  # the head of the queue waits for its turn, the others for the head
            while (wait := max(queue.next_turn, health.paused_until) - self._clock()) > 0:
                self._refuse_if_hopeless(archive, health)
                await self._sleep(wait)
            self._refuse_if_hopeless(archive, health)
            queue.next_turn = max(queue.next_turn, self._clock()) + 1 / rate

    async def pause(self, archive: str, seconds: float = 0.0) -> float:
        health = self._of(archive)
        now = self._clock()
        if now >= health.paused_until:
            health.strikes += 1
        least = min(self.policy.longest, self.policy.pause * 2 ** max(0, health.strikes - 1))
        health.paused_until = max(health.paused_until, now + min(self.policy.longest, max(least, seconds)))
        return health.paused_until - now

    async def refused(self, archive: str) -> None:
        health = self._of(archive)
        health.refusals += 1
        now = self._clock()
        if health.refusals >= self.policy.refusals and now >= health.open_until:
            health.open_until = now + min(self.policy.longest, self.policy.refused * 2**health.openings)
            health.openings += 1

    async def answered(self, archive: str) -> None:
        health = self._of(archive)
        health.refusals = health.openings = 0
        if self._clock() >= health.paused_until:  # an answer that was under way when the pause began proves nothing
            health.strikes = 0

    def waiting(self, archive: str) -> float:
        """Seconds for which the archive is left alone from now on; 0 where it may be asked."""
        health = self._of(archive)
        return max(0.0, max(health.paused_until, health.open_until) - self._clock())

    def _of(self, archive: str) -> _Health:
        return self._health.setdefault(archive, _Health())

    def _refuse_if_hopeless(self, archive: str, health: _Health) -> None:
        now = self._clock()
        if (left := health.open_until - now) > 0:
            until = datetime.now(UTC) + timedelta(seconds=left)
            raise ArchiveRefusing(
                f"{archive} refused our connections; it is left alone until {until:%H:%M} UTC", until=until
            )
        left = health.paused_until - now
        if left > 0 and (health.strikes > 1 or left > self.policy.patience):
            raise ArchiveRateLimited(f"{archive} asks for fewer requests", retry_after=left)
