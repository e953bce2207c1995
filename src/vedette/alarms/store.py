"""Alarms in the catalog: definitions, and what the evaluation remembers."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import delete, func, insert, or_, select, tuple_
from sqlalchemy.dialects import postgresql, sqlite

from vedette.alarms.definition import AlarmSpec
from vedette.alarms.model import Contributor, Evaluation, State
from vedette.core.ids import new_id
from vedette.store.catalog.alarm_models import (
    AlarmAcknowledgementRow,
    AlarmContributorRow,
    AlarmEventRow,
    AlarmRow,
    AlarmStatusRow,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection
    from sqlalchemy.orm import Session

    from vedette.store.catalog import Catalog

_CHUNK = 500
"""Rows of one statement: SQLite binds up to 32,766 values."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alarm as it is defined."""

    id: str
    account: str
    name: str
    spec: AlarmSpec
    labels: Mapping[str, str]
    owner: str
    version: int
    created: datetime
    created_by: str
    updated: datetime
    updated_by: str

    @property
    def watched_labels(self) -> dict[str, str]:
        """The labels that routes and mute windows match: its own, its name and severity."""
        return {**self.labels, "alarm": self.name, "severity": self.spec.severity}


@dataclass(slots=True)
class Status:
    """What an alarm as a whole is in; ``since`` is a Unix second.

    Attributes:
        state: its state.
        since: when that began.
        evaluation: how the last evaluation went.
        evaluation_reason: why it did not go well.
        reason: why it is in its state.
        series: how many series it has.
        in_alarm: how many of them are in ALARM.
        pending: how many breach and wait.
        suppression: what a composite's suppressor remembers.
        quiet: why it does not tell now, empty where it does.

    """

    state: State = State.INSUFFICIENT_DATA
    since: float = 0.0
    evaluation: Evaluation = Evaluation.NONE
    evaluation_reason: str = ""
    reason: str = ""
    series: int = 0
    in_alarm: int = 0
    pending: int = 0
    suppression: dict[str, Any] = field(default_factory=dict)
    quiet: str = ""


@lru_cache(maxsize=50_000)
def _spec(text: str) -> AlarmSpec:
    # Definitions change seldom and are read each minute.
    return AlarmSpec.model_validate_json(text)


def alarm_of(row: Any) -> Alarm:  # noqa: ANN401 - a row, by whichever session
    """Return the alarm of a row."""
    return Alarm(
        id=row.id,
        account=row.account,
        name=row.name,
        spec=_spec(row.spec),
        labels=orjson.loads(row.labels),
        owner=row.owner,
        version=row.version,
        created=row.created,
        created_by=row.created_by,
        updated=row.updated,
        updated_by=row.updated_by,
    )


def status_of(row: Any) -> Status:  # noqa: ANN401 - a row, by whichever session
    """Return the status of a row."""
    return Status(
        state=State(row.state),
        since=row.since,
        evaluation=Evaluation(row.evaluation),
        evaluation_reason=row.evaluation_reason,
        reason=row.reason,
        series=row.series,
        in_alarm=row.in_alarm,
        pending=row.pending,
        suppression=orjson.loads(row.suppression),
        quiet=row.quiet,
    )


def contributor_of(row: Any) -> Contributor:  # noqa: ANN401 - a row, by whichever session
    """Return the contributor of a row."""
    return Contributor(
        labels=orjson.loads(row.labels),
        state=State(row.state),
        since=row.since,
        pending_since=row.pending_since,
        breached=row.breached,
        onset=row.onset,
        seen=row.seen,
        told=State(row.told) if row.told else None,
        told_at=row.told_at,
        value=row.value,
        reason=row.reason,
    )


