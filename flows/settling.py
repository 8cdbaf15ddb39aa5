"""Captures that were stored but not yet read: read in the order of their time, judged, and put into the history."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from flows.histories import Rebuilt, rebuild
from flows.reading import CaptureFacts, Reading, expect_after, judge_reading, read_capture, record_reading
from flows.run import Run
from flows.targets import Target, TargetSource
from scrapers.errors import ExtractError
from scrapers.gate import Expected
from storage.records import CaptureRecord
from storage.store import Store

__all__ = ["capture_facts", "settle", "state_of"]

log = logging.getLogger("clausewatch.settle")


def capture_facts(capture: CaptureRecord) -> CaptureFacts:
    return CaptureFacts(
        id=capture.id,
        payload=capture.payload,
        time=capture.time,
        url=capture.url,
        final_url=capture.final_url,
        status=capture.status,
        headers=capture.headers,
        content_type=capture.content_type,
    )


def state_of(run: Run, target: Target, source: TargetSource, capture_id: int) -> str | None:
    """The state that a stored capture shows, None if it can't be read. What was read is kept for `settle`."""
    capture = run.store.capture(capture_id)
    try:
        reading = read_capture(run.store, target, source, capture_facts(capture), run.store.payload(capture.payload))
    except ExtractError as error:
        log.info("%s: capture of %s: %s", target.key, capture.time, error)
        return None
    if reading.extraction is not None:
        with run.store.transaction() as tx:
            tx.save_extraction(reading.capture.payload, reading.recipe, reading.extraction, reading.fingerprint)
    return reading.fingerprint


@dataclass(frozen=True, slots=True)
class _Read:
    """What was read now, and which captures could not be."""

    readings: list[Reading]
    unreadable: list[tuple[int, ExtractError]]


def settle(run: Run, target: Target) -> Rebuilt:
    """Read and judge what is unread of a document's captures, and rebuild its history in one transaction.

    The gate compares each capture with the believed one before it in time, not with today's version: a page of 2003 is
    not doubtful for being unlike that of 2026. Pages that can't be read at all are held, with the reason.
    """
    read = _read_unread(run.store, target)
    with run.store.transaction() as tx:
        for reading in read.readings:
            record_reading(tx, target, reading)
        for capture_id, error in read.unreadable:
            tx.hold(capture_id, [{"name": error.kind, "weight": 1.0, "sentence": error.message}])
        for source in target.sources:
            if not source.record.last_recipe:
                tx.update_source(
                    source.record.id,
                    etag=None,
                    last_modified=None,
                    validators_key="",
                    last_quiet="",
                    last_recipe=source.reading,
                )
        return rebuild(tx, target, now=run.now(), run_id=run.id, live=False)


def _read_unread(store: Store, target: Target) -> _Read:
    """Read captures in the order of their time, each judged against the believed one before it."""
    sighted = {sighting.capture_id: sighting for sighting in store.sightings(target.document.id)}
    held = {hold.capture_id for hold in store.holds(target.document.id, state=None, limit=100_000)}
    believed = {sighting.fingerprint for sighting in sighted.values() if sighting.believed}
    sources = {source.record.id: source for source in target.sources}
    expected = Expected(document=target.document.type, language=target.document.language or None)
    read = _Read([], [])
    last = 0  # extraction of the last believed sighting on record: loaded only if something has to be judged by it
    for capture in store.captures(target.document.id):
        known = sighted.get(capture.id)
        if known is not None:
            last = known.extraction_id if known.believed else last
            continue
        if capture.id in held or capture.source_id not in sources:
            continue
        body = store.payload(capture.payload)
        try:
            reading = read_capture(store, target, sources[capture.source_id], capture_facts(capture), body)
        except ExtractError as problem:
            read.unreadable.append((capture.id, problem))
            continue
        if reading.fingerprint not in believed:
            if last:
                expected, last = expect_after(expected, store.load_extraction(last)), 0
            reading = judge_reading(store, reading, body, expected)
        if reading.believed:
            if reading.fingerprint not in believed:
                expected, last = expect_after(expected, reading.text(store)), 0
            elif reading.record is not None:
                last = reading.record.id
            believed.add(reading.fingerprint)
        read.readings.append(reading)
    return read
