"""PDF policies: lines with their font sizes into headings, re-flowed paragraphs and list items.

pdfminer.six gives characters and where they stand; what a line is to its neighbours is told by size, gap and position.
"""

from __future__ import annotations

import io
import re
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

from analysis.blocks import BlockKind
from scrapers.cleaning import clean
from scrapers.errors import PageTooComplex, PdfScanned, PdfUnreadable, TextMissing
from scrapers.raw import RawBlock

__all__ = ["read_pdf"]

_MAX_PAGES: Final = 500
_MAX_OBJECTS: Final = 40_000  # a broken file is searched object by object
_MAX_SECONDS: Final = 60.0  # pdfminer needs 30 to 100 ms a page
_MARGIN: Final = 0.1  # of the page's height, above and below, where running headers and footers stand
_SCANNED_CHARS: Final = 40  # a page; scans hold a stamp or a page number at most
_HEADING_SIZE: Final = 1.12  # of the body's size
_GAP: Final = 1.6  # of the usual distance of lines: a new paragraph
_BULLET: Final = re.compile(r"^(?:[•·▪◦●○■□‣⁃∙*\uf0b7\uf0a7]|[-–—]|o(?=\s)|\(cid:\d+\))\s+(?=\S)|^[•●▪\uf0b7](?=\S)")
_NUMBERED: Final = re.compile(r"^(?:\(?(?:\d{1,2}|[a-z]|[ivx]{1,4})\)|\d{1,2}(?:\.\d{1,2})*\.?)\s+\S")
_PAGE_NUMBER: Final = re.compile(
    r"^\W*(?:page|seite|p\.)?\s*\d{1,4}(?:\s*(?:of|/|von|sur|de)\s*\d{1,4})?\W*$", re.IGNORECASE
)
_DIGITS: Final = re.compile(r"\d+")
_SENTENCE_END: Final = (".", "!", "?", ":", ";", "”", '."')


@dataclass(slots=True)
class _Line:
    text: str
    size: float
    bold: bool
    x: float
    top: float
    bottom: float
    page: int
    margin: bool  # stands where running headers and footers stand


def read_pdf(body: bytes) -> tuple[str, list[RawBlock], list[str]]:
    """Title, raw blocks and warnings of a PDF.

    Raises:
        PdfUnreadable: broken or encrypted.
        PdfScanned: pictures of text.
        PageTooComplex: over 500 pages or a minute of work.
    """
    if body.count(b" obj") > _MAX_OBJECTS:
        raise PageTooComplex(f"The PDF has more than {_MAX_OBJECTS:,} objects")
    try:
        title, lines, pages, pictures = _read(body)
    except (PageTooComplex, MemoryError):
        raise
    except Exception as error:
        # pdfminer raises whatever a broken file makes its parser trip over: KeyError, TypeError, struct.error, …
        raise PdfUnreadable(f"The PDF cannot be read: {type(error).__name__}") from error
    chars = sum(len(line.text) for line in lines)
    if chars < _SCANNED_CHARS * pages:
        if pictures or chars:
            raise PdfScanned(f"The PDF has {pages} pages with pictures and {chars} characters of text")
        raise TextMissing("The PDF has no text")
    lines = _without_running(lines, pages)
    blocks = _blocks(lines)
    return title or next((block.text for block in blocks if block.kind is BlockKind.HEADING), ""), blocks, []


def _read(body: bytes) -> tuple[str, list[_Line], int, int]:
    from pdfminer.high_level import extract_pages
    from pdfminer.layout import LAParams, LTFigure, LTImage, LTTextContainer, LTTextLine
    from pdfminer.pdfdocument import PDFDocument
    from pdfminer.pdfparser import PDFParser

    start = body.find(b"%PDF-")
    stream = io.BytesIO(body[max(start, 0) :])
    title = _title(PDFDocument(PDFParser(stream)))
    stream.seek(0)
    lines: list[_Line] = []
    pages = pictures = 0
    deadline = time.monotonic() + _MAX_SECONDS
    for page in extract_pages(stream, maxpages=_MAX_PAGES + 1, laparams=LAParams(boxes_flow=0.5)):
        pages += 1
        if pages > _MAX_PAGES or time.monotonic() > deadline:
            raise PageTooComplex(f"The PDF is too long to be read: over {pages - 1} pages")
        for element in page:
            if isinstance(element, LTFigure | LTImage):
                pictures += 1
            elif isinstance(element, LTTextContainer):
                lines += [
                    line
                    for part in element
                    if isinstance(part, LTTextLine) and (line := _line(part, pages, page.height))
                ]
    return title, lines, pages, pictures


