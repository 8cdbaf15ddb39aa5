"""Captures and their payloads."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping

from storage import payloads
from storage.errors import Conflict, PayloadCorrupt, RecordMissing
from storage.payloads import Body
from storage.records import (
    CaptureRecord,
    FetchedLike,
    PruneResult,
    SavedCapture,
)
from storage.section import Section, StoreSection
from storage.sql import select_where, sql

__all__ = ["CaptureSection", "CapturesSection"]

_ATTEMPTS = 3

_PAYLOAD_CHAIN = sql("""
    WITH RECURSIVE chain (sha256, size, base, depth, data) AS (
        SELECT sha256, size, base, depth, data FROM payload WHERE sha256 = :sha256
        UNION ALL
        SELECT p.sha256, p.size, p.base, p.depth, p.data FROM payload p JOIN chain c ON p.sha256 = c.base
    )
    SELECT sha256, size, base, depth, data FROM chain ORDER BY depth
    """)
_KNOWN_OR_BASE = sql("""
    SELECT EXISTS (SELECT 1 FROM payload WHERE sha256 = :sha256) AS known,
           (SELECT payload FROM capture WHERE source_id = :source_id AND time <= :time
            ORDER BY time DESC LIMIT 1) AS base
    """)
_BASE_AFTER = sql("""
    SELECT payload FROM capture WHERE source_id = :source_id AND time > :time ORDER BY time LIMIT 1
    """)
_BASE_OF_PAGE = sql("""
    SELECT c.payload FROM source own JOIN source other ON other.url = own.url JOIN capture c ON c.source_id = other.id
    WHERE own.id = :source_id ORDER BY c.time DESC LIMIT 1
    """)
_INSERT_PAYLOAD = sql("""
    INSERT INTO payload (sha256, size, stored, base, depth, data)
    VALUES (:sha256, :size, :stored, :base, :depth, :data) ON CONFLICT (sha256) DO NOTHING RETURNING 1
    """)
_INSERT_CAPTURE = sql("""
    INSERT INTO capture (source_id, time, fetched_at, archive, url, final_url, status, headers, hops, payload, digest,
                         memento_url, notes)
    VALUES (:source_id, :time, :fetched_at, :archive, :url, :final_url, :status, :headers, :hops, :payload, :digest,
            :memento_url, :notes)
    ON CONFLICT (source_id, archive, time, url, status, digest) DO NOTHING RETURNING id
    """)
_FIND_CAPTURE = sql("""
    SELECT id, payload FROM capture
    WHERE source_id = :source_id AND archive = :archive AND time = :time AND url = :url AND status = :status
      AND digest = :digest
    """)
_CAPTURES = """
    SELECT c.id, c.source_id, s.document_id, c.time, c.fetched_at, c.archive, c.url, c.final_url, c.status, c.headers,
           c.hops, c.payload, p.size, c.digest, c.memento_url, c.notes
    FROM capture c JOIN source s ON s.id = c.source_id JOIN payload p ON p.sha256 = c.payload
    """
_DIGESTS = sql("""
    SELECT digest, max(id) AS id FROM capture WHERE source_id = :source_id AND digest <> '' GROUP BY digest
    """)
_DELETE_CAPTURES = sql("DELETE FROM capture WHERE id IN :ids", lists=["ids"])

_PRUNE_EXTRACTIONS = sql("""
    DELETE FROM extraction
    WHERE payload NOT IN (SELECT payload FROM capture)
      AND id NOT IN (SELECT extraction_id FROM sighting)
      AND id NOT IN (SELECT extraction_id FROM hold WHERE extraction_id IS NOT NULL)
    """)
_PRUNE_TEXTS = sql("DELETE FROM extraction_text WHERE sha256 NOT IN (SELECT text FROM extraction) RETURNING 1")
_PRUNE_PAYLOADS = sql("""
    WITH RECURSIVE needed (sha256) AS (
        SELECT payload FROM capture
        UNION SELECT payload FROM extraction
        UNION SELECT p.base FROM payload p JOIN needed n ON p.sha256 = n.sha256 WHERE p.base IS NOT NULL
    )
    DELETE FROM payload WHERE sha256 NOT IN (SELECT sha256 FROM needed) RETURNING stored
    """)


class CapturesSection(Section):
    """The part that gives captures and their bytes."""

    def payload(self, sha256: str) -> bytes:
        """A body by its hash, verified.

        Raises:
            RecordMissing: none is stored under it.
            PayloadCorrupt: what is stored no longer has that hash.
        """
        known = self._bodies.get(sha256)
        if known is not None:
            return known.data
        with self._reading() as connection:
            return self._open(connection, sha256).data

    def _open(self, connection: Connection, sha256: str) -> Body:
        known = self._bodies.get(sha256)
        if known is not None:
            return known
        rows = connection.execute(_PAYLOAD_CHAIN, {"sha256": sha256}).all()
        if not rows:
            raise RecordMissing(f"no payload {sha256} is stored")
        body: Body | None = None
        for row in rows:  # from the root of the chain up
            if row.base != (body.sha256 if body else None):
                raise PayloadCorrupt(f"the stored payload {sha256} lacks a part of its chain")
            data = payloads.unpack(row.sha256, row.data, row.size, body.data if body else None)
            body = Body(row.sha256, data, row.depth, body.root if body else row.sha256)
        assert body is not None
        self._bodies.put(body)
        return body

    def verify_payloads(self) -> list[PayloadCorrupt]:
        """Read every payload and compare its hash. Returns what is wrong, worst case one error per payload."""
        wrong: list[PayloadCorrupt] = []
        self._bodies.clear()
        with self._reading() as connection:
            for sha256 in connection.execute(sql("SELECT sha256 FROM payload ORDER BY depth")).scalars().all():
                try:
                    self._open(connection, sha256)
                except PayloadCorrupt as error:
                    wrong.append(error)
        return wrong

    def capture(self, capture_id: int) -> CaptureRecord:
        """Raises RecordMissing where there is none."""
        found = self._captures("c.id = :id", {"id": capture_id}, "")
        if not found:
            raise RecordMissing(f"there is no capture {capture_id}")
        return found[0]

    def captures(
        self, document_id: int, *, source_id: int | None = None, limit: int | None = None, newest_first: bool = False
    ) -> list[CaptureRecord]:
        """The captures of a document in order of their time."""
        condition = "s.document_id = :document_id"
        values: dict[str, Any] = {"document_id": document_id}
        if source_id is not None:
            condition += " AND c.source_id = :source_id"
            values["source_id"] = source_id
        rest = "ORDER BY c.time DESC, c.id DESC" if newest_first else "ORDER BY c.time, c.id"
        if limit is not None:
            rest += " LIMIT :limit"
            values["limit"] = limit
        return self._captures(condition, values, rest)

    def _captures(self, condition: str, values: dict[str, Any], rest: str) -> list[CaptureRecord]:
        with self._reading() as connection:
            rows = connection.execute(select_where(_CAPTURES, [condition], rest), values).mappings().all()
        return [_capture_record(row) for row in rows]

    def known_digests(self, source_id: int) -> dict[str, int]:
        """The archives' digests of the captures of a source, each with the id of the latest stored one."""
        with self._reading() as connection:
            return {row.digest: row.id for row in connection.execute(_DIGESTS, {"source_id": source_id})}


