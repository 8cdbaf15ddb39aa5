"""Stored captures read again, when the extractor or a document's selectors changed.

What differs only for that reason is marked technical and told to nobody: the next check then compares like with like.
It happens by itself before anything else is done with a document, and for all at once by `clausewatch reextract`.

Each reading is stored as it is made, and the history is switched over in one transaction at the end: kill it anywhere
and run it again, nothing is read twice. One document after the other, one capture at a time.

| a capture that | then |
|---|---|
| can be read | shows the state that is read now; believed or not as before |
| today's selectors miss, while those of before did not | keeps its reading: the generic one would make a change of it |
| was held by the gate, and is read otherwise now | is judged again, by the captures before it |
| was released or rejected by a person | stays so |
| can't be read any more | loses its sighting and is held with the reason; its bytes stay, to be read another day |
| was stored but never read | is left to what reads it first: it may be news |
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from analysis.state import STATE_VERSION, fingerprint
from flows.doubts import judge_doubts
from flows.histories import rebuild
from flows.outcomes import CheckResult
from flows.reading import CaptureFacts, Reading, expect_after, hold_reasons, known_reading, read_capture
from flows.run import Progress, Run
from flows.settling import capture_facts
from flows.targets import Target, TargetSource
from scrapers.errors import ExtractError
from scrapers.gate import Expected
from storage.records import ChangeKind, CheckOutcome, CheckRecord, HoldRecord, HoldState, Json, SightingRecord
from storage.store import Store

__all__ = ["Reextracted", "is_stale", "reextract", "reextract_documents", "refresh", "refresh_locked"]

log = logging.getLogger("clausewatch.reextract")

LOCK = 300.0
"""Seconds for which a document is locked; prolonged as the work goes on."""
_RENEW = 50  # captures


@dataclass(frozen=True, slots=True)
class Reextracted:
    """What reading a document again came to. `wrote` is false where every capture was read by today's means already.

    `captures` are those looked at, `read` those that had to be read, `technical` the changes marked so now.
    """

    captures: int
    read: int
    unreadable: int
    versions: int
    technical: int
    wrote: bool

    @property
    def sentence(self) -> str:
        parts = [f"{self.read} of {self.captures} captures read again, {self.versions} versions"]
        if self.technical:
            parts.append(f"{self.technical} technical changes")
        if self.unreadable:
            parts.append(f"{self.unreadable} can't be read any more")
        return ", ".join(parts)


def refresh(run: Run, target: Target) -> Target:
    """Read the stored captures of a document again, of which the run holds the lock, if they were not read by today's
    extractor and selectors.

    Returns: the target as it is then.
    """
    if not is_stale(target):
        return target
    reextract(run, target)
    return run.targets([target.key])[0]


def refresh_locked(run: Run, target: Target) -> Target:
    """The same for a document whose lock has to be got first; where another run has it, that one does it."""
    if not run.store.lock_documents([target.document.id], run.owner, ttl=LOCK):
        return target
    try:
        return refresh(run, target)
    finally:
        run.store.unlock([target.document.id], run.owner)


def is_stale(target: Target) -> bool:
    """Whether captures of the document were read by another extractor, or by other selectors, than today's."""
    return any(_stale(target, source) for source in target.sources)


def _stale(target: Target, source: TargetSource) -> bool:
    known = source.record.last_recipe
    return known != source.reading and (known != "" or target.document.current is not None)


def reextract_documents(run: Run, keys: Sequence[str]) -> list[CheckResult]:
    """Read the captures of documents again, one document after the other.

    Returns: one result per document: technical where something was read anew, unchanged where all was, skipped where
        another run has it in hand.
    """
    results = []
    targets = run.targets(keys)
    run.expect(targets)
    for target in targets:
        started = run.now()
        if not run.store.lock_documents([target.document.id], run.owner, ttl=LOCK):
            result = _result(run, target, started, CheckOutcome.SKIPPED, "another run is looking at it now")
        else:
            try:
                done = reextract(run, target, note=lambda text: run.tell(Progress(run.done, run.total, note=text)))
            finally:
                run.store.unlock([target.document.id], run.owner)
            outcome = CheckOutcome.TECHNICAL if done.wrote else CheckOutcome.UNCHANGED
            result = _result(run, target, started, outcome, done.sentence, done)
        results.append(result)
        run.finished(result)
    return results


