"""`clausewatch list --outcome missing` and `moved`: what archives captured of a page that was not there."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flows.terminal import say_when
from scrapers.archive.timestamps import parse_timestamp
from storage.store import Store

__all__ = ["ARCHIVED", "archived_rows"]

ARCHIVED = {"missing": (400, 599), "moved": (300, 399)}
"""Outcomes by the statuses that an archive's captures had."""


def archived_rows(store: Store, outcome: str, ids: Sequence[int] | None, limit: int) -> list[dict[str, Any]]:
    """Captures of errors or redirects, the newest first."""
    keys = {number: key for key, number in store.document_keys().items()}
    return [
        {
            "document": keys.get(row.document_id, "?"),
            "time": say_when(parse_timestamp(row.timestamp)),
            "archive": row.archive,
            "status": row.status,
            "url": row.url,
            **({"to": row.location} if outcome == "moved" else {}),
        }
        for row in store.archived(*ARCHIVED[outcome], document_ids=ids, limit=limit)
    ]
