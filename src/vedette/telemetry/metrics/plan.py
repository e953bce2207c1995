"""Which statement answers a metric query: the source of its points and how they are combined."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vedette.core.errors import InvalidInputError
from vedette.telemetry.metrics import exponential_sql, histograms_sql, numbers_sql
from vedette.telemetry.metrics.model import MetricQuery, MetricType, Resolution
from vedette.telemetry.metrics.series import BUCKET_SUFFIX
from vedette.telemetry.metrics.statistics import Statistic, StatisticKind

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vedette.query.metric_math import Grid
    from vedette.telemetry.metrics.series import SeriesSet

LOOKBACK_SECONDS = 300
"""How far before a range the point before its first one is looked for, at least."""
ROLLUP_SECONDS = 6 * 3600
"""Ranges longer than this are answered from rollups where they can be."""
TIERS = {"1h": 3600, "5m": 300, "1m": 60}
"""Seconds of a bucket in each ``metric_rollup_*`` table, the coarsest first."""

_CHUNK = 4000
_GAUGE_MODE, _DELTA_MODE, _COUNTER_MODE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Aggregation:
    """One GROUP BY over the rows before it: more keys, and aggregates."""

    columns: str
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    """A way to read a query's points.

    Attributes:
        rows: subquery with SeriesId, Slot and what the aggregations use.
        aggregations: applied one after the other, by series or group, and Slot.
        derived: columns computed from the last aggregates.
        value: expression of the statistic.
        source: table that is read.
        params: bound values.
        warnings: what a reader should know.

    """

    rows: str
    aggregations: tuple[Aggregation, ...]
    value: str
    source: str
    params: dict[str, Any]
    derived: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(slots=True)
class SeriesParams:
    """Series and what is known of each, bound as arrays; long ones in pieces.

    One parameter over HTTP may hold 128 KiB, so that ids are bound a few thousand at a time.
    """

    ids: Sequence[int]
    all_of_metric: bool
    name: str = "ids"
    params: dict[str, Any] = field(default_factory=dict)

    def condition(self) -> str:
        """Return the condition on SeriesId."""
        if self.all_of_metric:
            return "1"
        parts = [f"SeriesId IN {part}" for part in self._parts(self.name, "UInt64", self.ids)]
        return f"({' OR '.join(parts)})"

    def lookup(self, name: str, kind: str, values: Sequence[Any]) -> str:
        """Return an expression of a series' value, of a type such as ``UInt32``."""
        if len(set(values)) == 1 and kind.startswith("UInt"):
            # All the same: no look-up a row.
            return f"to{kind}({int(values[0])})"
        keys = _joined(self._parts(self.name, "UInt64", self.ids))
        found = _joined(self._parts(name, kind, values))
        return f"transform(SeriesId, {keys}, {found}, CAST(0 AS {kind}))"

    def _parts(self, name: str, kind: str, values: Sequence[Any]) -> list[str]:
        parts = []
        for start in range(0, len(values), _CHUNK):
            bound = f"{name}{start // _CHUNK}"
            self.params[bound] = list(values[start : start + _CHUNK])
            parts.append(f"{{{bound}:Array({kind})}}")
        return parts


def _joined(parts: list[str]) -> str:
    return parts[0] if len(parts) == 1 else f"arrayConcat({', '.join(parts)})"


@dataclass(frozen=True, slots=True)
class Request:
    """Everything that a plan depends on."""

    query: MetricQuery
    statistic: Statistic
    series: SeriesSet
    grid: Grid
    ids: SeriesParams
    resolution: Resolution

    @property
    def start(self) -> int:
        """Unix second at which the first period that is read starts."""
        return int(self.grid.timestamps[0]) - round(self.query.shift.total_seconds())


def is_classic(query: MetricQuery, series: SeriesSet, statistic: Statistic) -> bool:
    """Tell whether a statistic is asked of a Prometheus classic histogram's bucket counters."""
    return (
        series.metric_type is MetricType.SUM
        and query.metric.endswith(BUCKET_SUFFIX)
        and all(series.bounds)
        and statistic.kind in {StatisticKind.PERCENTILE, StatisticKind.PERCENTILE_RANK}
    )


