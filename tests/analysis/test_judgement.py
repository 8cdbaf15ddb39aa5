"""Severity, direction, summary, contradictions and notes of judged changes."""

from __future__ import annotations

from pathlib import Path

import pytest

from analysis.align import align
from analysis.alignment import Alignment
from analysis.blocks import Block, BlockKind
from analysis.fact import Direction, Severity
from analysis.judgement import Judgement, judge, judge_texts
from analysis.taxonomy import CategoryRule

FILLER = "We run a bakery and publish recipes for everyone who likes bread."


def paragraphs(*texts: str) -> list[Block]:
    return [Block(BlockKind.PARAGRAPH, text) for text in (FILLER, *texts)]


def judged(old: tuple[str, ...], new: tuple[str, ...], **options: object) -> Judgement:
    return judge(align(paragraphs(*old), paragraphs(*new)), **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("before", "after", "severity", "direction"),
    [
        (
            "We notify you 30 days before changes of this policy apply.",
            "We notify you 15 days before changes of this policy apply.",
            "high",
            "adverse",
        ),
        ("We do not sell your personal data. We bake bread.", "We bake bread.", "high", "adverse"),
        ("", "We may share personal information with advertising partners.", "high", "adverse"),
        (
            "We comply with Safe Harbor on the collection, use, and retention of data.",
            "We comply with the Privacy Shield on the collection, use, and retention of data.",
            "medium",
            "neutral",
        ),
        (
            "We guard your account information.",
            "We guard your account information. All information is encrypted on our servers.",
            "medium",
            "favourable",
        ),
        ("Questions? Write to privacy@vendor.example.", "Questions? Write to help@vendor.example.", "low", "neutral"),
        ("Last updated: 3 May 2020", "Last updated: 4 May 2021", "low", "neutral"),
        ("We don't track you.", "We don’t track you.", "cosmetic", "neutral"),
    ],
)
def test_severity_and_direction(before: str, after: str, severity: str, direction: str) -> None:
    change = judge_texts(before, after)
    assert (change.severity.value, change.direction.value) == (severity, direction), change.reason
    assert change.reason


def test_the_summary_says_the_most_severe_change_first() -> None:
    result = judged(
        ("We notify you 30 days before changes of this policy apply.", "Questions? Write to a@vendor.example."),
        ("We notify you 15 days before changes of this policy apply.", "Questions? Write to b@vendor.example."),
    )
    assert result.summary == "Policy change: notice period 30 days → 15 days (and 1 more change)"
    assert [change.severity for change in result.ranked] == [Severity.HIGH, Severity.LOW]
    assert (result.severity, result.direction) == (Severity.HIGH, Direction.ADVERSE)


def test_nothing_is_dropped() -> None:
    result = judged(("We like tea a lot.", "Our logo is blue."), ("We like coffee a lot.", "Our logo is “blue”."))
    kinds = [change.kind for change in result.clause_changes]
    assert len(kinds) == 2 and "cosmetic" in kinds
    unchanged = judge(align(paragraphs("x"), paragraphs("x")))
    assert (unchanged.summary, unchanged.severity) == ("No change", Severity.COSMETIC)


def test_categories_that_are_not_watched_count_as_low_and_say_so() -> None:
    old, new = ("Logs are deleted after 6 months.",), ("Logs are deleted after 18 months.",)
    assert judged(old, new, watched=["retention"]).severity is Severity.HIGH
    (change,) = judged(old, new, watched=["Children"]).clause_changes
    assert change.severity is Severity.LOW and "no watched category" in change.reason


def test_a_category_of_the_users_leads() -> None:
    rule = CategoryRule("uptime", "Uptime", phrases=("service credits",))
    (change,) = judged(
        ("You get service credits of 10% of the fee for each hour.",),
        ("You get service credits of 5% of the fee for each hour we are down.",),
        extra=[rule],
    ).clause_changes
    assert change.category == "uptime"
    assert change.headline.startswith("Uptime: ")


def test_wording_changed_but_the_date_did_not() -> None:
    result = judged(
        ("Last updated: 3 May 2020", "We share data with couriers."),
        ("Last updated: 3 May 2020", "We share data with couriers and data brokers."),
    )
    assert "The wording changed but the stated date (2020-05-03) did not." in result.notes
    moved = judged(
        ("Last updated: 3 May 2020", "We bake."), ("Last updated: 4 May 2021", "We bake cakes and share data.")
    )
    assert moved.notes == ("Last updated 2020-05-03 → 2021-05-04.",)


