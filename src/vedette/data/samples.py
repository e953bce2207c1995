"""Rows that were kept beside profiles: stored as they come, read by window and value."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import orjson

from vedette.core.errors import InvalidInputError
from vedette.core.time import TimeRange
from vedette.data.profiling.samples import MAX_KEPT
from vedette.query import QueryRunner
from vedette.store.warehouse import Warehouse

MAX_ROW_BYTES = 256 << 10
_ROWS = """
SELECT Start AS start, Row AS row
FROM @data_samples
WHERE Dataset = {dataset:String} AND Start >= {start:DateTime64(3)} AND Start < {end:DateTime64(3)}
    AND (ProfileId, Version) IN (
        SELECT ProfileId, max(Version) FROM @data_samples
        WHERE Dataset = {dataset:String} AND Start >= {start:DateTime64(3)} AND Start < {end:DateTime64(3)}
        GROUP BY ProfileId)
"""
_ORDER = " ORDER BY start DESC, cityHash64(row) LIMIT {limit:UInt32}"
_TEXT = (
    "if(JSONType(Row, {column:String}) = 'String', JSONExtractString(Row, {column:String}), "
    "JSONExtractRaw(Row, {column:String}))"
)


class Samples:
    """Reads and writes kept rows. Thread-safe; every method blocks its thread."""

    def __init__(self, warehouse: Warehouse, runner: QueryRunner) -> None:
        self._warehouse = warehouse
        self._runner = runner

    def store(
        self,
        account: str,
        dataset: str,
        rows: Sequence[tuple[Mapping[str, Any], datetime, datetime]],
        profile: tuple[str, str],
    ) -> None:
        """Store rows with the start and end of their windows.

        Args:
            account: whose.
            dataset: of which dataset.
            rows: up to 1,000.
            profile: id and version of the profile that they belong to.

        """
        if len(rows) > MAX_KEPT:
            raise InvalidInputError(
                f"{len(rows)} rows are too many", field="rows", remedy=f"keep up to {MAX_KEPT}"
            )
        lines = []
        for index, (row, start, end) in enumerate(rows):
            text = orjson.dumps(row).decode()
            if len(text) > MAX_ROW_BYTES:
                raise InvalidInputError(
                    f"a row has {len(text):,} bytes",
                    field=f"rows[{index}]",
                    remedy=f"keep rows of up to {MAX_ROW_BYTES:,}: leave columns out",
                )
            lines.append(
                orjson.dumps(
                    {
                        "Account": account,
                        "Dataset": dataset,
                        "Start": int(start.timestamp() * 1000) / 1000,
                        "End": int(end.timestamp() * 1000) / 1000,
                        "ProfileId": profile[0],
                        "Version": profile[1],
                        "Row": text,
                    },
                    option=orjson.OPT_APPEND_NEWLINE,
                )
            )
        if lines:
            self._warehouse.insert("data_samples", lines, "JSONEachRow", {})

    def read(
        self,
        account: str,
        dataset: str,
        range_: TimeRange,
        *,
        column: str | None = None,
        bounds: tuple[float | None, float | None] = (None, None),
        value: str | None = None,
        limit: int = 100,
    ) -> list[dict[str, Any]]:
        """Return kept rows of windows that begin in a range, newest window first.

        Args:
            account: whose.
            dataset: of which dataset.
            range_: the windows.
            column: what ``bounds`` and ``value`` are of.
            bounds: least value, and the one that all are below; None is open.
            value: the value as text.
            limit: most rows.

        """
        params: dict[str, Any] = {
            "dataset": dataset,
            "start": range_.start,
            "end": range_.end,
            "limit": limit,
        }
        sql = _ROWS
        if column is None and (value is not None or bounds != (None, None)):
            raise InvalidInputError(
                "bounds and values are of a column", field="column", remedy="name the column"
            )
        if column is not None:
            params["column"] = column
            number = "JSONExtract(Row, {column:String}, 'Nullable(Float64)')"
            for sign, name, bound in ((">=", "low", bounds[0]), ("<", "high", bounds[1])):
                if bound is not None:
                    sql += f" AND {number} {sign} {{{name}:Float64}}"
                    params[name] = bound
            if value is not None:
                sql += f" AND JSONType(Row, {{column:String}}) != 'Null' AND {_TEXT} = {{value:String}}"
                params["value"] = value
        found = self._runner.run(account, sql + _ORDER, params).records()
        return [{"start": one["start"], "row": orjson.loads(one["row"])} for one in found]
