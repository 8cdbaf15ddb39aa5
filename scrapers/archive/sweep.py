"""Finding when a page changed without fetching every capture of it. Pure.

A page with a token in it has a new digest in every capture, so digests say nothing. What a capture says (its state)
is known only once it has been fetched and extracted. A `Sweep` names the captures to fetch, is told their states, and
names further ones: between two captures in different states the middle one, again and again, until the captures on
both sides of each change are known. Between two captures in one state nothing is fetched, except that no two fetched
ones are further apart than `max_gap`. So a state that came and went within `max_gap` can be missed; nothing else.

    sweep = Sweep(plan.contents, states=known_states)
    while wanted := sweep.wanted():
        for content in wanted:                       # in any order, several at a time
            sweep.tell(content.digest, state_of(content))
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

from scrapers.archive.cdx import CaptureRow
from scrapers.archive.plan import Content

__all__ = ["MAX_GAP", "Boundary", "Sweep"]

MAX_GAP = timedelta(days=30)

DENSE = 8
"""So many bodies in a row, each seen on one day only, are what a page with a token looks like."""


@dataclass(frozen=True, slots=True)
class Boundary:
    """A change: the last capture known to be in the old state and the first in the new one. `between` captures that
    lie between them could not be read."""

    before: CaptureRow
    after: CaptureRow
    between: int = 0


class _Mark(Enum):
    UNKNOWN = 0
    WANTED = 1
    KNOWN = 2
    UNREADABLE = 3


class Sweep:
    """See the module.

    Parameters:
        contents: the bodies of one page, as `plan` gives them (all, not only those to fetch).
        states: the states that are known already, by digest.
        unreadable: digests of which it is known already that nothing can be made of them: not asked for again.
        max_gap: no two neighbours among the fetched captures are further apart, where there are captures between.
        dense: how many bodies in a row must have been seen on one day only before they are bisected; fewer, and
            bodies that were seen again on another day, are all fetched: there the digest does say something.
    """

    def __init__(
        self,
        contents: Sequence[Content],
        *,
        states: Mapping[str, str] | None = None,
        unreadable: Collection[str] = (),
        max_gap: timedelta = MAX_GAP,
        dense: int = DENSE,
    ) -> None:
        if max_gap <= timedelta(0):
            raise ValueError("max_gap must be positive")
        self._max_gap = max_gap
        self._contents = {content.digest: content for content in contents}
        captures = sorted(
            ((row.time, row, content.digest) for content in contents for row in content.rows),
            key=lambda capture: (capture[0], capture[1].identity),
        )
        self._times = [time for time, _, _ in captures]
        self._rows = [row for _, row, _ in captures]
        self._digests = [digest for _, _, digest in captures]
        self._places: dict[str, list[int]] = {}
        for place, digest in enumerate(self._digests):
            self._places.setdefault(digest, []).append(place)
        self._marks = [_Mark.UNKNOWN] * len(captures)
        self._states: dict[str, str] = {}
        self._wanted: dict[str, None] = {}
        self.told = 0
        for digest, state in (states or {}).items():
            if digest in self._places:
                self._set(digest, _Mark.KNOWN, state)
        for digest in unreadable:
            if digest in self._places and digest not in self._states:
                self._set(digest, _Mark.UNREADABLE, None)
        self._begin(dense)

    # ---------------------------------------------------------------------------------------------- the caller's

    def wanted(self) -> tuple[Content, ...]:
        """What to fetch now, oldest first; empty when all is known that is needed. Grows with each `tell`."""
        return tuple(sorted((self._contents[digest] for digest in self._wanted), key=lambda content: content.time))

    def tell(self, digest: str, state: str | None) -> None:
        """A body was fetched and says `state`; None when nothing can be made of it (unplayable, not believed).

        Raises:
            KeyError: no such body in this sweep.
        """
        places = self._places[digest]
        self.told += digest not in self._states
        self._wanted.pop(digest, None)
        self._set(digest, _Mark.KNOWN if state is not None else _Mark.UNREADABLE, state)
        for place in places:
            self._look_around(place)

    @property
    def total(self) -> int:
        """Bodies in all."""
        return len(self._contents)

    @property
    def unread(self) -> int:
        """Bodies that need not be fetched, as far as is known now: what the sweep has saved when it is over."""
        return sum(self._marks[places[0]] is _Mark.UNKNOWN for places in self._places.values())

    def boundaries(self) -> tuple[Boundary, ...]:
        """The changes found so far, oldest first."""
        found: list[Boundary] = []
        last: int | None = None
        for place, mark in enumerate(self._marks):
            if mark is not _Mark.KNOWN:
                continue
            if last is not None and self._state(last) != self._state(place):
                found.append(Boundary(self._rows[last], self._rows[place], place - last - 1))
            last = place
        return tuple(found)

    # ------------------------------------------------------------------------------------------------- the work

    def _state(self, place: int) -> str:
        return self._states[self._digests[place]]

    def _set(self, digest: str, mark: _Mark, state: str | None) -> None:
        for place in self._places[digest]:
            self._marks[place] = mark
        if state is None:
            self._states.pop(digest, None)
        else:
            self._states[digest] = state

    def _want(self, place: int) -> None:
        digest = self._digests[place]
        for other in self._places[digest]:
            self._marks[other] = _Mark.WANTED
        self._wanted[digest] = None

    def _begin(self, dense: int) -> None:
        """All that is needed whatever the states are: telling digests, ends, and a capture every `max_gap`."""
        for start, end in self._stretches():
            places = [place for place in range(start, end) if self._marks[place] is not _Mark.UNREADABLE]
            if len({self._digests[place] for place in places}) >= dense:
                places = [places[0], places[-1]]
            for place in places:
                if self._marks[place] is _Mark.UNKNOWN:
                    self._want(place)
        anchor: int | None = None
        for place, mark in enumerate(self._marks):
            if mark in (_Mark.WANTED, _Mark.KNOWN):
                if anchor is not None:
                    self._fill(anchor, place)
                anchor = place
        for place, mark in enumerate(list(self._marks)):
            if mark is _Mark.KNOWN:
                self._look_around(place)

    def _stretches(self) -> list[tuple[int, int]]:
        """Maximal runs (start, end) of captures whose bodies were each seen on one day only, and every other capture
        as a run of its own."""
        steady = {
            digest
            for digest, places in self._places.items()
            if self._times[places[0]].date() != self._times[places[-1]].date()
        }
        runs: list[tuple[int, int]] = []
        start = 0
        for place, digest in enumerate(self._digests):
            if digest in steady:
                if start < place:
                    runs.append((start, place))
                runs.append((place, place + 1))
                start = place + 1
        if start < len(self._digests):
            runs.append((start, len(self._digests)))
        return runs

    def _fill(self, left: int, right: int) -> None:
        """Between two captures that are or will be known: one every `max_gap`, as few as possible."""
        while self._times[right] - self._times[left] > self._max_gap:
            place = self._step(left, right)
            if place is None:
                return
            self._want(place)
            left = place

    def _step(self, left: int, right: int) -> int | None:
        """The last capture within `max_gap` of `left`, or the first after it; None where nothing is to be had."""
        chosen: int | None = None
        limit: datetime = self._times[left] + self._max_gap
        for place in range(left + 1, right):
            if chosen is not None and self._times[place] > limit:
                break
            if self._marks[place] is _Mark.UNKNOWN:
                chosen = place
        return chosen

    def _look_around(self, place: int) -> None:
        """Something new is known of a capture: does the gap on either side need another?"""
        left = self._neighbour(place, -1)
        right = self._neighbour(place, 1)
        if self._marks[place] is _Mark.KNOWN:
            self._close(left, place)
            self._close(place, right)
        else:
            self._close(left, right)

    def _neighbour(self, place: int, step: int) -> int | None:
        place += step
        while 0 <= place < len(self._marks):
            if self._marks[place] in (_Mark.KNOWN, _Mark.WANTED):
                return place
            place += step
        return None

    def _close(self, left: int | None, right: int | None) -> None:
        if (left is not None and self._marks[left] is _Mark.WANTED) or (
            right is not None and self._marks[right] is _Mark.WANTED
        ):
            return  # that one will look around when it is known
        start = 0 if left is None else left + 1
        end = len(self._marks) if right is None else right
        open_places = [place for place in range(start, end) if self._marks[place] is _Mark.UNKNOWN]
        if not open_places:
            return
        if left is None:
            self._want(open_places[0])  # the end could not be read: the next one is the end
        elif right is None:
            self._want(open_places[-1])
        elif self._state(left) != self._state(right):
            self._want(open_places[len(open_places) // 2])
        else:
            self._fill(left, right)
