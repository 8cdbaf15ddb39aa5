"""From sightings to versions: which states a document really was in, what only flickered, what keeps flipping.

A sighting is one capture that showed one source in one state. The history is a pure function of the set of sightings:
in whatever order captures become known (a live check today, an archive's capture of 2015 tomorrow), it is the same.

How it is built:

1. Sightings are sorted by time and capture. Those of different sources made together (within `together`) are one look.
2. At each look the document's state is the latest state of each of its sources. A source not yet seen is taken to have
   said what it says at its first sighting, so that adding a source to a document never makes a change.
3. Looks in the same state, one after the other, are a run. Each run is judged from the oldest on; "the current version"
   is the last one confirmed so far:

| rule | a run that … | becomes |
|---|---|---|
| off | is any run, when `confirm` is off | a version |
| first | is the first | a version |
| same | is in the state of the current version | part of it: what came between did not survive |
| twice | was seen at two times or more in a row | a version: another look confirmed it |
| again | was seen once, and again within `return_window`, the current version not in between | a version |
| variant | was seen once, first when the document flapped already, and once more in that period | a version, once |
| flip | is the newest, seen once, while the document flaps, in a state that is a variant already | unconfirmed |
| pending | is the newest, seen once | pending: the next look decides |
| back | was seen once before the current version was back, within `return_window` | unconfirmed |
| lasted | was seen once, and the next look was later than `settle` | a version: sparse captures confirm each other |
| left | was seen once, in a restless streak that goes on for more than `settle` | a version, once per streak |
| else | | unconfirmed: it did not survive |

   The first rule that fits counts. For "again" and "back" nothing else may have been seen twice in between. "back" are
   error pages, truncated pages and experiments. "again": a glitch between two sightings of new wording does not undo
   them. "variant": where nothing survives until the next look, new wording must still get through; what flapped
   before that was known is told with the instability, as its variants, and is a version only if seen twice in a row.
   In a restless streak (below) "lasted" takes `restless_window`. "left": of a page that differs at every look it is
   still true, and told once, that it left the old wording.

4. Neighbouring runs in the same state, once what lay between them is out, are one version. A version whose state an
   earlier version had is a return, and says to which.
5. A document is unstable while it returns to states it had before `flap_returns` times within `flap_window`
   ("flapping"), or while `restless` runs in a row within `restless_window` were each seen once and never again
   ("restless"). Every return counts there, confirmed or not. The variants are listed.

All of it is O(n log n) in the number of sightings.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_left, bisect_right
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

__all__ = ["ConfirmPolicy", "History", "Run", "Sighting", "Unstable", "build"]


@dataclass(frozen=True, slots=True)
class Sighting:
    """Capture number `capture` of source number `source` was in the state `fingerprint` at `time` (aware)."""

    capture: int
    source: int
    time: datetime
    fingerprint: str
    live: bool = False


@dataclass(frozen=True, slots=True)
class ConfirmPolicy:
    """When a new state is believed; the comments name the rules of the module's docstring."""

    confirm: bool = True
    settle: timedelta = timedelta(days=1)  # lasted, left
    return_window: timedelta = timedelta(days=30)  # again, back
    together: timedelta = timedelta(minutes=2)  # sightings of several sources that make one look
    flap_returns: int = 3
    flap_window: timedelta = timedelta(days=60)
    restless: int = 4
    restless_window: timedelta = timedelta(days=15)  # captures years apart may well all differ


@dataclass(frozen=True, slots=True)
class Run:
    """A document in one state, from its first to its last sighting.

    `captures` has one capture per source, in the order of the sources: those that showed the state when it was first
    seen. A source that had not been seen by then is there with its first capture, which is later. `fingerprint` is the
    source's own for documents with one source, else a hash over those of all.
    `why` is the rule that confirmed it: off, first, twice, again, variant, lasted, left; "" where none did.
    """

    fingerprint: str
    first: Sighting
    last: Sighting
    count: int  # looks, not captures: two sources seen together are one
    captures: tuple[int, ...]
    returns_to: int | None = None  # index in History.runs of the first version in this state
    why: str = ""


