"""`clauses`, `timeline`, `find`, `analyse` and the user's own categories, on a store that checks have filled."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from flows.categories import UnknownCategory, find_category
from flows.clause_index import complete_index
from flows.cli import main
from flows.config_file import ConfigError, read_config
from flows.opening import open_store
from tests.flows.worlds import DOCUMENT, URL, World, dated, page, policy, policy_page, world
from tests.replica import Page

KEY = "acme/privacy-policy"
DATES = "Effective as of March 1, 2024. Last updated: February 15, 2024."
HOSTILE = (
    "Our chatbot is trained on conversations \u202eexe.fdp\u202c with [bold]you[/bold]; see \x1b]8;;x\x07 point 2."
)
SELLING = "We may sell your personal information to third-party advertisers."
CATEGORY = """
[[categories]]
id = "ai_training"
name = "AI training"
words = ["chatbot"]
patterns = ["train(?:ed|ing) on .{0,30}conversations"]
"""
PAGES = {
    "20240101": policy_page(),
    "20240201": policy_page(sharing=SELLING, notice="15 days"),
    "20240301": page(
        "Privacy Policy",
        DATES,
        HOSTILE,
        *policy(sharing=SELLING, notice="15 days"),
    ),
}


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A document with three versions from an archive, and a second vendor's."""
    folder = tmp_path_factory.mktemp("clauses")
    terms = page("Terms of Service", *policy(sharing="We never sell anything to anybody."))
    other = Page("http://other.example/terms", "20240101120000", terms)
    documents = {
        "acme": [DOCUMENT],
        "other": ['type = "Terms of Service"\nurl = "http://other.example/terms"'],
    }
    hosts = ("acme.example", "other.example")
    with world(folder, [*dated(PAGES, URL), other], documents, hosts=hosts) as made:
        made.edit("[[archives]]", CATEGORY + "[[archives]]")
        done = made.run("backfill", "--json")
        assert done.returncode == 0, done.stderr
        yield made


