"""From an HTML tree to lines: one walk over lxml's tree that gives raw blocks and the regions that they stand in.

A raw block is a run of inline content between two block-level boundaries, with what the choice of the main content
needs to know about it: how much of it is linked, whether it is bold throughout, which region is innermost around it.
A region is a block-level element as an interval [lo, hi) of raw blocks. An element that wraps another and adds no text
has the same interval, so it cannot change a decision that is made about intervals: this is why extra wrappers change
nothing. No class, id or style is read here; they change from build to build.

The walk is iterative, for pages that nest 2,000 elements.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import Any, Final

from lxml import etree

from analysis.blocks import BlockKind
from scrapers.cells import Table, merge_rows
from scrapers.cleaning import clean
from scrapers.emails import decode_cloudflare
from scrapers.plaintext import paragraphs
from scrapers.raw import RawBlock

__all__ = ["Page", "Region", "walk"]

# What the walk does at a tag; everything not listed is inline.
(
    _INLINE,
    _BLOCK,
    _PARA,
    _SKIP,
    _BREAK,
    _LINK,
    _BOLD,
    _HEADING,
    _ITEM,
    _LIST,
    _CELL,
    _ROW,
    _TABLE,
    _PRE,
    _TEXTAREA,
    _CONTROL,
) = range(16)

_CODES: Final[dict[Any, int]] = {
    **dict.fromkeys(
        [
            "address",
            "article",
            "aside",
            "blockquote",
            "body",
            "center",
            "dd",
            "details",
            "dialog",
            "div",
            "dl",
            "dt",
            "fieldset",
            "figcaption",
            "figure",
            "footer",
            "form",
            "header",
            "hgroup",
            "hr",
            "html",
            "legend",
            "main",
            "nav",
            "noscript",
            "p",
            "search",
            "section",
            "summary",
            "caption",
            "tbody",
            "thead",
            "tfoot",
            "template",
            "frameset",
        ],
        _BLOCK,
    ),
    **dict.fromkeys(
        [
            "script",
            "style",
            "head",
            "svg",
            "math",
            "canvas",
            "audio",
            "video",
            "map",
            "object",
            "embed",
            "applet",
            "iframe",
            "select",
            "datalist",
            "option",
            "progress",
            "meter",
            "template_",
            "frame",
            "rp",
            "noembed",
            "noframes",
        ],
        _SKIP,
    ),
    **dict.fromkeys(["h1", "h2", "h3", "h4", "h5", "h6"], _HEADING),
    **dict.fromkeys(["ul", "ol", "menu", "dir"], _LIST),
    **dict.fromkeys(["td", "th"], _CELL),
    **dict.fromkeys(["b", "strong"], _BOLD),
    "p": _PARA,
    "br": _BREAK,
    "a": _LINK,
    "li": _ITEM,
    "tr": _ROW,
    "table": _TABLE,
    "pre": _PRE,
    "xmp": _PRE,
    "plaintext": _PRE,
    "listing": _PRE,
    "textarea": _TEXTAREA,
    "button": _CONTROL,
}
_TEXTAREA_CHARS: Final = 200


class Region:
    """A block-level element: tag, index of the region around it, and the interval [lo, hi) of blocks."""

    __slots__ = ("hi", "lo", "parent", "tag")

    def __init__(self, tag: str, parent: int, lo: int) -> None:
        self.tag = tag
        self.parent = parent
        self.lo = lo
        self.hi = lo


class Page:
    """All blocks of a walk; a block that was merged into a table row is None."""

    __slots__ = ("blocks", "marks", "regions")

    def __init__(self) -> None:
        self.blocks: list[RawBlock | None] = []
        self.regions: list[Region] = []
        self.marks: dict[Any, tuple[int, int]] = {}


def walk(tops: Iterable[Any], marks: Collection[Any] = ()) -> Page:
    """Walk the elements `tops` one after the other.

    Parameters:
        tops: elements, none inside another.
        marks: elements whose place is wanted: `Page.marks[element]` is the interval of blocks it holds.
    """
    walker = _Walker(frozenset(marks))
    for top in tops:
        walker.run(top)
    return walker.page


class _Walker:
    def __init__(self, marks: frozenset[Any]) -> None:
        self.page = Page()
        self.wanted = marks
        self.region = -1
        self.buffer: list[str] = []
        self.heading = 0
        self.items: list[list[int]] = []  # open list items: [depth, 1 while nothing of it is written]
        self.depth = 0
        self.saved: list[tuple[int, list[list[int]], int]] = []  # of the places around open cells
        self.tables: list[Table] = []
        self.pre = 0
        self.control = 0
        self.link: str | None = None
        self.link_from = 0
        self.link_mail: str | None = None
        self.links: list[tuple[str, str]] = []
        self.linked = 0
        self.inpage = 0
        self.bold = 0
        self.bold_from = 0
        self.bold_chars = 0
        self.break_at = -1

    def run(self, top: Any) -> None:  # noqa: C901 - the hot path: a call for each element would double its time
        """Walk one element."""
        buffer = self.buffer
        wanted = self.wanted
        regions = self.page.regions
        blocks = self.page.blocks
        starts: dict[Any, int] = {}
        iterator = etree.iterwalk(top, events=("start", "end"))
        for event, element in iterator:
            tag = element.tag
            code = _CODES.get(tag, _INLINE)
            if event == "start":
                if wanted and element in wanted:
                    self.flush()
                    starts[element] = len(blocks)
                if code == _BLOCK:
                    if buffer:
                        self.flush()
                    regions.append(Region(tag, self.region, len(blocks)))
                    self.region = len(regions) - 1
                elif code == _PARA:  # no region: it would hold its own line only
                    if buffer:
                        self.flush()
                elif code == _SKIP:
                    iterator.skip_subtree()
                    continue
                elif code != _INLINE:
                    _OPENED[code](self, tag, element)
                elif "-" in tag or ":" in tag:
                    buffer.append(" ")
                text = element.text
                if text and (buffer or not text.isspace()):
                    buffer.append(text)
                continue
            if code == _BLOCK:
                if buffer:
                    self.flush()
                region = regions[self.region]
                region.hi = len(blocks)
                self.region = region.parent
            elif code == _PARA:
                if buffer:
                    self.flush()
            elif code > _SKIP:
                _CLOSED[code](self)
            elif code == _INLINE and ("-" in tag or ":" in tag):
                buffer.append(" ")
            if wanted and element in wanted and element in starts:
                self.flush()
                self.page.marks[element] = (starts[element], len(blocks))
            if element is not top:
                text = element.tail
                if text and (buffer or not text.isspace()):
                    buffer.append(text)
        self.flush()

    # -- boundaries ----------------------------------------------------------------------------------------------

    def enter(self, tag: str) -> None:
        self.flush()
        self.page.regions.append(Region(tag, self.region, len(self.page.blocks)))
        self.region = len(self.page.regions) - 1

    def leave(self) -> None:
        self.flush()
        region = self.page.regions[self.region]
        region.hi = len(self.page.blocks)
        self.region = region.parent

    def open_bold(self, tag: str, element: Any) -> None:
        if not self.bold:
            self.bold_from = len(self.buffer)
        self.bold += 1

    def close_bold(self) -> None:
        self.bold -= 1
        if not self.bold:
            self.bold_chars += _solid(self.buffer, self.bold_from)

    def open_control(self, tag: str, element: Any) -> None:
        # A button may be the words of a heading; elsewhere it is a line of its own.
        self.buffer.append(" ")
        if not self.heading:
            self.flush()
        self.control += 1

    def close_control(self) -> None:
        if not self.heading:
            self.flush()
        self.control -= 1
        self.buffer.append(" ")

    def open_heading(self, tag: str, element: Any) -> None:
        self.flush()
        self.heading = int(tag[1])

    def close_heading(self) -> None:
        self.flush()
        self.heading = 0

    def open_list(self, tag: str, element: Any) -> None:
        self.enter(tag)
        self.depth += 1

    def close_list(self) -> None:
        self.leave()
        self.depth -= 1

    def open_item(self, tag: str, element: Any) -> None:
        self.enter(tag)
        self.items.append([max(self.depth, 1), 1])

    def close_item(self) -> None:
        self.leave()
        if self.items:
            self.items.pop()

    def open_cell(self, tag: str, element: Any) -> None:
        self.enter(tag)
        self.saved.append((self.heading, self.items, self.depth))
        self.heading, self.items, self.depth = 0, [], 0
        if self.tables and self.tables[-1].rows:
            self.tables[-1].rows[-1].append((len(self.page.blocks), -1))

    def close_cell(self) -> None:
        self.leave()
        self.heading, self.items, self.depth = self.saved.pop()
        if self.tables and self.tables[-1].rows and self.tables[-1].rows[-1]:
            cells = self.tables[-1].rows[-1]
            cells[-1] = (cells[-1][0], len(self.page.blocks))

    def open_row(self, tag: str, element: Any) -> None:
        self.enter(tag)
        if self.tables:
            self.tables[-1].rows.append([])

    def open_table(self, tag: str, element: Any) -> None:
        self.enter(tag)
        self.tables.append(Table())

    def open_pre(self, tag: str, element: Any) -> None:
        self.enter(tag)
        self.pre += 1

    def close_pre(self) -> None:
        self.leave()
        self.pre -= 1

    def close_textarea(self) -> None:
        self.flush(textarea=True)
        self.close_pre()

    def close_table(self) -> None:
        self.leave()
        table = self.tables.pop()
        if self.tables and any(hi > lo for row in table.rows for lo, hi in row):
            self.tables[-1].nested = True
        if not table.nested:
            merge_rows(self.page.blocks, table.rows)

    def line_break(self, tag: str, element: Any) -> None:
        buffer = self.buffer
        if self.pre:
            buffer.append("\n")
            return
        if self.break_at >= 0 and not "".join(buffer[self.break_at :]).strip():
            self.flush()
            return
        if self.bold_chars and not self.bold and self.bold_chars >= _solid(buffer, 0):
            self.flush()  # <b>Heading</b><br>text
            return
        buffer.append(" ")
        self.break_at = len(buffer)

    # -- links ---------------------------------------------------------------------------------------------------

    def open_link(self, tag: str, element: Any) -> None:
        href = element.get("href")
        if self.link is not None:
            self.close_link()
        if href is None:
            return
        self.link = href
        self.link_from = len(self.buffer)
        self.link_mail = None
        if "email-protection" in href:
            self.link_mail = decode_cloudflare(href.rpartition("#")[2])

    def close_link(self) -> None:
        href = self.link
        if href is None:
            return
        self.take_link(href)
        self.link = None

    def take_link(self, href: str) -> None:
        """Count what was linked in the buffer, and put the address for an obfuscated one."""
        words = clean("".join(self.buffer[self.link_from :]))
        if self.link_mail is not None:
            href = "mailto:" + self.link_mail
            if "[email" in words:
                words = self.link_mail.partition("?")[0]
                self.buffer[self.link_from :] = [words]
        if words:
            self.linked += len(words)
            if href[:1] == "#":
                self.inpage += len(words)
            else:
                self.links.append((words, href))
                if href[:7].lower() == "mailto:":
                    self.inpage += len(words)  # leads to no other page

    # -- blocks --------------------------------------------------------------------------------------------------

    def flush(self, textarea: bool = False) -> None:
        """End the line: what is in the buffer becomes a block, if it is any."""
        buffer = self.buffer
        if not buffer:
            return
        if self.link is not None:
            self.take_link(self.link)
            self.link_from = 0
        if self.bold:
            self.bold_chars += _solid(buffer, self.bold_from)
            self.bold_from = 0
        joined = "".join(buffer)
        buffer.clear()
        if self.pre:
            self.add_preformatted(joined, textarea)
        elif text := clean(joined):
            self.add(text)
        self.linked = self.inpage = self.bold_chars = 0
        self.links = []
        self.break_at = -1

    def add(self, text: str) -> None:
        items = self.items
        if self.heading:
            block = RawBlock(BlockKind.HEADING, text, self.heading, self.region)
        elif items and items[-1][1]:
            block = RawBlock(BlockKind.ITEM, text, items[-1][0], self.region)
            items[-1][1] = 0
        else:
            block = RawBlock(BlockKind.PARAGRAPH, text, 0, self.region)
        if self.linked:
            block.linked = self.linked
            block.inpage = self.inpage
            if self.links:
                block.links = self.links
        if self.bold_chars:
            block.bold = self.bold_chars >= len(text) - text.count(" ")
        if self.control:
            block.control = True
        self.page.blocks.append(block)

    def add_preformatted(self, text: str, textarea: bool) -> None:
        if textarea and len(text) < _TEXTAREA_CHARS:
            return
        links, linked = self.links, self.linked
        for kind, part in paragraphs(text):
            block = RawBlock(kind, part, 0, self.region)
            if links:
                block.links, block.linked = links, min(linked, len(part))
                links, linked = [], 0
            self.page.blocks.append(block)


def _nothing(walker: _Walker) -> None:
    """The end of an element that has none."""


# Not in the instance: its own bound methods would make a cycle, and each page wait for the garbage collector.
_OPENED: Final[dict[int, Callable[[_Walker, str, Any], None]]] = {
    _LINK: _Walker.open_link,
    _BOLD: _Walker.open_bold,
    _BREAK: _Walker.line_break,
    _CONTROL: _Walker.open_control,
    _HEADING: _Walker.open_heading,
    _LIST: _Walker.open_list,
    _ITEM: _Walker.open_item,
    _CELL: _Walker.open_cell,
    _ROW: _Walker.open_row,
    _TABLE: _Walker.open_table,
    _PRE: _Walker.open_pre,
    _TEXTAREA: _Walker.open_pre,
}
_CLOSED: Final[dict[int, Callable[[_Walker], None]]] = {
    _LINK: _Walker.close_link,
    _BOLD: _Walker.close_bold,
    _BREAK: _nothing,
    _CONTROL: _Walker.close_control,
    _HEADING: _Walker.close_heading,
    _LIST: _Walker.close_list,
    _ITEM: _Walker.close_item,
    _CELL: _Walker.close_cell,
    _ROW: _Walker.leave,
    _TABLE: _Walker.close_table,
    _PRE: _Walker.close_pre,
    _TEXTAREA: _Walker.close_textarea,
}


def _solid(buffer: list[str], start: int) -> int:
    """Characters that are not white space."""
    return len("".join("".join(buffer[start:]).split()))
