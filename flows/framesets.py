"""Framesets, as around 2000: the text is in a frame, so the frame with the most text stands for the page.

Kept as the capture of the page that was asked for, with the frame's own bytes; the notes say which frame it was.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from scrapers.capture import Fetched
from scrapers.errors import ExtractError, ScrapeError
from scrapers.extract import extract, frames

__all__ = ["follow_frames"]

_MOST = 6


async def follow_frames(page: Fetched, get: Callable[[str], Awaitable[Fetched]]) -> Fetched:
    """The page itself or, if it is a frameset, its frame with the most text.

    Parameters:
        page: an answer with a body.
        get: fetches a frame by its URL.

    Raises:
        ScrapeError: no frame could be fetched; the error of the last one.
    """
    if b"<frameset" not in page.body[:200_000].lower():
        return page
    best, longest, problem = page, 0, None
    for url in frames(page.body, content_type=page.content_type, url=page.final_url)[:_MOST]:
        try:
            frame = await get(url)
        except ScrapeError as error:
            problem = error
            continue
        size = _text_length(frame)
        if size > longest:
            # the validators are those of the frame, not of the page that will be asked for
            headers = tuple(pair for pair in frame.headers if pair[0] not in ("etag", "last-modified"))
            note = f"a frameset; this is its frame {frame.final_url}"
            best, longest = replace(page, body=frame.body, headers=headers, notes=(*page.notes, note)), size
    if problem is not None and best is page:
        raise problem
    return best


def _text_length(frame: Fetched) -> int:
    try:
        return len(extract(frame.body, content_type=frame.content_type, url=frame.final_url).text)
    except ExtractError:
        return 0
