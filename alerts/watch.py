"""Failures of watching: when to tell the operators, and what.

A watch that fails must never look healthy, and must not storm: one message after N failures in a row, another when
the kind of error changes, one on recovery (reference/page-monitors.md 0.1, 4.3).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from alerts.compose import count, moment, subject_of
from alerts.escape import clean, safe_url
from alerts.message import Entry, Kind, LinkRef, Message, Row
from alerts.news import DocumentRef, WatchNews

__all__ = [
    "WatchState",
    "compose_failing",
    "compose_many_failing",
    "compose_recovered",
    "compose_stale",
    "compose_unstable",
    "is_stale",
    "watch_alert",
]


@dataclass(frozen=True, slots=True)
class WatchState:
    """How watching a document stands after a check. `failures` are consecutive, 0 when the last check was fine."""

    failures: int = 0
    error_kind: str = ""


def watch_alert(before: WatchState, after: WatchState, threshold: int = 3) -> Kind | None:
    """What one check makes of a document's watch: FAILING, RECOVERED or nothing to tell.

    Told at the `threshold`-th failure in a row; beyond it again whenever the error differs in kind from the one
    before; RECOVERED only where a failure was told, so that nobody hears of the end of what they never heard of.
    """
    if threshold < 1:
        raise ValueError("the threshold must be at least 1")
    if after.failures == 0:
        return Kind.RECOVERED if before.failures >= threshold else None
    if after.failures < threshold:
        return None
    if before.failures < threshold or after.error_kind != before.error_kind:
        return Kind.FAILING
    return None


def is_stale(last_verified: datetime | None, watched_since: datetime, now: datetime, limit: timedelta) -> bool:
    """Not verified for longer than `limit`, though perhaps nothing failed: the scheduler itself may be dead."""
    return now - (last_verified or watched_since) > limit


def compose_failing(news: WatchNews, *, now: datetime) -> Message:
    """What failed, since when, last verified, what to do."""
    problem = clean(news.detail or news.error_kind or "the check failed", 500).strip()
    rows = [Row("Failed", f"{count(news.failures, 'check')} in a row")]
    if news.failing_since:
        rows.append(Row("Failing since", moment(news.failing_since)))
    rows.append(Row("Last verified", moment(news.last_verified) if news.last_verified else "never"))
    if news.status is not None:
        rows.append(Row("HTTP status", str(news.status)))
    if news.url:
        rows.append(Row("Address", clean(news.url, 500)))
    if news.error_kind:
        rows.append(Row("Kind of error", news.error_kind))
    steps = [clean(news.advice, 500)] if news.advice else []
    steps.append(f"Look at one check in detail: clausewatch check {news.document.key}")
    return _message(
        news,
        Kind.FAILING,
        "cannot be watched",
        "medium",
        now,
        summary=f"The document cannot be watched: {problem}. A change of it would not be seen.",
        rows=rows,
        steps=steps,
    )


def compose_recovered(news: WatchNews, *, now: datetime) -> Message:
    """The watch works again. `news` is the state before: what had failed, and since when."""
    rows = [Row("Had failed", f"{count(news.failures, 'check')} in a row")]
    if news.failing_since:
        rows.append(Row("Was failing since", moment(news.failing_since)))
    rows.append(Row("Verified", moment(now)))
    return _message(
        news,
        Kind.RECOVERED,
        "watched again",
        "low",
        now,
        summary="The document is watched again. What changed meanwhile, if anything, is told separately.",
        rows=rows,
        steps=[],
    )


def compose_unstable(
    document: DocumentRef, *, since: datetime, returns: int, variants: int, kind: str, now: datetime
) -> Message:
    """The page does not hold still: told once, in place of a message for each flip. `kind` is flapping or restless."""
    what = (
        f"It keeps going back and forth between {count(variants, 'wording')}"
        if kind == "flapping"
        else "It says something else at nearly every look"
    )
    news = WatchNews(document=document, failures=0, failing_since=None, last_verified=now)
    return _message(
        news,
        Kind.UNSTABLE,
        "does not hold still",
        "medium",
        now,
        summary=f"{what}. Its flips are recorded and no longer told one by one; new wording still is.",
        rows=[Row("Unstable since", moment(since)), Row("Returns to an earlier wording", str(returns))],
        steps=[
            f"See what comes and goes: clausewatch history {document.key}",
            "Leave it out with remove in config.toml, if it is not part of the policy",
        ],
    )


def compose_stale(news: WatchNews, *, now: datetime) -> Message:
    """Nothing failed, but nothing was verified either."""
    rows = [Row("Last verified", moment(news.last_verified) if news.last_verified else "never")]
    steps = ["See whether the schedule is running: clausewatch status", "Run the checks by hand: clausewatch check"]
    return _message(
        news,
        Kind.STALE,
        "not verified for too long",
        "medium",
        now,
        summary="Not verified for longer than allowed, though no check failed. The schedule may have stopped.",
        rows=rows,
        steps=steps,
    )


def compose_many_failing(failing: Sequence[WatchNews], *, now: datetime, watched: int) -> Message:
    """One daily summary in place of a storm."""
    entries = tuple(
        Entry(
            clean(n.document.vendor_name, 80),
            clean(n.document.name, 80),
            "medium",
            clean(n.detail or n.error_kind, 200),
        )
        for n in failing[:500]
    )
    return Message(
        kind=Kind.FAILING,
        subject=f"{len(failing):,} of {count(watched, 'document')} cannot be watched",
        created=now,
        thread="watch/summary",
        severity="high" if len(failing) * 2 > watched else "medium",
        summary="Changes of these would not be seen. When most fail at once, look at this machine's network first.",
        entries=entries,
        steps=("See all: clausewatch status",),
    )


def _message(
    news: WatchNews,
    kind: Kind,
    what: str,
    severity: str,
    now: datetime,
    *,
    summary: str,
    rows: list[Row],
    steps: list[str],
) -> Message:
    document = news.document
    links = (LinkRef("Live page", url) for url in map(safe_url, document.urls[:5]) if url)
    run = (f"clausewatch run {clean(news.run_id, 80)}, document {clean(document.key, 120)}.",)
    return Message(
        kind=kind,
        subject=subject_of(document, what),
        created=now,
        thread=document.key,
        vendor=clean(document.vendor_name, 80),
        document=clean(document.name, 80),
        document_key=document.key,
        severity=severity,
        summary=summary,
        rows=tuple(rows),
        steps=tuple(steps),
        links=tuple(links),
        footer=run if news.run_id else (),
    )
