"""The command line: exit codes, plain words for what is wrong, JSON, interruption; never a traceback."""
# ruff: noqa: E501 (tables of cases: a case is a line)

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from flows.cli import app
from tests.flows.worlds import World, dated, policy_page, world
from tests.replica import Page

pytestmark = pytest.mark.xdist_group("cli")

ROOT = Path(__file__).resolve().parents[2]
KEY = "acme/privacy-policy"
OLD, NEW = policy_page(), policy_page(sharing="We may sell your personal information.")


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A document of two versions, checked three times, with one alert sent."""
    with world(tmp_path_factory.mktemp("cli"), dated({"20240101": OLD, "20240201": NEW}), sinks=True) as made:
        made.replica.horizon = "20200101000000"
        made.replica.date = "20240101235959"
        assert made.cli("check").returncode == 0
        made.replica.date = "20240201235959"
        assert made.cli("check").returncode == 0
        yield made


def lines_of(done: subprocess.CompletedProcess[str]) -> str:
    assert "Traceback" not in done.stdout + done.stderr, done.stderr
    return done.stdout + done.stderr


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("check",), 0, "1 unchanged"),
        (("check", "acme"), 0, "1 unchanged"),
        (("check", "--due"), 0, "nothing to check"),
        (("check", "--dry-run"), 0, "1 unchanged"),
        (("check", "--no-wait"), 0, "1 unchanged"),
        (("check", "acne"), 2, 'nothing watched is called "acne"; did you mean "acme"?'),
        (("check", "--nonsense"), 2, "--nonsense"),
        (("backfill", "--every", "week"), 2, "--every must be all, day or month"),
        (("backfill", "--from", "yesterday"), 2, "--from must be a date such as 2015, 2015-04 or 2015-04-30"),
        (("backfill", "--to", "2015-13"), 2, "--to must be a date"),
        (("backfill", "--from", "2015-02-30"), 2, "--from must be a date"),
        (("backfill", "--limit", "0"), 2, "--limit"),
        (("backfill", "--from", "2020", "--to", "2020-06", "--every", "month"), 0, "0 captures"),
        (("backfill", "--dry-run"), 0, "0 captures, at most 0 to fetch"),
        (("backfill", "acme/terms"), 2, "nothing watched is called"),
        (("status",), 0, "fine"),
        (("status", "acme"), 0, KEY),
        (("status", "acne"), 2, 'nothing watched is called "acne"; did you mean acme'),
        (("history", KEY), 0, "2 versions"),
        (("history", "acme"), 0, "2 versions"),
        (("history", "nobody/nothing"), 2, "no document on record is called"),
        (("history",), 2, "Missing argument"),
        (("diff", KEY), 0, "{+"),
        (("diff", KEY, "1", "2"), 0, "version 1"),
        (("diff", KEY, "1", "1"), 0, "no difference in what it says"),
        (("diff", KEY, "1", "9"), 2, "has versions 1 to 2, not 9"),
        (("diff", KEY, "--cosmetic", "--context", "0"), 0, "{+"),
        (("diff", KEY, "last week"), 2, "is neither the number of a version nor a date"),
        (("diff", KEY, "1999"), 2, "nothing is known of"),
        (("show", KEY), 0, "sell your personal information"),
        (("show", KEY, "1"), 0, "for their own marketing"),
        (("show", KEY, "--format", "markdown"), 0, "# Privacy Policy"),
        (("show", KEY, "--format", "raw"), 0, "<!DOCTYPE html>"),
        (("show", KEY, "--format", "yaml"), 2, "--format must be text, markdown, json or raw"),
        (("show", KEY, "0"), 2, "has versions 1 to 2, not 0"),
        (("show", KEY, "2024-02-31"), 2, "is no date"),
        (("show", KEY, "99999"), 2, "neither the number of a version nor a date"),
        (("list",), 0, "changed"),
        (("list", "--outcome", "held"), 0, "none"),
        (("list", "--outcome", "technical"), 0, "none"),
        (("list", "--outcome", "first"), 0, "first"),
        (("list", "--outcome", "weird"), 2, "--outcome must be one of"),
        (("release", "99"), 2, "capture 99 is not held"),
        (("release", "x"), 2, "valid integer"),
        (("config", "check"), 0, "is fine: 1 documents of 1 vendors, 2 routes, 1 archives"),
        (("db", "upgrade"), 0, "the database is at revision"),
        (("routes", "explain", KEY), 0, "legal"),
        (("routes", "explain", "acne"), 2, "did you mean"),
        (("routes", "test", "nobody"), 2, 'there is no route "nobody"; routes in config.toml: legal, operators'),
        (("routes", "test"), 0, "sent"),
        (("alerts", "list"), 0, "legal"),
        (("alerts", "list", "--state", "lost"), 2, "--state must be one of"),
        (("alerts", "list", "--state", "dead"), 0, ""),
        (("alerts", "send"), 0, "alerts: none were due"),
        (("try", "http://acme.example/nothing"), 1, "404"),
        (("try", "http://acme.example/privacy"), 0, "two fetches say the same"),
        (("try", "ftp://acme.example/privacy"), 1, "ftp://acme.example/privacy"),
        (("frobnicate",), 2, "No such command"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)  # fmt: skip
def test_every_command_says_plainly_what_is_right_and_wrong(
    watched: World, arguments: tuple[str, ...], code: int, said: str
) -> None:
    done = watched.cli(*arguments)
    text = " ".join(lines_of(done).split())
    assert done.returncode == code, text
    assert said in text


@pytest.mark.parametrize(
    "arguments",
    [
        ("check",), ("backfill",), ("backfill", "--dry-run"), ("status",), ("history", KEY), ("diff", KEY), ("list",),
        ("list", "--outcome", "held"), ("list", "--outcome", "cosmetic"), ("alerts", "list"),
    ],
    ids=" ".join,
)  # fmt: skip
def test_json_is_json_and_nothing_else(watched: World, arguments: tuple[str, ...]) -> None:
    done = watched.cli(*arguments, "--json")
    assert done.returncode == 0 and not done.stderr
    data: Any = json.loads(done.stdout)
    assert done.stdout[0] in "[{"
    if arguments[0] == "history":
        assert [entry["number"] for entry in data["versions"]] == [1, 2]
        assert data["versions"][1]["change"]["severity"] == "high"
    if arguments == ("check",):
        assert data[0]["document"] == KEY and data[0]["outcome"] == "unchanged" and data[0]["versions"] == 2
    if arguments[0] == "alerts":
        assert [alert["alert"]["state"] for alert in data] == ["sent"]


def test_show_as_json_has_the_blocks(watched: World) -> None:
    data = json.loads(watched.cli("show", KEY, "1", "--format", "json").stdout)
    assert any("for their own marketing" in block["text"] for block in data["extractions"][0]["blocks"])


def test_commands_on_files_need_no_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "old.html").write_bytes(OLD)
    (tmp_path / "new.html").write_bytes(NEW)
    (tmp_path / "empty.html").write_bytes(b"")
    (tmp_path / "noise.bin").write_bytes(bytes(range(256)) * 20)
    (tmp_path / "late.pdf").write_bytes(b"%PDF-1.7 and no more")
    for arguments, code, said in (
        (["extract", "old.html"], 0, "for their own marketing"),
        (["extract", "old.html", "--format", "markdown"], 0, "# Privacy Policy"),
        (["extract", "old.html", "--format", "json"], 0, '"blocks"'),
        (["extract", "old.html", "--format", "yaml"], 2, "--format must be"),
        (["extract", "old.html", "--select", "p["], 2, "p["),
        (["extract", "nothing.html"], 2, "nothing.html can't be read"),
        (["extract", "empty.html"], 2, "empty"),
        (["extract", "noise.bin"], 2, "noise.bin"),
        (["extract", "late.pdf"], 2, "late.pdf"),
        (["compare", "old.html", "new.html"], 0, "sell"),
        (["compare", "old.html", "new.html", "--json"], 0, '"same_state": false'),
        (["compare", "old.html", "old.html"], 0, "no difference in what it says"),
        (["compare", "old.html", "nothing.html"], 2, "can't be read"),
        (["status"], 2, "config.toml does not exist"),
        (["config", "check"], 2, "config.toml does not exist"),
        (["config", "schema"], 0, '"additionalProperties": false'),
        (["--help"], 0, "backfill"),
    ):
        monkeypatch.setattr(sys, "argv", ["clausewatch", *arguments])
        with pytest.raises(SystemExit) as left:
            from flows.cli import main

            main()
        out = capsys.readouterr()
        assert left.value.code == code, (arguments, out)
        assert said in out.out + out.err, (arguments, out)


def test_help_names_every_command() -> None:
    from typer.main import get_command

    group = get_command(app)
    names = set(getattr(group, "commands"))  # noqa: B009
    assert {"check", "backfill", "status", "history", "diff", "show", "list", "release", "extract", "compare", "try", "config", "db", "routes", "alerts"} <= names  # fmt: skip


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[check", "is not valid TOML"),
        ("[chekc]\n", 'did you mean "check"'),
        ("", "config.toml watches no document yet"),
    ],
)
def test_a_config_that_cannot_be_used_is_exit_code_2(watched: World, tmp_path: Path, text: str, said: str) -> None:
    other = tmp_path / "config.toml"
    other.write_text(text)
    bad = World(tmp_path, other, watched.replica, watched.url, watched.address, watched.hooks, watched.mails)
    done = bad.cli("check")
    assert done.returncode == 2 and said in lines_of(done)


def test_a_database_that_cannot_be_used_is_exit_code_2(watched: World, tmp_path: Path) -> None:
    text = watched.config.read_text("utf-8")
    other = tmp_path / "config.toml"
    bad = World(tmp_path, other, watched.replica, watched.url, watched.address, watched.hooks, watched.mails)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "clausewatch.sqlite").write_bytes(b"this is no database, however long one looks at it" * 50)
    other.write_text(text, "utf-8")
    for command in (("status",), ("check",), ("history", KEY)):
        done = bad.cli(*command)
        assert done.returncode == 2 and "clausewatch.sqlite" in lines_of(done)
    (tmp_path / "file").write_text("")
    other.write_text(text.replace('data = "data"', 'data = "file"'), "utf-8")
    done = bad.cli("status")
    assert done.returncode == 2 and "file" in lines_of(done)
    other.write_text(text + '\n[storage]\nurl = "postgresql://u:hunter2@127.0.0.1:1/none"\n', "utf-8")
    done = bad.cli("status")
    assert done.returncode == 2 and "hunter2" not in lines_of(done)


def test_commands_that_only_read_import_neither_prefect_nor_a_http_client(watched: World) -> None:
    script = (
        "import sys\nfrom flows.cli import main\nsys.argv = ['clausewatch'] + sys.argv[1:]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "heavy = ('prefect', 'fastapi', 'httpx', 'apprise', 'uvicorn', 'pdfminer', 'py3langid')\n"
        "sys.stderr.write(' '.join(name for name in heavy if name in sys.modules))"
    )
    for command in (("history", KEY), ("status",), ("show", KEY)):
        done = subprocess.run(
            [sys.executable, "-c", script, *command, "--config", str(watched.config)],
            cwd=ROOT, capture_output=True, text=True, check=True,
        )  # fmt: skip
        assert KEY in done.stdout or "sell" in done.stdout
        assert done.stderr == ""


def test_a_reader_that_leaves_early_is_no_error(watched: World) -> None:
    """`clausewatch show … | head -1`"""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        watched.command("show", KEY, "--format", "json"), cwd=ROOT, stdout=writing, stderr=subprocess.PIPE, text=True, check=False
    )  # fmt: skip
    os.close(writing)
    assert done.returncode == 0 and done.stderr == ""


def test_ctrl_c_leaves_everything_in_order(tmp_path: Path) -> None:
    pages: list[Page] = []
    urls = [f"http://acme.example/{number}" for number in range(8)]
    for url in urls:
        pages += dated({"20240101": policy_page()}, url)
    documents = {f"v{n}": [f'type = "Privacy Policy"\nurl = "{url}"'] for n, url in enumerate(urls)}
    with world(tmp_path, pages, documents) as made:
        command = made.start("check")
        made.when_asked("live", 4, lambda: command.send_signal(signal.SIGINT))
        out, err = command.communicate(timeout=60)
        assert command.returncode == 130, (out, err)
        assert "Traceback" not in err and "run it again" in err
        with closing(sqlite3.connect(tmp_path / "data" / "clausewatch.sqlite")) as database:
            assert database.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            assert database.execute("PRAGMA foreign_key_check").fetchall() == []
            assert database.execute("SELECT count(*) FROM document WHERE locked_until IS NOT NULL").fetchone() == (0,)
        again = made.run("check", "--json")
        assert again.returncode == 0, again.stderr
        assert {result["outcome"] for result in json.loads(again.stdout)} <= {"first", "unchanged"}
        with made.store() as store:
            assert [document.versions for document in store.documents()] == [1] * 8


def test_the_exit_code_is_1_while_a_document_cannot_be_watched(tmp_path: Path) -> None:
    with world(tmp_path, dated({"20240101": Page("", "", b"", 503)})) as made:
        done = made.cli("check")
        assert done.returncode == 1 and "503" in lines_of(done)
        assert made.cli("status").returncode == 1
        assert "failing since" in made.cli("status").stdout
        assert made.cli("history", KEY).returncode == 0
        assert made.cli("show", KEY).returncode == 2
        listed = made.cli("list", "--outcome", "failed")
        assert listed.returncode == 0 and "503" in listed.stdout
