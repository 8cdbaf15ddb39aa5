"""The tables, in the words of the design. Migrations in `storage/migrations` follow them.

Times are UTC-aware on both databases. Hashes are lower-case hexadecimal SHA-256 unless said otherwise.
Nothing outside `storage` sees these classes: the store takes and gives frozen dataclasses (`storage.records`).
They define the schema, for the migrations and for whoever opens the database in a notebook; the store's own statements
are in the modules beside this one, and why they are text is said in `storage.sql`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

from sqlalchemy import JSON, BigInteger, Index, LargeBinary, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from storage.types import UtcDateTime

__all__ = [
    "Alert",
    "ArchiveCursor",
    "ArchiveHealth",
    "ArchiveListing",
    "ArchiveTurn",
    "Capture",
    "Change",
    "Check",
    "ClauseChange",
    "ClauseIndex",
    "ClauseText",
    "Delivery",
    "Document",
    "Extraction",
    "ExtractionText",
    "Hold",
    "Payload",
    "Sighting",
    "Source",
    "Vendor",
    "Version",
]


# Names for every constraint, so that a later migration can speak of them on both databases.
SQLModel.metadata.naming_convention = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "pk": "pk_%(table_name)s",
}


def _time(**options: Any) -> Any:
    return Field(sa_type=UtcDateTime, **options)


def _json(**options: Any) -> Any:
    return Field(sa_type=JSON, **options)


class Vendor(SQLModel, table=True):
    id: int | None = Field(default=None, primary_key=True)
    slug: str = Field(unique=True)
    name: str
    home: str = ""
    tags: list[str] = _json(default_factory=list)


class Document(SQLModel, table=True):
    """One policy of a vendor that is watched. `key` is "vendor-slug/document-slug", the name users type."""

    id: int | None = Field(default=None, primary_key=True)
    vendor_id: int = Field(foreign_key="vendor.id", index=True)
    key: str = Field(unique=True)
    slug: str
    type: str
    name: str
    language: str = ""  # as configured or as first seen; "" is not known yet
    active: bool = True  # false when no longer in config.toml: its history stays
    last_checked: datetime | None = _time(default=None, nullable=True)
    last_verified: datetime | None = _time(default=None, nullable=True)
    failing_since: datetime | None = _time(default=None, nullable=True)
    failures: int = 0  # consecutive
    error_kind: str = ""
    unstable_since: datetime | None = _time(default=None, nullable=True)
    # a new state that waits to be seen a second time; no foreign key, which would close a circle of tables
    pending_capture_id: int | None = None
    locked_until: datetime | None = _time(default=None, nullable=True)
    locked_by: str = ""


class Source(SQLModel, table=True):
    """One URL of a document. Never deleted while captures point at it; `active` says whether it is still watched."""

    __table_args__ = (UniqueConstraint("document_id", "url"),)
    id: int | None = Field(default=None, primary_key=True)
    document_id: int = Field(foreign_key="document.id", index=True)
    url: str = Field(index=True)  # several documents may be parts of one page
    position: int = 0
    active: bool = True
    etag: str | None = None
    last_modified: str | None = None
    validators_key: str = ""  # recipe (extractor version + selectors) that read the body these validators belong to
    last_quiet: str = ""  # hash of the last believed live body without its tokens (flows.quiet)
    last_recipe: str = ""


class Payload(SQLModel, table=True):
    """The body of captures, once per SHA-256. `base` is the payload that serves as zstandard dictionary."""

    sha256: str = Field(primary_key=True)
    size: int  # bytes, decompressed
    stored: int  # bytes of `data`
    base: str | None = Field(default=None, foreign_key="payload.sha256", index=True)
    depth: int = 0  # length of the chain of bases below it
    data: bytes = Field(sa_type=LargeBinary)


class Capture(SQLModel, table=True):
    __table_args__ = (
        # the identity of a capture is (timestamp, original URL, status, digest); see reference on CDX
        UniqueConstraint("source_id", "archive", "time", "url", "status", "digest"),
        Index("ix_capture_source_time", "source_id", "time"),
    )
    id: int | None = Field(default=None, primary_key=True)
    source_id: int = Field(foreign_key="source.id")
    time: datetime = _time()
    fetched_at: datetime = _time()
    archive: str = ""  # "" is live
    url: str
    final_url: str
    status: int
    headers: list[list[str]] = _json(default_factory=list)
    hops: list[list[Any]] = _json(default_factory=list)
    payload: str = Field(foreign_key="payload.sha256", index=True)
    digest: str = ""
    memento_url: str = ""
    notes: list[str] = _json(default_factory=list)


class ExtractionText(SQLModel, table=True):
    """Blocks and links of extractions, once per content: pages whose tokens change on every load share one row."""

    __tablename__: ClassVar[str] = "extraction_text"
    sha256: str = Field(primary_key=True)
    data: bytes = Field(sa_type=LargeBinary)  # zstandard of the JSON


class Extraction(SQLModel, table=True):
    """A payload read by a recipe (extractor version, selectors, content type, URL), once for all its captures."""

    __table_args__ = (UniqueConstraint("payload", "recipe"),)
    id: int | None = Field(default=None, primary_key=True)
    payload: str = Field(foreign_key="payload.sha256")
    recipe: str
    version: int
    method: str
    title: str = ""
    language: str | None = None
    fingerprint: str = Field(index=True)
    text: str = Field(foreign_key="extraction_text.sha256", index=True)
    length: int  # characters of text
    warnings: list[str] = _json(default_factory=list)
    gate: str = "believed"  # or "doubtful"; the reasons are in hold
    made_at: datetime = _time()


class Hold(SQLModel, table=True):
    """A capture that the gate does not believe. `state` is held, released (by a person) or rejected."""

    id: int | None = Field(default=None, primary_key=True)
    capture_id: int = Field(foreign_key="capture.id", unique=True)
    extraction_id: int | None = Field(default=None, foreign_key="extraction.id")
    state: str = "held"
    reasons: list[dict[str, Any]] = _json(default_factory=list)
    created: datetime = _time()
    decided: datetime | None = _time(default=None, nullable=True)


class Sighting(SQLModel, table=True):
    """That a capture, read by the current recipe, showed a document in a state: what the versions are made of."""

    __table_args__ = (Index("ix_sighting_document_time", "document_id", "time"),)
    capture_id: int = Field(foreign_key="capture.id", primary_key=True)
    document_id: int = Field(foreign_key="document.id")
    extraction_id: int = Field(foreign_key="extraction.id")
    time: datetime = _time()
    fingerprint: str
    believed: bool = True


class Version(SQLModel, table=True):
    """A maximal run of sightings of a document in one state."""

    # links in alerts that were sent name versions and changes: SQLite must not give their ids to others later
    __table_args__ = (UniqueConstraint("document_id", "first_capture_id"), {"sqlite_autoincrement": True})
    id: int | None = Field(default=None, primary_key=True)
    document_id: int = Field(foreign_key="document.id", index=True)
    position: int  # 0 is the oldest
    fingerprint: str = Field(index=True)
    extractions: list[int] = _json(default_factory=list)  # at its first sighting, one per source in order
    first_capture_id: int = Field(foreign_key="capture.id")
    last_capture_id: int = Field(foreign_key="capture.id")
    first_seen: datetime = _time()
    last_seen: datetime = _time()
    sightings: int = 1
    learned: datetime = _time()  # when we came to know of it; first_seen is when it was on the page


class Change(SQLModel, table=True):
    """Two consecutive versions and what lies between them. `kind`: change, return, technical, cosmetic."""

    __table_args__ = (UniqueConstraint("from_version_id", "to_version_id"), {"sqlite_autoincrement": True})
    id: int | None = Field(default=None, primary_key=True)
    document_id: int = Field(foreign_key="document.id", index=True)
    from_version_id: int = Field(foreign_key="version.id")
    to_version_id: int = Field(foreign_key="version.id", index=True)
    kind: str = "change"
    severity: str = "low"
    direction: str = "neutral"
    summary: str = ""
    facts: list[dict[str, Any]] = _json(default_factory=list)  # of the change as a whole
    effective: str = ""  # ISO date, where the new text gives one
    created: datetime = _time()
    run_id: str = ""
    live: bool = False  # found by a live check: news; else learned from an archive
    announced: datetime | None = _time(default=None, nullable=True)
    evidence: list[dict[str, Any]] = _json(default_factory=list)  # memento URLs saved for it, …


class ClauseChange(SQLModel, table=True):
    __tablename__: ClassVar[str] = "clause_change"
    id: int | None = Field(default=None, primary_key=True)
    change_id: int = Field(foreign_key="change.id", index=True)
    position: int
    category: str
    kind: str  # added, removed, modified, reworded, moved, cosmetic
    heading: str = ""
    before: str = ""
    after: str = ""
    facts: list[dict[str, Any]] = _json(default_factory=list)
    severity: str = "low"
    direction: str = "neutral"
    reason: str = ""


class ClauseText(SQLModel, table=True):
    """A block of a document's current version, for full-text search; `clause_text_fts` (migration 0002) searches it.

    `version_id` is no foreign key: versions go before their rows do, in the same transaction.
    """

    __tablename__: ClassVar[str] = "clause_text"
    id: int | None = Field(default=None, primary_key=True)
    document_id: int = Field(foreign_key="document.id", index=True)
    version_id: int
    block: int  # index among the blocks of the version
    heading: str = ""
    categories: str = ""  # ids, each with a space on both sides
    text: str


class ClauseIndex(SQLModel, table=True):
    """Which version of a document is in `clause_text`. `basis` names all that its rows were made from."""

    __tablename__: ClassVar[str] = "clause_index"
    document_id: int = Field(foreign_key="document.id", primary_key=True)
    version_id: int
    basis: str


class Check(SQLModel, table=True):
    """One attempt to look at one document: recorded always, unchanged and failed ones too."""

    __table_args__ = (
        Index("ix_check_document_started", "document_id", "started"),
        Index(  # most checks found no change
            "ix_check_change",
            "change_id",
            sqlite_where=text("change_id IS NOT NULL"),
            postgresql_where=text("change_id IS NOT NULL"),
        ),
    )
    id: int | None = Field(default=None, primary_key=True)
    document_id: int = Field(foreign_key="document.id")
    run_id: str = Field(index=True)
    started: datetime = _time()
    finished: datetime = _time()
    outcome: str = Field(index=True)
    error_kind: str = ""
    detail: str = ""  # of the failure, the hold, …: one plain sentence
    url: str = ""
    status: int | None = None
    requests: int = 0
    wire_bytes: int = Field(default=0, sa_type=BigInteger)
    capture_id: int | None = Field(default=None, foreign_key="capture.id")
    change_id: int | None = Field(default=None, foreign_key="change.id")


class Alert(SQLModel, table=True):
    """One message owed to one route. `key` makes it unique: owed once, however often the work is repeated."""

    __table_args__ = (Index("ix_alert_state_due", "state", "due"),)
    id: int | None = Field(default=None, primary_key=True)
    key: str = Field(unique=True)
    route: str = Field(index=True)
    kind: str  # change, unstable, failing, recovered, held, digest
    document_id: int | None = Field(default=None, foreign_key="document.id", index=True)
    change_id: int | None = Field(default=None, foreign_key="change.id", index=True)
    message: dict[str, Any] = _json(default_factory=dict)  # composed once as data, rendered per target
    created: datetime = _time()
    due: datetime = _time()
    state: str = "owed"  # owed, sent, dead, muted
    claimed_until: datetime | None = _time(default=None, nullable=True)  # a process is delivering it just now
    claimed_by: str = ""


class Delivery(SQLModel, table=True):
    """An attempt to send an alert to one target of its route. `target` is a hash of the URL, never the secret URL."""

    id: int | None = Field(default=None, primary_key=True)
    alert_id: int = Field(foreign_key="alert.id", index=True)
    target: str
    label: str = ""  # what can be shown of the target: "mailto://…@example.org"
    attempt: int = 1
    started: datetime = _time()
    finished: datetime | None = _time(default=None, nullable=True)
    state: str = "started"  # started, sent, failed
    detail: str = ""
    next_try: datetime | None = _time(default=None, nullable=True)


class ArchiveCursor(SQLModel, table=True):
    """How far the listing of one URL in one archive has come; committed with the rows of each page."""

    __tablename__: ClassVar[str] = "archive_cursor"
    __table_args__ = (UniqueConstraint("source_id", "archive", "url"),)
    id: int | None = Field(default=None, primary_key=True)
    source_id: int = Field(foreign_key="source.id")
    archive: str
    url: str
    since: str = ""  # window of the listing under way, 14 digits or ""
    until: str = ""
    resume_key: str = ""
    complete: bool = False
    pages: int = 0
    malformed: int = 0
    last_listed: datetime | None = _time(default=None, nullable=True)
    last_full: datetime | None = _time(default=None, nullable=True)


class ArchiveListing(SQLModel, table=True):
    """A row of an archive's index. `state`: listed, captured, same (digest known), unplayable, excluded, skipped."""

    __tablename__: ClassVar[str] = "archive_listing"
    __table_args__ = (
        UniqueConstraint("cursor_id", "timestamp", "url", "status", "digest"),
        Index("ix_listing_cursor_timestamp", "cursor_id", "timestamp"),
    )
    id: int | None = Field(default=None, primary_key=True)
    cursor_id: int = Field(foreign_key="archive_cursor.id")
    timestamp: str  # 14 digits
    url: str
    mime: str = ""
    status: int  # 0 where the row gives none (revisits)
    digest: str
    length: int | None = None
    state: str = "listed"
    retry_after: datetime | None = _time(default=None, nullable=True)
    capture_id: int | None = Field(default=None, foreign_key="capture.id")
    location: str | None = None  # where a redirect led, once it was looked at


class ArchiveTurn(SQLModel, table=True):
    """When the next request to one endpoint of an archive may be made, by whichever process."""

    __tablename__: ClassVar[str] = "archive_turn"
    archive: str = Field(primary_key=True)  # its host, see ArchiveProfile.key
    endpoint: str = Field(primary_key=True)
    next_turn: datetime = _time()


class ArchiveHealth(SQLModel, table=True):
    """Whether an archive may be asked: what it refused lately, and until when it is left alone."""

    __tablename__: ClassVar[str] = "archive_health"
    archive: str = Field(primary_key=True)
    paused_until: datetime | None = _time(default=None, nullable=True)
    strikes: int = 0
    refusals: int = 0
    openings: int = 0
    open_until: datetime | None = _time(default=None, nullable=True)
