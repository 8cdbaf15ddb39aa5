"""Worlds for the tests of one module, closed when the test ends."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Protocol

import pytest

from tests.flows.worlds import World, dated, world
from tests.replica import Page


class MakeWorld(Protocol):
    def __call__(self, bodies: Mapping[str, bytes | Page], **options: Any) -> World: ...


@pytest.fixture
def acme(tmp_path: Path) -> Iterator[MakeWorld]:
    """Makes a world with one document (acme/privacy-policy) from its captures by day; the live site is at the first."""
    with ExitStack() as stack:

        def make(bodies: Mapping[str, bytes | Page], **options: Any) -> World:
            made = stack.enter_context(world(tmp_path, dated(bodies), **options))
            made.replica.date = f"{min(bodies)}235959"
            return made

        yield make
