"""Untrusted text, made harmless once for each kind of output.

Page text, titles, URLs and error texts come from the sites that are watched. `clean` takes out what has no place in a
line of text (controls, bidi overrides, invisible characters) and bounds the length; each `…_text` function then makes
the rest literal for one output. Everything that a renderer prints goes through one of them, whoever composed it.
"""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit, urlunsplit

from markupsafe import Markup, escape

__all__ = ["MAX_LINE", "MAX_TEXT", "clean", "defang", "html_text", "markdown_text", "plain_text", "safe_url", "slug"]

MAX_TEXT = 20_000  # characters of one excerpt; nobody reads more in an alert
MAX_LINE = 300  # of a title, a heading, a name
_MAX_URL = 2_000  # longer ones are cut by mail clients and refused by Slack (3,000)

_SPACES = re.compile(r"[\s\x00-\x20\x7f-\xa0\u2028\u2029\u3000]+")
# Format and filler characters: soft hyphen, joiners, bidi marks and overrides, invisible operators, Hangul fillers,
# variation selectors, BOM, interlinear annotation, musical and shorthand controls, tags. They can reorder what is read
# ("exe.fdp"), split a word so that a filter misses it, or hide text from the reader while a machine reads it.
_INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164"
    "\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff]+"
)
_SURROGATES = re.compile("[\ud800-\udfff]")  # cannot be encoded: would raise in the sender


def clean(text: str, limit: int = MAX_TEXT) -> str:
    """One line of visible characters, at most `limit` long; longer text ends with " […]".

    White space becomes single spaces; one at either end stays, since the text may be a piece of a sentence.
    Work is bounded before anything else: of a text of 10 MB only the first 2 × `limit` characters are looked at.
    Zero-width joiners go too, which costs some ligatures in Persian and Indic scripts, but no words.
    """
    bounded = text[: 2 * limit]
    line = _SPACES.sub(" ", _INVISIBLE.sub("", bounded))
    line = _SURROGATES.sub("\ufffd", line)
    if len(line) <= limit and len(bounded) == len(text):
        return line
    mark = " […]"
    kept = line[: max(limit - len(mark), 0)]
    head, _, _ = kept.rpartition(" ")
    return (head if len(head) > limit // 2 else kept) + mark


_WORD_JOINER = "\u2060"  # zero width, no line break: the reader sees the text as it was
_LINKABLE = re.compile(
    r"(?<=[A-Za-z]:)(?=\S)|(?<=:)(?=[^\s\d])|(?<=[@＠])(?=\S)|(?<=[.。．｡])(?=[^\W\d_])|(?<=[\\/])(?=[\\/])"
)


def defang(text: str) -> str:
    """Text in which no client finds a URL, an address or a mention to make live.

    Mail and chat clients link "evil.example", "mailto:…", "\\\\server\\share" and mention "@everyone" by themselves,
    whatever the message's own format. An invisible word joiner after the colon, the at sign, the dot or between
    slashes stops all of them and changes nothing that is read. For text of pages only: our own links are made as links.
    """
    return _LINKABLE.sub(_WORD_JOINER, text)


def plain_text(text: str) -> str:
    """For text/plain. Our marks for changed words, "[-…-]" and "{+…+}", cannot be imitated."""
    line = defang(clean(text))
    for mark in ("[-", "-]", "{+", "+}"):
        line = line.replace(mark, mark[0] + _WORD_JOINER + mark[1])
    return line


def html_text(text: str) -> Markup:
    """For HTML, in an element or a quoted attribute that holds text."""
    return escape(defang(clean(text)))


_MARKDOWN = re.compile(r"([\\`*_{}\[\]()<>#+\-!|~&=.^$])")


def markdown_text(text: str) -> str:
    """For CommonMark and its dialects (Discord, Teams, Matrix, …): each character that any of them reads is escaped."""
    return _MARKDOWN.sub(r"\\\1", defang(clean(text)))


def slug(text: str) -> str:
    """Lower-case ASCII letters, digits and hyphens: for header values and identifiers."""
    return re.sub(r"[^a-z0-9]+", "-", text[:200].lower()).strip("-")[:60] or "x"


def safe_url(url: str) -> str:
    """The URL if it may be linked, with what is not a URL character percent-encoded; else "".

    Only http and https with a host; no user part ("https://bank.example@evil.example"); at most 2,000 characters.
    The result has no quote, angle bracket, pipe, bracket, parenthesis, space or control, so it can stand in any
    attribute or in Slack's and Markdown's link syntax.
    """
    if not url or len(url) > _MAX_URL or url != url.strip() or re.search(r"[\x00-\x20\x7f-\x9f\\]", url):
        return ""
    if _INVISIBLE.search(url) or _SURROGATES.search(url):
        return ""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
        host = host if ":" in host else host.encode("idna").decode("ascii")  # look-alike letters show as xn--…
    except (ValueError, UnicodeError):
        return ""
    if parts.scheme.lower() not in ("http", "https") or not host or "@" in parts.netloc:
        return ""
    if not re.fullmatch(r"[A-Za-z0-9._-]+|[0-9A-Fa-f:.]+", host):
        return ""
    place = (f"[{host}]" if ":" in host else host) + (f":{port}" if port is not None else "")
    keep = "/:;,@!$&=+*~.-_%?"
    fixed = (quote(part, safe=keep) for part in (parts.path, parts.query, parts.fragment))
    path, query, fragment = fixed
    made = urlunsplit((parts.scheme.lower(), place, path, query, fragment))
    return made if len(made) <= _MAX_URL else ""
