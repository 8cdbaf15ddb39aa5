"""The pages about all documents: overview, changes, calendar and runs."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from reports.addresses import CALENDAR, CHANGES, OVERVIEW, RUNS
from reports.current import CurrentText, applies_from
from reports.gather import Dossier
from reports.options import ReportOptions
from reports.templating import Templates
from reports.timeline import STRIP, severity_shown, strip_of, years_axis
from reports.writer import PageSource
from storage.records import ChangeKind, ChangeRecord, CheckOutcome, CheckRecord
from storage.store import Store

__all__ = ["ChangeRow", "Due", "Listings", "change_rows", "dues_of"]

_LATEST = 300
_RUNS = 30
_RUN_DAYS = 30
_RUN_CHECKS = 40_000
_PAST = timedelta(days=90)
# Prefect names its runs by UUID; runs without Prefect have names of our own
_FLOW_RUN = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_RANK = {"high": 3, "medium": 2, "low": 1, "cosmetic": 0}


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A change in a list of all documents' changes."""

    dossier: Dossier
    change: ChangeRecord
    severity: str


@dataclass(frozen=True, slots=True)
class Due:
    """A date that somebody may want to do something before."""

    date: date
    dossier: Dossier
    sentence: str
    change: ChangeRecord | None


@dataclass(frozen=True, slots=True)
class RunView:
    """A run as its checks tell it."""

    id: str
    url: str
    started: datetime
    duration: str
    total: int
    outcomes: tuple[tuple[str, int], ...]
    told: tuple[CheckRecord, ...]


def change_rows(dossiers: Sequence[Dossier]) -> list[ChangeRow]:
    """All changes of all documents, the newest first."""
    rows = [ChangeRow(d, change, severity_shown(change)) for d in dossiers for change in d.changes]
    rows.sort(key=lambda row: (_time_of(row.change), row.change.id), reverse=True)
    return rows


def _time_of(change: ChangeRecord) -> datetime:
    return change.to_time or change.created


def dues_of(dossier: Dossier, text: CurrentText | None) -> list[Due]:
    """The dates that a document's current text gives: stated, or by its own rule of notice after its last change."""
    dues: list[Due] = []
    if text is None or not dossier.document.active:
        return dues
    if len(text.effective) == 10:
        stated = date.fromisoformat(text.effective)
        dues.append(Due(stated, dossier, f"takes effect, as the text says (“{text.effective_words}”)", dossier.news))
    news = dossier.news
    if news is not None and news.live and news.to_time is not None and news.kind is ChangeKind.CHANGE:
        ends = applies_from(text, news.to_time.astimezone(UTC).date())
        if ends is not None:
            sentence = (
                f"last day to object by the document's own rule: changes apply {text.notice_words} after they were told"
            )
            dues.append(Due(ends, dossier, sentence, news))
    return dues


