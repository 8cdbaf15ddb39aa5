"""Tables, migrations, statements and errors agree with each other, on both databases."""

from __future__ import annotations

import importlib
import multiprocessing
import pkgutil
import re
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from datetime import timedelta, timezone
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import JSON, Boolean, text
from sqlmodel import SQLModel

import storage
import storage.tables
from storage.engine import Database
from storage.errors import (
    NotAStore,
    StorageError,
    StoreBusy,
    StoreDamaged,
    StoreMissing,
    StoreOutdated,
    StoreReadOnly,
    StoreTooNew,
    StoreUnreachable,
    UrlInvalid,
)
from storage.migrations import HEAD, REVISIONS, VERSION_TABLE
from storage.sql import JSONS, LOGICAL, STATEMENTS, TIMES, sql
from storage.store import Store, upgrade_store
from storage.types import UtcDateTime
from storage.upgrade import alembic_config
from tests.databases import PostgreSQL
from tests.storage.samples import START, vendor


def test_the_migrations_make_exactly_the_tables(empty_database_url: str) -> None:
    assert upgrade_store(empty_database_url) == (None, HEAD)
    database = Database(empty_database_url)
    with database.read() as connection:
        options = {
            "compare_type": True,
            "compare_server_default": True,
            "version_table": VERSION_TABLE,
            # what searches the texts is each database's own (migration 0002)
            "include_name": lambda name, kind, parents: not str(name).startswith("clause_text_fts"),
        }
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, SQLModel.metadata) == []
    database.close()


def test_the_listed_revisions_are_the_files() -> None:
    script = ScriptDirectory.from_config(alembic_config())
    assert [revision.revision for revision in script.walk_revisions()][::-1] == list(REVISIONS)
    assert script.get_heads() == [HEAD]


def test_migrations_go_back_and_forth(empty_database_url: str) -> None:
    upgrade_store(empty_database_url)
    database = Database(empty_database_url)
    with database.write() as connection:
        config = alembic_config()
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
    database.close()
    assert upgrade_store(empty_database_url) == (None, HEAD)


def test_names_are_typed_as_the_tables_say() -> None:
    by_type: dict[type, set[str]] = {UtcDateTime: set(), JSON: set(), Boolean: set()}
    others: set[str] = set()
    for table in SQLModel.metadata.tables.values():
        for column in table.columns:
            by_type.get(type(column.type), others).add(column.name)
    for known, kind in ((TIMES, UtcDateTime), (JSONS, JSON), (LOGICAL, Boolean)):
        assert by_type[kind] <= known
        assert not known & others, "a typed name that is an ordinary column elsewhere"


def _null(lists: frozenset[str]) -> Callable[[re.Match[str]], str]:
    return lambda match: "(NULL)" if match[1] in lists else "NULL"


def test_both_databases_prepare_every_statement(database_url: str) -> None:
    for module in pkgutil.iter_modules(storage.__path__):
        if module.name != "migrations":
            importlib.import_module(f"storage.{module.name}")
    assert len(STATEMENTS) > 60
    database = Database(database_url)
    foreign = re.compile(r"FOR UPDATE|LOCK TABLE")
    for statement, lists in STATEMENTS:
        if statement.startswith("LOCK TABLE") or (database.sqlite and foreign.search(statement)):
            continue
        given = re.sub(r"(?<!:):([a-z_][a-z0-9_]*)", _null(lists), statement)
        with database.read() as connection:
            connection.execute(text("EXPLAIN " + given))
    database.close()


