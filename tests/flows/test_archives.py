"""Archives at work: one pace for all, what redirects told, catching up after a check, having changes saved, and a storm
of faults over two thousand captures."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import anyio
import pytest
from starlette.types import Receive, Scope, Send

from flows.backfills import BackfillOptions, backfill_documents
from flows.catching_up import CaughtUp, catch_up
from flows.pacing import SharedLimiter
from flows.run import Progress, open_run
from flows.saving import SaveReport, save_changes
from flows.targets import select_keys
from scrapers.archive.pace import CircuitPolicy
from scrapers.errors import ArchiveRateLimited, ArchiveRefusing
from storage.records import CheckOutcome, ListingState
from storage.store import Store
from tests.flows.conftest import MakeWorld
from tests.flows.test_backfill import KEY, PAST, V1, V2, V3, many, played, tell_all
from tests.flows.test_check import HTML
from tests.flows.worlds import DOCUMENT, URL, World, corpus_world, dated, policy_page, world
from tests.replica import Fault, Page, serve

pytestmark = pytest.mark.anyio

ARCHIVE = "archive.example"


def redirect(target: str, status: int = 301) -> Page:
    return Page("", "", b"", status, headers=(("Location", target), *HTML))


async def filled(world: World, limiter: SharedLimiter | None = None, **options: Any) -> Any:
    async with open_run(world.config) as run:
        keys = select_keys(run.config, [])
        (result,) = await backfill_documents(run, keys, BackfillOptions(**options), limiter=limiter)
    return result


# --- one pace for all -----------------------------------------------------------------------------------------------


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[tuple[Store, Store]]:
    """One database, opened as two processes do."""
    url = f"sqlite:///{tmp_path / 'shared.sqlite'}"
    with Store.open(url) as one, Store.open(url) as other:
        yield one, other


async def test_workers_share_their_turns_and_their_pauses(stores: tuple[Store, Store]) -> None:
    policy = CircuitPolicy(pause=0.3, patience=5)
    limiters = [SharedLimiter(store, policy) for store in stores]
    begun = time.monotonic()
    moments: list[float] = []

    async def work(limiter: SharedLimiter) -> None:
        for _ in range(5):
            await limiter.acquire(ARCHIVE, "playback", 50)
            moments.append(time.monotonic() - begun)

    async with anyio.create_task_group() as tasks:
        for limiter in (*limiters, *limiters):
            tasks.start_soon(work, limiter)
    assert moments[-1] >= 19 / 50 - 0.01
    assert max(sum(start <= moment < start + 0.2 for moment in moments) for start in moments) <= 12
    assert 0.25 < await limiters[0].pause(ARCHIVE) <= 0.3
    began = time.monotonic()
    await limiters[1].acquire(ARCHIVE, "index", 50)
    assert time.monotonic() - began >= 0.25


async def test_those_who_waited_do_not_all_leave_when_a_pause_ends(stores: tuple[Store, Store]) -> None:
    policy = CircuitPolicy(pause=0.3, patience=5)
    one, other = (SharedLimiter(store, policy) for store in stores)
    left: list[float] = []

    async def work() -> None:
        await one.acquire(ARCHIVE, "playback", 20)
        left.append(time.monotonic())

    async with anyio.create_task_group() as tasks:
        for _ in range(6):
            tasks.start_soon(work)
        await anyio.sleep(0.02)
        paused = time.monotonic()
        await other.pause(ARCHIVE)
    after = sorted(moment for moment in left if moment > paused)
    assert len(after) >= 4 and after[0] >= paused + 0.25
    # counted from the end of the pause: who leaves late on a busy machine makes no other leave earlier
    assert after[-1] >= paused + 0.3 + (len(after) - 1) / 20 - 0.02


async def test_what_is_refused_to_one_worker_stops_the_other(stores: tuple[Store, Store]) -> None:
    one, other = (SharedLimiter(store) for store in stores)
    await one.pause(ARCHIVE, 3600)
    with pytest.raises(ArchiveRateLimited) as limited:
        await other.acquire(ARCHIVE, "index", 1)
    assert 3590 < limited.value.retry_after <= 3600
    for _ in range(CircuitPolicy().refusals):
        await one.refused("down.example")
    with pytest.raises(ArchiveRefusing) as refused:
        await other.acquire("down.example", "index", 1)
    assert timedelta(minutes=59) < refused.value.until - datetime.now(UTC) <= timedelta(hours=1)
    for _ in range(CircuitPolicy().refusals):
        await one.refused("shaky.example")
        await other.answered("shaky.example")
    await other.acquire("shaky.example", "index", 1)  # refused, but never in a row
    await other.answered("quiet.example")
    assert stores[0].archive_health("quiet.example")[0].spotless


async def test_a_second_429_in_a_row_doubles_the_pause_and_a_good_answer_forgives(stores: tuple[Store, Store]) -> None:
    one, other = (SharedLimiter(store, CircuitPolicy(pause=0.05, patience=5)) for store in stores)
    assert await one.pause(ARCHIVE) <= 0.05
    await anyio.sleep(0.06)
    assert 0.05 < await other.pause(ARCHIVE) <= 0.1
    with pytest.raises(ArchiveRateLimited):
        await one.acquire(ARCHIVE, "index", 1000)  # asked twice: the work goes back to the schedule
    await anyio.sleep(0.11)
    await one.answered(ARCHIVE)
    assert await other.pause(ARCHIVE) <= 0.05


def test_two_processes_at_once_keep_one_pace(tmp_path: Path) -> None:
    rate, number = 16, 18
    urls = {name: f"http://{name}.example/privacy" for name in ("one", "two")}
    pages = [Page(url, page.timestamp, page.body) for url in urls.values() for page in many(number)]
    documents = {name: [f'type = "Privacy Policy"\nurl = "{url}"'] for name, url in urls.items()}
    with world(tmp_path, pages, documents, hosts=[f"{name}.example" for name in urls]) as made:
        made.edit("playback = 1000", f"playback = {rate}")
        with made.store():
            pass  # the tables are there before two want to make them
        commands = [made.start("backfill", name, "--json") for name in urls]
        outputs = [command.communicate(timeout=100) for command in commands]
        assert [command.returncode for command in commands] == [0, 0], outputs
        assert all(json.loads(out)[0]["captures"] == number for out, _ in outputs)
        log = made.replica.log.of("playback")
    assert len(log) == 2 * number and len({entry.connection for entry in log}) <= 8
    paths = ["one" in entry.target for entry in log]
    both = slice(max(paths.index(True), paths.index(False)), None)
    mixed = log[both]
    assert len(mixed) >= number  # they did work at the same time
    assert log[-1].time - log[0].time >= (len(log) - 1) / rate - 0.1
    assert made.replica.log.busiest("playback", 1.0) <= rate + 3


# --- what redirects told --------------------------------------------------------------------------------------------

NEW_HOME = "http://acme.example/legal/privacy"


async def test_a_page_that_moved_is_followed_and_the_new_address_suggested(acme: MakeWorld) -> None:
    world = acme({"20190101": V1})
    moved = {f"2019{month:02}01": redirect(NEW_HOME) for month in range(3, 13)}
    world.publish(
        [
            *dated({"20190101": V1, "20190201": V1, **moved}),
            *dated({f"2019{month:02}01": V1 if month < 6 else V2 for month in range(3, 13)}, NEW_HOME),
        ]
    )
    result = (await world.backfill())[KEY]
    assert result.versions == 2
    assert f"{URL} moved to {NEW_HOME} on or before 2019-03-01" in result.detail
    asked = [target for target in played(world) if f"/{URL}" in target]
    assert len(asked) == 3  # the page, and the redirect's first and last day: both led to one place
    with world.store() as store:
        document = store.document(KEY)
        assert [f"{v.first_seen:%m}" for v in store.versions(document.id)] == ["01", "12"]
        followed = store.captures(document.id)[-1]
        assert (followed.url, followed.final_url) == (URL, NEW_HOME)
        assert [tuple(hop) for hop in followed.hops] == [(URL, 301, NEW_HOME)]
    before = len(played(world))
    again = (await world.backfill())[KEY]
    assert again.outcome is CheckOutcome.UNCHANGED and len(played(world)) == before
    assert "moved to" in again.detail
    world.edit(f'url = "{URL}"', f'url = "{NEW_HOME}"\nformer = [{{ url = "{URL}", until = "2019-03-01" }}]')
    heeded = (await world.backfill())[KEY]
    assert "moved to" not in heeded.detail


async def test_other_redirects_are_looked_at_but_not_followed(acme: MakeWorld) -> None:
    pages: dict[str, bytes | Page] = {
        "20190101": V1,
        "20190201": redirect("https://acme.example/privacy"),  # the same page by https
        "20190301": redirect("http://acme.example/login", 302),
        "20190401": redirect("http://acme.example/gone"),
        "20190501": redirect("mailto:nobody"),
        "20190601": V1,
    }
    world = acme(pages)
    result = (await world.backfill())[KEY]
    assert (result.outcome, result.versions, result.error_kind) == (CheckOutcome.FIRST, 1, "")
    assert "moved" not in result.detail  # the page was there again afterwards
    with world.store() as store:
        cursor = store.cursor(store.document(KEY).sources[0].id, "replica", URL)
        rows = {row.timestamp[:8]: row for row in store.listed(cursor.id, list(ListingState))}
        assert rows["20190201"].location == "https://acme.example/privacy"
        assert len(store.captures(store.document(KEY).id)) == 2
    before = len(played(world))
    await world.backfill()
    assert len(played(world)) == before


async def test_that_a_page_was_missing_or_had_moved_can_be_listed(acme: MakeWorld) -> None:
    world = acme(PAST)
    await world.backfill()
    missing = json.loads((await world.acli("list", "--outcome", "missing", "--json")).stdout)
    assert [(row["document"], row["time"][:10], row["status"], row["archive"]) for row in missing] == [
        (KEY, "2019-05-01", 503, "replica"),
        (KEY, "2019-04-01", 404, "replica"),
    ]
    (moved,) = json.loads((await world.acli("list", "acme", "--outcome", "moved", "--json")).stdout)
    assert (moved["time"][:10], moved["to"]) == ("2019-07-01", "http://acme.example/legal/privacy")
    assert "2 of a missing page" in (await world.backfill(dry=True))[KEY].detail


# --- what cannot be had ---------------------------------------------------------------------------------------------


async def test_a_capture_that_makes_no_sense_does_not_stop_the_others(acme: MakeWorld) -> None:
    world = acme({"20190101": V1, "20190201": b"", "20190301": V2, "20190401": V2, "20190501": V3})
    world.replica.faults.set([Fault("status", "playback", status=501, match="/web/20190301")])
    result = (await world.backfill())[KEY]
    assert (result.error_kind, result.versions) == ("", 3)
    with world.store() as store:
        cursor = store.cursor(store.document(KEY).sources[0].id, "replica", URL)
        states = {row.timestamp[:8]: row.state for row in store.listed(cursor.id, list(ListingState))}
        assert states["20190301"] is ListingState.UNPLAYABLE and states["20190401"] is ListingState.CAPTURED
    before = len(played(world))
    await world.backfill(later=timedelta(days=1))
    assert len(played(world)) == before  # nor is the empty page, of which nothing can be made, fetched again


async def test_one_capture_that_an_archive_never_gives_is_tried_again_and_the_others_come(acme: MakeWorld) -> None:
    world = acme({"20190101": V1, "20190201": V2, "20190301": V3, "20190401": V3}, more="tries = 1")
    world.replica.faults.set([Fault("status", "playback", status=503, match="/web/20190201")])
    first = (await world.backfill())[KEY]
    assert (first.outcome, first.error_kind, first.versions) == (CheckOutcome.FAILED, "archive.unavailable", 2)
    world.replica.faults.set([])
    world.replica.log.clear()
    second = (await world.backfill())[KEY]
    assert (second.outcome, second.versions) == (CheckOutcome.CHANGED, 3)
    assert [target.split("/")[2][:8] for target in played(world)] == ["20190201"]


async def test_an_archive_that_is_down_is_left_alone_soon(acme: MakeWorld) -> None:
    world = acme({"20150101": V1}, more="tries = 1")
    world.publish(many())
    world.replica.faults.set([Fault("status", "playback", status=503)])
    result = (await world.backfill())[KEY]
    assert result.error_kind == "archive.unavailable"
    assert len(played(world)) <= 3 + 4


async def test_documents_can_be_left_out(acme: MakeWorld) -> None:
    world = acme(PAST, documents={"acme": [f"{DOCUMENT}\ncheck = {{ archives = false }}"]})
    for dry in (False, True):
        assert (await world.backfill(dry=dry))[KEY].outcome is CheckOutcome.SKIPPED
    assert not world.replica.log.of("cdx")


# --- how much, and how long -----------------------------------------------------------------------------------------


async def test_bisection_reads_few_of_captures_that_all_differ_and_finds_every_change(acme: MakeWorld) -> None:
    world = acme({"20150101": V1})
    world.publish(many(60))
    few = (await world.backfill(options=BackfillOptions(gap="3650d")))[KEY]
    assert few.versions == 8
    assert few.captures <= 60 / 1.5 and f"{60 - few.captures} need not be" in few.detail
    with world.store() as store:
        begun = [version.first_seen for version in store.versions(store.document(KEY).id)]
    all_ = (await world.backfill(options=BackfillOptions(gap="1d")))[KEY]
    assert all_.outcome is CheckOutcome.UNCHANGED and few.captures + all_.captures == 60
    with world.store() as store:
        assert [version.first_seen for version in store.versions(store.document(KEY).id)] == begun
    wrong = await world.acli("backfill", "--gap", "0")
    assert wrong.returncode == 2 and "--gap must be a duration" in wrong.stderr


@pytest.mark.shared
def test_a_real_policy_with_tokens_is_known_from_a_third_of_its_captures(shared: Path, tmp_path: Path) -> None:
    """GitHub's privacy statement: 105 captures, every one another digest; read alike from all of them it has nine
    versions (tests/flows/test_corpus.py), and each begins where it begins when all are read."""
    with corpus_world(shared, tmp_path, ["github"]) as world:
        done = world.run("backfill", "github/privacy-policy", "--gap", "365d", "--json", timeout=100)
        (result,) = json.loads(done.stdout)
        assert result["versions"] == 9
        assert result["captures"] <= 105 / 3 and "105 captures in the archives" in result["detail"]
        with world.store() as store:
            sparse = [version.first_seen for version in store.versions(store.document("github/privacy-policy").id)]
        done = world.run("backfill", "github/privacy-policy", "--gap", "1h", "--json", timeout=100)
        assert json.loads(done.stdout)[0]["captures"] == 105 - result["captures"]
        with world.store() as store:
            dense = [version.first_seen for version in store.versions(store.document("github/privacy-policy").id)]
    assert sparse == dense


async def test_long_work_says_how_far_it_is_and_until_when(acme: MakeWorld) -> None:
    world = acme({"20150101": V1})
    world.publish(many(12))
    world.edit("playback = 1000", "playback = 20")
    told: list[Progress] = []
    async with open_run(world.config, watcher=told.append) as run:
        await backfill_documents(run, [KEY], BackfillOptions())
    notes = [progress.note for progress in told]
    assert any("listing replica, 12 captures so far" in note for note in notes)
    fetching = [progress for progress in told if "fetched, " in progress.note]
    assert len(fetching) >= 2 and "of at most 12 fetched" in fetching[0].note and " UTC" in fetching[0].note
    paces = [float(progress.note.split(", ")[1].removesuffix("/s")) for progress in fetching]
    assert all(0 < pace <= 20 for pace in paces)
    parts = [progress.part for progress in told if progress.note]
    assert parts == sorted(parts) and parts[-1] == 1


# --- two thousand captures in a storm -------------------------------------------------------------------------------

NUMBER = 2000
STORM = [
    Fault("status", "cdx", status=429, skip=2, count=1),
    Fault("status", "playback", status=429, skip=50, count=1),
    Fault("status", "playback", status=429, skip=250, count=1, seed=1),
    Fault("status", "cdx", status=504, skip=4, count=2),
    Fault("repeat-key", "cdx", skip=6, count=2),
    Fault("duplicate-rows", "cdx", rate=0.2),
    Fault("malformed-rows", "cdx", rate=0.1),
    Fault("growing", "cdx", hidden=100, step=40),
    Fault("status", "playback", status=503, rate=0.05, per_url=1, seed=2),
    Fault("drop", "playback", rate=0.05, per_url=1, seed=3),
    Fault("reset", "playback", rate=0.05, per_url=1, seed=4),
    Fault("truncated-gzip", "playback", rate=0.05, per_url=1, seed=5),
    Fault("drip", "playback", rate=0.03, pieces=4, delay=0.002, seed=6),
]


def two_thousand() -> list[Page]:
    """Captures over eleven years: bodies that stand for five captures, among them errors, and revisits."""
    start = datetime(2010, 1, 1, 12, tzinfo=UTC)
    pages = []
    for number in range(NUMBER):
        body = policy_page(furniture=f"<input value={number // 8:032x}>", notice=f"{10 + number // 250} days")
        stamp = f"{start + timedelta(days=2 * number):%Y%m%d%H%M%S}"
        if number % 50 == 49:
            pages.append(Page(URL, stamp, b"<h1>Not Found</h1>", 404))
        else:
            pages.append(Page(URL, stamp, body, revisit=number % 8 > 4))
    return pages


async def test_two_thousand_captures_in_a_storm_are_the_same_as_in_calm(acme: MakeWorld) -> None:
    world = acme({"20100101": V1}, more="page_limit = 150")
    world.publish(two_thousand())
    rate = 250
    world.edit("playback = 1000", f"playback = {rate}")
    calm = await filled(world)
    assert (calm.outcome, calm.versions) == (CheckOutcome.FIRST, 8)
    with world.store() as store:
        good = tell_all(store)
    assert len(good["listing"]) == NUMBER
    clean = len(played(world))
    (world.folder / "data" / "clausewatch.sqlite").rename(world.folder / "good.sqlite")
    world.replica.log.clear()
    world.replica.faults.set(STORM)
    with world.store() as shared:
        limiter = SharedLimiter(shared, CircuitPolicy(pause=0.3, patience=10))
        stormy = await filled(world, limiter)
        assert stormy.error_kind == "", stormy.detail
        world.replica.faults.set([])  # the newest rows may have come to light only after the listing passed them
        await filled(world, limiter)
        got = tell_all(shared)
    assert got == good
    log = world.replica.log.of("playback")
    fired = {fault for entry in world.replica.log.entries for fault in entry.faults}
    assert fired >= {"status", "drop", "reset", "truncated-gzip", "repeat-key", "duplicate-rows", "growing"}
    assert clean < len(log) <= 1.3 * clean
    assert log[-1].time - log[0].time >= (len(log) - 1) / rate - 0.2
    assert world.replica.log.busiest("playback", 1.0) <= rate * 1.1 + 10
    limited = [entry for entry in world.replica.log.entries if entry.status == 429]
    assert len(limited) == 3
    unseen = {"drop", "reset", "truncated-gzip"}  # broken off by another fault before the client could read it
    for entry in (entry for entry in limited if not unseen & set(entry.faults)):
        # everybody stopped, but for what was on its way
        after = [other for other in world.replica.log.entries if entry.time + 0.02 < other.time < entry.time + 0.25]
        assert len(after) <= 3, [(other.area, other.time - entry.time) for other in after]


# --- catching up after a check --------------------------------------------------------------------------------------


async def caught_up(world: World, later: timedelta = timedelta(0), **options: Any) -> CaughtUp:
    async with open_run(world.config) as run:
        run.now = lambda: datetime.now(UTC) + later
        return await catch_up(run, select_keys(run.config, []), **options)


DAY = timedelta(days=1, minutes=1)


async def test_archives_are_asked_once_a_day_for_what_they_saw_since_the_last_capture(acme: MakeWorld) -> None:
    world = acme({"20190101": V1, "20190201": V1, "20190301": V2, "20190310": V2, "20260101": V3}, sinks=True)
    world.replica.horizon, world.replica.date = "20190215000000", "20260102000000"
    assert (await caught_up(world)).results == () and not world.replica.log.of("cdx")  # never backfilled
    await world.backfill()
    await world.check()
    sent = len(world.hooks.messages())
    world.replica.log.clear()
    assert (await caught_up(world)).results == ()  # asked today
    assert not world.replica.log.of("cdx")
    world.replica.horizon = "20190401000000"
    found = await caught_up(world, DAY)
    assert [result.outcome for result in found.results] == [CheckOutcome.CHANGED]
    assert str(found) == "archives: 1 documents asked about, 1 captures fetched, 1 histories changed"
    (asked,) = world.replica.log.of("cdx")
    assert "from=20190125" in asked.target  # a week before the newest capture
    with world.store() as store:
        document = store.document(KEY)
        assert [f"{v.first_seen:%Y%m}" for v in store.versions(document.id)][:2] == ["201901", "201903"]
        assert len(store.versions(document.id)) == 3
    world.replica.log.clear()
    await caught_up(world, timedelta(days=31))
    assert "from=" not in world.replica.log.of("cdx")[0].target  # once a month everything
    await world.check()
    assert len(world.hooks.messages()) == sent  # old news


async def test_it_stops_in_time_and_goes_on_next_time(acme: MakeWorld) -> None:
    documents = {name: [f'type = "Privacy Policy"\nurl = "http://acme.example/{name}"'] for name in ("a", "b", "c")}
    world = acme({"20190101": V1}, documents=documents)
    world.publish([page for name in "abc" for page in dated({"20190101": V1}, f"http://acme.example/{name}")])
    await world.backfill()
    world.edit("index = 1000", "index = 2")
    early = await caught_up(world, DAY, budget=timedelta(seconds=0.8))
    assert 1 <= len(early.results) <= 2 and early.left == 3 - len(early.results)
    late = await caught_up(world, DAY)
    assert {result.key for result in late.results} == {f"{name}/privacy-policy" for name in "abc"} - {
        result.key for result in early.results
    }
    world.edit(
        'url = "http://acme.example/b"', 'url = "http://acme.example/b"\ncheck = { archives_incremental = false }'
    )
    world.replica.faults.set([Fault("status", "cdx", status=429)])
    world.edit("index = 2", "index = 1000")
    async with open_run(world.config) as run:
        run.now = lambda: datetime.now(UTC) + 3 * DAY
        hasty = SharedLimiter(run.store, CircuitPolicy(pause=0.05, patience=1))
        refused = await catch_up(run, select_keys(run.config, []), limiter=hasty)
    assert [result.error_kind for result in refused.results] == ["archive.rate-limited"]
    assert refused.left == 1  # of a and c; nobody else asks an archive that has had enough


def test_only_scheduled_checks_ask_the_archives(tmp_path: Path) -> None:
    with world(tmp_path, dated({"20190101": V1})) as made:
        assert made.cli("backfill").returncode == 0
        with made.store() as store, store._database.write() as connection:
            connection.exec_driver_sql("UPDATE archive_cursor SET last_listed = '2020-01-01 00:00:00.000000'")
        for arguments, asked in (
            (["--dry-run", "--archives"], 0),
            ([], 0),
            (["--due", "--no-archives"], 0),
            (["--due"], 1),
        ):
            made.replica.log.clear()
            done = made.cli("check", *arguments)
            assert done.returncode == 0, done.stderr
            assert len(made.replica.log.of("cdx")) == asked, arguments


# --- having changes saved -------------------------------------------------------------------------------------------


@dataclass
class Saver:
    """A Save Page Now 2 that answers as it is told: by URL, the answers to the order and to each look at the job."""

    answers: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    requests: list[tuple[str, str, str]] = field(default_factory=list)
    then: Callable[[], object] | None = None

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = b""
        while (message := await receive())["type"] == "http.request":
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        path = scope["path"]
        keys = dict(scope["headers"]).get(b"authorization", b"").decode()
        form = {name: values[0] for name, values in parse_qs(body.decode()).items()}
        url = form.get("url") or path.rpartition("job-")[2].replace("_", "/")
        self.requests.append((scope["method"], url, keys))
        if self.then is not None:
            self.then()
        left = self.answers[url]
        said = left.pop(0) if len(left) > 1 else left[0]
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": json.dumps(said).encode()})


ORDERED: dict[str, object] = {"url": URL, "job_id": "job-1"}
PENDING: dict[str, object] = {"status": "pending", "job_id": "job-1"}
SAVED: dict[str, object] = {"status": "success", "job_id": "job-1", "timestamp": "20260202101112", "original_url": URL}
KEYS = {"CLAUSEWATCH_SAVE_ACCESS_KEY": "access", "CLAUSEWATCH_SAVE_SECRET_KEY": "secret"}


@pytest.fixture
async def changed(acme: MakeWorld) -> AsyncIterator[tuple[World, Saver]]:
    """A world whose document has just changed, and a service that saves pages."""
    saver = Saver()
    with serve(saver) as served:
        made = acme({"20260101": V1, "20260201": V2}, sinks=True)
        made.edit("dialect =", f'save_url = "{served.url}/save"\nsave = {{ enabled = true }}\ndialect =')
        await made.check()
        made.replica.date = "20260201235959"
        assert (await made.check())[KEY].outcome is CheckOutcome.CHANGED
        yield made, saver


async def save(world: World, later: timedelta = timedelta(0), **options: Any) -> SaveReport:
    async with open_run(world.config) as run:
        run.now = lambda: datetime.now(UTC) + later
        return await save_changes(run, **{"environ": KEYS, "poll": 0.01, **options})


def evidence(world: World) -> list[dict[str, Any]]:
    with world.store() as store:
        (change,) = store.changes(store.document(KEY).id)
        return [dict(entry) for entry in change.evidence]


async def test_a_confirmed_change_is_saved_and_the_memento_is_its_evidence(changed: tuple[World, Saver]) -> None:
    world, saver = changed
    saver.answers = {URL: [ORDERED], "1": [PENDING, PENDING, SAVED]}
    told: list[int] = []
    saver.then = lambda: told.append(len(world.hooks.messages()))
    report = await save(world)
    assert report == SaveReport(saved=1) and str(report) == "saving pages: 1 saved"
    assert [(method, keys) for method, _, keys in saver.requests] == [("POST", "LOW access:secret")] + [
        ("GET", "LOW access:secret")
    ] * 3
    (entry,) = evidence(world)
    assert entry["kind"] == "save-page" and entry["state"] == "saved" and entry["archive"] == "replica"
    assert entry["memento"] == f"{world.url}/web/20260202101112/{URL}"
    assert set(told) == {1}  # people were told before
    saver.requests.clear()
    assert await save(world) == SaveReport() and not saver.requests  # once
    with world.store() as store:
        assert len(store.alerts()) == 1


async def test_what_is_under_way_or_busy_is_taken_up_by_the_next_run(changed: tuple[World, Saver]) -> None:
    world, saver = changed
    saver.answers = {URL: [{"status": "error", "status_ext": "error:too-many-requests", "message": "Busy."}]}
    assert await save(world) == SaveReport(failed=1)
    (entry,) = evidence(world)
    assert (entry["state"], entry["code"], entry["again"], entry["tries"]) == ("failed", "too-many-requests", True, 1)
    saver.answers = {URL: [ORDERED], "1": [PENDING]}
    assert await save(world, budget=timedelta(seconds=0.3)) == SaveReport(under_way=1)
    (entry,) = evidence(world)
    assert (entry["state"], entry["job"], entry["tries"]) == ("ordered", "job-1", 2)
    saver.requests.clear()
    saver.answers = {"1": [SAVED]}  # a second order would fail
    assert await save(world) == SaveReport(saved=1)
    assert len(evidence(world)) == 1 and evidence(world)[0]["state"] == "saved"


@pytest.mark.parametrize(
    ("answers", "code"),
    [
        ({URL: [{"status": "error", "status_ext": "error:blocked-url", "message": "No."}]}, "blocked-url"),
        ({URL: [ORDERED], "1": [{"status": "error", "status_ext": "error:not-found", "message": "404"}]}, "not-found"),
        ({URL: [{"message": "You need to be logged in.", "status_ext": "error:unauthorized"}]}, "unauthorized"),
    ],
)
async def test_what_an_archive_will_not_save_is_recorded_and_not_asked_again(
    changed: tuple[World, Saver], answers: dict[str, list[dict[str, object]]], code: str
) -> None:
    world, saver = changed
    saver.answers = answers
    assert await save(world) == SaveReport(failed=1)
    (entry,) = evidence(world)
    assert (entry["state"], entry["code"], entry["again"]) == ("failed", code, False)
    saver.requests.clear()
    assert await save(world) == SaveReport() and not saver.requests


async def test_nothing_is_saved_without_keys_or_when_it_is_too_late(changed: tuple[World, Saver]) -> None:
    world, saver = changed
    report = await save(world, environ={})
    assert "CLAUSEWATCH_SAVE_ACCESS_KEY" in report.problem and "is not set" in str(report)
    assert await save(world, later=timedelta(days=4)) == SaveReport()
    done = await world.acli("check")  # the command says so, and that is all
    assert done.returncode == 0 and "is not set" in done.stderr
    world.replica.date = "20260101235959"
    await world.check()  # the page is another by now
    assert not saver.requests
    world.edit("enabled = true", "enabled = false")
    assert await save(world) == SaveReport() and not saver.requests


async def test_people_are_told_before_an_archive_is_asked_to_save(
    acme: MakeWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    saver = Saver({URL: [{"status": "error", "status_ext": "error:no-access", "message": "No."}]})
    with serve(saver) as served:
        world = acme({"20260101": V1, "20260201": V2}, sinks=True)
        world.edit("dialect =", f'save_url = "{served.url}/save"\nsave = {{ enabled = true }}\ndialect =')
        assert (await world.acli("check")).returncode == 0
        assert not saver.requests  # the first look is no change
        world.replica.date = "20260201235959"
        told: list[int] = []
        saver.then = lambda: told.append(len(world.hooks.messages()))
        done = await world.acli("check")
    assert done.returncode == 0 and "saving pages: 1 failed" in done.stderr
    assert told == [1]
