"""A network backend that resolves a name once, keeps the permitted addresses, and connects to one of them.

Apart from `scrapers.addresses`, which settings need, because httpcore takes its time to import.
"""

from __future__ import annotations

import socket
from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from time import monotonic

import anyio
import httpcore

from scrapers.addresses import Address, AddressPolicy
from scrapers.errors import ConnectionRefused, ConnectTimeout, NameNotResolved

__all__ = ["GuardedBackend", "resolve"]

SocketOption = (
    tuple[int, int, int] | tuple[int, int, bytes | bytearray] | tuple[int, int, None, int]
)  # as in httpcore's interface

ATTEMPT_DELAY = 0.25
"""Seconds until the next address is tried beside the one that has not answered (RFC 8305 5)."""

MAX_ADDRESSES = 8


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
