"""E-mail addresses that Cloudflare hides from harvesters: `/cdn-cgi/l/email-protection#HEX` and `data-cfemail="HEX"`.

The first byte is the key, each further one is XORed with it. The key changes with each answer, so the same page differs
every time it is fetched until the address is decoded (reference/extraction.md 4: 96 % to 0 % false changes).
"""

from __future__ import annotations

__all__ = ["decode_cloudflare"]


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