class AlarmStore:
    """Reads and writes of the evaluation; people's changes are in ``vedette.alarms.service``."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def due(self, account: str, interval: int) -> list[Alarm]:
        """Return the account's alarms that are evaluated every ``interval`` seconds."""
        chosen = select(AlarmRow.__table__).where(
            AlarmRow.account == account, AlarmRow.enabled, AlarmRow.interval == interval
        )
        with self._catalog.read() as session:
            return [alarm_of(row) for row in session.execute(chosen)]

    def composites(self, account: str) -> tuple[list[Alarm], dict[str, tuple[str, int]]]:
        """Return composites, and the id and interval of every alarm by name."""
        with self._catalog.read() as session:
            named = session.execute(
                select(AlarmRow.name, AlarmRow.id, AlarmRow.interval).where(
                    AlarmRow.account == account
                )
            )
            ids = {name: (id_, interval) for name, id_, interval in named}
            rows = session.execute(
                select(AlarmRow.__table__).where(
                    AlarmRow.account == account, AlarmRow.enabled, AlarmRow.kind == "composite"
                )
            )
            return [alarm_of(row) for row in rows], ids

    def statuses(self, account: str) -> dict[str, Status]:
        """Return the statuses of an account's alarms by id."""
        chosen = select(AlarmStatusRow.__table__).where(AlarmStatusRow.account == account)
        with self._catalog.read() as session:
            return {row.alarm_id: status_of(row) for row in session.execute(chosen)}

    def contributors(
        self, account: str, interval: int | None = None, alarm_id: str | None = None
    ) -> dict[str, dict[str, Contributor]]:
        """Return series by alarm id and key, of alarms of one interval or of one alarm."""
        chosen = (
            select(AlarmContributorRow.__table__)
            .join(AlarmRow.__table__, AlarmRow.id == AlarmContributorRow.alarm_id)
            .where(AlarmRow.account == account)
        )
        if interval is not None:
            chosen = chosen.where(or_(AlarmRow.interval == interval, AlarmRow.kind == "composite"))
        if alarm_id is not None:
            chosen = chosen.where(AlarmRow.id == alarm_id)
        found: dict[str, dict[str, Contributor]] = {}
        with self._catalog.read() as session:
            for row in session.execute(chosen):
                found.setdefault(row.alarm_id, {})[row.key] = contributor_of(row)
        return found

    def acknowledged(self, account: str) -> dict[str, float]:
        """Return the acknowledged alarms, with when the acknowledged state began."""
        chosen = (
            select(AlarmAcknowledgementRow.alarm_id, AlarmAcknowledgementRow.since)
            .join(AlarmRow.__table__, AlarmRow.id == AlarmAcknowledgementRow.alarm_id)
            .where(AlarmRow.account == account)
        )
        with self._catalog.read() as session:
            return {alarm_id: since for alarm_id, since in session.execute(chosen)}  # noqa: C416 - rows are not pairs to mypy

    def save_contributors(
        self, connection: Connection, changed: Sequence[tuple[str, Contributor]]
    ) -> None:
        """Write series of alarms that still exist."""
        rows = [
            {
                "alarm_id": alarm_id,
                "key": one.key,
                "labels": orjson.dumps(dict(one.labels)).decode(),
                "state": one.state,
                "since": one.since,
                "pending_since": one.pending_since,
                "breached": one.breached,
                "onset": one.onset,
                "seen": one.seen,
                "told": one.told,
                "told_at": one.told_at,
                "value": one.value,
                "reason": one.reason,
            }
            for alarm_id, one in changed
        ]
        self._upsert(connection, AlarmContributorRow, ["alarm_id", "key"], rows)

    def remove_contributors(
        self, connection: Connection, closed: Sequence[tuple[str, str]]
    ) -> None:
        """Forget series."""
        row = AlarmContributorRow
        for start in range(0, len(closed), _CHUNK):
            chunk = closed[start : start + _CHUNK]
            connection.execute(delete(row).where(tuple_(row.alarm_id, row.key).in_(chunk)))

    def save_statuses(
        self, connection: Connection, changed: Sequence[tuple[Alarm, Status]]
    ) -> None:
        """Write statuses of alarms that still exist."""
        rows = [
            {
                "alarm_id": alarm.id,
                "account": alarm.account,
                "state": status.state,
                "since": status.since,
                "evaluation": status.evaluation,
                "evaluation_reason": status.evaluation_reason[:1024],
                "reason": status.reason[:1024],
                "series": status.series,
                "in_alarm": status.in_alarm,
                "pending": status.pending,
                "suppression": orjson.dumps(status.suppression).decode(),
                "quiet": status.quiet,
            }
            for alarm, status in changed
        ]
        self._upsert(connection, AlarmStatusRow, ["alarm_id"], rows)

    def existing(self, connection: Connection, account: str) -> dict[str, int]:
        """Return id and version of the account's alarms, in the transaction that writes."""
        chosen = select(AlarmRow.id, AlarmRow.version).where(AlarmRow.account == account)
        return {id_: version for id_, version in connection.execute(chosen)}  # noqa: C416 - as above

    def _upsert(
        self,
        connection: Connection,
        row: Any,  # noqa: ANN401 - a mapped class
        keys: list[str],
        rows: list[dict[str, Any]],
    ) -> None:
        if not rows:
            return
        dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
        statement = dialect.insert(row)
        others = {name: statement.excluded[name] for name in rows[0] if name not in keys}
        statement = statement.on_conflict_do_update(index_elements=keys, set_=others)
        for start in range(0, len(rows), _CHUNK):
            connection.execute(statement, rows[start : start + _CHUNK])


def add_events(
    executor: Connection | Session, account: str, payloads: Iterable[Mapping[str, Any]]
) -> None:
    """Put facts on their way to the warehouse, within the transaction that made them true."""
    rows = []
    for payload in payloads:
        event_id = new_id()
        row = {**payload, "EventId": event_id, "Account": account}
        rows.append({"id": event_id, "account": account, "payload": orjson.dumps(row).decode()})
    for start in range(0, len(rows), _CHUNK):
        executor.execute(insert(AlarmEventRow), rows[start : start + _CHUNK])


def count_alarms(session: Session, account: str) -> int:
    """Return how many alarms an account has."""
    chosen = select(func.count()).select_from(AlarmRow).where(AlarmRow.account == account)
    return session.scalar(chosen) or 0
