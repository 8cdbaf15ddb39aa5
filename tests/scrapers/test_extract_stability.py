"""Changes of markup that change no visible word change no block."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from lxml import etree

from scrapers.extract import extract
from tests.scrapers.mutations import mutate

PAGES = Path(__file__).parent / "pages"
HTML = "text/html; charset=utf-8"


def _same(html: str, seeds: range) -> list[int]:
    """The seeds whose mutation changed a block."""
    root = etree.fromstring(html.encode("utf-8"), etree.HTMLParser(encoding="utf-8", huge_tree=True))
    plain = etree.tostring(root, encoding="unicode", method="html")
    want = extract(plain.encode("utf-8"), content_type=HTML)
    return [
        seed for seed in seeds if extract(mutate(html, seed).encode("utf-8"), content_type=HTML).blocks != want.blocks
    ]


@pytest.mark.parametrize("name", ["modern", "nineties", "aspnet", "legal-hub", "news"])
def test_two_hundred_mutations_of_our_pages(name: str) -> None:
    assert _same((PAGES / f"{name}.html").read_text("utf-8"), range(200)) == []


@pytest.mark.shared
def test_mutations_of_real_pages(shared: Path) -> None:
    with gzip.open(shared / "extraction" / "pairs-dev.jsonl.gz", "rt", encoding="utf-8") as lines:
        pages = [json.loads(line) for line in lines]
    pages = [page for page in pages if len(page["html"]) < 120_000][::5]
    changed = {page["id"]: seeds for page in pages if (seeds := _same(page["html"], range(8)))}
    assert not changed and len(pages) > 10
