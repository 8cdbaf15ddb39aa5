"""Quantities in running text: "fifteen (15) days", "30-day", "one month", "72 hours", "13 years of age", "$25".

Periods are also given in days, so that "30 days" and "one month" can be told to be about equal.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["NUMBER", "Quantity", "about_equal", "find_quantities", "number_value"]

_SMALL = [
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
    "twelve",
    "thirteen",
    "fourteen",
    "fifteen",
    "sixteen",
    "seventeen",
    "eighteen",
    "nineteen",
]
_TENS = {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90}
_WORDS: dict[str, int] = {word: value for value, word in enumerate(_SMALL)} | _TENS
_WORDS |= {f"{ten}-{_SMALL[n]}": value + n for ten, value in _TENS.items() for n in range(1, 10)}
_WORDS |= {"a": 1, "an": 1, "half": 0, "hundred": 100}

_LOW = "one|two|three|four|five|six|seven|eight|nine"
_WORD = (
    rf"(?:twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety)(?:[- ](?:{_LOW}))?|{_LOW}|ten|eleven|twelve|thirteen|"
    "fourteen|fifteen|sixteen|seventeen|eighteen|nineteen"
)
_DIGITS = r"\d{1,3}(?:,\d{3}){1,3}|\d{1,9}(?:\.\d{1,3})?"
NUMBER = rf"(?:(?:{_WORD})(?: ?\( ?(?:{_DIGITS}) ?\))?|(?:{_DIGITS})(?: ?\( ?(?:{_WORD}) ?\))?|(?:an?|one) hundred)"
"""A number in digits or words, or both ("fifteen (15)"), as the source of a pattern without groups."""

_UNITS: dict[str, float] = {
    "minute": 1 / 1440,
    "hour": 1 / 24,
    "day": 1,
    "week": 7,
    "fortnight": 14,
    "month": 30.4375,
    "quarter": 91.3125,
    "year": 365.25,
}
_UNIT = "minute|hour|day|week|fortnight|month|quarter|year"
_QUALIFIER = "calendar|business|working|consecutive|full|additional|further|banking|more|other"
_PERIOD = re.compile(
    rf"(?<![\w.,/$€£-])(?P<number>{NUMBER}|an?)[ -](?:(?P<how>{_QUALIFIER})[ -])?(?P<unit>{_UNIT})(?:s|"
    rf"\(s\))?(?P<age>['’]?s? (?:of age|old)\b|-olds?\b)?"
    r"(?![\w])",
    re.IGNORECASE,
)
_AGE = re.compile(
    r"\b(?:under|over|below|above|least|than|reach(?:ed)?|turn(?:ed)?|between|aged?|ages? of|age is|"
    r"age:)(?: the)?(?: age)?(?: of)?"
    rf" (?P<number>{NUMBER})(?! ?(?:{_UNIT}|%|percent|calendar|business|working|pages|places|users|"
    rf"employees|countries|million))(?![\w%,$€£/-])",
    re.IGNORECASE,
)
_MONEY = re.compile(
    rf"(?P<sign>US\$|USD|EUR|GBP|[$€£]) ?(?P<number>{_DIGITS})|(?P<number2>{_DIGITS}) ?(?P<sign2>USD|"
    rf"EUR|GBP|dollars|euros|€)\b",
    re.I,
)
_PERCENT = re.compile(rf"(?P<number>{_DIGITS}) ?(?:%|per ?cent\b)", re.I)
_AGE_CONTEXT = re.compile(r"\b(?:age[ds]?|child|children|minors?|kids?|teen|parent|guardian|years? old|born)", re.I)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number with its unit: a period ("day" …), "age" (years), "money" or "percent".

    `days` is the period in days and None for what is no period. `start` and `end` are offsets into the text searched.
    """

    value: float
    unit: str
    days: float | None
    start: int
    end: int
    text: str

    def __str__(self) -> str:
        number = f"{self.value:g}"
        if self.unit == "age":
            return f"age {number}"
        if self.unit in ("money", "percent"):
            return self.text
        return f"{number} {self.unit}" + ("" if self.value == 1 else "s")


def number_value(words: str) -> float | None:
    """The value of what `NUMBER` matched; of "fifteen (15)" that in digits."""
    digits = re.search(r"\d[\d,]*(?:\.\d+)?", words)
    if digits:
        return float(digits.group().replace(",", "").rstrip("."))
    spelled = words.lower().replace(" ", "-").strip("-")
    if spelled.endswith("-hundred"):
        return 100.0
    value = _WORDS.get(spelled)
    return None if value is None else float(value)


def find_quantities(text: str) -> tuple[Quantity, ...]:
    """All quantities of a text in order. Bare numbers (addresses, section numbers, versions) are none."""
    found: list[Quantity] = []
    for match in _PERIOD.finditer(text):
        value = number_value(match["number"])
        if value is None:
            continue
        unit = match["unit"].lower()
        if match["age"] or (unit == "year" and _is_age(text, match)):
            found.append(Quantity(value, "age", None, match.start(), match.end(), match.group()))
        else:
            found.append(Quantity(value, unit, value * _UNITS[unit], match.start(), match.end(), match.group()))
    if _AGE_CONTEXT.search(text):
        for match in _AGE.finditer(text):
            value = number_value(match["number"])
            if value is not None and 5 <= value <= 25:
                found.append(Quantity(value, "age", None, match.start("number"), match.end(), match["number"]))
    for match in _MONEY.finditer(text):
        value = number_value(match["number"] or match["number2"])
        if value is not None:
            found.append(Quantity(value, "money", None, match.start(), match.end(), match.group()))
    for match in _PERCENT.finditer(text):
        value = number_value(match["number"])
        if value is not None:
            found.append(Quantity(value, "percent", None, match.start(), match.end(), match.group()))
    return tuple(_without_overlaps(found))


def _is_age(text: str, match: re.Match[str]) -> bool:
    around = text[max(0, match.start() - 40) : match.end() + 20]
    value = number_value(match["number"]) or 0
    return (
        5 <= value <= 25
        and bool(
            re.search(
                r"\b(?:under|over|below|at least|than|aged?)\b[^.]{0,12}$",
                text[max(0, match.start() - 24) : match.start()],
                re.I,
            )
        )
        and bool(_AGE_CONTEXT.search(around))
    )


def _without_overlaps(found: list[Quantity]) -> list[Quantity]:
    kept: list[Quantity] = []
    for quantity in sorted(found, key=lambda q: (q.start, -q.end)):
        if not kept or quantity.start >= kept[-1].end:
            kept.append(quantity)
    return kept


def about_equal(first: Quantity, second: Quantity) -> bool:
    """Whether two quantities say the same, give or take the length of a month: "30 days" and "one month" do."""
    if first.days is None or second.days is None:
        return first.unit == second.unit and first.value == second.value
    if first.unit == second.unit:
        return first.value == second.value
    longer = max(first.days, second.days)
    return longer == 0 or abs(first.days - second.days) / longer < 0.05
