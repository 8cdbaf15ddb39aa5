"""What the client must know of an archive: addresses, index dialect and the pace it allows. Data, not subclasses.

Facts are from reference/wayback.md 1.4 (Internet Archive), 2.1 (pywb) and 2.2 (Arquivo.pt).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from urllib.parse import urlsplit

__all__ = ["ARQUIVO", "BUILTIN", "INTERNET_ARCHIVE", "ArchiveProfile", "Dialect", "Endpoint", "Rates"]


class Dialect(StrEnum):
    """How an index is asked. What it answers is recognised by its first byte, whatever was asked for."""

    TEXT = "text"  # Wayback CDX server: columns separated by spaces, blank line, resume key
    JSON = "json"  # the same server with output=json: arrays, the first of them the header
    PYWB = "pywb"  # pywb: NDJSON objects, no resume key


class Endpoint(StrEnum):
    """The parts of an archive that have a limit of their own."""

    INDEX = "index"
    PLAYBACK = "playback"
    SAVE = "save"


@dataclass(frozen=True, slots=True)
class Rates:
    """Requests per second that one user may make, all workers together. Retries and redirect hops count."""

    index: float = 1.0
    playback: float = 4.0
    save: float = 0.2

    def of(self, endpoint: Endpoint) -> float:
        return {Endpoint.INDEX: self.index, Endpoint.PLAYBACK: self.playback, Endpoint.SAVE: self.save}[endpoint]

    def capped(self, ceiling: Rates) -> Rates:
        """These rates, none of them above that of `ceiling`."""
        return Rates(
            index=min(self.index, ceiling.index),
            playback=min(self.playback, ceiling.playback),
            save=min(self.save, ceiling.save),
        )


@dataclass(frozen=True, slots=True)
class ArchiveProfile:
    """One archive.

    Parameters:
        name: stored with every capture that came from it; lower case, short.
        index_url: the CDX endpoint.
        memento_prefix: what stands before `{timestamp}id_/{url}` in a memento's address, with its final slash.
        dialect: how the index is asked.
        rates: the pace; see `Rates`.
        raw_modifier: what asks for the bytes as archived.
        page_limit: rows per index page; None leaves the archive's own cap.
        save_url: the Save Page Now 2 endpoint, "" where there is none.
        note: what its users must know (terms, embargo).
    """

    name: str
    index_url: str
    memento_prefix: str
    dialect: Dialect = Dialect.PYWB
    rates: Rates = Rates()
    raw_modifier: str = "id_"
    page_limit: int = 1000
    save_url: str = ""
    note: str = ""

    def __post_init__(self) -> None:
        for address in (self.index_url, self.memento_prefix):
            parts = urlsplit(address)
            if parts.scheme not in ("http", "https") or not parts.hostname:
                raise ValueError(f"archive {self.name}: not an http(s) address: {address!r}")
        if not self.memento_prefix.endswith("/"):
            object.__setattr__(self, "memento_prefix", self.memento_prefix + "/")

    @classmethod
    def pywb(cls, name: str, base_url: str, collection: str, *, rates: Rates | None = None) -> ArchiveProfile:
        """A collection of a pywb server: `{base_url}/{collection}/cdx` and `{base_url}/{collection}/`."""
        base = f"{base_url.rstrip('/')}/{collection.strip('/')}"
        return cls(name, f"{base}/cdx", f"{base}/", Dialect.PYWB, rates or Rates())

    @classmethod
    def wayback(
        cls, name: str, base_url: str, *, dialect: Dialect = Dialect.TEXT, rates: Rates | None = None
    ) -> ArchiveProfile:
        """An archive that speaks as the Internet Archive does: `{base_url}/cdx/search/cdx` and `{base_url}/web/`."""
        base = base_url.rstrip("/")
        return cls(name, f"{base}/cdx/search/cdx", f"{base}/web/", dialect, rates or Rates(), save_url=f"{base}/save")

    def with_rates(self, rates: Rates) -> ArchiveProfile:
        return replace(self, rates=rates)

    @property
    def key(self) -> str:
        """What the limiter counts under: the host, so that two profiles of one archive share its limits."""
        return urlsplit(self.index_url).netloc.lower()

    def memento_url(self, url: str, timestamp: str, modifier: str | None = None) -> str:
        """The address of a memento; of its raw bytes unless another modifier is given ("" is the view for people)."""
        return f"{self.memento_prefix}{timestamp}{self.raw_modifier if modifier is None else modifier}/{url}"

    def split_memento_url(self, address: str) -> tuple[str, str, str] | None:
        """(timestamp, modifier, url) of an address in this archive's playback, None of any other address.

        The scheme of the archive itself is not looked at: recordings hold http, https and scheme-less ones.
        """
        ours = self.memento_prefix.partition("://")[2]
        scheme, separator, rest = address.partition("://")
        if not separator or scheme.lower() not in ("http", "https") or rest[: len(ours)].lower() != ours.lower():
            return None
        found = _MEMENTO_PATH.match(rest, len(ours))
        if found is None:
            return None
        target = rest[found.end() :]
        return (found[1], found[2] or "", target) if target else None


_MEMENTO_PATH = re.compile(r"(\d{1,14})([a-z]{2}_)?/")

INTERNET_ARCHIVE = ArchiveProfile(
    name="internet-archive",
    index_url="https://web.archive.org/cdx/search/cdx",
    memento_prefix="https://web.archive.org/web/",
    dialect=Dialect.TEXT,
    # hard limits 30 and 600 a minute; clients are asked to stay at 80 %. Saving: 12 a minute
    rates=Rates(index=0.4, playback=8.0, save=0.2),
    save_url="https://web.archive.org/save",
    note="Limits are per address or network; ignoring a 429 blocks it for an hour, doubling each time.",
)

ARQUIVO = ArchiveProfile(
    name="arquivo",
    index_url="https://arquivo.pt/wayback/cdx",
    memento_prefix="https://arquivo.pt/noFrame/replay/",
    dialect=Dialect.PYWB,
    # 250 and 400 a minute are allowed; going over can mean a permanent block
    rates=Rates(index=3.0, playback=3.0),
    note="Captures become public about a year after they were made. Exceeding its limits can block for good.",
)

BUILTIN: dict[str, ArchiveProfile] = {profile.name: profile for profile in (INTERNET_ARCHIVE, ARQUIVO)}
