"""Normal forms: what stays of a text when typography, white space, case and list markers are taken away.

`plain` is still readable, `fold` is for keys. `mask_token` and `mask_line` take out what changes by itself. All is
linear in the length of the text. The classes of noise are those counted in reference/open-terms-archive.md 4.4.
"""

from __future__ import annotations

import operator
import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache

__all__ = [
    "MOMENTS",
    "SHORT",
    "fold",
    "is_furniture",
    "marker",
    "mask_line",
    "mask_token",
    "plain",
    "typography",
    "without_marker",
]

# Many to one: what a browser, an editor or a content system writes for the same character of a keyboard.
_TYPOGRAPHY = {
    **dict.fromkeys("‘’‚‛′´`ʼ＇ʹ", "'"),
    **dict.fromkeys("“”„‟″«»‹›＂〝〞", '"'),
    **dict.fromkeys("‐‑‒–—―−⁃﹘﹣－", "-"),
    **dict.fromkeys("•‣◦▪▫●○■□·∙⋅➢➤✓✔❖►▶", " "),
    **dict.fromkeys("\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff\ufe0e\ufe0f\u061c", ""),
    **dict.fromkeys("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069", ""),
    **dict.fromkeys("\u00a0\u1680\u2028\u2029\u202f\u205f\u3000\u180e", " "),
    **{chr(code): " " for code in range(0x2000, 0x200B)},
    "…": "...",
    "™": "",
    "®": "",
    "℠": "",
}
_ASCII = bytes(range(128))
_FEW = 64  # distinct non-ASCII characters up to which replacing one by one is faster than a whole normalisation


@lru_cache(maxsize=4096)
def _character(char: str) -> str:
    mapped = _TYPOGRAPHY.get(char)
    if mapped is not None:
        return mapped
    return "".join(_TYPOGRAPHY.get(part, part) for part in unicodedata.normalize("NFKC", char))


def typography(text: str) -> str:
    """NFKC with straight quotes, plain hyphens and spaces, without invisible characters, bullets and trade marks."""
    if text.isascii():
        return text
    # deleting all ASCII bytes is ten times faster than looking for the rest with a pattern
    rest = text.encode("utf-8", "surrogatepass").translate(None, _ASCII)
    characters = sorted(set(rest.decode("utf-8", "surrogatepass")))
    if len(characters) > _FEW or any(map(unicodedata.combining, characters)):
        return "".join(map(_character, unicodedata.normalize("NFKC", text)))
    for char in characters:
        mapped = _character(char)
        if mapped != char:
            text = text.replace(char, mapped)
    return text


def plain(text: str) -> str:
    """The text with typography made plain and white space as single spaces; case and punctuation stay."""
    return " ".join(typography(text).split())


def fold(text: str) -> str:
    """`plain`, without regard to case."""
    return plain(text).casefold()


# "1." "12)" "(a)" "b." "iv)" "(xii)" and bullets. Numbers of several levels ("4.2 Retention") stay: they are typed by
# the author, and "42.2" may be an amount or a version. A bare "a" or "1" is a word.
_MARKER = re.compile(
    r"\s*(?:[-*+–—•‣◦▪▫●○■□·➢➤✓✔❖►▶]\s+"
    r"|\(?(?:[0-9]{1,3}|(?=[ivx])x{0,3}(?:ix|iv|v?i{0,3})|(?=[IVX])X{0,3}(?:IX|IV|V?I{0,3})|[a-zA-Z])[.)]\s+)(?=\S)"
)
# "4.2 Retention", "Section 12: Your rights"; not "3.5 million" or "2.5 GB"
_LEVELS = re.compile(
    r"\s*(?:(?:[Ss]ection|SECTION|[Aa]rticle|ARTICLE|[Cc]lause|§)\s*[0-9]{1,3}(?:\.[0-9]{1,3}){0,5}[.:)]?"
    r"|(?:[0-9]{1,3}\.){1,5}[0-9]{1,3}[.:)]?)[\s|-]+"
    r"(?!Million|Billion|Euro|Dollar|Percent|Day|Month|Year|Hour|Business)(?=[A-ZÀ-Þ][a-zà-ÿ]|[A-Z]{5}|A\s)"
)


