"""Writes pages into a folder: only those that changed, each as a whole or not at all.

A page names its ingredients: values that decide all of its content. Where they are as they were at the last time, the
page is not even rendered; where they differ and the page comes out the same, the file is left alone. What is known of
the files is kept in one JSON file beside them, which may be deleted at any time: the next run then renders all again.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

__all__ = ["Content", "FolderWriter", "PageSource", "digest_files", "digest_of", "write_whole"]

_STATE = ".state"
_MANIFEST = "manifest.json"
_FORMAT = 1


Content: TypeAlias = str | bytes


@dataclass(frozen=True, slots=True)
class PageSource:
    """A page to be: its address, what it is made from, and how. `owner` is where a reader goes when it is no more.

    `render` gives its content, or, where it comes out too long for one page, several by their addresses, its own among
    them.
    """

    path: str
    ingredients: object
    render: Callable[[], Content | Mapping[str, Content]]
    owner: str = ""


@dataclass(slots=True)
class _Known:
    key: str
    sha256: str
    size: int
    owner: str
    source: str  # the address of the page source that made it


class FolderWriter:
    """Writes into one folder, in one run.

    Parameters:
        build: names the code and the templates: another build renders everything again.

    Attributes:
        written: addresses of the files that were written.
        unchanged: how many files were left alone.
        size: bytes written.
    """

    def __init__(self, out: Path, build: str) -> None:
        self.out = out
        self.written: list[str] = []
        self.unchanged = 0
        self.size = 0
        self._build = build
        self._sizes: dict[str, dict[str, int]] = {}
        self._seen: dict[str, _Known] = {}
        out.mkdir(parents=True, exist_ok=True)
        self._known = _read_manifest(self.state / _MANIFEST)
        self._made_by: dict[str, list[str]] = defaultdict(list)
        for path, known in self._known.items():
            self._made_by[known.source].append(path)

    @property
    def state(self) -> Path:
        """The folder for what is not shown: the manifest, and what pages are made from."""
        return self.out / _STATE

    def write(self, source: PageSource) -> None:
        """Write the files of a page whose content is another than what is there."""
        key = digest_of((self._build, source.ingredients))
        before = self._made_by.get(source.path, [])
        if before and all(self._known[path].key == key and self._intact(path) for path in before):
            self._seen.update((path, self._known[path]) for path in before)
            self.unchanged += len(before)
            return
        made = source.render()
        contents = {source.path: made} if isinstance(made, str | bytes) else made
        for path, content in contents.items():
            data = content.encode("utf-8", "replace") if isinstance(content, str) else content
            known = _Known(key, hashlib.sha256(data).hexdigest(), len(data), source.owner, source.path)
            self._put(path, data, known)

    def _put(self, path: str, data: bytes, known: _Known) -> None:
        before = self._known.get(path)
        self._seen[path] = known
        if before is not None and before.sha256 == known.sha256 and self._intact(path):
            self.unchanged += 1
            return
        write_whole(self.out / path, data)
        self.written.append(path)
        self.size += len(data)

    def gone(self) -> list[tuple[str, str]]:
        """Files of an earlier run that this one did not make, each with its owner."""
        return [(path, known.owner) for path, known in self._known.items() if path not in self._seen]

    def close(self) -> None:
        """Remember what was written. A run that dies before only makes the next one render more."""
        entries = {path: [k.key, k.sha256, k.size, k.owner, k.source] for path, k in sorted(self._seen.items())}
        data = json.dumps({"format": _FORMAT, "pages": entries}, separators=(",", ":")).encode()
        path = self.state / _MANIFEST
        if not path.exists() or path.read_bytes() != data:
            write_whole(path, data)

    def _intact(self, path: str) -> bool:
        """Whether the file is there in its size, by one listing of its folder."""
        folder, _, name = path.rpartition("/")
        if folder not in self._sizes:
            try:
                with os.scandir(self.out / folder) as entries:
                    found = {entry.name: entry.stat().st_size for entry in entries if entry.is_file()}
            except FileNotFoundError:
                found = {}
            self._sizes[folder] = found
        return self._sizes[folder].get(name) == self._known[path].size


def _read_manifest(path: Path) -> dict[str, _Known]:
    """What is known of the files; nothing where it can't be read, for then all is rendered again."""
    try:
        data = json.loads(path.read_bytes())
        if data["format"] != _FORMAT:
            return {}
        return {name: _Known(*entry) for name, entry in data["pages"].items()}
    except (OSError, ValueError, KeyError, TypeError):
        return {}


def write_whole(path: Path, data: bytes) -> None:
    """Put a file in place at once: who reads it sees the old content or the new, never a part."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=".new-", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
        Path(name).chmod(0o644)  # a web server runs as somebody else
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def digest_of(value: object) -> str:
    """A stable hash of values made of strings, numbers, times, tuples and frozen dataclasses."""
    return hashlib.sha256(repr(value).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def digest_files(paths: Iterable[Path]) -> str:
    """A hash of the contents of files, in order of their names."""
    total = hashlib.sha256()
    for path in sorted(paths):
        total.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return total.hexdigest()[:32]
