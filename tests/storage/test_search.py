"""Full-text search finds the same on both databases, whatever is typed, and only what is said now."""

from __future__ import annotations

import string
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from storage.engine import Database
from storage.search import ClauseRow, SearchHit, parse_query
from storage.store import Store
from tests.databases import PostgreSQL
from tests.storage.samples import vendor

TEXTS = (
    ("Sharing", ("third_party", "sale"), "We may sell or share your data with third-party advertisers."),
    ("Sharing", ("third_party",), "Third parties get no data, except our analytics providers."),
    ("Changes", ("policy_change",), "Changes apply 30 days after posting; we'll write to privacy@acme.example."),
    ("Changes", ("policy_change",), "We may change the service without notice <b>at any time</b> & for “any” reason."),
    ("Löschung", ("retention",), "Die Löschung erfolgt nach 30 Tagen, siehe https://acme.example/delete."),
    ("", (), "NOT sold, AND never NEAR(rented) OR traded: \ue000 a mark of ours \ue001 in the page."),
)


def fill(store: Store, slug: str = "acme", texts: tuple[tuple[str, tuple[str, ...], str], ...] = TEXTS) -> int:
    number = store.document_keys()[f"{slug}/privacy"]
    rows = [ClauseRow(place, heading, names, words) for place, (heading, names, words) in enumerate(texts)]
    with store.transaction() as tx:
        tx.index_version(number, 7, rows, basis="b")
    return number


@pytest.fixture
def filled(store: Store) -> Store:
    store.register([vendor("acme"), vendor("other")])
    fill(store)
    return store


def blocks(hits: list[SearchHit]) -> list[int]:
    return sorted(hit.block for hit in hits)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("sell", [0]),
        ("selling", [0]),  # stems
        ("SELL data", [0]),
        ("third party", [0, 1]),
        ("third-party", [0, 1]),
        ('"third party"', [0, 1]),
        ('"party third"', []),
        ("not", [5]),  # no stop words
        ("without notice", [3]),
        ("may -sell", [3]),
        ("sell or retention or löschung", [0, 4]),
        ("days posting OR service", [2, 3]),
        ("30", [2, 4]),
        ("acme", [2, 4]),  # inside addresses
        ("privacy@acme.example", [2]),
        ("https://acme.example/delete", [4]),
        ("we'll", [2]),
        ("b time", [3]),
        ("reason any", [3]),
        ("NEAR(rented) AND never", [5]),
        ("mark of ours", [5]),
        ("nothing of this", []),
        ("-sell", []),
        ("🙂", []),
    ],
)
def test_what_is_found(filled: Store, query: str, found: list[int]) -> None:
    assert blocks(filled.find_text(parse_query(query))) == found


def test_a_hit_says_where_and_marks_the_words(filled: Store) -> None:
    (hit,) = filled.find_text(parse_query("sells third-party"))
    assert (hit.key, hit.version_id, hit.block, hit.heading) == ("acme/privacy", 7, 0, "Sharing")
    assert hit.categories == ("third_party", "sale")
    assert hit.text == TEXTS[0][2]
    assert [hit.text[start:end] for start, end in hit.marks] == ["sell", "third-party"]
    (plain,) = filled.find_text(parse_query('"at any" reason'))
    words = [plain.text[start:end] for start, end in plain.marks]
    assert words[0] == "at any"
    assert words[-1] in ("reason", "any” reason")  # PostgreSQL marks the words of a phrase wherever they stand
    assert "<b>at any time</b> & for" in plain.text
    (ours,) = filled.find_text(parse_query("traded mark"))
    assert [ours.text[start:end] for start, end in ours.marks] == ["traded", "mark"]


def test_category_vendor_and_limit(filled: Store) -> None:
    fill(filled, "other", TEXTS[:1])
    query = parse_query("data")
    assert len(filled.find_text(query)) == 3
    assert blocks(filled.find_text(query, category="sale", vendor="acme")) == [0]
    assert blocks(filled.find_text(query, category="third_party", vendor="acme")) == [0, 1]
    for name in ("third", "party", "third%party", "t_ird_party", "third party", "", "!"):
        assert len(filled.find_text(query, category=name)) == (3 if name == "" else 0)
    assert [hit.key for hit in filled.find_text(query, vendor="other")] == ["other/privacy"]
    assert filled.find_text(query, vendor="nobody") == []
    assert len(filled.find_text(query, limit=2)) == 2


