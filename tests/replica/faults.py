"""What goes wrong on demand, and the log of what was asked. Both are deterministic: the same requests in any order
meet the same faults, because a fault is drawn from its seed, the URL and how often this URL was asked before."""

from __future__ import annotations

import hashlib
import re
import time
from collections import Counter, deque
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Literal, get_args

__all__ = ["Access", "AccessLog", "Area", "Fault", "FaultKind", "Faults"]

Area = Literal["cdx", "playback", "live", "control"]

FaultKind = Literal[
    # any answer
    "status",  # `status` (429, 503, 504, ...), with `retry_after` if given; never a memento
    "drop",  # connection reset before any answer
    "reset",  # connection reset in the middle of the body
    "truncated",  # connection closed in good order in the middle of the body
    "truncated-gzip",  # half of the gzip stream, with a Content-Length that fits the half
    "false-gzip",  # Content-Encoding: gzip over a plain body
    "garbage",  # something that is not HTTP
    "delay",  # `delay` seconds before the answer
    "drip",  # the body in `pieces` parts with `delay` seconds between them
    "html",  # status 200 with a page of somebody in between (a proxy, a captive portal)
    # the archive's refusals
    "blocked",  # 403 with the runtime error header
    "robots",  # the same for robots.txt, as a 200 line of text in the index
    "excluded",  # 200 with the "has been excluded" page, no Memento-Datetime
    # the index
    "duplicate-rows",  # a share `rate` of the rows twice, a third of those also with another length
    "malformed-rows",  # lines that are no rows between a share `rate` of the rows
    "repeat-key",  # the resume key that was sent comes back
    "growing",  # the newest `hidden` rows appear `step` per request
    # playback
    "elsewhere",  # listed, but redirects to another capture
]

_ROWS: tuple[FaultKind, ...] = ("duplicate-rows", "malformed-rows")


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that goes wrong.

    Parameters:
        kind: what.
        area: only for this part of the replica ("" is all).
        match: regular expression searched in `host + path?query` as sent by the client ("" is all).
        rate: share of the matching requests (for the row faults: of the rows).
        count: at most so many times in all; None is no end.
        per_url: at most so many times for one URL, so that a client that tries again gets through.
        skip: so many matching requests pass first.
        retry_after: value of the header with a `status`.
    """

    kind: FaultKind
    area: Area | Literal[""] = ""
    match: str = ""
    rate: float = 1.0
    count: int | None = None
    per_url: int | None = None
    skip: int = 0
    status: int = 503
    retry_after: str | None = None
    delay: float = 0.02
    pieces: int = 20
    hidden: int = 0
    step: int = 1
    seed: int = 0

    def __post_init__(self) -> None:
        if self.kind not in get_args(FaultKind):
            raise ValueError(f"no fault is called {self.kind!r}")


def draw(*what: object) -> float:
    """A number from 0 to 1 that depends on nothing but what is given."""
    return int.from_bytes(hashlib.sha256(repr(what).encode()).digest()[:8], "big") / 2**64


@dataclass
class _Counts:
    matched: int = 0
    fired: int = 0
    urls: Counter[str] = field(default_factory=Counter)
    fired_urls: Counter[str] = field(default_factory=Counter)


class Faults:
    """The faults in force, with their counts."""

    def __init__(self, faults: Iterable[Fault] = ()) -> None:
        self.set(faults)

    def set(self, faults: Iterable[Fault]) -> None:
        """Replace them all; counts begin again."""
        self._all = [(fault, re.compile(fault.match), _Counts()) for fault in faults]

    def __iter__(self) -> Iterator[Fault]:
        return (fault for fault, _, _ in self._all)

    def fired(self) -> dict[str, int]:
        """How often each kind has struck."""
        counts: Counter[str] = Counter()
        for fault, _, count in self._all:
            counts[fault.kind] += count.fired
        return dict(counts)

    def strike(self, area: Area, target: str) -> dict[FaultKind, tuple[Fault, int]]:
        """The faults that this request meets, each with how often it struck before; counts them."""
        struck: dict[FaultKind, tuple[Fault, int]] = {}
        for fault, pattern, counts in self._all:
            if fault.area not in ("", area) or not pattern.search(target) or fault.kind in struck:
                continue
            counts.matched += 1
            attempt = counts.urls[target]
            counts.urls[target] += 1
            if (
                counts.matched <= fault.skip
                or (fault.count is not None and counts.fired >= fault.count)
                or (fault.per_url is not None and counts.fired_urls[target] >= fault.per_url)
                or (fault.kind not in _ROWS and draw(fault.seed, fault.kind, target, attempt) >= fault.rate)
            ):
                continue
            struck[fault.kind] = (fault, counts.fired)
            counts.fired += 1
            counts.fired_urls[target] += 1
        return struck


@dataclass(slots=True)
class Access:
    """One request as the server saw it. `time` is seconds on the monotonic clock when it arrived."""

    time: float
    area: Area
    method: str
    host: str
    target: str
    user_agent: str
    connection: str
    status: int = 0
    faults: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        return asdict(self)


class AccessLog:
    """The requests so far, oldest first (the last 200,000 of them)."""

    def __init__(self) -> None:
        self.entries: deque[Access] = deque(maxlen=200_000)

    def add(self, **values: object) -> Access:
        entry = Access(time=time.monotonic(), **values)  # type: ignore[arg-type]
        self.entries.append(entry)
        return entry

    def clear(self) -> None:
        self.entries.clear()

    def of(self, area: Area, match: str = "") -> list[Access]:
        """The requests of one area whose target contains `match`."""
        return [entry for entry in list(self.entries) if entry.area == area and match in entry.target]

    def busiest(self, area: Area, window: float) -> int:
        """The largest number of requests that arrived within any `window` seconds."""
        times = [entry.time for entry in self.of(area)]
        best = start = 0
        for end, now in enumerate(times):
            while now - times[start] > window:
                start += 1
            best = max(best, end - start + 1)
        return best
