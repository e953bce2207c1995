"""Histories of metrics: every point of a run's metric, in the order of its steps."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vedette.core.errors import InvalidInputError
from vedette.models.paging import decode_token, encode_token, query_hash
from vedette.store.warehouse import Columns, QueryLimits

if TYPE_CHECKING:
    from vedette.models.tracking.metric_points import MetricOutbox
    from vedette.query import QueryRunner

MAX_POINTS = 1_000_000
"""Most points of one answer."""
MAX_RUNS = 100
"""Most runs of a history of several."""
_SECONDS, _MEMORY = 60.0, 1 << 30

# Rows that say the same are one point (see 0140_run_metric_points); a run's metric is one range of
# the primary key, so this reads no more than it answers. JSON has no NaN, so such values come apart.
_HISTORY = """
SELECT
    RunId AS run_id, Step AS step, TimeMs AS time_ms, if(isFinite(Value), Value, 0) AS value,
    if(isFinite(Value), '', toString(Value)) AS special
FROM
(
    SELECT DISTINCT RunId, Step, TimeMs, Value
    FROM @run_metric_points
    WHERE RunId IN {runs:Array(String)} AND Metric = {metric:String}
        AND Step BETWEEN {first:Int64} AND {last:Int64}
)
ORDER BY RunId, TimeMs, Step, value, special
LIMIT {limit:UInt64}
"""
# The same of one run, as its client gets it.
_DOCUMENTS = """
SELECT {metric:String} AS key, Value AS value, TimeMs AS timestamp, Step AS step
FROM
(
    SELECT DISTINCT Step, TimeMs, Value
    FROM @run_metric_points
    WHERE RunId IN {runs:Array(String)} AND Metric = {metric:String}
)
ORDER BY TimeMs, Step, Value
LIMIT {limit:UInt64} OFFSET {offset:UInt64}
"""
# Evenly spaced steps over all runs, and each run's first and last one in the range.
_SAMPLED = """
WITH
    points AS
    (
        SELECT DISTINCT RunId, Step, TimeMs, Value
        FROM @run_metric_points
        WHERE RunId IN {runs:Array(String)} AND Metric = {metric:String}
            AND Step BETWEEN {first:Int64} AND {last:Int64}
    ),
    (SELECT arraySort(groupUniqArray(Step)) FROM points) AS steps,
    arrayMap(i -> steps[1 + intDiv(i * length(steps), {limit:UInt64})], range({limit:UInt64})) AS sampled
SELECT
    RunId AS run_id, Step AS step, TimeMs AS time_ms, if(isFinite(Value), Value, 0) AS value,
    if(isFinite(Value), '', toString(Value)) AS special
FROM
(
    SELECT *, min(Step) OVER (PARTITION BY RunId) AS first_step, max(Step) OVER (PARTITION BY RunId) AS last_step
    FROM points
)
WHERE length(steps) <= {limit:UInt64} OR has(sampled, Step) OR Step IN (first_step, last_step)
ORDER BY RunId, Step, TimeMs
LIMIT 100000
"""
_KEYS = """
SELECT Metric AS metric, count() AS points, min(Step) AS first_step, max(Step) AS last_step,
    min(TimeMs) AS first_ms, max(TimeMs) AS last_ms
FROM @run_metric_points
WHERE RunId = {run:String}
GROUP BY Metric
ORDER BY Metric
"""
_SPECIAL = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}
_FIRST, _LAST = -(2**63), 2**63 - 1
_LIMITS = QueryLimits(MAX_POINTS + 1, _SECONDS, _MEMORY)


@dataclass(frozen=True, slots=True)
class History:
    """Points of one metric, of one or several runs.

    Attributes:
        metric: its name.
        columns: ``run_id``, ``step``, ``time_ms`` and ``value``, with 0 where ``special`` says that
            the value is NaN or an infinity.

    """

    metric: str
    columns: Columns

    def points(self) -> Iterator[tuple[str, int, int, float | str]]:
        """Yield run id, step, time in ms and value; what JSON has no number for is a text."""
        data = self.columns.data
        rows = zip(
            data["run_id"],
            data["step"],
            data["time_ms"],
            data["value"],
            data["special"],
            strict=True,
        )
        for run_id, step, time_ms, value, special in rows:
            yield run_id, step, time_ms, _SPECIAL[special] if special else value


class Histories:
    """Reads histories of one account's runs."""

    def __init__(self, runner: QueryRunner, outbox: MetricOutbox, account: str) -> None:
        self._runner = runner
        self._outbox = outbox
        self._account = account

    def of_runs(self, run_ids: Sequence[str], metric: str, *, max_results: int) -> History:
        """Return the first points of a metric in up to 100 runs."""
        _check_runs(run_ids)
        most = max(1, min(max_results, MAX_POINTS))
        params = {"metric": metric, "first": _FIRST, "last": _LAST, "limit": most}
        return History(metric, self._run(_HISTORY, run_ids, params))

    def documents(
        self, run_id: str, metric: str, *, max_results: int, page_token: str | None = None
    ) -> tuple[bytes, str | None]:
        """Return a metric's points in a run as a JSON array, and the token of the next page.

        Members are ``key``, ``value``, ``timestamp`` (ms) and ``step``. The engine writes them: a
        history may have tens of thousands.
        """
        query = query_hash([run_id], metric)
        offset = decode_token(page_token, query)
        most = max(1, min(max_results, MAX_POINTS))
        self._outbox.flush_runs([run_id])
        params = {"runs": [run_id], "metric": metric, "limit": most + 1, "offset": offset}
        lines = self._runner.lines(self._account, _DOCUMENTS, params, limits=_LIMITS).strip()
        more = lines.count(b"\n") >= most
        if more:
            lines = lines[: lines.rindex(b"\n")]
        # Line breaks and quotes within texts are escaped: a row ends with each of these, and this is
        # how a value begins.
        for engines, text in _SPECIAL.items():
            lines = lines.replace(f'"value":"{engines}"'.encode(), f'"value":"{text}"'.encode())
        array = b"[" + lines.replace(b"\n", b",") + b"]"
        return array, encode_token(offset + most, query) if more else None

    def sampled(
        self,
        run_ids: Sequence[str],
        metric: str,
        *,
        max_results: int = 2500,
        first_step: int | None = None,
        last_step: int | None = None,
    ) -> History:
        """Return points at about ``max_results`` evenly spaced steps of the range."""
        _check_runs(run_ids)
        parameters = {
            "metric": metric,
            "first": _FIRST if first_step is None else first_step,
            "last": _LAST if last_step is None else last_step,
            "limit": max(1, min(max_results, 2500)),
        }
        return History(metric, self._run(_SAMPLED, run_ids, parameters))

    def keys(self, run_id: str) -> Columns:
        """Return the metrics of a run with how many points each has, and their first and last."""
        self._outbox.flush_runs([run_id])
        return self._runner.run(self._account, _KEYS, {"run": run_id})

    def _run(self, sql: str, run_ids: Sequence[str], parameters: dict[str, object]) -> Columns:
        self._outbox.flush_runs(run_ids)
        return self._runner.run(
            self._account, sql, {"runs": list(run_ids), **parameters}, limits=_LIMITS
        )


def _check_runs(run_ids: Sequence[str]) -> None:
    if not 1 <= len(run_ids) <= MAX_RUNS:
        raise InvalidInputError(
            f"a history is of 1 to {MAX_RUNS} runs, not of {len(run_ids)}", field="run_ids"
        )
