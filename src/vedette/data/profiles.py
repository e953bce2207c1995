"""Profiles in the warehouse: stored as states, merged over any window, listed, frozen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from vedette.core.errors import InvalidInputError, NotFoundError
from vedette.core.ids import new_id
from vedette.core.time import TimeRange, now_ns
from vedette.data.profile_rows import NewProfile, check_dataset, checked
from vedette.data.profiling.merging import SUMMARY, profiles_of
from vedette.data.profiling.states import COUNTS, EXTREMES, STATE_TYPES
from vedette.data.profiling.summary import ColumnProfile
from vedette.query import QueryRunner
from vedette.store.warehouse import Warehouse
from vedette.store.warehouse.base import Query, QueryLimits

MAX_ROWS = 50_000
"""Columns times segments times windows of one call."""
MAX_READ_COLUMNS = 1000
MAX_WINDOWS = 1000


def _camel(name: str) -> str:
    return "".join(part.capitalize() for part in name.split("_"))


_MEMBERS = ", ".join(
    [
        *(f"{_camel(name)} AS {name}" for name in (
            "name", "position", "type", "kind", "pivot", "scale", "vector", "rows", *COUNTS, *EXTREMES,
        )),
        *(f"{_camel(name)} AS {name}_state" for name in STATE_TYPES),
    ]
)  # fmt: skip
_CURRENT = """
Dataset = {dataset:String} AND Start >= {start:DateTime64(3)} AND Start < {end:DateTime64(3)}
"""
_CHOSEN = """
{current} {more}
AND (ProfileId, Version) IN (
    SELECT ProfileId, max(Version) FROM @{table} WHERE {current} GROUP BY ProfileId)
AND (Start, End, length(Segment)) IN (
    SELECT Start, End, min(length(Segment)) FROM @{table} WHERE {current} {keys}
    GROUP BY Start, End)
"""
_WINDOWS = """
SELECT
    Start AS start, End AS end, toUInt64(sumIf(Rows, Position = first)) AS rows,
    count(DISTINCT Name) AS columns, max(ReceivedTime) AS received, arraySort(groupUniqArray(Segment)) AS segments