def test_a_date_line_that_vanishes_is_no_event() -> None:
    result = judged(("Last updated: 3 May 2020", "We bake."), ("We bake.",))
    assert result.notes == ()
    assert result.severity is Severity.LOW


def test_the_effective_date_of_the_new_version_is_told() -> None:
    result = judged(("We bake.",), ("Effective: December 1, 2026", "We bake."))
    assert result.effective is not None and result.effective.iso == "2026-12-01"


def test_contradictions_are_pointed_out_when_a_change_introduces_them() -> None:
    promise = "We never sell your personal information."
    added = "In some cases we may sell your personal information for money."
    result = judged((promise,), (promise, added))
    assert any(fact.kind == "contradiction" and fact.role == "sell" for fact in result.facts)
    (change,) = result.clause_changes
    assert change.severity is Severity.HIGH
    standing = judged((promise, added), (promise, added, "We also bake cakes at night."))
    assert not any(fact.kind == "contradiction" for fact in standing.facts)
    exception = judged((promise,), (promise.replace(".", " except in a merger."), added))
    assert not any(fact.kind == "contradiction" for fact in exception.facts)


def test_a_sentence_that_only_moved_to_another_block_is_no_new_one() -> None:
    sentence = "We may share your personal information with advertising partners."
    result = judged(
        (f"{sentence} We bake bread all night.", "Cakes are sold on Sundays to all."),
        ("We bake bread all night.", f"Cakes are sold on Sundays to all. {sentence}"),
    )
    assert result.severity is Severity.COSMETIC
    assert {change.kind for change in result.clause_changes} == {"moved"}


def test_a_denial_among_new_words_does_not_raise_the_severity() -> None:
    change = judge_texts("We live from selling bread.", "We live from selling bread, and never sell your data.")
    assert change.severity.rank <= 1


def test_an_empty_alignment() -> None:
    assert judge(Alignment((), (), ())).summary == "No change"


def _seed(path: Path) -> list[Block]:
    """A paragraph a line; short lines without a full stop are headings."""
    blocks: list[Block] = []
    above: tuple[str, ...] = ()
    for line in path.read_text(encoding="utf-8").splitlines():
        text = line.strip().strip("#* ").removeprefix("__")
        if not text or "extracted and transformed" in text:
            continue
        if (len(text) < 75 and not text.endswith((".", ":")) and not line.startswith("__")) or line.startswith("**"):
            above = (text,)
            blocks.append(Block(BlockKind.HEADING, text, 2))
        else:
            kind = BlockKind.ITEM if line.startswith("__") else BlockKind.PARAGRAPH
            blocks.append(Block(kind, text, int(kind is BlockKind.ITEM), above))
    return blocks


@pytest.mark.shared
def test_live2support_2003_to_2015(shared: Path) -> None:
    seeds = shared / "seeds"
    result = judge(align(_seed(seeds / "live2support-2003-06-22.md"), _seed(seeds / "live2support-2015-09-05.txt")))
    first = result.ranked[0]
    assert (first.category, first.severity, first.direction) == ("policy_change", Severity.HIGH, Direction.ADVERSE)
    texts = [fact.text for fact in first.facts]
    assert "“without prior notice” added" in texts
    assert any(text.startswith("notice period 15 days → 15 days (unchanged") for text in texts)
    assert any("privacy@live2support.com → webmaster@live2support.com" in text for text in texts)
    assert any(fact.kind == "contradiction" for fact in first.facts)
    assert [notice.days for notice in result.notice] == [15, 15]
    assert result.summary.startswith("Policy change: “without prior notice” added")


@pytest.mark.shared
def test_livechat_dates_are_told_apart(shared: Path) -> None:
    from analysis.dates import find_dates

    found = find_dates(_seed(shared / "seeds" / "livechatinc-2013-06-28.txt"))
    assert found.effective is not None and found.effective.iso == "2012-05-23"
    assert found.updated is not None and found.updated.iso == "2013-06-28"


@pytest.mark.shared
def test_labelled_changes(shared: Path) -> None:
    from bench.gold import RANK, read

    rows = list(read(shared / "gold" / "changes.jsonl"))
    steps = [abs(RANK[judge_texts(row["before"], row["after"]).severity.value] - RANK[row["severity"]]) for row in rows]
    assert steps.count(0) / len(rows) >= 0.8
    assert sum(step <= 1 for step in steps) / len(rows) >= 0.95
