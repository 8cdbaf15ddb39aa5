"""Bodies: encodings, caps, truncation, and what is no page."""

from __future__ import annotations

import asyncio
import gzip
import tracemalloc
import zlib
from collections.abc import Callable

import brotli
import pytest
import zstandard

from scrapers import errors
from scrapers.body import BodyDecoder, decode_body
from scrapers.capture import Fetched
from scrapers.content import check_body, check_type
from scrapers.live import LiveFetcher
from tests.scrapers.sites import HTML, Asked, Site, answer, settings

pytestmark = pytest.mark.anyio

PAGE = HTML + b"".join(b"<p>Clause %d: we may share item %d.</p>\n" % (n, n * 7919) for n in range(3000))


def _bare_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


PACKED = {
    "gzip": gzip.compress(PAGE),
    "x-gzip": gzip.compress(PAGE[:500]) + gzip.compress(PAGE[500:]),
    "deflate": zlib.compress(PAGE),
    "Deflate": _bare_deflate(PAGE),
    "br": brotli.compress(PAGE),
    "zstd": zstandard.compress(PAGE),
    "zstd, identity": zstandard.compress(PAGE[:500]) + zstandard.compress(PAGE[500:]),
    ", gzip, br": brotli.compress(gzip.compress(PAGE)),
    "": PAGE,
    "utf-8": PAGE,
}


@pytest.mark.parametrize("encoding", PACKED)
@pytest.mark.parametrize("step", [1, 7, 5000, 10**7])
def test_every_encoding_in_pieces_of_any_size(encoding: str, step: int) -> None:
    data = PACKED[encoding]
    decoder = BodyDecoder(encoding, max_bytes=len(PAGE))
    for start in range(0, len(data), step):
        decoder.write(data[start : start + step])
    assert decoder.finish() == PAGE
    assert decoder.notes == []


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "Deflate", "br", "zstd", ", gzip, br"])
def test_every_encoding_cut_short_anywhere(encoding: str) -> None:
    data = PACKED[encoding]
    for length in (20, len(data) // 2, len(data) - 9, len(data) - 1):
        with pytest.raises((errors.BodyTruncated, errors.BodyUndecodable)):
            decode_body(data[:length], encoding, max_bytes=10**7)
    with pytest.raises(errors.BodyTruncated):
        decode_body(data[:-1], encoding, max_bytes=10**7)


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "compress", "gzip, br"])
@pytest.mark.parametrize("body", [PAGE, b"<", b"Privacy Policy of x^ Ltd", b"\xef\xbb\xbf<p>\xe9\xe8"])
def test_plain_bodies_under_a_label_are_taken_as_they_are(encoding: str, body: bytes) -> None:
    for step in (1, 10**6):
        decoder = BodyDecoder(encoding, max_bytes=10**7)
        for start in range(0, len(body), step):
            decoder.write(body[start : start + step])
        assert decoder.finish() == body
        assert decoder.notes[-1].startswith("plain body under Content-Encoding")


def test_gzip_without_a_label_is_unpacked_and_trailing_rubbish_is_noted() -> None:
    assert decode_body(gzip.compress(PAGE), max_bytes=10**7).notes == ("gzip body without a Content-Encoding",)
    body = decode_body(gzip.compress(PAGE) + b"<!-- cached -->", "gzip", max_bytes=10**7)
    assert (body.data, body.notes) == (PAGE, ("bytes after the end of the gzip stream ignored",))
    assert decode_body(gzip.compress(PAGE) + bytes(512), "gzip", max_bytes=10**7).notes == ()
    assert decode_body(b"", "gzip", max_bytes=10).data == b""


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br", "zstd", "foo"])
def test_rubbish_is_undecodable(encoding: str) -> None:
    with pytest.raises(errors.BodyUndecodable):
        decode_body(b"\x01\x02\xff\x00" * 50, encoding, max_bytes=10**7)


