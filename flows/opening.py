"""Opening the store of a configuration. Apart from `flows.run`, so that commands that only read start quickly."""

from __future__ import annotations

from flows.config import Config
from storage.store import Store

__all__ = ["open_store", "store_url"]


def store_url(config: Config) -> str:
    """The database's URL; a relative SQLite file lies in the data folder."""
    url = config.storage.url.get_secret_value()
    prefix = "sqlite:///"
    if url.startswith(prefix):
        return prefix + str((config.data / url.removeprefix(prefix)).resolve())
    return url


def open_store(config: Config, *, migrate: bool | None = None) -> Store:
    """The store of a configuration; makes the data folder.

    Raises:
        StorageError: it can't be opened.
    """
    config.data.mkdir(parents=True, exist_ok=True)
    return Store.open(store_url(config), migrate=migrate)
