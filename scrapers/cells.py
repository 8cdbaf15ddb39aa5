"""Tables of data told from tables of layout; rows of data become one block each."""

from __future__ import annotations

from typing import Final

from analysis.blocks import BlockKind
from scrapers.raw import RawBlock

__all__ = ["Table", "merge_rows"]

# A data table's cell: longer or more divided ones are page layout.
_CELL_BLOCKS: Final = 12
_CELL_CHARS: Final = 3000


class Table:
    """An open table: the intervals of blocks of each row's cells, and whether a table with text stands in it."""

    __slots__ = ("nested", "rows")

    def __init__(self) -> None:
        self.rows: list[list[tuple[int, int]]] = []
        self.nested = False


def merge_rows(blocks: list[RawBlock | None], rows: list[list[tuple[int, int]]]) -> None:
    """Make each row of a data table one block, at the place of its first; leave a layout table as it is."""
    full = [[cell for cell in row if cell[1] > cell[0]] for row in rows]
    full = [row for row in full if len(row) > 1]
    if len(full) < 2:
        return
    sizes: list[int] = []
    for row in full:
        for lo, hi in row:
            inside = [block for block in blocks[lo:hi] if block is not None]
            size = sum(len(block.text) for block in inside)
            if len(inside) > _CELL_BLOCKS or size > _CELL_CHARS:
                return
            if any(block.kind is BlockKind.HEADING and block.level < 4 and hi - lo > 1 for block in inside):
                return
            sizes.append(size)
    if max(sizes) > 600 and max(sizes) > 0.6 * sum(sizes):
        return
    for row in full:
        _merge_row(blocks, row)


def _merge_row(blocks: list[RawBlock | None], cells: list[tuple[int, int]]) -> None:
    first = cells[0][0]
    texts: list[str] = []
    merged = RawBlock(BlockKind.ROW, "", 0, -1)
    links: list[tuple[str, str]] = []
    for lo, hi in cells:
        inside = [block for block in blocks[lo:hi] if block is not None]
        if not inside:
            continue
        if merged.region < 0:
            merged.region = inside[0].region
        texts.append(" ".join(block.text for block in inside).replace("\n", " "))
        for block in inside:
            merged.linked += block.linked
            merged.inpage += block.inpage
            if block.links:
                links.extend(block.links)
        blocks[lo:hi] = [None] * (hi - lo)
    merged.text = " | ".join(texts)
    merged.cells = tuple(texts)
    merged.links = links or None
    blocks[first] = merged
