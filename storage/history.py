"""Sightings, the versions made from them, and the changes between versions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import Row, RowMapping

from storage.errors import RecordMissing
from storage.reconcile import Reconciled, reconcile
from storage.records import (
    ChangeKind,
    ChangeRecord,
    ClauseChangeRecord,
    HistoryEntry,
    HistoryUpdate,
    RunRecord,
    SightingRecord,
    VersionRecord,
)
from storage.section import Section, TransactionSection
from storage.sql import select_where, sql

__all__ = ["CHANGE_COLUMNS", "VERSION_COLUMNS", "HistorySection", "VersionSection", "change_record", "version_record"]

VERSION_COLUMNS = """
    SELECT version.id, version.document_id, version.position, version.fingerprint, version.extractions,
           version.first_capture_id, version.last_capture_id, version.first_seen, version.last_seen,
           version.sightings, version.learned
    FROM version
    """
_VERSIONS = sql(VERSION_COLUMNS + "WHERE document_id = :document_id ORDER BY position")
_VERSION = sql(VERSION_COLUMNS + "WHERE id = :id")
_VERSION_AT = sql(
    VERSION_COLUMNS + "WHERE document_id = :document_id AND first_seen <= :time ORDER BY position DESC LIMIT 1"
)
CHANGE_COLUMNS = """
    SELECT change.id, change.document_id, change.from_version_id, change.to_version_id, change.kind, change.severity,
           change.direction, change.summary, change.facts, change.effective, change.created, change.run_id,
           change.live, change.announced, change.evidence, before.last_seen AS from_time,
           version.first_seen AS to_time
    """
_CLAUSE_COUNT = ", (SELECT count(*) FROM clause_change WHERE clause_change.change_id = change.id) AS clause_count "
_CHANGES = (
    CHANGE_COLUMNS
    + _CLAUSE_COUNT
    + "FROM change JOIN version ON version.id = to_version_id JOIN version before ON before.id = from_version_id"
)
_CLAUSES = sql("""
    SELECT category, kind, heading, before, after, facts, severity, direction, reason
    FROM clause_change WHERE change_id = :change_id ORDER BY position
    """)

_SIGHT = sql("""
    INSERT INTO sighting (capture_id, document_id, extraction_id, time, fingerprint, believed)
    VALUES (:capture_id, :document_id, :extraction_id, :time, :fingerprint, :believed)
    ON CONFLICT (capture_id) DO UPDATE SET extraction_id = excluded.extraction_id, fingerprint = excluded.fingerprint,
                                           believed = excluded.believed
    """)
_UNSIGHT = sql("DELETE FROM sighting WHERE capture_id = :capture_id")
_SIGHTINGS = sql("""
    SELECT s.capture_id, s.document_id, s.extraction_id, s.time, s.fingerprint, s.believed, c.source_id, c.archive
    FROM sighting s JOIN capture c ON c.id = s.capture_id
    WHERE s.document_id = :document_id ORDER BY s.time, s.capture_id
    """)

# A repeat of work that was done before its process died must not count the same sighting twice.
_EXTEND = sql("""
    UPDATE version SET last_seen = :time, last_capture_id = :capture_id, sightings = sightings + 1
    WHERE id = :id AND last_seen <= :time AND last_capture_id <> :capture_id
    """)
_ADD_VERSION = sql("""
    INSERT INTO version (document_id, position, fingerprint, extractions, first_capture_id, last_capture_id,
                         first_seen, last_seen, sightings, learned)
    VALUES (:document_id, :position, :fingerprint, :extractions, :first_capture_id, :last_capture_id,
            :first_seen, :last_seen, :sightings, :learned)
    RETURNING id
    """)
_SET_VERSION = sql("""
    UPDATE version SET position = :position, fingerprint = :fingerprint, extractions = :extractions,
                       first_capture_id = :first_capture_id, last_capture_id = :last_capture_id,
                       first_seen = :first_seen, last_seen = :last_seen, sightings = :sightings
    WHERE id = :id
    """)
_DROP_VERSIONS = sql("DELETE FROM version WHERE id IN :ids", lists=["ids"])
_ARRIVALS = sql("SELECT id, from_version_id, to_version_id FROM change WHERE document_id = :document_id")
_MOVE_CHANGE = sql("UPDATE change SET from_version_id = :from_version_id WHERE id = :id")
_DROP_CHANGES = [
    sql("UPDATE alert SET change_id = NULL WHERE change_id IN :ids", lists=["ids"]),
    sql('UPDATE "check" SET change_id = NULL WHERE change_id IN :ids', lists=["ids"]),
    sql("DELETE FROM clause_change WHERE change_id IN :ids", lists=["ids"]),
    sql("DELETE FROM change WHERE id IN :ids", lists=["ids"]),
]

# When it was found, by whom and whether it was announced belong to the arrival of the new state, once and for all.
_SAVE_CHANGE = sql("""
    INSERT INTO change (document_id, from_version_id, to_version_id, kind, severity, direction, summary, facts,
                        effective, created, run_id, live, announced, evidence)
    VALUES (:document_id, :from_version_id, :to_version_id, :kind, :severity, :direction, :summary, :facts,
            :effective, :created, :run_id, :live, :announced, :evidence)
    ON CONFLICT (from_version_id, to_version_id) DO UPDATE SET
        kind = excluded.kind, severity = excluded.severity, direction = excluded.direction,
        summary = excluded.summary, facts = excluded.facts, effective = excluded.effective,
        announced = coalesce(change.announced, excluded.announced)
    RETURNING id
    """)
_CLEAR_CLAUSES = sql("DELETE FROM clause_change WHERE change_id = :change_id")
_ADD_CLAUSE = sql("""
    INSERT INTO clause_change (change_id, position, category, kind, heading, before, after, facts, severity,
                               direction, reason)
    VALUES (:change_id, :position, :category, :kind, :heading, :before, :after, :facts, :severity, :direction, :reason)
    """)
_ANNOUNCE = sql("UPDATE change SET announced = :announced WHERE id = :id")
_ADD_EVIDENCE = sql("UPDATE change SET evidence = :evidence WHERE id = :id")


class HistorySection(Section):
    """The part that gives histories."""

    def versions(self, document_id: int) -> list[VersionRecord]:
        """Oldest first."""
        with self._reading() as connection:
            rows = connection.execute(_VERSIONS, {"document_id": document_id}).mappings()
            return [version_record(row) for row in rows]

    def version(self, version_id: int) -> VersionRecord:
        """Raises RecordMissing where there is none."""
        with self._reading() as connection:
            row = connection.execute(_VERSION, {"id": version_id}).mappings().first()
        if row is None:
            raise RecordMissing(f"there is no version {version_id}")
        return version_record(row)

    def version_at(self, document_id: int, when: datetime) -> VersionRecord | None:
        """The version that was on the page at a moment, as far as we know; None before the first."""
        with self._reading() as connection:
            row = connection.execute(_VERSION_AT, {"document_id": document_id, "time": when}).mappings().first()
        return None if row is None else version_record(row)

    def history(self, document_id: int) -> list[HistoryEntry]:
        """The versions of a document, oldest first, each with the change that led to it. Two statements."""
        changes = {change.to_version_id: change for change in self.changes(document_id, limit=None)}
        return [HistoryEntry(version, changes.get(version.id)) for version in self.versions(document_id)]

    def changes(
        self,
        document_id: int | None = None,
        *,
        kinds: Sequence[ChangeKind] | None = None,
        since: datetime | None = None,
        run_id: str | None = None,
        limit: int | None = 100,
    ) -> list[ChangeRecord]:
        """Changes without their clause changes, those of the newest versions first.

        Parameters:
            since: only changes whose new version was first seen then or later.
        """
        conditions: list[str] = []
        values: dict[str, Any] = {}
        lists: list[str] = []
        if document_id is not None:
            conditions.append("change.document_id = :document_id")
            values["document_id"] = document_id
        if kinds is not None:
            conditions.append("change.kind IN :kinds")
            values["kinds"] = [kind.value for kind in kinds]
            lists.append("kinds")
        if since is not None:
            conditions.append("version.first_seen >= :since_time")
            values["since_time"] = since
        if run_id is not None:
            conditions.append("change.run_id = :run_id")
            values["run_id"] = run_id
        rest = "ORDER BY version.first_seen DESC, change.id DESC"
        if limit is not None:
            rest += " LIMIT :limit"
            values["limit"] = limit
        with self._reading() as connection:
            rows = connection.execute(select_where(_CHANGES, conditions, rest, lists=lists), values).mappings()
            return [change_record(row) for row in rows]

    def change(self, change_id: int) -> ChangeRecord:
        """A change with its clause changes. Raises RecordMissing where there is none."""
        found = self._change("change.id = :id", {"id": change_id})
        if found is None:
            raise RecordMissing(f"there is no change {change_id}")
        return found

    def change_between(self, from_version_id: int, to_version_id: int) -> ChangeRecord | None:
        """A change with its clause changes, None where it was not judged (only neighbours are)."""
        values = {"from": from_version_id, "to": to_version_id}
        return self._change("change.from_version_id = :from AND change.to_version_id = :to", values)

    def _change(self, condition: str, values: Mapping[str, Any]) -> ChangeRecord | None:
        with self._reading() as connection:
            row = connection.execute(select_where(_CHANGES, [condition]), dict(values)).mappings().first()
            if row is None:
                return None
            clauses = connection.execute(_CLAUSES, {"change_id": row["id"]}).mappings().all()
        made = tuple(ClauseChangeRecord(**{**clause, "facts": tuple(clause["facts"])}) for clause in clauses)
        return replace(change_record(row), clauses=made)

    def sightings(self, document_id: int) -> list[SightingRecord]:
        """In order of time."""
        with self._reading() as connection:
            rows = connection.execute(_SIGHTINGS, {"document_id": document_id}).mappings()
            return [_sighting_record(row) for row in rows]


class VersionSection(HistorySection, TransactionSection):
    """The transaction's part that writes histories."""

    def add_sighting(self, sighting: SightingRecord) -> None:
        """That a capture showed a state. Again, by another reading of the same capture: replaces."""
        values = {
            "capture_id": sighting.capture_id,
            "document_id": sighting.document_id,
            "extraction_id": sighting.extraction_id,
            "time": sighting.time,
            "fingerprint": sighting.fingerprint,
            "believed": sighting.believed,
        }
        self._connection.execute(_SIGHT, values)

    def remove_sighting(self, capture_id: int) -> None:
        """It shows no state after all: what reads it now does not believe it."""
        self._connection.execute(_UNSIGHT, {"capture_id": capture_id})

    def extend_version(self, version_id: int, capture_id: int, time: datetime) -> bool:
        """The version was seen again, later than ever before.

        Returns:
            False where that was recorded already, or where the version was seen later than `time`: a capture from the
            past needs `replace_history`.
        """
        values = {"id": version_id, "capture_id": capture_id, "time": time}
        return self._connection.execute(_EXTEND, values).rowcount == 1

    def replace_history(
        self, document_id: int, runs: Sequence[RunRecord], *, learned: datetime | None = None
    ) -> HistoryUpdate:
        """Make the versions of a document those that its sightings give now.

        Versions that are still there keep their ids, see `storage.reconcile`. A change stays with the version that it
        leads to: where that version has another predecessor now, the change is moved there and is to be judged again,
        but when it was found and whether it was announced stay as they were. Changes that lead to versions that are
        no more are deleted; alerts and checks of theirs remain, without them.

        Parameters:
            runs: oldest first.
            learned: when we came to know of the versions that are new.
        """
        before = tuple(self.versions(document_id))
        plan = reconcile(before, runs)
        if not plan.wrote:
            return HistoryUpdate(before, before, (), (), self._missing(document_id, before), False)
        self._detach_changes(document_id, plan)
        added = self._write_versions(document_id, plan, learned or datetime.now(UTC))
        after = tuple(self.versions(document_id))
        moved = self._attach_changes(document_id, after)
        rewritten = {version_id for version_id, _, another_state in plan.kept if another_state}
        to_judge = [
            (old.id, new.id)
            for old, new in pairwise(after)
            if new.id in moved or new.id in added or old.id in rewritten or new.id in rewritten
        ]
        return HistoryUpdate(before, after, added, plan.removed, tuple(to_judge), True)

    def _missing(self, document_id: int, versions: Sequence[VersionRecord]) -> tuple[tuple[int, int], ...]:
        """Neighbours that have no change on record."""
        known = {(row.from_version_id, row.to_version_id) for row in self._arrivals(document_id)}
        return tuple((old.id, new.id) for old, new in pairwise(versions) if (old.id, new.id) not in known)

    def _arrivals(self, document_id: int) -> Sequence[Row[Any]]:
        return self._connection.execute(_ARRIVALS, {"document_id": document_id}).all()

    def _detach_changes(self, document_id: int, plan: Reconciled) -> None:
        """Drop the changes that lead to versions that go, and take the others out of the way of what comes.

        A change that is detached leads from its version to itself until it is attached again.
        """
        removed = set(plan.removed)
        self._drop_changes([row.id for row in self._arrivals(document_id) if row.to_version_id in removed])
        parked = [
            {"id": row.id, "from_version_id": row.to_version_id}
            for row in self._arrivals(document_id)
            if row.from_version_id in removed
        ]
        if parked:
            self._connection.execute(_MOVE_CHANGE, parked)

    def _write_versions(self, document_id: int, plan: Reconciled, learned: datetime) -> tuple[int, ...]:
        if plan.removed:
            self._connection.execute(_DROP_VERSIONS, {"ids": list(plan.removed)})
        kept = [{**_run_row(plan.runs[position], position), "id": version_id} for version_id, position, _ in plan.kept]
        if kept:
            self._connection.execute(_SET_VERSION, kept)
        added: list[int] = []
        for position in plan.added:
            values = _run_row(plan.runs[position], position) | {"document_id": document_id, "learned": learned}
            added.append(self._connection.execute(_ADD_VERSION, values).scalar_one())
        return tuple(added)

    def _attach_changes(self, document_id: int, versions: Sequence[VersionRecord]) -> set[int]:
        """Have every change lead from its version's predecessor. Returns the versions whose predecessor is another, or
        which have no change on record."""
        arrivals = {row.to_version_id: row for row in self._arrivals(document_id)}
        moved: set[int] = set()
        values: list[dict[str, int]] = []
        for old, new in pairwise(versions):
            row = arrivals.pop(new.id, None)
            if row is None or row.from_version_id != old.id:
                moved.add(new.id)
            if row is not None and row.from_version_id != old.id:
                values.append({"id": row.id, "from_version_id": old.id})
        if values:
            self._connection.execute(_MOVE_CHANGE, values)
        self._drop_changes([row.id for row in arrivals.values()])  # what has become the first version
        return moved

    def _drop_changes(self, ids: list[int]) -> None:
        if ids:
            for statement in _DROP_CHANGES:
                self._connection.execute(statement, {"ids": ids})

    def save_change(self, change: ChangeRecord) -> int:
        """Store a change with its clause changes; again, it replaces the judgement and keeps the id.

        Raises:
            Conflict: one of the versions is not stored.
        """
        values = {
            "document_id": change.document_id,
            "from_version_id": change.from_version_id,
            "to_version_id": change.to_version_id,
            "kind": change.kind.value,
            "severity": change.severity,
            "direction": change.direction,
            "summary": change.summary,
            "facts": list(change.facts),
            "effective": change.effective,
            "created": change.created,
            "run_id": change.run_id,
            "live": change.live,
            "announced": change.announced,
            "evidence": list(change.evidence),
        }
        change_id = int(self._connection.execute(_SAVE_CHANGE, values).scalar_one())
        self._connection.execute(_CLEAR_CLAUSES, {"change_id": change_id})
        clauses = [_clause_row(change_id, position, clause) for position, clause in enumerate(change.clauses)]
        if clauses:
            self._connection.execute(_ADD_CLAUSE, clauses)
        return change_id

    def announce(self, change_id: int, when: datetime) -> None:
        """People were told of the change, or are owed it."""
        self._connection.execute(_ANNOUNCE, {"id": change_id, "announced": when})

    def set_evidence(self, change_id: int, evidence: Sequence[Mapping[str, Any]]) -> None:
        """Where the change can be looked up outside, such as mementos saved for it."""
        self._connection.execute(_ADD_EVIDENCE, {"id": change_id, "evidence": list(evidence)})


