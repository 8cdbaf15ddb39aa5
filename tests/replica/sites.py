"""The vendors' own web sites at a chosen date, made from what was archived of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from tests.replica.answers import Answer, html
from tests.replica.surt import http_date, moment, surt
from tests.replica.warc import Index, Record, Row

__all__ = ["Rewrite", "visit"]

Rewrite = Callable[[str, bytes, int], bytes]
"""`(url, body, number of this request to the URL) -> body`: what a site puts into each response anew, like tokens."""

_HOP = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding", "set-cookie", "date", "age"})


def visit(
    url: str,
    index: Index,
    date: str,
    headers: Mapping[str, str],
    robots: Mapping[str, str],
    rewrite: Rewrite | None = None,
    number: int = 0,
) -> Answer:
    """Answer a request for a page of a vendor.

    The newest capture at or before `date` is served with its own status and headers. What has a stored ETag or
    Last-Modified keeps it; otherwise they are made from the payload's digest and from when this payload was first
    seen. A page that `rewrite` changes has neither.

    Parameters:
        robots: text of robots.txt by host; a host not named has the archived one, or none (404).
    """
    parts = urlsplit(url)
    if parts.path == "/robots.txt" and (parts.hostname or "") in robots:
        return Answer(200, (("Content-Type", "text/plain"),), robots[parts.hostname or ""].encode())
    rows = [row for row in index.exact(surt(url)) if row.timestamp <= date and index.playable(row) is not None]
    # on loopback there is no TLS: where a site sends everybody from http to https, the page itself is served
    rows = [row for row in rows if not (row.statuscode.startswith("3") and _to_itself(row, index))]
    if not rows:
        return html(404, "<html><head><title>404 Not Found</title></head><body><h1>Not Found</h1></body></html>")
    newest = [row for row in rows if row.timestamp == rows[-1].timestamp]
    row = next((row for row in newest if row.original == url), newest[-1])
    rows = [earlier for earlier in rows if earlier.timestamp < row.timestamp] + [row]
    full = index.playable(row)
    assert full is not None
    record = index.read(full)
    kept = [(name, value) for name, value in record.headers if name.lower() not in _HOP]
    location = record.header("Location")
    if location and urlsplit(location).hostname in index.hosts:
        kept = [(n, v.replace("https://", "http://", 1) if n.lower() == "location" else v) for n, v in kept]
    if record.status != 200:
        return Answer(record.status, tuple(kept), record.body)
    if rewrite is not None and (body := rewrite(url, record.body, number)) != record.body:
        kept = [(name, value) for name, value in kept if name.lower() not in ("etag", "last-modified")]
        return Answer(200, tuple(kept), body)
    return _conditional(row, rows, record, kept, headers)


def _to_itself(row: Row, index: Index) -> bool:
    full = index.playable(row)
    return full is not None and surt(index.read(full).header("Location")) == row.urlkey


def _conditional(
    row: Row, rows: list[Row], record: Record, kept: list[tuple[str, str]], headers: Mapping[str, str]
) -> Answer:
    since = row
    for earlier in reversed(rows):
        if earlier.digest != row.digest:
            break
        since = earlier
    etag = record.header("ETag") or f'"{row.digest[:16].lower()}"'
    modified = record.header("Last-Modified") or http_date(since.timestamp)
    kept = [(name, value) for name, value in kept if name.lower() not in ("etag", "last-modified")]
    kept += [("ETag", etag), ("Last-Modified", modified)]
    wanted = headers.get("if-none-match")
    if wanted is not None:
        known = {tag.strip().removeprefix("W/") for tag in wanted.split(",")}
        fresh = "*" in known or etag.removeprefix("W/") in known
    else:
        fresh = _not_since(modified, since, headers.get("if-modified-since", ""))
    if fresh:
        return Answer(304, tuple((n, v) for n, v in kept if not n.lower().startswith("content-")))
    return Answer(200, tuple(kept), record.body)


def _not_since(modified: str, since: Row, asked: str) -> bool:
    if not asked:
        return False
    try:
        limit = parsedate_to_datetime(asked)
    except ValueError:
        return False
    try:
        return parsedate_to_datetime(modified) <= limit
    except ValueError:
        return moment(since.timestamp) <= limit
