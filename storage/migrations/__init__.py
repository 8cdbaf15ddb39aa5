"""Alembic's environment, shipped with the package, and the names that `storage.upgrade` needs without Alembic."""

from __future__ import annotations

__all__ = ["HEAD", "REVISIONS", "VERSION_TABLE"]

VERSION_TABLE = "clausewatch_revision"
"""Not Alembic's default: Prefect keeps its own `alembic_version`, and both may live in one PostgreSQL database."""

REVISIONS = ("0001", "0002", "0003")
"""All revisions, oldest first; a test compares them with the files in `versions`."""

HEAD = REVISIONS[-1]
