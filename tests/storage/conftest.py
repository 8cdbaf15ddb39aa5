"""Every test of storage that asks for `store` or `database_url` runs on both databases."""

from tests.databases import (
    _sqlite_template,
    database_url,
    empty_database_url,
    postgresql,
    store,
)

__all__ = ["_sqlite_template", "database_url", "empty_database_url", "postgresql", "store"]
