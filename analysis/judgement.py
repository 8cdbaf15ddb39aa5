"""What a change of a document means: every clause change with its facts, severity and direction, and one line for all.

Nothing is dropped: each changed pair of the alignment becomes a clause change, moved and cosmetic ones included, and
severity only orders them. The rule that decided is said in plain words (reference/clauses.md 5 has the guide followed).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from analysis.alignment import Alignment, Op, Pair, PairKind, Span
from analysis.blocks import Block, BlockKind
from analysis.clauses import Recogniser, Tag
from analysis.compared import Compared, Context, compare_sentences
from analysis.contradictions import introduced
from analysis.dates import DateFound, PolicyDates, find_dates
from analysis.fact import Direction, Fact, Severity, Weight, overall
from analysis.facts import facts_of
from analysis.notice import Notice, find_notice
from analysis.severity import severity_of
from analysis.tables import table_facts
from analysis.taxonomy import CATEGORIES, CategoryRule, category, category_id

__all__ = ["ClauseChange", "Direction", "Fact", "Judgement", "Severity", "judge", "judge_texts"]

_ORDER = {entry.id: place for place, entry in enumerate(CATEGORIES)}
# when several categories fit a changed sentence, the one that says most about it comes first
_PRIORITY = (
    "sale",
    "policy_change",
    "effective_date",
    "subprocessors",
    "children",
    "retention",
    "business_transfer",
    "legal_disclosure",
    "international",
    "dnt",
    "security",
    "access",
    "third_party",
    "us_state",
    "choice",
    "cookies_tracking",
    "first_party",
)


@dataclass(frozen=True, slots=True)
class ClauseChange:
    """One changed place of a document, judged.

    `category` is what it speaks of most ("other" if nothing is recognised), `categories` all. `kind` is added, removed,
    modified, reworded (other words, same terms), moved or cosmetic. `heading` is the innermost heading above it.
    `reason` says in plain words which rule decided the severity. `old_blocks` and `new_blocks` index the alignment's.
    """

    category: str
    categories: tuple[str, ...]
    kind: str
    heading: str
    before: str
    after: str
    spans: tuple[Span, ...]
    facts: tuple[Fact, ...]
    severity: Severity
    direction: Direction
    reason: str
    old_blocks: tuple[int, ...] = ()
    new_blocks: tuple[int, ...] = ()

    @property
    def name(self) -> str:
        """The category's name for people."""
        known = category(self.category)
        return known.name if known else self.category.replace("_", " ").capitalize()

    @property
    def headline(self) -> str:
        """The change in a line: "Policy change: notice period 30 days → 15 days"."""
        facts = [fact for fact in self.facts if fact.weight is not Weight.NONE]
        # what decided the severity, and what points the way the whole change goes, says it best
        facts.sort(key=lambda fact: (-fact.weight, fact.direction is not self.direction))
        return f"{self.name}: {facts[0].text if facts else self.reason}"


@dataclass(frozen=True, slots=True)
class Judgement:
    """A judged change of a document. `clause_changes` stand in reading order; `ranked` has the most severe first.

    `facts` are those of the document as a whole (dates, contradictions). `effective` is the effective date that the
    new version states, `notes` are plain sentences a reader should know ("the wording changed but the date did not").
    """

    clause_changes: tuple[ClauseChange, ...]
    severity: Severity
    direction: Direction
    summary: str
    facts: tuple[Fact, ...] = ()
    effective: DateFound | None = None
    notes: tuple[str, ...] = ()
    dates: tuple[PolicyDates, PolicyDates] = (PolicyDates(), PolicyDates())
    notice: tuple[Notice, Notice] = (Notice(), Notice())

    @property
    def ranked(self) -> tuple[ClauseChange, ...]:
        return tuple(sorted(self.clause_changes, key=_rank))


