"""Profiles in the warehouse: stored as states, merged over any window, listed, frozen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import orjson

from vedette.core.errors import InvalidInputError, NotFoundError
from vedette.core.ids import new_id
from vedette.core.time import TimeRange, now_ns
from vedette.data.profile_rows import NewProfile, check_dataset, checked
from vedette.data.profiling.columns import MAX_COLUMNS
from vedette.data.profiling.merging import SUMMARY, profiles_of
from vedette.data.profiling.states import COUNTS, EXTREMES, STATE_TYPES
from vedette.data.profiling.summary import ColumnProfile
from vedette.query import QueryRunner
from vedette.store.warehouse import Warehouse
from vedette.store.warehouse.base import Query, QueryLimits

MAX_ROWS = 50_000
"""Columns times segments times windows of one call."""
MAX_READ_COLUMNS = 1000
"""Columns that a caller may name."""
MAX_WINDOWS = 1000
MAX_SERIES = 20_000
"""Columns times windows of a series: each is a profile in the server's memory."""
_GROUPS_A_STATEMENT = 250
"""Columns times windows that one statement merges: up to 1 MB each while they are read and merged."""
_MAX_PIVOTS = 100
"""Groups that a column of a window may come in: one a pivot, scale and kind."""


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
_HELD = """
SELECT Name AS name, uniqExact({period}) AS windows
FROM @{table} WHERE {where}
GROUP BY Name ORDER BY min(Position), Name
"""
_PERIOD = "toStartOfInterval({start}, toIntervalSecond({seconds:UInt32}))"
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

    def page(
        self, account: str, selection: Selection, *, search: str = "", limit: int, offset: int = 0
    ) -> tuple[list[ColumnProfile], int]:
        """Return the merged profiles of some columns, in their order, and how many columns there are.

        Args:
            account: whose.
            selection: which.
            search: part of a column's name, in any case; all where empty.
            limit: most columns.
            offset: columns that are passed over.

        """
        wanted = search.casefold()
        names = [name for name in self._held(account, selection) if wanted in name.casefold()]
        chosen = replace(selection, columns=names[offset : offset + limit])
        return self.read(account, chosen), len(names)

    def read(self, account: str, selection: Selection) -> list[ColumnProfile]:
        """Return the merged profile of each column, in their order; empty where there is none."""
        names = selection.columns
        if names is None or len(names) > _GROUPS_A_STATEMENT:
            names = list(self._held(account, selection))
        found = [
            profile
            for part in _parts(names, 1)
            for profile in profiles_of(self._merged(account, replace(selection, columns=part)))
        ]
        return sorted(found, key=lambda profile: profile.position)

    def series(
        self, account: str, selection: Selection, seconds: float
    ) -> list[tuple[datetime, list[ColumnProfile]]]:
        """Return merged profiles by period, oldest first; periods without profiles are left out.

        Args:
            account: whose.
            selection: which.
            seconds: length of a period, of at most 1,000 in the range.

        Raises:
            InvalidInputError: there are more than 1,000 periods, or more than 20,000 profiles of
                columns in them.

        """
        if seconds <= 0 or selection.range.seconds / seconds > MAX_WINDOWS:
            raise InvalidInputError(
                f"periods of {seconds:g} s are too short for the range",
                field="period",
                remedy=f"choose one that gives up to {MAX_WINDOWS} periods",
            )
        held = self._held(account, selection, seconds)
        if (total := sum(held.values())) > MAX_SERIES:
            raise InvalidInputError(
                f"{len(held):,} columns have {total:,} profiles in these periods",
                field="columns",
                remedy=f"choose fewer columns or longer periods, for up to {MAX_SERIES:,}",
            )
        groups: dict[str, list[ColumnProfile]] = {}
        for part in _parts(list(held), max(held.values(), default=1)):
            rows: dict[str, list[Sequence[Any]]] = {}
            for row in self._merged(account, replace(selection, columns=part), seconds):
                rows.setdefault(row[0], []).append(row)
            for start, ones in rows.items():
                groups.setdefault(start, []).extend(profiles_of(ones, extra=1))
        return [
            (datetime.fromisoformat(start), sorted(found, key=lambda profile: profile.position))
            for start, found in sorted(groups.items())
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

    def _held(self, account: str, selection: Selection, seconds: float = 0) -> dict[str, int]:
        """Return the columns that have profiles, in their order, with the periods that have some."""
        table = "data_baselines" if selection.baseline else "data_profiles"
        where, params = self._where(selection, table)
        period = _PERIOD.replace("{start}", "Start") if seconds else "0"
        sql = _HELD.replace("{table}", table).replace("{where}", where).replace("{period}", period)
        answer = self._runner.run(
            account, sql, {**params, "seconds": round(seconds)},
            limits=self._runner.bulk_limits(MAX_COLUMNS * MAX_WINDOWS),
        )  # fmt: skip
        return dict(zip(answer["name"], answer["windows"], strict=True))

    def _merged(
        self, account: str, selection: Selection, seconds: float = 0
    ) -> list[Sequence[Any]]:
        """Return the rows of ``SUMMARY``; with ``seconds`` each after the beginning of its period."""
        source, params = self._source(selection, ", Start AS window_start" if seconds else "")
        sql = SUMMARY.replace("{source}", source)
        if seconds:
            period = _PERIOD.replace("{start}", "window_start")
            sql = sql.replace("SELECT\n    name,", f"SELECT\n    {period} AS window, name,", 1)
            sql = sql.replace("GROUP BY name", "GROUP BY window, name")
            sql = sql.replace("ORDER BY min", "ORDER BY window, min")
            params["seconds"] = round(seconds)
        # More rows than the limit would be cut off, and the rest be a wrong profile.
        most = _MAX_PIVOTS * max(_GROUPS_A_STATEMENT, MAX_WINDOWS)
        answer = self._runner.run(account, sql, params, limits=self._runner.bulk_limits(most))
        return list(zip(*(answer[name] for name in answer.names), strict=True))

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


def _parts(names: Sequence[str], windows: int) -> Iterator[list[str]]:
    """Yield columns in parts whose states one statement's memory has room for.

    By name, which is the table's order: the columns of a part are beside each other on disk.
    """
    size = max(1, _GROUPS_A_STATEMENT // windows)
    ordered = sorted(names)
    for start in range(0, len(ordered), size):
        yield ordered[start : start + size]
