"""The state of a document: what it says, named by a fingerprint.

| the fingerprint is blind to | because |
|---|---|
| markup: kinds, levels, paths, where paragraphs are split | pages are rebuilt without a word changed |
| typography, punctuation, white space, case, list markers | the same |
| order and repetition of sentences | menus, links and tables are re-sorted; pages repeat themselves for phones |
| queries and schemes of visible addresses, names of assets, UUIDs, nonces | they change on every load |
| relative dates, view counters, shares translated, the year beside ©, page controls | they change by themselves |

It is not blind to any other word or number. A short unit with a number in it ("30 days") or an answer ("no") counts
together with what stands before it, else a table of periods could change unseen when the new value occurs elsewhere.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from analysis.blocks import Block
from analysis.normal import MOMENTS, SHORT, is_furniture, mask_line, mask_token, typography, without_marker

__all__ = ["STATE_VERSION", "fingerprint", "only_flips", "units"]

STATE_VERSION = 1
"""Goes up when the same blocks get another fingerprint: stored fingerprints must then be made anew."""

# Punctuation becomes a space except the full stop, which ends a sentence or stands in a number or an address, and
# characters that carry meaning beside a number. An apostrophe goes without trace, as people forget it.
_KEPT = b".%$+"
_ENDS = b"\n?!;\0"
_DROPPED = b"'"
_TABLE = bytes(
    0 if code in _ENDS else code if code >= 0x80 or chr(code).isalnum() or code in _KEPT else 0x20
    for code in range(256)
)
_NO_DIGIT = bytes(code for code in range(256) if code not in b"0123456789\n")
_DIGIT = re.compile(rb"[0-9]")
_YEAR = re.compile(rb"\b(?:19|20)[0-9]{2}\b")  # a date needs nothing before it to be told from another
_VALUE_WORDS = 4  # "30 days", "up to 30 days", "$5 per month"
_LONG_TOKEN = 16  # characters
_NONCE_DIGITS = 3  # a random token of that length has that many digits
_ANSWERS = frozenset(
    (b"yes", b"no", b"none", b"n a", b"never", b"always", b"not applicable", b"not sold", b"not shared")
)


def fingerprint(blocks: Iterable[Block]) -> str:
    """SHA-256, in hexadecimal, of what the blocks say. See the module's docstring for what it is blind to."""
    return hashlib.sha256(b"\n".join(sorted(units(blocks)))).hexdigest()


def units(blocks: Iterable[Block]) -> set[bytes]:
    """The sentences that the fingerprint is made of, each as its folded words in UTF-8."""
    text = typography("\n".join([without_marker(block.text) for block in blocks]))
    data = "\n".join(_masked(text)).encode("utf-8", "surrogatepass")
    data = data.translate(_TABLE, _DROPPED)
    # "e.g., in" is "e.g. in": an abbreviation in mid-sentence ends nothing
    data = data.replace(b" e.g. ", b" e.g ").replace(b" i.e. ", b" i.e ").replace(b". ", b"\0")
    # one split of the whole is faster than one of each line
    sentences = b" ".join(data.split()).split(b"\0")
    found: set[bytes] = set()
    previous = b""
    for sentence in sentences:
        unit = sentence.strip(b" .")
        if not unit:
            continue
        if unit in _ANSWERS or (unit.count(b" ") < _VALUE_WORDS and _DIGIT.search(unit) and not _YEAR.search(unit)):
            found.add(previous + b"\t" + unit)
        else:
            found.add(unit)
        previous = unit
    return found


def only_flips(before: AbstractSet[bytes], after: AbstractSet[bytes], earlier: Iterable[AbstractSet[bytes]]) -> bool:
    """Whether all that differs between two states had been both there and not there in earlier states.

    Of an unstable document: a banner that comes and goes makes a new state of each new wording around it; that state
    is no news. Each argument is the `units` of a state; `earlier` are those before `after`, `before` among them.
    """
    known = list(earlier)
    differing = before ^ after
    seen = {unit for units_of in known for unit in units_of if unit in differing}
    return differing <= seen and all(any(unit not in units_of for units_of in known) for unit in differing)


def _masked(text: str) -> list[str]:
    """Folded lines without what changes by itself. Lines without digits and addresses cost next to nothing."""
    all_digits = _digits(text)
    lines = [
        (_mask_tokens(line) if len(digits) >= _NONCE_DIGITS or "://" in line or "www." in line else line).casefold()
        for line, digits in zip(text.split("\n"), all_digits, strict=True)
    ]
    folded = "\n".join(lines)
    moments = [word for word in MOMENTS if word in folded]
    masked = []
    for line, digits in zip(lines, all_digits, strict=True):
        if len(line) > SHORT:
            masked.append(line)
        elif not is_furniture(line):
            masked.append(mask_line(line, digits=bool(digits), moments=moments) if digits or moments else line)
    return masked


def _mask_tokens(line: str) -> str:
    return " ".join([token if len(token) < _LONG_TOKEN else mask_token(token) for token in line.split()])


def _digits(text: str) -> list[bytes]:
    """The ASCII digits of each line, found by deleting all else at once."""
    return text.encode("utf-8", "surrogatepass").translate(None, _NO_DIGIT).split(b"\n")
