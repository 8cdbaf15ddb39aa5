"""A document's past from an archive: complete, in its place, told to nobody; the same whatever goes wrong on the way."""
# ruff: noqa: E501 (tables of cases: a case is a line)

from __future__ import annotations

import signal
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from flows.backfills import BackfillOptions
from storage.records import ChangeKind, CheckOutcome, ListingState
from storage.store import Store
from tests.flows.conftest import MakeWorld
from tests.flows.test_check import HTML, LOGIN
from tests.flows.worlds import DOCUMENT, URL, World, dated, policy_page
from tests.replica import Fault, Page

pytestmark = pytest.mark.anyio

KEY = "acme/privacy-policy"
V1, V2, V3 = policy_page(), policy_page(sharing="We may sell your data to our partners."), policy_page(notice="15 days")
MOVED = Page("", "", b"", 301, headers=(("Location", "/legal/privacy"), *HTML))
PAST: dict[str, bytes | Page] = {
    "20190101": V1,
    "20190201": Page("", "", V1, revisit=True),
    "20190301": policy_page(furniture="<em>Our 5th birthday</em>"),
    "20190401": Page("", "", b"<h1>Not Found</h1>", 404),
    "20190501": Page("", "", b"<h1>Down</h1>", 503),
    "20190601": V2,
    "20190701": MOVED,
    "20190801": LOGIN,
    "20190901": V2,
    "20191001": V3,
    "20200101": V1,
    "20200601": V1,
}


def many(number: int = 40, *, first: datetime = datetime(2015, 1, 1, 12, tzinfo=UTC)) -> list[Page]:
    """Captures a month apart whose bytes all differ; the wording changes with every eighth."""
    pages = []
    for index in range(number):
        body = policy_page(furniture=f"<input type=hidden value={index:032x}>", notice=f"{10 + index // 8} days")
        pages.append(Page(URL, f"{first + timedelta(days=31 * index):%Y%m%d%H%M%S}", body))
    return pages


def tell_all(store: Store) -> dict[str, Any]:
    """All that a backfill leaves behind, without row numbers: equal for equal results."""
    document = store.document(KEY)
    source = document.sources[0]
    cursor = store.cursor(source.id, "replica", URL)
    have = {ListingState.CAPTURED: "have", ListingState.SAME: "have"}  # fetched, or known by the digest: as it comes
    changes = store.changes(document.id, limit=None)
    return {
        "versions": [
            (v.position, v.fingerprint, v.first_seen, v.last_seen, v.sightings) for v in store.versions(document.id)
        ],
        "changes": sorted((c.from_time, c.to_time, c.kind, c.severity, c.summary, c.live) for c in changes),
        "captures": sorted((c.time, c.url, c.status, c.digest, c.payload) for c in store.captures(document.id)),
        "listing": sorted(
            (r.timestamp, r.status, r.digest, have.get(r.state, r.state.value))
            for r in store.listed(cursor.id, list(ListingState))
        ),
        "holds": sorted(hold.time for hold in store.holds(document.id)),
        "complete": (cursor.complete, cursor.resume_key),
    }


def played(world: World) -> list[str]:
    """What was fetched from the archive, in order."""
    return [entry.target for entry in world.replica.log.of("playback")]


# --- what it finds --------------------------------------------------------------------------------------------------


async def test_every_kind_of_capture_finds_its_place(acme: MakeWorld) -> None:
    world = acme(PAST, sinks=True)
    result = (await world.backfill())[KEY]
    assert (result.outcome, result.versions) == (CheckOutcome.FIRST, 4)
    fetched = sorted(target.split("/")[2][:8] for target in played(world) if "/legal/" not in target)
    # one for each body and one redirect, no errors
    assert fetched == ["20190101", "20190301", "20190601", "20190701", "20190801", "20191001"]
    with world.store() as store:
        document = store.document(KEY)
        versions = store.versions(document.id)
        days = [(f"{v.first_seen:%Y%m%d}", f"{v.last_seen:%Y%m%d}", v.sightings) for v in versions]
        assert days == [
            ("20190101", "20190301", 3),
            ("20190601", "20190901", 2),
            ("20191001", "20191001", 1),
            ("20200101", "20200601", 2),
        ]
        kinds = [entry.change.kind for entry in store.history(document.id) if entry.change]
        assert kinds == [ChangeKind.CHANGE, ChangeKind.CHANGE, ChangeKind.RETURN]
        assert [f"{hold.time:%Y%m%d}" for hold in store.holds(document.id)] == ["20190801"]
        assert document.last_verified is None  # nobody has looked at the live page
        assert not store.alerts()
        for capture in store.captures(document.id):
            assert capture.archive == "replica" and capture.memento_url.startswith(world.url)
    assert not world.hooks.messages() and not world.mails.messages()
    shown = await world.acli("history", KEY)
    assert shown.returncode == 0 and shown.stdout.count("2019-") >= 5


