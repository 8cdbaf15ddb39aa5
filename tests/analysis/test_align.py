"""Alignment: what became of each block, and the words that differ."""

from __future__ import annotations

import random
import time
from itertools import pairwise

import pytest

from analysis.align import align
from analysis.alignment import Alignment, Op, Pair, PairKind, Span
from analysis.blocks import Block, BlockKind
from analysis.cosmetics import canonical, differences
from analysis.labels import LabelKind, kind_of
from analysis.sequence import Budget, common, heaviest_chain
from analysis.words import compare

SCOPE = "This policy says what we do with the data of people who use the service."
KEEP = "We keep account data for thirty (30) days after you close your account. We keep invoices for ten years."
SHARE = "We do not sell data about you to anybody, and we share it only with those who work for us."
WRITE = "Write to privacy@example.com if you have any question about this policy or about your data."
CHANGE = "We may change this policy, and will tell you by e-mail fifteen days before we do."


def paragraphs(*texts: str) -> list[Block]:
    return [Block(BlockKind.PARAGRAPH, text) for text in texts]


def check(alignment: Alignment) -> Alignment:
    """That the alignment is exact."""
    old, new = alignment.old, alignment.new
    assert sorted(i for pair in alignment.pairs for i in pair.old) == list(range(len(old)))
    assert sorted(j for pair in alignment.pairs for j in pair.new) == list(range(len(new)))
    for pair in alignment.pairs:
        assert pair.old_text == " ".join(old[i].text for i in pair.old)
        assert pair.new_text == " ".join(new[j].text for j in pair.new)
    first = [pair.new[0] for pair in alignment.pairs if pair.new]
    assert first == sorted(first)
    return alignment


def between(old: list[Block], new: list[Block]) -> list[Pair]:
    return [pair for pair in check(align(old, new)).pairs if pair.kind is not PairKind.SAME or pair.moved]


def only(old: list[Block], new: list[Block]) -> Pair:
    (pair,) = between(old, new)
    return pair


def test_equal_texts_are_the_same() -> None:
    alignment = check(align(paragraphs(SCOPE, KEEP), paragraphs(SCOPE, KEEP)))
    assert [pair.kind for pair in alignment.pairs] == [PairKind.SAME, PairKind.SAME]
    assert alignment.changes == ()


def test_a_changed_number() -> None:
    pair = only(paragraphs(SCOPE, KEEP, SHARE), paragraphs(SCOPE, KEEP.replace("thirty (30)", "60"), SHARE))
    assert pair.kind is PairKind.MODIFIED
    assert [span for span in pair.spans if span.op is not Op.EQUAL] == [
        Span(Op.DELETE, "thirty (30)"),
        Span(Op.INSERT, "60"),
    ]


def test_added_and_removed() -> None:
    added, removed = between(paragraphs(SCOPE, WRITE), paragraphs(KEEP, SCOPE))
    assert (added.kind, added.new, added.old) == (PairKind.ADDED, (0,), ())
    assert (removed.kind, removed.old, removed.new) == (PairKind.REMOVED, (1,), ())


def test_a_removed_block_stands_where_it_stood() -> None:
    pairs = check(align(paragraphs(SCOPE, KEEP, SHARE), paragraphs(SCOPE, "Quite another matter here.", SHARE))).pairs
    assert [pair.kind.value for pair in pairs] == ["same", "removed", "added", "same"]


def test_a_moved_section_moves_as_a_whole_and_the_longer_part_stays() -> None:
    old = paragraphs("Contact", WRITE, SCOPE, KEEP, SHARE, CHANGE)
    new = paragraphs(SCOPE, KEEP, SHARE, CHANGE, "Contact", WRITE)
    pairs = between(old, new)
    assert [(pair.kind, pair.old, pair.new, pair.moved) for pair in pairs] == [
        (PairKind.SAME, (0,), (4,), True),
        (PairKind.SAME, (1,), (5,), True),
    ]


def test_moved_and_changed() -> None:
    old = paragraphs(WRITE, SCOPE, KEEP, SHARE, CHANGE)
    new = paragraphs(SCOPE, KEEP, SHARE, CHANGE, WRITE.replace("privacy@", "legal@"))
    pair = only(old, new)
    assert pair.moved
    assert pair.kind is PairKind.MODIFIED
    assert Span(Op.INSERT, "legal@example.com") in pair.spans


def test_short_blocks_do_not_move_by_themselves() -> None:
    kinds = {pair.kind for pair in between(paragraphs("Yes", SCOPE, KEEP), paragraphs(SCOPE, KEEP, "Yes"))}
    assert kinds == {PairKind.ADDED, PairKind.REMOVED}


