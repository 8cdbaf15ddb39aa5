"""URLs as the Internet Archive's index sorts and matches them (SURT), and its 14-digit timestamps.

Two URLs that differ in scheme, case, `www`, default port, order of the query or a trailing slash have one key
(reference/wayback.md 1.1, `url`).
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime
from urllib.parse import quote, unquote, urlsplit

__all__ = ["http_date", "moment", "stamp", "surt", "surt_range"]

_WWW = re.compile(r"^www\d*\.")
_SAFE = "!$&'()*+,;=:@/~-._"


def _host_key(host: str) -> str:
    return ",".join(reversed(_WWW.sub("", host).split(".")))


def surt(url: str) -> str:
    """The index key of a URL: `http://www.Example.com:80/A/?b=2&a=1` is `com,example)/a?a=1&b=2`."""
    if "://" not in url:
        url = f"http://{url.lstrip('/')}"
    parts = urlsplit(url.strip().lower())
    try:
        port = parts.port
    except ValueError:
        port = None
    key = _host_key(parts.hostname or "")
    if port not in (None, 80, 443):
        key += f":{port}"
    path = quote(unquote(parts.path), safe=_SAFE).rstrip("/") or "/"
    query = "&".join(sorted(piece for piece in parts.query.split("&") if piece))
    return f"{key}){path}" + (f"?{query}" if query else "")


def surt_range(url: str, match: str) -> tuple[str, ...]:
    """What the keys of the matching rows begin with; for `exact` use `surt` itself.

    Parameters:
        match: `prefix`, `host` or `domain`.
    """
    key = surt(url)
    host = key.split(")", 1)[0]
    if match == "host":
        return (f"{host})/",)
    if match == "domain":
        return (f"{host})/", f"{host},")
    asked = url.split("://", 1)[-1]
    return (key + "/" if asked.endswith("/") and not key.endswith("/") else key,)


def stamp(value: str | date | datetime) -> str:
    """A 14-digit timestamp; a date or a shorter prefix means the last second of it ("2004" is the end of 2004)."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).strftime("%Y%m%d%H%M%S")
    if isinstance(value, date):
        return f"{value:%Y%m%d}235959"
    digits = re.sub(r"\D", "", value)[:14]
    if len(digits) < 4:
        raise ValueError(f"not a date: {value!r}")
    return digits + "99991231235959"[len(digits) :] if len(digits) > 4 else f"{digits}1231235959"


def moment(timestamp: str) -> datetime:
    """The time that a timestamp names; day 31 of a shorter month and the like become the nearest possible."""
    year, month, day, hour, minute, second = (
        int(timestamp[start:end] or 0) for start, end in ((0, 4), (4, 6), (6, 8), (8, 10), (10, 12), (12, 14))
    )
    month, day = min(max(month, 1), 12), max(day, 1)
    for last in (day, 30, 29, 28):
        try:
            return datetime(year, month, min(day, last), min(hour, 23), min(minute, 59), min(second, 59), tzinfo=UTC)
        except ValueError:
            continue
    raise ValueError(f"not a timestamp: {timestamp!r}")


def http_date(timestamp: str) -> str:
    """As headers write it: `Tue, 31 Dec 1996 23:58:47 GMT`."""
    return moment(timestamp).strftime("%a, %d %b %Y %H:%M:%S GMT")
