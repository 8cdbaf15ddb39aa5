"""Checks: every attempt to look at a document, and what it does to the document's health."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from storage.errors import RecordMissing
from storage.records import CheckOutcome, CheckRecord, CheckSaved
from storage.section import Section, TransactionSection
from storage.sql import select_where, sql

__all__ = ["CheckSection", "HealthSection"]

_INSERT = sql("""
    INSERT INTO "check" (document_id, run_id, started, finished, outcome, error_kind, detail, url, status, requests,
                         wire_bytes, capture_id, change_id)
    VALUES (:document_id, :run_id, :started, :finished, :outcome, :error_kind, :detail, :url, :status, :requests,
            :wire_bytes, :capture_id, :change_id)
    RETURNING id
    """)
_HEALTH = sql("""
    SELECT last_checked, last_verified, failing_since, failures, error_kind FROM document WHERE id = :id
    """)
_SET_HEALTH = sql("""
    UPDATE document SET last_checked = :last_checked, last_verified = :last_verified, failing_since = :failing_since,
                        failures = :failures, error_kind = :error_kind
    WHERE id = :id
    """)
_CHECKS = """
    SELECT k.id, k.document_id, d.key AS document_key, k.run_id, k.started, k.finished, k.outcome, k.error_kind,
           k.detail, k.url, k.status, k.requests, k.wire_bytes, k.capture_id, k.change_id
    FROM "check" k JOIN document d ON d.id = k.document_id
    """
_OUTCOMES = sql('SELECT outcome, count(*) AS number FROM "check" WHERE run_id = :run_id GROUP BY outcome')


class CheckSection(Section):
    """The part that gives checks."""

    def checks(
        self,
        document_id: int | None = None,
        *,
        run_id: str | None = None,
        outcomes: Sequence[CheckOutcome] | None = None,
        since: datetime | None = None,
        limit: int | None = 100,
    ) -> list[CheckRecord]:
        """Checks, the latest first."""
        conditions: list[str] = []
        values: dict[str, Any] = {}
        lists: list[str] = []
        if document_id is not None:
            conditions.append("k.document_id = :document_id")
            values["document_id"] = document_id
        if run_id is not None:
            conditions.append("k.run_id = :run_id")
            values["run_id"] = run_id
        if outcomes is not None:
            conditions.append("k.outcome IN :outcomes")
            values["outcomes"] = [outcome.value for outcome in outcomes]
            lists.append("outcomes")
        if since is not None:
            conditions.append("k.started >= :since_time")
            values["since_time"] = since
        rest = "ORDER BY k.started DESC, k.id DESC"
        if limit is not None:
            rest += " LIMIT :limit"
            values["limit"] = limit
        with self._reading() as connection:
            rows = connection.execute(select_where(_CHECKS, conditions, rest, lists=lists), values).mappings()
            return [CheckRecord(**{**row, "outcome": CheckOutcome(row["outcome"])}) for row in rows]

    def outcomes(self, run_id: str) -> dict[CheckOutcome, int]:
        """How often each outcome came up in a run."""
        with self._reading() as connection:
            rows = connection.execute(_OUTCOMES, {"run_id": run_id})
            return {CheckOutcome(row.outcome): row.number for row in rows}


class HealthSection(TransactionSection):
    """The transaction's part that records checks."""

    def record_check(self, check: CheckRecord) -> CheckSaved:
        """Record a check and what it says about the document's health.

        `last_checked` moves with every look at the page, `last_verified` only with one that found it in a state on
        record. A failed or held look prolongs the row of failures; every other look ends it. Re-extraction and
        skipped checks are recorded and change nothing.

        Raises:
            RecordMissing: there is no such document.
        """
        row = self._connection.execute(_HEALTH, {"id": check.document_id}).first()
        if row is None:
            raise RecordMissing(f"there is no document {check.document_id}")
        values = {
            "document_id": check.document_id,
            "run_id": check.run_id,
            "started": check.started,
            "finished": check.finished,
            "outcome": check.outcome.value,
            "error_kind": check.error_kind,
            "detail": check.detail,
            "url": check.url,
            "status": check.status,
            "requests": check.requests,
            "wire_bytes": check.wire_bytes,
            "capture_id": check.capture_id,
            "change_id": check.change_id,
        }
        check_id = int(self._connection.execute(_INSERT, values).scalar_one())
        previous = (row.failures, row.error_kind)
        if not check.outcome.looked:
            return CheckSaved(check_id, row.failures, row.failing_since, *previous, row.error_kind)
        failing = check.outcome.failing
        failures = row.failures + 1 if failing else 0
        error_kind = (check.error_kind or check.outcome.value) if failing else ""
        since = (row.failing_since or check.started) if failing else None
        health = {
            "id": check.document_id,
            "last_checked": _later(row.last_checked, check.finished),
            "last_verified": _later(row.last_verified, check.finished) if check.outcome.verified else row.last_verified,
            "failing_since": since,
            "failures": failures,
            "error_kind": error_kind,
        }
        self._connection.execute(_SET_HEALTH, health)
        return CheckSaved(check_id, failures, since or row.failing_since, *previous, error_kind)


def _later(known: datetime | None, new: datetime) -> datetime:
    return new if known is None or new > known else known
