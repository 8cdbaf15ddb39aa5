"""Web archives: list a page's captures, play them back, save a page, and plan what a backfill must fetch.

`ArchiveClient` reads one archive, described by an `ArchiveProfile`; `SavePageNow` has pages captured. `plan.plan` and
`Sweep` decide, without any I/O, what of a listing is worth a request. What can go wrong is in `scrapers.errors` under
`ArchiveError`. Facts about protocols, limits and traps: reference/wayback.md.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scrapers.archive.cdx import CaptureRow, same_page
    from scrapers.archive.client import DEFAULT_WINDOW, ArchiveClient, CdxPage
    from scrapers.archive.exchange import Traffic
    from scrapers.archive.limits import ExchangeLimits
    from scrapers.archive.memento import Memento, PastRedirect, sha1_digest
    from scrapers.archive.pace import CircuitPolicy, Limiter, ProcessLimiter
    from scrapers.archive.plan import Content, Every, Move, Plan, estimate, find_moves, resolve_revisits
    from scrapers.archive.profiles import ARQUIVO, BUILTIN, INTERNET_ARCHIVE, ArchiveProfile, Dialect, Endpoint, Rates
    from scrapers.archive.save import Saved, SaveJob, SavePageNow, SaveState, SaveStatus
    from scrapers.archive.settings import ArchiveSettings, RateSettings, SaveSettings
    from scrapers.archive.sweep import MAX_GAP, Boundary, Sweep
    from scrapers.archive.timestamps import format_timestamp, parse_timestamp

__all__ = [
    "ARQUIVO",
    "BUILTIN",
    "DEFAULT_WINDOW",
    "INTERNET_ARCHIVE",
    "MAX_GAP",
    "ArchiveClient",
    "ArchiveProfile",
    "ArchiveSettings",
    "Boundary",
    "CaptureRow",
    "CdxPage",
    "CircuitPolicy",
    "Content",
    "Dialect",
    "Endpoint",
    "Every",
    "ExchangeLimits",
    "Limiter",
    "Memento",
    "Move",
    "PastRedirect",
    "Plan",
    "ProcessLimiter",
    "RateSettings",
    "Rates",
    "SaveJob",
    "SavePageNow",
    "SaveSettings",
    "SaveState",
    "SaveStatus",
    "Saved",
    "Sweep",
    "Traffic",
    "estimate",
    "find_moves",
    "format_timestamp",
    "parse_timestamp",
    "resolve_revisits",
    "same_page",
    "sha1_digest",
]

# Imported when they are asked for: `scrapers.archive.settings` is read by every command, httpx is not needed by most.
_MODULES = {
    "ARQUIVO": "profiles",
    "ArchiveClient": "client",
    "ArchiveProfile": "profiles",
    "ArchiveSettings": "settings",
    "BUILTIN": "profiles",
    "Boundary": "sweep",
    "CaptureRow": "cdx",
    "CdxPage": "client",
    "CircuitPolicy": "pace",
    "Content": "plan",
    "DEFAULT_WINDOW": "client",
    "Dialect": "profiles",
    "Endpoint": "profiles",
    "Every": "plan",
    "ExchangeLimits": "limits",
    "INTERNET_ARCHIVE": "profiles",
    "Limiter": "pace",
    "MAX_GAP": "sweep",
    "Memento": "memento",
    "Move": "plan",
    "PastRedirect": "memento",
    "Plan": "plan",
    "ProcessLimiter": "pace",
    "RateSettings": "settings",
    "Rates": "profiles",
    "SaveJob": "save",
    "SavePageNow": "save",
    "SaveSettings": "settings",
    "SaveState": "save",
    "SaveStatus": "save",
    "Saved": "save",
    "Sweep": "sweep",
    "Traffic": "exchange",
    "estimate": "plan",
    "find_moves": "plan",
    "format_timestamp": "timestamps",
    "parse_timestamp": "timestamps",
    "resolve_revisits": "plan",
    "same_page": "cdx",
    "sha1_digest": "memento",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_MODULES[name]}"), name)
