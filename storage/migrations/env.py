"""Run by Alembic, on a connection that `storage.upgrade` gives it, inside a transaction that is already open."""

from alembic import context
from sqlmodel import SQLModel

import storage.tables  # noqa: F401 - registers the tables
from storage.migrations import VERSION_TABLE

__all__: list[str] = []

connection = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("run migrations through `clausewatch db upgrade`")
context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    version_table=VERSION_TABLE,
    render_as_batch=connection.dialect.name == "sqlite",  # SQLite alters a table by making it anew
)
with context.begin_transaction():
    context.run_migrations()
