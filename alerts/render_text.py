"""Plain text: the text part of mails, and any channel that shows text as it is."""

from __future__ import annotations

from pathlib import Path

from alerts.escape import clean
from alerts.fit import fitted
from alerts.message import Message
from alerts.templating import render

__all__ = ["render_text", "title_of"]

MAIL_TEXT = 200_000


def render_text(message: Message, *, limit: int = MAIL_TEXT, folder: Path | None = None) -> str:
    """The message as lines of text of at most `limit` characters; changed words stand in [-…-] and {+…+}."""
    made = fitted(message, lambda m: render("message.txt", m, folder=folder).strip() + "\n", limit)
    return made if len(made) <= limit else made[: max(limit - 2, 0)].rstrip() + " …"


def title_of(message: Message, limit: int = 250) -> str:
    """The subject as one line, for channels with a title of their own."""
    return clean(message.subject, limit).strip()
