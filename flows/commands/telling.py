"""`clausewatch routes` and `clausewatch alerts`: who is told, and what became of what was owed."""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from alerts.deliver import deliver_due, send_now
from alerts.message import Message, load_message
from alerts.news import DocumentRef
from alerts.outcome import Result
from alerts.routing import explain
from alerts.sample import sample_message
from alerts.settings import Route, SecretMissing
from flows.checks import say_delivery
from flows.config import Config
from flows.config_file import find_config, read_config
from flows.jsonable import jsonable
from flows.opening import open_store
from flows.past_news import past_digest
from flows.targets import UnknownDocument, load_targets, select_keys
from flows.terminal import UserError, complain, console, print_json, safe, say_when, table
from storage.records import AlertState

__all__ = ["explain_routes", "find_route", "list_alerts", "send_alerts", "tell_past", "test_routes"]


def test_routes(config_path: Path | None, name: str) -> int:
    """Send a sample to every target of one route or of all. Exit code 1 if one could not be reached."""
    path = find_config(config_path)
    config = read_config(path)
    routes = [find_route(config, name)] if name or not config.routes else list(config.routes)
    failed = [_send(path, config, route, sample_message(datetime.now(UTC)), sys.stdout) for route in routes]
    return 1 if any(failed) else 0


def find_route(config: Config, name: str) -> Route:
    """A route by its name. Raises UserError where there is none."""
    for route in config.routes:
        if route.name == name:
            return route
    known = ", ".join(route.name for route in config.routes) or "none"
    raise UserError(f'there is no route "{safe(name, 60)}"; routes in config.toml: {known}')


def tell_past(path: Path, config: Config, route: Route, keys: Sequence[str], begun: datetime) -> bool:
    """Send a route the digest of what a backfill found. Returns whether a target could not be reached."""
    with open_store(config) as store:
        targets = load_targets(store, config, keys)
        message = past_digest(store, targets, route, begun=begun, now=datetime.now(UTC))
    return _send(path, config, route, message, sys.stderr)  # standard output has the backfill's own result


def _send(path: Path, config: Config, route: Route, message: Message, out: TextIO) -> bool:
    """Send a message now and say how it went, target by target. Returns whether one failed."""
    try:
        outcomes = asyncio.run(send_now(route, message, settings=config.alerts, base=path.parent))
    except SecretMissing as error:
        raise UserError(f"route {route.name}: {error}") from None
    for label, outcome in outcomes:
        detail = f": {safe(outcome.detail)}" if outcome.detail else ""
        out.write(f"{route.name}: {label}: {outcome.result.value}{detail}\n")
    return any(outcome.result is not Result.SENT for _, outcome in outcomes)


def explain_routes(config_path: Path | None, name: str) -> int:
    """Who would be told about a document, and why or why not."""
    config = read_config(find_config(config_path))
    try:
        (key, *_) = select_keys(config, [name])
    except UnknownDocument as error:
        raise UserError(str(error)) from None
    slug, document = config.documents()[key]
    vendor = config.vendors[slug]
    ref = DocumentRef(
        key=key,
        name=document.title,
        type=document.type,
        vendor=slug,
        vendor_name=vendor.name,
        tags=(*vendor.tags, *document.tags),
        urls=tuple(source.url for source in document.all_sources),
    )
    rows = [(e.route, "yes" if e.told else "no", "; ".join(e.reasons)) for e in explain(ref, config.routes)]
    console().print(table(("route", "told", "because"), rows, title=key))
    return 0


def list_alerts(config_path: Path | None, state: str, *, limit: int, as_json: bool) -> int:
    """Alerts with their attempts, the latest first."""
    if state and state not in set(AlertState):
        raise UserError(f'--state must be one of {", ".join(AlertState)}, not "{safe(state, 20)}"')
    with open_store(read_config(find_config(config_path))) as store:
        alerts = store.alerts(state=AlertState(state) if state else None, limit=limit)
        attempts = store.deliveries([alert.id for alert in alerts])
    if as_json:
        print_json([{"alert": jsonable(alert), "deliveries": jsonable(attempts.get(alert.id, []))} for alert in alerts])
        return 0
    rows = [
        (
            str(alert.id),
            say_when(alert.created),
            alert.route,
            load_message(alert.message).subject,
            alert.state.value,
            "; ".join(
                f"{d.label} {d.state.value}{': ' + d.detail if d.detail else ''}" for d in attempts.get(alert.id, [])
            ),
        )
        for alert in alerts
    ]
    console().print(table(("#", "created", "route", "subject", "state", "attempts"), rows))
    return 0


def send_alerts(config_path: Path | None) -> int:
    """Deliver what is due. Exit code 1 if an attempt failed."""
    path = find_config(config_path)
    config = read_config(path)
    with open_store(config) as store:
        report = asyncio.run(
            deliver_due(
                store,
                config.routes,
                datetime.now(UTC),
                settings=config.alerts,
                base=path.parent,
                owner=f"command:{os.getpid()}",
            )
        )
    sys.stdout.write(f"alerts: {say_delivery(report)}\n")
    if report.failed:
        complain("some targets could not be reached; they are tried again, `clausewatch alerts list` shows why")
    return 1 if report.failed else 0
