"""What a page says, as values: blocks, and the extraction that they make up.

These are the words that `scrapers`, `analysis` and `storage` share, so the module imports nothing of ours.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum

__all__ = ["Block", "BlockKind", "Extraction", "Link", "render_markdown", "render_text"]


class BlockKind(StrEnum):
    HEADING = "heading"
    PARAGRAPH = "paragraph"
    ITEM = "item"
    ROW = "row"
    PRE = "pre"


@dataclass(frozen=True, slots=True)
class Block:
    """One heading, paragraph, list item, table row or preformatted text.

    `text` is what a reader sees, in NFC, without markup or link targets; white space is single spaces (line breaks are
    kept in PRE only). The text of a ROW is its cells joined with " | ", the cells themselves are in `cells`.
    `level` is 1 to 6 for headings, the depth from 1 for list items, else 0.
    `path` is the texts of the headings above, outermost first, the block itself not included.
    """

    kind: BlockKind
    text: str
    level: int = 0
    path: tuple[str, ...] = ()
    cells: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a block, kept beside the text: index of the block, the words that are linked, the absolute target."""

    block: int
    text: str
    url: str


@dataclass(frozen=True, slots=True)
class Extraction:
    """A capture turned into text, by a numbered extractor version and a set of selectors.

    `method` names what made it: "generic", "selector", "pdf", "text" or the name of a vendor's own scraper.
    `warnings` are plain sentences about what was not as it should be (a selector that matched nothing, …).
    """

    title: str
    language: str | None
    blocks: tuple[Block, ...]
    links: tuple[Link, ...] = ()
    method: str = "generic"
    version: int = 0
    warnings: tuple[str, ...] = field(default=())

    @property
    def text(self) -> str:
        return render_text(self.blocks)

    @property
    def markdown(self) -> str:
        return render_markdown(self.blocks)


def render_text(blocks: Iterable[Block]) -> str:
    """One block a line; the lines of preformatted text stay lines."""
    return "\n".join(block.text for block in blocks)


def render_markdown(blocks: Iterable[Block]) -> str:
    """Markdown with headings, nested lists, tables and fenced text. Characters that Markdown would read are escaped."""
    return "\n".join(_markdown_lines(list(blocks)))


def _markdown_lines(blocks: list[Block]) -> Iterator[str]:
    previous: BlockKind | None = None
    for block in blocks:
        joined = block.kind is previous and block.kind in (BlockKind.ITEM, BlockKind.ROW)
        if previous is not None and not joined:
            yield ""
        match block.kind:
            case BlockKind.HEADING:
                yield "#" * min(max(block.level, 1), 6) + " " + _escape(block.text)
            case BlockKind.ITEM:
                yield "  " * (max(block.level, 1) - 1) + "- " + _escape(block.text)
            case BlockKind.ROW:
                cells = block.cells or (block.text,)
                yield "| " + " | ".join(_escape(cell) for cell in cells) + " |"
                if not joined:
                    yield "|" + " --- |" * len(cells)
            case BlockKind.PRE:
                fence = "```"
                while fence in block.text:
                    fence += "`"
                yield from (fence, block.text, fence)
            case BlockKind.PARAGRAPH:
                yield _escape(block.text)
        previous = block.kind


_MARKDOWN = str.maketrans({char: "\\" + char for char in "\\`*_[]<>|"})


def _escape(text: str) -> str:
    escaped = text.translate(_MARKDOWN)
    if escaped[:1] in ("#", "-", "+"):  # would start a heading or a list
        return "\\" + escaped
    number, dot, rest = escaped.partition(".")
    return f"{number}\\.{rest}" if dot and number.isdigit() else escaped
