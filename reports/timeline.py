"""Pictures of time, as numbers: templates make SVG of them. Nothing here knows colours or HTML."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

from reports.gather import Dossier
from storage.records import ChangeKind, ChangeRecord

__all__ = [
    "STRIP",
    "WIDTH",
    "Axis",
    "Bar",
    "Dot",
    "Gap",
    "Strip",
    "Timeline",
    "severity_shown",
    "strip_of",
    "timeline_of",
    "years_axis",
]

WIDTH = 1000
STRIP = 160
_GAP = timedelta(days=183)  # without a capture for so long, a picture has to say that nobody looked
_MOST = 600  # marks of one kind; more can't be told apart


@dataclass(frozen=True, slots=True)
class Axis:
    """The span of time that a picture shows, in whole years."""

    start: datetime
    end: datetime
    width: float

    def x(self, time: datetime) -> float:
        share = (time - self.start) / (self.end - self.start)
        return round(min(max(share, 0.0), 1.0) * self.width, 1)

    @property
    def ticks(self) -> list[tuple[float, int]]:
        """Where years begin; not all of them where there are many."""
        first, last = self.start.year, self.end.year
        step = next(step for step in (1, 2, 5, 10, 20, 50) if (last - first) / step <= 12 or step == 50)
        return [
            (self.x(datetime(year, 1, 1, tzinfo=UTC)), year)
            for year in range(first, last)
            if (year - first) % step == 0
        ]


@dataclass(frozen=True, slots=True)
class Bar:
    """A version: from its first sight to the next version."""

    x: float
    width: float
    number: int
    version_id: int
    title: str


@dataclass(frozen=True, slots=True)
class Dot:
    """A change."""

    x: float
    change: ChangeRecord
    severity: str
    title: str


@dataclass(frozen=True, slots=True)
class Gap:
    """A long time without any capture."""

    x: float
    width: float
    days: int


@dataclass(frozen=True, slots=True)
class Timeline:
    axis: Axis
    bars: tuple[Bar, ...]
    dots: tuple[Dot, ...]
    archived: tuple[float, ...]
    live: tuple[float, ...]
    held: tuple[float, ...]
    gaps: tuple[Gap, ...]


@dataclass(frozen=True, slots=True)
class Strip:
    """The versions of a document at a glance. `marks` are places of changes by severity."""

    start: float
    width: float
    marks: tuple[tuple[str, tuple[float, ...]], ...]
    sentence: str


def years_axis(times: Sequence[datetime], width: float = WIDTH) -> Axis | None:
    """The whole years around some times; None where there are none."""
    if not times:
        return None
    first, last = min(times).astimezone(UTC), max(times).astimezone(UTC)
    return Axis(datetime(first.year, 1, 1, tzinfo=UTC), datetime(last.year + 1, 1, 1, tzinfo=UTC), width)


def timeline_of(dossier: Dossier) -> Timeline | None:
    """The picture of a document's history; None before its first version."""
    end = dossier.last_look
    if not dossier.versions or end is None:
        return None
    looks = sorted(
        {s.time for s in dossier.sightings} | {h.time for h in dossier.holds} | {c.started for c in dossier.checks}
    )
    axis = years_axis([dossier.versions[0].first_seen, end, *looks])
    assert axis is not None
    return Timeline(
        axis=axis,
        bars=tuple(_bars(dossier, axis, end)),
        dots=tuple(_dots(dossier, axis)),
        archived=_places(axis, [s.time for s in dossier.sightings if not s.live]),
        live=_places(axis, [s.time for s in dossier.sightings if s.live]),
        held=_places(axis, [hold.time for hold in dossier.holds]),
        gaps=tuple(_gaps(axis, looks)),
    )


def _bars(dossier: Dossier, axis: Axis, end: datetime) -> list[Bar]:
    bars = []
    following = [*(version.first_seen for version in dossier.versions[1:]), end]
    for number, (version, until) in enumerate(zip(dossier.versions, following, strict=True), 1):
        left, right = axis.x(version.first_seen), axis.x(max(until, version.last_seen))
        title = f"Version {number}: seen {version.first_seen:%d %B %Y} to {version.last_seen:%d %B %Y}"
        bars.append(Bar(left, max(round(right - left, 1), 1.0), number, version.id, title))
    return bars


def _dots(dossier: Dossier, axis: Axis) -> list[Dot]:
    dots = []
    for version in dossier.versions:
        change = dossier.arrivals.get(version.id)
        if change is not None:
            severity = severity_shown(change)
            title = f"{version.first_seen:%d %B %Y}, {severity}: {change.summary}"
            dots.append(Dot(axis.x(version.first_seen), change, severity, title))
    return dots


def severity_shown(change: ChangeRecord) -> str:
    """Technical differences are ours, not the vendor's: they are shown as cosmetic whatever they look like."""
    return "cosmetic" if change.kind in (ChangeKind.TECHNICAL, ChangeKind.COSMETIC) else change.severity


def _places(axis: Axis, times: Sequence[datetime]) -> tuple[float, ...]:
    return tuple(sorted({axis.x(time) for time in times}))[-_MOST:]


def _gaps(axis: Axis, looks: Sequence[datetime]) -> list[Gap]:
    gaps = []
    for before, after in pairwise(looks):
        if after - before > _GAP:
            left, right = axis.x(before), axis.x(after)
            gaps.append(Gap(left, round(right - left, 1), (after - before).days))
    return gaps


def strip_of(dossier: Dossier, axis: Axis | None) -> Strip | None:
    """The little picture of a row in the overview."""
    end = dossier.last_look
    if axis is None or not dossier.versions or end is None:
        return None
    start = axis.x(dossier.versions[0].first_seen)
    marks: dict[str, list[float]] = {name: [] for name in ("cosmetic", "low", "medium", "high")}
    for version in dossier.versions:
        change = dossier.arrivals.get(version.id)
        if change is not None:
            marks.setdefault(severity_shown(change), []).append(axis.x(version.first_seen))
    count = len(dossier.versions)
    since = f"{dossier.versions[0].first_seen:%Y}"
    sentence = f"{count} version{'s' if count > 1 else ''} since {since}"
    places = tuple((name, tuple(sorted(set(found)))) for name, found in marks.items() if found)
    return Strip(start, max(round(axis.x(end) - start, 1), 1.0), places, sentence)
