"""Who is told what and when, and settings that say what is wrong with them."""

from __future__ import annotations

import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from pydantic import ValidationError

from alerts.outbox import change_alerts, operator_alerts
from alerts.routing import due_at, explain, wanted_clauses
from alerts.sample import sample_change, sample_message
from alerts.settings import Route, SecretMissing, Target
from tests.alerts.hostile import NOW

NEWS = sample_change(NOW)  # contact low neutral; policy_change high adverse; third_party high adverse


def route(**more: Any) -> Route:
    return Route.model_validate({"name": "r", "to": ["json://127.0.0.1/"]} | more)


@pytest.mark.parametrize(
    ("restriction", "categories"),
    [
        ({}, ["contact", "policy_change", "third_party"]),
        ({"vendors": "Example-Chat"}, ["contact", "policy_change", "third_party"]),
        ({"vendors": ["other"]}, None),
        ({"tags": ["sample", "x"]}, ["contact", "policy_change", "third_party"]),
        ({"tags": ["x"]}, None),
        ({"documents": ["example-chat/*"]}, ["contact", "policy_change", "third_party"]),
        ({"documents": ["*/terms"]}, None),
        ({"types": ["privacy policy"]}, ["contact", "policy_change", "third_party"]),
        ({"types": ["Terms of Service"], "vendors": ["example-chat"]}, None),
        ({"categories": ["third_party"]}, ["third_party"]),
        ({"categories": ["security"]}, None),
        ({"min_severity": "medium"}, ["policy_change", "third_party"]),
        ({"direction": ["favourable", "neutral"]}, ["contact"]),
        ({"direction": "adverse", "categories": ["contact"]}, None),
        ({"operator": True}, None),
    ],
)
def test_what_a_route_is_told(restriction: dict[str, Any], categories: list[str] | None) -> None:
    wanted = wanted_clauses(route(**restriction), NEWS)
    assert (None if wanted is None else [clause.category for clause in wanted]) == categories


def test_a_change_without_clauses_is_not_kept_quiet() -> None:
    bare = replace(NEWS, clauses=(), severity="medium")
    assert wanted_clauses(route(), bare) == ()
    assert wanted_clauses(route(min_severity="high"), bare) is None
    assert wanted_clauses(route(categories=["security"]), bare) is None
    [alert] = change_alerts(bare, [route()], now=NOW)
    assert "text changed" in str(alert.message["subject"])


def test_each_route_gets_the_message_it_asked_for_and_hears_of_the_rest() -> None:
    low = route(name="low", categories=["contact"])
    [alert] = change_alerts(NEWS, [low, route(name="none", vendors=["other"])], now=NOW, document_id=3, change_id=4)
    assert (alert.route, alert.document_id, alert.change_id) == ("low", 3, 4)
    assert str(alert.message["subject"]).endswith("Contact clause changed")
    assert "2 other clause changes this route does not ask for (2 high)" in str(alert.message["more"])


def test_keys_name_the_news_and_the_route_only() -> None:
    first, second = (change_alerts(NEWS, [route(name=n)], now=NOW)[0].key for n in ("a", "b"))
    later = change_alerts(NEWS, [route(name="a")], now=NOW.replace(hour=20))[0].key
    other = change_alerts(replace(NEWS, change_key="2"), [route(name="a")], now=NOW)[0].key
    assert first == later and len({first, second, other}) == 3


def test_only_operators_hear_of_failures() -> None:
    routes = [route(name="a"), route(name="ops", operator=True), route(name="acme", operator=True, vendors=["acme"])]
    told = operator_alerts(sample_message(NOW), routes, occasion="1", now=NOW, document=NEWS.document)
    assert [alert.route for alert in told] == ["ops"]


def test_explanation_names_what_decides() -> None:
    routes = [route(name="a", vendors=["other"]), route(name="b", tags=["sample"], min_severity="high", mode="daily")]
    no, yes = explain(NEWS.document, routes)
    assert not no.told and no.reasons == ("vendor example-chat is not among its vendors (other)",)
    assert yes.told and yes.reasons == (
        "tags sample is among its tags (sample)",
        "told of clause changes with severity high or above",
        "in a digest every day at 08:00 UTC",
    )


BERLIN = {"zone": "Europe/Berlin"}
NIGHT = {"from": "18:00", "until": "08:00"}


