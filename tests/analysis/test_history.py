"""Versions from sightings. A history is written as the states seen one after the other: "AABA"."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from analysis.history import ConfirmPolicy, History, Sighting, build

START = datetime(2024, 1, 1, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def sighted(states: str, step: timedelta = 6 * HOUR, source: int = 1) -> list[Sighting]:
    """One sighting per letter, `step` apart; a full stop is a look left out."""
    return [
        Sighting(number + 1000 * source, source, START + number * step, state)
        for number, state in enumerate(states)
        if state != "."
    ]


def versions(history: History) -> str:
    return "".join(run.fingerprint for run in history.runs)


def unconfirmed(history: History) -> str:
    return "".join(run.fingerprint for run in history.unconfirmed)


@pytest.mark.parametrize(
    ("states", "step", "expected", "dropped"),
    [
        ("A", 6 * HOUR, "A", ""),
        ("AAAA", 6 * HOUR, "A", ""),
        ("AABB", 6 * HOUR, "AB", ""),  # twice
        ("AABAA", 6 * HOUR, "A", "B"),  # back
        ("AABAA", 7 * DAY, "A", "B"),  # … though it lasted longer than a day
        ("AABAA", 40 * DAY, "ABA", ""),  # but not over a month
        ("ABC", 7 * DAY, "AB", ""),  # lasted; C is pending
        ("ABCC", 6 * HOUR, "AC", "B"),  # did not survive, and was no return either
        ("AABBAA", 6 * HOUR, "ABA", ""),
        ("AAxyAA", 6 * HOUR, "A", "xy"),  # two different error pages in a row
        ("AAxyAA", 7 * DAY, "A", "xy"),
        ("AABxBCC", 6 * HOUR, "ABC", "x"),  # again: a glitch does not undo a state
        ("AAxAAAyAAAzAAA", 6 * HOUR, "A", "xyz"),
        ("ABABABAB", 6 * HOUR, "A", "BBBB"),  # variants of an unstable document
        ("ABABABAB", 7 * DAY, "A", "BBBB"),
        ("ABABABCDCDCD", 6 * HOUR, "ACD", "BBBCC"),  # new wording gets through the flapping
        ("ABABABAB" + "C" * 4, 6 * HOUR, "AC", "BBBB"),
        ("ABCDEFGH", 6 * HOUR, "AB", "CDEFG"),  # left: differs at every look
        ("ABCDEFGHHH", 6 * HOUR, "ABH", "CDEFG"),
    ],
)
def test_rules(states: str, step: timedelta, expected: str, dropped: str) -> None:
    history = build(sighted(states, step), [1])
    assert versions(history) == expected
    assert unconfirmed(history) == dropped


def test_why() -> None:
    history = build(sighted("AABxBCC"), [1])
    assert [run.why for run in history.runs] == ["first", "again", "twice"]


def test_newest_seen_once_is_pending_live_or_archived() -> None:
    history = build(sighted("AAB", 300 * DAY), [1])
    assert versions(history) == "A"
    assert history.pending is not None
    assert history.pending.fingerprint == "B"
    assert history.unconfirmed == ()


def test_back_at_the_current_state_nothing_is_pending() -> None:
    history = build(sighted("AABA"), [1])
    assert history.pending is None
    assert history.runs[0].count == 3


def test_a_second_look_minutes_later_confirms() -> None:
    first = sighted("AA")
    second = [Sighting(50, 1, START + 10 * HOUR, "B"), Sighting(51, 1, START + 10 * HOUR + 3 * MINUTE, "B")]
    assert versions(build([*first, *second], [1])) == "AB"


def test_two_archives_of_one_moment_are_one_look() -> None:
    moment = START + 10 * HOUR
    history = build([*sighted("AA"), Sighting(50, 1, moment, "B"), Sighting(51, 1, moment, "B")], [1])
    assert versions(history) == "A"
    assert history.pending is not None


def test_confirmation_off() -> None:
    history = build(sighted("AABAAC"), [1], ConfirmPolicy(confirm=False))
    assert versions(history) == "ABAC"
    assert history.runs[2].returns_to == 0
    assert history.pending is None


def test_returns_and_runs() -> None:
    history = build(sighted("AABBAACC"), [1])
    assert [run.returns_to for run in history.runs] == [None, None, 0, None]
    assert [run.count for run in history.runs] == [2, 2, 2, 2]
    assert history.runs[1].first.time == START + 12 * HOUR
    assert history.runs[1].last.time == START + 18 * HOUR
    assert history.runs[1].captures == (1002,)
    assert history.current is history.runs[-1]


def test_flapping_is_one_period_with_its_variants() -> None:
    history = build(sighted("AABBAABBAABBCCBBCC"), [1])
    (period,) = history.periods
    assert period == history.unstable
    assert (period.kind, period.variants, period.since) == ("flapping", ("A", "B", "C"), START + 12 * HOUR)
    assert versions(history).count("C") == 2
    assert period.detected == START + 8 * 6 * HOUR


def test_two_returns_are_not_flapping_and_old_flapping_is_over() -> None:
    assert build(sighted("AABBAABB"), [1]).periods == ()
    history = build(sighted("ABABABAB" + "B" * 100, DAY), [1])
    assert len(history.periods) == 1
    assert history.unstable is None


def test_slow_returns_are_not_flapping() -> None:
    assert build(sighted("AABBAABBAABB", 40 * DAY), [1]).periods == ()


def test_restless_page() -> None:
    history = build(sighted("A" + "bcdefghi"), [1])
    assert history.unstable is not None
    assert history.unstable.kind == "restless"
    assert build(sighted("A" + "bcdefghi", 30 * DAY), [1]).periods == ()


def test_a_restless_week_does_not_silence_the_years_around_it() -> None:
    days = [0, 100, 200, 300, 302, 304, 306, 400, 500, 600]
    looks = [Sighting(day, 1, START + day * DAY, f"state {day}") for day in days]
    kept = [run.first.capture for run in build(looks, [1]).runs]
    assert kept == [0, 100, 200, 300, 306, 400, 500]


def test_a_restless_page_checked_twice_a_look_is_told_of_once() -> None:
    looks = []
    for day in range(10):
        looks.append(Sighting(2 * day, 1, START + 3 * day * DAY, f"x{day}"))
        looks.append(Sighting(2 * day + 1, 1, START + 3 * day * DAY + 5 * MINUTE, f"y{day}"))
    assert len(build(looks, [1]).runs) == 2


def test_long_lived_states() -> None:
    history = build(sighted("A" * 200 + "B" * 300 + "A" * 10, DAY), [1])
    assert versions(history) == "ABA"
    assert history.runs[2].returns_to == 0


def test_two_sources_checked_together_change_once() -> None:
    looks = []
    for number, (one, two) in enumerate([("a", "x"), ("a", "x"), ("b", "y"), ("b", "y")]):
        looks.append(Sighting(2 * number, 1, START + number * DAY, one))
        looks.append(Sighting(2 * number + 1, 2, START + number * DAY + timedelta(seconds=20), two))
    history = build(looks, [1, 2])
    assert [run.captures for run in history.runs] == [(0, 1), (4, 5)]
    assert history.unconfirmed == ()
    assert [run.captures for run in build(looks, [2, 1]).runs] == [(1, 0), (5, 4)]


def test_adding_a_source_makes_no_change() -> None:
    first = sighted("aaaabbbb", DAY)
    second = [Sighting(5000 + day, 2, START + day * DAY + HOUR, "x") for day in range(6, 9)]
    history = build([*first, *second], [1, 2])
    assert [run.captures for run in history.runs] == [(1000, 5006), (1004, 5006)]


def test_a_source_no_longer_watched_is_left_out() -> None:
    assert versions(build([*sighted("AABB"), *sighted("XYXY", source=2)], [1])) == "AB"


def test_a_version_found_late_goes_to_its_place() -> None:
    live = [s for s in sighted("AA..BB..AA", DAY) if s.fingerprint == "A"]
    assert versions(build(live, [1])) == "A"
    assert versions(build(sighted("AA..BB..AA", DAY), [1])) == "ABA"


def test_nothing_seen() -> None:
    assert build([], [1]) == History(())


def test_sixty_thousand_flips() -> None:
    flips = sighted("AB" * 15_000 + "CD" * 15_000)
    history = build(flips, [1])
    assert versions(history) == "ACD"
