"""What a run has to say about each document, and about all of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from storage.records import CheckOutcome

__all__ = ["CheckResult", "count_outcomes", "exit_code"]


@dataclass(frozen=True, slots=True)
class CheckResult:
    """How one document came out of a check or a backfill.

    `detail` is one plain sentence where there is something to say (the failure, the reason of a hold, the change).
    `versions` counts those on record afterwards; `change_id` is the newest change that this run found.
    `elapsed` is in seconds.
    """

    key: str
    vendor: str
    document: str
    outcome: CheckOutcome
    detail: str = ""
    severity: str = ""
    error_kind: str = ""
    versions: int = 0
    captures: int = 0
    change_id: int | None = None
    last_verified: datetime | None = None
    pending_since: datetime | None = None
    elapsed: float = 0.0
    url: str = ""

    def as_json(self) -> dict[str, object]:
        """For `--json`: times in ISO 8601, outcome as its name."""
        return {
            "document": self.key,
            "outcome": self.outcome.value,
            "detail": self.detail,
            "severity": self.severity or None,
            "error": self.error_kind or None,
            "versions": self.versions,
            "captures": self.captures,
            "change": self.change_id,
            "last_verified": self.last_verified.isoformat() if self.last_verified else None,
            "seconds": round(self.elapsed, 3),
            "url": self.url or None,
        }


def count_outcomes(results: Iterable[CheckResult]) -> str:
    """ "57 unchanged, 2 changed, 1 failed": most frequent first."""
    counts = Counter(result.outcome.value for result in results)
    return ", ".join(f"{number} {name}" for name, number in counts.most_common()) or "nothing to check"


def exit_code(results: Iterable[CheckResult]) -> int:
    """0 when every document was seen, 1 when a watch failed or sees something that is not its document."""
    return 1 if any(result.outcome.failing for result in results) else 0
