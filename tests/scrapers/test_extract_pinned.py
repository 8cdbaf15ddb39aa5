"""The extractor's output over our own pages, pinned to its version.

When this fails, the same bytes give another text than before: raise EXTRACTOR_VERSION (stored captures are then read
again, and no alert goes out for the difference), and write the new pins with
`python -m tests.scrapers.test_extract_pinned`.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from scrapers.extract import EXTRACTOR_VERSION, extract

PAGES = Path(__file__).parent / "pages"
PINS = PAGES / "pins.json"


def _pins() -> dict[str, str]:
    pins: dict[str, str] = {"version": str(EXTRACTOR_VERSION)}
    for path in sorted(PAGES.glob("*.html")):
        found = extract(path.read_bytes(), content_type="text/html", url="https://pinned.example/legal/")
        said = [found.title, found.language, found.method, *found.warnings]
        said += [f"{block.kind} {block.level} {block.path} {block.cells} {block.text}" for block in found.blocks]
        said += [f"{link.block} {link.text} {link.url}" for link in found.links]
        pins[path.name] = hashlib.sha256(repr(said).encode()).hexdigest()
    return pins


def test_output_changes_only_with_the_version() -> None:
    assert json.loads(PINS.read_text("utf-8")) == _pins(), __doc__


if __name__ == "__main__":
    PINS.write_text(json.dumps(_pins(), indent=1) + "\n", "utf-8")
