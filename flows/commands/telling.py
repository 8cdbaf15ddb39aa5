"""`clausewatch routes` and `clausewatch alerts`: who is told, and what became of what was owed."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from alerts.deliver import deliver_due, send_now
from alerts.message import load_message
from alerts.news import DocumentRef
from alerts.outcome import Result
from alerts.routing import explain
from alerts.sample import sample_message
from alerts.settings import SecretMissing
from flows.checks import say_delivery
from flows.config_file import find_config, read_config
from flows.jsonable import jsonable
from flows.opening import open_store
from flows.targets import UnknownDocument, select_keys
from flows.terminal import UserError, complain, console, print_json, safe, say_when, table
from storage.records import AlertState

__all__ = ["explain_routes", "list_alerts", "send_alerts", "test_routes"]


def test_routes(config_path: Path | None, name: str) -> int:
    """Send a sample to every target of one route or of all. Exit code 1 if one could not be reached."""
    path = find_config(config_path)
    config = read_config(path)
    routes = [route for route in config.routes if not name or route.name == name]
    if not routes:
        known = ", ".join(route.name for route in config.routes) or "none"
        raise UserError(f'there is no route "{safe(name, 60)}"; routes in config.toml: {known}')
    failed = False
    for route in routes:
        try:
            outcomes = asyncio.run(
                send_now(route, sample_message(datetime.now(UTC)), settings=config.alerts, base=path.parent)
            )
        except SecretMissing as error:
            raise UserError(f"route {route.name}: {error}") from None
        for label, outcome in outcomes:
            failed = failed or outcome.result is not Result.SENT
            detail = f": {safe(outcome.detail)}" if outcome.detail else ""
            sys.stdout.write(f"{route.name}: {label}: {outcome.result.value}{detail}\n")
    return 1 if failed else 0


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