def _result(
    run: Run,
    target: Target,
    started: datetime,
    outcome: CheckOutcome,
    detail: str,
    done: Reextracted | None = None,
) -> CheckResult:
    return CheckResult(
        key=target.key,
        vendor=target.document.vendor_name,
        document=target.document.name,
        outcome=outcome,
        detail=detail,
        versions=done.versions if done else target.document.versions,
        captures=done.read if done else 0,
        last_verified=target.document.last_verified,
        elapsed=(run.now() - started).total_seconds(),
    )


def reextract(run: Run, target: Target, *, note: Callable[[str], None] | None = None) -> Reextracted:
    """Read all stored captures of a document, of which it holds the lock, by today's extractor and selectors, and
    rebuild its versions."""
    started = run.now()
    again = _Again(run, target, note)
    again.read_all()
    stale = [source for source in target.sources if source.record.last_recipe != source.reading]
    if not again.differs and not stale:
        return again.summary(target.document.versions, technical=0)
    with run.store.transaction() as tx:
        for sighting in again.sightings:
            tx.add_sighting(sighting)
        for capture_id in again.unsighted:
            tx.remove_sighting(capture_id)
        for capture_id in again.found:
            tx.unhold(capture_id)
        for capture_id, reasons, extraction_id in again.holds:
            tx.hold(capture_id, reasons, extraction_id=extraction_id)
        for source in stale:
            tx.update_source(
                source.record.id,
                etag=None,
                last_modified=None,
                validators_key="",
                last_quiet="",
                last_recipe=source.reading,
            )
        if not again.differs:
            return again.summary(target.document.versions, technical=0)
        now = run.now()
        rebuilt = rebuild(tx, target, now=now, run_id=run.id, live=False, technical=True, found=again.found)
        technical = sum(change.kind is ChangeKind.TECHNICAL for change, _ in rebuilt.changes)
        done = again.summary(len(rebuilt.update.versions), technical=technical)
        tx.record_check(
            CheckRecord(
                document_id=target.document.id,
                run_id=run.id,
                started=started,
                finished=now,
                outcome=CheckOutcome.TECHNICAL,
                detail=done.sentence,
            )
        )
    return done


