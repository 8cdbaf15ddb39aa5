"""How fast one host or archive is asked: at most so many requests at a time, and a least pause between their starts.

One `Pace` serves all tasks of a process. Each request, a redirect's and a retry's too, takes a turn:

    async with pace.turn("example.com"):
        ...

Those who wait for the same key are served in the order they came. `pause` holds a key's next turns back, as a
Retry-After asks for.
"""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import anyio

__all__ = ["HeldBack", "Pace"]

MAX_IDLE_KEYS = 10_000
"""Keys remembered; those without any effect left are dropped beyond it."""


class HeldBack(Exception):
    """A key is paused for longer than the caller would wait: `seconds` more."""

    def __init__(self, key: str, seconds: float) -> None:
        super().__init__(f"{key} is to be left alone for another {seconds:.0f} s")
        self.seconds = seconds


@dataclass(slots=True)
class _Key:
    gate: anyio.Lock = field(default_factory=anyio.Lock)
    freed: anyio.Event | None = None
    running: int = 0
    waiting: int = 0
    last_start: float = float("-inf")
    paused_until: float = float("-inf")


class Pace:
    """A limiter for any number of keys.

    Args:
        concurrent: most turns of one key at a time.
        interval: least seconds from the start of one turn to the start of the next of the same key.
        clock: seconds, never going back.
        sleep: what to wait with; together with `clock` to be replaced in tests.
    """

    def __init__(
        self,
        *,
        concurrent: int = 2,
        interval: float = 1.0,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = anyio.sleep,
    ) -> None:
        self.concurrent = concurrent
        self.interval = interval
        self._clock = clock
        self._sleep = sleep
        self._keys: dict[str, _Key] = {}

    @asynccontextmanager
    async def turn(
        self, key: str, *, concurrent: int | None = None, interval: float | None = None, patience: float | None = None
    ) -> AsyncIterator[float]:
        """Waits for a turn and holds it; gives the seconds waited.

        Args:
            key: whose turn, such as a host.
            concurrent, interval: this turn's own limits instead of the general ones.
            patience: longest pause (see `pause`) to be waited for, in seconds; None waits for any.

        Raises:
            HeldBack: the pause is longer than `patience`; also when it begins while this task is waiting.
        """
        limit = self.concurrent if concurrent is None else concurrent
        gap = self.interval if interval is None else interval
        state = self._state(key)
        asked = self._clock()
        state.waiting += 1
        try:
            # Whoever holds the gate is next; the others queue for it in their order.
            async with state.gate:
                while True:
                    if state.running >= limit:
                        state.freed = anyio.Event()
                        await state.freed.wait()
                        continue
                    now = self._clock()
                    if patience is not None and state.paused_until - now > patience:
                        raise HeldBack(key, state.paused_until - now)
                    wait = max(state.last_start + gap, state.paused_until) - now
                    if wait <= 0:
                        break
                    await self._sleep(wait)
                state.running += 1
                state.last_start = self._clock()
        finally:
            state.waiting -= 1
        try:
            yield state.last_start - asked
        finally:
            state.running -= 1
            if state.freed is not None:
                state.freed.set()

    def pause(self, key: str, seconds: float) -> None:
        """Nobody gets a turn of this key for so many seconds from now; never shortens an earlier pause."""
        state = self._state(key)
        state.paused_until = max(state.paused_until, self._clock() + seconds)

    def paused(self, key: str) -> float:
        """Seconds that `pause` still holds the key back; 0 when it does not."""
        state = self._keys.get(key)
        return 0.0 if state is None else max(0.0, state.paused_until - self._clock())

    def _state(self, key: str) -> _Key:
        state = self._keys.get(key)
        if state is None:
            if len(self._keys) >= MAX_IDLE_KEYS:
                self._forget()
            state = self._keys[key] = _Key()
        return state

    def _forget(self) -> None:
        """Drops the keys that nobody uses and that hold nobody back (an hour is longer than any interval allowed)."""
        now = self._clock()
        idle = [
            key
            for key, state in self._keys.items()
            if not state.running and not state.waiting and state.paused_until <= now and state.last_start <= now - 3600
        ]
        for key in idle:
            del self._keys[key]
