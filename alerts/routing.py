"""Who is told what, when, and why."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from typing import get_args
from zoneinfo import ZoneInfo

from alerts.message import rank
from alerts.news import ChangeNews, ClauseNews, DocumentRef
from alerts.settings import Mode, Quiet, Route, Weekday

__all__ = ["Explanation", "due_at", "explain", "operators", "selects", "wanted_clauses"]

_DAYS = get_args(Weekday)


@dataclass(frozen=True, slots=True)
class Explanation:
    """Whether a route may be told about a document, and one plain sentence for each thing that decides it."""

    route: str
    told: bool
    reasons: tuple[str, ...]


def operators(routes: Iterable[Route]) -> tuple[Route, ...]:
    return tuple(route for route in routes if route.operator)


def selects(route: Route, document: DocumentRef) -> bool:
    """Whether the document is one that the route asks about, whatever changes in it."""
    return all(fits for fits, _ in _selection(route, document))


def wanted_clauses(route: Route, news: ChangeNews) -> tuple[ClauseNews, ...] | None:
    """The clause changes of `news` that the route asks for; None where it is not to be told of the change at all.

    A change without clause changes (a text of which nothing is known but that it differs) goes to every route that
    does not ask for certain categories, if the change as a whole is severe enough: nothing real is kept quiet.
    """
    if route.operator or not selects(route, news.document):
        return None
    if not news.clauses:
        fits = (
            not route.categories and rank(news.severity) <= rank(route.min_severity) and _turns(route, news.direction)
        )
        return () if fits else None
    wanted = tuple(
        clause
        for clause in news.clauses
        if (not route.categories or _speaks_of(clause, route.categories))
        and rank(clause.severity) <= rank(route.min_severity)
        and _turns(route, clause.direction)
    )
    return wanted or None


def explain(document: DocumentRef, routes: Iterable[Route]) -> tuple[Explanation, ...]:
    """For each route: would it be told of a change of this document, of which kind, where and when; if not, why not."""
    return tuple(_explain(route, document) for route in routes)


def _explain(route: Route, document: DocumentRef) -> Explanation:
    checks = list(_selection(route, document))
    told = all(fits for fits, _ in checks)
    reasons = [sentence for _, sentence in checks] or ["asks about every document"]
    if told and route.operator:
        reasons.append("is an operator route: told when watching or delivering fails, not of changes")
    elif told:
        limits = [f"severity {route.min_severity} or above"]
        if route.categories:
            limits.append("categories " + ", ".join(route.categories))
        if route.direction:
            limits.append("direction " + " or ".join(route.direction))
        reasons.append("told of clause changes with " + "; ".join(limits))
        reasons.append(_rhythm(route))
    return Explanation(route.name, told, tuple(reasons))


def _selection(route: Route, document: DocumentRef) -> Iterable[tuple[bool, str]]:
    if route.vendors:
        yield _said(document.vendor.lower() in route.vendors, f"vendor {document.vendor}", "vendors", route.vendors)
    if route.tags:
        tags = tuple(tag.lower() for tag in document.tags)
        yield _said(bool(set(tags) & set(route.tags)), f"tags {', '.join(tags) or 'none'}", "tags", route.tags)
    if route.documents:
        fits = any(fnmatchcase(document.key.lower(), pattern) for pattern in route.documents)
        yield _said(fits, f"document {document.key}", "documents", route.documents)
    if route.types:
        yield _said(document.type.lower() in route.types, f"type {document.type}", "types", route.types)


def _said(fits: bool, what: str, key: str, allowed: tuple[str, ...]) -> tuple[bool, str]:
    listed = ", ".join(allowed)
    return fits, f"{what} is among its {key} ({listed})" if fits else f"{what} is not among its {key} ({listed})"


def _rhythm(route: Route) -> str:
    quiet = (
        f", quiet from {route.quiet.begin:%H:%M} until {route.quiet.until:%H:%M} {route.quiet.zone}"
        if route.quiet
        else ""
    )
    match route.mode:
        case Mode.IMMEDIATE:
            return "at once" + quiet
        case Mode.DAILY:
            return f"in a digest every day at {route.at:%H:%M} {route.zone}{quiet}"
        case Mode.WEEKLY:
            return f"in a digest every {route.weekday.capitalize()} at {route.at:%H:%M} {route.zone}{quiet}"


def _speaks_of(clause: ClauseNews, wanted: tuple[str, ...]) -> bool:
    return any(name.lower() in wanted for name in (clause.category, *clause.categories))


def _turns(route: Route, direction: str) -> bool:
    return not route.direction or direction in route.direction


def due_at(route: Route, now: datetime, *, at_once: bool = False) -> datetime:
    """When an alert that arises now is to be sent: at its digest's time unless `at_once`, outside the quiet hours."""
    if now.tzinfo is None:
        raise ValueError("a time without a time zone")
    due = now if at_once or route.mode is Mode.IMMEDIATE else _next_digest(route, now)
    return _after_quiet(route.quiet, due) if route.quiet else due


def _next_digest(route: Route, now: datetime) -> datetime:
    local = now.astimezone(ZoneInfo(route.zone))
    day = datetime.combine(local.date(), route.at, tzinfo=local.tzinfo)
    for ahead in range(9):
        candidate = day + timedelta(days=ahead)  # wall clock: stays at the same local time over a change of summer time
        fits = route.mode is Mode.DAILY or _DAYS[candidate.weekday()] == route.weekday
        if fits and candidate.astimezone(now.tzinfo) > now:
            return candidate.astimezone(now.tzinfo)
    raise AssertionError("every day of the week comes within nine days")


def _after_quiet(quiet: Quiet, due: datetime) -> datetime:
    local = due.astimezone(ZoneInfo(quiet.zone))
    for _ in range(6):  # at most: Friday night, Saturday, Sunday, Monday morning
        end = _quiet_end(quiet, local)
        if end is None:
            break
        local = end
    return local.astimezone(due.tzinfo)


def _quiet_end(quiet: Quiet, local: datetime) -> datetime | None:
    """The end of the quiet stretch that `local` lies in, or None."""
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
    if quiet.weekends and local.weekday() >= 5:
        return midnight + timedelta(days=1)
    now, begin, until = local.time(), quiet.begin, quiet.until
    over_midnight = begin > until
    if over_midnight and now >= begin:
        return datetime.combine(local.date() + timedelta(days=1), until, tzinfo=local.tzinfo)
    if (over_midnight and now < until) or (not over_midnight and begin <= now < until):
        return datetime.combine(local.date(), until, tzinfo=local.tzinfo)
    return None