@pytest.mark.parametrize("encodings", [("gzip",), ("deflate",), ("br",), ("zstd",), ("gzip", "gzip"), ("zstd", "br")])
def test_bombs_are_refused_at_the_cap_with_flat_memory(encodings: tuple[str, ...]) -> None:
    packers: dict[str, Callable[[bytes], bytes]] = {
        "gzip": gzip.compress,
        "deflate": zlib.compress,
        "zstd": zstandard.compress,
    }
    packers["br"] = lambda data: brotli.compress(data, quality=1)
    bomb = bytes(200_000_000)
    for encoding in encodings:
        bomb = packers[encoding](bomb)
    assert len(bomb) < 250_000
    cap = 2_000_000
    tracemalloc.start()
    try:
        with pytest.raises(errors.BodyTooLarge):
            decode_body(bomb, ", ".join(encodings), max_bytes=cap)
        assert tracemalloc.get_traced_memory()[1] < cap + 9_000_000  # zstd's worst slice is 8 MB
    finally:
        tracemalloc.stop()


def test_bombs_of_layers_and_members_are_refused() -> None:
    with pytest.raises(errors.BodyUndecodable, match="layers"):
        decode_body(PAGE, "gzip," * 500, max_bytes=10**7)
    for encoding, empty in (("gzip", gzip.compress(b"")), ("zstd", zstandard.compress(b""))):
        with pytest.raises(errors.BodyUndecodable, match="more than 1,000"):
            decode_body(empty * 100_000, encoding, max_bytes=10**7)


async def fetch(site: Site, path: str = "/", **fields: object) -> Fetched:
    async with LiveFetcher(settings(**fields)) as fetcher:
        page = await fetcher.fetch(site.url(path))
    assert isinstance(page, Fetched)
    return page


async def test_over_the_network_the_body_is_unpacked_and_both_sizes_are_known() -> None:
    replies = {f"/{n}": answer(data, f"Content-Encoding: {name}") for n, (name, data) in enumerate(PACKED.items())}
    # As the Internet Archive sends it: an empty header before the right one (reference/wayback.md 1.2).
    replies["/ia"] = answer(PACKED["gzip"], "content-encoding: ", "Content-Encoding: gzip")
    async with Site(dict(replies)) as site:
        for path, data in zip(replies, [*PACKED.values(), PACKED["gzip"]], strict=True):
            page = await fetch(site, path)
            assert page.body == PAGE
            assert page.wire_bytes == len(data)


