"""Reads response bodies raw and undoes their Content-Encoding under two caps, with flat memory.

httpx decodes a body as it pleases: it opens 200 KB of gzip to 200 MB in one call, takes a truncated gzip stream for a
whole one, and fails on a plain body that is labelled gzip (reference/wayback.md 1.2 and 6). So bodies are read with
`aiter_raw` and decoded here:

- gzip, deflate (zlib and raw), br and zstd, several of them in layers; an empty Content-Encoding counts as none;
- decompression goes in small steps, so that a bomb is refused at the cap without ever being in memory;
- a stream that ends before its end mark is `BodyTruncated`, one that is no such stream `BodyUndecodable`;
- a plain body under a label such as gzip is taken as it is, and gzip bytes without a label are unpacked; both are
  said in `Body.notes`.

For a live or archived response: `await read_body(response, max_bytes=..., max_wire_bytes=...)`. For bytes at hand (a
WARC record): `decode_body(data, content_encoding, max_bytes=...)`. What httpx raises while the bytes come in (timeouts,
resets) passes through, except that an answer that ends before its announced length is `BodyTruncated`.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import brotli
import httpx
import zstandard

from scrapers.errors import BodyFailed, BodyTooLarge, BodyTruncated, BodyUndecodable

__all__ = ["Body", "BodyDecoder", "decode_body", "read_body"]

STEP = 1 << 16
"""Bytes that one step of a decompressor may give, where its library can be told."""

ZSTD_SLICE = 256
"""Bytes fed to zstandard at once. Its push interface has no output limit, but four bytes can give a block of 128 KB at
most (RFC 8878 3.1.1.2), so that 256 bytes open to 8 MB at worst."""

ZSTD_WINDOW = 1 << 23
"""The largest window that `Content-Encoding: zstd` may ask for (RFC 9659)."""

MAX_LAYERS = 4
MAX_MEMBERS = 1000
HEAD = 64
"""Bytes that are looked at to tell a compressed body from a plain one with a wrong label."""

PLAIN_LABELS = frozenset({"", "identity", "none", "binary", "utf-8", "utf8", "8bit", "7bit"})
"""No encoding at all, and what servers write there who mean the charset or the transfer."""

LABELS = {"gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate", "br": "br", "zstd": "zstd"}


@dataclass(frozen=True, slots=True)
class Body:
    """A body as it should be kept: decompressed, not decoded.

    `wire_bytes` is what came over the network, `notes` says what was unusual, in plain words, `cut` that there was more
    than the cap (only where the caller asked for a cut instead of an error).
    """

    data: bytes
    wire_bytes: int
    notes: tuple[str, ...] = ()
    cut: bool = False


class _Sink(Protocol):
    def write(self, data: bytes) -> None: ...

    def finish(self) -> None: ...


class _CapReached(Exception):
    """The collector is full and was asked to cut."""


class _Collector:
    """The end of the chain: keeps what comes, up to the cap."""

    def __init__(self, max_bytes: int, *, cut: bool) -> None:
        self.max_bytes = max_bytes
        self.cut = cut
        self.size = 0
        self.pieces: list[bytes] = []

    def write(self, data: bytes) -> None:
        room = self.max_bytes - self.size
        if len(data) > room:
            if self.cut:
                self.pieces.append(data[:room])
                self.size += room
                raise _CapReached
            # The traceback keeps this object alive for as long as the error lives; the bytes need not.
            self.pieces.clear()
            raise BodyTooLarge(f"the body is larger than {self.max_bytes:,} bytes when decompressed")
        self.size += len(data)
        self.pieces.append(data)

    def finish(self) -> None:
        return


class _Inflate:
    """gzip and deflate: zlib's own output limit keeps each step small."""

    def __init__(self, name: str, sink: _Sink, notes: list[str]) -> None:
        self.name = name
        self.sink = sink
        self.notes = notes
        self.head = b""
        self.zlib: zlib._Decompress | None = None
        self.over = False
        self.members = 1

    def _start(self) -> zlib._Decompress:
        if self.name == "gzip":
            return zlib.decompressobj(zlib.MAX_WBITS | 16)
        # "deflate" is zlib's format by the standard and bare deflate in the habit of some servers (RFC 9110 8.4.1.2).
        return zlib.decompressobj(zlib.MAX_WBITS if _is_zlib(self.head) else -zlib.MAX_WBITS)

    def write(self, data: bytes) -> None:
        if self.over:
            return
        if self.zlib is None:
            self.head = data = self.head + data
            if len(data) < 2:
                return
            self.zlib = self._start()
        try:
            self._inflate(data)
        except zlib.error as error:
            raise BodyUndecodable(f"the body is not {self.name} as its Content-Encoding says: {error}") from error

    def _inflate(self, data: bytes) -> None:
        assert self.zlib is not None
        while True:
            if self.zlib.eof:
                if not data:
                    return
                if self.name == "gzip" and data[:1] == b"\x1f":
                    self._next_member()
                else:
                    self.over = True
                    if data.strip(b"\0"):
                        self.notes.append(f"bytes after the end of the {self.name} stream ignored")
                    return
            piece = self.zlib.decompress(data, STEP)
            if piece:
                self.sink.write(piece)
            data = self.zlib.unused_data if self.zlib.eof else self.zlib.unconsumed_tail
            if not data and len(piece) < STEP:  # a full step may leave output inside zlib
                return

    def _next_member(self) -> None:
        """A further gzip member (RFC 1952 2.2). Bounded: thousands of empty ones cost much and mean nothing."""
        self.members += 1
        if self.members > MAX_MEMBERS:
            raise BodyUndecodable(f"the gzip body has more than {MAX_MEMBERS:,} members")
        self.zlib = self._start()

    def finish(self) -> None:
        if self.head and (self.zlib is None or not self.zlib.eof):
            raise BodyTruncated(f"the {self.name} stream ends before its end mark")
        self.sink.finish()


