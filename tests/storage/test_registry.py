"""What is watched follows the configuration, histories stay, and documents are handed out once."""

from __future__ import annotations

import threading
from dataclasses import replace

import pytest
from sqlalchemy import event

from storage.errors import RecordMissing
from storage.records import ChangeRecord, DocumentSpec, SourceSpec, VendorSpec
from storage.store import Store
from tests.storage.samples import DAY, START, run_of, sight, vendor, watch


def statements(store: Store) -> list[str]:
    """Every statement from now on."""
    seen: list[str] = []
    event.listen(
        store._database.engine, "before_cursor_execute", lambda c, cur, statement, *rest: seen.append(statement)
    )
    return seen


def test_registering_is_idempotent_and_silent(store: Store) -> None:
    made = [vendor("acme", ["privacy", "terms"]), vendor("other")]
    result = store.register(made)
    assert result.added == ("acme/privacy", "acme/terms", "other/privacy")
    assert set(result.ids) == set(result.added)
    seen = statements(store)
    again = store.register(made)
    assert not again.wrote
    assert again.ids == result.ids
    assert seen and all(statement.startswith("SELECT") for statement in seen)


def test_the_configuration_is_followed(store: Store) -> None:
    store.register([vendor("acme", ["privacy", "terms"])])
    privacy = store.document("acme/privacy")
    moved = DocumentSpec(
        "privacy",
        "Terms of Service",
        "New name",
        "de",
        (SourceSpec("https://new.example"), *[SourceSpec(s.url) for s in privacy.sources]),
    )
    result = store.register([VendorSpec("acme", "Acme Inc", "https://acme.example", ("a", "b"), (moved,))])
    assert (result.changed, result.retired) == (("acme/privacy",), ("acme/terms",))
    found = store.document("acme/privacy")
    assert (found.type, found.name, found.language) == ("Terms of Service", "New name", "de")
    assert (found.vendor_name, found.vendor_tags) == ("Acme Inc", ("a", "b"))
    assert [source.url for source in found.sources] == ["https://new.example", privacy.sources[0].url]
    assert found.sources[1].id == privacy.sources[0].id, "a source keeps its captures"
    assert [document.key for document in store.documents()] == ["acme/privacy"]
    assert [document.key for document in store.documents(active=None)] == ["acme/privacy", "acme/terms"]
    back = store.register([vendor("acme", ["privacy", "terms"])])
    assert (back.revived, back.changed) == (("acme/terms",), ("acme/privacy",))
    assert [source.url for source in store.document("acme/privacy").sources] == [privacy.sources[0].url]
    assert store.register([]).retired == ("acme/privacy", "acme/terms")
    with pytest.raises(RecordMissing, match="nowhere/privacy"):
        store.document("nowhere/privacy")


def test_a_language_that_was_seen_is_kept(store: Store) -> None:
    document = watch(store)
    with store.transaction() as tx:
        tx.set_language(document.id, "fr")
    assert not store.register([vendor()]).wrote
    assert store.document("acme/privacy").language == "fr"


def test_documents_cost_the_same_number_of_statements(store: Store) -> None:
    store.register([vendor(f"v{number:03}", ["privacy", "terms"]) for number in range(60)])
    for document in store.documents()[:20]:
        runs = [run_of(sight(store, document, str(day), day)) for day in range(3)]
        with store.transaction() as tx:
            update = tx.replace_history(document.id, runs)
            for before, after in update.to_judge:
                tx.save_change(ChangeRecord(document.id, before, after, START, summary=f"to {after}"))
    seen = statements(store)
    found = store.documents()
    all_of_them = len(seen)
    one = store.documents(["v003/terms"])
    assert len(seen) - all_of_them == all_of_them <= 6
    assert [document.key for document in one] == ["v003/terms"]
    assert [document.key for document in store.documents(["v003", "v001/terms", "none"])] == [
        "v001/terms",
        "v003/privacy",
        "v003/terms",
    ]
    assert len(found) == 120
    first, last = found[0], found[-1]
    assert (first.versions, first.changes, last.versions, last.changes) == (3, 2, 0, 0)
    assert first.current is not None and first.last_change is not None
    assert (first.current.position, first.current.fingerprint) == (2, "state 2")
    assert first.last_change.summary == f"to {first.current.id}"
    assert (first.last_change.from_time, first.last_change.to_time) == (START + DAY, START + 2 * DAY)
    assert (last.current, last.last_change) == (None, None)


def test_sources_remember_what_the_next_request_may_ask(store: Store) -> None:
    document = watch(store)
    source = document.sources[0]
    with store.transaction() as tx:
        tx.update_source(
            source.id, etag='W/"1"', last_modified="yesterday", validators_key="r", last_quiet="p", last_recipe="q"
        )
        tx.set_pending(document.id, 7)
        tx.set_unstable(document.id, START)
    found = store.document(document.key)
    assert found.sources[0] == replace(
        source, etag='W/"1"', last_modified="yesterday", validators_key="r", last_quiet="p", last_recipe="q"
    )
    assert (found.pending_capture_id, found.unstable_since) == (7, START)
    assert not store.register([vendor()]).wrote
    assert store.document(document.key).sources == found.sources


def test_locks_are_one_owners_until_they_lapse(store: Store) -> None:
    store.register([vendor("acme", ["privacy", "terms"])])
    one, two = (document.id for document in store.documents())
    assert store.lock_documents([one], "a", 60, now=START) == [one]
    assert store.lock_documents([one, two], "b", 60, now=START) == [two]
    assert store.lock_documents([one], "a", 600, now=START) == [one], "an owner may prolong"
    assert store.lock_documents([one, two], "c", 60, now=START + 0.001 * DAY) == [two], "the lock of b has lapsed"
    store.unlock([one, two], "b")
    assert store.lock_documents([one, two], "d", 60, now=START + 0.0011 * DAY) == []
    store.unlock([two], "c")
    assert store.lock_documents([two], "d", 60, now=START) == [two]
    assert store.lock_documents([], "d", 60) == []


def test_many_takers_get_each_document_once(database_url: str) -> None:
    with Store.open(database_url) as store:
        ids = list(store.register([vendor(f"v{number}", ["privacy", "terms"]) for number in range(20)]).ids.values())
    taken: list[int] = []
    errors: list[BaseException] = []

    def take(owner: str) -> None:
        try:
            with Store.open(database_url) as mine:
                for start in range(0, 40, 5):
                    taken.extend(mine.lock_documents(ids[start : start + 10], owner, 60))
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=take, args=(f"owner {number}",)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    # an owner that asks again for what it has gets it again: its own overlapping ranges
    assert set(taken) == set(ids)
    with Store.open(database_url) as store:
        assert store.lock_documents(ids, "late", 60) == []
