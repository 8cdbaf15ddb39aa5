# ruff: noqa: E501 -- a pattern a line is easier to read and to compare than one broken over several
"""Words around dates: what makes a date the document's own, and what makes it someone else's (reference/clauses.md 4).

The patterns for what stands before a date are anchored at its end, those for what follows at its beginning.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

__all__ = [
    "BOTH",
    "DAY_FIRST_MARKS",
    "EFFECTIVE",
    "EFFECTIVE_AFTER",
    "FOREIGN",
    "MONTHS",
    "MONTH_FIRST_MARKS",
    "NOT_OURS_AFTER",
    "NOT_OURS_BEFORE",
    "STAMP_BEFORE",
    "TITLE_BEFORE",
    "UPDATED",
]

MONTHS: Mapping[str, int] = {
    name: number
    for number, name in enumerate(
        ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"], start=1
    )
}

_DAY = r"(?:(?:mon|tues?|wednes|thurs?|fri|satur|sun)(?:day)?,? )?"
_TAIL = r"(?: ?(?:on|as of|from|at|is|was|since|in|the|effective date|:|-|–|—|\(|,|\.(?= ))){0,4} ?" + _DAY + r"\(?$"
_UPDATE = (
    r"(?:updated?|up-dated|modified|modification|revised|revisions?|amended|amendments?|edited|edit|changed|reviewed)"
)
_DOCUMENT = r"(?:(?:privacy|cookies?|data|security|legal|online|website|service|user|customer|protection|processing|return|terms|of|use|our|this|the|and|&|[A-Z][\w.]{1,20}) ){0,6}(?:polic(?:y|ies)|statement|notice|terms|agreement|conditions|document|page|version|guidelines|addendum|terms of (?:use|service))"


def _ends(source: str) -> re.Pattern[str]:
    return re.compile(source + _TAIL, re.IGNORECASE)


BOTH = _ends(
    rf"(?:(?:last )?{_UPDATE} ?(?:/|and|&|,) ?(?:is )?effective(?: date)?|effective(?: date)? ?(?:/|and|&) ?(?:last |date )?{_UPDATE})"
)

EFFECTIVE: tuple[tuple[re.Pattern[str], float], ...] = (
    (_ends(r"(?:effective date|date of effect(?:iveness)?|effective (?:as of|from|on|since|starting|beginning)|effective)(?: of (?:this|these|the|our) " + _DOCUMENT + r")?(?:[: ]+the (?:earlier|later) of)?"), 0.95),
    (_ends(r"\b(?:(?:is|are|be(?:comes?)?|remains?) (?:valid|applicable|in (?:effect|force))|valid|in (?:effect|force)|(?:applies|apply|applicable|valid)(?: to you)? (?:from|as of|since|starting)|(?:takes?|took|come[s]?|came|enter(?:s|ed)?|goes|go|went|put) (?:in)?(?:to )?(?:effect|force)|entry into force)"), 0.9),
)  # fmt: skip

EFFECTIVE_AFTER = re.compile(
    r"[ ,;]*(?:and|,)?(?: is| are)? effective (?:immediately|on that date|as of (?:that|this|the same) date)", re.I
)

UPDATED: tuple[tuple[re.Pattern[str], float], ...] = (
    (_ends(rf"(?:last|latest|most recent(?:ly)?|recently)[ -]{_UPDATE}(?: date)?(?: (?:of|to) (?:this |these |the |our )?{_DOCUMENT})?"), 1.1),
    (_ends(rf"(?:{_UPDATE} and posted|date {_UPDATE}|date (?:of )?(?:the )?(?:last |latest )?{_UPDATE}|(?:revision|update|version|amendment|modification|issue|publication) date|date (?:of )?(?:issue|publication|version|revision))(?: (?:of|to) (?:this |these |the |our )?{_DOCUMENT})?"), 1.05),
    (_ends(rf"(?:{_DOCUMENT}) (?:(?:was|were|has been|is|are) )?(?:last |most recently |first )?(?:{_UPDATE}|published|posted|approved|issued)(?: by)?"), 0.95),
    (_ends(r"\b(?:updated?|revised|modified|amended|edited)(?: and (?:posted|published|effective))?(?: date)?"), 0.75),
    (_ends(r"(?:version (?:was )?(?:approved|adopted|published|dated|of|date)(?: by(?: [\w.]{1,20}){0,3})?|\bversion(?: [\d.]{1,8})?|this version)"), 0.75),
    (_ends(r"(?:\b(?:published|posted|released|issued|adopted|dated?|formulated)\b|\bdate ?:)"), 0.7),
)  # fmt: skip

FOREIGN = re.compile(
    r"archived|wayback|snapshot|as amended|(?:act|law|directive|regulation|decree|decision|ordinance|statute|code|§|section) "
    r"(?:\S+ ){0,5}?(?:of|dated|\(|no\.?)?[ (]*$|regulation \(|directive \d|court|judg|commission (?:implementing )?decision|"
    r"copyright|©|\(c\)|born|registered (?:on|in)|founded|incorporated|last (?:accessed|visited)|previous version|prior version|"
    r"(?:earlier|old|older|former|superseded) version|version (?:\S+ ){0,4}until|\buntil\b[^.]{0,20}$|\bbefore\b[^.]{0,16}$|\bprior to\b[^.]{0,16}$",
    re.IGNORECASE,
)
"""Before a date: it is the date of an archive, a law, an earlier version, a company."""

NOT_OURS_BEFORE = re.compile(
    r"(?:\b(?:between|through|during|by|after|on or after|since)\b|preceding|expires?(?: on)?|deadline|no later than|"
    r"effective (?:\w+ ){0,3}?(?:until|through)|(?<!posted )(?<!published )(?<!revised )(?<!updated )(?<!amended )(?<!effective )(?<!effect )(?<!force )(?<!valid )as of|"
    r"beginning|starting|(?<!updated )(?<!revised )(?<!modified )(?<!amended )\bin) ?(?:the )?$",
    re.IGNORECASE,
)

NOT_OURS_AFTER = re.compile(
    r"[ ,;)]*(?:until|through|to (?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|\d)|[-–—] ?(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|\d)|"
    r"version|[-–] ?present)",
    re.IGNORECASE,
)

STAMP_BEFORE = re.compile(r"(?:[A-Z][\w&.’'-]*,? ?){0,8}(?:as of|date)?[ :,-]*", re.IGNORECASE)

TITLE_BEFORE = re.compile(
    r"(?:privacy|polic(?:y|ies)|statement|notice|terms(?: of (?:use|service))?|agreement|conditions|guidelines)[ :,=–—-]*\(?$",
    re.I,
)

DAY_FIRST_MARKS = re.compile(
    r"\b(?:cnil|gmbh|r\.?c\.?s\.?|siret|gdpr|rgpd|united kingdom|england|ico\b|ireland|france|germany|australia|sweden|spain|italy|"
    r"netherlands|europe|eea|organisation|personalis\w+|authoris\w+|recognis\w+)\b",
    re.IGNORECASE,
)

MONTH_FIRST_MARKS = re.compile(
    r"\b(?:california|delaware|new york|ccpa|cpra|coppa|u\.s\.|united states|texas|florida|virginia|zip code|"
    r"organization|personaliz\w+|authoriz\w+|recogniz\w+)\b",
    re.IGNORECASE,
)
