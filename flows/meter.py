"""Saying how far long work with archives is: what it does, how much is left, at which pace, and until when."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta

from flows.run import Progress, Run

__all__ = ["Meter"]

OFTEN = 0.2
"""Seconds between two words about fetching: more would not be read, and to count what is left takes time."""


class Meter:
    """The progress of one document among those of a run.

    Parameters:
        run: who is told.
        key: the document's.
        clock: seconds from any zero, never going back.
    """

    def __init__(self, run: Run, key: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._run = run
        self._key = key
        self._clock = clock
        self._started = clock()
        self._done = 0
        self._said = -OFTEN

    def listing(self, archive: str, rows: int) -> None:
        self._say(f"{self._key}: listing {archive}, {rows} captures so far", 0.0)

    def begin(self) -> None:
        """Fetching begins now: the pace is counted from here."""
        self._started = self._clock()
        self._done = 0
        self._said = -OFTEN

    def fetched(self, count_left: Callable[[], int], rate: float) -> None:
        """One more was fetched.

        Parameters:
            count_left: counts how many more it can be at most; bisection mostly needs fewer.
            rate: requests per second that the archive allows.
        """
        self._done += 1
        elapsed = self._clock() - self._started
        if elapsed - self._said < OFTEN:
            return
        self._said = elapsed
        left = count_left()
        pace = min(rate, self._done / elapsed) if elapsed > 0 else rate
        self._say(say_pace(self._key, self._done, left, pace, self._run.now()), self._done / (self._done + left))

    def settling(self) -> None:
        self._say(f"{self._key}: reading what was fetched", 1.0)

    def _say(self, note: str, part: float) -> None:
        self._run.tell(Progress(self._run.done, self._run.total, note=note, part=part))


def say_pace(key: str, done: int, left: int, pace: float, now: datetime) -> str:
    """ "acme/privacy-policy: 12 of at most 105 fetched, 7.8/s, until 14:05 UTC"."""
    end = now + timedelta(seconds=left / pace)
    when = f"{end:%H:%M}" if end.date() == now.date() else f"{end:%b %d %H:%M}"
    return f"{key}: {done} of at most {done + left} fetched, {pace:.1f}/s, until {when} UTC"
