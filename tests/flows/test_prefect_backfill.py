"""A backfill through Prefect's embedded server: its progress on the dashboard."""

from __future__ import annotations

import json
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from tests.flows.test_backfill import many
from tests.flows.worlds import world

pytestmark = [pytest.mark.prefect, pytest.mark.timeout(300), pytest.mark.xdist_group("prefect")]


def test_the_dashboard_shows_how_far_a_backfill_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home = tmp_path / "prefect-home"
    monkeypatch.setenv("PREFECT_HOME", str(home))
    for name in ("PREFECT_API_URL", "PREFECT_API_DATABASE_CONNECTION_URL"):
        if name in os.environ:
            monkeypatch.delenv(name)
    with world(tmp_path, many(24), prefect="embedded") as made:
        made.edit("playback = 1000", "playback = 4")  # longer than from one update to the next
        done = made.run("backfill", "--json", timeout=250)
    assert done.returncode == 0, done.stderr
    (result,) = json.loads(done.stdout)
    assert (result["outcome"], result["captures"]) == ("first", 24)
    with closing(sqlite3.connect(home / "prefect.db")) as database:
        (artifact,) = database.execute(
            "SELECT data, description, created, updated FROM artifact WHERE type = 'progress'"
        ).fetchall()
        (outcomes,) = database.execute("SELECT description FROM artifact WHERE key = 'backfill-outcomes'").fetchall()
    assert float(artifact[0]) == 100.0 and "1 of 1 documents" in artifact[1]
    assert artifact[3] > artifact[2]
    assert outcomes == ("1 first",)
