"""E-mail addresses that Cloudflare hides from harvesters: `/cdn-cgi/l/email-protection#HEX` and `data-cfemail="HEX"`.

The first byte is the key, each further one is XORed with it. The key changes with each answer, so the same page differs
every time it is fetched until the address is decoded (reference/extraction.md 4: 96 % to 0 % false changes).
"""

from __future__ import annotations

from typing import Any

__all__ = ["decode_cloudflare", "reveal"]


def decode_cloudflare(code: str) -> str | None:
    """The address in a hexadecimal `code`, possibly with "?subject=…" after it; None where it is not one."""
    if len(code) < 8 or len(code) > 2000 or len(code) % 2:
        return None
    try:
        data = bytes.fromhex(code)
    except ValueError:
        return None
    try:
        address = bytes(byte ^ data[0] for byte in data[1:]).decode("utf-8")
    except UnicodeDecodeError:
        return None
    return address if "@" in address and address.isprintable() else None


def reveal(root: Any) -> None:
    """Put the address where a page says "[email protected]" beside a `data-cfemail`, on a link or on anything else.

    Parameters:
        root: an lxml tree, changed in place.
    """
    for element in root.xpath("//*[@data-cfemail]"):
        address = decode_cloudflare(element.get("data-cfemail", ""))
        if address is None:
            continue
        for child in list(element):
            element.remove(child)
        element.text = address.partition("?")[0]
        if element.tag == "a":
            element.set("href", "mailto:" + address)