def _title(document: Any) -> str:
    """The title in the document's information, where a person wrote it and not a word processor."""
    for info in document.info:
        value = info.get("Title")
        if isinstance(value, bytes):
            text = (
                value.decode("utf-16", "replace")
                if value[:2] in (b"\xfe\xff", b"\xff\xfe")
                else value.decode("latin-1")
            )
            text = clean(text)[:300]
            if text and not re.search(
                r"\.(?:docx?|indd|pdf|rtf)$|^(?:microsoft word|untitled|document\d*)", text, re.I
            ):
                return text
    return ""


def _line(part: Any, page: int, height: float) -> _Line | None:
    text = clean(part.get_text())
    if not text:
        return None
    chars = [char for char in part if hasattr(char, "fontname")]
    if not chars:
        return None
    size = Counter(round(char.size * 2) / 2 for char in chars).most_common(1)[0][0]
    heavy = sum("bold" in char.fontname.lower() or "black" in char.fontname.lower() for char in chars)
    margin = part.y1 < _MARGIN * height or part.y0 > (1 - _MARGIN) * height
    return _Line(text, size, heavy * 10 >= 9 * len(chars), part.x0, part.y1, part.y0, page, margin)


def _without_running(lines: list[_Line], pages: int) -> list[_Line]:
    """Leave out what stands in the margin of several pages with other numbers only, and page numbers."""
    seen: Counter[str] = Counter()
    for text in {(line.page, _DIGITS.sub("#", line.text)) for line in lines if line.margin}:
        seen[text[1]] += 1
    often = max(2, min(3, pages // 2))
    return [
        line
        for line in lines
        if not line.margin or not (seen[_DIGITS.sub("#", line.text)] >= often or _PAGE_NUMBER.match(line.text))
    ]


def _blocks(lines: list[_Line]) -> list[RawBlock]:
    if not lines:
        return []
    sizes: Counter[float] = Counter()
    for line in lines:
        sizes[line.size] += len(line.text)
    body = sizes.most_common(1)[0][0]
    larger = sorted({line.size for line in lines if line.size >= _HEADING_SIZE * body}, reverse=True)
    levels = {size: min(rank + 1, 6) for rank, size in enumerate(larger)}
    step = _usual_step(lines)
    compounds = " ".join(line.text for line in lines).lower()
    return [_block(group, levels, compounds) for group in _groups(lines, levels, step)]


def _usual_step(lines: list[_Line]) -> float:
    steps = Counter(
        round(first.top - second.top)
        for first, second in pairwise(lines)
        if first.page == second.page and first.top > second.top
    )
    return float(steps.most_common(1)[0][0]) if steps else 14.0


def _groups(lines: list[_Line], levels: dict[float, int], step: float) -> Iterator[list[_Line]]:
    group: list[_Line] = []
    for line in lines:
        if group and _begins(group, line, levels, step):
            yield group
            group = []
        group.append(line)
    if group:
        yield group


def _begins(group: list[_Line], line: _Line, levels: dict[float, int], step: float) -> bool:
    """Whether a line begins a new block after the lines of `group`."""
    last = group[-1]
    if levels.get(line.size) != levels.get(last.size) or line.bold != last.bold or _BULLET.match(line.text):
        return True
    if line.page != last.page or line.top > last.top:  # next page or column: a sentence runs on
        return last.text.endswith(_SENTENCE_END) or not line.text[:1].islower()
    if last.top - line.top > _GAP * max(step, line.size):
        return True
    # An indented number after the end of a sentence is the next clause
    return bool(_NUMBERED.match(line.text)) and last.text.endswith(_SENTENCE_END)


def _block(group: list[_Line], levels: dict[float, int], compounds: str) -> RawBlock:
    text = group[0].text
    for line in group[1:]:
        text = _join(text, line.text, compounds)
    first = group[0]
    level = levels.get(first.size, 0)
    if level and len(text) <= 200:
        return RawBlock(BlockKind.HEADING, text, level, -1)
    if bullet := _BULLET.match(text):
        return RawBlock(BlockKind.ITEM, text[bullet.end() :].strip(), 1, -1)
    block = RawBlock(BlockKind.PARAGRAPH, text, 0, -1)
    block.bold = all(line.bold for line in group)
    return block


def _join(text: str, line: str, compounds: str) -> str:
    """Put a line to the text before it; a hyphen at its end goes, unless the compound is written with it elsewhere."""
    if len(text) > 1 and text.endswith(("-", "\u2010")) and text[-2].isalpha() and line[:1].islower():
        before, after = text[:-1].rpartition(" ")[2], line.partition(" ")[0].strip(".,;:)")
        if f"{before}-{after}".lower() in compounds:
            return text + line
        return text[:-1] + line
    return f"{text} {line}"
