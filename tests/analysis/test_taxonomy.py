"""Categories and the user's own ones."""

from __future__ import annotations

import pytest

from analysis.blocks import Block, BlockKind
from analysis.clauses import recognise
from analysis.lexicons_clauses import HEADINGS, RULES
from analysis.taxonomy import CATEGORIES, CategoryRule, CategoryRuleError, category, category_id, known_ids


def test_ids_are_unique_and_every_rule_belongs_to_a_category() -> None:
    assert len(known_ids()) == len(CATEGORIES)
    assert set(RULES) <= known_ids()
    assert set(HEADINGS) <= known_ids()
    assert all(entry.name and entry.definition.endswith(".") for entry in CATEGORIES)


@pytest.mark.parametrize(
    ("name", "wanted"),
    [("third-party", "third_party"), ("California", "us_state"), ("Sale of data", "sale"), ("user choice", "choice")],
)
def test_names_are_understood_in_any_spelling(name: str, wanted: str) -> None:
    assert category_id(name) == wanted
    known = category(name)
    assert known is not None and known.id == wanted


def test_third_party_resolves_from_its_name_too() -> None:
    assert category_id("Third-party sharing") == "third_party"
    assert category("no such thing") is None


def test_a_category_of_the_users_works_like_a_built_in_one() -> None:
    rule = CategoryRule(
        "uptime", "Uptime", words=("SLA",), phrases=("service credits",), patterns=(r"\b99\.\d{1,3} ?%",)
    )
    blocks = [
        Block(BlockKind.PARAGRAPH, "We keep the service at 99.95% each month."),
        Block(BlockKind.PARAGRAPH, "Service\u00a0credits are your only remedy."),
        Block(BlockKind.PARAGRAPH, "The slab is made of stone."),
    ]
    tagged = [(tag.block, tag.hits[0].start) for tag in recognise(blocks, extra=[rule]) if tag.category == "uptime"]
    assert tagged == [(0, 23), (1, 0)]


@pytest.mark.parametrize(
    ("rule", "complaint"),
    [
        (CategoryRule("sale", words=("x",)), "built in"),
        (CategoryRule("california", words=("x",)), "built in"),
        (CategoryRule("Up Time", words=("x",)), "lower-case"),
        (CategoryRule("empty"), "no words"),
        (CategoryRule("nested", patterns=("(a+)+b",)), "repeated"),
        (CategoryRule("open", patterns=("a.*b",)), "bounded"),
        (CategoryRule("wide", patterns=("a.{0,500}b",)), "bounded"),
        (CategoryRule("classes", patterns=(r"x[\s\S]*y",)), "bounded"),
        (CategoryRule("back", patterns=(r"(a)\1",)), "look-around"),
        (CategoryRule("ahead", patterns=("a(?=b)",)), "look-around"),
        (CategoryRule("broken", patterns=("a(b",)), "pattern"),
        (CategoryRule("nothing", patterns=("a?",)), "empty text"),
        (CategoryRule("long", patterns=("a" * 301,)), "longer"),
        (CategoryRule("many", words=tuple(f"w{n}" for n in range(201))), "201 terms"),
    ],
)
def test_what_cannot_be_used_is_refused_with_a_sentence(rule: CategoryRule, complaint: str) -> None:
    with pytest.raises(CategoryRuleError, match=complaint):
        rule.check()


def test_two_rules_may_not_share_an_id() -> None:
    rules = [CategoryRule("uptime", words=("a",)), CategoryRule("uptime", words=("b",))]
    with pytest.raises(CategoryRuleError, match="twice"):
        recognise([], extra=rules)
