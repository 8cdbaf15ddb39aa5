"""Bytes come back as they were, once per hash, and nothing that is pointed at is ever removed."""

from __future__ import annotations

import random
import threading
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from bench.payloads import load_corpus, measure_corpus
from storage import payloads
from storage.errors import Conflict, PayloadCorrupt, RecordMissing
from storage.payloads import MAX_DEPTH, Body, BodyCache, digest, pack, unpack
from storage.records import HoldState
from storage.store import Store
from tests.storage.samples import DAY, START, extraction, fetched, sight, vendor, watch


def page(number: int) -> str:
    """40 KB that do not compress well, the same but for a number."""
    words = random.Random(7)
    return "".join(f"<p>{words.random()} {words.random()}</p>" for _ in range(900)) + f"<p>version {number}</p>"


def rows(store: Store, query: str) -> list[tuple[object, ...]]:
    with store._database.read() as connection:
        return [tuple(row) for row in connection.execute(text(query))]


def test_a_capture_comes_back_as_it_was(store: Store) -> None:
    document = watch(store)
    given = fetched(b"<p>\xff\x00 bytes</p>", archive="ia", digest="ABC", memento_url="https://ia.example/1")
    saved = store.save_capture(document.sources[0].id, given, fetched_at=START + DAY)
    found = store.capture(saved.id)
    assert store.payload(found.payload) == given.body
    assert (found.time, found.fetched_at) == (given.time, START + DAY)
    assert found.headers == given.headers
    assert found.hops == (("https://acme.example/privacy", 301, "/privacy/"),)
    assert (found.url, found.final_url, found.status) == (given.url, given.final_url, 200)
    assert (found.archive, found.digest, found.memento_url) == ("ia", "ABC", "https://ia.example/1")
    assert (found.notes, found.size, found.document_id) == (given.notes, len(given.body), document.id)
    assert found.content_type == "text/html; charset=utf-8"
    assert store.known_digests(document.sources[0].id) == {"ABC": saved.id}


def test_saving_again_changes_nothing(store: Store) -> None:
    source = watch(store).sources[0].id
    first = store.save_capture(source, fetched())
    again = store.save_capture(source, fetched())
    assert (first.is_new_capture, first.is_new_payload) == (True, True)
    assert (again.id, again.is_new_capture, again.is_new_payload) == (first.id, False, False)
    other = store.save_capture(source, fetched(day=1))
    assert (other.id != first.id, other.is_new_payload) == (True, False)
    assert rows(store, "SELECT count(*) FROM payload") == [(1,)]
    with pytest.raises(Conflict):
        store.save_capture(999, fetched("else"))
    assert rows(store, "SELECT count(*) FROM payload") == [(1,)], "a payload without its capture was left"


def test_bodies_are_chained_but_not_endlessly(store: Store) -> None:
    source = watch(store).sources[0].id
    bodies = [page(number) for number in range(3 * MAX_DEPTH)]
    hashes = [store.save_capture(source, fetched(body, day)).payload for day, body in enumerate(bodies)]
    depths = [row[0] for row in rows(store, "SELECT depth FROM payload ORDER BY depth")]
    assert depths.count(0) == 1
    assert max(depths) == MAX_DEPTH  # type: ignore[type-var]
    stored = rows(store, "SELECT sum(stored), max(stored) FROM payload WHERE depth > 0")[0]
    assert stored[1] < 300, "a page that differs in one number should cost a hundred bytes"  # type: ignore[operator]
    for body, sha256 in zip(bodies, hashes, strict=True):
        store._bodies.clear()
        assert store.payload(sha256) == body.encode()
    assert store.verify_payloads() == []


def test_a_body_unlike_the_one_before_is_stored_whole(store: Store) -> None:
    source = watch(store).sources[0].id
    store.save_capture(source, fetched(page(1)))
    noise = random.Random(1).randbytes(30_000)
    saved = store.save_capture(source, fetched(noise, 1))
    assert rows(store, f"SELECT depth, base FROM payload WHERE sha256 = '{saved.payload}'") == [(0, None)]


def test_documents_of_one_page_share_its_bytes(store: Store) -> None:
    store.register([vendor(documents=("privacy", "terms"))])
    one, two = (document.sources[0].id for document in store.documents())
    url = "https://acme.example/legal"
    with store._database.write() as connection:
        connection.execute(text(f"UPDATE source SET url = '{url}'"))
    store.save_capture(one, fetched(page(1)))
    assert store.save_capture(two, fetched(page(1))).is_new_payload is False
    store.register([vendor("other")])
    third = store.document("other/privacy").sources[0].id
    with store._database.write() as connection:
        connection.execute(text(f"UPDATE source SET url = '{url}'"))
    saved = store.save_capture(third, fetched(page(2)))
    assert rows(store, f"SELECT depth FROM payload WHERE sha256 = '{saved.payload}'") == [(1,)]


