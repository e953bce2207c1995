"""Use and cost of training runs, many at a time: what ``/runs/{id}/efficiency`` tells of one."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import and_, or_, select

from vedette.infrastructure.cost import Cost
from vedette.infrastructure.use import BUSY_GPU, Level, Usage
from vedette.models.context import now_ms
from vedette.models.rows import keyed_values
from vedette.models.training import efficiency
from vedette.models.training.prices import Prices, read_prices
from vedette.store.catalog.tracking_models import RunRow, RunTagRow

if TYPE_CHECKING:
    from vedette.core.time import TimeRange
    from vedette.models.context import Caller
    from vedette.models.tracking.metric_points import MetricOutbox
    from vedette.query import QueryRunner

MAX_RUNS = 500
_GPU = re.compile(r"system/gpu_\d+_utilization_percentage")
_MS_PER_HOUR = 3_600_000
_USE = """
SELECT RunId AS run, Metric AS metric, count() AS samples, avg(Value) AS mean, max(Value) AS most,
    quantileExact({quantile})(Value) AS high, quantileExact(0.95)(Value) AS p95,
    countIf(Value < if(Metric LIKE '%gpu%', {gpu:Float64}, {cpu:Float64})) / count() AS idle
FROM (
    SELECT DISTINCT RunId, Metric, Step, TimeMs, Value FROM @run_metric_points
    WHERE RunId IN {runs:Array(String)} AND startsWith(Metric, 'system/') AND isFinite(Value)
)
GROUP BY run, metric
ORDER BY run, metric
"""


def read_runs(
    caller: Caller,
    runner: QueryRunner,
    outbox: MetricOutbox,
    time_range: TimeRange,
    percentile: float,
    limit: int = MAX_RUNS,
) -> list[tuple[Usage, str, Cost | None]]:
    """Return the newest runs of a window that measured themselves: use, id and cost.

    Use is in shares of the machine, and in GPUs; names are the runs' names.
    """
    start, end = (round(one.timestamp() * 1000) for one in (time_range.start, time_range.end))
    within = and_(RunRow.start_ms < end, or_(RunRow.end_ms.is_(None), RunRow.end_ms >= start))
    chosen = (
        select(RunRow.id, RunRow.name, RunRow.status, RunRow.start_ms, RunRow.end_ms)
        .where(RunRow.account == caller.account, RunRow.lifecycle_stage == "active", within)
        .order_by(RunRow.start_ms.desc(), RunRow.id)
        .limit(limit)
    )
    with caller.read() as session:
        rows = session.execute(chosen).all()
        ids = [row.id for row in rows]
        tags = keyed_values(session, RunTagRow, "run_id", ids) if ids else {}
    if not ids:
        return []
    outbox.flush_runs(ids)
    params = {
        "runs": ids, "gpu": efficiency.IDLE_GPU_PERCENT, "cpu": efficiency.IDLE_CPU_PERCENT,
    }  # fmt: skip
    sql = _USE.replace("{quantile}", f"{percentile:.4f}")
    measured: dict[str, dict[str, dict[str, float]]] = {}
    limits = runner.bulk_limits(limit * 200)
    for row in runner.run(caller.account, sql, params, limits=limits).records():
        measured.setdefault(row["run"], {})[row["metric"]] = row
    prices = read_prices(caller)
    found = []
    for run in rows:
        use = measured.get(run.id)
        if not use:
            continue
        last = run.end_ms if run.end_ms is not None else now_ms()
        duration = max(0, last - (run.start_ms or last))
        usage = _usage(caller.account, run.name or run.id, use, duration, last)
        price = tags.get(run.id, {}).get(efficiency.PRICE_TAG)
        found.append((usage, run.id, _cost(prices, price, duration, use)))
    return found


def _usage(
    account: str, name: str, use: dict[str, dict[str, float]], duration_ms: int, last_ms: int
) -> Usage:
    hours = duration_ms / _MS_PER_HOUR
    gpus = [row for metric, row in use.items() if _GPU.fullmatch(metric)]
    samples = max(row["samples"] for row in use.values())
    gpu = None
    if gpus:
        total = [sum(row[key] for row in gpus) / 100 for key in ("mean", "high", "most")]
        idle = sum(row["idle"] for row in gpus) / len(gpus)
        gpu = Level(total[0], total[1], total[2], len(gpus), len(gpus), idle)
    return Usage(
        account, "run", name,
        hours=hours, span_hours=hours,
        step_seconds=max(1, round(duration_ms / 1000 / samples)) if duration_ms else 1,
        steps=int(samples), cpu=_share(use.get("system/cpu_utilization_percentage"), idle=True),
        memory=_share(use.get("system/system_memory_usage_percentage")),
        gpu=gpu, gpus_used=sum(row["most"] / 100 >= BUSY_GPU for row in gpus),
        last_seen=datetime.fromtimestamp(last_ms / 1000, UTC), cpu_unit="machine",
    )  # fmt: skip


def _share(row: dict[str, float] | None, *, idle: bool = False) -> Level | None:
    if row is None:
        return None
    mean, high, most = (row[key] / 100 for key in ("mean", "high", "most"))
    return Level(mean, high, most, 1.0, 1.0, row["idle"] if idle else None)


def _cost(
    prices: Prices, price: str | None, duration_ms: int, use: dict[str, dict[str, float]]
) -> Cost | None:
    """Return the cost as ``/runs/{id}/efficiency`` has it."""
    of = {
        metric: efficiency.Use(
            row["mean"], row["p95"], row["most"], int(row["samples"]),
            row["idle"] if "percentage" in metric else None,
        )
        for metric, row in use.items()
    }  # fmt: skip
    gpus = efficiency.gpus_of(of, duration_ms)
    cpu = of.get("system/cpu_utilization_percentage")
    cost = efficiency.cost_of(prices, price, duration_ms, None, cpu, gpus)
    if cost is None:
        return None
    hours = duration_ms / _MS_PER_HOUR
    per_hour = cost.total / hours if hours else 0.0
    return Cost(cost.currency, per_hour, cost.total, cost.idle, cost.by)
