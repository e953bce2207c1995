"""Runs of pipelines that failed or took much longer than usual shortly before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from vedette.alarms.causes.model import Candidate, Question, moment_of
from vedette.core.identity import ResourceId
from vedette.core.time import TimeRange
from vedette.pipelines.statements import RUNS
from vedette.telemetry.ranges import bound_range

USUAL_OVER = timedelta(days=7)
"""How far back runs tell what is usual."""
UPSTREAM_LOOKBACK = timedelta(days=1)
"""How long before the alarm a run counts that its resource is made by: data waits to be looked at."""
SLOW_RATIO = 2.0
MIN_SLOWER_SECONDS = 1.0
MIN_EARLIER = 3
_WEIGHTS = {"failed": 0.9, "aborted": 0.6, "completed": 0.7, "running": 0.7}
_RANGE = "Timestamp >= {start:DateTime64(9, 'UTC')} AND Timestamp < {end:DateTime64(9, 'UTC')}"
_RUNS = f"""
SELECT
    job, run_id, parent_run_id, status, service, error, usual,
    ifNull(seconds, dateDiff('millisecond', started, {{end:DateTime64(9, 'UTC')}}) / 1000) AS took,
    ifNull(ended, started + toIntervalMillisecond(toInt64(usual * {SLOW_RATIO} * 1000))) AS at
FROM
(
    SELECT
        *,
        ifNotFinite(medianIf(seconds, earlier) OVER (PARTITION BY job), 0) AS usual,
        countIf(earlier) OVER (PARTITION BY job) AS known
    FROM
    (
        SELECT *, status = 'completed' AND ended < {{shortly:DateTime64(9, 'UTC')}} AS earlier
        FROM ({RUNS.replace("RANGE", _RANGE)})
    )
)
WHERE at >= {{since:DateTime64(9, 'UTC')}} AND at < {{end:DateTime64(9, 'UTC')}}
    AND
    (
        status IN ('failed', 'aborted')
        OR known >= {MIN_EARLIER} AND took > usual * {SLOW_RATIO} AND took > usual + {MIN_SLOWER_SECONDS}
    )
ORDER BY at DESC
LIMIT 500
"""


class PipelineRuns:
    """Failed and slow runs; of a pipeline and its tasks those farthest down, where it began.

    A run counts for as long before the alarm as other changes do, and for a day where the alarm is
    about something that the pipeline makes.
    """

    name = "pipelines"

    def find(self, question: Question) -> Sequence[Candidate]:
        """See ``CauseSource``."""
        window = question.window
        since = question.since - UPSTREAM_LOOKBACK
        params = {
            **bound_range(TimeRange(since - USUAL_OVER, window.end)),
            "since": bound_range(TimeRange(since, window.end))["start"],
            "shortly": bound_range(window)["start"],
        }
        rows = question.runner.run(question.account, _RUNS, params).records()
        parents = {row["parent_run_id"] for row in rows}
        found = []
        for row in rows:
            candidate = _candidate(question.account, row)
            upstream = not question.upstream.keys().isdisjoint(candidate.resources)
            near = candidate.at >= window.start or upstream
            if near and row["run_id"] not in parents:
                found.append(candidate)
        return found


def _candidate(account: str, row: Mapping[str, Any]) -> Candidate:
    status, usual = row["status"], row["usual"]
    if status in {"failed", "aborted"}:
        first, *_ = (row["error"] or "").strip().splitlines() or [""]
        title = f"{row['job']} {status}" + (f": {first[:200]}" if first else "")
        reason = "what it writes is late, incomplete or missing"
    else:
        took = "took" if status == "completed" else "has taken"
        title = (
            f"{row['job']} {took} {row['took']:.0f} s, {row['took'] / usual:.1f} times the usual"
        )
        reason = "what it writes is late"
    return Candidate(
        "run", title, reason, moment_of(row["at"]), _WEIGHTS[status], row["service"],
        {"run_id": row["run_id"], "status": status, "seconds": row["took"], "usual_seconds": usual or None},
        f"/pipelines/runs/{quote(row['run_id'], safe='')}",
        (str(ResourceId(account, "pipeline", row["job"])),),
    )  # fmt: skip
