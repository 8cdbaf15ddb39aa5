"""The report pages, written from the store: by `clausewatch report`, and after each check."""

from __future__ import annotations

import logging
from pathlib import Path

from flows.config import Config
from reports import ReportOptions, ReportResult, write_reports
from storage.store import Store

__all__ = ["refresh_reports", "reports_folder", "write_pages"]

log = logging.getLogger("clausewatch.reports")


def reports_folder(config: Config) -> Path:
    """Where the pages are written; a relative folder lies in the data folder."""
    return config.data / config.reports.folder


def write_pages(store: Store, config: Config, out: Path | None = None) -> ReportResult:
    """Write the pages whose content changed."""
    options = ReportOptions(
        dashboard_url=config.reports.dashboard_url,
        base_url=config.alerts.report_url,
        stale_after_hours=config.alerts.stale_after_hours,
        rules=config.category_rules,
    )
    return write_reports(store, out or reports_folder(config), options)


def refresh_reports(store: Store, config: Config) -> None:
    """The same after a check, if wanted. Pages that can't be written are said in the log and fail no check: what they
    show is in the store."""
    if not config.reports.write:
        return
    try:
        write_pages(store, config)
    except Exception:
        log.exception("the report pages could not be written to %s", reports_folder(config))
