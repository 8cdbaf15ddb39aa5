"""All scores of `analysis` on labelled data: python -m bench.gold [--errors] [--only PART] [GOLD].

GOLD is a folder with clauses.jsonl, dates.jsonl (+ dates/) and changes.jsonl, by default ../shared/gold. Nothing of
it is part of the product: it is read here to measure. How the figures are defined is told in analysis/README.md.
"""

from __future__ import annotations

import argparse
import json
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from analysis.blocks import Block, BlockKind
from analysis.clauses import recognise
from analysis.dates import find_dates
from analysis.judgement import judge_texts
from analysis.notice import find_notice
from analysis.taxonomy import category_id

DEFAULT = Path(__file__).resolve().parents[2] / "shared" / "gold"

OPP = {
    "First Party Collection/Use": ("first_party",),
    "Third Party Sharing/Collection": ("third_party", "sale", "legal_disclosure", "business_transfer", "subprocessors"),
    "User Choice/Control": ("choice",),
    "User Access, Edit and Deletion": ("access",),
    "Data Retention": ("retention",),
    "Data Security": ("security",),
    "Policy Change": ("policy_change",),
    "Do Not Track": ("dnt",),
    "International and Specific Audiences": ("children", "us_state", "international"),
}
FINE = {
    "children": ("children",),
    "california": ("us_state",),
    "international": ("international",),
    "contact": ("contact",),
    "cookies_tracking": ("cookies_tracking",),
    "business_transfer": ("business_transfer",),
    "legal_disclosure": ("legal_disclosure",),
}
KINDS = {"posting": "immediate"}
RANK = {"cosmetic": 0, "low": 1, "medium": 2, "high": 3}


@dataclass(slots=True)
class Score:
    """Counts of one category."""

    right: int = 0
    extra: int = 0
    missed: int = 0
    errors: list[str] = field(default_factory=list)

    def add(self, gold: bool, found: bool, what: str = "") -> None:
        self.right += gold and found
        self.extra += found and not gold
        self.missed += gold and not found
        if gold != found and what:
            self.errors.append(("missed: " if gold else "extra:  ") + what)

    @property
    def precision(self) -> float:
        return self.right / max(self.right + self.extra, 1)

    @property
    def recall(self) -> float:
        return self.right / max(self.right + self.missed, 1)

    @property
    def f1(self) -> float:
        return 2 * self.right / max(2 * self.right + self.extra + self.missed, 1)

    def __str__(self) -> str:
        return f"n={self.right + self.missed:4}  P {self.precision:.2f}  R {self.recall:.2f}  F1 {self.f1:.2f}"