@dataclass(frozen=True, slots=True)
class Unstable:
    """A period in which the document did not hold still.

    `kind` is "flapping" (between `variants`, the states that came back, in order of first sight) or "restless" (no
    state was seen twice; `variants` has the first few). `since` is the first departure, `until` the last flip seen.
    """

    kind: str
    since: datetime
    until: datetime
    variants: tuple[str, ...]
    returns: int
    detected: datetime | None = None  # when that could be known: the variants seen by then are told with it


@dataclass(frozen=True, slots=True)
class History:
    """`runs` are the confirmed versions in order. `pending` is the newest state, seen once and not yet a version."""

    runs: tuple[Run, ...]
    unconfirmed: tuple[Run, ...] = ()
    pending: Run | None = None
    periods: tuple[Unstable, ...] = ()  # all periods of instability ever, in order
    unstable: Unstable | None = (
        None  # the one that is not over: its last flip is within the window before the last look
    )

    @property
    def current(self) -> Run | None:
        return self.runs[-1] if self.runs else None


@dataclass(frozen=True, slots=True)
class _Look:
    """The document at one moment: its state and the sightings that make it up, one per source."""

    time: datetime
    state: str
    seen: Sighting  # the last of the sightings made at this look
    parts: tuple[Sighting, ...]


def build(sightings: Iterable[Sighting], sources: Sequence[int], policy: ConfirmPolicy | None = None) -> History:
    """The history that the sightings tell; see the module's docstring for the rules.

    Parameters:
        sightings: in any order; those of sources not in `sources` are left out, a capture given twice counts once.
        sources: the document's sources, in the order in which their texts are joined.
        policy: when a state is believed.
    """
    policy = policy or ConfirmPolicy()
    looks = _looks(sightings, sources, policy.together)
    if not looks:
        return History(())
    runs = _runs(looks)
    flapping = _flapping(runs, policy)
    restless = _restless(runs, policy)
    verdicts = _Judge(runs, flapping, restless, policy).verdicts()
    periods = sorted(
        [*(_flapping_period(runs, span) for span in flapping), *(_restless_period(runs, span) for span in restless)],
        key=lambda period: (period.since, period.kind),
    )
    versions: list[Run] = []
    unconfirmed: list[Run] = []
    pending: Run | None = None
    for run, verdict in zip(runs, verdicts, strict=True):
        if verdict == "pending":
            pending = run
        elif verdict == "unconfirmed":
            unconfirmed.append(run)
        elif versions and versions[-1].fingerprint == run.fingerprint:
            versions[-1] = replace(versions[-1], last=run.last, count=versions[-1].count + run.count)
        else:
            versions.append(replace(run, why=verdict))
    last = looks[-1].time
    still = [period for period in periods if last - period.until <= policy.flap_window]
    return History(
        runs=_with_returns(versions),
        unconfirmed=tuple(unconfirmed),
        pending=pending,
        periods=tuple(periods),
        unstable=still[-1] if still else None,
    )


def _looks(sightings: Iterable[Sighting], sources: Sequence[int], together: timedelta) -> list[_Look]:
    wanted = set(sources)
    unique = {sighting.capture: sighting for sighting in sightings if sighting.source in wanted}
    ordered = sorted(unique.values(), key=lambda sighting: (sighting.time, sighting.capture))
    latest: dict[int, Sighting] = {}
    for sighting in ordered:  # what a source says at its first sighting holds before it too
        latest.setdefault(sighting.source, sighting)
    order = [source for source in dict.fromkeys(sources) if source in latest]
    looks: list[_Look] = []
    group: list[Sighting] = []
    for index, sighting in enumerate(ordered):
        group.append(sighting)
        following = ordered[index + 1] if index + 1 < len(ordered) else None
        if following is not None and _belongs(following, group, together):
            continue
        latest.update((part.source, part) for part in group)
        parts = tuple(latest[source] for source in order)
        looks.append(_Look(group[0].time, _state(parts), group[-1], parts))
        group = []
    return looks


