"""The outbox: alerts owed, and the attempts to deliver them.

An alert is a row before it is a message. `owed` gives what is due and claims it, so that of several processes only one
delivers; each attempt is a row before it is made, so that a process that dies in between leaves a trace; the alert
stays owed until it is said to be sent or dead. Delivery is therefore at least once.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import RowMapping

from storage.errors import RecordMissing
from storage.records import AlertRecord, AlertState, DeliveryRecord, DeliveryState, Json, OwedAlert
from storage.section import StoreSection, TransactionSection
from storage.sql import select_where, sql

__all__ = ["AlertSection", "OutboxSection"]

_ALERTS = """
    SELECT alert.id, alert.key, alert.route, alert.kind, alert.document_id, alert.change_id, alert.message,
           alert.created, alert.due, alert.state
    FROM alert
    """
_DELIVERIES = """
    SELECT id, alert_id, target, label, attempt, started, finished, state, detail, next_try FROM delivery
    """
_OWE = sql("""
    INSERT INTO alert (key, route, kind, document_id, change_id, message, created, due, state, claimed_by)
    VALUES (:key, :route, :kind, :document_id, :change_id, :message, :created, :due, :state, '')
    ON CONFLICT (key) DO NOTHING RETURNING id
    """)
_TWINS = sql(
    _ALERTS
    + """
    WHERE route = :route AND kind = 'change' AND state IN ('owed', 'sent') AND created >= :since_time
      AND key LIKE :pattern
    ORDER BY id
    """
)
_AMEND = sql("""
    UPDATE alert SET message = :message
    WHERE id = :id AND state = 'owed' AND (claimed_until IS NULL OR claimed_until <= :now)
      AND NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.alert_id = alert.id)
    """)
_DUE = """
    SELECT id FROM alert WHERE state = 'owed' AND due <= :now AND (claimed_until IS NULL OR claimed_until <= :now)
    ORDER BY due, id LIMIT :limit
    """
_CLAIM = "UPDATE alert SET claimed_until = :claimed_until, claimed_by = :owner WHERE id IN ("
_CLAIM_DUE = {
    True: sql(_CLAIM + _DUE + ") RETURNING id"),
    False: sql(_CLAIM + _DUE + "FOR UPDATE SKIP LOCKED) RETURNING id"),
}
_START = sql("""
    INSERT INTO delivery (alert_id, target, label, attempt, started, state, detail)
    VALUES (:alert_id, :target, :label,
            1 + (SELECT count(*) FROM delivery WHERE alert_id = :alert_id AND target = :same_target),
            :started, 'started', '')
    RETURNING id
    """)
_FINISH = sql("""
    UPDATE delivery SET state = :state, detail = :detail, finished = :finished, next_try = :next_try WHERE id = :id
    """)
_SET_STATE = sql("UPDATE alert SET state = :state, claimed_until = NULL, claimed_by = '' WHERE id = :id")
_DEFER = sql("UPDATE alert SET due = :due, claimed_until = NULL, claimed_by = '' WHERE id = :id")


class OutboxSection(StoreSection):
    """The store's part that delivery works with."""

    def owed(
        self, now: datetime | None = None, limit: int = 100, *, owner: str = "", ttl: float = 300.0
    ) -> list[OwedAlert]:
        """Alerts that are due, the longest due first, with the attempts made so far.

        Parameters:
            owner: claims what is returned for `ttl` seconds, so that no other process gets it; "" only looks.
        """
        moment = now or datetime.now(UTC)
        values: dict[str, Any] = {"now": moment, "limit": limit}
        if owner:
            claim = values | {"owner": owner, "claimed_until": moment + timedelta(seconds=ttl)}
            with self._writing() as connection:
                ids = connection.execute(_CLAIM_DUE[self._database.sqlite], claim).scalars().all()
        else:
            with self._reading() as connection:
                ids = connection.execute(select_where(_DUE, []), values).scalars().all()
        return self._with_deliveries(ids)

    def _with_deliveries(self, ids: Sequence[int]) -> list[OwedAlert]:
        if not ids:
            return []
        of_alerts = select_where(_ALERTS, ["id IN :ids"], "ORDER BY due, id", lists=["ids"])
        with self._reading() as connection:
            alerts = connection.execute(of_alerts, {"ids": list(ids)}).mappings().all()
        deliveries = self.deliveries(ids)
        return [OwedAlert(_alert_record(row), tuple(deliveries.get(row["id"], ()))) for row in alerts]

    def deliveries(self, alert_ids: Sequence[int]) -> dict[int, list[DeliveryRecord]]:
        """All attempts for some alerts, oldest first."""
        made: dict[int, list[DeliveryRecord]] = defaultdict(list)
        if alert_ids:
            query = select_where(_DELIVERIES, ["alert_id IN :ids"], "ORDER BY id", lists=["ids"])
            with self._reading() as connection:
                for row in connection.execute(query, {"ids": list(alert_ids)}).mappings():
                    record = DeliveryRecord(**{**row, "state": DeliveryState(row["state"])})
                    made[record.alert_id].append(record)
        return dict(made)

    def alerts(
        self,
        *,
        state: AlertState | None = None,
        route: str | None = None,
        document_id: int | None = None,
        limit: int | None = 100,
    ) -> list[AlertRecord]:
        """Alerts, the latest first."""
        given = {"state": state.value if state else None, "route": route, "document_id": document_id}
        values: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        conditions = [f"{name} = :{name}" for name in values]
        rest = "ORDER BY created DESC, id DESC"
        if limit is not None:
            rest += " LIMIT :limit"
            values["limit"] = limit
        with self._reading() as connection:
            rows = connection.execute(select_where(_ALERTS, conditions, rest), values).mappings()
            return [_alert_record(row) for row in rows]

    def start_delivery(self, alert_id: int, target: str, label: str, *, now: datetime | None = None) -> int:
        """Record that an attempt begins, before it does. `target` is a hash of the URL, `label` what may be shown.

        Raises:
            Conflict: there is no such alert.
        """
        values = {
            "alert_id": alert_id,
            "target": target,
            "same_target": target,  # PostgreSQL gives a parameter one type, and a column and a value differ in theirs
            "label": label,
            "started": now or datetime.now(UTC),
        }
        with self._writing() as connection:
            return int(connection.execute(_START, values).scalar_one())

    def finish_delivery(
        self,
        delivery_id: int,
        state: DeliveryState,
        detail: str = "",
        next_try: datetime | None = None,
        *,
        now: datetime | None = None,
    ) -> None:
        """Record how an attempt ended. Raises RecordMissing where none began."""
        values = {
            "id": delivery_id,
            "state": state.value,
            "detail": detail,
            "next_try": next_try,
            "finished": now or datetime.now(UTC),
        }
        with self._writing() as connection:
            if connection.execute(_FINISH, values).rowcount == 0:
                raise RecordMissing(f"there is no delivery {delivery_id}")

    def set_alert_state(self, alert_id: int, state: AlertState) -> None:
        """Sent to all targets, given up, or owed again. Ends the claim. Raises RecordMissing."""
        with self._writing() as connection:
            if connection.execute(_SET_STATE, {"id": alert_id, "state": state.value}).rowcount == 0:
                raise RecordMissing(f"there is no alert {alert_id}")

    def defer_alert(self, alert_id: int, due: datetime) -> None:
        """It stays owed, but not before `due`. Ends the claim. Raises RecordMissing."""
        with self._writing() as connection:
            if connection.execute(_DEFER, {"id": alert_id, "due": due}).rowcount == 0:
                raise RecordMissing(f"there is no alert {alert_id}")


