"""Everything that can go wrong between a URL and an extraction, each a class of its own.

    ScrapeError
    ├── FetchError                      a live page or an archive could not be read
    │   ├── BadUrl                      not an http(s) URL that can be requested
    │   ├── AddressForbidden            a private, loopback, link-local or otherwise internal address
    │   ├── RobotsForbidden             robots.txt says no
    │   │   └── RobotsUnavailable       robots.txt answers 5xx, so nothing may be fetched until it can be read
    │   ├── ConnectionFailed
    │   │   ├── NameNotResolved
    │   │   ├── ConnectionRefused       refused, reset or unreachable before an answer
    │   │   └── TlsFailed               certificate or handshake
    │   ├── FetchTimeout
    │   │   ├── ConnectTimeout
    │   │   ├── ReadTimeout
    │   │   └── TotalTimeout            answering, but slower than the time allowed for a whole fetch
    │   ├── ProtocolFailed              an answer that is not HTTP, or broken off in mid-body
    │   ├── RedirectFailed
    │   │   ├── TooManyRedirects
    │   │   ├── RedirectLoop
    │   │   └── BadRedirect             a redirect without a usable target
    │   ├── StatusFailed
    │   │   ├── AccessDenied            401, 403, 451
    │   │   ├── PageGone                404, 410
    │   │   ├── TooManyRequests         429, after the retries
    │   │   ├── ServerFailed            5xx, after the retries
    │   │   └── UnexpectedStatus
    │   └── BodyFailed
    │       ├── BodyTooLarge            over the cap, on the wire or decompressed
    │       ├── BodyUndecodable         does not decompress as its Content-Encoding says
    │       ├── BodyTruncated           shorter than announced, or the compressed stream ends early
    │       ├── BodyEmpty
    │       └── BodyUnsupported         an image, an archive, …: nothing that holds a policy's text
    ├── ExtractError                    bytes that do not become text
    │   ├── SelectorInvalid             a selector of the configuration is no CSS
    │   ├── TextMissing                 the page has no text at all
    │   ├── PdfUnreadable               broken or encrypted
    │   ├── PdfScanned                  pictures of text: has no text
    │   └── PageTooComplex              over the limits of depth, elements or time
    └── ArchiveError                    see `scrapers.archive`
        ├── ArchiveFormat               an answer that is not what the protocol says
        ├── NotArchived                 the archive has no capture of the URL
        ├── NotPlayable                 listed, but not played back; or another capture than the one asked for
        │   └── OutsideWindow           the nearest capture is too far away in time
        ├── ArchiveLoop                 historical redirects that lead back to where they began
        ├── ArchiveExcluded             the archive may not show it
        │   └── ArchiveBlockedByRobots
        ├── ArchiveRateLimited          429 twice: hand the work back to the schedule; `retry_after` seconds
        ├── ArchiveUnavailable          5xx or transport errors after all retries
        ├── ArchiveRefusing             connections refused in a row: circuit open until `until`
        └── SaveFailed                  Save Page Now; `transient` says whether a later try can succeed

`kind` is the stable name that is stored with a check and compared between checks ("fetch.read-timeout").
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import ClassVar

__all__ = [
    "AccessDenied",
    "AddressForbidden",
    "ArchiveBlockedByRobots",
    "ArchiveError",
    "ArchiveExcluded",
    "ArchiveFormat",
    "ArchiveLoop",
    "ArchiveRateLimited",
    "ArchiveRefusing",
    "ArchiveUnavailable",
    "BadRedirect",
    "BadUrl",
    "BodyEmpty",
    "BodyFailed",
    "BodyTooLarge",
    "BodyTruncated",
    "BodyUndecodable",
    "BodyUnsupported",
    "ConnectTimeout",
    "ConnectionFailed",
    "ConnectionRefused",
    "ExtractError",
    "FetchError",
    "FetchTimeout",
    "NameNotResolved",
    "NotArchived",
    "NotPlayable",
    "OutsideWindow",
    "PageGone",
    "PageTooComplex",
    "PdfScanned",
    "PdfUnreadable",
    "ProtocolFailed",
    "ReadTimeout",
    "RedirectFailed",
    "RedirectLoop",
    "RobotsForbidden",
    "RobotsUnavailable",
    "SaveFailed",
    "ScrapeError",
    "SelectorInvalid",
    "ServerFailed",
    "StatusFailed",
    "TextMissing",
    "TlsFailed",
    "TooManyRedirects",
    "TooManyRequests",
    "TotalTimeout",
    "UnexpectedStatus",
]


class ScrapeError(Exception):
    """Base of all. `advice` is one sentence on what a person can do about it.

    Parameters:
        message: what happened, in plain words, without the URL.
        url: the URL of the hop that failed.
        hop: 0 for the URL that was asked for, 1 for the first redirect's target, …
        status: HTTP status, where there was an answer.
        elapsed: seconds from the start of the fetch to the failure.

    Set by the fetchers besides: `requests` made and `wire_bytes` received up to the failure, and `transient`, whether
    the same request may succeed a little later.
    """

    kind: ClassVar[str] = "scrape"
    advice: ClassVar[str] = ""

    def __init__(
        self,
        message: str,
        *,
        url: str = "",
        hop: int = 0,
        status: int | None = None,
        elapsed: float | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.url = url
        self.hop = hop
        self.status = status
        self.elapsed = elapsed
        self.requests = 0
        self.wire_bytes = 0
        self.transient = False
        self.time = datetime.now(UTC)

    def __str__(self) -> str:
        where = f" at {self.url}" if self.url else ""
        after = f" after {self.hop} redirect{'s' if self.hop > 1 else ''}" if self.hop else ""
        return f"{self.message}{where}{after}"


class FetchError(ScrapeError):
    kind = "fetch"


class BadUrl(FetchError):
    kind = "fetch.bad-url"
    advice = "Correct the address in config.toml."


class AddressForbidden(FetchError):
    kind = "fetch.address-forbidden"
    advice = "Set fetch.allow_private_addresses if this internal address is really meant."


class RobotsForbidden(FetchError):
    kind = "fetch.robots"
    advice = "Set robots = false for the document if you may read the page all the same."


class RobotsUnavailable(RobotsForbidden):
    kind = "fetch.robots-unavailable"


class ConnectionFailed(FetchError):
    kind = "fetch.connection"
    advice = "Check that the address still exists; a moved page needs a new url in config.toml."


class NameNotResolved(ConnectionFailed):
    kind = "fetch.name-not-resolved"


class ConnectionRefused(ConnectionFailed):
    kind = "fetch.connection-refused"


class TlsFailed(ConnectionFailed):
    kind = "fetch.tls"
    advice = "The site's certificate is not valid; open the page in a browser to see why."


class FetchTimeout(FetchError):
    kind = "fetch.timeout"
    advice = "The site is slow or blocks; raise fetch.total_timeout if it is always slow."


class ConnectTimeout(FetchTimeout):
    kind = "fetch.connect-timeout"


class ReadTimeout(FetchTimeout):
    kind = "fetch.read-timeout"


class TotalTimeout(FetchTimeout):
    kind = "fetch.total-timeout"


class ProtocolFailed(FetchError):
    kind = "fetch.protocol"


class RedirectFailed(FetchError):
    kind = "fetch.redirect"
    advice = "Open the page in a browser and put the address it ends at into config.toml."


class TooManyRedirects(RedirectFailed):
    kind = "fetch.too-many-redirects"


class RedirectLoop(RedirectFailed):
    kind = "fetch.redirect-loop"


class BadRedirect(RedirectFailed):
    kind = "fetch.bad-redirect"


class StatusFailed(FetchError):
    kind = "fetch.status"


class AccessDenied(StatusFailed):
    kind = "fetch.access-denied"
    advice = "The site refuses us; see whether it does so for a browser too."


class PageGone(StatusFailed):
    kind = "fetch.page-gone"
    advice = "Find where the policy moved to and put the new url into config.toml."


class TooManyRequests(StatusFailed):
    kind = "fetch.too-many-requests"
    advice = "Raise fetch.host_pause for this vendor."

    def __init__(self, message: str, *, retry_after: float | None = None, **where: object) -> None:
        super().__init__(message, **where)  # type: ignore[arg-type]
        self.retry_after = retry_after


class ServerFailed(StatusFailed):
    kind = "fetch.server-failed"


class UnexpectedStatus(StatusFailed):
    kind = "fetch.unexpected-status"


class BodyFailed(FetchError):
    kind = "fetch.body"


class BodyTooLarge(BodyFailed):
    kind = "fetch.body-too-large"
    advice = "Raise fetch.max_bytes for the document if the page is really that long."


class BodyUndecodable(BodyFailed):
    kind = "fetch.body-undecodable"


class BodyTruncated(BodyFailed):
    kind = "fetch.body-truncated"


class BodyEmpty(BodyFailed):
    kind = "fetch.body-empty"


class BodyUnsupported(BodyFailed):
    kind = "fetch.body-unsupported"
    advice = "The address leads to something that is neither HTML, text nor PDF."


class ExtractError(ScrapeError):
    kind = "extract"


class SelectorInvalid(ExtractError):
    kind = "extract.selector-invalid"
    advice = "Correct the selector in config.toml."


class TextMissing(ExtractError):
    kind = "extract.text-missing"


class PdfUnreadable(ExtractError):
    kind = "extract.pdf-unreadable"


class PdfScanned(ExtractError):
    kind = "extract.pdf-scanned"
    advice = "The PDF holds pictures of text; ask the vendor for one with text, or watch another address."


class PageTooComplex(ExtractError):
    kind = "extract.page-too-complex"


class ArchiveError(ScrapeError):
    kind = "archive"


class ArchiveFormat(ArchiveError):
    kind = "archive.format"


class NotArchived(ArchiveError):
    kind = "archive.not-archived"


class NotPlayable(ArchiveError):
    kind = "archive.not-playable"


class OutsideWindow(NotPlayable):
    kind = "archive.outside-window"


class ArchiveLoop(ArchiveError):
    kind = "archive.loop"


class ArchiveExcluded(ArchiveError):
    kind = "archive.excluded"


class ArchiveBlockedByRobots(ArchiveExcluded):
    kind = "archive.blocked-by-robots"


class ArchiveRateLimited(ArchiveError):
    kind = "archive.rate-limited"

    def __init__(self, message: str, *, retry_after: float = 60.0, **where: object) -> None:
        super().__init__(message, **where)  # type: ignore[arg-type]
        self.retry_after = retry_after


class ArchiveUnavailable(ArchiveError):
    kind = "archive.unavailable"


class ArchiveRefusing(ArchiveError):
    kind = "archive.refusing"

    def __init__(self, message: str, *, until: datetime, **where: object) -> None:
        super().__init__(message, **where)  # type: ignore[arg-type]
        self.until = until


class SaveFailed(ArchiveError):
    kind = "archive.save-failed"

    def __init__(self, message: str, *, code: str = "", transient: bool = False, **where: object) -> None:
        super().__init__(message, **where)  # type: ignore[arg-type]
        self.code = code
        self.transient = transient
