"""What the caller of `write_reports` decides, and what it gets back."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime

from analysis.taxonomy import CategoryRule

__all__ = ["ReportOptions", "ReportResult"]


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """
    Parameters:
        now: decides what is upcoming and what is stale. Nothing else depends on it, so that a page is not written anew
            only because time went by.
        dashboard_url: where Prefect's dashboard is, for links to its runs; "" for no links.
        base_url: where the pages are served, for feeds, which need absolute addresses; "" for no feeds.
        stale_after_hours: a document that was not verified for so long is shown as stale.
        rules: categories of the user's, see `analysis.taxonomy`.
    """

    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    dashboard_url: str = ""
    base_url: str = ""
    stale_after_hours: float = 72
    rules: tuple[CategoryRule, ...] = ()


@dataclass(frozen=True, slots=True)
class ReportResult:
    """What `write_reports` did. `removed` are pages of what is no longer on record; they say so and lead on.

    `written` and `removed` are addresses relative to the folder; `size` is the bytes of what was written.
    """

    written: tuple[str, ...]
    unchanged: int
    removed: tuple[str, ...]
    size: int = 0

    @property
    def pages(self) -> int:
        """All pages there are now."""
        return len(self.written) + self.unchanged