def _belongs(sighting: Sighting, group: list[Sighting], together: timedelta) -> bool:
    return sighting.time - group[0].time <= together and all(sighting.source != other.source for other in group)


def _state(parts: tuple[Sighting, ...]) -> str:
    if len(parts) == 1:
        return parts[0].fingerprint
    return hashlib.sha256("\n".join(part.fingerprint for part in parts).encode()).hexdigest()


@dataclass(slots=True)
class _Stretch:
    first: _Look
    last: _Look
    looks: int


def _runs(looks: list[_Look]) -> list[Run]:
    """Maximal stretches of looks in one state. `count` counts distinct times: a moment archived twice is one look."""
    stretches: list[_Stretch] = []
    for look in looks:
        if stretches and stretches[-1].first.state == look.state:
            stretch = stretches[-1]
            stretch.looks += look.time > stretch.last.time
            stretch.last = look
        else:
            stretches.append(_Stretch(look, look, 1))
    return [
        Run(
            fingerprint=stretch.first.state,
            first=stretch.first.seen,
            last=stretch.last.seen,
            count=stretch.looks,
            captures=tuple(part.capture for part in stretch.first.parts),
        )
        for stretch in stretches
    ]


_Span = tuple[int, int, int]  # the first and the last of a stretch of runs, and where it was known, as indices


def _flapping(runs: list[Run], policy: ConfirmPolicy) -> list[_Span]:
    """Maximal spans in which `flap_returns` returns that follow one another lie within `flap_window`.

    A span begins with the run that was left first, and ends with the last return. It is known from the return on that
    makes them enough.
    """
    seen: set[str] = set()
    returns: list[int] = []
    for index, run in enumerate(runs):
        if run.fingerprint in seen:
            returns.append(index)
        seen.add(run.fingerprint)
    spans: list[_Span] = []
    reach = policy.flap_returns - 1
    for first, last in zip(returns, returns[reach:], strict=False):
        if runs[last].first.time - runs[first].first.time > policy.flap_window:
            continue
        if spans and first <= spans[-1][1]:
            spans[-1] = (spans[-1][0], last, spans[-1][2])
        else:
            spans.append((max(first - 2, 0), last, last))
    return spans


def _flapping_period(runs: list[Run], span: _Span) -> Unstable:
    inside = runs[span[0] : span[1] + 1]
    times = Counter(run.fingerprint for run in inside)
    return Unstable(
        kind="flapping",
        since=inside[1].first.time,
        until=inside[-1].first.time,
        variants=tuple(state for state, count in times.items() if count > 1),
        returns=len(inside) - len(times),
        detected=runs[span[2]].first.time,
    )


def _restless(runs: list[Run], policy: ConfirmPolicy) -> list[_Span]:
    """Spans of runs in states that were seen once and never again, each `restless` of them within `restless_window`."""
    often: Counter[str] = Counter()
    for run in runs:
        often[run.fingerprint] += run.count
    spans: list[_Span] = []
    streak = 0
    for index, run in enumerate(runs):
        streak = streak + 1 if index and often[run.fingerprint] == 1 else 0
        first = index - policy.restless + 1
        if streak < policy.restless or run.first.time - runs[first].first.time > policy.restless_window:
            continue
        if spans and first <= spans[-1][1]:
            spans[-1] = (spans[-1][0], index, spans[-1][2])
        else:
            spans.append((first, index, index))
    return spans


def _restless_period(runs: list[Run], span: _Span) -> Unstable:
    inside = runs[span[0] : span[1] + 1]
    variants = tuple(run.fingerprint for run in inside[:5])
    known = runs[span[2]].first.time
    return Unstable("restless", inside[0].first.time, inside[-1].last.time, variants, 0, known)


