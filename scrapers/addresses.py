"""Which addresses may be connected to. `scrapers.guard` is the network backend that connects to no other.

A policy's URL comes from the configuration, but redirects come from strangers, and a stranger's name may resolve to a
router, a database or a cloud's metadata service. The check is made on the address that is connected to: the name is
resolved here once, the answers are filtered, and the connection goes to one of them. There is no second look-up that
could give another answer, and odd spellings of addresses (`0x7f.1`, `2130706433`) are checked as what they resolve to.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

from scrapers.errors import AddressForbidden

__all__ = ["Address", "AddressPolicy", "Network", "forbidden_because"]

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

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
