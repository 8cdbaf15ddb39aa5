"""From bytes to an extraction: the public entry of everything that turns a capture into text.

    decode (charset) → parse and walk (tree) → selectors, or the generic choice (main_content) → blocks (structure)

PDF and plain text have their own readers. `EXTRACTOR_VERSION` is part of every extraction and goes up with every change
that makes another output of the same bytes; tests/scrapers/test_extract_pinned.py fails when that was forgotten.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any, Final

from analysis.blocks import Extraction
from scrapers.anchors import narrow
from scrapers.archived import strip_banner
from scrapers.charset import decode
from scrapers.cleaning import clean
from scrapers.emails import reveal
from scrapers.errors import TextMissing
from scrapers.language import language_of
from scrapers.links import Resolver
from scrapers.main_content import choose
from scrapers.parsing import parse_html
from scrapers.pdf import read_pdf
from scrapers.plaintext import read_text
from scrapers.raw import RawBlock
from scrapers.selectors import RangeSelector, Selectors, cut
from scrapers.structure import collapse_repeats, finish, promote_bold
from scrapers.tree import walk

__all__ = ["EXTRACTOR_VERSION", "RangeSelector", "Selectors", "extract", "frames", "recipe"]

EXTRACTOR_VERSION: Final = 1

_NONE: Final = Selectors()
_TEXT_TYPES: Final = ("text/plain", "text/markdown", "text/x-markdown", "application/json")
_LOOKS_HTML: Final = re.compile(
    r"<(?:!doctype\s|html|head|body|title|meta|div|p|table|h1|br|font|frameset|a\s)[\s>/a-z]", re.IGNORECASE
)
_ODD: Final = re.compile("[\x00-\x08\x0e-\x1f\ufffd]")
_XHTML_EMPTY: Final = re.compile(r"<(script|title|iframe|textarea|style|a|div|span|p|td)(\s[^<>]{0,2000})?/>")


def extract(
    body: bytes,
    *,
    content_type: str = "",
    url: str = "",
    selectors: Selectors = _NONE,
    anchor: str = "",
    scraper: str = "",
) -> Extraction:
    """Turn a capture's bytes into title, language, blocks and links.

    Parameters:
        body: the payload, decompressed.
        content_type: the Content-Type header as given.
        url: where it came from; links are made absolute with it. A fragment that leads to the title of a document in a
            page of several is taken as `anchor`.
        selectors: what of the page is the document. When they match nothing, the generic extractor steps in:
            `method` is then "generic-fallback" and `warnings` says which selector failed; the caller has to alert.
        scraper: name of a vendor's own scraper in `scrapers.vendors`, instead of selectors; `method` is then that name.
        anchor: id, name or heading text where the document begins in a page that holds several.

    Raises:
        SelectorInvalid, TextMissing, PdfUnreadable, PdfScanned, PageTooComplex (all ExtractError)
    """
    kind = _kind(body, content_type)
    if kind == "pdf":
        title, raw, warnings = read_pdf(body)
        promote_bold(raw)
        blocks, links = finish(raw, Resolver(url))
        return Extraction(title, language_of("", blocks), blocks, links, "pdf", EXTRACTOR_VERSION, tuple(warnings))
    text: str = decode(body, content_type)
    if not text.strip("\0 \t\r\n\ufeff"):
        raise TextMissing("The answer is empty")
    _refuse_binary(text)
    if kind == "text" or (kind == "unknown" and not _LOOKS_HTML.search(text[:20000])):
        title, raw = read_text(text)
        promote_bold(raw)
        blocks, links = finish(raw, Resolver(url))
        if not blocks:
            raise TextMissing("The text is empty")
        return Extraction(title, language_of("", blocks), blocks, links, "text", EXTRACTOR_VERSION)
    if "xhtml" in content_type:
        text = _XHTML_EMPTY.sub(r"<\1\2></\1>", text)
    return _from_html(text, url, selectors, anchor, scraper)


def _from_html(html: str, url: str, selectors: Selectors, anchor: str, scraper: str) -> Extraction:
    root = parse_html(strip_banner(html))
    if "data-cfemail" in html:
        reveal(root)
    warnings: list[str] = []
    method = "generic"
    raw: list[RawBlock] = []
    # Before selectors, which may remove what these are read from.
    title = clean(_text_of(root, "title"))
    base = _attribute(root, "base", "href")
    declared = root.get("lang") or root.get("{http://www.w3.org/XML/1998/namespace}lang") or root.get("xml:lang") or ""
    if scraper:
        method = scraper
        raw = _by_scraper(html, url, scraper)
        if not raw:
            method = "generic-fallback"
            warnings.append(f"The scraper {scraper} finds nothing with text")
    elif selectors:
        method = "selector"
        raw, missed = cut(root, selectors)
        warnings += [f"The selector {css} matches nothing with text" for css in missed]
        if not raw:
            method = "generic-fallback"
    if not raw:
        page = walk([root])
        place = anchor or url.partition("#")[2]
        part = narrow(root, page, place, asked=bool(anchor)) if place else None
        if anchor and part is None:
            method = "generic-fallback"
            warnings.append(f"The page has no place or heading named {anchor!r}")
        raw = choose(page) if part is None else part
        raw = collapse_repeats(raw)
        if framed := _frame_urls(root, Resolver(url, base)):
            warnings.append("The page is a frameset; its text is in " + ", ".join(framed[:10]))
    promote_bold(raw)
    blocks, links = finish(raw, Resolver(url, base))
    if not blocks and not warnings:
        raise TextMissing("The page has no text")
    if not title:
        title = next((block.text for block in blocks if block.kind == "heading"), "")
    return Extraction(title, language_of(declared, blocks), blocks, links, method, EXTRACTOR_VERSION, tuple(warnings))


def _by_scraper(html: str, url: str, name: str) -> list[RawBlock]:
    from bs4 import BeautifulSoup

    from scrapers import vendors

    select = vendors.find(name)
    chosen = "".join(str(tag) for tag in select(BeautifulSoup(html, "lxml"), url))
    return [block for block in walk([parse_html(chosen)]).blocks if block] if chosen else []


def recipe(selectors: Selectors, content_type: str, url: str, anchor: str = "", scraper: str = "") -> str:
    """A short stable name of how a payload is read: equal recipes and equal bytes give equal text.

    (Link targets also depend on the URL's host and path, which are not part of it.)
    """
    media, _, parameters = content_type.lower().partition(";")
    charset = re.sub(r"[\s\"']", "", parameters)
    parts = (str(EXTRACTOR_VERSION), selectors.key, media.strip(), charset, anchor, url.partition("#")[2], scraper)
    return hashlib.sha256("\x1f".join(parts).encode("utf-8", "replace")).hexdigest()[:16]


def frames(body: bytes, *, content_type: str = "", url: str = "") -> list[str]:
    """The addresses of a frameset's frames, in order; [] for a page that is none."""
    if b"frameset" not in body and b"FRAMESET" not in body and b"Frameset" not in body:
        return []
    root = parse_html(decode(body, content_type))
    return _frame_urls(root, Resolver(url, _attribute(root, "base", "href")))


def _kind(body: bytes, content_type: str) -> str:
    """ "pdf", "text", "html" or "unknown"; bytes are believed before headers."""
    if b"%PDF-" in body[:1024]:
        return "pdf"
    media = content_type.partition(";")[0].strip().lower()
    if media in _TEXT_TYPES and not re.match(rb"\s*<(?:!doctype html|html)", body[:500], re.IGNORECASE):
        return "text"
    return "html" if "html" in media or "xml" in media else "unknown"


def _refuse_binary(text: str) -> None:
    if len(_ODD.findall(text, 0, 4000)) * 20 > min(len(text), 4000):
        raise TextMissing("The answer is neither HTML, text nor PDF")


def _text_of(root: Any, tag: str) -> str:
    # An SVG picture has titles too: the document's is the one in its head.
    element = root.find(f"head/{tag}")
    if element is None:
        element = next((found for found in root.iter(tag) if found.getparent().tag != "svg"), None)
    return "" if element is None else "".join(element.itertext())[:1000]


def _attribute(root: Any, tag: str, name: str) -> str:
    element = next(root.iter(tag), None)
    return "" if element is None else element.get(name) or ""


def _frame_urls(root: Any, resolve: Resolver) -> list[str]:
    if next(root.iter("frameset"), None) is None:
        return []
    return [target for frame in root.iter("frame") if (target := resolve(frame.get("src") or ""))]
