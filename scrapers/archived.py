"""What an archive puts into the pages that it plays back: banners, taken out before parsing."""

from __future__ import annotations

import re
from typing import Final

__all__ = ["strip_banner"]

# The Internet Archive and pywb put their part between comments that no site has; without a closing one nothing is cut.
_BANNERS: Final = (
    ("<!-- BEGIN WAYBACK TOOLBAR INSERT -->", "<!-- END WAYBACK TOOLBAR INSERT -->"),
    ("<!-- BEGIN WAYBACK TOOLBAR INSERT", "END WAYBACK TOOLBAR INSERT -->"),
    ("<!-- WB Insert -->", "<!-- End WB Insert -->"),
    ("<!-- Start Wayback Rewrite", "<!-- End Wayback Rewrite JS Include -->"),
    ("<!--\n     FILE ARCHIVED ON", "-->"),
)
# Without the comments (an older Wayback, a page saved from a browser): the elements by their ids.
_IDS: Final = re.compile(
    r"<div[^<>]{0,200}\bid=[\"']?(?:wm-ipp-base|wm-ipp|wm-ipp-print|donato|_wb_plain_banner|_wb_frame_top_banner)[\"'\s>]",
    re.IGNORECASE,
)
_DIV: Final = re.compile(r"<(/?)div\b", re.IGNORECASE)


def strip_banner(html: str) -> str:
    """The page as it was captured, as far as the archive's additions can be told."""
    if "wayback" not in html and "WAYBACK" not in html and "wm-ipp" not in html and "_wb_" not in html:
        return html
    for begin, end in _BANNERS:
        at = html.find(begin)
        if at >= 0 and (to := html.find(end, at + len(begin))) >= 0:
            html = html[:at] + html[to + len(end) :]
    for _ in range(8):
        found = _IDS.search(html)
        to = _end_of_div(html, found.start()) if found else -1
        if found is None or to < 0:
            break
        html = html[: found.start()] + html[to:]
    return html


def _end_of_div(html: str, at: int) -> int:
    depth = 0
    for number, tag in enumerate(_DIV.finditer(html, at)):
        depth += -1 if tag[1] else 1
        if depth == 0:
            end = html.find(">", tag.end())
            return end + 1 if end >= 0 else -1
        if number > 2000:
            break
    return -1