def judge(
    alignment: Alignment, *, watched: Collection[str] | None = None, extra: Iterable[CategoryRule] = ()
) -> Judgement:
    """Judges a change of a document.

    `watched` are the categories that matter to the reader (ids, names or aliases; None for all): a change in another
    one counts as low, with its reason, but stays in the list. `extra` are categories of the user's.
    """
    rules = tuple(extra)
    recogniser = Recogniser(rules)
    shown = [pair for pair in alignment.pairs if pair.kind is not PairKind.SAME or pair.moved]
    tags_old = _by_block(recogniser.tags(alignment.old, {i for pair in shown for i in pair.old}))
    tags_new = _by_block(recogniser.tags(alignment.new, {i for pair in shown for i in pair.new}))
    names = None if watched is None else frozenset(category_id(name) for name in watched)
    own = frozenset(rule.id for rule in rules)
    judged = _Judge(alignment, recogniser, tags_old, tags_new, names, own, _context(alignment))
    changes = tuple(judged.change(pair) for pair in shown)
    dates = (find_dates(alignment.old), find_dates(alignment.new))
    notice = (find_notice(alignment.old), find_notice(alignment.new))
    real = [c for c in changes if c.kind not in ("cosmetic", "moved")]
    facts = tuple(introduced(alignment, *notice)) + tuple(_date_facts(*dates, changed=bool(real)))
    changes = _with_contradictions(changes, facts)
    ranked = sorted(changes, key=_rank)
    severity = max((c.severity for c in changes), key=lambda s: s.rank, default=Severity.COSMETIC)
    direction = overall(c.direction for c in changes if c.severity is severity)
    return Judgement(
        changes,
        severity,
        direction,
        _summary(ranked),
        facts,
        dates[1].effective,
        tuple(_notes(facts, notice)),
        dates,
        notice,
    )


def judge_texts(before: str, after: str, *, watched: Collection[str] | None = None) -> ClauseChange:
    """Judges one clause given as two texts ("" for an addition or a removal), without a document around it."""
    old = (Block(BlockKind.PARAGRAPH, before),) if before else ()
    new = (Block(BlockKind.PARAGRAPH, after),) if after else ()
    kind = PairKind.MODIFIED if before and after else PairKind.REMOVED if before else PairKind.ADDED
    spans = (Span(Op.DELETE, before),) * bool(before) + (Span(Op.INSERT, after),) * bool(after)
    pair = Pair(kind, tuple(range(len(old))), tuple(range(len(new))), spans)
    return judge(Alignment(old, new, (pair,)), watched=watched).clause_changes[0]


def _rank(change: ClauseChange) -> tuple[int, int, int]:
    adverse = 0 if change.direction is Direction.ADVERSE else 1 if change.direction is Direction.MIXED else 2
    return -change.severity.rank, adverse, _ORDER.get(change.category, 99)


def _context(alignment: Alignment) -> Context:
    changes = alignment.changes
    return Context.of(
        (block.text for block in alignment.old),
        (block.text for block in alignment.new),
        (alignment.old[i].text for pair in changes for i in pair.old),
        (alignment.new[i].text for pair in changes for i in pair.new),
    )


def _by_block(tags: Sequence[Tag]) -> dict[int, dict[str, float]]:
    found: dict[int, dict[str, float]] = {}
    for tag in tags:
        found.setdefault(tag.block, {})[tag.category] = tag.score
    return found


