"""`clausewatch config check` and `clausewatch db upgrade`."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from alerts.settings import SecretMissing
from flows.config import SourceConfig
from flows.config_file import find_config, read_config
from flows.opening import make_data_folder, store_url
from flows.terminal import complain
from scrapers.errors import SelectorInvalid

__all__ = ["check_config", "upgrade_database"]


def check_config(config_path: Path | None) -> int:
    """Say what config.toml watches, or what is wrong with it (exit code 2)."""
    path = find_config(config_path)
    config = read_config(path)
    documents = config.documents()
    problems = [
        f"{path}: {key}: {error.message}"
        for key, (_, document) in documents.items()
        for source in document.all_sources
        if (error := _bad_selector(source))
    ]
    for route in config.routes:
        for target in route.to:
            try:
                target.urls(path.parent)
            except SecretMissing as error:
                problems.append(f"{path}: route {route.name}: {error}")
    for archive in config.archives:
        if archive.enabled and archive.save.enabled:
            try:
                archive.save.keys(os.environ)
            except ValueError as error:
                problems.append(f"{path}: archive {archive.name}: {error}")
    for problem in problems:
        complain(problem)
    if problems:
        return 2
    sys.stdout.write(
        f"{path} is fine: {len(documents)} documents of {len(config.vendors)} vendors, {len(config.routes)} routes, "
        f"{sum(archive.enabled for archive in config.archives)} archives\n"
    )
    return 0


def _bad_selector(source: SourceConfig) -> SelectorInvalid | None:
    try:
        source.selectors.check()
    except SelectorInvalid as error:
        return error
    return None


def upgrade_database(config_path: Path | None) -> int:
    """Bring the database's tables up to date."""
    from storage.store import upgrade_store

    config = read_config(find_config(config_path))
    make_data_folder(config)
    before, after = upgrade_store(store_url(config))
    sys.stdout.write(f"the database is at revision {after} (it was at {before or 'none'})\n")
    return 0
