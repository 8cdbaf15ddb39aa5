"""How long it takes to write all report pages, and to write them again, and how many bytes they are.

    python -m bench.reports [--documents 1000] [--versions 20] [--clauses 3] [--keep FOLDER]

Documents of some 60 blocks, of which three change from version to version; changes carry clause changes as the
judgement would give them. Filling the store is not measured, apart from saying how long it took.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from analysis.blocks import Block, BlockKind, Extraction
from analysis.state import fingerprint
from reports import ReportOptions, write_reports
from scrapers.capture import Fetched
from storage.records import (
    ChangeRecord,
    CheckOutcome,
    CheckRecord,
    ClauseChangeRecord,
    DocumentSpec,
    RunRecord,
    SightingRecord,
    SourceSpec,
    VendorSpec,
    WatchedDocument,
)
from storage.store import Store

NOW = datetime(2026, 11, 1, tzinfo=UTC)
_SENTENCES = (
    "We collect your name, your e-mail address and the pages that you visit in order to provide the service",
    "We keep your personal data for {n} days after you close your account, and delete it afterwards",
    "We share personal data with service providers that process it on our behalf, under contract number {n}",
    "You may object to the processing at any time by writing to privacy-{n}@vendor.example",
    "We use cookies and similar technologies to remember your settings and to measure how the site is used",
    "Personal data may be transferred to countries outside your own under standard contractual clauses",
    "We may change this policy and will give you {n} days' notice by e-mail before a change takes effect",
)


def blocks_of(document: int, version: int) -> tuple[Block, ...]:
    """The text of a version: 6 headings with 9 paragraphs each."""
    blocks = [Block(BlockKind.HEADING, f"Privacy policy of vendor {document}", 1)]
    for section in range(6):
        path = (blocks[0].text, f"{section + 1}. Section about matter {section}")
        blocks.append(Block(BlockKind.HEADING, path[1], 2, path[:1]))
        for paragraph in range(9):
            number = section * 9 + paragraph
            changed = max((v for v in range(version + 1) if v % 18 == number // 3), default=0)
            words = _SENTENCES[number % len(_SENTENCES)].format(n=document % 90 + number + changed)
            more = _SENTENCES[(number + document) % len(_SENTENCES)].format(n=number)
            blocks.append(Block(BlockKind.PARAGRAPH, f"{words}. {more}, as of revision {changed}.", 0, path))
    return tuple(blocks)


def add_versions(store: Store, document: WatchedDocument, first: int, count: int, clauses: int) -> None:
    """Versions `first` to `first + count`, a month apart, with the changes that lead to them."""
    number, source = document.id, document.sources[0]
    saved = []
    for version in range(first, first + count):
        blocks = blocks_of(number, version)
        moment = NOW - timedelta(days=30 * (40 - version))
        body = ("<p>".join(block.text for block in blocks)).encode()
        headers = (("content-type", "text/html"),)
        page = Fetched(
            source.url, source.url, 200, headers, body, moment, archive="Internet Archive" if version % 4 else ""
        )
        saved.append((moment, blocks, store.save_capture(source.id, page, fetched_at=moment)))
    with store.transaction() as tx:
        for moment, blocks, capture in saved:
            state = fingerprint(blocks)
            reading = tx.save_extraction(
                capture.payload, "bench", Extraction("Privacy", "en", blocks, version=1), state
            )
            tx.add_sighting(SightingRecord(capture.id, number, reading, moment, state))
        runs = [
            RunRecord(s.fingerprint, s.capture_id, s.capture_id, s.time, s.time, 1, (s.extraction_id,))
            for s in tx.sightings(number)
        ]
        update = tx.replace_history(number, runs, learned=NOW)
        for old, new in update.to_judge:
            tx.save_change(_change(number, old, new, clauses))
        tx.record_check(CheckRecord(number, "bench", NOW, NOW, CheckOutcome.UNCHANGED, status=200))


def _change(number: int, old: int, new: int, clauses: int) -> ChangeRecord:
    changed = tuple(
        ClauseChangeRecord(
            "retention",
            "modified",
            "Section",
            f"We keep it for {place} days.",
            f"We keep it for {place + 9} days.",
            ({"text": f"retention period {place} days → {place + 9} days", "kind": "number"},),
            "medium",
            "adverse",
            f"retention period {place} days → {place + 9} days",
        )
        for place in range(clauses)
    )
    return ChangeRecord(
        document_id=number,
        from_version_id=old,
        to_version_id=new,
        created=NOW,
        severity="medium",
        direction="adverse",
        summary="Retention: longer",
        clauses=changed,
    )


def main() -> None:
    """Fill a store, then write its pages three times: all, none, after one change."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--documents", type=int, default=1000)
    arguments.add_argument("--versions", type=int, default=20)
    arguments.add_argument("--clauses", type=int, default=3)
    arguments.add_argument("--keep", type=Path, help="put store and pages here, and leave them")
    given = arguments.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        folder = given.keep or Path(temporary)
        folder.mkdir(parents=True, exist_ok=True)
        with Store.open(f"sqlite:///{folder / 'bench.db'}") as store:
            started = time.perf_counter()
            _fill(store, given.documents, given.versions, given.clauses)
            seconds = time.perf_counter() - started
            print(f"filled in {seconds:.1f} s: {given.documents} documents, {given.versions} versions each", flush=True)
            _write(store, folder / "pages", "all pages")
            _write(store, folder / "pages", "again, nothing new")
            document = store.documents()[0]
            add_versions(store, document, given.versions, 1, given.clauses)
            _write(store, folder / "pages", "after one change")
            with store.transaction() as tx:
                for document in store.documents():
                    tx.record_check(CheckRecord(document.id, "next", NOW, NOW, CheckOutcome.UNCHANGED, status=200))
            _write(store, folder / "pages", "after a check of all, unchanged")


def _fill(store: Store, documents: int, versions: int, clauses: int) -> None:
    vendors = [
        VendorSpec(
            f"vendor-{number}",
            f"Vendor {number}",
            documents=tuple(
                DocumentSpec(
                    slug, "Privacy Policy", f"Policy {slug}", "en", (SourceSpec(f"https://v{number}.example/{slug}"),)
                )
                for slug in ("a", "b", "c", "d")
            ),
        )
        for number in range(-(-documents // 4))
    ]
    store.register(vendors)
    for document in store.documents()[:documents]:
        add_versions(store, document, 0, versions, clauses)


def _write(store: Store, out: Path, what: str) -> None:
    started = time.perf_counter()
    result = write_reports(store, out, ReportOptions(now=NOW))
    seconds = time.perf_counter() - started
    wrote = f"{len(result.written):,} files and {result.size / 1e6:.1f} MB written"
    print(f"{what}: {seconds:.1f} s, {wrote}, {result.unchanged:,} left alone", flush=True)


if __name__ == "__main__":
    main()
