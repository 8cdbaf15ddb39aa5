"""What commands print: plain lines, tables, differences in colour, JSON.

Text of pages is untrusted: control characters, bidi overrides and invisible characters never reach the terminal, and
nothing of it is read as markup.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from alerts.escape import clean

__all__ = ["UserError", "complain", "console", "print_json", "print_lines", "safe", "say_when", "table"]

LONGEST = 100_000


class UserError(Exception):
    """Something that the caller can mend; its text is the whole message. Exit code 2."""


class _Console(Console):
    def on_broken_pipe(self) -> None:
        raise BrokenPipeError  # rich would leave with the exit code of a failed watch


def console() -> Console:
    """Standard output, in colour where it is a terminal. Wide when it is not, so that pipes get whole lines."""
    return _Console(highlight=False, soft_wrap=not sys.stdout.isatty(), width=None if sys.stdout.isatty() else 180)


def complain(line: str) -> None:
    """A line for standard error."""
    sys.stderr.write(f"clausewatch: {safe(line)}\n")


def safe(text: str, limit: int = LONGEST) -> str:
    """Untrusted text for a terminal: one line of visible characters."""
    return clean(text, limit)


def print_json(data: Any) -> None:
    sys.stdout.write(json.dumps(data, ensure_ascii=False, indent=2) + "\n")


def print_lines(lines: Iterable[str | Text]) -> None:
    out = console()
    for line in lines:
        out.print(line if isinstance(line, Text) else Text(line))


def table(columns: Sequence[str], rows: Iterable[Sequence[str | Text]], *, title: str = "") -> Table:
    """A table of cells that are taken literally."""
    made = Table(title=Text(title) if title else None, title_justify="left", show_edge=False, pad_edge=False, box=None)
    for number, column in enumerate(columns):
        made.add_column(Text(column, style="bold"), overflow="fold", no_wrap=number == 0)
    for row in rows:
        made.add_row(*(cell if isinstance(cell, Text) else Text(safe(cell, 2000)) for cell in row))
    return made


def say_when(time: datetime | None) -> str:
    """A moment to the minute, in UTC."""
    return f"{time.astimezone(UTC):%Y-%m-%d %H:%M}" if time else "never"