class AlertSection(TransactionSection):
    """The transaction's part that owes alerts."""

    def owe_alert(self, alert: AlertRecord) -> bool:
        """Owe a message to a route. False where one with this key is or was owed already; that one is left as it is."""
        values = {
            "key": alert.key,
            "route": alert.route,
            "kind": alert.kind,
            "document_id": alert.document_id,
            "change_id": alert.change_id,
            "message": alert.message,
            "created": alert.created,
            "due": alert.due,
            "state": alert.state.value,
        }
        return self._connection.execute(_OWE, values).first() is not None

    def change_alerts_ending(self, ending: str, route: str, *, since: datetime) -> list[AlertRecord]:
        """The alerts about changes, owed or sent, that a route has got since then and whose keys end so; oldest first.

        Parameters:
            ending: must have none of the characters "%" and "_".
        """
        values = {"route": route, "since_time": since, "pattern": f"%{ending}"}
        return [_alert_record(row) for row in self._connection.execute(_TWINS, values).mappings()]

    def amend_alert(self, alert_id: int, message: Mapping[str, Json], *, now: datetime) -> bool:
        """Replace the message of an alert of which nothing was sent yet. False where a process is sending it by now."""
        values = {"id": alert_id, "message": message, "now": now}
        return self._connection.execute(_AMEND, values).rowcount == 1


def _alert_record(row: RowMapping) -> AlertRecord:
    return AlertRecord(**{**row, "state": AlertState(row["state"])})