def version_record(row: RowMapping) -> VersionRecord:
    return VersionRecord(**{**row, "extractions": tuple(row["extractions"])})


def change_record(row: RowMapping) -> ChangeRecord:
    values = dict(row)
    values["kind"] = ChangeKind(row["kind"])
    values["facts"] = tuple(row["facts"])
    values["evidence"] = tuple(row["evidence"])
    return ChangeRecord(**values)


def _sighting_record(row: RowMapping) -> SightingRecord:
    values = dict(row)
    archive = values.pop("archive")
    return SightingRecord(**values, live=not archive)


def _run_row(run: RunRecord, position: int) -> dict[str, Any]:
    return {
        "position": position,
        "fingerprint": run.fingerprint,
        "extractions": list(run.extractions),
        "first_capture_id": run.first_capture_id,
        "last_capture_id": run.last_capture_id,
        "first_seen": run.first_seen,
        "last_seen": run.last_seen,
        "sightings": run.sightings,
    }


def _clause_row(change_id: int, position: int, clause: ClauseChangeRecord) -> dict[str, Any]:
    return {
        "change_id": change_id,
        "position": position,
        "category": clause.category,
        "kind": clause.kind,
        "heading": clause.heading,
        "before": clause.before,
        "after": clause.after,
        "facts": list(clause.facts),
        "severity": clause.severity,
        "direction": clause.direction,
        "reason": clause.reason,
    }
