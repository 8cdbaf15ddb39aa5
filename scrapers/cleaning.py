"""White space and invisible characters out of a line of text."""

from __future__ import annotations

import unicodedata
from typing import Final

__all__ = ["clean"]

# Invisible: soft hyphen, zero-width space and no-break space, word joiner, bidirectional marks, C0/C1 controls,
# private and unassigned characters stay (they may be glyphs of an icon font, but also of a script).
_INVISIBLE: Final = dict.fromkeys(
    [
        *range(0x20),
        *range(0x7F, 0xA0),
        0xAD,
        0x180E,
        0x200B,
        0x200E,
        0x200F,
        *range(0x202A, 0x202F),
        *range(0x2060, 0x2070),
        0xFEFF,
        *range(0xFFF9, 0xFFFC),
    ]
)


def clean(text: str) -> str:
    """What a reader sees: single spaces, NFC, nothing invisible."""
    text = " ".join(text.split())
    if text.isascii():
        return text if text.isprintable() else text.translate(_INVISIBLE)
    if not text.isprintable():
        text = " ".join(text.translate(_INVISIBLE).split())
    return unicodedata.normalize("NFC", text)
