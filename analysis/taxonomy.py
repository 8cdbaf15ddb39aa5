"""The categories of clauses: stable ids, names, definitions, their OPP-115 equivalents, and categories of the user's.

The list follows the OPP-115 scheme (Wilson et al. 2016) refined by its attributes, the usual unfair-terms categories
for terms of service, and what people who watch vendors ask for (reference/clauses.md 1).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

__all__ = [
    "CATEGORIES",
    "Category",
    "CategoryRule",
    "CategoryRuleError",
    "Interest",
    "category",
    "category_id",
    "known_ids",
]

MAX_TERMS = 200
MAX_TERM_LENGTH = 200
MAX_PATTERN_LENGTH = 300

Interest = str
"""How much a change of a category matters to most readers: "alert", "digest" or "terms" (for terms of service)."""


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of clause. `opp115` is the OPP-115 category or attribute it equals or refines, "" if there is none."""

    id: str
    name: str
    definition: str
    opp115: str = ""
    interest: Interest = "alert"


_THIRD = "Third Party Sharing/Collection"
_AUDIENCE = "International and Specific Audiences"

CATEGORIES: tuple[Category, ...] = (
    Category("effective_date", "Effective date", "When the document takes effect or was last updated.", "Other"),
    Category(
        "policy_change",
        "Policy change",
        "How changes of the document are announced, and how long before they apply.",
        "Policy Change",
    ),
    Category(
        "third_party",
        "Third-party sharing",
        "Who else gets or collects personal data, which data and for what.",
        _THIRD,
    ),
    Category("sale", "Sale of data", "Whether personal data is sold, rented or traded.", _THIRD),
    Category(
        "first_party",
        "Collection and use",
        "Which personal data the provider collects and what it uses it for, AI training included.",
        "First Party Collection/Use",
    ),
    Category(
        "cookies_tracking",
        "Cookies and tracking",
        "Cookies, pixels, device identifiers, analytics and advertising technology.",
        "First Party Collection/Use",
    ),
    Category("retention", "Retention", "How long personal data is kept and when it is deleted.", "Data Retention"),
    Category(
        "security", "Security", "How personal data is protected, and what happens after a breach.", "Data Security"
    ),
    Category(
        "international",
        "International transfer",
        "Where personal data goes and by which mechanism (standard clauses, Data Privacy Framework, "
        "Privacy Shield, Safe Harbor).",
        _AUDIENCE,
    ),
    Category("children", "Children", "Minimum age and data of children.", _AUDIENCE),
    Category("choice", "User choice", "Consent, opting in and out, and other controls.", "User Choice/Control"),
    Category(
        "access",
        "Access and deletion rights",
        "Seeing, correcting, exporting and deleting one's own data.",
        "User Access, Edit and Deletion",
    ),
    Category(
        "legal_disclosure",
        "Legal disclosure",
        "Disclosure to authorities and courts, or to protect rights and safety.",
        _THIRD,
    ),
    Category(
        "business_transfer",
        "Business transfer",
        "What happens to personal data in a merger, sale or bankruptcy.",
        _THIRD,
    ),
    Category(
        "dnt",
        "Do not track",
        "How Do Not Track and Global Privacy Control signals are answered.",
        "Do Not Track",
        "digest",
    ),
    Category(
        "us_state", "US state rights", "Rights under the laws of California and other US states.", _AUDIENCE, "digest"
    ),
    Category("contact", "Contact", "Whom to write to: addresses, privacy officer, representative.", "Other", "digest"),
    Category(
        "subprocessors",
        "Subprocessors",
        "Companies that process customer data for the provider, and how new ones are announced.",
        _THIRD,
    ),
    Category("liability", "Liability", "Warranties, limits of liability, indemnity.", "", "terms"),
    Category("termination", "Termination", "How and when the contract or an account ends.", "", "terms"),
    Category(
        "disputes", "Governing law and disputes", "Applicable law, courts, arbitration, class actions.", "", "terms"
    ),
    Category("fees", "Fees and renewal", "Prices, payment, refunds, automatic renewal.", "", "terms"),
    Category("acceptable_use", "Acceptable use", "What users must not do.", "", "terms"),
    Category(
        "unilateral_change",
        "Unilateral changes",
        "The provider's right to change or stop the service at will.",
        "",
        "terms",
    ),
)

_BY_ID = {entry.id: entry for entry in CATEGORIES}
_ALIASES = {
    "california": "us_state",
    "us_states": "us_state",
    "state_rights": "us_state",
    "data_security": "security",
    "data_retention": "retention",
    "third_party_sharing": "third_party",
    "sale_of_data": "sale",
    "cookies": "cookies_tracking",
    "tracking": "cookies_tracking",
    "do_not_track": "dnt",
    "international_transfer": "international",
    "arbitration": "disputes",
    "governing_law": "disputes",
    "subprocessor": "subprocessors",
    "sub_processors": "subprocessors",
    "unilateral_changes": "unilateral_change",
    "rights": "access",
    "collection": "first_party",
}


