"""Results of monitors as facts: written once a window, replaced when a late window is looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson

from vedette.core.time import TimeRange
from vedette.query import QueryRunner
from vedette.store.warehouse import Warehouse

COMPLETED, WITH_VIOLATIONS, NO_DATA = "Completed", "CompletedWithViolations", "NoData"
FAILED = "Failed"
"""Status of a window whose source could not be read."""
NOTE = "note"
"""Measure of what has to be known of how a window's source was read."""
_CURRENT = """
Monitor = {monitor:String} AND Start >= {start:DateTime64(3)} AND Start < {end:DateTime64(3)}
"""
_LAST = (
    f"(Start, Run) IN (SELECT Start, max(Run) FROM @data_results WHERE {_CURRENT} GROUP BY Start)"
)
_EVALUATED = f"""
SELECT Start AS start, max(Time) AS time, countIf(Family = 'window' AND Measure = 'rows') AS marks
FROM @data_results WHERE {_CURRENT} GROUP BY Start
"""
_ROWS = f"""
SELECT Start AS start, End AS end, Run AS run, Time AS time, Segment AS segment, Name AS column,
    Family AS family, Measure AS measure, Status AS status, Severity AS severity, Value AS value,
    Threshold AS threshold, PValue AS p_value, Adjusted AS adjusted, Description AS description,
    Details AS details, Monitor AS monitor
FROM @data_results
WHERE {_CURRENT} AND {_LAST} {{more}}
ORDER BY start DESC, status = 'violated' DESC, status = 'drift' DESC, column, measure
LIMIT {{{{limit:UInt32}}}} OFFSET {{{{offset:UInt32}}}}
"""
_DATASET = """
SELECT Start AS start, End AS end, Run AS run, Time AS time, Segment AS segment, Name AS column,
    Family AS family, Measure AS measure, Status AS status, Severity AS severity, Value AS value,
    Threshold AS threshold, PValue AS p_value, Adjusted AS adjusted, Description AS description,
    Details AS details, Monitor AS monitor
FROM @data_results
WHERE Dataset = {dataset:String} AND Start >= {start:DateTime64(3)} AND Start < {end:DateTime64(3)}
    AND (Monitor, Start, Run) IN (
        SELECT Monitor, Start, max(Run) FROM @data_results
        WHERE Dataset = {dataset:String} AND Start >= {start:DateTime64(3)} AND Start < {end:DateTime64(3)}
        GROUP BY Monitor, Start)
    __more__
ORDER BY start DESC, status = 'violated' DESC, status = 'drift' DESC, monitor, column, measure
LIMIT {limit:UInt32} OFFSET {offset:UInt32}
"""
_KNOWN = """
SELECT count() AS rows FROM @data_results
WHERE Dataset = {dataset:String} AND Monitor = {monitor:String} AND Run = {run:String}
    AND Start = {start:DateTime64(3)}
"""
_RUNS = f"""
SELECT Start AS start, End AS end, Run AS run, max(Time) AS time,
    sumIf(Value, Family = 'window' AND Measure = 'rows' AND empty(Segment)) AS rows,
    countIf(Status = 'violated') AS violations, countIf(Status = 'drift' AND Name != '') AS drifted,
    countIf(Family = 'drift' AND Name = '' AND Status = 'drift') AS dataset_drift,
    anyIf(Description, Family = 'window' AND Status = 'failed') AS error,
    groupArrayIf(20)(Description, Family = 'window' AND Measure = 'note') AS notes
FROM @data_results
WHERE {_CURRENT} AND {_LAST}
GROUP BY start, end, run
ORDER BY start DESC
LIMIT {{limit:UInt32}} OFFSET {{offset:UInt32}}
"""


@dataclass(frozen=True, slots=True)
class Result:
    """One row of ``data_results``.

    Attributes:
        family: ``window`` (rows of it, and notes), ``check`` or ``drift``.
        measure: what was measured: ``rows``, a kind of check, a drift measure; or ``note``.
        status: of its family.
        column: the column; empty for the dataset.
        segment: the segment; empty for the whole.

    """

    family: str
    measure: str
    status: str
    column: str = ""
    segment: Mapping[str, str] = field(default_factory=dict)
    severity: str = ""
    value: float | None = None
    threshold: float | None = None
    p_value: float | None = None
    adjusted: float | None = None
    description: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)


