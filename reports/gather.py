"""What the pages are made of, read from the store: a dossier per document."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property

from reports.options import ReportOptions
from storage.records import (
    ChangeKind,
    ChangeRecord,
    CheckRecord,
    HoldRecord,
    SightingRecord,
    VersionRecord,
    WatchedDocument,
)
from storage.store import Store

__all__ = ["Dossier", "Health", "gather", "health_of"]

_CHECKS = 1000  # looked at per document; older ones stay in the store


@dataclass(frozen=True)
class Dossier:
    """A document with all that its pages show, except for captures and texts, which are loaded when they are shown.

    Versions, sightings and checks are in order of time, the oldest first; so are holds, those decided on too.
    `arrivals` has the change that led to a version, by the version's id.
    """

    document: WatchedDocument
    versions: tuple[VersionRecord, ...]
    arrivals: Mapping[int, ChangeRecord]
    sightings: tuple[SightingRecord, ...]
    holds: tuple[HoldRecord, ...]
    checks: tuple[CheckRecord, ...]
    more_checks: bool
    health: Health

    @property
    def key(self) -> str:
        return self.document.key

    @property
    def title(self) -> str:
        return f"{self.document.vendor_name}: {self.document.name}"

    @cached_property
    def changes(self) -> tuple[ChangeRecord, ...]:
        """The newest first."""
        return tuple(self.arrivals[v.id] for v in reversed(self.versions) if v.id in self.arrivals)

    @cached_property
    def news(self) -> ChangeRecord | None:
        """The last change that a reader would call one."""
        return next((c for c in self.changes if c.kind in (ChangeKind.CHANGE, ChangeKind.RETURN)), None)

    @cached_property
    def last_look(self) -> datetime | None:
        """The latest moment that anything is known of: where pictures of time end."""
        times = [self.document.last_checked, *(s.time for s in self.sightings[-1:]), *(h.time for h in self.holds[-1:])]
        return max((time for time in times if time), default=None)

    @property
    def mark(self) -> tuple[object, ...]:
        """What tells one state of a dossier from another, without the length of it."""
        return (
            self.document,
            self.versions,
            self.changes,
            len(self.sightings),
            self.sightings[-1:],
            self.holds,
            len(self.checks),
            self.checks[-1:],
            self.health,
        )


@dataclass(frozen=True, slots=True)
class Health:
    """How well a document is watched. `state` is failing, unstable, pending, stale, new, history, retired or fine; the
    lower the `rank` the more it needs somebody."""

    state: str
    rank: int
    sentence: str

    @property
    def word(self) -> str:
        return {"fine": "verified", "history": "history only", "new": "never checked"}.get(self.state, self.state)


def health_of(document: WatchedDocument, options: ReportOptions) -> Health:
    """The state of watching a document, in a word and a sentence."""
    verified = document.last_verified
    if not document.active:
        return Health("retired", 7, "no longer watched; its history stays")
    if document.failures:
        times = "once" if document.failures == 1 else f"{document.failures} times in a row"
        return Health("failing", 0, f"the last look failed ({times}): {document.error_kind or 'no reason on record'}")
    if document.unstable_since:
        return Health("unstable", 1, "the page goes back and forth between wordings")
    if document.pending_capture_id is not None:
        return Health("pending", 2, "a new wording was seen once and waits for a second look")
    if verified is None:
        if document.versions:
            return Health("history", 4, "known from archives; the live page was not looked at yet")
        return Health("new", 5, "nothing is known of it yet")
    if options.now - verified > timedelta(hours=options.stale_after_hours):
        return Health("stale", 3, f"not verified for more than {options.stale_after_hours:g} hours")
    return Health("fine", 6, "the page was seen as it is shown here")


def gather(store: Store, options: ReportOptions) -> Iterator[Dossier]:
    """The dossiers of all documents, retired ones too, in order of their keys."""
    documents = store.documents(active=None)
    changes: dict[int, dict[int, ChangeRecord]] = defaultdict(dict)
    for change in store.changes(limit=None):
        changes[change.document_id][change.to_version_id] = change
    holds: dict[int, list[HoldRecord]] = defaultdict(list)
    for hold in store.holds(state=None, limit=1_000_000):
        holds[hold.document_id].append(hold)
    for document in documents:
        checks = store.checks(document.id, limit=_CHECKS + 1)
        yield Dossier(
            document=document,
            versions=tuple(store.versions(document.id)),
            arrivals=changes.get(document.id, {}),
            sightings=tuple(store.sightings(document.id)),
            holds=_oldest_first(holds.get(document.id, [])),
            checks=tuple(reversed(checks[:_CHECKS])),
            more_checks=len(checks) > _CHECKS,
            health=health_of(document, options),
        )


def _oldest_first(holds: Sequence[HoldRecord]) -> tuple[HoldRecord, ...]:
    return tuple(reversed(holds))
