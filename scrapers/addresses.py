"""Which addresses may be connected to, and a network backend that connects to no other.

A policy's URL comes from the configuration, but redirects come from strangers, and a stranger's name may resolve to a
router, a database or a cloud's metadata service. The check is made on the address that is connected to: the name is
resolved here once, the answers are filtered, and the connection goes to one of them. There is no second look-up that
could give another answer, and odd spellings of addresses (`0x7f.1`, `2130706433`) are checked as what they resolve to.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address
from time import monotonic

import anyio
import httpcore

from scrapers.errors import AddressForbidden, ConnectionRefused, ConnectTimeout, NameNotResolved

__all__ = ["AddressPolicy", "GuardedBackend", "forbidden_because", "resolve"]

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network
SocketOption = (
    tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
)  # as in httpcore's interface

ATTEMPT_DELAY = 0.25
"""Seconds until the next address is tried beside the one that has not answered (RFC 8305 5)."""

MAX_ADDRESSES = 8

# IANA's special-purpose registries. Spelt out because `ipaddress.is_global` differs between Python's patch releases.
FORBIDDEN_V4: tuple[tuple[IPv4Network, str], ...] = tuple(
    (IPv4Network(network), reason)
    for network, reason in (
        ("0.0.0.0/8", "unspecified"),
        ("10.0.0.0/8", "private"),
        ("100.64.0.0/10", "shared by a provider's customers (CGNAT)"),
        ("127.0.0.0/8", "loopback"),
        ("168.63.129.16/32", "a cloud's internal service"),
        ("169.254.0.0/16", "link-local"),
        ("172.16.0.0/12", "private"),
        ("192.0.0.0/24", "reserved"),
        ("192.0.2.0/24", "for documentation"),
        ("192.88.99.0/24", "reserved"),
        ("192.168.0.0/16", "private"),
        ("198.18.0.0/15", "for benchmarks"),
        ("198.51.100.0/24", "for documentation"),
        ("203.0.113.0/24", "for documentation"),
        ("224.0.0.0/4", "multicast"),
        ("240.0.0.0/4", "reserved"),
    )
)

# Everything outside 2000::/3 is forbidden anyway; these have a better reason to give, or lie inside it.
FORBIDDEN_V6: tuple[tuple[IPv6Network, str], ...] = tuple(
    (IPv6Network(network), reason)
    for network, reason in (
        ("::1/128", "loopback"),
        ("::/128", "unspecified"),
        ("fc00::/7", "private"),
        ("fe80::/10", "link-local"),
        ("fec0::/10", "private"),
        ("ff00::/8", "multicast"),
        ("64:ff9b:1::/48", "private (NAT64)"),
        ("2001::/32", "tunnelled (Teredo)"),
        ("2001:db8::/32", "for documentation"),
        ("2001::/23", "reserved"),
        ("3fff::/20", "for documentation"),
    )
)
GLOBAL_V6 = IPv6Network("2000::/3")
NAT64 = IPv6Network("64:ff9b::/96")
IPV4_COMPATIBLE = IPv6Network("::/96")


def _embedded(address: IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for: mapped, compatible, NAT64 or 6to4."""
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address in NAT64 or (address in IPV4_COMPATIBLE and int(address) > 1):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.sixtofour


def forbidden_because(address: Address) -> str | None:
    """Why an address is not one of the public Internet ("loopback", "private", …); None if it is one."""
    if isinstance(address, IPv4Address):
        return next((reason for network, reason in FORBIDDEN_V4 if address in network), None)
    embedded = _embedded(address)
    if embedded is not None:
        return forbidden_because(embedded)
    for network, reason in FORBIDDEN_V6:
        if address in network:
            return reason
    # ISATAP (RFC 5214) carries an IPv4 address in its last half, under any prefix.
    if (int(address) >> 32) & 0xFDFFFFFF == 0x00005EFE:
        return forbidden_because(IPv4Address(int(address) & 0xFFFFFFFF))
    return None if address in GLOBAL_V6 else "reserved"


@dataclass(frozen=True, slots=True)
class AddressPolicy:
    """What may be connected to: the public Internet, and what was allowed besides."""

    allow_private: bool = False
    allow: tuple[Network, ...] = ()

    def refusal(self, address: Address) -> str | None:
        """Why the address may not be connected to; None if it may."""
        reason = forbidden_because(address)
        if reason is None or self.allow_private:
            return None
        # A network may be given as IPv4 where the name resolves to the same address mapped into IPv6.
        embedded = _embedded(address) if isinstance(address, IPv6Address) else None
        if any(address in network or (embedded is not None and embedded in network) for network in self.allow):
            return None
        return reason

    def choose(self, host: str, addresses: Iterable[Address]) -> tuple[Address, ...]:
        """The addresses that may be connected to.

        Raises:
            AddressForbidden: none may.
        """
        refused: list[tuple[Address, str]] = []
        allowed: list[Address] = []
        for address in addresses:
            reason = self.refusal(address)
            if reason is None:
                allowed.append(address)
            else:
                refused.append((address, reason))
        if not allowed:
            address, reason = refused[0]
            name = host if host == str(address) else f"{host} ({address})"
            raise AddressForbidden(f"{name} is {reason}, no address of the public Internet")
        return tuple(allowed)