FROM (
    SELECT *, min(Position) OVER (PARTITION BY ProfileId, Version) AS first
    FROM @data_profiles WHERE {chosen}
)
GROUP BY Start, End
ORDER BY Start DESC
LIMIT {limit:UInt32} OFFSET {offset:UInt32}
"""
_FREEZE_LIMITS = QueryLimits(rows=1_000_000_000, seconds=300.0)
_FREEZE_SETTINGS = {
    "limit": 0,
    "max_result_rows": 0,
    "max_partitions_per_insert_block": 0,
}


@dataclass(frozen=True, slots=True)
class Selection:
    """Which profiles of a dataset are merged.

    Attributes:
        dataset: its name.
        range: windows that begin in it.
        segment: only these segments: column to value.
        columns: only these columns; all where None.
        baseline: a frozen baseline's id; then the range does not matter.
        masked: ranges that are left out, such as incidents.
        profile: only the profile of this id.

    """

    dataset: str
    range: TimeRange
    segment: Mapping[str, str] = field(default_factory=dict)
    columns: Sequence[str] | None = None
    baseline: str | None = None
    masked: Sequence[TimeRange] = ()
    profile: str | None = None


class Profiles:
    """Reads and writes profiles. Thread-safe; every method blocks its thread."""

    def __init__(self, warehouse: Warehouse, runner: QueryRunner) -> None:
        self._warehouse = warehouse
        self._runner = runner

    def store(self, account: str, dataset: str, profile: NewProfile) -> str:
        """Store a profile and return its id; returns after the commit.

        Raises:
            InvalidInputError: a row is not a column's states, or a state does not read.

        """
        check_dataset(dataset)
        if not profile.rows or len(profile.rows) > MAX_ROWS:
            raise InvalidInputError(
                f"a profile of {len(profile.rows)} rows",
                field="columns",
                remedy=f"send 1 to {MAX_ROWS} rows of columns at a time",
            )
        if profile.start >= profile.end:
            raise InvalidInputError(
                "the profile's window is empty", field="start", remedy="give a start before the end"
            )
        profile_id = profile.profile_id or new_id()
        shared = {
            "baseline": int(profile.baseline),
            "account": account,
            "dataset": dataset,
            "profile_id": profile_id,
            "version": profile.version or new_id(),
            "received": now_ns() // 1_000_000,
        }
        lines = [
            orjson.dumps(
                {**shared, **checked(row, index, profile)}, option=orjson.OPT_APPEND_NEWLINE
            )
            for index, row in enumerate(profile.rows)
        ]
        try:
            self._warehouse.insert("ingest_profiles", lines, "JSONEachRow", {})
        except InvalidInputError as error:
            raise InvalidInputError(
                "a state of the profile does not read",
                field="columns",
                remedy="send states as vedette.profile makes them, of the same version",
            ) from error
        return profile_id

    def read(self, account: str, selection: Selection) -> list[ColumnProfile]:
        """Return the merged profile of each column, in their order; empty where there is none."""
        source, params = self._source(selection)
        columns = self._runner.run(account, SUMMARY.replace("{source}", source), params)
        rows = list(zip(*(columns[name] for name in columns.names), strict=True))
        return profiles_of(rows)

    def series(
        self, account: str, selection: Selection, seconds: float
    ) -> list[tuple[datetime, list[ColumnProfile]]]:
        """Return merged profiles by period, oldest first; periods without profiles are left out.

        Args:
            account: whose.
            selection: which.
            seconds: length of a period, of at most 1,000 in the range.

        """
        if seconds <= 0 or selection.range.seconds / seconds > MAX_WINDOWS:
            raise InvalidInputError(
                f"periods of {seconds:g} s are too short for the range",
                field="period",
                remedy=f"choose one that gives up to {MAX_WINDOWS} periods",
            )
        source, params = self._source(selection, extra=", Start AS window_start")
        period = "toStartOfInterval(window_start, toIntervalSecond({seconds:UInt32}))"
        sql = SUMMARY.replace("{source}", source)
        sql = sql.replace("SELECT\n    name,", f"SELECT\n    {period} AS window, name,", 1)
        sql = sql.replace("GROUP BY name", "GROUP BY window, name").replace(
            "ORDER BY min", "ORDER BY window, min"
        )
        answer = self._runner.run(account, sql, {**params, "seconds": round(seconds)})
        groups: dict[str, list[tuple[Any, ...]]] = {}
        for row in zip(*(answer[name] for name in answer.names), strict=True):
            groups.setdefault(row[0], []).append(row)
        return [
            (datetime.fromisoformat(start), profiles_of(rows, extra=1))
            for start, rows in groups.items()
        ]

    def windows(
        self, account: str, selection: Selection, *, limit: int = 100, offset: int = 0
    ) -> list[dict[str, Any]]:
        """Return the windows that have profiles, newest first, with rows, columns and segments."""
        where, params = self._where(selection, "data_profiles")
        sql = _WINDOWS.replace("{chosen}", where)
        return self._runner.run(
            account, sql, {**params, "limit": limit, "offset": offset}
        ).records()

    def freeze(self, account: str, selection: Selection, baseline: str) -> None:
        """Copy the states of a range as a baseline that retention leaves alone.

        Raises:
            NotFoundError: there is no profile in the range.

        """
        if not self.windows(account, selection, limit=1):
            raise NotFoundError(
                f"there is no profile of {selection.dataset!r} in that range",
                field="start",
                remedy="widen the range, or profile the data first",
            )
        where, params = self._where(selection, "data_profiles")
        own = "(SELECT * FROM data_profiles WHERE Account = {account:String})"
        copied = (
            "INSERT INTO data_baselines SELECT * REPLACE ("
            "{frozen_id:String} AS ProfileId, {frozen_version:String} AS Version) "
            f"FROM (SELECT * FROM {own} WHERE {where.replace('@data_profiles', own)})"
        )
        params |= {"account": account, "frozen_id": baseline, "frozen_version": new_id()}
        self._warehouse.fetch(Query(copied, params, _FREEZE_LIMITS, None, _FREEZE_SETTINGS), "Null")

    def _source(self, selection: Selection, extra: str = "") -> tuple[str, dict[str, Any]]:
        table = "data_baselines" if selection.baseline else "data_profiles"
        where, params = self._where(selection, table)
        return f"(SELECT {_MEMBERS}{extra} FROM @{table} WHERE {where})", params

    def _where(self, selection: Selection, table: str) -> tuple[str, dict[str, Any]]:
        params: dict[str, Any] = {"dataset": selection.dataset}
        current, more, keys = _CURRENT, "", ""
        if selection.baseline:
            current = "Dataset = {dataset:String} AND ProfileId = {baseline:String}"
            params["baseline"] = selection.baseline
        else:
            params |= {"start": selection.range.start, "end": selection.range.end}
            if selection.profile is not None:
                current += " AND ProfileId = {profile:String}"
                params["profile"] = selection.profile
        for index, (key, value) in enumerate(selection.segment.items()):
            more += f" AND Segment[{{key{index}:String}}] = {{value{index}:String}}"
            keys += f" AND mapContains(Segment, {{key{index}:String}})"
            params |= {f"key{index}": key, f"value{index}": value}
        for index, masked in enumerate(selection.masked):
            more += (
                f" AND NOT (Start < {{masked_end{index}:DateTime64(3)}}"
                f" AND End > {{masked_start{index}:DateTime64(3)}})"
            )
            params |= {f"masked_start{index}": masked.start, f"masked_end{index}": masked.end}
        if selection.columns is not None:
            if len(selection.columns) > MAX_READ_COLUMNS:
                raise InvalidInputError(
                    f"{len(selection.columns)} columns are too many to read at once",
                    field="columns",
                    remedy=f"give up to {MAX_READ_COLUMNS}",
                )
            more += " AND Name IN {columns:Array(String)}"
            params["columns"] = list(selection.columns)
        where = _CHOSEN.replace("{current}", current).replace("{more}", more)
        return where.replace("{keys}", keys).replace("{table}", table), params