def data(world: World, *arguments: str) -> Any:
    done = world.cli(*arguments, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def text(world: World, *arguments: str) -> str:
    done = world.cli(*arguments)
    assert done.returncode == 0, done.stderr
    assert not {"\x1b", "\u202e", "\x07"} & set(done.stdout)
    return done.stdout


def refused(world: World, *arguments: str) -> str:
    done = world.cli(*arguments)
    assert done.returncode == 2, done.stdout
    assert "Traceback" not in done.stderr
    return done.stderr


def test_clauses_of_the_newest_version(filled: World) -> None:
    shown = text(filled, "clauses", KEY)
    assert "version 3 of 3" in shown
    assert 'effective  2024-03-01 ("Effective as of March 1, 2024")' in shown
    assert "updated    2024-02-15" in shown
    assert "changes apply 15 days after posting" in shown
    assert "from 2024-03-16 at the earliest" in shown
    head, _, sale = shown.partition("Sale of data (sale)")
    assert head.index("AI training (ai_training)") < head.index("Third-party sharing (third_party)")
    assert "**sell your personal information**" in sale
    assert "[bold]you[/bold]" in shown  # taken literally


def test_clauses_at_a_version_of_one_category_as_data(filled: World) -> None:
    found = data(filled, "clauses", "acme", "1", "--category", "Third-Party sharing")
    assert (found["document"], found["number"], found["effective"]) == (KEY, 1, None)
    (category,) = found["categories"]
    assert (category["category"], category["name"]) == ("third_party", "Third-party sharing")
    (clause,) = category["clauses"]
    assert clause["text"].startswith("We do not share") and clause["path"] == ["Privacy Policy"]
    hit = clause["evidence"][0]
    assert clause["text"][hit["start"] : hit["end"]] == hit["text"] and "share" in hit["text"]
    assert found["notice"]["days"] == 30
    assert data(filled, "clauses", KEY, "2024-02-10")["number"] == 2


def test_what_clauses_refuses(filled: World) -> None:
    assert 'did you mean "third_party"?' in refused(filled, "clauses", KEY, "--category", "thrid-party")
    assert "did you mean acme/privacy-policy" in refused(filled, "clauses", "acme/privacy")
    assert "versions 1 to 3" in refused(filled, "clauses", KEY, "9")
    assert "neither the number of a version nor a date" in refused(filled, "clauses", KEY, "soon")


def test_timeline_of_a_clause(filled: World) -> None:
    shown = text(filled, "timeline", KEY, "--category", "sale-of-data")
    assert "Sale of data: changed in 1 of 3 versions" in shown
    before, _, after = shown.partition("version 2")
    assert "We do not share" in before or "says nothing of it" in before
    assert "high" in after and "{+" in after and "may sell" in after
    notice = data(filled, "timeline", KEY, "--category", "policy_change")
    (step,) = notice["steps"]
    assert step["number"] == 2 and step["first_seen"].startswith("2024-02-01")
    (clause,) = step["clauses"]
    assert clause["severity"] == "high" and "30 days → 15 days" in clause["reason"]
    assert {"op": "delete", "text": "30"} in clause["spans"] and {"op": "insert", "text": "15"} in clause["spans"]
    assert "30 days" in notice["first"]["text"][0] and "15 days" in notice["now"]["text"][0]


def test_timeline_of_a_category_of_ones_own(filled: World) -> None:
    (step,) = data(filled, "timeline", KEY, "--category", "AI training")["steps"]
    (clause,) = step["clauses"]
    assert (step["number"], clause["kind"]) == (3, "added") and "chatbot" in clause["after"]
    assert clause["category"] == "ai_training"


def test_timeline_of_what_never_changed_and_what_it_refuses(filled: World) -> None:
    shown = text(filled, "timeline", KEY, "--category", "retention")
    assert "changed in 0 of 3 versions" in shown and "twelve months" in shown
    assert "says nothing of it" in text(filled, "timeline", KEY, "--category", "children")
    assert "did you mean" in refused(filled, "timeline", KEY, "--category", "retension")
    assert "--category" in refused(filled, "timeline", KEY)


def test_find_over_the_current_versions(filled: World) -> None:
    shown = text(filled, "find", "sells")
    assert "may **sell** your" in shown and "never **sell** anything" in shown and KEY in shown
    found = data(filled, "find", "sell", "--category", "sale", "--vendor", "acme")
    (hit,) = found["hits"]
    assert hit["key"] == KEY and "sale" in hit["categories"] and hit["heading"] == "Privacy Policy"
    assert [hit["text"][start:end] for start, end in hit["marks"]] == ["sell"]
    assert data(filled, "find", "30 days", "--vendor", "acme")["hits"] == []  # an earlier version said that
    assert "nothing found" in text(filled, "find", "nowhere")
    assert data(filled, "find", "chatbot", "--category", "ai_training")["hits"]
    assert "[bold]you[/bold]" in text(filled, "find", "chatbot conversation")
    assert "--limit" in text(filled, "find", "we", "--limit", "1")


def test_what_find_refuses(filled: World) -> None:
    assert "no word to look for" in refused(filled, "find", '"" -')
    assert "did you mean acme" in refused(filled, "find", "sell", "--vendor", "acmee")
    assert 'did you mean "sale"?' in refused(filled, "find", "sell", "--category", "sales")
    for query in ("NEAR(", '"', "text: OR", "'; DROP TABLE version; --x", "a* AND NOT"):
        assert filled.cli("find", query).returncode in (0, 2)


def test_find_follows_the_categories_and_upgraded_databases(filled: World, tmp_path: Path) -> None:
    config = read_config(filled.config)
    with open_store(config) as store:
        assert complete_index(store, config.category_rules) == 0  # the run before has indexed them
        with store.transaction() as tx:
            for number in store.document_keys().values():
                tx.drop_index(number)
        assert store.indexed() == {}
        assert complete_index(store, config.category_rules) == 2
    filled.edit('words = ["chatbot"]', 'words = ["messages"]')
    try:
        hits = data(filled, "find", "chat", "--category", "ai training")["hits"]
        assert hits and all("messages" in hit["text"] or "trained on" in hit["text"] for hit in hits)
    finally:
        filled.edit('words = ["messages"]', 'words = ["chatbot"]')
    assert not data(filled, "find", "messages", "--category", "ai training")["hits"]


def test_diff_knows_the_categories_of_ones_own(filled: World) -> None:
    clauses = data(filled, "diff", KEY)["clauses"]
    assert "ai_training" in {clause["category"] for clause in clauses}
    assert "Ai training" in text(filled, "diff", KEY)


def test_analyse_files_without_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("CLAUSEWATCH_CONFIG", raising=False)
    Path("a.html").write_bytes(PAGES["20240301"])
    Path("b.md").write_text("# Terms\n\n## Children\n\nOur service is not directed to children under 13.\n", "utf-8")
    Path("c.txt").write_text("We keep your personal data for two years and then delete it.\n", "utf-8")

    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        monkeypatch.setattr(sys, "argv", ["clausewatch", *arguments])
        with pytest.raises(SystemExit) as leaving:
            main()
        code = leaving.value.code
        assert isinstance(code, int)
        return subprocess.CompletedProcess(arguments, code, *capsys.readouterr())

    done = run("analyse", "a.html", "b.md", "c.txt", "--json")
    assert done.returncode == 0, done.stderr
    first, second, third = json.loads(done.stdout)
    assert (first["file"], first["effective"]["iso"], first["updated"]["iso"]) == ("a.html", "2024-03-01", "2024-02-15")
    assert first["notice"]["days"] == 15 and first["earliest_effective"] is None
    assert "children" in {one["category"] for one in second["categories"]} and second["effective"] is None
    assert "retention" in {one["category"] for one in third["categories"]} and third["notice"] is None

    Path("own.toml").write_text(CATEGORY, "utf-8")
    own = run("analyse", "a.html", "--config", "own.toml", "--category", "ai-training")
    assert own.returncode == 0 and "AI training (ai_training)" in own.stdout and "**chatbot**" in own.stdout
    assert "\x1b" not in own.stdout and "\u202e" not in own.stdout

    part = run("analyse", "missing.html", "c.txt")
    assert part.returncode == 2 and "missing.html can't be read" in part.stderr and "Retention" in part.stdout
    wrong = run("analyse", "c.txt", "--category", "ai_training")
    assert wrong.returncode == 2 and "there is no category" in wrong.stderr
    assert run("analyse").returncode == 2
    assert not Path("data").exists()


def test_compare_takes_categories_of_ones_own(filled: World, tmp_path: Path) -> None:
    old, new = tmp_path / "old.txt", tmp_path / "new.txt"
    old.write_text("We like talking to you about many different things.\n", "utf-8")
    new.write_text("We like talking to you about many different things.\nOur chatbot answers first.\n", "utf-8")
    (change,) = data(filled, "compare", str(old), str(new))["clauses"]
    assert change["category"] == "ai_training"


def test_reading_commands_start_without_prefect_and_httpx() -> None:
    code = (
        "import sys, flows.commands.clauses, flows.clause_views, flows.timelines, flows.clause_index, storage.search\n"
        "print(sorted({'prefect', 'httpx', 'sqlmodel', 'alembic'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    assert done.stdout == "[]\n"


# --- categories in config.toml --------------------------------------------------------------------------------------


def problems(folder: Path, toml: str) -> list[str]:
    path = folder / "config.toml"
    path.write_text(toml, "utf-8")
    with pytest.raises(ConfigError) as caught:
        read_config(path)
    return caught.value.problems


@pytest.mark.parametrize(
    ("toml", "said"),
    [
        ('id = "sale"\nwords = ["x"]', "built in; choose another id"),
        ('id = "cookies"\nwords = ["x"]', "built in; choose another id"),
        ('id = "other"\nwords = ["x"]', "stands for clauses of no category"),
        ('id = "AI Training"\nwords = ["x"]', "must be lower-case letters, digits and _"),
        ('id = "ai"\nname = "Retention"\nwords = ["x"]', "built-in category retention"),
        ('id = "ai"', "has no words, phrases or patterns"),
        ('id = "ai"\nwords = [""]', "is empty or longer than"),
        ('id = "ai"\npatterns = ["(a+)+b"]', "may not be repeated"),
        ('id = "ai"\npatterns = ["a.*b"]', "use at most two gaps, each bounded"),
        ('id = "ai"\npatterns = ["("]', "unterminated subpattern"),
        ('id = "ai"\npatterns = ["x?"]', "matches empty text"),
        ('id = "ai"\nwrods = ["x"]', 'did you mean "words"?'),
        ('words = ["x"]', "is missing"),
        ('id = "ai"\nwords = ["x"]\n[[categories]]\nid = "ai"\nwords = ["y"]', 'two categories called "ai"'),
        ('id = "a"\nname = "B"\nwords = ["x"]\n[[categories]]\nid = "b"\nwords = ["y"]', 'two categories called "b"'),
    ],
)
def test_what_is_wrong_with_a_category_is_said(tmp_path: Path, toml: str, said: str) -> None:
    (problem,) = problems(tmp_path, f"[[categories]]\n{toml}\n")
    assert said in problem and "categories" in problem


ROUTE = '[[routes]]\nname = "legal"\nto = ["json://127.0.0.1:9"]\ncategories = [{names}]\n'


def test_routes_name_categories_in_any_spelling(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    names = '"Third-party sharing", "third_party", "California", "AI Training", "ai-training", "other"'
    path.write_text(CATEGORY + ROUTE.format(names=names), "utf-8")
    config = read_config(path)
    assert config.routes[0].categories == ("third_party", "us_state", "ai_training", "other")
    assert [rule.id for rule in config.category_rules] == ["ai_training"]


def test_a_route_that_names_an_unknown_category_is_refused(tmp_path: Path) -> None:
    (problem,) = problems(tmp_path, ROUTE.format(names='"third_party", "ai_trainning"') + CATEGORY)
    assert 'route "legal": there is no category "ai_trainning"; did you mean "ai_training"?' in problem
    (problem,) = problems(tmp_path, ROUTE.format(names='"zzzz"'))
    assert "known are effective_date, policy_change" in problem


def test_names_of_categories() -> None:
    for name in ("third-party", "Third party sharing", "THIRD_PARTY", "third party"):
        assert find_category(name) == "third_party"
    assert find_category("Do Not Track") == "dnt"
    for name in ("", "x" * 10_000, "\x1b[31m"):
        with pytest.raises(UnknownCategory):
            find_category(name)