async def test_a_second_backfill_fetches_nothing_and_a_newer_capture_alone(acme: MakeWorld) -> None:
    world = acme(PAST)
    world.replica.horizon = "20190815000000"
    await world.backfill()
    before = len(played(world))
    again = (await world.backfill())[KEY]
    assert (again.outcome, again.captures, len(played(world))) == (CheckOutcome.UNCHANGED, 0, before)
    assert "from=20190725" in world.replica.log.of("cdx")[-1].target  # a week before the newest row
    world.replica.horizon = "99991231235959"
    newer = (await world.backfill())[KEY]
    assert (newer.outcome, newer.versions) == (CheckOutcome.CHANGED, 4)
    assert sorted(target.split("/")[2][:8] for target in played(world)[before:]) == ["20191001"]
    with world.store() as store:
        grown = tell_all(store)
    (world.folder / "data" / "clausewatch.sqlite").rename(world.folder / "grown.sqlite")
    await world.backfill()
    with world.store() as store:
        assert tell_all(store) == grown  # step by step or at once: the same


async def test_captures_that_come_to_light_later_are_put_in_their_place_and_told_to_nobody(acme: MakeWorld) -> None:
    late = {"20190610": policy_page(contact="dpo@acme.example"), "20190712": policy_page(contact="dpo@acme.example")}
    early = {"20180101": policy_page(notice="5 days"), "20180601": policy_page(notice="5 days")}
    world = acme(PAST, sinks=True)
    await world.backfill()
    tell_live = policy_page(notice="60 days")
    live = {"20260101": V1, "20260201": tell_live}
    world.publish(dated(PAST | live))
    world.replica.date, world.replica.horizon = "20260101235959", "20210101000000"
    await world.check()
    world.replica.date = "20260201235959"
    assert (await world.check())[KEY].outcome is CheckOutcome.CHANGED
    assert len(world.hooks.messages()) == 1

    world.publish(dated(dict(sorted((PAST | late | early | live).items()))))
    unseen = (await world.backfill())[KEY]
    assert unseen.outcome is CheckOutcome.UNCHANGED  # it is older than what an incremental listing asks for
    result = (await world.backfill(later=timedelta(days=31)))[KEY]
    assert result.outcome is CheckOutcome.CHANGED
    with world.store() as store:
        document = store.document(KEY)
        history = store.history(document.id)
        first = [f"{entry.version.first_seen:%Y%m%d}" for entry in history[:7]]
        assert first == ["20180101", "20190101", "20190601", "20190610", "20190901", "20191001", "20200101"]
        changes = [entry.change for entry in history if entry.change]
        assert len(changes) == len(history) - 1
        assert [(c.from_version_id, c.to_version_id) for c in changes] == [
            (old.version.id, new.version.id) for old, new in pairwise(history)
        ]
        assert [c.live for c in changes] == [False] * (len(changes) - 1) + [True]
        assert "5 days" in str(changes[0].clauses) or "5 days" in changes[0].summary
        assert len(store.alerts()) == 1
    await world.check()
    assert len(world.hooks.messages()) == 1


async def test_what_an_archive_saw_last_is_old_news_to_the_first_check(acme: MakeWorld) -> None:
    """Backfill first, then the first look at the live page, which is another: that change is no news."""
    world = acme({"20190101": V1, "20190601": V1, "20260101": V2}, sinks=True)
    world.replica.horizon, world.replica.date = "20200101000000", "20260201000000"
    await world.backfill()
    result = (await world.check())[KEY]
    assert result.versions == 2
    assert len(world.hooks.messages()) == 1  # our look found it, whenever it happened
    world.publish(dated({"20190101": V1, "20250101": V2, "20260101": V2}))
    world.replica.horizon = "99991231235959"
    await world.backfill(later=timedelta(days=31))
    with world.store() as store:
        assert [f"{v.first_seen:%Y}" for v in store.versions(store.document(KEY).id)] == ["2019", "2025"]
    sent = len(world.hooks.messages())
    await world.check()
    assert len(world.hooks.messages()) == sent


