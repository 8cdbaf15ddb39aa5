"""The pages of one document: its own, the texts of its versions, and those of its changes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from reports.addresses import change_url, document_url, version_url, versions_url
from reports.current import CurrentText
from reports.difference import change_view
from reports.gather import Dossier
from reports.memory import Memory
from reports.templating import Templates
from reports.text import groups_of
from reports.timeline import severity_shown, timeline_of
from reports.writer import PageSource
from storage.records import CaptureRecord, ChangeRecord, CheckRecord, VersionRecord

__all__ = ["DocumentPages"]

_VERSIONS = 100  # on the document's page; all of them are on a page of their own
_HOLDS = 40
_SPANS = 60
_ADDRESSES = 60

VersionRow = tuple[int, VersionRecord, ChangeRecord | None, str]


@dataclass(frozen=True, slots=True)
class CheckSpan:
    """Checks in a row with the same outcome. A change or a failure of another kind stands for itself."""

    first: CheckRecord
    last: CheckRecord
    count: int


@dataclass(frozen=True, slots=True)
class Address:
    """Where a document was asked for and answered from, in a stretch of time."""

    url: str
    final_url: str
    first: datetime
    last: datetime
    count: int
    archived: int


class DocumentPages:
    """Makes the pages of documents, one after the other."""

    def __init__(self, memory: Memory, templates: Templates) -> None:
        self._memory = memory
        self._templates = templates

    def sources(self, dossier: Dossier, text: CurrentText | None) -> Iterator[PageSource]:
        """The document's page, and one for each version and change."""
        key, home = dossier.key, document_url(dossier.key)
        read = text.key if text else ""
        yield PageSource(home, (dossier.mark, read), lambda: self.document(dossier, text), home)
        if len(dossier.versions) > _VERSIONS:
            mark = (_face(dossier), dossier.versions, dossier.changes)
            yield PageSource(versions_url(key), mark, lambda: self.versions(dossier), home)
        for number, version in enumerate(dossier.versions, 1):
            yield self._version_source(dossier, number, version, text if number == len(dossier.versions) else None)
            change = dossier.arrivals.get(version.id)
            if change is not None and number > 1:
                yield self._change_source(dossier, number, change)

    def _version_source(
        self, dossier: Dossier, number: int, version: VersionRecord, text: CurrentText | None
    ) -> PageSource:
        seen = () if number == len(dossier.versions) else (version.last_seen, version.sightings)
        mark = (_face(dossier), number, _arrival(version), seen, _neighbours(dossier, number), text.key if text else "")
        path = version_url(dossier.key, version.id)
        return PageSource(path, mark, lambda: self.version(dossier, number, text), document_url(dossier.key))

    def _change_source(self, dossier: Dossier, number: int, change: ChangeRecord) -> PageSource:
        mark = (_face(dossier), number, change, dossier.versions[number - 2], _arrival(dossier.versions[number - 1]))
        path = change_url(change.id)
        return PageSource(path, mark, lambda: self.change(dossier, change.id), document_url(dossier.key))

    def document(self, dossier: Dossier, text: CurrentText | None) -> str:
        """The page of a document: state, timeline, versions, current text, checks, addresses, held captures."""
        current = dossier.document.current
        blocks = self._memory.blocks(current) if current and text else ()
        shown = text.shown if text else 0
        rows = _version_rows(dossier)
        return self._templates.render(
            document_url(dossier.key),
            "document.html",
            dossier=dossier,
            text=text,
            timeline=timeline_of(dossier),
            version_rows=rows[:_VERSIONS],
            hidden_versions=max(len(rows) - _VERSIONS, 0),
            groups=groups_of(blocks[:shown], text.tags if text else {}),
            shown_blocks=shown,
            hidden_blocks=len(blocks) - shown,
            counts=_chips(text),
            spans=_check_spans(dossier.checks)[:_SPANS],
            outcomes=Counter(check.outcome.value for check in dossier.checks).most_common(),
            addresses=_addresses(self._memory.store.captures(dossier.document.id)),
            held=tuple(reversed(dossier.holds))[:_HOLDS],
        )

    def versions(self, dossier: Dossier) -> str:
        """All versions of a document that has many."""
        page = versions_url(dossier.key)
        return self._templates.render(page, "versions.html", dossier=dossier, version_rows=_version_rows(dossier))

    def version(self, dossier: Dossier, number: int, text: CurrentText | None) -> str:
        """The text of a version; the current one's with its clauses."""
        version = dossier.versions[number - 1]
        change, following = _neighbours(dossier, number)
        blocks = self._memory.blocks(version)
        return self._templates.render(
            version_url(dossier.key, version.id),
            "version.html",
            dossier=dossier,
            number=number,
            version=version,
            change=change,
            following=following,
            groups=groups_of(blocks, text.tags if text else {}),
        )

    def change(self, dossier: Dossier, change_id: int) -> dict[str, str]:
        """The page of a change; a very long difference goes on in further ones."""
        view = change_view(self._memory, dossier, change_id)
        pages = {}
        for part in range(1, len(view.parts) + 1):
            path = change_url(change_id, part)
            pages[path] = self._templates.render(
                path,
                "change.html",
                dossier=dossier,
                change=view.change,
                view=view,
                part=part,
                severity=severity_shown(view.change),
            )
        return pages