@pytest.mark.parametrize(
    ("old", "new", "note"),
    [
        ("We don't sell data and can't.", "We do not sell data and cannot.", "contractions"),
        ("within fifteen (15) days", "within 15 days", "number words"),
        ("send us an e-mail or use the web site", "send us an email or use the website", "spelling"),
        ("we organise our behaviour", "we organize our behavior", "spelling"),
        ("1. Your rights", "2. Your rights", "renumbered"),
        ("4.2 Your rights", "5.2 Your rights", "renumbered"),
        ("“Account data” – yours", '"Account data" - yours', "typography"),
        ("Your Rights", "Your rights", "case"),
        ("your name, your address", "your name; your address.", "punctuation"),
        ("your  name", "your name", "white space"),
        ("no _personalised_ advertising", "no personalised advertising", "markup"),
    ],
)
def test_cosmetic(old: str, new: str, note: str) -> None:
    pair = only(paragraphs(SCOPE, old, KEEP), paragraphs(SCOPE, new, KEEP))
    assert pair.kind is PairKind.COSMETIC
    assert pair.notes == (note,)
    assert kind_of(pair).kind is LabelKind.COSMETIC


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("We share data with fifteen partners.", "We share data with fifty partners."),
        ("You may not opt out.", "You may opt out."),
        ("A fee of $5 a month.", "A fee of €5 a month."),
        ("We keep it for 1.5 years.", "We keep it for 15 years."),
        ("We answer within fifteen (30) days.", "We answer within 15 days."),
        ("3.5 million users", "4.5 million users"),
        ("👍", "👎"),
        ("+", "—"),
    ],
)
def test_not_cosmetic(old: str, new: str) -> None:
    assert differences(old, new) is None
    assert canonical(old) != canonical(new)
    assert align(paragraphs(SCOPE, old, KEEP), paragraphs(SCOPE, new, KEEP)).changes


def test_a_heading_that_changed_level_and_a_paragraph_that_became_an_item() -> None:
    old = [Block(BlockKind.HEADING, "Your rights", 2), Block(BlockKind.PARAGRAPH, WRITE)]
    new = [Block(BlockKind.HEADING, "Your rights", 3), Block(BlockKind.ITEM, WRITE, 1)]
    heading, item = between(old, new)
    assert (heading.kind, heading.notes) == (PairKind.COSMETIC, ("heading level",))
    assert (item.kind, item.notes) == (PairKind.COSMETIC, ("paragraph became item",))


def test_split_joined_and_rewrapped() -> None:
    first, second = KEEP.split(". ", 1)
    split = only(paragraphs(SCOPE, KEEP, SHARE), paragraphs(SCOPE, first + ".", second, SHARE))
    assert (split.kind, split.old, split.new, split.notes) == (PairKind.COSMETIC, (1,), (1, 2), ("split",))
    joined = only(paragraphs(SCOPE, first + ".", second, SHARE), paragraphs(SCOPE, KEEP, SHARE))
    assert (joined.kind, joined.notes) == (PairKind.COSMETIC, ("joined",))
    wrapped = only(
        paragraphs(SCOPE, "We collect: your name; your address; your telephone number.", SHARE),
        paragraphs(SCOPE, "We collect:", "- your name", "- your address", "- your telephone number", SHARE),
    )
    assert wrapped.kind is PairKind.COSMETIC
    assert wrapped.new == (1, 2, 3, 4)


def test_split_with_a_change_of_words() -> None:
    first, second = KEEP.split(". ", 1)
    pair = only(paragraphs(SCOPE, KEEP, SHARE), paragraphs(SCOPE, first + ".", second.replace("ten", "seven"), SHARE))
    assert (pair.kind, pair.old, pair.new) == (PairKind.MODIFIED, (1,), (1, 2))
    changed = [span.text for span in pair.spans if span.op is not Op.EQUAL]
    assert changed == ["ten", "seven"]


def test_each_item_meets_its_own() -> None:
    old = paragraphs(*(f"Item {number} of the list" for number in range(40)))
    new = paragraphs(*(f"Item {number} in the list" for number in range(5, 45)))
    pairs = between(old, new)
    modified = [pair for pair in pairs if pair.kind is PairKind.MODIFIED]
    assert [(pair.old[0], pair.new[0]) for pair in modified] == [(number, number - 5) for number in range(5, 40)]


def test_mostly_rewritten_sentences_are_given_whole() -> None:
    old = "We keep your data for a year. The moon is made of green cheese, as all of us have known for long."
    new = "We keep your data for a year. Partners in marketing receive a copy of the list of whatever you bought."
    spans = compare(old, new)
    assert [span.op for span in spans] == [Op.EQUAL, Op.DELETE, Op.INSERT]


def test_no_islands_of_single_words() -> None:
    old = "You can ask for the deletion of your account by the form on the page of settings in the application."
    new = "You can ask for the removal of all stored records by letter to the address at the end of this statement."
    spans = compare(old, new)
    inner = [span.text.split() for span in spans[1:-1] if span.op is Op.EQUAL]
    assert all(len(words) > 1 for words in inner)


