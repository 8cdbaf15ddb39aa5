"""Reads from the store what the pages of one document need again and again, once."""

from __future__ import annotations

from functools import lru_cache

from analysis.blocks import Block
from storage.records import CaptureRecord, ExtractionRecord, VersionRecord
from storage.store import Store

__all__ = ["Memory"]


class Memory:
    """Texts, readings and captures; the latest few are kept, since neighbouring pages show the same ones."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self._blocks = lru_cache(maxsize=8)(lambda number: store.load_extraction(number).blocks)
        self._readings = lru_cache(maxsize=64)(store.extraction_record)
        self._captures = lru_cache(maxsize=64)(store.capture)

    def blocks(self, version: VersionRecord) -> tuple[Block, ...]:
        """The text of a version: the blocks of its sources, one after the other."""
        return tuple(block for number in version.extractions for block in self._blocks(number))

    def reading(self, extraction_id: int) -> ExtractionRecord:
        return self._readings(extraction_id)

    def capture(self, capture_id: int) -> CaptureRecord:
        """Raises RecordMissing where there is none."""
        return self._captures(capture_id)
