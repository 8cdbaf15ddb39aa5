"""Is this capture the document? Evidence, each with a name, a weight and a plain sentence; doubt holds the capture.

The peers store what they get: one kept a login page as a company's terms for 15 months, 722 "changes" of it in a year
(reference/open-terms-archive.md 4.4). Weights add up; at 1 the capture is held. A first capture is judged on what it
says itself, later ones also against what the document was.

A deletion is a change and must come through. So length speaks softly: a page that ends properly, keeps its title and
lost half of its text is believed. One that lost two thirds is held for that alone, says so, and can be released
(`Verdict.only_length`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from analysis.blocks import Block, BlockKind, Extraction
from scrapers.gate_words import (
    ARCHIVE_ERROR,
    CHALLENGE,
    CHALLENGE_BODY,
    CONSENT_WALL,
    DOCUMENT_WORDS,
    ERROR,
    LOGIN,
    LOGIN_PATH,
    PARKED,
    SHELL,
)
from scrapers.links import original_url
from scrapers.main_content import is_title
from scrapers.words import POLICY, PRONOUNS

__all__ = ["THRESHOLD", "Evidence", "Expected", "Verdict", "judge_capture"]

THRESHOLD: Final = 1.0  # sum of weights at which a capture is held
_SHORT: Final = 2500  # characters; walls and error pages are shorter, nearly all policies longer
_TINY: Final = 250
_LITTLE_LEFT: Final = 0.35  # of the usual length: held for that alone
_HALF: Final = 0.5
_NOTHING_LEFT: Final = 0.1
_SMALL: Final = 3000  # usual characters of a small document
_LENGTH_NAMES: Final = frozenset(("length", "end-missing"))
# Types of documents that read like a policy; an imprint or brand guidelines need not.
_LEGAL_TYPE: Final = re.compile(r"polic|terms|agreement|conditions|processor|guarantee", re.IGNORECASE)
# Elements whose end tags nobody may leave out.
_CONTAINERS: Final = (
    b"div", b"main", b"article", b"section", b"table", b"script", b"style", b"ul", b"ol", b"form", b"footer", b"svg",
    b"symbol", b"defs", b"title",
)  # fmt: skip
_WORD: Final = re.compile(r"[^\W\d_]{3,}")


@dataclass(frozen=True, slots=True)
class Evidence:
    """One observation. `weight` is its share of what it takes to hold a capture (1 is enough alone; 0 only informs)."""

    name: str
    weight: float
    sentence: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a capture is believed to be the document, and why."""

    believed: bool
    score: float
    evidence: tuple[Evidence, ...]

    @property
    def only_length(self) -> bool:
        """Held only because much text is gone: perhaps a real deletion, so a person may well release it."""
        return not self.believed and all(one.name in _LENGTH_NAMES for one in self.evidence if one.weight > 0)

    @property
    def reasons(self) -> str:
        """The sentences, heaviest first."""
        return " ".join(one.sentence for one in sorted(self.evidence, key=lambda one: -one.weight))


@dataclass(frozen=True, slots=True)
class Expected:
    """What is known of the document from before; everything is optional; a first capture knows only what
    was configured.

    Parameters:
        document: its type ("Privacy Policy"), as configured.
        language: of the version before, or as configured.
        title: page title of the version before.
        headings: texts of its headings.
        tail: texts of its last few blocks.
        length: median number of characters of its believed captures.
        final_urls: where believed captures came from after redirects.
        closed: whether the bytes of the believed captures ended with </html>; None where not known.
    """

    document: str = ""
    language: str | None = None
    title: str = ""
    headings: tuple[str, ...] = ()
    tail: tuple[str, ...] = ()
    length: int | None = None
    final_urls: tuple[str, ...] = ()
    closed: bool | None = None

    @classmethod
    def after(
        cls,
        extraction: Extraction,
        *,
        document: str = "",
        length: int | None = None,
        final_urls: Iterable[str] = (),
        closed: bool | None = None,
    ) -> Expected:
        """What to expect after a believed extraction."""
        return cls(
            document=document,
            language=extraction.language,
            title=extraction.title,
            headings=tuple(block.text for block in extraction.blocks if block.kind is BlockKind.HEADING),
            tail=tuple(block.text for block in extraction.blocks[-4:]),
            length=length if length is not None else _length(extraction.blocks),
            final_urls=tuple(final_urls),
            closed=closed,
        )


@dataclass(slots=True)
class _Facts:
    status: int
    url: str
    final_url: str
    headers: dict[str, str]
    extraction: Extraction
    expected: Expected
    body: bytes
    length: int = 0
    policy: float = 0.0
    head: str = ""
    lines: list[str] = field(default_factory=list)

    @property
    def short(self) -> bool:
        """Little text, and little of it speaks like a policy: the looks of a wall."""
        return self.length < _SHORT and (self.policy < 0.5 or self.length < 700)


