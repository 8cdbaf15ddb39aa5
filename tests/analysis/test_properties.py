"""Properties that hold for every input: hypothesis looks for one that breaks them."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from analysis.align import align
from analysis.alignment import Op, PairKind
from analysis.blocks import Block, BlockKind
from analysis.cosmetics import canonical, differences
from analysis.history import Sighting, build
from analysis.render import side_by_side, unified
from analysis.state import fingerprint
from analysis.words import compare

quick = settings(max_examples=70, deadline=None, suppress_health_check=[HealthCheck.too_slow])

VOCABULARY = (
    "we you data may not share keep 30 15 days don't e-mail email fifteen (15) account “name” – 1. a) § 5% $5 "
    "privacy@example.com Ärger 数据 however, end. Really? (see above) 4.2"
)
WORDS = st.sampled_from(VOCABULARY.split())
texts = st.lists(WORDS, min_size=1, max_size=14).map(" ".join) | st.text(max_size=30)
kinds = st.sampled_from(BlockKind)
blocks = st.builds(Block, kinds, texts, st.integers(0, 3))
documents = st.lists(blocks, max_size=10)


@st.composite
def edited(draw: st.DrawFn) -> tuple[list[Block], list[Block]]:
    """A document, and the same after blocks were dropped, moved, doubled, replaced or had words changed."""
    old = draw(documents)
    new = list(old)
    for _ in range(draw(st.integers(0, 5))):
        place = draw(st.integers(0, max(len(new) - 1, 0)))
        action = draw(st.sampled_from(("drop", "move", "double", "insert", "words")))
        if action == "insert" or not new:
            new.insert(place, draw(blocks))
        elif action == "drop":
            del new[place]
        elif action == "move":
            new.insert(draw(st.integers(0, len(new) - 1)), new.pop(place))
        elif action == "double":
            new.insert(place, new[place])
        else:
            words = new[place].text.split(" ")
            words[draw(st.integers(0, len(words) - 1))] = draw(WORDS)
            new[place] = Block(new[place].kind, " ".join(words), new[place].level)
    return old, new


@quick
@given(edited())
def test_the_differences_applied_to_the_old_text_give_the_new(pair: tuple[list[Block], list[Block]]) -> None:
    old, new = pair
    alignment = align(old, new)
    assert sorted(i for p in alignment.pairs for i in p.old) == list(range(len(old)))
    assert sorted(j for p in alignment.pairs for j in p.new) == list(range(len(new)))
    for p in alignment.pairs:
        assert p.old_text == " ".join(old[i].text for i in p.old)
        assert p.new_text == " ".join(new[j].text for j in p.new)
        assert all(span.text for span in p.spans)
    again = [" ".join(new[j].text for j in p.new) for p in alignment.pairs if p.new]
    assert [p.new_text for p in alignment.pairs if p.new] == again


@quick
@given(edited())
def test_kinds_say_what_is(pair: tuple[list[Block], list[Block]]) -> None:
    old, new = pair
    for p in align(old, new).pairs:
        if p.kind is PairKind.SAME:
            assert (old[p.old[0]].text, old[p.old[0]].kind) == (new[p.new[0]].text, new[p.new[0]].kind)
        elif p.kind is PairKind.COSMETIC:
            assert canonical(p.old_text) == canonical(p.new_text)
            assert p.notes
        elif p.kind is PairKind.MODIFIED:
            assert canonical(p.old_text) != canonical(p.new_text)


@quick
@given(edited())
def test_identical_input_gives_identical_output(pair: tuple[list[Block], list[Block]]) -> None:
    assert align(*pair) == align(list(pair[0]), list(pair[1]))


@quick
@given(documents)
def test_a_document_against_itself_has_no_differences(document: list[Block]) -> None:
    pairs = align(document, document).pairs
    assert all(p.kind is PairKind.SAME and not p.moved for p in pairs)


@quick
@given(edited())
def test_equal_alignments_mean_equal_states(pair: tuple[list[Block], list[Block]]) -> None:
    old, new = pair
    if all(p.kind is PairKind.SAME for p in align(old, new).pairs) and [b.text for b in old] == [b.text for b in new]:
        assert fingerprint(old) == fingerprint(new)


@quick
@given(edited(), st.integers(-1, 3), st.booleans())
def test_renderings_hold_every_change(pair: tuple[list[Block], list[Block]], context: int, cosmetic: bool) -> None:
    alignment = align(*pair)
    lines = unified(alignment, context=context, cosmetic=cosmetic)
    shown = {line.pair for line in lines}
    assert {index for index, p in enumerate(alignment.pairs) if p in alignment.changes} <= shown
    rows = side_by_side(alignment, context=context, cosmetic=cosmetic)
    assert [row.pair for row in rows] == [line.pair for line in lines]


@quick
@given(texts, texts)
def test_spans_reproduce_both_texts(old: str, new: str) -> None:
    spans = compare(old, new)
    assert "".join(span.text for span in spans if span.op is not Op.INSERT) == old
    assert "".join(span.text for span in spans if span.op is not Op.DELETE) == new


@quick
@given(texts, texts)
def test_cosmetic_is_symmetric_and_agrees_with_canonical(old: str, new: str) -> None:
    there, back = differences(old, new), differences(new, old)
    assert (there is None) == (back is None)
    if there is not None:
        assert canonical(old) == canonical(new)
    assert differences(old, old) == ()


def _noisy(document: list[Block], seed: int) -> list[Block]:
    """The same document as another page would write it."""
    rng = random.Random(seed)
    quotes = str.maketrans(
        {'"': rng.choice('"“”'), "'": rng.choice("'’"), "-": rng.choice("-–‑"), " ": rng.choice(" \u00a0")}
    )
    changed = []
    for block in document:
        text = block.text.translate(quotes)
        text = rng.choice((str, str.upper, str.lower))(text) if text.isascii() else text
        changed.append(Block(rng.choice(list(BlockKind)), text, rng.randint(0, 6), ("other",)))
    changed += [rng.choice(changed)] if changed else []
    changed.append(
        Block(BlockKind.PARAGRAPH, rng.choice(("Back to top", "Accept all cookies", "2.3M views", "3 days ago")))
    )
    return changed


# No full stops inside: a sentence of four words with a number counts together with the one before it (analysis.state),
# so that its repetition elsewhere is another state.
UNENDED = WORDS.filter(lambda word: word[-1] not in ".?;")
SENTENCES = st.lists(UNENDED, min_size=9, max_size=14).map(lambda words: "We say " + " ".join(words))
prose = st.lists(st.builds(Block, kinds, SENTENCES), min_size=1, max_size=8)


@quick
@given(prose, st.integers(0, 10_000))
def test_the_fingerprint_is_blind_to_noise(document: list[Block], seed: int) -> None:
    assert fingerprint(document) == fingerprint(_noisy(document, seed))


@quick
@given(prose, st.randoms(use_true_random=False))
def test_the_fingerprint_is_blind_to_order_of_longer_blocks(document: list[Block], rng: random.Random) -> None:
    ended = [Block(block.kind, block.text + " and so on for ever") for block in document]
    shuffled = list(ended)
    rng.shuffle(shuffled)
    assert fingerprint(ended) == fingerprint(shuffled)


@quick
@given(prose, st.integers(0, 7), st.sampled_from(("biometric", "never", "90", "43.2", "€7", "unless")))
def test_the_fingerprint_sees_every_word(document: list[Block], place: int, word: str) -> None:
    place %= len(document)
    changed = list(document)
    changed[place] = Block(document[place].kind, document[place].text + " " + word)
    assert fingerprint(document) != fingerprint(changed)


sightings = st.lists(
    st.tuples(st.integers(0, 60), st.integers(1, 2), st.sampled_from("ABCD"), st.sampled_from((1, 7, 31 * 24))),
    max_size=24,
)


@quick
@given(sightings, st.randoms(use_true_random=False))
def test_the_order_of_insertion_does_not_matter(facts: list[tuple[int, int, str, int]], rng: random.Random) -> None:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    seen = [
        Sighting(number, source, start + timedelta(hours=place * scale), state)
        for number, (place, source, state, scale) in enumerate(facts)
    ]
    history = build(seen, [1, 2])
    shuffled = list(seen)
    rng.shuffle(shuffled)
    assert build(shuffled, [1, 2]) == history
    assert build([*seen, *seen], [1, 2]) == history
    assert all(a.fingerprint != b.fingerprint for a, b in zip(history.runs, history.runs[1:], strict=False))
    assert all(a.last.time <= b.first.time for a, b in zip(history.runs, history.runs[1:], strict=False))
    assert bool(history.runs) == bool(seen)
    for index, run in enumerate(history.runs):
        if run.returns_to is not None:
            assert run.returns_to < index
            assert history.runs[run.returns_to].fingerprint == run.fingerprint
