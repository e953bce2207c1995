"""Storage: file systems, volumes, databases and Vedette's own store, and when each is full."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from vedette.core.time import TimeRange
from vedette.infrastructure.storage_sql import FULLNESS, METRICS, ONE_HOST
from vedette.infrastructure.windows import Steps, steps_of, window_params
from vedette.statistics.exhaustion import Exhaustion, Floats, exhaustions

if TYPE_CHECKING:
    from vedette.query import QueryRunner

MAX_STORES = 10_000
"""File systems that one statement answers for."""
SILENT = timedelta(hours=6)
"""What has not reported for this long, or for two steps, is not forecast into the present."""
_DAY = 86_400.0
_ORDER = ("full", "growing", "no_limit", "not_growing", "too_little_history")


@dataclass(frozen=True, slots=True)
class Store:
    """Something that fills up.

    Attributes:
        account: whose.
        kind: ``filesystem``, ``volume``, ``database`` or ``store`` (Vedette's own).
        host: host, node or instance that reports it.
        name: mount point, volume or database.
        unit: ``By``; ``1`` where only the used share is reported.
        used: at the last point.
        capacity: used and free together, as who may not use the reserved part sees it; None where
            nobody tells.
        last_seen: start of the last step that has a point.
        reporting: whether that is not long ago.
        outlook: trend and forecast; days count from ``last_seen``.
        points: start of a step as Unix time, and what was used in it.

    """

    account: str
    kind: str
    host: str
    name: str
    device: str
    type: str
    unit: str
    used: float
    capacity: float | None
    last_seen: datetime
    reporting: bool
    outlook: Exhaustion
    points: Sequence[tuple[int, float]]

    @property
    def utilization(self) -> float | None:
        """Used share of the capacity."""
        return self.used / self.capacity if self.capacity else None

    @property
    def full_at(self) -> datetime | None:
        """When it is full, by the trend."""
        days = self.outlook.days
        return self.last_seen + timedelta(days=days) if days is not None else None


def read_stores(
    runner: QueryRunner,
    account: str,
    time_range: TimeRange,
    *,
    host: str = "",
    limit: int = MAX_STORES,
) -> tuple[Steps, list[Store]]:
    """Return everything that fills up, what is full first, by one statement.

    Args:
        runner: runs it.
        account: whose; in a monitoring account's context also what others share.
        time_range: the history that trends come from.
        host: only of this host, or of all.
        limit: most of them.

    """
    steps = steps_of(time_range)
    sql = (
        FULLNESS.replace("{rollup}", steps.rollup)
        .replace("{floor}", steps.floor)
        .replace("{only}", ONE_HOST if host else "")
    )
    params = {
        **window_params(time_range), "metrics": list(METRICS), "host": host,
        "step": steps.seconds, "limit": limit,
    }  # fmt: skip
    rows = runner.run(account, sql, params, limits=runner.bulk_limits(limit)).records()
    read = [one for row in rows if (one := _read(row, steps.seconds)) is not None]
    stores = _forecast(read, steps, time_range.end)
    return steps, sorted(stores, key=_urgency)


class _Read(NamedTuple):
    """A row of the answer, its points' times in seconds, what was used, and the capacity."""

    row: dict[str, Any]
    at: Floats
    values: Floats
    capacity: float | None


def _read(row: dict[str, Any], step: int) -> _Read | None:
    used, free, total = (_points(row[name]) for name in ("used", "free", "total"))
    capacity: float | None = None
    if len(total[0]):
        capacity = float(total[1][-1])
        if not len(used[0]):
            used = free[0], capacity - free[1]
    elif row["is_share"]:
        capacity = 1.0
    elif len(used[0]) and len(free[0]):
        _, of_used, of_free = np.intersect1d(
            used[0], free[0], assume_unique=True, return_indices=True
        )
        if len(of_used):
            capacity = float(used[1][of_used[-1]] + free[1][of_free[-1]])
    return _Read(row, used[0] * step, used[1], capacity) if len(used[0]) else None


def _forecast(read: Sequence[_Read], steps: Steps, end: datetime) -> list[Store]:
    """Return the stores; those that have points at the same times are forecast together."""
    alike: dict[bytes, list[_Read]] = {}
    for one in read:
        alike.setdefault(one.at.tobytes(), []).append(one)
    stores = []
    for group in alike.values():
        values = np.array([one.values for one in group])
        capacities = np.array([np.nan if one.capacity is None else one.capacity for one in group])
        outlooks = exhaustions(group[0].at / _DAY, values, capacities)
        moments = group[0].at.astype(np.int64).tolist()
        stores += [
            _store(one, moments, outlook, steps, end)
            for one, outlook in zip(group, outlooks, strict=True)
        ]
    return stores


def _store(
    one: _Read, moments: list[int], outlook: Exhaustion, steps: Steps, end: datetime
) -> Store:
    row, last = one.row, datetime.fromtimestamp(moments[-1], UTC)
    silent = max(SILENT, timedelta(seconds=2 * steps.seconds))
    return Store(
        row["account"], row["kind"], row["host"], row["name"] or "/", row["device"], row["type"],
        "1" if row["is_share"] else "By",
        float(one.values[-1]), one.capacity, last,
        end - last <= silent + timedelta(seconds=steps.seconds), outlook,
        list(zip(moments, one.values.tolist(), strict=True)),
    )  # fmt: skip


def _points(columns: list[list[float]]) -> tuple[Floats, Floats]:
    """Return steps and values of a map's two columns."""
    return np.array(columns[0], dtype=np.float64), np.array(columns[1], dtype=np.float64)


def _urgency(store: Store) -> tuple[bool, int, float, float, str, str]:
    outlook = store.outlook
    days = outlook.days if outlook.days is not None else float("inf")
    return (
        not store.reporting, _ORDER.index(outlook.state), days, -(store.utilization or 0.0),
        store.host, store.name,
    )  # fmt: skip
