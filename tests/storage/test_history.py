"""Versions keep their ids whatever turns up, and changes stay with the version that they lead to."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from storage.errors import Conflict, RecordMissing
from storage.reconcile import reconcile
from storage.records import (
    AlertRecord,
    ChangeKind,
    ChangeRecord,
    CheckOutcome,
    ClauseChangeRecord,
    HistoryUpdate,
    RunRecord,
    SightingRecord,
    VersionRecord,
    WatchedDocument,
)
from storage.store import Store
from tests.storage.samples import DAY, START, check, run_of, sight, watch


def replace_history(store: Store, document: WatchedDocument, *runs: RunRecord) -> HistoryUpdate:
    with store.transaction() as tx:
        return tx.replace_history(document.id, runs, learned=START)


def change(update: HistoryUpdate, index: int = 0, **values: object) -> ChangeRecord:
    before, after = update.to_judge[index]
    document = update.versions[0].document_id
    return ChangeRecord(document, before, after, START, **values)  # type: ignore[arg-type]


CLAUSES = (
    ClauseChangeRecord(
        "Sharing", "modified", "Sharing", "will not", "may", ({"name": "modality"},), "high", "adverse", "why"
    ),
    ClauseChangeRecord("Contact", "cosmetic"),
)


def test_a_history_is_written_once(store: Store) -> None:
    document = watch(store)
    a, b, c = (sight(store, document, name, day) for day, name in enumerate("abb"))
    update = replace_history(store, document, run_of(a), run_of(b, c))
    assert (len(update.added), update.removed, update.wrote) == (2, (), True)
    assert update.to_judge == ((update.versions[0].id, update.versions[1].id),)
    first, second = store.versions(document.id)
    assert (first.position, first.fingerprint, first.first_seen, first.learned) == (0, "state a", START, START)
    assert (second.first_capture_id, second.last_capture_id, second.sightings) == (b.capture_id, c.capture_id, 2)
    assert second.extractions == (b.extraction_id,)
    again = replace_history(store, document, run_of(a), run_of(b, c))
    assert (again.wrote, again.versions) == (False, update.versions)
    assert again.to_judge == update.to_judge, "no change is on record yet"
    with store.transaction() as tx:
        tx.save_change(change(update))
    assert replace_history(store, document, run_of(a), run_of(b, c)).to_judge == ()


def test_sightings_say_where_they_are_from(store: Store) -> None:
    document = watch(store)
    sighting = sight(store, document, "a", 1)
    sight(store, document, "b", 0)
    first, second = store.sightings(document.id)
    assert (first.fingerprint, second.capture_id) == ("state b", sighting.capture_id)
    assert (second.live, second.source_id, second.believed) == (True, document.sources[0].id, True)
    with store.transaction() as tx:
        tx.add_sighting(
            SightingRecord(sighting.capture_id, document.id, sighting.extraction_id, sighting.time, "x", False)
        )
        assert [s.fingerprint for s in tx.sightings(document.id)] == ["state b", "x"]
        tx.remove_sighting(sighting.capture_id)
        assert len(tx.sightings(document.id)) == 1


def test_extending_counts_a_capture_once(store: Store) -> None:
    document = watch(store)
    a, later, past = (sight(store, document, "a", day) for day in (1, 2, 0))
    version = replace_history(store, document, run_of(a)).versions[0]
    with store.transaction() as tx:
        assert tx.extend_version(version.id, later.capture_id, later.time)
        assert not tx.extend_version(version.id, later.capture_id, later.time), "the work of a run that died, repeated"
        assert not tx.extend_version(version.id, past.capture_id, past.time)
    found = store.version(version.id)
    assert (found.last_capture_id, found.last_seen, found.sightings) == (later.capture_id, later.time, 2)


def test_a_capture_from_the_past_splits_a_change_in_two(store: Store) -> None:
    """A version between two known ones: the change to the newer one keeps its id, and what was told of it."""
    document = watch(store)
    a, c = sight(store, document, "a", 0), sight(store, document, "c", 10)
    update = replace_history(store, document, run_of(a), run_of(c))
    with store.transaction() as tx:
        known = tx.save_change(change(update, live=True, run_id="r1", clauses=CLAUSES))
        tx.announce(known, START + DAY)
        key = AlertRecord("k", "legal", "change", {}, START, START, document.id, known)
        assert tx.owe_alert(key)
    b = sight(store, document, "b", 5)
    update = replace_history(store, document, run_of(a), run_of(b), run_of(c))
    first, middle, last = update.versions
    assert update.to_judge == ((first.id, middle.id), (middle.id, last.id))
    assert [version.id for version in update.before] == [first.id, last.id]
    with store.transaction() as tx:
        tx.save_change(change(update, 0))
        assert tx.save_change(change(update, 1, summary="less than thought")) == known
    found = store.change(known)
    assert (found.from_version_id, found.summary, found.clauses) == (middle.id, "less than thought", ())
    assert (found.live, found.run_id, found.announced) == (True, "r1", START + DAY)
    assert store.alerts()[0].change_id == known
    assert [entry.change.id if entry.change else None for entry in store.history(document.id)][2] == known


def test_an_older_capture_of_a_known_state_moves_its_beginning(store: Store) -> None:
    document = watch(store)
    a, b = sight(store, document, "a", 5), sight(store, document, "b", 6)
    before = replace_history(store, document, run_of(a), run_of(b))
    older = sight(store, document, "a", 1)
    after = replace_history(store, document, run_of(older, a), run_of(b))
    assert [version.id for version in after.versions] == [version.id for version in before.versions]
    assert after.versions[0].first_seen == START + DAY
    assert (after.added, after.removed) == ((), ())


def test_a_version_that_is_no_more_takes_its_change_but_not_its_alerts(store: Store) -> None:
    document = watch(store)
    a, b, c = (sight(store, document, name, day) for day, name in enumerate("abc"))
    update = replace_history(store, document, run_of(a), run_of(b), run_of(c))
    with store.transaction() as tx:
        to_b, to_c = (tx.save_change(change(update, index, clauses=CLAUSES)) for index in (0, 1))
        tx.owe_alert(AlertRecord("k", "legal", "change", {"m": 1}, START, START, document.id, to_b))
        tx.record_check(check(document, CheckOutcome.CHANGED, 1, change_id=to_b))
    update = replace_history(store, document, run_of(a), run_of(c))
    assert update.removed == (update.before[1].id,)
    assert update.to_judge == ((update.versions[0].id, update.versions[1].id),)
    with pytest.raises(RecordMissing):
        store.change(to_b)
    assert store.change(to_c).from_version_id == update.versions[0].id
    assert (store.alerts()[0].change_id, store.alerts()[0].message) == (None, {"m": 1})
    assert store.checks()[0].change_id is None
    # what has become the first version has no change that leads to it
    replace_history(store, document, run_of(c))
    assert store.changes(document.id) == []
    # and ids are not given again: they stand in messages that were sent
    replace_history(store, document)
    assert replace_history(store, document, run_of(a)).added[0] > max(v.id for v in update.versions)


def test_another_reading_of_the_same_captures_keeps_versions(store: Store) -> None:
    document = watch(store)
    a, b = sight(store, document, "a", 0), sight(store, document, "b", 1)
    before = replace_history(store, document, run_of(a), run_of(b))
    with store.transaction() as tx:
        known = tx.save_change(change(before))
    renamed = RunRecord("read anew", a.capture_id, a.capture_id, a.time, a.time, 1, (b.extraction_id,))
    after = replace_history(store, document, renamed, run_of(b))
    assert [version.id for version in after.versions] == [version.id for version in before.versions]
    assert after.versions[0].fingerprint == "read anew"
    assert after.to_judge == before.to_judge, "one of its sides says something else now"
    assert store.change(known).to_version_id == after.versions[1].id


def test_a_change_is_stored_whole_and_replaced(store: Store) -> None:
    document = watch(store)
    a, b = sight(store, document, "a", 0), sight(store, document, "b", 3)
    update = replace_history(store, document, run_of(a), run_of(b))
    made = change(
        update,
        kind=ChangeKind.RETURN,
        severity="high",
        direction="adverse",
        summary="Sharing: will not -> may",
        facts=({"name": "notice", "days": [30, 15]},),
        effective="2026-02-01",
        evidence=({"memento": "https://ia.example/1"},),
        clauses=CLAUSES,
    )
    with store.transaction() as tx:
        number = tx.save_change(made)
        assert tx.change(number).clauses == CLAUSES
    found = store.change_between(made.from_version_id, made.to_version_id)
    assert found is not None
    assert (found.id, found.clauses, found.clause_count) == (number, CLAUSES, 2)
    assert (found.kind, found.facts, found.effective, found.evidence) == (
        ChangeKind.RETURN,
        made.facts,
        "2026-02-01",
        made.evidence,
    )
    assert (found.from_time, found.to_time) == (START, START + 3 * DAY)
    with store.transaction() as tx:
        assert tx.save_change(change(update, summary="again")) == number
        tx.set_evidence(number, [{"memento": "https://ia.example/2"}])
    found = store.change(number)
    assert (found.summary, found.clauses) == ("again", ())
    assert found.evidence == ({"memento": "https://ia.example/2"},)
    assert store.change_between(made.to_version_id, made.from_version_id) is None
    with pytest.raises(Conflict), store.transaction() as tx:
        tx.save_change(ChangeRecord(document.id, 998, 999, START))


def test_what_was_on_the_page_at_a_moment(store: Store) -> None:
    document = watch(store)
    a, b = sight(store, document, "a", 0), sight(store, document, "b", 10)
    first, second = replace_history(store, document, run_of(a), run_of(b)).versions
    assert store.version_at(document.id, START - timedelta(microseconds=1)) is None
    assert store.version_at(document.id, START) == first
    assert store.version_at(document.id, START + 9.9 * DAY) == first
    assert store.version_at(document.id, START + 10 * DAY) == second
    with pytest.raises(RecordMissing):
        store.version(99)


def test_changes_are_found_by_kind_time_and_run(store: Store) -> None:
    document = watch(store)
    runs = [run_of(sight(store, document, name, day)) for day, name in enumerate("abcd")]
    update = replace_history(store, document, *runs)
    kinds = [ChangeKind.CHANGE, ChangeKind.COSMETIC, ChangeKind.TECHNICAL]
    with store.transaction() as tx:
        numbers = [tx.save_change(change(update, i, kind=kind, run_id=f"r{i}")) for i, kind in enumerate(kinds)]
    newest_first = numbers[::-1]
    assert [found.id for found in store.changes()] == newest_first
    assert [found.id for found in store.changes(document.id, limit=2)] == newest_first[:2]
    assert [found.id for found in store.changes(kinds=[ChangeKind.CHANGE, ChangeKind.TECHNICAL])] == [
        numbers[2],
        numbers[0],
    ]
    assert [found.id for found in store.changes(since=START + 2 * DAY)] == [numbers[2], numbers[1]]
    assert [found.id for found in store.changes(run_id="r1")] == [numbers[1]]
    assert store.changes(999) == []


# A history is a text, a letter per capture: the states that a document was seen in, in order of time. "." is a capture
# that is not known (yet). Whatever follows whatever, the rows are those of the new history, and runs that did not
# change keep their versions.
histories = st.lists(st.text("ab.", min_size=8, max_size=8), min_size=1, max_size=6)


def runs_of(text: str) -> list[RunRecord]:
    runs: list[list[tuple[int, str]]] = []
    for capture, state in enumerate(text, start=1):
        if state == ".":
            continue
        if runs and runs[-1][0][1] == state:
            runs[-1].append((capture, state))
        else:
            runs.append([(capture, state)])
    return [
        RunRecord(run[0][1], run[0][0], run[-1][0], START + run[0][0] * DAY, START + run[-1][0] * DAY, len(run), (1,))
        for run in runs
    ]


def as_version(number: int, position: int, run: RunRecord) -> VersionRecord:
    return VersionRecord(
        number,
        1,
        position,
        run.fingerprint,
        run.extractions,
        run.first_capture_id,
        run.last_capture_id,
        run.first_seen,
        run.last_seen,
        run.sightings,
        START,
    )


@settings(max_examples=300, deadline=None)
@given(histories)
def test_any_history_follows_any_other(texts: list[str]) -> None:
    versions: list[VersionRecord] = []
    numbers = iter(range(1, 1000))
    for text in texts:
        runs = runs_of(text)
        plan = reconcile(versions, runs)
        stays = {version.id: version for version in versions if version.id not in plan.removed}
        for number, position, _ in plan.kept:  # in this order, as the store writes them: a capture begins one version
            stays[number] = as_version(number, position, runs[position])
            starts = [version.first_capture_id for version in stays.values()]
            assert len(starts) == len(set(starts))
        for position in plan.added:
            number = next(numbers)
            stays[number] = as_version(number, position, runs[position])
        versions = sorted(stays.values(), key=lambda version: version.position)
        assert [as_version(v.id, i, run) for i, (v, run) in enumerate(zip(versions, runs, strict=True))] == versions
        assert not reconcile(versions, runs).wrote


def test_a_version_does_not_take_a_beginning_that_another_still_holds(store: Store) -> None:
    """Captures of one moment: the first two are no longer believed, the third is read as the first state now."""
    document = watch(store)
    a, b, third, last = (sight(store, document, name, day) for name, day in (("a", 0), ("a", 1), ("b", 1), ("b", 2)))
    before = replace_history(store, document, run_of(a, b), run_of(third, last))
    read_anew = replace(third, fingerprint=a.fingerprint)
    after = replace_history(store, document, run_of(read_anew), run_of(last))
    assert [version.first_capture_id for version in after.versions] == [third.capture_id, last.capture_id]
    assert after.removed == (before.versions[0].id,)
    assert after.versions[1].id == before.versions[1].id


def test_histories_follow_each_other_in_the_database(store: Store) -> None:
    document = watch(store)
    texts = ["a.......", "a...b...", "a.a.b.b.", "abababab", "bbbbbbbb", "........", "..ab..ba", "ba.ab.ba", "ab......"]
    captures = {}
    for index in range(8):
        for state in "ab":
            captures[index + 1, state] = sight(store, document, state, index + (0.1 if state == "b" else 0))
    for text in texts:
        runs = [_real(run, captures) for run in runs_of(text)]
        update = replace_history(store, document, *runs)
        with store.transaction() as tx:
            for index in range(len(update.to_judge)):
                tx.save_change(change(update, index))
        assert [(v.fingerprint, v.first_capture_id, v.last_seen) for v in store.versions(document.id)] == [
            (run.fingerprint, run.first_capture_id, run.last_seen) for run in runs
        ]
        changes = [entry.change for entry in store.history(document.id) if entry.change]
        neighbours = pairwise(version.id for version in store.versions(document.id))
        assert [(change.from_version_id, change.to_version_id) for change in changes] == list(neighbours)


def _real(run: RunRecord, captures: dict[tuple[int, str], SightingRecord]) -> RunRecord:
    first, last = captures[run.first_capture_id, run.fingerprint], captures[run.last_capture_id, run.fingerprint]
    return RunRecord(
        first.fingerprint,
        first.capture_id,
        last.capture_id,
        first.time,
        last.time,
        run.sightings,
        (first.extraction_id,),
    )
