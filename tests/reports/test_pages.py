"""What the pages say, and that hostile text stays text in all of them."""

from __future__ import annotations

import json
import re
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import pytest
from lxml import etree, html

from reports import change_url, document_url, version_url
from reports.addresses import link_between, safe_link
from reports.templating import POLICY
from storage.store import Store
from tests.reports.world import FLOW_RUN, HOSTILE

SPROUTLY = "sproutly/privacy"


def parsed(path: Path) -> html.HtmlElement:
    return html.document_fromstring(path.read_bytes(), parser=html.HTMLParser(encoding="utf-8"))


def words(element: html.HtmlElement) -> str:
    return " ".join(element.text_content().split())


def newest(world: Store, key: str = SPROUTLY) -> int:
    return world.changes(world.document_keys()[key])[0].id


@pytest.fixture(scope="module")
def documents(pages: Path) -> dict[str, html.HtmlElement]:
    found = {str(path.relative_to(pages)): parsed(path) for path in sorted(pages.rglob("*.html"))}
    assert len(found) > 40
    return found


def test_every_link_inside_leads_to_a_page_and_a_place_that_are_there(
    pages: Path, documents: dict[str, html.HtmlElement]
) -> None:
    checked = 0
    for page, document in documents.items():
        for link in document.iter("a", "link", "script"):
            target = link.get("href") or link.get("src")
            if not target or urlsplit(target).scheme:
                continue
            path, _, anchor = target.partition("#")
            path = unquote(path.partition("?")[0])
            resolved = (
                page if not path else str((pages / page).parent.joinpath(path).resolve().relative_to(pages.resolve()))
            )
            assert (pages / resolved).is_file(), f"{page} links to {target}"
            checked += 1
            if anchor and resolved in documents:
                assert documents[resolved].xpath("//*[@id=$id]", id=unquote(anchor)), f"{page} links to {target}"
    assert checked > 500


def test_hostile_text_stays_text_on_every_page(documents: dict[str, html.HtmlElement]) -> None:
    allowed = {"page.js", "minisearch.js", "search.js", "sections.js"}
    shown = 0
    for page, document in documents.items():
        for script in document.iter("script"):
            assert not script.text, page
            assert PurePosixPath(urlsplit(script.get("src")).path).name in allowed, page
        assert not list(document.iter("img", "style", "iframe", "object", "form", "base")), page
        for element in document.iter():
            if isinstance(element.tag, str):
                assert not [name for name in element.attrib if name.startswith("on") or name == "style"], page
                for name in ("href", "src", "xlink:href"):
                    scheme = urlsplit((element.get(name) or "").strip()).scheme
                    assert scheme in ("", "http", "https"), f"{page}: {element.get(name)}"
        shown += "window.pwned=1" in document.text_content()
        metas = document.xpath("//meta[@http-equiv='Content-Security-Policy']/@content")
        assert metas == [POLICY]
    assert shown > 10


def test_hostile_names_stay_inside_the_folder(pages: Path, world: Store) -> None:
    for key in world.document_keys():
        path = document_url(key)
        assert ".." not in path.split("/")
        assert re.fullmatch(r"documents/[a-z0-9._~-]+/[a-z0-9._~-]+\.html", path)
        assert (pages / path).is_file()


def test_names_that_differ_only_in_case_have_pages_of_their_own() -> None:
    paths = {
        document_url(key).lower()
        for key in ("a/b", "A/b", "a/B", "a/b.", "a/.b", "a~2f/b", "ä/b", "/", "", "x" * 300 + "/b")
    }
    assert len(paths) == 9  # "/" and "" are the same: no vendor, no document
    assert max(len(part) for path in paths for part in path.split("/")) <= 120