def test_what_no_longer_has_its_hash_is_not_given(store: Store) -> None:
    source = watch(store).sources[0].id
    first = store.save_capture(source, fetched(page(1)))
    second = store.save_capture(source, fetched(page(2), 1))
    with store._database.write() as connection:
        connection.execute(
            text("UPDATE payload SET data = :data WHERE sha256 = :sha256"),
            {"data": payloads.pack("", page(3).encode(), None).data, "sha256": first.payload},
        )
    store._bodies.clear()
    for sha256 in (first.payload, second.payload):
        with pytest.raises(PayloadCorrupt, match=first.payload):
            store.payload(sha256)
    assert len(store.verify_payloads()) == 2
    # what comes in now is stored all the same, and whole
    third = store.save_capture(source, fetched(page(4), 2))
    store._bodies.clear()
    assert store.payload(third.payload) == page(4).encode()


def test_what_is_not_there_is_named(store: Store) -> None:
    with pytest.raises(RecordMissing, match="payload"):
        store.payload("0" * 64)
    with pytest.raises(RecordMissing, match="capture 7"):
        store.capture(7)
    with pytest.raises(RecordMissing, match="extraction 7"):
        store.load_extraction(7)


def test_pruning_keeps_what_is_shared(store: Store) -> None:
    """A, then B, then A again: deleting the first A must not take the bytes of the last (a peer's bug)."""
    source = watch(store).sources[0].id
    saved = [store.save_capture(source, fetched(page(number), day)) for day, number in enumerate((1, 2, 1, 3))]
    a, b, again, c = saved
    assert (again.payload, again.is_new_payload) == (a.payload, False)
    assert store.delete_captures([a.id]) == 1
    assert store.prune_payloads().payloads == 0
    assert store.payload(again.payload) == page(1).encode()
    # B goes, but C may be packed against it, and B itself is packed against A
    assert store.delete_captures([b.id, again.id]) == 2
    store.prune_payloads()
    store._bodies.clear()
    assert store.payload(c.payload) == page(3).encode()
    assert store.delete_captures([c.id]) == 1
    assert store.prune_payloads().payloads > 0
    assert rows(store, "SELECT count(*) FROM payload") == [(0,)]


def test_nothing_that_is_pointed_at_can_be_deleted(store: Store) -> None:
    document = watch(store)
    sighting = sight(store, document, "one", 0)
    with pytest.raises(Conflict):
        store.delete_captures([sighting.capture_id])
    payload = store.capture(sighting.capture_id).payload
    with pytest.raises(Conflict), store._database.write() as connection:
        connection.execute(text("DELETE FROM payload"))
    assert store.prune_payloads().payloads == 0
    assert store.payload(payload) == b"<p>one</p>"


def test_a_payload_pruned_between_look_and_write_is_stored_again(store: Store) -> None:
    source = watch(store).sources[0].id
    first = store.save_capture(source, fetched(page(1)))
    with store._database.write() as other:  # as another process would: our cache still has the body
        other.execute(text("DELETE FROM capture"))
        other.execute(text("DELETE FROM payload"))
    assert store.save_capture(source, fetched(page(1), 1)).is_new_payload
    store._bodies.clear()
    assert store.payload(first.payload) == page(1).encode()


def test_readings_are_stored_once_per_recipe_and_text(store: Store) -> None:
    source = watch(store).sources[0].id
    made = extraction()
    ids = []
    for day in range(3):  # three loads of a page that differ in a token only
        saved = store.save_capture(source, fetched(f"<p>We share nothing.</p><!-- {day} -->", day))
        with store.transaction() as tx:
            ids.append(tx.save_extraction(saved.payload, "r1", made, "state"))
            assert tx.save_extraction(saved.payload, "r1", made, "state") == ids[-1]
            assert tx.load_extraction(ids[-1]) == made, "a transaction sees what it wrote"
    assert len(set(ids)) == 3
    assert rows(store, "SELECT count(*) FROM extraction_text") == [(1,)]
    found = store.extraction(saved.payload, "r1")
    assert found is not None
    assert (found.id, found.fingerprint, found.length, found.warnings) == (ids[2], "state", len(made.text), ("odd",))
    assert store.extraction(saved.payload, "r2") is None
    with store.transaction() as tx:
        assert tx.save_extraction(saved.payload, "r1", extraction("Other."), "other") == ids[2]
    assert store.load_extraction(ids[2]) == extraction("Other.")


