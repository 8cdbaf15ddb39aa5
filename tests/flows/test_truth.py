"""Every real change once and nothing else: readings made anew, twins, mistaken pages, selectors that miss."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.message import Message, load_message
from analysis.blocks import Block, BlockKind, Extraction
from flows.checks import check_documents, deliver
from flows.reextracting import reextract_documents
from flows.run import open_run
from flows.targets import select_keys
from scrapers.errors import TextMissing
from scrapers.extract import extract
from storage.records import AlertState, ChangeKind, CheckOutcome, HoldState
from tests.flows.conftest import MakeWorld
from tests.flows.test_check import KEY, LOGIN, NEW, OLD, tell
from tests.flows.worlds import DOCUMENT, URL, World, corpus_world, dated, page, policy, policy_page, world

pytestmark = pytest.mark.anyio

SELECTED = DOCUMENT + '\nselect = "main"'
TERMS_URL = "http://acme.example/terms"
TERMS = f'type = "Terms of Service"\nurl = "{TERMS_URL}"'
Patch = Callable[[int, Callable[..., Extraction]], None]


@pytest.fixture
def extractor(monkeypatch: pytest.MonkeyPatch) -> Patch:
    """Replaces the extractor by one of another version."""

    def change(version: int, read: Callable[..., Extraction]) -> None:
        monkeypatch.setattr("scrapers.extract.EXTRACTOR_VERSION", version)
        monkeypatch.setattr("flows.targets.EXTRACTOR_VERSION", version)
        monkeypatch.setattr("flows.reading.extract", read)

    return change


def seeing_builds(body: bytes, **options: Any) -> Extraction:
    """An extractor that begins to see something of the page that the one before did not: `data-build="…"`."""
    found = re.search(rb'data-build="([a-z ]+)"', body)
    read = extract(body, **options)
    if found is None:
        return read
    more = Block(BlockKind.PARAGRAPH, f"This page was built by {found[1].decode()}.")
    return replace(read, blocks=(*read.blocks, more))


def built(body: bytes, by: str) -> bytes:
    return body.replace(b"<main>", f'<main data-build="{by}">'.encode())


async def reread(world: World, *names: str) -> dict[str, Any]:
    """`clausewatch reextract --json`, by document."""
    done = await world.acli("reextract", *names, "--json")
    assert done.returncode == 0, done.stderr
    return {row["document"]: row for row in json.loads(done.stdout)}


def messages(world: World) -> list[Message]:
    """The messages about changes that were sent, or are owed, in order."""
    with world.store() as store:
        found = [alert for alert in store.alerts(limit=None) if alert.kind == "change"]
    return [load_message(alert.message) for alert in reversed(found) if alert.state is not AlertState.MUTED]


# --- readings made anew ---------------------------------------------------------------------------------------------


async def test_what_only_another_extractor_sees_is_technical_and_what_was_told_stays_so(
    acme: MakeWorld, extractor: Patch
) -> None:
    third = policy_page(notice="15 days")
    days = {
        "20240101": built(OLD, "ann"),
        "20240201": built(OLD, "bob"),
        "20240301": built(NEW, "bob"),
        "20240401": built(third, "bob"),
    }
    world = acme(days, sinks=True, documents={"acme": [DOCUMENT + "\ncheck = { confirm = false }"]})
    for day in days:
        tell(world, day)
        await world.look()
    with world.store() as store:
        document = store.document(KEY).id
        before = {change.id: change for change in store.changes(document)}
        told = [change.id for change in store.changes(document) if change.announced]
        texts = {change.id: store.change(change.id).clauses for change in before.values()}
    assert len(before) == len(told) == len(world.hooks.messages()) == 2

    extractor(2, seeing_builds)
    done = await reread(world)
    assert done[KEY]["outcome"] == "technical" and done[KEY]["captures"] == 4 and done[KEY]["versions"] == 4
    with world.store() as store:
        changes = {change.id: change for change in store.changes(document)}
        (new,) = set(changes) - set(before)
        assert (changes[new].kind, changes[new].live, changes[new].announced) == (ChangeKind.TECHNICAL, False, None)
        assert "built by bob" in str(store.change(new).clauses)
        for number in told:
            kept = [(c.kind, c.live, c.announced, c.run_id, c.to_version_id) for c in (before[number], changes[number])]
            assert kept[0] == kept[1]
            assert store.change(number).clauses == texts[number]
            assert [alert.change_id for alert in store.alerts()].count(number) == 1
    assert (await reread(world))[KEY]["outcome"] == "unchanged"  # nothing is left to do
    assert [(await world.look()).outcome for _ in range(2)] == ["unchanged", "unchanged"]
    assert len(world.hooks.messages()) == 2 and not world.mails.messages()
    listed = await world.acli("list", "--outcome", "technical")
    assert "built by bob" in listed.stdout or "technical" in listed.stdout


async def test_a_wording_that_comes_with_the_upgrade_is_told(acme: MakeWorld, extractor: Patch) -> None:
    """The page changed between the last check by the old extractor and the first by the new one."""
    world = acme({"20240101": built(OLD, "ann"), "20240201": built(NEW, "ann")}, sinks=True)
    await world.look()
    extractor(2, seeing_builds)
    tell(world, "20240201")
    assert (await world.look()).outcome is CheckOutcome.CHANGED
    (hook,) = world.hooks.messages()
    assert "advertising partners" in hook.text and "built by" not in hook.text


async def test_a_backfilled_past_is_read_again_and_goes_on_after_a_kill(acme: MakeWorld, extractor: Patch) -> None:
    days = {f"20{year}0101": built(policy_page(notice=f"{year} days"), "ann") for year in range(15, 21)}
    world = acme(days, sinks=True)
    await world.backfill()
    calls = []

    def dying(body: bytes, **options: Any) -> Extraction:
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return seeing_builds(body, **options)

    extractor(2, dying)
    async with open_run(world.config) as run:
        with pytest.raises(KeyboardInterrupt):
            reextract_documents(run, select_keys(run.config, []))
    with world.store() as store:
        document = store.document(KEY)
        texts = [store.load_extraction(version.extractions[0]).text for version in store.versions(document.id)]
        assert document.versions == 6 and not any("built by" in text for text in texts)  # all as it was
    done = (await reread(world))[KEY]
    assert (done["outcome"], done["captures"], done["versions"]) == ("technical", 3, 6)
    with world.store() as store:
        for version in store.versions(document.id):
            assert "built by ann" in store.load_extraction(version.extractions[0]).text
        assert {change.kind for change in store.changes(document.id)} == {ChangeKind.CHANGE}  # as before
    tell(world, "20200101")
    assert (await world.look()).outcome is CheckOutcome.UNCHANGED
    assert not world.hooks.messages()


async def test_what_a_person_decided_survives_and_what_the_gate_held_is_judged_again(
    acme: MakeWorld, extractor: Patch
) -> None:
    other = LOGIN.replace(b"Sign in", b"Log in")
    world = acme({"20240101": OLD, "20240201": LOGIN, "20240301": other, "20240401": built(LOGIN, "ann")})
    for day in ("20240101", "20240201", "20240301", "20240401"):
        tell(world, day)
        await world.look()
    with world.store() as store:
        first, second, third = reversed([hold.capture_id for hold in store.holds()])
    assert (await world.acli("release", str(first))).returncode == 0
    assert (await world.acli("release", str(second), "--reject")).returncode == 0

    def reading_more(body: bytes, **options: Any) -> Extraction:
        read = extract(body, **options)
        if b"data-build" not in body:
            return replace(read, blocks=(*read.blocks, Block(BlockKind.PARAGRAPH, "Read by the second extractor.")))
        return extract(OLD, **options)

    extractor(2, reading_more)
    await reread(world)
    with world.store() as store:
        states = {hold.capture_id: hold.state for hold in store.holds(state=None)}
        believed = {one.capture_id: one.believed for one in store.sightings(store.document(KEY).id)}
        assert states == {first: HoldState.RELEASED, second: HoldState.REJECTED}
        assert (believed[first], believed[second], believed[third]) == (True, False, True)
        for hold in store.holds(state=None):
            assert hold.extraction_id is not None
            assert "second extractor" in store.load_extraction(hold.extraction_id).text


async def test_a_capture_that_can_no_longer_be_read_loses_only_its_sighting(acme: MakeWorld, extractor: Patch) -> None:
    days = {"20200101": policy_page(notice="10 days"), "20200201": OLD, "20200301": NEW}
    world = acme(days)
    await world.backfill()

    def failing(body: bytes, **options: Any) -> Extraction:
        if body == OLD:
            raise TextMissing("The page has no text")
        return extract(body, **options)

    extractor(2, failing)
    assert "1 can't be read" in (await reread(world))[KEY]["detail"]
    with world.store() as store:
        document = store.document(KEY)
        assert (document.versions, len(store.captures(document.id)), len(store.sightings(document.id))) == (2, 3, 2)
        assert store.payload(store.captures(document.id)[1].payload) == OLD
    assert "no text" in (await world.acli("list", "--outcome", "held")).stdout
    extractor(3, extract)
    await reread(world)
    with world.store() as store:
        document = store.document(KEY)
        assert document.versions == 3 and not store.holds()


async def test_a_corrected_selector_keeps_the_old_pages_apart_and_tells_what_was_missed(acme: MakeWorld) -> None:
    """The vendor rebuilds the page, later changes it, and only then is the selector corrected."""
    news = b"<section><h2>News</h2><p>We have a new office in Lisbon, where ten people answer you.</p></section>"
    before, new = (body.replace(b"</main>", b"</main>" + news) for body in (OLD, NEW))
    rebuilt, changed = (
        body.replace(b"<main>", b"<div id=policy>").replace(b"</main>", b"</div><p>Try our new planner, free.</p>")
        for body in (before, new)
    )
    days = {"20240101": before, "20240201": rebuilt, "20240301": changed}
    world = acme(days, documents={"acme": [SELECTED]}, sinks=True)
    for day in ("20240101", "20240201", "20240201", "20240201", "20240301", "20240301", "20240301"):
        tell(world, day)
        result = await world.look()
    assert (result.outcome, result.error_kind) == (CheckOutcome.HELD, "extract.selector-missed")
    assert "wording changed too" in result.detail
    mails = [mail.text for mail in world.mails.messages()]
    assert len(mails) == 2  # that the selector misses, and that the wording changed while it did
    assert "main" in mails[0] and "wording changed too" in mails[1]
    world.edit('select = "main"', 'select = "#policy"')
    told = await world.look()
    assert (told.outcome, told.versions) == (CheckOutcome.CHANGED, 2)
    (hook,) = world.hooks.messages()
    assert "advertising partners" in hook.text and "planner" not in hook.text and "Lisbon" not in hook.text
    assert [(await world.look()).outcome for _ in range(2)] == ["unchanged", "unchanged"]
    assert len(world.hooks.messages()) == 1
    with world.store() as store:
        assert not store.holds()


async def test_a_selector_that_matches_less_than_before_is_an_error(acme: MakeWorld) -> None:
    both = OLD.replace(b"</main>", b"</main><aside id=annex><p>We use these subprocessors: Hosting Ltd.</p></aside>")
    without = both.replace(b"id=annex", b"id=addendum")
    selected = DOCUMENT + '\nselect = ["main", "#annex", "#never-there"]'
    world = acme({"20240101": both, "20240201": without}, documents={"acme": [selected]})
    assert (await world.look()).outcome is CheckOutcome.FIRST
    tell(world, "20240201")
    for _ in range(2):
        result = await world.look()
        assert (result.outcome, result.error_kind) == (CheckOutcome.HELD, "extract.selector-missed")
        assert "#annex" in result.detail and "#never-there" not in result.detail
        assert "says what it said before" in result.detail


@pytest.mark.shared
async def test_the_corpus_read_by_another_extractor_announces_nothing(
    shared: Path, tmp_path: Path, extractor: Patch
) -> None:
    with corpus_world(shared, tmp_path, ["buffer"]) as corpus:
        route = '\n[[routes]]\nname = "all"\nto = ["json://127.0.0.1:1/x"]\nmin_severity = "low"\n'
        corpus.config.write_text(corpus.config.read_text("utf-8") + route, "utf-8")
        await corpus.backfill()
        with corpus.store() as store:
            before = [(c.id, c.kind, c.live, c.announced) for c in store.changes(limit=None)]
        assert before

        def other(body: bytes, **options: Any) -> Extraction:
            read = extract(body, **options)
            return replace(read, blocks=tuple(block for block in read.blocks if block.kind is not BlockKind.ROW)[:-1])

        extractor(2, other)
        done = await reread(corpus)
        assert {row["outcome"] for row in done.values()} == {"technical"}
        with corpus.store() as store:
            after = {c.id: (c.id, c.kind, c.live, c.announced) for c in store.changes(limit=None)}
            assert not store.alerts()
            for row in before:
                assert after.get(row[0], row) == row
            assert {kind for number, kind, *_ in after.values() if number not in {row[0] for row in before}} <= {
                ChangeKind.TECHNICAL
            }


# --- one change, told once ------------------------------------------------------------------------------------------


@contextmanager
def many(folder: Path, pages: dict[str, dict[str, bytes]], documents: dict[str, list[str]]) -> Iterator[World]:
    """A world of several addresses."""
    captures = [capture for url, bodies in pages.items() for capture in dated(bodies, url)]
    hosts = sorted({url.split("/")[2] for url in pages})
    with world(folder, captures, documents, hosts=hosts, sinks=True) as made:
        tell(made, min(day for bodies in pages.values() for day in bodies))
        yield made


async def test_one_change_on_a_page_of_two_documents_is_one_message_that_names_both(tmp_path: Path) -> None:
    documents = [SELECTED, f'type = "Terms of Service"\nurl = "{URL}"\nselect = "body"']
    days = {"20240101": OLD, "20240201": NEW, "20240301": policy_page(notice="15 days")}
    with many(tmp_path, {URL: days}, {"acme": documents}) as world:
        await world.check()
        tell(world, "20240201")
        results = await world.check()
        assert {result.outcome for result in results.values()} == {CheckOutcome.CHANGED}
        (hook,) = world.hooks.messages()
        assert "Privacy Policy" in hook.text and "Terms of Service" in hook.text and "advertising partners" in hook.text
        with world.store() as store:
            assert all(change.announced for change in store.changes())
            (sent,) = store.alerts(state=AlertState.SENT)
            (muted,) = store.alerts(state=AlertState.MUTED)
            assert sent.document_id != muted.document_id and sent.key in str(muted.message)
        await world.check()
        assert len(world.hooks.messages()) == 1
        tell(world, "20240301")
        for name in ("acme/terms-of-service", KEY):  # in two runs: the second finds the page's change told already
            assert (await world.check(name))[name].outcome is CheckOutcome.CHANGED
        assert len(world.hooks.messages()) == 2
        with world.store() as store:
            assert len(store.alerts(state=AlertState.MUTED)) == 2


async def test_twins_of_two_vendors_are_told_together_in_one_run_and_apart_in_two(tmp_path: Path) -> None:
    other = "http://sister.example/privacy"
    documents = {"acme": [DOCUMENT], "sister": [f'type = "Privacy Policy"\nurl = "{other}"']}
    third = policy_page(notice="5 days")
    days = {"20240101": OLD, "20240201": NEW, "20240301": third}
    with many(tmp_path, {URL: days, other: days}, documents) as world:
        await world.check()
        tell(world, "20240201")
        assert {one.outcome for one in (await world.check()).values()} == {CheckOutcome.CHANGED}  # none is held
        (message,) = messages(world)
        assert message.also in (("Sister, Privacy Policy",), ("Acme, Privacy Policy",))
        assert "and 1 more" in message.subject
        tell(world, "20240301")
        await world.check("acme")
        await world.check("sister")
        assert [bool(message.also) for message in messages(world)] == [True, False, False]
        assert len(world.hooks.messages()) == 3


async def test_other_words_on_the_same_page_are_other_news(tmp_path: Path) -> None:
    def legal(days: str, fee: str) -> bytes:
        terms = (*policy(contact="terms@acme.example"), f"The fee is {fee} dollars a month.")
        parts = (("privacy", policy(notice=days)), ("terms", terms))
        sections = "".join(
            f"<section id={name}>{''.join(f'<p>{one}</p>' for one in texts)}</section>" for name, texts in parts
        )
        return page("Legal").replace(b"</main>", sections.encode() + b"</main>")

    documents = [DOCUMENT + '\nselect = "#privacy"', f'type = "Terms of Service"\nurl = "{URL}"\nselect = "#terms"']
    days = {"20240101": legal("30 days", "ten"), "20240201": legal("10 days", "twelve")}
    with many(tmp_path, {URL: days}, {"acme": documents}) as world:
        await world.check()
        tell(world, "20240201")
        await world.check()
        assert len(world.hooks.messages()) == 2


# --- a page that shows another document -----------------------------------------------------------------------------

RULES = page(
    "Terms of Service",
    "These terms of service are an agreement between you and Acme about the chat service.",
    *(
        f"You agree to use the service lawfully, and to pay the fees of plan {number} in advance."
        for number in range(12)
    ),
)


async def test_a_page_that_shows_another_document_is_held_with_that_reason(tmp_path: Path) -> None:
    pages = {URL: {"20240101": OLD, "20240201": RULES}, TERMS_URL: {"20240101": RULES}}
    with many(tmp_path, pages, {"acme": [DOCUMENT, TERMS]}) as world:
        await world.check()
        tell(world, "20240201")
        for _ in range(3):
            held = (await world.check())[KEY]
            assert (held.outcome, held.error_kind, held.versions) == (CheckOutcome.HELD, "gate.held", 1)
        assert "word for word what acme/terms-of-service" in held.detail
        assert not world.hooks.messages() and len(world.mails.messages()) == 1
        with world.store() as store:
            hold = store.holds()[0]
        assert (await world.acli("release", str(hold.capture_id))).returncode == 0
        released = (await world.check())[KEY]
        assert released.outcome is CheckOutcome.CHANGED  # a person says that it is meant: not doubted again


async def test_a_vendor_that_takes_over_the_policy_of_another_has_changed_it(tmp_path: Path) -> None:
    other = "http://sister.example/privacy"
    documents = {"acme": [DOCUMENT], "sister": [f'type = "Privacy Policy"\nurl = "{other}"']}
    parent = policy_page(sharing="Sister shares your data with its parent company and with nobody else.")
    with many(tmp_path, {URL: {"20240101": OLD, "20240201": parent}, other: {"20240101": parent}}, documents) as world:
        await world.check()
        tell(world, "20240201")
        assert (await world.check())[KEY].outcome is CheckOutcome.CHANGED


# --- nothing vanishes -----------------------------------------------------------------------------------------------


async def test_what_an_archive_saw_since_the_last_look_is_told_once_the_live_page_shows_it(acme: MakeWorld) -> None:
    world = acme({"20240101": OLD}, sinks=True)
    await world.look()
    with world.store() as store:
        verified = store.document(KEY).last_verified
    assert verified is not None
    after = [f"{verified + timedelta(days=days):%Y%m%d}" for days in (1, 2, 3)]
    world.publish(dated({"20240101": OLD, **dict.fromkeys(after, NEW)}))
    await world.backfill(later=timedelta(days=5))
    with world.store() as store:
        assert store.document(KEY).versions == 2 and not store.alerts()
    tell(world, after[-1])
    async with open_run(world.config) as run:
        run.now = lambda: verified + timedelta(days=6)
        for outcome in (CheckOutcome.CHANGED, CheckOutcome.UNCHANGED):
            (result,) = await check_documents(run, [KEY])
            assert result.outcome is outcome
        await deliver(run)
    (hook,) = world.hooks.messages()
    assert "advertising partners" in hook.text


async def test_all_that_was_not_told_can_be_listed_and_compared(acme: MakeWorld) -> None:
    world = acme({"20240101": OLD, "20240201": NEW, "20240301": OLD.replace(b"twelve", b"12")})
    await world.look()
    tell(world, "20240201")
    await world.look(wait=False)
    tell(world, "20240101")
    assert (await world.look()).outcome is CheckOutcome.UNCONFIRMED
    (row,) = json.loads((await world.acli("list", "--outcome", "unconfirmed", "--json")).stdout)
    assert (row["document"], row["seen"]) == (KEY, 1)
    names = [f"capture:{row[name]}" for name in ("before", "capture")]
    compared = await world.acli("compare", *names)
    assert compared.returncode == 0 and "advertising partners" in compared.stdout, compared.stderr
    assert (await world.acli("compare", "capture:4711", names[0])).returncode == 2

    for day in ("20240201", "20240101"):
        tell(world, day)
        await world.look()
    (row,) = json.loads((await world.acli("list", "--outcome", "returned", "--json")).stdout)
    assert (row["kind"], row["document"]) == ("return", KEY)
    tell(world, "20240301")
    await world.look()
    (row,) = json.loads((await world.acli("list", "--outcome", "cosmetic", "--json")).stdout)
    assert (row["kind"], row["told"]) == ("cosmetic", "never")
    for outcome in ("held", "technical"):
        assert json.loads((await world.acli("list", "--outcome", outcome, "--json")).stdout) == []
