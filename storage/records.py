"""What the store takes and gives: frozen values, no tables, no sessions.

This module imports nothing but the standard library, so that a command that only reads starts quickly.
All times are UTC-aware. Hashes are lower-case hexadecimal SHA-256.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Protocol, TypeAlias

__all__ = [
    "AlertRecord",
    "AlertState",
    "ArchivedRow",
    "CaptureRecord",
    "ChangeKind",
    "ChangeRecord",
    "CheckOutcome",
    "CheckRecord",
    "CheckSaved",
    "ClauseChangeRecord",
    "CursorRecord",
    "DeliveryRecord",
    "DeliveryState",
    "DocumentSpec",
    "ExtractionRecord",
    "FetchedLike",
    "HistoryEntry",
    "HistoryUpdate",
    "HoldRecord",
    "HoldState",
    "HopLike",
    "Json",
    "ListingRecord",
    "ListingRow",
    "ListingState",
    "OwedAlert",
    "PruneResult",
    "RegisterResult",
    "RunRecord",
    "SavedCapture",
    "SightingRecord",
    "SourceRecord",
    "SourceSpec",
    "VendorSpec",
    "VersionRecord",
    "WatchedDocument",
]

Json: TypeAlias = "str | int | float | bool | Sequence[Json] | Mapping[str, Json] | None"


class CheckOutcome(StrEnum):
    """How one look at one document ended.

    Silence has to mean "checked, unchanged", so `verified` is true only where the page was read, believed and found in
    a state that is on record: those outcomes move the document's `last_verified`. A state that is new and not yet
    confirmed, a page that gave two answers, and a page that the gate does not believe verify nothing.
    """

    FIRST = "first"  # the first version of the document
    UNCHANGED = "unchanged"
    CHANGED = "changed"
    RETURNED = "returned"  # to a state that it had before
    PENDING = "pending"  # a new state, seen once; waits for a second sight
    UNCONFIRMED = "unconfirmed"  # a new state that was gone at the second look
    HELD = "held"  # the quality gate does not believe the page
    FAILED = "failed"
    TECHNICAL = "technical"  # stored captures read again by another extractor or selector; nobody looked at the page
    SKIPPED = "skipped"  # nothing was asked of the site: locked by another run, stopped, not allowed

    @property
    def verified(self) -> bool:
        """The page was seen in a state that is on record now."""
        return self in (self.FIRST, self.UNCHANGED, self.CHANGED, self.RETURNED)

    @property
    def failing(self) -> bool:
        """Counts into the document's row of consecutive failures; a held page is a watch that does not see."""
        return self in (self.FAILED, self.HELD)

    @property
    def looked(self) -> bool:
        """The page was asked for: moves `last_checked`."""
        return self not in (self.TECHNICAL, self.SKIPPED)


class HoldState(StrEnum):
    HELD = "held"
    RELEASED = "released"  # a person says that the page is what the vendor publishes
    REJECTED = "rejected"


class ChangeKind(StrEnum):
    CHANGE = "change"
    RETURN = "return"
    TECHNICAL = "technical"
    COSMETIC = "cosmetic"


class AlertState(StrEnum):
    OWED = "owed"
    SENT = "sent"
    DEAD = "dead"  # given up after the last attempt; stays listed
    MUTED = "muted"


class DeliveryState(StrEnum):
    STARTED = "started"  # and, where the process died in between, all we know
    SENT = "sent"
    FAILED = "failed"


class ListingState(StrEnum):
    LISTED = "listed"
    CAPTURED = "captured"
    SAME = "same"  # its digest is that of a capture we have
    UNPLAYABLE = "unplayable"
    EXCLUDED = "excluded"
    SKIPPED = "skipped"


# --- what is watched ---------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SourceSpec:
    url: str