def make_plan(request: Request) -> Plan:
    """Choose the statement.

    Raises:
        InvalidInputError: the type of metric does not have this statistic.

    """
    kind = request.series.metric_type
    if is_classic(request.query, request.series, request.statistic):
        return _classic(request)
    if kind in {MetricType.GAUGE, MetricType.SUM}:
        tier = _tier(request)
        return _rollup(request, tier) if tier else _numbers(request)
    if request.resolution == "rollup":
        raise _no_rollup("only gauges and sums have rollups")
    if kind is MetricType.SUMMARY:
        return _summary(request)
    return _histogram(request)


def _params(request: Request) -> dict[str, Any]:
    period, start = request.grid.period, request.start
    end = start + period * len(request.grid)
    lookback = start - max(period, LOOKBACK_SECONDS)
    statistic = request.statistic
    quantile = 1.0 if statistic.kind is StatisticKind.MAXIMUM else statistic.high
    billion = 1_000_000_000
    return {
        "metric": request.query.metric,
        "start": start * billion,
        "start_s": start,
        "end": end * billion,
        "end_s": end,
        "lookback": lookback * billion,
        "lookback_s": lookback,
        "period": float(period),
        "period_s": period,
        "period_ns": period * billion,
        "low": statistic.low,
        "high": statistic.high,
        "quantile": quantile,
    }


def _numbers(request: Request) -> Plan:
    kind, series = request.statistic.kind, request.series
    table = f"otel_metrics_{series.metric_type.value if series.metric_type else ''}"
    ids = request.ids.condition()
    grown = request.statistic.per_series
    if grown or (any(series.cumulative) and kind is not StatisticKind.LAST):
        rows = numbers_sql.raw_steps(table, ids, signed=grown)
    else:
        rows = numbers_sql.raw_samples(table, ids)
    columns, value = numbers_sql.raw_value(request.statistic)
    return Plan(
        rows, (Aggregation(columns),), value, table, _params(request), warnings=_warnings(request)
    )


def _rollup(request: Request, tier: str) -> Plan:
    ids, statistic, modes = request.ids, request.statistic, _modes(request)
    summed = statistic.kind is StatisticKind.SUM and _COUNTER_MODE in modes
    if statistic.per_series or summed:
        mode = ids.lookup("modes", "UInt8", modes)
        rows, value = numbers_sql.rollup_steps(tier, ids.condition(), mode, statistic)
    else:
        rows, value = numbers_sql.rollup_samples(tier, ids.condition(), statistic)
    params = {**_params(request), "tier_s": float(TIERS[tier])}
    return Plan(
        rows,
        (Aggregation(f"{value} AS Simple"),),
        "Simple",
        f"metric_rollup_{tier}",
        params,
        warnings=_warnings(request),
    )


def _modes(request: Request) -> list[int]:
    series = request.series
    if series.metric_type is MetricType.GAUGE:
        mode = _COUNTER_MODE if request.statistic.per_series else _GAUGE_MODE
        return [mode] * len(series.ids)
    return [
        _DELTA_MODE if delta else _COUNTER_MODE if cumulative else _GAUGE_MODE
        for delta, cumulative in zip(series.delta, series.cumulative, strict=True)
    ]


def _tier(request: Request) -> str | None:
    """Return the coarsest tier that can answer, or None to read points."""
    if request.resolution == "raw":
        return None
    kind, grid = request.statistic.kind, request.grid
    allowed = numbers_sql.ROLLED_UP
    if any(request.series.cumulative):
        allowed = numbers_sql.ROLLED_UP_COUNTER
    long = grid.period * len(grid) > ROLLUP_SECONDS
    if request.resolution == "auto" and not (long and kind in allowed):
        return None
    if kind not in allowed:
        raise _no_rollup(f"{request.query.statistic} needs single points")
    for tier, seconds in TIERS.items():
        if grid.period % seconds == 0 and request.start % seconds == 0:
            return tier
    if request.resolution == "auto":
        return None
    raise _no_rollup(f"the period of {grid.period} s holds no whole bucket of a rollup")


