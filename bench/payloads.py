"""What payloads cost: stored bytes per capture, milliseconds per write and per read, over a WARC of real captures.

    python -m bench.payloads path/to/captures.warc.gz path/to/captures.jsonl

The JSON lines name vendor, document, url, timestamp and sha256 of each capture, as those in ../shared/corpus do.
Also times a pass of storage alone over 200 documents whose 60 KB pages differ in a token: captures, readings,
sightings, versions extended, checks.
"""

from __future__ import annotations

import hashlib
import json
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import text
from warcio.archiveiterator import ArchiveIterator

from analysis.blocks import Block, BlockKind, Extraction
from scrapers.capture import Fetched
from storage import payloads
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

__all__ = ["CorpusFigures", "load_corpus", "main", "measure_corpus", "measure_pass"]


@dataclass(frozen=True, slots=True)
class CorpusFigures:
    captures: int
    payloads: int
    stored: int
    file: int
    write: list[float]
    read_cold: list[float]
    depths: list[int]

    @property
    def per_capture(self) -> float:
        return self.stored / self.captures


def load_corpus(warc: Path, lines: Path) -> list[tuple[str, Fetched]]:
    """(document key, capture) in order of time."""
    bodies: dict[str, bytes] = {}
    with warc.open("rb") as file:
        for record in ArchiveIterator(file):
            if record.rec_type in ("response", "resource"):
                body = record.content_stream().read()
                bodies[hashlib.sha256(body).hexdigest()] = body
    made: list[tuple[str, Fetched]] = []
    for line in lines.read_text().splitlines():
        row = json.loads(line)
        when = datetime.strptime(row["timestamp"], "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        url = row["url"]
        key = f"{_slug(row['vendor'])}/{_slug(row['document'])}"
        headers = (("content-type", "text/html"),)
        made.append((key, Fetched(url, url, 200, headers, bodies[row["sha256"]], when, archive="corpus")))
    return sorted(made, key=lambda item: item[1].time)


def _slug(name: str) -> str:
    return name.lower().replace(" ", "-")


def measure_corpus(store: Store, corpus: Sequence[tuple[str, Fetched]]) -> CorpusFigures:
    """Store every capture, then read every payload back with nothing cached."""
    urls = {key: fetched.url for key, fetched in corpus}
    store.register([_vendor(key, url) for key, url in urls.items()])
    sources = {document.name: document.sources[0].id for document in store.documents()}
    write = [
        _milliseconds(lambda key=key, fetched=fetched: store.save_capture(sources[key], fetched))  # type: ignore[misc]
        for key, fetched in corpus
    ]
    with store._database.read() as connection:
        rows = connection.execute(text("SELECT sha256, stored, depth FROM payload ORDER BY sha256")).all()
    read: list[float] = []
    for row in rows:
        store._bodies.clear()
        read.append(_milliseconds(lambda row=row: store.payload(row.sha256)))  # type: ignore[misc]
    file = Path(store._database.url.database or "").stat().st_size
    return CorpusFigures(
        len(corpus), len(rows), sum(row.stored for row in rows), file, write, read, [row.depth for row in rows]
    )


def _vendor(key: str, url: str) -> VendorSpec:
    slug = key.replace("/", "-")
    document = DocumentSpec("policy", "Privacy Policy", key, sources=(SourceSpec(url),))
    return VendorSpec(slug, key, documents=(document,))


def _milliseconds(work: Callable[[], object]) -> float:
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def page(number: int, token: str) -> bytes:
    """A policy page of about 60 KB, its own for each number, with a token of the load in it."""
    rng = random.Random(number)
    words = ["".join(rng.choices("abcdefghijklmnopqrstuvwxyz", k=rng.randint(2, 11))) for _ in range(900)]
    lines = [" ".join(rng.choices(words, k=22)) for _ in range(340)]
    return f"<html><meta name=csrf content={token}>{''.join(f'<p>{line}</p>' for line in lines)}</html>".encode()


def measure_pass(store: Store, count: int = 200) -> tuple[float, float, float]:
    """(CPU ms per document of a first pass, of a second with a token, milliseconds to pack one 60 KB page)."""
    store.register([_vendor(f"vendor{number}", f"https://example.org/{number}") for number in range(count)])
    documents = store.documents()
    extractions = [_extraction(number) for number in range(count)]
    times: list[float] = []
    for turn in range(3):
        fetched = [_fetched(document, number, turn) for number, document in enumerate(documents)]
        started = time.process_time()
        for document, capture, extraction in zip(documents, fetched, extractions, strict=True):
            _look(store, document, capture, extraction)
        times.append((time.process_time() - started) * 1000 / count)
        documents = store.documents()
    body = page(1, "a" * 32)
    base = payloads.Body(payloads.digest(body), body, 0, payloads.digest(body))
    other = page(1, "b" * 32)
    sha256 = payloads.digest(other)
    packing = statistics.median(_milliseconds(lambda: payloads.pack(sha256, other, base)) for _ in range(50))
    return times[0], times[2], packing


def _extraction(number: int) -> Extraction:
    lines = page(number, "").decode().split("<p>")[1:]
    blocks = tuple(Block(BlockKind.PARAGRAPH, line.removesuffix("</p>"), path=("Policy",)) for line in lines)
    return Extraction(f"Policy {number}", "en", blocks, version=1)


def _fetched(document: WatchedDocument, number: int, turn: int) -> Fetched:
    url = document.sources[0].url
    when = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=turn, seconds=number)
    return Fetched(url, url, 200, (("content-type", "text/html"),), page(number, f"{turn:032}"), when)


