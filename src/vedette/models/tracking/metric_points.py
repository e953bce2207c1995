"""Points of metrics: acknowledged in the catalog, kept in the warehouse.

A point is durable once the catalog has it in its outbox; it goes to the warehouse with many others
in one insert, since an insert costs the engine much the same whatever its size. What is written
twice by a crash between the two stores, or by a client that retries, is one point: its key is
everything it says. Whoever reads a run's history empties the outbox first.
"""

from __future__ import annotations

import math
import threading
from collections.abc import Sequence
from functools import cache
from math import isfinite
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import String, bindparam, delete, exists, func, or_, select, true, tuple_
from sqlalchemy.orm import Session

from vedette.core.errors import InvalidInputError
from vedette.models.limits import check_key
from vedette.models.rows import chunks, insert_for, insert_into
from vedette.models.tracking.runs import Metric
from vedette.store.catalog.tracking_models import (
    LoggedModelMetricRow,
    MetricOutboxRow,
    RunMetricRow,
)

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from vedette.store.catalog import Catalog
    from vedette.store.warehouse import Warehouse

TABLE = "run_metric_points"
FLUSH_ROWS = 256
"""Most rows of the outbox that one insert takes: each holds up to 1,000 points."""
_SPECIAL = {math.inf: "inf", -math.inf: "-inf"}
_INT64 = 2**63


def check_metrics(metrics: Sequence[Metric]) -> None:
    """Raise ``InvalidInputError`` for a metric with a bad name, time or step."""
    for key in {metric.key for metric in metrics}:
        check_key(key, field="name")
    for metric in metrics:
        if not 0 <= metric.time_ms < _INT64:
            raise InvalidInputError(
                f"Invalid value {metric.time_ms} for parameter 'timestamp' supplied: the time of "
                f"metric {metric.key!r} must be a nonnegative long (64-bit integer)",
                field="timestamp",
            )


def store(
    target: Session | Connection,
    account: str,
    experiment_id: str,
    run_id: str,
    metrics: Sequence[Metric],
) -> None:
    """Put points into the outbox and make them current where they are the latest."""
    head = (account, experiment_id, run_id)
    rows = [
        (
            *head, m.key, m.step, m.time_ms, m.value if isfinite(m.value) else _written(m.value),
            m.model_id, m.dataset_name, m.dataset_digest,
        )
        for m in metrics
    ]  # fmt: skip
    if any(m.model_id or m.dataset_name or m.dataset_digest for m in metrics):
        lines = b"\n".join([orjson.dumps(row) for row in rows])
    else:
        # Names of metrics and ids hold no brackets, so that rows can be told apart once written.
        lines = orjson.dumps(rows)[1:-1].replace(b"],[", b"]\n[")
    target.execute(_INSERT, {"run_id": run_id, "points": lines + b"\n"})
    latest: dict[str, Metric] = {}
    for metric in metrics:
        other = latest.get(metric.key)
        # Nearly always the steps tell, and points come in their order.
        if other is None or metric.step > other.step or _rank(metric) >= _rank(other):
            latest[metric.key] = metric
    _make_current(target, run_id, latest)
    of_models = [metric for metric in metrics if metric.model_id]
    if of_models:
        _make_current_of_models(target, run_id, of_models)


_INSERT = MetricOutboxRow.__table__.insert()  # type: ignore[attr-defined]


def _make_current(target: Session | Connection, run_id: str, latest: dict[str, Metric]) -> None:
    connection = target.connection() if isinstance(target, Session) else target
    metrics = latest.values()
    # SQLite unfolds one text in half the time that it takes a row a call; JSON has no infinities.
    if connection.dialect.name == "sqlite" and all(isfinite(m.value) for m in metrics):
        rows: Any = [(m.key, m.value, m.time_ms, m.step) for m in metrics]
        statement = _current_statement("sqlite", unfolded=True)
        connection.execute(statement, {"run_id": run_id, "rows": orjson.dumps(rows).decode()})
        return
    rows = [
        {"run_id": run_id, "key": m.key, "value": _stored(m.value), "time_ms": m.time_ms, "step": m.step}
        for m in metrics
    ]  # fmt: skip
    connection.execute(_current_statement(connection.dialect.name), rows)


_CURRENT = ("run_id", "key", "value", "time_ms", "step")


