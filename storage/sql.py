"""Statements: SQL text whose parameters and columns are typed by their names.

Why text and not the classes of `storage.tables`: importing SQLModel and building its mappers costs more than the half
second in which `clausewatch history` has to answer, and a statement of the ORM costs five times one of these, on a path
that runs for every page. The tables stay the one definition of the schema: a test has both databases prepare every
statement of this package against it, and another compares the names below with the tables' columns.

The SQL is what SQLite (from 3.35) and PostgreSQL have in common: ON CONFLICT, RETURNING, WITH RECURSIVE.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy import JSON, BindParameter, Boolean, Executable, bindparam, text

from storage.types import UtcDateTime

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

__all__ = ["JSONS", "LOGICAL", "STATEMENTS", "TIMES", "select_where", "sql"]

# A name means the same in every table. Names that a statement makes up itself (AS …) are in the second lines.
# fmt: off
TIMES = frozenset({
    "announced", "claimed_until", "created", "decided", "due", "failing_since", "fetched_at", "finished", "first_seen",
    "last_checked", "last_full", "last_listed", "last_seen", "last_verified", "learned", "locked_until", "made_at",
    "next_try", "next_turn", "open_until", "paused_until", "retry_after", "started", "time", "unstable_since",
    "now", "until_time", "since_time", "from_time", "to_time", "latest",
})
JSONS = frozenset({
    "evidence", "extractions", "facts", "headers", "hops", "message", "notes", "reasons", "tags", "warnings",
})
LOGICAL = frozenset({
    "active", "believed", "complete", "live",
    "whole",
})
# fmt: on

STATEMENTS: list[tuple[str, frozenset[str]]] = []
"""Every constant statement made at import, with its expanding parameters: for the test that prepares them all."""

_NAME = re.compile(r"[a-z_][a-z0-9_]*")
_PARAMETER = re.compile(r"(?<!:):([a-z_][a-z0-9_]*)")


def sql(statement: str, *, lists: Iterable[str] = ()) -> Executable:
    """A constant statement for both databases.

    Parameters:
        statement: SQL with `:name` parameters.
        lists: names of the parameters that are lists, written `x IN :name`.
    """
    expanding = frozenset(lists)
    STATEMENTS.append((statement, expanding))
    return _typed(statement, expanding)


def select_where(select: str, conditions: Iterable[str], rest: str = "", *, lists: Iterable[str] = ()) -> Executable:
    """A SELECT put together from constant pieces: `select`, the conditions that apply, and what comes after them."""
    chosen = " AND ".join(conditions)
    return _typed(" ".join((select, "WHERE " + chosen if chosen else "", rest)), frozenset(lists))


def _typed(statement: str, expanding: frozenset[str]) -> Executable:
    assert "SELECT *" not in statement and ".*" not in statement, "columns are typed by the names in the statement"
    clause = text(statement)
    names = set(_PARAMETER.findall(statement))
    typed = [bindparam(name, type_=kind) for name in sorted(names) if (kind := _type_of(name))]
    listed: list[BindParameter[Any]] = [bindparam(name, expanding=True) for name in sorted(names & expanding)]
    if typed or listed:
        clause = clause.bindparams(*typed, *listed)
    if statement.lstrip().startswith(("SELECT", "WITH")):
        given = statement
    else:
        _, _, given = statement.partition("RETURNING")
    columns = {name: kind for name in set(_NAME.findall(given)) if (kind := _type_of(name))}
    return clause.columns(**columns) if columns else clause


def _type_of(name: str) -> TypeEngine[Any] | None:
    if name in TIMES:
        return UtcDateTime()
    if name in JSONS:
        return JSON()
    if name in LOGICAL:
        return Boolean()
    return None
