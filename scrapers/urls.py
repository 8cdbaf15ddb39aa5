"""Addresses that can be requested, and where a redirect leads."""

from __future__ import annotations

import httpx

from scrapers import errors
from scrapers.content import plain_text_for_notes

__all__ = ["parse_url", "redirect_target"]

MAX_URL = 8000


def parse_url(text: str) -> httpx.URL:
    """An http(s) URL that can be requested, without user name and password.

    Raises:
        BadUrl
    """
    text = text.strip()
    if len(text) > MAX_URL:
        raise errors.BadUrl(f"the address is longer than {MAX_URL:,} characters")
    if "\\" in text or any(ord(character) < 0x20 or ord(character) == 0x7F for character in text):
        raise errors.BadUrl("the address contains a backslash or control character")
    try:
        url = httpx.URL(text)
    except (httpx.InvalidURL, ValueError) as error:
        raise errors.BadUrl(f"this is no address: {error}") from error
    if url.scheme not in ("http", "https"):
        raise errors.BadUrl("the address must begin with http:// or https://")
    if not url.host or not 0 < (url.port or 80) < 65_536 or url.port == 0:
        raise errors.BadUrl("the address names no host, or a port that does not exist")
    if url.userinfo:
        raise errors.BadUrl("the address contains a user name or password")
    return url


def redirect_target(url: httpx.URL, raw: bytes | None, status: int) -> tuple[httpx.URL, str]:
    """Where a redirect leads, and its Location as given.

    Raises:
        BadRedirect
    """
    if not raw or not raw.strip():
        raise errors.BadRedirect("a redirect without a Location", status=status)
    try:
        location = raw.decode("utf-8")
    except UnicodeDecodeError:
        location = raw.decode("latin-1")
    location = location.strip()
    shown = plain_text_for_notes(location)
    try:
        if len(location) > MAX_URL or "\\" in location:
            raise errors.BadUrl("unusable")
        target = parse_url(str(url.join(location)))
    except (errors.BadUrl, httpx.InvalidURL, ValueError) as error:
        raise errors.BadRedirect(f"a redirect to what cannot be fetched: {shown}", status=status) from error
    if url.fragment and not target.fragment:
        target = target.copy_with(fragment=url.fragment)  # as browsers do (RFC 9110 10.2.2)
    return target, location
