"""Targets of links: absolute, and as they were before an archive rewrote them."""

from __future__ import annotations

import re
from typing import Final
from urllib.parse import urljoin

__all__ = ["Resolver", "original_url"]

# https://web.archive.org/web/20160624113143id_/https://host/path, /web/2016…/http:/host (one slash lost), any pywb
# collection (https://archive.example/coll/20160624113143mp_/https://host/)
_REWRITTEN: Final = re.compile(
    r"^(?:(?:https?:)?//[^/]{1,255})?/(?:[^/?#]{1,60}/){0,3}\d{4,14}(?:[a-z]{2}_)?/(https?):/{1,2}(.+)$", re.S
)


def original_url(url: str) -> str:
    """The URL that an archive's rewritten URL stands for; any other is given back as it is."""
    if "/http" in url and (found := _REWRITTEN.match(url)):
        return f"{found[1]}://{found[2]}"
    return url


class Resolver:
    """Makes the hrefs of one page absolute. Targets that lead nowhere outside (javascript:, data:) give ""."""

    def __init__(self, url: str, base: str = "") -> None:
        page = original_url(url)
        self.base = original_url(urljoin(page, base.strip())) if base else page
        scheme, _, rest = self.base.partition("://")
        self.origin = f"{scheme}://{rest.partition('/')[0]}" if rest else ""

    def __call__(self, href: str) -> str:
        href = href.strip()
        lower = href[:12].lower()
        if lower.startswith(("http://", "https://")):
            return original_url(href)
        if lower.startswith(("javascript:", "data:", "vbscript:", "about:")):
            return ""
        if lower.startswith("mailto:"):
            return href
        if href.startswith("/") and not href.startswith("//") and "/../" not in href and "/./" not in href:
            plain = original_url(href)
            return plain if plain is not href else self.origin + href
        try:
            return original_url(urljoin(self.base, href))
        except ValueError:
            return ""  # an invalid IPv6 host, …