def judge_capture(
    *,
    status: int,
    url: str,
    final_url: str,
    headers: Sequence[tuple[str, str]],
    extraction: Extraction,
    expected: Expected | None = None,
    body: bytes = b"",
) -> Verdict:
    """Judge one capture.

    Parameters:
        status, url, final_url, headers, body: of the answer, as in `scrapers.capture.Fetched`; the body may be
            left out.
        extraction: what was made of it.
        expected: what is known of the document.
    """
    facts = _facts(status, url, final_url, headers, extraction, expected or Expected(), body)
    found = [one for look in _LOOKS if (one := look(facts)) is not None]
    score = sum(one.weight for one in found)
    return Verdict(score < THRESHOLD - 1e-9, round(score, 3), tuple(found))


def _facts(
    status: int,
    url: str,
    final_url: str,
    headers: Sequence[tuple[str, str]],
    extraction: Extraction,
    expected: Expected,
    body: bytes,
) -> _Facts:
    facts = _Facts(status, original_url(url), original_url(final_url), dict(headers), extraction, expected, body)
    facts.length = _length(extraction.blocks)
    facts.lines = [extraction.title[:300], *(block.text[:300] for block in extraction.blocks[:12])]
    facts.head = "\n".join(facts.lines)
    facts.policy = _policy_share(extraction.blocks)
    return facts


def _length(blocks: Iterable[Block]) -> int:
    return sum(len(block.text) for block in blocks)


def _policy_share(blocks: Sequence[Block]) -> float:
    """The share of the prose that speaks like a policy, in the languages whose words are known."""
    total = like = 0
    for block in blocks[:60]:
        if len(block.text) < 60 or block.kind is BlockKind.HEADING:
            continue
        words = set(_WORD.findall(block.text.lower()[:1500]))
        total += len(block.text)
        strong = len(POLICY & words)
        if strong > 2 or (strong > 1 and not PRONOUNS.isdisjoint(words)):
            like += len(block.text)
    return like / total if total else 0.0


# -- what the answer says of itself ----------------------------------------------------------------------------------


def _status(facts: _Facts) -> Evidence | None:
    if 200 <= facts.status < 300:
        return None
    return Evidence("status", 1.0, f"The answer has status {facts.status}.")


def _redirected(facts: _Facts) -> Evidence | None:
    asked, final = urlsplit(facts.url), urlsplit(facts.final_url or facts.url)
    if facts.final_url in facts.expected.final_urls or _same_place(facts.url, facts.final_url or facts.url):
        return None
    known = [urlsplit(known) for known in facts.expected.final_urls]
    if any(_same_place(known, facts.final_url) for known in facts.expected.final_urls):
        return None
    place = f"{final.hostname or ''}{final.path}"
    if LOGIN_PATH.search(facts.final_url) and not LOGIN_PATH.search(facts.url):
        return Evidence(
            "redirected", 0.9, f"The request ended at {place}, which is a page for signing in or consenting."
        )
    if final.path in ("", "/") and asked.path not in ("", "/") and not final.query:
        return Evidence("redirected", 0.7, f"The request ended at a home page, {place}.")
    hosts = {_site(asked.hostname), *(_site(one.hostname) for one in known)}
    if _site(final.hostname) not in hosts:
        return Evidence("redirected", 0.5, f"The request ended at another site, {place}.")
    return Evidence("redirected", 0.15, f"The request ended at another path, {place}.")


def _site(host: str | None) -> str:
    """The last two labels of a host, three under a short second level (co.uk): good enough to tell sites apart."""
    labels = (host or "").lower().split(".")
    count = 3 if len(labels) > 2 and len(labels[-1]) == 2 and len(labels[-2]) <= 3 else 2
    return ".".join(labels[-count:])


def _same_place(one: str, other: str) -> bool:
    first, second = urlsplit(one), urlsplit(other)
    hosts = [(parts.hostname or "").lower().removeprefix("www.") for parts in (first, second)]
    return hosts[0] == hosts[1] and first.path.rstrip("/") == second.path.rstrip("/")


def _challenge(facts: _Facts) -> Evidence | None:
    if "challenge" in facts.headers.get("cf-mitigated", "").lower():
        return Evidence("challenge", 1.2, "The site's protection answered with a challenge instead of the page.")
    action = facts.headers.get("x-amzn-waf-action", "").lower()
    if action in ("challenge", "captcha"):
        return Evidence("challenge", 1.2, "The site's firewall answered with a challenge instead of the page.")
    if not facts.short:
        return None
    if CHALLENGE.search(facts.head):
        return Evidence("challenge", 1.0, "The page asks to prove that a person is reading it.")
    marks = facts.body[:200_000].lower() if facts.body else b""
    if facts.length < 600 and any(mark in marks for mark in CHALLENGE_BODY):
        return Evidence("challenge", 0.8, "The page has hardly any text and the marks of a bot challenge.")
    return None


