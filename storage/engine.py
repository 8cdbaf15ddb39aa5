"""The connection to the database: SQLite in WAL mode or PostgreSQL through psycopg 3, and its errors in our words."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, TimeoutError

from storage.errors import (
    Conflict,
    NotAStore,
    StorageError,
    StoreBusy,
    StoreDamaged,
    StoreFailed,
    StoreFull,
    StoreMissing,
    StoreReadOnly,
    StoreUnreachable,
    UrlInvalid,
)

__all__ = ["BUSY_SECONDS", "Database", "parse_url", "translated"]

BUSY_SECONDS = 30.0
"""How long a statement waits for another process's lock."""

_Parameters = Sequence[Any] | Mapping[str, Any]


def parse_url(url: str) -> URL:
    """A storage URL as SQLAlchemy's, with our drivers.

    Raises:
        UrlInvalid: not a URL, another database, or an SQLite database that is no file.
    """
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise UrlInvalid("the storage URL is not a database URL") from None  # it may hold a password: not shown
    backend, _, driver = parsed.drivername.partition("+")
    if backend == "sqlite" and driver in ("", "pysqlite"):
        if not parsed.database or parsed.database == ":memory:":
            raise UrlInvalid("the storage URL names no file: clausewatch keeps its SQLite database in one")
        return parsed.set(drivername="sqlite+pysqlite")
    if backend in ("postgresql", "postgres") and driver in ("", "psycopg"):
        return parsed.set(drivername="postgresql+psycopg")
    raise UrlInvalid(f"the storage URL is for {parsed.drivername!r}, which clausewatch does not use")


