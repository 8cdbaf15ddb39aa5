"""WARC files: write them from plain values, index them once, read single records on demand."""

from __future__ import annotations

import base64
import hashlib
from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from io import BytesIO
from pathlib import Path

from warcio.archiveiterator import ArchiveIterator
from warcio.bufferedreaders import ChunkedDataReader
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from tests.replica.surt import moment, surt

__all__ = ["Index", "Page", "Record", "Row", "digest_of", "write_warc"]

Headers = tuple[tuple[str, str], ...]

_REASONS = {200: "OK", 301: "Moved Permanently", 302: "Found", 304: "Not Modified", 404: "Not Found"}


@dataclass(frozen=True, slots=True)
class Page:
    """One capture to write. `revisit` writes a revisit record (no body) of the same payload instead of a response."""

    url: str
    timestamp: str
    body: bytes = b""
    status: int = 200
    headers: Headers = (("Content-Type", "text/html; charset=utf-8"),)
    revisit: bool = False


@dataclass(frozen=True, slots=True, order=True)
class Row:
    """One line of the index. The seven columns are what the CDX server shows; the rest says where the record lies."""

    urlkey: str
    timestamp: str
    original: str
    mimetype: str
    statuscode: str
    digest: str
    length: str
    file: int = field(default=0, compare=False)
    offset: int = field(default=0, compare=False)

    @property
    def key(self) -> tuple[str, str]:
        return self.urlkey, self.timestamp

    @property
    def is_revisit(self) -> bool:
        return self.mimetype == "warc/revisit"

    def columns(self, names: Sequence[str]) -> list[str]:
        """The values of the named columns; an unknown name gives `-`, as on the server."""
        return [str(getattr(self, name)) if name in _COLUMNS else "-" for name in names]


_COLUMNS = ("urlkey", "timestamp", "original", "mimetype", "statuscode", "digest", "length")


@dataclass(frozen=True, slots=True)
class Record:
    """What a site answered: status, headers as stored, and the payload (without its transfer coding)."""

    status: int
    reason: str
    headers: Headers
    body: bytes

    def header(self, name: str) -> str:
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


def digest_of(payload: bytes) -> str:
    """As CDX rows have it: base32 of the SHA-1 of the stored payload."""
    return base64.b32encode(hashlib.sha1(payload).digest()).decode()


def write_warc(path: Path, pages: Iterable[Page]) -> Path:
    """Write captures as a gzipped WARC 1.0, one record each, in the order given. The same pages give the same bytes."""
    with path.open("wb") as stream:
        writer = WARCWriter(stream, gzip=True)
        for number, page in enumerate(pages):
            date = moment(page.timestamp).strftime("%Y-%m-%dT%H:%M:%SZ")
            identity = hashlib.sha1(f"{number} {page.url} {page.timestamp}".encode()).hexdigest()
            extra = {
                "WARC-Date": date,
                "WARC-Record-ID": f"<urn:uuid:{identity[:8]}-{identity[8:12]}-4{identity[13:16]}-8{identity[17:20]}"
                f"-{identity[20:32]}>",
                "WARC-Payload-Digest": f"sha1:{digest_of(page.body)}",
            }
            status = f"{page.status} {_REASONS.get(page.status, 'Status')}"
            headers = StatusAndHeaders(status, [*page.headers, ("Content-Length", str(len(page.body)))], "HTTP/1.1")
            if page.revisit:
                extra["WARC-Profile"] = "http://netpreserve.org/warc/1.0/revisit/identical-payload-digest"
            kind, payload = ("revisit", b"") if page.revisit else ("response", page.body)
            writer.write_record(
                writer.create_warc_record(
                    page.url, kind, payload=BytesIO(payload), http_headers=headers, warc_headers_dict=extra
                )
            )
    return path


