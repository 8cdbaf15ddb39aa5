"""Which blocks speak of which category, with a score and the words that decided.

Rules are gated by the first letters of a sentence's words, so that most patterns are never run: thousands of blocks a
second on one core. Headings and the sentence that introduces a list count as context.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

from analysis.blocks import Block, BlockKind
from analysis.lexicons import expand
from analysis.lexicons_clauses import HEADINGS, RULES
from analysis.sentences import Sentence, sentences
from analysis.taxonomy import CategoryRule, check_rules

__all__ = ["THRESHOLD", "Hit", "Recogniser", "Tag", "by_category", "categories_of", "recognise"]

THRESHOLD = 0.5
"""The score from which a category counts as spoken of."""

_STEM = 4
_LONGEST_LEAD = 100
_WORDS = re.compile(r"[a-z0-9]+")
_CLEARLY = 0.7
_WEAKENED = 0.5
_LEAST = 0.75
_FOCUSED = 1.15
_ELSE = frozenset(
    {
        "third_party",
        "sale",
        "legal_disclosure",
        "business_transfer",
        "security",
        "policy_change",
        "children",
        "access",
        "international",
        "retention",
        "dnt",
        "us_state",
        "effective_date",
        "subprocessors",
    }
)
_RIVALS = {
    "first_party": _ELSE | {"choice"},
    "choice": frozenset({"policy_change", "children", "legal_disclosure", "business_transfer", "international"}),
    "access": frozenset({"policy_change", "security", "children", "legal_disclosure"}),
    "legal_disclosure": frozenset({"children", "international", "us_state", "retention", "access"}),
    "security": frozenset({"legal_disclosure", "third_party"}),
    "third_party": frozenset({"children", "policy_change", "security", "dnt", "us_state", "choice"}),
}
_CONTEXT_WEIGHT = 0.25
_LIST_WEIGHT = 0.55
# categories that a list item takes over from the sentence that introduces the list
_LISTED = frozenset(
    {
        "first_party",
        "third_party",
        "cookies_tracking",
        "legal_disclosure",
        "choice",
        "access",
        "security",
        "retention",
        "sale",
        "international",
        "acceptable_use",
        "subprocessors",
        "us_state",
    }
)


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule that matched: its name, its weight, and the characters of the block that it matched."""

    rule: str
    weight: float
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Tag:
    """A block (by index) speaks of a category: score from 0 to 1 and the hits behind it, strongest first.

    A hit named "heading: …" or "list of …" is context: it matched outside the block and covers no characters of it.
    """

    block: int
    category: str
    score: float
    hits: tuple[Hit, ...]


@dataclass(frozen=True, slots=True)
class _Rule:
    category: str
    name: str
    weight: float
    gates: tuple[frozenset[str], ...]
    pattern: re.Pattern[str]
    unless: re.Pattern[str] | None
    cased: bool  # needs to see capitals


def recognise(blocks: Sequence[Block], *, extra: Iterable[CategoryRule] = ()) -> tuple[Tag, ...]:
    """Tags of all blocks, in order of blocks, only those that reach `THRESHOLD`.

    `extra` are categories of the user's; raises `CategoryRuleError` if one of them cannot be used.
    """
    return Recogniser(tuple(extra)).tags(blocks)


def by_category(tags: Iterable[Tag]) -> dict[str, tuple[int, ...]]:
    """Category to the indices of the blocks that speak of it, in order."""
    found: dict[str, list[int]] = defaultdict(list)
    for tag in tags:
        found[tag.category].append(tag.block)
    return {name: tuple(indices) for name, indices in found.items()}


def categories_of(text: str, path: Sequence[str] = (), *, extra: Iterable[CategoryRule] = ()) -> dict[str, float]:
    """Categories of one text with their scores, under the headings of `path`."""
    block = Block(BlockKind.PARAGRAPH, text, path=tuple(path))
    return {tag.category: tag.score for tag in recognise([block], extra=extra)}


