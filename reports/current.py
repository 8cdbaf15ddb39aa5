"""What a document says now: read once per version, kept beside the pages, and used by several of them.

Recognising clauses is the dearest thing that pages are made from, and the pages across all vendors need it of every
document. So what was recognised is kept in a file per document until its text or the rules are others.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from analysis.blocks import Block, BlockKind
from analysis.clauses import Recogniser, Tag
from analysis.dates import DateFound, find_dates
from analysis.notice import find_notice
from analysis.taxonomy import CategoryRule
from reports.gather import Dossier
from reports.memory import Memory
from reports.terms import terms_of
from reports.text import strong_tags
from reports.writer import digest_of, write_whole

__all__ = ["CurrentReader", "CurrentText", "Excerpt", "Section", "applies_from", "shortened"]

_EXCERPTS = 3
_EXCERPT_LENGTH = 420
_SECTION_LENGTH = 6000  # characters after which a new section begins, whatever the headings
_TEASER = 140
_SHOWN = 150_000  # characters of a text that the document's page shows; the rest is on the page of the version


@dataclass(frozen=True, slots=True)
class Excerpt:
    """A block that speaks of a category, shortened. `block` names its anchor."""

    block: int
    heading: str
    text: str


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a text that search finds: how often each term is in it."""

    block: int
    heading: str
    teaser: str
    categories: tuple[str, ...]
    terms: dict[str, int]


@dataclass(frozen=True, slots=True)
class CurrentText:
    """What was read out of a version.

    `tags` are the categories of each block that has some, `counts` how many blocks speak of each. `effective` is the
    date that the text itself states, `notice_days` the days after posting or notice from which it says changes apply.
    `shown` is how many blocks are on the page of the document, `blocks` how many there are.
    """

    key: str
    blocks: int
    shown: int
    tags: dict[int, tuple[str, ...]]
    counts: dict[str, int]
    excerpts: dict[str, tuple[Excerpt, ...]]
    sections: tuple[Section, ...]
    effective: str = ""
    effective_words: str = ""
    updated: str = ""
    notice_days: float = 0.0
    notice_words: str = ""


class CurrentReader:
    """Reads current texts, or finds what was read before.

    Parameters:
        folder: for what is kept.
        build: names the code; what another build read is read again.
    """

    def __init__(self, memory: Memory, folder: Path, build: str, rules: Sequence[CategoryRule]) -> None:
        self._memory = memory
        self._folder = folder
        self._build = digest_of((build, tuple(rules)))
        self._rules = tuple(rules)
        self._recogniser: Recogniser | None = None

    def read(self, dossier: Dossier) -> CurrentText | None:
        """None where there is no version yet."""
        version = dossier.document.current
        if version is None:
            return None
        key = digest_of((self._build, version.id, version.extractions, version.fingerprint))
        path = self._folder / f"{dossier.document.id}.json"
        kept = _load(path, key)
        if kept is not None:
            return kept
        made = self._make(key, self._memory.blocks(version))
        write_whole(path, json.dumps(asdict(made), separators=(",", ":")).encode("utf-8", "replace"))
        return _load(path, key) or made

    def _make(self, key: str, blocks: Sequence[Block]) -> CurrentText:
        if self._recogniser is None:
            self._recogniser = Recogniser(self._rules)
        found = self._recogniser.tags(blocks)
        tags = strong_tags(found)
        dates, notice = find_dates(blocks), find_notice(blocks)
        waits = notice.days if notice.days and notice.kind in ("after_posting", "after_notice") else 0.0
        return CurrentText(
            key=key,
            blocks=len(blocks),
            shown=_shown(blocks),
            tags=tags,
            counts=dict(Counter(name for names in tags.values() for name in names)),
            excerpts=_excerpts(blocks, found, tags),
            sections=tuple(_sections(blocks, tags)),
            effective=_iso(dates.effective),
            effective_words=dates.effective.text if dates.effective else "",
            updated=_iso(dates.updated),
            notice_days=waits,
            notice_words=notice.period if waits else "",
        )


