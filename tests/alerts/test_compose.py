"""What a message says, how excerpts are cut, and how it is fitted to a target."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.compose import compose_change, compose_digest
from alerts.excerpt import shorten, sides
from alerts.message import Excerpt, Mark, MarkKind, Message
from alerts.news import ClauseNews
from alerts.render_html import render_html
from alerts.render_markdown import render_markdown
from alerts.render_slack import render_slack
from alerts.render_text import render_text
from alerts.sample import sample_change
from analysis.alignment import Op, Span
from tests.alerts.hostile import NOW

NEWS = sample_change(NOW)
LONG = "We keep backups for ninety days. " * 40


def shown(side: Excerpt) -> str:
    made = {MarkKind.SAME: "{}", MarkKind.REMOVED: "-{}-", MarkKind.ADDED: "+{}+", MarkKind.CUT: "<{}>"}
    return "".join(made[m.kind].format(m.text or m.length) for m in side.marks)


def test_the_most_severe_clause_is_first_and_in_the_subject() -> None:
    message = compose_change(NEWS, now=NOW)
    assert message.subject == "Example Chat, Privacy Policy: Policy change clause changed (high)"
    assert [clause.severity for clause in message.clauses] == ["high", "high", "low"]
    assert message.reason.startswith("The promise of notice was withdrawn")


def test_everything_a_reader_needs_is_in_the_text() -> None:
    news = replace(
        NEWS,
        report="https://reports.example/d/7",
        before=replace(NEWS.before, memento="https://archive.example/web/1/https://vendor.example/privacy"),
        after=replace(NEWS.after, memento="https://archive.example/web/2/https://vendor.example/privacy"),
        run_id="brave-otter",
    )
    text = render_text(compose_change(news, now=NOW))
    for part in (
        "Severity: high, adverse",
        "Effective: 31 March 2026 (in 30 days)",
        "seen since 13 January 2025, 12:00 UTC (412 days)",
        "last seen 28 February 2026, 12:00 UTC",
        "first seen 1 March 2026, 11:40 UTC",
        "* notice period: 30 days → none",
        "Under: Changes to this policy",
        "Full difference: https://reports.example/d/7",
        "Live page: https://vendor.example/privacy",
        "Archived before: https://archive.example/web/1/",
        "Archived after: https://archive.example/web/2/",
        "Checked, unchanged since 1 March 2026, 11:40 UTC; last verified 1 March 2026, 12:00 UTC.",
        "SHA-256 " + "0" * 64,
        "clausewatch run brave-otter",
    ):
        assert part in text, part


@pytest.mark.parametrize(("days", "said"), [(1, "in 1 day"), (0, "today"), (-3, "3 days ago")])
def test_days_left(days: int, said: str) -> None:
    message = compose_change(replace(NEWS, effective=NOW.date() + timedelta(days=days)), now=NOW)
    assert message.rows[0].value.endswith(f"({said})")
    assert compose_change(replace(NEWS, effective=None), now=NOW).rows[0].label == "Old text"
    assert date(2026, 3, 1) == NOW.date()


def test_excerpt_keeps_the_sentences_that_changed_and_counts_the_others() -> None:
    spans = (
        Span(Op.EQUAL, LONG + "Notice is given "),
        Span(Op.DELETE, "30"),
        Span(Op.INSERT, "15"),
        Span(Op.EQUAL, " days before. " + LONG),
    )
    before, after = LONG + "Notice is given 30 days before. " + LONG, LONG + "Notice is given 15 days before. " + LONG
    left, right = sides(before, after, spans, 1_500)
    assert shown(left) == f"<{len(LONG)}>Notice is given -30- days before.<{len(LONG) + 1}>"
    assert shown(right) == f"<{len(LONG)}>Notice is given +15+ days before.<{len(LONG) + 1}>"


def test_a_sentence_longer_than_the_budget_is_cut_around_the_changed_word() -> None:
    words = "lorem ipsum " * 50
    spans = (Span(Op.EQUAL, words), Span(Op.INSERT, "never "), Span(Op.EQUAL, words))
    _, right = sides(words * 2, words + "never " + words, spans, 120)
    assert "+never +" in shown(right) and right.length <= 120
    assert right.cut + right.length == len(words + "never " + words)


def test_spans_that_do_not_fit_the_texts_are_not_believed() -> None:
    left, right = sides("We share nothing.", "We share all.", (Span(Op.EQUAL, "We share nothing."),), 500)
    assert (shown(left), shown(right)) == ("-We share nothing.-", "+We share all.+")


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(list(Op)), st.text("ab. \n", max_size=60)), max_size=12), st.integers(0, 80))
def test_an_excerpt_never_exceeds_its_budget_nor_invents_a_word(parts: list[tuple[Op, str]], budget: int) -> None:
    spans = tuple(Span(op, text) for op, text in parts)
    before = "".join(s.text for s in spans if s.op is not Op.INSERT)
    after = "".join(s.text for s in spans if s.op is not Op.DELETE)
    for side, source in zip(sides(before, after, spans, budget), (before, after), strict=True):
        assert side.length <= max(budget, 0) + 2
        words = "".join("".join(m.text for m in side.marks).split())
        rest = iter("".join(source.split()))
        assert all(char in rest for char in words)  # a subsequence of the source
        assert shorten(side, budget // 2).length <= budget // 2 + 2


def many(number: int) -> Message:
    clause = ClauseNews(
        "retention", "modified", "medium", "adverse", "Keeping data", LONG, LONG + "More.", "Longer.", ("x → y",)
    )
    return compose_change(replace(NEWS, clauses=NEWS.clauses + (clause,) * number), now=NOW)


@pytest.mark.parametrize("limit", [400, 1_000, 2_000, 4_096, 30_000])
def test_each_target_gets_as_much_as_fits_it_and_hears_what_is_left_out(limit: int) -> None:
    message = many(30)
    for text in (render_text(message, limit=limit), render_markdown(message, limit=limit)):
        assert len(text) <= limit
        assert "Policy change clause changed" in text
        assert len(text) > limit * 0.3
    if 1_000 <= limit < 30_000:
        assert "left out here" in render_text(message, limit=limit)


def test_a_small_limit_of_one_target_is_not_the_others() -> None:
    message = many(30)
    assert len(render_text(message, limit=1_000)) <= 1_000 < len(render_text(message))
    slack = render_slack(message)
    assert isinstance(slack["blocks"], list) and 20 < len(slack["blocks"]) <= 50
    assert len(render_html(message).encode()) <= 100_000


def test_mail_is_not_clipped_by_gmail() -> None:
    message = many(59)
    huge = replace(
        message, clauses=tuple(replace(c, after=Excerpt((Mark(MarkKind.ADDED, "ä" * 1_500),))) for c in message.clauses)
    )
    assert len(render_html(huge).encode()) <= 100_000


def test_digest_has_a_table_ordered_by_severity_within_vendors() -> None:
    low = compose_change(replace(NEWS, clauses=NEWS.clauses[:1], severity="low"), now=NOW)
    other = replace(low, vendor="Another", document_key="another/terms", severity="medium")
    digest = compose_digest(
        [low, other, compose_change(NEWS, now=NOW)], route="weekly", now=NOW, health="57 documents verified."
    )
    assert [(e.vendor, e.severity) for e in digest.entries] == [
        ("Example Chat", "high"),
        ("Example Chat", "low"),
        ("Another", "medium"),
    ]
    assert digest.subject == "Policy digest: 3 messages about 2 documents"
    assert "57 documents verified." in render_text(digest) and "Another" in render_html(digest)
    assert "nothing to report" in compose_digest([], route="weekly", now=NOW).subject
