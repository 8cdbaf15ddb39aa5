"""Keeps what `clausewatch find` searches: the blocks of each document's current version with their categories.

Made after a run and before a search, not in the transaction of a check: it can be made anew at any time, and
recognising all clauses of a page takes longer than everything else that a change costs.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Sequence
from functools import lru_cache

from analysis.blocks import Block
from analysis.clauses import Recogniser
from analysis.lexicons_clauses import HEADINGS, RULES
from analysis.taxonomy import CategoryRule
from storage.records import VersionRecord
from storage.search import ClauseRow
from storage.store import Store, Transaction

__all__ = ["complete_index"]


def _keep_index(
    tx: Transaction, document_id: int, current: VersionRecord | None, rules: Sequence[CategoryRule]
) -> bool:
    """Have a document's rows be those of its current version.

    Returns: whether they were others.
    """
    known = tx.indexed_version(document_id)
    if current is None:
        if known is not None:
            tx.drop_index(document_id)
        return known is not None
    basis = _basis(current, tuple(rules))
    if known == (current.id, basis):
        return False
    blocks = [block for number in current.extractions for block in tx.load_extraction(number).blocks]
    tx.index_version(document_id, current.id, _rows(blocks, tuple(rules)), basis=basis)
    return True


def complete_index(store: Store, rules: Sequence[CategoryRule]) -> int:
    """Index what is not: documents that have another version, or whose categories are others now.

    One transaction for each, so that a check that runs meanwhile waits for none of it long. Returns how many.
    """
    known = store.indexed()
    made = 0
    for document in store.documents():
        current = document.current
        wanted = (current.id, _basis(current, tuple(rules))) if current else None
        if known.get(document.id) != wanted:
            with store.transaction() as tx:
                versions = tx.versions(document.id)  # as it is by now
                made += _keep_index(tx, document.id, versions[-1] if versions else None, rules)
    return made


def _rows(blocks: Sequence[Block], rules: tuple[CategoryRule, ...]) -> list[ClauseRow]:
    spoken: dict[int, list[str]] = defaultdict(list)
    for tag in _recogniser(rules).tags(blocks):
        spoken[tag.block].append(tag.category)
    return [
        ClauseRow(place, block.path[-1] if block.path else "", tuple(spoken[place]), block.text)
        for place, block in enumerate(blocks)
    ]


@lru_cache(maxsize=4)
def _recogniser(rules: tuple[CategoryRule, ...]) -> Recogniser:
    return Recogniser(rules)


def _basis(version: VersionRecord, rules: tuple[CategoryRule, ...]) -> str:
    """Names what rows are made from: the readings, and how clauses are told."""
    return f"{_told_by(rules)}:{','.join(map(str, version.extractions))}"


@lru_cache(maxsize=4)
def _told_by(rules: tuple[CategoryRule, ...]) -> str:
    return hashlib.sha256(repr((RULES, HEADINGS, rules)).encode()).hexdigest()[:16]
