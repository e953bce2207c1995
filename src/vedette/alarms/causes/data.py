"""Datasets that began to drift, or to violate their checks, shortly before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from vedette.alarms.causes.model import Candidate, Question, moment_of
from vedette.core.identity import ResourceId

EARLIER = timedelta(days=7)
"""How far back the window before is looked for, by which drift that goes on is told from new drift."""
_WEIGHTS = {"drift": 0.95, "violated": 0.85}
_REASONS = {
    "drift": "what is made of it gets other data than before",
    "violated": "what is made of it gets data that its checks refuse",
}
_RANGE = "Start >= {start:DateTime64(9, 'UTC')} AND Start < {end:DateTime64(9, 'UTC')}"
# What is watched of models are their own answers: symptoms.
_ABOUT = "Family IN ('drift', 'check') AND empty(Segment) AND NOT startsWith(Dataset, 'model:')"
# Of a window that was looked at again the last run counts.
_BEGAN = f"""
SELECT
    dataset, start, status, groupUniqArray(100)(name) AS columns,
    argMax((name, description, of, one), abs(ifNull(one, 0))) AS most,
    most.1 AS column, most.2 AS why, most.3 AS measure, most.4 AS value, max(number) = 1 AS first
FROM
(
    SELECT
        Dataset AS dataset, Start AS start, Status AS status, Name AS name, Measure AS of,
        Value AS one, Description AS description, Status IN ('drift', 'violated') AS bad,
        lagInFrame(bad) OVER windows AS bad_before, row_number() OVER windows AS number
    FROM @data_results
    WHERE {_RANGE} AND {_ABOUT} AND (Dataset, Monitor, Start, Run) IN
        (SELECT Dataset, Monitor, Start, max(Run) FROM @data_results
        WHERE {_RANGE} AND {_ABOUT} GROUP BY Dataset, Monitor, Start)
    WINDOW windows AS (PARTITION BY Dataset, Monitor, Family, Name, Measure ORDER BY Start)
)
WHERE bad AND NOT bad_before AND start >= {{shortly:DateTime64(9, 'UTC')}}
GROUP BY dataset, start, status
ORDER BY start DESC
LIMIT 200
"""


class DatasetChanges:
    """Windows of datasets from which on columns drift or checks are violated.

    A dataset that the alarm is about itself is left out: that it drifts is what the alarm says.
    """

    name = "datasets"

    def find(self, question: Question) -> Sequence[Candidate]:
        """See ``CauseSource``."""
        params = question.bounds(EARLIER)
        rows = question.runner.run(question.account, _BEGAN, params).records()
        found = [_candidate(question, row) for row in rows]
        return [one for one in found if question.resources.isdisjoint(one.resources)]


def _candidate(question: Question, row: Mapping[str, Any]) -> Candidate:
    dataset, status, columns = row["dataset"], row["status"], sorted(row["columns"])
    more = len(columns) - 1
    if status == "drift":
        title = f"{dataset} drifts in {row['column'] or 'all its columns'}"
        title += f" and {more} more column{'s' if more > 1 else ''}" if more else ""
    else:
        title = f"{dataset} violates a check: {row['why'][:200]}"
        title += f", and {more} more" if more else ""
    return Candidate(
        status, title, _REASONS[status], moment_of(row["start"]), _WEIGHTS[status], "",
        {"columns": columns, "measure": row["measure"], "value": row["value"], "why": row["why"]},
        question.link(f"/datasets/{quote(dataset, safe='')}"),
        (str(ResourceId(question.account, "dataset", dataset)),), earlier=bool(row["first"]),
    )  # fmt: skip