def _look(store: Store, document: WatchedDocument, fetched: Fetched, extraction: Extraction) -> None:
    """What the flow asks of the store for a page whose bytes are new and whose text is not."""
    saved = store.save_capture(document.sources[0].id, fetched)
    store.extraction(saved.payload, "recipe")
    with store.transaction() as tx:
        reading = tx.save_extraction(saved.payload, "recipe", extraction, f"state of {document.id}")
        sighting = SightingRecord(saved.id, document.id, reading, fetched.time, f"state of {document.id}")
        tx.add_sighting(sighting)
        if document.current is None:
            tx.replace_history(document.id, [_run_of(sighting)])
        else:
            tx.extend_version(document.current.id, saved.id, fetched.time)
        tx.update_source(
            document.sources[0].id,
            etag=None,
            last_modified=None,
            validators_key="recipe",
            last_quiet=saved.payload,
            last_recipe="recipe",
        )
        check = CheckRecord(document.id, "bench", fetched.time, fetched.time, CheckOutcome.UNCHANGED)
        tx.record_check(replace(check, capture_id=saved.id))


def _run_of(sighting: SightingRecord) -> RunRecord:
    return RunRecord(
        sighting.fingerprint,
        sighting.capture_id,
        sighting.capture_id,
        sighting.time,
        sighting.time,
        1,
        (sighting.extraction_id,),
    )


def _spread(values: Iterable[float]) -> str:
    ordered = sorted(values)
    tail = ordered[int(len(ordered) * 0.95)]
    return f"median {statistics.median(ordered):.2f}, 95 % {tail:.2f}, worst {ordered[-1]:.2f}"


def main(arguments: Sequence[str]) -> int:
    with tempfile.TemporaryDirectory() as folder, Store.open(f"sqlite:///{folder}/pass.db") as store:
        first, token, packing = measure_pass(store)
        print(f"200 documents of 60 KB, CPU ms per document: first pass {first:.2f}, only a token differs {token:.2f}")
        print(f"packing 60 KB against a base at hand: {packing:.2f} ms")
    if len(arguments) == 2:
        corpus = load_corpus(Path(arguments[0]), Path(arguments[1]))
        with tempfile.TemporaryDirectory() as folder, Store.open(f"sqlite:///{folder}/corpus.db") as store:
            found = measure_corpus(store, corpus)
        size = statistics.mean(len(fetched.body) for _, fetched in corpus)
        print(f"corpus: {found.captures} captures of {size / 1000:.0f} KB, {found.payloads} payloads")
        print(f"stored: {found.per_capture / 1000:.2f} KB per capture; the database {found.file / 1e6:.2f} MB")
        whole = found.depths.count(0)
        print(f"chains: {whole} whole, mean depth {statistics.mean(found.depths):.1f}, deepest {max(found.depths)}")
        print(f"ms per write: {_spread(found.write)}")
        print(f"ms per read, nothing cached: {_spread(found.read_cold)}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