def _login(facts: _Facts) -> Evidence | None:
    if not facts.short:
        return None
    password = b'type="password"' in facts.body or b"type=password" in facts.body or b"type='password'" in facts.body
    titled = bool(LOGIN.search(facts.extraction.title)) or _in_headings(facts, LOGIN)
    if titled or password:
        weight = 1.0 if titled or facts.length < 700 else 0.7
        return Evidence("login-wall", weight, "The page is a form for signing in.")
    if LOGIN.search(facts.head) and facts.length < 900 and facts.policy < 0.5:
        return Evidence("login-wall", 0.7, "The page has little text and asks to sign in.")
    return None


def _consent(facts: _Facts) -> Evidence | None:
    if facts.length < 2 * _SHORT and any(CONSENT_WALL.search(line) for line in facts.lines):
        if facts.length < _SHORT:
            return Evidence("consent-wall", 1.0, "The page asks for consent before it shows anything.")
        return Evidence("consent-wall", 0.4, "The page begins with a request for consent.")
    return None


def _error(facts: _Facts) -> Evidence | None:
    titled = bool(ERROR.search(facts.extraction.title)) or _in_headings(facts, ERROR)
    if titled and facts.short:
        return Evidence("error-page", 1.0, "The title or heading says that the page was not found or failed.")
    if ERROR.search(facts.extraction.title) and facts.length < 4 * _SHORT:
        return Evidence("error-page", 0.6, "The title says that the page was not found or failed.")
    if facts.short and facts.length < 900 and ERROR.search(facts.head):
        return Evidence("error-page", 1.0, "The page has little text and says that something was not found or failed.")
    return None


def _in_headings(facts: _Facts, pattern: re.Pattern[str]) -> bool:
    headings = [block.text[:200] for block in facts.extraction.blocks[:20] if block.kind is BlockKind.HEADING][:4]
    return any(pattern.search(text) for text in headings)


def _shell(facts: _Facts) -> Evidence | None:
    if facts.length < 1200 and facts.policy < 0.5 and any(SHELL.search(line) for line in facts.lines):
        return Evidence("loading-shell", 1.0, "The page is a shell that a browser would have filled by script.")
    if facts.length < _TINY:
        return Evidence("loading-shell", 1.0, f"The page has only {facts.length} characters of text.")
    return None


def _parked(facts: _Facts) -> Evidence | None:
    if facts.short and PARKED.search(facts.head):
        return Evidence("parked-domain", 1.0, "The page is that of a parked or expired domain.")
    return None


def _archive_error(facts: _Facts) -> Evidence | None:
    if facts.length < _SHORT and any(ARCHIVE_ERROR.search(line) for line in facts.lines):
        return Evidence("archive-error", 1.0, "The page is the archive's own, not what it captured.")
    return None


def _selector_lost(facts: _Facts) -> Evidence | None:
    if facts.extraction.method == "generic-fallback":
        return Evidence("selector-lost", 0.3, "The selector or anchor of this document is not in the page.")
    return None


# -- what the document should be -------------------------------------------------------------------------------------


def _off_topic(facts: _Facts) -> Evidence | None:
    """For texts in languages whose words are known only."""
    if facts.extraction.language not in ("en", "fr", "de", "es", "it", "pt", "nl"):
        return None
    if facts.policy < 0.15 and not _named(facts):
        weight = 1.0 if _LEGAL_TYPE.search(facts.expected.document or "policy") else 0.7
        sentence = "The text does not read like a policy, and nothing in it names the document."
        return Evidence("off-topic", weight, sentence)
    if facts.policy < 0.15 and facts.length < _SHORT and _LEGAL_TYPE.search(facts.expected.document or "policy"):
        return Evidence("off-topic", 0.4, "The text does not read like a policy.")
    if not _named(facts) and facts.expected.document and not facts.expected.length:
        return Evidence("off-topic", 0.3, f"Nothing at the beginning of the text names a {facts.expected.document}.")
    return None


def _other_document(facts: _Facts) -> Evidence | None:
    """The first heading names a document of another type."""
    wanted = facts.expected.document.lower()
    own = [pattern for word, pattern in DOCUMENT_WORDS.items() if word in wanted]
    first = next((block.text for block in facts.extraction.blocks[:5] if block.kind is BlockKind.HEADING), "")
    if not own or not first or any(pattern.search(first) for pattern in own):
        return None
    if is_title(first) and any(pattern.search(first) for pattern in DOCUMENT_WORDS.values()):
        return Evidence("other-document", 0.6, f"The text is headed “{first[:80]}”, not {facts.expected.document}.")
    return None


