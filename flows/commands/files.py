"""Commands on files and single pages, without configuration or database: extract, compare, try."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path

from analysis.align import align
from analysis.blocks import Extraction
from analysis.judgement import judge
from analysis.state import fingerprint
from flows.differences import difference_json, difference_lines
from flows.jsonable import jsonable
from flows.terminal import UserError, print_json, print_lines, safe
from scrapers.capture import Fetched
from scrapers.errors import ExtractError, FetchError
from scrapers.extract import extract
from scrapers.selectors import Selectors

__all__ = ["compare_files", "extract_file", "load_file", "try_url"]


def _read(name: str) -> bytes:
    try:
        return sys.stdin.buffer.read() if name == "-" else Path(name).read_bytes()
    except OSError as error:
        raise UserError(f"{safe(name, 200)} can't be read: {error.strerror}") from None


def _type(name: str, body: bytes) -> str:
    """The content type of a file by its name, where its bytes do not say it."""
    if body.startswith(b"%PDF"):
        return "application/pdf"
    return {".txt": "text/plain", ".md": "text/markdown", ".markdown": "text/markdown"}.get(
        Path(name).suffix.lower(), ""
    )


def _extract(name: str, body: bytes, url: str = "", selectors: Selectors | None = None) -> Extraction:
    try:
        return extract(body, content_type=_type(name, body), url=url, selectors=selectors or Selectors())
    except ExtractError as error:
        advice = f" {error.advice}" if error.advice else ""
        raise UserError(f"{safe(name, 200)}: {error.message}.{advice}") from None


def load_file(name: str) -> Extraction:
    """What a file says; "-" is standard input.

    Raises:
        UserError: it can't be read, or holds no text.
    """
    return _extract(name, _read(name))


def extract_file(name: str, url: str, select: Sequence[str], remove: Sequence[str], format_: str) -> int:
    """Print the text of a page, one block a line."""
    if format_ not in ("text", "markdown", "json"):
        raise UserError(f'--format must be text, markdown or json, not "{safe(format_, 20)}"')
    extraction = _extract(name, _read(name), url, Selectors(tuple(select), tuple(remove)))
    for warning in extraction.warnings:
        sys.stderr.write(f"clausewatch: {safe(warning)}\n")
    if format_ == "json":
        print_json(jsonable(extraction))
    else:
        text = extraction.markdown if format_ == "markdown" else extraction.text
        for line in text.split("\n"):
            sys.stdout.write(safe(line) + "\n")
    return 0


def _load(config_path: Path | None, name: str) -> Extraction:
    from flows.commands.stored import capture_number, load_capture

    number = capture_number(name)
    return load_file(name) if number is None else load_capture(config_path, number)


def compare_files(config_path: Path | None, old: str, new: str, *, context: int, cosmetic: bool, as_json: bool) -> int:
    """Print what changed between two files or stored captures ("capture:17"). Exit code 0 whether or not something did.

    Parameters:
        config_path: a config.toml whose own categories count; none is looked for unless a capture is named.
    """
    from flows.commands.clauses import rules_of

    rules = rules_of(config_path)
    before, after = (_load(config_path, name) for name in (old, new))
    alignment = align(before.blocks, after.blocks)
    judgement = judge(alignment, extra=rules)
    if as_json:
        print_json(
            {"same_state": fingerprint(before.blocks) == fingerprint(after.blocks)}
            | difference_json(alignment, judgement)
        )
    else:
        print_lines(difference_lines(alignment, judgement, context=context, cosmetic=cosmetic))
    return 0


def try_url(config_path: Path | None, url: str, select: Sequence[str]) -> int:
    """Fetch twice; show text, verdict and what flips. Exit code 1 if the page would be held or can't be read."""
    return asyncio.run(_try(config_path, url, Selectors(tuple(select))))


async def _try(config_path: Path | None, url: str, selectors: Selectors) -> int:
    from flows.config_file import ConfigError, find_config, read_config
    from scrapers.gate import Expected, judge_capture
    from scrapers.live import LiveFetcher
    from scrapers.settings import FetchSettings

    try:
        settings = read_config(find_config(config_path)).fetch
    except ConfigError:
        if config_path is not None:
            raise
        settings = FetchSettings()  # trying a page needs no config.toml
    looks: list[tuple[Fetched, Extraction]] = []
    try:
        async with LiveFetcher(settings) as fetcher:
            for _ in range(2):
                fetched = await fetcher.fetch(url)
                assert isinstance(fetched, Fetched)  # nothing conditional was asked
                looks.append(
                    (fetched, extract(fetched.body, content_type=fetched.content_type, url=url, selectors=selectors))
                )
    except (FetchError, ExtractError) as error:
        sys.stderr.write(f"clausewatch: {safe(str(error))}\n" + (f"{error.advice}\n" if error.advice else ""))
        return 1
    (first, one), (_, two) = looks
    for line in two.text.split("\n"):
        sys.stdout.write(safe(line) + "\n")
    verdict = judge_capture(
        status=first.status,
        url=url,
        final_url=first.final_url,
        headers=first.headers,
        body=first.body,
        extraction=one,
        expected=Expected(),
    )
    notes = [
        "",
        f"{first.status} {safe(first.final_url, 300)}, {len(first.body):,} bytes",
        f"{len(one.blocks)} blocks by the {one.method} extractor",
        f"gate: {'believed' if verdict.believed else 'doubtful'}: {safe(verdict.reasons, 500)}",
        *(f"warning: {safe(warning, 300)}" for warning in one.warnings),
    ]
    alignment = align(one.blocks, two.blocks)
    if fingerprint(one.blocks) == fingerprint(two.blocks):
        notes.append("two fetches say the same")
    else:
        notes += ["two fetches differ, so this page would be unstable; choose selectors that leave this out:"]
        print_lines([*notes, *difference_lines(alignment, judge(alignment), context=0)])
        return 0 if verdict.believed else 1
    print_lines(notes)
    return 0 if verdict.believed else 1
