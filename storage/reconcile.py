"""Which stored version is which run of a history that was built anew. No database here.

Ids of versions stand in alerts that were sent, in reports and in people's notes: a version that is still there must
keep its own, though it may have been seen earlier or later than was known, or be read in another way by now.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from storage.records import RunRecord, VersionRecord

__all__ = ["Reconciled", "reconcile"]


@dataclass(frozen=True, slots=True)
class Reconciled:
    """What to write.

    `kept` are (version id, position of its run, whether its state is another now) of the versions whose rows change;
    `added` the positions of runs that have no version yet, `removed` the ids of versions that have no run any more.
    """

    runs: tuple[RunRecord, ...]
    kept: tuple[tuple[int, int, bool], ...]
    added: tuple[int, ...]
    removed: tuple[int, ...]

    @property
    def wrote(self) -> bool:
        return bool(self.kept or self.added or self.removed)


def reconcile(versions: Sequence[VersionRecord], runs: Sequence[RunRecord]) -> Reconciled:
    """Match versions with runs: first those that began with the same capture in the same state, then those of the
    same state that were seen at overlapping times (an older capture turned up), then those that began with the same
    capture (it is read in another way now)."""
    rules: tuple[Callable[[VersionRecord, RunRecord], bool], ...] = (
        lambda version, run: _same_start(version, run) and version.fingerprint == run.fingerprint,
        lambda version, run: version.fingerprint == run.fingerprint and _overlap(version, run),
        _same_start,
    )
    matched: dict[int, VersionRecord] = {}
    left = {version.id: version for version in versions}
    for rule in rules:
        _match(rule, runs, left, matched)
    _release_crossings(runs, left, matched)
    kept = tuple(
        (version.id, position, version.fingerprint != runs[position].fingerprint)
        for position, version in sorted(matched.items())
        if _row(version) != _wanted(runs[position], position)
    )
    added = tuple(position for position in range(len(runs)) if position not in matched)
    return Reconciled(tuple(runs), kept, added, tuple(left))


def _match(
    rule: Callable[[VersionRecord, RunRecord], bool],
    runs: Sequence[RunRecord],
    left: dict[int, VersionRecord],
    matched: dict[int, VersionRecord],
) -> None:
    """Both sides are in order of time, and so are the matches: one walk, however long the history is."""
    waiting = sorted(left.values(), key=lambda version: version.position)
    start = 0
    for position, run in enumerate(runs):
        if position in matched:
            continue
        for index in range(start, len(waiting)):
            if rule(waiting[index], run):
                matched[position] = waiting[index]
                del left[waiting[index].id]
                start = index + 1
                break


def _release_crossings(
    runs: Sequence[RunRecord], left: dict[int, VersionRecord], matched: dict[int, VersionRecord]
) -> None:
    """A version that would take over the first capture of another one, which moves on, is made anew instead: the two
    rows could not be written one after the other, each capture begins one version only."""
    starts = {version.first_capture_id: position for position, version in matched.items()}
    for position, version in list(matched.items()):
        other = starts.get(runs[position].first_capture_id)
        if other is not None and other != position:
            left[version.id] = matched.pop(position)


def _same_start(version: VersionRecord, run: RunRecord) -> bool:
    return version.first_capture_id == run.first_capture_id


def _overlap(version: VersionRecord, run: RunRecord) -> bool:
    return version.first_seen <= run.last_seen and run.first_seen <= version.last_seen


def _row(version: VersionRecord) -> tuple[object, ...]:
    return (
        version.position,
        version.fingerprint,
        version.extractions,
        version.first_capture_id,
        version.last_capture_id,
        version.first_seen,
        version.last_seen,
        version.sightings,
    )


def _wanted(run: RunRecord, position: int) -> tuple[object, ...]:
    return (
        position,
        run.fingerprint,
        tuple(run.extractions),
        run.first_capture_id,
        run.last_capture_id,
        run.first_seen,
        run.last_seen,
        run.sightings,
    )
