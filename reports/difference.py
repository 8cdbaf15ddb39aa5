"""A change as its page shows it: clause changes with their words, the whole difference in parts, and the proof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from analysis.align import align
from analysis.alignment import Alignment, Op, PairKind, Span
from analysis.render import Line, LineKind, excerpt, sides, unified
from reports.addresses import change_url
from reports.gather import Dossier
from reports.memory import Memory
from storage.errors import RecordMissing
from storage.records import CaptureRecord, ChangeRecord, ClauseChangeRecord, ExtractionRecord, VersionRecord

__all__ = ["Card", "ChangeView", "DiffRow", "Proof", "change_view", "fact_texts"]

_PART = 150_000  # characters of difference on one page: about what a browser shows at once on a slow machine
_EXCERPT = 1600
_CARDS = 100  # clause changes with their words; those after it are listed, with links to their words
_QUIET = 300  # cosmetic differences that are listed one by one
_RANK = {"high": 3, "medium": 2, "low": 1, "cosmetic": 0}


@dataclass(frozen=True, slots=True)
class Card:
    """A clause change. `anchor` is its place on the page, for ever: its position in the document. `row` is where the
    whole difference shows it, "" where it does not."""

    anchor: str
    clause: ClauseChangeRecord
    spans: tuple[Span, ...]
    shortened: bool
    row: str
    facts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DiffRow:
    """A row of the difference. `kind` is context, removed, added, modified, cosmetic, moved or hidden."""

    kind: str
    anchor: str
    old: tuple[Span, ...]
    new: tuple[Span, ...]
    spans: tuple[Span, ...]
    hidden: int
    heading: str
    moved: bool
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """What proves one side: the captures that showed it, and what read them."""

    label: str
    version: VersionRecord
    number: int
    captures: tuple[tuple[str, CaptureRecord], ...]
    readings: tuple[ExtractionRecord, ...]


@dataclass(frozen=True, slots=True)
class ChangeView:
    """A change ready to be shown.

    `cards` has the most severe first, `listed` those after them, `quiet` what is cosmetic or only moved; `more_quiet`
    counts those that are not even listed.
    """

    change: ChangeRecord
    cards: tuple[Card, ...]
    listed: tuple[Card, ...]
    quiet: tuple[Card, ...]
    more_quiet: int
    counts: Mapping[str, int]
    facts: tuple[str, ...]
    parts: tuple[tuple[DiffRow, ...], ...]
    proofs: tuple[Proof, ...]


def change_view(memory: Memory, dossier: Dossier, change_id: int) -> ChangeView:
    """Load a change with both texts, and align them."""
    change = memory.store.change(change_id)
    by_id = {version.id: (number, version) for number, version in enumerate(dossier.versions, 1)}
    (old_number, old), (new_number, new) = by_id[change.from_version_id], by_id[change.to_version_id]
    alignment = align(memory.blocks(old), memory.blocks(new))
    parts = _parts(unified(alignment))
    pages = {row.anchor: number for number, part in enumerate(parts, 1) for row in part if row.anchor}
    cards = _cards(change, alignment, pages)
    loud = sorted((c for c in cards if c.clause.kind not in ("cosmetic", "moved")), key=_rank)
    quiet = [c for c in cards if c.clause.kind in ("cosmetic", "moved")]
    proofs = (
        _proof(memory, "before", old_number, old, last=True),
        _proof(memory, "after", new_number, new, last=False),
    )
    return ChangeView(
        change=change,
        cards=tuple(loud[:_CARDS]),
        listed=tuple(loud[_CARDS:]),
        quiet=tuple(quiet[:_QUIET]),
        more_quiet=max(len(quiet) - _QUIET, 0),
        counts=_counts(cards),
        facts=fact_texts(change.facts),
        parts=parts,
        proofs=proofs,
    )


def fact_texts(facts: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The sentences of stored facts, each once."""
    texts = (str(fact.get("text") or "") for fact in facts)
    return tuple(dict.fromkeys(text for text in texts if text))


