"""From raw blocks to blocks: headings that are only bold, repeats, heading paths, links."""

from __future__ import annotations

from typing import Final

from analysis.blocks import Block, BlockKind, Link
from scrapers.links import Resolver
from scrapers.main_content import is_document_title
from scrapers.raw import RawBlock

__all__ = ["collapse_repeats", "finish", "promote_bold"]

_HEADING_CHARS: Final = 100
_HEADING_WORDS: Final = 14
# Legal texts repeat paragraphs and lists on purpose (the same uses under each purpose, the same rights for each
# country): runs of up to 2,500 characters in real policies. What is longer is a copy for phones or for print.
_REPEAT_CHARS: Final = 3000


def promote_bold(raw: list[RawBlock]) -> None:
    """Make headings of bold lines before text: pages without h1 to h6, and parts of pages.

    Their level is one below the last real heading's, so that they do not end its section; 2 where there is none,
    and 1 for the title of the document.
    """
    level = 0
    for index, block in enumerate(raw):
        if block.kind is BlockKind.HEADING:
            level = block.level
        elif block.bold and block.kind is BlockKind.PARAGRAPH and _is_heading(block):
            after = raw[index + 1] if index + 1 < len(raw) else None
            if after is not None and not (after.bold and after.kind is BlockKind.PARAGRAPH and not _is_heading(after)):
                block.kind = BlockKind.HEADING
                block.level = 1 if level == 0 and is_document_title(block) else min(max(level, 1) + 1, 6)
                level = level or 1


def _is_heading(block: RawBlock) -> bool:
    text = block.text
    return (
        len(text) <= _HEADING_CHARS
        and text.count(" ") < _HEADING_WORDS
        and not block.linked * 2 > len(text)
        and text[-1] not in ",;"
        and any(map(str.isalpha, text))
    )


def collapse_repeats(raw: list[RawBlock]) -> list[RawBlock]:
    """Leave out what the page says again word for word: print copies, the same panel for phones.

    A run of blocks that follow one another in both places goes when it is longer than what is repeated on purpose.
    """
    first: dict[str, int] = {}
    kept: list[RawBlock] = []
    run: list[RawBlock] = []
    source = 0  # where the run's first copy continues
    for index, block in enumerate(raw):
        if run and raw[source].text == block.text:
            run.append(block)
            source += 1
            continue
        _keep_or_drop(run, kept)
        run = []
        earlier = first.setdefault(block.text, index)
        if earlier < index:
            run = [block]
            source = earlier + 1
        else:
            kept.append(block)
    _keep_or_drop(run, kept)
    return kept


def _keep_or_drop(run: list[RawBlock], kept: list[RawBlock]) -> None:
    if run and sum(len(block.text) for block in run) < _REPEAT_CHARS:
        kept += run


def finish(raw: list[RawBlock], resolve: Resolver) -> tuple[tuple[Block, ...], tuple[Link, ...]]:
    """Give each block its heading path, and each link its block and absolute target."""
    blocks: list[Block] = []
    links: list[Link] = []
    open_headings: list[tuple[int, str]] = []
    path: tuple[str, ...] = ()
    for index, block in enumerate(raw):
        if block.kind is BlockKind.HEADING:
            while open_headings and open_headings[-1][0] >= block.level:
                open_headings.pop()
            path = tuple([text for _, text in open_headings])
            blocks.append(Block(BlockKind.HEADING, block.text, block.level, path))
            open_headings.append((block.level, block.text))
            path = (*path, block.text)
        else:
            blocks.append(Block(block.kind, block.text, block.level, path, block.cells))
        if block.links:
            links += [Link(index, words, target) for words, href in block.links if (target := resolve(href))]
    return tuple(blocks), tuple(links)
