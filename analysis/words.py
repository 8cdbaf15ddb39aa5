"""Two texts compared by sentence and by word, as spans that reproduce both.

Equal sentences are found first, similar ones are compared word by word, and what has little in common is given whole:
a reader wants "this sentence went, that one came", not single words in common scattered among the changes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import accumulate

from rapidfuzz.distance import LCSseq

from analysis.alignment import Op, Span
from analysis.sentences import sentences
from analysis.sequence import Budget, Match, common, heaviest_chain

__all__ = ["compare", "similarity"]

_TOKEN = re.compile(r"\w+(?:[.,'’@]\w+)*|[^\w\s]")
_WORDY = 0.55  # share of common words from which a piece is compared by words as a whole
_SIMILAR = 0.45  # … from which two sentences are compared by words rather than given whole
_CROSS = 900  # pairs of sentences that are all compared with each other; above it only neighbours are
_MANY = 3_000  # sentences on both sides together above which no similar ones are looked for
_ISLAND = 5  # words that an island has at most
_LONG = 200_000  # words of a piece above which it is not looked at word by word

Hunk = tuple[str, str]  # what the old side has here, what the new side has


def compare(old: str, new: str, budget: Budget | None = None) -> tuple[Span, ...]:
    """Spans whose EQUAL and DELETE texts join to `old`, and whose EQUAL and INSERT texts join to `new`."""
    if old == new:
        return (Span(Op.EQUAL, old),) if old else ()
    return _spans(_by_sentence(old, new, budget or Budget()))


def similarity(a: str, b: str, cutoff: float = 0.0) -> float:
    """Share of elements that two sequences have in common in order, 0 to 1; 0 where it is under the cutoff."""
    total = len(a) + len(b)
    if not total or 2 * min(len(a), len(b)) < cutoff * total:
        return 0.0
    return 2 * LCSseq.similarity(a, b) / total


def _by_sentence(old: str, new: str, budget: Budget) -> Iterator[Hunk]:
    pieces_old, pieces_new = _pieces(old), _pieces(new)
    keys_old, keys_new = [piece.strip() for piece in pieces_old], [piece.strip() for piece in pieces_new]
    position_old = position_new = 0
    for i, j, size in [*common(keys_old, keys_new, budget), (len(keys_old), len(keys_new), 0)]:
        yield from _gap(pieces_old[position_old:i], pieces_new[position_new:j], budget)
        for step in range(size):
            yield from _edges(pieces_old[i + step], pieces_new[j + step])
        position_old, position_new = i + size, j + size


def _pieces(text: str) -> list[str]:
    """The sentences, each with the white space after it, so that they join to the text."""
    starts = [sentence.start for sentence in sentences(text)]
    if not starts:
        return [text] if text else []
    starts[0] = 0
    return [text[start:end] for start, end in zip(starts, [*starts[1:], len(text)], strict=True)]


def _gap(old: list[str], new: list[str], budget: Budget) -> Iterator[Hunk]:
    if not old or not new:
        yield "".join(old), "".join(new)
        return
    text_old, text_new = "".join(old), "".join(new)
    if _overlap(text_old, text_new, budget) >= _WORDY:
        yield from _by_word(text_old, text_new, budget)
        return
    position_old = position_new = 0
    for i, j in [*_similar(old, new, budget), (len(old), len(new))]:
        yield "".join(old[position_old:i]), "".join(new[position_new:j])
        if i < len(old):
            yield from _by_word(old[i], new[j], budget)
        position_old, position_new = i + 1, j + 1


def _overlap(old: str, new: str, budget: Budget) -> float:
    words_old, words_new = _TOKEN.findall(old), _TOKEN.findall(new)
    if not words_old or not words_new or not budget.take(len(words_old) * len(words_new)):
        return 0.0
    return 2 * LCSseq.similarity(words_old, words_new) / (len(words_old) + len(words_new))


def _similar(old: list[str], new: list[str], budget: Budget) -> list[tuple[int, int]]:
    """Pairs of similar sentences that keep the order on both sides."""
    everything = len(old) * len(new) <= _CROSS
    if len(old) + len(new) > _MANY:
        return []
    candidates = []
    for i, piece in enumerate(old):
        middle = i * len(new) // len(old)
        for j in range(len(new)) if everything else range(max(0, middle - 4), min(len(new), middle + 5)):
            score = _overlap(piece, new[j], budget)
            if score >= _SIMILAR:
                candidates.append((i, j, score * min(len(piece), len(new[j]))))
    return [candidates[index][:2] for index in heaviest_chain(candidates)]


def _by_word(old: str, new: str, budget: Budget) -> Iterator[Hunk]:
    tokens_old, tokens_new = list(_TOKEN.finditer(old)), list(_TOKEN.finditer(new))
    if len(tokens_old) + len(tokens_new) > _LONG:
        yield old, new
        return
    words_old, words_new = [token.group() for token in tokens_old], [token.group() for token in tokens_new]
    runs = _without_islands(common(words_old, words_new, budget), words_old, words_new)
    position_old = position_new = 0
    for i, j, size in runs:
        start_old, start_new = tokens_old[i].start(), tokens_new[j].start()
        yield from _edges(old[position_old:start_old], new[position_new:start_new])
        position_old, position_new = tokens_old[i + size - 1].end(), tokens_new[j + size - 1].end()
        if old[start_old:position_old] == new[start_new:position_new]:
            yield old[start_old:position_old], new[start_new:position_new]
        else:  # the same words with other white space between them
            yield from _spaced(old, new, tokens_old[i : i + size], tokens_new[j : j + size])
    yield from _edges(old[position_old:], new[position_new:])


def _spaced(old: str, new: str, tokens_old: list[re.Match[str]], tokens_new: list[re.Match[str]]) -> Iterator[Hunk]:
    end_old, end_new = tokens_old[0].start(), tokens_new[0].start()
    for here_old, here_new in zip(tokens_old, tokens_new, strict=True):
        yield from _edges(old[end_old : here_old.start()], new[end_new : here_new.start()])
        yield here_old.group(), here_new.group()
        end_old, end_new = here_old.end(), here_new.end()


def _edges(old: str, new: str) -> Iterator[Hunk]:
    """A hunk in parts: the white space that both sides begin and end with is equal, and so may be what is between."""
    if old == new:
        yield old, new
        return
    core_old, core_new = old.strip(), new.strip()
    start_old, start_new = old.find(core_old), new.find(core_new)
    end_old, end_new = start_old + len(core_old), start_new + len(core_new)
    if core_old == core_new and core_old:
        yield old[:start_old], new[:start_new]
        yield core_old, core_new
        yield old[end_old:], new[end_new:]
        return
    lead = _shared(old, new, min(start_old, start_new) if core_old and core_new else min(len(old), len(new)))
    tail = _shared(old[lead:][::-1], new[lead:][::-1], max(len(old), len(new)))
    yield old[:lead], new[:lead]
    yield old[lead : len(old) - tail], new[lead : len(new) - tail]
    yield old[len(old) - tail :], new[len(new) - tail :]


def _shared(old: str, new: str, limit: int) -> int:
    """How many characters of white space, up to the limit, both begin with."""
    count = 0
    while count < min(limit, len(old), len(new)) and old[count] == new[count] and old[count].isspace():
        count += 1
    return count


def _without_islands(runs: list[Match], old: list[str], new: list[str]) -> list[Match]:
    """The runs without those few words in common that only happen to stand between two larger changes."""
    letters_old, letters_new = _letters(old), _letters(new)
    kept: list[Match] = []
    for place, run in enumerate(runs):
        following = runs[place + 1] if place + 1 < len(runs) else (len(old), len(new), 0)
        kept.append(run)
        while kept and _is_island(kept, following, letters_old, letters_new):
            kept.pop()  # which may make an island of the one before
    return kept


def _is_island(kept: list[Match], following: Match, old: list[int], new: list[int]) -> bool:
    i, j, size = kept[-1]
    if size > _ISLAND:
        return False
    before = kept[-2] if len(kept) > 1 else (0, 0, 0)
    left = max(old[i] - old[before[0] + before[2]], new[j] - new[before[1] + before[2]])
    right = max(old[following[0]] - old[i + size], new[following[1]] - new[j + size])
    return 0 < old[i + size] - old[i] <= min(left, right)


def _letters(words: list[str]) -> list[int]:
    """How many letters there are before each word, and in all."""
    return [0, *accumulate(map(len, words))]


def _spans(hunks: Iterator[Hunk]) -> tuple[Span, ...]:
    """Hunks as spans: neighbours of a kind are joined, and what was deleted comes before what was inserted."""
    spans: list[Span] = []
    equal: list[str] = []
    deleted: list[str] = []
    inserted: list[str] = []

    def flush() -> None:
        for op, texts in ((Op.EQUAL, equal), (Op.DELETE, deleted), (Op.INSERT, inserted)):
            text = "".join(texts)
            if text:
                spans.append(Span(op, text))
            texts.clear()

    for old, new in hunks:
        if old == new:
            if not old:
                continue
            if deleted or inserted:
                flush()
            equal.append(old)
        else:
            deleted.append(old)
            inserted.append(new)
    flush()
    return tuple(spans)