def test_spans_are_alternating_and_never_empty() -> None:
    spans = compare(KEEP, KEEP.replace("account", "user account").replace("ten years.", "ten years"))
    assert all(span.text for span in spans)
    assert all(a.op is not b.op for a, b in pairwise(spans))


@pytest.mark.parametrize(
    ("old", "new", "kind", "gone", "come"),
    [
        ("We use your data to help you.", "We utilize your information to assist you.", LabelKind.REWORDED, None, None),
        ("We tell you about changes.", "About changes we tell you.", LabelKind.REWORDED, None, None),
        ("We keep it for 30 days.", "We keep it for 15 days.", LabelKind.MODIFIED, ("30",), ("15",)),
        ("We will not share it.", "We may share it.", LabelKind.MODIFIED, ("will", "not"), ("may",)),
        ("We collect your name.", "We collect your biometric name.", LabelKind.MODIFIED, (), ("biometric",)),
    ],
)
def test_labels(
    old: str, new: str, kind: LabelKind, gone: tuple[str, ...] | None, come: tuple[str, ...] | None
) -> None:
    label = kind_of(only(paragraphs(old), paragraphs(new)))
    assert label.kind is kind
    if gone is not None:
        assert (label.gone, label.come) == (gone, come)


def test_labels_of_whole_blocks() -> None:
    added, removed = between(paragraphs(SCOPE, WRITE), paragraphs(KEEP, SCOPE))
    assert (kind_of(added).kind, kind_of(removed).kind) == (LabelKind.ADDED, LabelKind.REMOVED)
    moved = between(paragraphs(WRITE, SCOPE, KEEP), paragraphs(SCOPE, KEEP, WRITE))
    assert [kind_of(pair).kind for pair in moved] == [LabelKind.MOVED]


def test_common_is_increasing_and_within_its_budget() -> None:
    a, b = list("abcabba"), list("cbabac")
    for budget in (Budget(), Budget(0)):
        matches = common(a, b, budget)
        assert all(a[i + step] == b[j + step] for i, j, size in matches for step in range(size))
        ends = [(i + size, j + size) for i, j, size in matches]
        assert all(end[0] <= i and end[1] <= j for end, (i, j, _) in zip(ends, matches[1:], strict=False))
    assert sum(size for _, _, size in common(a, b, Budget())) == 4


def test_heaviest_chain() -> None:
    assert heaviest_chain([]) == []
    assert heaviest_chain([(0, 5, 1.0), (1, 0, 3.0), (2, 6, 1.0)]) == [1, 2]
    assert heaviest_chain([(0, 0, 1.0), (0, 1, 1.5), (1, 0, 1.0), (1, 1, 1.0)]) == [0, 3]


def _words(seed: int, count: int) -> list[str]:
    rng = random.Random(seed)
    return ["".join(rng.choice("abcdefghij") for _ in range(rng.randint(2, 9))) for _ in range(count)]


def _document(seed: int, size: int) -> list[str]:
    rng, words, texts = random.Random(seed), _words(0, 3000), list[str]()
    while size > 0:
        texts.append(" ".join(rng.choice(words) for _ in range(rng.randint(10, 90))).capitalize() + ".")
        size -= len(texts[-1])
    return texts


def _rewritten(texts: list[str]) -> list[str]:
    rng, words = random.Random(9), _words(1, 3000)
    return [" ".join(rng.choice(words) if rng.random() < 0.3 else word for word in text.split()) for text in texts]


HOSTILE = {
    "rewritten": (_document(1, 200_000), _rewritten(_document(1, 200_000))),
    "another": (_document(1, 200_000), _document(2, 200_000)),
    "equal tiny": (["a"] * 50_000, ["a"] * 49_000 + ["b"]),
    "different tiny": (["a"] * 25_000, ["b"] * 25_000),
    "alternating": (["a", "b"] * 12_000, ["b", "a", "c"] * 8_000),
    "one huge": ([" ".join(_document(3, 600_000))], [" ".join(_document(3, 600_000)) + " end"]),
    "one word": (["x" * 1_000_000], ["x" * 999_999 + "y"]),
    "equal words": (["a " * 100_000], ["a " * 99_000 + "b"]),
    "two words": (["a b " * 25_000], ["b a a " * 20_000]),
    "similar short": ([f"item {n} of it" for n in range(4000)], [f"item {n} in it" for n in range(2000, 6000)]),
    "split all": (["a b c d e f g h i j"] * 2000, ["a b c d e", "f g h i j"] * 2000),
    "punctuation": (["." * 500_000], ["!" * 500_000]),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_input_is_bounded(name: str) -> None:
    old, new = HOSTILE[name]
    started = time.process_time()
    alignment = align(paragraphs(*old), paragraphs(*new))
    assert time.process_time() - started < 8  # a quadratic algorithm takes minutes
    check(alignment)
