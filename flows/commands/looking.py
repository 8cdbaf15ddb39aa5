"""Commands that only read the store: status, history, diff, show, list. They start no Prefect and fetch nothing."""

from __future__ import annotations

import re
import sys
from collections.abc import Collection, Sequence
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from flows.config import Config
from flows.config_file import find_config, read_config
from flows.jsonable import jsonable
from flows.opening import open_store
from flows.terminal import UserError, console, print_json, safe, say_when, table
from storage.records import (
    ChangeKind,
    ChangeRecord,
    CheckOutcome,
    HoldState,
    VersionRecord,
    WatchedDocument,
)
from storage.store import Store

__all__ = ["find_document", "find_version", "show_diff", "show_history", "show_list", "show_status", "show_version"]


def _open(config_path: Path | None) -> tuple[Config, Store]:
    config = read_config(find_config(config_path))
    return config, open_store(config)


def find_document(store: Store, name: str) -> WatchedDocument:
    """A document by its key, or by its vendor's slug if the vendor has only one.

    Raises:
        UserError: there is none, or there are several; says what is near.
    """
    keys = list(store.document_keys())
    matching = [key for key in keys if key == name] or [key for key in keys if key.startswith(f"{name}/")]
    if len(matching) == 1:
        return store.document(matching[0])
    if matching:
        raise UserError(f"{name} has several documents: {', '.join(matching)}")
    close = get_close_matches(name, keys, n=1, cutoff=0.4)
    hint = f"; did you mean {close[0]}?" if close else "; `clausewatch status` lists what is watched"
    raise UserError(f'no document on record is called "{safe(name, 80)}"{hint}')


def find_version(store: Store, document: WatchedDocument, given: str) -> VersionRecord:
    """A version by its number (1 is the oldest, -1 the newest), by a date, or the newest.

    Raises:
        UserError: there is no such version, or the text is neither.
    """
    versions = store.versions(document.id)
    if not versions:
        raise UserError(f"{document.key} has no version yet; run `clausewatch check {document.key}` or backfill")
    if not given:
        return versions[-1]
    if re.fullmatch(r"-?\d{1,4}", given) and int(given) != 0 and abs(int(given)) <= len(versions):
        number = int(given)
        return versions[number - 1 if number > 0 else number]
    if re.fullmatch(r"-?\d{1,3}", given):
        raise UserError(f"{document.key} has versions 1 to {len(versions)}, not {given}")
    version = store.version_at(document.id, _moment(given))
    if version is None:
        raise UserError(f"nothing is known of {document.key} before {say_when(versions[0].first_seen)}")
    return version


