"""The way to the server: addresses on every hop, time, TLS, HTTP/2, proxies."""

from __future__ import annotations

import asyncio
import datetime as dt
import ssl
from pathlib import Path

import anyio
import h2.config
import h2.connection
import h2.events
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from scrapers import errors
from scrapers.capture import Fetched
from scrapers.live import LiveFetcher
from scrapers.settings import FetchSettings
from tests.scrapers.sites import HTML, Asked, Site, answer, redirect, settings

pytestmark = pytest.mark.anyio


async def test_by_default_nothing_internal_is_asked_in_whatever_spelling() -> None:
    async with Site({"/": answer()}) as site, LiveFetcher(FetchSettings(host_pause=0)) as fetcher:
        for host in ("127.0.0.1", "localhost", "127.1", "2130706433", "[::ffff:127.0.0.1]", "[::1]", "169.254.169.254"):
            with pytest.raises(errors.AddressForbidden) as info:
                await fetcher.fetch(site.url(host=host))
            assert info.value.url == site.url(host=host)
        assert site.asked == []


async def test_a_redirect_inside_is_refused_though_its_origin_was_allowed() -> None:
    async with Site({"/": answer(b"internal")}) as inside:
        async with (
            Site({"/": redirect(f"http://127.0.0.2:{inside.port}/")}) as site,
            LiveFetcher(settings(allow_addresses=["127.0.0.1/32"])) as fetcher,
        ):
            with pytest.raises(errors.AddressForbidden) as info:
                await fetcher.fetch(site.url())
        assert (info.value.hop, info.value.url) == (1, f"http://127.0.0.2:{inside.port}/")
        assert inside.asked == []


async def test_an_open_connection_of_one_document_does_not_serve_another_that_may_not_go_there() -> None:
    async with Site({"/": answer()}) as site, LiveFetcher(FetchSettings(host_pause=0, robots=False)) as fetcher:
        await fetcher.fetch(site.url(), overrides=FetchSettings(allow_private_addresses=True))
        with pytest.raises(errors.AddressForbidden):
            await fetcher.fetch(site.url())
        assert len(site.asked) == 1


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    async with Site({"/": answer()}) as site, Site() as proxy:
        for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url())
        async with LiveFetcher(settings()) as fetcher:
            await fetcher.fetch(site.url())
        assert (len(site.asked), len(proxy.asked)) == (1, 0)


async def test_a_proxy_of_the_settings_is_used_and_does_not_lead_inside() -> None:
    async with Site({"http://nothing.invalid/p": answer(), "http://x.invalid/": redirect("http://10.0.0.8/")}) as proxy:
        async with LiveFetcher(FetchSettings(proxy=proxy.url(), host_pause=0, robots=False)) as fetcher:
            page = await fetcher.fetch("http://nothing.invalid/p")
            assert isinstance(page, Fetched)
            for url in ("http://127.0.0.1/", "http://localhost/", "http://x.invalid/"):
                with pytest.raises(errors.AddressForbidden):
                    await fetcher.fetch(url)
        assert [asked.path for asked in proxy.asked] == ["http://nothing.invalid/p", "http://x.invalid/"]


async def test_each_timeout_is_its_own() -> None:
    async def silent(_: Asked, writer: asyncio.StreamWriter) -> None:
        await anyio.sleep_forever()

    async def stalls(_: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(HTML, length=10_000))
        await anyio.sleep_forever()

    async def drips(_: Asked, writer: asyncio.StreamWriter) -> None:
        writer.write(answer(b"", length=10_000))
        while not writer.is_closing():
            writer.write(b"x")
            await asyncio.sleep(0.01)

    cases: list[tuple[str, dict[str, object], type[errors.FetchError]]] = [
        ("/silent", {"read_timeout": 0.1}, errors.ReadTimeout),
        ("/stalls", {"read_timeout": 0.1}, errors.ReadTimeout),
        ("/drips", {"read_timeout": 0.1, "total_timeout": 0.3}, errors.TotalTimeout),
        ("/silent", {"total_timeout": 0.1}, errors.TotalTimeout),
    ]
    async with Site({"/silent": silent, "/stalls": stalls, "/drips": drips}) as site:
        for path, fields, kind in cases:
            async with LiveFetcher(settings(**fields)) as fetcher:
                with pytest.raises(kind) as info, anyio.fail_after(5):
                    await fetcher.fetch(site.url(path))
            assert type(info.value) is kind
            assert info.value.elapsed is not None
            assert info.value.elapsed < 3


