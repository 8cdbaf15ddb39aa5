"""What a backfill fetches: planning, and the sweep for the moments of change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scrapers.archive import INTERNET_ARCHIVE, CaptureRow, PastRedirect
from scrapers.archive.cdx import EMPTY_DIGEST
from scrapers.archive.plan import Content, Every, estimate, find_moves, plan, resolve_revisits
from scrapers.archive.sweep import Sweep
from scrapers.archive.timestamps import format_timestamp

START = datetime(2020, 1, 1, tzinfo=UTC)
URL = "https://vendor.example/privacy"


def row(day: float, digest: str, status: int | None = 200, url: str = URL, mime: str = "") -> CaptureRow:
    mime = mime or ("warc/revisit" if status is None else "text/html")
    return CaptureRow("k", format_timestamp(START + timedelta(days=day)), url, mime, status, digest, 1)


def test_one_capture_of_each_body_and_none_of_errors() -> None:
    rows = [
        row(0, "A", None),  # a revisit before its original
        row(1, "A"),
        row(1, "A"),
        row(2, "B", 404),
        row(3, "C"),
        row(3.1, "C", url="http://vendor.example/privacy"),
        row(4, "A", None),
        row(5, "D", None),  # nobody tells what it is
        row(6, "B", None),  # a revisit of the error
        row(7, "E", 503),
        row(8, "K"),
    ]
    planned = plan(reversed(rows), known={"K"})
    assert [content.digest for content in planned.fetch] == ["A", "C", "D"]
    assert [len(content.rows) for content in planned.fetch] == [3, 2, 1]
    assert planned.fetch[0].rows[0].is_revisit
    assert [content.digest for content in planned.contents] == ["A", "C", "D", "K"]
    assert [capture.digest for capture in planned.missing] == ["B", "B", "E"]
    assert planned.captures == 7
    assert resolve_revisits(rows)[row(6, "B", None).identity] == 404


def test_a_body_that_was_once_a_page_is_one() -> None:
    for first, second in ((404, 200), (200, 404)):
        rows = [row(0, "A", first), row(1, "A", second), row(2, "A", None)]
        assert resolve_revisits(rows) == {rows[2].identity: 200}
        assert len(plan(rows).fetch[0].rows) == 2


def test_redirects_once_per_address_and_day_although_their_digest_is_one() -> None:
    rows = [row(day / 4, EMPTY_DIGEST, 301) for day in range(8)] + [
        row(0, EMPTY_DIGEST, 302, "http://vendor.example/x")
    ]
    planned = plan(rows)
    assert len(planned.redirects) == 3 and planned.thinned == 6 and planned.fetch == ()


def test_unplayable_captures_give_way_to_the_next_with_the_same_body() -> None:
    rows = [row(0, "A"), row(1, "A"), row(2, "B")]
    planned = plan(rows, unplayable={rows[0].identity, rows[2].identity})
    assert [(content.digest, content.rows) for content in planned.fetch] == [("A", (rows[1],))]
    assert [content.digest for content in planned.unplayable] == ["B"]
    assert planned.contents == planned.fetch


def test_thinning_and_bounds() -> None:
    rows = [row(hour / 8, f"D{hour}") for hour in range(8 * 60)]
    assert len(plan(rows, every=Every.DAY).fetch) == 60
    assert [content.digest for content in plan(rows, every=Every.MONTH).fetch] == ["D0", "D248"]
    bounded = plan([*rows, row(900, "D0", None)], since=START + timedelta(days=1), until=START + timedelta(days=2))
    assert [content.digest for content in bounded.fetch] == [f"D{hour}" for hour in range(8, 17)]
    assert plan([row(0, ""), row(1, "")]).captures == len(plan([row(0, ""), row(1, "")]).fetch) == 2
    assert estimate(480, INTERNET_ARCHIVE) == timedelta(minutes=1)


def test_permanent_redirects_are_suggested() -> None:
    def past(day: int, status: int, target: str = f"{URL}/new") -> PastRedirect:
        return PastRedirect(URL, START + timedelta(days=day), status, target, "")

    moves = find_moves([past(5, 301), past(1, 308), past(3, 302), past(9, 301, f"{URL}/newer")])
    assert [(move.target, move.seen) for move in moves] == [(f"{URL}/new", 2), (f"{URL}/newer", 1)]
    assert (moves[0].first, moves[0].last) == (START + timedelta(days=1), START + timedelta(days=5))


# -------------------------------------------------------------------------------------------------------------- sweep


def contents(days: list[float]) -> list[Content]:
    return [Content(f"D{number}", (row(day, f"D{number}"),)) for number, day in enumerate(days)]


def sweep_all(sweep: Sweep, states: dict[str, str | None]) -> list[str]:
    asked: list[str] = []
    while wanted := sweep.wanted():
        for content in wanted:
            assert content.digest not in asked, "asked for twice"
            asked.append(content.digest)
            sweep.tell(content.digest, states[content.digest])
    return asked


def test_a_page_with_a_token_is_bisected() -> None:
    captures = contents([float(day) for day in range(1000)])
    states: dict[str, str | None] = {
        f"D{day}": "old" if day < 437 else "new" if day < 613 else "newest" for day in range(1000)
    }
    sweep = Sweep(captures)
    asked = sweep_all(sweep, states)
    assert [(b.before.digest, b.after.digest, b.between) for b in sweep.boundaries()] == [
        ("D436", "D437", 0),
        ("D612", "D613", 0),
    ]
    assert len(asked) == sweep.told <= 36 + 2 * 5  # one a month, and five for each change
    assert sweep.unread == 1000 - len(asked) and sweep.total == 1000


def test_a_page_without_a_token_is_read_whole() -> None:
    # A and C are seen on several days, B only once between them: the digest says that it differs
    rows = (
        [row(day, "A") for day in range(10)]
        + [row(10, "B")]
        + [row(day, "A") for day in range(11, 20)]
        + [row(25, "C"), row(28, "C")]
    )
    sweep = Sweep(plan(rows).contents)
    assert [content.digest for content in sweep.wanted()] == ["A", "B", "C"]
    assert sweep_all(sweep, {"A": "a", "B": "b", "C": "c"}) == ["A", "B", "C"]
    assert len(sweep.boundaries()) == 3


def test_a_few_bodies_in_a_row_are_no_token() -> None:
    rows = [row(0, "A"), row(1, "A"), row(2, "B"), row(3, "C"), row(4, "D"), row(5, "E"), row(6, "A")]
    sweep = Sweep(plan(rows).contents)
    assert len(sweep.wanted()) == 5  # C and D too, between B and E
    assert sweep_all(sweep, {"A": "a", "B": "a", "C": "x", "D": "a", "E": "a"})
    assert [boundary.after.digest for boundary in sweep.boundaries()] == ["C", "D"]


def test_unreadable_ends_cost_one_try_each() -> None:
    captures = contents([float(day) for day in range(29)])
    states: dict[str, str | None] = {f"D{day}": None if day < 3 or day > 26 else "only" for day in range(29)}
    sweep = Sweep(captures)
    assert sorted(sweep_all(sweep, states)) == ["D0", "D1", "D2", "D26", "D27", "D28", "D3"]
    again = Sweep(captures, states={"D3": "only"}, unreadable={"D0", "D1", "D2", "D27", "D28"})
    assert sweep_all(again, states) == ["D26"]


def test_known_states_are_not_asked_for_again() -> None:
    captures = contents([float(day) for day in range(200)])
    states: dict[str, str | None] = {f"D{day}": "old" if day < 150 else "new" for day in range(200)}
    first = Sweep(captures)
    asked = sweep_all(first, states)
    known = {digest: state for digest in asked[:-3] if (state := states[digest])}
    resumed = Sweep(captures, states=known)
    again = sweep_all(resumed, states)
    assert set(known) | set(again) == set(asked) and not set(known) & set(again)
    assert resumed.boundaries() == first.boundaries()
    everything = {digest: state for digest in asked if (state := states[digest])}
    assert Sweep(captures, states=everything).wanted() == ()


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_whatever_the_page_did(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 60))
    gaps = data.draw(st.lists(st.floats(0.01, 70), min_size=count, max_size=count))
    days = [sum(gaps[: number + 1]) for number in range(count)]
    changes = data.draw(st.lists(st.sampled_from([0, 0, 0, 0, 1]), min_size=count, max_size=count))
    dead = set(data.draw(st.lists(st.integers(0, count - 1), max_size=8)))
    states = {f"D{n}": None if n in dead else f"S{sum(changes[: n + 1])}" for n in range(count)}
    order = data.draw(st.randoms())
    told = {f"D{n}" for n in dead if n % 2}
    sweep = Sweep(contents(days), unreadable=told)
    asked: set[str] = set()
    while wanted := list(sweep.wanted()):
        content = order.choice(wanted)  # answers come in any order
        asked.add(content.digest)
        sweep.tell(content.digest, states[content.digest])
    assert not asked & told
    alive = [n for n in range(count) if n not in dead]
    read = [n for n in alive if f"D{n}" in asked]
    # states that never come back are all found, and each change to the very capture
    expected = [(f"D{a}", f"D{b}") for a, b in pairwise(alive) if states[f"D{a}"] != states[f"D{b}"]]
    assert [(b.before.digest, b.after.digest) for b in sweep.boundaries()] == expected
    # and nowhere is anything unread for longer than the gap
    for a, b in pairwise(read):
        if any(a < n < b for n in alive):
            assert timedelta(days=days[b] - days[a]) <= timedelta(days=30, seconds=2)
    assert not alive or (read[0], read[-1]) == (alive[0], alive[-1])


def test_two_thousand_captures_are_swept_quickly() -> None:
    captures = contents([number / 24 for number in range(20_000)])
    states: dict[str, str | None] = {f"D{n}": f"S{n // 300}" for n in range(20_000)}
    sweep = Sweep(captures)
    asked = sweep_all(sweep, states)
    assert len(sweep.boundaries()) == 66 and len(asked) < 1000
    with pytest.raises(KeyError):
        sweep.tell("unknown", "x")