async def test_less_can_be_asked_for(acme: MakeWorld) -> None:
    pages = {f"2019{month:02}{day:02}": policy_page(furniture=f"{month}.{day}", notice=f"{month} days") for month in (1, 2, 3) for day in (5, 20)}  # fmt: skip
    world = acme(pages)
    dry = (await world.backfill(dry=True))[KEY]
    assert dry.outcome is CheckOutcome.SKIPPED and "6 captures, at most 6 to fetch" in dry.detail
    assert not played(world)
    for options, days in (
        (BackfillOptions(limit=1), ["20190105"]),
        (BackfillOptions(since="201902", until="20190210"), ["20190205"]),
        (BackfillOptions(every="month"), ["20190305"]),  # the others of the months are known by now
        (BackfillOptions(), ["20190120", "20190220", "20190320"]),
    ):
        world.replica.log.clear()
        await world.backfill(options=options)
        assert sorted(target.split("/")[2][:8] for target in played(world)) == days
    with world.store() as store:
        assert store.document(KEY).versions == 3


async def test_former_addresses_and_several_pages_are_asked_for_too(acme: MakeWorld) -> None:
    former = "http://old.example/privacy.html"
    more = f'\nformer = [{{ url = "{former}", until = "2018-06-30" }}]'
    world = acme({"20190101": V2}, documents={"acme": [DOCUMENT + more]})
    world.publish(
        [*dated({"20190101": V2, "20190301": V2}), *dated({"20170101": V1, "20180101": V1, "20200101": V3}, former)]
    )
    result = (await world.backfill())[KEY]
    assert result.versions == 2  # what the former address showed after it was left is not the policy
    with world.store() as store:
        assert [f"{v.first_seen:%Y}" for v in store.versions(store.document(KEY).id)] == ["2017", "2019"]


async def test_a_capture_that_cannot_be_played_back_is_replaced_or_remembered(acme: MakeWorld) -> None:
    world = acme(PAST | {"20200101": V1})
    world.replica.faults.set(
        [Fault("elsewhere", "playback", match="/web/20190101"), Fault("excluded", "playback", match="/web/20191001")]
    )
    result = (await world.backfill())[KEY]
    assert result.outcome is CheckOutcome.FIRST and result.versions == 3
    with world.store() as store:
        cursor = store.cursor(store.document(KEY).sources[0].id, "replica", URL)
        states = {row.timestamp[:8]: row.state for row in store.listed(cursor.id, list(ListingState))}
        assert states["20190101"] is not ListingState.LISTED
        assert states["20191001"] is ListingState.EXCLUDED
    world.replica.log.clear()
    world.replica.faults.set([])
    await world.backfill()
    assert not played(world)  # not tried again so soon
    await world.backfill(later=timedelta(days=31))
    assert [target.split("/")[2][:8] for target in played(world)] == ["20191001"]
    with world.store() as store:
        assert store.document(KEY).versions == 4


# --- what goes wrong ------------------------------------------------------------------------------------------------

FAULTS = [
    Fault("malformed-rows", "cdx", rate=0.3),
    Fault("duplicate-rows", "cdx", rate=0.5),
    Fault("status", "cdx", status=503, per_url=1),
    Fault("status", "playback", match=r"/web/\d{5}[02]", status=503, per_url=1),
    Fault("reset", "playback", match=r"/web/\d{5}[357]", per_url=1),
    Fault("truncated-gzip", "playback", match=r"/web/\d{5}1\d", per_url=1),
    Fault("drop", "playback", match=r"/web/\d{5}[468]", per_url=1),
    Fault("drip", "playback", match=r"/web/\d{5}9", delay=0.001, pieces=5),
]


