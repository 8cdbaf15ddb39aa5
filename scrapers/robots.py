"""robots.txt as RFC 9309 has it: what it says, and how long a host's answer counts.

- 2xx: the file's rules. 4xx: there are none, everything is allowed. 5xx: everything is forbidden for a while.
- A host that cannot be reached is no answer at all: that failure is the page's failure too, and is not told as a
  prohibition, which would lead the reader astray.
- At most five redirects are followed; behind more of them there is no file. At most 512 KB are read.

Parsing is Protego's. Before that, the lines of robots other than ours are made anonymous: what is asked is whether a
group's name *is* ours (RFC 9309 2.2.1), and a file with thousands of names over thousands of rules costs nothing.
"""

from __future__ import annotations

import re
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

import anyio
from protego import Protego

from scrapers.errors import FetchError, RobotsForbidden, RobotsUnavailable

__all__ = ["MAX_ROBOTS_BYTES", "MAX_ROBOTS_REDIRECTS", "RobotsAnswer", "RobotsCache", "Rules"]

MAX_ROBOTS_BYTES = 512 * 1024
MAX_ROBOTS_REDIRECTS = 5

FRESH_SECONDS = 24 * 3600.0
"""How long rules count (RFC 9309 2.4)."""

FAILED_SECONDS = 300.0
"""How long a failure to read them counts."""

USER_AGENT_LINE = re.compile(r"\s*user[\s-]*agent[\s:]+(.*)", re.IGNORECASE)
PRODUCT_TOKEN = re.compile(r"[a-z_-]+")

NOBODY = "User-agent: 0"
"""A name that no product token can contain."""


class Rules:
    """What one robots.txt says to one robot.

    Args:
        text: the file; "" allows everything.
        product: our name, in lower case.
    """

    def __init__(self, text: str, product: str) -> None:
        self._product = product
        self._parsed = Protego.parse(_only_ours(text, product)) if text else None

    def allows(self, url: str) -> bool:
        return self._parsed is None or bool(self._parsed.can_fetch(url, self._product))

    @property
    def crawl_delay(self) -> float:
        """Seconds asked for between two requests; 0 when nothing is said."""
        return 0.0 if self._parsed is None else float(self._parsed.crawl_delay(self._product) or 0.0)


def _only_ours(text: str, product: str) -> str:
    lines = text.removeprefix("\ufeff").splitlines()
    for index, line in enumerate(lines):
        found = USER_AGENT_LINE.match(line)
        if found is None:
            continue
        name = found.group(1).partition("#")[0].strip().lower()
        token = PRODUCT_TOKEN.match(name)
        if name == "*":
            lines[index] = "User-agent: *"
        elif token is not None and token.group() == product:
            lines[index] = f"User-agent: {product}"
        else:
            lines[index] = NOBODY
    return "\n".join(lines)


@dataclass(frozen=True, slots=True)
class RobotsAnswer:
    """What a host answered when it was asked for /robots.txt; `status` is of the last hop."""

    status: int
    text: str = ""


@dataclass(slots=True)
class _Entry:
    lock: anyio.Lock = field(default_factory=anyio.Lock)
    until: float = float("-inf")
    rules: Rules | None = None
    failure: FetchError | None = None


class RobotsCache:
    """The rules of all hosts of a run, each read once.

    Args:
        clock: seconds, never going back.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: dict[tuple[str, str], _Entry] = {}

    async def check(self, url: str, origin: str, product: str, read: Callable[[str], Awaitable[RobotsAnswer]]) -> Rules:
        """Asks whether a page may be fetched.

        Args:
            url: the page.
            origin: its scheme, host and port, as in "https://example.com".
            product: our name, in lower case.
            read: reads a robots.txt, following redirects. Called with its URL when there is no fresh answer yet.

        Returns:
            the rules, for their crawl delay.

        Raises:
            RobotsForbidden: the rules forbid it.
            RobotsUnavailable: the host answered 5xx when asked for them.
            FetchError: what `read` raised, now or when it was last called for this host.
        """
        entry = self._entries.setdefault((origin, product), _Entry())
        if entry.until <= self._clock():
            async with entry.lock:
                if entry.until <= self._clock():
                    await self._refresh(entry, f"{origin}/robots.txt", product, read)
        if entry.failure is not None:
            raise _again(entry.failure)
        assert entry.rules is not None
        if not entry.rules.allows(url):
            raise RobotsForbidden("robots.txt forbids this page to us")
        return entry.rules

    async def _refresh(
        self, entry: _Entry, url: str, product: str, read: Callable[[str], Awaitable[RobotsAnswer]]
    ) -> None:
        entry.rules, entry.failure = None, None
        try:
            answer = await read(url)
        except FetchError as error:
            entry.failure = _again(error)
        else:
            if answer.status >= 500:
                entry.failure = RobotsUnavailable(
                    f"robots.txt answers {answer.status}, which forbids everything until it can be read",
                    status=answer.status,
                )
            else:
                entry.rules = Rules(answer.text if answer.status < 300 else "", product)
        entry.until = self._clock() + (FRESH_SECONDS if entry.failure is None else FAILED_SECONDS)


def _again(error: FetchError) -> FetchError:
    """A copy without the traceback, which would keep a whole fetch alive in the cache and grow with each raise."""
    kind = type(error)
    copy = kind.__new__(kind)
    copy.__dict__.update(error.__dict__)
    copy.args = error.args
    return copy
