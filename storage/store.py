"""The store: everything that is kept, behind one object.

    with Store.open("sqlite:///clausewatch.db") as store:
        saved = store.save_capture(source_id, fetched)       # raw bytes first, a transaction of their own
        with store.transaction() as tx:                      # all that follows from them, or nothing
            reading = tx.save_extraction(saved.payload, recipe, extraction, fingerprint)
            tx.add_sighting(...)
            tx.record_check(...)

Synchronous, with short transactions: a call takes well under a millisecond on SQLite, so that it may be made from an
event loop. A store may be used from several threads and a database from several processes; a transaction belongs to
the thread that opened it, and nothing is awaited inside one, for on SQLite it holds the write lock.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from storage.captures import CaptureSection, CapturesSection
from storage.checks import CheckSection, HealthSection
from storage.engine import Database
from storage.history import HistorySection, VersionSection
from storage.listing import ListingSection
from storage.outbox import AlertSection, OutboxSection
from storage.pace import PaceSection
from storage.payloads import BodyCache
from storage.readings import ReadingSection, ReadingsSection
from storage.registry import DocumentSection, RegistrySection
from storage.search import IndexSection, SearchSection
from storage.upgrade import ensure_current, upgrade

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

__all__ = ["Store", "Transaction", "upgrade_store"]


class Transaction(
    ReadingSection,
    VersionSection,
    IndexSection,
    HealthSection,
    AlertSection,
    DocumentSection,
    ReadingsSection,
    CapturesSection,
    CheckSection,
):
    """Writes that are kept together or not at all, and reads that see them. Made by `Store.transaction`."""


class Store(
    RegistrySection,
    CaptureSection,
    ReadingsSection,
    HistorySection,
    SearchSection,
    CheckSection,
    OutboxSection,
    ListingSection,
    PaceSection,
):
    """An open database. Made by `Store.open`."""

    @classmethod
    def open(cls, url: str, *, migrate: bool | None = None, create: bool = True) -> Self:
        """Open a database, and migrate it where that is allowed.

        Parameters:
            url: "sqlite:///path" or "postgresql://user@host/database".
            migrate: None is automatic: yes on SQLite, no on PostgreSQL, which several machines may share.
            create: false refuses a database that is not there yet, for commands that only read.

        Raises:
            StorageError: one of its subclasses for everything that can be wrong, see `storage.errors`.
        """
        database = Database(url, create=create)
        try:
            ensure_current(database, migrate=migrate, create=create)
        except BaseException:
            database.close()
            raise
        return cls(database, BodyCache())

    @property
    def url(self) -> str:
        """Of the database, without its password."""
        return self._database.shown

    def close(self) -> None:
        self._database.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        """One transaction: committed at the end of the block, undone where it is left by an exception."""
        with self._database.write() as connection:
            yield Transaction(connection, self._bodies)


def upgrade_store(url: str) -> tuple[str | None, str]:
    """Make or migrate a database, as `clausewatch db upgrade` does. Returns the revisions before and after."""
    database = Database(url)
    try:
        return upgrade(database)
    finally:
        database.close()
