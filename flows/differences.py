"""A difference for the terminal and as JSON: the judged clause changes, most severe first, then the text."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from rich.text import Text

from analysis.alignment import Alignment, Op, Span
from analysis.judgement import ClauseChange, Judgement
from analysis.render import Line, LineKind, unified
from flows.jsonable import jsonable
from flows.terminal import safe

__all__ = ["SEVERITY_STYLES", "append_span", "difference_json", "difference_lines"]

SEVERITY_STYLES = {"high": "bold red", "medium": "yellow", "low": "cyan", "cosmetic": "dim"}
_MARKS = {
    LineKind.REMOVED: "-",
    LineKind.ADDED: "+",
    LineKind.MODIFIED: "~",
    LineKind.COSMETIC: "≈",
    LineKind.MOVED: "↕",
    LineKind.CONTEXT: " ",
}


def difference_lines(
    alignment: Alignment, judgement: Judgement, *, context: int = 1, cosmetic: bool = False
) -> Iterator[str | Text]:
    """Lines to print. Where there are no colours, words that went are in [-…-], words that came in {+…+}."""
    real = [change for change in judgement.ranked if change.severity != "cosmetic"]
    quiet = len(judgement.clause_changes) - len(real)
    if not real:
        yield "no difference in what it says" + (f" ({quiet} cosmetic)" if quiet else "")
    else:
        yield ""
        yield from _summary(judgement, real, quiet)
    if real or cosmetic:
        yield ""
        for line in unified(alignment, context=max(context, 0), cosmetic=cosmetic):
            yield _line(line)


def _summary(judgement: Judgement, real: list[ClauseChange], quiet: int) -> Iterator[str | Text]:
    for change in real:
        head = Text(f"{change.severity.value:>8}  ", style=SEVERITY_STYLES[change.severity.value])
        where = f" [{safe(change.heading, 80)}]" if change.heading else ""
        head.append(safe(f"{change.headline} ({change.kind}, {change.direction.value})", 400) + where, style="default")
        yield head
    for note in judgement.notes:
        yield f"    note  {safe(note, 400)}"
    if quiet:
        yield f"          and {quiet} cosmetic differences (--cosmetic shows them)"


def _line(line: Line) -> Text:
    if line.kind is LineKind.HIDDEN:
        return Text(f"  … {line.hidden} unchanged", style="dim")
    text = Text(f"{_MARKS[line.kind]} ", style="dim" if line.kind is LineKind.CONTEXT else "bold")
    for span in line.spans:
        append_span(text, span)
    if line.notes:
        text.append(f"  ({', '.join(line.notes)})", style="dim")
    return text


def append_span(text: Text, span: Span) -> None:
    """Add a run of words, marked if only one side has them."""
    words = safe(span.text)
    match span.op:
        case Op.EQUAL:
            text.append(words)
        case Op.DELETE:
            text.append(f"[-{words}-]", style="red")
        case Op.INSERT:
            text.append(f"{{+{words}+}}", style="green")


def difference_json(alignment: Alignment, judgement: Judgement) -> dict[str, Any]:
    """Judgement and differences as data; unchanged blocks are left out."""
    pairs = [
        {
            "kind": pair.kind.value,
            "moved": pair.moved,
            "old": pair.old,
            "new": pair.new,
            "spans": jsonable(pair.spans),
            "notes": pair.notes,
        }
        for pair in (*alignment.changes, *alignment.cosmetic)
    ]
    return {
        "severity": judgement.severity.value,
        "direction": judgement.direction.value,
        "summary": judgement.summary,
        "effective": judgement.effective.iso if judgement.effective else None,
        "facts": jsonable(judgement.facts),
        "notes": list(judgement.notes),
        "clauses": jsonable(judgement.ranked),
        "pairs": pairs,
    }
