"""An alignment as a reader sees it: unified lines, side-by-side rows, excerpts. Data first, plain text last.

Colours and HTML are the callers': every line and row carries spans, and spans carry plain text that is not escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from analysis.alignment import Alignment, Op, Pair, PairKind, Span

__all__ = [
    "Line",
    "LineKind",
    "Row",
    "excerpt",
    "marked",
    "plain_lines",
    "side_by_side",
    "sides",
    "unified",
    "word_spans",
]

CONTEXT = 2


class LineKind(StrEnum):
    CONTEXT = "context"
    REMOVED = "removed"
    ADDED = "added"
    MODIFIED = "modified"
    COSMETIC = "cosmetic"
    MOVED = "moved"
    HIDDEN = "hidden"  # stands for `hidden` blocks that are left out


@dataclass(frozen=True, slots=True)
class Line:
    """One block, or one gap between the blocks shown. `pair` is the index in `Alignment.pairs`, -1 for a gap.

    `heading` is the innermost heading that the block stands under, "" at the top.
    """

    kind: LineKind
    spans: tuple[Span, ...] = ()
    pair: int = -1
    hidden: int = 0
    heading: str = ""
    moved: bool = False
    notes: tuple[str, ...] = ()

    @property
    def text(self) -> str:
        return "".join(span.text for span in self.spans)


@dataclass(frozen=True, slots=True)
class Row:
    """A row of a two-column view: None where a side has nothing. A HIDDEN row has neither side."""

    kind: LineKind
    old: tuple[Span, ...] | None
    new: tuple[Span, ...] | None
    pair: int = -1
    hidden: int = 0
    heading: str = ""
    moved: bool = False
    notes: tuple[str, ...] = ()


def unified(alignment: Alignment, *, context: int = CONTEXT, cosmetic: bool = False) -> tuple[Line, ...]:
    """The changed blocks with `context` blocks around each; the rest as counts.

    Parameters:
        context: blocks before and after each change; negative shows all.
        cosmetic: whether cosmetic differences and moves count as changes; else they appear only as context.
    """
    return tuple(_lines(alignment, context, cosmetic))


def side_by_side(alignment: Alignment, *, context: int = CONTEXT, cosmetic: bool = False) -> tuple[Row, ...]:
    """The same as rows with the old text on the left and the new on the right."""
    rows = []
    for line in _lines(alignment, context, cosmetic):
        old, new = sides(line.spans)
        gap = line.kind is LineKind.HIDDEN
        rows.append(
            Row(
                kind=line.kind,
                old=None if gap or line.kind is LineKind.ADDED else old,
                new=None if gap or line.kind is LineKind.REMOVED else new,
                pair=line.pair,
                hidden=line.hidden,
                heading=line.heading,
                moved=line.moved,
                notes=line.notes,
            )
        )
    return tuple(rows)


def _lines(alignment: Alignment, context: int, cosmetic: bool) -> Iterator[Line]:
    kinds = [_kind(pair) for pair in alignment.pairs]
    shown = _shown(kinds, context, cosmetic)
    hidden = 0
    for index, (pair, kind, show) in enumerate(zip(alignment.pairs, kinds, shown, strict=True)):
        if not show:
            hidden += 1
            continue
        if hidden:
            yield Line(LineKind.HIDDEN, hidden=hidden)
            hidden = 0
        yield Line(kind, pair.spans, index, 0, _heading(alignment, pair), pair.moved, pair.notes)
    if hidden:
        yield Line(LineKind.HIDDEN, hidden=hidden)


def _kind(pair: Pair) -> LineKind:
    if pair.kind is PairKind.SAME:
        return LineKind.MOVED if pair.moved else LineKind.CONTEXT
    return LineKind(pair.kind.value)


def _shown(kinds: list[LineKind], context: int, cosmetic: bool) -> list[bool]:
    """Whether each pair is shown: two passes that carry the distance to the last change."""
    if context < 0:
        return [True] * len(kinds)
    quiet = {LineKind.CONTEXT} if cosmetic else {LineKind.CONTEXT, LineKind.COSMETIC, LineKind.MOVED}
    shown = [False] * len(kinds)
    for order in (range(len(kinds)), range(len(kinds) - 1, -1, -1)):
        left = 0
        for index in order:
            left = context + 1 if kinds[index] not in quiet else left - 1
            shown[index] |= left > 0
    return shown


def _heading(alignment: Alignment, pair: Pair) -> str:
    block = alignment.new[pair.new[0]] if pair.new else alignment.old[pair.old[0]]
    return block.path[-1] if block.path else ""


def sides(spans: Iterable[Span]) -> tuple[tuple[Span, ...], tuple[Span, ...]]:
    """The spans of the old side and those of the new side."""
    spans = tuple(spans)
    return (
        tuple(span for span in spans if span.op is not Op.INSERT),
        tuple(span for span in spans if span.op is not Op.DELETE),
    )


def word_spans(pair: Pair) -> tuple[Span, ...]:
    """The spans of a pair, without empty ones."""
    return tuple(span for span in pair.spans if span.text)


def excerpt(spans: Iterable[Span], *, around: int = 80, limit: int = 1200) -> tuple[Span, ...]:
    """The spans with long stretches of equal text cut to `around` characters beside each change, an ellipsis between.

    `limit` bounds the characters of the whole; what is over it becomes one ellipsis. For messages, where a paragraph of
    3,000 characters has four words changed.
    """
    spans = tuple(spans)
    result: list[Span] = []
    room = limit
    for index, span in enumerate(spans):
        text = span.text
        if span.op is Op.EQUAL:
            text = _cut(text, 0 if index == 0 else around, 0 if index == len(spans) - 1 else around)
        if len(text) > room:
            result.append(Span(span.op, text[:room].rstrip() + " …"))
            break
        result.append(Span(span.op, text))
        room -= len(text)
    return tuple(result)


def _cut(text: str, head: int, tail: int) -> str:
    """The first `head` and last `tail` characters, at whole words, where the text is clearly longer."""
    if len(text) <= head + tail + 20:
        return text
    start = text[:head].rpartition(" ")[0] if head else ""
    end = text[len(text) - tail :].partition(" ")[2] if tail else ""
    return f"{start} … {end}" if start and end else f"… {end}" if end else f"{start} …"


def marked(spans: Iterable[Span]) -> str:
    """One line of plain text with [-deleted-] and {+inserted+} words."""
    marks = {Op.EQUAL: ("", ""), Op.DELETE: ("[-", "-]"), Op.INSERT: ("{+", "+}")}
    return "".join(marks[span.op][0] + span.text + marks[span.op][1] for span in spans)


_SIGNS = {
    LineKind.CONTEXT: "  ",
    LineKind.REMOVED: "- ",
    LineKind.ADDED: "+ ",
    LineKind.MODIFIED: "~ ",
    LineKind.COSMETIC: "= ",
    LineKind.MOVED: "> ",
}


def plain_lines(lines: Iterable[Line]) -> list[str]:
    """Unified lines as plain text: a sign, then the block; words within modified blocks are marked as by `marked`.

    "-" removed, "+" added, "~" modified, "=" cosmetic, ">" moved; a moved block that was modified says so in front.
    """
    result = []
    for line in lines:
        if line.kind is LineKind.HIDDEN:
            result.append(f"  … {line.hidden} block{'s' if line.hidden > 1 else ''} unchanged")
            continue
        text = line.text if line.kind in (LineKind.ADDED, LineKind.REMOVED) else marked(line.spans)
        moved = "(moved) " if line.moved else ""
        notes = f"  ({', '.join(line.notes)})" if line.notes and line.kind is LineKind.COSMETIC else ""
        result.append(_SIGNS[line.kind] + moved + text + notes)
    return result
