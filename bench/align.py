"""Alignment of real versions, beside difflib and diff-match-patch: time, size and readability of the result.

    python -m bench.align [--shared ../shared] [--cache FILE] [--pairs 50]

The pairs are the longest versions of the corpus' policies against one of the three versions after them. "edit" is the
number of words deleted and inserted over all pairs: less is closer to optimal. "islands" are runs of one or two equal
words between changes: they make a difference unreadable. Peers compare the texts as lists of words; diff-match-patch
has each word as one character, as its authors advise, its clean-up for people, and no time limit.
"""

from __future__ import annotations

import argparse
import difflib
import re
import statistics
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path

from diff_match_patch import diff_match_patch  # type: ignore[import-untyped]

from analysis.align import align
from analysis.alignment import Op
from analysis.blocks import Block, render_text
from analysis.cosmetics import canonical
from bench.corpus_changes import judge, read_extractions, read_rows

Blocks = tuple[Block, ...]
Edits = list[tuple[Op, list[str]]]  # words, in order

_WORD = re.compile(r"\w+(?:[.,'’@]\w+)*|[^\w\s]")


def versions(shared: Path, cache: Path | None) -> dict[tuple[str, str], list[Blocks]]:
    extractions = read_extractions(shared, cache)
    by_document = defaultdict(list)
    for row in read_rows(shared / "corpus"):
        by_document[row.key].append(row)
    found = {}
    for key, rows in by_document.items():
        stamps = [rows[run.captures[0]].timestamp for run in judge(rows, extractions).history.runs]
        found[key] = [blocks for stamp in stamps if (blocks := extractions[key, stamp].blocks)]  # type: ignore[union-attr]
    return found


def pairs(found: dict[tuple[str, str], list[Blocks]], count: int) -> list[tuple[Blocks, Blocks]]:
    chosen = [
        (old, new)
        for step in (1, 2, 3)
        for blocks in found.values()
        for old, new in zip(blocks, blocks[step:], strict=False)
    ]
    chosen.sort(key=lambda pair: -len(render_text(pair[0])) - len(render_text(pair[1])))
    return chosen[:count]


def ours(old: Blocks, new: Blocks) -> Edits:
    edits: Edits = []
    for pair in align(old, new).pairs:
        edits += [(span.op, _WORD.findall(span.text)) for span in pair.spans]
        edits.append((Op.EQUAL, ["\n"] * 3))  # no island goes across blocks
    return edits


def with_difflib(old: Blocks, new: Blocks, *, autojunk: bool) -> Edits:
    a, b = _WORD.findall(render_text(old)), _WORD.findall(render_text(new))
    edits: Edits = []
    for tag, i1, i2, j1, j2 in difflib.SequenceMatcher(None, a, b, autojunk).get_opcodes():
        if tag == "equal":
            edits.append((Op.EQUAL, a[i1:i2]))
        else:
            edits += [(Op.DELETE, a[i1:i2]), (Op.INSERT, b[j1:j2])]
    return edits


def with_dmp(old: Blocks, new: Blocks) -> Edits:
    vocabulary: dict[str, str] = {}
    a, b = (
        [vocabulary.setdefault(word, chr(0x4E00 + len(vocabulary))) for word in _WORD.findall(render_text(blocks))]
        for blocks in (old, new)
    )
    words = {letter: word for word, letter in vocabulary.items()}
    differ = diff_match_patch()
    differ.Diff_Timeout = 0
    diffs = differ.diff_main("".join(a), "".join(b), False)
    differ.diff_cleanupSemantic(diffs)
    ops = {-1: Op.DELETE, 0: Op.EQUAL, 1: Op.INSERT}
    return [(ops[op], [words[letter] for letter in letters]) for op, letters in diffs]


def islands(edits: Edits) -> int:
    """Runs of one or two equal words with a change right before and right after."""
    count = 0
    for before, (op, words), after in zip(edits, edits[1:], edits[2:], strict=False):
        changed = before[0] is not Op.EQUAL and after[0] is not Op.EQUAL
        count += op is Op.EQUAL and changed and 0 < len(words) <= 2
    return count


def measure(name: str, differ: Callable[[Blocks, Blocks], Edits], sample: list[tuple[Blocks, Blocks]]) -> None:
    seconds, size, lonely = [], 0, 0
    for old, new in sample:
        canonical.cache_clear()  # each pair as if it were the first
        started = time.process_time()
        edits = differ(old, new)
        seconds.append(time.process_time() - started)
        size += sum(len(words) for op, words in edits if op is not Op.EQUAL)
        lonely += islands([edit for edit in edits if edit[1]])
    seconds.sort()
    median, p90 = statistics.median(seconds), seconds[int(len(seconds) * 0.9)]
    print(f"{name:42s}{median:10.4f}{p90:10.4f}{seconds[-1]:10.4f}{sum(seconds):10.2f}{size:10d}{lonely:10d}")


def differs() -> Iterator[tuple[str, Callable[[Blocks, Blocks], Edits]]]:
    yield "clausewatch align", ours
    yield "difflib, words", lambda old, new: with_difflib(old, new, autojunk=True)
    yield "difflib, words, autojunk=False", lambda old, new: with_difflib(old, new, autojunk=False)
    yield "diff-match-patch, words, semantic", with_dmp


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path(__file__).resolve().parents[2] / "shared")
    parser.add_argument("--cache", type=Path, help="keep the extractions here between runs")
    parser.add_argument("--pairs", type=int, default=50)
    options = parser.parse_args()
    sample = pairs(versions(options.shared, options.cache), options.pairs)
    lengths = [len(render_text(old)) + len(render_text(new)) for old, new in sample]
    print(f"{len(sample)} pairs of {min(lengths) // 2000} to {max(lengths) // 2000} KB a side; CPU seconds")
    columns = ("median", "p90", "max", "sum", "edit", "islands")
    print(f"{'':42s}" + "".join(f"{column:>10s}" for column in columns))
    for name, differ in differs():
        measure(name, differ, sample)


if __name__ == "__main__":
    main()
