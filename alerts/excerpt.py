"""Before and after with the changed words marked, cut at the ends of sentences."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import accumulate

from alerts.escape import MAX_TEXT, clean
from alerts.message import Excerpt, Mark, MarkKind
from analysis.alignment import Op, Span
from analysis.sentences import sentences

__all__ = ["shorten", "sides"]

_MARKED = (MarkKind.REMOVED, MarkKind.ADDED)
_Run = tuple[MarkKind, str]
_SPACES = re.compile(r"\s+")
_WHOLE = 400  # a side this short is shown whole: its unchanged sentences are context


def sides(before: str, after: str, spans: Sequence[Span], budget: int) -> tuple[Excerpt, Excerpt]:
    """Both sides of a clause change: the sentences in which words changed, each side at most `budget` characters.

    Spans that do not add up to the two texts are not believed, being derived data; all of both is then marked.
    """
    old = "".join(span.text for span in spans if span.op is not Op.INSERT)
    new = "".join(span.text for span in spans if span.op is not Op.DELETE)
    if not spans or _squeeze(old) != _squeeze(before) or _squeeze(new) != _squeeze(after):
        spans = (Span(Op.DELETE, before), Span(Op.INSERT, after))
    kinds = {Op.EQUAL: MarkKind.SAME, Op.DELETE: MarkKind.REMOVED, Op.INSERT: MarkKind.ADDED}
    left = [(kinds[span.op], span.text) for span in spans if span.op is not Op.INSERT]
    right = [(kinds[span.op], span.text) for span in spans if span.op is not Op.DELETE]
    return _side(left, budget), _side(right, budget)


def shorten(excerpt: Excerpt, budget: int) -> Excerpt:
    """The same excerpt in at most `budget` characters, what was cut before still counted."""
    if excerpt.length <= budget:
        return excerpt
    shorter: list[Mark] = []
    pending: list[_Run] = []
    left = budget

    def flush() -> None:
        nonlocal left
        if pending:
            part = _excerpt(pending, max(left, 0)) if left > 0 else Excerpt((_cut(sum(len(t) for _, t in pending)),))
            shorter.extend(part.marks)
            left -= part.length
            pending.clear()

    for mark in excerpt.marks:
        if mark.kind is MarkKind.CUT:
            flush()
            shorter.append(mark)
        else:
            pending.append((mark.kind, mark.text))
    flush()
    return Excerpt(tuple(_merged(shorter)))


def _side(runs: Sequence[_Run], budget: int) -> Excerpt:
    """White space becomes single spaces or line breaks before sentences are looked for: ten thousand spaces are one.

    What stands behind the first `MAX_TEXT` characters of a run is only counted.
    """
    tidied = [(kind, _SPACES.sub(_one_space, text[:MAX_TEXT])) for kind, text in runs]
    return _excerpt(tidied, budget, unseen=sum(max(len(text) - MAX_TEXT, 0) for _, text in runs))


def _one_space(match: re.Match[str]) -> str:
    return "\n" if "\n" in match.group() else " "


def _squeeze(text: str) -> str:
    return "".join(text[:MAX_TEXT].split())


def _cut(length: int) -> Mark:
    return Mark(MarkKind.CUT, length=length)


def _excerpt(runs: Sequence[_Run], budget: int, unseen: int = 0) -> Excerpt:
    """Sentences that hold a marked word, in order, as many as fit; where nothing is marked, the first that fit."""
    text = "".join(run for _, run in runs)
    bounded = text[:MAX_TEXT]
    marked = list(_marked_ranges(runs, len(bounded)))
    pieces = [(s.start, s.end) for s in sentences(bounded)]
    whole = len(text) + unseen <= min(budget, _WHOLE)
    wanted = list(_touched(pieces, marked)) if marked and not whole else pieces
    kept: list[tuple[int, int]] = []
    left = budget
    for start, end in wanted:
        cost = end - start + bool(kept)  # with the space before it
        if cost > left:
            if not kept and left > 0:  # a sentence longer than the whole budget: around its first changed word
                kept.append(_window(bounded, (start, end), marked, left))
            break
        kept.append((start, end))
        left -= cost
    return Excerpt(tuple(_merged(_marks(runs, kept, len(text) + unseen))))


def _marked_ranges(runs: Iterable[_Run], length: int) -> Iterator[tuple[int, int]]:
    at = 0
    for kind, text in runs:
        if at >= length:
            return
        if kind in _MARKED and text.strip():
            yield at, min(at + len(text), length)
        at += len(text)


def _touched(pieces: Sequence[tuple[int, int]], ranges: Sequence[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """The pieces that overlap a range; both in order, so each is looked at once."""
    at = 0
    for start, end in pieces:
        while at < len(ranges) and ranges[at][1] <= start:
            at += 1
        if at < len(ranges) and ranges[at][0] < end:
            yield start, end


def _window(text: str, piece: tuple[int, int], marked: Sequence[tuple[int, int]], budget: int) -> tuple[int, int]:
    start, end = piece
    first = next((max(a, start) for a, b in marked if a < end and b > start), start)
    begin = max(start, first - budget // 4)
    if begin > start:
        space = text.find(" ", begin, first)
        begin = space + 1 if space >= 0 else begin
    stop = min(end, begin + budget)
    if stop < end:
        space = text.rfind(" ", begin + budget // 2, stop)
        stop = space if space > 0 else stop
    return begin, stop


def _marks(runs: Sequence[_Run], kept: Sequence[tuple[int, int]], total: int) -> Iterator[Mark]:
    """The runs inside the kept ranges, a CUT mark for every gap of more than white space."""
    offsets = list(accumulate((len(text) for _, text in runs), initial=0))
    at = 0
    for start, end in kept:
        if start - at > 1:
            yield _cut(start - at)
        elif start > at and at:
            yield Mark(MarkKind.SAME, " ")
        for index in range(bisect_right(offsets, start) - 1, len(runs)):
            if offsets[index] >= end:
                break
            kind, text = runs[index]
            yield Mark(kind, clean(text[max(start - offsets[index], 0) : end - offsets[index]]))
        at = end
    if total - at > 1:
        yield _cut(total - at)


def _merged(marks: Iterable[Mark]) -> Iterator[Mark]:
    """Neighbours of one kind as one mark; empty ones dropped."""
    last: Mark | None = None
    for mark in marks:
        if not mark.text and not mark.length:
            continue
        if last is not None and last.kind is mark.kind:
            last = replace(last, text=last.text + mark.text, length=last.length + mark.length)
            continue
        if last is not None:
            yield last
        last = mark
    if last is not None:
        yield last
