"""Fills a store for the tests of the pages, through the store's own interface, as the flows do: captures, readings,
sightings, versions, judged changes, checks."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from analysis.align import align
from analysis.blocks import Block, BlockKind, Extraction
from analysis.history import ConfirmPolicy, Sighting, build
from analysis.judgement import judge
from analysis.state import fingerprint
from scrapers.capture import Fetched, Hop
from storage.records import (
    ChangeKind,
    ChangeRecord,
    CheckOutcome,
    CheckRecord,
    ClauseChangeRecord,
    RunRecord,
    SightingRecord,
    VersionRecord,
)
from storage.store import Store

__all__ = ["Look", "check", "fill", "policy"]


@dataclass(frozen=True)
class Look:
    """A capture and what was read in it. `archive` is "" for a live page."""

    time: datetime
    blocks: tuple[Block, ...]
    archive: str = ""
    final_url: str = ""
    title: str = "Privacy Policy"


def policy(*lines: str) -> tuple[Block, ...]:
    """Blocks from lines: "# " a heading, "## " one below it, "- " an item, "a | b" a row, else a paragraph."""
    blocks: list[Block] = []
    path: list[str] = []
    for line in lines:
        if line.startswith("#"):
            level = len(line) - len(line.lstrip("#"))
            text = line[level:].strip()
            path = path[: level - 1]
            blocks.append(Block(BlockKind.HEADING, text, level, tuple(path)))
            path.append(text)
        elif line.startswith("- "):
            blocks.append(Block(BlockKind.ITEM, line[2:], 1, tuple(path)))
        elif " | " in line:
            blocks.append(Block(BlockKind.ROW, line, 0, tuple(path), tuple(line.split(" | "))))
        else:
            blocks.append(Block(BlockKind.PARAGRAPH, line, 0, tuple(path)))
    return tuple(blocks)


def fill(
    store: Store, key: str, looks: Sequence[Look], *, live: bool = False, now: datetime | None = None
) -> list[int]:
    """Store captures of the first source of a document and rebuild its history. Returns the ids of its changes."""
    document = store.document(key)
    source = document.sources[0]
    for look in looks:
        body = "\n".join(block.text for block in look.blocks).encode("utf-8", "replace")
        final_url = look.final_url or source.url
        fetched = Fetched(
            url=source.url,
            final_url=final_url,
            status=200,
            headers=(("content-type", "text/html"),),
            body=body,
            time=look.time,
            hops=(Hop(source.url, 301, final_url),) if look.final_url else (),
            archive=look.archive,
            memento_url=f"https://archive.example/web/{look.time:%Y%m%d%H%M%S}/{source.url}" if look.archive else "",
            digest=hashlib.sha1(body).hexdigest().upper() if look.archive else "",
        )
        saved = store.save_capture(source.id, fetched, fetched_at=look.time)
        extraction = Extraction(look.title, "en", look.blocks, version=1)
        state = fingerprint(look.blocks)
        with store.transaction() as tx:
            reading = tx.save_extraction(saved.payload, "recipe-1", extraction, state, made_at=look.time)
            tx.add_sighting(SightingRecord(saved.id, document.id, reading, look.time, state))
    return _rebuild(store, document.id, source.id, live=live, now=now or looks[-1].time)


def _rebuild(store: Store, document_id: int, source_id: int, *, live: bool, now: datetime) -> list[int]:
    sightings = store.sightings(document_id)
    readings = {sighting.capture_id: sighting.extraction_id for sighting in sightings}
    history = build(
        [Sighting(s.capture_id, s.source_id, s.time, s.fingerprint, s.live) for s in sightings],
        [source_id],
        ConfirmPolicy(confirm=False),
    )
    runs = [
        RunRecord(
            run.fingerprint,
            run.first.capture,
            run.last.capture,
            run.first.time,
            run.last.time,
            run.count,
            tuple(readings[capture] for capture in run.captures),
        )
        for run in history.runs
    ]
    made = []
    with store.transaction() as tx:
        update = tx.replace_history(document_id, runs, learned=now)
        versions = {version.id: version for version in update.versions}
        for before, after in update.to_judge:
            made.append(tx.save_change(_change(store, versions[before], versions[after], live=live, now=now)))
    return made


def _change(store: Store, before: VersionRecord, after: VersionRecord, *, live: bool, now: datetime) -> ChangeRecord:
    old, new = (
        tuple(block for number in version.extractions for block in store.load_extraction(number).blocks)
        for version in (before, after)
    )
    alignment = align(old, new)
    judgement = judge(alignment)
    return ChangeRecord(
        document_id=after.document_id,
        from_version_id=before.id,
        to_version_id=after.id,
        created=now,
        kind=ChangeKind.CHANGE if alignment.changes else ChangeKind.COSMETIC,
        severity=judgement.severity,
        direction=judgement.direction,
        summary=judgement.summary,
        facts=tuple(_plain(fact) for fact in judgement.facts),
        effective=judgement.effective.date.isoformat() if judgement.effective else "",
        run_id="run-1",
        live=live,
        clauses=tuple(
            ClauseChangeRecord(
                category=clause.category,
                kind=clause.kind,
                heading=clause.heading,
                before=clause.before,
                after=clause.after,
                facts=tuple(_plain(fact) for fact in clause.facts),
                severity=clause.severity,
                direction=clause.direction,
                reason=clause.reason,
            )
            for clause in judgement.clause_changes
        ),
    )


def _plain(value: Any) -> dict[str, Any]:
    return {**dataclasses.asdict(value), "direction": str(value.direction), "weight": int(value.weight)}


def check(
    store: Store, key: str, started: datetime, outcome: CheckOutcome, *, run_id: str = "run-1", **facts: Any
) -> None:
    """Record a check of a second."""
    document_id = store.document_keys()[key]
    with store.transaction() as tx:
        tx.record_check(CheckRecord(document_id, run_id, started, started + timedelta(seconds=1), outcome, **facts))