def _no_rollup(reason: str) -> InvalidInputError:
    return InvalidInputError(
        f"rollups cannot answer this: {reason}", field="resolution", remedy="use auto or raw"
    )


def _warnings(request: Request) -> tuple[str, ...]:
    if request.series.metric_type is MetricType.GAUGE and request.statistic.per_series:
        return (
            f"{request.query.metric} is a gauge; {request.query.statistic} takes it for a counter",
        )
    return ()


def _histogram(request: Request) -> Plan:
    statistic, ids = request.statistic, request.ids.condition()
    explicit = request.series.metric_type is MetricType.HISTOGRAM
    table = "otel_metrics_histogram" if explicit else "otel_metrics_exponential_histogram"
    if simple := histograms_sql.SIMPLE.get(statistic.kind):
        rows = histograms_sql.explicit_rows(ids) if explicit else exponential_sql.counted_rows(ids)
        return Plan(rows, (Aggregation(f"{simple} AS Simple"),), "Simple", table, _params(request))
    _check_bucket_statistic(request)
    if explicit:
        merged, derived, value = histograms_sql.merged_buckets(statistic)
        rows, aggregations = histograms_sql.explicit_rows(ids), (Aggregation(merged),)
        return Plan(rows, aggregations, value, table, _params(request), derived)
    merged, derived, value = exponential_sql.merged_scales(statistic)
    by_scale = Aggregation(exponential_sql.BY_SCALE, ("BucketScale",))
    rows = exponential_sql.bucket_rows(ids)
    return Plan(rows, (by_scale, Aggregation(merged)), value, table, _params(request), derived)


def _check_bucket_statistic(request: Request) -> None:
    if request.statistic.kind in histograms_sql.FROM_BUCKETS:
        return
    raise InvalidInputError(
        f"a histogram keeps no single values for {request.query.statistic}",
        field="statistic",
        remedy="use pNN, PR(:x), Average, Sum, SampleCount, Minimum, Maximum, rate or increase",
    )


def _classic(request: Request) -> Plan:
    series = request.series
    try:
        bounds = [float(bound) for bound in series.bounds]
    except ValueError as error:
        raise InvalidInputError(
            f"{request.query.metric} has an le label that is no number: {error}",
            field="metric",
            remedy="match only series whose le is a bucket's upper bound",
        ) from error
    ids = request.ids
    steps = numbers_sql.raw_steps("otel_metrics_sum", ids.condition(), signed=False)
    # Bounds travel as text: infinity has no number in every format.
    bound = f"toFloat64({ids.lookup('bounds', 'String', [repr(one) for one in bounds])})"
    rows = histograms_sql.classic_rows(
        steps, ids.lookup("histograms", "UInt64", series.histograms), bound
    )
    merged, derived, value = histograms_sql.merged_buckets(request.statistic)
    return Plan(rows, (Aggregation(merged),), value, "otel_metrics_sum", _params(request), derived)


def _summary(request: Request) -> Plan:
    statistic, ids = request.statistic, request.ids.condition()
    table = "otel_metrics_summary"
    if simple := histograms_sql.SIMPLE.get(statistic.kind):
        rows = histograms_sql.summary_rows(ids)
        return Plan(rows, (Aggregation(f"{simple} AS Simple"),), "Simple", table, _params(request))
    if statistic.kind is not StatisticKind.PERCENTILE:
        raise InvalidInputError(
            f"a summary has no {request.query.statistic}",
            field="statistic",
            remedy="use one of its quantiles as pNN, or Sum, Average, SampleCount, rate, increase",
        )
    rows = histograms_sql.summary_quantile_rows(ids)
    columns = Aggregation("argMax(Sample, Moment) AS Simple")
    return Plan(rows, (columns,), "Simple", table, _params(request))