@cache
def _current_statement(dialect: str, *, unfolded: bool = False) -> Any:  # noqa: ANN401 - a dialect's insert
    """Return the upsert of current values; ``unfolded``: those of a run, all in one text of JSON."""
    statement = insert_for(dialect, RunMetricRow)
    if unfolded:
        row = func.json_each(bindparam("rows")).table_valued("value").c.value
        members = (func.json_extract(row, f"$[{index}]") for index, _ in enumerate(_CURRENT[1:]))
        # SQLite takes the ON of ON CONFLICT for a join's where the SELECT ends without a WHERE.
        chosen = select(bindparam("run_id", type_=String), *members).where(true())
        statement = statement.from_select(_CURRENT, chosen)
    new = statement.excluded
    later = tuple_(new.step, new.time_ms) > tuple_(RunMetricRow.step, RunMetricRow.time_ms)
    same = tuple_(new.step, new.time_ms) == tuple_(RunMetricRow.step, RunMetricRow.time_ms)
    greater = (new.value > RunMetricRow.value) | RunMetricRow.value.is_(None)
    return statement.on_conflict_do_update(
        index_elements=["run_id", "key"],
        set_={"value": new.value, "time_ms": new.time_ms, "step": new.step},
        where=or_(later, same & greater),
    )


def _make_current_of_models(
    target: Session | Connection, run_id: str, metrics: Sequence[Metric]
) -> None:
    statement = insert_into(target, LoggedModelMetricRow)
    new, old = statement.excluded, LoggedModelMetricRow
    statement = statement.on_conflict_do_update(
        index_elements=["model_id", "key", "dataset_name", "dataset_digest", "run_id"],
        set_={"value": new.value, "time_ms": new.time_ms, "step": new.step},
        where=tuple_(new.step, new.time_ms) >= tuple_(old.step, old.time_ms),
    )
    rows = [
        {
            "model_id": m.model_id, "key": m.key, "dataset_name": m.dataset_name,
            "dataset_digest": m.dataset_digest, "run_id": run_id, "value": _stored(m.value),
            "time_ms": m.time_ms, "step": m.step,
        }
        for m in metrics
    ]  # fmt: skip
    target.execute(statement, rows)


def _rank(metric: Metric) -> tuple[int, int, float]:
    value = -math.inf if math.isnan(metric.value) else metric.value
    return metric.step, metric.time_ms, value


def _stored(value: float) -> float | None:
    return None if math.isnan(value) else value


def _written(value: float) -> float | str:
    """Return a value as the engine reads it from JSON, which has no NaN and no infinities."""
    if math.isfinite(value):
        return value
    return _SPECIAL.get(value, "nan")


class MetricOutbox:
    """Carries points from the catalog's outbox to the warehouse; thread-safe."""

    def __init__(self, catalog: Catalog, warehouse: Warehouse) -> None:
        self._catalog = catalog
        self._warehouse = warehouse
        self._lock = threading.Lock()

    def flush(self) -> int:
        """Carry everything that waits; returns how many rows of the outbox there were.

        Two processes that flush at once write the same points twice, which are one.
        """
        carried = 0
        with self._lock:
            while rows := self._next():
                self._warehouse.insert(
                    TABLE, [points for _, points in rows], "JSONCompactEachRow", {}
                )
                ids = [identity for identity, _ in rows]
                with self._catalog.operate() as connection:
                    # By id, not by range: a transaction that began earlier may end later.
                    for part in chunks(ids):
                        connection.execute(
                            delete(MetricOutboxRow).where(MetricOutboxRow.id.in_(part))
                        )
                carried += len(rows)
        return carried

    def flush_runs(self, run_ids: Sequence[str]) -> None:
        """Flush if points of one of these runs wait."""
        waiting = exists().where(MetricOutboxRow.run_id.in_(list(run_ids)))
        with self._catalog.read() as session:
            if not session.scalar(select(waiting)):
                return
        self.flush()

    def waiting(self) -> int:
        """Return how many rows wait."""
        with self._catalog.read() as session:
            return session.scalar(select(func.count()).select_from(MetricOutboxRow)) or 0

    def _next(self) -> list[tuple[int, bytes]]:
        chosen = (
            select(MetricOutboxRow.id, MetricOutboxRow.points)
            .order_by(MetricOutboxRow.id)
            .limit(FLUSH_ROWS)
        )
        with self._catalog.read() as session:
            return [(identity, points) for identity, points in session.execute(chosen)]
