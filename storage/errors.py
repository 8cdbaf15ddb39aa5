"""Everything that can go wrong with the store, each a class of its own.

StorageError
├── UrlInvalid              a storage URL that names no database we can use
├── StoreUnreachable        no server, no such folder, wrong password, no such database
├── StoreReadOnly           it can be read, but not written
├── NotAStore               a file that is no SQLite database, or a database of something else
├── StoreMissing            asked not to create one, and there is none
├── StoreOutdated           made by an older clausewatch: needs `clausewatch db upgrade`
├── StoreTooNew             made by a newer clausewatch
├── StoreBusy               another process held the lock longer than we wait
├── StoreDamaged            the database says that it is damaged
├── StoreFull               no room left on its disk
├── PayloadCorrupt          stored bytes that no longer have their hash
├── RecordMissing           no such document, capture, extraction, …
├── Conflict                what was to be written contradicts what is stored (a missing or repeated row)
└── StoreFailed             the database refused a statement for another reason
"""

from __future__ import annotations

from typing import ClassVar

__all__ = [
    "Conflict",
    "NotAStore",
    "PayloadCorrupt",
    "RecordMissing",
    "StorageError",
    "StoreBusy",
    "StoreDamaged",
    "StoreFailed",
    "StoreFull",
    "StoreMissing",
    "StoreOutdated",
    "StoreReadOnly",
    "StoreTooNew",
    "StoreUnreachable",
    "UrlInvalid",
]


class StorageError(Exception):
    """Base of all. The text is one plain sentence without secrets; `advice` is what a person can do about it."""

    kind: ClassVar[str] = "storage"
    advice: str = ""

    def __init__(self, message: str, *, advice: str = "") -> None:
        super().__init__(message)
        self.message = message
        if advice:
            self.advice = advice


class UrlInvalid(StorageError):
    kind = "storage.url"
    advice = "Use sqlite:///path/to/file.db or postgresql://user@host/database."


class StoreUnreachable(StorageError):
    kind = "storage.unreachable"
    advice = "Check storage.url in config.toml, and that the server runs and the folder exists."


class StoreReadOnly(StorageError):
    kind = "storage.read-only"
    advice = "Give the user that runs clausewatch the right to write to the database and its folder."


class NotAStore(StorageError):
    kind = "storage.not-a-store"
    advice = "Point storage.url at another file or database; clausewatch does not touch what it did not make."


class StoreMissing(StorageError):
    kind = "storage.missing"
    advice = "Run `clausewatch check` first: it makes the database."


class StoreOutdated(StorageError):
    kind = "storage.outdated"
    advice = "Run `clausewatch db upgrade`."


class StoreTooNew(StorageError):
    kind = "storage.too-new"
    advice = "Install the clausewatch that made it, or a newer one."


class StoreBusy(StorageError):
    kind = "storage.busy"
    advice = "Another process writes to the database; try again when it is done."


class StoreDamaged(StorageError):
    kind = "storage.damaged"
    advice = "Restore the database from a backup."


class StoreFull(StorageError):
    kind = "storage.full"
    advice = "Make room on the disk that holds the database."


class PayloadCorrupt(StorageError):
    kind = "storage.payload-corrupt"
    advice = "Restore the database from a backup; the other captures are not affected unless they are named too."


class RecordMissing(StorageError):
    kind = "storage.record-missing"


class Conflict(StorageError):
    kind = "storage.conflict"


class StoreFailed(StorageError):
    kind = "storage.failed"
