"""What is written, what is left alone, and what becomes of pages whose subject is gone."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from reports import ReportOptions, change_url, document_url, write_reports
from reports.writer import FolderWriter, PageSource, write_whole
from storage.records import CheckOutcome, DocumentSpec, SourceSpec, VendorSpec
from storage.store import Store
from tests.reports.conftest import OPTIONS
from tests.reports.filling import Look, check, fill, policy
from tests.reports.world import NOW, fill_world


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store.open(f"sqlite:///{tmp_path / 'own.db'}")
    fill_world(store)
    return store


def contents(folder: Path) -> dict[str, tuple[bytes, int]]:
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): (path.read_bytes(), path.stat().st_mtime_ns) for path in files}


def test_a_second_run_writes_nothing_even_later(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "out"
    first = write_reports(store, out, OPTIONS)
    before = contents(out)
    assert first.pages == len(first.written) > 70
    assert first.size == sum(len(data) for name, (data, _) in before.items() if not name.startswith(".state"))
    second = write_reports(store, out, replace(OPTIONS, now=NOW + timedelta(hours=2)))
    assert (second.written, second.removed, second.unchanged, second.size) == ((), (), first.pages, 0)
    assert contents(out) == before


def test_a_check_rewrites_only_the_pages_that_tell_of_it(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_reports(store, out, OPTIONS)
    check(store, "sproutly/privacy", NOW, CheckOutcome.UNCHANGED, run_id="run-0", status=200)
    result = write_reports(store, out, OPTIONS)
    assert set(result.written) == {"index.html", "runs.html", document_url("sproutly/privacy")}


def test_another_capture_of_the_same_wording_leaves_texts_and_changes_alone(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_reports(store, out, OPTIONS)
    document = store.document("sproutly/privacy")
    assert document.current is not None
    blocks = store.load_extraction(document.current.extractions[0]).blocks
    assert fill(store, "sproutly/privacy", [Look(NOW, blocks)], live=True) == []
    assert store.document("sproutly/privacy").current != document.current
    result = write_reports(store, out, OPTIONS)
    home = document_url("sproutly/privacy")
    assert {home} <= set(result.written) <= {home, "index.html"}  # the strip of the overview may have grown by a pixel


def test_a_change_rewrites_its_document_and_the_lists_only(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_reports(store, out, OPTIONS)
    text = policy("# Privacy Notice", "We keep tide tables for 10 days.", "We share your harbour with pilots.")
    changes = fill(store, "tidewell/privacy", [Look(NOW, text)], live=True)
    result = write_reports(store, out, OPTIONS)
    assert change_url(changes[0]) in result.written
    assert not [path for path in result.written if "sproutly" in path]
    assert "clauses/retention.html" in result.written
    assert "clauses/fees.html" not in result.written


def test_a_file_that_was_deleted_or_cut_is_written_again(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_reports(store, out, OPTIONS)
    (out / "index.html").unlink()
    (out / "runs.html").write_text("half")
    assert set(write_reports(store, out, OPTIONS).written) == {"index.html", "runs.html"}
    (out / ".state" / "manifest.json").write_text("{not json")
    assert write_reports(store, out, OPTIONS).removed == ()
    assert b"What is watched" in (out / "index.html").read_bytes()


def test_the_page_of_a_change_that_is_no_more_says_so(store: Store, tmp_path: Path) -> None:
    out = tmp_path / "out"
    write_reports(store, out, OPTIONS)
    document = store.document("sproutly/privacy")
    gone = [change.id for change in store.changes(document.id)]
    with store.transaction() as tx:
        tx.replace_history(document.id, [])
    result = write_reports(store, out, OPTIONS)
    assert {change_url(change_id) for change_id in gone} <= set(result.removed)
    for change_id in gone:
        page = (out / change_url(change_id)).read_text()
        assert "No longer on record" in page
        assert "../documents/sproutly/privacy.html" in page
    again = write_reports(store, out, OPTIONS)
    assert again.written == ()


def test_an_empty_store_gives_pages_that_say_what_to_do(tmp_path: Path) -> None:
    with Store.open(f"sqlite:///{tmp_path / 'empty.db'}") as empty:
        result = write_reports(empty, tmp_path / "out", ReportOptions(now=NOW))
    assert "index.html" in result.written
    assert "changes.atom" not in result.written
    assert "clausewatch backfill" in (tmp_path / "out" / "index.html").read_text()


def test_a_page_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    writer = FolderWriter(tmp_path, "build")
    writer.write(PageSource("a/b.html", 1, lambda: "first"))
    writer.close()

    def broken() -> str:
        raise RuntimeError("rendering failed")

    again = FolderWriter(tmp_path, "build")
    with pytest.raises(RuntimeError):
        again.write(PageSource("a/b.html", 2, broken))
    assert (tmp_path / "a" / "b.html").read_text() == "first"
    with pytest.raises(TypeError):
        write_whole(tmp_path / "a" / "b.html", "no bytes")  # type: ignore[arg-type]
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["b.html"]


def test_a_long_policy_with_many_versions_keeps_every_page_small(tmp_path: Path) -> None:
    start = datetime(2020, 1, 1, tzinfo=UTC)
    lines = [
        "# Policy",
        *(
            f"Clause {n}: we keep record {n} of the kind called {'garden soil seed ' * 25} for {n} days."
            for n in range(400)
        ),
    ]
    looks = []
    for number in range(8):
        lines[number * 30 + 1] = f"Clause {number} was rewritten in version {number}, and no longer says what it said."
        looks.append(Look(start + timedelta(days=30 * number), policy(*lines), "Internet Archive"))
    rewritten = policy(
        "# Policy",
        *(
            f"Other words, number {n}, say {'harbour tide rope ' * 25} and nothing of what stood before."
            for n in range(400)
        ),
    )
    looks.append(Look(start + timedelta(days=2000), rewritten))
    source = SourceSpec("https://long.example/p")
    with Store.open(f"sqlite:///{tmp_path / 'long.db'}") as store:
        store.register(
            (VendorSpec("long", "Long", documents=(DocumentSpec("p", "Privacy Policy", "Policy", sources=(source,)),)),)
        )
        changes = fill(store, "long/p", looks)
        result = write_reports(store, tmp_path / "out", OPTIONS)
    sizes = {path: (tmp_path / "out" / path).stat().st_size for path in result.written if path.endswith(".html")}
    assert sizes[document_url("long/p")] < 350_000
    assert change_url(changes[-1], 2) in sizes  # the rewriting is too long for one page
    assert max(size for path, size in sizes.items() if "version-" not in path) < 700_000
    assert "The rest of the text" in (tmp_path / "out" / document_url("long/p")).read_text()


def test_same_ingredients_are_not_rendered_and_same_content_is_not_written(tmp_path: Path) -> None:
    rendered: list[int] = []

    def render() -> str:
        rendered.append(1)
        return "the page"

    def run(build: str, ingredients: object) -> list[str]:
        writer = FolderWriter(tmp_path, build)
        writer.write(PageSource("a.html", ingredients, render))
        writer.close()
        return writer.written

    assert (run("1", ("x",)), len(rendered)) == (["a.html"], 1)
    assert (run("1", ("x",)), len(rendered)) == ([], 1)
    assert (run("1", ("y",)), len(rendered)) == ([], 2)
    assert (run("2", ("y",)), len(rendered)) == ([], 3)