class _Brotli:
    """br: the decompressor gives at most `STEP` (in practice 96 KB) at a time."""

    def __init__(self, sink: _Sink) -> None:
        self.sink = sink
        self.brotli = brotli.Decompressor()
        self.seen = False

    def write(self, data: bytes) -> None:
        self.seen = True
        try:
            piece = self.brotli.process(data, output_buffer_limit=STEP)
            while piece:
                self.sink.write(piece)
                if self.brotli.is_finished():
                    break
                piece = self.brotli.process(b"", output_buffer_limit=STEP)
        except brotli.error as error:
            raise BodyUndecodable("the body is not br as its Content-Encoding says") from error

    def finish(self) -> None:
        if self.seen and not self.brotli.is_finished():
            raise BodyTruncated("the br stream ends before its end mark")
        self.sink.finish()


class _Zstd:
    """zstd: fed in slices so small that no slice can give much."""

    def __init__(self, sink: _Sink) -> None:
        self.sink = sink
        self.context = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW)
        self.frame = self.context.decompressobj()
        self.frames = 1
        self.seen = False

    def write(self, data: bytes) -> None:
        self.seen = True
        for start in range(0, len(data), ZSTD_SLICE):
            piece = data[start : start + ZSTD_SLICE]
            try:
                while piece:
                    if self.frame.eof:
                        self._next_frame()
                    out = self.frame.decompress(piece)
                    if out:
                        self.sink.write(out)
                    piece = self.frame.unused_data if self.frame.eof else b""
            except zstandard.ZstdError as error:
                raise BodyUndecodable(f"the body is not zstd as its Content-Encoding says: {error}") from error

    def _next_frame(self) -> None:
        """A further frame (RFC 8878 3), bounded like gzip's members."""
        self.frames += 1
        if self.frames > MAX_MEMBERS:
            raise BodyUndecodable(f"the zstd body has more than {MAX_MEMBERS:,} frames")
        self.frame = self.context.decompressobj()

    def finish(self) -> None:
        if self.seen and not self.frame.eof:
            raise BodyTruncated("the zstd stream ends before its end mark")
        self.sink.finish()


