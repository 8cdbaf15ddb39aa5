"""The outbox delivered: each target by itself, at least once, every attempt on record before it is made.

owed (a row) ── claimed ── attempt started (a row) ── sent to the target ── attempt finished ── alert sent
                                    │                                          │
          the process dies ─────────┴──── may have arrived: repeated once, marked as possibly repeated
                                                                               └─ failed: again later, then given up:
                                                                                  dead, and the operators are told
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path

import anyio
import anyio.lowlevel
from anyio.abc import TaskGroup
from pydantic import ValidationError

from alerts.compose import compose_digest
from alerts.escape import clean
from alerts.message import Kind, Message, dump_message, load_message
from alerts.outbox import key_of, operator_alerts
from alerts.outcome import Outcome, Result
from alerts.plan import MAY_HAVE_ARRIVED, Step, Todo, next_step, wait_after
from alerts.routing import due_at
from alerts.settings import AlertSettings, Mode, Route
from alerts.targets import Endpoint, endpoints
from storage.records import AlertRecord, AlertState, DeliveryState, OwedAlert
from storage.store import Store

__all__ = ["Attempt", "DeliveryReport", "deliver_due", "send_now"]

log = logging.getLogger(__name__)

REPEATED = "This message may have reached you before: an earlier attempt to send it ended without an answer."
_TRIPS = 2  # failures in a row after which an endpoint is left alone until the next call
_OUTSTANDING = 2_000  # alerts held in memory
_BATCH = 200


@dataclass(frozen=True, slots=True)
class Attempt:
    alert: str  # its key
    target: str  # what may be shown of it
    outcome: Outcome
    repeated: bool = False


@dataclass(slots=True)
class DeliveryReport:
    """What one call did. `unrouted` are alerts whose route is not in the configuration: they stay owed."""

    attempts: list[Attempt] = field(default_factory=list)
    sent: int = 0  # alerts that reached all their targets
    given_up: int = 0
    postponed: int = 0
    digested: int = 0
    unrouted: int = 0

    @property
    def failed(self) -> int:
        return sum(attempt.outcome.result is not Result.SENT for attempt in self.attempts)


async def deliver_due(
    store: Store,
    routes: Iterable[Route],
    now: datetime,
    *,
    settings: AlertSettings | None = None,
    base: Path = Path(),
    owner: str = "deliver",
    budget: float = 300.0,
) -> DeliveryReport:
    """Send all that is due, each endpoint in a task of its own, in the order in which the alerts became due.

    Parameters:
        now: the time at the start; time goes on from there while it works.
        base: the folder of config.toml, for routes whose URLs are in files.
        owner: names this process in the claims, so that two processes never send the same alert.
        budget: seconds after which nothing more is begun; what is left stays owed.
    """
    courier = _Courier(
        store, {route.name: route for route in routes}, settings or AlertSettings(), now, base, owner, budget
    )
    await courier.run()
    return courier.report


async def send_now(
    route: Route, message: Message, *, settings: AlertSettings | None = None, base: Path = Path()
) -> list[tuple[str, Outcome]]:
    """Send a message to every endpoint of a route at once, without the outbox: for `routes test`."""
    settings = settings or AlertSettings()
    results: dict[str, Outcome] = {}
    ends = endpoints(route, base=base, templates=settings.templates)

    async def send(end: Endpoint) -> None:
        results[end.label] = await _send(end, message, message.thread, settings.timeout_seconds)

    async with anyio.create_task_group() as group:
        for end in ends:
            group.start_soon(send, end)
    return [(end.label, results[end.label]) for end in ends]


async def _send(end: Endpoint, message: Message, key: str, timeout: float) -> Outcome:
    try:
        return await end.sender.send(message, key=f"{key}:{end.id}", timeout=timeout)
    except Exception as error:  # a broken template, a plugin's bug: this target's failure, never the others'
        log.warning("sending to %s failed: %s", end.label, error.__class__.__name__)
        return Outcome(Result.FAILED, f"{error.__class__.__name__}: {clean(str(error), 200)}")


@dataclass(slots=True)
class _Work:
    """An alert in hand. `pending` endpoints have not had their say; `later` is when those that failed go on."""

    alert: AlertRecord
    message: Message
    claimed: float  # on our clock
    pending: int = 0
    later: list[datetime] = field(default_factory=list)
    lost: list[str] = field(default_factory=list)  # why endpoints were given up


@dataclass(frozen=True, slots=True)
class _Job:
    work: _Work
    end: Endpoint
    step: Step


class _Courier:
    def __init__(
        self,
        store: Store,
        routes: dict[str, Route],
        settings: AlertSettings,
        now: datetime,
        base: Path,
        owner: str,
        budget: float,
    ) -> None:
        self.report = DeliveryReport()
        self._store, self._routes, self._settings, self._owner = store, routes, settings, owner
        self._start, self._zero, self._budget = now, time.monotonic(), budget
        self._ttl = 2 * settings.timeout_seconds + 30  # of a claim: one attempt is well inside it
        self._ends = {n: endpoints(r, base=base, templates=settings.templates) for n, r in routes.items()}
        self._queues: dict[str, deque[_Job]] = {}
        self._tripped: dict[str, int] = {}
        self._members: dict[str, list[AlertRecord]] = {}
        self._slots = anyio.CapacityLimiter(settings.parallel_targets)
        self._settled = anyio.Event()
        self._outstanding = 0

    def _elapsed(self) -> float:
        return time.monotonic() - self._zero

    def _now(self) -> datetime:
        return self._start + timedelta(seconds=self._elapsed())

    async def run(self) -> None:
        """Claim and hand out until nothing is due. What is postponed meanwhile is due later than now, so it ends."""
        async with anyio.create_task_group() as group:
            while self._elapsed() < self._budget:
                limit = min(_BATCH, _OUTSTANDING - self._outstanding)
                batch = self._store.owed(self._now(), limit, owner=self._owner, ttl=self._ttl) if limit > 0 else []
                for owed in batch:
                    if not self._collected(owed):
                        self._take(owed, group)
                if batch:
                    await anyio.lowlevel.checkpoint()
                elif self._members:
                    for name, alerts in self._members.items():
                        self._digest(self._routes[name], alerts)
                    self._members.clear()
                elif self._outstanding:  # a given-up alert may owe another one to the operators
                    self._settled = anyio.Event()
                    await self._settled.wait()
                else:
                    return

    # --- digests ------------------------------------------------------------------------------------------------

    def _collected(self, owed: OwedAlert) -> bool:
        """Whether the alert waits for its route's digest, which is made when all that is due has been seen."""
        alert, route = owed.alert, self._routes.get(owed.alert.route)
        if route is None or route.mode is Mode.IMMEDIATE or alert.kind != Kind.CHANGE or owed.deliveries:
            return False
        self._members.setdefault(route.name, []).append(alert)
        return True

    def _digest(self, route: Route, alerts: list[AlertRecord]) -> None:
        """Owe the digest first, then close its members; dying in between, the next run finds them in the digest."""
        digests = (a for a in self._store.alerts(route=route.name, limit=300) if a.kind == Kind.DIGEST)
        done = {key for digest in digests for key in _members(digest)}
        new = [alert for alert in alerts if alert.key not in done]
        messages = [message for alert in new if (message := _loaded(alert)) is not None]
        if new:
            keys = [alert.key for alert in new]
            now = self._now()
            message = compose_digest(messages, route=route.name, now=now, members=keys)
            key = key_of("digest", "", "\x00".join(keys), route.name)
            record = AlertRecord(
                key, route.name, Kind.DIGEST.value, dump_message(message), now, due_at(route, now, at_once=True)
            )
            with self._store.transaction() as tx:
                tx.owe_alert(record)
        for alert in alerts:
            self._store.set_alert_state(alert.id, AlertState.SENT)
        self.report.digested += len(alerts)

    # --- one alert ----------------------------------------------------------------------------------------------

    def _take(self, owed: OwedAlert, group: TaskGroup) -> None:
        alert, now = owed.alert, self._now()
        route = self._routes.get(alert.route)
        if route is None:
            self.report.unrouted += 1
            self._store.defer_alert(alert.id, now + timedelta(hours=1))
            return
        if (opens := due_at(route, now, at_once=True)) > now:  # quiet hours
            self.report.postponed += 1
            self._store.defer_alert(alert.id, opens)
            return
        message = _loaded(alert)
        if message is None:
            self._close(alert, ["its stored message cannot be read"])
            return
        work = _Work(alert, message, self._elapsed())
        jobs = []
        for end in self._ends[alert.route]:
            step = next_step([d for d in owed.deliveries if d.target == end.id], now, self._settings)
            match step.todo:
                case Todo.SEND:
                    jobs.append(_Job(work, end, step))
                case Todo.WAIT:
                    work.later.append(step.until or now + timedelta(minutes=1))
                case Todo.GIVE_UP:
                    work.lost.append(f"{end.label}: {step.why}")
                case Todo.DONE:
                    pass
        work.pending = len(jobs)
        self._outstanding += 1
        if not jobs:
            self._settle(work)
        for job in jobs:
            self._hand_out(job, group)

    def _hand_out(self, job: _Job, group: TaskGroup) -> None:
        queue = self._queues.get(job.end.id)
        if queue is None:
            self._queues[job.end.id] = queue = deque([job])
            group.start_soon(self._work_off, job.end, queue)
        else:
            queue.append(job)

    async def _work_off(self, end: Endpoint, queue: deque[_Job]) -> None:
        """One endpoint's messages, one after the other, in order."""
        while queue:
            job = queue.popleft()
            later = await self._attempt(job)
            job.work.pending -= 1
            if later is not None:
                job.work.later.append(later)
            if job.work.pending == 0:
                self._settle(job.work)
        del self._queues[end.id]

    async def _attempt(self, job: _Job) -> datetime | None:
        """Send, and record it. Returns when to go on, None where the endpoint needs nothing more."""
        alert, end, settings = job.work.alert, job.end, self._settings
        if self._tripped.get(end.id, 0) >= _TRIPS:
            return self._now() + wait_after(1, settings)
        async with self._slots:
            if self._elapsed() > min(job.work.claimed + settings.timeout_seconds + 30, self._budget):
                return self._now()  # its claim would run out while it is sent: claimed anew, or left to the next call
            delivery = self._store.start_delivery(alert.id, end.id, end.label, now=self._now())
            message = job.work.message
            if job.step.repeated:
                message = replace(message, notices=(REPEATED, *message.notices))
            outcome = await _send(end, message, alert.key, settings.timeout_seconds)
            now = self._now()
            self.report.attempts.append(Attempt(alert.key, end.label, outcome, job.step.repeated))
            if outcome.result is Result.SENT:
                self._tripped[end.id] = 0
                self._store.finish_delivery(delivery, DeliveryState.SENT, outcome.detail, now=now)
                return None
            self._tripped[end.id] = self._tripped.get(end.id, 0) + 1
            later = now + wait_after(job.step.attempt, settings, outcome.retry_after)
            detail = (MAY_HAVE_ARRIVED if outcome.result is Result.UNKNOWN else "") + outcome.detail
            self._store.finish_delivery(delivery, DeliveryState.FAILED, detail, later, now=now)
            return later

    def _settle(self, work: _Work) -> None:
        self._outstanding -= 1
        self._settled.set()
        if work.later:
            self.report.postponed += 1
            if self._elapsed() < work.claimed + self._ttl:  # else another process may hold it by now
                self._store.defer_alert(work.alert.id, min(work.later))
        elif work.lost:
            self._close(work.alert, work.lost)
        else:
            self.report.sent += 1
            self._store.set_alert_state(work.alert.id, AlertState.SENT)

    def _close(self, alert: AlertRecord, why: list[str]) -> None:
        """Give an alert up: tell the operators, then mark it. The message about it has a key, so it is owed once."""
        self.report.given_up += 1
        now = self._now()
        if alert.kind != Kind.UNDELIVERED:
            message = _undelivered(alert, why, now)
            owed = operator_alerts(message, self._routes.values(), occasion=alert.key, now=now, without=(alert.route,))
            with self._store.transaction() as tx:
                for record in owed:
                    tx.owe_alert(record)
        log.warning("alert %s to route %s was given up: %s", alert.key, alert.route, "; ".join(why))
        self._store.set_alert_state(alert.id, AlertState.DEAD)


def _loaded(alert: AlertRecord) -> Message | None:
    try:
        return load_message(alert.message)
    except ValidationError:
        return None


def _members(digest: AlertRecord) -> tuple[str, ...]:
    message = _loaded(digest)
    return message.members if message else ()


def _undelivered(alert: AlertRecord, why: list[str], now: datetime) -> Message:
    message = _loaded(alert)
    return Message(
        kind=Kind.UNDELIVERED,
        subject=clean(f"Alert not delivered to route {alert.route}: {message.subject if message else alert.key}", 250),
        created=now,
        thread=f"undelivered/{alert.route}",
        vendor=message.vendor if message else "",
        document=message.document if message else "",
        document_key=message.document_key if message else "",
        severity=message.severity if message else "medium",
        summary=f"The route {alert.route} was not told, at least not everyone on it. The message is kept.",
        facts=tuple(clean(reason, 300) for reason in why[:20]),
        steps=("See it: clausewatch alerts show", "Repair the route, then send it again: clausewatch alerts retry"),
        links=message.links if message else (),
        footer=(f"clausewatch alert {alert.key}.",),
    )
