"""The pace of archives: who may ask next, and until when an archive is left alone. One truth for all processes.

A turn is reserved in one short transaction; whoever reserves next gets a later one. The time is the database's own
where it has one, for the clocks of several machines differ. What the numbers mean is for the limiter (flows.pacing).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from sqlalchemy import Connection, text

from storage.section import StoreSection
from storage.sql import sql

__all__ = ["ArchiveHealth", "PaceSection", "Turn"]

_LONGEST_QUEUE = 1000
"""A reservation so many turns ahead is no queue but the work of a clock that was set back."""

_CLOCK = text("SELECT clock_timestamp()")
_TAKE = sql("""
    INSERT INTO archive_turn (archive, endpoint, next_turn) VALUES (:archive, :endpoint, :now)
    ON CONFLICT (archive, endpoint) DO UPDATE SET next_turn = archive_turn.next_turn
    RETURNING next_turn
    """)
_SET_TURN = sql("UPDATE archive_turn SET next_turn = :next_turn WHERE archive = :archive AND endpoint = :endpoint")
_HEALTH = sql("""
    SELECT paused_until, strikes, refusals, openings, open_until FROM archive_health WHERE archive = :archive
    """)
# the update of nothing takes the row's lock, whether the row was there or not
_HOLD_HEALTH = sql("""
    INSERT INTO archive_health (archive, strikes, refusals, openings) VALUES (:archive, 0, 0, 0)
    ON CONFLICT (archive) DO UPDATE SET strikes = archive_health.strikes
    RETURNING paused_until, strikes, refusals, openings, open_until
    """)
_SET_HEALTH = sql("""
    UPDATE archive_health SET paused_until = :paused_until, strikes = :strikes, refusals = :refusals,
                              openings = :openings, open_until = :open_until
    WHERE archive = :archive
    """)


@dataclass(frozen=True, slots=True)
class ArchiveHealth:
    """What an archive refused lately. `strikes` are pauses it asked for since it last answered well, `refusals`
    connections refused in a row, `openings` how often that made us leave it alone until `open_until`."""

    paused_until: datetime | None = None
    strikes: int = 0
    refusals: int = 0
    openings: int = 0
    open_until: datetime | None = None

    @property
    def spotless(self) -> bool:
        return not (self.strikes or self.refusals or self.openings)

    def paused(self, now: datetime) -> float:
        """Seconds that are left of a pause."""
        return _left(self.paused_until, now)

    def open(self, now: datetime) -> float:
        """Seconds for which it is left alone."""
        return _left(self.open_until, now)


@dataclass(frozen=True, slots=True)
class Turn:
    """A request's place: `wait` seconds from now. `taken` is false where it was not reserved. `now` is the clock that
    all processes share."""

    wait: float
    taken: bool
    health: ArchiveHealth
    now: datetime


class PaceSection(StoreSection):
    """The store's part that the limiters of all processes share."""

    def take_turn(
        self, archive: str, endpoint: str, gap: float, *, unless: Callable[[ArchiveHealth, datetime], bool]
    ) -> Turn:
        """Reserve the next turn at an endpoint, and move the one after it `gap` seconds on.

        Parameters:
            unless: of health and time: whether the archive is to be left alone, so that no turn is taken.
        """
        key = {"archive": archive, "endpoint": endpoint}
        with self._writing() as connection:
            now = self._now(connection)
            health = _read(connection, archive)
            if unless(health, now):
                return Turn(0.0, False, health, now)
            planned: datetime = connection.execute(_TAKE, {**key, "now": now}).scalar_one()
            now = max(now, self._now(connection))  # it may have waited for the row
            if planned - now > timedelta(seconds=_LONGEST_QUEUE * gap):
                planned = now
            begin = max(planned, now, health.paused_until or now)
            connection.execute(_SET_TURN, {**key, "next_turn": begin + timedelta(seconds=gap)})
        return Turn((begin - now).total_seconds(), True, health, now)

    def archive_health(self, archive: str) -> tuple[ArchiveHealth, datetime]:
        """How an archive stands, and the time by the clock that all processes share."""
        with self._reading() as connection:
            return _read(connection, archive), self._now(connection)

    def change_archive_health(
        self, archive: str, change: Callable[[ArchiveHealth, datetime], ArchiveHealth]
    ) -> tuple[ArchiveHealth, datetime]:
        """Replace what is known of an archive by what `change` makes of it, with nobody else in between."""
        with self._writing() as connection:
            row = connection.execute(_HOLD_HEALTH, {"archive": archive}).mappings().one()
            now = self._now(connection)
            health = change(ArchiveHealth(**row), now)
            values = {
                "archive": archive,
                "paused_until": health.paused_until,
                "strikes": health.strikes,
                "refusals": health.refusals,
                "openings": health.openings,
                "open_until": health.open_until,
            }
            connection.execute(_SET_HEALTH, values)
        return health, now

    def _now(self, connection: Connection) -> datetime:
        if self._database.sqlite:  # a file has no clock, and is one machine's
            return datetime.now(UTC)
        moment: datetime = connection.execute(_CLOCK).scalar_one()
        return moment.astimezone(UTC)


def _read(connection: Connection, archive: str) -> ArchiveHealth:
    row = connection.execute(_HEALTH, {"archive": archive}).mappings().first()
    return ArchiveHealth(**row) if row else ArchiveHealth()


def _left(until: datetime | None, now: datetime) -> float:
    return max(0.0, (until - now).total_seconds()) if until else 0.0
