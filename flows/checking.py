"""The check of one document, from the fetch to the commit; the picture is in the design.

Raw bytes are stored first, in a transaction of their own. What they mean (sightings, versions, changes, alerts owed,
the check itself) is one transaction. A crash loses at most the document in hand, and the next run repeats it.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from flows.announcing import owe_change, owe_unstable, owe_watching
from flows.doubts import MISSED, judge_doubts, last_believed, seen_anew, wording_without_selectors
from flows.histories import Rebuilt, rebuild, unverified
from flows.outcomes import CheckResult
from flows.quiet import quiet_hash
from flows.reading import CaptureFacts, Reading, expected_of, read_capture, record_reading
from flows.reextracting import is_stale, refresh
from flows.run import Run
from flows.targets import Target, TargetSource
from scrapers.capture import Fetched, NotModified, Validators
from scrapers.errors import ScrapeError
from storage.records import ChangeRecord, CheckOutcome, CheckRecord
from storage.store import Transaction

__all__ = ["SELECTOR_MISSED", "check_document"]

log = logging.getLogger("clausewatch.check")

SELECTOR_MISSED = "extract.selector-missed"


@dataclass(frozen=True, slots=True)
class Look:
    """What one source gave. `reading` is None where the page is what was believed before, but for its tokens; `quiet`
    is the hash that says so."""

    source: TargetSource
    fetched: Fetched | NotModified
    reading: Reading | None
    quiet: str = ""


async def check_document(run: Run, target: Target) -> CheckResult:
    """Look at one document and record what was seen. Never raises for what a page or a site does.

    Returns: the outcome, as it was recorded (as it would be, in a dry run).
    """
    started = run.now()
    if run.dry:
        return await _dry_check(run, target, started)
    if not run.store.lock_documents([target.document.id], run.owner, ttl=_lock_time(run, target)):
        return _result(run, target, started, CheckOutcome.SKIPPED, "another run is looking at it now")
    try:
        # old and new captures are read alike, or a new extractor's differences would pass for the vendor's
        if is_stale(target):
            target = await asyncio.to_thread(refresh, run, target)
        looks = [await _look(run, target, source) for source in target.sources]
        return _conclude(run, target, started, looks)
    except ScrapeError as error:
        return _failed(run, target, started, error.kind, str(error), error.advice, url=error.url, status=error.status)
    except asyncio.CancelledError:
        run.store.unlock([target.document.id], run.owner)
        raise
    except Exception as error:
        # a fault of ours must not take the other documents of the batch with it; it is recorded and logged whole
        log.exception("checking %s failed in our own code", target.key)
        detail = f"{type(error).__name__}: {error}"
        return _failed(run, target, started, "internal", detail, "Please report this; the log has the traceback.")


def _lock_time(run: Run, target: Target) -> float:
    """Seconds after which a lock is void: longer than all fetches of the document can take."""
    return 60.0 + 4 * run.config.fetch.merged(target.fetch).total_timeout * max(len(target.sources), 1)


async def _look(run: Run, target: Target, source: TargetSource) -> Look:
    record = source.record
    settled = _settled(target)
    validators = _validators(source) if settled else None
    fetched = await run.fetch(target, record.url, validators)
    if isinstance(fetched, NotModified):
        return Look(source, fetched, None)
    quiet = quiet_hash(fetched.body, source.config.selectors.key)
    if settled and quiet == record.last_quiet and record.last_recipe == source.reading:
        return Look(source, fetched, None, quiet)
    saved = run.store.save_capture(record.id, fetched)
    facts = CaptureFacts(
        id=saved.id,
        payload=saved.payload,
        time=fetched.time,
        url=fetched.url,
        final_url=fetched.final_url,
        status=fetched.status,
        headers=fetched.headers,
        content_type=fetched.content_type,
    )
    return Look(source, fetched, _read(run, target, source, facts, fetched.body), quiet)


def _settled(target: Target) -> bool:
    """Whether "as before" means the current version, so that the server, or we, may say so. A pending state needs a
    look of its own, and so does a version that was learned since our last look at the live page."""
    return target.document.pending_capture_id is None and not unverified(target.document)


def _validators(source: TargetSource) -> Validators | None:
    """What the server gave with a body that was believed and read as we read today, for the URL that it came from."""
    record = source.record
    reading, _, url = record.validators_key.partition(" ")
    validators = Validators(record.etag, record.last_modified, url)
    return validators if validators and reading == source.reading else None


def _read(run: Run, target: Target, source: TargetSource, facts: CaptureFacts, body: bytes) -> Reading:
    """Read a capture; the gate is asked unless it shows a state that is believed already."""
    reading = read_capture(run.store, target, source, facts, body)
    current = target.document.current
    # the generic extractor's text stands for the page, not for the part that is watched: never "unchanged"
    if not reading.fell_back and current is not None and current.fingerprint == reading.fingerprint:
        return reading
    sightings = run.store.sightings(target.document.id)
    # a state that was believed once, by the gate or by a person who released it, is not doubted again
    if not reading.fell_back and any(one.believed and one.fingerprint == reading.fingerprint for one in sightings):
        return reading
    expected = expected_of(run.store, target)
    return judge_doubts(run.store, target, reading, body, expected, before=last_believed(sightings, source))


def _conclude(run: Run, target: Target, started: datetime, looks: Sequence[Look]) -> CheckResult:
    readings = [look.reading for look in looks if look.reading is not None]
    missed = next((look for look in looks if _missed(look.reading)), None)
    wording = _wording(run, target, missed) if missed else ""
    now = run.now()
    with run.store.transaction() as tx:
        for reading in readings:
            record_reading(tx, target, reading)
        outcome, detail, error_kind, rebuilt = _outcome(run, tx, target, readings, now)
        detail = f"{detail} {wording}".strip()
        if outcome.verified:
            for look in looks:
                _remember(tx, look)
        newest = rebuilt.newest[0] if rebuilt and rebuilt.newest else None
        check = _check_record(
            run, target, started, now, outcome, looks, detail=detail, error_kind=error_kind, change=newest
        )
        saved = tx.record_check(check)
        tx.unlock(target.document.id, run.owner)
        if rebuilt and rebuilt.newest and outcome in (CheckOutcome.CHANGED, CheckOutcome.RETURNED):
            owe_change(run, tx, target, rebuilt, now)
        if rebuilt:
            owe_unstable(run, tx, target, rebuilt, now)
        owe_watching(
            run, tx, target, check, saved, advice=_advice(error_kind), again=_again(tx, target, missed, wording)
        )
    result = _result(run, target, started, outcome, detail, error_kind=error_kind)
    if rebuilt is None:
        return replace(result, captures=len(readings))
    return replace(
        result,
        versions=len(rebuilt.update.versions),
        captures=len(readings),
        severity=newest.severity if newest else "",
        change_id=newest.id if newest else None,
    )


def _outcome(
    run: Run,
    tx: Transaction,
    target: Target,
    readings: Sequence[Reading],
    now: datetime,
) -> tuple[CheckOutcome, str, str, Rebuilt | None]:
    """What the readings come to: outcome, sentence, kind of error, and the history where it had to be rebuilt."""
    current = target.document.current
    doubtful = next((reading for reading in readings if not reading.believed), None)
    if doubtful is not None:
        assert doubtful.verdict is not None
        return CheckOutcome.HELD, doubtful.verdict.reasons, _held_kind(doubtful), None
    same = current is not None and all(reading.fingerprint == current.fingerprint for reading in readings)
    if current is not None and (not readings or (same and len(target.sources) == 1)) and _settled(target):
        for reading in readings:
            tx.extend_version(current.id, reading.capture.id, reading.capture.time)
        return CheckOutcome.UNCHANGED, "", "", None
    rebuilt = rebuild(tx, target, now=now, run_id=run.id, live=True)
    after = rebuilt.update.current
    if rebuilt.history.pending is not None or after is None:
        return CheckOutcome.PENDING, "a new wording, seen once; it waits for a second look", "", rebuilt
    if current is None:
        return CheckOutcome.FIRST, "", "", rebuilt
    if after.fingerprint != current.fingerprint or (rebuilt.newest and rebuilt.newest[0].live):
        returned = rebuilt.history.runs[-1].returns_to is not None
        summary = rebuilt.newest[0].summary if rebuilt.newest else ""
        return (CheckOutcome.RETURNED if returned else CheckOutcome.CHANGED), summary, "", rebuilt
    if target.document.pending_capture_id is not None:
        return CheckOutcome.UNCONFIRMED, "a new wording was gone at the second look", "", rebuilt
    return CheckOutcome.UNCHANGED, "", "", rebuilt


def _missed(reading: Reading | None) -> bool:
    evidence = reading.verdict.evidence if reading is not None and reading.verdict is not None else ()
    return any(one.name == MISSED for one in evidence)


def _held_kind(reading: Reading) -> str:
    return SELECTOR_MISSED if _missed(reading) else "gate.held"


def _wording(run: Run, target: Target, missed: Look) -> str:
    """What can be said of the wording of a page whose selectors miss."""
    assert missed.reading is not None and isinstance(missed.fetched, Fetched)
    return wording_without_selectors(run.store, target, missed.reading, missed.fetched.body)


def _again(tx: Transaction, target: Target, missed: Look | None, wording: str) -> str:
    """The occasion to tell the operators once more: new wording came while the selectors miss. "" if none did."""
    if missed is None or missed.reading is None or not wording:
        return ""
    sightings = tx.sightings(target.document.id)
    return f"wording {missed.reading.fingerprint[:16]}" if seen_anew(sightings, missed.reading) else ""


def _remember(tx: Transaction, look: Look) -> None:
    """What lets the next check be short: validators and hash of a body that was believed, and how it was read."""
    if isinstance(look.fetched, NotModified):
        return
    validators = look.fetched.validators
    tx.update_source(
        look.source.record.id,
        etag=validators.etag,
        last_modified=validators.last_modified,
        validators_key=f"{look.source.reading} {validators.url}",
        last_quiet=look.quiet,
        last_recipe=look.source.reading,
    )


def _check_record(
    run: Run,
    target: Target,
    started: datetime,
    now: datetime,
    outcome: CheckOutcome,
    looks: Sequence[Look],
    *,
    detail: str,
    error_kind: str,
    change: ChangeRecord | None,
) -> CheckRecord:
    pages = [look.fetched for look in looks if isinstance(look.fetched, Fetched)]
    readings = [look.reading for look in looks if look.reading is not None]
    return CheckRecord(
        document_id=target.document.id,
        run_id=run.id,
        started=started,
        finished=now,
        outcome=outcome,
        error_kind=error_kind,
        detail=detail,
        url=looks[0].fetched.final_url,
        status=pages[0].status if pages else 304,
        requests=sum(1 + len(page.hops) for page in pages) + len(looks) - len(pages),
        wire_bytes=sum(page.wire_bytes for page in pages),
        capture_id=readings[-1].capture.id if readings else None,
        change_id=change.id if change else None,
    )


def _failed(
    run: Run,
    target: Target,
    started: datetime,
    kind: str,
    detail: str,
    advice: str,
    *,
    url: str = "",
    status: int | None = None,
) -> CheckResult:
    now = run.now()
    check = CheckRecord(
        document_id=target.document.id,
        run_id=run.id,
        started=started,
        finished=now,
        outcome=CheckOutcome.FAILED,
        error_kind=kind,
        detail=detail,
        url=url,
        status=status,
    )
    with run.store.transaction() as tx:
        saved = tx.record_check(check)
        tx.unlock(target.document.id, run.owner)
        owe_watching(run, tx, target, check, saved, advice=advice)
    return _result(run, target, started, CheckOutcome.FAILED, detail, error_kind=kind, url=url)


def _advice(error_kind: str) -> str:
    if error_kind == SELECTOR_MISSED:
        return "The page was rebuilt: correct select in config.toml; `clausewatch try URL --select CSS` shows its text."
    if error_kind == "gate.held":
        return "Look at the page; if it is the policy after all, `clausewatch release` lets the capture through."
    return ""


def _result(
    run: Run,
    target: Target,
    started: datetime,
    outcome: CheckOutcome,
    detail: str = "",
    *,
    error_kind: str = "",
    url: str = "",
) -> CheckResult:
    document = target.document
    now = run.now()
    return CheckResult(
        key=document.key,
        vendor=document.vendor_name,
        document=document.name,
        outcome=outcome,
        detail=detail,
        error_kind=error_kind,
        versions=document.versions,
        last_verified=now if outcome.verified else document.last_verified,
        pending_since=now if outcome is CheckOutcome.PENDING else None,
        elapsed=(now - started).total_seconds(),
        url=url or (target.sources[0].record.url if target.sources else ""),
    )


async def _dry_check(run: Run, target: Target, started: datetime) -> CheckResult:
    """Fetch and read, write nothing: what a check would find."""
    try:
        readings = []
        for source in target.sources:
            fetched = await run.fetch(target, source.record.url, None)
            assert isinstance(fetched, Fetched)  # nothing conditional was asked
            payload = hashlib.sha256(fetched.body).hexdigest()
            facts = CaptureFacts(
                id=0,
                payload=payload,
                time=fetched.time,
                url=fetched.url,
                final_url=fetched.final_url,
                status=fetched.status,
                headers=fetched.headers,
                content_type=fetched.content_type,
            )
            readings.append(_read(run, target, source, facts, fetched.body))
    except ScrapeError as error:
        return _result(run, target, started, CheckOutcome.FAILED, str(error), error_kind=error.kind, url=error.url)
    doubtful = next((reading for reading in readings if not reading.believed), None)
    if doubtful is not None and doubtful.verdict is not None:
        kind = _held_kind(doubtful)
        return _result(run, target, started, CheckOutcome.HELD, doubtful.verdict.reasons, error_kind=kind)
    current = target.document.current
    if current is None:
        return _result(run, target, started, CheckOutcome.FIRST, "would be the first version")
    if len(readings) == 1 and readings[0].fingerprint == current.fingerprint:
        return _result(run, target, started, CheckOutcome.UNCHANGED)
    return _result(run, target, started, CheckOutcome.PENDING, "has a wording that is not the current version's")
