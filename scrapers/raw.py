"""The line that the readers of HTML, text and PDF make, before anything is chosen."""

from __future__ import annotations

from analysis.blocks import BlockKind

__all__ = ["RawBlock"]


class RawBlock:
    """One line of the page, before anything is chosen. `links` are (words, href, offset in words unknown) as found."""

    __slots__ = ("bold", "cells", "control", "inpage", "kind", "level", "linked", "links", "region", "text")

    def __init__(self, kind: BlockKind, text: str, level: int, region: int) -> None:
        self.kind = kind
        self.text = text
        self.level = level
        self.region = region
        self.cells: tuple[str, ...] = ()
        self.links: list[tuple[str, str]] | None = None
        self.linked = 0  # characters that are linked
        self.inpage = 0  # of these, to a place in the same page
        self.bold = False  # bold throughout
        self.control = False  # the text of a button