@dataclass
class _Again:
    """The captures of one document, gone through in the order of their time. What is to be written is kept until the
    end, and is small: sightings, holds (capture, reasons, extraction), captures found to be believable, and those that
    lose their sighting."""

    run: Run
    target: Target
    note: Callable[[str], None] | None
    sightings: list[SightingRecord] = field(default_factory=list)
    holds: list[tuple[int, Sequence[Json], int | None]] = field(default_factory=list)
    found: set[int] = field(default_factory=set)
    unsighted: list[int] = field(default_factory=list)
    captures: int = 0
    read: int = 0
    unreadable: int = 0
    last: dict[int, SightingRecord] = field(default_factory=dict)  # believed, by source

    @property
    def store(self) -> Store:
        return self.run.store

    @property
    def differs(self) -> bool:
        return bool(self.sightings or self.unsighted or self.found or self.holds)

    def summary(self, versions: int, *, technical: int) -> Reextracted:
        return Reextracted(self.captures, self.read, self.unreadable, versions, technical, self.differs)

    def read_all(self) -> None:
        document = self.target.document
        sources = {source.record.id: source for source in self.target.sources}
        # released and rejected captures have sightings; those of sources that are no longer watched stay as they are
        for capture_id, sighting, hold in self._in_order():
            if self.captures % _RENEW == 0:
                self.store.lock_documents([document.id], self.run.owner, ttl=LOCK)
                if self.note is not None:
                    self.note(f"{self.target.key}: {self.captures} captures")
            capture = self.store.capture(capture_id)
            source = sources.get(capture.source_id)
            if source is None:
                continue
            self.captures += 1
            try:
                self._one(source, capture_facts(capture), sighting, hold)
            except ExtractError as error:
                self._unread(capture_id, sighting, hold, error)
                log.warning("%s: capture of %s can no longer be read: %s", self.target.key, capture.time, error)

    def _in_order(self) -> Iterator[tuple[int, SightingRecord | None, HoldRecord | None]]:
        document_id = self.target.document.id
        holds = {hold.capture_id: hold for hold in self.store.holds(document_id, state=None, limit=1_000_000)}
        sighted = {sighting.capture_id: sighting for sighting in self.store.sightings(document_id)}
        times = {number: hold.time for number, hold in holds.items()}
        times |= {number: sighting.time for number, sighting in sighted.items()}
        for number in sorted(times, key=lambda one: (times[one], one)):
            yield number, sighted.get(number), holds.get(number)

    def _one(
        self, source: TargetSource, facts: CaptureFacts, sighting: SightingRecord | None, hold: HoldRecord | None
    ) -> None:
        reading = self._reading(source, facts)
        extraction_id, state = self._kept(reading, sighting) or (_number(reading), reading.fingerprint)
        believed = sighting.believed if sighting is not None else False
        if hold is not None:
            believed = self._decided(reading, extraction_id, believed, hold)
        new = SightingRecord(
            facts.id, self.target.document.id, extraction_id, facts.time, state, believed, source.record.id
        )
        if believed:
            self.last[source.record.id] = new
        if sighting is None or replace(new, live=sighting.live) != sighting:
            self.sightings.append(new)

    def _reading(self, source: TargetSource, facts: CaptureFacts) -> Reading:
        """The reading, stored already if it had to be made; so that it need not be made again."""
        known = known_reading(self.store, source, facts)
        if known is not None:
            return known
        reading = read_capture(self.store, self.target, source, facts, self.store.payload(facts.payload))
        assert reading.extraction is not None
        with self.store.transaction() as tx:
            tx.save_extraction(facts.payload, reading.recipe, reading.extraction, reading.fingerprint)
        self.read += 1
        stored = known_reading(self.store, source, facts)
        assert stored is not None
        return stored

    def _kept(self, reading: Reading, sighting: SightingRecord | None) -> tuple[int, str] | None:
        """The reading by earlier selectors, where today's do not fit the page as it was."""
        if sighting is None or not reading.fell_back:
            return None
        before = self.store.extraction_record(sighting.extraction_id)
        if before.method != "selector":
            return None
        if before.recipe.endswith(f"-{STATE_VERSION}"):
            return before.id, before.fingerprint
        return before.id, fingerprint(self.store.load_extraction(before.id).blocks)

    def _decided(self, reading: Reading, extraction_id: int, believed: bool, hold: HoldRecord) -> bool:
        """Whether a capture that was held is believed now. Its hold names today's reading, for whoever releases it."""
        if hold.extraction_id == extraction_id:
            return believed
        if hold.state is not HoldState.HELD:
            self.holds.append((hold.capture_id, hold.reasons, extraction_id))
            return hold.state is HoldState.RELEASED
        before = self.last.get(reading.source.record.id)
        expected = Expected(document=self.target.document.type, language=self.target.document.language or None)
        if before is not None:
            expected = expect_after(expected, self.store.load_extraction(before.extraction_id))
        body = self.store.payload(reading.capture.payload)
        judged = judge_doubts(self.store, self.target, reading, body, expected, before=before)
        if judged.believed:
            self.found.add(hold.capture_id)
            return True
        assert judged.verdict is not None
        self.holds.append((hold.capture_id, hold_reasons(judged.verdict), extraction_id))
        return False

    def _unread(
        self, capture_id: int, sighting: SightingRecord | None, hold: HoldRecord | None, error: ExtractError
    ) -> None:
        if sighting is None and hold is not None:
            return  # as before
        self.unreadable += 1
        self.unsighted.append(capture_id)
        self.holds.append((capture_id, [{"name": error.kind, "weight": 1.0, "sentence": error.message}], None))


def _number(reading: Reading) -> int:
    assert reading.record is not None
    return reading.record.id
