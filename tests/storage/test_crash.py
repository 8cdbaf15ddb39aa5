"""kill -9 at any instant leaves a database that is whole, and the repeat of the work completes it."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest
from sqlalchemy import text

from storage.records import CheckOutcome, RunRecord, SightingRecord
from storage.store import Store
from tests.storage.samples import START, check, extraction, fetched, sight, watch

CAPTURES = 40


def work(url: str, *, tell: bool = False) -> None:
    """Store captures, each with reading, sighting, history and check: repeated, it stores nothing twice."""
    with Store.open(url) as store:
        document = watch(store)
        for number in range(CAPTURES):
            source = document.sources[0]
            saved = store.save_capture(
                source.id, fetched(f"<p>{number // 4}</p>" * 2000 + f"<!-- {number} -->", number)
            )
            if tell:
                print(number, flush=True)
            state = f"state {number // 4}"
            with store.transaction() as tx:
                made = extraction(str(number // 4))
                reading = tx.save_extraction(saved.payload, "recipe", made, state)
                tx.add_sighting(SightingRecord(saved.id, document.id, reading, fetched(day=number).time, state))
                update = tx.replace_history(document.id, _runs(tx.sightings(document.id)), learned=START)
                if tell:
                    print("half", flush=True)
                if saved.is_new_capture or not store.checks(document.id, limit=1):
                    tx.record_check(check(document, CheckOutcome.UNCHANGED, number, capture_id=saved.id))
                assert update.current is not None


def _runs(sightings: list[SightingRecord]) -> list[RunRecord]:
    runs: list[list[SightingRecord]] = []
    for sighting in sightings:
        if runs and runs[-1][0].fingerprint == sighting.fingerprint:
            runs[-1].append(sighting)
        else:
            runs.append([sighting])
    return [
        RunRecord(
            run[0].fingerprint,
            run[0].capture_id,
            run[-1].capture_id,
            run[0].time,
            run[-1].time,
            len(run),
            (run[0].extraction_id,),
        )
        for run in runs
    ]


def assert_whole(url: str) -> None:
    with Store.open(url) as store:
        assert store.verify_payloads() == []
        if store._database.sqlite:
            with store._database.read() as connection:
                assert connection.execute(text("PRAGMA foreign_key_check")).all() == []
                assert connection.execute(text("PRAGMA integrity_check")).scalar() == "ok"


@pytest.mark.parametrize("lines", [2, 9, 31, 60])
def test_a_process_that_is_killed_loses_at_most_the_document_in_hand(database_url: str, lines: int) -> None:
    code = f"from tests.storage.test_crash import work; work({database_url!r}, tell=True)"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        seen = [process.stdout.readline() for _ in range(lines)]
        process.send_signal(signal.SIGKILL)
    told = [int(line) for line in seen if line.strip().isdigit()]
    assert_whole(database_url)
    with Store.open(database_url) as store:
        document = store.document("acme/privacy")
        stored = len(store.captures(document.id))
        assert stored >= told[-1] + 1, "a capture that was said to be stored is gone"
        assert len(store.sightings(document.id)) >= told[-1], "work that was committed is gone"
    work(database_url)
    assert_whole(database_url)
    with Store.open(database_url) as store:
        document = store.document("acme/privacy")
        assert len(store.captures(document.id)) == CAPTURES
        assert len(store.sightings(document.id)) == CAPTURES
        assert [version.sightings for version in store.versions(document.id)] == [4] * (CAPTURES // 4)


def test_pruning_that_is_killed_removed_all_or_nothing(store: Store) -> None:
    document = watch(store)
    sighting = sight(store, document, "kept", 0)
    spare = store.save_capture(document.sources[0].id, fetched("<p>spare</p>", 1))
    store.delete_captures([spare.id])
    with pytest.raises(KeyboardInterrupt), store._database.write() as connection:
        connection.execute(text("DELETE FROM payload WHERE sha256 = :sha256"), {"sha256": spare.payload})
        raise KeyboardInterrupt
    assert store.payload(spare.payload) == b"<p>spare</p>"
    assert store.prune_payloads().payloads == 1
    assert store.payload(store.capture(sighting.capture_id).payload) == b"<p>kept</p>"