@pytest.mark.parametrize(
    ("more", "now", "due"),
    [
        ({}, "2026-03-01T12:00", "2026-03-01T12:00"),
        ({"mode": "daily", "at": "08:00"}, "2026-03-01T07:59", "2026-03-01T08:00"),
        ({"mode": "daily", "at": "08:00"}, "2026-03-01T08:00", "2026-03-02T08:00"),
        ({"mode": "daily", "at": "08:00", **BERLIN}, "2026-03-28T12:00", "2026-03-29T06:00"),  # summer time began
        ({"mode": "daily", "at": "08:00", **BERLIN}, "2026-03-27T12:00", "2026-03-28T07:00"),
        ({"mode": "weekly", "weekday": "friday", "at": "09:30"}, "2026-03-01T12:00", "2026-03-06T09:30"),
        ({"mode": "weekly", "weekday": "sunday", "at": "09:30"}, "2026-03-01T12:00", "2026-03-08T09:30"),
        ({"quiet": {"from": "18:00", "until": "08:00"}}, "2026-03-02T19:00", "2026-03-03T08:00"),
        ({"quiet": {"from": "18:00", "until": "08:00"}}, "2026-03-02T03:00", "2026-03-02T08:00"),
        ({"quiet": {"from": "18:00", "until": "08:00"}}, "2026-03-02T08:00", "2026-03-02T08:00"),
        ({"quiet": {"from": "12:00", "until": "13:00"}}, "2026-03-02T12:30", "2026-03-02T13:00"),
        ({"quiet": {"from": "18:00", "until": "08:00", "weekends": True}}, "2026-02-27T19:00", "2026-03-02T08:00"),
        ({"quiet": {"from": "18:00", "until": "08:00", **BERLIN}}, "2026-03-02T17:30", "2026-03-03T07:00"),
        ({"mode": "daily", "at": "07:00", "quiet": NIGHT}, "2026-03-02T12:00", "2026-03-03T08:00"),
    ],
)  # fmt: skip
def test_when_it_is_due(more: dict[str, Any], now: str, due: str) -> None:
    moment, expected = (datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (now, due))
    assert due_at(route(**more), moment) == expected
    assert due_at(route(**more), moment.astimezone(ZoneInfo("Asia/Tokyo"))) == expected


def test_the_example_in_the_documentation_is_valid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import alerts.settings

    text = (alerts.settings.__doc__ or "").partition("config.toml.")[2]
    legal, ops = (Route.model_validate(table) for table in tomllib.loads(text)["routes"])
    assert legal.quiet and legal.quiet.weekends and ops.operator
    assert "secret" not in repr(legal) and "secret" not in legal.model_dump_json()
    monkeypatch.setenv("LEGAL_SLACK_URL", "slack://a/b/c")
    assert [url.get_secret_value() for url in legal.to[1].urls()] == ["slack://a/b/c"]
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/ops-url").write_text("json://ops/\n")
    assert [url.get_secret_value() for url in ops.to[0].urls(tmp_path)] == ["json://ops/"]


@pytest.mark.parametrize(
    ("more", "where"),
    [
        ({"nmae": "x"}, "nmae"),
        ({"to": []}, "to"),
        ({"to": [{"url": "a", "env": "B"}]}, "to"),
        ({"to": [{}]}, "to"),
        ({"min_severity": "huge"}, "min_severity"),
        ({"direction": ["sideways"]}, "direction"),
        ({"zone": "Mars/Olympus"}, "zone"),
        ({"mode": "hourly"}, "mode"),
        ({"name": "a\nb"}, "name"),
        ({"quiet": {"from": "18:00"}}, "quiet"),
    ],
)
def test_wrong_settings_are_named(more: dict[str, Any], where: str) -> None:
    with pytest.raises(ValidationError) as error:
        route(**more)
    assert error.value.errors()[0]["loc"][0] == where


def test_missing_secrets_are_named_and_not_shown(tmp_path: Path) -> None:
    with pytest.raises(SecretMissing, match="the environment variable CLAUSEWATCH_NOT_SET is empty or not set"):
        Target(env="CLAUSEWATCH_NOT_SET").urls()
    with pytest.raises(SecretMissing, match="the file nowhere cannot be read"):
        Target(file=Path("nowhere")).urls(tmp_path)
