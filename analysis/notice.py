"""What a document promises about its own changes: how long before, how told, or not told at all.

Only sentences whose subject is the document count: "without notice" said of the service, a price or an account is
none of this module's business (reference/clauses.md 4: half of the "without notice" found by words concern a service).
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from analysis.blocks import Block, BlockKind
from analysis.lexicons import METHODS, expand
from analysis.numbers import Quantity, find_quantities
from analysis.sentences import sentences

__all__ = ["Evidence", "Notice", "earliest_effective", "find_notice", "notice_of_text"]


@dataclass(frozen=True, slots=True)
class Evidence:
    """Words that decided: what they show ("period", "kind", "email", "without notice" …), block and offsets in it."""

    shows: str
    block: int
    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Notice:
    """How changes of the document are announced.

    `days` is the period and None if none is stated, `period` the words of it. `kind` is "prior" (announced before they
    apply), "posting" (they apply on posting), "after_posting" or "after_notice" (a period after that), or None.
    `methods` are "post" (the changed document itself), "email", "banner" (notice on the site), "inapp", "mail", "sms",
    "blog", "written", or "unspecified" when a notice is promised and its way is not. `without_notice` is true
    when changes are said to come without (prior) notice. `contradictory` when a promise of notice stands beside that.
    """

    days: float | None = None
    period: str = ""
    kind: str | None = None
    methods: tuple[str, ...] = ()
    without_notice: bool = False
    contradictory: bool = False
    evidence: tuple[Evidence, ...] = ()

    @property
    def stated(self) -> bool:
        """Whether the document says anything about how its changes are announced."""
        return bool(self.days or self.kind or self.methods or self.without_notice)


_CHANGE_NOUN = (
    r"(?:changes?|updates?|modifications?|revisions?|amendments?|revised|updated|amended|modified|changed|new version)"
)
_SUBJECT = re.compile(
    expand(
        r"\b{CHANGE}\b[^.;]{0,80}?\b(?:this|these|our|the|its|such|of)\b[^.;]{0,40}?\b(?:polic(?:y|ies)|"
        r"statement|terms|agreement|conditions|addendum|guidelines|(?:privacy|cookie|legal|this|"
        r"data protection) notice|(?:privacy|information|data) practices|way we (?:use|collect|handle|"
        r"process))\b"
        r"|\b(?:polic(?:y|ies)|statement|terms(?: of (?:use|service))?|agreement|conditions|(?:privacy|"
        r"cookie|this) notice|(?:privacy|information|data) practices|addendum|"
        r"guidelines)\b[^.;]{0,60}?\b(?:subject to change|(?:may|will|can|could|might|"
        r"to) (?:be )?(?:\w+ ){0,2}?{CHANGE}|(?:is|are|was|has been|have been) (?:\w+ )?{CHANGE})\b"
        r"|\b(?:revised|updated|amended|modified|new|current|changed) (?:version|"
        r"(?:\w+ ){0,2}?(?:polic(?:y|ies)|statement|terms|agreement|notice))\b"
    ),
    re.IGNORECASE,
)
_FOLLOWS = re.compile(
    rf"\b(?:(?:any|such|these|those|the|material|significant|substantial|major|important|all|revised|"
    rf"if we (?:do|make)|when we|our) (?:\w+ ){{0,3}}?{_CHANGE_NOUN}|{_CHANGE_NOUN}|(?:if|when|"
    rf"in case) we (?:do|make)|we(?: will|['’]ll| may| shall| can)? (?:also )?(?:notify|let you know|"
    rf"inform|post|provide|announce|alert|give)|(?:you will|you['’]ll) be (?:notified|informed)|notice|"
    rf"notif\w+|continued use)\b",
    re.I,
)
_HEADING = re.compile(expand(r"\b{CHANGE}"), re.IGNORECASE)
_OTHER = re.compile(
    r"\b(?:(?:your|the) (?:account|profile|order|subscription|preferences|settings|password|"
    r"e-?mail address|personal information (?:is|has|on))|"
    r"fees?|prices?|pricing|charges|refund|arbitrat\w+|opt[- ]out|sub-?processors?|terminat\w+|"
    r"cancel\w*|breach|control of|ownership|merger|"
    r"trial|dispute|claim|invoice|payment|respond|requests?|renew\w*|mailing list|newsletter|cookies?)\b",
    re.IGNORECASE,
)
_NOT_POLICY = re.compile(
    r"\bsub-?processors?\b|\bown(?:ership|er)\b[^.]{0,30}\bchange|\bchange (?:of|in) (?:ownership|control)\b",
    re.IGNORECASE,
)
_WITHOUT = re.compile(
    r"\bwithout (?:any |giving (?:you )?(?:any )?|providing (?:you )?(?:with )?(?:any )?)?(?:(?:prior|"
    r"advance|further|individual|specific|additional|previous|express) )?(?:or (?:\w+ ))?(?:notice|"
    r"notification|notifying)\b|\bwith or without (?:prior )?notice\b|\bnot (?:be )?(?:obliged|"
    r"required|obligated) to (?:notify|give (?:you )?notice)",
    re.I,
)
_SERVICE = re.compile(
    r"\b(?:discontinu\w+|suspend\w*|terminat\w+|services?\b(?! agreement)|sites?\b|features?|"
    r"products?|functionality|content|materials?|prices?|fees?|offers?|access|links?|software|"
    r"program)\b",
    re.IGNORECASE,
)
_DOCUMENT = re.compile(
    r"\b(?:polic(?:y|ies)|statement|terms|agreement|conditions|notice\b(?! to)|practices|guidelines|addendum)\b", re.I
)
_PRIOR = re.compile(
    r"\b(?:prior (?:\w+ )?(?:notice|notification)|(?:before|prior to|ahead of|"
    r"in advance of)\b[^.]{0,60}\b(?:effect|effective|apply|applies|chang\w+|updat\w+|modif\w+|"
    r"implement\w*|making|mak(?:e|ing)|they (?:become|take|go)|becom\w+|amend\w+)|in advance|"
    r"advance (?:\w+ )?notice|beforehand|at least (?:\S+ ){1,4}?(?:before|prior|in advance))",
    re.I,
)
_AFTER_POSTING = re.compile(
    r"\b(?:after|following|from|of|once)\b[^.]{0,60}?\b(?:post(?:ed|ing)?|publish(?:ed|ing)?|"
    r"publication|displayed|appears?|placed|made available|upload\w*)\b",
    re.I,
)
_AFTER_NOTICE = re.compile(
    r"\b(?:after|following|from|of)\b[^.]{0,40}?\b(?:notice|notif\w+|e-?mail|receiv\w+|sent|sending|informed)\b", re.I
)
_ON_POSTING = re.compile(
    r"\b(?:effective|effect|apply|applies|binding|in force|operative)\b[^.]{0,40}?\b(?:immediately|"
    r"(?:up)?on (?:the )?(?:date )?(?:\w+ ){0,4}?(?:post(?:ed|ing)?|publi\w+)|(?:when|once|as soon as|"
    r"as of|at the time|from the (?:date|time|moment)|after)\b[^.]{0,40}?\b(?:post(?:ed|ing)?|"
    r"publish\w*|appears?|made available|upload\w*)|upon (?:\w+ ){0,5}?(?:post(?:ing|ed)|publi\w+))\b|"
    r"\b(?:immediately effective|(?:up)?on posting|once posted|effective when)\b",
    re.I,
)
_NEXT_DAY = re.compile(
    r"\b(?:on )?the (?:next )?day (?:after|following)\b[^.]{0,30}?\bpost(?:ed|ing)?\b", re.IGNORECASE
)
_ALREADY = re.compile(
    r"\b(?:is|are|was|were) effective immediately\b(?! (?:up)?on| when| after| once)|last (?:modified|updated)", re.I
)
_NOTIFY = re.compile(
    r"\b(?:notif(?:y|ied|ies|ication)|let you know|inform(?:ed|ing)?|alert(?:ed)?|tell you|"
    r"communicat\w+|announc\w+|advise|notice|message|make (?:you|users) aware|highlight|prominent\w*|"
    r"provide you with|by e-?mail|banner|pop-?up)\b",
    re.I,
)
_POST = re.compile(
    r"\b(?:post(?:ed|ing|s)?|publish(?:ed|ing)?|display(?:ed|ing)?|plac(?:e|ed|ing)|upload(?:ed|ing)?|"
    r"reflected|includ(?:e|ed)|incorporated|appear|made available|mak(?:e|ing) (?:it |"
    r"them )?available)\b[^.]{0,70}?\b(?:here|page|polic(?:y|ies)|statement|web ?sites?|sites?|online|"
    r"this (?:\w+ )?(?:notice|document|section|location|url|address)|terms|changes|revis\w+|updat\w+|"
    r"amend\w+|modif\w+|new|version)\b"
    r"|\b(?:revised|updated|new|amended|modified|current|changes?|revisions?|amendments?|"
    r"modifications?|updates?|notice|them|it|polic(?:y|ies)|terms|version)\b[^.]{0,60}?\b(?:post(?:ed|"
    r"ing)?|publish(?:ed|ing)?|displayed|found (?:here|at|on)|available (?:here|at|on)|placed|"
    r"uploaded|reflected|on this page|included|appear)\b"
    r"|\b(?:by|through|via) (?:\w+ )?(?:post(?:ing)?|updating|revising|changing|"
    r"publishing)\b[^.]{0,60}\b(?:polic(?:y|ies)|page|statement|terms|date|site|notice|version|"
    r"changes|it|them)\b"
    r"|\b(?:date|[“\"][^”\"]{0,30}(?:updated|revised|modified)[^”\"]{0,10}[”\"])[^.]{0,40}\b(?:top|"
    r"bottom|beginning|head) of\b",
    re.IGNORECASE,
)
_POSTED_NOTICE = re.compile(
    r"\b(?:post|publish|display|plac)(?:s|ed|e|es|ing)? (?:(?!revised|updated|privacy|cookie|new)\w+ ){0,3}?"
    r"(?:notices?|notification|announcements?|alert|message)\b[^.;]{0,60}"
    r"|\b(?:an?|prominent|conspicuous|such) (?:\w+ )?(?:notices?|announcements?|alert)(?:&nbsp;|"
    r" )(?:\w+ ){0,3}?(?:post(?:ed)?|publish(?:ed)?|displayed|placed)\b[^.;]{0,40}",
    re.IGNORECASE,
)
_METHODS = {name: re.compile(source, re.IGNORECASE) for name, source in METHODS.items()}
_CONTACT_MAIL = re.compile(r"(?:contact|write|questions?|e-?mail) (?:us|to us|me)\b[^.]{0,60}$|questions", re.I)
_PERIOD_CUE = re.compile(
    r"\b(?:notice|notif\w+|before|prior|advance|effective|effect|apply|applies|take|after|following|"
    r"post(?:ed|ing)?|inform\w*)\b",
    re.I,
)


def find_notice(blocks: Sequence[Block]) -> Notice:
    """What the blocks of a document say about changes of the document."""
    evidence: list[Evidence] = []
    kinds: list[str] = []
    periods: list[Quantity] = []
    for index, block in enumerate(blocks):
        if block.kind is BlockKind.HEADING:
            continue
        headed = bool(block.path and _HEADING.search(block.path[-1]) and _DOCUMENT.search(" ".join(block.path)))
        if not headed and not _SUBJECT.search(block.text):
            continue  # what no sentence of the block can begin, no other can go on with
        for start, text in _relevant(block.text, headed):
            _read(index, start, text, evidence, kinds, periods)
    return _sum_up(evidence, kinds, periods)


def notice_of_text(text: str) -> Notice:
    """The same of a single text, for instance one side of a changed block."""
    return find_notice([Block(BlockKind.PARAGRAPH, text)])


def earliest_effective(notice: Notice, first_seen: datetime.date) -> datetime.date | None:
    """The earliest day a change can apply, given the day of the first capture that shows it; None without such a rule.

    "N days after posting" counts from the posting, which was on `first_seen` at the latest, so the true day may be
    earlier by the time between two captures.
    """
    if notice.days is None or notice.kind not in ("after_posting", "after_notice", "prior"):
        return None
    return first_seen + datetime.timedelta(days=round(notice.days))


def _relevant(text: str, headed: bool) -> Iterator[tuple[int, str]]:
    """Sentences about changes of the document, and those right after one that go on about it."""
    recent = 2 if headed else 0
    for sentence in sentences(text):
        if _NOT_POLICY.search(sentence.text):
            continue
        if _SUBJECT.search(sentence.text):
            recent = 3
            yield sentence.start, sentence.text
        elif recent and _FOLLOWS.search(sentence.text):
            recent -= 0 if headed else 1
            yield sentence.start, sentence.text
        else:
            recent = max(recent - 1, 0)


def _read(
    block: int, start: int, text: str, evidence: list[Evidence], kinds: list[str], periods: list[Quantity]
) -> None:
    def note(shows: str, match: re.Match[str]) -> None:
        evidence.append(Evidence(shows, block, start + match.start(), start + match.end(), match.group()))

    without = _WITHOUT.search(text)
    if without and _concerns_document(text, without):
        note("without notice", without)
    for quantity in find_quantities(text):
        if quantity.days is None or not _is_notice_period(text, quantity):
            continue
        periods.append(quantity)
        evidence.append(Evidence("period", block, start + quantity.start, start + quantity.end, quantity.text))
        kinds.extend(filter(None, [_kind_of_period(text, quantity)]))
    prior = _PRIOR.search(text)
    if prior and not (without and without.start() <= prior.start() <= without.end()) and _NOTIFY.search(text):
        kinds.append("prior")
        note("prior", prior)
    next_day = _NEXT_DAY.search(text)
    if next_day:
        periods.append(Quantity(1.0, "day", 1.0, next_day.start(), next_day.end(), next_day.group()))
        kinds.append("after_posting")
        note("period", next_day)
    posting = None if next_day else _ON_POSTING.search(text)
    if (
        posting
        and not _ALREADY.search(text)
        and not any(q.start < posting.end() + 30 for q in periods if q.text in text)
    ):
        kinds.append("posting")
        note("posting", posting)
    for shows, match in _methods(text):
        note(shows, match)


def _concerns_document(text: str, without: re.Match[str]) -> bool:
    """Whether what comes "without notice" is a change of the document: the nearest noun before (or after) decides."""
    before, after = text[: without.start()], text[without.end() : without.end() + 120]
    document, service = _last(_DOCUMENT, before), _last(_SERVICE, before)
    if document < 0 and service < 0:
        first_document, first_service = _DOCUMENT.search(after), _SERVICE.search(after)
        return bool(first_document) and not (
            first_service and first_document and first_service.start() < first_document.start()
        )
    if document >= 0 and service >= 0:
        # "change these terms of use or the service without notice" concerns both; "terminate … service" only the latter
        changing = re.search(
            expand(
                r"\b{CHANGE}\b[^.;]{0,60}?\b(?:this|these|our|the)\b[^.;]{0,40}?\b(?:polic|statement|terms|"
                r"agreement|notice)"
            ),
            before,
            re.I,
        )
        return document > service or bool(changing)
    return document >= 0


def _last(pattern: re.Pattern[str], text: str) -> int:
    return max((match.start() for match in pattern.finditer(text)), default=-1)


def _is_notice_period(text: str, quantity: Quantity) -> bool:
    if quantity.days is None or not 0.9 <= quantity.days <= 200:
        return False
    around = text[max(0, quantity.start - 100) : quantity.end + 100]
    if not _PERIOD_CUE.search(around):
        return False
    other = _OTHER.search(text[max(0, quantity.start - 60) : quantity.end + 60])
    return not other or bool(re.search(r"e-?mail", other.group(), re.I))


def _kind_of_period(text: str, quantity: Quantity) -> str:
    after = text[quantity.end : quantity.end + 90]
    before = text[max(0, quantity.start - 60) : quantity.start]
    if re.match(
        r"[’']?s?[’']? ?(?!(?:after|from|following|of)\b)(?:\w+ )?(?:prior|before|advance|in advance|"
        r"notice|written|ahead|'? notice)",
        after,
        re.I,
    ) or re.search(r"\b(?:at least|no(?:t)? (?:less|fewer) than|minimum)\b[^.]{0,12}$", before, re.I):
        return "prior"
    if _AFTER_POSTING.match(after.lstrip()) or _AFTER_POSTING.match(after.lstrip(" -–")):
        return "after_posting"
    if _AFTER_NOTICE.match(after.lstrip()):
        return "after_notice"
    return "prior" if _PRIOR.search(text) else ""


def _methods(text: str) -> Iterator[tuple[str, re.Match[str]]]:
    # a notice that is posted is a notice on the site, not the changed document itself
    post = _POST.search(_POSTED_NOTICE.sub(lambda m: " " * len(m.group()), text))
    if post:
        yield "post", post
    elif posted := _POSTED_NOTICE.search(text):
        yield "banner", posted
    told = _NOTIFY.search(text)
    if not told:
        return
    named = False
    for name, pattern in _METHODS.items():
        match = pattern.search(text)
        if match and not (name == "email" and _CONTACT_MAIL.search(text[: match.start()])):
            named = True
            yield name, match
    if not named and not post and not _WITHOUT.search(text):
        yield "unspecified", told


def _sum_up(evidence: list[Evidence], kinds: list[str], periods: list[Quantity]) -> Notice:
    shown = {item.shows for item in evidence}
    order = ("post", *METHODS, "unspecified")
    methods = tuple(name for name in order if name in shown)
    if len(methods) > 1:
        methods = tuple(name for name in methods if name != "unspecified")
    period = max(periods, key=lambda q: q.days or 0) if periods else None
    # the kind that a period came with stands first, since periods are read first
    kind = (
        kinds[0]
        if periods and kinds
        else next((n for n in ("after_posting", "after_notice", "prior", "posting") if n in kinds), None)
    )
    without = "without notice" in shown
    promised = period is not None or "prior" in kinds
    return Notice(
        days=None if period is None else _whole(period.days),
        period="" if period is None else period.text,
        kind=kind,
        methods=methods,
        without_notice=without,
        contradictory=without and promised,
        evidence=tuple(evidence),
    )


def _whole(days: float | None) -> float | None:
    """A month of notice is 30 days, a year 365: the fractions of calendar months help nobody."""
    return None if days is None else float(int(days)) if days >= 1 else days
