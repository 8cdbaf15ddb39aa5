"""Where each page is, relative to the folder of all pages: addresses that stay for ever, because alerts link to them.

A part of a path is made of lower-case letters, digits, ".", "_" and "-" only; everything else is written as "~" and the
hexadecimal of its UTF-8 bytes. So no name can leave the folder, and two names never meet on a file system that ignores
case.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache
from posixpath import dirname, relpath
from urllib.parse import urlsplit

__all__ = [
    "calendar_url",
    "category_url",
    "change_url",
    "document_url",
    "link_between",
    "safe_link",
    "version_url",
    "versions_url",
]

CALENDAR = "calendar.html"
CHANGES = "changes/index.html"
CLAUSES = "clauses/index.html"
OVERVIEW = "index.html"
RUNS = "runs.html"
SEARCH = "search.html"

_PLAIN = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789_-")
_LONGEST = 100


def document_url(key: str) -> str:
    """The page of a document, by its key "vendor/document"."""
    return f"{_folder(key)}.html"


def version_url(key: str, version_id: int) -> str:
    """The text of one version."""
    return f"{_folder(key)}/version-{int(version_id)}.html"


def versions_url(key: str) -> str:
    """All versions, for documents that have too many for their page."""
    return f"{_folder(key)}/versions.html"


def change_url(change_id: int, part: int = 1) -> str:
    """The page of a change. A very long difference goes on in further parts."""
    return f"changes/{int(change_id)}.html" if part == 1 else f"changes/{int(change_id)}-{int(part)}.html"


def category_url(category: str, part: int = 1) -> str:
    """What every vendor says about a category."""
    return f"clauses/{_part(category)}.html" if part == 1 else f"clauses/{_part(category)}-{int(part)}.html"


def calendar_url() -> str:
    """The upcoming dates."""
    return CALENDAR


def link_between(page: str, target: str) -> str:
    """The target as a page links to it. Pages open from a folder, so links are relative and name files."""
    path, mark, anchor = target.partition("#")
    return (_relative(dirname(page) or ".", path) if path else "") + mark + anchor


@lru_cache(maxsize=8192)
def _relative(folder: str, path: str) -> str:
    return relpath(path, folder)


def safe_link(url: str) -> str:
    """The URL where it may become a link, which is http and https only; else ""."""
    if len(url) > 4000 or any(char <= " " or char == "\x7f" for char in url):
        return ""
    try:
        parts = urlsplit(url)
    except ValueError:
        return ""
    return url if parts.scheme.lower() in ("http", "https") and parts.netloc else ""


def _folder(key: str) -> str:
    vendor, _, document = key.partition("/")
    return f"documents/{_part(vendor)}/{_part(document)}"


def _part(name: str) -> str:
    encoded = name.encode("utf-8", "surrogatepass")
    written = "".join(
        chr(byte) if byte in _PLAIN or (byte == 0x2E and place) else f"~{byte:02x}"
        for place, byte in enumerate(encoded)
    )
    if not written:
        return "~"
    if len(written) > _LONGEST:
        return f"{written[:60]}~~{hashlib.sha256(encoded).hexdigest()[:32]}"
    return written