class Recogniser:
    """The compiled rules with the user's categories; make one and keep it where many documents are read."""

    def __init__(self, extra: tuple[CategoryRule, ...] = ()) -> None:
        check_rules(extra)
        self._extra = tuple((rule.id, rule.name or rule.id, rule.compiled()) for rule in extra)

    def tags(self, blocks: Sequence[Block], only: Collection[int] | None = None) -> tuple[Tag, ...]:
        """Tags in order of blocks: of all of them, or of those whose index is in `only`.

        What introduces a list counts for its items, so tags may depend on blocks above that are not asked for.
        """
        tags: list[Tag] = []
        lead: dict[str, float] = {}
        for index, block in enumerate(blocks):
            listed = _is_listed(block)
            leads = not listed or block.text.rstrip().endswith(":")
            asked = only is None or index in only
            if asked or (leads and _introduces(block)):
                scores = self.scores(block, lead if listed else {})
                if asked:
                    tags.extend(
                        Tag(index, name, score, hits)
                        for name, (score, hits) in sorted(scores.items())
                        if score >= THRESHOLD
                    )
                if leads:
                    lead = _lead_of(block, scores)
            elif leads:
                lead = {}
        return tuple(tags)

    def scores(self, block: Block, lead: dict[str, float] | None = None) -> dict[str, tuple[float, tuple[Hit, ...]]]:
        """Score and hits per category of one block; `lead` are the categories of the sentence introducing its list."""
        hits: dict[str, list[Hit]] = defaultdict(list)
        heading, body = _split_heading(block)
        pieces = [Sentence(s.start + body, s.end + body, s.text) for s in sentences(block.text[body:])]
        spoken: Counter[str] = Counter()
        for sentence in pieces:
            if block.kind is not BlockKind.ITEM and len(block.text) > len(sentence.text) and _is_title(sentence.text):
                continue  # a heading or an entry of a table of contents inside a block
            found = _contested(_sentence_hits(sentence))
            spoken.update({name for name, _ in found})
            for name, hit in found:
                hits[name].append(hit)
        for name, title, patterns in self._extra:
            hits[name].extend(_extra_hits(title, patterns, block.text))
        if block.kind is not BlockKind.HEADING:
            for text in (heading, block.path[-1] if block.path else ""):
                for name in _heading_categories(text):
                    hits[name].append(Hit(f"heading: {text[:80]}", _CONTEXT_WEIGHT, 0, 0))
        elif not hits:
            for name in _heading_categories(block.text):
                hits[name].append(Hit("heading", 0.6, 0, len(block.text)))
        for name, score in (lead or {}).items():
            hits[name].append(Hit(f"list of {name}", _LIST_WEIGHT * score, 0, 0))
        factors = {name: _focus(spoken[name], len(pieces)) for name in spoken}
        return {name: _combine(found, factors.get(name, 1.0)) for name, found in hits.items() if found}


def _is_listed(block: Block) -> bool:
    return block.kind in (BlockKind.ITEM, BlockKind.ROW) or block.text.lstrip()[:1] in "-•*·–"


def _introduces(block: Block) -> bool:
    """Whether the block ends as one that a list follows."""
    return block.text.rstrip().endswith((":", "following", "–", "—"))


def _lead_of(block: Block, scores: dict[str, tuple[float, tuple[Hit, ...]]]) -> dict[str, float]:
    if not _introduces(block):
        return {}
    return {name: 1.0 for name, (score, _) in scores.items() if score >= THRESHOLD and name in _LISTED}


def _split_heading(block: Block) -> tuple[str, int]:
    """A short first line without a full stop is a heading glued to its text: the heading and where the text begins."""
    if block.kind is BlockKind.HEADING:
        return "", 0
    line, newline, _ = block.text.partition("\n")
    if (
        newline
        and len(line) <= _LONGEST_LEAD
        and not line.rstrip().endswith((".", ",", ";", "!"))
        and line.lstrip()[:1] not in "-•*·–"
    ):
        return line.strip(), len(line) + 1
    return "", 0


def _contested(found: list[tuple[str, Hit]]) -> list[tuple[str, Hit]]:
    """Hits of a sentence with those weakened that come with almost any clause, where another category is clearly meant.

    "We share the information we collect with advertisers" speaks of sharing; that it is collected is a side note.
    """
    sums: dict[str, float] = defaultdict(float)
    for name, hit in found:
        sums[name] += hit.weight
    result: list[tuple[str, Hit]] = []
    for name, hit in found:
        rivals = _RIVALS.get(name, frozenset())
        if rivals and max((sums[rival] for rival in rivals & sums.keys()), default=0.0) >= max(
            sums[name] * _CLEARLY, 0.5
        ):
            hit = Hit(hit.rule, round(hit.weight * _WEAKENED, 3), hit.start, hit.end)
        result.append((name, hit))
    return result


