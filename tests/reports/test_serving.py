"""The preview server: strict headers on every answer, and nothing outside the folder or hidden in it."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from reports import serve_reports
from reports.server import HEADERS, pages_app


async def test_pages_come_with_strict_headers(pages: Path) -> None:
    transport = httpx.ASGITransport(app=pages_app(pages))
    async with httpx.AsyncClient(transport=transport, base_url="http://pages.example") as client:
        for path in (
            "/",
            "/index.html",
            "/assets/style.css",
            "/nothing.html",
            "/.state/manifest.json",
            "/%2e%2e/%2e%2e/etc/passwd",
        ):
            answer = await client.get(path)
            wanted = 404 if path.startswith(("/nothing", "/.state", "/%2e")) else 200
            assert answer.status_code == wanted, path
            for name, value in HEADERS.items():
                assert answer.headers[name] == value, (path, name)
    policy = HEADERS["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy


def test_a_folder_that_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="no report pages"):
        serve_reports(tmp_path / "missing")
