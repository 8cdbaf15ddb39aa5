"""Versions and changes of one document, made anew from its sightings, inside the caller's transaction.

A version's place in the history is its capture time, not the time we learned of it: whatever order sightings come in,
the versions are the same. Changes are judged where two neighbours have none on record.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from analysis.align import align
from analysis.alignment import Alignment
from analysis.blocks import Block
from analysis.history import ConfirmPolicy, History, Run, Sighting, build
from analysis.judgement import ClauseChange, Judgement, judge
from analysis.state import only_flips, units
from flows.jsonable import jsonable
from flows.targets import Target
from storage.records import (
    ChangeKind,
    ChangeRecord,
    ClauseChangeRecord,
    HistoryUpdate,
    RunRecord,
    SightingRecord,
    VersionRecord,
    WatchedDocument,
)
from storage.store import Store, Transaction

__all__ = ["Rebuilt", "rebuild", "unverified", "version_blocks"]

_POLICY = ConfirmPolicy()


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild gave: the history as computed, what it did to the rows, the changes that were judged."""

    history: History
    update: HistoryUpdate
    changes: tuple[tuple[ChangeRecord, Judgement], ...]

    @property
    def newest(self) -> tuple[ChangeRecord, Judgement] | None:
        """The change that led to the current version, when it was judged now."""
        current = self.update.current
        return next((pair for pair in self.changes if current and pair[0].to_version_id == current.id), None)


def rebuild(
    tx: Transaction,
    target: Target,
    *,
    now: datetime,
    run_id: str,
    live: bool,
    technical: bool = False,
    found: Collection[int] = (),
) -> Rebuilt:
    """Make a document's versions and changes agree with its sightings.

    Parameters:
        live: the sightings that are new came from live pages, so a change to the current version is news.
        technical: the sightings were read anew by another extractor: changes that this makes are marked so. A change
            that was on record stays what it was, whichever of its versions is read otherwise now.
        found: captures that are believed only since they were read anew: what begins with one is no technical change.
    """
    known = {
        change.to_version_id: change.kind
        for change in (tx.changes(target.document.id, limit=None) if technical else ())
    }
    sightings = [record for record in tx.sightings(target.document.id) if record.believed]
    extractions = {record.capture_id: record.extraction_id for record in sightings}
    history = build(
        [_sighting(record) for record in sightings],
        [source.record.id for source in target.sources],
        ConfirmPolicy(confirm=target.settings.confirm),
    )
    if target.document.last_verified is None:
        history = _without_pending(history, now - _POLICY.settle)
    update = tx.replace_history(target.document.id, [_run_record(run, extractions) for run in history.runs])
    pending = history.pending
    tx.set_pending(target.document.id, pending.first.capture if pending else None)
    tx.set_unstable(target.document.id, history.unstable.since if history.unstable else None)
    by_id = {version.id: version for version in update.versions}
    changes = []
    for before, after in (*update.to_judge, *(_untold(tx, target, update) if live else ())):
        old, new = (version_blocks(tx, by_id[number]) for number in (before, after))
        alignment = align(old, new)
        judgement = judge(alignment, extra=target.rules)
        returned = history.runs[by_id[after].position].returns_to is not None
        kind = _kind(alignment, returned=returned)
        if technical:
            begun = by_id[after].first_capture_id
            kind = known.get(after) or (kind if begun in found else ChangeKind.TECHNICAL)
        newest = live and update.current is not None and after == update.current.id
        record = ChangeRecord(
            document_id=target.document.id,
            from_version_id=before,
            to_version_id=after,
            created=now,
            kind=kind,
            severity=judgement.severity,
            direction=judgement.direction,
            summary=judgement.summary,
            facts=tuple(jsonable(fact) for fact in judgement.facts),
            effective=judgement.effective.date.isoformat() if judgement.effective else "",
            run_id=run_id,
            live=newest and _is_news(tx, target, history, kind, by_id[before], (old, new)),
            clauses=tuple(_clause_record(clause) for clause in judgement.clause_changes),
        )
        changes.append((replace(record, id=tx.save_change(record)), judgement))
    return Rebuilt(history, update, tuple(changes))