class _Doubtful:
    """Stands before a decompressor until the first bytes have shown that they are what the label says."""

    def __init__(self, name: str, sink: _Sink, notes: list[str]) -> None:
        self.name = name
        self.sink = sink
        self.notes = notes
        self.head = b""
        self.next: _Sink | None = None

    def write(self, data: bytes) -> None:
        if self.next is None:
            self.head += data
            if len(self.head) < HEAD:
                return
            self.next, data = self._decide(whole=False), self.head
        self.next.write(data)

    def _decide(self, *, whole: bool) -> _Sink:
        if self.name != "unknown" and not self._is_plain(whole):
            return _layer(self.name, self.sink, self.notes)
        if self.name == "unknown" and not _looks_plain(self.head):
            raise BodyUndecodable("the body has a Content-Encoding that no browser knows")
        self.notes.append(f"plain body under Content-Encoding {self.name}")
        return self.sink

    def _is_plain(self, whole: bool) -> bool:
        """Whether the first bytes (`whole`: all there are) are text or PDF, and no stream of the label's kind."""
        if self.name == "gzip":
            return self.head[:2] != b"\x1f\x8b" and _looks_plain(self.head)
        if self.name == "zstd":
            # A frame, or a frame to be skipped (RFC 8878 3.1).
            magic = self.head[:4] == b"\x28\xb5\x2f\xfd" or self.head[1:4] == b"\x2a\x4d\x18"
            return not magic and _looks_plain(self.head)
        if not _looks_plain(self.head) or (self.name == "deflate" and _is_zlib(self.head)):
            return False
        # br and deflate have no mark to know them by, so the first bytes are tried.
        try:
            if self.name == "br":
                tried = brotli.Decompressor()
                tried.process(self.head, output_buffer_limit=STEP)
                finished = tried.is_finished()
            else:
                inflater = zlib.decompressobj(-zlib.MAX_WBITS)
                inflater.decompress(self.head, STEP)
                finished = inflater.eof
        except (brotli.error, zlib.error):
            return True
        return whole and not finished

    def finish(self) -> None:
        if self.next is None and self.head:
            self.next = self._decide(whole=True)
            self.next.write(self.head)
        (self.next or self.sink).finish()


class _Unlabelled:
    """Unpacks gzip bytes that came without a label: pages kept as .html.gz, and `id_` mementos of such."""

    def __init__(self, sink: _Sink, notes: list[str]) -> None:
        self.sink = sink
        self.notes = notes
        self.next: _Sink | None = None

    def write(self, data: bytes) -> None:
        if self.next is None:
            self.next = self.sink
            if data[:3] == b"\x1f\x8b\x08":
                self.notes.append("gzip body without a Content-Encoding")
                self.next = _Inflate("gzip", self.sink, self.notes)
        self.next.write(data)

    def finish(self) -> None:
        (self.next or self.sink).finish()


def _is_zlib(head: bytes) -> bool:
    """Whether the first bytes are zlib's header (RFC 1950 2.2)."""
    return head[0] & 0x0F == 8 and int.from_bytes(head[:2]) % 31 == 0


