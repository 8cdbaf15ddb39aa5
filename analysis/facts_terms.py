"""Facts about named things: recipients, purposes, kinds of data, mechanisms, ways of notice, contacts, dates."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from analysis.compared import Compared, SentencePair
from analysis.dates import find_raw_dates
from analysis.fact import Direction, Fact, Weight
from analysis.lexicons import DATA_TYPES, MECHANISMS, PURPOSES, RECIPIENTS
from analysis.lexicons_facts import SENSITIVE
from analysis.notice import Notice, notice_of_text

__all__ = ["contact_facts", "date_facts", "entity_facts", "mechanism_facts", "notice_facts", "term_facts"]

Patterns = Mapping[str, re.Pattern[str]]


def _compiled(lexicon: Mapping[str, str]) -> Patterns:
    return {name: re.compile(source, re.IGNORECASE) for name, source in lexicon.items()}


_RECIPIENTS, _PURPOSES, _DATA, _MECHANISMS = map(_compiled, (RECIPIENTS, PURPOSES, DATA_TYPES, MECHANISMS))
_GIVING = re.compile(
    r"\b(?:shar|disclos|sell|sold|provid|transfer|releas|giv|pass|transmit|mak|made|send|sent|receiv|"
    r"partner|third|recipient|access|with|to|by)\w*",
    re.I,
)
_HANDLED = re.compile(
    r"\b(?:collect|gather|process|us(?:e|es|ed|ing)\b|shar|disclos|stor|receiv|obtain|record|scan|"
    r"analy|sell|access|infer|transfer|retain|keep|log|includ|provid|captur|track|monitor)\w*",
    re.I,
)
_DENIED = re.compile(
    r"\b(?:not|never|neither|nor|no longer|cannot|n['’]t)\b(?: \w+){0,3} (?:collect|gather|process|us|"
    r"shar|disclos|stor|receiv|obtain|record|scan|sell|rent|access|track|monitor|retain|keep|train|"
    r"provid|transfer)\w*|n['’]t (?:\w+ ){0,2}(?:collect|shar|sell|us|track)\w*",
    re.I,
)
_NEW_RECIPIENT = frozenset(
    {
        "advertising partners",
        "data brokers",
        "marketing partners",
        "AI providers",
        "credit bureaus",
        "social networks",
        "business partners",
        "the public",
        "employers",
    }
)
_HEAVY_PURPOSES = frozenset({"AI training", "targeted advertising", "profiling", "surveillance"})


def term_facts(compared: Compared, categories: frozenset[str]) -> Iterator[Fact]:
    """Recipients, purposes and kinds of data that only one side names."""
    yield from _named(compared, "recipient", _RECIPIENTS, _GIVING)
    yield from _named(compared, "purpose", _PURPOSES, _HANDLED)
    yield from _named(compared, "data", _DATA, _HANDLED)


def _named(compared: Compared, kind: str, lexicon: Patterns, needs: re.Pattern[str]) -> Iterator[Fact]:
    for pair in compared.pairs:
        for name, pattern in lexicon.items():
            old = pattern.search(pair.old.text) if pair.old else None
            new = pattern.search(pair.new.text) if pair.new else None
            if (old is None) == (new is None):
                continue
            added = new is not None
            if pattern.search(compared.old if added else compared.new):
                continue  # named on the other side too, in another sentence
            # a block written anew names again what the document named before
            known = (
                compared.whole
                and compared.context is not None
                and pattern.search(compared.context.old if added else compared.context.new)
            )
            sentence = pair.new_text if added else pair.old_text
            if needs.search(sentence):
                at = (new or old).start() if (new or old) else 0  # type: ignore[union-attr]
                yield _term(kind, name, pair, old, new, bool(_DENIED.search(_clause(sentence, at))), known=bool(known))


_CLAUSE_END = re.compile(r"[;:]|,? (?:but|however|although|though|whereas|except)\b", re.IGNORECASE)


def _clause(sentence: str, at: int) -> str:
    """The part of a sentence around an offset, up to the nearest "but" or semicolon: a denial reaches no further."""
    start, end = 0, len(sentence)
    for match in _CLAUSE_END.finditer(sentence):
        if match.end() <= at:
            start = match.end()
        elif match.start() > at:
            end = match.start()
            break
    return sentence[start:end]


def _term(
    kind: str,
    name: str,
    pair: SentencePair,
    old: re.Match[str] | None,
    new: re.Match[str] | None,
    denied: bool,
    *,
    known: bool,
) -> Fact:
    added = new is not None
    if denied:
        direction, weight = Direction.NEUTRAL, Weight.LOW
    else:
        direction = Direction.ADVERSE if added else Direction.FAVOURABLE
        weight = _term_weight(kind, name) if added else Weight.LOW
        if name in ("legal obligations", "security and fraud", "customer support", "law enforcement") and not added:
            direction = Direction.NEUTRAL
        if known:
            direction, weight = Direction.NEUTRAL, Weight.LOW
    label = {"recipient": "recipient", "purpose": "purpose", "data": "kind of data"}[kind]
    return Fact(
        kind,
        f"{label} “{name}” {'added' if added else 'removed'}" + (" (in a denial)" if denied else ""),
        old.group() if old else "",
        new.group() if new else "",
        direction,
        weight,
        name,
        (pair.old.start + old.start(), pair.old.start + old.end()) if old and pair.old else None,
        (pair.new.start + new.start(), pair.new.start + new.end()) if new and pair.new else None,
    )


def _term_weight(kind: str, name: str) -> Weight:
    if kind == "recipient":
        return Weight.HIGH if name in _NEW_RECIPIENT else Weight.MEDIUM
    if kind == "purpose":
        return Weight.HIGH if name in _HEAVY_PURPOSES else Weight.MEDIUM
    return Weight.HIGH if name in SENSITIVE else Weight.MEDIUM


def mechanism_facts(compared: Compared, categories: frozenset[str]) -> Iterator[Fact]:
    """Mechanisms of international transfer that came, went or replaced one another."""
    old = {name: m for name, p in _MECHANISMS.items() if (m := p.search(compared.old))}
    new = {name: m for name, p in _MECHANISMS.items() if (m := p.search(compared.new))}
    gone, come = [n for n in old if n not in new], [n for n in new if n not in old]
    for name_old, name_new in zip(gone, come, strict=False):
        a, b = old[name_old], new[name_new]
        yield Fact(
            "mechanism",
            f"transfer mechanism {name_old} → {name_new}",
            a.group(),
            b.group(),
            Direction.NEUTRAL,
            Weight.MEDIUM,
            "transfer mechanism",
            a.span(),
            b.span(),
        )
    for name in gone[len(come) :]:
        m = old[name]
        yield Fact(
            "mechanism",
            f"transfer mechanism {name} removed",
            m.group(),
            "",
            Direction.ADVERSE if not new else Direction.NEUTRAL,
            Weight.MEDIUM,
            "transfer mechanism",
            m.span(),
        )
    for name in come[len(gone) :]:
        m = new[name]
        yield Fact(
            "mechanism",
            f"transfer mechanism {name} added",
            "",
            m.group(),
            Direction.NEUTRAL,
            Weight.MEDIUM,
            "transfer mechanism",
            None,
            m.span(),
        )


_METHOD_NAMES = {
    "post": "posting the document",
    "email": "e-mail",
    "banner": "notice on the site",
    "inapp": "notice in the service",
    "mail": "letter",
    "sms": "text message",
    "blog": "blog or social media",
    "written": "written notice",
}


def notice_facts(compared: Compared, categories: frozenset[str]) -> Iterator[Fact]:
    """What changed in how changes of the document are announced: ways of notice, kind of period."""
    if not compared.old or not compared.new:
        return
    old, new = notice_of_text(compared.old), notice_of_text(compared.new)
    if not (old.stated and new.stated):
        return
    gone = [m for m in old.methods if m in _METHOD_NAMES and m not in new.methods]
    come = [m for m in new.methods if m in _METHOD_NAMES and m not in old.methods]
    if gone or come:
        left = " and ".join(_METHOD_NAMES[m] for m in old.methods if m in _METHOD_NAMES) or "none named"
        right = " and ".join(_METHOD_NAMES[m] for m in new.methods if m in _METHOD_NAMES) or "none named"
        direction = Direction.MIXED if gone and come else Direction.ADVERSE if gone else Direction.FAVOURABLE
        yield Fact("method", f"way of notice: {left} → {right}", left, right, direction, Weight.MEDIUM, "notice method")
    if old.kind != new.kind and old.kind and new.kind:
        worse = new.kind == "posting" or (old.kind == "prior" and new.kind != "prior")
        yield Fact(
            "method",
            f"notice {_kind(old)} → {_kind(new)}",
            _kind(old),
            _kind(new),
            Direction.ADVERSE if worse else Direction.FAVOURABLE,
            Weight.HIGH if worse else Weight.MEDIUM,
            "notice kind",
        )


def _kind(notice: Notice) -> str:
    return {
        "prior": "before changes apply",
        "posting": "changes apply on posting",
        "after_posting": "changes apply a period after posting",
        "after_notice": "changes apply a period after notice",
    }.get(notice.kind or "", "not stated")


_MAIL = re.compile(
    r"[\w.+-]{1,64} ?(?:@|\[at\]|\(at\)) ?[\w-]{1,63}(?:(?:\.| ?\[dot\] ?)[\w-]{2,24}){1,4}", re.IGNORECASE
)
_HIDDEN_MAIL = re.compile(r"\[email\sprotected\]", re.IGNORECASE)
_PHONE = re.compile(r"(?<![\w.])\+?\(?\d{1,4}\)?[ .-]?(?:\(?\d{2,4}\)?[ .-]?){1,4}\d{3,4}(?!\w)")
_POSTAL = re.compile(
    r"\b(?:p\.? ?o\.? ?box \d+|suite \d+|\d{1,5} (?:[A-Z]\w+ ){1,3}(?:street|st|avenue|ave|road|rd|"
    r"blvd|boulevard|drive|dr|lane|place|way|plaza|square)\b|[A-Z]{2},? \d{5}(?:-\d{4})?\b)",
    re.IGNORECASE,
)


def contact_facts(compared: Compared, categories: frozenset[str]) -> Iterator[Fact]:
    """E-mail addresses, telephone numbers and postal addresses that changed."""
    if _HIDDEN_MAIL.search(compared.old) or _HIDDEN_MAIL.search(compared.new):
        return  # an address hidden from robots on one capture and not on the other is the same address
    for what, pattern in (("e-mail address", _MAIL), ("telephone number", _PHONE), ("postal address", _POSTAL)):
        old = {_flat(m.group()): m for m in pattern.finditer(compared.old)}
        new = {_flat(m.group()): m for m in pattern.finditer(compared.new)}
        gone, come = [k for k in old if k not in new], [k for k in new if k not in old]
        if not gone and not come:
            continue
        first, second = (old[gone[0]] if gone else None), (new[come[0]] if come else None)
        left, right = ", ".join(gone), ", ".join(come)
        text = (
            f"contact {what} {left} → {right}"
            if gone and come
            else f"contact {what} {right or left} {'added' if come else 'removed'}"
        )
        yield Fact(
            "contact",
            text,
            left,
            right,
            Direction.NEUTRAL,
            Weight.LOW,
            what,
            first.span() if first else None,
            second.span() if second else None,
        )


def _flat(text: str) -> str:
    return (
        re.sub(r"\s+", " ", text.lower())
        .replace(" @ ", "@")
        .replace("[at]", "@")
        .replace("(at)", "@")
        .replace(" @", "@")
        .replace("@ ", "@")
    )


def date_facts(compared: Compared, categories: frozenset[str]) -> Iterator[Fact]:
    """Dates that changed between the texts."""
    old = {raw.iso: raw for raw in find_raw_dates(compared.old)}
    new = {raw.iso: raw for raw in find_raw_dates(compared.new)}
    gone, come = [k for k in old if k not in new], [k for k in new if k not in old]
    for first, second in zip(gone, come, strict=False):
        a, b = old[first], new[second]
        yield Fact(
            "date",
            f"date {first} → {second}",
            a.text,
            b.text,
            Direction.NEUTRAL,
            Weight.LOW,
            "date",
            (a.start, a.end),
            (b.start, b.end),
        )
    for key in gone[len(come) :]:
        yield Fact(
            "date",
            f"date {key} removed",
            old[key].text,
            "",
            Direction.NEUTRAL,
            Weight.LOW,
            "date",
            (old[key].start, old[key].end),
        )
    for key in come[len(gone) :]:
        yield Fact(
            "date",
            f"date {key} added",
            "",
            new[key].text,
            Direction.NEUTRAL,
            Weight.LOW,
            "date",
            None,
            (new[key].start, new[key].end),
        )


_ENTITY = re.compile(r"\b(?:such as |like |including |using |by |with |to )?([A-Z][\w&]*(?:[ -][A-Z][\w&]*){0,3})")
_CLASS = re.compile(
    r"\b(?:third[- ]part(?:y|ies)|service providers?|partners?|vendors?|providers?|affiliates?|"
    r"companies|analytics (?:cookies|services|tools))\b",
    re.I,
)


def entity_facts(compared: Compared, categories: frozenset[str]) -> Iterator[Fact]:
    """Companies named on the old side that the new side replaces by a class ("Google Analytics" → "our partners")."""
    if not categories & {"third_party", "cookies_tracking", "subprocessors", "sale"}:
        return
    for pair in compared.pairs:
        if pair.old is None or pair.new is None:
            continue
        names_old, names_new = _names(pair.old.text), _names(pair.new.text)
        gone = {n: at for n, at in names_old.items() if n not in names_new and n.lower() not in compared.new.lower()}
        come = {n: at for n, at in names_new.items() if n not in names_old and n.lower() not in compared.old.lower()}
        if gone and not come and _CLASS.search(pair.new.text):
            name, at = next(iter(gone.items()))
            yield Fact(
                "entity",
                f"“{name}” is no longer named",
                name,
                "",
                Direction.ADVERSE,
                Weight.MEDIUM,
                "entity",
                (pair.old.start + at, pair.old.start + at + len(name)),
            )


def _names(text: str) -> dict[str, int]:
    """Capitalised names inside a sentence (not its first word) to their offsets."""
    found: dict[str, int] = {}
    for match in _ENTITY.finditer(text):
        if match.start(1) > 3 and text[match.start(1) - 2] not in '.!?:;“"(':
            found.setdefault(match.group(1), match.start(1))
    return found
