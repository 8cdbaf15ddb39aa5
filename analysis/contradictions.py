"""Promises of one version that oppose each other: "without prior notice" beside "15 days after notice".

Only pairs of which a change introduced one side are pointed out, and only where the denial is unconditional and about
the same verb and the same recipients; most of what looks contradictory in policies is a rule with its exceptions.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from analysis.alignment import Alignment, PairKind
from analysis.fact import Direction, Fact, Weight
from analysis.facts_words import statements
from analysis.lexicons import RECIPIENTS
from analysis.notice import Notice
from analysis.sentences import sentences

__all__ = ["introduced"]

_CONDITIONAL = re.compile(
    r"\b(?:except|unless|without|only|other than|otherwise|however|subject to|if you|solely|"
    r"for their own|as (?:described|set|outlined|stated)|outside of|directly|aside from|apart from|"
    r"but)\b",
    re.IGNORECASE,
)
_WHO = {
    name: re.compile(source, re.IGNORECASE)
    for name, source in RECIPIENTS.items()
    if name
    in (
        "advertising partners",
        "marketing partners",
        "data brokers",
        "social networks",
        "credit bureaus",
        "AI providers",
    )
}
_ABOUT = re.compile(
    r"\b(?:personal|your|user|customer|personally)\b[^.;]{0,40}?\b(?:information|data|content|"
    r"identif\w+)\b|\bemail address",
    re.I,
)
_VERBS = frozenset({"sell", "share", "train"})
_WORTH_READING = re.compile(
    r"\b(?:sell|sold|rent|trad|leas|moneti|shar|disclos|transfer|reveal|pass|train)", re.IGNORECASE
)
_LIMIT = 4_000  # claims of a version that are compared


@dataclass(frozen=True, slots=True)
class _Claim:
    key: tuple[str, str]
    denies: bool
    block: int
    text: str


def introduced(alignment: Alignment, old: Notice, new: Notice) -> Iterator[Fact]:
    """Contradictions of the new version that the old one did not have."""
    if new.contradictory and not old.contradictory:
        yield _of_notice(new)
    changed = {i for pair in alignment.pairs if pair.kind in (PairKind.MODIFIED, PairKind.ADDED) for i in pair.new}
    if not changed:
        return
    fresh = {claim.key for index in changed for claim in _claims_of_block(index, alignment.new[index].text)}
    if not fresh:
        return
    claims = [claim for claim in _claims(alignment) if claim.key in fresh]
    denials = {claim.key: claim for claim in claims if claim.denies}
    told: set[tuple[str, str]] = set()
    for claim in claims:
        denial = denials.get(claim.key)
        if claim.denies or denial is None or claim.key in told or not {claim.block, denial.block} & changed:
            continue
        told.add(claim.key)
        first, second = (denial, claim) if claim.block in changed else (claim, denial)
        yield Fact(
            "contradiction",
            f"the document now says two opposite things about “{claim.key[0]}”"
            + (f" and {claim.key[1]}" if claim.key[1] else ""),
            first.text,
            second.text,
            Direction.ADVERSE,
            Weight.HIGH,
            claim.key[0],
        )


def _of_notice(notice: Notice) -> Fact:
    without = next(e for e in notice.evidence if e.shows == "without notice")
    promise = next((e for e in notice.evidence if e.shows in ("period", "prior")), without)
    return Fact(
        "contradiction",
        f"changes come “{without.text}” although the document promises notice (“{promise.text}”)",
        promise.text,
        without.text,
        Direction.ADVERSE,
        Weight.HIGH,
        "notice",
    )


def _claims(alignment: Alignment) -> Iterator[_Claim]:
    seen = 0
    for index, block in enumerate(alignment.new):
        if seen > _LIMIT:
            return
        for claim in _claims_of_block(index, block.text):
            seen += 1
            yield claim


def _claims_of_block(index: int, text: str) -> Iterator[_Claim]:
    if _WORTH_READING.search(text):
        for sentence in sentences(text):
            yield from _claims_of(index, sentence.text)


def _claims_of(index: int, text: str) -> Iterator[_Claim]:
    if not _WORTH_READING.search(text):
        return
    found = {s.verb: s for s in statements(text, _VERBS)}
    for verb, statement in found.items():
        if statement.rung < 0 and _CONDITIONAL.search(text):
            continue
        if statement.rung > 0 and any(s.rung < 0 for s in found.values()):
            continue  # one sentence with both is a rule and its exception
        if verb in ("sell", "train"):
            if _ABOUT.search(text[statement.start :]) and not re.search(
                r"assets|business|merger|acqui|products|staff|employees", text, re.I
            ):
                yield _Claim((verb, ""), statement.rung < 0, index, text)
        elif verb == "share" and _ABOUT.search(text):
            for name, pattern in _WHO.items():
                if pattern.search(text, statement.end):
                    yield _Claim((verb, name), statement.rung < 0, index, text)