class CaptureSection(CapturesSection, StoreSection):
    """The store's part that keeps captures and their bytes."""

    def save_capture(self, source_id: int, fetched: FetchedLike, *, fetched_at: datetime | None = None) -> SavedCapture:
        """Keep a capture: raw bytes first, in a transaction of its own.

        Idempotent: a capture's identity is source, archive, time, URL, status and digest.

        Raises:
            Conflict: there is no such source.
        """
        sha256 = payloads.digest(fetched.body)
        capture = _capture_row(source_id, fetched, sha256, fetched_at or datetime.now(UTC))
        for attempt in range(_ATTEMPTS):
            packed = self._pack(source_id, sha256, fetched)
            try:
                return self._insert_capture(capture, sha256, packed)
            except Conflict:
                # A payload that was there when we looked was pruned before we wrote, by another process.
                self._bodies.clear()
                if attempt == _ATTEMPTS - 1:
                    raise
        raise AssertionError("not reached")

    def _pack(self, source_id: int, sha256: str, fetched: FetchedLike) -> payloads.Packed | None:
        """The row to insert, or None where the bytes are stored already. Compresses outside the write transaction."""
        if self._bodies.get(sha256) is not None:
            return None
        with self._reading() as connection:
            where = {"sha256": sha256, "source_id": source_id, "time": fetched.time}
            row = connection.execute(_KNOWN_OR_BASE, where).one()
            if row.known:
                return None
            base = self._open_base(connection, row.base or self._other_base(connection, where))
        packed = payloads.pack(sha256, fetched.body, base)
        root = base.root if packed.base is not None and base is not None else sha256
        self._bodies.put(Body(sha256, fetched.body, packed.depth, root))
        return packed

    def _other_base(self, connection: Connection, where: dict[str, Any]) -> str | None:
        """Where the source has no earlier body: a later one, else one of the same page in another document."""
        later: str | None = connection.execute(_BASE_AFTER, where).scalar()
        return later or connection.execute(_BASE_OF_PAGE, where).scalar()

    def _open_base(self, connection: Connection, sha256: str | None) -> Body | None:
        if sha256 is None:
            return None
        try:
            base = self._open(connection, sha256)
            return base if base.depth < payloads.MAX_DEPTH else self._open(connection, base.root)
        except PayloadCorrupt:
            return None  # what comes in now must not suffer for what was damaged before; reading that one says so

    def _insert_capture(self, capture: dict[str, Any], sha256: str, packed: payloads.Packed | None) -> SavedCapture:
        with self._writing() as connection:
            is_new_payload = False
            if packed is not None:
                is_new_payload = connection.execute(_INSERT_PAYLOAD, _payload_row(packed)).first() is not None
            made = connection.execute(_INSERT_CAPTURE, capture).scalar()
            if made is not None:
                return SavedCapture(made, sha256, is_new_capture=True, is_new_payload=is_new_payload)
            known = connection.execute(_FIND_CAPTURE, capture).one()
            return SavedCapture(known.id, known.payload, is_new_capture=False, is_new_payload=is_new_payload)

    def delete_captures(self, ids: Sequence[int]) -> int:
        """Delete captures that nothing needs; their payloads stay until `prune_payloads`. Returns how many there were.

        Raises:
            Conflict: a version, sighting, hold, check or archive listing points at one of them; none is deleted.
        """
        if not ids:
            return 0
        with self._writing() as connection:
            return connection.execute(_DELETE_CAPTURES, {"ids": list(ids)}).rowcount

    def prune_payloads(self) -> PruneResult:
        """Remove payloads, readings and texts that nothing points at, in one transaction.

        A payload stays while a capture or an extraction has it, or another payload that stays is packed against it.
        """
        for attempt in range(_ATTEMPTS):
            try:
                with self._writing() as connection:
                    connection.execute(_PRUNE_EXTRACTIONS)
                    texts_gone = len(connection.execute(_PRUNE_TEXTS).all())
                    stored = connection.execute(_PRUNE_PAYLOADS).scalars().all()
                    break
            except Conflict:  # a capture of one of them was stored meanwhile (PostgreSQL): look again
                if attempt == _ATTEMPTS - 1:
                    raise
        self._bodies.clear()
        return PruneResult(len(stored), sum(stored), texts_gone)


def _capture_row(source_id: int, fetched: FetchedLike, sha256: str, fetched_at: datetime) -> dict[str, Any]:
    return {
        "source_id": source_id,
        "time": fetched.time,
        "fetched_at": fetched_at,
        "archive": fetched.archive,
        "url": fetched.url,
        "final_url": fetched.final_url,
        "status": fetched.status,
        "headers": [list(header) for header in fetched.headers],
        "hops": [[hop.url, hop.status, hop.location] for hop in fetched.hops],
        "payload": sha256,
        "digest": fetched.digest,
        "memento_url": fetched.memento_url,
        "notes": list(fetched.notes),
    }


def _payload_row(packed: payloads.Packed) -> dict[str, Any]:
    return asdict(packed)


def _capture_record(row: RowMapping) -> CaptureRecord:
    values = dict(row)
    values["headers"] = tuple((name, value) for name, value in row["headers"])
    values["hops"] = tuple((url, status, location) for url, status, location in row["hops"])
    values["notes"] = tuple(row["notes"])
    return CaptureRecord(**values)