class Results:
    """Reads and writes results. Thread-safe; every method blocks its thread."""

    def __init__(self, warehouse: Warehouse, runner: QueryRunner) -> None:
        self._warehouse = warehouse
        self._runner = runner

    def store(
        self,
        account: str,
        dataset: str,
        monitor_id: str,
        run: str,
        window: TimeRange,
        results: Sequence[Result],
        *,
        time: datetime,
    ) -> None:
        """Store what a run found in a window; it stands for the window's earlier runs."""
        shared = {
            "Account": account,
            "Dataset": dataset,
            "Monitor": monitor_id,
            "Run": run,
            "Time": _text(time),
            "Start": _text(window.start),
            "End": _text(window.end),
        }
        lines = [
            orjson.dumps(
                {
                    **shared,
                    "Segment": dict(one.segment),
                    "Name": one.column,
                    "Family": one.family,
                    "Measure": one.measure,
                    "Status": one.status,
                    "Severity": one.severity,
                    "Value": one.value,
                    "Threshold": one.threshold,
                    "PValue": one.p_value,
                    "Adjusted": one.adjusted,
                    "Description": one.description,
                    "Details": orjson.dumps(
                        one.details, option=orjson.OPT_SERIALIZE_NUMPY
                    ).decode(),
                },
                option=orjson.OPT_APPEND_NEWLINE,
            )
            for one in results
        ]
        self._warehouse.insert("data_results", lines, "JSONEachRow", {})

    def known(
        self, account: str, dataset: str, monitor_id: str, run: str, window: TimeRange
    ) -> bool:
        """Return whether results of a run are there already."""
        params = {"dataset": dataset, "monitor": monitor_id, "run": run, "start": window.start}
        return bool(self._runner.run(account, _KNOWN, params).records()[0]["rows"])

    def evaluated(
        self, account: str, monitor_id: str, range_: TimeRange
    ) -> dict[datetime, datetime]:
        """Return the windows that were evaluated, and when last."""
        rows = self._runner.run(account, _EVALUATED, _params(monitor_id, range_))
        return {
            datetime.fromisoformat(start): datetime.fromisoformat(time)
            for start, time in zip(rows["start"], rows["time"], strict=True)
        }

    def runs(
        self, account: str, monitor_id: str, range_: TimeRange, *, limit: int = 100, offset: int = 0
    ) -> list[dict[str, Any]]:
        """Return the windows with their status, newest first."""
        params = {**_params(monitor_id, range_), "limit": limit, "offset": offset}
        rows = self._runner.run(account, _RUNS, params).records()
        for row in rows:
            bad = row["violations"] or row["dataset_drift"]
            empty = not row["rows"]
            row["status"] = NO_DATA if empty else WITH_VIOLATIONS if bad else COMPLETED
            if row["error"]:
                row["status"] = FAILED
            row["dataset_drift"] = bool(row["dataset_drift"])
        return rows

    def rows(
        self,
        account: str,
        monitor_id: str,
        range_: TimeRange,
        *,
        column: str | None = None,
        family: str | None = None,
        limit: int = 1000,
        offset: int = 0,
    ) -> list[dict[str, Any]]:
        """Return results, newest window first, the bad ones before the good."""
        more, chosen = _narrowed(column, family)
        params = {**_params(monitor_id, range_), "limit": limit, "offset": offset, **chosen}
        sql = _ROWS.replace("{more}", more).replace("{{", "{").replace("}}", "}")
        return self._read(account, sql, params)

    def of_dataset(
        self,
        account: str,
        dataset: str,
        range_: TimeRange,
        *,
        column: str | None = None,
        family: str | None = None,
        limit: int = 1000,
        offset: int = 0,
    ) -> list[dict[str, Any]]:
        """Return what all monitors and gates said of a dataset, as ``rows`` does of one monitor."""
        more, chosen = _narrowed(column, family)
        params = {"dataset": dataset, "start": range_.start, "end": range_.end}
        params |= {"limit": limit, "offset": offset, **chosen}
        return self._read(account, _DATASET.replace("__more__", more), params)

    def _read(self, account: str, sql: str, params: Mapping[str, Any]) -> list[dict[str, Any]]:
        rows = self._runner.run(account, sql, params).records()
        for row in rows:
            row["details"] = orjson.loads(row["details"] or "{}")
        return rows


def _narrowed(column: str | None, family: str | None) -> tuple[str, dict[str, Any]]:
    more, params = "", {}
    if column is not None:
        more += " AND Name = {column:String}"
        params["column"] = column
    if family is not None:
        more += " AND Family = {family:String}"
        params["family"] = family
    return more, params


def _params(monitor_id: str, range_: TimeRange) -> dict[str, Any]:
    return {"monitor": monitor_id, "start": range_.start, "end": range_.end}


def _text(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
