"""Facts about numbers: which period, age or amount became which, and what it stands for."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from analysis.compared import Compared, SentencePair
from analysis.fact import Direction, Fact, Weight
from analysis.numbers import Quantity, about_equal, find_quantities

__all__ = ["number_facts", "role_of"]

_ROLES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(source, re.IGNORECASE))
    for name, source in (
        (
            "trial",
            r"\b(?:free|trial)\b[^.]{0,30}\btrial\b|\btrial (?:period|version|subscription)|"
            r"free of charge (?:\w+ )?trial",
        ),
        (
            "statistics",
            r"transparency report|\bon average\b|\bstatistic|users worldwide|years of experience|in (?:19|"
            r"20)\d\d",
        ),
        ("breach window", r"\b(?:breach|security incident|unauthori[sz]ed access|incident)\b"),
        (
            "notice period",
            r"\b(?:policy|terms|statement|agreement|notice|changes?|modif\w+|amend\w+|updat\w+|effective|"
            r"take effect|sub-?processors?)\b[^.]{0,140}\b(?:notice|notif\w+|effective|effect|prior|before|"
            r"advance|post(?:ed|ing)?|inform|apply|object)\b|\bprior (?:written )?notice\b",
        ),
        ("opt-out window", r"\bopt[- ]out\b[^.]{0,80}\b(?:within|days)|arbitrat\w+[^.]{0,80}\bdays"),
        ("marketing period", r"\b(?:marketing|promotional|newsletter)"),
        (
            "retention period",
            r"\b(?:retain|retention|keep|kept|stor(?:e|ed|ing)|delet\w+|eras\w+|destroy\w*|anonymi[sz]\w*|"
            r"inactiv\w+|archiv\w+|held|hold|back-?ups?|logs?\b|purg\w+|remain)",
        ),
        (
            "answer time",
            r"\b(?:respond|response|reply|answer|request|comply|process your|confirm receipt|fulfil|refund)\w*",
        ),
        ("cookie lifetime", r"\bcookies?\b|\bexpir\w+"),
        ("payment term", r"\b(?:pay|payment|invoice|fee|charge|refund|renew\w*|cancel\w*|subscription)"),
        ("termination period", r"\bterminat\w+"),
        ("age", r"\bage\b"),
    )
)


@dataclass(frozen=True, slots=True)
class _Judged:
    worse_when: int  # +1: a larger number is adverse, -1: a smaller one, 0: neither
    weight: Weight
    large: Weight  # where the number at least doubles (or halves)


_JUDGED = {
    "retention period": _Judged(1, Weight.MEDIUM, Weight.HIGH),
    "notice period": _Judged(-1, Weight.HIGH, Weight.HIGH),
    "breach window": _Judged(1, Weight.HIGH, Weight.HIGH),
    "answer time": _Judged(1, Weight.MEDIUM, Weight.MEDIUM),
    "marketing period": _Judged(1, Weight.MEDIUM, Weight.MEDIUM),
    "cookie lifetime": _Judged(1, Weight.MEDIUM, Weight.MEDIUM),
    "minimum age": _Judged(-1, Weight.HIGH, Weight.HIGH),
    "opt-out window": _Judged(-1, Weight.MEDIUM, Weight.MEDIUM),
    "payment term": _Judged(0, Weight.MEDIUM, Weight.MEDIUM),
    "termination period": _Judged(-1, Weight.MEDIUM, Weight.MEDIUM),
    "price": _Judged(1, Weight.MEDIUM, Weight.MEDIUM),
}
_OTHER = _Judged(0, Weight.MEDIUM, Weight.MEDIUM)
_UNIMPORTANT = frozenset({"trial", "statistics", "share"})
_CATEGORY_ROLES = {"retention": "retention period", "policy_change": "notice period", "fees": "payment term"}


def role_of(text: str, quantity: Quantity, categories: frozenset[str] = frozenset()) -> str:
    """What a number of a sentence stands for: "notice period", "retention period", "minimum age", "price" …"""
    if quantity.unit == "age":
        return "minimum age"
    if quantity.unit == "money":
        return "price"
    if quantity.unit == "percent":
        return "share"
    near = text[max(0, quantity.start - 140) : quantity.end + 110]
    for name, pattern in _ROLES:
        if pattern.search(near):
            return name
    return next((role for category, role in _CATEGORY_ROLES.items() if category in categories), "period")


def number_facts(compared: Compared, categories: frozenset[str]) -> Iterator[Fact]:
    """Numbers that changed between versions of a sentence; numbers that came or went with it."""
    for pair in compared.pairs:
        old = _roles(pair.old_text, categories)
        new = _roles(pair.new_text, categories)
        for role in dict.fromkeys((*old, *new)):
            yield from _compare(pair, role, old.get(role, []), new.get(role, []))


def _roles(text: str, categories: frozenset[str]) -> dict[str, list[Quantity]]:
    roles: dict[str, list[Quantity]] = {}
    for quantity in find_quantities(text):
        roles.setdefault(role_of(text, quantity, categories), []).append(quantity)
    return roles


def _compare(pair: SentencePair, role: str, old: list[Quantity], new: list[Quantity]) -> Iterator[Fact]:
    left, right = list(old), list(new)
    for quantity in old:
        match = next((other for other in right if about_equal(quantity, other)), None)
        if match is not None:
            left.remove(quantity)
            right.remove(match)
            if (quantity.value, quantity.unit) != (match.value, match.unit):
                yield _fact(pair, role, quantity, match, Direction.NEUTRAL, Weight.NONE, "about equal")
            elif quantity.text.lower() != match.text.lower():
                yield _fact(
                    pair, role, quantity, match, Direction.NEUTRAL, Weight.NONE, "unchanged, written differently"
                )
    seen: set[tuple[str, str]] = set()
    for before, after in zip(left, right, strict=False):
        if (str(before), str(after)) in seen:
            continue  # the same change said twice in a sentence ("under 13 … under 13")
        seen.add((str(before), str(after)))
        yield _changed(pair, role, before, after)
    if pair.old is not None and pair.new is not None and len(left) != len(right):
        known_old = {str(q) for q in old}
        known_new = {str(q) for q in new}
        for quantity in left[len(right) :]:
            if str(quantity) not in known_new:
                yield _fact(pair, role, quantity, None, Direction.NEUTRAL, _alone(role), "")
        for quantity in right[len(left) :]:
            if str(quantity) not in known_old:
                yield _fact(pair, role, None, quantity, Direction.NEUTRAL, _alone(role), "")


def _alone(role: str) -> Weight:
    return Weight.LOW if role in _UNIMPORTANT or role in ("period", "age") else Weight.MEDIUM


def _changed(pair: SentencePair, role: str, before: Quantity, after: Quantity) -> Fact:
    if role in _UNIMPORTANT:
        return _fact(pair, role, before, after, Direction.NEUTRAL, Weight.LOW, "")
    judged = _JUDGED.get(role, _OTHER)
    first, second = _size(before), _size(after)
    grew = second > first
    if judged.worse_when == 0 or first == second:
        direction = Direction.NEUTRAL
    else:
        direction = Direction.ADVERSE if grew == (judged.worse_when > 0) else Direction.FAVOURABLE
    ratio = max(first, second) / max(min(first, second), 1e-9)
    weight = judged.large if ratio >= 2 else judged.weight
    if direction is Direction.FAVOURABLE:
        weight = min(weight, Weight.MEDIUM)
    return _fact(pair, role, before, after, direction, weight, "")


def _size(quantity: Quantity) -> float:
    return quantity.value if quantity.days is None else quantity.days


def _fact(
    pair: SentencePair,
    role: str,
    before: Quantity | None,
    after: Quantity | None,
    direction: Direction,
    weight: Weight,
    note: str,
) -> Fact:
    if before and after:
        text = f"{role} {before} → {after}" + (f" ({note})" if note else "")
    elif before:
        text = f"{role} {before} removed"
    else:
        text = f"{role} {after} added"
    return Fact(
        "number",
        text.replace("age age", "age").replace("minimum age age ", "minimum age ").replace("→ age ", "→ "),
        before.text if before else "",
        after.text if after else "",
        direction,
        weight,
        role,
        (pair.old.start + before.start, pair.old.start + before.end) if before and pair.old else None,
        (pair.new.start + after.start, pair.new.start + after.end) if after and pair.new else None,
    )
