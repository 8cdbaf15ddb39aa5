"""Checks and health, the outbox, and the listings of archives."""

from __future__ import annotations

from datetime import timedelta

import pytest

from storage.errors import Conflict, RecordMissing
from storage.records import (
    AlertRecord,
    AlertState,
    CheckOutcome,
    CheckSaved,
    DeliveryState,
    ListingRow,
    ListingState,
    WatchedDocument,
)
from storage.store import Store
from tests.storage.samples import DAY, START, check, fetched, vendor, watch

SECONDS = timedelta(seconds=2)


def record(store: Store, document: WatchedDocument, outcome: CheckOutcome, day: float, **changes: object) -> CheckSaved:
    with store.transaction() as tx:
        return tx.record_check(check(document, outcome, day, **changes))


@pytest.mark.parametrize("outcome", CheckOutcome)
def test_each_outcome_moves_what_it_proves(store: Store, outcome: CheckOutcome) -> None:
    document = watch(store)
    record(store, document, CheckOutcome.FIRST, 0)
    record(store, document, CheckOutcome.FAILED, 1, error_kind="fetch.timeout")
    record(store, document, outcome, 2, error_kind="gate.held" if outcome is CheckOutcome.HELD else "")
    found = store.document(document.key)
    at = {day: START + day * DAY + SECONDS for day in range(3)}
    verified = outcome in (CheckOutcome.FIRST, CheckOutcome.UNCHANGED, CheckOutcome.CHANGED, CheckOutcome.RETURNED)
    looked = outcome not in (CheckOutcome.TECHNICAL, CheckOutcome.SKIPPED)
    failing = outcome in (CheckOutcome.FAILED, CheckOutcome.HELD)
    assert found.last_verified == (at[2] if verified else at[0])
    assert found.last_checked == (at[2] if looked else at[1])
    expected = 2 if failing else 1 if not looked else 0
    assert found.failures == expected
    assert found.failing_since == (START + DAY if expected else None)
    assert bool(found.error_kind) == bool(expected)


def test_a_row_of_failures_tells_its_beginning_its_change_and_its_end(store: Store) -> None:
    document = watch(store)
    first = record(store, document, CheckOutcome.FAILED, 0, error_kind="fetch.timeout")
    assert (first.failures, first.failing_since, first.error_changed, first.recovered) == (1, START, False, False)
    second = record(store, document, CheckOutcome.FAILED, 1, error_kind="fetch.timeout")
    assert (second.failures, second.failing_since, second.error_changed) == (2, START, False)
    third = record(store, document, CheckOutcome.HELD, 2, error_kind="gate.held")
    assert (third.failures, third.error_changed, third.previous_error_kind) == (3, True, "fetch.timeout")
    skipped = record(store, document, CheckOutcome.SKIPPED, 3)
    assert (skipped.failures, skipped.recovered, skipped.error_changed) == (3, False, False)
    end = record(store, document, CheckOutcome.UNCHANGED, 4)
    assert (end.failures, end.recovered, end.previous_failures, end.failing_since) == (0, True, 3, START)
    assert not record(store, document, CheckOutcome.UNCHANGED, 5).recovered


def test_a_check_recorded_late_does_not_turn_the_clock_back(store: Store) -> None:
    document = watch(store)
    record(store, document, CheckOutcome.UNCHANGED, 5)
    record(store, document, CheckOutcome.UNCHANGED, 1)
    assert store.document(document.key).last_verified == START + 5 * DAY + SECONDS


