"""Extraction on the pages with reference text in ../shared/extraction, beside trafilatura; cost of a plain page.

PYTHONPATH=. .venv/bin/python -m bench.extract [limit]
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from pathlib import Path
from statistics import fmean, median
from typing import Any

from lxml import etree

from bench.extract_eval import anchored, generic, selected
from scrapers.extract import extract

__all__ = ["main", "plain_page"]

SHARED = Path(__file__).resolve().parents[2] / "shared"


def plain_page(paragraphs: int = 300) -> bytes:
    """A plain policy page of some 60 KB: menu, style, script, 340 lines of text."""
    sentence = (
        "We collect personal information that you provide when you create an account, and use it for the service. "
    )
    body = "".join(
        (f"<h2>{number}. Section</h2>" if number % 8 == 0 else "") + f"<p>{number} {sentence}</p>"
        for number in range(paragraphs)
    )
    menu = "".join(f'<li><a href="/p{number}">Page {number}</a></li>' for number in range(30))
    return (
        f"<!doctype html><html lang=en><head><title>Privacy Policy</title>"
        f"<style>{'body{color:red}' * 300}</style></head>"
        f"<body><nav><ul>{menu}</ul></nav><main><h1>Privacy Policy</h1>{body}</main><footer><p>2026</p></footer>"
        f"<script>{'x=2;' * 4000}</script></body></html>"
    ).encode()


def _cost(call: Callable[[], object], times: int = 60) -> float:
    """Least CPU milliseconds of a call."""
    best = float("inf")
    for _ in range(times):
        start = time.process_time()
        call()
        best = min(best, time.process_time() - start)
    return 1000 * best


def _row(label: str, rows: list[dict[str, Any]]) -> str:
    found = [row["sh_F"] for row in rows]
    return (
        f"{label:34} {len(rows):4} {fmean(found):6.3f} {median(found):6.3f} {min(found):6.3f}"
        f" {fmean(row['lost'] for row in rows):6.2f} {fmean(row['leak'] for row in rows):6.2f}"
        f" {median(row['ms'] for row in rows):7.1f}"
    )


def main(limit: int | None = None) -> None:
    sys.path.insert(0, str(SHARED / "tools"))
    import eval_extract
    import trafilatura

    def peer(html: str, url: str) -> str:
        return trafilatura.extract(html, url=url, favor_recall=True, include_comments=False) or ""

    pairs = list(eval_extract.load(str(SHARED / "extraction" / "*.jsonl.gz")))[:limit]
    for pair in pairs:
        pair["_ref"] = eval_extract.ref_of(pair)
    single = [pair for pair in pairs if not pair.get("subdoc")]
    several = [pair for pair in pairs if pair.get("subdoc")]
    print(f"{'':34} {'n':>4} {'mean':>6} {'median':>6} {'least':>6} {'lost %':>6} {'leak %':>6} {'CPU ms':>7}")
    for label, function, chosen, field in (
        ("ours, one document", generic, single, "html"),
        ("trafilatura favor_recall", peer, single, "html"),
        ("ours, several documents, anchor", anchored, several, "html"),
        ("ours, selected part", selected, pairs, "html_sel"),
    ):
        if rows := eval_extract.evaluate(function, chosen, label, field):
            print(_row(label, rows))
    page = plain_page()
    floor = _cost(lambda: "".join(etree.fromstring(page, etree.HTMLParser(encoding="utf-8")).itertext()))
    ours = _cost(lambda: extract(page, content_type="text/html; charset=utf-8", url="https://h.example/privacy"))
    theirs = _cost(lambda: peer(page.decode(), "https://h.example/privacy"), 10)
    cost = f"parse and itertext {floor:.2f}, ours {ours:.2f}, trafilatura {theirs:.2f}"
    print(f"\none plain page of {len(page) // 1000} KB, CPU ms: {cost}")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else None)