def _moment(text: str) -> datetime:
    """The end of a year, month or day, or a moment; UTC where no zone is given."""
    if re.fullmatch(r"\d{4}(-\d{2}){0,2}", text):
        year, month, day = (*(int(part) for part in text.split("-")), 0, 0)[:3]
        try:
            if day:
                return datetime(year, month, day, tzinfo=UTC) + timedelta(days=1, microseconds=-1)
            following = datetime(year + (month or 12) // 12, (month or 12) % 12 + 1, 1, tzinfo=UTC)
            return following - timedelta(microseconds=1)
        except ValueError:
            raise UserError(f'"{text}" is no date') from None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise UserError(
            f'"{safe(text, 40)}" is neither the number of a version nor a date such as 2015-04-30'
        ) from None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def show_status(config_path: Path | None, names: Sequence[str], *, as_json: bool) -> int:
    """All watched documents, failing ones first. Exit code 1 while one fails."""
    config, store = _open(config_path)
    with store:
        recorded = store.document_keys()
        for name in names:
            _known({*recorded, *config.documents()}, name)
        documents = store.documents(list(names) or None)
        missing = [key for key in config.documents() if key not in recorded]
    if as_json:
        print_json({"documents": [_status_json(document) for document in documents], "never_checked": missing})
    else:
        rows = [_status_row(d) for d in sorted(documents, key=lambda d: (-d.failures, d.key))]
        console().print(table(("document", "versions", "last change", "what", "last verified", "state"), rows))
        if missing:
            sys.stdout.write(f"never checked: {', '.join(missing)}\n")
    return 1 if any(document.failures for document in documents) else 0


def _known(keys: Collection[str], name: str) -> None:
    if not any(key == name or key.startswith(f"{name}/") for key in keys):
        close = get_close_matches(name, [*keys, *(key.partition("/")[0] for key in keys)], n=1, cutoff=0.4)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise UserError(f'nothing watched is called "{safe(name, 80)}"{hint}')


def _status_row(document: WatchedDocument) -> tuple[str, ...]:
    change = document.last_change
    return (
        document.key,
        str(document.versions),
        say_when(change.to_time) if change else "",
        change.summary if change else "",
        say_when(document.last_verified),
        _state(document),
    )


def _state(document: WatchedDocument) -> str:
    if document.failures:
        return f"failing since {say_when(document.failing_since)} ({document.failures}×): {document.error_kind}"
    if document.pending_capture_id is not None:
        return "a new wording waits for a second look"
    if document.unstable_since is not None:
        return f"unstable since {say_when(document.unstable_since)}"
    return "fine" if document.last_verified else "history only, no live check yet"


def _status_json(document: WatchedDocument) -> dict[str, Any]:
    change = document.last_change
    return {
        "document": document.key,
        "type": document.type,
        "urls": [source.url for source in document.sources],
        "versions": document.versions,
        "last_change": _change_json(change) if change else None,
        "last_checked": jsonable(document.last_checked),
        "last_verified": jsonable(document.last_verified),
        "failing_since": jsonable(document.failing_since),
        "failures": document.failures,
        "error": document.error_kind or None,
        "unstable_since": jsonable(document.unstable_since),
        "pending": document.pending_capture_id is not None,
    }


def show_history(config_path: Path | None, name: str, *, as_json: bool) -> int:
    """Versions, newest last, each with the change that led to it."""
    _, store = _open(config_path)
    with store:
        document = find_document(store, name)
        entries = store.history(document.id)
    if as_json:
        data = [
            {"number": number, "version": jsonable(entry.version), "change": _change_json(entry.change)}
            for number, entry in enumerate(entries, 1)
        ]
        print_json({"document": document.key, "last_verified": jsonable(document.last_verified), "versions": data})
        return 0
    rows = []
    for number, entry in enumerate(entries, 1):
        version, change = entry.version, entry.change
        what = (
            "first version"
            if change is None
            else f"{change.summary}"
            if change.kind is ChangeKind.CHANGE
            else f"{change.kind}: {change.summary}"
        )
        rows.append(
            (
                str(number),
                say_when(version.first_seen),
                say_when(version.last_seen),
                str(version.sightings),
                change.severity if change else "",
                what,
            )
        )
    out = console()
    out.print(table(("#", "first seen", "last seen", "seen", "severity", "what changed"), rows, title=document.key))
    sys.stdout.write(f"{len(entries)} versions; last verified {say_when(document.last_verified)}\n")
    return 0


def _change_json(change: ChangeRecord | None) -> Any:
    if change is None:
        return None
    data = jsonable(change)
    if not change.clauses:
        data.pop("clauses")
    return data


def show_diff(
    config_path: Path | None, name: str, old: str, new: str, *, context: int, cosmetic: bool, as_json: bool
) -> int:
    """Differences between two versions: the judged clause changes, then the text."""
    from analysis.align import align
    from analysis.judgement import judge
    from flows.differences import difference_json, difference_lines
    from flows.histories import version_blocks
    from flows.terminal import print_lines

    config, store = _open(config_path)
    with store:
        document = find_document(store, name)
        after = find_version(store, document, new)
        versions = store.versions(document.id)
        if not old and after.position == 0:
            raise UserError(f"{document.key} has no version before {say_when(after.first_seen)} to compare with")
        before = find_version(store, document, old) if old else versions[after.position - 1]
        alignment = align(version_blocks(store, before), version_blocks(store, after))
    judgement = judge(alignment, extra=config.category_rules)
    if as_json:
        print_json(
            {"document": document.key, "from": jsonable(before), "to": jsonable(after)}
            | difference_json(alignment, judgement)
        )
        return 0
    head = (
        f"{document.key}: version {before.position + 1} (last seen {say_when(before.last_seen)}) → "
        f"{after.position + 1} (first seen {say_when(after.first_seen)})"
    )
    print_lines([head, *difference_lines(alignment, judgement, context=context, cosmetic=cosmetic)])
    return 0


def show_version(config_path: Path | None, name: str, at: str, format_: str) -> int:
    """The text of a version."""
    if format_ not in ("text", "markdown", "json", "raw"):
        raise UserError(f'--format must be text, markdown, json or raw, not "{safe(format_, 20)}"')
    _, store = _open(config_path)
    with store:
        document = find_document(store, name)
        version = find_version(store, document, at)
        if format_ == "raw":
            sys.stdout.buffer.write(store.payload(store.capture(version.first_capture_id).payload))
            return 0
        extractions = [store.load_extraction(number) for number in version.extractions]
    if format_ == "json":
        print_json({"document": document.key, "version": jsonable(version), "extractions": jsonable(extractions)})
    else:
        texts = [extraction.markdown if format_ == "markdown" else extraction.text for extraction in extractions]
        for line in "\n\n".join(texts).split("\n"):
            sys.stdout.write(safe(line) + "\n")
    return 0


_KINDS = {"returned": ChangeKind.RETURN, "cosmetic": ChangeKind.COSMETIC, "technical": ChangeKind.TECHNICAL}
"""Outcomes that are listed as the changes they made, wherever those were learned."""


def show_list(config_path: Path | None, outcome: str, names: Sequence[str], *, limit: int, as_json: bool) -> int:
    """Checks, held captures or unannounced changes, by what they came to."""
    from flows.commands.archived import ARCHIVED, archived_rows
    from flows.commands.stored import unconfirmed_rows

    config, store = _open(config_path)
    with store:
        ids = [document.id for document in store.documents(list(names), active=None)] if names else None
        if names and not ids:
            raise UserError(f'nothing on record is called "{safe(names[0], 80)}"')
        if outcome == "held":
            rows: list[Any] = _holds(store, ids, limit)
        elif outcome in _KINDS:
            rows = _changes(store, ids, _KINDS[outcome], limit)
        elif outcome == CheckOutcome.UNCONFIRMED:
            rows = unconfirmed_rows(config, store, ids, limit)
        elif outcome in ARCHIVED:
            rows = archived_rows(store, outcome, ids, limit)
        elif not outcome or outcome in set(CheckOutcome):
            wanted = [CheckOutcome(outcome)] if outcome else None
            rows = _checks(store, ids, wanted, limit)
        else:
            known = ", ".join([*CheckOutcome, "cosmetic", *ARCHIVED])
            raise UserError(f'--outcome must be one of {known}, not "{safe(outcome, 20)}"')
    if as_json:
        print_json(rows)
        return 0
    if not rows:
        sys.stdout.write("none\n")
        return 0
    columns = list(rows[0])
    console().print(
        table(columns, [[str(row[column] if row[column] is not None else "") for column in columns] for row in rows])
    )
    return 0


def _holds(store: Store, ids: Sequence[int] | None, limit: int) -> list[dict[str, Any]]:
    keys = {number: key for key, number in store.document_keys().items()}
    found = [hold for one in (ids or [None]) for hold in store.holds(one, state=HoldState.HELD, limit=limit)]  # type: ignore[list-item]
    return [
        {
            "capture": hold.capture_id,
            "document": keys.get(hold.document_id, "?"),
            "time": say_when(hold.time),
            "url": hold.url,
            "reasons": "; ".join(str(reason.get("sentence", "")) for reason in hold.reasons),
        }
        for hold in found[:limit]
    ]


def _changes(store: Store, ids: Sequence[int] | None, kind: ChangeKind, limit: int) -> list[dict[str, Any]]:
    keys = {number: key for key, number in store.document_keys().items()}
    found = [change for one in (ids or [None]) for change in store.changes(one, kinds=[kind], limit=limit)]  # type: ignore[list-item]
    return [
        {
            "document": keys.get(change.document_id, "?"),
            "time": say_when(change.to_time),
            "kind": change.kind.value,
            "told": say_when(change.announced),
            "what": change.summary,
        }
        for change in found[:limit]
    ]


def _checks(
    store: Store, ids: Sequence[int] | None, outcomes: Sequence[CheckOutcome] | None, limit: int
) -> list[dict[str, Any]]:
    found = [check for one in (ids or [None]) for check in store.checks(one, outcomes=outcomes, limit=limit)]  # type: ignore[list-item]
    return [
        {
            "document": check.document_key,
            "time": say_when(check.finished),
            "outcome": check.outcome.value,
            "status": check.status,
            "detail": check.detail or check.error_kind,
            "run": check.run_id,
        }
        for check in found[:limit]
    ]
