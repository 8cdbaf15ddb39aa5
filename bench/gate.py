"""The capture gate over the real captures in ../shared/corpus: what it holds of the good, and of injected bad ones.

.venv/bin/python -m bench.gate
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from warcio.archiveiterator import ArchiveIterator

from analysis.blocks import Extraction
from scrapers.errors import ExtractError
from scrapers.extract import Selectors, extract
from scrapers.gate import Expected, Verdict, judge_capture
from tests.scrapers.walls import FOREIGN, WALLS, Wall, truncated

__all__ = ["Capture", "captures", "injected", "judged", "main"]

SHARED = Path(__file__).resolve().parents[2] / "shared"
CUTS = (0.02, 0.1, 0.25, 0.5, 0.75, 0.9)


@dataclass(frozen=True, slots=True)
class Capture:
    """A capture of the corpus with the selectors in force."""

    vendor: str
    document: str
    url: str
    time: str
    label: str
    content_type: str
    body: bytes
    selectors: Selectors


def captures(shared: Path = SHARED) -> list[Capture]:
    """All captures of the corpus, in order of time."""
    corpus = shared / "corpus"
    selectors: dict[tuple[str, str], Selectors] = {}
    for path in (corpus / "declarations").glob("*.json"):
        declared = json.loads(path.read_text("utf-8"))
        for document, terms in declared["terms"].items():
            selectors[declared["name"], document] = Selectors.of(terms.get("select"), terms.get("remove"))
    bodies: dict[str, tuple[str, bytes]] = {}
    with (corpus / "saas-vendors.warc.gz").open("rb") as stream:
        for record in ArchiveIterator(stream):
            if record.rec_type == "response":
                body = record.content_stream().read()
                content_type = record.http_headers.get_header("content-type") or ""
                bodies[hashlib.sha256(body).hexdigest()] = (content_type, body)
    rows = [json.loads(line) for line in (corpus / "captures.jsonl").read_text("utf-8").splitlines()]
    return [
        Capture(
            row["vendor"],
            row["document"],
            row["url"],
            row["timestamp"],
            row["label"] or "",
            *bodies[row["sha256"]],
            selectors[row["vendor"], row["document"]],
        )
        for row in sorted(rows, key=lambda row: str(row["timestamp"]))
    ]


def judged(every: list[Capture]) -> Iterator[tuple[Capture, Extraction, Verdict, Expected]]:
    """Judge captures in order of time, each by the believed ones before it. The last value is the next expectation."""
    expected: dict[tuple[str, str], Expected] = {}
    lengths: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for capture in every:
        key = capture.vendor, capture.document
        found = extract(capture.body, content_type=capture.content_type, url=capture.url, selectors=capture.selectors)
        known = expected.get(key, Expected(document=capture.document))
        verdict = _judge(found, capture.body, capture.url, known)
        if verdict.believed:
            lengths[key].append(sum(len(block.text) for block in found.blocks))
            expected[key] = Expected.after(
                found,
                document=capture.document,
                length=sorted(lengths[key])[len(lengths[key]) // 2],
                final_urls=[capture.url],
                closed=b"</html" in capture.body[-4096:].lower(),
            )
        yield capture, found, verdict, expected.get(key, known)


def _judge(found: Extraction, body: bytes, url: str, expected: Expected, wall: Wall | None = None) -> Verdict:
    final = url
    if wall is not None and wall.final:
        final = wall.final if "://" in wall.final else "/".join(url.split("/")[:3]) + wall.final
    return judge_capture(
        status=wall.status if wall else 200,
        url=url,
        final_url=final,
        headers=wall.headers if wall else (),
        extraction=found,
        expected=expected,
        body=body,
    )


def injected(capture: Capture, expected: Expected) -> Iterator[tuple[str, str, str, Verdict | None]]:
    """(kind, name, "first" or "later", verdict) of bad pages in this capture's place; None where extraction refuses."""
    bad: list[tuple[Wall, bytes]] = [(wall, wall.html.encode()) for wall in (*WALLS, *FOREIGN)]
    bad += [(Wall("truncated", f"{cut:.0%} of the bytes", ""), truncated(capture.body, cut)) for cut in CUTS]
    first = Expected(document=capture.document, language="en")
    for wall, body in bad:
        try:
            found = extract(body, content_type="text/html; charset=utf-8", url=capture.url, selectors=capture.selectors)
        except ExtractError:
            yield wall.kind, wall.name, "first", None
            yield wall.kind, wall.name, "later", None
            continue
        yield wall.kind, wall.name, "first", _judge(found, body, capture.url, first, wall)
        yield wall.kind, wall.name, "later", _judge(found, body, capture.url, expected, wall)


def main() -> None:
    every = captures()
    last: dict[tuple[str, str], tuple[Capture, Expected]] = {}
    counts: Counter[tuple[str, str, bool]] = Counter()
    held: list[str] = []
    for capture, found, verdict, expected in judged(every):
        counts[capture.vendor, capture.document, verdict.believed] += 1
        if verdict.believed:
            last[capture.vendor, capture.document] = capture, expected
        else:
            size = sum(len(block.text) for block in found.blocks)
            held.append(
                f"{capture.time} {capture.vendor} {capture.document}, {size} characters: {verdict.reasons[:100]}"
            )
    print(f"{'real captures':45} {'believed':>9} {'held':>6}")
    for vendor, document in sorted({key[:2] for key in counts}):
        print(f"{vendor + ', ' + document:45} {counts[vendor, document, True]:9} {counts[vendor, document, False]:6}")
    print(*held, sep="\n")
    table: Counter[tuple[str, str, str]] = Counter()
    missed: Counter[str] = Counter()
    for capture, expected in last.values():
        for kind, name, when, of_bad in injected(capture, expected):
            result = "refused" if of_bad is None else "believed" if of_bad.believed else "held"
            table[kind, when, result] += 1
            if result == "believed":
                missed[f"{kind}, {name}, {when}: {capture.vendor} {capture.document}"] += 1
    print(f"\n{'injected':20} {'when':6} {'held':>6} {'refused':>8} {'believed':>9}")
    for kind, when in sorted({key[:2] for key in table}):
        row: list[Any] = [table[kind, when, result] for result in ("held", "refused", "believed")]
        print(f"{kind:20} {when:6} {row[0]:6} {row[1]:8} {row[2]:9}")
    print(*missed, sep="\n")


if __name__ == "__main__":
    main()