def read(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as lines:
        yield from (json.loads(line) for line in lines)


def summed(scores: Iterable[Score]) -> Score:
    parts = list(scores)
    return Score(sum(s.right for s in parts), sum(s.extra for s in parts), sum(s.missed for s in parts))


def show(name: str, score: Score, errors: bool) -> None:
    print(f"  {name:38} {score}")
    if errors:
        for line in score.errors:
            print("      " + line)


# --- clauses


def clauses(folder: Path, errors: bool) -> None:
    segments: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for row in read(folder / "clauses.jsonl"):
        segments[row["policy"]].append(row)
    found: dict[tuple[str, int], set[str]] = defaultdict(set)
    recognise([Block(BlockKind.PARAGRAPH, "We share data.")])  # compile the rules before the clock starts
    begin = time.process_time()
    for policy, rows in segments.items():
        for tag in recognise([Block(BlockKind.PARAGRAPH, row["text"]) for row in rows]):
            found[policy, rows[tag.block]["segment"]].add(tag.category)
    seconds = time.process_time() - begin
    count = sum(map(len, segments.values()))
    print(f"clauses.jsonl: {count} segments of {len(segments)} policies, {count / seconds:,.0f} segments/s")
    for votes in ("majority", "union"):
        coarse = _per_category(segments, found, OPP, "labels_" + votes)
        print(f" OPP-115 categories, {votes} labels")
        for name, score in coarse.items():
            show(name, score, errors and votes == "majority")
        _averages(coarse)
    fine = _per_category(segments, found, FINE, "fine_majority")
    print(" product categories, majority labels")
    for name, score in fine.items():
        show(name, score, errors)
    documents = _per_document(segments, found, OPP, "labels_majority") | _per_document(
        segments, found, FINE, "fine_majority"
    )
    print(" presence in a document, majority labels")
    for name, score in documents.items():
        show(name, score, False)
    _averages({name: score for name, score in documents.items() if name in OPP})


def _per_category(
    segments: Mapping[str, list[dict[str, Any]]],
    found: Mapping[tuple[str, int], set[str]],
    groups: Mapping[str, tuple[str, ...]],
    key: str,
) -> dict[str, Score]:
    scores = {name: Score() for name in groups}
    for policy, rows in segments.items():
        for row in rows:
            tags = found.get((policy, row["segment"]), set())
            for name, ids in groups.items():
                text = " ".join(row["text"].split())[:200]
                scores[name].add(
                    name in row[key],
                    bool(tags & set(ids)),
                    f"{policy} {row['segment']} {sorted(tags & set(ids))} {text}",
                )
    return scores


def _per_document(
    segments: Mapping[str, list[dict[str, Any]]],
    found: Mapping[tuple[str, int], set[str]],
    groups: Mapping[str, tuple[str, ...]],
    key: str,
) -> dict[str, Score]:
    scores = {name: Score() for name in groups}
    for policy, rows in segments.items():
        for name, ids in groups.items():
            here = any(found.get((policy, row["segment"]), set()) & set(ids) for row in rows)
            scores[name].add(any(name in row[key] for row in rows), here)
    return scores


def _averages(scores: Mapping[str, Score]) -> None:
    micro, macro = summed(scores.values()), sum(s.f1 for s in scores.values()) / len(scores)
    print(f"  {'micro':38} {micro}\n  {'macro':38} F1 {macro:.3f}")


# --- dates and notice


def page(text: str) -> list[Block]:
    """A line a block, as good as any for text that was flattened before it came here; headings by their marks."""
    blocks: list[Block] = []
    for line in text.split("\n"):
        line = line.strip()
        if line and not set(line) <= set("=-* _"):
            kind = BlockKind.HEADING if line.startswith("#") else BlockKind.PARAGRAPH
            blocks.append(Block(kind, line.lstrip("# ")))
    return blocks


def dates(folder: Path, errors: bool) -> None:
    parts: dict[str, Score] = defaultdict(Score)
    dated = right = undated = invented = 0
    wrong: list[str] = []
    begin = time.process_time()
    rows = list(read(folder / "dates.jsonl"))
    for row in rows:
        blocks = page((folder / row["text_file"]).read_text(encoding="utf-8"))
        found, notice = find_dates(blocks), find_notice(blocks)
        effective = found.effective.iso if found.effective else None
        updated = found.updated.iso if found.updated else None
        gold = (row["effective_date"], row["last_updated"])
        if any(gold):
            dated += 1
            right += gold == (effective, updated)
        else:
            undated += 1
            invented += bool(effective or updated)
        if gold != (effective, updated):
            wrong.append(f"{row['id']} {row['service']}: gold {gold}, found {(effective, updated)}")
        _field(parts["effective date"], row["effective_date"], effective)
        _field(parts["last updated"], row["last_updated"], updated)
        where = f"{row['id']} {row['service']}"
        _field(parts["notice period"], row["notice_period_days"], notice.days, where)
        _field(parts["notice kind"], row["notice_kind"], KINDS.get(notice.kind or "", notice.kind), where)
        parts["without notice"].add(bool(row["without_notice"]), notice.without_notice, where)
        for method in ("post", "email", "banner", "inapp", "unspecified"):
            parts[f"notice by {method}"].add(method in row["notice_methods"], method in notice.methods, where)
    seconds = time.process_time() - begin
    print(f"dates.jsonl: {len(rows)} documents, {len(rows) / seconds:,.0f} documents/s")
    print(
        f"  both dates right: {right} of {dated} dated documents ({right / max(dated, 1):.3f}); dates "
        f"invented: {invented} of {undated}"
    )
    for line in wrong:
        print("      " + line)
    for name, score in parts.items():
        show(name, score, errors)


def _field(score: Score, gold: object, found: object, what: str = "") -> None:
    """A value that differs counts as extra and as missed."""
    if gold and found and gold != found:
        score.add(True, False, f"{what}: gold {gold}, found {found}")
        score.add(False, True)
    else:
        score.add(bool(gold), bool(found), f"{what}: gold {gold}, found {found}")


# --- changes


def changes(folder: Path, errors: bool) -> None:
    rows = list(read(folder / "changes.jsonl"))
    exact = near = direction = category = 0
    alert = Score()
    lines: list[str] = []
    for row in rows:
        change = judge_texts(row["before"], row["after"])
        severity = change.severity.value
        exact += severity == row["severity"]
        near += abs(RANK[severity] - RANK[row["severity"]]) <= 1
        direction += change.direction.value == row["direction"]
        category += change.category in {category_id(name) for name in row["categories"]}
        alert.add(RANK[row["severity"]] >= 2, RANK[severity] >= 2)
        if (severity, change.direction.value) != (row["severity"], row["direction"]):
            lines.append(
                f"{row['id']} {row['path']}: gold {row['severity']} {row['direction']}, "
                f"judged {severity} {change.direction.value} ({change.reason})"
            )
    total = max(len(rows), 1)
    print(f"changes.jsonl: {len(rows)} pairs")
    print(
        f"  severity exact {exact} ({exact / total:.2f}), within one step {near} ({near / total:.2f}); "
        f"direction {direction} ({direction / total:.2f}); category {category}"
    )
    print(f"  medium or above                        {alert}")
    for line in lines if errors else ():
        print("      " + line)


PARTS = {"clauses": clauses, "dates": dates, "changes": changes}


def main() -> None:
    parser = argparse.ArgumentParser(description="Scores of analysis on labelled data.")
    parser.add_argument("gold", nargs="?", type=Path, default=DEFAULT)
    parser.add_argument("--errors", action="store_true", help="list every error for reading")
    parser.add_argument("--only", choices=sorted(PARTS), help="one part")
    options = parser.parse_args()
    for name, part in PARTS.items():
        if options.only in (None, name):
            part(options.gold, options.errors)


if __name__ == "__main__":
    main()
