"""Two lists of blocks, and what became of each block: the value that alerts, reports and the command line render.

In this order, each step only with what the ones before left over:

1. equal texts in order (`analysis.sequence`), then texts in order that differ only cosmetically;
2. moved blocks: texts equal, or equal but for cosmetics, in another order, and their equal neighbours with them;
3. in each gap between those: similar blocks in order, compared by the words they share, the heaviest chain of pairs;
4. paragraphs that were split or joined: neighbours that make a pair more alike;
5. moved and changed: very similar blocks in different gaps.

The work is bounded by counts, not by time, so that the same input gives the same result on every machine. Measured
figures are in bench/align.py.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from analysis.alignment import Alignment, Op, Pair, PairKind, Span
from analysis.blocks import Block, BlockKind
from analysis.cosmetics import canonical, differences
from analysis.sequence import Budget, common, heaviest_chain
from analysis.words import compare, similarity

__all__ = ["align"]

_SIMILAR = 0.5  # share of words from which two blocks of a gap are a pair; the reference measured 50 as a good bound
_CONTAINED = 0.85  # share of the shorter one's words found in the longer: "and so on" was added to it
_SHORT = 8  # words under which containment and moving mean nothing
_MOVED = 0.7  # share of words from which blocks in different places are the same, moved and changed
_ALL_PAIRS = 3_600  # pairs of a gap that are all compared; above it only those that share rare words
_CANDIDATES = 6  # that a block has, at most, where not all are compared
_RARE = 12  # words of a block that are looked up
_COMMON = 24  # blocks of the other side that a word may be in and still be rare
_GROWTH = 24  # blocks that a pair may take in on each side
_LONGEST = 20_000  # words of a block above which their order is not looked at
_ROUGHLY = 0.8  # share of words in common in any order that is more than the words of any two policies have
_ROUGH = 40  # cells that one word costs there


def align(old: Iterable[Block], new: Iterable[Block]) -> Alignment:
    """The alignment of two lists of blocks. Pure, deterministic, and exact: see `analysis.alignment`."""
    return _Aligner(tuple(old), tuple(new)).result()


@dataclass(slots=True)
class _Link:
    """Old blocks that became new blocks; both lists are runs of neighbours."""

    old: list[int]
    new: list[int]
    moved: bool = False


@dataclass(slots=True)
class _Gap:
    """What two links that follow one another leave over between them."""

    old: list[int] = field(default_factory=list)
    new: list[int] = field(default_factory=list)


class _Aligner:
    def __init__(self, old: tuple[Block, ...], new: tuple[Block, ...]) -> None:
        self.old = old
        self.new = new
        self.budget = Budget()
        self.of_old: dict[int, _Link] = {}
        self.of_new: dict[int, _Link] = {}
        self.words_old: dict[int, str] = {}
        self.words_new: dict[int, str] = {}
        self.vocabulary: dict[str, str] = {}

    def result(self) -> Alignment:
        self._match_in_order()
        self._match_moved()
        for gap in self._gaps():
            self._match_rewrapped(gap)
        for gap in self._gaps():
            self._match_similar(gap)
        self._grow()
        self._match_moved_and_changed()
        return Alignment(self.old, self.new, tuple(self._pairs()))

    def _link(self, old: int, new: int, *, moved: bool = False) -> _Link:
        link = _Link([old], [new], moved)
        self.of_old[old] = self.of_new[new] = link
        return link

    # 1. equal and cosmetically equal, in order

    def _match_in_order(self) -> None:
        """Both at once: where not all can keep its order, the longest text should, however it is punctuated."""
        texts_old, texts_new = [block.text for block in self.old], [block.text for block in self.new]
        both = set(texts_old).intersection(texts_new)
        keys_old = [text if text in both else canonical(text) for text in texts_old]
        keys_new = [text if text in both else canonical(text) for text in texts_new]
        weights = [1.0 + text.count(" ") for text in texts_old]
        for i, j, size in common(keys_old, keys_new, self.budget, weights):
            for step in range(size):
                self._link(i + step, j + step)

    # 2. moved

    def _match_moved(self) -> None:
        """Blocks of some length first; short ones ("Yes", "Contact") move only along with a neighbour."""
        left_old = [i for i in range(len(self.old)) if i not in self.of_old]
        left_new = [j for j in range(len(self.new)) if j not in self.of_new]
        if not left_old or not left_new:
            return
        places: dict[str, list[int]] = defaultdict(list)
        for j in reversed(left_new):
            places[canonical(self.new[j].text)].append(j)
        for i in left_old:
            key = canonical(self.old[i].text)
            if i in self.of_old or key.count(" ") < 4 or not places.get(key):
                continue
            candidates = places[key]
            while candidates and candidates[-1] in self.of_new:
                candidates.pop()
            if candidates:
                j = candidates.pop()
                self._link(i, j, moved=True)
                self._extend(i, j, -1)
                self._extend(i, j, +1)

    def _extend(self, i: int, j: int, step: int) -> None:
        i, j = i + step, j + step
        while (
            0 <= i < len(self.old)
            and 0 <= j < len(self.new)
            and i not in self.of_old
            and j not in self.of_new
            and canonical(self.old[i].text) == canonical(self.new[j].text)
        ):
            self._link(i, j, moved=True)
            i, j = i + step, j + step

    # gaps

    def _gaps(self) -> list[_Gap]:
        """What is unmatched, in groups divided by the links that keep the order."""
        gaps: list[_Gap] = []
        gap = _Gap()
        position = 0
        for j in range(len(self.new)):
            link = self.of_new.get(j)
            if link is None:
                gap.new.append(j)
            elif not link.moved and link.new[-1] == j:
                gap.old.extend(i for i in range(position, link.old[0]) if i not in self.of_old)
                position = link.old[-1] + 1
                gaps.append(gap)
                gap = _Gap()
        gap.old.extend(i for i in range(position, len(self.old)) if i not in self.of_old)
        gaps.append(gap)
        return [gap for gap in gaps if gap.old or gap.new]

    # 3. paragraphs split and joined without a change of words

    def _match_rewrapped(self, gap: _Gap) -> None:
        if gap.old and gap.new:
            self._rewrap(gap.old, gap.new, self.old, self.new, forward=True)
            self._rewrap(gap.new, gap.old, self.new, self.old, forward=False)

    def _rewrap(
        self,
        wholes: list[int],
        parts: list[int],
        whole_blocks: Sequence[Block],
        part_blocks: Sequence[Block],
        *,
        forward: bool,
    ) -> None:
        """Finds each whole that is the texts of parts that follow one another."""
        taken_whole, taken_part = (self.of_old, self.of_new) if forward else (self.of_new, self.of_old)
        starts: dict[str, list[int]] = defaultdict(list)
        for place, part in enumerate(parts):
            starts[canonical(part_blocks[part].text).partition(" ")[0]].append(place)
        for whole in wholes:
            key = canonical(whole_blocks[whole].text)
            if whole in taken_whole or " " not in key:
                continue
            for place in starts.get(key.partition(" ")[0], [])[:8]:
                run = self._parts_of(key, parts, place, part_blocks)
                if len(run) > 1 and not any(part in taken_part for part in run):
                    link = _Link([whole], run) if forward else _Link(run, [whole])
                    for i in link.old:
                        self.of_old[i] = link
                    for j in link.new:
                        self.of_new[j] = link
                    break

    @staticmethod
    def _parts_of(key: str, parts: list[int], place: int, blocks: Sequence[Block]) -> list[int]:
        run: list[int] = []
        position = 0
        for part in parts[place : place + 4 * _GROWTH]:
            if run and part != run[-1] + 1:
                return []
            text = canonical(blocks[part].text)
            if not key.startswith(text, position):
                return []
            run.append(part)
            position += len(text)
            if position == len(key):
                return run
            if key[position] != " ":
                return []
            position += 1
        return []

    # similarity by words

    def _words(self, index: int, *, new: bool) -> str:
        """The canonical words of a block as a string of one character for each: the fastest thing to compare."""
        memo, blocks = (self.words_new, self.new) if new else (self.words_old, self.old)
        words = memo.get(index)
        if words is None:
            words = "".join(map(self._letter, canonical(blocks[index].text).split(" ")))
            memo[index] = words
        return words

    def _letter(self, word: str) -> str:
        letter = self.vocabulary.get(word)
        if letter is None:
            # past the last code point two words share a letter, which only makes a pair look more alike than it is
            letter = self.vocabulary[word] = chr(1 + len(self.vocabulary) % 0x10FFFE)
        return letter

    def _score(self, i: int, j: int, least: float) -> float:
        """How alike two blocks are, 0 where it is under `least`; a block that only grew counts by what it kept."""
        a, b = self._words(i, new=False), self._words(j, new=True)
        shorter = min(len(a), len(b))
        if max(len(a), len(b)) > _LONGEST or not self.budget.take(len(a) * len(b)):
            return self._rough_score(a, b, least)
        cutoff = least if shorter < _SHORT else min(least, 2 * _CONTAINED * shorter / (len(a) + len(b)))
        score = similarity(a, b, cutoff)
        if score >= least:
            return score
        contained = score * (len(a) + len(b)) / 2 / shorter if shorter else 0.0
        return least if shorter >= _SHORT and contained >= _CONTAINED else 0.0

    def _rough_score(self, a: str, b: str, least: float) -> float:
        """The share of words in common in any order, for blocks too long to be compared."""
        if not self.budget.spend(_ROUGH * (len(a) + len(b))):
            return 0.0
        score = 2 * (Counter(a) & Counter(b)).total() / (len(a) + len(b))
        return score if score >= max(least, _ROUGHLY) else 0.0

    # 3. similar, in order, within a gap

    def _match_similar(self, gap: _Gap) -> None:
        candidates = []
        least = 0.35 if len(gap.old) == len(gap.new) == 1 else _SIMILAR
        for i, j in self._candidates(gap.old, gap.new):
            score = self._score(i, j, least)
            if not score:
                continue
            same_kind = self.old[i].kind is self.new[j].kind
            if not same_kind and BlockKind.HEADING in (self.old[i].kind, self.new[j].kind) and score < 0.9:
                continue
            size = min(len(self._words(i, new=False)), len(self._words(j, new=True)))
            # the cube prefers one good pair to two poor ones: of "item 7" and "item 8" the right one
            candidates.append((i, j, score**3 * size + (0.1 if same_kind else 0.0)))
        for index in heaviest_chain(candidates):
            self._link(*candidates[index][:2])

    def _candidates(self, old: list[int], new: list[int]) -> Iterator[tuple[int, int]]:
        if len(old) * len(new) <= _ALL_PAIRS:
            yield from ((i, j) for i in old for j in new)
            return
        postings: dict[str, list[int]] = defaultdict(list)
        for place, j in enumerate(new):
            for letter in set(self._words(j, new=True)):
                postings[letter].append(place)
        for place, i in enumerate(old):
            middle = place * len(new) // len(old)
            near = set(range(max(0, middle - 1), min(len(new), middle + 2)))
            rare = sorted(
                (len(postings[letter]), letter)
                for letter in set(self._words(i, new=False))
                if letter in postings and len(postings[letter]) <= _COMMON
            )
            shared: Counter[int] = Counter()
            for _, letter in rare[:_RARE]:
                shared.update(postings[letter])
            best = sorted(shared.items(), key=lambda item: (-item[1], abs(item[0] - middle), item[0]))
            for other in sorted(near | {other for other, _ in best[:_CANDIDATES]}):
                yield i, new[other]

    # 4. splits and joins with changes

    def _grow(self) -> None:
        for j in range(len(self.new)):
            link = self.of_new.get(j)
            if link is not None and link.new[0] == j and not link.moved:
                while self._grow_once(link):
                    pass

    def _grow_once(self, link: _Link) -> bool:
        """Takes in one free neighbour whose words make the two sides more alike."""
        if len(link.old) + len(link.new) > _GROWTH:
            return False
        if (
            link.new[-1] + 1 < len(self.new)
            and link.new[-1] + 1 not in self.of_new
            and self._helps(link, (), (link.new[-1] + 1,))
        ):
            self._take(link, new=link.new[-1] + 1)
            return True
        if (
            link.old[-1] + 1 < len(self.old)
            and link.old[-1] + 1 not in self.of_old
            and self._helps(link, (link.old[-1] + 1,), ())
        ):
            self._take(link, old=link.old[-1] + 1)
            return True
        if link.new[0] > 0 and link.new[0] - 1 not in self.of_new and self._helps(link, (), (link.new[0] - 1,)):
            self._take(link, new=link.new[0] - 1)
            return True
        if link.old[0] > 0 and link.old[0] - 1 not in self.of_old and self._helps(link, (link.old[0] - 1,), ()):
            self._take(link, old=link.old[0] - 1)
            return True
        return False

    def _take(self, link: _Link, *, old: int = -1, new: int = -1) -> None:
        if old >= 0:
            link.old = sorted([*link.old, old])
            self.of_old[old] = link
        if new >= 0:
            link.new = sorted([*link.new, new])
            self.of_new[new] = link

    def _helps(self, link: _Link, old: tuple[int, ...], new: tuple[int, ...]) -> bool:
        before_old, before_new = self._joined(link.old, new=False), self._joined(link.new, new=True)
        if len(before_old) == len(before_new) and before_old == before_new:
            return False
        after_old = self._joined(sorted([*link.old, *old]), new=False)
        after_new = self._joined(sorted([*link.new, *new]), new=True)
        cost = len(after_old) * len(after_new)
        if max(len(after_old), len(after_new)) > _LONGEST or not self.budget.take(2 * cost):
            return False
        added = len(after_old) + len(after_new) - len(before_old) - len(before_new)
        gained = (
            similarity(after_old, after_new) * (len(after_old) + len(after_new))
            - similarity(before_old, before_new) * (len(before_old) + len(before_new))
        ) / 2
        return gained >= 0.7 * added and gained > 0

    def _joined(self, indices: Sequence[int], *, new: bool) -> str:
        return "".join([self._words(index, new=new) for index in indices])

    # 5. moved and changed

    def _match_moved_and_changed(self) -> None:
        left_old = [
            i for i in range(len(self.old)) if i not in self.of_old and len(self._words(i, new=False)) >= _SHORT
        ]
        left_new = [j for j in range(len(self.new)) if j not in self.of_new and len(self._words(j, new=True)) >= _SHORT]
        if not left_old or not left_new:
            return
        scored = []
        for i, j in self._candidates(left_old, left_new):
            a, b = self._words(i, new=False), self._words(j, new=True)
            if max(len(a), len(b)) <= _LONGEST and self.budget.take(len(a) * len(b)):
                score = similarity(a, b, _MOVED)
                if score >= _MOVED:
                    scored.append((-score * min(len(a), len(b)), i, j))
        for _, i, j in sorted(scored):
            if i not in self.of_old and j not in self.of_new:
                self._link(i, j, moved=True)

    # the result

    def _pairs(self) -> Iterator[Pair]:
        """Pairs in the order of the new side; a removed block follows the old block that stood before it."""
        position = 0
        waiting: list[Pair] = []  # added or moved to here, after what was removed at the same place
        for j in range(len(self.new)):
            link = self.of_new.get(j)
            if link is None:
                waiting.append(Pair(PairKind.ADDED, (), (j,), _whole(Op.INSERT, self.new[j].text), similarity=0.0))
            elif link.new[0] != j:
                continue
            elif link.moved:
                waiting.append(self._pair(link))
            else:
                yield from self._removed(position, link.old[0])
                yield from waiting
                waiting = []
                yield self._pair(link)
                position = link.old[-1] + 1
        yield from self._removed(position, len(self.old))
        yield from waiting

    def _removed(self, start: int, end: int) -> Iterator[Pair]:
        for i in range(start, end):
            if i not in self.of_old:
                yield Pair(PairKind.REMOVED, (i,), (), _whole(Op.DELETE, self.old[i].text), similarity=0.0)

    def _pair(self, link: _Link) -> Pair:
        old, new = tuple(link.old), tuple(link.new)
        text_old = " ".join([self.old[i].text for i in old])
        text_new = " ".join([self.new[j].text for j in new])
        notes = self._structure(old, new)
        if text_old == text_new:
            kind = PairKind.COSMETIC if notes else PairKind.SAME
            return Pair(kind, old, new, _whole(Op.EQUAL, text_old), link.moved, 1.0, notes)
        spans = compare(text_old, text_new, self.budget)
        how = differences(text_old, text_new) if canonical(text_old) == canonical(text_new) else None
        if how is not None:
            return Pair(PairKind.COSMETIC, old, new, spans, link.moved, 1.0, notes + how)
        a, b = self._joined(old, new=False), self._joined(new, new=True)
        alike = similarity(a, b) if self.budget.take(len(a) * len(b)) else self._rough_score(a, b, 0.0)
        return Pair(PairKind.MODIFIED, old, new, spans, link.moved, round(min(alike, 0.999), 3), notes)

    def _structure(self, old: tuple[int, ...], new: tuple[int, ...]) -> tuple[str, ...]:
        if len(old) > 1 or len(new) > 1:
            return ("split",) if len(old) == 1 else ("joined",) if len(new) == 1 else ("rewrapped",)
        was, now = self.old[old[0]], self.new[new[0]]
        if was.kind is not now.kind:
            return (f"{was.kind.value} became {now.kind.value}",)
        if was.level != now.level:
            return ("heading level" if was.kind is BlockKind.HEADING else "list depth",)
        return ()


def _whole(op: Op, text: str) -> tuple[Span, ...]:
    return (Span(op, text),) if text else ()