class _Judge:
    """Goes through the runs once, from the oldest, and says of each: a reason, "unconfirmed" or "pending"."""

    def __init__(self, runs: list[Run], flapping: list[_Span], restless: list[_Span], policy: ConfirmPolicy) -> None:
        self.runs = runs
        self.policy = policy
        self.flapping = flapping
        self.restless = restless
        self.places: dict[str, list[int]] = defaultdict(list)  # of each state, the runs in it
        for index, run in enumerate(runs):
            self.places[run.fingerprint].append(index)
        self.next_twice = [len(runs)] * len(runs)  # the next run after this one that was seen twice in a row
        for index in range(len(runs) - 2, -1, -1):
            self.next_twice[index] = index + 1 if runs[index + 1].count > 1 else self.next_twice[index + 1]
        self.streak_until = -1  # the streak that ends here has had its version
        self.confirmed: set[str] = set()

    def verdicts(self) -> list[str]:
        verdicts: list[str] = []
        current = ""
        for index, run in enumerate(self.runs):
            verdict = self._verdict(index, run, current)
            if verdict not in ("unconfirmed", "pending"):
                current = run.fingerprint
                self.confirmed.add(current)
            verdicts.append(verdict)
        return verdicts

    def _verdict(self, index: int, run: Run, current: str) -> str:
        if not self.policy.confirm:
            return "off"
        if index == 0:
            return "first"
        if run.fingerprint == current:
            return "same"
        if run.count > 1:
            return "twice"
        if self._again(index, current):
            return "again"
        if run.fingerprint not in self.confirmed and self._variant(index):
            return "variant"
        if index == len(self.runs) - 1:
            return "unconfirmed" if self._flips(index) else "pending"
        if self._comes_back(index, current):
            return "unconfirmed"
        lasted = self.runs[index + 1].first.time - run.first.time
        restless = _covering(self.restless, index)
        if lasted > (self.policy.settle if restless is None else self.policy.restless_window):
            return "lasted"
        return "left" if restless is not None and self._left(index, restless) else "unconfirmed"

    def _next(self, state: str, index: int) -> int:
        """The next run after `index` in that state, or the number of runs."""
        places = self.places[state]
        place = bisect_right(places, index)
        return places[place] if place < len(places) else len(self.runs)

    def _within(self, index: int, later: int) -> bool:
        return self.runs[later].first.time - self.runs[index].first.time <= self.policy.return_window

    def _again(self, index: int, current: str) -> bool:
        later = self._next(self.runs[index].fingerprint, index)
        if later == len(self.runs) or not self._within(index, later):
            return False
        return self._next(current, index) > later and self.next_twice[index] >= later

    def _comes_back(self, index: int, current: str) -> bool:
        later = self._next(current, index)
        return later < len(self.runs) and self._within(index, later) and self.next_twice[index] >= later

    def _variant(self, index: int) -> bool:
        span = _covering(self.flapping, index)
        if span is None:
            return False
        places = self.places[self.runs[index].fingerprint]
        inside = places[bisect_left(places, span[0]) : bisect_right(places, span[1])]
        return len(inside) > 1 and inside[0] > span[2]

    def _flips(self, index: int) -> bool:
        span = _covering(self.flapping, index)
        return span is not None and index > span[2] and self.places[self.runs[index].fingerprint][0] < index

    def _left(self, index: int, streak: _Span) -> bool:
        """The streak's end is remembered, so that a page with a random word is announced once, not daily."""
        if (
            index <= self.streak_until
            or self.runs[streak[1]].last.time - self.runs[index].first.time <= self.policy.settle
        ):
            return False
        self.streak_until = streak[1]
        return True


def _covering(spans: list[_Span], index: int) -> _Span | None:
    """The span that holds the run at `index`; spans are in order and do not overlap."""
    place = bisect_right(spans, index, key=lambda span: span[0]) - 1
    return spans[place] if place >= 0 and spans[place][1] >= index else None


def _with_returns(versions: list[Run]) -> tuple[Run, ...]:
    first: dict[str, int] = {}
    result = []
    for index, version in enumerate(versions):
        earlier = first.setdefault(version.fingerprint, index)
        result.append(version if earlier == index else replace(version, returns_to=earlier))
    return tuple(result)
