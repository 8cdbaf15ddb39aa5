"""From stored bytes to what they say: extraction, gate and state of one capture.

A payload is read once per recipe: pages that come back byte for byte, from the live site or an archive, cost a look-up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from analysis.blocks import Extraction
from analysis.state import STATE_VERSION, fingerprint
from flows.targets import Target, TargetSource
from scrapers.extract import extract, recipe
from scrapers.gate import Expected, Verdict, judge_capture
from storage.records import ExtractionRecord, Json, SightingRecord
from storage.store import Store, Transaction

__all__ = [
    "CaptureFacts",
    "Reading",
    "expect_after",
    "expected_of",
    "hold_reasons",
    "judge_reading",
    "known_reading",
    "read_capture",
    "record_reading",
]


@dataclass(frozen=True, slots=True)
class CaptureFacts:
    """What the reader needs to know of a stored capture."""

    id: int
    payload: str
    time: datetime
    url: str
    final_url: str
    status: int
    headers: Sequence[tuple[str, str]]
    content_type: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a capture says: `record` if it was read before, else `extraction`; `verdict` if the gate was asked.

    `believed` is false for a capture that the gate holds, now (`verdict`) or since it was first read (`held`).
    """

    source: TargetSource
    capture: CaptureFacts
    recipe: str
    fingerprint: str
    title: str
    record: ExtractionRecord | None = None
    extraction: Extraction | None = None
    verdict: Verdict | None = None
    held: bool = False

    @property
    def believed(self) -> bool:
        return not self.held and (self.verdict is None or self.verdict.believed)

    def text(self, store: Store) -> Extraction:
        """The extraction itself, from the store where this run did not make it."""
        if self.extraction is not None:
            return self.extraction
        assert self.record is not None
        return store.load_extraction(self.record.id)

    @property
    def method(self) -> str:
        """What read it: "selector", "generic", "generic-fallback", "pdf", …"""
        return self.extraction.method if self.extraction else self.record.method if self.record else ""

    @property
    def warnings(self) -> tuple[str, ...]:
        return self.extraction.warnings if self.extraction else self.record.warnings if self.record else ()

    @property
    def fell_back(self) -> bool:
        """The selectors matched nothing and the generic extractor stepped in."""
        return self.method == "generic-fallback"


def known_reading(store: Store, source: TargetSource, capture: CaptureFacts) -> Reading | None:
    """How a capture was read before by today's extractor and selectors, None if it was not. Needs no bytes."""
    how = _recipe(source, capture)
    record = store.extraction(capture.payload, how)
    return None if record is None else Reading(source, capture, how, record.fingerprint, record.title, record=record)


def _recipe(source: TargetSource, capture: CaptureFacts) -> str:
    config = source.config
    return (
        f"{recipe(config.selectors, capture.content_type, config.url, config.anchor, config.scraper)}-{STATE_VERSION}"
    )


def read_capture(store: Store, target: Target, source: TargetSource, capture: CaptureFacts, body: bytes) -> Reading:
    """Extract and fingerprint one capture, or look up how it was read before. The gate is not asked.

    Raises:
        ExtractError: the bytes do not become text.
    """
    known = known_reading(store, source, capture)
    if known is not None:
        return known
    config = source.config
    how = _recipe(source, capture)
    extraction = extract(
        body,
        content_type=capture.content_type,
        url=config.url,
        selectors=config.selectors,
        anchor=config.anchor,
        scraper=config.scraper,
    )
    return Reading(source, capture, how, fingerprint(extraction.blocks), extraction.title, extraction=extraction)


def judge_reading(store: Store, reading: Reading, body: bytes, expected: Expected) -> Reading:
    """The same reading with the gate's verdict on it."""
    verdict = judge_capture(
        status=reading.capture.status,
        url=reading.source.config.url,
        final_url=reading.capture.final_url,
        headers=reading.capture.headers,
        body=body,
        extraction=reading.text(store),
        expected=expected,
    )
    return replace(reading, verdict=verdict)


def expected_of(store: Store, target: Target) -> Expected:
    """What the gate may expect of a document's capture: its configuration and its current version."""
    current = target.document.current
    first = Expected(document=target.document.type, language=target.document.language or None)
    if current is None or not current.extractions:
        return first
    return expect_after(first, store.load_extraction(current.extractions[0]))


def expect_after(expected: Expected, extraction: Extraction) -> Expected:
    """The same, once this extraction was believed."""
    return Expected.after(extraction, document=expected.document)


def record_reading(tx: Transaction, target: Target, reading: Reading) -> None:
    """Write what a reading found: extraction, sighting and, if the gate does not believe it, the hold."""
    if reading.record is not None:
        number = reading.record.id
    else:
        assert reading.extraction is not None
        number = tx.save_extraction(
            reading.capture.payload,
            reading.recipe,
            reading.extraction,
            reading.fingerprint,
            gate="believed" if reading.believed else "doubtful",
        )
    tx.add_sighting(
        SightingRecord(
            capture_id=reading.capture.id,
            document_id=target.document.id,
            extraction_id=number,
            time=reading.capture.time,
            fingerprint=reading.fingerprint,
            believed=reading.believed,
        )
    )
    if reading.verdict is not None and not reading.verdict.believed:
        tx.hold(reading.capture.id, hold_reasons(reading.verdict), extraction_id=number)


def hold_reasons(verdict: Verdict) -> list[Json]:
    """A verdict's evidence as a hold keeps it."""
    return [{"name": one.name, "weight": one.weight, "sentence": one.sentence} for one in verdict.evidence]
