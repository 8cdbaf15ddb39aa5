"""Documents in the same state, and alerts about the same change."""

from __future__ import annotations

from dataclasses import replace

from storage.records import AlertRecord, AlertState
from storage.store import Store
from tests.storage.samples import DAY, START, run_of, sight, vendor


def test_documents_in_a_state_are_those_whose_current_version_is(store: Store) -> None:
    store.register([vendor("acme", ["privacy", "terms", "dpa"]), vendor("other")])
    documents = {key: store.document(key) for key in store.document_keys()}
    shown = {
        "acme/privacy": ["old", "same"],
        "acme/terms": ["same", "new"],  # was in it, is no longer
        "acme/dpa": ["same"],
        "other/privacy": ["same"],
    }
    for key, texts in shown.items():
        sightings = [sight(store, documents[key], text, day) for day, text in enumerate(texts)]
        with store.transaction() as tx:
            tx.replace_history(documents[key].id, [run_of(one) for one in sightings])
    own = documents["acme/privacy"].id
    assert store.documents_in_state("state same", besides=own) == ["acme/dpa", "other/privacy"]
    assert store.documents_in_state("state old", besides=own) == []
    store.register([vendor("acme", ["privacy", "terms", "dpa"])])
    assert store.documents_in_state("state same", besides=own) == ["acme/dpa"]  # the other one is watched no more


def test_an_alert_is_found_by_its_ending_and_amended_until_it_is_sent(store: Store) -> None:
    alert = AlertRecord("change:a:legal:1:abc", "legal", "change", {"text": "a"}, START, START)
    others = [
        replace(alert, key="change:b:legal:2:xyz"),
        replace(alert, key="change:c:ops:3:abc", route="ops"),
        replace(alert, key="failing:d:legal:4:abc", kind="failing"),
        replace(alert, key="change:e:legal:5:abc", created=START - 2 * DAY),
        replace(alert, key="change:f:legal:6:abc", state=AlertState.MUTED),
    ]
    with store.transaction() as tx:
        assert all(tx.owe_alert(one) for one in (alert, *others))
        (found,) = tx.change_alerts_ending(":abc", "legal", since=START - DAY)
        assert found.key == alert.key
        assert tx.amend_alert(found.id, {"text": "a and b"}, now=START)
    assert {one.key: one.message for one in store.alerts()}[alert.key] == {"text": "a and b"}
    store.owed(START, owner="a courier", ttl=60)
    with store.transaction() as tx:
        assert not tx.amend_alert(found.id, {"text": "late"}, now=START)  # claimed: it is being sent
        assert tx.amend_alert(found.id, {"text": "again"}, now=START + DAY)  # whoever claimed it has died
    store.start_delivery(found.id, "target", "label", now=START)
    with store.transaction() as tx:
        assert not tx.amend_alert(found.id, {"text": "too late"}, now=START + DAY)
    assert {one.key: one.message for one in store.alerts()}[alert.key] == {"text": "again"}
