"""Adapters for ../shared/tools/eval_extract.py (`module:function`, called with HTML and URL, giving one block a line).

eval_extract.py bench.extract_eval:generic --pairs ../shared/extraction/pairs-dev.jsonl.gz
eval_extract.py bench.extract_eval:selected --field html_sel
"""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path

from scrapers.extract import Selectors, extract


def generic(html: str, url: str) -> str:
    return extract(html.encode("utf-8", "replace"), content_type="text/html; charset=utf-8", url=url).text


def selected(html: str, url: str) -> str:
    """With a selector that takes everything: for the parts of pages in the field html_sel."""
    return extract(
        html.encode("utf-8", "replace"),
        content_type="text/html; charset=utf-8",
        url=url,
        selectors=Selectors(select=("body",)),
    ).text


# The documents that the pages marked `subdoc` are about, by what a person would put into config.toml.
_ANCHORS = {
    "opp115/559_www.loc.gov": "privacy_policy",
    "opp115/584_communitycoffee.com": "Privacy Statement",
    "opp115/1618_sltrib.com": "Privacy Policy",
    "dating/Jdate/Trackers Policy": "cookiepolicy",
    "dating/Jdate/Privacy Policy": "Privacy Policy",
}


def anchored(html: str, url: str) -> str:
    """With an anchor for each page of several documents; the scorer gives no id, so the page is found by its text."""
    anchor = _anchor_of().get(hash(html), "")
    return extract(
        html.encode("utf-8", "replace"), content_type="text/html; charset=utf-8", url=url, anchor=anchor
    ).text


@cache
def _anchor_of() -> dict[int, str]:
    path = Path(__file__).resolve().parents[2] / "shared" / "extraction" / "pairs-dev.jsonl.gz"
    with gzip.open(path, "rt", encoding="utf-8") as lines:
        pairs = [json.loads(line) for line in lines]
    return {
        hash(pair["html"]): next((place for name, place in _ANCHORS.items() if pair["id"].startswith(name)), "")
        for pair in pairs
        if pair.get("subdoc")
    }
