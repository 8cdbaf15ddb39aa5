"""When a failing watch is told, and what is said."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.message import Kind
from alerts.news import DocumentRef, WatchNews
from alerts.render_text import render_text
from alerts.watch import WatchState, compose_failing, compose_many_failing, compose_recovered, is_stale, watch_alert
from tests.alerts.hostile import NOW

DOCUMENT = DocumentRef(
    "acme/privacy", "Privacy Policy", "Privacy Policy", "acme", "Acme", urls=("https://acme.example/p",)
)
NEWS = WatchNews(
    DOCUMENT,
    failures=3,
    failing_since=NOW - timedelta(days=2),
    last_verified=NOW - timedelta(days=3),
    error_kind="fetch.page-gone",
    detail="the server says that the page is gone",
    advice="Look for the policy's new address and set it in config.toml.",
    url="https://acme.example/p",
    status=404,
    run_id="brave-otter",
)


def told(kinds: list[str], threshold: int) -> list[Kind]:
    """What a row of checks, "" for a good one, makes of a document's watch."""
    state, messages = WatchState(), []
    for kind in kinds:
        after = WatchState(state.failures + 1, kind) if kind else WatchState()
        messages.append(watch_alert(state, after, threshold))
        state = after
    return [message for message in messages if message]


@pytest.mark.parametrize(
    ("kinds", "expected"),
    [
        ("", []),
        ("aa.aa.", []),
        ("aaa", [Kind.FAILING]),
        ("aaaaaaaaaa", [Kind.FAILING]),
        ("aaa.", [Kind.FAILING, Kind.RECOVERED]),
        ("aaabbbb.", [Kind.FAILING, Kind.FAILING, Kind.RECOVERED]),
        ("aba", [Kind.FAILING]),
        ("aaa.aaa", [Kind.FAILING, Kind.RECOVERED, Kind.FAILING]),
    ],
)
def test_told_after_three_again_for_another_kind_and_on_recovery(kinds: str, expected: list[Kind]) -> None:
    assert told([kind.strip(".") for kind in kinds], 3) == expected


@given(st.lists(st.sampled_from(["", "a", "b"]), max_size=40), st.integers(1, 5))
def test_every_recovery_follows_a_failure_and_no_long_failure_is_silent(kinds: list[str], threshold: int) -> None:
    messages = told(kinds, threshold)
    open_failures = 0
    for message in messages:
        open_failures = open_failures + 1 if message is Kind.FAILING else 0
        assert message is Kind.FAILING or messages[0] is Kind.FAILING
    runs = [run for run in "".join(kind or " " for kind in kinds).split(" ") if len(run) >= threshold]
    assert messages.count(Kind.FAILING) >= len(runs) and (bool(messages) == bool(runs))


def test_failure_says_what_since_when_last_verified_and_what_to_do() -> None:
    text = render_text(compose_failing(NEWS, now=NOW))
    for part in (
        "page is gone",
        "3 checks in a row",
        "27 February 2026",
        "26 February 2026",
        "404",
        "Look for the policy's new address",
    ):
        assert part in text
    assert compose_failing(NEWS, now=NOW).subject == "Acme, Privacy Policy: cannot be watched"
    assert "watched again" in compose_recovered(NEWS, now=NOW).subject


def test_many_failures_are_one_message() -> None:
    message = compose_many_failing([NEWS] * 40, now=NOW, watched=60)
    assert message.subject == "40 of 60 documents cannot be watched" and message.severity == "high"
    assert len(message.entries) == 40


def test_not_verified_for_too_long_is_noticed_without_any_check() -> None:
    day = timedelta(days=1)
    assert is_stale(NOW - 4 * day, NOW - 90 * day, NOW, 3 * day)
    assert is_stale(None, NOW - 4 * day, NOW, 3 * day)
    assert not is_stale(NOW - 2 * day, NOW - 90 * day, NOW, 3 * day)
