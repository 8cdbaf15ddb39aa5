"""Which blocks of a page are the policy: by evidence about runs of blocks, never by a tag's name alone.

1. Furniture goes: navigation, header, footer and aside that hold little of the prose; consent dialogs, carousels,
   teaser cards, told by what they say and how densely; lists of links that do not lead into the page itself.
2. Each block gets a weight: prose that speaks like a policy counts for the document, links, furniture and other prose
   against it. The run of blocks with the largest sum is the document. A sum over a sequence does not depend on how many
   containers a page puts around it.
3. The run is extended over the short lines next to it (addresses, dates), and to the heading above.
"""

from __future__ import annotations

import re
from itertools import accumulate
from typing import Final

from analysis.blocks import BlockKind
from scrapers.raw import RawBlock
from scrapers.tree import Page
from scrapers.words import CAROUSEL, CONSENT, POLICY, PRONOUNS, SIDE_SECTIONS

__all__ = ["choose", "is_document_title", "is_title"]

_PROSE: Final = 60  # characters of the shortest block that counts as prose
_SUSPECT: Final = frozenset(("nav", "footer", "header", "aside", "noscript", "dialog", "template", "menu"))
_SUSPECT_SHARE: Final = 0.2  # of the page's prose; a region that holds more is no furniture, whatever its tag
_DIALOG_SHARE: Final = 0.45
_CONSENT_CHARS: Final = 1200  # of a consent dialog, for each of its buttons and labels
_CAROUSEL_CHARS: Final = 300
_OTHER: Final = -0.5  # weight of a character of other prose
_SAMPLE: Final = 40  # blocks of prose that show whether our words know the language
_LAST: Final = 40  # blocks at the end of the page that may be its imprint
_AROUND: Final = 5  # blocks before and after that say what prose stands in
_TITLE_BONUS: Final = 400.0
# In an unlinked heading: here begins a policy.
_TITLE: Final = re.compile(
    r"privacy|terms|policy|polic(?:y|ies)|conditions|legal notice|agreement|cookies|guidelines|confidentialit"
    r"|datenschutz|nutzungsbedingungen|privacidad|términos|condiciones|informativa|condizioni|privacidade|termos"
    r"|voorwaarden|mentions légales|imprint|impressum",
    re.IGNORECASE,
)
# A page's last line, rarely a clause: "©" with a year, not the clauses about copyright.
_COPYRIGHT: Final = re.compile(r"(?:©|\(c\)|copyright)\s*(?:19|20)\d\d|all rights reserved", re.IGNORECASE)
_BEFORE_TITLE: Final = 0.15  # of the run's prose
_WHOLE_TITLE: Final = re.compile(
    r"^(?:[^\d\W](?:[\w.’'&]|-|\s)*?\s)??(?:(?:privacy|cookies?|copyright|acceptable use|refund|trademark|security"
    r"|data protection) (?:policy|statement|notice)|terms (?:of|and|&) (?:use|service|conditions)"
    r"|terms and conditions of (?:use|service)"
    r"|(?:user|visitor|service|subscription|license|data process(?:ing|or)) (?:agreement|addendum)"
    r"|community guidelines|sub-?processors|legal notice|imprint|impressum|politique de confidentialité"
    r"|politique (?:relative aux|de) cookies"
    r"|datenschutzerklärung|nutzungsbedingungen|conditions (?:générales )?d.utilisation|mentions légales"
    r"|política de privacidad|términos y condiciones|informativa sulla privacy|privacybeleid)\W*$",
    re.IGNORECASE,
)
_WORD: Final = re.compile(r"[^\W\d_]+")
_SHORT: Final = 120
_CHANGELOG: Final = frozenset(("changelog", "change log", "version history", "revision history", "historique"))
_YEAR: Final = re.compile(r"(?:19|20)\d\d")


class _Sheet:
    """What is known about each block, and sums over intervals."""

    def __init__(self, page: Page, within: tuple[int, int] | None) -> None:
        self.page = page
        self.blocks = page.blocks
        self.gone = bytearray(len(page.blocks))
        self.told = bytearray(len(page.blocks))  # gone, and it said itself what it is
        self.chars = [0 if block is None else len(block.text) for block in page.blocks]
        self.mass = [0 if block is None else _mass(block) for block in page.blocks]
        if within:
            for lo, hi in ((0, within[0]), (within[1], len(page.blocks))):
                self.drop(lo, hi)
                self.mass[lo:hi] = [0] * (hi - lo)
        self.sum_chars = [0, *accumulate(self.chars)]
        self.sum_mass = [0, *accumulate(self.mass)]
        self.total = self.sum_mass[-1]

    def drop(self, lo: int, hi: int) -> None:
        self.gone[lo:hi] = b"\x01" * (hi - lo)