def _face(dossier: Dossier) -> tuple[object, ...]:
    """What the pages of versions and changes say of their document."""
    document = dossier.document
    return (document.id, document.key, document.name, document.type, document.vendor_name, document.language)


def _arrival(version: VersionRecord) -> tuple[object, ...]:
    """What does not move while a version lasts."""
    return (version.id, version.fingerprint, version.extractions, version.first_capture_id, version.first_seen)


def _neighbours(dossier: Dossier, number: int) -> tuple[ChangeRecord | None, ChangeRecord | None]:
    """The change that led to a version, and the one that followed it."""
    versions = dossier.versions
    following = dossier.arrivals.get(versions[number].id) if number < len(versions) else None
    return dossier.arrivals.get(versions[number - 1].id), following


def _version_rows(dossier: Dossier) -> list[VersionRow]:
    """The newest first."""
    rows: list[VersionRow] = []
    for number, version in reversed(list(enumerate(dossier.versions, 1))):
        change = dossier.arrivals.get(version.id)
        rows.append((number, version, change, severity_shown(change) if change else ""))
    return rows


def _chips(text: CurrentText | None) -> list[tuple[str, int, int]]:
    """The clauses of a text, in order of their first block: category, number of blocks, first block."""
    if text is None:
        return []
    first: dict[str, int] = {}
    for block in sorted(text.tags):
        for name in text.tags[block]:
            first.setdefault(name, block)
    return [(name, text.counts[name], block) for name, block in first.items()]


def _check_spans(checks: Sequence[CheckRecord]) -> list[CheckSpan]:
    """The latest first."""
    spans: list[CheckSpan] = []
    for check in checks:
        before = spans[-1] if spans else None
        same = before and (before.last.outcome, before.last.error_kind, before.last.status) == (
            check.outcome,
            check.error_kind,
            check.status,
        )
        if before and same and not check.change_id and not before.last.change_id:
            spans[-1] = CheckSpan(before.first, check, before.count + 1)
        else:
            spans.append(CheckSpan(check, check, 1))
    return spans[::-1]


def _addresses(captures: Sequence[CaptureRecord]) -> list[Address]:
    """Stretches of captures with the same addresses, the latest first."""
    found: list[Address] = []
    for capture in captures:
        archived = 0 if capture.live else 1
        last = found[-1] if found else None
        if last and (last.url, last.final_url) == (capture.url, capture.final_url):
            found[-1] = Address(
                last.url, last.final_url, last.first, capture.time, last.count + 1, last.archived + archived
            )
        else:
            found.append(Address(capture.url, capture.final_url, capture.time, capture.time, 1, archived))
    return found[::-1][:_ADDRESSES]
