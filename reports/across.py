"""Clauses across vendors: for each category what every document says now, and what changed in the last year."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from analysis.taxonomy import CATEGORIES
from reports.addresses import CLAUSES, category_url, document_url, version_url
from reports.current import CurrentText, Excerpt
from reports.gather import Dossier
from reports.listings import ChangeRow
from reports.options import ReportOptions
from reports.templating import Templates
from reports.text import OTHER
from reports.writer import PageSource
from storage.records import ChangeKind, ChangeRecord, ClauseChangeRecord, WatchedDocument
from storage.store import Store

__all__ = ["clause_sources"]

_PER_PAGE = 250  # documents
_YEAR = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Saying:
    """What a document says of a category. `target` is the page that has the text."""

    document: WatchedDocument
    count: int
    excerpts: tuple[Excerpt, ...]
    target: str


@dataclass(frozen=True, slots=True)
class ClauseNewsRow:
    """A clause change of the last year; `position` names its anchor on the page of the change."""

    dossier: Dossier
    change: ChangeRecord
    clause: ClauseChangeRecord
    position: int


@dataclass(slots=True)
class Across:
    """A category with all that is said about it."""

    id: str
    definition: str
    entries: list[Saying] = field(default_factory=list)
    changes: list[ClauseNewsRow] = field(default_factory=list)
    silent: list[WatchedDocument] = field(default_factory=list)


def clause_sources(
    store: Store,
    templates: Templates,
    options: ReportOptions,
    texts: Sequence[tuple[Dossier, CurrentText]],
    rows: Sequence[ChangeRow],
) -> Iterator[PageSource]:
    """The page of all categories and those of each; the user's own categories too."""
    across = _collect(options, texts)
    _add_changes(across, store, options, rows)
    chosen = [one for one in across.values() if one.entries or one.changes or one.definition]
    mark = [(one.id, one.definition, len(one.entries), len(one.changes)) for one in chosen]
    yield PageSource(CLAUSES, mark, lambda: templates.render(CLAUSES, "clauses.html", categories=chosen))
    for one in chosen:
        parts = max(1, -(-len(one.entries) // _PER_PAGE))
        for part in range(1, parts + 1):
            yield _source(templates, one, part, parts)


def _source(templates: Templates, one: Across, part: int, parts: int) -> PageSource:
    entries = one.entries[(part - 1) * _PER_PAGE : part * _PER_PAGE]
    path = category_url(one.id, part)
    mark: list[object] = [one.id, one.definition, part, parts, [_mark_of(entry) for entry in entries]]
    if part == 1:
        mark += [[(row.change.id, row.position, row.clause, row.dossier.title) for row in one.changes[:200]]]
        mark += [len(one.changes), [(document.key, document.name, document.vendor_name) for document in one.silent]]
    render = partial(
        templates.render, path, "clause.html", one=one, part=part, parts_count=parts, entries=entries, silent=one.silent
    )
    return PageSource(path, mark, render)


def _mark_of(entry: Saying) -> tuple[object, ...]:
    document = entry.document
    return (document.key, document.name, document.vendor_name, entry.count, entry.excerpts, entry.target)


def _collect(options: ReportOptions, texts: Sequence[tuple[Dossier, CurrentText]]) -> dict[str, Across]:
    across = {entry.id: Across(entry.id, entry.definition) for entry in CATEGORIES}
    across |= {rule.id: Across(rule.id, rule.definition or "A category of your own.") for rule in options.rules}
    across[OTHER] = Across(OTHER, "Changed places that belong to none of the kinds above.")
    for dossier, text in texts:
        document = dossier.document
        if not document.active or document.current is None:
            continue
        for name, excerpts in text.excerpts.items():
            last = max(excerpt.block for excerpt in excerpts)
            whole = last < text.shown
            target = document_url(document.key) if whole else version_url(document.key, document.current.id)
            one = across.setdefault(name, Across(name, ""))
            one.entries.append(Saying(document, text.counts.get(name, len(excerpts)), excerpts, target))
        for name, one in across.items():
            if name not in text.excerpts and name != OTHER:
                one.silent.append(document)
    return across


def _add_changes(across: Mapping[str, Across], store: Store, options: ReportOptions, rows: Sequence[ChangeRow]) -> None:
    since = options.now - _YEAR
    for row in rows:
        if row.change.kind not in (ChangeKind.CHANGE, ChangeKind.RETURN) or (row.change.to_time or since) < since:
            continue
        for position, clause in enumerate(store.change(row.change.id).clauses, 1):
            one = across.get(clause.category)
            if one is not None and clause.kind not in ("cosmetic", "moved"):
                one.changes.append(ClauseNewsRow(row.dossier, row.change, clause, position))
