"""`clausewatch release`: a person overrules the gate."""

from __future__ import annotations

import sys
from pathlib import Path

from flows.config_file import find_config
from flows.run import open_run
from flows.terminal import UserError
from storage.records import HoldState, SightingRecord

__all__ = ["release_capture"]


def release_capture(config_path: Path | None, capture_id: int, *, reject: bool) -> int:
    """Believe a held capture (or say that holding it was right) and rebuild the document's history."""
    import asyncio

    return asyncio.run(_release(find_config(config_path), capture_id, reject=reject))


async def _release(path: Path, capture_id: int, *, reject: bool) -> int:
    from flows.histories import rebuild
    from flows.reextracting import refresh_locked

    async with open_run(path) as run:
        holds = [hold for hold in run.store.holds(state=None, limit=100_000) if hold.capture_id == capture_id]
        if not holds:
            raise UserError(f"capture {capture_id} is not held; `clausewatch list --outcome held` shows what is")
        hold = holds[0]
        keys = [key for key, number in run.store.document_keys().items() if number == hold.document_id]
        targets = run.targets(keys)
        if not targets:
            raise UserError(f"{keys[0]} is no longer in config.toml")
        if hold.extraction_id is None and not reject:
            raise UserError(f"nothing could be read of capture {capture_id}, so it can't become a version")
        target = refresh_locked(run, targets[0])  # the hold names the reading by today's extractor and selectors then
        held = [one for one in run.store.holds(hold.document_id, state=None, limit=100_000) if one.id == hold.id]
        if not held:
            sys.stdout.write(f"capture {capture_id} of {target.key} is believed now that it is read anew\n")
            return 0
        (hold,) = held
        with run.store.transaction() as tx:
            tx.decide_hold(hold.id, HoldState.REJECTED if reject else HoldState.RELEASED)
            if hold.extraction_id is not None:
                record = run.store.extraction_record(hold.extraction_id)
                tx.add_sighting(
                    SightingRecord(
                        capture_id=capture_id,
                        document_id=hold.document_id,
                        extraction_id=hold.extraction_id,
                        time=hold.time,
                        fingerprint=record.fingerprint,
                        believed=not reject,
                    )
                )
            rebuilt = rebuild(tx, target, now=run.now(), run_id=run.id, live=False)
    done = "stays held" if reject else "is believed now"
    sys.stdout.write(f"capture {capture_id} of {targets[0].key} {done}; {len(rebuilt.update.versions)} versions\n")
    return 0
