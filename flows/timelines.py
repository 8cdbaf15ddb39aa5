"""How what a document says of one category evolved: the stored clause changes that are about it, oldest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from analysis.alignment import Span
from analysis.blocks import Block, BlockKind
from analysis.clauses import THRESHOLD, Recogniser
from analysis.compared import compare_sentences
from analysis.render import excerpt
from analysis.taxonomy import CategoryRule
from analysis.words import compare
from flows.categories import category_name
from flows.differences import SEVERITY_STYLES, append_span
from flows.jsonable import jsonable
from flows.terminal import safe, say_when
from storage.records import ChangeKind, ChangeRecord, ClauseChangeRecord, VersionRecord, WatchedDocument
from storage.store import Store

__all__ = ["Step", "Timeline", "read_timeline"]

_QUIET = ("cosmetic", "moved")
_BLOCKS_SHOWN = 3
_EXCERPT = 300


@dataclass(frozen=True, slots=True)
class Step:
    """A version that came with changes of the category, and these changes."""

    version: VersionRecord
    change: ChangeRecord
    clauses: tuple[ClauseChangeRecord, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """The steps of one category of a document. `first` and `last` are what its first and current version say of it."""

    document: WatchedDocument
    category: str
    name: str
    versions: tuple[VersionRecord, ...]
    steps: tuple[Step, ...]
    first: tuple[str, ...]
    last: tuple[str, ...]

    def lines(self, *, cosmetic: bool = False) -> Iterator[str | Text]:
        """Lines to print; words that went are in [-…-], words that came in {+…+}."""
        steps = [(step, [c for c in step.clauses if cosmetic or c.kind not in _QUIET]) for step in self.steps]
        shown = [(step, clauses) for step, clauses in steps if clauses]
        count = len(self.versions)
        yield (
            f"{self.document.key}, {safe(self.name, 80)}: changed in {len(shown)} of {count} "
            f"version{'s' if count > 1 else ''}, {say_when(self.versions[0].first_seen)} to "
            f"{say_when(self.versions[-1].last_seen)}"
        )
        yield ""
        yield Text(f"{say_when(self.versions[0].first_seen)}  version 1", style="bold")
        yield from _said(self.first)
        for step, clauses in shown:
            yield ""
            head = Text(f"{say_when(step.version.first_seen)}  version {step.version.position + 1}", style="bold")
            if step.change.kind is not ChangeKind.CHANGE:
                head.append(f"  ({step.change.kind.value})", style="dim")
            yield head
            for clause in clauses:
                yield from _clause_lines(clause)
        quiet = sum(c.kind in _QUIET for step in self.steps for c in step.clauses)
        if quiet and not cosmetic:
            yield ""
            yield f"and {quiet} cosmetic or moved (--cosmetic shows them)"
        if shown:
            yield ""
            yield Text(f"now, version {count}", style="bold")
            yield from _said(self.last)

    def json(self) -> dict[str, Any]:
        return {
            "document": self.document.key,
            "category": self.category,
            "name": self.name,
            "versions": len(self.versions),
            "first": {"first_seen": jsonable(self.versions[0].first_seen), "text": list(self.first)},
            "steps": [
                {
                    "number": step.version.position + 1,
                    "first_seen": jsonable(step.version.first_seen),
                    "change": step.change.id,
                    "kind": step.change.kind.value,
                    "effective": step.change.effective or None,
                    "clauses": [
                        jsonable(clause) | {"spans": jsonable(compare(clause.before, clause.after))}
                        for clause in step.clauses
                    ],
                }
                for step in self.steps
            ],
            "now": {"last_seen": jsonable(self.versions[-1].last_seen), "text": list(self.last)},
        }


def read_timeline(
    store: Store, document: WatchedDocument, category: str, rules: Sequence[CategoryRule] = ()
) -> Timeline:
    """The steps of a category, by its id. The document must have a version.

    A clause change is stored under the category that it says most of. It belongs here if it is stored under this one,
    or if the sentences that changed speak of it, too; so a category that was added to config.toml today has a past.
    """
    recogniser = Recogniser(tuple(rules))
    versions = tuple(store.versions(document.id))
    arrivals = {change.to_version_id: change.id for change in store.changes(document.id, limit=None)}
    steps: list[Step] = []
    for version in versions:
        if version.id not in arrivals:
            continue
        change = store.change(arrivals[version.id])
        clauses = tuple(clause for clause in change.clauses if _is_about(clause, category, recogniser))
        if clauses:
            steps.append(Step(version, change, clauses))
    return Timeline(
        document,
        category,
        category_name(category, rules),
        versions,
        tuple(steps),
        _texts(store, versions[0], category, recogniser),
        _texts(store, versions[-1], category, recogniser),
    )


def _is_about(clause: ClauseChangeRecord, category: str, recogniser: Recogniser) -> bool:
    if clause.category == category:
        return True
    if clause.kind in _QUIET:
        return False
    compared = compare_sentences(clause.before, clause.after)
    path = (clause.heading,) if clause.heading else ()
    for text in (compared.changed_old, compared.changed_new):
        if text:
            scores = recogniser.scores(Block(BlockKind.PARAGRAPH, text, path=path))
            if category in scores and scores[category][0] >= THRESHOLD:
                return True
    return False


def _texts(store: Store, version: VersionRecord, category: str, recogniser: Recogniser) -> tuple[str, ...]:
    blocks = [block for number in version.extractions for block in store.load_extraction(number).blocks]
    places = [tag.block for tag in recogniser.tags(blocks) if tag.category == category]
    return tuple(blocks[place].text for place in places if blocks[place].kind is not BlockKind.HEADING)


def _said(texts: Sequence[str]) -> Iterator[str | Text]:
    if not texts:
        yield "    says nothing of it"
    for text in texts[:_BLOCKS_SHOWN]:
        yield Text(f"    {safe(text, _EXCERPT)}")
    if len(texts) > _BLOCKS_SHOWN:
        yield Text(f"    and {len(texts) - _BLOCKS_SHOWN} more (`clausewatch clauses` shows them)", style="dim")


def _clause_lines(clause: ClauseChangeRecord) -> Iterator[str | Text]:
    severity = str(clause.severity)
    head = Text(f"{severity:>10}  ", style=SEVERITY_STYLES.get(severity, ""))
    where = f" [{safe(clause.heading, 80)}]" if clause.heading else ""
    head.append(safe(f"{clause.kind}, {clause.direction}: {clause.reason}", 400) + where, style="default")
    yield head
    line = Text("            ")
    spans: tuple[Span, ...] = excerpt(compare(clause.before, clause.after))
    for span in spans:
        append_span(line, span)
    yield line
