"""Renderings of an alignment."""

from __future__ import annotations

from analysis.align import align
from analysis.alignment import Op, Span
from analysis.blocks import Block, BlockKind
from analysis.render import LineKind, excerpt, marked, plain_lines, side_by_side, sides, unified, word_spans

OLD = [Block(BlockKind.PARAGRAPH, f"Paragraph number {n} speaks of matter {n}.", path=("Part",)) for n in range(12)]
NEW = [
    *OLD[:5],
    Block(BlockKind.PARAGRAPH, "Paragraph number 5 speaks of nothing.", path=("Part",)),
    *OLD[6:11],
    Block(BlockKind.PARAGRAPH, "An entirely new thought, never seen before today."),
]
NEW[1] = Block(BlockKind.PARAGRAPH, OLD[1].text.upper(), path=("Part",))


def test_unified_shows_changes_with_context_and_counts_the_rest() -> None:
    assert plain_lines(unified(align(OLD, NEW), context=1)) == [
        "  … 4 blocks unchanged",
        "  Paragraph number 4 speaks of matter 4.",
        "~ Paragraph number 5 speaks of [-matter 5-]{+nothing+}.",
        "  Paragraph number 6 speaks of matter 6.",
        "  … 3 blocks unchanged",
        "  Paragraph number 10 speaks of matter 10.",
        "- Paragraph number 11 speaks of matter 11.",
        "+ An entirely new thought, never seen before today.",
    ]


def test_cosmetic_differences_when_asked_for() -> None:
    lines = unified(align(OLD, NEW), context=0, cosmetic=True)
    kinds = [line.kind for line in lines if line.kind is not LineKind.HIDDEN]
    assert kinds == [LineKind.COSMETIC, LineKind.MODIFIED, LineKind.REMOVED, LineKind.ADDED]
    assert plain_lines(lines)[1].endswith("(case)")


def test_everything() -> None:
    lines = unified(align(OLD, NEW), context=-1)
    assert sum(line.hidden for line in lines) == 0
    assert len(lines) == 13
    assert lines[0].heading == "Part"


def test_hidden_counts_add_up() -> None:
    alignment = align(OLD, NEW)
    for context in range(5):
        lines = unified(alignment, context=context)
        shown = [line for line in lines if line.kind is not LineKind.HIDDEN]
        assert sum(line.hidden for line in lines) + len(shown) == len(alignment.pairs)


def test_side_by_side_gives_both_texts() -> None:
    rows = side_by_side(align(OLD, NEW), context=-1)
    left = ["".join(span.text for span in row.old) for row in rows if row.old is not None]
    right = ["".join(span.text for span in row.new) for row in rows if row.new is not None]
    assert left == [block.text for block in OLD]
    assert right == [block.text for block in NEW]
    assert rows[-1].old is None
    assert rows[-2].new is None


def test_a_gap_has_no_sides() -> None:
    gap = side_by_side(align(OLD, NEW), context=0)[0]
    assert (gap.kind, gap.old, gap.new, gap.hidden) == (LineKind.HIDDEN, None, None, 5)


def test_moved_blocks_say_so() -> None:
    texts = ["The first of the long paragraphs here.", "The second of them, a longer one, and then some.", "Third."]
    blocks = [Block(BlockKind.PARAGRAPH, text) for text in texts]
    lines = plain_lines(unified(align(blocks, [blocks[1], blocks[2], blocks[0]]), cosmetic=True))
    assert "> (moved) " + texts[0] in lines


def test_spans_and_sides() -> None:
    (pair,) = align(OLD[5:6], NEW[5:6]).pairs
    old, new = sides(word_spans(pair))
    assert "".join(span.text for span in old) == OLD[5].text
    assert "".join(span.text for span in new) == NEW[5].text
    assert marked(pair.spans) == "Paragraph number 5 speaks of [-matter 5-]{+nothing+}."


def test_excerpt_cuts_the_middle_and_keeps_changes() -> None:
    text = "word " * 400
    spans = (Span(Op.EQUAL, text), Span(Op.DELETE, "30"), Span(Op.INSERT, "15"), Span(Op.EQUAL, " " + text))
    short = excerpt(spans, around=40)
    assert sum(len(span.text) for span in short) < 120
    assert [span.text for span in short if span.op is not Op.EQUAL] == ["30", "15"]
    assert short[0].text.startswith("…")
    assert short[-1].text.endswith("…")


def test_excerpt_is_bounded() -> None:
    spans = (Span(Op.INSERT, "x " * 100_000), Span(Op.DELETE, "y"))
    assert sum(len(span.text) for span in excerpt(spans, limit=500)) <= 505
