"""The text of a version as it is shown: blocks in groups, each with an anchor and the clauses it belongs to."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby

from analysis.blocks import Block, BlockKind
from analysis.clauses import Tag
from analysis.taxonomy import CategoryRule, category

__all__ = ["OTHER", "Group", "Shown", "category_name", "groups_of", "strong_tags"]

OTHER = "other"  # the judgement's name for what belongs to no category
_STRONG = 0.6  # of several categories of a block only those are shown that clearly are spoken of
_MOST = 3


@dataclass(frozen=True, slots=True)
class Shown:
    """A block and its place: `index` names its anchor, `level` is that of the page's own headings (3 to 6)."""

    index: int
    block: Block
    level: int
    categories: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Group:
    """Blocks that are one thing on a page: a list, a table, or one of everything else."""

    kind: BlockKind
    blocks: tuple[Shown, ...]


def groups_of(
    blocks: Sequence[Block], tags: dict[int, tuple[str, ...]] | None = None, *, start: int = 0
) -> list[Group]:
    """Blocks ready to be shown.

    Headings follow each other without a gap, whatever levels the page had: their depth is that of their path.
    """
    shown = [
        Shown(index, block, min(3 + len(block.path), 6), (tags or {}).get(index, ()))
        for index, block in enumerate(blocks, start)
    ]
    groups: list[Group] = []
    for kind, members in groupby(shown, key=lambda one: one.block.kind):
        joined = tuple(members)
        together = kind in (BlockKind.ITEM, BlockKind.ROW)
        groups.extend([Group(kind, joined)] if together else [Group(kind, (one,)) for one in joined])
    return groups


def strong_tags(tags: Iterable[Tag]) -> dict[int, tuple[str, ...]]:
    """The categories that each block clearly speaks of, the strongest first."""
    by_block: dict[int, list[Tag]] = {}
    for tag in tags:
        by_block.setdefault(tag.block, []).append(tag)
    result = {}
    for index, found in by_block.items():
        found.sort(key=lambda tag: (-tag.score, tag.category))
        strong = [tag.category for tag in found if tag.score >= _STRONG][:_MOST]
        result[index] = tuple(strong or [found[0].category])
    return result


def category_name(name: str, rules: Sequence[CategoryRule] = ()) -> str:
    """The name of a category for people, the user's own included."""
    if name == OTHER:
        return "Other"
    known = category(name)
    if known:
        return known.name
    own = next((rule.name for rule in rules if rule.id == name and rule.name), "")
    return own or name.replace("_", " ").capitalize()
