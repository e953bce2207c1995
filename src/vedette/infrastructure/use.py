"""What hosts, containers and services use of what is theirs, over a window."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from vedette.core.time import TimeRange
from vedette.infrastructure.use_sql import (
    CONTAINERS,
    HOSTS,
    SERVICES,
    SERVICES_BY_HOST,
    Kind,
    series_count,
    use_statement,
)
from vedette.infrastructure.windows import FIVE_MINUTES, HOUR, Steps, of_rollup, window_params

if TYPE_CHECKING:
    from vedette.query import QueryRunner

MAX_ITEMS = 10_000
MOST_READ = 20_000_000
"""Above so many rows of the five-minute rollup, the hourly one is read."""
FINE_WINDOW = timedelta(days=15)
PERCENTILES = (0.5, 0.75, 0.9, 0.95, 0.99, 0.995)
DEFAULT_PERCENTILE = 0.95
BUSY_GPU = 0.05
"""A GPU that never was busier than this, as a mean over a step, was not used."""


@dataclass(frozen=True, slots=True)
class Level:
    """Use of one thing over the window.

    Attributes:
        mean: over the steps in which it was measured.
        high: the percentile of the steps' means.
        most: the highest step.
        reserved: what is set aside for it; None where nobody tells.
        limit: what it cannot go beyond; None where there is no limit.
        idle: share of the steps in which it was nearly unused; of GPUs, the mean of each one's.

    """

    mean: float
    high: float
    most: float
    reserved: float | None = None
    limit: float | None = None
    idle: float | None = None

    @property
    def share(self) -> float | None:
        """Mean use of what is reserved."""
        return self.mean / self.reserved if self.reserved else None


@dataclass(frozen=True, slots=True)
class Usage:
    """What one thing used.

    Attributes:
        kind: ``host``, ``container``, ``service``, ``endpoint`` or ``run``.
        hosts: where it is.
        services: who reports it, or what runs on it.
        machine_type: as the cloud calls it; empty where it is not told.
        hours: in which it was measured.
        span_hours: from the first to the last of them.
        step_seconds: of the means behind the percentile, of which there are ``steps``.
        cpu: in ``cpu_unit``.
        cpu_unit: ``core``, or ``machine`` where only the share of all cores is known.
        memory: in bytes.
        gpu: in GPUs, so that 4 at half use are 2.
        gpu_memory: in shares, of the fullest.
        gpus_used: GPUs that were ever busy.
        power_watts: mean power of all its GPUs.
        network: bytes a second, both ways.

    """

    account: str
    kind: str
    name: str
    hosts: Sequence[str] = ()
    services: Sequence[str] = ()
    machine_type: str = ""
    hours: float = 0.0
    span_hours: float = 0.0
    step_seconds: int = HOUR
    steps: int = 0
    cpu: Level | None = None
    memory: Level | None = None
    gpu: Level | None = None
    gpu_memory: Level | None = None
    gpus_used: int = 0
    power_watts: float | None = None
    network: float | None = None
    last_seen: datetime | None = None
    cpu_unit: str = "core"


def resolution(runner: QueryRunner, account: str, time_range: TimeRange, kind: Kind) -> Steps:
    """Return five-minute steps where they are not too many, else hours."""
    if time_range.end - time_range.start > FINE_WINDOW:
        return of_rollup(HOUR)
    params = {**window_params(time_range), "metrics": list(kind.metrics), "name": ""}
    series = runner.run(account, series_count(kind), params)["series"][0]
    steps = (time_range.end - time_range.start).total_seconds() / FIVE_MINUTES
    return of_rollup(FIVE_MINUTES if series * steps <= MOST_READ else HOUR)


def read_usage(
    runner: QueryRunner,
    account: str,
    time_range: TimeRange,
    kind: str,
    *,
    name: str = "",
    percentile: float = DEFAULT_PERCENTILE,
    limit: int = MAX_ITEMS,
) -> list[Usage]:
    """Return what hosts, containers or services used, by name.

    Args:
        runner: runs the statement.
        account: whose; in a monitoring account's context also what others share.
        time_range: the window.
        kind: ``host``, ``container`` or ``service``.
        name: only this one, or all.
        percentile: one of ``PERCENTILES``.
        limit: most of them.

    """
    found = {"host": HOSTS, "container": CONTAINERS, "service": SERVICES}[kind]
    steps = resolution(runner, account, time_range, found)
    rows = _rows(runner, account, time_range, found, steps, name, percentile, limit)
    usages = [_usage(row, kind, steps) for row in rows]
    if steps.seconds < HOUR and any(one.cpu is None for one in usages):
        # A counter that is told only once in a step does not rise within it.
        steps = of_rollup(HOUR)
        rows = _rows(runner, account, time_range, found, steps, name, percentile, limit)
        hourly = {(row["account"], row["name"]): _usage(row, kind, steps) for row in rows}
        usages = [
            one if one.cpu is not None else hourly.get((one.account, one.name), one)
            for one in usages
        ]
    return usages


def cores_by_host(
    runner: QueryRunner, account: str, time_range: TimeRange
) -> dict[tuple[str, str], dict[str, float]]:
    """Return the mean cores of services by account and host."""
    steps = of_rollup(HOUR)
    rows = _rows(
        runner, account, time_range, SERVICES_BY_HOST, steps, "", DEFAULT_PERCENTILE, MAX_ITEMS
    )
    found: dict[tuple[str, str], dict[str, float]] = {}
    for row in rows:
        service, _, host = row["name"].partition("\n")
        if row["cpu_mean"] is not None:
            found.setdefault((row["account"], host), {})[service] = row["cpu_mean"]
    return found


def _rows(
    runner: QueryRunner, account: str, time_range: TimeRange, kind: Kind, steps: Steps,
    name: str, percentile: float, limit: int,
) -> list[dict[str, Any]]:  # fmt: skip
    sql = use_statement(kind, steps.rollup, steps.floor, percentile, named=bool(name))
    params = {
        **window_params(time_range), "metrics": list(kind.metrics), "name": name,
        "step": steps.seconds, "limit": limit, "sums": kind.name != HOSTS.name,
    }  # fmt: skip
    return runner.run(account, sql, params, limits=runner.bulk_limits(limit)).records()


def _usage(row: dict[str, Any], kind: str, steps: Steps) -> Usage:
    gpus = dict(zip(*row["gpus"], strict=True)) if row["gpus"] else {}
    span = (row["last"] - row["first"] + 1) * steps.seconds / HOUR
    # Who reports less often than once a step is there in between, too.
    hours = min(float(row["clock_hours"]), span)
    hosts = [row["name"]] if kind == "host" else row["on_hosts"]
    return Usage(
        row["account"], kind, row["name"], hosts, row["of_services"], row["machine_type"],
        hours, span, steps.seconds, row["steps"],
        cpu=_cpu(row, kind),
        memory=_level(
            row, "memory", limit=row["memory_limit"],
            reserved=row["memory_request"] or row["memory_limit"],
        ),
        gpu=_level(
            row, "gpu", scale=len(gpus) or 1, reserved=len(gpus), limit=len(gpus),
            idle=row["gpu_idle"],
        ),
        gpu_memory=_level(row, "gpu_memory", reserved=1.0, limit=1.0),
        gpus_used=sum(most >= BUSY_GPU for most in gpus.values()),
        power_watts=row["power_mean"], network=row["network_mean"],
        last_seen=datetime.fromtimestamp((row["last"] + 1) * steps.seconds, UTC),
        cpu_unit="core" if kind != "host" or _cpus(row) else "machine",
    )  # fmt: skip


def _cpu(row: dict[str, Any], kind: str) -> Level | None:
    if kind != "host":
        limit = row["cpu_limit"]
        return _level(
            row, "cpu", reserved=row["cpu_request"] or limit, limit=limit, idle=row["cpu_idle"]
        )
    cpus = _cpus(row) or 1.0
    return _level(row, "cpu", scale=cpus, reserved=cpus, limit=cpus, idle=row["cpu_idle"])


def _cpus(row: dict[str, Any]) -> float | None:
    """Return how many a host has, by its own count or by the labels of its series."""
    return row["cpus"] or (row["cpu_parts"] if row["cpu_parts"] > 1 else None)


def _level(
    row: dict[str, Any],
    name: str,
    *,
    scale: float = 1.0,
    reserved: float | None = None,
    limit: float | None = None,
    idle: float | None = None,
) -> Level | None:
    mean = row[f"{name}_mean"]
    if mean is None:
        return None
    return Level(
        mean * scale, row[f"{name}_high"] * scale, row[f"{name}_most"] * scale,
        float(reserved) if reserved else None, float(limit) if limit else None, idle,
    )  # fmt: skip