class Index:
    """All captures of some WARC files, sorted as the archive's index is. Holds no bodies.

    Parameters:
        paths: WARC files, plain or gzipped by record.
    """

    def __init__(self, paths: Iterable[Path]) -> None:
        self.paths = tuple(paths)
        self.rows = sorted(row for number, path in enumerate(self.paths) for row in _scan(number, path))
        self._keys = [row.key for row in self.rows]
        self._full: dict[str, list[Row]] = {}
        for row in self.rows:
            if not row.is_revisit:
                self._full.setdefault(row.digest, []).append(row)
        self.hosts = frozenset(host for row in self.rows if (host := _host(row.original)))

    def exact(self, urlkey: str) -> list[Row]:
        """The rows of one key, by time."""
        return self.rows[bisect_left(self._keys, (urlkey, "")) : bisect_right(self._keys, (urlkey, "~"))]

    def prefixed(self, prefix: str) -> list[Row]:
        """The rows whose key begins so, by key and time."""
        return self.rows[bisect_left(self._keys, (prefix, "")) : bisect_left(self._keys, (prefix + "\U0010ffff", ""))]

    def playable(self, row: Row) -> Row | None:
        """The row whose record has the body: itself, or for a revisit the full capture with its digest, of the same
        URL and nearest in time where there is one. None when there is no such capture."""
        if not row.is_revisit:
            return row
        full = self._full.get(row.digest, [])
        same = [candidate for candidate in full if candidate.urlkey == row.urlkey] or full
        return min(same, key=lambda one: abs(moment(one.timestamp) - moment(row.timestamp)), default=None)

    def read(self, row: Row) -> Record:
        """The stored answer of a full row."""
        with self.paths[row.file].open("rb") as stream:
            stream.seek(row.offset)
            record = next(iter(ArchiveIterator(stream)))
            headers: Headers = tuple((str(name), str(value)) for name, value in record.http_headers.headers)
            body: bytes
            if (record.http_headers.get_header("Transfer-Encoding") or "").lower() == "chunked":
                body = _read_all(ChunkedDataReader(record.raw_stream, decomp_type=None))
            else:
                body = record.raw_stream.read()
            status, _, reason = str(record.http_headers.statusline).partition(" ")
            return Record(status=int(status), reason=reason, headers=headers, body=body)


def _read_all(reader: ChunkedDataReader) -> bytes:
    pieces: list[bytes] = []
    while piece := reader.read(65536):
        pieces.append(piece)
    return b"".join(pieces)


def _host(url: str) -> str:
    return url.split("://", 1)[-1].split("/", 1)[0].split(":", 1)[0].lower()


def _scan(number: int, path: Path) -> Iterator[Row]:
    with path.open("rb") as stream:
        iterator = ArchiveIterator(stream)
        for record in iterator:
            if (
                record.rec_type not in ("response", "revisit")
                or record.rec_headers.get_header("WARC-Target-URI") is None
            ):
                continue
            offset = int(iterator.get_record_offset())
            url = str(record.rec_headers.get_header("WARC-Target-URI")).strip("<>")
            if not url.startswith(("http://", "https://")) or (
                record.rec_type == "response" and not record.http_headers
            ):
                continue
            date = str(record.rec_headers.get_header("WARC-Date"))
            algorithm, _, digest = (record.rec_headers.get_header("WARC-Payload-Digest") or "").partition(":")
            if algorithm != "sha1" or len(digest) != 32:
                digest = digest_of(record.raw_stream.read())
            iterator.read_to_end(record)
            revisit = record.rec_type == "revisit"
            content_type = "" if revisit else record.http_headers.get_header("Content-Type") or ""
            yield Row(
                urlkey=surt(url),
                timestamp="".join(char for char in date if char.isdigit())[:14],
                original=url,
                mimetype="warc/revisit" if revisit else content_type.split(";")[0].strip().lower() or "unk",
                statuscode="-" if revisit else str(record.http_headers.get_statuscode()),
                digest=digest,
                length=str(iterator.get_record_length()),
                file=number,
                offset=offset,
            )
