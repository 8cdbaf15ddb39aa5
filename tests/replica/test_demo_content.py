"""The demo's vendors have the histories that they are there for, in our own words."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from itertools import pairwise
from pathlib import Path

import lxml.html
import pytest

from deploy.demo.dated import TextError, blocks_at
from deploy.demo.vendors import (
    DemoDocument,
    Vendor,
    fresh_tokens,
    load_vendors,
    pages_of,
    render,
    write_world,
)
from deploy.demo.world import ARCHIVED_UNTIL, TODAY, TOMORROW

VENDORS = load_vendors()
DOCUMENTS = {f"{vendor.slug}/{one.slug}": (vendor, one) for vendor in VENDORS for one in vendor.documents}


def at(name: str, day: str) -> str:
    moment = datetime.fromisoformat(day).replace(tzinfo=UTC)
    return " ".join(block.text for block in blocks_at(DOCUMENTS[name][1].text, moment))


def words(text: str) -> list[str]:
    return re.findall(r"[a-z0-9]+", text.lower())


@pytest.fixture(params=DOCUMENTS)
def document(request: pytest.FixtureRequest) -> tuple[Vendor, DemoDocument]:
    return DOCUMENTS[request.param]


def test_there_are_four_vendors_with_six_documents() -> None:
    assert [vendor.slug for vendor in VENDORS] == ["chatmoor", "helphaven", "parleyline", "talkbuoy"]
    assert len(DOCUMENTS) == 6


def test_each_document_has_a_history_of_years(document: tuple[Vendor, DemoDocument]) -> None:
    _, one = document
    times = [capture.time for capture in one.captures]
    assert times == sorted(times)
    assert len(times) >= 5
    assert times[-1].year - times[0].year >= 7
    assert len({tuple(blocks_at(one.text, time)) for time in times}) >= 4, "versions"


def test_each_page_holds_its_text_between_other_things(document: tuple[Vendor, DemoDocument]) -> None:
    vendor, one = document
    for capture, page in zip(one.captures, pages_of(vendor, one), strict=True):
        if capture.kind in ("login", "outage", "revisit"):
            continue
        assert 5_000 < len(page.body) < 25_000
        tree = lxml.html.fromstring(page.body)
        seen = words(" ".join(map(str, tree.itertext())))
        joined = f" {' '.join(seen)} "
        for block in blocks_at(one.text, capture.time):
            for cell in block.cells or (block.text,):
                assert f" {' '.join(words(cell))} " in joined, (page.url, capture.time, cell)


def test_no_block_says_nothing(document: tuple[Vendor, DemoDocument]) -> None:
    """A heading without a paragraph is a date that was forgotten."""
    _, one = document
    for capture in one.captures:
        blocks = blocks_at(one.text, capture.time)
        for block, following in pairwise(blocks):
            assert not (block.kind == following.kind == "h2"), block.text
        assert blocks[0].kind == "h1"
        assert not blocks[-1].kind.startswith("h")


@pytest.mark.parametrize(
    ("name", "before", "after", "gone", "new"),
    [
        ("parleyline/privacy", "2009-01-01", "2010-01-01", "takes effect 30 days after", "takes effect 15 days after"),
        ("parleyline/privacy", "2015-01-01", "2016-01-01", "will not disclose it", "may share the contact information"),
        ("parleyline/privacy", "2015-01-01", "2016-01-01", "15 days after", "without prior notice"),
        ("parleyline/privacy", "2015-01-01", "2016-01-01", "privacy@parleyline", "webmaster@parleyline"),
        ("parleyline/privacy", "2026-08-01", "2026-10-01", "fifteen (15) days", "as soon as it is posted"),
        ("parleyline/privacy", "2018-01-01", "2020-01-01", "kept for 90 days", "kept for twelve months"),
        ("chatmoor/privacy", "2015-12-09", "2016-09-01", "Safe Harbor programs", "EU-U.S. Privacy Shield"),
        ("chatmoor/privacy", "2020-01-01", "2020-10-02", "takes part in the EU-U.S.", "Standard Contractual Clauses"),
        ("chatmoor/privacy", "2022-01-01", "2024-01-01", "We no longer rely", "Data Privacy Framework"),
        ("chatmoor/privacy", "2016-09-01", "2018-06-04", "24 months", "12 months"),
        ("chatmoor/privacy", "2026-10-01", "2026-11-16", "12 months unless", "36 months unless"),
        ("chatmoor/privacy", "2026-10-01", "2026-11-16", "at least 30 days before it", "at least 15 days before it"),
        ("chatmoor/subprocessors", "2025-03-08", "2026-03-10", "October 10, 2023", "Lumen Parrot AI"),
        ("helphaven/privacy", "2018-06-01", "2020-02-05", "30 days' notice", "15 days' notice"),
        ("helphaven/privacy", "2026-06-29", "2026-09-15", "We do not sell personal", "to advertising networks"),
        ("helphaven/privacy", "2026-06-29", "2026-09-15", "15 days' notice", "without prior notice"),
        ("helphaven/terms", "2023-04-14", "2026-06-29", "in the twelve months", "in the three months"),
        ("talkbuoy/privacy", "2021-12-24", "2025-06-20", "at least 30 days", "at least 15 days"),
        ("talkbuoy/privacy", "2021-12-24", "2025-06-20", "do not sell or pass on", "authorized dealers"),
    ],
)
def test_what_changes_is_in_the_texts(name: str, before: str, after: str, gone: str, new: str) -> None:
    assert gone in at(name, before)
    assert gone not in at(name, after)
    assert new in at(name, after)
    assert new not in at(name, before)


def test_effective_dates_move_with_the_versions() -> None:
    dated = re.compile(r"(?:Effective|Last revised|Updated|Last updated)[a-z ]*:? ([0-9A-Z][^.]*20\d\d)")
    for name in ("parleyline/privacy", "chatmoor/privacy", "helphaven/privacy", "talkbuoy/privacy"):
        _, one = DOCUMENTS[name]
        dates = [match[1] for c in one.captures if (match := dated.search(at(name, c.time.date().isoformat())))]
        assert len(set(dates)) >= 4, (name, dates)


def test_the_captures_that_are_no_version() -> None:
    kinds = {name: [capture.kind for capture in one.captures] for name, (_, one) in DOCUMENTS.items()}
    assert sum(listed.count("login") for listed in kinds.values()) == 1
    assert sum(listed.count("outage") for listed in kinds.values()) == 1
    assert kinds["chatmoor/privacy"][:4] == ["page", "variant-b", "page", "variant-b"]
    login = next(page for page in pages_of(*DOCUMENTS["helphaven/privacy"]) if b"Please log in" in page.body)
    assert login.status == 200
    outage = next(page for page in pages_of(*DOCUMENTS["parleyline/privacy"]) if page.status != 200)
    assert outage.status == 503


def test_the_looks_change_where_the_words_do_not() -> None:
    vendor, one = DOCUMENTS["parleyline/privacy"]
    old, new = (capture for capture in one.captures if capture.time.year in (2009, 2013))
    assert blocks_at(one.text, old.time) == blocks_at(one.text, new.time)
    before, after = render(vendor, one, old), render(vendor, one, new)
    assert b"Verdana, Arial" in before
    assert b"Trebuchet" in after
    assert b'"Clients" are' in before
    assert b"\x93Clients\x94 are" in after, "typographic quotes in windows-1252"


def test_each_of_the_four_looks_like_its_kind() -> None:
    bodies = {name: pages_of(*DOCUMENTS[name]) for name in DOCUMENTS}
    assert b"<FONT FACE=" in bodies["parleyline/privacy"][0].body
    assert b"<pre>" in bodies["talkbuoy/privacy"][0].body
    for mark in (b"<nav", b"<aside", b"<footer", b'id="cookie-notice"', b'"nonce":"'):
        assert mark in bodies["chatmoor/privacy"][-1].body
    states = [
        re.findall(rb'id="__VIEWSTATE" value="([^"]+)"', page.body)[0]
        for page in bodies["helphaven/privacy"]
        if page.status == 200
    ]
    assert len(set(states)) == len(states)
    assert min(map(len, states)) > 300


@pytest.mark.parametrize("name", ["parleyline/privacy", "chatmoor/privacy", "helphaven/terms"])
def test_a_response_differs_from_the_next_in_its_tokens_only(name: str) -> None:
    page = pages_of(*DOCUMENTS[name])[-1]
    one, two = (fresh_tokens(page.url, page.body, number) for number in (1, 2))
    assert one != two
    assert one == fresh_tokens(page.url, page.body, 1)
    assert len(one) == len(two) == len(page.body)
    plain = [re.sub(rb'(PHPSESSID=|"nonce":"|value=")[^"&\']*', b"", body) for body in (one, two)]
    assert plain[0] == plain[1]


def test_the_archive_lags_and_tomorrow_brings_something() -> None:
    def changed(since: datetime, until: datetime) -> set[str]:
        return {name for name, (_, one) in DOCUMENTS.items() if any(since < c.time <= until for c in one.captures)}

    archived, today, tomorrow = (
        datetime(day.year, day.month, day.day, 23, 59, tzinfo=UTC) for day in (ARCHIVED_UNTIL, TODAY, TOMORROW)
    )
    assert changed(archived, today) == {"parleyline/privacy", "helphaven/privacy"}
    assert changed(today, tomorrow) == {"chatmoor/privacy"}
    assert changed(tomorrow, datetime.max.replace(tzinfo=UTC)) == set()


def test_the_world_is_written_the_same_each_time(tmp_path: Path) -> None:
    one, two = (write_world(tmp_path / name, VENDORS).read_bytes() for name in ("a", "b"))
    assert one == two


def test_dated_text() -> None:
    text = "# T\n@2010..2012-06 old\nstill old\n\n- @2011.. item\n- a {..2011-05-05|x}{2011-05-05..|y} b\n"
    text += "| k | v |\n| @2012.. 1 | 2 |\n"

    def shown(day: str) -> list[str]:
        return [f"{b.kind} {b.text}" for b in blocks_at(text, datetime.fromisoformat(day).replace(tzinfo=UTC))]

    assert shown("2009-12-31") == ["h1 T", "li a x b", "tr k v"]
    assert shown("2010-01-01") == ["h1 T", "p old still old", "li a x b", "tr k v"]
    assert shown("2011-05-04")[3] == "li a x b"
    assert shown("2011-05-05")[3] == "li a y b"
    assert shown("2012-05-31") == ["h1 T", "p old still old", "li item", "li a y b", "tr k v", "tr 1 2"]
    assert shown("2012-06-01") == ["h1 T", "li item", "li a y b", "tr k v", "tr 1 2"]
    for wrong in ("a {2010..|b", "a {2010|b}", "text with @2010.. inside"):
        with pytest.raises(TextError):
            blocks_at(wrong, datetime(2020, 1, 1, tzinfo=UTC))


@pytest.mark.shared
def test_nothing_is_copied_from_the_real_policies(shared: Path) -> None:
    """No eight consecutive words of the seeds, in any version of any text or in the templates."""
    length = 8
    seeds: set[tuple[str, ...]] = set()
    for path in sorted((shared / "seeds").iterdir()):
        listed = words(path.read_text("utf-8"))
        seeds.update(zip(*(listed[offset:] for offset in range(length)), strict=False))
    assert len(seeds) > 5_000
    for name, (vendor, one) in DOCUMENTS.items():
        for page in (render(vendor, one, capture) for capture in one.captures):
            listed = words(str(lxml.html.fromstring(page).text_content()))
            common = seeds.intersection(zip(*(listed[offset:] for offset in range(length)), strict=False))
            assert not common, (name, [" ".join(run) for run in common])
