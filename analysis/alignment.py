"""The difference between two extractions, as values that alerts, reports and the command line all render.

Made by `analysis.align.align`. Exact: joining the EQUAL and DELETE spans of a pair gives the old text, joining its
EQUAL and INSERT spans the new text; all pairs together hold all blocks of both sides, each exactly once.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from analysis.blocks import Block

__all__ = ["Alignment", "Op", "Pair", "PairKind", "Span"]


class Op(StrEnum):
    EQUAL = "equal"
    DELETE = "delete"
    INSERT = "insert"


class PairKind(StrEnum):
    SAME = "same"  # equal to the letter (heading level and list depth included)
    COSMETIC = "cosmetic"  # says the same: quotes, case, numbering, "15" = "fifteen (15)", contractions, …
    MODIFIED = "modified"  # similar blocks whose words differ
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Span:
    """A run of characters that both sides share, or that one of them lacks."""

    op: Op
    text: str


@dataclass(frozen=True, slots=True)
class Pair:
    """Blocks of the old side and the blocks of the new side that they became.

    `old` and `new` are indices into the block lists: one each as a rule, none on one side for ADDED and REMOVED,
    several where a paragraph was split or joined (their texts are then joined with a single space before comparing).
    `moved` is true when the pair stands in another order than its neighbours do. `notes` say what kind of cosmetic
    difference was seen ("renumbered", "split", "joined", "quotes", "heading level" …).
    `spans` compare old with new by words; a single span for SAME, ADDED and REMOVED.
    """

    kind: PairKind
    old: tuple[int, ...]
    new: tuple[int, ...]
    spans: tuple[Span, ...]
    moved: bool = False
    similarity: float = 1.0
    notes: tuple[str, ...] = ()

    @property
    def old_text(self) -> str:
        return "".join(span.text for span in self.spans if span.op is not Op.INSERT)

    @property
    def new_text(self) -> str:
        return "".join(span.text for span in self.spans if span.op is not Op.DELETE)


@dataclass(frozen=True, slots=True)
class Alignment:
    """All pairs in reading order: that of the new side, removed blocks where they stood."""

    old: tuple[Block, ...]
    new: tuple[Block, ...]
    pairs: tuple[Pair, ...]

    @property
    def changes(self) -> tuple[Pair, ...]:
        """The pairs that a reader must see: words modified, added or removed."""
        return tuple(p for p in self.pairs if p.kind in (PairKind.MODIFIED, PairKind.ADDED, PairKind.REMOVED))

    @property
    def cosmetic(self) -> tuple[Pair, ...]:
        return tuple(p for p in self.pairs if p.kind is PairKind.COSMETIC or (p.kind is PairKind.SAME and p.moved))
