"""Turns per host, with a clock that moves only when somebody sleeps."""

from __future__ import annotations

import anyio
import pytest

from scrapers.pace import MAX_IDLE_KEYS, HeldBack, Pace

pytestmark = pytest.mark.anyio


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0
        self.slept: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 6))
        self.now += seconds
        await anyio.lowlevel.checkpoint()


async def test_starts_of_one_key_keep_their_distance_and_other_keys_do_not_wait() -> None:
    clock = Clock()
    pace = Pace(concurrent=1, interval=2.0, clock=clock, sleep=clock.sleep)
    starts = []
    for key in ("a", "a", "b", "a"):
        async with pace.turn(key):
            starts.append((key, clock.now))
    assert starts == [("a", 1000.0), ("a", 1002.0), ("b", 1002.0), ("a", 1004.0)]


async def test_an_interval_that_has_passed_costs_nothing() -> None:
    clock = Clock()
    pace = Pace(interval=2.0, clock=clock, sleep=clock.sleep)
    async with pace.turn("a"):
        clock.now += 5
    async with pace.turn("a") as waited:
        assert waited == 0
    assert clock.slept == []


async def test_never_more_at_a_time_than_allowed_and_served_in_order() -> None:
    pace = Pace(concurrent=2, interval=0)
    running = most = 0
    order = []

    async def work(number: int) -> None:
        nonlocal running, most
        async with pace.turn("a"):
            order.append(number)
            running += 1
            most = max(most, running)
            for _ in range(3):
                await anyio.lowlevel.checkpoint()
            running -= 1

    async with anyio.create_task_group() as group:
        for number in range(9):
            group.start_soon(work, number)
    assert most == 2
    assert order == sorted(order)


async def test_a_turn_may_have_narrower_limits_of_its_own() -> None:
    clock = Clock()
    pace = Pace(concurrent=5, interval=0, clock=clock, sleep=clock.sleep)
    async with pace.turn("a"):
        pass
    async with pace.turn("a", interval=7.5) as waited:
        assert waited == 7.5


async def test_a_turn_is_given_back_by_errors_and_by_cancelled_waiters() -> None:
    pace = Pace(concurrent=1, interval=0)
    with pytest.raises(ZeroDivisionError):
        async with pace.turn("a"):
            raise ZeroDivisionError
    async with pace.turn("a"):
        with anyio.move_on_after(0.01) as scope:
            async with pace.turn("a"):
                pytest.fail("two at a time")
        assert scope.cancelled_caught
    with anyio.fail_after(5):
        async with pace.turn("a"):
            pass


async def test_a_pause_holds_the_key_back_and_is_never_shortened() -> None:
    clock = Clock()
    pace = Pace(interval=1.0, clock=clock, sleep=clock.sleep)
    pace.pause("a", 30)
    pace.pause("a", 5)
    assert pace.paused("a") == 30
    assert pace.paused("b") == 0
    async with pace.turn("a") as waited:
        assert waited == 30


async def test_impatient_turns_fail_at_once_and_leave_the_others_alone() -> None:
    clock = Clock()
    pace = Pace(concurrent=1, interval=1.0, clock=clock, sleep=clock.sleep)
    pace.pause("a", 3600)
    with pytest.raises(HeldBack) as caught:
        async with pace.turn("a", patience=60):
            pytest.fail("not its turn")
    assert caught.value.seconds == 3600
    assert clock.slept == []
    async with pace.turn("a", patience=3600) as waited:
        assert waited == 3600


async def test_a_pause_that_begins_while_waiting_counts_too() -> None:
    pace = Pace(concurrent=1, interval=0)
    refused = []

    async def impatient() -> None:
        try:
            async with pace.turn("a", patience=1):
                pass
        except HeldBack as held:
            refused.append(held)

    async with anyio.create_task_group() as group, pace.turn("a"):
        group.start_soon(impatient)
        await anyio.wait_all_tasks_blocked()
        pace.pause("a", 100)
    assert len(refused) == 1


async def test_memory_does_not_grow_with_the_hosts_ever_seen() -> None:
    clock = Clock()
    pace = Pace(interval=0, clock=clock, sleep=clock.sleep)
    for number in range(MAX_IDLE_KEYS + 10):
        clock.now += 3700
        async with pace.turn(str(number)):
            pass
    assert len(pace._keys) < MAX_IDLE_KEYS
