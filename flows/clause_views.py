"""The clauses of one text by category, with its dates and notice terms: for the terminal and as JSON."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from rich.text import Text

from analysis.blocks import Block, BlockKind
from analysis.clauses import Tag, recognise
from analysis.dates import DateFound, PolicyDates, find_dates
from analysis.notice import Notice, earliest_effective, find_notice
from analysis.taxonomy import CategoryRule
from flows.categories import category_name, ordered
from flows.jsonable import jsonable
from flows.terminal import safe

__all__ = ["Clauses", "excerpt_line", "marked_line", "read_clauses"]

_KINDS = {
    "prior": "changes are announced{period} before they apply",
    "posting": "changes apply on posting",
    "after_posting": "changes apply{period} after posting",
    "after_notice": "changes apply{period} after notice",
}
_METHODS = {
    "post": "posting the changed text",
    "email": "e-mail",
    "banner": "a notice on the site",
    "inapp": "a message in the product",
    "mail": "letter",
    "sms": "text message",
    "blog": "blog",
    "written": "writing",
    "unspecified": "a notice of a kind not said",
}
_MOST = 3000  # characters of a block that are shown


@dataclass(frozen=True, slots=True)
class Clauses:
    """What a text says by category. `groups` are ids with the tags of their blocks, in the taxonomy's order."""

    blocks: tuple[Block, ...]
    rules: tuple[CategoryRule, ...]
    groups: tuple[tuple[str, tuple[Tag, ...]], ...]
    dates: PolicyDates
    notice: Notice
    earliest: date | None

    def lines(self) -> Iterator[str | Text]:
        """Lines to print: dates and notice terms, then each category with the words that decided in **…**."""
        yield f"effective  {_say_date(self.dates.effective)}"
        yield f"updated    {_say_date(self.dates.updated)}"
        yield f"notice     {_say_notice(self.notice)}"
        if self.earliest:
            yield f"           so by its own rule what it says applies from {self.earliest.isoformat()} at the earliest"
        if not self.groups:
            yield "no clause of a known category"
        for name, tags in self.groups:
            yield ""
            yield Text(f"{safe(category_name(name, self.rules), 80)} ({name})", style="bold")
            yield from self._clauses(tags)

    def _clauses(self, tags: Sequence[Tag]) -> Iterator[str | Text]:
        """Headings are shown above their blocks, by themselves only where nothing else speaks of the category."""
        shown = [tag for tag in tags if self.blocks[tag.block].kind is not BlockKind.HEADING] or list(tags)
        above: tuple[str, ...] | None = None
        for tag in shown:
            block = self.blocks[tag.block]
            if block.path != above and block.path:
                yield Text("  " + " › ".join(safe(part, 120) for part in block.path), style="dim")
            above = block.path
            yield marked_line(block.text[:_MOST], _spans(tag), before="    ")

    def json(self) -> dict[str, Any]:
        return {
            "effective": _date_json(self.dates.effective),
            "updated": _date_json(self.dates.updated),
            "notice": jsonable(self.notice) if self.notice.stated else None,
            "earliest_effective": jsonable(self.earliest),
            "categories": [
                {
                    "category": name,
                    "name": category_name(name, self.rules),
                    "clauses": [self._clause_json(tag) for tag in tags],
                }
                for name, tags in self.groups
            ],
        }

    def _clause_json(self, tag: Tag) -> dict[str, Any]:
        block = self.blocks[tag.block]
        evidence = [jsonable(hit) | {"text": block.text[hit.start : hit.end]} for hit in tag.hits]
        return {
            "block": tag.block,
            "kind": block.kind.value,
            "path": list(block.path),
            "text": block.text,
            "score": tag.score,
            "evidence": evidence,
        }


def read_clauses(
    blocks: Sequence[Block], rules: Sequence[CategoryRule] = (), *, category: str = "", first_seen: date | None = None
) -> Clauses:
    """Tag the blocks of a text.

    Parameters:
        category: id of the only category that is asked for.
        first_seen: day of the first capture that shows the text, where it is known.
    """
    found: dict[str, list[Tag]] = defaultdict(list)
    for tag in recognise(blocks, extra=rules):
        if category in ("", tag.category):
            found[tag.category].append(tag)
    notice = find_notice(blocks)
    return Clauses(
        tuple(blocks),
        tuple(rules),
        tuple((name, tuple(found[name])) for name in ordered(list(found), rules)),
        find_dates(blocks),
        notice,
        earliest_effective(notice, first_seen) if first_seen else None,
    )


def marked_line(text: str, spans: Iterable[tuple[int, int]], *, before: str = "", cut: bool = False) -> Text:
    """One line in which the words of the spans stand in **…**, and bold where there are styles."""
    line = Text(before)
    place = 0
    for start, end in _merged(spans, len(text)):
        line.append(safe(text[place:start]))
        line.append(f"**{safe(text[start:end])}**", style="bold")
        place = end
    return line.append(safe(text[place:])).append(" …" if cut else "")


def excerpt_line(text: str, spans: Sequence[tuple[int, int]], *, before: str = "", width: int = 280) -> Text:
    """The same of the part of a longer text that begins shortly before the first span."""
    if len(text) <= width:
        return marked_line(text, spans, before=before)
    first = spans[0][0] if spans else 0
    start = max(first - width // 4, 0)
    if start:
        start = text.find(" ", start, first) + 1 or first
    end = min(start + width, len(text))
    if end < len(text):
        end = max(text.rfind(" ", start, end), start + width // 2)
    inside = [(max(a - start, 0), b - start) for a, b in spans if start <= a < end]
    return marked_line(text[start:end], inside, before=before + ("… " if start else ""), cut=end < len(text))


def _merged(spans: Iterable[tuple[int, int]], length: int) -> list[tuple[int, int]]:
    merged: list[tuple[int, int]] = []
    for start, end in sorted(spans):
        end = min(end, length)
        if start >= end:
            continue
        if merged and start <= merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged


def _spans(tag: Tag) -> list[tuple[int, int]]:
    return [(hit.start, hit.end) for hit in tag.hits if hit.end > hit.start]


def _say_date(found: DateFound | None) -> str:
    if found is None:
        return "not stated"
    doubt = ", though day and month could be the other way round" if found.ambiguous else ""
    return f'{found.iso} ("{safe(f"{found.cue} {found.text}".strip(), 120)}"){doubt}'


def _date_json(found: DateFound | None) -> dict[str, Any] | None:
    return jsonable(found) | {"iso": found.iso} if found else None


def _say_notice(notice: Notice) -> str:
    if not notice.stated:
        return "not stated"
    period = safe(notice.period, 80) or (f"{notice.days:g} days" if notice.days is not None else "")
    kind = _KINDS.get(notice.kind or "", "{period}")
    parts = [kind.format(period=f" {period}" if period else "").strip()]
    if notice.methods:
        parts.append("told by " + ", ".join(_METHODS.get(method, method) for method in notice.methods))
    if notice.without_notice:
        parts.append("changes may come without notice")
    if notice.contradictory:
        parts.append("which contradict each other")
    return "; ".join(part for part in parts if part)
