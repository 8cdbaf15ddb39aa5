"""Which addresses are nobody's business, in every spelling."""

from __future__ import annotations

import asyncio
import socket
from ipaddress import ip_address, ip_network

import anyio
import httpcore
import pytest

from scrapers.addresses import AddressPolicy, forbidden_because
from scrapers.errors import AddressForbidden, ConnectionRefused, NameNotResolved
from scrapers.guard import GuardedBackend, resolve

pytestmark = pytest.mark.anyio

INTERNAL = [
    "0.0.0.0", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.0.0.1", "127.255.0.9", "168.63.129.16",
    "169.254.169.254",
    "172.16.0.1", "172.31.255.255", "192.0.0.8", "192.168.1.1", "198.18.0.1", "203.0.113.7", "224.0.0.1", "239.1.1.1",
    "240.0.0.1", "255.255.255.255",
    "::", "::1", "::7f00:1", "::ffff:127.0.0.1", "::ffff:10.0.0.1", "64:ff9b::a9fe:a9fe", "64:ff9b:1::808:808",
    "2002:7f00:1::", "2002:c0a8:101::1", "2001:0:5ef5:79fd::1", "2001:db8::1", "3fff::1", "fc00::1", "fd00:ec2::254",
    "fe80::1", "fe80::1%eth0", "fec0::1", "ff02::1", "100::1", "5f00::1", "4000::1", "2a00:1450::5efe:a00:1",
]  # fmt: skip
PUBLIC = [
    "1.1.1.1", "8.8.8.8", "100.128.0.1", "172.32.0.1", "198.20.0.1", "223.255.255.254",
    "2606:4700::1111", "2a00:1450:4001::200e", "64:ff9b::808:808", "::ffff:8.8.8.8", "2002:808:808::1",
]  # fmt: skip


@pytest.mark.parametrize("text", INTERNAL)
def test_internal_addresses_are_refused(text: str) -> None:
    assert forbidden_because(ip_address(text))
    with pytest.raises(AddressForbidden, match="no address of the public Internet"):
        AddressPolicy().choose("name.example", [ip_address(text)])


@pytest.mark.parametrize("text", PUBLIC)
def test_public_addresses_are_not(text: str) -> None:
    assert forbidden_because(ip_address(text)) is None


def test_what_was_allowed_is_allowed_and_nothing_beside_it() -> None:
    policy = AddressPolicy(allow=(ip_network("10.20.0.0/16"), ip_network("fd12::/16")))
    for text in ("10.20.3.4", "::ffff:10.20.3.4", "fd12::1", "9.9.9.9"):
        assert policy.refusal(ip_address(text)) is None, text
    for text in ("10.21.0.1", "127.0.0.1", "::ffff:10.21.0.1", "fd13::1"):
        assert policy.refusal(ip_address(text)) == forbidden_because(ip_address(text)), text
    assert AddressPolicy(allow_private=True).refusal(ip_address("127.0.0.1")) is None


def test_of_mixed_answers_only_the_public_ones_are_used() -> None:
    given = [ip_address("127.0.0.1"), ip_address("9.9.9.9")]
    assert AddressPolicy().choose("rebind.example", given) == (ip_address("9.9.9.9"),)


@pytest.mark.parametrize("spelling", ["127.1", "0x7f000001", "2130706433", "0177.0.0.1", "localhost"])
async def test_odd_spellings_are_checked_as_what_they_mean(spelling: str) -> None:
    found = await resolve(spelling, 80)
    assert found
    with pytest.raises(AddressForbidden, match="loopback"):
        AddressPolicy().choose(spelling, found)


@pytest.mark.parametrize("name", ["nothing.invalid", "a..b", "x" * 70 + ".example", "\x00"])
async def test_names_that_mean_nothing(name: str) -> None:
    with pytest.raises(NameNotResolved):
        await resolve(name, 80)


async def test_the_name_is_looked_up_once_and_the_connection_goes_to_that_answer(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A name server that says "public" first and "loopback" afterwards gains nothing."""
    lookups = []

    async def rebinding(host: str, port: int, **_: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        lookups.append(host)
        address = "127.0.0.1" if len(lookups) == 1 else "127.0.0.2"
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port))]

    monkeypatch.setattr(anyio, "getaddrinfo", rebinding)
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    backend = GuardedBackend(AddressPolicy(allow=(ip_network("127.0.0.1/32"),)))
    stream = await backend.connect_tcp("rebind.example", port, timeout=5)
    assert stream.get_extra_info("server_addr")[0] == "127.0.0.1"
    await stream.aclose()
    assert lookups == ["rebind.example"]
    with pytest.raises(AddressForbidden):
        await backend.connect_tcp("rebind.example", port, timeout=5)
    server.close()


async def test_an_address_that_does_not_answer_does_not_stop_the_next(monkeypatch: pytest.MonkeyPatch) -> None:
    async def two(host: str, port: int, **_: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in ("127.0.0.9", "127.0.0.1")]

    monkeypatch.setattr(anyio, "getaddrinfo", two)
    server = await asyncio.start_server(lambda _r, w: w.close(), "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    backend = GuardedBackend(AddressPolicy(allow_private=True))

    slow = anyio.Event()
    inner = backend._inner.connect_tcp

    async def hanging(host: str, *args: object, **kwargs: object) -> httpcore.AsyncNetworkStream:
        if host == "127.0.0.9":
            await slow.wait()
        return await inner(host, *args, **kwargs)  # type: ignore[arg-type]

    monkeypatch.setattr(backend._inner, "connect_tcp", hanging)
    with anyio.fail_after(5):
        stream = await backend.connect_tcp("two.example", port, timeout=4)
    assert stream.get_extra_info("server_addr")[0] == "127.0.0.1"
    await stream.aclose()
    server.close()


async def test_all_addresses_refusing_is_one_plain_error(monkeypatch: pytest.MonkeyPatch) -> None:
    async def two(host: str, port: int, **_: object) -> list[tuple[int, int, int, str, tuple[str, int]]]:
        return [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (one, port)) for one in ("127.0.0.9", "127.0.0.8")]

    monkeypatch.setattr(anyio, "getaddrinfo", two)
    with socket.socket() as taken:  # bound but not listening: refuses
        taken.bind(("127.0.0.1", 0))
        with pytest.raises(ConnectionRefused):
            await GuardedBackend(AddressPolicy(allow_private=True)).connect_tcp(
                "two.example", taken.getsockname()[1], timeout=4
            )
