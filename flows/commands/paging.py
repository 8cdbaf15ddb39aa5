"""`clausewatch report`: write the pages, open or serve them."""

from __future__ import annotations

import sys
import webbrowser
from pathlib import Path

from flows.config_file import find_config, read_config
from flows.opening import open_store
from flows.reporting import reports_folder, write_pages
from flows.terminal import UserError
from reports import serve_reports

__all__ = ["write_report"]


def write_report(config_path: Path | None, out: Path | None, *, open_: bool, port: int | None) -> int:
    """Write the pages whose content changed, say where they are, and show them if asked."""
    config = read_config(find_config(config_path))
    folder = out or reports_folder(config)
    if folder.exists() and not folder.is_dir():
        raise UserError(f"{folder} is a file, not a folder")
    with open_store(config) as store:
        result = write_pages(store, config, folder)
    sys.stdout.write(
        f"{folder / 'index.html'}: {len(result.written)} files written, {result.unchanged} as they were, "
        f"{len(result.removed)} removed\n"
    )
    if open_:
        webbrowser.open((folder / "index.html").resolve().as_uri())
    if port is not None:
        sys.stdout.write(f"serving http://127.0.0.1:{port}/ until you stop it with Ctrl-C\n")
        sys.stdout.flush()
        serve_reports(folder, port)
    return 0
