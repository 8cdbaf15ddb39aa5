"""The capture index as the Internet Archive answers since 2026 (reference/wayback.md 1.0 and 1.1)."""

from __future__ import annotations

import base64
import binascii
import json
import re
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

from starlette.datastructures import QueryParams

from tests.replica.answers import Answer, Struck, text
from tests.replica.faults import draw
from tests.replica.surt import moment, stamp, surt, surt_range
from tests.replica.warc import Index, Row

__all__ = ["BLOCKED", "ROBOTS", "resume_key", "search"]

COLUMNS = ("urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length")
CAP = 150_000
BLOCKED = (
    "org.archive.util.io.RuntimeIOException: "
    "org.archive.wayback.exception.AdministrativeAccessControlException: Blocked Site Error"
)
ROBOTS = (
    "org.archive.util.io.RuntimeIOException: "
    "org.archive.wayback.exception.RobotAccessControlException: Blocked By Robots"
)


class _Refused(Exception):
    """A request that the server does not understand."""


@dataclass(frozen=True, slots=True)
class _Query:
    url: str
    match: str
    start: str
    end: str
    limit: int
    filters: tuple[Callable[[Row], bool], ...]
    collapse: tuple[tuple[str, int], ...]
    columns: tuple[str, ...]
    json: bool
    show_key: bool
    key: tuple[str, str] | None
    sort: str
    closest: str


def resume_key(row: Row) -> str:
    """Opaque since 2026: the URL key and timestamp of the last row, deflated, in URL-safe base64."""
    return base64.urlsafe_b64encode(zlib.compress(f"{row.urlkey} {row.timestamp}".encode())).decode()


def _opened(key: str) -> tuple[str, str]:
    try:
        urlkey, _, timestamp = zlib.decompress(base64.urlsafe_b64decode(key)).decode().rpartition(" ")
    except (binascii.Error, zlib.error, ValueError) as error:
        raise _Refused("invalid resumeKey") from error
    return urlkey, timestamp


def _filter(expression: str) -> Callable[[Row], bool]:
    """`[!]field:regex` looks at the whole value, `[!]~field:text` for a part of it."""
    wanted = not expression.startswith("!")
    rest = expression.removeprefix("!")
    part = rest.startswith("~")
    name, colon, value = rest.removeprefix("~").partition(":")
    if not colon or name not in COLUMNS:
        raise _Refused(f"invalid filter {expression}")
    if part:
        return lambda row: (value in getattr(row, name)) is wanted
    try:
        pattern = re.compile(value)
    except re.error as error:
        raise _Refused(f"invalid filter {expression}") from error
    return lambda row: (pattern.fullmatch(getattr(row, name)) is not None) is wanted


def _parse(params: QueryParams, url: str) -> _Query:
    url = url or params.get("url", "")
    if not url:
        raise _Refused("The 'url' param is required")
    match = params.get("matchType", "exact")
    if url.startswith("*."):
        url, match = url[2:], "domain"
    elif url.endswith("*"):
        url, match = url[:-1], "prefix"
    if match not in ("exact", "prefix", "host", "domain"):
        raise _Refused(f"Invalid matchType {match}")
    try:
        limit = int(params.get("limit", "0"))
    except ValueError as error:
        raise _Refused("limit must be a number") from error
    collapse = [value.partition(":") for value in params.getlist("collapse")]
    key = params.get("resumeKey")
    return _Query(
        url=url,
        match=match,
        start=params.get("from", ""),
        end=params.get("to", ""),
        limit=limit,
        filters=tuple(_filter(expression) for expression in params.getlist("filter")),
        collapse=tuple((name, int(size) if size else 0) for name, _, size in collapse),
        columns=tuple(params["fl"].split(",")) if params.get("fl") else COLUMNS,
        json=params.get("output") == "json",
        show_key=params.get("showResumeKey") in ("true", "1"),
        key=_opened(key) if key else None,
        sort=params.get("sort", ""),
        closest=params.get("closest", ""),
    )


def _collapsed(rows: Iterable[Row], fields: Sequence[tuple[str, int]]) -> list[Row]:
    """Drops a row whose fields equal those of the row kept last: only neighbours, as on the server."""
    kept: list[Row] = []
    last: list[str] | None = None
    for row in rows:
        now = [str(getattr(row, name, "-"))[: size or None] for name, size in fields]
        if now != last:
            kept.append(row)
        last = now
    return kept