async def test_a_faulty_archive_gives_the_same_history_as_a_good_one(acme: MakeWorld) -> None:
    world = acme({"20150101": V1}, more="page_limit = 10")
    pages = many()
    world.publish(pages)
    await world.backfill()
    with world.store() as store:
        good = tell_all(store)
    assert len(good["versions"]) == 5 and len(good["captures"]) == 40
    (world.folder / "data" / "clausewatch.sqlite").rename(world.folder / "good.sqlite")
    clean = len(played(world))
    world.replica.log.clear()
    world.replica.faults.set(FAULTS)
    result = (await world.backfill())[KEY]
    assert result.outcome is CheckOutcome.FIRST
    with world.store() as store:
        assert tell_all(store) == good
        cursor = store.cursor(store.document(KEY).sources[0].id, "replica", URL)
        assert cursor.malformed > 0 and cursor.pages >= 4
    struck = world.replica.faults.fired()
    assert min(struck[kind] for kind in ("status", "reset", "truncated-gzip", "drop", "malformed-rows")) > 0
    assert len(played(world)) <= clean * 2  # each capture was asked for once more at most


async def test_an_archive_that_fails_in_the_middle_is_taken_up_where_it_stopped(acme: MakeWorld) -> None:
    world = acme({"20150101": V1}, more="page_limit = 10\ntries = 1")
    world.publish(many())
    await world.backfill()
    with world.store() as store:
        good = tell_all(store)
    (world.folder / "data" / "clausewatch.sqlite").rename(world.folder / "good.sqlite")
    world.replica.log.clear()
    world.replica.faults.set([Fault("status", "cdx", status=500, skip=2, count=1), Fault("status", "playback", status=500, skip=15, count=1)])  # fmt: skip
    first = (await world.backfill())[KEY]
    assert (first.outcome, first.error_kind) == (CheckOutcome.FAILED, "archive.unavailable")
    assert not played(world)  # the listing failed
    second = (await world.backfill())[KEY]
    assert second.outcome is CheckOutcome.FAILED
    with world.store() as store:
        assert store.document(KEY).versions > 0  # what was fetched is in the history already
    third = (await world.backfill())[KEY]
    assert third.error_kind == ""
    with world.store() as store:
        assert tell_all(store) == good
    targets = played(world)
    assert len(set(targets)) == 40
    assert len(targets) <= 40 + 4  # what was under way when it failed, AT_ONCE at most


# --- kill -9 --------------------------------------------------------------------------------------------------------


async def test_killed_anywhere_and_run_again_it_comes_to_the_same(acme: MakeWorld) -> None:
    world = acme({"20150101": V1}, more="page_limit = 10")
    world.publish(many())
    await world.backfill()
    with world.store() as store:
        good = tell_all(store)
    database = world.folder / "data" / "clausewatch.sqlite"
    for name in ("", "-wal", "-shm"):
        database.with_name(database.name + name).unlink(missing_ok=True)
    fetched: list[str] = []
    for area, number in (("cdx", 1), ("cdx", 3), ("playback", 1), ("playback", 3), ("playback", 8), ("playback", 12)):
        command = world.start("backfill")
        world.when_asked(area, number, command.kill)
        out, err = command.communicate(timeout=60)
        assert command.returncode == -signal.SIGKILL, (area, number, out, err)
        fetched += played(world)
    world.replica.log.clear()
    last = world.run("backfill")
    assert last.returncode == 0, last.stderr
    fetched += played(world)
    with world.store() as store:
        assert tell_all(store) == good
    assert len(set(fetched)) == 40
    assert len(fetched) <= 40 + 4 * 4  # of four kills in the middle of fetching, those under way


async def test_who_asks_for_it_gets_a_digest_of_the_past(acme: MakeWorld) -> None:
    world = acme(PAST, sinks=True)
    refused = await world.acli("backfill", "--tell", "nobody")
    assert refused.returncode == 2 and 'there is no route "nobody"' in refused.stderr
    done = await world.acli("backfill", "--tell", "legal")
    assert done.returncode == 0 and "legal: " in done.stderr and "sent" in done.stderr
    (told,) = world.hooks.messages()
    assert "We may sell your data to our partners." in told.text and "nothing of it is new today" in told.text
    again = await world.acli("backfill", "--tell", "legal")
    assert again.returncode == 0
    assert "nothing to report" in world.hooks.messages()[-1].text
