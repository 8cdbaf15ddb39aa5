"""What became of a pair of blocks, in one word, with the words that are the evidence.

This is about words, not about law: `analysis.judgement` says what a change means. "Reworded" is only said where nothing
is left once words without weight, other forms of the same word and known synonyms are set off against each other;
everything else is "modified". Numbers, negations, modals and quantifiers have weight always.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

from analysis.alignment import Op, Pair, PairKind
from analysis.cosmetics import canonical

__all__ = ["Label", "LabelKind", "kind_of"]


class LabelKind(StrEnum):
    SAME = "same"
    COSMETIC = "cosmetic"
    MOVED = "moved"
    REWORDED = "reworded"
    MODIFIED = "modified"
    ADDED = "added"
    REMOVED = "removed"


@dataclass(frozen=True, slots=True)
class Label:
    """`gone` and `come` are the words that decided, in the order of the text; `notes` those of the pair."""

    kind: LabelKind
    gone: tuple[str, ...] = ()
    come: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


_FUNCTION_WORDS = """
    a an the this that these those of to in on at by for from with as and is are be been being was were it its
    we us our ours you your yours they them their he she his her which who whom whose there here also so then
    thus hereby herein thereof therein hereof please do does did have has had own itself up out into onto upon
"""
_WEIGHTLESS = frozenset(_FUNCTION_WORDS.split())
_SYNONYMS = {
    word: group[0]
    for group in (
        ("about", "regarding", "concerning", "respecting", "relating", "related", "relate"),
        ("before", "prior"),
        ("start", "begin", "commence"),
        ("end", "terminate", "cease"),
        ("use", "utilize", "utilise"),
        ("get", "obtain", "acquire"),
        ("give", "provide", "supply"),
        ("help", "assist", "aid"),
        ("buy", "purchase"),
        ("ask", "request"),
        ("show", "display"),
        ("tell", "inform", "notify"),
        ("data", "information"),
        ("policy", "statement", "notice"),
        ("site", "website", "webpage", "page"),
        ("phone", "telephone"),
        ("however", "but"),
        ("because", "since"),
        ("under", "pursuant", "accordance", "according"),
        ("additional", "further", "more"),
        ("several", "various", "multiple"),
        ("ensure", "guarantee"),
        ("described", "outlined", "detailed", "set", "listed"),
        ("when", "if", "where"),
        ("above", "foregoing"),
        ("below", "following"),
    )
    for word in group
}
_SUFFIXES = ("ations", "ation", "ings", "ing", "edly", "ed", "ies", "es", "s", "ly", "e")


def kind_of(pair: Pair) -> Label:
    """The label of one pair, with its evidence."""
    if pair.kind is PairKind.SAME or pair.kind is PairKind.COSMETIC:
        if pair.moved:
            return Label(LabelKind.MOVED, notes=pair.notes)
        kind = LabelKind.SAME if pair.kind is PairKind.SAME else LabelKind.COSMETIC
        return Label(kind, notes=pair.notes)
    if pair.kind is PairKind.ADDED or pair.kind is PairKind.REMOVED:
        kind = LabelKind.ADDED if pair.kind is PairKind.ADDED else LabelKind.REMOVED
        return Label(kind, notes=pair.notes)
    return _of_modified(pair)


def _of_modified(pair: Pair) -> Label:
    old, new = canonical(pair.old_text).split(" "), canonical(pair.new_text).split(" ")
    gone, come = _beyond(old, new), _beyond(new, old)
    if not gone and not come:  # only weightless words, or the order of the words
        kind = LabelKind.REWORDED
        return Label(kind, _of_spans(pair, Op.DELETE), _of_spans(pair, Op.INSERT), pair.notes)
    return Label(LabelKind.MODIFIED, gone, come, pair.notes)


def _beyond(words: list[str], others: list[str]) -> tuple[str, ...]:
    """The words with weight that are in one text more often than in the other."""
    left = Counter(map(_stem, others))
    beyond = []
    for word in words:
        if word in _WEIGHTLESS:
            continue
        stem = _stem(word)
        if left[stem] > 0:
            left[stem] -= 1
        else:
            beyond.append(word)
    return tuple(beyond[:40])


def _of_spans(pair: Pair, op: Op) -> tuple[str, ...]:
    return tuple(span.text.strip() for span in pair.spans if span.op is op and span.text.strip())[:40]


def _stem(word: str) -> str:
    word = _SYNONYMS.get(word, word)
    if len(word) < 5 or not word.isalpha():
        return word
    for suffix in _SUFFIXES:
        if word.endswith(suffix) and len(word) - len(suffix) >= 3:
            return _SYNONYMS.get(word[: -len(suffix)], word[: -len(suffix)])
    return word
