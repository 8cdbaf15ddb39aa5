"""What a source gave at one moment: the value that fetchers return, live or from an archive."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

__all__ = ["Fetched", "Hop", "NotModified", "Validators"]


@dataclass(frozen=True, slots=True)
class Hop:
    """One redirect on the way: the URL that redirected, its status, and where it pointed."""

    url: str
    status: int
    location: str


@dataclass(frozen=True, slots=True)
class Validators:
    """ETag and Last-Modified exactly as the server gave them, to be sent back in a conditional request.

    `url` is the page they came with (`Fetched.final_url`). Where it is given they are sent to that URL only: a redirect
    that now leads to another, older page would answer "not modified since" to a date that was never its own.
    """

    etag: str | None = None
    last_modified: str | None = None
    url: str = ""

    def __bool__(self) -> bool:
        return bool(self.etag or self.last_modified)


@dataclass(frozen=True, slots=True)
class Fetched:
    """A capture as it came in.

    `url` is what was asked for, `final_url` where the redirects ended; `time` is when the bytes were given (for a
    memento: when the archive captured them), in UTC. `body` is decompressed, not decoded: charset is the extractor's
    matter. `headers` are lower-case names with values as given, repeated names repeated.
    `archive` is "" for live pages, else the name of the archive; `memento_url` is where it can be looked up.
    `digest` is the archive's own (base32 SHA-1), where it gave one. `wire_bytes` counts the bytes of all
    bodies that came over the network for it, `requests` the requests made (redirects, retries, robots.txt included).
    """

    url: str
    final_url: str
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes
    time: datetime
    hops: tuple[Hop, ...] = ()
    elapsed: float = 0.0
    wire_bytes: int = 0
    archive: str = ""
    memento_url: str = ""
    digest: str = ""
    notes: tuple[str, ...] = field(default=())
    requests: int = 1

    def header(self, name: str) -> str | None:
        """The first value of a header, by its lower-case name."""
        return next((value for key, value in self.headers if key == name), None)

    @property
    def content_type(self) -> str:
        return self.header("content-type") or ""

    @property
    def validators(self) -> Validators:
        return Validators(self.header("etag"), self.header("last-modified"), self.final_url)


@dataclass(frozen=True, slots=True)
class NotModified:
    """The server answered 304: what we have is what there is."""

    url: str
    final_url: str
    time: datetime
    elapsed: float = 0.0
    wire_bytes: int = 0
    requests: int = 1