@dataclass(frozen=True, slots=True)
class _Judge:
    alignment: Alignment
    recogniser: Recogniser
    tags_old: dict[int, dict[str, float]]
    tags_new: dict[int, dict[str, float]]
    watched: frozenset[str] | None
    own: frozenset[str]
    context: Context

    def change(self, pair: Pair) -> ClauseChange:
        before = pair.old_text if pair.old else ""
        after = pair.new_text if pair.new else ""
        if pair.kind in (PairKind.SAME, PairKind.COSMETIC):
            return self._unchanged(pair, before, after)
        compared = compare_sentences(before, after, self.context)
        if not compared.pairs and compare_sentences(before, after).pairs:
            categories = self._block_categories(pair)
            reason = "its sentences stand elsewhere in the document too"
            return self._make(pair, before, after, categories, "moved", (), Severity.COSMETIC, reason)
        categories = self._categories(pair, compared)
        facts = facts_of(before, after, categories, compared)
        rows = list(table_facts(*self._rows(pair)))
        if rows:
            facts = tuple(sorted((*rows, *facts), key=lambda fact: -fact.weight))
        if not compared.pairs:
            return self._make(
                pair,
                before,
                after,
                categories,
                "cosmetic",
                facts,
                Severity.COSMETIC,
                "only typography, markup or links differ",
            )
        severity, reason = severity_of(compared, facts, categories)
        if self.watched is not None and not self.watched & set(categories) and severity.rank > 1:
            severity, reason = Severity.LOW, f"{reason}; no watched category is touched"
        kind = {PairKind.ADDED: "added", PairKind.REMOVED: "removed"}.get(pair.kind, "modified")
        if kind == "modified" and severity is Severity.LOW and not any(f.weight for f in facts):
            kind = "reworded"
        return self._make(pair, before, after, categories, kind, facts, severity, reason)

    def _unchanged(self, pair: Pair, before: str, after: str) -> ClauseChange:
        categories = self._block_categories(pair)
        kind = "cosmetic" if pair.kind is PairKind.COSMETIC else "moved"
        reason = ", ".join(pair.notes) or ("stands in another place" if kind == "moved" else "says the same")
        return self._make(pair, before, after, categories, kind, (), Severity.COSMETIC, reason)

    def _rows(self, pair: Pair) -> tuple[list[Block], list[Block]]:
        return [self.alignment.old[i] for i in pair.old], [self.alignment.new[i] for i in pair.new]

    def _block_categories(self, pair: Pair) -> tuple[str, ...]:
        scores: Counter[str] = Counter()
        for index in pair.old:
            scores |= Counter(self.tags_old.get(index, {}))
        for index in pair.new:
            scores |= Counter(self.tags_new.get(index, {}))
        return tuple(sorted(scores, key=lambda name: (_priority(name), -scores[name])))

    def _categories(self, pair: Pair, compared: Compared) -> tuple[str, ...]:
        """Categories of the changed sentences first, then those of the blocks they stand in."""
        changed: set[str] = set()
        path = self._path(pair)
        for text in (compared.changed_old, compared.changed_new):
            if text:
                block = Block(BlockKind.PARAGRAPH, text, path=path)
                changed |= {name for name, (score, _) in self.recogniser.scores(block).items() if score >= 0.5}
        around = self._block_categories(pair)
        first = sorted(changed, key=lambda name: (name not in self.own, _priority(name)))
        return (*first, *(name for name in around if name not in changed))

    def _path(self, pair: Pair) -> tuple[str, ...]:
        if pair.new:
            return self.alignment.new[pair.new[0]].path
        return self.alignment.old[pair.old[0]].path if pair.old else ()

    def _make(
        self,
        pair: Pair,
        before: str,
        after: str,
        categories: tuple[str, ...],
        kind: str,
        facts: tuple[Fact, ...],
        severity: Severity,
        reason: str,
    ) -> ClauseChange:
        path = self._path(pair)
        decisive = [fact for fact in facts if fact.weight >= min(severity.rank, 2) and fact.weight]
        direction = overall(fact.direction for fact in decisive)
        return ClauseChange(
            _main(categories, facts),
            categories,
            kind,
            path[-1] if path else "",
            before,
            after,
            pair.spans,
            facts,
            severity,
            direction,
            reason,
            pair.old,
            pair.new,
        )


def _priority(name: str) -> int:
    return _PRIORITY.index(name) if name in _PRIORITY else len(_PRIORITY)


_FACT_CATEGORY = {
    "transfer mechanism": "international",
    "notice period": "policy_change",
    "notice kind": "policy_change",
    "notice method": "policy_change",
    "minimum age": "children",
    "retention period": "retention",
    "breach window": "security",
}


