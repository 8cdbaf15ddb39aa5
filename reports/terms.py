"""The terms that search knows, cut alike here, where the index is made, and in assets/search.js, where it is asked."""

from __future__ import annotations

import re
from collections.abc import Iterator

__all__ = ["shard_of", "terms_of"]

# what Python's \w is without "_": letters and numbers of all scripts; in JavaScript [^\p{L}\p{N}]+
_GAPS = re.compile(r"[\W_]+")
_LONGEST = 40
# fmt: off
_SILENT = frozenset({
    "a", "an", "and", "any", "are", "as", "at", "be", "by", "for", "from", "has", "have", "if", "in", "is", "it",
    "may", "not", "of", "on", "or", "our", "such", "that", "the", "their", "these", "they", "this", "to", "us",
    "was", "we", "will", "with", "you", "your",
})
# fmt: on


def terms_of(text: str) -> Iterator[str]:
    """The terms of a text, in order, repeats included; words that every text is full of left out."""
    for word in _GAPS.split(text.lower()):
        if word and word not in _SILENT and len(word) <= _LONGEST:
            yield word


def shard_of(term: str) -> str:
    """The file of the index that a term is in: its first letter, "0" for digits, "other" for all other scripts."""
    first = term[:1]
    if "a" <= first <= "z":
        return first
    return "0" if "0" <= first <= "9" else "other"