def _rank(card: Card) -> tuple[int, int]:
    adverse = {"adverse": 0, "mixed": 1}.get(card.clause.direction, 2)
    return -_RANK.get(card.clause.severity, 1), adverse


def _counts(cards: Sequence[Card]) -> dict[str, int]:
    counts: dict[str, int] = {}
    for card in cards:
        counts[card.clause.kind] = counts.get(card.clause.kind, 0) + 1
    return counts


def _cards(change: ChangeRecord, alignment: Alignment, pages: Mapping[str, int]) -> list[Card]:
    pairs = [i for i, pair in enumerate(alignment.pairs) if pair.kind is not PairKind.SAME or pair.moved]
    found = _places(change.clauses, alignment, pairs)
    cards = []
    for position, (clause, index) in enumerate(zip(change.clauses, found, strict=True), 1):
        spans = alignment.pairs[index].spans if index is not None else _whole(clause)
        short = excerpt(spans, around=160, limit=_EXCERPT)
        anchor = f"p{index}" if index is not None else ""
        part = pages.get(anchor)
        row = "" if part is None else f"{change_url(change.id, part)}#{anchor}"
        cards.append(Card(f"c{position}", clause, short, short != spans, row, fact_texts(clause.facts)))
    return cards


def _places(clauses: Sequence[ClauseChangeRecord], alignment: Alignment, pairs: Sequence[int]) -> list[int | None]:
    """The pair of the alignment that each stored clause change came from.

    They were made from an alignment, pair by pair. Today's may be another, where the code is: so they are found by
    their texts, and one that is not found is shown without its place.
    """
    texts: dict[tuple[str, str], list[int]] = {}
    for index in pairs:
        pair = alignment.pairs[index]
        texts.setdefault((pair.old_text if pair.old else "", pair.new_text if pair.new else ""), []).append(index)
    found: list[int | None] = []
    for clause in clauses:
        same = texts.get((clause.before, clause.after))
        found.append(same.pop(0) if same else None)
    return found


def _whole(clause: ClauseChangeRecord) -> tuple[Span, ...]:
    spans = (Span(Op.DELETE, clause.before), Span(Op.INSERT, clause.after))
    return tuple(span for span in spans if span.text)


def _parts(lines: Sequence[Line]) -> tuple[tuple[DiffRow, ...], ...]:
    parts: list[tuple[DiffRow, ...]] = []
    rows: list[DiffRow] = []
    size = 0
    for line in lines:
        if rows and size > _PART:
            parts.append(tuple(rows))
            rows, size = [], 0
        rows.append(_row(line))
        size += len(line.text)
    parts.append(tuple(rows))
    return tuple(parts)


def _row(line: Line) -> DiffRow:
    old, new = sides(line.spans)
    return DiffRow(
        kind=line.kind.value,
        anchor="" if line.kind is LineKind.HIDDEN else f"p{line.pair}",
        old=() if line.kind is LineKind.ADDED else old,
        new=() if line.kind is LineKind.REMOVED else new,
        spans=line.spans,
        hidden=line.hidden,
        heading=line.heading,
        moved=line.moved,
        notes=line.notes,
    )


def _proof(memory: Memory, label: str, number: int, version: VersionRecord, *, last: bool) -> Proof:
    """The capture nearest to the change; of the old wording also that in which it was first seen.

    When the new wording was last seen is left out: it moves with every check, and this page is to stay as it is.
    """
    first, final = ("first seen", version.first_capture_id), ("last seen", version.last_capture_id)
    chosen = [first] if not last or version.first_capture_id == version.last_capture_id else [final, first]
    captures = []
    for when, capture_id in chosen:
        try:
            captures.append((when, memory.capture(capture_id)))
        except RecordMissing:  # deleted by hand; the page then says less
            continue
    readings = tuple(memory.reading(number) for number in version.extractions)
    return Proof(label, version, number, tuple(captures), readings)
