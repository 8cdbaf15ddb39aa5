"""Keeping an archive's pace over all processes that share a database: the limiter that the flows give their clients.

It does what `scrapers.archive.pace.ProcessLimiter` does (evenly spaced turns, no bursts, everyone stops at a 429, a
circuit for refused connections) with its state in the store, so that two workers, or a check beside a backfill, keep
one pace together.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime, timedelta

import anyio

from scrapers.archive.pace import CircuitPolicy
from scrapers.errors import ArchiveRateLimited, ArchiveRefusing
from storage.pace import ArchiveHealth
from storage.store import Store

__all__ = ["SharedLimiter"]

_SOON = 0.02
"""Seconds: a turn that was waited for no longer than this is not asked again whether it still stands."""


class SharedLimiter:
    """A limiter (see `scrapers.archive.pace.Limiter`) for everything that shares a store.

    Parameters:
        store: where turns are reserved.
        policy: pauses and circuit; all processes should have the same.
        sleep: waits that many seconds (tests).
    """

    def __init__(
        self,
        store: Store,
        policy: CircuitPolicy | None = None,
        *,
        sleep: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        self.policy = policy or CircuitPolicy()
        self._store = store
        self._sleep = sleep

    async def acquire(self, archive: str, endpoint: str, rate: float) -> None:
        """Wait for this request's turn. Where a pause began while it waited, it queues up anew: else all that had
        waited would leave at once when the pause ends.

        Raises:
            ArchiveRateLimited, ArchiveRefusing
        """
        while True:
            turn = self._store.take_turn(archive, endpoint, 1 / rate, unless=self._hopeless)
            if not turn.taken:
                self._give_up(archive, turn.health, turn.now)
            if turn.wait <= 0:
                return
            await self._sleep(turn.wait)
            if turn.wait <= _SOON:
                return
            health, now = self._store.archive_health(archive)
            if not health.paused(now) and not health.open(now):
                return

    async def pause(self, archive: str, seconds: float = 0.0) -> float:
        policy = self.policy

        def paused(health: ArchiveHealth, now: datetime) -> ArchiveHealth:
            strikes = health.strikes + (not health.paused(now))
            least = min(policy.longest, policy.pause * 2 ** min(max(0, strikes - 1), 30))
            until = now + timedelta(seconds=min(policy.longest, max(least, seconds)))
            return replace(health, strikes=strikes, paused_until=max(until, health.paused_until or until))

        health, now = self._store.change_archive_health(archive, paused)
        return health.paused(now)

    async def refused(self, archive: str) -> None:
        policy = self.policy

        def refused(health: ArchiveHealth, now: datetime) -> ArchiveHealth:
            health = replace(health, refusals=health.refusals + 1)
            if health.refusals < policy.refusals or health.open(now):
                return health
            closed = min(policy.longest, policy.refused * 2 ** min(health.openings, 30))
            return replace(health, openings=health.openings + 1, open_until=now + timedelta(seconds=closed))

        self._store.change_archive_health(archive, refused)

    async def answered(self, archive: str) -> None:
        health, _ = self._store.archive_health(archive)
        if not health.spotless:  # mostly it is, and then nothing has to be written
            self._store.change_archive_health(archive, _forgiven)

    def _hopeless(self, health: ArchiveHealth, now: datetime) -> bool:
        paused = health.paused(now)
        return health.open(now) > 0 or (paused > 0 and (health.strikes > 1 or paused > self.policy.patience))

    def _give_up(self, archive: str, health: ArchiveHealth, now: datetime) -> None:
        if health.open_until is not None and health.open(now):
            raise ArchiveRefusing(
                f"{archive} refused our connections; it is left alone until {health.open_until:%H:%M} UTC",
                until=health.open_until,
            )
        raise ArchiveRateLimited(f"{archive} asks for fewer requests", retry_after=health.paused(now))


def _forgiven(health: ArchiveHealth, now: datetime) -> ArchiveHealth:
    # an answer that was under way when a pause began proves nothing about it
    strikes = health.strikes if health.paused(now) else 0
    return replace(health, refusals=0, openings=0, strikes=strikes)
