"""What a run took and what it cost: time, epochs, use of processors, energy, money.

Use is measured by MLflow's system metrics, which a client samples at a steady pace, so that a mean
over samples is one over time. A processor counts as idle in samples below a small share of use.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from vedette.models.context import Caller, now_ms
from vedette.models.rows import keyed_values
from vedette.models.tracking.runs import find_run, view
from vedette.models.training.prices import Prices, read_prices
from vedette.store.catalog.tracking_models import RunMetricRow, RunParamRow, RunTagRow

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from vedette.models.tracking.metric_points import MetricOutbox
    from vedette.query import QueryRunner

IDLE_CPU_PERCENT = 10.0
IDLE_GPU_PERCENT = 5.0
PRICE_TAG = "vedette.price_per_hour"
"""A run's tag with what an hour of all its machines costs; it goes before the account's prices."""
EPOCH_PARAMS = ("epochs", "max_epochs", "n_epochs", "num_epochs", "num_train_epochs", "num_boost_round",
                "n_estimators", "max_iter")  # fmt: skip
"""Parameters by which autolog and people say how many passes or rounds a run makes."""
_GPU = re.compile(r"system/gpu_(\d+)_(.+)")
_MS_PER_HOUR = 3_600_000
_USE = """
SELECT
    Metric AS metric, count() AS samples, avg(Value) AS mean, max(Value) AS most,
    quantileExact(0.95)(Value) AS p95,
    countIf(Value < if(Metric LIKE '%gpu%', {gpu:Float64}, {cpu:Float64})) / count() AS idle
FROM (SELECT DISTINCT Metric, Step, TimeMs, Value FROM @run_metric_points
      WHERE RunId = {run:String} AND startsWith(Metric, 'system/') AND isFinite(Value))
GROUP BY Metric
ORDER BY Metric
"""
_STEPS = """
SELECT max(counted) AS steps, argMax(Metric, (counted, Metric)) AS metric
FROM (SELECT Metric, uniqExact(Step) AS counted FROM @run_metric_points
      WHERE RunId = {run:String} AND NOT startsWith(Metric, 'system/') GROUP BY Metric)
"""


@dataclass(frozen=True, slots=True)
class Use:
    """How much of something was used: a percentage, megabytes or watts.

    Attributes:
        idle: share of the samples in which it was nearly unused; only where it is a percentage.

    """

    mean: float
    p95: float
    most: float
    samples: int
    idle: float | None


@dataclass(frozen=True, slots=True)
class GpuUse:
    """One GPU; energy in kilowatt-hours where its power was measured."""

    index: int
    utilization: Use | None
    memory_megabytes: Use | None
    power_watts: Use | None
    energy_kwh: float | None


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run cost.

    Attributes:
        by: ``prices`` of the account, or the run's own ``tag``.
        total: in the currency.
        per_epoch: None where epochs are not known.
        idle: what was paid for idle processors.

    """

    currency: str
    by: str
    total: float
    machine: float
    gpus: float
    energy: float
    per_epoch: float | None
    idle: float | None


@dataclass(frozen=True, slots=True)
class Efficiency:
    """What a run took.

    Attributes:
        duration_ms: so far, where it runs; None where it never began.
        epochs: passes or rounds, None where nothing tells.
        epochs_from: the metric or parameter that tells them.
        seconds_per_epoch: None where epochs are not known.
        cost: None where no price is set.

    """

    running: bool
    duration_ms: int | None
    epochs: float | None
    epochs_from: str
    seconds_per_epoch: float | None
    cpu: Use | None
    memory: Use | None
    gpus: Sequence[GpuUse]
    network_received_megabytes: float | None
    network_sent_megabytes: float | None
    prices: Prices
    cost: Cost | None


