"""Computing KPIs: what is due is read from metrics, SQL, logs or traces, and stored where it differs."""

from __future__ import annotations

import logging
import math
from collections import defaultdict
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from vedette.business.kpis.definition import FromEvents, FromMetric, FromSql, put_range
from vedette.business.kpis.service import Kpi, KpiService
from vedette.business.kpis.values import KpiValue, KpiValues
from vedette.core.errors import InvalidInputError, VedetteError
from vedette.core.time import TimeRange, epoch_of, parse_duration
from vedette.query.language import Signal, compile_search
from vedette.query.language.dialect import dialect_for
from vedette.query.language.parameters import Parameters
from vedette.query.sql import compile_sql
from vedette.telemetry.facets import value_of
from vedette.telemetry.metrics.batch import query_metrics
from vedette.telemetry.ranges import bound_range

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vedette.query import QueryRunner
    from vedette.scheduler import Claim
    from vedette.store.catalog import Catalog

MAX_VALUES = 20_000
"""Values of one run."""
MAX_DIMENSION_TEXT = 256
MAX_RUNS = 100
"""Periods of one run where a statement tells of one period alone."""
_VALUE, _TIME = "value", "time"
_EVENTS = """
SELECT CAST([$labels] AS Array(String)) AS Labels,
    toInt64(intDiv(toUnixTimestamp(Timestamp), {step:Int64}) * {step:Int64}) AS Slot,
    toFloat64($value) AS Value
FROM @$table
WHERE $range AND ($condition)
GROUP BY Labels, Slot
HAVING isFinite(Value)
ORDER BY Slot, Labels
LIMIT {most:UInt32}
"""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Computed:
    """What a run did.

    Attributes:
        values: values of the periods that were looked at.
        stored: those that are new or differ from what was stored.

    """

    values: int
    stored: int


class KpiComputer:
    """Computes KPIs; the handler of their kind of scheduled work."""

    def __init__(
        self, catalog: Catalog, service: KpiService, values: KpiValues, runner: QueryRunner
    ) -> None:
        self._catalog = catalog
        self._service = service
        self._values = values
        self._runner = runner

    def handle(self, claims: Sequence[Claim]) -> None:
        """Compute the KPIs that are due; one that fails does not stop the others."""
        for claim in claims:
            account, _, kpi_id = claim.tick.key.partition("/")
            kpi = self._service.by_id(account, kpi_id)
            if kpi is None or not kpi.spec.enabled or not kpi.spec.is_computed:
                continue
            try:
                self.compute(kpi, self._catalog.clock.now())
            except VedetteError as error:
                _log.warning("KPI %s of %s: %s", kpi.name, account, error.message)
                claim.fail(error)

    def compute(self, kpi: Kpi, now: datetime) -> Computed:
        """Compute the periods that are over and due, and store what is new or has changed."""
        spec, step = kpi.spec, kpi.spec.step
        delay = parse_duration(spec.delay).total_seconds()
        end = math.floor((now.timestamp() - delay) / step) * step
        newest = self._values.newest(kpi.account, kpi.name)
        history = end - int(parse_duration(spec.history).total_seconds()) // step * step
        start = history
        if newest is not None:
            start = max(history, math.floor(newest / step) * step + step - spec.recount * step)
        start = max(start, end - 9_000 * step)
        if start >= end:
            return Computed(0, 0)
        found = read_source(self._runner, kpi, start, end)[:MAX_VALUES]
        known = self._stored(kpi, start, end) if newest is not None else {}
        fresh = [one for one in found if known.get(_identity(one)) != one.value]
        if fresh:
            batch = f"kpi/{kpi.id}/{int(now.timestamp())}"
            self._values.store(kpi.account, kpi.name, spec.unit, fresh, batch=batch, now=now)
        return Computed(len(found), len(fresh))

    def _stored(self, kpi: Kpi, start: int, end: int) -> Mapping[Any, float]:
        rows = self._runner.run(
            kpi.account, _STORED, {"kpi": kpi.name, "from": start * 1000, "to": end * 1000},
            limits=self._runner.bulk_limits(MAX_VALUES * 2),
        )  # fmt: skip
        return {
            (int(moment), tuple(sorted((k, v) for k, v in dimensions.items() if v))): value
            for moment, dimensions, value in zip(
                rows["Moment"], rows["Labels"], rows["Latest"], strict=True
            )
        }


_STORED = """
SELECT toUnixTimestamp(Time) AS Moment, any(Dimensions) AS Labels, argMax(Value, ReceivedTime) AS Latest
FROM @kpi_values
WHERE Kpi = {kpi:String} AND Time >= fromUnixTimestamp64Milli({from:Int64})
    AND Time < fromUnixTimestamp64Milli({to:Int64})
GROUP BY Series, Time, Moment
"""


def _identity(value: KpiValue) -> tuple[int, tuple[tuple[str, str], ...]]:
    return int(value.time.timestamp()), tuple(sorted(value.dimensions.items()))


