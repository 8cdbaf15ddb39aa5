"""Tables compared row by row."""

from __future__ import annotations

from analysis.align import align
from analysis.blocks import Block, BlockKind
from analysis.judgement import judge
from analysis.tables import compare_tables, table_facts


def rows(*lines: str) -> list[Block]:
    cells = [tuple(line.split(" | ")) for line in lines]
    return [Block(BlockKind.ROW, " | ".join(row), cells=row) for row in cells]


OLD = rows(
    "Sub-processor | Purpose | Location",
    "Acme, Inc. | Hosting | Ireland",
    "Bolt Ltd | E-mail | Germany",
    "Cord | Chat | France",
)
NEW = rows(
    "Sub-processor | Purpose | Location",
    "Cord | Chat | France",
    "Acme | Hosting and AI | United States",
    "Dyno AI | Models | USA",
)


def test_added_removed_and_changed_rows() -> None:
    changes = {change.key: change for change in compare_tables(OLD, NEW)}
    assert {key: change.kind for key, change in changes.items()} == {
        "Acme": "changed",
        "Dyno AI": "added",
        "Bolt Ltd": "removed",
    }
    assert changes["Acme"].cells[1:] == (
        ("purpose", "Hosting", "Hosting and AI"),
        ("country", "Ireland", "United States"),
    )


def test_order_and_legal_form_change_nothing() -> None:
    assert compare_tables(OLD, [OLD[0], OLD[3], OLD[1], OLD[2]]) == ()


def test_a_country_is_known_without_a_header() -> None:
    (change,) = compare_tables(rows("Acme | Ireland"), rows("Acme | India"))
    assert change.cells == (("country", "Ireland", "India"),)


def test_facts_name_company_and_place() -> None:
    texts = [fact.text for fact in table_facts(OLD, NEW)]
    assert "row “Dyno AI” (USA) added" in texts
    assert "Acme: country “Ireland” → “United States”" in texts


def test_layout_tables_of_one_long_cell_are_no_tables() -> None:
    assert not list(table_facts(rows("9. Terms of everything"), rows("10. Terms of everything else")))


def test_a_new_company_is_a_change_of_medium_severity() -> None:
    judgement = judge(align(OLD, [*OLD, *rows("Dyno AI | Models | USA")]))
    (change,) = [change for change in judgement.clause_changes if change.kind == "added"]
    assert change.severity.rank >= 2
    assert "Dyno AI" in judgement.summary
