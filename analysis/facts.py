"""What a change of a text says: numbers, modality, conditions, recipients, purposes, data types, dates, contacts.

Every fact carries its words before and after, where they stand, whom the change serves and how much it weighs.
Sentences that both sides share are left out first, so that a long paragraph gives facts only of what changed in it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from analysis.compared import Compared, compare_sentences
from analysis.fact import Fact
from analysis.facts_numbers import number_facts
from analysis.facts_terms import contact_facts, date_facts, entity_facts, mechanism_facts, notice_facts, term_facts
from analysis.facts_words import condition_facts, modality_facts, promise_facts, statement_facts

__all__ = ["facts_of"]

Reader = Callable[[Compared, frozenset[str]], Iterator[Fact]]

_READERS: tuple[Reader, ...] = (
    number_facts,
    notice_facts,
    modality_facts,
    condition_facts,
    promise_facts,
    term_facts,
    mechanism_facts,
    entity_facts,
    statement_facts,
    date_facts,
    contact_facts,
)


def facts_of(
    old: str, new: str, categories: Collection[str] = (), compared: Compared | None = None
) -> tuple[Fact, ...]:
    """The facts of a change from `old` to `new` ("" for an addition or a removal), the weightiest first.

    `categories` are those of the changed text; they settle what a number stands for where its words do not.
    """
    compared = compared or compare_sentences(old, new)
    names = frozenset(categories)
    found = dict.fromkeys(fact for reader in _READERS for fact in reader(compared, names))
    return tuple(sorted(found, key=lambda fact: -fact.weight))
