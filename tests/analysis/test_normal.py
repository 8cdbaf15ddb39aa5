"""Normal forms, and what is taken for noise in a line or a token."""

from __future__ import annotations

import pytest

from analysis.normal import fold, is_furniture, marker, mask_line, mask_token, plain, without_marker


def test_plain_keeps_words_case_and_punctuation() -> None:
    assert plain("  “We’ll\u00a0keep” –\u200b it… ") == '"We\'ll keep" - it...'
    assert fold("STRASSE Straße") == "strasse strasse"


def test_plain_of_text_with_combining_marks() -> None:
    assert plain("re\u0301sume\u0301") == "résumé"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("1. Scope", "1. "),
        ("(a) your name", "(a) "),
        ("iv) logs", "iv) "),
        ("• cookies", "• "),
        ("30 days", ""),
        ("1.5 million", ""),
        ("a name", ""),
        ("Civil. Code", ""),
        ("5.", ""),
    ],
)
def test_marker(text: str, found: str) -> None:
    assert marker(text) == found
    assert without_marker(text) == text[len(found) :]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("4.2 Retention", "4.2 "),
        ("Section 12: Your rights", "Section 12: "),
        ("3.5 million users", ""),
        ("2.5 GB of storage", ""),
    ],
)
def test_section_numbers_only_when_asked_for(text: str, found: str) -> None:
    assert marker(text, levels=True) == found
    assert marker(text) == ""


@pytest.mark.parametrize(
    ("token", "left"),
    [
        ("550e8400-e29b-41d4-a716-446655440000", ""),
        ("8f14e45fceea167a5a36dedd4bea2543", ""),
        ("nonce=R4nd0mV4lue9x8y7z", ""),
        ("hero.8071de9f00.svg?dpl=1", ""),
        ("AbC12dEf34GhI56jKlMn", ""),
        ("https://www.example.com/privacy/?sid=99#top", "example.com/privacy"),
        ("privacy-officer2@example.com", "privacy-officer2@example.com"),
        ("responsibilities", "responsibilities"),
        ("ISO27001Certified2024Example", "ISO27001Certified2024Example"),
        ("EU-2016-679-REGULATION", "EU-2016-679-REGULATION"),
        ("1234567890123456", "1234567890123456"),
    ],
)
def test_mask_token(token: str, left: str) -> None:
    assert mask_token(token) == left


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("updated yesterday", "updated this week"),
        ("last updated: 3 days ago", "last updated: 4 days ago"),
        ("2.3m views", "2.4m views"),
        ("over a month ago", "2 months ago"),
        ("0:00 / -0:00", "0:01 / 3:20"),
        ("deutsch (98% translated)", "deutsch (99% translated)"),
        ("© 2025 acme inc. all rights reserved.", "© 2026 acme inc. all rights reserved."),
        ("12 of 30 found this helpful", "13 of 31 found this helpful"),
    ],
)
def test_lines_that_change_by_themselves(first: str, second: str) -> None:
    assert mask_line(first) == mask_line(second)


@pytest.mark.parametrize(
    "line",
    [
        "if you closed your account more than 30 days ago, we have deleted your data",
        "last updated: 3 march 2024",
        "discount 30%",
        "page views | 10,000 views",
        "© acme",
    ],
)
def test_lines_that_are_words_of_the_policy(line: str) -> None:
    assert mask_line(line) == line


def test_furniture_is_a_whole_block() -> None:
    assert is_furniture("back to top")
    assert is_furniture("was this page helpful?")
    assert not is_furniture("accept all cookies if you wish")
