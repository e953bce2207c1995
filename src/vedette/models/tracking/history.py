"""Histories of metrics: every point of a run's metric, in the order of its steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from vedette.core.errors import InvalidInputError
from vedette.models.paging import decode_token, encode_token, query_hash
from vedette.store.warehouse import QueryLimits

if TYPE_CHECKING:
    from vedette.models.tracking.metric_points import MetricOutbox
    from vedette.query import QueryRunner
    from vedette.store.warehouse import Columns

MAX_POINTS = 1_000_000
"""Most points of one answer."""
MAX_SAMPLED = 2500
"""Most steps of a sampled history."""
MAX_RUNS = 100
"""Most runs of a history of several."""
_SECONDS, _MEMORY = 60.0, 1 << 30

# A run's metric is one range of the primary key, so this reads no more than it answers.
_WHERE = """
FROM @run_metric_points
WHERE RunId IN {runs:Array(String)} AND Metric = {metric:String}
"""
# Rows that say the same are one point (see 0140_run_metric_points). Where they are put in order anyway,
# equal ones follow each other: to leave them out then costs half as much as before.
_POINTS = f"SELECT DISTINCT RunId, Step, TimeMs, Value {_WHERE}"
_ONCE = "LIMIT 1 BY RunId, Step, TimeMs, reinterpretAsUInt64(Value)"
_POINT = "{metric:String} AS key, Value AS value, TimeMs AS timestamp, Step AS step"
_OF_RUN = f"""
SELECT {_POINT}
{_WHERE}
ORDER BY TimeMs, Step, Value
{_ONCE.replace("RunId, ", "")}
LIMIT {{limit:UInt64}} OFFSET {{offset:UInt64}}
"""
_OF_RUNS = f"""
SELECT {_POINT}, RunId AS run_id
{_WHERE}
ORDER BY RunId, TimeMs, Step, Value
{_ONCE}
LIMIT {{limit:UInt64}}
"""
# Evenly spaced steps over all runs, and each run's first and last one in the range.
_SAMPLED = f"""
WITH
    points AS ({_POINTS} AND Step BETWEEN {{first:Int64}} AND {{last:Int64}}),
    (SELECT arraySort(groupUniqArray(Step)) FROM points) AS steps,
    arrayMap(i -> steps[1 + intDiv(i * length(steps), {{limit:UInt64}})], range({{limit:UInt64}})) AS sampled
SELECT {_POINT}, RunId AS run_id
FROM
(
    SELECT *, min(Step) OVER (PARTITION BY RunId) AS first_step, max(Step) OVER (PARTITION BY RunId) AS last_step
    FROM points
)
WHERE length(steps) <= {{limit:UInt64}} OR has(sampled, Step) OR Step IN (first_step, last_step)
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
# How the engine writes what JSON has no number for, and how MLflow's clients read it.
_QUOTED = b'"value":"'
_SPECIAL = {
    b'"value":"nan"': b'"value":"NaN"',
    b'"value":"inf"': b'"value":"Infinity"',
    b'"value":"-inf"': b'"value":"-Infinity"',
}
_FIRST, _LAST = -(2**63), 2**63 - 1
_LIMITS = QueryLimits(MAX_POINTS + 1, _SECONDS, _MEMORY)


class Histories:
    """Reads histories of one account's runs.

    Points come as a JSON array that the engine writes: there may be tens of thousands. Members are
    ``key``, ``value``, ``timestamp`` (ms), ``step`` and, of several runs, ``run_id``; NaN and
    infinities are texts.
    """

    def __init__(self, runner: QueryRunner, outbox: MetricOutbox, account: str) -> None:
        self._runner = runner
        self._outbox = outbox
        self._account = account

    def of_run(
        self, run_id: str, metric: str, *, max_results: int, page_token: str | None = None
    ) -> tuple[bytes, str | None]:
        """Return a page of a metric's points in a run, and the token of the next one."""
        query = query_hash([run_id], metric)
        offset = decode_token(page_token, query)
        most = max(1, min(max_results, MAX_POINTS))
        params = {"metric": metric, "limit": most + 1, "offset": offset}
        lines = self._lines(_OF_RUN, [run_id], params)
        more = lines.count(b"\n") > most
        if more:
            lines = b"\n".join(lines.split(b"\n", most)[:most])
        return _array(lines), encode_token(offset + most, query) if more else None

    def of_runs(self, run_ids: Sequence[str], metric: str, *, max_results: int) -> bytes:
        """Return the first points of a metric in up to 100 runs."""
        _check_runs(run_ids)
        most = max(1, min(max_results, MAX_POINTS))
        return _array(self._lines(_OF_RUNS, run_ids, {"metric": metric, "limit": most}))

    def sampled(
        self,
        run_ids: Sequence[str],
        metric: str,
        *,
        max_results: int = MAX_SAMPLED,
        first_step: int | None = None,
        last_step: int | None = None,
    ) -> bytes:
        """Return points at about ``max_results`` evenly spaced steps of the range."""
        _check_runs(run_ids)
        first = _FIRST if first_step is None else first_step
        last = _LAST if last_step is None else last_step
        if last < first:
            raise InvalidInputError(
                f"end_step must not be less than start_step: {last} < {first}", field="end_step"
            )
        parameters = {
            "metric": metric,
            "first": first,
            "last": last,
            "limit": max(1, min(max_results, MAX_SAMPLED)),
        }
        return _array(self._lines(_SAMPLED, run_ids, parameters))

    def keys(self, run_id: str) -> Columns:
        """Return the metrics of a run with how many points each has, and their first and last."""
        self._outbox.flush_runs([run_id])
        return self._runner.run(self._account, _KEYS, {"run": run_id})

    def _lines(self, sql: str, run_ids: Sequence[str], parameters: Mapping[str, object]) -> bytes:
        """Return a JSON object a line."""
        self._outbox.flush_runs(run_ids)
        found = self._runner.lines(
            self._account, sql, {"runs": list(run_ids), **parameters}, limits=_LIMITS
        )
        # Quotes within texts are escaped: only a value begins like this, and few histories have one.
        if _QUOTED in found:
            for engines, text in _SPECIAL.items():
                found = found.replace(engines, text)
        return found


def _array(lines: bytes) -> bytes:
    # Texts have no line's end of their own: JSON escapes it.
    return b"[" + lines.rstrip(b"\n").replace(b"\n", b",") + b"]"


def _check_runs(run_ids: Sequence[str]) -> None:
    if not 1 <= len(run_ids) <= MAX_RUNS:
        raise InvalidInputError(
            f"a history is of 1 to {MAX_RUNS} runs, not of {len(run_ids)}", field="run_ids"
        )
