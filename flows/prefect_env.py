"""Prefect's settings, set before it is imported: quiet, offline, with a home of its own.

What the user has set in the environment stays. Reasons and measurements: reference/prefect.md.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

__all__ = ["prefect_wanted", "prepare_prefect"]

_DEFAULTS = {
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT": "false",
    "PREFECT_CLIENT_SERVER_VERSION_CHECK_ENABLED": "false",
    # three of three starts took longer than the default of 20 s on a busy machine
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "180",
    "PREFECT_LOGGING_EXTRA_LOGGERS": "clausewatch",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
    # 8 ms instead of 27 ms of server time per task run
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_READ_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TASK_RUN_RECORDER_FLUSH_INTERVAL": "1",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_BATCH_SIZE": "200",
    "PREFECT_SERVER_SERVICES_EVENT_PERSISTER_READ_BATCH_SIZE": "100",
    "PREFECT_SERVER_SERVICES_TRIGGERS_READ_BATCH_SIZE": "100",
}


def prefect_wanted(mode: Literal["auto", "server", "embedded", "off"]) -> bool:
    """Whether a run goes through Prefect: in mode auto only where a server is named."""
    return mode in ("server", "embedded") or (mode == "auto" and bool(os.environ.get("PREFECT_API_URL")))


def prepare_prefect(data: Path, mode: Literal["auto", "server", "embedded", "off"], *, quiet: bool = False) -> None:
    """Set what is not set yet. `data` is the folder for its home; `quiet` keeps its log off the terminal."""
    for name, value in _DEFAULTS.items():
        os.environ.setdefault(name, value)
    os.environ.setdefault("PREFECT_HOME", str(data / "prefect"))
    if quiet:
        os.environ.setdefault("PREFECT_LOGGING_LEVEL", "ERROR")
    if mode == "embedded":
        os.environ.pop("PREFECT_API_URL", None)
        os.environ["PREFECT_SERVER_ALLOW_EPHEMERAL_MODE"] = "true"