def test_a_new_version_takes_the_place_of_the_old_one(filled: Store) -> None:
    number = filled.document_keys()["acme/privacy"]
    assert filled.indexed() == {number: (7, "b")} and filled.indexed_version(number) == (7, "b")
    with filled.transaction() as tx:
        tx.index_version(number, 8, [ClauseRow(0, "Sharing", ("sale",), "We rent data.")], basis="c")
    assert blocks(filled.find_text(parse_query("sell"))) == []
    assert blocks(filled.find_text(parse_query("rented"))) == [0]
    assert filled.indexed_version(number) == (8, "c")
    with filled.transaction() as tx:
        tx.drop_index(number)
    assert filled.find_text(parse_query("rent")) == [] and filled.indexed() == {}


def test_an_index_is_written_with_its_transaction_or_not_at_all(filled: Store) -> None:
    number = filled.document_keys()["acme/privacy"]
    with pytest.raises(ZeroDivisionError), filled.transaction() as tx:
        tx.index_version(number, 8, [ClauseRow(0, "", (), "We lease data.")], basis="c")
        assert blocks(tx.find_text(parse_query("lease"))) == [0]
        raise ZeroDivisionError
    assert filled.find_text(parse_query("lease")) == []
    assert blocks(filled.find_text(parse_query("sell"))) == [0]


def test_documents_no_longer_watched_are_not_found(filled: Store) -> None:
    filled.register([vendor("other")])
    assert filled.find_text(parse_query("sell")) == []


def test_hostile_texts_can_be_indexed_and_found(filled: Store) -> None:
    # more words than a tsvector holds, a word longer than any, NUL, half a surrogate pair
    words = " ".join(f"w{number}" for number in range(120_000))
    hostile = (f"needle {words}", f"needle {'x' * 50_000}", "needle\0\ufeff and \udc80 hay", "needle " * 20_000)
    fill(filled, "acme", tuple(("", (), one) for one in hostile))
    found = filled.find_text(parse_query("needles"))
    assert blocks(found) == [0, 1, 2, 3]
    assert all(hit.text[slice(*hit.marks[0])].startswith("needle") for hit in found)


SIGNS = string.punctuation + '""\'():*^-+ \\\n\0'
SPECIAL = st.text(st.one_of(st.sampled_from(SIGNS), st.characters()), max_size=60)
TYPED = (
    "sell",
    "AND",
    "OR",
    "NOT",
    "NEAR(",
    "text:",
    "-",
    '"',
    "*",
    "(",
    ")",
    "or",
    "-data",
    "''",
    ";",
    "&",
    "!",
    "<->",
)
OPERATORS = st.lists(st.sampled_from(TYPED), max_size=12).map(" ".join)


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(SPECIAL, OPERATORS))
def test_no_query_is_an_error(filled: Store, query: str) -> None:
    for hit in filled.find_text(parse_query(query), category=query[:5]):
        assert hit.text
    filled.find_text(parse_query(query))


def test_a_query_is_bounded() -> None:
    assert len(parse_query("a " * 5000).groups[0][0]) == 32
    assert parse_query("") == parse_query('- "" or -x * 🙂') and not parse_query("")


def test_two_that_index_a_document_at_once_leave_one_index(filled: Store) -> None:
    number = filled.document_keys()["acme/privacy"]
    begun = threading.Event()

    def index(version: int) -> None:
        begun.set()
        with filled.transaction() as tx:
            tx.index_version(number, version, [ClauseRow(0, "", (), "We lease data.")], basis="c")

    with ThreadPoolExecutor(1) as pool:
        with filled.transaction() as tx:
            tx.index_version(number, 8, [ClauseRow(0, "", (), "We lease data.")], basis="b")
            other = pool.submit(index, 9)
            assert begun.wait(timeout=30)
            with pytest.raises(TimeoutError):  # it waits for this transaction
                other.result(timeout=0.3)
        other.result(timeout=30)
    (hit,) = filled.find_text(parse_query("lease"))
    assert (hit.version_id, filled.indexed_version(number)) == (9, (9, "c"))


@pytest.mark.postgres
def test_postgresql_uses_its_index(postgresql: PostgreSQL) -> None:
    url = postgresql.create("template_clausewatch")
    database = Database(url)
    with database.write() as connection:
        connection.execute(text("SET LOCAL enable_seqscan = off"))
        lines = connection.execute(
            text(
                "EXPLAIN SELECT id FROM clause_text WHERE to_tsvector('clausewatch', clausewatch_plain(text))"
                " @@ websearch_to_tsquery('clausewatch', 'sell')"
            )
        ).scalars()
        assert any("clause_text_fts" in line for line in lines)
    database.close()
    postgresql.drop(url)