def marker(text: str, *, levels: bool = False) -> str:
    """The list marker that the text starts with, or ""; with `levels` also section numbers like "4.2"."""
    found = _MARKER.match(text) or (_LEVELS.match(text) if levels else None)
    return found.group() if found else ""


def without_marker(text: str, *, levels: bool = False) -> str:
    return text[len(marker(text, levels=levels)) :]


_UUID = re.compile(r"[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}")
_HEX = re.compile(r"(?:0x)?(?:[0-9]+[a-f]|[a-f]+[0-9]|[0-9]+[A-F]|[A-F]+[0-9])(?:[0-9a-f]+|[0-9A-F]+)")
_ASSET = re.compile(r"\.(?:svg|png|jpe?g|gif|webp|avif|ico|css|m?js|woff2?)(?:[?#].*)?$", re.IGNORECASE)
_KEYED = re.compile(
    r"(?:nonce|csrf\w{0,20}|token|sid|session\w{0,20}|rand|cb|ts|request.?id|ray.?id)[=:]\S+", re.IGNORECASE
)
_EDGES = "\"'“”‘’()[]{}<>,;.!?"


def mask_token(token: str) -> str:
    """A token of 16 or more characters as the fingerprint sees it: addresses without query, nonces and assets gone.

    A visible address keeps host and path, for they are what the policy says ("write to us at example.com/contact").
    """
    core = token.strip(_EDGES)
    low = core.lower()
    if _ASSET.search(core):
        return ""
    if "://" in core or low.startswith("www."):
        address = core.split("://", 1)[-1].split("?", 1)[0].split("#", 1)[0].rstrip("/")
        return token.replace(core, address.removeprefix("www.").removeprefix("WWW."))
    if _UUID.search(core):
        return _UUID.sub("", core)
    if _KEYED.fullmatch(core) or _is_nonce(core):
        return ""
    return token


def _is_nonce(core: str) -> bool:
    """Long hexadecimal, or long and random in the way of base64: digits, both cases, no address."""
    if len(core) < 16 or "@" in core:
        return False
    if _HEX.fullmatch(core):
        return True
    if len(core) < 20 or not core.isascii() or not core.replace("-", "").replace("_", "").strip("=").isalnum():
        return False
    # a random token changes between digits, capitals and small letters all the time, "ISO27001Certified2024" does not
    classes = [char.isdigit() + 2 * char.isupper() for char in core]
    turns = sum(map(operator.ne, classes, classes[1:]))
    return sum(map(str.isdigit, core)) >= 3 and turns * 3 >= len(core)


