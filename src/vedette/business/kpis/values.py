"""Values of KPIs: stored as metrics, read with corrections taken and gaps said."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from vedette.business.kpis.definition import PREFIX, Aggregate, KpiSpec
from vedette.core.errors import InvalidInputError
from vedette.telemetry.emit import MetricPoint

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from vedette.query import QueryRunner
    from vedette.store.warehouse import Warehouse

    Floats = NDArray[np.float64]
    Emit = Callable[[str, Sequence[MetricPoint], str], None]

MAX_POINTS = 10_000
"""Periods of one answer."""
MAX_GROUPS = 50
MAX_GAPS = 500
_ROWS = 500_000
_AGGREGATES: Mapping[Aggregate, str] = {
    "sum": "sum(Latest)",
    "avg": "avg(Latest)",
    "last": "argMax(Latest, Time)",
    "min": "min(Latest)",
    "max": "max(Latest)",
}
_LATEST = """
SELECT Series, Time, any(Dimensions) AS Labels, argMax(Value, ReceivedTime) AS Latest,
    max(ReceivedTime) AS Received
FROM @kpi_values
WHERE Kpi = {kpi:String} AND Time >= fromUnixTimestamp64Milli({from:Int64})
    AND Time < fromUnixTimestamp64Milli({to:Int64}) $narrowed
GROUP BY Series, Time
"""
# Of a series first, then over series: the last value of each store, added up over stores.
_SERIES = f"""
SELECT Group, Slot, $across AS Value, max(Received) AS Received
FROM
(
    SELECT Series, $group AS Group,
        toInt64(intDiv(toUnixTimestamp64Milli(Time), {{step:Int64}}) * {{step:Int64}} / 1000) AS Slot,
        $aggregate AS Value, max(Received) AS Received
    FROM ({_LATEST})
    GROUP BY Series, Group, Slot
)
GROUP BY Group, Slot
ORDER BY Group, Slot
"""
_ACROSS: Mapping[Aggregate, str] = {
    "sum": "sum(Value)",
    "avg": "avg(Value)",
    "last": "sum(Value)",
    "min": "min(Value)",
    "max": "max(Value)",
}
_NEWEST = """
SELECT toUnixTimestamp64Milli(max(Time)) AS Newest, count() AS Known
FROM @kpi_values WHERE Kpi = {kpi:String}
"""
_DIMENSIONS = """
SELECT Pair.1 AS Name, groupUniqArray(100)(Pair.2) AS Values
FROM (SELECT arrayJoin(CAST(Dimensions, 'Array(Tuple(String, String))')) AS Pair FROM @kpi_values
      WHERE Kpi = {kpi:String} AND Time >= fromUnixTimestamp64Milli({from:Int64}))
