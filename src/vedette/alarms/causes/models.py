"""Versions of models that began to answer shortly before: a deployment, as predictions tell it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from vedette.alarms.causes.model import Candidate, Question, moment_of
from vedette.core.identity import ResourceId

HISTORY = timedelta(days=1)
MIN_PREDICTIONS = 5
_VERSIONS = """
SELECT
    Model AS model, Endpoint AS endpoint, Version AS version, min(Timestamp) AS first,
    countIf(Timestamp >= {shortly:DateTime64(9, 'UTC')}) AS answers,
    lagInFrame(version) OVER served AS before
FROM @predictions
WHERE Timestamp >= {start:DateTime64(9, 'UTC')} AND Timestamp < {end:DateTime64(9, 'UTC')}
GROUP BY model, endpoint, version
WINDOW served AS (PARTITION BY model, endpoint ORDER BY first)
"""
_NEW = f"""
SELECT * FROM ({_VERSIONS})
WHERE before != '' AND first >= {{shortly:DateTime64(9, 'UTC')}} AND answers >= {MIN_PREDICTIONS}
ORDER BY first DESC
LIMIT 100
"""


class NewModelVersions:
    """A model's version that an endpoint did not answer by in the day before."""

    name = "model versions"

    def find(self, question: Question) -> Sequence[Candidate]:
        """See ``CauseSource``."""
        params = question.bounds(HISTORY)
        rows = question.runner.run(question.account, _NEW, params).records()
        return [_candidate(question, row) for row in rows]


def _candidate(question: Question, row: Mapping[str, Any]) -> Candidate:
    model, endpoint, version = row["model"], row["endpoint"], row["version"]
    place = f" at {endpoint}" if endpoint else ""
    made = [
        ResourceId(question.account, "model", model),
        ResourceId(question.account, "model", model, version or None),
    ]
    if endpoint:
        made.append(ResourceId(question.account, "endpoint", endpoint))
    return Candidate(
        "model_version", f"{model} went from version {row['before']} to {version}{place}",
        "another version of the model began to answer", moment_of(row["first"]), 1.0, endpoint,
        {"before": row["before"], "after": version, "predictions": row["answers"]},
        question.link(f"/models/{model}/monitoring"), tuple(str(one) for one in made),
    )  # fmt: skip
