"""Texts that carry their own history: one readable file holds every version of a policy.

A block is a paragraph of lines. `# `, `## ` and `### ` begin headings, `- ` a list item, `| a | b |` is a table row; a
blank line or one of these ends the block before. Dates say when something holds, from the first (included) to the last
(not included), either may be missing, and a date may be shortened to a month or year:

    @2009-11..2015-09 This paragraph was on the page from November 2009 to August 2015.
    A change takes effect {..2009-11|30}{2009-11..|15} days after its announcement.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

__all__ = ["Block", "TextError", "blocks_at"]

_SPAN = r"(\d{4}(?:-\d\d){0,2})?\.\.(\d{4}(?:-\d\d){0,2})?"
_INLINE = re.compile(r"\{" + _SPAN + r"\|([^{}|]*)\}")
_WHOLE = re.compile(r"@" + _SPAN + r"\s+")
_MARK = re.compile(r"(#{1,3}|-|\|)\s+")


class TextError(ValueError):
    """A file of `pages/` that is not as described above."""


@dataclass(frozen=True, slots=True)
class Block:
    """`kind` is `h1`, `h2`, `h3`, `p`, `li` or `tr`; a table row has its cells in `cells`."""

    kind: str
    text: str
    cells: tuple[str, ...] = ()


def _holds(since: str | None, until: str | None, day: str) -> bool:
    return (since or "") <= day and (until is None or day < until)


def _blocks(text: str) -> list[str]:
    """The source split into blocks, lines joined."""
    blocks: list[list[str]] = []
    fresh = True
    for line in text.splitlines():
        stripped = line.strip()
        if not stripped:
            fresh = True
        elif fresh or _MARK.match(stripped) or _WHOLE.match(stripped):
            blocks.append([stripped])
            fresh = False
        else:
            blocks[-1].append(stripped)
    return [" ".join(lines) for lines in blocks]


def blocks_at(text: str, moment: datetime) -> list[Block]:
    """The blocks of a text as they stood at a moment."""
    day = moment.strftime("%Y-%m-%d")
    found: list[Block] = []
    for source in _blocks(text):
        mark = ""
        if matched := _MARK.match(source):
            mark, source = matched[1], source[matched.end() :]
        if matched := _WHOLE.match(source):
            if not _holds(matched[1], matched[2], day):
                continue
            source = source[matched.end() :]
            if not mark and (matched := _MARK.match(source)):
                mark, source = matched[1], source[matched.end() :]
        words = _INLINE.sub(lambda match: match[3] if _holds(match[1], match[2], day) else "", source)
        if re.search(r"[{}]|@\d|\.\.\d", words):
            raise TextError(f"not understood: {words[:100]}")
        words = re.sub(r"\s+", " ", words).strip()
        if mark == "|":
            cells = tuple(cell.strip() for cell in words.strip("|").split("|"))
            found.append(Block("tr", " ".join(cells), cells))
        elif words:
            kind = "p" if not mark else "li" if mark == "-" else f"h{len(mark)}"
            found.append(Block(kind, words))
    return found
