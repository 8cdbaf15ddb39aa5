"""Noise that pages really make, put into real policies: how much would be told, and does the real change pass?

    python -m bench.noise [--shared ../shared] [--cache FILE] [--looks 24]

Each of the corpus' documents is looked at every six hours. At each look the noise changes; half-way through, one
paragraph loses a sentence and gains another, for good. "false" counts versions beyond the first and the real one that a
reader would be told of: not a return to an earlier state, not cosmetic only. "missed" counts real changes never told.
"""

from __future__ import annotations

import argparse
import random
import re
import uuid
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from analysis.align import align
from analysis.blocks import Block, BlockKind
from analysis.history import History, Run, Sighting, build
from analysis.state import fingerprint, only_flips, units
from bench.corpus_changes import read_extractions, read_rows

Blocks = list[Block]
Noise = Callable[[Blocks, int, random.Random], Blocks]
MARK = "A wholly new sentence about the sale of biometric records stands here."
LINKS = ["Pricing", "Careers at our company", "How to keep data safe", "Ten tips for teams", "About us", "Status page"]


def _line(text: str) -> Block:
    return Block(BlockKind.PARAGRAPH, text)


def nonces(blocks: Blocks, look: int, rng: random.Random) -> Blocks:
    return [
        *blocks,
        _line(f"Request {uuid.UUID(int=rng.getrandbits(128))}"),
        _line(f"Build {rng.getrandbits(128):032x}"),
    ]


def furniture(blocks: Blocks, look: int, rng: random.Random) -> Blocks:
    links = rng.sample(LINKS, len(LINKS))
    return [*(_line(link) for link in links), *blocks, *(_line(link) for link in links[: rng.randint(1, 3)])]


def flips(blocks: Blocks, look: int, rng: random.Random) -> Blocks:
    return (
        [_line("Our new policy for readers in the North comes into effect on 11 November."), *blocks]
        if look % 2
        else blocks
    )


def relative_dates(blocks: Blocks, look: int, rng: random.Random) -> Blocks:
    when = rng.choice(["yesterday", "today", f"{rng.randint(2, 9)} days ago", "last week", "over a month ago"])
    return [_line(f"Updated {when}"), *blocks, _line(f"{rng.randint(2, 9)} hours ago")]


def consent(blocks: Blocks, look: int, rng: random.Random) -> Blocks:
    """A dialogue that an extractor let through now and then."""
    if rng.random() < 0.7:
        return blocks
    return [
        _line("We value your privacy. This site uses cookies to give you a better time."),
        _line("Accept all"),
        *blocks,
    ]


def addresses(blocks: Blocks, look: int, rng: random.Random) -> Blocks:
    return [
        *blocks,
        _line(f"More at https://ads.example.com/offer?click={rng.getrandbits(60):x} and banner-{look}.png?v={look}"),
    ]


def counters(blocks: Blocks, look: int, rng: random.Random) -> Blocks:
    return [*blocks, _line(f"{2 + look / 10:.1f}M views"), _line(f"{100 + look} of {200 + look} found this helpful")]


def quotes(blocks: Blocks, look: int, rng: random.Random) -> Blocks:
    table = str.maketrans({"’": rng.choice("'’"), "“": rng.choice('"“'), "”": rng.choice('"”'), "–": rng.choice("-–")})
    return [replace(block, text=block.text.translate(table)) for block in blocks]


def locales(blocks: Blocks, look: int, rng: random.Random) -> Blocks:
    if look % 2:
        return blocks
    return [replace(block, text=re.sub(r"(?<=\w{4})iz(?=e|ed|es|ing|ation)\b", "is", block.text)) for block in blocks]


def truncated(blocks: Blocks, look: int, rng: random.Random) -> Blocks:
    return blocks[: len(blocks) * rng.randint(2, 8) // 10] if look % 3 == 1 else blocks


def markup(blocks: Blocks, look: int, rng: random.Random) -> Blocks:
    return [replace(block, kind=rng.choice(list(BlockKind)), level=rng.randint(1, 4)) for block in blocks]


KINDS: tuple[Noise, ...] = (
    nonces, furniture, flips, relative_dates, consent, addresses, counters, quotes, locales, truncated, markup,
)  # fmt: skip


def changed(blocks: Blocks) -> Blocks:
    """The real change: in the first long paragraph one sentence is another."""
    result = list(blocks)
    for index, block in enumerate(blocks):
        if block.kind is BlockKind.PARAGRAPH and block.text.count(". ") > 1:
            result[index] = replace(block, text=MARK + " " + block.text.partition(". ")[2])
            return result
    return [*blocks, _line(MARK)]


def _only_flips(pages: list[Blocks], history: History, run: Run) -> bool:
    """As flows should ask: only of unstable documents, and with all that was seen before."""
    if not any(period.since <= run.first.time for period in history.periods):
        return False
    earlier = [units(page) for page in pages[: run.captures[0]]]
    before = max((other for other in history.runs if other.first.time < run.first.time), key=lambda one: one.first.time)
    return only_flips(units(pages[before.captures[0]]), units(pages[run.captures[0]]), earlier)


def watch(blocks: Blocks, noise: Noise, looks: int) -> tuple[int, bool, bool]:
    """How many false versions would be told, whether the real change was, whether the document was called unstable."""
    rng = random.Random(noise.__name__)
    start = datetime(2025, 1, 1, tzinfo=UTC)
    pages, sightings = [], []
    for look in range(looks):
        page = noise(changed(blocks) if look >= looks // 2 else blocks, look, rng)
        pages.append(page)
        sightings.append(Sighting(look, 1, start + look * timedelta(hours=6), fingerprint(page)))
    history = build(sightings, [1])
    told, real = 0, False
    for before, run in zip(history.runs, history.runs[1:], strict=False):
        if run.returns_to is None and not _only_flips(pages, history, run):
            changes = align(pages[before.captures[0]], pages[run.captures[0]]).changes
            told += bool(changes)
            real |= any(MARK in pair.new_text for pair in changes)
    return told - real, real, bool(history.periods)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--shared", type=Path, default=Path(__file__).resolve().parents[2] / "shared")
    parser.add_argument("--cache", type=Path)
    parser.add_argument("--looks", type=int, default=24)
    options = parser.parse_args()
    extractions = read_extractions(options.shared, options.cache)
    documents: dict[tuple[str, str], Blocks] = {}
    for row in read_rows(options.shared / "corpus"):
        extraction = extractions[row.key, row.timestamp]
        if not isinstance(extraction, str):
            documents.setdefault(row.key, list(extraction.blocks))
    print(f"{len(documents)} documents, {options.looks} looks each, one real change each")
    print(f"{'noise':20s}{'false':>8s}{'missed':>8s}{'unstable':>10s}")
    for noise in KINDS:
        results = [watch(blocks, noise, options.looks) for blocks in documents.values()]
        false, missed = sum(result[0] for result in results), sum(not result[1] for result in results)
        print(f"{noise.__name__:20s}{false:8d}{missed:8d}{sum(result[2] for result in results):10d}")


if __name__ == "__main__":
    main()
