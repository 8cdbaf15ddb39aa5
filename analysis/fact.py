"""The value that a change is broken down into: one fact, with its words before and after."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum, StrEnum

__all__ = ["Direction", "Fact", "Severity", "Weight", "overall"]


class Severity(StrEnum):
    """How much a change matters. It orders and routes; nothing is dropped by it."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    COSMETIC = "cosmetic"

    @property
    def rank(self) -> int:
        """3 for high to 0 for cosmetic."""
        return {"high": 3, "medium": 2, "low": 1, "cosmetic": 0}[self.value]


class Direction(StrEnum):
    """Whom a change serves, seen from the person whose data it is."""

    ADVERSE = "adverse"
    FAVOURABLE = "favourable"
    MIXED = "mixed"
    NEUTRAL = "neutral"


class Weight(IntEnum):
    """What a fact does to the severity of its change."""

    NONE = 0
    LOW = 1
    MEDIUM = 2
    HIGH = 3

    @property
    def severity(self) -> Severity:
        return (Severity.COSMETIC, Severity.LOW, Severity.MEDIUM, Severity.HIGH)[self.value]


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that a change says.

    `kind` is one of: number, modality, negation, condition, promise, statement, recipient, purpose, data,
    mechanism, method, row, date, contact, entity, contradiction. `text` says it in plain words ("notice period
    30 days → 15 days"). `before` and `after` are the words on each side, "" where there are none; the spans are
    offsets into the texts compared. `role` says what a number or condition is about. `weight` is what it does to the
    severity.
    """

    kind: str
    text: str
    before: str = ""
    after: str = ""
    direction: Direction = Direction.NEUTRAL
    weight: Weight = Weight.LOW
    role: str = ""
    before_span: tuple[int, int] | None = None
    after_span: tuple[int, int] | None = None


def overall(directions: Iterable[Direction]) -> Direction:
    """The direction of several together: mixed if they disagree, neutral ones do not count."""
    seen = {direction for direction in directions if direction is not Direction.NEUTRAL}
    if not seen:
        return Direction.NEUTRAL
    return seen.pop() if len(seen) == 1 else Direction.MIXED
