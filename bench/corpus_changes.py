"""Which changes clausewatch sees in 635 real captures of 16 policies, beside those that the leading peer recorded.

    python -m bench.corpus_changes [--shared ../shared] [--cache FILE] [--show "Vendor/Document"] [--differences]

Every capture is extracted with the peer's selectors, judged by the gate, fingerprinted, and the history built with the
default policy. A version that begins at a capture labelled "change" is found; one that begins elsewhere is extra; a
labelled change without a version is missed. `--differences` prints the words of each missed and each
extra one, to be read.
"""

from __future__ import annotations

import argparse
import json
import pickle
import time
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from warcio.archiveiterator import ArchiveIterator

from analysis.align import align
from analysis.blocks import Extraction
from analysis.history import History, Sighting, build
from analysis.render import plain_lines, unified
from analysis.state import fingerprint
from scrapers.errors import ExtractError
from scrapers.extract import EXTRACTOR_VERSION, Selectors, extract
from scrapers.gate import Expected, judge_capture

Key = tuple[str, str]  # vendor, document


@dataclass(frozen=True, slots=True)
class Row:
    """A line of captures.jsonl."""

    key: Key
    url: str
    timestamp: str
    sha256: str
    label: str | None

    @property
    def time(self) -> datetime:
        return datetime.strptime(self.timestamp, "%Y%m%d%H%M%S").replace(tzinfo=UTC)


def read_rows(corpus: Path) -> list[Row]:
    rows = []
    for line in (corpus / "captures.jsonl").read_text().splitlines():
        found = json.loads(line)
        key = (found["vendor"], found["document"])
        rows.append(Row(key, found["url"], found["timestamp"], found["sha256"], found["label"]))
    return sorted(rows, key=lambda row: (row.key, row.timestamp))


def read_selectors(corpus: Path) -> dict[Key, Selectors]:
    selectors = {}
    for path in sorted((corpus / "declarations").glob("*.json")):
        declared = json.loads(path.read_text())
        for document, terms in declared["terms"].items():
            selectors[declared["name"], document] = Selectors.of(terms.get("select"), terms.get("remove"))
    return selectors


def read_extractions(shared: Path, cache: Path | None) -> dict[tuple[Key, str], Extraction | str]:
    """Extractions by document and timestamp, or the words of the error; from the cache where it is of this version."""
    corpus = shared / "corpus"
    if cache is not None and cache.exists():
        version, extractions = pickle.loads(cache.read_bytes())
        if version == EXTRACTOR_VERSION:
            return extractions  # type: ignore[no-any-return]
    rows, selectors = read_rows(corpus), read_selectors(corpus)
    wanted: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row in rows:
        wanted[row.url, row.timestamp].append(row)
    extractions = {}
    with (corpus / "saas-vendors.warc.gz").open("rb") as stream:
        for record in ArchiveIterator(stream):
            if record.rec_type != "response":
                continue
            url = record.rec_headers.get_header("WARC-Target-URI")
            timestamp = "".join(filter(str.isdigit, record.rec_headers.get_header("WARC-Date")))[:14]
            body = record.content_stream().read()
            content_type = record.http_headers.get_header("Content-Type") or ""
            for row in wanted.get((url, timestamp), ()):
                try:
                    found: Extraction | str = extract(
                        body, content_type=content_type, url=url, selectors=selectors[row.key]
                    )
                except ExtractError as error:
                    found = str(error)
                extractions[row.key, timestamp] = found
    if cache is not None:
        cache.write_bytes(pickle.dumps((EXTRACTOR_VERSION, extractions)))
    return extractions


@dataclass(slots=True)
class Result:
    """What was found for one document. The lists hold timestamps."""

    history: History
    labelled: list[str]
    found: list[str]
    missed: list[str]
    extra: list[str]
    technical: list[str]  # versions that begin where the peer re-extracted: neither found nor extra
    failed: list[str]
    held: list[str]  # by the gate