def _main(categories: tuple[str, ...], facts: tuple[Fact, ...]) -> str:
    """The category of the weightiest fact if that names one, else the first."""
    if facts and facts[0].weight >= Weight.MEDIUM and facts[0].kind in ("number", "method", "mechanism"):
        named = _FACT_CATEGORY.get(facts[0].role)
        if named:
            return named
    if not categories:
        kinds = {fact.kind for fact in facts}
        return "contact" if "contact" in kinds else "effective_date" if "date" in kinds else "other"
    return categories[0]


def _date_facts(old: PolicyDates, new: PolicyDates, *, changed: bool) -> Iterable[Fact]:
    for role, before, after in (
        ("effective date", old.effective, new.effective),
        ("last updated", old.updated, new.updated),
    ):
        if before and after and before.iso != after.iso:
            yield Fact(
                "date",
                f"{role} {before.iso} → {after.iso}",
                before.text,
                after.text,
                Direction.NEUTRAL,
                Weight.LOW,
                role,
            )
        elif after and not before and old != PolicyDates():
            yield Fact("date", f"{role} {after.iso} now stated", "", after.text, Direction.NEUTRAL, Weight.LOW, role)
    stated_old = {d.iso for d in (old.effective, old.updated) if d}
    stated_new = {d.iso for d in (new.effective, new.updated) if d}
    # a date line that vanishes is no event (reference/clauses.md 4); an unmoved one beside new words is
    if changed and stated_new and stated_new == stated_old:
        yield Fact(
            "date",
            "the wording changed but the stated date did not",
            next(iter(sorted(stated_old))),
            next(iter(sorted(stated_new))),
            Direction.NEUTRAL,
            Weight.LOW,
            "unchanged date",
        )


def _with_contradictions(changes: tuple[ClauseChange, ...], facts: tuple[Fact, ...]) -> tuple[ClauseChange, ...]:
    """Contradictions added to the clause change that introduced them, which is thereby of high severity."""
    found = [fact for fact in facts if fact.kind == "contradiction"]
    if not found:
        return changes
    result: list[ClauseChange] = []
    for change in changes:
        mine = tuple(fact for fact in found if fact.after and fact.after in change.after and change.kind != "moved")
        if not mine or change.severity is Severity.COSMETIC:
            result.append(change)
            continue
        severity = Severity.HIGH if change.direction is not Direction.FAVOURABLE else change.severity
        reason = f"{change.reason}; {mine[0].text}" if change.severity is Severity.HIGH else mine[0].text
        result.append(
            ClauseChange(
                change.category,
                change.categories,
                change.kind,
                change.heading,
                change.before,
                change.after,
                change.spans,
                (*change.facts, *mine),
                severity,
                change.direction,
                reason,
                change.old_blocks,
                change.new_blocks,
            )
        )
    return tuple(result)


def _summary(ranked: Sequence[ClauseChange]) -> str:
    """One line for the subject of a message, the most severe change first."""
    real = [c for c in ranked if c.severity is not Severity.COSMETIC]
    if not real:
        return "Only typography, order or markup changed" if ranked else "No change"
    more = len(real) - 1
    others = f" (and {more} more change{'s' if more > 1 else ''})" if more else ""
    return _shortened(real[0].headline, 120) + others


def _shortened(text: str, limit: int) -> str:
    text = " ".join(text.split())
    return text if len(text) <= limit else text[: limit - 1].rsplit(" ", 1)[0] + "…"


def _notes(facts: tuple[Fact, ...], notice: tuple[Notice, Notice]) -> Iterable[str]:
    for fact in facts:
        if fact.role == "unchanged date":
            yield f"The wording changed but the stated date ({fact.after}) did not."
        elif fact.kind == "contradiction" or fact.kind == "date":
            yield fact.text[:1].upper() + fact.text[1:] + "."
    new = notice[1]
    if new.days and new.kind in ("after_posting", "after_notice"):
        yield f"By its own rule the change applies {new.period} after it was posted."
