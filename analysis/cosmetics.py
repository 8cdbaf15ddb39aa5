"""Whether two texts say the same in other clothes, and in which clothes.

`canonical` is what is left of a text when everything is taken away that a careful lawyer would not call a change:
contractions, "fifteen (15)" for "15", e-mail for email, British spelling, list numbers, punctuation, typography, case.
Two texts with equal canonical words differ only cosmetically; `differences` names how.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import lru_cache

from analysis.normal import marker, plain, typography

__all__ = ["canonical", "differences"]

_IRREGULAR = {
    "won't": "will not",
    "can't": "can not",
    "cannot": "can not",
    "shan't": "shall not",
    "ain't": "is not",
    "let's": "let us",
    "it's": "it is",
    "that's": "that is",
    "there's": "there is",
    "here's": "here is",
    "what's": "what is",
    "who's": "who is",
    "i'm": "i am",
}
_CONTRACTION = re.compile(r"\b(?:(?P<whole>" + "|".join(_IRREGULAR) + r")|(?P<stem>\w+)(?P<tail>n't|'re|'ve|'ll))\b")
_TAILS = {"n't": " not", "'re": " are", "'ve": " have", "'ll": " will"}

_ONES = ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
_TEENS = ["ten", "eleven", "twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen"]
_TENS = ["twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"]
_NUMBERS = {word: value for value, word in enumerate(_ONES + _TEENS)}
_NUMBERS |= {word: 10 * ten for ten, word in enumerate(_TENS, start=2)}
_NUMBERS |= {f"{ten} {one}": _NUMBERS[ten] + _NUMBERS[one] for ten in _TENS for one in _ONES[1:]}
_NUMBERS |= {"hundred": 100, "a hundred": 100, "one hundred": 100, "one hundred twenty": 120, "one hundred eighty": 180}
_NUMBER_WORDS = sorted((word.replace(" ", "[ -]") for word in _NUMBERS), key=len, reverse=True)
_NUMBER = re.compile(r"\b(?:" + "|".join(_NUMBER_WORDS) + r")\b")
_TWICE = re.compile(r"\b(\d{1,4}) \((\d{1,4})\)")

_SPELLINGS = {
    "e-mail": "email",
    "e-mails": "emails",
    "e mail": "email",
    "e mails": "emails",
    "web site": "website",
    "web sites": "websites",
    "web-site": "website",
    "web page": "webpage",
    "web pages": "webpages",
    "on-line": "online",
    "on line": "online",
    "off-line": "offline",
    "opt out": "opt-out",
    "opt in": "opt-in",
    "third-party": "third party",
    "third-parties": "third parties",
    "sub processor": "subprocessor",
    "sub-processor": "subprocessor",
    "sub-processors": "subprocessors",
    "log-in": "login",
    "sign-in": "sign in",
    "sign-up": "sign up",
    "per cent": "%",
    "percent": "%",
    "licence": "license",
    "licences": "licenses",
    "licenced": "licensed",
    "centre": "center",
    "centres": "centers",
    "judgement": "judgment",
    "acknowledgement": "acknowledgment",
    "fulfil": "fulfill",
    "fulfilment": "fulfillment",
    "enrol": "enroll",
    "enrolment": "enrollment",
    "programme": "program",
    "programmes": "programs",
    "catalogue": "catalog",
    "cheque": "check",
    "defence": "defense",
    "offence": "offense",
    "practise": "practice",
    "cancelled": "canceled",
    "cancelling": "canceling",
    "labelled": "labeled",
    "travelling": "traveling",
    "modelling": "modeling",
    "grey": "gray",
    "whilst": "while",
    "amongst": "among",
}
_SPELLING = re.compile(r"\b(?:" + "|".join(sorted(_SPELLINGS, key=len, reverse=True)) + r")\b")
_OUR = re.compile(r"\b(fav|behavi|hon|neighb|lab|endeav|harb|col|flav|rum|hum|vap)our(\w{0,8})\b")
# "organise", "personalisation"; "promise" and "advise" are changed on both sides alike, so nothing is confused by them
_ISE = re.compile(r"\b(\w{3,20})is(e|ed|es|ing|er|ers|ation|ations)\b")
_YSE = re.compile(r"\b(\w{3,12})ys(e|ed|es|ing)\b")

# A word is whatever is neither space nor punctuation: scripts that write vowels as marks stay whole, and emoji count.
_SIGNS = "$€£¥§&%+"
_PUNCTUATION = r"\s!-/:-@\[-`{-\u007f¡-©«-´¶-¸»¿\u2010-\u2027\u2030-\u205e\u3001-\u3003\u3008-\u3011€"
_WORDS = re.compile(rf"[{_SIGNS}]|[^{_PUNCTUATION}]+(?:[.@][^{_PUNCTUATION}]+)*")
_DIGIT_COMMA = re.compile(r"(?<=\d),(?=\d{3}\b)")


def _contractions(text: str) -> str:
    if "'" not in text and "cannot" not in text:
        return text
    return _CONTRACTION.sub(lambda found: _IRREGULAR.get(found.group()) or found["stem"] + _TAILS[found["tail"]], text)


def _numbers(text: str) -> str:
    text = _NUMBER.sub(lambda found: str(_NUMBERS[found.group().replace("-", " ")]), text)
    return _TWICE.sub(lambda found: found[1] if found[1] == found[2] else found.group(), text)


def _spelling(text: str) -> str:
    text = _SPELLING.sub(lambda found: _SPELLINGS[found.group()], text)
    text = _OUR.sub(r"\1or\2", text)
    return _YSE.sub(r"\1yz\2", _ISE.sub(r"\1iz\2", text))


def _words(text: str) -> str:
    text = _DIGIT_COMMA.sub("", text.replace("'s ", " s ").replace("'", ""))
    return " ".join(["and" if word == "&" else word for word in _WORDS.findall(text)])


def _renumbered(text: str) -> str:
    return text[len(marker(text, levels=True)) :]


_MARKUP = str.maketrans("_*`", "   ")  # of a Markdown source that someone compares, or a page shows by mistake

# In the order in which they are taken away. A difference is called by the name of the first step that makes it vanish.
_STEPS: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("white space", lambda text: " ".join(text.split())),
    ("typography", lambda text: plain(typography(text))),
    (
        "renumbered",
        _renumbered,
    ),  # before the case is gone: "4.2 Retention" is a number of a section, "3.5 million" is not
    ("case", str.casefold),
    ("markup", lambda text: " ".join(text.translate(_MARKUP).split())),
    ("contractions", _contractions),
    ("spelling", _spelling),
    ("number words", _numbers),
    ("punctuation", _words),
)


@lru_cache(maxsize=8192)
def canonical(text: str) -> str:
    """The words that the text consists of, with single spaces between them; of a text of punctuation only, the text."""
    result = text
    for _, step in _STEPS:
        result = step(result)
    return result or plain(text)


def differences(old: str, new: str) -> tuple[str, ...] | None:
    """How two texts with the same canonical words differ, () if not at all; None if the words differ.

    Several names where several things differ: each step that makes the texts more alike without making them equal is
    named too.
    """
    if old == new:
        return ()
    notes: list[str] = []
    for name, step in _STEPS:
        after_old, after_new = step(old), step(new)
        # the step made them equal, or took away more on one side than on the other
        if after_old == after_new or len(old) - len(after_old) != len(new) - len(after_new):
            notes.append(name)
        old, new = after_old, after_new
        if old == new:
            # nothing but punctuation on both sides: a thumb up is not a thumb down
            return tuple(notes) if old else None
    return None
