"""What all documents of one run share: configuration, store, fetcher, clock, and who is told of progress."""

from __future__ import annotations

import asyncio
import gc
import logging
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeAlias

from flows.config import Config
from flows.config_file import read_config
from flows.framesets import follow_frames
from flows.opening import open_store
from flows.outcomes import CheckResult
from flows.slots import run_slot
from flows.targets import Target, load_targets, vendor_specs
from scrapers.capture import Fetched, NotModified, Validators
from scrapers.live import LiveFetcher
from storage.store import Store

__all__ = ["Progress", "Run", "Watcher", "open_run"]

log = logging.getLogger("clausewatch")

Watcher: TypeAlias = "Callable[[Progress], None]"


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is: `done` of `total` documents, the result that came in last, or what is being waited for; `part`
    of the document in work is done (0 to 1), where that is known."""

    done: int
    total: int
    result: CheckResult | None = None
    note: str = ""
    part: float = 0.0


@dataclass
class Run:
    """One run. Documents that share a URL share its fetch: `shared_urls` counts who asks for each."""

    id: str
    config: Config
    store: Store
    fetcher: LiveFetcher
    folder: Path  # of config.toml: files that it names are relative to it
    owner: str = ""  # who holds the locks of this run
    dry: bool = False
    watcher: Watcher | None = None
    now: Callable[[], datetime] = field(default=lambda: datetime.now(UTC))
    shared_urls: Counter[str] = field(default_factory=Counter)
    done: int = 0
    total: int = 0
    _fetches: dict[tuple[str, Validators | None], asyncio.Future[Fetched | NotModified]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.slots = asyncio.Semaphore(self.config.prefect.concurrency)

    def expect(self, targets: Sequence[Target]) -> None:
        """A pass over these documents begins."""
        self.total += len(targets)
        self.shared_urls = Counter(source.record.url for target in targets for source in target.sources)
        self.tell(Progress(self.done, self.total))

    def finished(self, result: CheckResult) -> None:
        self.done += 1
        self.tell(Progress(self.done, self.total, result))

    def targets(self, keys: Sequence[str]) -> list[Target]:
        return load_targets(self.store, self.config, keys)

    def tell(self, progress: Progress) -> None:
        if self.watcher:
            self.watcher(progress)

    async def fetch(self, target: Target, url: str, validators: Validators | None) -> Fetched | NotModified:
        """Fetch a page, once for all documents of this run that are on it.

        Raises:
            FetchError: each document gets the error that the one fetch gave.
        """
        if self.shared_urls[url] < 2:
            return await self._fetch(target, url, validators)
        key = (url, validators)
        if key not in self._fetches:
            self._fetches[key] = asyncio.ensure_future(self._fetch(target, url, validators))
        return await asyncio.shield(self._fetches[key])

    async def _fetch(self, target: Target, url: str, validators: Validators | None) -> Fetched | NotModified:
        async def frame(address: str) -> Fetched:
            inner = await self.fetcher.fetch(address, overrides=target.fetch)
            assert isinstance(inner, Fetched)  # nothing conditional was asked
            return inner

        fetched = await self.fetcher.fetch(url, validators=validators, overrides=target.fetch)
        return await follow_frames(fetched, frame) if isinstance(fetched, Fetched) else fetched

    def forget_fetches(self) -> None:
        """Before a second look: what was shared is old now."""
        self._fetches.clear()


@asynccontextmanager
async def open_run(
    config_file: Path, *, run_id: str = "", dry: bool = False, watcher: Watcher | None = None
) -> AsyncIterator[Run]:
    """Open everything a run needs, register the watch list, and close it all again.

    Raises:
        ConfigError, StorageError
    """
    config = read_config(config_file)
    with open_store(config) as store, nullcontext("") if dry else run_slot(config.data) as owner:
        if not dry:
            store.register(vendor_specs(config))
        gc.freeze()  # what is imported by now stays; with Prefect's modules each full collection costs 0.2 s
        async with LiveFetcher(config.fetch) as fetcher:
            yield Run(
                id=run_id or new_run_id(),
                config=config,
                store=store,
                fetcher=fetcher,
                folder=config_file.resolve().parent,
                owner=owner,
                dry=dry,
                watcher=watcher,
            )


def new_run_id() -> str:
    """Sortable by time, unique, short enough for a footer."""
    return f"{datetime.now(UTC):%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
