"""Which documents one task takes: all of a host together, so that politeness needs no talk between tasks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import TypeVar
from urllib.parse import urlsplit

__all__ = ["host_batches", "host_of"]

T = TypeVar("T")


def host_of(url: str) -> str:
    """Host of a URL, without "www.": both names are nearly always one server."""
    return (urlsplit(url).hostname or "").removeprefix("www.")


def host_batches(items: Iterable[tuple[str, T]], size: int) -> list[list[T]]:
    """Put items into batches of about `size`, never parting a host unless it alone has more than `size` items.

    Parameters:
        items: (URL, item) pairs.
        size: items per batch, at least 1.

    Returns: batches, the fullest hosts first; the same input gives the same batches.
    """
    by_host: defaultdict[str, list[T]] = defaultdict(list)
    for url, item in items:
        by_host[host_of(url)].append(item)
    batches: list[list[T]] = []
    current: list[T] = []
    for _, group in sorted(by_host.items(), key=lambda pair: (-len(pair[1]), pair[0])):
        for part in _parts(group, size):
            if current and len(current) + len(part) > size:
                batches.append(current)
                current = []
            current = [*current, *part]
    return [*batches, current] if current else batches


def _parts(group: Sequence[T], size: int) -> list[Sequence[T]]:
    return [group[start : start + size] for start in range(0, len(group), size)]
