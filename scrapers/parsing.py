"""HTML text to a tree, whatever the text: floods of tags, attributes and levels are cut or refused."""

from __future__ import annotations

import re
from typing import Any, Final

from lxml import etree

from scrapers.errors import PageTooComplex

__all__ = ["parse_html"]

_MAX_TAGS: Final = 200_000  # a second of work; the largest policy page seen (1.4 MB) has 15,000
_LONG_TAG: Final = 3000
_MAX_ATTRIBUTES: Final = 1000  # libxml2 needs time that is quadratic in the attributes of an element
_TOO_DEEP: Final = re.compile(r"[Ee]xcessive depth|depth exceeded|hit size limit|[Mm]ax.{0,20}depth")
_TAG_NAME: Final = re.compile(r"<[A-Za-z][\w:-]{0,40}")
_QUOTED: Final = re.compile(r"\"[^\"]*\"|'[^']*'")
_WRAPPERS: Final = re.compile(
    rb"</?(?:b|i|u|em|strong|font|span|a|big|small|center|div|section|article)(?:\s[^<>]{0,2000})?>", re.IGNORECASE
)


def parse_html(html: str) -> Any:
    """The root of a page's tree, without comments; any text gives one.

    Raises:
        PageTooComplex: elements nested so deeply that the parser gives up, even with inline and wrapper tags left out;
            or too many of them.
    """
    if html.count("<") > _MAX_TAGS:
        raise PageTooComplex(f"The page has more than {_MAX_TAGS:,} tags")
    html = _without_attribute_floods(html)
    data = html.encode("utf-8", "replace")
    root, deep = _parse(data)
    if deep:
        # libxml2 stops at 2,048 levels and would silently drop the rest: unclosed <font>s do that on old pages
        root, deep = _parse(_WRAPPERS.sub(b" ", data))
        if deep:
            raise PageTooComplex("The page nests its elements too deeply to be read")
    return root


def _without_attribute_floods(html: str) -> str:
    """Cut the attributes off tags that have more than a thousand. What else is cut is script, which nobody reads."""
    pieces = html.split(">")
    if len(max(pieces, key=len)) <= _LONG_TAG:
        return html
    cuts: list[tuple[int, int]] = []
    at = 0
    for piece in pieces:
        if len(piece) > _LONG_TAG and (cut := _flood(html, at, at + len(piece))):
            cuts.append(cut)
        at += len(piece) + 1
    for start, end in reversed(cuts):
        html = html[:start] + html[end:]
    return html


def _flood(html: str, at: int, end: int) -> tuple[int, int] | None:
    """Where the attributes of the tag that ends at `end` stand, if too many; no ">" is between `at` and `end`."""
    start = html.rfind("<", 0, end)
    if start < 0 or html.startswith(("</", "<!"), start):
        return None
    if start < at and html.count('"', start, at) % 2 == 0 and html.count("'", start, at) % 2 == 0:
        return None  # text after a tag; else the ">" before it was in an attribute's value
    unquoted = _QUOTED.sub("", html[start:end])
    if len(unquoted) <= _LONG_TAG or len(unquoted.split()) <= _MAX_ATTRIBUTES:
        return None
    if name := _TAG_NAME.match(html, start):
        return name.end(), end
    in_script = html.rfind("<script", 0, start) > html.rfind("</script", 0, start)
    return None if in_script else (start, end)


def _parse(data: bytes) -> tuple[Any, bool]:
    parser = etree.HTMLParser(encoding="utf-8", remove_comments=True, remove_pis=True, huge_tree=True)
    root = etree.fromstring(data, parser)
    if root is None:
        root = etree.fromstring(b"<html><body></body></html>", parser)
    log = parser.error_log
    deep = len(log) > 0 and any(_TOO_DEEP.search(entry.message) for entry in log if entry.level_name == "FATAL")
    return root, deep