def test_text_of_strangers_is_stored_whatever_it_holds(store: Store) -> None:
    document = watch(store)
    hostile = "nul \0, half a pair \ud800, quote ' \" --, %s :name {x} 🦀"
    given = fetched("x", url=hostile, headers=(("x", hostile),), notes=(hostile,))
    saved = store.save_capture(document.sources[0].id, given)
    made = extraction(hostile)
    with store.transaction() as tx:
        reading = tx.save_extraction(saved.payload, "r", made, "state")
        hold = tx.hold(saved.id, [{"name": "login", "sentence": hostile}], extraction_id=reading, created=START)
    found = store.capture(saved.id)
    assert found.url == hostile.replace("\0", "\ufffd").replace("\ud800", "?")
    assert found.headers == (("x", hostile),)
    assert store.load_extraction(reading) == made
    held = store.holds(document.id)
    assert [(h.id, h.capture_id, h.state, h.time) for h in held] == [(hold, saved.id, HoldState.HELD, given.time)]
    assert held[0].reasons[0]["sentence"] == hostile


def test_what_a_person_decided_about_a_hold_stays(store: Store) -> None:
    document = watch(store)
    saved = store.save_capture(document.sources[0].id, fetched())
    with store.transaction() as tx:
        hold = tx.hold(saved.id, [{"name": "login"}])
        tx.decide_hold(hold, HoldState.RELEASED, decided=START)
        assert tx.hold(saved.id, [{"name": "short"}]) == hold
        tx.unhold(saved.id)
    assert store.holds(document.id) == []
    (found,) = store.holds(document.id, state=None)
    assert (found.state, found.decided, found.reasons) == (HoldState.RELEASED, START, ({"name": "short"},))


def test_a_transaction_that_fails_leaves_nothing(store: Store) -> None:
    document = watch(store)
    saved = store.save_capture(document.sources[0].id, fetched())
    with pytest.raises(ZeroDivisionError), store.transaction() as tx:
        tx.save_extraction(saved.payload, "r", extraction(), "state")
        raise ZeroDivisionError
    assert store.extraction(saved.payload, "r") is None
    assert store.payload(saved.payload) == fetched().body, "the raw bytes were stored before"


def test_threads_save_side_by_side(store: Store) -> None:
    store.register([vendor(f"v{number}") for number in range(6)])
    sources = [document.sources[0].id for document in store.documents()]
    errors: list[BaseException] = []

    def work(source: int) -> None:
        try:
            for day in range(8):
                saved = store.save_capture(source, fetched(page(day % 3), day))
                with store.transaction() as tx:
                    tx.save_extraction(saved.payload, "r", extraction(str(day)), "state")
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=work, args=(source,)) for source in sources]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert errors == []
    assert rows(store, "SELECT count(*) FROM capture") == [(48,)]
    assert rows(store, "SELECT count(*) FROM payload") == [(3,)]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.binary(max_size=400) | st.integers(0, 5).map(lambda n: page(n).encode()), max_size=12))
def test_any_chain_of_bodies_opens_again(bodies: list[bytes]) -> None:
    base: Body | None = None
    for body in bodies:
        packed = pack(digest(body), body, base)
        assert packed.depth == (0 if packed.base is None or base is None else base.depth + 1)
        opened = unpack(packed.sha256, packed.data, packed.size, base.data if base and packed.base else None)
        assert opened == body
        base = Body(packed.sha256, body, packed.depth, "")


def test_the_cache_keeps_to_its_limit() -> None:
    cache = BodyCache(1000)
    for number in range(30):
        cache.put(Body(str(number), b"x" * 100, 0, ""))
        cache.get("25")
    assert cache.used <= 1000
    assert cache.get("29") is not None
    assert cache.get("25") is not None
    assert cache.get("19") is None
    cache.put(Body("large", b"x" * 600, 0, ""))
    assert cache.get("large") is None, "one large body must not push out all others"


@pytest.mark.shared
def test_real_captures_cost_what_is_promised(shared: Path, tmp_path: Path) -> None:
    corpus = load_corpus(shared / "corpus" / "saas-vendors.warc.gz", shared / "corpus" / "captures.jsonl")
    with Store.open(f"sqlite:///{tmp_path}/corpus.db") as store:
        found = measure_corpus(store, corpus)
        assert store.verify_payloads() == []
    assert (found.captures, found.payloads) == (635, 578)
    assert found.per_capture < 7_500
    assert max(found.depths) <= MAX_DEPTH
