"""A capture played back by an archive, and how the archive's answers are told apart.

What is true of every archive that speaks RFC 7089 decides: an answer is a memento if and only if it carries
`Memento-Datetime`; that is its real time, and `rel="original"` its real URL, whatever was asked for. The table of
answers is reference/wayback.md 1.2, pywb's differences 2.1.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from html import unescape
from urllib.parse import urljoin, urlsplit

import httpx

from scrapers.archive.cdx import normalise_url, raise_if_forbidden, same_page
from scrapers.archive.exchange import Answer
from scrapers.archive.links import Link, parse_links
from scrapers.archive.profiles import ArchiveProfile, Dialect
from scrapers.archive.timestamps import format_timestamp
from scrapers.capture import Fetched, Hop
from scrapers.errors import ArchiveExcluded, ArchiveFormat, NotArchived, NotPlayable

__all__ = ["Memento", "Outcome", "PastRedirect", "Playback", "original_headers", "read_playback", "sha1_digest"]


@dataclass(frozen=True, slots=True)
class PastRedirect:
    """A redirect that the site itself gave when it was archived. `permanent` ones say that a page has moved."""

    url: str
    time: datetime
    status: int
    location: str
    memento_url: str

    @property
    def permanent(self) -> bool:
        return self.status in (301, 308)


@dataclass(frozen=True, slots=True)
class Memento:
    """A capture as an archive gave it.

    `url` is the address that was really captured (the archive's word), `asked` the one that was asked for; they differ
    after historical redirects and for twins (http/https, www). `time` is when the archive captured it. `status`,
    `headers` and `body` are the site's, not the archive's; `body` is decompressed. `history` holds the site's own
    redirects on the way, `visited` every address of the archive that was requested, the last one giving the memento.
    `digest` is the base32 SHA-1 of what was sent; `row_digest` what the index says, "" where it was not asked.
    """

    archive: str
    asked: str
    url: str
    time: datetime
    memento_url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    links: Mapping[str, Link]
    history: tuple[PastRedirect, ...] = ()
    visited: tuple[str, ...] = ()
    digest: str = ""
    row_digest: str = ""
    row_digest_matches: bool | None = None
    notes: tuple[str, ...] = ()
    elapsed: float = 0.0
    wire_bytes: int = 0

    @property
    def timestamp(self) -> str:
        return format_timestamp(self.time)

    @property
    def fetched(self) -> Fetched:
        """The same as the value that every fetcher gives. `digest` is the index's where it is known."""
        return Fetched(
            url=self.asked,
            final_url=self.url,
            status=self.status,
            headers=self.headers,
            body=self.body,
            time=self.time,
            hops=tuple(Hop(past.url, past.status, past.location) for past in self.history),
            elapsed=self.elapsed,
            wire_bytes=self.wire_bytes,
            archive=self.archive,
            memento_url=self.memento_url,
            digest=self.row_digest or self.digest,
            notes=self.notes,
        )


class Outcome(Enum):
    """What an answer to a playback request is."""

    MEMENTO = "memento"
    PAST_REDIRECT = "past redirect"  # a memento that redirects: the site did
    ARCHIVE_REDIRECT = "archive redirect"  # the archive points to another of its captures


@dataclass(frozen=True, slots=True)
class Playback:
    """An answer, read: for redirects `target` is where they point, as (timestamp, original URL)."""

    outcome: Outcome
    url: str = ""
    time: datetime | None = None
    target: tuple[str, str] | None = None
    location: str = ""
    links: Mapping[str, Link] | None = None
    status: int = 0


def read_playback(profile: ArchiveProfile, answer: Answer, url: str) -> Playback:
    """Tell what an answer to a request for `url` is.

    Raises:
        NotArchived: the archive has no capture of the URL at all.
        NotPlayable: an answer that is neither a memento nor leads to one.
        ArchiveExcluded, ArchiveBlockedByRobots: the archive may not show it.
        ArchiveFormat: an answer that no archive gives.
    """
    time = answer.memento_datetime
    if time is None and answer.headers.get("memento-datetime"):
        raise ArchiveFormat("the memento's time cannot be read", url=answer.url, status=answer.status)
    if time is None:
        return _read_own_answer(profile, answer)
    links = parse_links(answer.headers.get("link", ""))
    original = normalise_url(links["original"].url) if "original" in links else url
    if answer.location is None or not 300 <= answer.status < 400 or answer.status == 304:
        return Playback(Outcome.MEMENTO, original, time, links=links, status=answer.status)
    target = _inside(profile, answer.url, answer.location)
    if target is None:
        # pywb leaves the site's own Location as it was: relative to the page, or leading to the live web
        stamp, location = format_timestamp(time), _join(original, answer.location)
    else:
        stamp, location = target
        if stamp != format_timestamp(time) and same_page(location, original):
            return Playback(Outcome.ARCHIVE_REDIRECT, original, time, target, links=links)
    if not _can_be_asked(location):
        return Playback(Outcome.MEMENTO, original, time, links=links, location=location, status=answer.status)
    return Playback(Outcome.PAST_REDIRECT, original, time, (stamp, location), location, links, answer.status)


# The page that view mode shows instead of a redirect, with status 200 and no Memento-Datetime. Read up to the first
# link behind the sentence.
_VIEWED_REDIRECT = re.compile(r"Got an HTTP (3\d\d) response at crawl time")
_HREF = re.compile(r"""<a\s[^<>]{0,500}?href=["']([^"'<>]{1,16000})["']""", re.IGNORECASE)


def _read_own_answer(profile: ArchiveProfile, answer: Answer) -> Playback:
    """The archive speaks for itself: a pointer to another capture, a refusal, or nothing of use."""
    if answer.location is not None and 300 <= answer.status < 400:
        target = _inside(profile, answer.url, answer.location)
        if target is None:
            raise NotPlayable("the archive redirects out of itself", url=answer.url, status=answer.status)
        return Playback(Outcome.ARCHIVE_REDIRECT, target=target)
    text = answer.text
    raise_if_forbidden(text, "", answer.url, answer.status)
    if answer.status == 404:
        raise NotArchived("the archive has no capture of it", url=answer.url, status=404)
    if answer.status in (403, 451):
        raise ArchiveExcluded("the archive does not show it", url=answer.url, status=answer.status)
    if answer.status == 200 and (found := _VIEWED_REDIRECT.search(text)):
        for link in _HREF.finditer(text, found.end()):
            target = _inside(profile, answer.url, unescape(link[1]))
            if target is not None:
                return Playback(Outcome.PAST_REDIRECT, target=target, location=target[1], status=int(found[1]))
    if answer.status == 200:
        raise NotPlayable("the archive answered with a page of its own", url=answer.url, status=200)
    if 400 <= answer.status < 500:  # pywb says 400 of a page whose only capture redirects to itself
        raise NotPlayable(f"the archive answered {answer.status}", url=answer.url, status=answer.status)
    raise ArchiveFormat(f"the archive answered {answer.status}", url=answer.url, status=answer.status)


def _inside(profile: ArchiveProfile, base: str, location: str) -> tuple[str, str] | None:
    """(timestamp, url) where a Location points into the archive; it may be absolute, path-only or without a scheme."""
    found = profile.split_memento_url(_join(base, location))
    return (found[0], found[2]) if found else None


def _can_be_asked(location: str) -> bool:
    """Whether an archived Location is an address at all; sites have sent everything there."""
    try:
        return urlsplit(location).scheme in ("http", "https") and bool(httpx.URL(location).host)
    except (ValueError, httpx.InvalidURL):
        return False


def _join(base: str, location: str) -> str:
    """The address that a Location means; itself where it cannot be joined to anything."""
    location = location.strip()
    if re.match(r"https?://", location, re.IGNORECASE):
        return location  # urljoin would drop the empty parts of an archived address's path
    try:
        if location.startswith("/") and not location.startswith("//"):
            parts = urlsplit(base)
            return f"{parts.scheme}://{parts.netloc}{location}"
        return urljoin(base, location)
    except ValueError:
        return location


_PREFIX = "x-archive-orig-"

# What pywb itself says of a memento whose other headers it passes on, and what belongs to its own connection.
_PYWBS_OWN = frozenset(
    {
        "memento-datetime",
        "link",
        "content-location",
        "preference-applied",
        "connection",
        "content-length",
        "date",
        "server",
        "transfer-encoding",
        "keep-alive",
    }
)


def original_headers(headers: Sequence[tuple[str, str]], dialect: Dialect) -> tuple[tuple[str, str], ...]:
    """The headers that the site sent, names in lower case.

    The Internet Archive prefixes all but Content-Type and adds many of its own. pywb prefixes those that its own
    server sets anew (Date, Server, ...) and passes the others on. Content-Encoding is left out: the body is
    decompressed.
    """
    given = [(name.lower(), value) for name, value in headers]
    chosen = [(name.removeprefix(_PREFIX), value) for name, value in given if name.startswith(_PREFIX)]
    names = {name for name, _ in chosen}
    for name, value in given:
        plain = name == "content-type" if dialect is not Dialect.PYWB else name not in _PYWBS_OWN
        if plain and name not in names and not name.startswith(_PREFIX):
            chosen.append((name, value))
    return tuple(pair for pair in chosen if pair[0] != "content-encoding")


def sha1_digest(data: bytes) -> str:
    """Base32 SHA-1, as indexes give it."""
    return base64.b32encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode("ascii")
