"""Commands that look at clauses: clauses, timeline, find on the store; analyse on files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from rich.text import Text

from analysis.blocks import Block, Extraction
from analysis.taxonomy import CategoryRule
from flows.categories import UnknownCategory, category_name, find_category
from flows.commands.looking import find_document, find_version
from flows.config_file import find_config, read_config
from flows.jsonable import jsonable
from flows.opening import open_store
from flows.terminal import UserError, complain, print_json, print_lines, safe, say_when
from storage.records import VersionRecord
from storage.store import Store

__all__ = ["analyse_files", "find_clauses", "rules_of", "show_clauses", "show_timeline"]


def rules_of(config_path: Path | None) -> tuple[CategoryRule, ...]:
    """The user's categories of a config.toml that was named; none without, for files need no configuration."""
    return read_config(find_config(config_path)).category_rules if config_path else ()


def _category(name: str, rules: Sequence[CategoryRule]) -> str:
    """The id of the category that is meant, "" for "".

    Raises:
        UserError: there is none; says what is near.
    """
    try:
        return find_category(name, rules) if name else ""
    except UnknownCategory as error:
        raise UserError(safe(str(error), 600)) from None


def _open(config_path: Path | None, category: str) -> tuple[tuple[CategoryRule, ...], str, Store]:
    config = read_config(find_config(config_path))
    rules = config.category_rules
    wanted = _category(category, rules)
    return rules, wanted, open_store(config)


def _blocks(store: Store, version: VersionRecord) -> tuple[Block, ...]:
    return tuple(block for number in version.extractions for block in store.load_extraction(number).blocks)


def show_clauses(config_path: Path | None, name: str, at: str, *, category: str, as_json: bool) -> int:
    """The clauses of a version by category, below its dates and notice terms."""
    from flows.clause_views import read_clauses

    rules, wanted, store = _open(config_path, category)
    with store:
        document = find_document(store, name)
        version = find_version(store, document, at)
        blocks = _blocks(store, version)
    found = read_clauses(blocks, rules, category=wanted, first_seen=version.first_seen.date())
    if as_json:
        head = {"document": document.key, "number": version.position + 1, "version": jsonable(version)}
        print_json(head | found.json())
        return 0
    head_line = (
        f"{document.key}: version {version.position + 1} of {document.versions}, first seen "
        f"{say_when(version.first_seen)}, last seen {say_when(version.last_seen)}"
    )
    print_lines([head_line, *found.lines()])
    return 0


def analyse_files(
    config_path: Path | None, names: Sequence[str], *, category: str, as_json: bool, read: Callable[[str], Extraction]
) -> int:
    """The clauses, dates and notice terms of files. Exit code 2 if one can't be read; the others are shown.

    Parameters:
        read: a file's name to its extraction; raises UserError.
    """
    from flows.clause_views import read_clauses

    rules = rules_of(config_path)
    wanted = _category(category, rules)
    results: list[dict[str, Any]] = []
    code = 0
    for number, name in enumerate(names):
        try:
            extraction = read(name)
        except UserError as error:
            complain(str(error))
            code = 2
            continue
        found = read_clauses(extraction.blocks, rules, category=wanted)
        if as_json:
            results.append({"file": name, "title": extraction.title, "language": extraction.language} | found.json())
            continue
        title = f": {safe(extraction.title, 120)}" if extraction.title else ""
        print_lines([*([""] if number else []), Text(f"{safe(name, 200)}{title}", style="bold"), *found.lines()])
    if as_json:
        print_json(results)
    return code


def find_clauses(config_path: Path | None, text: str, *, category: str, vendor: str, limit: int, as_json: bool) -> int:
    """What the current versions say, by words. Exit code 0 whether or not something is found."""
    from flows.clause_index import complete_index
    from flows.clause_views import excerpt_line
    from storage.search import parse_query

    query = parse_query(text)
    if not query:
        raise UserError(f'"{safe(text, 80)}" has no word to look for; words after - are only left out')
    rules, wanted, store = _open(config_path, category)
    with store:
        _known_vendor(store, vendor)
        complete_index(store, rules)
        hits = store.find_text(query, category=wanted, vendor=vendor, limit=limit + 1)
    more = len(hits) > limit
    hits = hits[:limit]
    if as_json:
        print_json({"query": text, "category": wanted or None, "more": more, "hits": jsonable(hits)})
        return 0
    lines: list[str | Text] = []
    for hit in hits:
        head = Text(hit.key, style="bold").append(f"  {safe(hit.heading, 120)}", style="default")
        named = ", ".join(category_name(one, rules) for one in hit.categories)
        lines.append(head.append(f"  ({safe(named, 300)})" if named else "", style="dim"))
        lines.append(excerpt_line(hit.text, hit.marks, before="    "))
    if more:
        lines.append(f"and more; --limit {limit * 5} shows them")
    print_lines(lines or ["nothing found"])
    return 0


def _known_vendor(store: Store, vendor: str) -> None:
    slugs = sorted({key.partition("/")[0] for key in store.document_keys()})
    if vendor and vendor not in slugs:
        close = get_close_matches(vendor, slugs, n=1, cutoff=0.4)
        hint = f"; did you mean {close[0]}?" if close else ""
        raise UserError(f'no vendor on record is called "{safe(vendor, 80)}"{hint}')


def show_timeline(config_path: Path | None, name: str, *, category: str, cosmetic: bool, as_json: bool) -> int:
    """How what a document says of one category evolved, oldest first."""
    from flows.timelines import read_timeline

    rules, wanted, store = _open(config_path, category)
    with store:
        document = find_document(store, name)
        find_version(store, document, "")  # says so where there is none
        timeline = read_timeline(store, document, wanted, rules)
    if as_json:
        print_json(timeline.json())
    else:
        print_lines(timeline.lines(cosmetic=cosmetic))
    return 0
