"""How far the listings of archives have come, and what became of the rows that they gave."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, Executable

from storage.errors import RecordMissing
from storage.records import ArchivedRow, CursorRecord, ListingRecord, ListingRow, ListingState
from storage.section import StoreSection
from storage.sql import select_where, sql

__all__ = ["ListingSection"]

_CHUNK = 1000  # ids per statement: PostgreSQL and older SQLite limit the number of parameters

_CURSOR = """
    SELECT id, source_id, archive, url, since, until, resume_key, complete, pages, malformed, last_listed, last_full
    FROM archive_cursor
    """
_CURSOR_OF = sql(_CURSOR + "WHERE source_id = :source_id AND archive = :archive AND url = :url")
_CURSOR_BY_ID = sql(_CURSOR + "WHERE id = :id")
_ADD_CURSOR = sql("""
    INSERT INTO archive_cursor (source_id, archive, url, since, until, resume_key, complete, pages, malformed)
    VALUES (:source_id, :archive, :url, '', '', '', :complete, 0, 0)
    ON CONFLICT (source_id, archive, url) DO NOTHING
    """)
_START = sql("""
    UPDATE archive_cursor SET since = :since, until = :until, resume_key = '', complete = :complete, pages = 0,
                              malformed = 0
    WHERE id = :id
    """)
_ADVANCE = sql("""
    UPDATE archive_cursor SET resume_key = :resume_key, complete = :complete, pages = pages + 1,
                              malformed = malformed + :malformed, last_listed = :now,
                              last_full = CASE WHEN :whole AND since = '' AND until = '' THEN :now ELSE last_full END
    WHERE id = :id
    """)
_ADD_ROW = sql("""
    INSERT INTO archive_listing (cursor_id, timestamp, url, mime, status, digest, length, state)
    VALUES (:cursor_id, :timestamp, :url, :mime, :status, :digest, :length, 'listed')
    ON CONFLICT (cursor_id, timestamp, url, status, digest) DO NOTHING
    """)
_COUNT = sql("SELECT count(*) FROM archive_listing WHERE cursor_id = :cursor_id")
_ROWS = """
    SELECT id, cursor_id, timestamp, url, status, digest, mime, length, state, retry_after, capture_id, location
    FROM archive_listing
    """
_MARK = sql(
    """
    UPDATE archive_listing SET state = :state, retry_after = :retry_after,
                               capture_id = coalesce(:capture_id, capture_id), location = coalesce(:location, location)
    WHERE id IN :ids
    """,
    lists=["ids"],
)
_STATES = sql("SELECT state, count(*) AS number FROM archive_listing WHERE cursor_id = :cursor_id GROUP BY state")


_ARCHIVED = """
    SELECT s.document_id, c.archive, l.timestamp, l.url, l.status, l.location
    FROM archive_listing l JOIN archive_cursor c ON c.id = l.cursor_id JOIN source s ON s.id = c.source_id
    """


class ListingSection(StoreSection):
    """The store's part that backfill resumes from."""

    def cursor(self, source_id: int, archive: str, url: str) -> CursorRecord:
        """The listing of a URL in an archive, begun if there is none.

        Raises:
            Conflict: there is no such source.
        """
        values = {"source_id": source_id, "archive": archive, "url": url, "complete": False}
        with self._reading() as connection:
            row = connection.execute(_CURSOR_OF, values).mappings().first()
        if row is None:
            with self._writing() as connection:
                connection.execute(_ADD_CURSOR, values)
                row = connection.execute(_CURSOR_OF, values).mappings().one()
        return CursorRecord(**row)

    def start_listing(self, cursor_id: int, *, since: str = "", until: str = "") -> CursorRecord:
        """Begin a listing anew, of a window (14 digits, inclusive) or of everything. The rows so far stay."""
        with self._writing() as connection:
            connection.execute(_START, {"id": cursor_id, "since": since, "until": until, "complete": False})
            return _cursor(connection, _CURSOR_BY_ID, cursor_id)

    def save_listing_page(
        self,
        cursor_id: int,
        rows: Sequence[ListingRow],
        *,
        resume_key: str,
        complete: bool,
        malformed: int = 0,
        now: datetime | None = None,
    ) -> int:
        """A page of the index and the place to go on from, in one transaction.

        Idempotent in its rows: a capture's identity is timestamp, URL, status and digest. Returns how many were new.
        """
        values = {
            "id": cursor_id,
            "resume_key": resume_key,
            "complete": complete,
            "whole": complete,
            "malformed": malformed,
            "now": now or datetime.now(UTC),
        }
        listed = [
            {
                "cursor_id": cursor_id,
                "timestamp": row.timestamp,
                "url": row.url,
                "mime": row.mime,
                "status": row.status,
                "digest": row.digest,
                "length": row.length,
            }
            for row in rows
        ]
        with self._writing() as connection:
            before = connection.execute(_COUNT, {"cursor_id": cursor_id}).scalar_one()
            if listed:
                connection.execute(_ADD_ROW, listed)
            if connection.execute(_ADVANCE, values).rowcount == 0:
                raise RecordMissing(f"there is no archive cursor {cursor_id}")
            return int(connection.execute(_COUNT, {"cursor_id": cursor_id}).scalar_one() - before)

    def listed(
        self,
        cursor_id: int,
        states: Iterable[ListingState] = (ListingState.LISTED,),
        *,
        now: datetime | None = None,
        limit: int | None = None,
    ) -> list[ListingRecord]:
        """Rows in these states, oldest capture first.

        Parameters:
            now: leaves out rows that are not to be tried again before a later time; None gives them all.
        """
        conditions = ["cursor_id = :cursor_id", "state IN :states"]
        values: dict[str, Any] = {"cursor_id": cursor_id, "states": [state.value for state in states]}
        if now is not None:
            conditions.append("(retry_after IS NULL OR retry_after <= :now)")
            values["now"] = now
        rest = "ORDER BY timestamp, id"
        if limit is not None:
            rest += " LIMIT :limit"
            values["limit"] = limit
        with self._reading() as connection:
            rows = connection.execute(select_where(_ROWS, conditions, rest, lists=["states"]), values).mappings()
            return [ListingRecord(**{**row, "state": ListingState(row["state"])}) for row in rows]

    def listing_states(self, cursor_id: int) -> dict[ListingState, int]:
        """How many rows are in each state."""
        with self._reading() as connection:
            rows = connection.execute(_STATES, {"cursor_id": cursor_id})
            return {ListingState(row.state): row.number for row in rows}

    def archived(
        self, least: int, most: int, *, document_ids: Sequence[int] | None = None, limit: int | None = None
    ) -> list[ArchivedRow]:
        """What archives captured with a status from `least` to `most`, the newest first: errors are evidence that a
        page was missing, redirects that it moved."""
        conditions = ["l.status BETWEEN :least AND :most"]
        values: dict[str, Any] = {"least": least, "most": most}
        if document_ids is not None:
            conditions.append("s.document_id IN :document_ids")
            values["document_ids"] = list(document_ids)
        rest = "ORDER BY l.timestamp DESC, l.id"
        if limit is not None:
            rest += " LIMIT :limit"
            values["limit"] = limit
        lists = ["document_ids"] if document_ids is not None else []
        with self._reading() as connection:
            rows = connection.execute(select_where(_ARCHIVED, conditions, rest, lists=lists), values).mappings()
            return [ArchivedRow(**row) for row in rows]

    def mark_listing(
        self,
        ids: int | Sequence[int],
        state: ListingState,
        *,
        retry_after: datetime | None = None,
        capture_id: int | None = None,
        location: str | None = None,
    ) -> None:
        """Say what became of rows, in one transaction. `location` is where a redirect led."""
        wanted = [ids] if isinstance(ids, int) else list(ids)
        values = {"state": state.value, "retry_after": retry_after, "capture_id": capture_id, "location": location}
        with self._writing() as connection:
            for start in range(0, len(wanted), _CHUNK):
                connection.execute(_MARK, values | {"ids": wanted[start : start + _CHUNK]})


def _cursor(connection: Connection, statement: Executable, cursor_id: int) -> CursorRecord:
    row = connection.execute(statement, {"id": cursor_id}).mappings().first()
    if row is None:
        raise RecordMissing(f"there is no archive cursor {cursor_id}")
    return CursorRecord(**row)