_MOMENT = (
    r"(?:(?:about|over|almost|around|more than|less than)\s+)?"
    r"(?:(?:a|an|one|two|three|four|five|six|seven|\d{1,4})\s+(?:sec|second|min|minute|hr|hour|day|week|month|year)s?\s+ago"
    r"|yesterday|today|just now|moments? ago|(?:this|last)\s+(?:week|month|year))"
)
_RELATIVE = re.compile(
    r"((?:last\s+|recently\s+)?(?:updated?|modified|edited|revised|published|posted|reviewed|changed|checked|refreshed)"
    rf"\s*(?:on|:)?\s*){_MOMENT}\b"
)
_ONLY_MOMENT = re.compile(rf"\W*{_MOMENT}\W*")
_COUNT = r"\d[\d.,]*\s?(?:k|m|b|mn|million|thousand)?"
_COUNTER = re.compile(
    rf"\W*(?:viewed\s+)?{_COUNT}\+?\s+(?:views?|times|likes?|shares?|followers?|comments?|reads?|readers|visitors?|downloads?"
    r"|people\s+(?:found|viewed|like|read).{0,40}|out of\s+\d+\s+found.{0,40}|of\s+\d+\s+found.{0,40})\W*"
)
_CLOCK = re.compile(r"\W*\d{1,2}:\d\d(?::\d\d)?\s*/\s*-?\d{1,2}:\d\d(?::\d\d)?\W*")
_LANGUAGES = (
    "english deutsch german fran.ais french espa.ol spanish italiano italian portugu.s portuguese nederlands "
    "dutch polski polish svenska swedish dansk norsk suomi finnish t.rk.e turkish русский russian українська "
    "日本語 japanese 한국어 korean 中文 chinese العربية arabic עברית hebrew čeština czech magyar hungarian "
    "română romanian ελληνικά greek català catalan indonesia indonesian việt vietnamese ไทย thai हिन्दी "
    "hindi বাংলা"
)
_LANGUAGE = re.compile(r"((?:" + _LANGUAGES.replace(" ", "|") + r")\b[^%\d]{0,40})\d{1,3}(?:[.,]\d+)?\s?%")
_COPYRIGHT = re.compile(r"((?:©|\(c\)|copyright)[^\d]{0,20})(?:19|20)\d\d(?:\s?-\s?(?:19|20)\d\d)?")
MOMENTS = (
    *("ago", "yesterday", "today", "just now"),
    *("this week", "last week", "this month", "last month", "this year", "last year"),
)
"""What a relative moment has in it, one of them at least: a text without can be spared the search."""

SHORT = 120
"""Characters up to which a line can be furniture: a sentence of a policy that says "30 days ago" is longer."""


def mask_line(line: str, *, digits: bool = True, moments: Collection[str] = MOMENTS) -> str:
    """A whole folded block without relative dates, counters, clocks, shares translated and the copyright year.

    Only short lines, and only where the line is nothing else or says what the date is of: "more than 30 days ago" in a
    sentence is a word of the policy.

    Parameters:
        digits: whether the line has any. Most have none, and cost next to nothing.
        moments: those of `MOMENTS` that the line may contain.
    """
    if len(line) > SHORT:
        return line
    if moments and any(word in line for word in moments):
        if _ONLY_MOMENT.fullmatch(line):
            return ""
        line = _RELATIVE.sub(r"\1", line)
    if not digits:
        return line
    if _COUNTER.fullmatch(line) or _CLOCK.fullmatch(line):
        return ""
    if "%" in line:
        line = _LANGUAGE.sub(r"\1", line)
    if "©" in line or "(c)" in line or "copyright" in line:
        line = _COPYRIGHT.sub(r"\1", line)
    return line


# Whole blocks that are controls of a page, never words of a policy; matched without punctuation around them.
_CONTROLS = """
    back to top | top | skip to content | skip to main content | skip to navigation | print | print this page |
    print page | share | share this page | copy | copy link | copied | copy page | copy as markdown | copy .md |
    download pdf | download as pdf | save | close | menu | open menu | close menu | search | sign in | log in |
    login | sign up | subscribe | loading | please wait | read more | show more | show less | see more | learn more
    | expand all | collapse all | show all | hide | next | previous | accept | accept all | accept all cookies |
    accept cookies | allow all | allow all cookies | reject | reject all | reject all cookies | decline | deny |
    necessary only | only necessary cookies | save preferences | save settings | manage preferences | manage cookies
    | manage cookie preferences | cookie settings | cookie preferences | got it | i agree | ok | okay | dismiss |
    was this helpful | was this article helpful | was this page helpful | did this answer your question | yes no |
    give feedback | send feedback | edit this page | edit on github | permalink | anchor | on this page | in this
    article | table of contents | toggle navigation | toggle menu | advertisement | ad | sponsored | email this page
    | tweet | share on facebook | share on twitter | share on x | share on linkedin | select language | scroll to
    top | play video | play | pause | mute | unmute
"""
_FURNITURE = frozenset(" ".join(entry.split()) for entry in _CONTROLS.split("|"))


def is_furniture(line: str) -> bool:
    """Whether a whole folded block is a control of the page ("back to top", "accept all cookies")."""
    return len(line) < 48 and line.strip(" .:?>|-") in _FURNITURE
