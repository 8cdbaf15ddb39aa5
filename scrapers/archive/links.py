"""The `Link` header of a memento (RFC 8288, RFC 7089), parsed so that archived addresses survive it.

`httpx.Response.links` splits at every `,` and `;`, both of which are common in archived URLs.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

__all__ = ["Link", "parse_links"]

_MAX_LENGTH = 64 * 1024
_TARGET = re.compile(r"[\s,]*<([^>]*)>")
# One parameter: ;name="quoted" or ;name=token. Each part is bounded by a character it cannot contain itself, so a
# hostile header costs linear time.
_PARAMETER = re.compile(r"""\s*;\s*([^\s=;,"<>]+)\s*(?:=\s*(?:"([^"]*)"|([^\s;,"<>]*)))?""")


@dataclass(frozen=True, slots=True)
class Link:
    """One link: its target and the parameters as given. `rel` may hold several words ("first memento")."""

    url: str
    rel: str = ""
    parameters: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def parse_links(header: str) -> dict[str, Link]:
    """The links of a header by their relation, whole ("prev memento") and, where still free, each word of it.

    >>> parse_links('<http://a.example/?a=1;b=2,3>; rel="original"')["original"].url
    'http://a.example/?a=1;b=2,3'
    """
    links: dict[str, Link] = {}
    header = header[:_MAX_LENGTH]
    position = 0
    while found := _TARGET.match(header, position):
        position = found.end()
        parameters: dict[str, str] = {}
        while given := _PARAMETER.match(header, position):
            position = given.end()
            parameters.setdefault(given[1].lower(), given[2] if given[2] is not None else given[3] or "")
        rel = " ".join(parameters.get("rel", "").lower().split())
        link = Link(found[1].strip(), rel, MappingProxyType(parameters))
        if rel:
            links.setdefault(rel, link)
        # skip what could not be read up to the next link: one bad parameter must not hide the others
        following = header.find(",", position)
        if following < 0:
            break
        position = following
    return links