def _looks_plain(head: bytes) -> bool:
    """Whether the first bytes can begin a page, a text or a PDF; control characters do not occur there."""
    start = head[:512].removeprefix(b"\xef\xbb\xbf")
    if start[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return True
    return all(byte >= 0x20 or byte in b"\t\n\r\f" for byte in start)


def _layer(name: str, sink: _Sink, notes: list[str]) -> _Sink:
    if name == "br":
        return _Brotli(sink)
    if name == "zstd":
        return _Zstd(sink)
    return _Inflate(name, sink, notes)


class BodyDecoder:
    """Undoes a Content-Encoding step by step.

    Args:
        content_encoding: the header's value; several headers joined with commas, in their order.
        max_bytes: most bytes the decompressed body may have.
        cut: end at the cap with what there is (`full` turns true) instead of raising `BodyTooLarge`.

    Raises (from every method): BodyTooLarge, BodyUndecodable, BodyTruncated (from `finish`).
    """

    def __init__(self, content_encoding: str = "", *, max_bytes: int, cut: bool = False) -> None:
        self.notes: list[str] = []
        self.full = False
        self._collector = _Collector(max_bytes, cut=cut)
        labels = [label.strip().lower() for label in content_encoding[:1000].split(",")]
        layers = [LABELS.get(label, "unknown") for label in labels if label not in PLAIN_LABELS]
        if len(layers) > MAX_LAYERS:
            raise BodyUndecodable(f"the body has {len(layers)} layers of Content-Encoding")
        sink: _Sink = self._collector
        for name in layers:
            sink = _Doubtful(name, sink, self.notes)
        self._chain: _Sink = sink if layers else _Unlabelled(sink, self.notes)

    def write(self, data: bytes) -> None:
        """Takes the next bytes from the wire."""
        if self.full or not data:
            return
        try:
            self._chain.write(data)
        except _CapReached:
            self.full = True

    def finish(self) -> bytes:
        """The whole body, once all bytes from the wire have been written."""
        if not self.full:
            try:
                self._chain.finish()
            except _CapReached:
                self.full = True
        pieces = self._collector.pieces
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def decode_body(data: bytes, content_encoding: str = "", *, max_bytes: int) -> Body:
    """Undoes the Content-Encoding of a body that is at hand.

    Raises:
        BodyTooLarge, BodyUndecodable, BodyTruncated
    """
    decoder = BodyDecoder(content_encoding, max_bytes=max_bytes)
    for start in range(0, len(data), STEP):
        decoder.write(data[start : start + STEP])
    return Body(decoder.finish(), len(data), tuple(decoder.notes))


async def read_body(
    response: httpx.Response,
    *,
    max_bytes: int,
    max_wire_bytes: int,
    cut: bool = False,
    meter: Callable[[int], None] | None = None,
) -> Body:
    """Reads the body of a response that was asked for with `stream=True`; does not close the response.

    Args:
        response: of any httpx client; nothing of its body has been read.
        max_bytes: most bytes of the decompressed body.
        max_wire_bytes: most bytes from the network; a larger Content-Length is refused before anything is read.
        cut: give what there is at either cap, with `Body.cut`, instead of raising.
        meter: called with the size of each piece that comes in, so that a failed fetch has a count too.

    Raises:
        BodyTooLarge: over one of the caps.
        BodyUndecodable: no such stream as the Content-Encoding says.
        BodyTruncated: the answer or the compressed stream ends early.
        httpx.TransportError: a timeout or reset while reading, as httpx raises it.
    """
    announced = response.headers.get("content-length", "")
    too_large = f"the body is larger than {max_wire_bytes:,} bytes on the wire"
    # Twenty digits: int() of a header must not be made to work.
    if not cut and announced[:20].isdecimal() and int(announced[:20]) > max_wire_bytes:
        raise BodyTooLarge(too_large)
    decoder = BodyDecoder(response.headers.get("content-encoding", ""), max_bytes=max_bytes, cut=cut)
    wire = 0
    capped = False
    try:
        async for data in response.aiter_raw():
            wire += len(data)
            if meter is not None:
                meter(len(data))
            if wire > max_wire_bytes:
                if not cut:
                    raise BodyTooLarge(too_large)
                capped = True
                break
            decoder.write(data)
            if decoder.full:
                break
    except httpx.RemoteProtocolError as error:
        raise BodyTruncated(f"the answer ends in mid-body, after {wire:,} bytes") from error
    try:
        content = decoder.finish()
    except BodyFailed:
        if not capped:
            raise
        content = b"".join(decoder._collector.pieces)
    return Body(content, wire, tuple(decoder.notes), cut=capped or decoder.full)