def _named(facts: _Facts) -> bool:
    wanted = facts.expected.document.lower()
    patterns = [pattern for word, pattern in DOCUMENT_WORDS.items() if word in wanted]
    if not patterns and wanted:
        patterns = [re.compile("|".join(map(re.escape, _WORD.findall(wanted))) or ".")]
    patterns = patterns or list(DOCUMENT_WORDS.values())
    text = facts.head.lower()
    return any(pattern.search(text) for pattern in patterns)


def _language(facts: _Facts) -> Evidence | None:
    expected, found = facts.expected.language, facts.extraction.language
    if not expected or not found or facts.length < _TINY:
        return None
    if expected.lower().partition("-")[0] == found:
        return None
    return Evidence("language", 1.0, f"The text is in another language ({found}) than the document ({expected}).")


def _title(facts: _Facts) -> Evidence | None:
    """Page title and headings share not a word with those before."""
    expected = facts.expected
    before = set(_WORD.findall(expected.title.lower()))
    if not before:
        return None
    headings = [block.text for block in facts.extraction.blocks[:80] if block.kind is BlockKind.HEADING]
    now = set(_WORD.findall(" ".join([facts.extraction.title, *headings]).lower()))
    if before & now:
        return None
    return Evidence("title-lost", 0.5, f"Nothing is left of the title “{expected.title[:80]}”.")


def _headings(facts: _Facts) -> Evidence | None:
    before = set(facts.expected.headings)
    if len(before) < 4:
        return None
    lines = {block.text for block in facts.extraction.blocks}
    share = len(before & lines) / len(before)
    if share >= 0.2:
        return None
    return Evidence("headings-lost", 0.5, f"Of {len(before)} headings {round(share * len(before))} are left.")


def _shrunk(facts: _Facts) -> Evidence | None:
    usual = facts.expected.length
    if not usual:
        return None
    ratio = facts.length / usual
    left = f"The text is {ratio:.0%} of its usual length"
    if ratio < _LITTLE_LEFT:
        small = usual < _SMALL and ratio > _NOTHING_LEFT  # an imprint that lost an address is no wreck
        return Evidence("length", 0.5 if small else 1.0, left + "; release it if so much was really deleted.")
    if ratio < _HALF:
        return Evidence("length", 0.5, left + ".")
    if ratio > 3:
        return Evidence("length", 0.3, f"The text is {ratio:.1f} times its usual length.")
    return None


def _cut_off(facts: _Facts) -> Evidence | None:
    """The bytes stop before the markup does.

    Generators that leave out </body> and </html> never leave out </div>: open containers tell a cut from their habit.
    """
    if not facts.body or facts.extraction.method in ("pdf", "text") or facts.expected.closed is False:
        return None
    end = facts.body[-4096:].lower()
    if b"</html" in end or b"</body" in end:
        return None
    lower = facts.body.lower()
    open_tags = sum(
        max(0, len(re.findall(rb"<" + tag + rb"[\s>]", lower)) - lower.count(b"</" + tag + b">")) for tag in _CONTAINERS
    )
    open_tags += lower.rfind(b"<") > lower.rfind(b">")  # in the midst of a tag
    if open_tags:
        return Evidence("truncated", 1.0, f"The page stops before its end: {open_tags} elements are not closed.")
    sentence = "The page stops before its end: the closing tags are missing."
    if facts.expected.closed:
        return Evidence("truncated", 1.0, sentence)
    return Evidence("truncated", 0.4 if _end_gone(facts) else 0.2, sentence)


def _end_gone(facts: _Facts) -> bool:
    if not facts.expected.tail:
        return False
    lines = {block.text for block in facts.extraction.blocks}
    return not any(text in lines for text in facts.expected.tail)


def _end_missing(facts: _Facts) -> Evidence | None:
    if _end_gone(facts) and facts.expected.length and facts.length < 0.9 * facts.expected.length:
        return Evidence("end-missing", 0.2, "The last paragraphs that the document had are gone.")
    return None


_LOOKS: Final[tuple[Callable[[_Facts], Evidence | None], ...]] = (
    _status,
    _redirected,
    _challenge,
    _login,
    _consent,
    _error,
    _shell,
    _parked,
    _archive_error,
    _selector_lost,
    _off_topic,
    _other_document,
    _language,
    _title,
    _headings,
    _shrunk,
    _cut_off,
    _end_missing,
)