def _shown(blocks: Sequence[Block]) -> int:
    total = 0
    for index, block in enumerate(blocks):
        total += len(block.text)
        if total > _SHOWN and index:
            return index
    return len(blocks)


def _iso(found: DateFound | None) -> str:
    return found.iso if found else ""


def _load(path: Path, key: str) -> CurrentText | None:
    try:
        data: dict[str, Any] = json.loads(path.read_bytes())
        if data["key"] != key:
            return None
        data["tags"] = {int(block): tuple(names) for block, names in data["tags"].items()}
        data["excerpts"] = {n: tuple(Excerpt(**one) for one in found) for n, found in data["excerpts"].items()}
        data["sections"] = tuple(Section(**{**one, "categories": tuple(one["categories"])}) for one in data["sections"])
        return CurrentText(**data)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _excerpts(
    blocks: Sequence[Block], found: Iterable[Tag], shown: dict[int, tuple[str, ...]]
) -> dict[str, tuple[Excerpt, ...]]:
    """For each category the blocks that speak of it most clearly, in reading order. Headings say too little."""
    by_category: dict[str, list[Tag]] = {}
    for tag in found:
        if blocks[tag.block].kind is not BlockKind.HEADING and tag.category in shown.get(tag.block, ()):
            by_category.setdefault(tag.category, []).append(tag)
    result = {}
    for name, tags in by_category.items():
        best = sorted(tags, key=lambda tag: (-tag.score, tag.block))[:_EXCERPTS]
        result[name] = tuple(_excerpt(tag, blocks[tag.block]) for tag in sorted(best, key=lambda tag: tag.block))
    return result


def _excerpt(tag: Tag, block: Block) -> Excerpt:
    """The block from the sentence of its strongest words on, where it is too long to be shown whole."""
    text = " ".join(block.text.split())
    start = 0
    hit = next((hit for hit in tag.hits if hit.end > hit.start), None)
    if hit is not None and len(text) > _EXCERPT_LENGTH and hit.start > 80:
        start = text.rfind(". ", 0, hit.start) + 2 if ". " in text[: hit.start] else max(0, hit.start - 80)
    return Excerpt(tag.block, _heading(block), ("… " if start else "") + shortened(text[start:], _EXCERPT_LENGTH))


def _heading(block: Block) -> str:
    return shortened(block.path[-1], 120) if block.path else ""


def shortened(text: str, limit: int) -> str:
    """At most `limit` characters, at a whole word, with an ellipsis where something is missing."""
    if len(text) <= limit:
        return text
    cut = text[: limit - 2]
    return (cut.rpartition(" ")[0] or cut) + " …"


def _sections(blocks: Sequence[Block], tags: dict[int, tuple[str, ...]]) -> Iterable[Section]:
    start, length = 0, 0
    for index, block in enumerate(blocks):
        if index > start and (block.kind is BlockKind.HEADING or length > _SECTION_LENGTH):
            yield _section(blocks, tags, start, index)
            start, length = index, 0
        length += len(block.text)
    if start < len(blocks):
        yield _section(blocks, tags, start, len(blocks))


def _section(blocks: Sequence[Block], tags: dict[int, tuple[str, ...]], start: int, end: int) -> Section:
    first = blocks[start]
    heading = first.text if first.kind is BlockKind.HEADING else (first.path[-1] if first.path else "")
    body = [block.text for block in blocks[start:end] if block.kind is not BlockKind.HEADING]
    names = Counter(name for index in range(start, end) for name in tags.get(index, ()))
    terms = Counter(term for block in blocks[start:end] for term in terms_of(block.text))
    teaser = shortened(" ".join(" ".join(body[:3])[: _TEASER * 2].split()), _TEASER)
    return Section(start, shortened(heading, 120), teaser, tuple(name for name, _ in names.most_common(4)), dict(terms))


def applies_from(text: CurrentText, seen: date) -> date | None:
    """When a wording seen on a day applies by the document's own rule, None where it has none."""
    return seen + timedelta(days=text.notice_days) if text.notice_days else None
