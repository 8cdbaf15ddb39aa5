"""The extractor on real pages with reference text: a sample, so that it stays fast; `bench/extract.py` runs all."""

from __future__ import annotations

import sys
from pathlib import Path
from statistics import fmean, median

import pytest

from bench.extract_eval import anchored, generic, selected

pytestmark = pytest.mark.shared


def test_reference_text(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(shared / "tools"))
    import eval_extract

    pairs = list(eval_extract.load(str(shared / "extraction" / "pairs-dev.jsonl.gz")))
    small = [pair for pair in pairs if len(pair["html"]) < 300_000]
    single = [pair for pair in small if not pair.get("subdoc")][::3]
    rows = eval_extract.evaluate(generic, single, "generic")
    assert len(rows) > 25 and not any(row["fail"] for row in rows)
    assert fmean(row["sh_F"] for row in rows) >= 0.98 and min(row["sh_F"] for row in rows) >= 0.5
    assert fmean(row["lost"] for row in rows) <= 0.7
    assert median(row["ms"] for row in rows) < 30
    several = eval_extract.evaluate(anchored, [pair for pair in small if pair.get("subdoc")], "anchored")
    assert fmean(row["sh_F"] for row in several) >= 0.9
    cut = eval_extract.evaluate(selected, [pair for pair in small if pair.get("html_sel")][::3], "selected", "html_sel")
    assert fmean(row["sh_F"] for row in cut) >= 0.998
    sys.modules.pop("eval_extract", None)
