"""One document out of a page that holds several: by id, name or heading."""

from __future__ import annotations

import re
from typing import Any, Final
from urllib.parse import unquote

from analysis.blocks import BlockKind
from scrapers.main_content import choose, is_document_title
from scrapers.raw import RawBlock
from scrapers.tree import Page, walk

__all__ = ["narrow"]

_CONTAINER: Final = 300  # characters of text in an element that is the document, not only the place where it begins
_WORTH: Final = (
    1500  # characters a URL's fragment must lead to; a person who copied a link to a clause watches the document
)
_TITLE_CHARS: Final = 120
_NUMBERED: Final = re.compile(r"^\W*(?:\d{1,2}|[ivxlc]{1,6}|[a-z])[.)\s]", re.IGNORECASE)
_NOT_WORD: Final = re.compile(r"[\W_]+")


def narrow(root: Any, page: Page, place: str, *, asked: bool) -> list[RawBlock] | None:
    """The blocks of the document that begins at `place`, or None where the page has no such place.

    Parameters:
        root: the tree that `page` was walked from.
        place: id or name of an element, or the words of a heading.
        asked: someone configured it; else it is the fragment of a URL, honoured only when it leads to a document's
            title.
    """
    place = unquote(place).strip().lstrip("#").strip()
    if not place or len(place) > 300:
        return None
    element = _element(root, place)
    if element is not None:
        page = walk([root], [element])
        if element in page.marks:
            lo, hi = page.marks[element]
            if not asked and not is_document_title(_first(page, lo)):
                return None
            if _chars(page, lo, hi) < _CONTAINER:
                lo, hi = _section(page, lo)
            if asked or _chars(page, lo, hi) >= _WORTH:
                return choose(page, (lo, hi))
    found = _by_words(page, place) if asked else None
    return choose(page, found) if found else None


def _element(root: Any, place: str) -> Any:
    found = root.xpath("//body//*[@id=$p]|//body//a[@name=$p]", p=place)
    if not found:
        lowered = place.lower()
        found = [
            element
            for element in root.iter()
            if isinstance(element.tag, str) and (element.get("id") or element.get("name") or "").lower() == lowered
        ]
    return found[0] if found else None


def _first(page: Page, index: int) -> RawBlock | None:
    return next((block for block in page.blocks[index : index + 10] if block), None)


def _chars(page: Page, lo: int, hi: int) -> int:
    return sum(len(block.text) for block in page.blocks[lo:hi] if block)


def _plain(text: str) -> str:
    return _NOT_WORD.sub(" ", text.lower()).strip()


def _words(block: RawBlock) -> set[str]:
    return set(_plain(block.text).split())


def _by_words(page: Page, place: str) -> tuple[int, int] | None:
    """The section under the line that says `place`; of several such lines the one with the most text below."""
    wanted = _plain(place)
    if not wanted:
        return None
    equal: list[int] = []
    beginning: list[int] = []
    for index, block in enumerate(page.blocks):
        if block is None or len(block.text) > _TITLE_CHARS or block.linked * 2 > len(block.text):
            continue
        words = _plain(block.text)
        if words == wanted:
            equal.append(index)
        elif block.kind is BlockKind.HEADING and wanted in words:
            beginning.append(index)
    sections = [_section(page, index) for index in (equal or beginning)[:50]]
    return max(sections, key=lambda section: _chars(page, *section), default=None)


def _section(page: Page, start: int) -> tuple[int, int]:
    """From a document's first line to where the next document begins.

    A title of another document ends it ("Children's Privacy Policy" is a part of the "Privacy Policy" before it), and a
    heading above its own level. A heading of the same level ends it only where
    the document has headings below that level: many documents put their title and their clauses on one level.
    """
    first = _first(page, start)
    if first is None:
        return start, start
    level = first.level if first.kind is BlockKind.HEADING else 7
    own = _words(first)
    deeper = False
    for index in range(start + 1, len(page.blocks)):
        block = page.blocks[index]
        if block is None or block is first:
            continue
        heading = block.kind is BlockKind.HEADING
        if heading and block.level < level < 7:
            return start, index
        if (not heading or block.level <= level) and is_document_title(block) and not own <= _words(block):
            return start, index
        if heading and block.level == level and deeper and not _NUMBERED.match(block.text):
            return start, index
        deeper = deeper or (heading and block.level > level)
    return start, len(page.blocks)
