"""What two sequences have in common, in order, with bounded work.

The optimal answer (longest common subsequence) costs the product of the lengths, which hostile input makes too much.
So: equal ends first, then elements that are unique on both sides as anchors (as patience diff does), then the exact
algorithm of rapidfuzz in what lies between as long as a budget lasts, then the n-th occurrence against the n-th. Each
step is deterministic: the budget counts cells, not seconds.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Hashable, Sequence

from rapidfuzz.distance import LCSseq

__all__ = ["Budget", "Match", "common", "heaviest_chain"]

CELLS = 400_000_000
"""Cells of comparison tables for one alignment; 64 are done at a time, so that this is well under a second."""

LARGEST = 40_000_000
"""Cells of one table: rapidfuzz keeps a bit for each to walk back, so 5 MB."""


class Budget:
    """What is left of the work that one alignment may do."""

    __slots__ = ("cells",)

    def __init__(self, cells: int = CELLS) -> None:
        self.cells = cells

    def take(self, cells: int) -> bool:
        """Asks for a table of that many cells; false where it is too large or too much."""
        return cells <= LARGEST and self.spend(cells)

    def spend(self, cells: int) -> bool:
        """Asks for work that costs as much as that many cells, without a table."""
        if cells > self.cells:
            return False
        self.cells -= cells
        return True


Match = tuple[int, int, int]  # where it starts in a, where in b, how many


def common(
    a: Sequence[Hashable], b: Sequence[Hashable], budget: Budget, weights: Sequence[float] | None = None
) -> list[Match]:
    """Runs of equal elements, in increasing order on both sides, none touching the next on both sides at once.

    `weights`, one for each element of `a`, say what should rather stay in order where not everything can.
    """
    found: list[Match] = []
    start = _equal_ends(a, b)
    if start:
        found.append((0, 0, start))
    end_a, end_b = len(a), len(b)
    while end_a > start and end_b > start and a[end_a - 1] == b[end_b - 1]:
        end_a -= 1
        end_b -= 1
    _middle(a, b, (start, end_a, start, end_b), budget, found, weights)
    if end_a < len(a):
        found.append((end_a, end_b, len(a) - end_a))
    return _merged(found)


def _equal_ends(a: Sequence[Hashable], b: Sequence[Hashable]) -> int:
    shorter = min(len(a), len(b))
    for index in range(shorter):
        if a[index] != b[index]:
            return index
    return shorter


def _middle(
    a: Sequence[Hashable],
    b: Sequence[Hashable],
    part: tuple[int, int, int, int],
    budget: Budget,
    found: list[Match],
    weights: Sequence[float] | None,
) -> None:
    a0, a1, b0, b1 = part
    if a0 == a1 or b0 == b1:
        return
    inner_a, inner_b = a[a0:a1], b[b0:b1]
    anchors = _unique(inner_a, inner_b, weights and weights[a0:a1])
    position_a = position_b = 0
    for anchor_a, anchor_b in [*anchors, (len(inner_a), len(inner_b))]:
        if anchor_a < position_a or anchor_b < position_b:
            continue  # an earlier anchor has grown over this one
        _gap(inner_a, inner_b, (position_a, anchor_a, position_b, anchor_b), (a0, b0), budget, found)
        position_a, position_b = anchor_a, anchor_b
        while position_a < len(inner_a) and position_b < len(inner_b) and inner_a[position_a] == inner_b[position_b]:
            position_a += 1
            position_b += 1
        if position_a > anchor_a:
            found.append((a0 + anchor_a, b0 + anchor_b, position_a - anchor_a))


def _gap(
    a: Sequence[Hashable],
    b: Sequence[Hashable],
    part: tuple[int, int, int, int],
    offset: tuple[int, int],
    budget: Budget,
    found: list[Match],
) -> None:
    a0, a1, b0, b1 = part
    gap_a, gap_b = a[a0:a1], b[b0:b1]
    if not gap_a or not gap_b:
        return
    if budget.take(len(gap_a) * len(gap_b)):
        matches = [(block.a, block.b, block.size) for block in LCSseq.opcodes(gap_a, gap_b).as_matching_blocks()]
    else:
        matches = [(i, j, 1) for i, j in _by_occurrence(gap_a, gap_b)]
    found.extend((offset[0] + a0 + i, offset[1] + b0 + j, size) for i, j, size in matches if size)


def _unique(a: Sequence[Hashable], b: Sequence[Hashable], weights: Sequence[float] | None) -> list[tuple[int, int]]:
    """The longest, or heaviest, increasing chain of elements that are unique on both sides."""
    count_a, count_b = Counter(a), Counter(b)
    where = {element: index for index, element in enumerate(b) if count_b[element] == 1 and count_a[element] == 1}
    pairs = [(index, where[element]) for index, element in enumerate(a) if element in where]
    if weights is None:
        return _increasing(pairs)
    return [pairs[index] for index in heaviest_chain([(i, j, weights[i]) for i, j in pairs])]


def _by_occurrence(a: Sequence[Hashable], b: Sequence[Hashable]) -> list[tuple[int, int]]:
    seen: Counter[Hashable] = Counter()
    where: dict[tuple[Hashable, int], int] = {}
    for index, element in enumerate(b):
        where[element, seen[element]] = index
        seen[element] += 1
    seen.clear()
    pairs = []
    for index, element in enumerate(a):
        other = where.get((element, seen[element]))
        seen[element] += 1
        if other is not None:
            pairs.append((index, other))
    return _increasing(pairs)


def _increasing(pairs: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """The longest chain with increasing second numbers; the first numbers increase already."""
    tails: list[int] = []  # the smallest second number that ends a chain of each length
    ends: list[int] = []
    before: list[int] = []
    for index, (_, value) in enumerate(pairs):
        length = bisect_left(tails, value)
        if length == len(tails):
            tails.append(value)
            ends.append(index)
        else:
            tails[length] = value
            ends[length] = index
        before.append(ends[length - 1] if length else -1)
    chain = []
    index = ends[-1] if ends else -1
    while index >= 0:
        chain.append(pairs[index])
        index = before[index]
    return chain[::-1]


def heaviest_chain(pairs: list[tuple[int, int, float]]) -> list[int]:
    """Which of the weighted pairs (i, j, weight) make the heaviest chain that increases strictly in i and in j.

    Returns the indices of the pairs chosen, in order. O(n log n): a Fenwick tree of prefix maxima over j.
    """
    order = sorted(range(len(pairs)), key=lambda index: (pairs[index][0], -pairs[index][1]))
    rank = {j: place for place, j in enumerate(sorted({j for _, j, _ in pairs}), start=1)}
    tree: list[tuple[float, int]] = [(0.0, -1)] * (len(rank) + 1)
    best: list[tuple[float, int]] = [(0.0, -1)] * len(pairs)
    for index in order:  # for the same i the larger j come first, so that no chain takes two pairs of one i
        _, j, weight = pairs[index]
        below, previous = 0.0, -1
        place = rank[j] - 1
        while place:
            if tree[place][0] > below:
                below, previous = tree[place]
            place &= place - 1
        best[index] = (below + weight, previous)
        place = rank[j]
        while place < len(tree):
            if tree[place][0] < below + weight:
                tree[place] = (below + weight, index)
            place += place & -place
    if not pairs:
        return []
    index = max(order, key=lambda index: best[index][0])
    chain = []
    while index >= 0:
        chain.append(index)
        index = best[index][1]
    return chain[::-1]


def _merged(found: list[Match]) -> list[Match]:
    merged: list[Match] = []
    for i, j, size in found:
        if merged and merged[-1][0] + merged[-1][2] == i and merged[-1][1] + merged[-1][2] == j:
            merged[-1] = (merged[-1][0], merged[-1][1], merged[-1][2] + size)
        else:
            merged.append((i, j, size))
    return merged