def _focus(speaking: int, sentences_of_block: int) -> float:
    """What one of many sentences mentions is less what a block is about; what its only sentence says is more so."""
    if sentences_of_block <= 2:
        return _FOCUSED
    return _LEAST + (1 - _LEAST) * min(1.0, speaking / sentences_of_block * 2.5)


def _is_title(text: str) -> bool:
    """A few words, most of them capitalised, without a full stop or figures."""
    if len(text) > 90 or text[-1:] in ".;:,!" or any(char.isdigit() for char in text):
        return False
    words = [word for word in text.split() if len(word) > 3 and word[0].isalpha()]
    return bool(words) and sum(word[0].isupper() for word in words) >= 0.75 * len(words)


def _combine(hits: list[Hit], factor: float = 1.0) -> tuple[float, tuple[Hit, ...]]:
    """1 - product(1 - weight) over the rules that hit, each rule counted once, times `factor`."""
    strongest: dict[str, Hit] = {}
    for hit in hits:
        if hit.rule not in strongest:
            strongest[hit.rule] = hit
    miss = 1.0
    for hit in strongest.values():
        miss *= 1.0 - hit.weight
    return round(min((1.0 - miss) * factor, 0.99), 4), tuple(sorted(hits, key=lambda hit: (-hit.weight, hit.start)))


def _sentence_hits(sentence: Sentence) -> list[tuple[str, Hit]]:
    lowered = _lower(sentence.text)
    stems = {word[:_STEM] for word in _WORDS.findall(lowered)}
    rules, index = _index()
    found: list[tuple[str, Hit]] = []
    for number in sorted(set[int]().union(*(index[stem] for stem in stems & index.keys()))):
        rule = rules[number]
        for gate in rule.gates:
            if gate.isdisjoint(stems):
                break
        else:
            match = rule.pattern.search(sentence.text if rule.cased else lowered)
            if match and not (rule.unless and rule.unless.search(lowered)):
                start = sentence.start + match.start()
                found.append((rule.category, Hit(rule.name, rule.weight, start, start + match.end() - match.start())))
    return found


def _lower(text: str) -> str:
    """Lower case with every offset kept: a few capitals have two letters in lower case."""
    lowered = text.lower()
    return (
        lowered
        if len(lowered) == len(text)
        else "".join(low if len(low := char.lower()) == 1 else char for char in text)
    )


def _extra_hits(name: str, patterns: tuple[re.Pattern[str], ...], text: str) -> list[Hit]:
    hits: list[Hit] = []
    for pattern in patterns:
        for sentence in sentences(text):
            match = pattern.search(sentence.text)
            if match:
                hits.append(Hit(name, 0.9, sentence.start + match.start(), sentence.start + match.end()))
    return hits


@lru_cache(maxsize=4096)
def _heading_categories(text: str) -> tuple[str, ...]:
    """Categories that a heading announces; empty for what is no short heading."""
    if not text or len(text) > _LONGEST_LEAD:
        return ()
    lowered = text.lower()
    return tuple(name for name, pattern in _headings() if pattern.search(lowered))


@cache
def _headings() -> tuple[tuple[str, re.Pattern[str]], ...]:
    return tuple((name, re.compile(source, re.IGNORECASE)) for name, source in HEADINGS.items())


@cache
def _index() -> tuple[tuple[_Rule, ...], dict[str, frozenset[int]]]:
    """The compiled rules, and the stems of their first gates to the numbers of the rules that they open."""
    index: dict[str, set[int]] = defaultdict(set)
    rules: list[_Rule] = []
    for category, rows in RULES.items():
        for row in rows:
            source = expand(row[3])
            cased = "A-Z" in source
            groups = [frozenset(word[:_STEM] for word in group.split(",")) for group in row[2].split()]
            rule = _Rule(
                category,
                row[0],
                row[1],
                tuple(groups[1:]),
                # patterns run on lower-cased text, which takes half the time that ignoring case does
                re.compile(source),
                re.compile(expand(row[4])) if len(row) == 5 else None,
                cased,
            )
            for stem in groups[0]:
                index[stem].add(len(rules))
            rules.append(rule)
    return tuple(rules), {stem: frozenset(numbers) for stem, numbers in index.items()}
