"""Turns at an archive: one queue for all threads and processes of a database, and what is known of the archive."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import text

from storage.pace import ArchiveHealth, Turn
from storage.store import Store

ARCHIVE = "archive.example"


def take(store: Store, gap: float, *, endpoint: str = "index", unless: bool = False) -> Turn:
    return store.take_turn(ARCHIVE, endpoint, gap, unless=lambda health, now: unless)


def test_turns_follow_each_other_and_each_endpoint_has_its_own(store: Store) -> None:
    waits = [take(store, 10).wait for _ in range(3)]
    assert waits[0] == 0
    assert waits[1] == pytest.approx(10, abs=1) and waits[2] == pytest.approx(20, abs=1)
    assert take(store, 10, endpoint="playback").wait == 0
    assert store.take_turn("other.example", "index", 10, unless=lambda health, now: False).wait == 0


def test_a_turn_that_is_not_taken_costs_nothing(store: Store) -> None:
    assert not take(store, 10, unless=True).taken
    assert take(store, 10).wait == 0


def test_nobody_gets_the_turn_of_another(database_url: str) -> None:
    gap, each = 0.5, 15

    def worker(_: int) -> list[datetime]:
        with Store.open(database_url) as mine:
            return [turn.now + timedelta(seconds=turn.wait) for turn in (take(mine, gap) for _ in range(each))]

    with ThreadPoolExecutor(4) as pool:
        moments = sorted(moment for part in pool.map(worker, range(4)) for moment in part)
    gaps = [(later - earlier).total_seconds() for earlier, later in pairwise(moments)]
    assert len(moments) == 4 * each
    assert min(gaps) >= gap - 1e-3 and max(gaps) <= gap + 0.2  # no two at once, and none is wasted


def test_a_pause_moves_the_next_turn_behind_it(store: Store) -> None:
    store.change_archive_health(ARCHIVE, lambda health, now: replace(health, paused_until=now + timedelta(seconds=60)))
    assert take(store, 1).wait == pytest.approx(60, abs=1)
    assert take(store, 1).wait == pytest.approx(61, abs=1)


def test_a_clock_that_was_set_back_does_not_stop_the_work(store: Store) -> None:
    take(store, 0.1)
    with store._database.write() as connection:
        connection.execute(text("UPDATE archive_turn SET next_turn = '2999-01-01 00:00:00.000000'"))
    assert take(store, 0.1).wait == 0


def test_what_is_known_of_an_archive_is_changed_by_one_at_a_time(store: Store) -> None:
    assert store.archive_health(ARCHIVE)[0] == ArchiveHealth()

    def worker(_: int) -> None:
        for _ in range(20):
            store.change_archive_health(
                ARCHIVE, lambda health, now: replace(health, refusals=health.refusals + 1, open_until=now)
            )

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(worker, range(4)))
    health, now = store.archive_health(ARCHIVE)
    assert health.refusals == 80 and not health.spotless
    assert health.open_until is not None and health.open_until <= now and health.open(now) == 0
