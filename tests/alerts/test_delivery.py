"""The outbox over a real store and real sinks: nothing lost, nothing twice unmarked, nobody delayed by another."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import anyio
import pytest

from alerts.deliver import REPEATED, deliver_due, send_now
from alerts.message import Kind
from alerts.outbox import change_alerts, operator_alerts
from alerts.sample import sample_change, sample_message
from alerts.settings import AlertSettings, Route
from alerts.watch import compose_failing
from storage.records import AlertState, DeliveryState
from storage.store import Store
from tests.alerts.hostile import NOW
from tests.alerts.sinks import HttpSink, MailSink, Smtp
from tests.alerts.test_watch import NEWS

pytestmark = pytest.mark.anyio
FAST = AlertSettings(timeout_seconds=0.5, attempts=3)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with Store.open(f"sqlite:///{tmp_path / 'alerts.db'}") as opened:
        yield opened


@pytest.fixture
def http() -> Iterator[HttpSink]:
    with HttpSink() as sink:
        yield sink


def route(name: str, *to: str, **more: Any) -> Route:
    return Route.model_validate({"name": name, "to": list(to), **more})


def hook(http: HttpSink, path: str = "ok") -> str:
    return f"slackhook://127.0.0.1:{http.port}/{path}"


def owe(store: Store, routes: list[Route], number: int = 1) -> None:
    with store.transaction() as tx:
        for index in range(number):
            news = replace(sample_change(NOW), change_key=f"change {index}")
            for alert in change_alerts(news, routes, now=NOW):
                tx.owe_alert(alert)


async def test_a_change_is_owed_once_and_sent_once(store: Store, http: HttpSink) -> None:
    routes = [route("team", hook(http))]
    owe(store, routes)
    owe(store, routes)  # the work done again
    report = await deliver_due(store, routes, NOW)
    again = await deliver_due(store, routes, NOW + timedelta(days=1))
    assert (report.sent, again.sent, len(http.requests)) == (1, 0, 1)
    [alert] = store.alerts()
    [delivery] = store.deliveries([alert.id])[alert.id]
    assert alert.state is AlertState.SENT and delivery.state is DeliveryState.SENT
    assert "ok" not in delivery.target and delivery.label.startswith("webhook at 127.0.0.1")


async def test_one_target_that_fails_is_tried_again_alone_with_growing_waits(store: Store, http: HttpSink) -> None:
    routes = [route("team", hook(http, "ok/a"), hook(http, "refuse"))]
    owe(store, routes)
    now, waits = NOW, []
    for _ in range(3):
        report = await deliver_due(store, routes, now, settings=FAST)
        assert report.postponed == 1 and report.sent == 0
        [alert] = store.alerts()
        last = store.deliveries([alert.id])[alert.id][-1]
        assert last.next_try is not None and last.finished is not None
        waits.append(round((last.next_try - last.finished).total_seconds()))
        early = await deliver_due(store, routes, last.next_try - timedelta(seconds=1), settings=FAST)
        assert early.attempts == []
        now = last.next_try + timedelta(seconds=1)
    assert waits == [60, 120, 240]
    assert len(http.to("/ok/a")) == 1 and len(http.to("/refuse")) == 3


async def test_what_is_given_up_is_kept_and_told_to_the_operators_once(store: Store, http: HttpSink) -> None:
    routes = [route("team", hook(http, "refuse")), route("ops", hook(http, "ops"), operator=True)]
    owe(store, routes)
    now = NOW
    for _ in range(6):
        await deliver_due(store, routes, now, settings=FAST)
        now += timedelta(hours=1)
    dead = store.alerts(state=AlertState.DEAD)
    assert [alert.route for alert in dead] == ["team"] and len(http.to("/refuse")) == 3
    [told] = http.to("/ops")
    assert "Alert not delivered to route team" in told["text"] and "500" in str(told["blocks"])
    store.set_alert_state(dead[0].id, AlertState.OWED)  # by hand: given up again, but the operators know already
    await deliver_due(store, routes, now, settings=FAST)
    assert len(http.to("/ops")) == 1


@pytest.mark.parametrize("kind", ["mail", "hook"])
async def test_an_attempt_without_an_answer_is_repeated_once_and_marked(
    store: Store, http: HttpSink, kind: str
) -> None:
    with Smtp(MailSink("drop")) as sink:
        url = (
            f"mailto://127.0.0.1:{sink.port}/a@corp.example?from=b@corp.example"
            if kind == "mail"
            else hook(http, "drop")
        )
        routes = [route("team", url)]
        owe(store, routes)
        for hour in range(6):
            await deliver_due(store, routes, NOW + timedelta(hours=hour), settings=FAST)
        mails = [str(mail.get_body(("plain",))) for mail in sink.mails]
        got = mails if kind == "mail" else [str(payload) for payload in http.to("/drop")]
    assert [REPEATED[:40] in text for text in got] == [False, True]
    [alert] = store.alerts()
    assert alert.state is AlertState.DEAD  # and not sent a third time: the operators would be told


async def test_a_hanging_target_delays_nobody(store: Store, http: HttpSink) -> None:
    """20 changes to 20 routes, one of which hangs."""
    routes = [route(f"r{n}", hook(http, f"ok/{n}")) for n in range(19)] + [route("slow", hook(http, "hang"))]
    owe(store, routes, number=20)
    settings = AlertSettings(timeout_seconds=3)
    report = await deliver_due(store, routes, NOW, settings=settings)
    assert report.sent == 19 * 20 and len(http.to("/hang")) == 2  # two attempts, then it is left alone
    others = [attempt for attempt in report.attempts if attempt.outcome.result == "sent"]
    assert report.attempts.index(others[-1]) < len(report.attempts) - 1  # the hanging one ended after all the others


async def test_broken_secrets_and_urls_fail_alone(store: Store, http: HttpSink, tmp_path: Path) -> None:
    (tmp_path / "urls").write_text(f"# two of them\n{hook(http, 'ok/1')}\n{hook(http, 'ok/2')}\n")
    routes = [route("team", {"env": "CLAUSEWATCH_NOT_SET"}, "nonsense", {"file": "urls"})]  # type: ignore[arg-type]
    owe(store, routes)
    report = await deliver_due(store, routes, NOW, base=tmp_path)
    details = sorted(attempt.outcome.detail for attempt in report.attempts)
    assert len(http.requests) == 2 and len(details) == 4
    assert any("CLAUSEWATCH_NOT_SET is empty or not set" in detail for detail in details)


async def test_a_broken_template_is_the_failure_of_that_attempt(store: Store, http: HttpSink, tmp_path: Path) -> None:
    (tmp_path / "message.txt").write_text("{{ nothing.of.the.kind }}")
    routes = [route("a", f"json://127.0.0.1:{http.port}/json"), route("b", hook(http))]
    owe(store, routes)
    report = await deliver_due(store, routes, NOW, settings=AlertSettings(templates=tmp_path))
    assert (report.sent, report.failed) == (1, 1)
    assert "UndefinedError" in next(a.outcome.detail for a in report.attempts if a.outcome.result != "sent")


async def test_quiet_hours_and_unknown_routes_wait(store: Store, http: HttpSink) -> None:
    quiet = {"from": "11:00", "until": "13:30", "zone": "UTC"}
    routes = [route("quiet", hook(http), quiet=quiet)]
    owe(store, [*routes, route("gone", hook(http))])
    assert (await deliver_due(store, routes, NOW)).unrouted == 1
    assert http.requests == []
    await deliver_due(store, routes, NOW + timedelta(minutes=90))
    assert len(http.requests) == 1
    assert {a.route: a.state for a in store.alerts()} == {"quiet": AlertState.SENT, "gone": AlertState.OWED}


async def test_operators_are_told_at_once_even_by_a_digest_route(store: Store, http: HttpSink) -> None:
    routes = [route("ops", hook(http), operator=True, mode="daily", at="08:00")]
    message = compose_failing(NEWS, now=NOW)
    with store.transaction() as tx:
        for _ in range(2):
            for alert in operator_alerts(message, routes, occasion="fetch.page-gone", now=NOW, document=NEWS.document):
                tx.owe_alert(alert)
    report = await deliver_due(store, routes, NOW)
    assert report.sent == 1 and "cannot be watched" in http.to("/ok")[0]["text"]


async def test_digest_is_one_message_at_its_time(store: Store, http: HttpSink) -> None:
    routes = [route("weekly", hook(http), mode="weekly", weekday="monday", at="08:00")]
    owe(store, routes, number=5)
    await deliver_due(store, routes, NOW + timedelta(hours=12))
    assert http.requests == []
    monday = NOW.replace(day=2, hour=8, minute=1)  # 1 March 2026 is a Sunday
    report = await deliver_due(store, routes, monday)
    assert report.digested == 5 and len(http.requests) == 1
    assert "5 messages about 1 document" in http.to("/ok")[0]["text"]
    await deliver_due(store, routes, monday + timedelta(minutes=5))
    assert len(http.requests) == 1


async def test_digest_that_died_half_made_holds_each_member_once(store: Store, http: HttpSink) -> None:
    routes = [route("daily", hook(http, "refuse"), mode="daily", at="08:00")]
    owe(store, routes, number=3)
    morning = NOW + timedelta(days=1)
    await deliver_due(store, routes, morning, settings=FAST)
    members = [a for a in store.alerts() if a.kind == Kind.CHANGE]
    for member in members[:2]:  # as if the process had died before it closed these
        store.set_alert_state(member.id, AlertState.OWED)
    await deliver_due(store, routes, morning + timedelta(seconds=5), settings=FAST)
    assert [a.kind for a in store.alerts()].count("digest") == 1
    assert {a.state for a in store.alerts() if a.kind == "change"} == {AlertState.SENT}


async def test_two_processes_do_not_send_the_same_alert(store: Store, http: HttpSink) -> None:
    routes = [route("team", hook(http))]
    owe(store, routes, number=30)
    async with anyio.create_task_group() as group:
        for owner in ("a", "b"):
            group.start_soon(partial(deliver_due, store, routes, NOW, owner=owner))
    assert len(http.requests) == 30


async def test_nothing_is_begun_when_the_time_is_up(store: Store, http: HttpSink) -> None:
    routes = [route("team", hook(http))]
    owe(store, routes)
    report = await deliver_due(store, routes, NOW, budget=0.0)
    assert report.attempts == [] and store.alerts()[0].state is AlertState.OWED


async def test_sample_goes_to_every_target_of_a_route(http: HttpSink) -> None:
    results = await send_now(route("team", hook(http), hook(http, "refuse")), sample_message(NOW), settings=FAST)
    assert sorted(outcome.result for _, outcome in results) == ["failed", "sent"]


CHILD = """
import asyncio, os, signal, sys
from datetime import datetime, timedelta
from alerts import deliver
from alerts.settings import AlertSettings, Route
from storage.store import Store
url, target, where, now = sys.argv[1:]
def die(*a, **k): os.kill(os.getpid(), signal.SIGKILL)
store = Store.open(url)
if where == "claimed": deliver._Courier._take = die
if where == "before-start": store.start_delivery = die
if where == "started": deliver._send = die
if where == "acknowledged": store.finish_delivery = die
if where == "recorded": store.set_alert_state = die
route = Route.model_validate({"name": "team", "to": [target]})
asyncio.run(deliver.deliver_due(store, [route], datetime.fromisoformat(now), settings=AlertSettings(timeout_seconds=5)))
"""


@pytest.mark.parametrize("kind", ["mail", "hook", "json"])
@pytest.mark.parametrize(
    ("where", "copies", "marked"),
    [("claimed", 1, 0), ("before-start", 1, 0), ("started", 1, 1), ("acknowledged", 2, 1), ("recorded", 1, 0)],
)
async def test_killed_between_any_two_steps(
    tmp_path: Path, http: HttpSink, kind: str, where: str, copies: int, marked: int
) -> None:
    url = f"sqlite:///{tmp_path / 'alerts.db'}"
    with Smtp(MailSink()) as sink:
        target = {
            "mail": f"mailto://127.0.0.1:{sink.port}/a@corp.example?from=b@corp.example",
            "hook": hook(http),
            "json": f"json://127.0.0.1:{http.port}/ok",
        }[kind]
        routes = [route("team", target)]
        with Store.open(url) as store:
            owe(store, routes)
        command = [sys.executable, "-c", CHILD, url, target, where, NOW.isoformat()]
        root = Path(__file__).resolve().parents[2]
        died = await anyio.run_process(command, cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, check=False)
        assert died.returncode == -signal.SIGKILL
        with Store.open(url) as store:
            for minute in (5, 10, 200):
                await deliver_due(store, routes, NOW + timedelta(minutes=minute))
            assert [a.state for a in store.alerts()] == [AlertState.SENT]
        got = [raw.decode() for raw in sink.received] + [body.decode() for _, _, body in http.requests]
    assert len(got) == copies
    assert sum("may have reached you before" in text for text in got) == marked
