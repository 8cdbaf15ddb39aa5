"""A watched document as a run handles it: its record in the store beside its settings in config.toml."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from difflib import get_close_matches

from analysis.state import STATE_VERSION
from analysis.taxonomy import CategoryRule
from flows.config import CheckSettings, Config, DocumentConfig, SourceConfig
from scrapers.extract import EXTRACTOR_VERSION
from scrapers.settings import FetchSettings
from storage.records import DocumentSpec, SourceRecord, SourceSpec, VendorSpec, WatchedDocument
from storage.store import Store

__all__ = ["Target", "TargetSource", "UnknownDocument", "load_targets", "select_keys", "vendor_specs"]


class UnknownDocument(Exception):
    """Nothing in config.toml is called so; `nearest` is what might be meant."""

    def __init__(self, name: str, nearest: str | None) -> None:
        self.name = name
        self.nearest = nearest
        hint = f'; did you mean "{nearest}"?' if nearest else "; `clausewatch status` lists what is watched"
        super().__init__(f'nothing watched is called "{name}"{hint}')


@dataclass(frozen=True, slots=True)
class TargetSource:
    """A source with its settings. `reading` names how its pages are read: extractor version, selectors, anchor."""

    record: SourceRecord
    config: SourceConfig

    @property
    def reading(self) -> str:
        named = f"{self.config.selectors.key}:{self.config.anchor}:{self.config.scraper}"
        short = hashlib.sha256(named.encode()).hexdigest()[:16]
        return f"{EXTRACTOR_VERSION}.{STATE_VERSION}:{short}"


@dataclass(frozen=True, slots=True)
class Target:
    """One document to check. `fetch` holds only what is set otherwise than in [fetch], `rules` are the user's own
    categories of clauses."""

    document: WatchedDocument
    config: DocumentConfig
    settings: CheckSettings
    fetch: FetchSettings
    sources: tuple[TargetSource, ...]
    rules: tuple[CategoryRule, ...] = ()

    @property
    def key(self) -> str:
        return self.document.key


def vendor_specs(config: Config) -> list[VendorSpec]:
    """The watch list as the store registers it."""
    return [
        VendorSpec(
            slug=slug,
            name=vendor.name,
            home=vendor.home or "",
            tags=vendor.tags,
            documents=tuple(
                DocumentSpec(
                    slug=document.key_part,
                    type=document.type,
                    name=document.title,
                    language=document.language,
                    sources=tuple(SourceSpec(source.url) for source in document.all_sources),
                )
                for document in vendor.documents
            ),
        )
        for slug, vendor in config.vendors.items()
    ]


def select_keys(config: Config, names: Sequence[str]) -> list[str]:
    """Keys of the documents that names mean: a vendor's slug is all its documents, "vendor/document" is one.

    Raises:
        UnknownDocument: a name means nothing.
    """
    known = list(config.documents())
    if not names:
        return known
    keys: list[str] = []
    for name in names:
        matching = [key for key in known if key == name or key.startswith(f"{name}/")]
        if not matching:
            close = get_close_matches(name, [*known, *config.vendors], n=1, cutoff=0.4)
            raise UnknownDocument(name, close[0] if close else None)
        keys.extend(key for key in matching if key not in keys)
    return keys


def load_targets(store: Store, config: Config, keys: Sequence[str]) -> list[Target]:
    """Registered documents with their settings, in the order of the keys."""
    configured = config.documents()
    targets = {document.key: _target(config, document, *configured[document.key]) for document in store.documents(keys)}
    return [targets[key] for key in keys if key in targets]


def _target(config: Config, document: WatchedDocument, vendor: str, settings: DocumentConfig) -> Target:
    by_url = {source.url: source for source in settings.all_sources}
    return Target(
        document=document,
        config=settings,
        settings=config.check_settings(vendor, settings),
        fetch=config.fetch_overrides(vendor, settings),
        sources=tuple(TargetSource(record, by_url[record.url]) for record in document.sources),
        rules=config.category_rules,
    )