def test_only_web_addresses_become_links() -> None:
    assert safe_link("https://a.example/x?y=1") == "https://a.example/x?y=1"
    for bad in (
        "javascript:alert(1)",
        "JaVaScRiPt://a.example/%0aalert(1)",
        "data:text/html,x",
        "//a.example/",
        "/x",
        "https:",
        "http://[",
        " https://a.example",
        "https://a.example/\nx",
        "ftp://a.example/",
    ):
        assert safe_link(bad) == "", bad
    assert link_between("documents/a/b.html", "changes/7.html#c1") == "../../changes/7.html#c1"
    assert link_between("index.html", "#text") == "#text"


def test_overview_has_failing_documents_first_and_the_next_effective_date(
    documents: dict[str, html.HtmlElement],
) -> None:
    rows = documents["index.html"].xpath("//table/tbody/tr")
    states = [row.get("data-state") for row in rows]
    assert (
        states == sorted(states, key=lambda state: {"failing": 0, "never checked": 1}.get(state, 2))
        or states[0] == "failing"
    )
    sproutly = next(row for row in rows if document_url(SPROUTLY) in row.xpath(".//a/@href"))
    cells = [words(cell) for cell in sproutly.xpath("./*")]
    assert "1 Jan 2027" in cells[5]
    assert "high" in cells[4]
    assert sproutly.xpath(".//svg[@role='img']/@aria-label") == ["3 versions since 2015"]
    tidewell = next(row for row in rows if document_url("tidewell/privacy") in row.xpath(".//a/@href"))
    assert "failed (3 times in a row): fetch.gone" in words(tidewell)


def test_document_page_shows_health_history_text_checks_and_addresses(documents: dict[str, html.HtmlElement]) -> None:
    page = documents[document_url(SPROUTLY)]
    text = words(page)
    assert "Unchanged since" in text
    assert "effective 1 Jan 2027" in text
    assert "https://www.sproutly.example/privacy/" in text
    assert len(page.xpath("//section[@aria-labelledby='versions']//tbody/tr")) == 3
    retention = page.xpath("//div[@class='policy']//p[contains(., '24 months')]")[0]
    assert "retention" in retention.get("data-cats")
    assert [words(row)[:9] for row in page.xpath("//section[@aria-labelledby='checks']//tbody/tr")] == [
        "changed20",
        "unchanged",
    ]
    timeline = page.xpath("//svg[contains(@class, 'timeline')]")[0]
    assert len(timeline.xpath(".//rect")) == 3
    assert len(timeline.xpath(".//g[contains(@class, 'dot-high')]")) >= 1
    assert timeline.xpath(".//path[contains(@class, 'archived')]/@d")[0].count("M") == 3
    assert timeline.xpath(".//path[contains(@class, 'live')]/@d")[0].count("M") == 1
    assert timeline.xpath(".//path[@class='gap']")
    hostile = next(
        page for path, page in documents.items() if path.startswith("documents/~2e") and "version" not in path
    )
    assert "Held captures" in words(hostile)


def test_change_page_proves_what_it_says(world: Store, documents: dict[str, html.HtmlElement]) -> None:
    change = world.change(newest(world))
    page = documents[change_url(change.id)]
    text = words(page)
    assert "1 Jan 2027" in text
    assert change.summary in text
    for capture_id in (
        world.version(change.from_version_id).last_capture_id,
        world.version(change.to_version_id).first_capture_id,
    ):
        capture = world.capture(capture_id)
        assert capture.payload in text
        assert f"{capture.time:%Y-%m-%d %H:%M:%S} UTC" in text
        assert capture.final_url in text
        if capture.memento_url:
            assert page.xpath("//a[@href=$url]", url=capture.memento_url)
    loud = [clause for clause in change.clauses if clause.kind not in ("cosmetic", "moved")]
    cards = page.xpath("//article")
    assert len(cards) == len(loud) >= 3
    for position, clause in enumerate(change.clauses, 1):
        place = page.xpath("//*[@id=$id]", id=f"c{position}")
        assert len(place) == 1
        assert clause.reason in words(place[0])
    severities = [card.xpath(".//*[starts-with(@class, 'sev ')]")[0].text for card in cards]
    assert severities == sorted(severities, key=["high", "medium", "low", "cosmetic"].index)
    assert page.xpath("//table[@class='diff']//tr[@class='modified']//td[@class='old']//del")
    assert "1 difference" in words(page.xpath("//details/summary")[0])  # the new hyphen is folded away, and counted


