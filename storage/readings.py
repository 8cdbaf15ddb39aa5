"""What was read out of captures: extractions with their blocks, and captures that are held because of them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import RowMapping

from analysis.blocks import Extraction
from storage import texts
from storage.errors import RecordMissing
from storage.records import ExtractionRecord, HoldRecord, HoldState, Json
from storage.section import Section, TransactionSection
from storage.sql import select_where, sql

__all__ = ["ReadingSection", "ReadingsSection"]

_EXTRACTION = """
    SELECT id, payload, recipe, version, method, title, language, fingerprint, text, length, warnings, gate, made_at
    FROM extraction
    """
_EXTRACTION_BY_RECIPE = sql(_EXTRACTION + "WHERE payload = :payload AND recipe = :recipe")
_EXTRACTION_BY_ID = sql(_EXTRACTION + "WHERE id = :id")
_TEXT_EXISTS = sql("SELECT 1 FROM extraction_text WHERE sha256 = :sha256")
_TEXT = sql("SELECT data FROM extraction_text WHERE sha256 = :sha256")
_INSERT_TEXT = sql("INSERT INTO extraction_text (sha256, data) VALUES (:sha256, :data) ON CONFLICT DO NOTHING")
_SAVE_EXTRACTION = sql("""
    INSERT INTO extraction (payload, recipe, version, method, title, language, fingerprint, text, length, warnings,
                            gate, made_at)
    VALUES (:payload, :recipe, :version, :method, :title, :language, :fingerprint, :text, :length, :warnings, :gate,
            :made_at)
    ON CONFLICT (payload, recipe) DO UPDATE SET
        version = excluded.version, method = excluded.method, title = excluded.title, language = excluded.language,
        fingerprint = excluded.fingerprint, text = excluded.text, length = excluded.length,
        warnings = excluded.warnings, gate = excluded.gate
    RETURNING id
    """)

_HOLD = sql("""
    INSERT INTO hold (capture_id, extraction_id, state, reasons, created)
    VALUES (:capture_id, :extraction_id, 'held', :reasons, :created)
    ON CONFLICT (capture_id) DO UPDATE SET extraction_id = excluded.extraction_id, reasons = excluded.reasons
    RETURNING id
    """)
_UNHOLD = sql("DELETE FROM hold WHERE capture_id = :capture_id AND state = 'held'")
_DECIDE_HOLD = sql("UPDATE hold SET state = :state, decided = :decided WHERE id = :id")
_HOLDS = """
    SELECT h.id, h.capture_id, s.document_id, h.extraction_id, h.state, h.reasons, h.created, h.decided, c.time, c.url
    FROM hold h JOIN capture c ON c.id = h.capture_id JOIN source s ON s.id = c.source_id
    """


class ReadingsSection(Section):
    """The part that gives readings and holds."""

    def extraction(self, payload: str, recipe: str) -> ExtractionRecord | None:
        """What a recipe read out of a payload, if it did so before."""
        with self._reading() as connection:
            values = {"payload": payload, "recipe": recipe}
            row = connection.execute(_EXTRACTION_BY_RECIPE, values).mappings().first()
        return None if row is None else _extraction_record(row)

    def extraction_record(self, extraction_id: int) -> ExtractionRecord:
        """Raises RecordMissing where there is none."""
        with self._reading() as connection:
            row = connection.execute(_EXTRACTION_BY_ID, {"id": extraction_id}).mappings().first()
        if row is None:
            raise RecordMissing(f"there is no extraction {extraction_id}")
        return _extraction_record(row)

    def load_extraction(self, extraction_id: int) -> Extraction:
        """An extraction with its blocks and links.

        Raises:
            RecordMissing, PayloadCorrupt
        """
        record = self.extraction_record(extraction_id)
        with self._reading() as connection:
            data = connection.execute(_TEXT, {"sha256": record.text}).scalar_one()
        text = texts.inflate(record.text, data)
        return Extraction(
            title=record.title,
            language=record.language,
            blocks=text.blocks,
            links=text.links,
            method=record.method,
            version=record.version,
            warnings=record.warnings,
        )

    def holds(
        self, document_id: int | None = None, *, state: HoldState | None = HoldState.HELD, limit: int = 1000
    ) -> list[HoldRecord]:
        """Held captures, the latest first."""
        conditions: list[str] = []
        values: dict[str, Any] = {"limit": limit}
        if document_id is not None:
            conditions.append("s.document_id = :document_id")
            values["document_id"] = document_id
        if state is not None:
            conditions.append("h.state = :state")
            values["state"] = state.value
        query = select_where(_HOLDS, conditions, "ORDER BY c.time DESC, h.id DESC LIMIT :limit")
        with self._reading() as connection:
            rows = connection.execute(query, values).mappings().all()
        return [
            HoldRecord(**{**row, "state": HoldState(row["state"]), "reasons": tuple(row["reasons"])}) for row in rows
        ]


class ReadingSection(TransactionSection):
    """The transaction's part that writes readings and holds."""

    def save_extraction(
        self,
        payload: str,
        recipe: str,
        extraction: Extraction,
        fingerprint: str,
        *,
        gate: str = "believed",
        made_at: datetime | None = None,
    ) -> int:
        """Store what a recipe read out of a payload; again, it replaces. Returns the id, which stays the same.

        Raises:
            Conflict: the payload is not stored.
        """
        encoded = texts.encode(extraction)
        text = texts.text_digest(encoded)
        if self._connection.execute(_TEXT_EXISTS, {"sha256": text}).first() is None:
            self._connection.execute(_INSERT_TEXT, {"sha256": text, "data": texts.deflate(encoded)})
        values = {
            "payload": payload,
            "recipe": recipe,
            "version": extraction.version,
            "method": extraction.method,
            "title": extraction.title,
            "language": extraction.language,
            "fingerprint": fingerprint,
            "text": text,
            "length": sum(len(block.text) for block in extraction.blocks) + max(len(extraction.blocks) - 1, 0),
            "warnings": list(extraction.warnings),
            "gate": gate,
            "made_at": made_at or datetime.now(UTC),
        }
        return int(self._connection.execute(_SAVE_EXTRACTION, values).scalar_one())

    def hold(
        self,
        capture_id: int,
        reasons: Sequence[Json],
        *,
        extraction_id: int | None = None,
        created: datetime | None = None,
    ) -> int:
        """Put a capture aside. Again, it replaces the reasons; what a person decided about it stays decided."""
        values = {
            "capture_id": capture_id,
            "extraction_id": extraction_id,
            "reasons": list(reasons),
            "created": created or datetime.now(UTC),
        }
        return int(self._connection.execute(_HOLD, values).scalar_one())

    def unhold(self, capture_id: int) -> None:
        """The gate believes it after all (a newer one does): forget the hold, unless a person decided about it."""
        self._connection.execute(_UNHOLD, {"capture_id": capture_id})

    def decide_hold(self, hold_id: int, state: HoldState, *, decided: datetime | None = None) -> None:
        """Raises RecordMissing where there is no such hold."""
        values = {"id": hold_id, "state": state.value, "decided": decided or datetime.now(UTC)}
        if self._connection.execute(_DECIDE_HOLD, values).rowcount == 0:
            raise RecordMissing(f"there is no hold {hold_id}")


def _extraction_record(row: RowMapping) -> ExtractionRecord:
    return ExtractionRecord(**{**row, "warnings": tuple(row["warnings"])})
