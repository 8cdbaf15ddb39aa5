"""Bodies as they are kept: zstandard, with an earlier body of the same source as dictionary.

Two captures of a page differ in little more than tokens and dates, so that the second costs hundreds of bytes where
a compressed page costs 30,000. The price is that reading one needs the one it was packed against, and so on: chains
are kept to `MAX_DEPTH`. What would be deeper is packed against the whole body at the chain's root, and is stored whole
itself where that no longer pays.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass

import zstandard

from storage.errors import PayloadCorrupt

__all__ = ["MAX_DEPTH", "Body", "BodyCache", "Packed", "digest", "pack", "unpack"]

MAX_DEPTH = 8
"""Bodies below one in its chain. Over the 635 captures of ../shared/corpus: `bench/payloads.py` shows size and time."""

# Level 3 finds nearly all that repeats (level 9 saves another 15 % for half as much time again); level 1 hashes too
# few positions to find a page in its predecessor and packs five times worse.
_DELTA_LEVEL = 3
_WHOLE_LEVEL = 9

# The decoder refuses windows over 2^27 unless told otherwise. A larger body still packs, but finds less.
_LARGEST_WINDOW = 27

# A packed body this small in comparison is surely better than a whole one: no need to try.
_SURELY_SMALL = 16
# A body packed against another that comes to more than this part of the whole one is not worth the longer chain.
_WORTH_A_LINK = 0.6


def digest(body: bytes) -> str:
    return hashlib.sha256(body).hexdigest()


@dataclass(frozen=True, slots=True)
class Body:
    """A stored body, opened. `root` is the whole body at the end of its chain, itself where `depth` is 0."""

    sha256: str
    data: bytes
    depth: int
    root: str


@dataclass(frozen=True, slots=True)
class Packed:
    """A row of the payload table."""

    sha256: str
    size: int
    stored: int
    base: str | None
    depth: int
    data: bytes


def pack(sha256: str, body: bytes, base: Body | None) -> Packed:
    """Pack a body, against `base` where there is one and where that pays."""
    if base is not None:
        data = _deflate(body, base.data)
        if len(data) * _SURELY_SMALL < len(body):
            return Packed(sha256, len(body), len(data), base.sha256, base.depth + 1, data)
        whole = _deflate(body, None)
        if len(data) < len(whole) * _WORTH_A_LINK:
            return Packed(sha256, len(body), len(data), base.sha256, base.depth + 1, data)
        return Packed(sha256, len(body), len(whole), None, 0, whole)
    data = _deflate(body, None)
    return Packed(sha256, len(body), len(data), None, 0, data)


def unpack(sha256: str, packed: bytes, size: int, base: bytes | None) -> bytes:
    """The body again.

    Raises:
        PayloadCorrupt: the bytes no longer decompress, or not to what has this hash.
    """
    dictionary = None if base is None else _dictionary(base)
    try:
        body = zstandard.ZstdDecompressor(dict_data=dictionary).decompress(packed, max_output_size=size)
    except zstandard.ZstdError as error:
        raise PayloadCorrupt(f"the stored payload {sha256} does not decompress: {error}") from error
    if digest(body) != sha256:
        raise PayloadCorrupt(f"the stored payload {sha256} no longer has its hash")
    return body


def _deflate(body: bytes, base: bytes | None) -> bytes:
    if base is None:
        return zstandard.ZstdCompressor(level=_WHOLE_LEVEL).compress(body)
    reach = len(body) + len(base)
    # The window must reach back over the whole dictionary, or its beginning is lost to the end of the body.
    parameters = zstandard.ZstdCompressionParameters.from_level(
        _DELTA_LEVEL, source_size=reach, window_log=max(10, min(_LARGEST_WINDOW, reach.bit_length()))
    )
    return zstandard.ZstdCompressor(compression_params=parameters, dict_data=_dictionary(base)).compress(body)


def _dictionary(base: bytes) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(base, dict_type=zstandard.DICT_TYPE_RAWCONTENT)


class BodyCache:
    """The bodies used last, opened, up to a number of bytes. Safe to use from several threads."""

    def __init__(self, limit: int = 24_000_000) -> None:
        self.limit = limit
        self.used = 0
        self._bodies: OrderedDict[str, Body] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, sha256: str) -> Body | None:
        with self._lock:
            body = self._bodies.get(sha256)
            if body is not None:
                self._bodies.move_to_end(sha256)
            return body

    def put(self, body: Body) -> None:
        if len(body.data) * 4 > self.limit:  # one large page must not push out the others
            return
        with self._lock:
            known = self._bodies.pop(body.sha256, None)
            self.used += len(body.data) - (len(known.data) if known else 0)
            self._bodies[body.sha256] = body
            while self.used > self.limit:
                _, oldest = self._bodies.popitem(last=False)
                self.used -= len(oldest.data)

    def clear(self) -> None:
        with self._lock:
            self._bodies.clear()
            self.used = 0
