"""Whether an answer can hold a policy's text at all, by its Content-Type and its first bytes.

Judging a page (login wall, error page, loading shell) is the gate's matter; here only what is no page is refused.
"""

from __future__ import annotations

import html
import re

from scrapers.errors import BodyEmpty, BodyUnsupported

__all__ = ["check_body", "check_type", "meta_refresh", "plain_text_for_notes"]

READABLE = frozenset(
    {
        "text/html",
        "application/xhtml+xml",
        "text/plain",
        "text/markdown",
        "text/x-markdown",
        "application/pdf",
        "application/x-pdf",
        "application/vnd.wap.xhtml+xml",
    }
)
XML = frozenset({"text/xml", "application/xml"})
NO_TYPE = frozenset({"", "*/*", "unknown/unknown", "application/unknown", "application/x-unknown"})
ANY_BYTES = frozenset(
    {
        "application/octet-stream",
        "binary/octet-stream",
        "application/download",
        "application/x-download",
        "application/force-download",
    }
)

SIGNATURES = (
    (b"\x89PNG", "a PNG image"),
    (b"GIF8", "a GIF image"),
    (b"\xff\xd8\xff", "a JPEG image"),
    (b"PK\x03\x04", "a ZIP archive or an office document"),
    (b"\x1f\x8b\x08", "a gzip archive"),
    (b"BZh", "a bzip2 archive"),
    (b"\xfd7zXZ", "an xz archive"),
    (b"7z\xbc\xaf", "a 7z archive"),
    (b"Rar!", "a RAR archive"),
    (b"\xd0\xcf\x11\xe0", "an office document"),
    (b"RIFF", "a media file"),
    (b"wOF", "a font"),
    (b"\x7fELF", "a program"),
)

SNIFFED = 4096
REFRESH_WITHIN = 16_384
MARKUP = re.compile(r"<(?:!|\?|/?[a-z])", re.IGNORECASE)
META = re.compile(rb"<meta\b[^>]{0,500}>", re.IGNORECASE)
REFRESH = re.compile(r"http-equiv\s*=\s*[\"']?\s*refresh", re.IGNORECASE)
REFRESH_URL = re.compile(r"content\s*=\s*[\"']?\s*[\d.]*\s*[;,]?\s*(?:url\s*=\s*)?[\"']?([^\"'>]+)", re.IGNORECASE)


def _type_of(content_type: str) -> str:
    name = content_type[:200].partition(";")[0].partition(",")[0].strip().lower()
    return name if "/" in name else ""


def check_type(content_type: str) -> None:
    """Refuses an answer by its header alone, before its body is read.

    Raises:
        BodyUnsupported
    """
    name = _type_of(content_type)
    if name not in READABLE and name not in XML and name not in NO_TYPE and name not in ANY_BYTES:
        raise BodyUnsupported(f"the answer is {plain_text_for_notes(name)}, not a page")


def check_body(content_type: str, body: bytes) -> None:
    """Refuses an empty body, and one whose first bytes show that it is no HTML, text or PDF.

    Raises:
        BodyEmpty, BodyUnsupported
    """
    head = body[:SNIFFED]
    if not head.strip(b" \t\r\n\f\0\xef\xbb\xbf") and not body.strip(b" \t\r\n\f\0\xef\xbb\xbf"):
        raise BodyEmpty("the body is empty")
    # A PDF's mark may stand within the first kilobyte (ISO 32000 annex H).
    if head.startswith(b"%PDF-") or b"%PDF-" in head[:1024]:
        return
    for signature, what in SIGNATURES:
        if head.startswith(signature):
            raise BodyUnsupported(f"the body is {what}")
    name = _type_of(content_type)
    if name in READABLE:
        return
    text = _as_text(head)
    if name in XML:
        if "<html" not in text.lower():
            raise BodyUnsupported("the answer is XML other than XHTML")
    # What has no type at all may be plain text, as browsers take it; what is called "any bytes" may not.
    elif not MARKUP.match(text.lstrip()) and (name in ANY_BYTES or _has_controls(text)):
        raise BodyUnsupported("the answer has no usable Content-Type and is neither HTML nor PDF")


def _has_controls(text: str) -> bool:
    return any(character < " " and character not in "\t\n\r\f" for character in text)


def _as_text(head: bytes) -> str:
    """The first bytes for looking at; nothing depends on the right charset except UTF-16 and UTF-32."""
    if head[:4] in (b"\xff\xfe\0\0", b"\0\0\xfe\xff"):
        return head.decode("utf-32", "replace")
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return head.decode("utf-16", "replace")
    return head.removeprefix(b"\xef\xbb\xbf").decode("latin-1")


def meta_refresh(body: bytes) -> str | None:
    """Where a page's `<meta http-equiv=refresh>` sends a browser, unless it is for browsers without scripts only.

    Not followed: it may be a login's or a consent page's, and what the page says until then is what we were given.
    """
    head = body[:REFRESH_WITHIN]
    if b"efresh" not in head and b"EFRESH" not in head:
        return None
    for tag in META.finditer(head):
        text = tag.group().decode("latin-1")
        if not REFRESH.search(text):
            continue
        before = head[: tag.start()].lower()
        if before.rfind(b"<noscript") > before.rfind(b"</noscript"):
            continue
        target = REFRESH_URL.search(text)
        # A refresh without a target reloads the page itself.
        if target and not re.fullmatch(r"[\d.\s;]*", target.group(1)):
            return html.unescape(target.group(1)).strip()
    return None


def plain_text_for_notes(value: str, limit: int = 300) -> str:
    """A stranger's words as they may stand in a note or message: on one line, printable and short."""
    line = "".join(character if character.isprintable() else " " for character in value[: limit + 1])
    return line if len(line) <= limit else line[:limit] + "…"
