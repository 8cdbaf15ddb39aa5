"""Report pages: static HTML written from the store, for people who would rather look than read tables in a terminal.

They open from a folder or from any web server, need no login, no build step and no internet, and are where alerts link
to. `document_url` and `change_url` give addresses, relative to the folder, that stay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from reports.addresses import calendar_url, category_url, change_url, document_url, version_url
from reports.options import ReportOptions, ReportResult

if TYPE_CHECKING:
    from pathlib import Path

    from storage.store import Store

__all__ = [
    "ReportOptions",
    "ReportResult",
    "calendar_url",
    "category_url",
    "change_url",
    "document_url",
    "serve_reports",
    "version_url",
    "write_reports",
]


def write_reports(store: Store, out: Path, options: ReportOptions | None = None) -> ReportResult:
    """See `reports.site.write_reports`. Jinja and the templates are imported when they are needed."""
    from reports.site import write_reports as write

    return write(store, out, options)


def serve_reports(folder: Path, port: int = 8321, *, host: str = "127.0.0.1") -> None:
    """See `reports.server.serve_reports`."""
    from reports.server import serve_reports as serve

    serve(folder, port, host=host)
