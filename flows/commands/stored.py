"""Stored captures as commands name them ("capture:17"), and the runs of captures that never became versions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from analysis.blocks import Extraction
from analysis.history import ConfirmPolicy, Run, Sighting, build
from flows.config import Config
from flows.config_file import find_config, read_config
from flows.opening import open_store
from flows.reading import read_capture
from flows.settling import capture_facts
from flows.targets import load_targets
from flows.terminal import UserError, say_when
from scrapers.errors import ExtractError
from scrapers.extract import extract
from storage.errors import RecordMissing
from storage.store import Store

__all__ = ["capture_number", "load_capture", "unconfirmed_rows"]

_NAME = re.compile(r"capture:(\d{1,15})")


def capture_number(name: str) -> int | None:
    """17 for "capture:17", None for what names no capture."""
    found = _NAME.fullmatch(name)
    return int(found[1]) if found else None


def load_capture(config_path: Path | None, number: int) -> Extraction:
    """What a stored capture says, read by its document's selectors while it is watched, else without any.

    Raises:
        UserError: there is no such capture, or it can't be read.
        ConfigError, StorageError
    """
    config = read_config(find_config(config_path))
    with open_store(config) as store:
        try:
            capture = store.capture(number)
        except RecordMissing:
            raise UserError(
                f"there is no capture {number}; `clausewatch history --json` names those there are"
            ) from None
        body = store.payload(capture.payload)
        keys = [key for key, document in store.document_keys().items() if document == capture.document_id]
        targets = load_targets(store, config, [key for key in keys if key in config.documents()])
        try:
            for target in targets:
                for source in target.sources:
                    if source.record.id == capture.source_id:
                        return read_capture(store, target, source, capture_facts(capture), body).text(store)
            return extract(body, content_type=capture.content_type, url=capture.url)
        except ExtractError as error:
            raise UserError(f"capture {number}: {error.message}") from None


def unconfirmed_rows(config: Config, store: Store, ids: Sequence[int] | None, limit: int) -> list[dict[str, Any]]:
    """Wordings that were seen and gone before another look confirmed them, the latest first; `before` is a capture of
    the version that they interrupted, to compare them with."""
    rows: list[tuple[Run, dict[str, Any]]] = []
    configured = config.documents()
    for document in store.documents(active=None):
        if ids is not None and document.id not in ids:
            continue
        sightings = [
            Sighting(one.capture_id, one.source_id, one.time, one.fingerprint, one.live)
            for one in store.sightings(document.id)
            if one.believed
        ]
        confirm = config.check.confirm
        if document.key in configured:
            confirm = config.check_settings(*configured[document.key]).confirm
        history = build(sightings, [source.id for source in document.sources], ConfirmPolicy(confirm=confirm))
        for run in history.unconfirmed:
            before = [version for version in history.runs if version.first.time <= run.first.time]
            row = {
                "document": document.key,
                "time": say_when(run.first.time),
                "until": say_when(run.last.time),
                "seen": run.count,
                "capture": run.first.capture,
                "before": before[-1].first.capture if before else None,
            }
            rows.append((run, row))
    rows.sort(key=lambda one: one[0].first.time, reverse=True)
    return [row for _, row in rows[:limit]]
