"""Stored captures read again, when the extractor or a document's selectors changed.

What differs only for that reason is marked technical and told to nobody: the next check then compares like with like.
"""

from __future__ import annotations

import logging
from dataclasses import replace

from flows.histories import rebuild
from flows.reading import read_capture, record_reading
from flows.run import Run
from flows.settling import capture_facts
from flows.targets import Target
from scrapers.errors import ExtractError
from storage.records import CheckOutcome, CheckRecord

__all__ = ["reextract"]

log = logging.getLogger("clausewatch.reextract")


def reextract(run: Run, target: Target) -> int:
    """Read all stored captures of a document by today's extractor and selectors, and rebuild its versions.

    A capture that can't be read any more loses its sighting for now; its bytes stay, to be read another day.

    Returns: how many captures were read.
    """
    started = run.now()
    sources = {source.record.id: source for source in target.sources}
    held = {record.capture_id for record in run.store.sightings(target.document.id) if not record.believed}
    readings = []
    for capture in run.store.captures(target.document.id):
        source = sources.get(capture.source_id)
        if source is None:
            continue
        try:
            reading = read_capture(
                run.store, target, source, capture_facts(capture), run.store.payload(capture.payload)
            )
            readings.append(replace(reading, held=capture.id in held))  # the gate, or a person, has decided already
        except ExtractError as error:
            log.warning("%s: capture of %s can no longer be read: %s", target.key, capture.time, error)
    now = run.now()
    with run.store.transaction() as tx:
        read_again = {reading.capture.id for reading in readings}
        for sighting in tx.sightings(target.document.id):
            if sighting.capture_id not in read_again:
                tx.remove_sighting(sighting.capture_id)
        for reading in readings:
            record_reading(tx, target, reading)
        rebuilt = rebuild(tx, target, now=now, run_id=run.id, live=False, technical=True)
        for source in target.sources:
            tx.update_source(
                source.record.id,
                etag=None,
                last_modified=None,
                validators_key="",
                last_quiet="",
                last_recipe=source.reading,
            )
        tx.record_check(
            CheckRecord(
                document_id=target.document.id,
                run_id=run.id,
                started=started,
                finished=now,
                outcome=CheckOutcome.TECHNICAL,
                detail=f"{len(readings)} captures read again, {len(rebuilt.update.versions)} versions",
            )
        )
    return len(readings)
