"""The index of an archive (CDX): what is asked, in each dialect, and the rows of the answer.

What is recognised in an answer does not depend on what was asked for: arrays begin with `[`, lines of NDJSON with `{`,
all else is text. Rows that cannot be read are counted, never fatal; an answer that is no index at all (a proxy's HTML)
is `ArchiveFormat`, never an empty page. Quirks are from reference/wayback.md 1.1 and 2.1.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import unquote, urlsplit

from scrapers.archive.profiles import Dialect
from scrapers.archive.timestamps import parse_timestamp
from scrapers.errors import ArchiveBlockedByRobots, ArchiveExcluded, ArchiveFormat

__all__ = [
    "EMPTY_DIGEST",
    "CaptureRow",
    "CdxAnswer",
    "CdxQuery",
    "normalise_url",
    "parse_cdx",
    "raise_if_forbidden",
    "same_page",
]

EMPTY_DIGEST = "3I42H3S6NNFQ2MSVX7XZKYAYSCX5QBYJ"
"""SHA-1 of no bytes: every redirect without a body has it, whatever its target."""

Identity = tuple[str, str, int, str]

_COLUMNS = ("urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length")
_ALIASES = {"url": "original", "mime": "mimetype", "status": "statuscode"}
_MAX_URL = 16_000  # httpx refuses at 64 KiB; no server that we know takes a quarter of it
_CONTROL = re.compile(r"[\x00-\x20\x7f]")
_DIGITS14 = re.compile(r"[0-9]{14}")
_STATUS = re.compile(r"[0-9]{3}")
_LENGTH = re.compile(r"[0-9]{1,18}")


@dataclass(frozen=True, slots=True)
class CaptureRow:
    """A row of the index: that an archive holds a capture, not the capture.

    `timestamp` has 14 digits as the index has them (they name the memento); `time` is what they mean. `status` is None
    for a revisit, whose body was equal to an earlier one of the same `digest` (base32 SHA-1 of the stored payload).
    `length` is the size of the compressed record, not of the body.
    """

    urlkey: str
    timestamp: str
    url: str
    mime: str
    status: int | None
    digest: str
    length: int | None = None

    @property
    def time(self) -> datetime:
        return parse_timestamp(self.timestamp)

    @property
    def is_revisit(self) -> bool:
        return self.mime == "warc/revisit"

    @property
    def is_redirect(self) -> bool:
        return self.status is not None and 300 <= self.status < 400

    @property
    def identity(self) -> Identity:
        """What makes a capture one of its kind: (timestamp, url) alone is not unique, in any archive. 0: no status."""
        return (self.timestamp, self.url, self.status or 0, self.digest)


@dataclass(frozen=True, slots=True)
class CdxQuery:
    """One request to an index. `filters` are in the Internet Archive's words (`!mimetype:warc/revisit`, `~url:terms`):
    a regular expression on the whole value, with `~` a part of it, with `!` what must not match."""

    url: str
    since: str = ""
    until: str = ""
    resume_key: str = ""
    limit: int = 1000
    match: str = "exact"
    filters: Sequence[str] = ()
    resolve_revisits: bool = False

    def parameters(self, dialect: Dialect) -> list[tuple[str, str]]:
        given: list[tuple[str, str]] = [("url", self.url)]
        if self.match != "exact":
            given.append(("matchType", self.match))
        given.append(("limit", str(self.limit)))
        given += [(name, value) for name, value in (("from", self.since), ("to", self.until)) if value]
        if dialect is Dialect.PYWB:
            # without it a filter that matches nothing returns all rows, and ?utm_source=x finds the bare URL
            given += [("output", "json"), ("allowFuzzy", "0")]
            given += [("filter", _pywb_filter(one)) for one in self.filters]
            return given
        given += [("filter", one) for one in self.filters]
        given.append(("showResumeKey", "true"))
        if self.resolve_revisits:
            given.append(("resolveRevisits", "true"))
        if dialect is Dialect.JSON:
            given.append(("output", "json"))
        if self.resume_key:
            given.append(("resumeKey", self.resume_key))
        return given


@dataclass(frozen=True, slots=True)
class CdxAnswer:
    """What one answer of an index held. `malformed` counts rows left out; `raw` all rows, for they count to `limit`."""

    rows: tuple[CaptureRow, ...]
    resume_key: str = ""
    malformed: int = 0
    raw: int = 0


def _pywb_filter(given: str) -> str:
    """The Internet Archive's filter in pywb's words: there a part of the value is the default and `~` a pattern that
    must match from the start."""
    negated = "!" if given.startswith(("!", "~!")) else ""
    contains = given.startswith(("~", "!~"))
    name, _, value = given.lstrip("!~").partition(":")
    name = {"original": "url", "mimetype": "mime", "statuscode": "status"}.get(name, name)
    return f"{negated}{name}:{value}" if contains else f"{negated}~{name}:(?:{value})$"


def normalise_url(url: str) -> str:
    """A URL without the default port that old rows and `rel="original"` carry (`http://a.example:80/`)."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return url
    end = min((at for at in (rest.find(mark) for mark in "/?#") if at >= 0), default=len(rest))
    host, port = rest[:end], {"http": ":80", "https": ":443"}.get(scheme.lower(), ":")
    return f"{scheme}{separator}{host.removesuffix(port)}{rest[end:]}"


