"""Near-matches of 100 KB cost linear time in every reader of text."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from analysis.blocks import Block, BlockKind
from analysis.clauses import recognise
from analysis.dates import find_dates
from analysis.facts import facts_of
from analysis.judgement import judge_texts
from analysis.notice import find_notice
from analysis.sentences import LONGEST, sentences

PIECES = {
    "sharing": "we may share information with ",
    "retention": "retain data for as long ",
    "negations": "we do not not never sell, ",
    "changes": "change this update these modify our ",
    "dates": "January 1 February 2 effective ",
    "numbers": "fifteen (15 thirty (30 ",
    "slashes": "1/1/1/1/",
    "ages": "under under under 13 age ",
    "mail": "aaaa@bbbb.",
    "spaces": "   ",
    "stops": ". . . ",
    "links": "[](",
    "stars": "**_",
    "names": "Foo Bar Baz Qux ",
    "cookies": "opt-out of cookies browser settings ",
    "notices": "notice posted changes policy effective ",
    "lines": "a\n",
}


def _block(text: str) -> list[Block]:
    return [Block(BlockKind.PARAGRAPH, text)]


READERS: dict[str, Callable[[str], object]] = {
    "recognise": lambda text: recognise(_block(text)),
    "dates": lambda text: find_dates(_block(text)),
    "notice": lambda text: find_notice(_block(text)),
    "facts": lambda text: facts_of(text, text[50:] + " We sell data."),
}


def _seconds(reader: Callable[[str], object], text: str) -> float:
    begin = time.process_time()
    reader(text)
    return time.process_time() - begin


@pytest.mark.parametrize("piece", PIECES)
@pytest.mark.parametrize("reader", READERS)
def test_time_grows_with_the_length_only(reader: str, piece: str) -> None:
    unit = PIECES[piece]
    small, large = (unit * (size // len(unit) + 1) for size in (25_000, 100_000))
    read = READERS[reader]
    first, second = _seconds(read, small[:25_000]), _seconds(read, large[:100_000])
    # four times the text: four times the time, with room for a busy machine; squares would be sixteen times
    assert second < 9 * first + 0.5
    assert second < 5


def test_a_judged_pair_of_100_kb_takes_seconds_at_most() -> None:
    text = ("we may share data with partners and notify you of changes of this policy " * 1400)[:100_000]
    assert _seconds(lambda old: judge_texts(old, old[200:] + " We sell data."), text) < 8


def test_pieces_are_bounded_and_point_into_the_text() -> None:
    text = "word " * 5_000 + "End. Next one." + "x" * 5_000
    pieces = list(sentences(text))
    assert max(len(piece.text) for piece in pieces) <= LONGEST
    assert all(text[piece.start : piece.end] == piece.text for piece in pieces)
    assert "".join("".join(piece.text.split()) for piece in pieces) == "".join(text.split())