def test_checks_are_found(store: Store) -> None:
    store.register([vendor("acme"), vendor("other")])
    one, two = store.documents()
    capture = store.save_capture(one.sources[0].id, fetched()).id
    made = check(
        one,
        CheckOutcome.FAILED,
        1,
        error_kind="fetch.tls",
        detail="no",
        url="u",
        status=503,
        requests=3,
        wire_bytes=2**33,
        capture_id=capture,
        run_id="r1",
    )
    with store.transaction() as tx:
        tx.record_check(made)
    record(store, two, CheckOutcome.UNCHANGED, 2, run_id="r2")
    record(store, one, CheckOutcome.UNCHANGED, 3, run_id="r2")
    assert [found.document_key for found in store.checks()] == ["acme/privacy", "other/privacy", "acme/privacy"]
    (found,) = store.checks(one.id, outcomes=[CheckOutcome.FAILED])
    assert (found.wire_bytes, found.status, found.error_kind, found.capture_id) == (2**33, 503, "fetch.tls", capture)
    assert (found.started, found.finished) == (made.started, made.finished)
    assert [c.document_id for c in store.checks(run_id="r2")] == [one.id, two.id]
    assert len(store.checks(since=START + 2 * DAY)) == 2
    assert len(store.checks(limit=1)) == 1
    assert store.outcomes("r2") == {CheckOutcome.UNCHANGED: 2}
    with pytest.raises(RecordMissing), store.transaction() as tx:
        tx.record_check(check(one, CheckOutcome.FIRST, 0, document_id=99))


def alert(key: str, *, due: float = 0, route: str = "legal", **values: object) -> AlertRecord:
    return AlertRecord(key, route, "change", {"subject": key, "n": [1, None]}, START, START + due * DAY, **values)  # type: ignore[arg-type]


def owe(store: Store, *alerts: AlertRecord) -> list[bool]:
    with store.transaction() as tx:
        return [tx.owe_alert(one) for one in alerts]


def test_an_alert_is_owed_once(store: Store) -> None:
    assert owe(store, alert("a"), alert("b", due=1), alert("a")) == [True, True, False]
    assert owe(store, alert("a")) == [False]
    (due,) = store.owed(START)
    assert (due.alert.key, due.alert.message, due.deliveries) == ("a", {"subject": "a", "n": [1, None]}, ())
    assert [one.alert.key for one in store.owed(START + DAY)] == ["a", "b"]
    assert [one.alert.key for one in store.owed(START + DAY, limit=1)] == ["a"]


def test_a_claimed_alert_is_one_processs_until_the_claim_lapses(store: Store) -> None:
    owe(store, alert("a"), alert("b"))
    assert len(store.owed(START, 1, owner="one", ttl=60)) == 1
    assert [o.alert.key for o in store.owed(START, owner="two", ttl=60)] == ["b"]
    assert store.owed(START, owner="three") == []
    later = START + timedelta(seconds=61)
    both = store.owed(later, owner="three", ttl=60)
    assert len(both) == 2
    store.set_alert_state(both[0].alert.id, AlertState.OWED)
    store.defer_alert(both[1].alert.id, later)
    assert len(store.owed(later, owner="four", ttl=60)) == 2, "who is done with an alert gives it back"


def test_attempts_leave_traces(store: Store) -> None:
    owe(store, alert("a"))
    number = store.owed(START)[0].alert.id
    first = store.start_delivery(number, "h1", "mailto://example.org", now=START)
    store.finish_delivery(first, DeliveryState.FAILED, "refused", START + DAY, now=START + SECONDS)
    store.start_delivery(number, "h2", "slack", now=START)
    store.start_delivery(number, "h1", "mailto://example.org", now=START + DAY)
    failed, other, died = store.owed(START)[0].deliveries
    assert (failed.state, failed.detail, failed.next_try, failed.finished) == (
        DeliveryState.FAILED,
        "refused",
        START + DAY,
        START + SECONDS,
    )
    assert [(d.target, d.attempt, d.state) for d in (failed, other, died)] == [
        ("h1", 1, DeliveryState.FAILED),
        ("h2", 1, DeliveryState.STARTED),
        ("h1", 2, DeliveryState.STARTED),
    ]
    store.defer_alert(number, START + 2 * DAY)
    assert store.owed(START + DAY) == []
    store.set_alert_state(number, AlertState.DEAD)
    assert store.owed(START + 3 * DAY) == []
    assert [found.key for found in store.alerts(state=AlertState.DEAD, route="legal")] == ["a"]
    assert store.alerts(route="other") == []
    with pytest.raises(Conflict):
        store.start_delivery(99, "h", "l")
    with pytest.raises(RecordMissing):
        store.finish_delivery(99, DeliveryState.SENT)
    with pytest.raises(RecordMissing):
        store.set_alert_state(99, AlertState.SENT)
    with pytest.raises(RecordMissing):
        store.defer_alert(99, START)


