"""Sentences of a text, as offsets, in time linear in its length.

A splitter of our own because the pieces must be bounded: every pattern of this package is run on pieces of at most
`LONGEST` characters, which is what keeps hostile text cheap.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["LONGEST", "Sentence", "sentences"]

LONGEST = 1200
"""The longest piece, in characters. Legal sentences of 600 are common, of 1,200 rare."""

_BREAK = re.compile(r"[.!?…][\"'”’)\]*_]{0,3}[ \t\u00a0]+(?=[\"'“‘(\[*_]{0,3}[A-Z0-9À-Þ])|\n|[.!?](?=[A-Z][a-z])")
_ABBREVIATION = re.compile(
    r"(?:\b(?:[A-Za-z]|Inc|Ltd|Corp|Co|LLC|No|Nos|Mr|Mrs|Ms|Dr|St|Ave|Art|Sec|Sect|Nr|cf|vs|approx|incl|Jan|Feb|Mar|Apr|"
    r"Jun|Jul|Aug|Sep|Sept|Oct|Nov|Dec|dept|ref|para)|e\.g|i\.e|a\.k\.a|U\.S|U\.K|E\.U|p\.m|a\.m|d\.b\.a)\.$",
    re.IGNORECASE,
)
# "Inc. We" ends a sentence all the same; "Inc. and" never gets here, and "No. 12" and "U.S. Department" must not end.
_STARTER = re.compile(r"(?:We|You|Our|Your|The|This|These|If|In|It|They|By|For|When|Please|Any|All|Such|However|To)\b")
_COMPANY = re.compile(r"(?:Inc|Ltd|Corp|Co|LLC|p\.m|a\.m|U\.S|U\.K|E\.U)\.$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Sentence:
    """A piece of a text: `text` equals the source between `start` and `end`."""

    start: int
    end: int
    text: str


def sentences(text: str) -> Iterator[Sentence]:
    """Sentences in order, blank ones left out; line breaks end one, a piece longer than `LONGEST` is cut at a space."""
    start = 0
    for match in _BREAK.finditer(text):
        if "\n" not in match.group() and not _ends(text, match):
            continue
        yield from _pieces(text, start, match.end())
        start = match.end()
    yield from _pieces(text, start, len(text))


def _ends(text: str, match: re.Match[str]) -> bool:
    before = text[max(0, match.start() - 8) : match.start() + 1]
    if text[match.start()] != "." or not _ABBREVIATION.search(before):
        # "www.Example.com", "Live2Support.Com": a full stop without a space ends nothing inside an address
        return match.end() > match.start() + 1 or not _inside_address(text, match.start())
    return bool(_COMPANY.search(before) and _STARTER.match(text, match.end()))


def _inside_address(text: str, stop: int) -> bool:
    left = text[max(0, stop - 40) : stop].rsplit(None, 1)
    right = text[stop + 1 : stop + 41].split(None, 1)
    word = (left[-1] if left else "") + "." + (right[0] if right else "")
    return (
        "@" in word or "/" in word or "www" in word.lower() or bool(re.search(r"\.(?:com|org|net|io|eu)\b", word, re.I))
    )


def _pieces(text: str, start: int, end: int) -> Iterator[Sentence]:
    while start < end and text[start].isspace():
        start += 1
    while end > start and text[end - 1].isspace():
        end -= 1
    while end - start > LONGEST:
        cut = text.rfind(" ", start + LONGEST // 2, start + LONGEST)
        cut = cut if cut > 0 else start + LONGEST
        yield Sentence(start, cut, text[start:cut])
        start = cut
    if start < end:
        yield Sentence(start, end, text[start:end])