def same_page(one: str, other: str) -> bool:
    """Whether two URLs are one page for an archive's lookup (SURT): scheme, www, port, case, a final slash, the order
    of parameters, session ids and needless percent-encoding are ignored."""
    return _lookup_key(one) == _lookup_key(other)


_SESSION_ID = re.compile(r"^(?:jsessionid|phpsessid|sid|aspsessionid[a-z]{8}|cfid|cftoken)=[0-9a-z-]*$")
_SESSION_PART = re.compile(r";jsessionid=[0-9a-z]{32}$")


def _lookup_key(url: str) -> str:
    rest = normalise_url(url).partition("://")[2] or url
    rest = re.sub(r"^www\d{0,3}\.", "", unquote(rest.partition("#")[0]).lower())
    path, _, query = rest.partition("?")
    parameters = sorted(part for part in query.split("&") if part and not _SESSION_ID.match(part))
    return "?".join([_SESSION_PART.sub("", path).rstrip("/"), *filter(None, ["&".join(parameters)])])


def raise_if_forbidden(text: str, runtime_error: str, url: str, status: int | None = None) -> None:
    """Raise what an archive's refusal means. It may be in the body, in the header alone, and under a status of 200.

    Raises:
        ArchiveBlockedByRobots, ArchiveExcluded
    """
    said = f"{runtime_error}\n{text[:500_000]}"  # the sentence stands deep in a page of 90 KB
    if "RobotAccessControl" in said:
        raise ArchiveBlockedByRobots("the archive does not show it because of robots.txt", url=url, status=status)
    if "AccessControlException" in said or "Blocked Site Error" in said or "has been excluded" in said:
        raise ArchiveExcluded("the archive may not show this site", url=url, status=status)


def parse_cdx(text: str, *, asked: str = "") -> CdxAnswer:
    """The rows of an index's answer in any dialect.

    Parameters:
        text: the body of the answer.
        asked: the URL that was asked for; its host is believed even where it has no dot.

    Raises:
        ArchiveFormat: this is not an index.
        ArchiveExcluded, ArchiveBlockedByRobots: the site is blocked, said in a line of text.
    """
    hosts = frozenset({urlsplit(asked).hostname or urlsplit(f"//{asked}").hostname or "", "localhost"})
    if text.lstrip()[:1] == "[":
        return _parse_arrays(text, hosts, asked)
    return _parse_lines(text, hosts, asked)


def _parse_lines(text: str, hosts: frozenset[str], asked: str) -> CdxAnswer:
    """Text and NDJSON: each line tells which it is, because any of them, the first one too, may be broken."""
    rows: list[CaptureRow] = []
    raw = misshapen = malformed = 0
    lines = text.rstrip().split("\n")
    key = lines[-1].strip()
    if len(lines) > 1 and not lines[-2].strip() and " " not in key:  # a blank line comes before the resume key
        lines = lines[:-2]
    else:
        key = ""
    for line in map(str.strip, lines):
        if not line:
            continue
        raw += 1
        values = _record(line) if line.startswith("{") else _columns(line)
        if values is None:
            misshapen += 1
        elif values.get("is_fuzzy", "0") == "1":  # another page than the one asked for
            continue
        elif (row := _row(values, hosts)) is None:
            malformed += 1
        else:
            rows.append(row)
    if not key:
        _require_index(text, raw, misshapen, asked)
    return CdxAnswer(tuple(rows), key, malformed + misshapen, raw)


