"""Plain text into blocks: `<pre>` elements, text/plain and Markdown bodies."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from analysis.blocks import BlockKind
from scrapers.cleaning import clean
from scrapers.errors import PageTooComplex
from scrapers.raw import RawBlock

__all__ = ["paragraphs", "read_text"]

_MAX_LINES: Final = 50_000
_PROSE_LINE: Final = 38  # average length of lines of hard-wrapped prose is above, that of tables and addresses below
_WRAP: Final = 100  # characters; lines of unwrapped paragraphs are longer
_LINES: Final = re.compile(r"\r\n|[\n\r\f\v\x85\u2028\u2029]")
_MARKDOWN_HEADING: Final = re.compile(r"^\s{0,3}(#{1,6})\s+(\S.*?)[\s#]*$")
_MARKDOWN_LINK: Final = re.compile(r"\[([^\[\]]{1,500})\]\(([^()\s]{1,2000})[^()]{0,200}\)")
_STRONG: Final = re.compile(r"(?:\*\*|__)([^*_]{1,1000})(?:\*\*|__)")
_UNDERLINE: Final = re.compile(r"^\s{0,3}(=+|-+|\*+|~+)\s*$")
_ITEM: Final = re.compile(r"^(\s*)(?:[-*+•·o]|\(?(?:\d{1,3}|[a-z]|[ivx]{1,4})[.)])\s+(\S.*)$")
_NUMBERED_HEADING: Final = re.compile(r"^\s*(?:\d{1,2}(?:\.\d{1,2})*\.?|[IVX]{1,5}\.|[A-Z]\.)\s+\S")


def paragraphs(text: str) -> Iterator[tuple[BlockKind, str]]:
    """Split at blank lines; prose is re-flowed to a paragraph, what is laid out by hand keeps its lines.

    Yields:
        (PARAGRAPH, text) or (PRE, text with line breaks)
    """
    for lines in _chunks(_lines(text)):
        yield from _flow(lines)


def _lines(text: str) -> list[str]:
    lines = _LINES.split(text)
    if len(lines) > _MAX_LINES:
        raise PageTooComplex(f"The text has more than {_MAX_LINES:,} lines")
    return lines


def read_text(text: str) -> tuple[str, list[RawBlock]]:
    """Title and blocks of a text/plain or Markdown body: headings by `#`, underline, capitals or number; list items."""
    raw: list[RawBlock] = []
    lines = _lines(text)
    marked = any(_MARKDOWN_HEADING.match(line) for line in lines)
    wrapped = _is_wrapped(lines)
    for chunk in _chunks(lines):
        for part in _items(chunk) if wrapped else ([line] for line in chunk):
            raw += _of_part(part, alone=len(part) == len(chunk))
    if marked:
        for block in raw:
            _unmark(block)
    elif not wrapped:
        _promote_lines(raw)
    title = next((block.text for block in raw if block.kind is BlockKind.HEADING), raw[0].text[:200] if raw else "")
    return title, raw


def _unmark(block: RawBlock) -> None:
    """Take Markdown's marks out of a line: what is linked and what is strong."""
    text = block.text
    links = [(found[1], found[2]) for found in _MARKDOWN_LINK.finditer(text)]
    text = _MARKDOWN_LINK.sub(r"\1", text)
    strong = _STRONG.fullmatch(text)
    text = clean(_STRONG.sub(r"\1", text))
    if text:
        block.text = text
        block.links = links or None
        block.linked = min(sum(len(words) for words, _ in links), len(text))
        block.bold = strong is not None


def _promote_lines(raw: list[RawBlock]) -> None:
    """In a text of one paragraph a line, a short line before a long one is its heading."""
    for block, after in pairwise(raw):
        text = block.text
        if (
            block.kind is BlockKind.PARAGRAPH
            and len(text) <= 80
            and text.count(" ") < 12
            and text[0].isupper()
            and text[-1] not in ".,;:"
            and len(after.text) > _WRAP
        ):
            block.kind, block.level = BlockKind.HEADING, 2


def _is_wrapped(lines: list[str]) -> bool:
    """Whether line breaks are the typist's: few lines are longer than a screen is wide."""
    written = [line for line in lines if line.strip()]
    return sum(len(line) > _WRAP for line in written) * 5 < len(written)


def _chunks(lines: list[str]) -> Iterator[list[str]]:
    chunk: list[str] = []
    for line in lines:
        if line.strip():
            chunk.append(line)
        elif chunk:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _items(chunk: list[str]) -> Iterator[list[str]]:
    """Divide a chunk before each list item, Markdown heading and after each underlined line."""
    part: list[str] = []
    for line in chunk:
        if _UNDERLINE.match(line) and len(part) == 1:
            yield [*part, line]
            part = []
            continue
        if part and (_ITEM.match(line) or _MARKDOWN_HEADING.match(line) or _MARKDOWN_HEADING.match(part[0])):
            yield part
            part = []
        part.append(line)
    if part:
        yield part


def _of_part(part: list[str], *, alone: bool) -> Iterator[RawBlock]:
    first = part[0]
    if heading := _MARKDOWN_HEADING.match(first):
        yield RawBlock(BlockKind.HEADING, clean(heading[2]), len(heading[1]), -1)
        return
    if len(part) == 2 and (line := _UNDERLINE.match(part[1])) and len(first) < 120:
        yield RawBlock(BlockKind.HEADING, clean(first), 1 if line[1][0] in "=*" else 2, -1)
        return
    if len(part) == 1 and _UNDERLINE.match(first):
        return
    if len(part) == 1 and _is_heading(first.strip(), alone):
        yield RawBlock(BlockKind.HEADING, clean(first), 2, -1)
        return
    if (item := _ITEM.match(first)) and (text := clean(" ".join([item[2], *part[1:]]))):
        yield RawBlock(BlockKind.ITEM, text, min(len(item[1].expandtabs(4)) // 2 + 1, 6), -1)
        return
    for kind, flowed in _flow(part):
        yield RawBlock(kind, flowed, 0, -1)


def _is_heading(line: str, alone: bool) -> bool:
    if len(line) > 80 or not any(map(str.isalpha, line)) or line[-1] in ".,;:":
        return False
    if line.isupper() and len(line) > 3:
        return True
    return (
        alone and line.count(" ") < 10 and bool(_NUMBERED_HEADING.match(line) or (line[0].isupper() and len(line) < 50))
    )


def _flow(lines: list[str]) -> Iterator[tuple[BlockKind, str]]:
    body = lines[:-1] or lines
    average = sum(len(line.strip()) for line in body) / len(body)
    gaps = sum("   " in line.strip() or "\t" in line.strip() for line in lines)
    if len(lines) == 1 or (average >= _PROSE_LINE and gaps * 3 <= len(lines)):
        if flowed := clean(" ".join(lines)):
            yield BlockKind.PARAGRAPH, flowed
    elif kept := "\n".join(filter(None, map(clean, lines))):
        yield (BlockKind.PRE if "\n" in kept else BlockKind.PARAGRAPH), kept
