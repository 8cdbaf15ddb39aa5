"""What to do next about one alert at one endpoint: pure, from the log of attempts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from alerts.settings import AlertSettings
from storage.records import DeliveryRecord, DeliveryState

__all__ = ["MAY_HAVE_ARRIVED", "Step", "Todo", "next_step", "wait_after"]

MAY_HAVE_ARRIVED = "may have arrived: "
"""How the detail of an attempt begins that was handed over and got no answer."""


class Todo(StrEnum):
    SEND = "send"
    WAIT = "wait"
    DONE = "done"
    GIVE_UP = "give up"


@dataclass(frozen=True, slots=True)
class Step:
    """`repeated`: an earlier attempt may have arrived, and the message has to say so."""

    todo: Todo
    attempt: int = 1
    repeated: bool = False
    why: str = ""
    until: datetime | None = None


def next_step(attempts: Sequence[DeliveryRecord], now: datetime, settings: AlertSettings) -> Step:
    """Decide from all attempts at one endpoint, oldest first. The caller holds the claim of the alert.

    So an attempt that was started and never finished belongs to a process that died. It may have arrived: it is
    repeated once, marked, and given up after a second such one. Rather tell the operators of a message that was perhaps
    lost than send it again and again.
    """
    if any(attempt.state is DeliveryState.SENT for attempt in attempts):
        return Step(Todo.DONE)
    last = attempts[-1] if attempts else None
    unknown = sum(_open(attempt) or attempt.detail.startswith(MAY_HAVE_ARRIVED) for attempt in attempts)
    if unknown > 1:
        return Step(Todo.GIVE_UP, why="was sent twice without an answer, and may have arrived")
    if len(attempts) >= settings.attempts:
        why = (
            f"failed {len(attempts)} times, last: {last.detail}"
            if last and last.detail
            else f"failed {len(attempts)} times"
        )
        return Step(Todo.GIVE_UP, why=why)
    if last is not None and last.next_try is not None and now < last.next_try:
        return Step(Todo.WAIT, until=last.next_try)
    return Step(Todo.SEND, attempt=len(attempts) + 1, repeated=unknown > 0)


def wait_after(attempt: int, settings: AlertSettings, asked: float | None = None) -> timedelta:
    """How long to wait after the `attempt`-th failure: doubled each time, at least what the receiver `asked` for."""
    seconds = settings.first_retry_seconds * 2.0 ** min(attempt - 1, 40)
    return timedelta(seconds=max(min(seconds, settings.longest_retry_seconds), asked or 0.0))


def _open(attempt: DeliveryRecord) -> bool:
    return attempt.state is DeliveryState.STARTED and attempt.finished is None