def test_opening_again_changes_nothing_and_needs_no_alembic(database_url: str) -> None:
    code = (
        "import sys; from storage.store import Store\n"
        f"with Store.open({database_url!r}, create=False) as store: store.documents()\n"
        "print(sorted(set(sys.modules) & {'alembic', 'sqlmodel', 'pydantic', 'httpx', 'prefect', 'sqlalchemy.orm'}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60)
    assert done.stderr == ""
    assert done.stdout == "[]\n"


def _open_and_register(url: str, number: int) -> int:
    with Store.open(url) as store:
        store.register([vendor(f"vendor{number}"), vendor("shared")])
        return len(store.document_keys())


def test_processes_that_open_a_new_file_at_once_share_it(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/new/clausewatch.db"
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        results = [pool.apply_async(_open_and_register, (url, number)) for number in range(4)]
        seen = [result.get(timeout=60) for result in results]
    # each sees its own and what others had registered by then; who came when is not for us to say
    assert all(2 <= number <= 5 for number in seen) and max(seen) == 5
    with Store.open(url) as store:
        assert len(store.document_keys()) == 5
        with store._database.read() as connection:
            assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
            assert connection.execute(text("PRAGMA foreign_keys")).scalar() == 1
            assert connection.execute(text("PRAGMA busy_timeout")).scalar() == 30_000


@pytest.mark.postgres
def test_postgresql_is_migrated_on_demand_only(postgresql: PostgreSQL) -> None:
    url = postgresql.create()
    with pytest.raises(StoreOutdated, match="has no tables yet") as caught:
        Store.open(url)
    assert "db upgrade" in caught.value.advice
    Store.open(url, migrate=True).close()
    Store.open(url).close()
    postgresql.drop(url)


def _set_revision(url: str, revision: str) -> None:
    database = Database(url)
    with database.write() as connection:
        connection.execute(text(f"UPDATE {VERSION_TABLE} SET version_num = '{revision}'"))
    database.close()


def test_a_newer_database_is_refused_and_not_touched(database_url: str) -> None:
    _set_revision(database_url, "9999")
    for attempt in (lambda: Store.open(database_url, migrate=True), lambda: upgrade_store(database_url)):
        with pytest.raises(StoreTooNew, match="9999"):
            attempt()


def test_an_older_database_is_told_apart(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.upgrade.HEAD", "9999")
    with pytest.raises(StoreOutdated, match="older clausewatch"):
        Store.open(database_url, migrate=False)


def test_another_programs_file_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as other:
        other.execute("CREATE TABLE flow_run (id)")
    before = path.read_bytes()[100:]
    with pytest.raises(NotAStore, match="not clausewatch's"):
        Store.open(f"sqlite:///{path}")
    assert path.read_bytes()[100:] == before


@pytest.mark.postgres
def test_other_programs_may_share_a_postgresql_database(postgresql: PostgreSQL) -> None:
    url = postgresql.create()
    database = Database(url)
    with database.write() as connection:
        connection.execute(text("CREATE TABLE alembic_version (version_num text)"))
    Store.open(url, migrate=True).close()
    with database.write() as connection:
        connection.execute(text(f"DROP TABLE {VERSION_TABLE}"))
    with pytest.raises(NotAStore):
        Store.open(url, migrate=True)
    database.close()
    postgresql.drop(url)


def _refusal(url: str, **options: bool) -> StorageError:
    with pytest.raises(StorageError) as caught:
        Store.open(url, **options)
    assert "s3cret" not in str(caught.value)
    assert caught.value.advice
    return caught.value


def test_what_is_wrong_with_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "text.db").write_text("this is not a database, but long enough to be looked at as one " * 30)
    (tmp_path / "file").write_text("")
    assert type(_refusal(f"sqlite:///{tmp_path}/text.db")) is NotAStore
    assert type(_refusal(f"sqlite:///{tmp_path}/file/inside.db")) is StoreUnreachable
    assert type(_refusal(f"sqlite:///{tmp_path}")) is StoreUnreachable
    assert type(_refusal("sqlite:////proc/clausewatch.db")) is StoreUnreachable
    assert type(_refusal(f"sqlite:///{tmp_path}/none.db", create=False)) is StoreMissing
    assert not (tmp_path / "none.db").exists()


@pytest.mark.parametrize("url", ["", "clausewatch.db", "sqlite://", "mysql://u:s3cret@h/d", "postgresql+asyncpg://h/d"])
def test_urls_that_name_no_database_of_ours(url: str) -> None:
    assert type(_refusal(url)) is UrlInvalid


def test_a_damaged_file_is_told_from_a_wrong_one(tmp_path: Path) -> None:
    path = tmp_path / "clausewatch.db"
    with Store.open(f"sqlite:///{path}") as store:
        store.register([vendor()])
    data = bytearray(path.read_bytes())
    data[100:] = b"\xee" * (len(data) - 100)
    path.write_bytes(data)
    assert type(_refusal(f"sqlite:///{path}")) is StoreDamaged


def test_a_database_that_may_not_be_written_can_be_read(tmp_path: Path) -> None:
    path = tmp_path / "clausewatch.db"
    with Store.open(f"sqlite:///{path}") as store:
        store.register([vendor()])
    with Store.open(f"sqlite:///file:{path}?mode=ro&uri=true") as store:
        assert len(store.documents()) == 1
        with pytest.raises(StoreReadOnly):
            store.register([vendor("other")])


def test_a_lock_held_too_long_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("storage.engine.BUSY_SECONDS", 0.05)
    path = tmp_path / "clausewatch.db"
    with Store.open(f"sqlite:///{path}") as store:
        other = sqlite3.connect(path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreBusy):
            store.register([vendor()])
        other.close()
        assert store.register([vendor()]).added == ("acme/privacy",)


@pytest.mark.postgres
def test_what_is_wrong_with_a_server_is_said(postgresql: PostgreSQL, tmp_path: Path) -> None:
    assert type(_refusal(postgresql.url("postgres", password="wrong-s3cret"))) is StoreUnreachable
    assert type(_refusal(postgresql.url("nowhere"))) is StoreUnreachable
    assert type(_refusal(f"postgresql://u:s3cret@/d?host={tmp_path}")) is StoreUnreachable
    assert type(_refusal("postgresql://u:s3cret@127.0.0.1:1/d")) is StoreUnreachable


@pytest.mark.postgres
def test_a_connection_that_the_server_ended_is_made_again(postgresql: PostgreSQL) -> None:
    url = postgresql.create("template_clausewatch")
    with Store.open(url) as store:
        store.register([vendor()])
        postgresql.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'clausewatch'"
        )
        assert len(store.documents()) == 1
    postgresql.drop(url)


def test_times_are_aware_on_both_databases(database_url: str) -> None:
    elsewhere = START.astimezone(timezone(timedelta(hours=-9)))
    database = Database(database_url)
    with database.write() as connection:
        connection.execute(
            text("CREATE TABLE moment (time " + ("DATETIME" if database.sqlite else "TIMESTAMPTZ") + ")")
        )
        connection.execute(sql("INSERT INTO moment (time) VALUES (:time)"), {"time": elsewhere})
        found = connection.execute(
            sql("SELECT time FROM moment WHERE time >= :since_time"), {"since_time": START}
        ).scalar()
        assert found == START
        assert found is not None and found.utcoffset() == timedelta(0)
        with pytest.raises(Exception, match="without a time zone"):
            connection.execute(sql("SELECT :time"), {"time": START.replace(tzinfo=None)})
    database.close()
