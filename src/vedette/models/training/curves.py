"""Curves: metrics of several runs on shared axes, as many points as a chart can show."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import select

from vedette.core.errors import InvalidInputError, NotFoundError
from vedette.models.context import Caller
from vedette.models.rows import chunks
from vedette.store.catalog.tracking_models import RunRow
from vedette.store.warehouse import QueryLimits

if TYPE_CHECKING:
    from vedette.models.tracking.metric_points import MetricOutbox
    from vedette.query import QueryRunner

MAX_RUNS = 100
MAX_METRICS = 50
MAX_SERIES = 400
MAX_POINTS = 2000
MAX_VALUES = 400_000
_SECONDS, _MEMORY = 60.0, 2 << 30
Axis = Literal["step", "time", "relative"]
_X: Mapping[str, str] = {
    "step": "Step",
    "time": "TimeMs",
    "relative": "TimeMs - {starts:Array(Int64)}[indexOf({runs:Array(String)}, RunId)]",
}
# A point at each place of the axis, the last one logged there. Where an axis has more places than
# the chart has points they fall into as many equal parts, each with its last point. Metrics that
# share an axis are cut at the same places, so that their values stand side by side.
_CURVES = """
SELECT RunId AS run_id, Metric AS metric, place AS x, argMax(value, at) AS y, sum(odd) AS special
FROM
(
    SELECT
        RunId, Metric, at, value, odd,
        min(at) OVER axis AS low,
        max(at) OVER axis AS high,
        uniqExact(at) OVER axis AS places,
        if(places <= {points:UInt64}, at,
            toInt64(low + intDiv(intDiv((toInt128(at) - low) * {points:UInt64}, toInt128(high) - low + 1)
                * (toInt128(high) - low + 1), {points:UInt64}))) AS place
    FROM
    (
        SELECT
            RunId, Metric, __X__ AS at,
            argMax(if(isFinite(Value), Value, NULL), (Step, TimeMs)) AS value,
            countIf(NOT isFinite(Value)) AS odd
        FROM @run_metric_points
        WHERE RunId IN {runs:Array(String)} AND Metric IN {metrics:Array(String)}
        GROUP BY RunId, Metric, at
    )
    WHERE at BETWEEN {first:Int64} AND {last:Int64}
    WINDOW axis AS (PARTITION BY if({shared:UInt8} = 1, '', Metric))
)
GROUP BY RunId, Metric, place
ORDER BY metric, x
LIMIT {values:UInt64}
"""
_FIRST, _LAST = -(2**62), 2**62


@dataclass(frozen=True, slots=True)
class Curve:
    """One run's values of a metric, one for each place of the axis; None where it has none.

    Attributes:
        special: how many of its points are NaN or infinite, which no chart shows.

    """

    run_id: str
    values: Sequence[float | None]
    special: int


@dataclass(frozen=True, slots=True)
class Curves:
    """A metric's curves.

    Attributes:
        metric: its name.
        x: places of the axis, ascending: steps, or milliseconds (since the epoch, or the run's start).
        curves: of each run that has the metric, in the order asked for.

    """

    metric: str
    x: Sequence[int]
    curves: Sequence[Curve]


def read_curves(
    caller: Caller,
    runner: QueryRunner,
    outbox: MetricOutbox,
    run_ids: Sequence[str],
    metrics: Sequence[str],
    *,
    axis: Axis = "step",
    shared: bool = False,
    points: int = 400,
    within: tuple[int | None, int | None] = (None, None),
) -> list[Curves]:
    """Return metrics of runs on aligned axes.

    Args:
        caller: whose.
        runner: runs the query.
        outbox: points that are not in the warehouse yet are carried there first.
        run_ids: 1 to 100.
        metrics: 1 to 50 names; runs times metrics are at most 400.
        axis: what goes to the right; ``relative`` is milliseconds since each run's start.
        shared: whether all metrics have one axis, as for charts above each other.
        points: places of an axis at most, up to 2,000.
        within: the part of the axis that is wanted, both ends included.

    Raises:
        InvalidInputError: too much is asked for.
        NotFoundError: a run is not there.

    """
    run_ids, metrics = list(dict.fromkeys(run_ids)), list(dict.fromkeys(metrics))
    _check(run_ids, metrics)
    points = max(2, min(points, MAX_POINTS, MAX_VALUES // (len(run_ids) * len(metrics))))
    starts = _starts(caller, run_ids)
    outbox.flush_runs(run_ids)
    low, high = within
    parameters: dict[str, Any] = {
        "runs": run_ids,
        "metrics": metrics,
        "shared": int(shared),
        "points": points,
        "first": _bounded(low, _FIRST),
        "last": _bounded(high, _LAST),
        "values": MAX_VALUES,
    }
    if axis == "relative":
        parameters["starts"] = [starts[identity] for identity in run_ids]
    columns = runner.run(
        caller.account,
        _STATEMENTS[axis],
        parameters,
        limits=QueryLimits(MAX_VALUES, _SECONDS, _MEMORY),
    ).data
    rows = zip(
        columns["metric"], columns["run_id"], columns["x"], columns["y"], columns["special"],
        strict=True,
    )  # fmt: skip
    return _aligned(run_ids, metrics, rows, shared=shared)


_STATEMENTS = {name: _CURVES.replace("__X__", x) for name, x in _X.items()}


def _check(run_ids: Sequence[str], metrics: Sequence[str]) -> None:
    for what, items, most in (("run_ids", run_ids, MAX_RUNS), ("metrics", metrics, MAX_METRICS)):
        if not 1 <= len(items) <= most:
            raise InvalidInputError(f"give 1 to {most} {what}, not {len(items)}", field=what)
    if len(run_ids) * len(metrics) > MAX_SERIES:
        raise InvalidInputError(
            f"{len(run_ids)} runs with {len(metrics)} metrics are more than {MAX_SERIES} curves",
            field="metrics",
            remedy="ask for fewer metrics at a time",
        )


def _starts(caller: Caller, run_ids: Sequence[str]) -> dict[str, int]:
    found: dict[str, int] = {}
    with caller.read() as session:
        for part in chunks(run_ids):
            chosen = select(RunRow.id, RunRow.start_ms).where(
                RunRow.account == caller.account, RunRow.id.in_(part)
            )
            found |= {identity: start or 0 for identity, start in session.execute(chosen)}
    missing = next((identity for identity in run_ids if identity not in found), None)
    if missing is not None:
        raise NotFoundError(f"Run with id={missing[:256]} not found", field="run_ids")
    return found


def _bounded(value: int | None, otherwise: int) -> int:
    return otherwise if value is None else max(_FIRST, min(value, _LAST))


def _aligned(
    run_ids: Sequence[str], metrics: Sequence[str], rows: Iterable[Any], *, shared: bool
) -> list[Curves]:
    places: dict[str, dict[int, int]] = {}
    points: dict[tuple[str, str], list[tuple[int, float | None]]] = {}
    special: dict[tuple[str, str], int] = {}
    common: dict[int, int] = {}
    for metric, run_id, x, y, odd in rows:
        (common if shared else places.setdefault(metric, {})).setdefault(x, 0)
        points.setdefault((metric, run_id), []).append((x, y))
        special[metric, run_id] = special.get((metric, run_id), 0) + odd
    answer = []
    for metric in metrics:
        axis = sorted(common if shared else places.get(metric, {}))
        at = {x: index for index, x in enumerate(axis)}
        curves = []
        for run_id in run_ids:
            if (metric, run_id) not in points:
                continue
            values: list[float | None] = [None] * len(axis)
            for x, y in points[metric, run_id]:
                values[at[x]] = y
            curves.append(Curve(run_id, values, special[metric, run_id]))
        answer.append(Curves(metric, axis if curves else [], curves))
    return answer
