"""What there is to tell: the facts that `flows` takes from the store and the judgement and hands to `compose`.

Small values of our own, so that alerts depend neither on the tables nor on how a judgement is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from analysis.alignment import Span

__all__ = ["CaptureNews", "ChangeNews", "ClauseNews", "DocumentRef", "WatchNews"]


@dataclass(frozen=True, slots=True)
class DocumentRef:
    """A watched document. `key` is "vendor-slug/document-slug"; `type` one of the Open Terms Archive types."""

    key: str
    name: str
    type: str
    vendor: str  # slug
    vendor_name: str
    tags: tuple[str, ...] = ()
    urls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CaptureNews:
    """One of the two captures of a change. `memento` is its address in an archive, or ""; `sha256` of its bytes."""

    time: datetime
    memento: str = ""
    sha256: str = ""


@dataclass(frozen=True, slots=True)
class ClauseNews:
    """A clause change as `analysis.judgement` gives it. Without `spans`, all of before and after counts as changed.

    `category` is what it speaks of most, `categories` all that it speaks of: a route that asks for one of them is told.
    """

    category: str
    kind: str  # added, removed, modified, reworded, moved, cosmetic
    severity: str  # high, medium, low, cosmetic
    direction: str = "neutral"  # adverse, favourable, mixed, neutral
    heading: str = ""
    before: str = ""
    after: str = ""
    reason: str = ""
    facts: tuple[str, ...] = ()
    spans: tuple[Span, ...] = ()
    categories: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ChangeNews:
    """Two consecutive versions of a document. `stood_since` is when the old text was first seen."""

    document: DocumentRef
    clauses: tuple[ClauseNews, ...]
    severity: str
    direction: str
    summary: str
    before: CaptureNews
    after: CaptureNews
    stood_since: datetime
    verified: datetime
    run_id: str = ""
    facts: tuple[str, ...] = ()
    effective: date | None = None
    report: str = ""  # address of the report page's difference, or ""
    change_key: str = ""  # names the change: equal for the same change however often it is computed


@dataclass(frozen=True, slots=True)
class WatchNews:
    """The state of watching a document, for messages about failures. `advice` is the error's own sentence."""

    document: DocumentRef
    failures: int
    failing_since: datetime | None
    last_verified: datetime | None
    error_kind: str = ""
    detail: str = ""
    advice: str = ""
    url: str = ""
    status: int | None = None
    run_id: str = ""
