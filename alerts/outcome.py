"""What became of one attempt to send."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from alerts.message import Message

__all__ = ["Outcome", "Result", "Sender"]


class Result(StrEnum):
    SENT = "sent"  # acknowledged
    FAILED = "failed"  # certainly not accepted
    UNKNOWN = "unknown"  # handed over, and no answer: it may have arrived


@dataclass(frozen=True, slots=True)
class Outcome:
    """`detail` is one plain sentence without secrets; `retry_after` are seconds that the receiver asked us to wait."""

    result: Result
    detail: str = ""
    retry_after: float | None = None


class Sender(Protocol):
    """Sends to one target. `key` names the alert and the target, the same at every attempt; errors become outcomes."""

    async def send(self, message: Message, *, key: str, timeout: float) -> Outcome: ...
