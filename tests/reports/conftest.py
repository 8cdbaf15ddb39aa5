"""The small world's pages, made once for all tests that only read them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from reports import ReportOptions, write_reports
from storage.store import Store
from tests.reports.world import NOW, fill_world

OPTIONS = ReportOptions(now=NOW, base_url="https://reports.example", dashboard_url="http://127.0.0.1:4200")


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    folder = tmp_path_factory.mktemp("world")
    with Store.open(f"sqlite:///{folder / 'world.db'}") as store:
        fill_world(store)
        yield store


@pytest.fixture(scope="session")
def pages(world: Store, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("pages")
    write_reports(world, out, OPTIONS)
    return out