GROUP BY Name ORDER BY Name LIMIT 50
"""


@dataclass(frozen=True, slots=True)
class KpiValue:
    """A value of a moment."""

    time: datetime
    value: float
    dimensions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KpiSeries:
    """Values on a grid of periods; all arrays are as long as ``times``.

    Attributes:
        group: the value of the dimension that series were grouped by; empty for the whole.
        times: starts of the periods, Unix seconds.
        values: NaN where there is none.
        received: when the newest value of each came, Unix seconds; NaN where there is none.
        gaps: starts of the first and the last period of each run of missing ones between values.

    """

    group: str
    times: NDArray[np.int64]
    values: Floats
    received: Floats
    gaps: tuple[tuple[int, int], ...] = ()

    @property
    def missing(self) -> int:
        """Periods without a value between the first and the last one."""
        known = np.flatnonzero(np.isfinite(self.values))
        return 0 if not len(known) else int(known[-1] - known[0] + 1 - len(known))


class KpiValues:
    """Stores and reads values. Thread-safe; every method blocks its thread.

    Args:
        warehouse: where they are.
        runner: reads them.
        emit: stores an account's metric points; None where nothing is to be stored.
        max_age_seconds: older points are no metrics; they are kept as values alone.

    """

    def __init__(
        self,
        warehouse: Warehouse,
        runner: QueryRunner,
        emit: Emit | None = None,
        *,
        max_age_seconds: float = 90 * 86_400,
    ) -> None:
        self._warehouse = warehouse
        self._runner = runner
        self._emit = emit
        self._max_age = max_age_seconds

    def store(
        self,
        account: str,
        kpi: str,
        unit: str,
        values: Sequence[KpiValue],
        *,
        batch: str,
        now: datetime,
    ) -> None:
        """Store values; one of the same moment and dimensions as an earlier one corrects it.

        They are metric points, and at once what KPIs read: the points reach that some seconds later.
        """
        received = now.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        lines = [
            orjson.dumps(
                {
                    "Account": account, "Kpi": kpi, "Value": float(one.value), "Unit": unit,
                    "Time": one.time.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3],
                    "Dimensions": dict(one.dimensions), "ReceivedTime": received,
                },
                option=orjson.OPT_APPEND_NEWLINE,
            )
            for one in values
        ]  # fmt: skip
        points = [
            MetricPoint(PREFIX + kpi, one.value, unit, one.dimensions, one.time)
            for one in values
            if (now - one.time).total_seconds() < self._max_age
        ]
        if points and self._emit:
            self._emit(account, points, batch)
        if lines:
            self._warehouse.insert("kpi_values", lines, "JSONEachRow", {})

    def read(
        self,
        account: str,
        kpi: str,
        spec: KpiSpec,
        start: float,
        end: float,
        *,
        step: int | None = None,
        where: Mapping[str, str] | None = None,
        group_by: str = "",
    ) -> list[KpiSeries]:
        """Return a KPI's series over a range, widened to whole periods; none where it has no value.

        Args:
            account: whose.
            kpi: its name.
            spec: its definition.
            start: Unix seconds.
            end: Unix seconds.
            step: seconds of a period; its own where None.
            where: values of dimensions that are kept.
            group_by: a dimension; each of its values is a series.

        """
        step = step or spec.step
        first, last = int(start) // step * step, -(-int(end) // step) * step
        if (last - first) // step > MAX_POINTS:
            raise InvalidInputError(
                f"the range holds more than {MAX_POINTS} periods",
                field="start",
                remedy="use a shorter range or a longer step",
            )
        narrowed, params = _narrowed(where or {})
        group = "Labels[{group:String}]" if group_by else "''"
        sql = (
            _SERIES.replace("$narrowed", narrowed)
            .replace("$group", group)
            .replace("$aggregate", _AGGREGATES[spec.aggregate])
            .replace("$across", _ACROSS[spec.aggregate])
        )
        params |= {"kpi": kpi, "from": first * 1000, "to": last * 1000, "step": step * 1000}
        if group_by:
            params["group"] = group_by
        rows = self._runner.run(account, sql, params, limits=self._runner.bulk_limits(_ROWS))
        found: dict[str, list[tuple[int, float, float]]] = defaultdict(list)
        for name, slot, value, received in zip(
            rows["Group"], rows["Slot"], rows["Value"], rows["Received"], strict=True
        ):
            found[name].append((slot, value, _seconds(received)))
        times = np.arange(first, last, step, dtype=np.int64)
        return [_series(name, times, points, step) for name, points in found.items()][:MAX_GROUPS]

    def newest(self, account: str, kpi: str) -> float | None:
        """Return the moment of the newest value, Unix seconds, or None."""
        rows = self._runner.run(account, _NEWEST, {"kpi": kpi})
        return rows["Newest"][0] / 1000 if rows["Known"][0] else None

    def dimensions(self, account: str, kpi: str, since: float) -> dict[str, list[str]]:
        """Return the dimensions that values have, each with up to 100 of its values."""
        rows = self._runner.run(account, _DIMENSIONS, {"kpi": kpi, "from": int(since * 1000)})
        return {
            name: sorted(values) for name, values in zip(rows["Name"], rows["Values"], strict=True)
        }


def _narrowed(where: Mapping[str, str]) -> tuple[str, dict[str, Any]]:
    text = ""
    params: dict[str, Any] = {}
    for number, (name, value) in enumerate(sorted(where.items())):
        text += f" AND Dimensions[{{d{number}:String}}] = {{v{number}:String}}"
        params |= {f"d{number}": name, f"v{number}": value}
    return text, params


def _series(
    name: str, times: NDArray[np.int64], points: Sequence[tuple[int, float, float]], step: int
) -> KpiSeries:
    values, received = np.full(len(times), np.nan), np.full(len(times), np.nan)
    for slot, value, moment in points:
        place = (slot - int(times[0])) // step
        if 0 <= place < len(times):
            values[place], received[place] = value, moment
    return KpiSeries(name, times, values, received, _gaps(times, values))


def _gaps(times: NDArray[np.int64], values: Floats) -> tuple[tuple[int, int], ...]:
    known = np.flatnonzero(np.isfinite(values))
    if not len(known):
        return ()
    found = [
        (int(times[before + 1]), int(times[after - 1]))
        for before, after in zip(known[:-1].tolist(), known[1:].tolist(), strict=True)
        if after - before > 1
    ]
    return tuple(found[:MAX_GAPS])


def _seconds(moment: str) -> float:
    parsed = datetime.fromisoformat(moment)
    return (parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)).timestamp()