def rows(*days: int) -> list[ListingRow]:
    return [
        ListingRow(f"202601{day:02}000000", "https://acme.example/privacy", 200, f"D{day}", "text/html", 10)
        for day in days
    ]


def test_a_listing_goes_on_where_it_stopped(store: Store) -> None:
    source = watch(store).sources[0].id
    cursor = store.cursor(source, "ia", "https://acme.example/privacy")
    assert store.cursor(source, "ia", "https://acme.example/privacy") == cursor
    assert (cursor.resume_key, cursor.complete, cursor.pages) == ("", False, 0)
    assert store.save_listing_page(cursor.id, rows(2, 1), resume_key="k", complete=False, malformed=2, now=START) == 2
    assert store.save_listing_page(cursor.id, rows(1, 2, 3), resume_key="", complete=True, now=START + DAY) == 1
    found = store.cursor(source, "ia", "https://acme.example/privacy")
    assert (found.pages, found.malformed, found.complete, found.resume_key) == (2, 2, True, "")
    assert (found.last_listed, found.last_full) == (START + DAY, START + DAY)
    listed = store.listed(cursor.id)
    assert [row.timestamp[:8] for row in listed] == ["20260101", "20260102", "20260103"]
    capture = store.save_capture(source, fetched()).id
    store.mark_listing(listed[0].id, ListingState.CAPTURED, capture_id=capture)
    store.mark_listing([listed[1].id], ListingState.UNPLAYABLE, retry_after=START + DAY)
    assert store.listing_states(cursor.id) == {
        ListingState.CAPTURED: 1,
        ListingState.UNPLAYABLE: 1,
        ListingState.LISTED: 1,
    }
    assert [row.id for row in store.listed(cursor.id)] == [listed[2].id]
    wanted = (ListingState.LISTED, ListingState.UNPLAYABLE)
    assert len(store.listed(cursor.id, wanted)) == 2
    assert len(store.listed(cursor.id, wanted, now=START)) == 1
    assert len(store.listed(cursor.id, wanted, now=START + DAY)) == 2
    store.save_listing_page(cursor.id, rows(1), resume_key="", complete=True)
    assert store.listing_states(cursor.id)[ListingState.CAPTURED] == 1, "listing again must not forget what was done"


def test_a_window_is_no_full_listing(store: Store) -> None:
    source = watch(store).sources[0].id
    cursor = store.cursor(source, "ia", "u")
    begun = store.start_listing(cursor.id, since="20260101000000")
    assert (begun.since, begun.complete) == ("20260101000000", False)
    store.save_listing_page(cursor.id, [], resume_key="", complete=True, now=START)
    assert store.cursor(source, "ia", "u").last_full is None
    store.start_listing(cursor.id)
    store.save_listing_page(cursor.id, [], resume_key="", complete=True, now=START)
    assert store.cursor(source, "ia", "u").last_full == START
    with pytest.raises(RecordMissing):
        store.save_listing_page(99, [], resume_key="", complete=True)
    with pytest.raises(Conflict):
        store.cursor(99, "ia", "u")


def test_many_rows_are_marked_at_once(store: Store) -> None:
    source = watch(store).sources[0].id
    cursor = store.cursor(source, "ia", "u")
    many = [ListingRow(f"{number:014}", "u", 200, "D") for number in range(2500)]
    store.save_listing_page(cursor.id, many, resume_key="", complete=True)
    store.mark_listing([row.id for row in store.listed(cursor.id)], ListingState.SAME)
    assert store.listing_states(cursor.id) == {ListingState.SAME: 2500}
