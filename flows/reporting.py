"""What is derived from the store: the search index and the report pages. Brought up to date after each run."""

from __future__ import annotations

import logging
from pathlib import Path

from flows.clause_index import complete_index
from flows.config import Config
from reports import ReportOptions, ReportResult, write_reports
from storage.store import Store

__all__ = ["refresh_derived", "reports_folder", "write_pages"]

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


def refresh_derived(store: Store, config: Config) -> None:
    """Index new versions and, if wanted, write the pages that changed. Pages that can't be written are said in the log
    and fail no check: what they show is in the store."""
    complete_index(store, config.category_rules)
    if not config.reports.write:
        return
    try:
        write_pages(store, config)
    except Exception:
        log.exception("the report pages could not be written to %s", reports_folder(config))
