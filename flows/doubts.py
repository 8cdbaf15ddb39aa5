"""Whether a capture is believed: the gate's verdict, and what only the other captures and documents on record can tell.

| doubt | why the capture is held |
|---|---|
| the gate's | walls, error pages, shells, … (`scrapers.gate`) |
| selector-missed | `select` matches nothing, or less than in the capture before: what is read is not what is watched |
| another-document | the page says word for word what another document says now: it was redirected or mixed up |

While a selector misses, watching goes on: the page is read without selectors, and so is the last believed capture, so
that a wording which changed in that time is said (`wording_without_selectors`) and not only lost.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from analysis.align import align
from analysis.judgement import judge
from analysis.state import fingerprint
from flows.reading import Reading, judge_reading
from flows.targets import Target, TargetSource
from scrapers.errors import ExtractError
from scrapers.extract import extract
from scrapers.gate import Evidence, Expected
from storage.records import SightingRecord, WatchedDocument
from storage.store import Store

__all__ = [
    "ANOTHER_DOCUMENT",
    "MISSED",
    "judge_doubts",
    "last_believed",
    "missed_selectors",
    "seen_anew",
    "shown_instead",
    "wording_without_selectors",
]

MISSED = "selector-missed"
ANOTHER_DOCUMENT = "another-document"


def judge_doubts(
    store: Store, target: Target, reading: Reading, body: bytes, expected: Expected, *, before: SightingRecord | None
) -> Reading:
    """The same reading with the verdict on it.

    Parameters:
        before: the last believed sighting of the source before this capture.
    """
    judged = judge_reading(store, reading, body, expected)
    missed = missed_selectors(store, reading, before)
    if missed:
        return _doubted(judged, MISSED, f"{'; '.join(missed)}.")
    other = shown_instead(store, target, reading)
    if other is None:
        return judged
    sentence = f"It says word for word what {other.key} ({other.name}) says: the page shows another document."
    return _doubted(judged, ANOTHER_DOCUMENT, sentence)


def _doubted(reading: Reading, name: str, sentence: str) -> Reading:
    assert reading.verdict is not None
    verdict = reading.verdict
    evidence = (Evidence(name, 1.0, sentence), *verdict.evidence)
    return replace(reading, verdict=replace(verdict, believed=False, score=verdict.score + 1.0, evidence=evidence))


def last_believed(sightings: Sequence[SightingRecord], source: TargetSource) -> SightingRecord | None:
    """Of sightings in order of time, the last believed one of a source."""
    return next((one for one in reversed(sightings) if one.believed and one.source_id == source.record.id), None)


def missed_selectors(store: Store, reading: Reading, before: SightingRecord | None) -> tuple[str, ...]:
    """What the extractor says about selectors that match nothing: all of them, or one more than before.

    A selector that never matched does no harm: people list several for pages that come in several designs.
    """
    if reading.fell_back:
        return reading.warnings or ("The selectors match nothing with text",)
    if reading.method != "selector" or not reading.warnings or before is None:
        return ()
    known = store.extraction_record(before.extraction_id)
    if known.method != "selector" or not set(known.warnings) < set(reading.warnings):
        return ()
    return tuple(warning for warning in reading.warnings if warning not in known.warnings)


def shown_instead(store: Store, target: Target, reading: Reading) -> WatchedDocument | None:
    """The other document whose current text a capture shows, where that can't be meant.

    It can be meant of documents on one page; of documents that said the same before (twins, which change together);
    and of the same kind of document at another vendor, who may have taken over the first one.
    """
    document = target.document
    urls = {source.record.url for source in target.sources}
    for key in store.documents_in_state(reading.fingerprint, besides=document.id):
        other = store.document(key)
        if urls & {source.url for source in other.sources}:
            continue
        if other.vendor_slug != document.vendor_slug and (document.current is None or other.type == document.type):
            continue
        if document.current is not None and any(
            version.fingerprint == document.current.fingerprint for version in store.versions(other.id)
        ):
            continue
        return other
    return None


def wording_without_selectors(store: Store, target: Target, reading: Reading, body: bytes) -> str:
    """A sentence on whether the wording of a page whose selectors miss changed too, "" where nothing is known."""
    before = last_believed(store.sightings(target.document.id), reading.source)
    if before is None:
        return ""
    capture = store.capture(before.capture_id)
    url = reading.source.config.url
    try:
        old = extract(store.payload(capture.payload), content_type=capture.content_type, url=url)
        new = extract(body, content_type=reading.capture.content_type, url=url)
    except ExtractError as error:
        return f"Without selectors nothing can be read either: {error.message}."
    alignment = align(old.blocks, new.blocks)
    if fingerprint(old.blocks) == fingerprint(new.blocks) or not alignment.changes:
        return "Read without selectors, the page says what it said before."
    return f"Read without selectors, the wording changed too: {judge(alignment, extra=target.rules).summary}"


def seen_anew(sightings: Sequence[SightingRecord], reading: Reading) -> bool:
    """Whether a held wording is seen for the second time in a row, and was never seen before that.

    What is new while a document can't be watched is worth another message; what differs at every look is not.
    """
    seen = [one.fingerprint for one in sightings if one.source_id == reading.source.record.id]
    return len(seen) > 1 and seen[-1] == seen[-2] == reading.fingerprint and seen.count(reading.fingerprint) == 2
