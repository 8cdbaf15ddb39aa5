"""Tables compared row by row: which company was added or removed, which moved country or changed its purpose."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analysis.blocks import Block, BlockKind
from analysis.cosmetics import canonical
from analysis.fact import Direction, Fact, Weight

__all__ = ["RowChange", "compare_tables", "table_facts"]

_COLUMNS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(source, re.IGNORECASE))
    for name, source in (
        (
            "company",
            r"\b(?:sub-?processors?|name|entity|company|vendor|provider|third part|partner|recipient|"
            r"organi[sz]ation|supplier|service provider)",
        ),
        (
            "country",
            r"\b(?:countr|location|region|jurisdiction|hosted|where|place|data cent(?:er|re)|address|"
            r"headquarter)",
        ),
        ("purpose", r"\b(?:purpose|service|activit|description|use|function|processing|reason|why|role|nature)"),
        ("data", r"\b(?:data|categor|information|type)"),
        ("mechanism", r"\b(?:transfer|mechanism|safeguard|legal basis|clauses)"),
        ("retention", r"\b(?:retention|duration|lifetime|expir|lifespan|period)"),
    )
)
_LONGEST_CELL = 600
_COUNTRY = re.compile(
    r"\b(?:united states|u\.?s\.?a?\.?|canada|mexico|brazil|argentina|united kingdom|u\.?k\.?|ireland|"
    r"france|germany|spain|italy|netherlands|belgium|"
    r"luxembourg|sweden|denmark|norway|finland|poland|czech\w*|austria|switzerland|portugal|romania|"
    r"bulgaria|estonia|latvia|lithuania|ukraine|"
    r"russia|turkey|israel|india|china|japan|south korea|singapore|philippines|australia|new zealand|"
    r"south africa|e\.?u\.?|eea|europe\w*|global|worldwide)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class RowChange:
    """A row that came, went or changed. `key` is its first cell that names something (the company).

    `cells` lists the changed cells as (column, before, after); the column is a known kind ("country", …), the
    header's own words, or "column 3".
    """

    kind: str
    key: str
    before: tuple[str, ...]
    after: tuple[str, ...]
    cells: tuple[tuple[str, str, str], ...] = ()


def compare_tables(old: Sequence[Block], new: Sequence[Block]) -> tuple[RowChange, ...]:
    """Rows of the old blocks against those of the new, matched by the name in the first cell, order left aside.

    Blocks that are no rows are passed over. A header row names the columns. Rows of one key are matched in order.
    """
    header_old, rows_old = _table(old)
    header_new, rows_new = _table(new)
    header = header_new or header_old
    waiting: dict[str, list[tuple[str, ...]]] = {}
    for cells in rows_old:
        waiting.setdefault(_key(cells), []).append(cells)
    changes: list[RowChange] = []
    for cells in rows_new:
        same = waiting.get(_key(cells))
        if not same:
            changes.append(RowChange("added", _name(cells), (), cells))
            continue
        before = next((row for row in same if _equal(row, cells)), same[0])
        same.remove(before)
        if not _equal(before, cells):
            changes.append(RowChange("changed", _name(cells), before, cells, tuple(_cells(header, before, cells))))
    changes.extend(RowChange("removed", _name(row), row, ()) for rows in waiting.values() for row in rows)
    return tuple(changes)


def table_facts(old: Sequence[Block], new: Sequence[Block]) -> Iterator[Fact]:
    """The same as facts; none if neither side has rows."""
    rows = [_row(block) for block in (*old, *new) if block.kind is BlockKind.ROW]
    # one cell, or a page's worth of text in one: a table used for layout
    if not any(len(cells) > 1 and max(map(len, cells)) <= _LONGEST_CELL for cells in rows):
        return
    for change in compare_tables(old, new):
        if change.kind == "changed":
            for column, before, after in change.cells:
                weight = (
                    Weight.MEDIUM if column in ("country", "purpose", "data", "mechanism", "retention") else Weight.LOW
                )
                yield Fact(
                    "row",
                    f"{change.key}: {column} “{before}” → “{after}”",
                    before,
                    after,
                    Direction.NEUTRAL,
                    weight,
                    column,
                )
        else:
            added = change.kind == "added"
            detail = _detail(change.after or change.before)
            yield Fact(
                "row",
                f"row “{change.key}”{detail} {change.kind}",
                "" if added else " | ".join(change.before),
                " | ".join(change.after) if added else "",
                Direction.ADVERSE if added else Direction.FAVOURABLE,
                Weight.MEDIUM,
                "row",
            )


def _table(blocks: Sequence[Block]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    rows = [_row(block) for block in blocks if block.kind is BlockKind.ROW]
    if rows and _is_header(rows[0]):
        return rows[0], rows[1:]
    return (), rows


def _row(block: Block) -> tuple[str, ...]:
    return block.cells or tuple(cell.strip() for cell in block.text.split(" | "))


def _is_header(cells: tuple[str, ...]) -> bool:
    """Short cells without figures of which at least two name a known column."""
    if any(len(cell) > 60 or re.search(r"\d{2}", cell) for cell in cells):
        return False
    return (
        sum(any(pattern.search(cell) for _, pattern in _COLUMNS) for cell in cells) >= min(2, len(cells))
        and len(cells) > 1
    )


def _name(cells: tuple[str, ...]) -> str:
    return next((cell for cell in cells if any(char.isalpha() for char in cell)), cells[0] if cells else "").strip()[
        :120
    ]


_FORM = re.compile(
    r"[,.]?\s+(?:inc|llc|ltd|limited|gmbh|corp|corporation|plc|s\.?a\.?s?|b\.?v|ag|pty|co|oy|ab)\b\.?", re.IGNORECASE
)


def _key(cells: tuple[str, ...]) -> str:
    """Company names compare without their legal form: "Acme, Inc." is "Acme"."""
    return canonical(_FORM.sub("", _name(cells)))


def _equal(first: tuple[str, ...], second: tuple[str, ...]) -> bool:
    return len(first) == len(second) and all(canonical(a) == canonical(b) for a, b in zip(first, second, strict=True))


def _cells(header: tuple[str, ...], before: tuple[str, ...], after: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    for index in range(max(len(before), len(after))):
        first = before[index] if index < len(before) else ""
        second = after[index] if index < len(after) else ""
        if canonical(first) != canonical(second):
            yield _column(header, index, first, second), first, second


def _column(header: tuple[str, ...], index: int, before: str, after: str) -> str:
    if index < len(header):
        title = header[index]
        return next(
            (name for name, pattern in _COLUMNS if pattern.search(title)), title.strip() or f"column {index + 1}"
        )
    if all(text and _COUNTRY.search(text) and len(text) <= 60 for text in (before, after)):
        return "country"
    return f"column {index + 1}"


def _detail(cells: tuple[str, ...]) -> str:
    place = next((cell.strip() for cell in cells[1:] if len(cell) <= 60 and _COUNTRY.search(cell)), "")
    return f" ({place})" if place else ""