def _without_pending(history: History, before: datetime) -> History:
    """Of a document that nobody has looked at yet: the wording that an archive saw last is a version, though it was
    seen once only. It is not news, there is no second look to wait for, and it stood until something else is seen."""
    pending = history.pending
    if pending is None or pending.first.live or pending.first.time > before:
        return history
    same = next((index for index, run in enumerate(history.runs) if run.fingerprint == pending.fingerprint), None)
    return replace(history, runs=(*history.runs, replace(pending, returns_to=same, why="lasted")), pending=None)


def _sighting(record: SightingRecord) -> Sighting:
    return Sighting(
        capture=record.capture_id,
        source=record.source_id,
        time=record.time,
        fingerprint=record.fingerprint,
        live=record.live,
    )


def _run_record(run: Run, extractions: dict[int, int]) -> RunRecord:
    return RunRecord(
        fingerprint=run.fingerprint,
        first_capture_id=run.first.capture,
        last_capture_id=run.last.capture,
        first_seen=run.first.time,
        last_seen=run.last.time,
        sightings=run.count,
        extractions=tuple(extractions[capture] for capture in run.captures),
    )


def version_blocks(store: Store | Transaction, version: VersionRecord) -> tuple[Block, ...]:
    """The text of a version: the blocks of its sources, one after the other."""
    return tuple(block for number in version.extractions for block in store.load_extraction(number).blocks)


def unverified(document: WatchedDocument) -> bool:
    """Whether the current version was learned since our last look at the live page: from an archive, or from a capture
    that was read or released only later."""
    current, verified = document.current, document.last_verified
    return current is not None and verified is not None and current.first_seen > verified


def _untold(tx: Transaction, target: Target, update: HistoryUpdate) -> list[tuple[int, int]]:
    """The change to the current version, judged before but told to nobody, as nobody had looked at the live page."""
    current, verified = update.current, target.document.last_verified
    if current is None or verified is None or len(update.versions) < 2 or current.first_seen <= verified:
        return []
    pair = (update.versions[-2].id, current.id)
    change = tx.change_between(*pair)
    if pair in update.to_judge or change is None or change.announced is not None:
        return []
    return [pair] if change.kind in (ChangeKind.CHANGE, ChangeKind.RETURN) else []


def _is_news(
    tx: Transaction,
    target: Target,
    history: History,
    kind: ChangeKind,
    before: VersionRecord,
    texts: tuple[Sequence[Block], Sequence[Block]],
) -> bool:
    """Whether readers are to be told of a change to the wording that a live page has now.

    | what it is | news | why |
    |---|---|---|
    | only cosmetic, or made by another extractor | no | it says the same |
    | seen by an archive before our last look at the live page | no | old, even if only the live page confirms it |
    | back to an earlier wording | if they were told of the one that is gone | else they would believe what is undone |
    | of an unstable document, made of what comes and goes | no | the instability is told instead |
    | anything else | yes | |
    """
    first, verified = history.runs[-1].first, target.document.last_verified
    if kind not in (ChangeKind.CHANGE, ChangeKind.RETURN):
        return False
    if not first.live and (verified is None or first.time <= verified):
        return False
    if kind is ChangeKind.RETURN:
        known = tx.changes(target.document.id, limit=None)
        return any(change.to_version_id == before.id and change.announced is not None for change in known)
    if history.unstable is not None:
        earlier = [units(version_blocks(tx, version)) for version in tx.versions(target.document.id)[:-1]]
        return not only_flips(units(texts[0]), units(texts[1]), earlier)
    return True


def _kind(alignment: Alignment, *, returned: bool) -> ChangeKind:
    if not alignment.changes:
        return ChangeKind.COSMETIC
    return ChangeKind.RETURN if returned else ChangeKind.CHANGE


def _clause_record(clause: ClauseChange) -> ClauseChangeRecord:
    return ClauseChangeRecord(
        category=clause.category,
        kind=clause.kind,
        heading=clause.heading,
        before=clause.before,
        after=clause.after,
        facts=tuple(jsonable(fact) for fact in clause.facts),
        severity=clause.severity,
        direction=clause.direction,
        reason=clause.reason,
    )
