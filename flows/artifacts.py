"""What Prefect's dashboard shows of a run: Markdown tables and differences.

Page text is escaped: neither Markdown nor HTML of a watched page may become markup in the dashboard.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from alerts.escape import clean, markdown_text
from flows.outcomes import CheckResult
from storage.records import ChangeRecord, ClauseChangeRecord
from storage.store import Store

__all__ = ["change_markdown", "outcome_markdown"]

LONGEST_CELL = 200
LONGEST_TEXT = 4000


def outcome_markdown(results: Iterable[CheckResult]) -> str:
    """The outcome table of a run: what failed first, then what changed."""
    lines = ["| vendor | document | outcome | what | versions | last verified |", "|---|---|---|---|---|---|"]
    for result in sorted(results, key=lambda r: (not r.outcome.failing, r.outcome.value == "unchanged", r.key)):
        cells = (
            result.vendor,
            result.document,
            result.outcome.value,
            result.detail,
            str(result.versions),
            say_time(result.last_verified),
        )
        lines.append("| " + " | ".join(_cell(cell) for cell in cells) + " |")
    return "\n".join(lines)


def change_markdown(store: Store, result: CheckResult) -> str:
    """The differences of the newest change of a document, clause by clause."""
    assert result.change_id is not None
    change = store.change(result.change_id)
    lines = [
        f"# {_cell(result.vendor)}, {_cell(result.document)}",
        "",
        f"**{_cell(change.summary)}** (severity {change.severity}, {change.direction})",
        "",
        f"Old text last seen {say_time(change.from_time)}, new text first seen {say_time(change.to_time)}.",
        *_effective(change),
    ]
    for clause in change.clauses:
        lines += _clause_lines(clause)
    return "\n".join(lines)


def _effective(change: ChangeRecord) -> list[str]:
    return [f"Takes effect on {change.effective}."] if change.effective else []


def _clause_lines(clause: ClauseChangeRecord) -> list[str]:
    heading = f", under “{_cell(clause.heading)}”" if clause.heading else ""
    lines = [
        "",
        f"## {_cell(clause.category)}: {clause.kind} ({clause.severity}){heading}",
        "",
        _cell(clause.reason),
        "",
    ]
    if clause.before:
        lines += ["Before:", "", "> " + _text(clause.before), ""]
    if clause.after:
        lines += ["After:", "", "> " + _text(clause.after), ""]
    return lines


def say_time(time: datetime | None) -> str:
    return f"{time:%Y-%m-%d %H:%M} UTC" if time else "never"


def _cell(text: str) -> str:
    return markdown_text(clean(text, LONGEST_CELL))


def _text(text: str) -> str:
    return markdown_text(clean(text, LONGEST_TEXT))
