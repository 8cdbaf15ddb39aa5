"""The fingerprint: what it is blind to, and what it must see."""

from __future__ import annotations

import time

import pytest

from analysis.blocks import Block, BlockKind
from analysis.state import fingerprint, only_flips, units


def paragraphs(*texts: str) -> list[Block]:
    return [Block(BlockKind.PARAGRAPH, text) for text in texts]


POLICY = (
    "1. What we keep",
    "We keep your “account data” for 30 days; backups – for 90 days.",
    "We don't sell it. We may share it with Example Ltd.",
    "Last updated: 3 March 2024",
)


def same(old: list[Block], new: list[Block]) -> bool:
    return fingerprint(old) == fingerprint(new)


@pytest.mark.parametrize(
    "other",
    [
        pytest.param([text.upper() for text in POLICY], id="case"),
        pytest.param([text.replace("“", '"').replace("”", '"').replace("–", "-") for text in POLICY], id="quotes"),
        pytest.param([text.replace("'", "’") for text in POLICY], id="apostrophe"),
        pytest.param([text.replace(" ", " \u00a0 ") for text in POLICY], id="space"),
        pytest.param([text.replace("1. ", "2) ") for text in POLICY], id="list number"),
        pytest.param([*POLICY[2:], *POLICY[:2]], id="order"),
        pytest.param([*POLICY, *POLICY], id="repetition"),
        pytest.param([*POLICY[:2], "We don't sell it.", "We may share it with Example Ltd.", POLICY[3]], id="split"),
        pytest.param([*POLICY, "Back to top", "Accept all cookies"], id="controls"),
        pytest.param([*POLICY, "f47ac10b-58cc-4372-a567-0e02b2c3d479"], id="uuid"),
        pytest.param([*POLICY, "1,204 views"], id="counter"),
        pytest.param([POLICY[0] + "\u200b", *POLICY[1:]], id="invisible"),
    ],
)
def test_blind_to(other: list[str]) -> None:
    assert same(paragraphs(*POLICY), paragraphs(*other))


def test_blind_to_what_changes_by_itself() -> None:
    def page(when: str, nonce: str, year: int) -> list[Block]:
        return paragraphs(*POLICY, f"Updated {when}", f"Request {nonce}", f"© {year} Example Ltd.")

    first = page("yesterday", "8f14e45fceea167a5a36dedd4bea2543", 2024)
    second = page("3 days ago", "c9f0f895fb98ab9159f51fd0297e236d", 2025)
    assert same(first, second)


def test_blind_to_the_comma_after_an_abbreviation() -> None:
    assert same(paragraphs("We keep logs (e.g. of visits)."), paragraphs("We keep logs, e.g., of visits."))


def test_blind_to_markup() -> None:
    blocks = [Block(BlockKind.HEADING, POLICY[0], 2), *(Block(BlockKind.ITEM, text, 1) for text in POLICY[1:])]
    assert same(paragraphs(*POLICY), blocks)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("We keep it for 30 days.", "We keep it for 15 days."),
        ("Version 42.2 of the terms", "Version 43.2 of the terms"),
        ("We do not sell it.", "We do sell it."),
        ("Effective 1 January 2024", "Effective 1 January 2025"),
        ("A fee of $5 applies.", "A fee of €5 applies."),
        ("A fee of 5% applies.", "A fee of 5 applies."),
        ("You must be 18+ to join.", "You must be 18 to join."),
        ("Write to a@example.com", "Write to b@example.com"),
        ("See example.com/privacy", "See example.com/legal"),
        ("accounts closed more than 30 days ago are deleted", "accounts closed more than 60 days ago are deleted"),
        ("हम डेटा रखते हैं", "हम डाटा रखते हैं"),
        ("我们收集数据", "我们出售数据"),
    ],
)
def test_sees(old: str, new: str) -> None:
    assert not same(paragraphs(old), paragraphs(new))


def test_deletion_is_another_state() -> None:
    assert not same(paragraphs(*POLICY), paragraphs(*POLICY[:3]))


def test_a_short_value_belongs_to_what_stands_before_it() -> None:
    old = paragraphs("Logs", "30 days", "Accounts", "30 days", "Backups", "90 days")
    new = paragraphs("Logs", "30 days", "Accounts", "90 days", "Backups", "90 days")
    assert not same(old, new)
    assert not same(paragraphs("Sold", "No", "Shared", "Yes"), paragraphs("Sold", "Yes", "Shared", "No"))


def test_the_empty_document_has_a_state() -> None:
    assert fingerprint([]) == fingerprint(paragraphs("", "—", "Print"))
    assert len(fingerprint([])) == 64


def test_units_are_sentences() -> None:
    assert units(paragraphs("1. We collect data. We keep it!")) == {b"we collect data", b"we keep it"}


@pytest.mark.parametrize(
    "text",
    [
        "a" * 2_000_000,
        "1" * 2_000_000,
        "a1" * 1_000_000,
        ". " * 1_000_000,
        "é" * 500_000,
        "1 " * 500_000,
        "-" * 2_000_000,
    ],
)
def test_hostile_text_takes_linear_time(text: str) -> None:
    started = time.process_time()
    fingerprint(paragraphs(text, *([text[:100]] * 20_000)))
    assert time.process_time() - started < 5


def test_only_flips() -> None:
    plain, banner = units(paragraphs(*POLICY)), units(paragraphs("A notice for some readers.", *POLICY))
    changed = [text.replace("90 days", "60 days") for text in POLICY]
    plain_changed, banner_changed = (
        units(paragraphs(*changed)),
        units(paragraphs("A notice for some readers.", *changed)),
    )
    assert not only_flips(plain, banner, [plain])  # the first time it is news
    assert not only_flips(banner, plain_changed, [plain, banner])
    assert only_flips(plain_changed, banner_changed, [plain, banner, plain_changed])