async def resolve(host: str, port: int) -> tuple[Address, ...]:
    """The addresses of a name (or of an address, however it is spelt), IPv6 and IPv4 by turns.

    Raises:
        NameNotResolved: `transient` where the name server gave no answer.
    """
    try:
        return (ip_address(host),)
    except ValueError:
        pass
    try:
        found = await anyio.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        # UnicodeError: the idna codec on labels that are empty or too long.
        temporary = isinstance(error, socket.gaierror) and error.errno == socket.EAI_AGAIN
        why = "the name server does not answer" if temporary else "there is no such name"
        failure = NameNotResolved(f"{host} cannot be resolved: {why}")
        failure.transient = temporary
        raise failure from error
    addresses = list(dict.fromkeys(ip_address(str(entry[4][0])) for entry in found))[: 4 * MAX_ADDRESSES]
    first = [address for address in addresses if address.version == addresses[0].version]
    second = [address for address in addresses if address.version != addresses[0].version]
    mixed = [address for pair in zip(first, second, strict=False) for address in pair]
    shorter = min(len(first), len(second))
    return tuple(mixed + first[shorter:] + second[shorter:])


class GuardedBackend(httpcore.AsyncNetworkBackend):
    """httpcore's asyncio backend behind an address policy.

    `connect_tcp` resolves the name, drops what the policy refuses and connects to the first of the rest that answers
    (a simple form of RFC 8305). TLS still uses the name for SNI and the certificate: httpcore does that above.

    `places` are hosts that are to be found elsewhere than their name says, as "host:port" (curl calls it connect-to).
    """

    def __init__(self, policy: AddressPolicy, places: Mapping[str, str] | None = None) -> None:
        self.policy = policy
        self.places = dict(places or {})
        self._inner = httpcore.AnyIOBackend()

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[SocketOption] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        """Connects to a permitted address of the host.

        Raises:
            AddressForbidden, NameNotResolved, ConnectionRefused, ConnectTimeout
        """
        start = monotonic()
        if host in self.places:
            host, _, number = self.places[host].rpartition(":")
            port = int(number)
        try:
            with anyio.fail_after(timeout):
                addresses = await resolve(host, port)
        except TimeoutError as error:
            raise ConnectTimeout(f"{host} was not resolved within {timeout:g} s") from error
        allowed = self.policy.choose(host, addresses)[:MAX_ADDRESSES]
        left = None if timeout is None else max(timeout - (monotonic() - start), 0.001)
        try:
            return await self._race([str(address) for address in allowed], port, left, local_address, socket_options)
        except httpcore.ConnectTimeout as error:
            raise ConnectTimeout(f"{host} port {port} did not accept a connection within {timeout:g} s") from error
        except httpcore.ConnectError as error:
            raise ConnectionRefused(f"{host} port {port} refuses connections or cannot be reached") from error

    async def _race(
        self,
        addresses: list[str],
        port: int,
        timeout: float | None,
        local_address: str | None,
        socket_options: Iterable[SocketOption] | None,
    ) -> httpcore.AsyncNetworkStream:
        async def connect(address: str) -> httpcore.AsyncNetworkStream:
            return await self._inner.connect_tcp(address, port, timeout, local_address, socket_options)

        if len(addresses) == 1:
            return await connect(addresses[0])
        streams: list[httpcore.AsyncNetworkStream] = []
        errors: list[httpcore.ConnectError | httpcore.ConnectTimeout] = []

        async def attempt(address: str, failed: anyio.Event) -> None:
            try:
                stream = await connect(address)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                errors.append(error)
                failed.set()
            else:
                streams.append(stream)
                group.cancel_scope.cancel()

        async with anyio.create_task_group() as group:
            for address in addresses:
                failed = anyio.Event()
                group.start_soon(attempt, address, failed)
                with anyio.move_on_after(ATTEMPT_DELAY):
                    await failed.wait()
        for loser in streams[1:]:
            await loser.aclose()
        if not streams:
            raise errors[0]
        return streams[0]

    async def sleep(self, seconds: float) -> None:
        await anyio.sleep(seconds)
