"""What the parts of the store, and those of a transaction, have in common: where they get a connection from."""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from storage.engine import Database
    from storage.payloads import BodyCache

__all__ = ["Section", "StoreSection", "TransactionSection"]


class Section(ABC):
    """Methods on the database. In the store, each is a short transaction; in a transaction, a part of it."""

    _bodies: BodyCache

    @abstractmethod
    def _reading(self) -> AbstractContextManager[Connection]: ...


class StoreSection(Section):
    """Methods that open transactions of their own."""

    def __init__(self, database: Database, bodies: BodyCache) -> None:
        self._database = database
        self._bodies = bodies

    def _reading(self) -> AbstractContextManager[Connection]:
        return self._database.read()

    def _writing(self) -> AbstractContextManager[Connection]:
        return self._database.write()


class TransactionSection(Section):
    """Methods that write on the connection of a transaction that is open."""

    def __init__(self, connection: Connection, bodies: BodyCache) -> None:
        self._connection = connection
        self._bodies = bodies

    def _reading(self) -> AbstractContextManager[Connection]:
        return nullcontext(self._connection)
