"""Atom feed of changes (RFC 4287) and iCalendar of upcoming dates (RFC 5545), for readers that know those better."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime, timedelta
from urllib.parse import urljoin

from lxml import etree

from reports.addresses import change_url, document_url
from reports.listings import ChangeRow, Due
from reports.options import ReportOptions
from reports.writer import PageSource

__all__ = ["ATOM", "CALENDAR_FILE", "feed_sources"]

ATOM = "changes.atom"
CALENDAR_FILE = "calendar.ics"
_ENTRIES = 100
_NAMESPACE = "http://www.w3.org/2005/Atom"


def feed_sources(options: ReportOptions, rows: Sequence[ChangeRow], dues: Sequence[Due]) -> Iterator[PageSource]:
    """Nothing without `base_url`: feeds are read far from the folder, so their links must be absolute."""
    base = options.base_url.rstrip("/") + "/"
    if base == "/":
        return
    latest = rows[:_ENTRIES]
    changes = [(row.change, row.dossier.title) for row in latest]
    yield PageSource(ATOM, (base, changes), lambda: _atom(base, latest))
    today = options.now.astimezone(UTC).date()
    coming = sorted((due for due in dues if due.date >= today), key=lambda due: (due.date, due.dossier.key))
    mark = [(due.date, due.dossier.title, due.sentence, due.change) for due in coming]
    yield PageSource(CALENDAR_FILE, (base, mark), lambda: _icalendar(base, coming))


def _atom(base: str, rows: Sequence[ChangeRow]) -> bytes:
    feed = etree.Element(f"{{{_NAMESPACE}}}feed", nsmap={None: _NAMESPACE})
    _add(feed, "id", base)
    _add(feed, "title", "clausewatch: changes of policies")
    _add(feed, "updated", _utc(max((row.change.created for row in rows), default=datetime(1970, 1, 1, tzinfo=UTC))))
    _add(feed, "link", href=urljoin(base, ATOM), rel="self")
    _add(feed, "link", href=base, rel="alternate")
    author = _add(feed, "author")
    _add(author, "name", "clausewatch")
    for row in rows:
        address = urljoin(base, change_url(row.change.id))
        entry = _add(feed, "entry")
        _add(entry, "id", address)
        _add(entry, "title", f"{row.dossier.title}: {row.change.summary}")
        _add(entry, "updated", _utc(row.change.created))
        _add(entry, "published", _utc(row.change.to_time or row.change.created))
        _add(entry, "link", href=address, rel="alternate", type="text/html")
        _add(entry, "category", term=row.severity)
        effective = f" Stated effective date: {row.change.effective}." if row.change.effective else ""
        _add(entry, "summary", f"{row.severity} severity, {row.change.direction}. {row.change.summary}.{effective}")
    return bytes(etree.tostring(feed, xml_declaration=True, encoding="utf-8", pretty_print=True))


def _add(parent: etree._Element, name: str, text: str = "", **attributes: str) -> etree._Element:
    element = etree.SubElement(
        parent, f"{{{_NAMESPACE}}}{name}", {key: _xml(value) for key, value in attributes.items()}
    )
    element.text = _xml(text) or None
    return element


def _xml(text: str) -> str:
    """Without the characters that XML can't have at all."""
    return "".join(
        c for c in text if c in "\t\n\r" or (c >= " " and not "\ud800" <= c <= "\udfff" and c not in "\ufffe\uffff")
    )


def _utc(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _icalendar(base: str, dues: Sequence[Due]) -> str:
    lines = ["BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//clausewatch//reports//EN", "X-WR-CALNAME:Policy dates"]
    for due in dues:
        known = due.change.created if due.change else due.dossier.document.last_checked
        stamp = known or datetime(1970, 1, 1, tzinfo=UTC)
        target = change_url(due.change.id) if due.change else document_url(due.dossier.key)
        name = hashlib.sha256(f"{due.dossier.key}|{due.date}|{due.sentence[:10]}".encode()).hexdigest()[:32]
        lines += [
            "BEGIN:VEVENT",
            f"UID:{name}@clausewatch",
            f"DTSTAMP:{stamp.astimezone(UTC):%Y%m%dT%H%M%SZ}",
            f"DTSTART;VALUE=DATE:{due.date:%Y%m%d}",
            f"DTEND;VALUE=DATE:{due.date + timedelta(days=1):%Y%m%d}",
            f"SUMMARY:{_calendar_text(due.dossier.title)}",
            f"DESCRIPTION:{_calendar_text(due.sentence + '. ' + (due.change.summary if due.change else ''))}",
            f"URL:{urljoin(base, target)}",
            "TRANSP:TRANSPARENT",
            "END:VEVENT",
        ]
    lines.append("END:VCALENDAR")
    return "".join(_folded(line) + "\r\n" for line in lines)


def _calendar_text(text: str) -> str:
    """RFC 5545 3.3.11: backslash, semicolon, comma and line breaks are escaped; other control characters are not."""
    plain = "".join(char if char >= " " and char != "\x7f" else " " for char in text.replace("\n", " "))
    return plain.replace("\\", "\\\\").replace(";", "\\;").replace(",", "\\,")


def _folded(line: str) -> str:
    """RFC 5545 3.1: no line has more than 75 bytes, and none is cut inside a character."""
    parts, part, size = [], "", 0
    for char in line:
        width = len(char.encode("utf-8", "replace"))
        if size + width > 74:
            parts.append(part)
            part, size = "", 0
        part += char
        size += width
    return "\r\n ".join([*parts, part])
