"""Facts that verbs and small words carry: modality, negation flips, conditions, promises come and gone."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

from analysis.compared import Compared, SentencePair
from analysis.fact import Direction, Fact, Weight
from analysis.lexicons_facts import CONDITIONS, HANDLING, MODALS, PROTECTING, PROTECTION_SENTENCES

__all__ = ["Statement", "condition_facts", "modality_facts", "promise_facts", "statement_facts", "statements"]

_RUNG = {-2: "will not", 1: "may", 2: "will"}
_SUBJECT_USER = re.compile(r"\b(?:you|users?|visitors?|customers?)\b(?: (?:\w+))?,? ?$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Statement:
    """A verb of handling or protecting data with its rung: -2 will not, 1 may, 2 will (or simply does)."""

    verb: str
    protecting: bool
    rung: int
    start: int
    end: int
    text: str


@cache
def _verbs() -> tuple[tuple[str, bool, re.Pattern[str]], ...]:
    groups = [(name, False, source) for name, source in HANDLING.items()]
    groups += [(name, True, source) for name, source in PROTECTING.items()]
    modals = "|".join(source for _, _, source in MODALS)
    return tuple(
        (
            name,
            protecting,
            re.compile(
                rf"(?:\b(?P<modal>{modals})\b,? (?:(?P<modal2>{modals}) )?(?:[\w-]+,? "
                rf"){{0,3}}?)?\b(?P<verb>{source})\b",
                re.I,
            ),
        )
        for name, protecting, source in groups
    )


_MODAL_RUNGS = tuple((rung, re.compile(rf"(?:{source})", re.IGNORECASE)) for _, rung, source in MODALS)


def statements(text: str, only: frozenset[str] | None = None) -> Iterator[Statement]:
    """Statements of a sentence about what the provider does; those whose subject is the reader are left out.

    `only` names the verbs that are looked for, None means all.
    """
    for name, protecting, pattern in _verbs():
        if only is not None and name not in only:
            continue
        for match in pattern.finditer(text):
            before = text[max(0, match.start() - 30) : match.start()]
            if _SUBJECT_USER.search(before):
                continue
            rung = _rung(match["modal"], match["modal2"])
            if rung is None:
                continue
            yield Statement(name, protecting, rung, match.start(), match.end(), match.group())


def _rung(first: str | None, second: str | None) -> int | None:
    """The rung of the modal words before a verb; None if there are none (a noun, a participle, an infinitive)."""
    rungs = [
        next((rung for rung, pattern in _MODAL_RUNGS if pattern.fullmatch(word.strip())), 2)
        for word in (first, second)
        if word
    ]
    return min(rungs) if rungs else None


def modality_facts(compared: Compared, categories: frozenset[str]) -> Iterator[Fact]:
    """Steps on the ladder (will not < may < will) of the same verb in two versions of a sentence."""
    for pair in compared.pairs:
        if pair.old is None or pair.new is None:
            continue
        old = {(s.verb, s.protecting): s for s in reversed(list(statements(pair.old.text)))}
        new = {(s.verb, s.protecting): s for s in reversed(list(statements(pair.new.text)))}
        for key in old.keys() & new.keys():
            if old[key].rung != new[key].rung:
                yield _step(pair, old[key], new[key])
        yield from _lost_negation(pair, old, new)


def _step(pair: SentencePair, old: Statement, new: Statement) -> Fact:
    assert pair.old is not None and pair.new is not None  # the caller has both sides
    flip = (old.rung < 0) != (new.rung < 0)
    up = new.rung > old.rung
    direction = Direction.FAVOURABLE if up == old.protecting else Direction.ADVERSE
    if flip:
        weight = Weight.HIGH if direction is Direction.ADVERSE else Weight.MEDIUM
    else:
        # "may" to "will" is often only said more plainly; a promise of notice made a possibility is a loss
        weight = Weight.MEDIUM if old.protecting else Weight.LOW
    return Fact(
        "negation" if flip else "modality",
        f"“{_RUNG[old.rung]} {old.verb}” → “{_RUNG[new.rung]} {new.verb}”",
        old.text,
        new.text,
        direction,
        weight,
        old.verb,
        (pair.old.start + old.start, pair.old.start + old.end),
        (pair.new.start + new.start, pair.new.start + new.end),
    )


def _lost_negation(
    pair: SentencePair, old: dict[tuple[str, bool], Statement], new: dict[tuple[str, bool], Statement]
) -> Iterator[Fact]:
    """A sentence that denied handling data and now allows it with another verb ("do not track" → "may have access")."""
    assert pair.old is not None and pair.new is not None  # the caller has both sides
    denied = [s for s in old.values() if s.rung < 0 and not s.protecting]
    allowed = [s for s in new.values() if s.rung > 0 and not s.protecting]
    if not denied or not allowed or any(s.rung < 0 for s in new.values()) or any(s.rung > 0 for s in old.values()):
        return
    first, second = denied[0], allowed[0]
    if first.verb == second.verb:
        return  # told by the ladder already
    yield Fact(
        "negation",
        f"“{_RUNG[first.rung]} {first.verb}” → “{_RUNG[second.rung]} {second.verb}”",
        first.text,
        second.text,
        Direction.ADVERSE,
        Weight.HIGH,
        first.verb,
        (pair.old.start + first.start, pair.old.start + first.end),
        (pair.new.start + second.start, pair.new.start + second.end),
    )


_CONDITION_PATTERNS = tuple((name, sign, re.compile(source, re.IGNORECASE)) for name, sign, source in CONDITIONS)
_HEAVY = {
    "without notice": Weight.HIGH,
    "without your consent": Weight.HIGH,
    "with your consent": Weight.MEDIUM,
    "on a court order": Weight.HIGH,
    "at your own risk": Weight.MEDIUM,
    "only if material": Weight.MEDIUM,
    "for any purpose": Weight.MEDIUM,
    "indefinitely": Weight.HIGH,
    "irrevocable licence": Weight.MEDIUM,
    "you can cancel": Weight.MEDIUM,
    "your consent required": Weight.MEDIUM,
    "you can opt out": Weight.MEDIUM,
    "at any time": Weight.MEDIUM,
}
_BURDENS = frozenset(
    {
        "without notice",
        "without your consent",
        "at your own risk",
        "indefinitely",
        "irrevocable licence",
        "for any purpose",
        "no opting out",
    }
)
_OF_CHANGES_ONLY = frozenset({"only if material", "at any time"})


def condition_facts(compared: Compared, categories: frozenset[str]) -> Iterator[Fact]:
    """Conditions and qualifiers that only one side has, within sentences that both sides have in some form."""
    for pair in compared.pairs:
        if pair.old is None:
            yield from _new_burdens(compared, pair)
        if pair.old is None or pair.new is None:
            continue
        for name, sign, pattern in _CONDITION_PATTERNS:
            if name in _OF_CHANGES_ONLY and not categories & {"policy_change", "unilateral_change", "termination"}:
                continue
            old, new = pattern.search(pair.old.text), pattern.search(pair.new.text)
            if (old is None) == (new is None):
                continue
            # the words may only have moved to a neighbouring sentence
            if (old is None and pattern.search(compared.changed_old)) or (
                new is None and pattern.search(compared.changed_new)
            ):
                continue
            yield _condition(name, sign, pair, old, new)


def _new_burdens(compared: Compared, pair: SentencePair) -> Iterator[Fact]:
    """Adverse conditions that an added sentence brings, if the old side had none like it."""
    for name, sign, pattern in _CONDITION_PATTERNS:
        new = pattern.search(pair.new_text)
        if name in _BURDENS and sign < 0 and new and not pattern.search(compared.old):
            if compared.whole and compared.context and pattern.search(compared.context.old):
                continue
            yield _condition(name, sign, pair, None, new)


def _condition(name: str, sign: int, pair: SentencePair, old: re.Match[str] | None, new: re.Match[str] | None) -> Fact:
    added = new is not None
    good = (sign > 0) == added
    weight = _HEAVY.get(name, Weight.LOW)
    if good and weight is Weight.HIGH:
        weight = Weight.MEDIUM
    return Fact(
        "condition",
        f"“{_words(name, old or new)}” {'added' if added else 'removed'}",
        old.group() if old else "",
        new.group() if new else "",
        Direction.FAVOURABLE if good else Direction.ADVERSE,
        weight,
        name,
        (pair.old.start + old.start(), pair.old.start + old.end()) if old and pair.old else None,
        (pair.new.start + new.start(), pair.new.start + new.end()) if new and pair.new else None,
    )


def _words(name: str, match: re.Match[str] | None) -> str:
    """The words themselves where they are short enough to quote."""
    said = " ".join(match.group().split()) if match else name
    return said if 4 < len(said) <= 40 and name not in ("only", "unless") else name


def statement_facts(compared: Compared, categories: frozenset[str]) -> Iterator[Fact]:
    """What added sentences newly say the provider does, and removed ones no longer say."""
    for pair in compared.pairs:
        if (pair.old is None) == (pair.new is None):
            continue
        sentence = pair.new or pair.old
        if sentence is None:
            continue
        said = [s for s in statements(sentence.text) if s.rung > 0 and not s.protecting]
        if not said or any(s.rung < 0 for s in statements(sentence.text)):
            continue
        first = min(said, key=lambda s: s.start)
        added = pair.new is not None
        span = (sentence.start + first.start, sentence.start + first.end)
        yield Fact(
            "statement",
            f"“{' '.join(first.text.split())}” {'newly stated' if added else 'no longer stated'}",
            "" if added else sentence.text,
            sentence.text if added else "",
            Direction.ADVERSE if added else Direction.FAVOURABLE,
            Weight.MEDIUM if added else Weight.LOW,
            first.verb,
            None if added else span,
            span if added else None,
        )


_PROMISES = tuple((name, re.compile(source, re.IGNORECASE)) for name, source in PROTECTION_SENTENCES)


def promise_facts(compared: Compared, categories: frozenset[str]) -> Iterator[Fact]:
    """Promises and rights in sentences that appeared or vanished, and promises lost from a sentence that stayed."""
    for pair in compared.pairs:
        for name, pattern in _PROMISES:
            old = pattern.search(pair.old.text) if pair.old else None
            new = pattern.search(pair.new.text) if pair.new else None
            if (old is None) == (new is None):
                continue
            lost = old is not None
            if pattern.search(compared.changed_new if lost else compared.changed_old):
                continue
            if compared.whole and compared.context is not None:
                elsewhere = compared.context.come if lost else compared.context.gone
                if pattern.search(elsewhere):
                    continue  # the clause was written anew in another block, which has the promise too
            if (
                pair.old is not None
                and pair.new is not None
                and name not in ("not to sell personal data", "not to discriminate")
            ):
                continue  # the ladder and the conditions tell those better
            yield _promise(name, lost, pair, old or new, categories)


def _promise(
    name: str, lost: bool, pair: SentencePair, match: re.Match[str] | None, categories: frozenset[str]
) -> Fact:
    assert match is not None  # the caller found it on one side
    heavy = name in ("not to sell personal data", "not to share personal data", "to act only with consent")
    if lost:
        weight = Weight.HIGH if heavy else Weight.MEDIUM
    else:
        weight = Weight.LOW if name.startswith("not to sell") else Weight.MEDIUM
    sentence = pair.old if lost else pair.new
    assert sentence is not None  # the match was found in it
    span = (sentence.start + match.start(), sentence.start + match.end())
    direction = Direction.ADVERSE if lost else Direction.FAVOURABLE
    if "children" in categories and name == "not to collect or use data":
        direction = Direction.NEUTRAL  # the law's own words: they appear and vanish with the lawyers
    what = "right" if name == "a right" else "promise"
    said = "a right or choice" if name == "a right" else f"promise {name}"
    return Fact(
        "promise",
        f"{said} {'removed' if lost else 'added'}",
        sentence.text if lost else "",
        "" if lost else sentence.text,
        direction,
        weight,
        what,
        span if lost else None,
        None if lost else span,
    )