def efficiency_of(
    caller: Caller, runner: QueryRunner, outbox: MetricOutbox, run_id: str
) -> Efficiency:
    """Return what a run took and cost; ``NotFoundError`` where there is none."""
    with caller.read() as session:
        info = view(find_run(session, caller.account, run_id))
        params = keyed_values(session, RunParamRow, "run_id", [run_id]).get(run_id, {})
        tags = keyed_values(session, RunTagRow, "run_id", [run_id]).get(run_id, {})
        epoch = _epoch_metric(session, run_id)
    outbox.flush_runs([run_id])
    found = runner.run(
        caller.account,
        _USE,
        {"run": run_id, "gpu": IDLE_GPU_PERCENT, "cpu": IDLE_CPU_PERCENT},
    ).data
    use = {
        metric: Use(mean, p95, most, samples, idle if "percentage" in metric else None)
        for metric, mean, p95, most, samples, idle in zip(
            found["metric"], found["mean"], found["p95"], found["most"], found["samples"],
            found["idle"], strict=True,
        )
    }  # fmt: skip
    running = info.status in {"RUNNING", "SCHEDULED"} and info.end_ms is None
    end = now_ms() if running else info.end_ms
    duration = max(0, end - info.start_ms) if end and info.start_ms is not None else None
    epochs, source = _epochs(epoch, params)
    if epochs is None:
        epochs, source = _steps(runner, caller.account, run_id)
    gpus = gpus_of(use, duration)
    prices = read_prices(caller)
    cpu = use.get("system/cpu_utilization_percentage")
    return Efficiency(
        running=running,
        duration_ms=duration,
        epochs=epochs,
        epochs_from=source,
        seconds_per_epoch=duration / 1000 / epochs if duration and epochs else None,
        cpu=cpu,
        memory=use.get("system/system_memory_usage_megabytes"),
        gpus=gpus,
        network_received_megabytes=_most(use, "system/network_receive_megabytes"),
        network_sent_megabytes=_most(use, "system/network_transmit_megabytes"),
        prices=prices,
        cost=cost_of(prices, tags.get(PRICE_TAG), duration, epochs, cpu, gpus),
    )


def cost_of(
    prices: Prices,
    per_hour: str | None,
    duration_ms: int | None,
    epochs: float | None,
    cpu: Use | None,
    gpus: Sequence[GpuUse],
) -> Cost | None:
    """Return what a run cost, or None where no price or no duration is known.

    Idle costs are those of the GPUs by their idle shares, or of the machine where there are none.
    """
    price = _price(per_hour)
    if duration_ms is None or (price is None and not prices.known):
        return None
    hours = duration_ms / _MS_PER_HOUR
    if price is not None:
        machine, of_gpus, energy = price * hours, 0.0, 0.0
    else:
        machine, of_gpus = prices.host_hour * hours, prices.gpu_hour * hours * len(gpus)
        energy = prices.kwh * sum(gpu.energy_kwh or 0.0 for gpu in gpus)
    total = machine + of_gpus + energy
    shares = [gpu.utilization.idle for gpu in gpus if gpu.utilization is not None]
    known = [share for share in shares if share is not None]
    idle: float | None
    if known:
        base = of_gpus if price is None else total
        idle = base * sum(known) / len(known)
    else:
        idle = machine * cpu.idle if cpu is not None and cpu.idle is not None else None
    return Cost(
        currency=prices.currency,
        by="prices" if price is None else "tag",
        total=total,
        machine=machine,
        gpus=of_gpus,
        energy=energy,
        per_epoch=total / epochs if epochs else None,
        idle=idle,
    )


def _price(text: str | None) -> float | None:
    try:
        price = float(text) if text else None
    except ValueError:
        return None
    return price if price is not None and 0 <= price < float("inf") else None


def _epoch_metric(session: Session, run_id: str) -> float | None:
    chosen = select(RunMetricRow.value).where(
        RunMetricRow.run_id == run_id, RunMetricRow.key == "epoch"
    )
    return session.scalar(chosen)


def _epochs(metric: float | None, params: Mapping[str, str]) -> tuple[float | None, str]:
    """Return epochs by the metric ``epoch``, counted from 0 as Lightning does, else a parameter."""
    if metric is not None and metric >= 0:
        return metric + 1, "metric epoch"
    for name in EPOCH_PARAMS:
        try:
            value = float(params.get(name, ""))
        except ValueError:
            continue
        if 1 <= value < 1e9:  # noqa: PLR2004 - anything beyond is no count
            return value, f"parameter {name}"
    return None, ""


def _steps(runner: QueryRunner, account: str, run_id: str) -> tuple[float | None, str]:
    found = runner.run(account, _STEPS, {"run": run_id}).data
    steps, metric = found["steps"][0], found["metric"][0]
    return (float(steps), f"steps of {metric}") if steps and steps > 1 else (None, "")


def gpus_of(use: Mapping[str, Use], duration_ms: int | None) -> list[GpuUse]:
    """Return the GPUs in a run's system metrics, by index."""
    by_gpu: dict[int, dict[str, Use]] = {}
    for metric, of_metric in use.items():
        if match := _GPU.fullmatch(metric):
            by_gpu.setdefault(int(match[1]), {})[match[2]] = of_metric
    gpus = []
    for index, of_gpu in sorted(by_gpu.items()):
        power = of_gpu.get("power_usage_watts")
        energy = None
        if power is not None and duration_ms is not None:
            energy = power.mean / 1000 * duration_ms / _MS_PER_HOUR
        utilization = of_gpu.get("utilization_percentage")
        memory = of_gpu.get("memory_usage_megabytes")
        gpus.append(GpuUse(index, utilization, memory, power, energy))
    return gpus


def _most(use: Mapping[str, Use], metric: str) -> float | None:
    return use[metric].most if metric in use else None
