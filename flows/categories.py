"""Names of categories as people write them: an id, a name or an alias, of ours or of config.toml's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from difflib import get_close_matches

from analysis.taxonomy import CATEGORIES, CategoryRule, category, category_id

__all__ = ["OTHER", "UnknownCategory", "category_name", "find_category", "ordered"]

OTHER = "other"
"""What a clause change is filed under that no category fits."""


class UnknownCategory(ValueError):
    """No category is called so. The text says which might be meant."""


def find_category(name: str, rules: Sequence[CategoryRule] = ()) -> str:
    """The id of the category that is meant, in any case and with any of " ", "-", "_" between the words.

    Raises:
        UnknownCategory: there is none.
    """
    wanted = category_id(name)
    if category(wanted) is not None or wanted == OTHER or any(rule.id == wanted for rule in rules):
        return wanted
    named = {_spelled(rule.name): rule.id for rule in rules if rule.name}
    if wanted in named:
        return named[wanted]
    ids = {entry.id: entry.id for entry in CATEGORIES} | {_spelled(entry.name): entry.id for entry in CATEGORIES}
    known = ids | named | {rule.id: rule.id for rule in rules}
    close = get_close_matches(wanted[:80], known, n=1, cutoff=0.5)
    hint = f'did you mean "{known[close[0]]}"?' if close else f"known are {', '.join(dict.fromkeys(known.values()))}"
    raise UnknownCategory(f'there is no category "{name[:80]}"; {hint}')


def category_name(number: str, rules: Sequence[CategoryRule] = ()) -> str:
    """The name of a category for people, by its id."""
    known = category(number)
    own = next((rule.name for rule in rules if rule.id == number), "")
    return own or (known.name if known else number.replace("_", " ").capitalize())


def ordered(names: Sequence[str], rules: Sequence[CategoryRule] = ()) -> list[str]:
    """Ids in the order of the taxonomy, the user's own first."""
    order = [*(rule.id for rule in rules), *(entry.id for entry in CATEGORIES)]
    return sorted(names, key=lambda name: (order.index(name) if name in order else len(order), name))


def _spelled(name: str) -> str:
    return re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")
