"""The sweep over a real history in which every digest differs: GitHub's privacy statement, 2023 to 2026."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from warcio.archiveiterator import ArchiveIterator

from analysis.state import fingerprint
from scrapers.archive import CaptureRow, Sweep, format_timestamp, parse_timestamp
from scrapers.archive.plan import plan
from scrapers.extract import extract

pytestmark = pytest.mark.shared

Capture = tuple[str, str, str]  # timestamp, state, the peer's label


@pytest.fixture(scope="module")
def history(shared: Path) -> list[Capture]:
    lines = (shared / "corpus" / "captures.jsonl").read_text().splitlines()
    wanted = [one for one in map(json.loads, lines) if (one["vendor"], one["document"]) == ("GitHub", "Privacy Policy")]
    labels = {one["timestamp"]: one["label"] or "" for one in wanted}
    url = wanted[0]["url"]
    found: list[Capture] = []
    with (shared / "corpus" / "saas-vendors.warc.gz").open("rb") as warc:
        for record in ArchiveIterator(warc):
            if record.rec_type == "response" and record.rec_headers.get_header("WARC-Target-URI") == url:
                stamp = "".join(filter(str.isdigit, record.rec_headers.get_header("WARC-Date")))[:14]
                blocks = extract(record.content_stream().read(), content_type="text/html", url=url).blocks
                found.append((stamp, fingerprint(blocks), labels[stamp]))
    return sorted(found)


def sweep(history: list[Capture], max_gap: timedelta) -> tuple[int, set[tuple[str, str]]]:
    """Fetch what is needed. Gives the number of captures fetched and the changes found."""
    url = "https://docs.github.example/privacy"
    rows = [CaptureRow("k", stamp, url, "text/html", 200, f"D{n}", 1) for n, (stamp, _, _) in enumerate(history)]
    swept = Sweep(plan(rows).contents, max_gap=max_gap)
    while wanted := swept.wanted():
        for content in wanted:
            swept.tell(content.digest, history[int(content.digest[1:])][1])
    return swept.told, {(one.before.timestamp, one.after.timestamp) for one in swept.boundaries()}


def labelled(history: list[Capture]) -> set[tuple[str, str]]:
    """The peer's changes that change what the page says (the others are addresses of links and full stops)."""
    return {(a[0], b[0]) for a, b in pairwise(history) if b[2] == "change" and a[1] != b[1]}


def test_captured_every_day_a_tenth_is_enough(history: list[Capture]) -> None:
    daily: list[Capture] = []
    for capture, following in pairwise(history):
        daily.append(capture)
        moment, end = parse_timestamp(capture[0]) + timedelta(days=1), parse_timestamp(following[0])
        while moment < end - timedelta(hours=6):
            daily.append((format_timestamp(moment), capture[1], ""))
            moment += timedelta(days=1)
    daily.append(history[-1])
    fetched, changes = sweep(daily, timedelta(days=30))
    assert changes >= labelled(daily) and len(labelled(daily)) >= 8
    assert fetched <= len(daily) / 10, f"{fetched} of {len(daily)}"


def test_captured_about_monthly_a_third_is_enough_with_a_wider_gap(history: list[Capture]) -> None:
    fetched, changes = sweep(history, timedelta(days=365))
    assert changes >= labelled(history) and len(labelled(history)) >= 8
    assert fetched <= len(history) / 3, f"{fetched} of {len(history)}"
