"""What happened to alarms: facts in the warehouse, on their way there in the catalog.

An evaluation writes its facts to the catalog in the transaction that stores the new states, so that
each state has its fact and the other way round. From there they are inserted into the warehouse;
after a crash between the two they are inserted again, and readers see one.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import delete, select

from vedette.alarms.model import Evaluation, State
from vedette.store.catalog.alarm_models import AlarmEventRow
from vedette.telemetry.ranges import bound_range

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vedette.alarms.model import Transition
    from vedette.alarms.store import Alarm
    from vedette.core.time import TimeRange
    from vedette.query import QueryRunner
    from vedette.store.catalog import Catalog
    from vedette.store.warehouse import Warehouse

MAX_REASON = 1024
_FLUSH = 5_000
_READ = """
SELECT
    Time AS time, EventId AS id, AlarmId AS alarm_id, Alarm AS alarm, Severity AS severity,
    Scope AS scope, Labels AS labels, Previous AS previous, State AS state, Reason AS reason,
    Evidence AS evidence
FROM @alarm_history
WHERE Time >= {start:DateTime64(9, 'UTC')} AND Time < {end:DateTime64(9, 'UTC')} $where
-- Of one moment the alarm's own change comes first, then those of its series.
ORDER BY Time DESC, Scope = 'alarm' DESC, EventId DESC
LIMIT 1 BY EventId
LIMIT {limit:UInt32}
"""


def transition_fact(alarm: Alarm, transition: Transition) -> dict[str, Any]:
    """Return the history's row of a change of state."""
    scope = "alarm" if transition.labels is None else "series"
    return _fact(
        alarm, transition.slot, scope, transition.reason,
        labels=transition.labels or {}, previous=transition.previous, state=transition.state,
        evidence=transition.evidence,
    )  # fmt: skip


def evaluation_fact(
    alarm: Alarm, slot: float, before: Evaluation, after: Evaluation, reason: str
) -> dict[str, Any]:
    """Return the history's row of an evaluation that went otherwise than the one before."""
    return _fact(alarm, slot, "evaluation", reason, previous=before, state=after)


def note_fact(alarm: Alarm, slot: float, note: str) -> dict[str, Any]:
    """Return the history's row of evaluations that were missed."""
    return _fact(alarm, slot, "evaluation", note)


def _fact(
    alarm: Alarm,
    slot: float,
    scope: str,
    reason: str,
    *,
    labels: Mapping[str, str] | None = None,
    previous: State | Evaluation | str = "",
    state: State | Evaluation | str = "",
    evidence: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    return {
        "Time": datetime.fromtimestamp(slot, UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3],
        "AlarmId": alarm.id,
        "Alarm": alarm.name,
        "Severity": alarm.spec.severity,
        "Scope": scope,
        "Labels": dict(labels or {}),
        "Previous": str(previous),
        "State": str(state),
        "Reason": reason[:MAX_REASON],
        "Evidence": orjson.dumps(dict(evidence or {})).decode(),
    }


class AlarmHistory:
    """The facts about alarms."""

    def __init__(self, catalog: Catalog, warehouse: Warehouse, runner: QueryRunner) -> None:
        self._catalog = catalog
        self._warehouse = warehouse
        self._runner = runner

    def flush(self) -> int:
        """Bring waiting facts to the warehouse; return how many."""
        total = 0
        while True:
            chosen = select(AlarmEventRow.id, AlarmEventRow.payload).order_by(AlarmEventRow.id)
            with self._catalog.read() as session:
                rows = session.execute(chosen.limit(_FLUSH)).all()
            if not rows:
                return total
            body = "\n".join(payload for _, payload in rows).encode()
            self._warehouse.insert("alarm_history", [body], "JSONEachRow", {})
            ids = [event_id for event_id, _ in rows]
            with self._catalog.operate() as connection:
                for start in range(0, len(ids), 500):
                    chunk = ids[start : start + 500]
                    connection.execute(delete(AlarmEventRow).where(AlarmEventRow.id.in_(chunk)))
            total += len(rows)

    def read(
        self,
        account: str,
        time_range: TimeRange,
        *,
        alarm_id: str = "",
        scope: str = "",
        limit: int = 100,
    ) -> list[dict[str, Any]]:
        """Return facts of a range, newest first, of one alarm or of all."""
        where, params = "", {**bound_range(time_range), "limit": limit}
        if alarm_id:
            where += "AND AlarmId = {alarm:String} "
            params["alarm"] = alarm_id
        if scope:
            where += "AND Scope = {scope:String} "
            params["scope"] = scope
        rows = self._runner.run(account, _READ.replace("$where", where), params).records()
        for row in rows:
            row["evidence"] = orjson.loads(row["evidence"] or "{}")
        return rows
