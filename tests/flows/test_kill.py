"""kill -9 in the middle of a check: the next run completes, nothing is stored twice, no alert is lost or doubled."""

from __future__ import annotations

import asyncio
import signal
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts.deliver import deliver_due
from flows.config_file import read_config
from storage.records import CheckOutcome
from tests.flows.worlds import World, dated, policy_page, world
from tests.replica import Page

NUMBER = 12
NAMES = ["Amber", "Birch", "Cedar", "Daisy", "Elm", "Fern", "Ginger", "Hazel", "Iris", "Jasmine", "Kale", "Lotus"]
CHANGED = [number for number in range(NUMBER) if number % 3 != 2]


def text(number: int, *, now: bool) -> bytes:
    """Each vendor's own: changes that are the same at several vendors are told once."""
    name = NAMES[number]
    new = f"We may share your personal information with our advertising partner {name} Media." if now else ""
    return policy_page(sharing=new, contact=f"{name.lower()}@acme.example")


def url(number: int) -> str:
    return f"http://acme{number % 4}.example/{number}/privacy"


@pytest.fixture
def vendors(tmp_path: Path) -> Iterator[World]:
    """Twelve documents on four hosts, checked once; since then eight of them have changed."""
    pages: list[Page] = []
    for number in range(NUMBER):
        bodies = {"20240101": text(number, now=False), "20240201": text(number, now=number in CHANGED)}
        pages += dated(bodies, url(number))
    documents = {
        f"v{number}": [f'type = "Privacy Policy"\nurl = "{url(number)}"\nfetch = {{ host_concurrency = 8 }}']
        for number in range(NUMBER)
    }
    hosts = [f"acme{number}.example" for number in range(4)]
    with world(tmp_path, pages, documents, hosts=hosts, sinks=True) as made:
        made.replica.date = "20240101235959"
        done = made.cli("check")
        assert done.returncode == 0, done.stderr
        made.replica.date = "20240201235959"
        yield made


def deliver_later(world: World) -> None:
    """What `clausewatch alerts send` does, ten minutes from now."""
    config = read_config(world.config)
    with world.store() as store:
        asyncio.run(
            deliver_due(store, config.routes, datetime.now(UTC) + timedelta(minutes=10), settings=config.alerts)
        )


def requests(number: int) -> Callable[[World, Callable[[], None]], None]:
    return lambda world, kill: world.when_asked("live", number, kill)


def messages(number: int) -> Callable[[World, Callable[[], None]], None]:
    def arrange(world: World, kill: Callable[[], None]) -> None:
        world.hooks.then = lambda count: kill() if count == number else None

    return arrange


@pytest.mark.parametrize(
    "arrange",
    [requests(4), requests(4 + 6), requests(4 + NUMBER + 3), messages(1), messages(5)],
    ids=["at the start", "in the first look", "in the second look", "at the first message", "at the fifth message"],
)
def test_the_next_run_completes_what_a_killed_one_began(
    vendors: World, arrange: Callable[[World, Callable[[], None]], None]
) -> None:
    command = vendors.start("check")
    arrange(vendors, command.kill)
    out, err = command.communicate(timeout=60)
    assert command.returncode == -signal.SIGKILL, (out, err)
    vendors.hooks.then = None
    told_before = len(vendors.hooks.messages())

    done = vendors.run("check")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "skipped" not in done.stdout
    assert vendors.cli("check").returncode == 0
    deliver_later(vendors)  # what the dead run had in hand to send is free again after a minute and a half

    with vendors.store() as store:
        for document in store.documents():
            number = int(document.vendor_slug.removeprefix("v"))
            assert document.versions == (2 if number in CHANGED else 1), document.key
            assert document.pending_capture_id is None and document.failures == 0
            captures = store.captures(document.id)
            assert len({(capture.time, capture.url, capture.digest) for capture in captures}) == len(captures)
            assert len({capture.payload for capture in captures}) == document.versions
            assert len(store.changes(document.id)) == document.versions - 1
            assert store.checks(document.id, limit=1)[0].outcome is CheckOutcome.UNCHANGED
        alerts = store.alerts(limit=None)
        assert Counter(alert.state.value for alert in alerts) == {"sent": len(CHANGED)}
        assert len({alert.change_id for alert in alerts}) == len(CHANGED)
    arrived = [hook.text for hook in vendors.hooks.messages()]
    subjects = Counter(next(f"v{n}" for n in range(NUMBER - 1, -1, -1) if f"V{n}" in text) for text in arrived)
    assert set(subjects) == {f"v{number}" for number in CHANGED}  # none is lost
    repeated = [text for text in arrived if "may have reached you before" in text]
    assert len(arrived) == len(CHANGED) + len(repeated)
    assert len(repeated) == (1 if told_before else 0)  # only the one in flight, and it says so
