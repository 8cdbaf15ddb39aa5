"""Two texts compared by sentences: which are gone, which are new, which became which."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

from rapidfuzz import fuzz, process

from analysis.cosmetics import canonical
from analysis.lexicons_facts import STOP_WORDS, SUBSTANCE, SYNONYMS, WORD
from analysis.sentences import Sentence, sentences

__all__ = ["Compared", "SentencePair", "compare_sentences", "content_words"]

_SIMILAR = 45.0  # rapidfuzz token_sort_ratio from which two changed sentences are one
_LONG_ENOUGH = 20  # characters of a sentence that can be recognised elsewhere
_MOST = 60  # changed sentences of a side that are compared with all of the other; more are taken in order
_LINK = re.compile(r"\]\(<?[^)\s]{0,500}>?\)|<?https?://[^\s)>\]]{1,500}>?|\[\]")
_LINE = re.compile(r"<br ?/?>", re.IGNORECASE)
# "8.1" is the number of a section, not one of the clause; inserting a section renumbers a whole document
_SECTION = re.compile(r"(?<![\w$€£.,])\d{1,2}(?:\.\d{1,2}){1,3}\.?(?![\w%]| ?%| ?percent)")
_MARK = re.compile(
    r"(?<!\w)[*_]{1,3}(?=\S)|(?<=\S)[*_]{1,3}(?!\w)|(?m:^[ \t]*(?:[*+-]|\d{1,3}[.)])[ \t]+)|"
    r"\\(?=[^\w\s])|\[(?=[^\]]{0,300}\]\()"
)


@dataclass(frozen=True, slots=True)
class Context:
    """The rest of the two documents that a pair of texts stands in.

    `old` and `new` are the whole texts, `gone` and `come` those of the changed blocks only; `keys_old` and `keys_new`
    name the sentences of each side, so that one that only moved to another block is not taken for a new one.
    """

    old: str
    new: str
    gone: str
    come: str
    keys_old: frozenset[str]
    keys_new: frozenset[str]

    @classmethod
    def of(cls, old: Iterable[str], new: Iterable[str], gone: Iterable[str], come: Iterable[str]) -> Context:
        """From the texts of all blocks of both sides, and of those that changed."""
        all_old, all_new = list(old), list(new)
        return cls(
            "\n".join(all_old), "\n".join(all_new), "\n".join(gone), "\n".join(come), _keys(all_old), _keys(all_new)
        )


def _keys(texts: Iterable[str]) -> frozenset[str]:
    return frozenset().union(*map(_keys_of, texts))


@lru_cache(maxsize=4096)  # most blocks stand on both sides
def _keys_of(text: str) -> frozenset[str]:
    keys = (_key(sentence.text) for sentence in sentences(_blanked(text)))
    return frozenset(key for key in keys if len(key) >= _LONG_ENOUGH)


@dataclass(frozen=True, slots=True)
class SentencePair:
    """A sentence and what it became; None on the side where there is none. Offsets are into the texts compared."""

    old: Sentence | None
    new: Sentence | None

    @property
    def old_text(self) -> str:
        return self.old.text if self.old else ""

    @property
    def new_text(self) -> str:
        return self.new.text if self.new else ""


@dataclass(frozen=True, slots=True)
class Compared:
    """The changed sentences of two texts, in order of the new side; what both share is left out.

    `gone` and `come` are the content words that only one side has, in the form they are compared in.
    """

    old: str
    new: str
    pairs: tuple[SentencePair, ...]
    gone: tuple[str, ...]
    come: tuple[str, ...]
    context: Context | None = None

    @property
    def whole(self) -> bool:
        """Whether a whole block was added or removed, of which the other side may say the same in other places."""
        return not self.old or not self.new

    @property
    def changed_old(self) -> str:
        """The old sentences that changed, one a line."""
        return "\n".join(pair.old.text for pair in self.pairs if pair.old)

    @property
    def changed_new(self) -> str:
        """The new sentences that changed, one a line."""
        return "\n".join(pair.new.text for pair in self.pairs if pair.new)

    @property
    def substance(self) -> tuple[str, ...]:
        """The changed content words that carry a term of a policy."""
        return tuple(word for word in (*self.gone, *self.come) if SUBSTANCE.match(word) or word.isdigit())


def compare_sentences(old: str, new: str, context: Context | None = None) -> Compared:
    """Sentences of `old` and `new` that are not the same but for typography, paired by likeness."""
    left, right = list(sentences(_blanked(old))), list(sentences(_blanked(new)))
    keys_left, keys_right = [_key(s.text) for s in left], [_key(s.text) for s in right]
    common = Counter(keys_left) & Counter(keys_right)
    gone = _without(left, keys_left, Counter(common))
    come = _without(right, keys_right, common)
    if context is not None:
        gone = [s for s in gone if _key(s.text) not in context.keys_new]
        come = [s for s in come if _key(s.text) not in context.keys_old]
    pairs = tuple(_paired(gone, come))
    words_old = Counter(word for s in gone for word in content_words(s.text))
    words_new = Counter(word for s in come for word in content_words(s.text))
    return Compared(
        old,
        new,
        pairs,
        tuple((words_old - words_new).elements()),
        tuple((words_new - words_old).elements()),
        context,
    )


def content_words(text: str) -> Iterator[str]:
    """Words that carry meaning, in lower case, synonyms and inflections made one."""
    for match in WORD.finditer(text.lower().replace("’", "'")):
        word = match.group()
        if word in STOP_WORDS:
            continue
        word = SYNONYMS.get(word, word)
        if word:
            yield _stem(word)


def _stem(word: str) -> str:
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 4 and word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def _blanked(text: str) -> str:
    """Link targets, Markdown marks and line breaks of HTML replaced by as many spaces, so that offsets stay."""
    text = _LINE.sub(lambda m: "\n".ljust(len(m.group())), text)
    text = _LINK.sub(lambda m: " " * len(m.group()), text)
    return _MARK.sub(lambda m: " " * len(m.group()), text)


def _key(text: str) -> str:
    return canonical(_SECTION.sub("", re.sub(r"\s+", " ", text)))


def _without(pieces: list[Sentence], keys: list[str], common: Counter[str]) -> list[Sentence]:
    left: list[Sentence] = []
    for piece, key in zip(pieces, keys, strict=True):
        if common[key] > 0:
            common[key] -= 1
        elif re.search(r"[^\W\d_]{2}", piece.text):
            left.append(piece)
    return left


def _paired(gone: list[Sentence], come: list[Sentence]) -> Iterator[SentencePair]:
    partner = _partners(gone, come)
    taken = set(partner.values())
    waiting = [s for index, s in enumerate(gone) if index not in taken]
    for index, new in enumerate(come):
        if index in partner:
            yield SentencePair(gone[partner[index]], new)
        else:
            yield SentencePair(None, new)
    for old in waiting:
        yield SentencePair(old, None)


def _partners(gone: list[Sentence], come: list[Sentence]) -> dict[int, int]:
    """Index of a new sentence to the old one most like it, each used once."""
    if not gone or not come:
        return {}
    if len(gone) > _MOST or len(come) > _MOST:
        return {index: index for index in range(min(len(gone), len(come)))}
    scores = process.cdist(
        [" ".join(content_words(s.text)) for s in come],
        [" ".join(content_words(s.text)) for s in gone],
        scorer=fuzz.token_sort_ratio,
    )
    ranked = sorted(
        ((float(scores[i][j]), i, j) for i in range(len(come)) for j in range(len(gone)) if scores[i][j] >= _SIMILAR),
        key=lambda item: (-item[0], item[1], item[2]),
    )
    partner: dict[int, int] = {}
    used: set[int] = set()
    for _, i, j in ranked:
        if i not in partner and j not in used:
            partner[i] = j
            used.add(j)
    return partner
