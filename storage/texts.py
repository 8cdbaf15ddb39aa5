"""Blocks and links of an extraction as bytes, and back. Heading paths, which repeat, are kept once."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass

import orjson
import zstandard

from analysis.blocks import Block, BlockKind, Extraction, Link
from storage.errors import PayloadCorrupt

__all__ = ["StoredText", "deflate", "encode", "inflate", "text_digest"]


@dataclass(frozen=True, slots=True)
class StoredText:
    blocks: tuple[Block, ...]
    links: tuple[Link, ...]


def encode(extraction: Extraction) -> bytes:
    """The same blocks and links always give the same bytes, whatever else the extraction says."""
    paths: dict[tuple[str, ...], int] = {}
    blocks = [
        (block.kind, block.text, block.level, paths.setdefault(block.path, len(paths)), block.cells)
        for block in extraction.blocks
    ]
    links = [(link.block, link.text, link.url) for link in extraction.links]
    made = {"blocks": blocks, "links": links, "paths": list(paths)}
    try:
        return orjson.dumps(made)
    except orjson.JSONEncodeError:  # half a surrogate pair, which is no UTF-8
        return json.dumps(made, ensure_ascii=False, separators=(",", ":")).encode(errors="surrogatepass")


def text_digest(encoded: bytes) -> str:
    return hashlib.sha256(encoded).hexdigest()


def deflate(encoded: bytes) -> bytes:
    return zstandard.ZstdCompressor(level=9).compress(encoded)


def inflate(sha256: str, data: bytes) -> StoredText:
    """Raises PayloadCorrupt where the bytes no longer decompress to what has this hash."""
    try:
        encoded = zstandard.ZstdDecompressor().decompress(data)
    except zstandard.ZstdError as error:
        raise PayloadCorrupt(f"the stored text {sha256} does not decompress: {error}") from error
    if text_digest(encoded) != sha256:
        raise PayloadCorrupt(f"the stored text {sha256} no longer has its hash")
    made = json.loads(encoded.decode(errors="surrogatepass"))
    paths = [tuple(path) for path in made["paths"]]
    return StoredText(
        tuple(
            Block(BlockKind(kind), text, level, paths[path], tuple(cells))
            for kind, text, level, path, cells in made["blocks"]
        ),
        tuple(Link(block, text, url) for block, text, url in made["links"]),
    )