def judge(rows: list[Row], extractions: dict[tuple[Key, str], Extraction | str]) -> Result:
    sightings = []
    failed = []
    held = []
    expected = Expected(document=rows[0].key[1])
    for number, row in enumerate(rows):
        extraction = extractions[row.key, row.timestamp]
        if isinstance(extraction, str):
            failed.append(row.timestamp)
            continue
        verdict = judge_capture(
            status=200, url=row.url, final_url=row.url, headers=(), extraction=extraction, expected=expected
        )
        if not verdict.believed:
            held.append(row.timestamp)
            continue
        expected = Expected.after(extraction, document=row.key[1])
        sightings.append(Sighting(number, 1, row.time, fingerprint(extraction.blocks)))
    history = build(sightings, [1])
    begins = [rows[run.captures[0]].timestamp for run in history.runs[1:]]
    labels = {row.timestamp: row.label for row in rows}
    labelled = [row.timestamp for row in rows if row.label == "change"]
    return Result(
        history=history,
        labelled=labelled,
        found=[stamp for stamp in begins if labels[stamp] == "change"],
        missed=[stamp for stamp in labelled if stamp not in begins],
        extra=[stamp for stamp in begins if labels[stamp] in (None, "first")],
        technical=[stamp for stamp in begins if labels[stamp] == "technical"],
        failed=failed,
        held=held,
    )


def differences(rows: list[Row], stamp: str, extractions: dict[tuple[Key, str], Extraction | str]) -> list[str]:
    """The unified differences between a capture and the one before it."""
    stamps = [row.timestamp for row in rows]
    now = extractions[rows[0].key, stamp]
    before = extractions[rows[0].key, stamps[stamps.index(stamp) - 1]]
    if isinstance(now, str) or isinstance(before, str):
        return [f"not extracted: {now if isinstance(now, str) else before}"]
    lines = plain_lines(unified(align(before.blocks, now.blocks), context=0, cosmetic=True))
    return [f"      {line[:1500]}" for line in lines if "unchanged" not in line] or ["      nothing differs"]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path(__file__).resolve().parents[2] / "shared")
    parser.add_argument("--cache", type=Path, help="keep the extractions here between runs")
    parser.add_argument("--show", help="only this document, as Vendor/Document")
    parser.add_argument(
        "--differences", action="store_true", help="print what differs at each missed and extra capture"
    )
    options = parser.parse_args()
    started = time.perf_counter()
    extractions = read_extractions(options.shared, options.cache)
    print(f"{len(extractions)} extractions in {time.perf_counter() - started:.1f} s")
    by_document: dict[Key, list[Row]] = defaultdict(list)
    for row in read_rows(options.shared / "corpus"):
        by_document[row.key].append(row)
    columns = ("captures", "labelled", "found", "missed", "extra", "techn.", "unconf.", "failed", "held")
    print(f"{'document':44s}" + "".join(f"{column:>10s}" for column in columns))
    totals = [0] * len(columns)
    for key, rows in by_document.items():
        if options.show and options.show != "/".join(key):
            continue
        result = judge(rows, extractions)
        unconfirmed = len(result.history.unconfirmed) + (result.history.pending is not None)
        lists = (result.labelled, result.found, result.missed, result.extra, result.technical)
        figures = [len(rows), *map(len, lists), unconfirmed, len(result.failed), len(result.held)]
        totals = [total + figure for total, figure in zip(totals, figures, strict=True)]
        print(f"{'/'.join(key):44s}" + "".join(f"{figure:10d}" for figure in figures))
        if options.differences:
            for name, stamps in (("missed", result.missed), ("extra", result.extra), ("technical", result.technical)):
                for stamp in stamps:
                    print(f"   {name} {stamp}")
                    print("\n".join(differences(rows, stamp, extractions)))
            for run in (*result.history.unconfirmed, *filter(None, [result.history.pending])):
                stamp = rows[run.captures[0]].timestamp
                print(f"   unconfirmed {stamp}")
                print("\n".join(differences(rows, stamp, extractions)[:20]))
            for period in result.history.periods:
                print(f"   {period.kind} {period.since:%Y-%m-%d} to {period.until:%Y-%m-%d}, {period.returns} returns")
    print(f"{'all':44s}" + "".join(f"{figure:10d}" for figure in totals))


if __name__ == "__main__":
    main()