def category_id(name: str) -> str:
    """The id meant by an id, a name or an alias in any case and with any of " ", "-", "_" between the words.

    A name that is not known is returned in id form, since it may be the id of a category of the user's.
    """
    wanted = re.sub(r"[^a-z0-9]+", "_", name.casefold()).strip("_")
    if wanted in _BY_ID:
        return wanted
    if wanted in _ALIASES:
        return _ALIASES[wanted]
    for entry in CATEGORIES:
        if re.sub(r"[^a-z0-9]+", "_", entry.name.casefold()) == wanted:
            return entry.id
    return wanted


def category(name: str) -> Category | None:
    """The built-in category of that id, name or alias, or None."""
    return _BY_ID.get(category_id(name))


def known_ids() -> frozenset[str]:
    """The ids of the built-in categories."""
    return frozenset(_BY_ID)


class CategoryRuleError(ValueError):
    """A category of the user's cannot be used: its id is taken, it has no terms, or a pattern is unsafe or broken."""


@dataclass(frozen=True, slots=True)
class CategoryRule:
    """A category that a user adds: `words` are matched whole, `phrases` literally, `patterns` as regular expressions.

    Case is ignored everywhere. Patterns are bounded: without nested or open-ended repeats, look-around and
    back-references, and shorter than 300 characters. Call `check` before use; `analysis.clauses` does.
    """

    id: str
    name: str = ""
    definition: str = ""
    words: tuple[str, ...] = ()
    phrases: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()

    def check(self) -> None:
        """Raises `CategoryRuleError` with a sentence that says what is wrong."""
        if not re.fullmatch(r"[a-z][a-z0-9_]{0,39}", self.id):
            raise CategoryRuleError(f"category id {self.id!r} must be lower-case letters, digits and _, 40 at most")
        if self.id in _BY_ID or self.id in _ALIASES:
            raise CategoryRuleError(f"category {self.id!r} is built in; choose another id")
        terms = (*self.words, *self.phrases, *self.patterns)
        if not terms:
            raise CategoryRuleError(f"category {self.id!r} has no words, phrases or patterns")
        if len(terms) > MAX_TERMS:
            raise CategoryRuleError(f"category {self.id!r} has {len(terms)} terms, {MAX_TERMS} are allowed")
        for term in (*self.words, *self.phrases):
            if not term.strip() or len(term) > MAX_TERM_LENGTH:
                raise CategoryRuleError(
                    f"category {self.id!r}: {term[:40]!r} is empty or longer than {MAX_TERM_LENGTH}"
                )
        for pattern in self.patterns:
            _check_pattern(self.id, pattern)

    def compiled(self) -> tuple[re.Pattern[str], ...]:
        """The checked terms, compiled. Raises `CategoryRuleError`."""
        self.check()
        sources: list[str] = []
        if self.words or self.phrases:
            literal = sorted({*self.words, *self.phrases}, key=len, reverse=True)
            # white space in a phrase matches any run of it, so that a line break in the page does not hide it
            sources.append(
                r"(?<!\w)(?:" + "|".join(r"\s+".join(map(re.escape, t.split())) for t in literal) + r")(?!\w)"
            )
        sources.extend(self.patterns)
        return tuple(re.compile(source, re.IGNORECASE) for source in sources)


def _check_pattern(owner: str, pattern: str) -> None:
    where = f"category {owner!r}, pattern {pattern[:60]!r}"
    if not pattern or len(pattern) > MAX_PATTERN_LENGTH:
        raise CategoryRuleError(f"{where}: empty or longer than {MAX_PATTERN_LENGTH} characters")
    try:
        compiled = re.compile(pattern, re.IGNORECASE)
    except (re.error, OverflowError, RecursionError) as error:
        raise CategoryRuleError(f"{where}: {error}") from error
    if compiled.match("") is not None:
        raise CategoryRuleError(f"{where}: it matches empty text")
    plain = _without_classes(pattern)
    if re.search(r"\(\?(?!:)|\\[1-9]", plain):
        raise CategoryRuleError(f"{where}: look-around, flags, named groups and back-references are not allowed")
    if re.search(r"\)\s*(?:[*+]|\{)", plain):
        raise CategoryRuleError(f"{where}: a group may not be repeated")
    gaps = re.findall(r"(?:\.|\\[sSwWdD]|C)(?:[*+]|\{\d*,(\d*)\})", plain)
    bounds = [int(limit) if limit else 0 for limit in gaps]
    if len(gaps) > 2 or any(limit > 100 for limit in bounds) or re.search(r"(?<!\\)\.(?:[*+]|\{\d*,\})|C[*+]", plain):
        raise CategoryRuleError(f"{where}: use at most two gaps, each bounded, like .{{0,60}}")
    if any(int(limit or 0) > 100 for limit in re.findall(r"\{\d*,?(\d*)\}", plain)):
        raise CategoryRuleError(f"{where}: a repeat may be 100 at most")


def _without_classes(pattern: str) -> str:
    """The pattern with every character class and escaped bracket replaced by one letter."""
    return re.sub(r"\[\^?\]?(?:\\.|[^\]\\])*\]", "C", re.sub(r"\\[\[\](){}.*+?|\\^$]", "x", pattern))


def check_rules(rules: Iterable[CategoryRule]) -> None:
    """Checks all rules, and that no two share an id. Raises `CategoryRuleError`."""
    seen: set[str] = set()
    for rule in rules:
        rule.check()
        if rule.id in seen:
            raise CategoryRuleError(f"category {rule.id!r} is defined twice")
        seen.add(rule.id)
