"""How live pages are fetched: the `[fetch]` part of config.toml, and what a document may override of it."""

from __future__ import annotations

import re
from functools import cache
from ipaddress import IPv4Network, IPv6Network
from pathlib import Path
from typing import Annotated, Self
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from scrapers.addresses import AddressPolicy

__all__ = ["FetchSettings"]


def _header_safe(value: str) -> str:
    if not re.fullmatch(r"[\x20-\x7e]*", value):
        raise ValueError("only printable ASCII can be sent in a header")
    return value.strip()


def _proxy_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("a proxy is given as http://host:port or https://host:port")
    return value


def _place(value: str) -> str:
    host, separator, port = value.rpartition(":")
    if not (separator and host and port.isdigit() and 0 < int(port) < 65536):
        raise ValueError("a place is given as host:port")
    return value


Place = Annotated[str, AfterValidator(_place)]
HeaderText = Annotated[str, AfterValidator(_header_safe)]
ProxyUrl = Annotated[str, AfterValidator(_proxy_url)]
Network = IPv4Network | IPv6Network


@cache
def _version() -> str:
    from importlib import metadata  # takes 60 ms, which a command that fetches nothing need not pay

    try:
        return metadata.version("clausewatch")
    except metadata.PackageNotFoundError:
        return "0"


class FetchSettings(BaseModel):
    """Settings of a `LiveFetcher`; all have a default that is polite and safe. Times are in seconds, sizes in bytes.

    Given as `overrides` of one document, only the fields that were set there count (see `merged`).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    user_agent: HeaderText = Field(
        default="",
        max_length=300,
        description="The User-Agent header. Empty: clausewatch, its version and the contact. Its first word is the name"
        " that robots.txt is asked about.",
    )
    contact: HeaderText = Field(
        default="",
        max_length=200,
        description="A mail address or web page where a site's operator can reach you; part of the User-Agent header.",
    )
    accept_language: HeaderText = Field(
        default="en", max_length=200, description="The Accept-Language header: the languages the page is wanted in."
    )
    connect_timeout: float = Field(
        default=15.0, gt=0, le=300, description="Most seconds to resolve the name, connect and agree on encryption."
    )
    read_timeout: float = Field(default=30.0, gt=0, le=600, description="Most seconds without a byte from the server.")
    total_timeout: float = Field(
        default=90.0,
        gt=0,
        le=3600,
        description="Most seconds for a whole fetch with its redirects and retries, our own pauses not counted.",
    )
    retries: int = Field(
        default=2,
        ge=0,
        le=10,
        description="Further tries of a request after a broken connection or an answer 429, 502, 503 or 504.",
    )
    retry_wait: float = Field(
        default=1.0,
        ge=0,
        le=300,
        description="Longest pause before the first retry; doubled for each further one, at random within that.",
    )
    retry_after_cap: float = Field(
        default=60.0,
        ge=0,
        le=3600,
        description="Longest Retry-After that is waited for; where a server asks for more, the fetch fails at once.",
    )
    max_redirects: int = Field(default=10, ge=0, le=50, description="Most redirects followed.")
    max_bytes: int = Field(default=20_000_000, gt=0, description="Most bytes of a body when decompressed.")
    max_wire_bytes: int = Field(default=10_000_000, gt=0, description="Most bytes of a body on the wire.")
    host_concurrency: int = Field(default=2, ge=1, le=20, description="Most requests to one host at a time.")
    host_pause: float = Field(
        default=1.0, ge=0, le=3600, description="Least seconds from the start of one request to a host to the next."
    )
    robots: bool = Field(
        default=True, description="Obey robots.txt. false only where you may read the page all the same."
    )
    crawl_delay_cap: float = Field(
        default=10.0, ge=0, le=3600, description="Longest Crawl-delay of a robots.txt that is obeyed."
    )
    allow_private_addresses: bool = Field(
        default=False,
        description="Allow any private, loopback, link-local or otherwise internal address."
        " allow_addresses opens less.",
    )
    allow_addresses: tuple[Network, ...] = Field(
        default=(), description='Internal networks that may be fetched from, such as "10.20.0.0/16".'
    )
    connect_to: dict[str, Place] = Field(
        default_factory=dict,
        description="Hosts to be found at another host:port than their name says, for split DNS, staging and tests:"
        ' { "policies.example.com" = "10.20.0.7:8080" }. The address must be permitted all the same.',
    )
    http2: bool = Field(default=True, description="Use HTTP/2 where the server offers it.")
    verify: bool = Field(
        default=True,
        description="Check certificates. false is said in the log and in the notes of each capture; ca_file is better.",
    )
    ca_file: Path | None = Field(
        default=None, description="Certificates (PEM) to be trusted besides the usual ones, such as your company's."
    )
    proxy: ProxyUrl | None = Field(
        default=None,
        description="An HTTP proxy for all requests. The proxy then chooses the address it connects to; ours is checked"
        " before as far as the name resolves here. Proxies of the environment are not used.",
        repr=False,
    )

    @property
    def identity(self) -> str:
        """The User-Agent header as sent."""
        if self.user_agent:
            return self.user_agent
        contact = f"; {self.contact}" if self.contact else ""
        return f"clausewatch/{_version()} (policy change monitor{contact})"

    @property
    def product(self) -> str:
        """The name that robots.txt is asked about (RFC 9309 2.2.1)."""
        found = re.match(r"[A-Za-z_-]+", self.identity)
        return found.group().lower() if found else "clausewatch"

    @property
    def addresses(self) -> AddressPolicy:
        return AddressPolicy(self.allow_private_addresses, self.allow_addresses)

    def merged(self, overrides: FetchSettings | None) -> Self:
        """These settings with the fields that `overrides` was given explicitly."""
        if overrides is None or not overrides.model_fields_set:
            return self
        return self.model_copy(update={name: getattr(overrides, name) for name in overrides.model_fields_set})
