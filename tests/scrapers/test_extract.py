"""Extraction of our own pages: structure, links, what goes and what stays, selectors, anchors."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
from bs4 import BeautifulSoup, Tag

from analysis.blocks import BlockKind, Extraction
from scrapers.errors import PageTooComplex, SelectorInvalid, TextMissing
from scrapers.extract import EXTRACTOR_VERSION, RangeSelector, Selectors, extract, frames, recipe

PAGES = Path(__file__).parent / "pages"
HTML = "text/html; charset=utf-8"
Page = Callable[..., Extraction]


@pytest.fixture
def page() -> Page:
    def read(name: str, **options: object) -> Extraction:
        options.setdefault("url", "https://ferrylamp.example/legal/privacy")
        body = (PAGES / f"{name}.html").read_bytes()
        return extract(body, content_type=HTML, **options)  # type: ignore[arg-type]

    return read


def test_modern_page_gives_structure_without_furniture(page: Page) -> None:
    found = page("modern")
    assert (found.title, found.language, found.method) == ("Privacy Policy | Ferry & Lamp", "en", "generic")
    assert found.version == EXTRACTOR_VERSION
    headings = [(block.level, block.text) for block in found.blocks if block.kind is BlockKind.HEADING]
    assert headings == [
        (1, "Privacy Policy"),
        (2, "What we collect"),
        (2, "Whom we share it with"),
        (2, "How long we keep it"),
    ]
    rows = [block.cells for block in found.blocks if block.kind is BlockKind.ROW]
    assert rows == [
        ("Company", "Purpose", "Country"),
        ("Northmail AS", "Sends our e-mail", "Norway"),
        ("Pierhost GmbH", "Hosts the service", "Germany"),
    ]
    nested = next(block for block in found.blocks if block.text == "the pages that you open.")
    assert (nested.kind, nested.level, nested.path) == (BlockKind.ITEM, 2, ("Privacy Policy", "What we collect"))
    for word in ("Pricing", "Imprint", "All rights reserved", "Reject all", "similar technologies", "window.cfg"):
        assert word not in found.text
    assert "standard contractual clauses" in found.text, "hidden text is kept"
    assert "Whom we share it with" in [block.text for block in found.blocks if block.kind is BlockKind.ITEM], "contents"


def test_obfuscated_address_is_decoded_and_links_stand_beside_the_text(page: Page) -> None:
    found = page("modern")
    assert "Write to privacy@ferrylamp.example to have your account deleted" in found.text
    last = len(found.blocks) - 1
    assert [(link.block, link.text, link.url) for link in found.links] == [
        (last, "privacy@ferrylamp.example", "mailto:privacy@ferrylamp.example"),
        (last, "terms of service", "https://ferrylamp.example/terms"),
    ]
    assert "http" not in found.text


def test_layout_of_the_nineties(page: Page) -> None:
    found = page("nineties")
    assert [block.text for block in found.blocks if block.kind is BlockKind.HEADING] == [
        "Tidewater Chat Privacy Policy",
        "Information we collect",
        "How we use it",
        "Contact",
    ]
    assert found.blocks[2].path == ("Tidewater Chat Privacy Policy",)
    assert found.blocks[3].text.startswith("When you register") and found.blocks[3].kind is BlockKind.PARAGRAPH
    assert "Features" not in found.text and "Terms" not in found.text
    assert "12 Pier Road" in found.text


def test_form_definition_list_and_preformatted_text_stay(page: Page) -> None:
    found = page("aspnet")
    texts = [block.text for block in found.blocks]
    assert "What we disclose" in texts and "Rates" not in found.text
    assert any(text.startswith("This statement was approved by the board of Quaylight Insurance and") for text in texts)
    assert found.blocks[-1].kind is BlockKind.PRE and found.blocks[-1].text.split("\n")[1] == "1 Quay Street"


def test_teasers_and_newsletter_go(page: Page) -> None:
    found = page("news")
    assert found.blocks[0].text == "Privacy Policy" and len(found.blocks) == 5


def test_archive_banner_and_rewritten_links_are_undone(page: Page) -> None:
    found = page("archived", url="https://archive.example/web/20160624113143/http://cooper.example/privacy.html")
    assert "captures of this page" not in found.text and "initiative" not in found.text
    assert [link.url for link in found.links] == ["http://cooper.example/terms.html", "https://other.example/a?b=c"]


def test_frameset_names_its_frames(page: Page) -> None:
    found = page("frameset")
    assert found.warnings and "http://brinewell.example/legal/privacy.html" in found.warnings[0]
    assert frames((PAGES / "frameset.html").read_bytes(), content_type=HTML) == [
        "http://brinewell.example/site/menu.html",
        "http://brinewell.example/legal/privacy.html",
    ]
    assert frames((PAGES / "modern.html").read_bytes()) == []


@pytest.mark.parametrize("anchor", ["privacy-policy", "#privacy-policy", "Privacy Policy", "PRIVACY  policy"])
def test_one_document_of_several(page: Page, anchor: str) -> None:
    found = page("legal-hub", anchor=anchor)
    assert found.blocks[0].text == "Privacy Policy" and found.blocks[-1].text.startswith("You may ask us for access")
    assert "cookies" not in found.text and "password" not in found.text and found.method == "generic"


def test_anchor_that_is_gone_falls_back_and_says_so(page: Page) -> None:
    found = page("legal-hub", anchor="data-processing")
    assert found.method == "generic-fallback" and "data-processing" in found.warnings[0]
    assert "Cookie Policy" in found.text


def test_selection_is_taken_whole_and_in_order(page: Page) -> None:
    chosen = Selectors.of(["#cookies ~ p", "section:first-of-type"], "h3")
    found = page("legal-hub", selectors=chosen)
    assert found.method == "selector" and not found.warnings
    assert found.blocks[0].text.startswith("We use cookies") and found.blocks[1].text == "Terms of Service"
    assert "Your account" not in found.text and "password secret" in found.text


def test_range_selectors() -> None:
    html = b"<html><body><p>nav</p><h2 id=a>A</h2><p>one</p><p>two</p><h2>B</h2><p>three</p></body></html>"
    before = Selectors.of({"startBefore": "#a", "endBefore": "#a ~ h2"})
    after = Selectors((RangeSelector(start_after="#a", end_after="#a ~ h2"),))
    assert extract(html, content_type=HTML, selectors=before).text.split("\n") == ["A", "one", "two"]
    assert extract(html, content_type=HTML, selectors=after).text.split("\n") == ["one", "two", "B"]
    removed = Selectors.of("body", {"startBefore": "#a", "endBefore": "#a ~ h2"})
    assert extract(html, content_type=HTML, selectors=removed).text.split("\n") == ["nav", "B", "three"]


def test_selector_of_which_only_beautiful_soup_knows(page: Page) -> None:
    found = page("legal-hub", selectors=Selectors.of("section:has(> h2#cookies)"))
    assert found.blocks[0].text == "Cookie Policy" and len(found.blocks) == 2


def test_selector_without_match_falls_back_and_says_so(page: Page) -> None:
    found = page("modern", selectors=Selectors.of(".policy-body"))
    assert found.method == "generic-fallback" and ".policy-body" in found.warnings[0]
    assert found.blocks == page("modern").blocks


@pytest.mark.parametrize("css", ["main[", "p::before::", "..x", ":nth-child(", "a >"])
def test_selector_that_is_no_css(css: str) -> None:
    with pytest.raises(SelectorInvalid):
        extract(b"<p>text of the page</p>", content_type=HTML, selectors=Selectors((css,)))


def test_range_needs_both_ends() -> None:
    with pytest.raises(SelectorInvalid):
        Selectors.of({"startBefore": "#a"})
    with pytest.raises(SelectorInvalid):
        Selectors.of({"startBefore": "#a", "endAt": "#b"})


def test_unlinked_copy_of_the_page_is_collapsed() -> None:
    part = "".join(
        f"<p>Clause {n}: we process personal data for the purpose with the number {n}.</p>" for n in range(70)
    )
    found = extract(f"<main><h1>Policy</h1>{part}<div class=print>{part}</div></main>".encode(), content_type=HTML)
    assert len(found.blocks) == 71


def test_layout_table_is_no_data() -> None:
    cell = "<p>We collect personal data when you use the service, and we protect it.</p>" * 1
    html = f"<table><tr><td>a</td><td>b</td></tr><tr><td>menu</td><td>{cell * 13}</td></tr></table>"
    kinds = {block.kind for block in extract(html.encode(), content_type=HTML).blocks}
    assert BlockKind.ROW not in kinds


def test_plain_and_marked_text() -> None:
    plain = (
        b"PRIVACY POLICY\n\nWe collect what you type into the form that\nis on this page, and we keep it for a year."
        b"\n\n- one\n- two\n  more\n"
    )
    found = extract(plain, content_type="text/plain")
    assert [(block.kind.value, block.text) for block in found.blocks] == [
        ("heading", "PRIVACY POLICY"),
        ("paragraph", "We collect what you type into the form that is on this page, and we keep it for a year."),
        ("item", "one"),
        ("item", "two more"),
    ]
    marked = extract(b"# Terms\n\nSee [the policy](https://x.example/p), **now**.\n", content_type="text/markdown")
    assert marked.title == "Terms" and marked.blocks[1].text == "See the policy, now."
    assert marked.links[0].url == "https://x.example/p" and marked.method == "text"


def test_invisible_characters_and_spaces() -> None:
    found = extract("<p>per\u00adsonal\u200b data&nbsp;&nbsp;is\n  cafe\u0301</p>".encode(), content_type=HTML)
    assert found.text == "personal data is café"


@pytest.mark.parametrize("body", [b"", b"  \n", b"\x00\x00", b"<html><body></body></html>", bytes(range(1, 9)) * 200])
def test_nothing_is_said_to_be_nothing(body: bytes) -> None:
    with pytest.raises(TextMissing):
        extract(body, content_type="text/html")


def test_recipe_names_what_the_text_depends_on() -> None:
    some = Selectors.of("main")
    one = recipe(some, "text/html; charset=UTF-8", "https://a.example/p")
    assert one == recipe(Selectors.of(["main"]), 'text/html;charset="utf-8"', "http://a.example/p")
    others = [
        recipe(Selectors(), "text/html; charset=UTF-8", "https://a.example/p"),
        recipe(some, "text/html; charset=latin1", "https://a.example/p"),
        recipe(some, "text/html; charset=UTF-8", "https://a.example/p", "terms"),
        recipe(some, "text/html; charset=UTF-8", "https://a.example/p#terms"),
        recipe(Selectors((), ("main",)), "text/html; charset=UTF-8", "https://a.example/p"),
    ]
    assert len({one, *others}) == 6


def test_too_many_tags_is_said() -> None:
    with pytest.raises(PageTooComplex):
        extract(b"<p>x" * 250_000, content_type=HTML)


def test_vendor_scraper_is_found_by_name(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    module = ModuleType("scrapers.vendors.saltbox")

    def select(soup: BeautifulSoup, url: str) -> list[Tag]:
        return [heading.parent for heading in soup.find_all("h2", string=re.compile("Cookie")) if heading.parent]

    module.select = select  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "scrapers.vendors.saltbox", module)
    found = page("legal-hub", scraper="saltbox")
    assert found.method == "saltbox" and [block.text[:13] for block in found.blocks] == [
        "Cookie Policy",
        "We use cookie",
    ]
    assert page("modern", scraper="saltbox").method == "generic-fallback"
    for unknown in ("nobody", "../errors", "os.path"):
        with pytest.raises(SelectorInvalid):
            page("modern", scraper=unknown)


def _hidden(address: str, key: int = 0x2A) -> str:
    return f"{key:02x}" + "".join(f"{ord(char) ^ key:02x}" for char in address)


@pytest.mark.parametrize(
    "written",
    [
        '<a href="/cdn-cgi/l/email-protection" class="__cf_email__" data-cfemail="{0}">[email&#160;protected]</a>',
        '<a href="/cdn-cgi/l/email-protection#{0}"><span data-cfemail="{0}">[email&#160;protected]</span></a>',
        '<span class="__cf_email__" data-cfemail="{0}">[email&#160;protected]</span>',
    ],
)
def test_hidden_addresses_are_read_however_they_are_hidden(written: str) -> None:
    paragraph = written.format(_hidden("dpo@acme.example"))
    policy = "<h1>Privacy Policy</h1><p>We collect what the service needs and share it with nobody.</p>"
    html = f"{policy}<p>Write to {paragraph} or call.</p>"
    assert extract(html.encode()).text.splitlines()[-1] == "Write to dpo@acme.example or call."
