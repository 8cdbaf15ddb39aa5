"""HTML for mail: inline styles, readable in light and dark, nothing of the page as markup or link."""

from __future__ import annotations

from pathlib import Path

from alerts.fit import fitted
from alerts.message import Message
from alerts.templating import render

__all__ = ["render_html"]

GMAIL_CLIPS = 100_000  # bytes; Gmail hides what comes after 102 KB behind "View entire message"


def render_html(message: Message, *, limit: int = GMAIL_CLIPS, folder: Path | None = None) -> str:
    """The message as an HTML document of at most `limit` bytes of UTF-8."""
    return fitted(message, lambda m: render("message.html", m, folder=folder), limit, lambda made: len(made.encode()))
