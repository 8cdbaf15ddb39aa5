"""Mementos as the Internet Archive plays them back (reference/wayback.md 1.2)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from email.utils import parsedate_to_datetime
from typing import Literal
from urllib.parse import unquote, urljoin

from tests.replica.answers import Answer, Struck, html, text
from tests.replica.cdx import BLOCKED, ROBOTS
from tests.replica.surt import http_date, moment, stamp, surt
from tests.replica.warc import Index, Record, Row

__all__ = ["RedirectStyle", "play", "timemap"]

RedirectStyle = Literal["absolute", "path", "schemeless"]

_ASKED = re.compile(r"^(?:(\d{1,14})([a-z]{2}_)?/)?(.+)$", re.DOTALL)
_HOP = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding", "content-encoding"})


def play(
    rest: str,
    index: Index,
    horizon: str,
    base: str,
    struck: Struck,
    accept_datetime: str = "",
    style: RedirectStyle = "absolute",
) -> Answer:
    """Answer `/web/{rest}`.

    Parameters:
        rest: `{timestamp}{modifier}/{url}`, undecoded, with the query; or `{url}` alone, which is the timegate.
        base: scheme and host under which the client reached the archive.
    """
    matched = _ASKED.match(rest)
    if matched is None:
        return html(404, _page("Not found", "No such page."))
    asked, modifier, url = matched[1] or "", matched[2] or "", matched[3]
    if re.match(r"https?%3a", url, re.IGNORECASE):
        url = unquote(url)
    if "blocked" in struck:
        return html(403, _page("Blocked", BLOCKED), ("X-Archive-Wayback-Runtime-Error", BLOCKED))
    if "robots" in struck:
        return html(403, _page("Blocked", ROBOTS), ("X-Archive-Wayback-Runtime-Error", ROBOTS))
    if "excluded" in struck:
        return html(200, _page("Sorry.", "This URL has been excluded from the Wayback Machine."))
    rows = [row for row in index.exact(surt(url)) if row.timestamp <= horizon]
    playable = [row for row in rows if index.playable(row) is not None]
    exact = [row for row in playable if row.timestamp == asked]
    if "elsewhere" in struck:
        playable = [row for row in playable if row.timestamp != asked]
        exact = []
    if not playable:
        return html(404, _page("Hrm.", "The Wayback Machine has not archived that URL."))
    if not exact:
        found = _nearest(playable, asked, accept_datetime)
        location = f"{base}/web/{found.timestamp}{modifier}/{found.original}"
        reason = f"found capture at {found.timestamp}"
        return text(302, "", ("Location", location), ("X-Archive-Redirect-Reason", reason))
    row = next((one for one in exact if one.original == url), exact[0])
    full = index.playable(row)
    assert full is not None
    return _memento(row, index.read(full), index.paths[full.file].name, playable, modifier, base, style)


def _page(title: str, words: str) -> str:
    return (
        f"<!DOCTYPE html><html><head><title>Internet Archive Wayback Machine</title></head>"
        f"<body><h2>{title}</h2><p>{words}</p></body></html>"
    )


def _nearest(rows: Sequence[Row], asked: str, accept_datetime: str) -> Row:
    if asked:
        target = moment(stamp(asked) if len(asked) < 14 else asked)
    elif accept_datetime:
        target = parsedate_to_datetime(accept_datetime)
    else:
        return rows[-1]
    return min(rows, key=lambda row: abs(moment(row.timestamp) - target))


def _memento(
    row: Row, record: Record, source: str, rows: Sequence[Row], modifier: str, base: str, style: RedirectStyle
) -> Answer:
    location = record.header("Location")
    redirect = 300 <= record.status < 400 and bool(location)
    if redirect and modifier == "":
        # the view for people: a page that says where the redirect led, and no memento
        words = (
            f'Got an HTTP {record.status} response at crawl time. Redirecting to <a href="{location}">{location}</a>'
        )
        return html(200, _page("Loading", words), ("X-Archive-Src", source))
    headers = [("x-archive-orig-" + name.lower(), value) for name, value in record.headers if name.lower() not in _HOP]
    headers += [(n, v) for n, v in record.headers if n.lower() in ("content-type", "content-encoding")]
    if redirect:
        target = f"/web/{row.timestamp}{modifier}/{urljoin(row.original, location)}"
        prefix = {"absolute": base, "path": "", "schemeless": base.split(":", 1)[-1]}[style]
        headers.append(("Location", prefix + target))
    headers += [
        ("Memento-Datetime", http_date(row.timestamp)),
        ("Link", _links(row, rows, base)),
        ("Cache-Control", "max-age=1800"),
        ("X-Archive-Src", source),
        ("X-ts", str(record.status)),
    ]
    body = record.body
    if modifier == "" and "html" in record.header("Content-Type") and not record.header("Content-Encoding"):
        toolbar = b"<!-- BEGIN WAYBACK TOOLBAR INSERT --><div id=wm-ipp-base></div><!-- END WAYBACK TOOLBAR INSERT -->"
        body = re.sub(rb"(<body[^>]*>)", lambda found: found[1] + toolbar, body, count=1, flags=re.IGNORECASE)
    return Answer(record.status, tuple(headers), body)


def _links(row: Row, rows: Sequence[Row], base: str) -> str:
    """The URLs of mementos are always in view mode, whatever was asked for."""
    times = sorted({one.timestamp: one for one in reversed(rows)}.values(), key=lambda one: one.timestamp)
    here = next(place for place, one in enumerate(times) if one.timestamp == row.timestamp)
    named: list[tuple[str, Row]] = []
    if here > 0:
        named.append(("first memento", times[0]))
    if here > 1:
        named.append(("prev memento", times[here - 1]))
    named.append(("memento" if 0 < here < len(times) - 1 else "first memento" if here == 0 else "last memento", row))
    if here < len(times) - 2:
        named.append(("next memento", times[here + 1]))
    if here < len(times) - 1:
        named.append(("last memento", times[-1]))
    links = [
        f'<{row.original}>; rel="original"',
        f'<{base}/web/timemap/link/{row.original}>; rel="timemap"; type="application/link-format"',
        f'<{base}/web/{row.original}>; rel="timegate"',
    ]
    links += [_link(base, one, relation) for relation, one in named]
    return ", ".join(links)


def _link(base: str, row: Row, relation: str) -> str:
    return f'<{base}/web/{row.timestamp}/{row.original}>; rel="{relation}"; datetime="{http_date(row.timestamp)}"'


def timemap(url: str, index: Index, horizon: str, base: str) -> Answer:
    """`/web/timemap/link/{url}` in application/link-format; 404 when there is nothing."""
    rows = [row for row in index.exact(surt(url)) if row.timestamp <= horizon]
    kind = ("Content-Type", "application/link-format")
    if not rows:
        return Answer(404, (kind,))
    lines = [
        f'<{url}>; rel="original"',
        f'<{base}/web/timemap/link/{url}>; rel="self"; type="application/link-format"; '
        f'from="{http_date(rows[0].timestamp)}"; until="{http_date(rows[-1].timestamp)}"',
        f'<{base}>; rel="timegate"',
    ]
    for place, row in enumerate(rows):
        lines.append(_link(base, row, "first memento" if place == 0 else "memento"))
    return Answer(200, (kind,), (",\n".join(lines) + "\n").encode())