def test_side_by_side_and_single_column_give_both_texts(world: Store, documents: dict[str, html.HtmlElement]) -> None:
    change = world.change(newest(world))
    new = "".join(
        documents[version_url(SPROUTLY, change.to_version_id)].xpath("//div[@class='policy']")[0].text_content().split()
    )
    for row in documents[change_url(change.id)].xpath("//table[@class='diff']//tr[@class='modified']"):
        side = "".join(row.xpath("./td[@class='new']")[0].text_content().split())
        inline = "".join("".join(row.xpath("./td[@class='both']//text()[not(ancestor::del)]")).split())
        assert side == inline
        assert side in new


def test_clause_page_lists_what_vendors_say_and_what_changed(documents: dict[str, html.HtmlElement]) -> None:
    page = documents["clauses/retention.html"]
    says = words(page.xpath("//section[@aria-labelledby='now']")[0])
    assert "Sproutly" in says
    assert "24 months after you close your account" in says
    sale = documents["clauses/sale.html"]
    rows = sale.xpath("//section[@aria-labelledby='changes']//tbody/tr")
    assert any("Sproutly" in words(row) and "high" in words(row) for row in rows)


def test_calendar_lists_coming_dates_and_feeds_are_valid(pages: Path, documents: dict[str, html.HtmlElement]) -> None:
    assert "1 Jan 2027" in words(documents["calendar.html"])
    feed = etree.parse(str(pages / "changes.atom")).getroot()
    space = {"a": "http://www.w3.org/2005/Atom"}
    entries = feed.findall("a:entry", space)
    assert len(entries) == 3
    for entry in (feed, *entries):
        for name in ("id", "title", "updated"):
            assert entry.findtext(f"a:{name}", namespaces=space), name
    assert all(e.findtext("a:id", namespaces=space).startswith("https://reports.example/changes/") for e in entries)
    data = (pages / "calendar.ics").read_bytes()
    assert data.count(b"BEGIN:VEVENT") == data.count(b"END:VEVENT") >= 1
    assert b"DTSTART;VALUE=DATE:20270101\r\n" in data
    assert all(len(line) <= 75 for line in data.split(b"\r\n"))
    assert b"\n" not in data.replace(b"\r\n", b"")


def test_runs_page_groups_checks_and_links_the_dashboard(documents: dict[str, html.HtmlElement]) -> None:
    page = documents["runs.html"]
    runs = page.xpath("//section[@class='run']")
    assert len(runs) == 7
    linked = page.xpath("//a[contains(@href, '/runs/flow-run/')]/@href")
    assert linked == [f"http://127.0.0.1:4200/runs/flow-run/{FLOW_RUN}"]  # other runs are not Prefect's
    assert "2 documents" in words(next(run for run in runs if run.xpath(".//code[text()='run-3']")))
    assert HOSTILE[:20] in page.text_content()


def test_index_of_search_is_made_of_the_current_texts(pages: Path) -> None:
    script = (pages / "search" / "sections.js").read_text("ascii")
    data = json.loads(script.removeprefix("window.clausewatchData=").rstrip(";\n").replace("<\\/", "</"))
    places = [number for number, section in enumerate(data["sections"]) if "24 months" in section[3]]
    assert len(places) == 1
    terms = (pages / "search" / "terms-m.js").read_text("ascii")
    entries = dict(json.loads(re.fullmatch(r'clausewatchTerms\("m",(.*)\);\n', terms, re.S).group(1)))  # type: ignore[union-attr]
    assert places[0] in entries["months"][::2]
    assert len(data["lengths"]) == len(data["sections"])
