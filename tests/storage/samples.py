"""Small values for the tests of storage: our own writing, no real policy."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

from analysis.blocks import Block, BlockKind, Extraction, Link
from scrapers.capture import Fetched, Hop
from storage.records import (
    CheckOutcome,
    CheckRecord,
    DocumentSpec,
    RunRecord,
    SightingRecord,
    SourceSpec,
    VendorSpec,
    WatchedDocument,
)
from storage.store import Store

__all__ = ["DAY", "START", "check", "extraction", "fetched", "run_of", "sight", "vendor", "watch"]

START = datetime(2026, 1, 1, 12, 30, 15, 123456, tzinfo=UTC)
DAY = timedelta(days=1)


def vendor(slug: str = "acme", documents: Sequence[str] = ("privacy",)) -> VendorSpec:
    specs = tuple(
        DocumentSpec(name, "Privacy Policy", name.title(), sources=(SourceSpec(f"https://{slug}.example/{name}"),))
        for name in documents
    )
    return VendorSpec(slug, slug.title(), f"https://{slug}.example/", ("chat",), specs)


def watch(store: Store, slug: str = "acme") -> WatchedDocument:
    """A registered document with one source and no history."""
    store.register([vendor(slug)])
    return store.document(f"{slug}/privacy")


def fetched(body: bytes | str = b"<p>We share nothing.</p>", day: float = 0, **changes: object) -> Fetched:
    values: dict[str, object] = {
        "url": "https://acme.example/privacy",
        "final_url": "https://acme.example/privacy/",
        "status": 200,
        "headers": (("content-type", "text/html; charset=utf-8"), ("set-cookie", "a=1"), ("set-cookie", "b=2")),
        "body": body.encode() if isinstance(body, str) else body,
        "time": START + day * DAY,
        "hops": (Hop("https://acme.example/privacy", 301, "/privacy/"),),
        "notes": ("charset as declared",),
    }
    return Fetched(**(values | changes))  # type: ignore[arg-type]


def extraction(text: str = "We share nothing.") -> Extraction:
    blocks = (
        Block(BlockKind.HEADING, "Sharing", 2, ("Privacy",)),
        Block(BlockKind.PARAGRAPH, text, 0, ("Privacy", "Sharing")),
        Block(BlockKind.ROW, "Acme | mail", 0, ("Privacy", "Sharing"), ("Acme", "mail")),
    )
    return Extraction("Privacy", "en", blocks, (Link(1, "share", "https://acme.example/s"),), "generic", 3, ("odd",))


def sight(store: Store, document: WatchedDocument, text: str, day: float) -> SightingRecord:
    """Store a capture of a document that shows `text`, with its reading and sighting."""
    source = document.sources[0]
    saved = store.save_capture(source.id, fetched(f"<p>{text}</p>", day, url=source.url))
    with store.transaction() as tx:
        reading = tx.save_extraction(saved.payload, "recipe", extraction(text), f"state {text}")
        sighting = SightingRecord(saved.id, document.id, reading, START + day * DAY, f"state {text}")
        tx.add_sighting(sighting)
    return sighting


def run_of(*sightings: SightingRecord) -> RunRecord:
    first, last = sightings[0], sightings[-1]
    return RunRecord(
        first.fingerprint,
        first.capture_id,
        last.capture_id,
        first.time,
        last.time,
        len(sightings),
        (first.extraction_id,),
    )


def check(document: WatchedDocument, outcome: CheckOutcome, day: float, **changes: object) -> CheckRecord:
    values: dict[str, object] = {
        "document_id": document.id,
        "run_id": "run",
        "started": START + day * DAY,
        "finished": START + day * DAY + timedelta(seconds=2),
        "outcome": outcome,
    }
    return CheckRecord(**(values | changes))  # type: ignore[arg-type]
