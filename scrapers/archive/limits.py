"""How long and how large an exchange with an archive may be."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["ExchangeLimits"]


@dataclass(frozen=True, slots=True)
class ExchangeLimits:
    """Times in seconds, sizes in bytes.

    Parameters:
        connect_timeout, read_timeout: of one connection and one silence. An index may think for half a minute.
        total_timeout: of one whole exchange, so that an answer that drips ends.
        max_bytes, max_wire_bytes: of a memento's body, decompressed and on the network.
        max_index_bytes: of one page of an index.
        tries: attempts at one request before it counts as failed.
        connections: persistent connections kept to one archive; many short ones look like an attack.
        longest_wait: a `Retry-After` above this is not waited for.
    """

    connect_timeout: float = 30.0
    read_timeout: float = 90.0
    total_timeout: float = 300.0
    max_bytes: int = 20_000_000
    max_wire_bytes: int = 20_000_000
    max_index_bytes: int = 50_000_000
    tries: int = 5
    connections: int = 4
    longest_wait: float = 300.0