class Database:
    """An engine with two doors: `read()` and `write()`, each one transaction.

    On SQLite a writing transaction takes the write lock when it begins: one that read first and then wants to write
    would be refused at once, however long the busy timeout is, when another process wrote in between.
    Safe to use from several threads; every transaction has a connection of its own.
    """

    def __init__(self, url: str, *, create: bool = True) -> None:
        self.url = parse_url(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        if self.sqlite:
            self._prepare_file(create)
        self.engine = self._make_engine()
        self._writing = self.engine.execution_options(clausewatch_write=True)

    @property
    def shown(self) -> str:
        """The URL without its password, and without its parameters, which may hold another."""
        return self.url.set(query={}).render_as_string(hide_password=True)

    @contextmanager
    def read(self) -> Iterator[Connection]:
        with self._translating(), self.engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[Connection]:
        with self._translating(), self._writing.begin() as connection:
            yield connection

    def close(self) -> None:
        self.engine.dispose()

    @contextmanager
    def _translating(self) -> Iterator[None]:
        try:
            yield
        except DBAPIError as error:
            raise translated(error, self.shown) from error
        except sqlite3.Error as error:
            raise _from_sqlite(error, self.shown) from error
        except TimeoutError as error:
            raise StoreBusy("every connection to the database was in use for 30 seconds") from error

    def _prepare_file(self, create: bool) -> None:
        path = Path(cast("str", self.url.database))
        if path.is_dir():
            raise StoreUnreachable(f"the database {path} is a folder")
        try:
            if path.exists():
                return
            if not create:
                raise StoreMissing(f"there is no database {path} yet")
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            raise StoreUnreachable(f"the folder of the database {path} cannot be used: {reason}") from error

    def _make_engine(self) -> Engine:
        if self.sqlite:
            options: dict[str, Any] = {"timeout": BUSY_SECONDS, "check_same_thread": False}
            engine = create_engine(self.url, connect_args=options, max_overflow=20)
            event.listen(engine, "connect", _set_up_sqlite)
            event.listen(engine, "begin", _begin_sqlite)
        else:
            options = {}
            if "connect_timeout" not in self.url.query:
                options["connect_timeout"] = 10
            if "application_name" not in self.url.query:
                options["application_name"] = "clausewatch"
            # a pool outlives a restart of the server: ask before use
            engine = create_engine(self.url, connect_args=options, max_overflow=20, pool_pre_ping=True)
            event.listen(engine, "connect", _set_up_postgresql)
        event.listen(engine, "before_cursor_execute", _clean_parameters, retval=True)
        return engine


def _set_up_sqlite(connection: sqlite3.Connection, record: object) -> None:
    connection.isolation_level = None  # transactions begin where we say so, not where the driver thinks it right
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {int(BUSY_SECONDS * 1000)}")
    if cursor.execute("PRAGMA journal_mode").fetchone() != ("wal",):
        _switch_to_wal(cursor)
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.execute("PRAGMA synchronous = NORMAL")  # WAL: a crash loses nothing, a power cut at most the last commits
    cursor.close()


def _switch_to_wal(cursor: sqlite3.Cursor) -> None:
    """SQLite does not wait for other processes here, whatever the busy timeout: two that open a new file collide."""
    deadline = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_READONLY:
                return  # may still be read
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("clausewatch_write", False)
    driver = cast("sqlite3.Connection", connection.connection.dbapi_connection)
    driver.execute("BEGIN IMMEDIATE" if writes else "BEGIN")  # past SQLAlchemy: half the cost of a short transaction


def _set_up_postgresql(connection: Any, record: object) -> None:
    # psycopg begins a transaction with the first statement: end it, or the settings go with it
    with connection.cursor() as cursor:
        cursor.execute(f"SET lock_timeout = {int(BUSY_SECONDS * 1000)}")
    connection.commit()


def _clean_parameters(
    connection: Connection, cursor: object, statement: str, parameters: Any, context: object, executemany: bool
) -> tuple[str, Any]:
    """Replace what a database cannot store as text.

    Page titles, headers and URLs hold what strangers put there: NUL, which PostgreSQL refuses, and lone surrogates,
    which are no UTF-8.
    """
    if executemany:
        return statement, [_clean(row) for row in parameters]
    return statement, _clean(parameters)


def _clean(parameters: Any) -> _Parameters:
    if isinstance(parameters, Mapping):
        return {name: _storable(value) for name, value in parameters.items()}
    return tuple(_storable(value) for value in parameters)


def _storable(value: object) -> object:
    if type(value) is not str:
        return value
    if "\0" in value:
        value = value.replace("\0", "\N{REPLACEMENT CHARACTER}")
    if not value.isascii():
        try:
            value.encode()
        except UnicodeEncodeError:
            return value.encode(errors="replace").decode()
    return value


def translated(error: DBAPIError, where: str) -> StorageError:
    """A driver's error in our words."""
    cause = error.orig
    if isinstance(cause, sqlite3.Error):
        return _from_sqlite(cause, where)
    return _from_postgresql(cause, where, connecting=error.statement is None)


_SQLITE: dict[int, tuple[type[StorageError], str]] = {
    sqlite3.SQLITE_CANTOPEN: (StoreUnreachable, "the database {where} cannot be opened or made"),
    sqlite3.SQLITE_NOTADB: (NotAStore, "{where} is not an SQLite database"),
    sqlite3.SQLITE_CORRUPT: (StoreDamaged, "the database {where} is damaged"),
    sqlite3.SQLITE_READONLY: (StoreReadOnly, "the database {where} may not be written"),
    sqlite3.SQLITE_PERM: (StoreReadOnly, "the database {where} may not be written"),
    sqlite3.SQLITE_FULL: (StoreFull, "no room is left for the database {where}"),
    sqlite3.SQLITE_BUSY: (StoreBusy, "the database {where} was locked for longer than 30 seconds"),
    sqlite3.SQLITE_LOCKED: (StoreBusy, "the database {where} was locked for longer than 30 seconds"),
    sqlite3.SQLITE_CONSTRAINT: (Conflict, "the database {where} refused a row: {error}"),
    sqlite3.SQLITE_IOERR: (StoreUnreachable, "the database {where} cannot be read or written: {error}"),
}


def _from_sqlite(error: sqlite3.Error, where: str) -> StorageError:
    code = getattr(error, "sqlite_errorcode", 0) & 0xFF  # the rest says more than we need
    kind, message = _SQLITE.get(code, (StoreFailed, "the database {where} refused a statement: {error}"))
    return kind(message.format(where=where, error=error))


# by the beginning of the SQLSTATE (PostgreSQL manual, appendix A)
_POSTGRESQL: tuple[tuple[str, type[StorageError], str], ...] = (
    ("08", StoreUnreachable, "the connection to the database {where} broke: {error}"),
    ("28", StoreUnreachable, "the database {where} refuses the user or password: {error}"),
    ("3D", StoreUnreachable, "there is no database {where}"),
    ("53100", StoreFull, "no room is left for the database {where}"),
    ("53", StoreUnreachable, "the database {where} has no resources left: {error}"),
    ("57", StoreUnreachable, "the database {where} is being stopped or started: {error}"),
    ("25006", StoreReadOnly, "the database {where} may not be written"),
    ("42501", StoreReadOnly, "the user may not use the tables of the database {where}: {error}"),
    ("55P03", StoreBusy, "the database {where} was locked for longer than 30 seconds"),
    ("40", StoreBusy, "the database {where} gave way to another transaction: {error}"),
    ("23", Conflict, "the database {where} refused a row: {error}"),
    ("XX", StoreDamaged, "the database {where} is damaged: {error}"),
)


def _from_postgresql(error: BaseException | None, where: str, *, connecting: bool) -> StorageError:
    state = getattr(error, "sqlstate", None) or ""
    text = " ".join(str(error).split())
    for prefix, kind, message in _POSTGRESQL:
        if state.startswith(prefix):
            return kind(message.format(where=where, error=text))
    if not state and connecting:
        return StoreUnreachable(f"no connection to the database {where}: {text}")
    if not state:
        return StoreUnreachable(f"the connection to the database {where} broke: {text}")
    return StoreFailed(f"the database {where} refused a statement: {text}")
