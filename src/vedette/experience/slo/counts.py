"""What was counted for objectives, as facts: stored by minute and hour, read by window."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson

from vedette.experience.slo.burn import Counts

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from vedette.experience.slo.counting import Table
    from vedette.query import QueryRunner
    from vedette.query.metric_math.values import Floats
    from vedette.store.warehouse import Warehouse

MINUTE, HOUR = 60, 3600
SHORT_WINDOW = 6 * HOUR
"""Longest window that is summed from minutes alone; longer ones begin at a whole hour."""
SETTLED = 12 * MINUTE
"""An hour is counted as a whole once it is over for so long."""
MAX_ROWS = 1_000_000
STORED_ROWS = 100_000
"""Rows of one insert."""
_LATEST = """
SELECT Slo, Time, argMax(Good, Counted) AS Good, argMax(Tolerating, Counted) AS Tolerating,
    argMax(Total, Counted) AS Total
FROM @$table
WHERE Slo IN {slos:Array(String)} AND Time >= toDateTime({from:UInt32}) AND Time < toDateTime({to:UInt32})
GROUP BY Slo, Time
"""
_WINDOWS = f"""
SELECT Slo,
    sumForEach(arrayMap(w -> if(toUnixTimestamp(Time) >= w, Good, 0), {{starts:Array(UInt32)}})) AS Goods,
    sumForEach(arrayMap(w -> if(toUnixTimestamp(Time) >= w, Tolerating, 0), {{starts:Array(UInt32)}})) AS Tolerated,
    sumForEach(arrayMap(w -> if(toUnixTimestamp(Time) >= w, Total, 0), {{starts:Array(UInt32)}})) AS Totals
FROM ({_LATEST})
GROUP BY Slo
"""
_CURSORS = """
SELECT Slo, toUnixTimestamp(max(Time)) AS Newest
FROM @$table
WHERE Slo IN {slos:Array(String)} AND Time >= toDateTime({from:UInt32})
GROUP BY Slo
"""
_HISTORY = f"""
SELECT toUnixTimestamp(Time) AS Moment, Good, Tolerating, Total FROM ({_LATEST}) ORDER BY Moment
"""


@dataclass(frozen=True, slots=True)
class Slot:
    """Counts of one minute or hour."""

    start: int
    counts: Counts


class SloCounts:
    """Reads and writes counts. Thread-safe; every method blocks its thread."""

    def __init__(self, warehouse: Warehouse, runner: QueryRunner) -> None:
        self._warehouse = warehouse
        self._runner = runner

    def store(
        self,
        account: str,
        step: int,
        table: Table,
        keys: Sequence[str],
        start: int,
        end: int,
        counted: datetime,
    ) -> int:
        """Store the counts of ``[start, end)``, zeros too: they say that it was counted."""
        moment = counted.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
        times = np.arange(start, end, step, dtype=np.uint32)
        if not len(times):
            return 0
        size = max(1, STORED_ROWS // len(times))
        for first in range(0, len(keys), size):
            some = keys[first : first + size]
            rows = len(some) * len(times)
            counts = np.concatenate([_dense(table.get(key, {}), times, step) for key in some], 1)
            body = orjson.dumps(
                {
                    "Account": [account] * rows,
                    "Slo": [key for key in some for _ in range(len(times))],
                    "Time": np.tile(times, len(some)),
                    "Good": counts[0], "Tolerating": counts[1], "Total": counts[2],
                    "Counted": [moment] * rows,
                },
                option=orjson.OPT_SERIALIZE_NUMPY,
            )  # fmt: skip
            self._warehouse.insert(_table(step), [body], "JSONColumns", {})
        return len(keys) * len(times)

    def cursors(self, account: str, step: int, keys: Sequence[str], since: int) -> dict[str, int]:
        """Return the newest slot that was counted of each objective, if it is not before ``since``."""
        sql = _CURSORS.replace("$table", _table(step))
        rows = self._run(account, sql, {"slos": list(keys), "from": since})
        return dict(zip(rows["Slo"], rows["Newest"], strict=True))

    def windows(
        self, account: str, keys: Sequence[str], starts: Sequence[int], end: int
    ) -> dict[str, dict[int, Counts]]:
        """Return the counts of each objective since each of some moments, up to ``end``.

        Two statements, however many objectives there are. Windows of more than six hours begin at
        the whole hour before.
        """
        found: dict[str, dict[int, Counts]] = {key: {} for key in keys}
        if not keys:
            return found
        short = sorted({start for start in starts if end - start <= SHORT_WINDOW})
        long = sorted({start for start in starts if end - start > SHORT_WINDOW})
        boundary = settled_hour(end)
        minutes = [*short, boundary]
        for key, values in self._sums(account, MINUTE, keys, minutes, min(minutes), end).items():
            found[key] |= dict(zip(minutes, values, strict=True))
        if long:
            hours = [start // HOUR * HOUR for start in long]
            sums = self._sums(account, HOUR, keys, hours, min(hours), boundary)
            for key in keys:
                recent = found[key].get(boundary, Counts())
                values = sums.get(key) or [Counts()] * len(long)
                found[key] |= {
                    start: value + recent for start, value in zip(long, values, strict=True)
                }
        for slots in found.values():
            for start in starts:
                slots.setdefault(start, Counts())
        return found

    def history(self, account: str, key: str, step: int, start: int, end: int) -> list[Slot]:
        """Return the counts of an objective by minute or hour, oldest first."""
        params = {"slos": [key], "from": start, "to": end}
        rows = self._run(account, _HISTORY.replace("$table", _table(step)), params)
        return [
            Slot(moment, Counts(good, tolerating, total))
            for moment, good, tolerating, total in zip(
                rows["Moment"], rows["Good"], rows["Tolerating"], rows["Total"], strict=True
            )
        ]

    def _sums(
        self,
        account: str,
        step: int,
        keys: Sequence[str],
        starts: Sequence[int],
        first: int,
        end: int,
    ) -> dict[str, list[Counts]]:
        sql = _WINDOWS.replace("$table", _table(step))
        params = {"slos": list(keys), "starts": list(starts), "from": first, "to": end}
        rows = self._run(account, sql, params)
        return {
            slo: [Counts(*three) for three in zip(goods, tolerated, totals, strict=True)]
            for slo, goods, tolerated, totals in zip(
                rows["Slo"], rows["Goods"], rows["Tolerated"], rows["Totals"], strict=True
            )
        }

    def _run(self, account: str, sql: str, params: Mapping[str, Any]) -> Any:  # noqa: ANN401 - Columns
        limits = self._runner.bulk_limits(MAX_ROWS)
        return self._runner.run(account, sql, params, limits=limits)


def _dense(slots: Mapping[int, Counts], times: NDArray[np.uint32], step: int) -> Floats:
    """Return good, tolerating and total of every slot, as rows of an array."""
    counts = np.zeros((3, len(times)))
    known = [slot for slot in slots if times[0] <= slot <= times[-1]]
    if known:
        places = (np.array(known, dtype=np.int64) - int(times[0])) // step
        found = [(one.good, one.tolerating, one.total) for one in map(slots.__getitem__, known)]
        counts[:, places] = np.array(found).T
    return counts


def settled_hour(end: int) -> int:
    """Return the end of the newest hour that is counted as a whole at a moment."""
    return (end - SETTLED) // HOUR * HOUR


def _table(step: int) -> str:
    return "slo_minutes" if step == MINUTE else "slo_hours"
