"""The check flow through Prefect's embedded server, as `clausewatch check` runs it; what its dashboard shows."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.flows.worlds import URL, dated, page, policy, policy_page, world
from tests.replica import Page

pytestmark = [pytest.mark.prefect, pytest.mark.timeout(300), pytest.mark.xdist_group("prefect")]

OLD = policy_page()
NEW = policy_page(sharing="We may share your data with <script>alert(1)</script> our | advertising *partners*.")
TERMS = "http://acme.example/terms"
DOWN = "http://acme.example/down"


@dataclass
class Ran:
    """What two runs left: exit codes, standard output, and Prefect's database."""

    codes: list[int]
    outputs: list[list[dict[str, object]]]
    errors: list[str]
    database: Path

    def rows(self, query: str) -> list[tuple[object, ...]]:
        with closing(sqlite3.connect(self.database)) as connection:
            return connection.execute(query).fetchall()


@pytest.fixture(scope="module")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ran]:
    """A change while one of three documents fails, and a run in which most fail; the first look was without Prefect."""
    folder = tmp_path_factory.mktemp("prefect")
    down = Page("", "", b"<h1>Down</h1>", 503)
    pages = [
        *dated({"20240101": OLD, "20240201": NEW, "20240301": down}),
        *dated({"20240101": page("Terms of Service", *policy()), "20240301": down}, TERMS),
        *dated({"20240101": page("Imprint", *policy()), "20240201": down}, DOWN),
    ]
    documents = [
        f'type = "{type_}"\nurl = "{url}"'
        for type_, url in (("Privacy Policy", URL), ("Terms of Service", TERMS), ("Imprint", DOWN))
    ]
    home = folder / "prefect-home"
    with pytest.MonkeyPatch.context() as patch, world(folder, pages, {"acme": documents}, prefect="embedded") as made:
        patch.setenv("PREFECT_HOME", str(home))
        for name in ("PREFECT_API_URL", "PREFECT_API_DATABASE_CONNECTION_URL"):
            if name in os.environ:
                patch.delenv(name)
        made.replica.date = "20240101235959"
        made.edit('mode = "embedded"', 'mode = "off"')
        assert made.cli("check").returncode == 0
        made.edit('mode = "off"', 'mode = "embedded"')
        codes, outputs, errors = [], [], []
        for day in ("20240201", "20240301"):
            made.replica.date = f"{day}235959"
            done = made.run("check", "--json", timeout=250)
            codes.append(done.returncode)
            outputs.append(json.loads(done.stdout))
            errors.append(done.stderr)
        yield Ran(codes, outputs, errors, home / "prefect.db")


def test_the_command_says_what_it_says_without_prefect(ran: Ran) -> None:
    assert ran.codes == [1, 1]
    outcomes = [{str(one["document"]): one["outcome"] for one in output} for output in ran.outputs]
    privacy, terms, imprint = "acme/privacy-policy", "acme/terms-of-service", "acme/imprint"
    assert outcomes == [
        {privacy: "changed", terms: "unchanged", imprint: "failed"},
        {privacy: "failed", terms: "failed", imprint: "failed"},
    ]
    assert not any("Traceback" in text for text in ran.errors), ran.errors


def test_a_failing_document_does_not_fail_the_run_unless_most_fail(ran: Ran) -> None:
    runs = ran.rows("SELECT name, state_type FROM flow_run ORDER BY start_time")
    assert [state for _, state in runs] == ["COMPLETED", "FAILED"]
    assert all(str(name).startswith("check ") for name, _ in runs)


def test_documents_are_handled_in_few_tasks(ran: Ran) -> None:
    tasks = ran.rows(
        "SELECT f.start_time, t.name, t.state_type FROM task_run t JOIN flow_run f ON f.id = t.flow_run_id "
        "ORDER BY f.start_time, t.start_time"
    )
    assert [name for _, name, _ in tasks] == [
        "batch 1 of 1: 3 documents",
        "second look 1 of 1: 1 documents",
        "batch 1 of 1: 3 documents",
    ]
    assert {state for _, _, state in tasks} == {"COMPLETED"}


def test_the_dashboard_gets_a_table_and_the_differences_and_no_markup_of_pages(ran: Ran) -> None:
    artifacts = ran.rows("SELECT key, type, data, description FROM artifact WHERE key IS NOT NULL ORDER BY created")
    keys = [key for key, *_ in artifacts]
    assert keys.count("check-outcomes") == 2
    (change,) = [artifact for artifact in artifacts if str(artifact[0]).startswith("change-")]
    assert change[0] == "change-acme-privacy-policy" and change[1] == "markdown"
    text = json.loads(str(change[2]))
    assert "advertising" in text and "<script>" not in text and "*partners*" not in text
    table = json.loads(str(next(data for key, _, data, _ in artifacts if key == "check-outcomes")))
    lines = table.splitlines()
    assert lines[0].startswith("| vendor") and len(lines) == 5
    assert "failed" in lines[2]  # what failed comes first
    assert all(line.replace("\\|", "").count("|") == 7 for line in lines)


def test_no_page_text_and_no_secret_is_in_a_parameter(ran: Ran) -> None:
    for (parameters,) in ran.rows("SELECT parameters FROM flow_run"):
        assert set(json.loads(str(parameters))) <= {"config", "documents", "only_due", "wait", "archives"}