def _columns(line: str) -> dict[str, str] | None:
    """The columns of a line; None where it is none of an index, not even a broken one."""
    values = line.split(" ")
    if ")/" not in values[0] and not (len(values) >= 6 and values[1].isdecimal()):
        return None
    return dict(zip(_COLUMNS, values, strict=False))


def _record(line: str) -> dict[str, str] | None:
    try:
        record = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(record, dict) or "timestamp" not in record:
        return None
    return {_ALIASES.get(str(name), str(name)): str(value) for name, value in record.items()}


def _parse_arrays(text: str, hosts: frozenset[str], asked: str) -> CdxAnswer:
    try:
        table = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ArchiveFormat("the index answered with broken JSON", url=asked) from error
    if not isinstance(table, list):
        raise ArchiveFormat("the index answered with JSON that is no list of rows", url=asked)
    key = ""
    if len(table) >= 2 and table[-2] == [] and isinstance(table[-1], list) and len(table[-1]) == 1:
        key = str(table[-1][0])
        table = table[:-2]
    if not table:
        return CdxAnswer((), key)
    header = table[0]
    if not (isinstance(header, list) and "timestamp" in header):
        raise ArchiveFormat("the index answered with rows that have no header", url=asked)
    names = [_ALIASES.get(str(name), str(name)) for name in header]
    rows: list[CaptureRow] = []
    misshapen = malformed = 0
    for values in table[1:]:
        if not isinstance(values, list) or len(values) < len(names):
            misshapen += 1
            continue
        row = _row(dict(zip(names, map(str, values), strict=False)), hosts)
        if row is None:
            malformed += 1
        else:
            rows.append(row)
    if not key:
        _require_index(text, len(table) - 1, misshapen, asked)
    return CdxAnswer(tuple(rows), key, malformed + misshapen, len(table) - 1)


def _require_index(text: str, raw: int, misshapen: int, asked: str) -> None:
    """Rows may be bad; an answer in which nothing has the shape of a row is something else."""
    if raw and raw == misshapen:
        raise_if_forbidden(text, "", asked)
        raise ArchiveFormat(f"the index answered with something else than rows: {text.strip()[:200]!r}", url=asked)


def _row(values: Mapping[str, str], hosts: frozenset[str]) -> CaptureRow | None:
    """A row of its columns by name; None where it names nothing that could be fetched."""
    timestamp = values.get("timestamp", "")
    url = values.get("original", "")
    digest = values.get("digest", "-")
    if not _DIGITS14.fullmatch(timestamp) or not _is_fetchable(url, hosts):
        return None
    try:
        parse_timestamp(timestamp)
    except ValueError:
        return None
    status = values.get("statuscode", "-")
    length = values.get("length", "-")
    return CaptureRow(
        urlkey=values.get("urlkey", ""),
        timestamp=timestamp,
        url=normalise_url(url),
        mime=values.get("mimetype", ""),
        status=int(status) if _STATUS.fullmatch(status) else None,
        digest="" if digest == "-" else digest,
        length=int(length) if _LENGTH.fullmatch(length) else None,
    )


def _is_fetchable(url: str, hosts: frozenset[str]) -> bool:
    """Whether a row's URL is one. Indexes hold `http://mailto:a@b`, `…data:image/jpeg;base64…` and hosts that are
    single words (quirk 8)."""
    if len(url) > _MAX_URL or _CONTROL.search(url) or "data:image" in url:
        return False
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
        _ = parts.port
    except ValueError:
        return False
    if parts.scheme not in ("http", "https") or "mailto:" in parts.netloc:
        return False
    return "." in host.strip(".") or ":" in host or host in hosts