async def test_a_handshake_that_never_ends_is_a_connect_timeout() -> None:
    async def mute(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(mute, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    async with LiveFetcher(settings(connect_timeout=0.1)) as fetcher:
        with pytest.raises(errors.ConnectTimeout):
            await fetcher.fetch(f"https://127.0.0.1:{port}/")
    server.close()


async def test_the_time_of_a_fetch_is_shared_by_its_hops() -> None:
    async def slowly(_: Asked, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.08)
        number = int(_.path[1:]) + 1
        writer.write(redirect(f"/{number}"))

    async with Site({f"/{n}": slowly for n in range(30)}) as site:
        async with LiveFetcher(settings(total_timeout=0.3, max_redirects=30)) as fetcher:
            with pytest.raises(errors.TotalTimeout) as info:
                await fetcher.fetch(site.url("/0"))
        assert 1 <= info.value.hop <= 4


async def test_no_server_and_no_name() -> None:
    async with Site() as site:
        gone = site.url()
    async with LiveFetcher(settings()) as fetcher:
        with pytest.raises(errors.ConnectionRefused) as refused:
            await fetcher.fetch(gone, overrides=FetchSettings(retries=2))
        assert refused.value.requests == 3
        with pytest.raises(errors.NameNotResolved) as unknown:
            await fetcher.fetch("http://nothing.invalid/", overrides=FetchSettings(retries=2))
        assert unknown.value.requests == 1


async def test_a_host_that_is_down_is_told_as_down_and_not_as_forbidden_by_robots() -> None:
    async with Site() as site:
        gone = site.url("/privacy")
    async with LiveFetcher(settings(robots=True)) as fetcher:
        with pytest.raises(errors.ConnectionRefused) as info:
            await fetcher.fetch(gone)
    assert info.value.url == gone


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for localhost with its key, in one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    path = tmp_path_factory.mktemp("tls") / "localhost.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.write_bytes(made.public_bytes(serialization.Encoding.PEM) + secret)
    return path


def server_context(certificate: Path, *protocols: str) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    if protocols:
        context.set_alpn_protocols(list(protocols))
    return context


async def test_tls_by_name_through_the_guard(certificate: Path) -> None:
    named: list[str | None] = []
    context = server_context(certificate)
    context.sni_callback = lambda _object, name, _context: named.append(name)
    async with Site({"/": answer()}, context=context) as site:
        async with LiveFetcher(settings(ca_file=certificate)) as fetcher:
            page = await fetcher.fetch(site.url(host="localhost"))
            assert isinstance(page, Fetched)
            assert named == ["localhost"]
            with pytest.raises(errors.TlsFailed, match="not valid for"):
                await fetcher.fetch(site.url(host="127.0.0.1"))
        async with LiveFetcher(settings(retries=2)) as fetcher:
            with pytest.raises(errors.TlsFailed, match="certificate of localhost is not valid: self") as info:
                await fetcher.fetch(site.url(host="localhost"))
            assert info.value.requests == 1, "a wrong certificate does not mend itself"
            page = await fetcher.fetch(site.url(host="localhost"), overrides=FetchSettings(verify=False))
            assert isinstance(page, Fetched)
            assert page.notes == ("certificate not checked",)


async def test_plain_http_behind_https_is_a_tls_error() -> None:
    async def plain(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1)
        writer.write(answer(HTML, status="400 Bad Request"))
        writer.close()

    server = await asyncio.start_server(plain, "127.0.0.1", 0)
    async with LiveFetcher(settings()) as fetcher:
        with pytest.raises(errors.TlsFailed, match="no encrypted connection"):
            await fetcher.fetch(f"https://127.0.0.1:{server.sockets[0].getsockname()[1]}/")
    server.close()


async def _speak_h2(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answers every request of an HTTP/2 connection with the page, in frames of any number."""
    connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
    connection.initiate_connection()
    writer.write(connection.data_to_send())
    while data := await reader.read(65536):
        for event in connection.receive_data(data):
            if isinstance(event, h2.events.RequestReceived):
                stream = event.stream_id
                assert stream is not None
                connection.send_headers(stream, [(":status", "200"), ("content-type", "text/html"), ("etag", '"h2"')])
                connection.send_data(stream, HTML[:20])
                connection.send_data(stream, HTML[20:], end_stream=True)
        writer.write(connection.data_to_send())
        await writer.drain()
    writer.close()


async def test_http2_where_it_is_offered_over_one_connection(certificate: Path) -> None:
    connections = []

    async def speak(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        chosen = writer.get_extra_info("ssl_object").selected_alpn_protocol()
        connections.append(chosen)
        if chosen == "h2":
            await _speak_h2(reader, writer)
        else:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer(HTML, "Connection: close"))
            writer.close()

    context = server_context(certificate, "h2", "http/1.1")
    server = await asyncio.start_server(speak, "127.0.0.1", 0, ssl=context)
    url = f"https://localhost:{server.sockets[0].getsockname()[1]}/"
    async with LiveFetcher(settings(ca_file=certificate)) as fetcher:
        for _ in range(3):
            page = await fetcher.fetch(url)
            assert isinstance(page, Fetched)
            assert (page.body, page.header("etag")) == (HTML, '"h2"')
        assert connections == ["h2"]
        await fetcher.fetch(url, overrides=FetchSettings(http2=False))
        assert connections == ["h2", "http/1.1"]
    server.close()


async def test_a_certificate_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    async with LiveFetcher(settings(ca_file=tmp_path / "none.pem")) as fetcher:
        with pytest.raises(errors.TlsFailed, match="ca_file"):
            await fetcher.fetch("https://localhost/")