def _grown(rows: list[Row], struck: Struck) -> list[Row]:
    if "growing" in struck:
        fault, before = struck["growing"]
        missing = max(0, fault.hidden - before * fault.step)
        late = (
            {id(row) for row in sorted(rows, key=lambda row: row.timestamp)[len(rows) - missing :]} if missing else ()
        )
        rows = [row for row in rows if id(row) not in late]
    if "duplicate-rows" in struck:
        fault = struck["duplicate-rows"][0]
        twice: list[Row] = []
        for row in rows:
            twice.append(row)
            chance = draw(fault.seed, row)
            if chance < fault.rate:
                twice.append(row)
            if chance < fault.rate / 3:
                twice.append(replace(row, length=str(int(row.length) + 1)))
        rows = twice
    return rows


def _selected(query: _Query, index: Index, horizon: str, struck: Struck) -> tuple[list[Row], bool]:
    """The rows of one page, and whether the limit ended it."""
    if query.match == "exact":
        rows = index.exact(surt(query.url))
    else:
        rows = [row for prefix in surt_range(query.url, query.match) for row in index.prefixed(prefix)]
        rows.sort()
    start, end = query.start, query.end
    rows = [
        row
        for row in rows
        if row.timestamp <= horizon
        and row.timestamp >= start
        and (not end or row.timestamp[: len(end)] <= end)
        and all(test(row) for test in query.filters)
    ]
    rows = _grown(rows, struck)
    if query.collapse:
        rows = _collapsed(rows, query.collapse)
    size = abs(query.limit) or CAP
    if query.sort == "closest" and query.closest:
        target = moment(stamp(query.closest))
        rows.sort(key=lambda row: abs(moment(row.timestamp) - target))
    elif query.sort == "reverse":
        rows.reverse()
    elif query.key is not None:
        keys = [row.key for row in rows]
        first = bisect_left(keys, query.key)
        # the key names the last row sent, which is sent again; unless that alone would fill the page
        if keys[first : first + size] and keys[first : first + size][-1] == query.key:
            first = bisect_right(keys, query.key)
        rows = rows[first:]
    if query.limit < 0:
        return rows[-size:], False
    return rows[:size], len(rows) >= size and query.limit > 0


_JUNK = (
    "com,example)/ 20",
    "-",
    "<html>",
    "com,example)/a b c 2004 mailto:x@y",
    "org,example)/ 20000012170449 http:// -",
)


def search(params: QueryParams, index: Index, horizon: str, struck: Struck, url: str = "") -> Answer:
    """Answer one request to `/cdx/search/cdx` (or a CDX timemap, which names its URL in the path)."""
    if "blocked" in struck:
        return text(403, BLOCKED + "\n", ("X-Archive-Wayback-Runtime-Error", BLOCKED))
    if "robots" in struck:
        return text(200, ROBOTS + "\n", ("X-Archive-Wayback-Runtime-Error", ROBOTS))
    try:
        query = _parse(params, url)
    except (_Refused, ValueError) as error:
        return text(400, f"{error}\n")
    rows, more = _selected(query, index, horizon, struck)
    key = resume_key(rows[-1]) if rows and more and query.show_key else ""
    if key and "repeat-key" in struck:
        key = params.get("resumeKey") or key
    lines: list[list[str]] = []
    for row in rows:
        if "malformed-rows" in struck:
            fault = struck["malformed-rows"][0]
            chance = draw(fault.seed, row.timestamp)
            if chance < fault.rate:
                lines.append(_JUNK[int(chance * 1e6) % len(_JUNK)].split(" "))
        lines.append(row.columns(query.columns))
    if query.json:
        listed: list[list[str]] = [list(query.columns), *lines] if rows else []
        if key:
            listed += [[], [key]]
        body = "[" + ",\n".join(json.dumps(line) for line in listed) + "]\n"
        return Answer(200, (("Content-Type", "application/json"),), body.encode())
    out = "".join(" ".join(line) + "\n" for line in lines) + (f"\n{key}\n" if key else "")
    return text(200, out, ("X-be", "wb_cdx_pygwb"), ("X-location", "cdx"))