def read_source(runner: QueryRunner, kpi: Kpi, start: int, end: int) -> list[KpiValue]:
    """Return the values of the periods in ``[start, end)``, Unix seconds, as the source has them."""
    source = kpi.spec.source
    if isinstance(source, FromMetric):
        return _from_metric(runner, kpi, source, start, end)
    if isinstance(source, FromSql):
        return _from_sql(runner, kpi, source, start, end)
    if isinstance(source, FromEvents):
        return _from_events(runner, kpi, source, start, end)
    raise InvalidInputError(
        "the KPI's values are pushed", field="source", remedy="give it a source to compute it"
    )


def _from_metric(
    runner: QueryRunner, kpi: Kpi, source: FromMetric, start: int, end: int
) -> list[KpiValue]:
    queries = [replace(one.parsed(), hidden=one.id != source.watched) for one in source.queries]
    range_ = TimeRange(_moment(start), _moment(end))
    answer = query_metrics(runner, kpi.account, range_, queries, period=kpi.spec.step)
    return [
        KpiValue(_moment(int(moment)), value, _given(series.labels))
        for series in answer.results[0].series
        for moment, value in zip(
            answer.grid.timestamps.tolist(), series.values.tolist(), strict=True
        )
        if math.isfinite(value)
    ]


def _from_sql(
    runner: QueryRunner, kpi: Kpi, source: FromSql, start: int, end: int
) -> list[KpiValue]:
    step = kpi.spec.step
    found: list[KpiValue] = []
    # Without a column 'time' a statement tells of one period, so it runs once for each.
    for first in range(max(start, end - MAX_RUNS * step), end, step):
        sql = compile_sql(put_range(source.sql, first, first + step, step))
        rows = runner.run(kpi.account, sql, limits=runner.bulk_limits(MAX_VALUES))
        if _VALUE not in rows.names:
            raise InvalidInputError(
                "the statement has no column 'value'",
                field="source.sql",
                remedy="name the number: SELECT sum(...) AS value ...",
            )
        if _TIME in rows.names:
            sql = compile_sql(put_range(source.sql, start, end, step))
            rows = runner.run(kpi.account, sql, limits=runner.bulk_limits(MAX_VALUES))
            return _sql_values(rows, start, end, step)
        found += _sql_values(rows, first, first + step, step)
        if len(found) > MAX_VALUES:
            break
    return found


def _sql_values(rows: Any, start: int, end: int, step: int) -> list[KpiValue]:  # noqa: ANN401 - Columns
    labels = [name for name in rows.names if name not in {_VALUE, _TIME}]
    found = []
    for number in range(rows.rows):
        value = rows[_VALUE][number]
        moment = epoch_of(rows[_TIME][number], field="source.sql") if _TIME in rows.names else start
        slot = moment // step * step
        if value is None or not math.isfinite(float(value)) or not start <= slot < end:
            continue
        dimensions = _given({name: str(rows[name][number]) for name in labels})
        found.append(KpiValue(_moment(slot), float(value), dimensions))
    return found


def _from_events(
    runner: QueryRunner, kpi: Kpi, source: FromEvents, start: int, end: int
) -> list[KpiValue]:
    bind = Parameters()
    condition = compile_search(source.query, source.signal, parameters=bind)
    dialect = dialect_for(source.signal)
    labels = [f"toString({value_of(dialect, name, bind)})" for name in source.group_by]
    sql = (
        _EVENTS.replace("$labels", ", ".join(labels))
        .replace("$value", _statistic(source, bind))
        .replace("$table", "otel_logs" if source.signal is Signal.LOGS else "otel_traces")
        .replace("$range", dialect.in_time_range())
        .replace("$condition", condition.sql)
    )
    params = {
        **bind.values,
        **bound_range(TimeRange(_moment(start), _moment(end))),
        "step": kpi.spec.step,
        "most": MAX_VALUES,
    }
    rows = runner.run(kpi.account, sql, params, limits=runner.bulk_limits(MAX_VALUES))
    found: dict[tuple[str, ...], dict[int, float]] = defaultdict(dict)
    for names, slot, value in zip(rows["Labels"], rows["Slot"], rows["Value"], strict=True):
        found[tuple(names)][slot] = value
    if source.statistic == "count":
        # No record is none: a count has a value in every period.
        if not source.group_by:
            found[()].update({})
        for slots in found.values():
            for slot in range(start, end, kpi.spec.step):
                slots.setdefault(slot, 0.0)
    return [
        KpiValue(_moment(slot), value, _given(dict(zip(source.group_by, names, strict=False))))
        for names, slots in found.items()
        for slot, value in sorted(slots.items())
    ]


def _statistic(source: FromEvents, bind: Parameters) -> str:
    if source.statistic == "count":
        return "count()"
    if source.statistic == "error_rate":
        return "countIf(StatusCode = 'Error') / count()"
    if source.signal is Signal.SPANS and source.field in {"duration", "duration_ms"}:
        number = "Duration / 1e6"
    else:
        text = value_of(dialect_for(source.signal), source.field, bind)
        if source.statistic == "count_distinct":
            return f"uniq({text})"
        number = f"toFloat64OrNull({text})"
    if source.statistic.startswith("p"):
        return f"ifNull(quantile({float(source.statistic[1:]) / 100})({number}), nan)"
    return f"ifNull({source.statistic}({number}), nan)"


def _given(labels: Mapping[str, str]) -> dict[str, str]:
    return {name: value[:MAX_DIMENSION_TEXT] for name, value in labels.items() if value}


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