class Listings:
    """Makes the pages about all documents."""

    def __init__(self, store: Store, templates: Templates, options: ReportOptions) -> None:
        self._store = store
        self._templates = templates
        self._options = options
        self._today = options.now.astimezone(UTC).date()

    def overview(self, dossiers: Sequence[Dossier], texts: Mapping[str, CurrentText | None]) -> PageSource:
        """All documents in a table, those that need attention first."""
        marks = [(d.mark, t.key if (t := texts[d.key]) else "") for d in dossiers]
        return PageSource(OVERVIEW, (marks, self._today), lambda: self._overview(dossiers, texts))

    def _overview(self, dossiers: Sequence[Dossier], texts: Mapping[str, CurrentText | None]) -> str:
        times = [d.versions[0].first_seen for d in dossiers if d.versions]
        axis = years_axis([*times, *(look for d in dossiers if d.versions and (look := d.last_look))], STRIP)
        since = self._options.now - timedelta(days=30)
        rows = []
        for d in sorted(dossiers, key=_attention):
            severity = severity_shown(d.news) if d.news else ""
            coming = [due.date for due in dues_of(d, texts[d.key]) if due.date >= self._today]
            rows.append(
                {
                    "document": d.document,
                    "health": d.health,
                    "news": d.news,
                    "severity": severity,
                    "rank": _RANK.get(severity, -1),
                    "next_date": min(coming).isoformat() if coming else "",
                    "strip": strip_of(d, axis),
                }
            )
        return self._templates.render(
            OVERVIEW,
            "overview.html",
            rows=rows,
            vendors=len({d.document.vendor_slug for d in dossiers}),
            trouble=sum(d.health.rank <= 1 or d.health.state == "stale" for d in dossiers),
            recent=sum(1 for d in dossiers if d.news and _time_of(d.news) >= since),
            last_look=max((d.document.last_checked for d in dossiers if d.document.last_checked), default=None),
            states=[word for word, _ in sorted({(d.health.word, d.health.rank) for d in dossiers}, key=lambda s: s[1])],
            first_year=axis.start.year if axis else None,
            last_year=axis.end.year - 1 if axis else None,
        )

    def changes(self, rows: Sequence[ChangeRow]) -> PageSource:
        """The latest changes of all documents."""
        latest = rows[:_LATEST]
        mark = (len(rows), [(row.change, row.dossier.title) for row in latest])
        return PageSource(
            CHANGES, mark, lambda: self._templates.render(CHANGES, "changes.html", rows=latest, total=len(rows))
        )

    def calendar(self, dues: Sequence[Due]) -> PageSource:
        """The dates to come, and those of the last three months."""
        upcoming = sorted((due for due in dues if due.date >= self._today), key=_due_order)
        past = sorted(
            (due for due in dues if self._today - _PAST <= due.date < self._today), key=_due_order, reverse=True
        )
        mark = [(due.date, due.dossier.title, due.sentence, due.change) for due in (*upcoming, *past)]
        feeds = bool(self._options.base_url)
        return PageSource(
            CALENDAR,
            (mark, len(upcoming), feeds),
            lambda: self._templates.render(CALENDAR, "calendar.html", upcoming=upcoming, past=past, feeds=feeds),
        )

    def runs(self) -> PageSource:
        """The outcomes of the latest runs."""
        # whole days, so that the page is not another one every minute
        since = datetime.combine(self._today, time(), UTC) - timedelta(days=_RUN_DAYS)
        checks = self._store.checks(since=since, limit=_RUN_CHECKS)
        by_run: dict[str, list[CheckRecord]] = {}
        for check in checks:
            by_run.setdefault(check.run_id, []).append(check)
        chosen = list(by_run.items())[:_RUNS]
        mark = [(run_id, len(found), found[0].id) for run_id, found in chosen]
        dashboard = self._options.dashboard_url
        return PageSource(
            RUNS,
            (mark, dashboard),
            lambda: self._templates.render(
                RUNS, "runs.html", dashboard=dashboard, runs=[self._run(run_id, found) for run_id, found in chosen]
            ),
        )

    def _run(self, run_id: str, checks: Sequence[CheckRecord]) -> RunView:
        started = min(check.started for check in checks)
        seconds = (max(check.finished for check in checks) - started).total_seconds()
        base = self._options.dashboard_url.rstrip("/")
        told = [check for check in checks if check.outcome is not CheckOutcome.UNCHANGED]
        told.sort(key=lambda check: (not check.outcome.failing, check.document_key))
        return RunView(
            id=run_id,
            url=f"{base}/runs/flow-run/{run_id}" if base and _FLOW_RUN.fullmatch(run_id) else "",
            started=started,
            duration=f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min",
            total=len({check.document_id for check in checks}),
            outcomes=tuple(Counter(check.outcome.value for check in checks).most_common()),
            told=tuple(told),
        )


def _attention(dossier: Dossier) -> tuple[int, str]:
    """What needs somebody first; the rest by name."""
    rank = dossier.health.rank
    return (rank if rank <= 3 else 9 if dossier.health.state == "retired" else 4), dossier.key


def _due_order(due: Due) -> tuple[date, str]:
    return due.date, due.dossier.key
