"""Whether a database fits this program, and the migrations that make it fit.

The look costs two statements and does not import Alembic; only migrating does.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, text

from storage.engine import Database
from storage.errors import NotAStore, StoreMissing, StoreOutdated, StoreTooNew
from storage.migrations import HEAD, REVISIONS, VERSION_TABLE

if TYPE_CHECKING:
    from alembic.config import Config

__all__ = ["alembic_config", "current_revision", "ensure_current", "upgrade"]

_MIGRATION_LOCK = 0x636C6175  # "clau": the advisory lock of PostgreSQL that one migration at a time holds

_TABLES = {
    True: text("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'"),
    False: text("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()"),
}
_REVISION = text(f"SELECT version_num FROM {VERSION_TABLE}")  # noqa: S608 - a constant


def ensure_current(database: Database, *, migrate: bool | None, create: bool) -> None:
    """See that the database has the tables of this program, migrating where that is allowed.

    Parameters:
        migrate: None is automatic: yes on SQLite, no on PostgreSQL, where several programs may share it.
        create: whether an empty database may be given its tables at all.

    Raises:
        StoreMissing, StoreOutdated, StoreTooNew, NotAStore: and what connecting can raise.
    """
    with database.read() as connection:
        revision = current_revision(connection, database)
    if revision == HEAD:
        return
    _refuse_unknown(revision, database)
    if revision is None and not create:
        raise StoreMissing(f"the database {database.shown} has no tables yet")
    if not (database.sqlite if migrate is None else migrate):
        state = "has no tables yet" if revision is None else "was made by an older clausewatch"
        raise StoreOutdated(f"the database {database.shown} {state}")
    upgrade(database)


def current_revision(connection: Connection, database: Database) -> str | None:
    """The revision of a database of ours, None for an empty one.

    Raises:
        NotAStore: it holds other tables that ours would be mixed with. On SQLite any will do, a file is one program's;
            on PostgreSQL only tables of our names, for Prefect may live there too.
    """
    tables = set(connection.execute(_TABLES[database.sqlite]).scalars())
    if VERSION_TABLE in tables:
        return connection.execute(_REVISION).scalar()
    if (tables and database.sqlite) or {"vendor", "document", "capture"} & tables:
        raise NotAStore(f"the database {database.shown} holds tables that are not clausewatch's")
    return None


def upgrade(database: Database) -> tuple[str | None, str]:
    """Migrate to the newest revision in one transaction; several processes may try at once.

    Returns:
        The revision before (None: there were no tables) and after.
    """
    from alembic import command

    with database.write() as connection:
        if not database.sqlite:  # on SQLite the transaction has the write lock already
            connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _MIGRATION_LOCK})
        before = current_revision(connection, database)
        _refuse_unknown(before, database)
        if before != HEAD:
            config = alembic_config()
            config.attributes["connection"] = connection
            command.upgrade(config, "head")
    return before, HEAD


def alembic_config() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def _refuse_unknown(revision: str | None, database: Database) -> None:
    if revision is not None and revision not in REVISIONS:
        raise StoreTooNew(f"the database {database.shown} was made by a newer clausewatch (revision {revision})")
