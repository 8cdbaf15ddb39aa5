"""How severe a changed clause is: by its weightiest fact, else by how much of substance changed in it.

The fallback is the measured baseline (a category is touched and three or more words of content changed: recall .93,
precision .41, reference/clauses.md 5), made more precise: the words must carry terms, and sentences that only show the
way, define a word or introduce a list do not count.
"""

from __future__ import annotations

import re

from analysis.compared import Compared
from analysis.fact import Fact, Severity, Weight
from analysis.lexicons_facts import NAVIGATION, STATEMENT
from analysis.taxonomy import known_ids

__all__ = ["severity_of"]

_WEIGHTY = frozenset(
    {
        "effective_date",
        "policy_change",
        "third_party",
        "sale",
        "first_party",
        "cookies_tracking",
        "retention",
        "security",
        "international",
        "children",
        "choice",
        "access",
        "legal_disclosure",
        "business_transfer",
        "subprocessors",
        "us_state",
        "dnt",
        "liability",
        "termination",
        "disputes",
        "fees",
        "unilateral_change",
        "acceptable_use",
    }
)
_ENOUGH_WORDS = 3
_FEW_WORDS = 4
_DATE_WORD = re.compile(
    r"\d{1,4}(?:st|nd|rd|th)?|jan(?:uary)?|feb(?:ruary)?|march|april|may|june?|july?|aug(?:ust)?|"
    r"sept?(?:ember)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?|effective|last|edit|date|change"
)


def severity_of(compared: Compared, facts: tuple[Fact, ...], categories: tuple[str, ...]) -> tuple[Severity, str]:
    """The severity of a changed clause, and the rule that decided it in plain words.

    `facts` are those of the change, the weightiest first; `categories` those of the changed text.
    """
    heaviest = facts[0] if facts else None
    if heaviest and heaviest.weight is Weight.HIGH:
        return Severity.HIGH, heaviest.text
    if heaviest and heaviest.weight is Weight.MEDIUM:
        return Severity.MEDIUM, heaviest.text
    words = sum(not _DATE_WORD.fullmatch(word) for word in (*compared.gone, *compared.come))
    substance = sum(not _DATE_WORD.fullmatch(word) for word in compared.substance)
    if words <= _FEW_WORDS and heaviest and heaviest.weight is Weight.LOW:
        return Severity.LOW, heaviest.text
    if _is_heading(compared):
        return Severity.LOW, "only a heading changed"
    weighty = bool(_WEIGHTY & set(categories)) or any(name not in known_ids() for name in categories)
    if not weighty:
        return Severity.LOW, heaviest.text if heaviest else "no clause of a known category is touched"
    if words < _ENOUGH_WORDS:
        return Severity.LOW, heaviest.text if heaviest else "fewer than three words of content changed"
    return _by_words(compared, words, substance, heaviest, facts)


def _is_heading(compared: Compared) -> bool:
    """Whether all that changed is a title: a few words without a full stop, not a statement."""
    text = (compared.changed_new or compared.changed_old).strip()
    return len(compared.pairs) == 1 and len(text) <= 80 and not text.endswith((".", ";")) and not STATEMENT.search(text)


def _is_prelude(text: str) -> bool:
    """A sentence that shows the way, defines a word or introduces a list, and settles nothing by itself."""
    return bool(NAVIGATION.match(text)) or (text.endswith(":") and len(text) <= 90)


def _by_words(
    compared: Compared, words: int, substance: int, heaviest: Fact | None, facts: tuple[Fact, ...]
) -> tuple[Severity, str]:
    """The fallback: enough words of substance changed in a known category."""
    # sentences that a fact of low weight explains (a denial added, a statement removed) do not count again
    told = {fact.before or fact.after for fact in facts if fact.kind in ("promise", "statement")}
    for pairs, what in (
        ([p for p in compared.pairs if p.old is None], "added"),
        ([p for p in compared.pairs if p.new is None], "removed"),
    ):
        texts = [text for p in pairs if (text := p.old_text or p.new_text) not in told and not _is_prelude(text)]
        if any(STATEMENT.search(text) for text in texts):
            return Severity.MEDIUM, f"a statement about the handling of data was {what}"
    if all(_is_prelude(p.new_text or p.old_text) for p in compared.pairs):
        return Severity.LOW, "only a reference, a definition or an introduction changed"
    if told and all(p.old is None or p.new is None for p in compared.pairs):
        return Severity.LOW, heaviest.text if heaviest else "said in other words"
    if substance >= _ENOUGH_WORDS:
        return (
            Severity.MEDIUM,
            f"{words} words of content changed in a clause, {substance} of them words that carry terms",
        )
    return Severity.LOW, heaviest.text if heaviest else "said in other words"
