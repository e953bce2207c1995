"""What a list of datasets shows, and how a dataset's schema changed: read from what is stored."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from vedette.core.time import TimeRange, utc_now
from vedette.query import QueryRunner

MAX_DATASETS = 1000
MAX_CHANGES = 1000
SHOWN_WINDOWS = 30
_STATE_REACH = timedelta(days=31)

_DATASETS = """
SELECT name, min(begun) AS first, max(ended) AS last, max(column_count) AS columns,
    max(profile_count) AS profiles, max(came) AS received
FROM (
    SELECT Dataset AS name, min(Start) AS begun, max(End) AS ended, count(DISTINCT Name) AS column_count,
        count(DISTINCT ProfileId) AS profile_count, max(ReceivedTime) AS came
    FROM @data_profiles
    GROUP BY Dataset
    UNION ALL
    -- What is checked elsewhere, by dbt or Great Expectations, has results and no profile.
    SELECT Dataset, min(Start), max(End), 0, 0, max(Time) FROM @data_results
    WHERE startsWith(Monitor, 'gate:') OR Monitor = ''
    GROUP BY Dataset
)
WHERE positionCaseInsensitiveUTF8(name, {search:String}) > 0 OR {search:String} = ''
GROUP BY name
ORDER BY name
LIMIT {limit:UInt32}
"""
_VOLUMES = """
SELECT name, arraySlice(arraySort(groupArray((start, rows))), -{shown:UInt32}) AS windows
FROM (
    SELECT Dataset AS name, Start AS start, argMin(held, depth) AS rows
    FROM (
        SELECT Dataset, Start, depth, sum(held) AS held
        FROM (
            -- Of one profile the last version counts; each column of it has the same rows.
            SELECT Dataset, Start, length(Segment) AS depth, argMax(Rows, (Version, Rows)) AS held
            FROM @data_profiles
            WHERE Dataset IN {names:Array(String)} AND Start >= {since:DateTime64(3)}
            GROUP BY Dataset, Start, ProfileId, Segment
        )
        GROUP BY Dataset, Start, depth
    )
    GROUP BY Dataset, Start
)
GROUP BY name
"""
"""Rows by window; where profiles of a window have segments and others have none, those without count."""
_STATES = """
SELECT Dataset AS name, Monitor AS monitor, max(Start) AS start,
    countIf(Family = 'check') AS checks, countIf(Family = 'check' AND Status = 'violated') AS violated,
    anyIf(Status, Family = 'drift' AND Name = '' AND empty(Segment)) AS drift,
    countIf(Family = 'drift' AND Name != '' AND Status = 'drift') AS drifted,
    anyIf(Value, Family = 'drift' AND Name = '' AND empty(Segment)) AS share
FROM @data_results
WHERE Dataset IN {names:Array(String)} AND Start >= {since:DateTime64(3)} AND (Monitor, Start, Run) IN (
    SELECT Monitor, tupleElement(max((Start, Run)) AS last, 1), tupleElement(last, 2)
    FROM @data_results WHERE Dataset IN {names:Array(String)} AND Start >= {since:DateTime64(3)}
    GROUP BY Dataset, Monitor)
GROUP BY Dataset, Monitor
"""
_CHANGES = """
WITH windows AS (
    SELECT Start, row_number() OVER (ORDER BY Start) AS place
    FROM (SELECT DISTINCT Start FROM @data_profiles
        WHERE Dataset = {dataset:String} AND Start >= {start:DateTime64(3)} AND Start < {end:DateTime64(3)})
),
held AS (
    SELECT Name, any(Type) AS type, min(Position) AS position, place
    FROM @data_profiles AS p INNER JOIN windows AS w ON p.Start = w.Start
    WHERE Dataset = {dataset:String}
    GROUP BY Name, place
),
ordered AS (
    SELECT Name, type, position, place,
        lagInFrame(place, 1, 0) OVER one AS before, lagInFrame(type, 1, '') OVER one AS type_before,
        leadInFrame(place, 1, 0) OVER one AS after
    FROM held
    WINDOW one AS (PARTITION BY Name ORDER BY place ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)
),
changes AS (
    SELECT Name AS column, position, 'added' AS change, '' AS was, type AS is, place AS at
    FROM ordered WHERE before != place - 1 AND place > 1
    UNION ALL
    SELECT Name, position, 'removed', type, '', place + 1 FROM ordered
    WHERE after != place + 1 AND place < (SELECT count() FROM windows)
    UNION ALL
    SELECT Name, position, 'type', type_before, type, place FROM ordered
    WHERE before > 0 AND type_before != type
)
SELECT Start AS window, column, change, was, is
FROM changes INNER JOIN windows ON at = place
ORDER BY window DESC, position, column
LIMIT {limit:UInt32}
"""


@dataclass(frozen=True, slots=True)
class Overview:
    """Reads lists over all datasets. Thread-safe; every method blocks its thread."""

    runner: QueryRunner

    def datasets(
        self, account: str, *, search: str = "", limit: int = MAX_DATASETS
    ) -> list[dict[str, Any]]:
        """Return datasets by name, with their newest volumes and what monitors said last.

        Args:
            account: whose.
            search: part of the name; empty takes all.
            limit: most datasets.

        """
        rows = self.runner.run(account, _DATASETS, {"search": search, "limit": limit}).records()
        since = utc_now() - _STATE_REACH
        params = {"names": [row["name"] for row in rows], "since": since}
        volumes = {
            row["name"]: row["windows"]
            for row in self.runner.run(
                account, _VOLUMES, {**params, "shown": SHOWN_WINDOWS}
            ).records()
        }
        states: dict[str, list[dict[str, Any]]] = {}
        for state in self.runner.run(account, _STATES, params).records():
            states.setdefault(state["name"], []).append(state)
        for row in rows:
            windows = [list(_pair(one)) for one in volumes.get(row["name"], [])]
            row |= {
                "volumes": [int(rows_) for _, rows_ in windows],
                "rows": int(windows[-1][1]) if windows else None,
                **_state(states.get(row["name"], [])),
            }
        return rows

    def schema_changes(self, account: str, dataset: str, range_: TimeRange) -> list[dict[str, Any]]:
        """Return columns that came, went or changed their type between windows, newest first.

        A column that the first window of the range has is no change. At most 1,000.
        """
        params = {
            "dataset": dataset,
            "start": range_.start,
            "end": range_.end,
            "limit": MAX_CHANGES,
        }
        return self.runner.run(account, _CHANGES, params).records()


def _pair(window: Any) -> tuple[Any, Any]:  # noqa: ANN401 - a tuple of the engine, as list or object
    values = list(window.values()) if isinstance(window, Mapping) else list(window)
    return values[0], values[1]


def _state(states: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the state of a dataset from what its monitors said last."""
    checked = [one for one in states if one["checks"]]
    compared = [one for one in states if one["drift"]]
    shares = [one["share"] for one in compared if one["share"] is not None]
    drifting = {one["drift"] for one in compared}
    return {
        "checks": "none" if not checked else "violated" if any(o["violated"] for o in checked) else "passed",
        "violations": sum(int(one["violated"]) for one in states),
        "drift": "none" if not compared else "drift" if "drift" in drifting else
                 "no drift" if "no drift" in drifting else "unknown",
        "drift_share": max(shares, default=None),
        "drifted_columns": sum(int(one["drifted"]) for one in states),
        "monitors": len([o for o in states if o["monitor"] and not o["monitor"].startswith("gate:")]),
    }  # fmt: skip
