"""Selections of a page: CSS, and ranges between two places as Open Terms Archive declares them.

`startBefore/startAfter/endBefore/endAfter` are as in the declarations of Open Terms Archive
(reference/open-terms-archive.md 1): a range begins before or after the first element that the start selector matches,
and ends before or after the first match of the end selector.

cssselect compiles to XPath and does most selectors; what it does not know (`:has(> p)`, `:nth-child(1 of p)`) goes
through Beautiful Soup.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from functools import lru_cache
from typing import Any, Final

from cssselect import SelectorError
from lxml import etree
from lxml.cssselect import CSSSelector

from scrapers.errors import SelectorInvalid
from scrapers.raw import RawBlock
from scrapers.tree import walk

__all__ = ["RangeSelector", "Selectors", "cut"]


@dataclass(frozen=True, slots=True)
class RangeSelector:
    """A part of a page from one place to another; exactly one start and one end are given, as CSS."""

    start_before: str = ""
    start_after: str = ""
    end_before: str = ""
    end_after: str = ""

    def __post_init__(self) -> None:
        if bool(self.start_before) == bool(self.start_after) or bool(self.end_before) == bool(self.end_after):
            raise SelectorInvalid(
                "A range selector needs one of startBefore and startAfter, and one of endBefore and endAfter"
            )


Declared = str | Mapping[str, str] | Sequence[str | Mapping[str, str]] | None


@dataclass(frozen=True, slots=True)
class Selectors:
    """What of a page is the document: what `select` matches, in its order, whole, without what `remove` matches."""

    select: tuple[str | RangeSelector, ...] = ()
    remove: tuple[str | RangeSelector, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.select or self.remove)

    @property
    def key(self) -> str:
        """A stable string that two equal selections share, and no others; "" for none."""
        if not self:
            return ""
        return json.dumps({"select": _plain(self.select), "remove": _plain(self.remove)}, sort_keys=True)

    @classmethod
    def of(cls, select: Declared = None, remove: Declared = None) -> Selectors:
        """Selectors as a config file or an Open Terms Archive declaration gives them: one or a list, CSS or ranges.

        Raises:
            SelectorInvalid: not CSS, or a range without start or end.
        """
        made = cls(_declared(select), _declared(remove))
        made.check()
        return made

    def check(self) -> None:
        """Raises: SelectorInvalid, when one of the selectors is no CSS."""
        for selector in (*self.select, *self.remove):
            for css in _css_of(selector):
                _compiled(css)


_OTA_NAMES: Final = {
    "startBefore": "start_before",
    "startAfter": "start_after",
    "endBefore": "end_before",
    "endAfter": "end_after",
}


def _declared(value: Declared) -> tuple[str | RangeSelector, ...]:
    if value is None or value == "":
        return ()
    if isinstance(value, str | Mapping):
        value = [value]
    made: list[str | RangeSelector] = []
    for one in value:
        if isinstance(one, str):
            made.append(one)
            continue
        names = {_OTA_NAMES.get(name, name): css for name, css in one.items()}
        if unknown := set(names) - set(_OTA_NAMES.values()):
            raise SelectorInvalid(f"A range selector has no {', '.join(sorted(unknown))}")
        made.append(RangeSelector(**names))
    return tuple(made)


def _css_of(selector: str | RangeSelector) -> list[str]:
    if isinstance(selector, str):
        return [selector]
    return [css for field in fields(selector) if (css := getattr(selector, field.name))]


def _plain(selectors: tuple[str | RangeSelector, ...]) -> list[object]:
    return [
        one if isinstance(one, str) else {field.name: getattr(one, field.name) for field in fields(one)}
        for one in selectors
    ]


@lru_cache(maxsize=2048)
def _compiled(css: str) -> Any:
    """The function that finds the matches of `css`, or None where only Beautiful Soup can."""
    try:
        return CSSSelector(css, translator="html")
    except (SelectorError, etree.XPathError):
        pass
    import soupsieve

    try:
        soupsieve.compile(css)
    except (soupsieve.SelectorSyntaxError, ValueError, NotImplementedError) as error:
        raise SelectorInvalid(f"{css!r} is no CSS selector: {str(error).splitlines()[0]}") from None
    return None


def _matches(root: Any, css: str) -> list[Any]:
    found = _compiled(css)
    if found is None:
        return _matches_soup(root, css)
    try:
        return list(found(root))
    except etree.XPathError as error:
        raise SelectorInvalid(f"{css!r} cannot be matched: {error}") from None


def _matches_soup(root: Any, css: str) -> list[Any]:
    """Number the elements, let Beautiful Soup find numbers."""
    from bs4 import BeautifulSoup

    name = "data-clausewatch-n"
    elements = [element for element in root.iter() if isinstance(element.tag, str)]
    for number, element in enumerate(elements):
        element.set(name, str(number))
    soup = BeautifulSoup(etree.tostring(root, encoding="unicode", method="html"), "lxml")
    for element in elements:
        del element.attrib[name]
    return [elements[int(str(tag[name]))] for tag in soup.select(css) if tag.has_attr(name)]


def cut(root: Any, selectors: Selectors) -> tuple[list[RawBlock], list[str]]:
    """What the selectors take out of the tree, by plain block text. The tree is changed where `remove` matches.

    Returns:
        the blocks, and the selectors (as given) that matched nothing. No block at all means that nothing was selected.

    Raises:
        SelectorInvalid
    """
    missed: list[str] = []
    ranges: list[RangeSelector] = []
    for selector in selectors.remove:
        if isinstance(selector, RangeSelector):
            ranges.append(selector)
        else:
            for element in _matches(root, selector):
                _detach(element)
    dropped = [range_ for one in ranges if (range_ := _ends(root, one))]
    if not selectors.select:
        return _walk([root], dropped), missed
    blocks: list[RawBlock] = []
    taken: set[Any] = set()
    for wanted in selectors.select:
        if isinstance(wanted, RangeSelector):
            ends = _ends(root, wanted)
            found = _between(root, ends, dropped) if ends else []
        else:
            tops = _outermost(_matches(root, wanted), taken)
            found = _walk(tops, dropped)
        if not found:
            missed.append(wanted if isinstance(wanted, str) else str(_plain((wanted,))[0]))
        blocks += found
    return blocks, missed


_EndsOf = tuple[Any, bool, Any, bool]


def _ends(root: Any, selector: RangeSelector) -> _EndsOf | None:
    """(start element, whether it belongs to the range, end element, whether it belongs), None where one is missing."""
    starts = _matches(root, selector.start_before or selector.start_after)
    if not starts:
        return None
    order = {element: number for number, element in enumerate(root.iter())}
    # The end is the first match after the start: "the next h2" is a common way to say where a section ends.
    ends = [end for end in _matches(root, selector.end_before or selector.end_after) if order[end] > order[starts[0]]]
    return (starts[0], bool(selector.start_before), ends[0], bool(selector.end_after)) if ends else None


def _interval(marks: dict[Any, tuple[int, int]], ends: _EndsOf) -> tuple[int, int] | None:
    start, start_in, end, end_in = ends
    if start not in marks or end not in marks:
        return None
    lo, hi = marks[start][0 if start_in else 1], marks[end][1 if end_in else 0]
    return (lo, hi) if lo < hi else None


def _walk(tops: list[Any], dropped: list[_EndsOf]) -> list[RawBlock]:
    page = walk(tops, [element for ends in dropped for element in (ends[0], ends[2])])
    for ends in dropped:
        if interval := _interval(page.marks, ends):
            page.blocks[interval[0] : interval[1]] = [None] * (interval[1] - interval[0])
    return [block for block in page.blocks if block]


def _between(root: Any, ends: _EndsOf, dropped: list[_EndsOf]) -> list[RawBlock]:
    page = walk([root], [element for pair in (ends, *dropped) for element in (pair[0], pair[2])])
    for pair in dropped:
        if interval := _interval(page.marks, pair):
            page.blocks[interval[0] : interval[1]] = [None] * (interval[1] - interval[0])
    interval = _interval(page.marks, ends)
    return [block for block in page.blocks[interval[0] : interval[1]] if block] if interval else []


def _outermost(elements: list[Any], taken: set[Any]) -> list[Any]:
    """Without elements that lie in another one, or were taken by an earlier selector."""
    tops: list[Any] = []
    for element in elements:
        node = element
        while node is not None and node not in taken:
            node = node.getparent()
        if node is None:
            taken.add(element)
            tops.append(element)
    return tops


def _detach(element: Any) -> None:
    """Take an element out of the tree and leave the text after it."""
    parent = element.getparent()
    if parent is None:
        return
    if element.tail:
        previous = element.getprevious()
        if previous is None:
            parent.text = (parent.text or "") + " " + element.tail
        else:
            previous.tail = (previous.tail or "") + " " + element.tail
    element.tail = None
    parent.remove(element)
