"""Databases for tests: an SQLite file, and a real PostgreSQL that the tests start for themselves.

PostgreSQL runs once per test process, from whatever `initdb` and `postgres` are installed, in a temporary folder, on a
Unix socket only, without durability. Each test gets a database of its own, copied from a migrated template.
Where PostgreSQL is not installed its tests are skipped and say so; where it is, a failure to start is a failure.

To use them, import the fixtures into a folder's conftest.py, as tests/storage/conftest.py does.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import cast

import psycopg
import pytest

from storage.store import Store

__all__ = ["PostgreSQL", "database_url", "empty_database_url", "postgresql", "store"]

_TEMPLATE = "template_clausewatch"


@dataclass(frozen=True)
class PostgreSQL:
    """A running server. `url` gives the URL of one of its databases."""

    socket: Path
    user: str = "tests"
    password: str = "s3cret-of-the-tests"

    def url(self, database: str, *, user: str | None = None, password: str | None = None) -> str:
        login = f"{user or self.user}:{password or self.password}"
        return f"postgresql://{login}@/{database}?host={self.socket}"

    def create(self, template: str = "template1") -> str:
        """Make a database. Returns its URL."""
        name = f"t{uuid.uuid4().hex}"
        self.execute(f'CREATE DATABASE {name} TEMPLATE "{template}"')
        return self.url(name)

    def drop(self, url: str) -> None:
        name = url.partition("@/")[2].partition("?")[0]
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def execute(self, statement: str) -> None:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(statement.encode())


def _programs() -> Path | None:
    """The folder that has initdb and postgres."""
    candidates: list[Path] = []
    if found := shutil.which("pg_config"):
        answer = subprocess.run([found, "--bindir"], capture_output=True, text=True, timeout=30)
        candidates.append(Path(answer.stdout.strip()))
    candidates += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    if found := shutil.which("initdb"):
        candidates.append(Path(found).resolve().parent)
    return next((c for c in candidates if (c / "initdb").exists() and (c / "postgres").exists()), None)


def _as_unprivileged(folder: Path) -> list[str]:
    """What to put before a command so that it runs as a user PostgreSQL accepts: it refuses root."""
    if os.getuid() != 0:
        return []
    for user in ("postgres", "nobody"):
        try:
            shutil.chown(folder, user)
        except LookupError:
            continue
        if setpriv := shutil.which("setpriv"):
            return [setpriv, f"--reuid={user}", "--clear-groups", "--"]
        if runuser := shutil.which("runuser"):
            return [runuser, "-u", user, "--"]
        if su := shutil.which("su"):
            return [su, user, "-s", "/bin/sh", "-c", 'exec "$0" "$@"', "--"]
    pytest.skip("PostgreSQL refuses to run as root, and there is no way here to run it as another user")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgreSQL]:
    """A PostgreSQL server of this test process."""
    programs = _programs()
    if programs is None:
        pytest.skip("PostgreSQL is not installed (no initdb by pg_config, in /usr/lib/postgresql or on PATH)")
    # a short path: the name of a Unix socket may have 107 bytes
    folder = Path(tempfile.mkdtemp(prefix="cw-pg-", dir="/tmp"))
    folder.chmod(0o755)
    server = PostgreSQL(folder)
    prefix = _as_unprivileged(folder)
    secret = folder / "password"
    secret.write_text(server.password)
    secret.chmod(0o644)
    data = folder / "data"
    environment = {**os.environ, "LC_ALL": "C", "TZ": "America/New_York"}  # times must not depend on it

    def run(program: str, *arguments: str) -> None:
        command = [*prefix, str(programs / program), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, cwd=folder)
        log = folder / "log"
        assert done.returncode == 0, done.stderr + (log.read_text() if log.exists() else "")

    try:
        run(
            "initdb",
            "-D",
            str(data),
            "-U",
            server.user,
            "-A",
            "scram-sha-256",
            "--pwfile",
            str(secret),
            "-N",
            "-E",
            "UTF8",
        )
        options = (
            f"-c listen_addresses='' -c unix_socket_directories={folder} -c fsync=off -c synchronous_commit=off "
            "-c full_page_writes=off -c max_connections=100 -c shared_buffers=32MB -c autovacuum=off"
        )
        run("pg_ctl", "-D", str(data), "-l", str(folder / "log"), "-o", options, "-w", "-t", "60", "start")
        server.execute(f"CREATE DATABASE {_TEMPLATE}")
        Store.open(server.url(_TEMPLATE), migrate=True).close()
        yield server
    finally:
        if (data / "postmaster.pid").exists():
            run("pg_ctl", "-D", str(data), "-m", "immediate", "-w", "stop")
        shutil.rmtree(folder, ignore_errors=True)


_BOTH = [pytest.param("sqlite"), pytest.param("postgresql", marks=pytest.mark.postgres)]


def _server(request: pytest.FixtureRequest) -> PostgreSQL:
    return cast("PostgreSQL", request.getfixturevalue("postgresql"))


@pytest.fixture(scope="session")
def _sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("template") / "template.db"
    Store.open(f"sqlite:///{path}").close()
    return path


@pytest.fixture(params=_BOTH)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a migrated, empty database: each test that asks runs once on SQLite and once on PostgreSQL."""
    if request.param == "sqlite":
        path = tmp_path / "clausewatch.db"
        shutil.copy(request.getfixturevalue("_sqlite_template"), path)
        yield f"sqlite:///{path}"
        return
    server = _server(request)
    url = server.create(_TEMPLATE)
    yield url
    server.drop(url)


@pytest.fixture(params=_BOTH)
def empty_database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a database without tables; on SQLite, of a file that is not there yet."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'data' / 'clausewatch.db'}"
        return
    server = _server(request)
    url = server.create()
    yield url
    server.drop(url)


@pytest.fixture
def store(database_url: str) -> Iterator[Store]:
    """An open, empty store, on both databases in turn."""
    with Store.open(database_url) as opened:
        yield opened
