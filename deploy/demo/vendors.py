"""The demo's vendors: what they published, how their pages looked at each time, and the WARC file of it all."""

from __future__ import annotations

import base64
import hashlib
import html
import re
import textwrap
import tomllib
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape
from markupsafe import Markup

from deploy.demo.dated import Block, TextError, blocks_at
from tests.replica import Page, write_warc

__all__ = ["Capture", "DemoDocument", "Vendor", "fresh_tokens", "load_vendors", "pages_of", "render", "write_world"]

PAGES = Path(__file__).parent / "pages"
_KINDS = ("page", "variant-b", "revisit", "login", "outage")


@dataclass(frozen=True, slots=True)
class Capture:
    """One moment at which a document was captured. `kind` is one of `page`, `variant-b` (with the other marketing
    block), `revisit` (the archive saw the bytes of the capture before), `login` and `outage`."""

    time: datetime
    kind: str


@dataclass(frozen=True, slots=True)
class DemoDocument:
    """One policy: its slug in the demo, Open Terms Archive type, URL, dated text, and captures by time."""

    slug: str
    type: str
    url: str
    text: str
    captures: tuple[Capture, ...]


@dataclass(frozen=True, slots=True)
class Vendor:
    slug: str
    name: str
    host: str
    charset: str
    headers: tuple[tuple[str, str], ...]
    documents: tuple[DemoDocument, ...]


def load_vendors(folder: Path = PAGES) -> tuple[Vendor, ...]:
    """All vendors, by name of their folder."""
    return tuple(_vendor(path.parent) for path in sorted(folder.glob("*/vendor.toml")))


def _vendor(folder: Path) -> Vendor:
    data: dict[str, Any] = tomllib.loads((folder / "vendor.toml").read_text("utf-8"))
    documents = tuple(
        DemoDocument(
            slug=slug,
            type=facts["type"],
            url=f"http://{data['host']}{facts['path']}",
            text=(folder / f"{slug}.txt").read_text("utf-8"),
            captures=tuple(_capture(line) for line in data["captures"][slug]),
        )
        for slug, facts in data["documents"].items()
    )
    headers = tuple(data["headers"].items())
    return Vendor(folder.name, data["name"], data["host"], data["charset"], headers, documents)


def _capture(line: str) -> Capture:
    time, _, kind = line.partition(" ")
    if kind not in ("", *_KINDS):
        raise TextError(f"unknown kind of capture: {line!r}")
    return Capture(datetime.fromisoformat(time).astimezone(UTC), kind or "page")


# --- how it looked


def _hash(*what: object) -> bytes:
    return b"".join(hashlib.sha256(repr((*what, part)).encode()).digest() for part in range(64))


def _straight(text: str) -> Markup:
    """As typed: quotes stay what they are (Jinja's own escaping would write `&#34;`, as no author does)."""
    return Markup(html.escape(text, quote=False))  # noqa: S704 (escaped here)


def _curly(text: str) -> Markup:
    """Typographic quotes, as editors put them in by themselves."""
    text = re.sub(r'(^|[\s(])"', "\\1\u201c", text).replace('"', "\u201d")
    return _straight(text.replace("'", "\u2019"))


def _boxed(text: str) -> Markup:
    return _straight("\n".join(textwrap.wrap(text, 74)))


_ENVIRONMENT = Environment(
    loader=FileSystemLoader(PAGES),
    autoescape=select_autoescape(default=True),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters.update(straight=_straight, curly=_curly, boxed=_boxed)


def _grouped(blocks: list[Block]) -> list[tuple[str, list[Block]]]:
    """Neighbouring list items and table rows together; everything else alone."""
    groups: list[tuple[str, list[Block]]] = []
    for kind, members in groupby(blocks, key=lambda block: block.kind):
        listed = list(members)
        groups += [(kind, listed)] if kind in ("li", "tr") else [(kind, [block]) for block in listed]
    return groups


def render(vendor: Vendor, document: DemoDocument, capture: Capture) -> bytes:
    """The bytes of a page as the vendor sent them at that time."""
    blocks = blocks_at(document.text, capture.time)
    time = capture.time.strftime("%Y-%m-%dT%H:%M:%S")

    def token(name: str, length: int) -> str:
        """Hexadecimal digits that differ with each capture."""
        return _hash(document.url, time, name).hex()[:length]

    def blob(name: str, length: int) -> str:
        """The same in base64."""
        return base64.b64encode(_hash(document.url, time, name)[: length * 3 // 4]).decode()

    template = "login.html" if capture.kind == "login" else "page.html"
    page = _ENVIRONMENT.get_template(f"{vendor.slug}/{template}").render(
        title=blocks[0].text,
        groups=_grouped(blocks[1:]),
        path="/" + document.url.split("/", 3)[3],
        date=time,
        year=capture.time.year,
        variant="b" if capture.kind == "variant-b" else "a",
        token=token,
        blob=blob,
    )
    return page.encode(vendor.charset, "xmlcharrefreplace")


_TOKENS = re.compile(
    rb'(?P<before>PHPSESSID=|"nonce":"|id="__(?:VIEWSTATE|EVENTVALIDATION)" value=")(?P<token>[0-9A-Za-z+/=]+)'
)


def fresh_tokens(url: str, body: bytes, number: int) -> bytes:
    """The page with the session ids, nonces and view states of one more response; see `tests.replica.sites.Rewrite`."""

    def fresh(match: re.Match[bytes]) -> bytes:
        old, seed = match["token"], (url, number, match["before"])
        if re.fullmatch(rb"[0-9a-f]+", old):
            return match["before"] + _hash(seed).hex().encode()[: len(old)]
        return match["before"] + base64.b64encode(_hash(seed))[: len(old)]

    return _TOKENS.sub(fresh, body)


# --- what was archived

_OUTAGE = b"""<html><head><title>503 Service Unavailable</title></head><body>
<h1>Service Temporarily Unavailable</h1>
<p>Warning: mysql_connect(): Can't connect to local MySQL server through socket '/tmp/mysql.sock'.</p>
<p>Please come back later.</p>
</body></html>
"""


def pages_of(vendor: Vendor, document: DemoDocument) -> list[Page]:
    """The captures of a document, ready to be written."""
    pages: list[Page] = []
    body = b""
    for capture in document.captures:
        timestamp = capture.time.strftime("%Y%m%d%H%M%S")
        if capture.kind == "outage":
            headers = (("Content-Type", "text/html"), ("Retry-After", "3600"), *vendor.headers)
            pages.append(Page(document.url, timestamp, _OUTAGE, 503, headers))
            continue
        if capture.kind != "revisit":
            body = render(vendor, document, capture)
        # a server of 2003 left the charset to the page
        charset = "" if vendor.charset == "windows-1252" else f"; charset={vendor.charset}"
        headers = (("Content-Type", f"text/html{charset}"), *vendor.headers)
        pages.append(Page(document.url, timestamp, body, 200, headers, revisit=capture.kind == "revisit"))
    return pages


def write_world(path: Path, vendors: tuple[Vendor, ...]) -> Path:
    """Write everything that the vendors ever published as one WARC file; the same bytes each time."""
    return write_warc(path, [page for vendor in vendors for one in vendor.documents for page in pages_of(vendor, one)])
