"""Opening the store of a configuration. Apart from `flows.run`, so that commands that only read start quickly."""

from __future__ import annotations

from flows.config import Config
from flows.config_file import ConfigError
from storage.store import Store

__all__ = ["make_data_folder", "open_store", "store_url"]


def store_url(config: Config) -> str:
    """The database's URL; a relative SQLite file lies in the data folder."""
    url = config.storage.url.get_secret_value()
    prefix = "sqlite:///"
    if url.startswith(prefix):
        return prefix + str((config.data / url.removeprefix(prefix)).resolve())
    return url


def make_data_folder(config: Config) -> None:
    """Make the data folder.

    Raises:
        ConfigError: it can't be made.
    """
    try:
        config.data.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ConfigError(None, [f"the data folder {config.data} can't be made: {error.strerror}"]) from None


def open_store(config: Config, *, migrate: bool | None = None) -> Store:
    """The store of a configuration; makes the data folder.

    Raises:
        ConfigError: the data folder can't be made.
        StorageError: the database can't be opened.
    """
    make_data_folder(config)
    return Store.open(store_url(config), migrate=migrate)