@dataclass(frozen=True, slots=True)
class DocumentSpec:
    """A document as configured. Its key is "vendor-slug/slug"."""

    slug: str
    type: str
    name: str
    language: str = ""
    sources: tuple[SourceSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class VendorSpec:
    slug: str
    name: str
    home: str = ""
    tags: tuple[str, ...] = ()
    documents: tuple[DocumentSpec, ...] = ()


@dataclass(frozen=True, slots=True)
class RegisterResult:
    """Keys of the documents that a registration touched, and the id of every document that is active now."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    retired: tuple[str, ...] = ()  # no longer configured: inactive, with their history
    revived: tuple[str, ...] = ()
    ids: Mapping[str, int] = field(default_factory=dict)

    @property
    def wrote(self) -> bool:
        return bool(self.added or self.changed or self.retired or self.revived)


@dataclass(frozen=True, slots=True)
class SourceRecord:
    """A page of a document, with what the last believed answer allows the next request to ask."""

    id: int
    document_id: int
    url: str
    position: int = 0
    active: bool = True
    etag: str | None = None
    last_modified: str | None = None
    validators_key: str = ""
    last_quiet: str = ""
    last_recipe: str = ""


@dataclass(frozen=True, slots=True)
class VersionRecord:
    """A run of sightings of a document in one state. `position` 0 is the oldest."""

    id: int
    document_id: int
    position: int
    fingerprint: str
    extractions: tuple[int, ...]  # at its first sighting, one per source in order
    first_capture_id: int
    last_capture_id: int
    first_seen: datetime
    last_seen: datetime
    sightings: int
    learned: datetime


@dataclass(frozen=True, slots=True)
class WatchedDocument:
    """A document with its sources in order, its current version, and its health."""

    id: int
    key: str
    slug: str
    type: str
    name: str
    language: str
    active: bool
    vendor_slug: str
    vendor_name: str
    vendor_home: str
    vendor_tags: tuple[str, ...]
    sources: tuple[SourceRecord, ...]  # active ones, in order
    current: VersionRecord | None
    versions: int
    changes: int
    last_change: ChangeRecord | None  # without its clause changes
    last_checked: datetime | None
    last_verified: datetime | None
    failing_since: datetime | None
    failures: int
    error_kind: str
    unstable_since: datetime | None
    pending_capture_id: int | None


# --- captures ----------------------------------------------------------------------------------------------------


class HopLike(Protocol):
    @property
    def url(self) -> str: ...
    @property
    def status(self) -> int: ...
    @property
    def location(self) -> str: ...


class FetchedLike(Protocol):
    """What `scrapers.capture.Fetched` looks like from here: storage does not know the scrapers."""

    @property
    def url(self) -> str: ...
    @property
    def final_url(self) -> str: ...
    @property
    def status(self) -> int: ...
    @property
    def headers(self) -> Sequence[tuple[str, str]]: ...
    @property
    def body(self) -> bytes: ...
    @property
    def time(self) -> datetime: ...
    @property
    def hops(self) -> Sequence[HopLike]: ...
    @property
    def archive(self) -> str: ...
    @property
    def memento_url(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def notes(self) -> Sequence[str]: ...


@dataclass(frozen=True, slots=True)
class SavedCapture:
    id: int
    payload: str
    is_new_capture: bool  # false: this very capture was stored before
    is_new_payload: bool  # false: its bytes were stored before


@dataclass(frozen=True, slots=True)
class CaptureRecord:
    """A stored capture without its body: that is `store.payload(record.payload)`."""

    id: int
    source_id: int
    document_id: int
    time: datetime
    fetched_at: datetime
    archive: str  # "" is live
    url: str
    final_url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    hops: tuple[tuple[str, int, str], ...]  # url, status, location
    payload: str
    size: int  # bytes of the body
    digest: str
    memento_url: str
    notes: tuple[str, ...]

    def header(self, name: str) -> str | None:
        """The first value of a header, by its lower-case name."""
        return next((value for key, value in self.headers if key == name), None)

    @property
    def content_type(self) -> str:
        return self.header("content-type") or ""

    @property
    def live(self) -> bool:
        return not self.archive


@dataclass(frozen=True, slots=True)
class ExtractionRecord:
    """A payload read by a recipe, without its blocks: those are `store.load_extraction(record.id)`."""

    id: int
    payload: str
    recipe: str
    version: int
    method: str
    title: str
    language: str | None
    fingerprint: str
    text: str  # SHA-256 of the stored blocks
    length: int  # characters
    warnings: tuple[str, ...]
    gate: str  # "believed" or "doubtful"
    made_at: datetime


@dataclass(frozen=True, slots=True)
class HoldRecord:
    id: int
    capture_id: int
    document_id: int
    extraction_id: int | None
    state: HoldState
    reasons: tuple[Mapping[str, Json], ...]
    created: datetime
    decided: datetime | None
    time: datetime  # of the capture
    url: str


@dataclass(frozen=True, slots=True)
class PruneResult:
    payloads: int
    stored_bytes: int  # of the removed rows, compressed
    texts: int = 0


# --- history -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SightingRecord:
    """That a capture showed a document in a state. `source_id` and `live` are read from the capture, not written."""

    capture_id: int
    document_id: int
    extraction_id: int
    time: datetime
    fingerprint: str
    believed: bool = True
    source_id: int = 0
    live: bool = False


@dataclass(frozen=True, slots=True)
class RunRecord:
    """A version as history builds it from sightings, before it has an id."""

    fingerprint: str
    first_capture_id: int
    last_capture_id: int
    first_seen: datetime
    last_seen: datetime
    sightings: int
    extractions: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class HistoryUpdate:
    """What `replace_history` did.

    `before` and `versions` are all versions then and now, oldest first. `added` and `removed` are version ids.
    `to_judge` are the neighbours (from, to) that have no change on record or one whose sides are no longer the same:
    each needs a `save_change`. `wrote` is false when the rows were as they should be already.
    """

    before: tuple[VersionRecord, ...]
    versions: tuple[VersionRecord, ...]
    added: tuple[int, ...]
    removed: tuple[int, ...]
    to_judge: tuple[tuple[int, int], ...]
    wrote: bool

    @property
    def current(self) -> VersionRecord | None:
        return self.versions[-1] if self.versions else None


@dataclass(frozen=True, slots=True)
class ClauseChangeRecord:
    category: str
    kind: str  # added, removed, modified, reworded, moved, cosmetic
    heading: str = ""
    before: str = ""
    after: str = ""
    facts: tuple[Mapping[str, Json], ...] = ()
    severity: str = "low"
    direction: str = "neutral"
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ChangeRecord:
    """Two consecutive versions and what lies between them.

    `id` is 0 until it is stored. `clauses` is empty in listings (`clause_count` says how many there are).
    `live` tells news, found by a live check, from what an archive told about the past. `from_time` is when the old
    version was last seen, `to_time` when the new one was first seen: filled in when read.
    """

    document_id: int
    from_version_id: int
    to_version_id: int
    created: datetime
    kind: ChangeKind = ChangeKind.CHANGE
    severity: str = "low"
    direction: str = "neutral"
    summary: str = ""
    facts: tuple[Mapping[str, Json], ...] = ()
    effective: str = ""  # ISO date
    run_id: str = ""
    live: bool = False
    announced: datetime | None = None
    evidence: tuple[Mapping[str, Json], ...] = ()
    clauses: tuple[ClauseChangeRecord, ...] = ()
    clause_count: int = 0
    from_time: datetime | None = None
    to_time: datetime | None = None
    id: int = 0


@dataclass(frozen=True, slots=True)
class HistoryEntry:
    """A version and the change that led to it (none for the first)."""

    version: VersionRecord
    change: ChangeRecord | None


# --- checks ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CheckRecord:
    """One attempt to look at one document. `id` and `document_key` are filled in when read."""

    document_id: int
    run_id: str
    started: datetime
    finished: datetime
    outcome: CheckOutcome
    error_kind: str = ""
    detail: str = ""
    url: str = ""
    status: int | None = None
    requests: int = 0
    wire_bytes: int = 0
    capture_id: int | None = None
    change_id: int | None = None
    id: int = 0
    document_key: str = ""


@dataclass(frozen=True, slots=True)
class CheckSaved:
    """What recording a check did to the document's row of failures: what the operator's alerts are made from."""

    id: int
    failures: int  # consecutive, this one included
    failing_since: datetime | None  # of the row of failures that goes on, or that ended just now
    previous_failures: int
    previous_error_kind: str
    error_kind: str

    @property
    def recovered(self) -> bool:
        return self.previous_failures > 0 and self.failures == 0

    @property
    def error_changed(self) -> bool:
        return self.failures > 1 and self.error_kind != self.previous_error_kind


# --- outbox ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class AlertRecord:
    """One message owed to one route. `message` is data, rendered per target when it is sent."""

    key: str
    route: str
    kind: str  # change, unstable, failing, recovered, held, digest
    message: Mapping[str, Json]
    created: datetime
    due: datetime
    document_id: int | None = None
    change_id: int | None = None
    state: AlertState = AlertState.OWED
    id: int = 0


@dataclass(frozen=True, slots=True)
class DeliveryRecord:
    id: int
    alert_id: int
    target: str  # hash of the URL, never the URL
    label: str
    attempt: int
    started: datetime
    finished: datetime | None
    state: DeliveryState
    detail: str
    next_try: datetime | None


@dataclass(frozen=True, slots=True)
class OwedAlert:
    """An alert that is due, with every attempt made so far, oldest first."""

    alert: AlertRecord
    deliveries: tuple[DeliveryRecord, ...]


# --- archives ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class CursorRecord:
    """How far the listing of one URL in one archive has come."""

    id: int
    source_id: int
    archive: str
    url: str
    since: str  # window of the listing under way, 14 digits or ""
    until: str
    resume_key: str
    complete: bool
    pages: int
    malformed: int
    last_listed: datetime | None
    last_full: datetime | None


@dataclass(frozen=True, slots=True)
class ListingRow:
    """A row of an archive's index, as listed."""

    timestamp: str  # 14 digits
    url: str
    status: int  # 0 where the row gives none
    digest: str
    mime: str = ""
    length: int | None = None


@dataclass(frozen=True, slots=True)
class ArchivedRow:
    """A row of an archive's index as it is shown: whose it is, and where a redirect led if it was looked at."""

    document_id: int
    archive: str
    timestamp: str
    url: str
    status: int
    location: str | None


@dataclass(frozen=True, slots=True)
class ListingRecord:
    """A stored row of an archive's index and what became of it."""

    id: int
    cursor_id: int
    timestamp: str
    url: str
    status: int
    digest: str
    mime: str
    length: int | None
    state: ListingState
    retry_after: datetime | None
    capture_id: int | None
    location: str | None = None  # where a redirect led, once it was looked at