def _mass(block: RawBlock) -> int:
    """How much prose: 0 for headings, links and short lines, else the characters."""
    text = block.text
    size = len(text)
    if size < _PROSE and (size < 15 or text[size // 2] < "\u2e80"):
        return 0
    if block.kind is BlockKind.HEADING or block.linked * 2 > size:
        return 0
    return size if text[size // 2] < "\u2e80" else 3 * size  # a Chinese or Japanese character says as much as three


def choose(page: Page, within: tuple[int, int] | None = None) -> list[RawBlock]:
    """The blocks of the document, in order.

    Parameters:
        within: only blocks of this interval are looked at.
    """
    return [block for index in _choose(page, within) if (block := page.blocks[index])]


def is_title(text: str) -> bool:
    """Whether a line says no more than what kind of document begins."""
    return len(text) < 60 and _WHOLE_TITLE.search(text) is not None


def is_document_title(block: RawBlock | None) -> bool:
    """Whether an unlinked line says no more than what kind of document begins: "Privacy Policy", "COOKIE NOTICE"."""
    return (
        block is not None
        and not block.linked
        and block.kind is not BlockKind.ROW
        and is_title(block.text)
        and (block.kind is BlockKind.HEADING or block.bold or block.text.istitle() or block.text.isupper())
    )


def _choose(page: Page, within: tuple[int, int] | None = None) -> list[int]:
    sheet = _Sheet(page, within)
    blocks = page.blocks
    if not sheet.total:
        return [
            index
            for index, block in enumerate(blocks)
            if block and not sheet.gone[index] and block.linked * 2 <= len(block.text)
        ]
    _find_contents(blocks)
    _drop_suspects(sheet)
    _drop_told(sheet, CONSENT, 2, _CONSENT_CHARS)
    _drop_told(sheet, CAROUSEL, 3, _CAROUSEL_CHARS)
    _drop_teasers(sheet)
    _drop_changelogs(sheet)
    _drop_around(sheet)
    weights = _weights(sheet)
    lo, hi = _best_run(weights)
    lo, hi = _extend(sheet, weights, *_complete(sheet, lo, hi))
    lo = _from_title(sheet, lo, hi)
    keep = [index for index in range(lo, hi) if blocks[index] and not sheet.gone[index]]
    keep = _without_link_lists(blocks, keep)
    return keep if within else _title(sheet, lo) + keep


def _find_contents(blocks: list[RawBlock | None]) -> None:
    """Count links whose words are a line of the page as links into the page: a table of contents that scripts serve."""
    lines = {block.text for block in blocks if block is not None and not block.linked and len(block.text) < 150}
    for block in blocks:
        if block is not None and block.linked and block.text in lines:
            block.inpage = block.linked


def _drop_suspects(sheet: _Sheet) -> None:
    sums = sheet.sum_mass
    limit = _SUSPECT_SHARE * sheet.total
    for region in sheet.page.regions:
        if region.tag in _SUSPECT and sums[region.hi] - sums[region.lo] < limit:
            sheet.drop(region.lo, region.hi)


def _drop_told(sheet: _Sheet, texts: frozenset[str], least: int, chars: int) -> None:
    """Drop the largest region around each told text in which such texts are dense.

    Parameters:
        texts: what tells, as the whole lower-case text of a block.
        least: how many a region must hold.
        chars: the region may have this many characters for each.
    """
    blocks, regions = sheet.blocks, sheet.page.regions
    told = [0] * (len(blocks) + 1)
    found: list[int] = []
    for index, block in enumerate(blocks):
        told[index + 1] = told[index]
        if block is not None and sheet.chars[index] < 40 and block.text.lower() in texts:
            told[index + 1] += 1
            found.append(index)
    if len(found) < least:
        return
    for index in found:
        block = blocks[index]
        if sheet.gone[index] or block is None:
            continue
        best = -1
        at = block.region
        while at >= 0:
            lo, hi = regions[at].lo, regions[at].hi
            if sheet.sum_mass[hi] - sheet.sum_mass[lo] > _DIALOG_SHARE * sheet.total:
                break
            count = told[hi] - told[lo]
            if count >= least and sheet.sum_chars[hi] - sheet.sum_chars[lo] <= chars * count:
                best = at
            at = regions[at].parent
        if best >= 0:
            lo, hi = regions[best].lo, regions[best].hi
            sheet.drop(lo, hi)
            sheet.told[lo:hi] = b"\x01" * (hi - lo)


def _drop_around(sheet: _Sheet) -> None:
    """Drop the rest of a region that is mostly dialog or carousel, when it is little of what is left of the page."""
    left = [0, *accumulate(0 if gone else mass for gone, mass in zip(sheet.gone, sheet.mass, strict=True))]
    told = [0, *accumulate(size if gone else 0 for gone, size in zip(sheet.told, sheet.chars, strict=True))]
    if not told[-1]:
        return
    for region in sheet.page.regions:
        lo, hi = region.lo, region.hi
        if (told[hi] - told[lo]) * 2 > sheet.sum_chars[hi] - sheet.sum_chars[lo] and (left[hi] - left[lo]) * 3 < left[
            -1
        ]:
            sheet.drop(lo, hi)


def _drop_teasers(sheet: _Sheet) -> None:
    """Cards that lead elsewhere: a linked title and a line or two of text, twice or more in a row."""
    blocks = sheet.blocks
    run: list[int] = []
    cards = speaking = 0
    after = 0  # blocks since the last linked title
    for index, block in enumerate(blocks):
        if block is None or sheet.gone[index]:
            continue
        size = sheet.chars[index]
        outside = block.linked - block.inpage
        if outside * 10 >= 9 * size and (block.kind is BlockKind.HEADING or size > 15):
            cards += 1 if after or not run else 0
            after = 0
            run.append(index)
        elif run and after < 2 and size <= 250 and block.kind is not BlockKind.HEADING:
            after += 1
            speaking += size > 80 and _speaks_policy(block)
            run.append(index)
        else:
            if cards >= 2 and speaking * 2 <= cards:
                _drop_all(sheet, run)
            run, cards, speaking, after = [], 0, 0, 0
    if cards >= 2 and speaking * 2 <= cards:
        _drop_all(sheet, run)


def _drop_changelogs(sheet: _Sheet) -> None:
    """Drop the dates of earlier versions under a heading that says so: they move with the reader's time zone."""
    blocks = sheet.blocks
    for index, block in enumerate(blocks):
        if block is None or sheet.chars[index] > 20 or block.text.lower() not in _CHANGELOG:
            continue
        last, dates = index, 0
        for at in range(index + 1, min(len(blocks), index + 80)):
            line = blocks[at]
            if line is None:
                continue
            if len(line.text) > 40:
                break
            if _YEAR.search(line.text) and len(line.text) <= 20:
                dates += 1
                last = at
        if dates >= 2:
            sheet.drop(index, last + 1)


def _drop_all(sheet: _Sheet, indexes: list[int]) -> None:
    if sum(sheet.mass[index] for index in indexes) < _SUSPECT_SHARE * sheet.total:
        for index in indexes:
            sheet.gone[index] = 1


def _weights(sheet: _Sheet) -> list[float]:
    """For or against each block being of the document."""
    weights: list[float] = []
    prose: list[int] = []
    last = len(sheet.blocks) - _LAST
    for index, block in enumerate(sheet.blocks):
        size = sheet.chars[index]
        if block is None:
            weights.append(0.0)
        elif sheet.gone[index]:
            weights.append(-float(size))
        elif mass := sheet.mass[index]:
            if index > last and _COPYRIGHT.search(block.text[:200]):
                weights.append(-float(mass))
            else:
                weights.append(float(mass))
                prose.append(index)
        elif (block.linked - block.inpage) * 2 > size:
            weights.append(-float(size) - 5)
        elif size < 80 and (block.bold or block.kind is BlockKind.HEADING) and _TITLE.search(block.text):
            weights.append(_TITLE_BONUS)
        else:
            weights.append(-1.0)
    _weigh_other_prose(sheet, prose, weights)
    return weights


def _weigh_other_prose(sheet: _Sheet, prose: list[int], weights: list[float]) -> None:
    """Turn the weight of prose that does not speak like a policy and stands among links that lead elsewhere.

    Rules about photographs or insects do not speak like a policy either; teasers stand among links.
    """
    leads = [
        0,
        *accumulate(
            block is not None and (gone or (block.linked - block.inpage) * 2 > len(block.text))
            for gone, block in zip(sheet.gone, sheet.blocks, strict=True)
        ),
    ]
    if not leads[-1]:
        return
    end = len(weights)
    among = [
        index
        for index in prose
        if (leads[min(end, index + _AROUND + 1)] - leads[max(0, index - _AROUND)]) * 4 > 2 * _AROUND + 1
    ]
    other = [index for index in among if not _speaks_policy(sheet.blocks[index])]
    if not other:
        return
    sample = prose[:: len(prose) // _SAMPLE + 1]
    if sum(_speaks_policy(sheet.blocks[index]) for index in sample) < 0.4 * len(sample):
        return  # a language, or a kind of text, that our words do not know
    for index in other:
        weights[index] *= _OTHER


def _speaks_policy(block: RawBlock | None) -> bool:
    if block is None:
        return False
    text = block.text.lower()
    words = set(text.split())
    if _enough(words, len(text)):
        return True
    return _enough(set(_WORD.findall(text)), len(text))  # "l’utilisation", "data,": dearer to take apart, so second


def _enough(words: set[str], size: int) -> bool:
    strong = len(POLICY & words)
    return strong > 1 or (strong > 0 and (size < _SHORT or not PRONOUNS.isdisjoint(words)))


def _best_run(weights: list[float]) -> tuple[int, int]:
    """The interval with the largest sum (Kadane)."""
    best, lo, hi = 0.0, 0, 0
    total, start = 0.0, 0
    for index, weight in enumerate(weights):
        if total <= 0:
            total, start = 0.0, index
        total += weight
        if total > best:
            best, lo, hi = total, start, index + 1
    return lo, hi


def _complete(sheet: _Sheet, lo: int, hi: int) -> tuple[int, int]:
    """Take in what a region around an end of the run holds beyond it, while that is little and hardly linked.

    The last item of a list belongs to the list, whatever it speaks of.
    """
    run = sheet.sum_mass[hi] - sheet.sum_mass[lo]
    leads = [
        0,
        *accumulate(
            0 if block is None else size if gone else block.linked - block.inpage
            for block, gone, size in zip(sheet.blocks, sheet.gone, sheet.chars, strict=True)
        ),
    ]

    def fits(start: int, end: int) -> bool:
        chars = sheet.sum_chars[end] - sheet.sum_chars[start]
        mass = sheet.sum_mass[end] - sheet.sum_mass[start]
        return (leads[end] - leads[start]) * 5 <= chars and mass * 5 <= run

    regions = [region for region in sheet.page.regions if region.lo < hi < region.hi]
    for region in sorted(regions, key=lambda region: region.hi):
        if region.hi > hi and not fits(hi, region.hi):
            break
        hi = max(hi, region.hi)
    regions = [region for region in sheet.page.regions if region.lo < lo < region.hi]
    for region in sorted(regions, key=lambda region: -region.lo):
        if region.lo < lo and not fits(region.lo, lo):
            break
        lo = min(lo, region.lo)
    return lo, hi


def _from_title(sheet: _Sheet, lo: int, hi: int) -> int:
    """Where the document's title stands in the run, when what precedes it is little and has no heading of its own."""
    run = sheet.sum_mass[hi] - sheet.sum_mass[lo]
    for index in range(lo, min(hi, lo + 40)):
        block = sheet.blocks[index]
        if block is None or sheet.gone[index]:
            continue
        if sheet.sum_mass[index] - sheet.sum_mass[lo] > _BEFORE_TITLE * run:
            break
        if (block.kind is BlockKind.HEADING or block.bold) and is_document_title(block):
            return index
        if block.kind is BlockKind.HEADING and block.level < 3:
            break
    return lo


def _extend(sheet: _Sheet, weights: list[float], lo: int, hi: int) -> tuple[int, int]:
    """Over the short lines next to the run, up to the first that speaks against it; not over headings of nothing."""
    end = hi
    while end < len(weights) and weights[end] >= -1.0 and not _is_side(sheet.blocks[end]):
        end += 1
    while end > hi and ((block := sheet.blocks[end - 1]) is None or block.kind is BlockKind.HEADING):
        end -= 1
    while lo > 0 and weights[lo - 1] >= -1.0:
        lo -= 1
    return lo, end


def _is_side(block: RawBlock | None) -> bool:
    return block is not None and len(block.text) < 50 and block.text.lower() in SIDE_SECTIONS


def _without_link_lists(blocks: list[RawBlock | None], keep: list[int]) -> list[int]:
    """Leave out three and more links in a row that lead elsewhere, unless a sentence announces them."""
    kept: list[int] = []
    run: list[int] = []
    for index in [*keep, -1]:
        block = blocks[index] if index >= 0 else None
        if block is not None and block.linked * 10 >= 8 * len(block.text) and block.inpage * 2 < block.linked:
            run.append(index)
            continue
        before = blocks[kept[-1]] if kept else None
        announced = before is not None and before.text[-1:] in (":", "：") and block is not None
        if len(run) < 3 or announced or _shows_addresses(blocks, run):
            kept += run
        run = []
        if index >= 0:
            kept.append(index)
    return kept


def _shows_addresses(blocks: list[RawBlock | None], run: list[int]) -> bool:
    """Links whose words are the address are references, no menu."""
    texts = [block.text for index in run if (block := blocks[index])]
    return 2 * sum("://" in text or "www." in text for text in texts) >= len(texts)


def _title(sheet: _Sheet, lo: int) -> list[int]:
    """The nearest heading before the run, where the run does not begin with the title."""
    blocks = sheet.blocks
    first = next((block for block in blocks[lo : lo + 3] if block and block.kind is BlockKind.HEADING), None)
    if first is not None and first.level == 1:
        return []
    for index in range(lo - 1, max(-1, lo - 40), -1):
        block = blocks[index]
        if block and block.kind is BlockKind.HEADING and block.level < 3 and not block.linked:
            return [index]
    return []
