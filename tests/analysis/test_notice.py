"""What a document promises about its own changes."""

from __future__ import annotations

import datetime

import pytest

from analysis.blocks import Block, BlockKind
from analysis.notice import Notice, earliest_effective, find_notice, notice_of_text


@pytest.mark.parametrize(
    ("text", "days", "kind"),
    [
        (
            "Changes to this policy become effective fifteen (15) days after a notice of them is posted on this page.",
            15,
            "after_posting",
        ),
        ("Amendments to these terms are effective 10 days following posting.", 10, "after_posting"),
        ("We will tell you of changes to this policy at least one month before they take effect.", 30, "prior"),
        ("Material changes to this statement are posted thirty (30) days prior to taking effect.", 30, "prior"),
        ("Changes to these terms apply two (2) weeks after we send you notice.", 14, "after_notice"),
        ("Amendments of this policy go into effect on the day after they are posted.", 1, "after_posting"),
        ("Changes to this policy are effective immediately upon posting.", None, "posting"),
        ("We may revise this policy. We will notify you by e-mail before the change becomes effective.", None, "prior"),
    ],
)
def test_period_and_kind(text: str, days: float | None, kind: str) -> None:
    notice = notice_of_text(text)
    assert (notice.days, notice.kind) == (days, kind)


@pytest.mark.parametrize(
    "text",
    [
        "We answer requests for access to your data within 30 days.",
        "You may object to a new sub-processor within 14 days of our notice.",
        "To opt out of arbitration, write to us within 30 days of accepting these terms.",
        "The free trial lasts 30 days; fees change with notice.",
    ],
)
def test_periods_of_other_things_are_no_notice_of_changes(text: str) -> None:
    assert notice_of_text(text).days is None


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We may change this privacy policy at any time without prior notice.", True),
        ("These terms may be modified by us with or without notice.", True),
        ("We may suspend or discontinue the service at any time without notice.", False),
        ("Prices of our products may change without notice.", False),
        (
            "We may change these terms and will notify you. We may terminate your access to the service "
            "without notice.",
            False,
        ),
    ],
)
def test_without_notice_counts_only_for_the_document(text: str, expected: bool) -> None:
    assert notice_of_text(text).without_notice is expected


@pytest.mark.parametrize(
    ("text", "methods"),
    [
        ("We may amend this policy and will publish the new version on this page.", ("post",)),
        ("If we change this policy we will notify you by e-mail.", ("email",)),
        ("If we change this policy we will post a prominent notice on our website.", ("banner",)),
        ("We will inform you of changes to these terms through your account.", ("inapp",)),
        ("We will let you know when we change this policy.", ("unspecified",)),
    ],
)
def test_methods(text: str, methods: tuple[str, ...]) -> None:
    assert notice_of_text(text).methods == methods


def test_a_promise_beside_without_notice_is_contradictory() -> None:
    both = (
        "We may change this policy without prior notice. Changes become effective 15 days after they are posted here."
    )
    assert notice_of_text(both).contradictory
    assert not notice_of_text(both.replace(" without prior notice", "")).contradictory


def test_evidence_points_at_the_words() -> None:
    text = "Changes of this policy become effective fifteen (15) days after they are posted."
    notice = find_notice([Block(BlockKind.HEADING, "x"), Block(BlockKind.PARAGRAPH, text)])
    (period,) = [e for e in notice.evidence if e.shows == "period"]
    assert period.block == 1
    assert text[period.start : period.end] == "fifteen (15) days" == notice.period


def test_earliest_effective_day() -> None:
    seen = datetime.date(2026, 11, 20)
    assert earliest_effective(Notice(days=15.0, kind="after_posting"), seen) == datetime.date(2026, 12, 5)
    assert earliest_effective(Notice(kind="posting"), seen) is None
    assert not Notice().stated