async def test_caps_hold_on_the_wire_and_behind_it() -> None:
    sent = 0

    async def endless(_: Asked, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n")
        while not writer.is_closing():
            writer.write(b"4000\r\n" + b"x" * 0x4000 + b"\r\n")
            sent += 0x4000
            await writer.drain()

    bomb = gzip.compress(bytes(20_000_000))
    replies = {"/long": answer(PAGE), "/endless": endless, "/bomb": answer(bomb, "Content-Encoding: gzip")}
    async with Site(dict(replies)) as site:  # type: ignore[arg-type]
        with pytest.raises(errors.BodyTooLarge) as info:
            await fetch(site, "/long", max_wire_bytes=len(PAGE) - 1)
        assert (info.value.wire_bytes, info.value.status) == (0, 200)  # by its Content-Length
        await fetch(site, "/long", max_wire_bytes=len(PAGE), max_bytes=len(PAGE))
        with pytest.raises(errors.BodyTooLarge) as info:
            await fetch(site, "/endless", max_wire_bytes=100_000)
        assert 100_000 < info.value.wire_bytes < 300_000
        with pytest.raises(errors.BodyTooLarge) as info:
            await fetch(site, "/bomb", max_bytes=1_000_000)
        assert info.value.wire_bytes <= len(bomb)


CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("reply", "kind"),
    [
        (answer(HTML, length=len(HTML) + 50), errors.BodyTruncated),
        (CHUNKED + b"5\r\n<p>ab\r\n", errors.BodyTruncated),
        (answer(PACKED["gzip"][:-20], "Content-Encoding: gzip"), errors.BodyTruncated),
        (answer(b"\x01\x02\x03\xff" * 9, "Content-Encoding: gzip"), errors.BodyUndecodable),
        (b"220 mail.example ESMTP\r\n\r\n", errors.ProtocolFailed),
        (b"HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\nx", errors.ProtocolFailed),
        (b"HTTP/1.1 200 OK\r\n" + b"X: " + b"a" * 300_000 + b"\r\n\r\n", errors.ProtocolFailed),
        (b"", errors.ProtocolFailed),
    ],
    ids=["short", "no last chunk", "short gzip", "no gzip", "not HTTP", "no length", "huge header", "nothing"],
)  # fmt: skip
async def test_broken_answers(reply: bytes, kind: type[errors.FetchError]) -> None:
    async def send(_: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(reply)
        await writer.drain()
        writer.close()

    async with Site({"/": send}) as site:
        with pytest.raises(kind) as info:
            await fetch(site, retries=1)
        assert type(info.value) is kind
        assert info.value.requests == (1 if kind is errors.BodyUndecodable else 2)


async def test_a_reset_in_mid_body_is_tried_again() -> None:
    async def reset(_: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(HTML, length=100_000))
        await writer.drain()
        writer.transport.abort()

    async with Site({"/": [reset, answer()], "/always": reset}) as site:
        assert (await fetch(site, retries=1)).requests == 2
        with pytest.raises((errors.ProtocolFailed, errors.BodyTruncated)) as info:
            await fetch(site, "/always")
        assert info.value.requests == 1


PDF = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj"
READABLE = [
    ("text/html; charset=utf-8", HTML), ("TEXT/HTML", HTML), ("application/xhtml+xml", HTML),
    ("text/plain", b"Privacy"),
    ("text/markdown", b"# Privacy"), ("application/pdf", PDF), ("application/octet-stream", PDF), ("text/html", PDF),
    ("application/octet-stream", b"\n\n <!DOCTYPE html><p>x"), ("", HTML), ("", PDF), ("", b"Privacy Policy"),
    ("html", HTML),
    ("application/xml", b'<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"><p/></html>'),
    ("", "<html><p>\u00e9".encode("utf-16")), ("application/octet-stream", b"\xef\xbb\xbf<html>"),
]  # fmt: skip
REFUSED = [
    ("image/png", b"\x89PNG\r\n"), ("application/zip", b"PK\x03\x04"), ("application/json", b"{}"),
    ("text/css", b"a{}"),
    ("text/html", b"\x89PNG\r\n"), ("text/html", b"PK\x03\x04abc"), ("", b"\x89PNG"), ("", b"\x00\x01\x02abc"),
    ("application/octet-stream", b"just words"), ("application/xml", b"<rss><channel/></rss>"),
    ("video/mp4", b"\0\0\0 ftyp"),
    ("application/vnd.openxmlformats-officedocument.wordprocessingml.document", b"PK\x03\x04"),
]  # fmt: skip


@pytest.mark.parametrize(("content_type", "body"), READABLE)
def test_what_can_hold_a_policy(content_type: str, body: bytes) -> None:
    check_type(content_type)
    check_body(content_type, body)


@pytest.mark.parametrize(("content_type", "body"), REFUSED)
async def test_what_cannot(content_type: str, body: bytes) -> None:
    async with Site({"/": answer(body, f"Content-Type: {content_type}")}) as site:
        with pytest.raises(errors.BodyUnsupported) as info:
            await fetch(site)
        assert info.value.status == 200


@pytest.mark.parametrize(
    "reply", [answer(b""), answer(b" \r\n\t"), answer(b"\xef\xbb\xbf"), answer(b"", status="204 x")]
)
async def test_empty_bodies(reply: bytes) -> None:
    async with Site({"/": reply}) as site:
        with pytest.raises(errors.BodyEmpty):
            await fetch(site)
