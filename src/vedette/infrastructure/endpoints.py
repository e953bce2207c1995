"""Model versions in production: predictions, and which service made them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vedette.infrastructure.windows import window_params

if TYPE_CHECKING:
    from vedette.core.time import TimeRange
    from vedette.query import QueryRunner

MAX_ENDPOINTS = 1000
_PREDICTED = """
SELECT Account AS account, Model AS model, Version AS version, Endpoint AS endpoint,
    sum(Weight) AS predicted, uniqExact(toStartOfHour(Timestamp)) AS hours,
    quantileIf(0.95)(LatencyMs, isFinite(LatencyMs)) AS p95_ms
FROM @predictions
WHERE Timestamp >= {start:DateTime64(3, 'UTC')} AND Timestamp < {end:DateTime64(3, 'UTC')}
GROUP BY account, model, version, endpoint
ORDER BY predicted DESC
LIMIT {limit:UInt32}
"""
_SERVED = """
SELECT Account AS account, SpanAttributes['vedette.model.name'] AS model,
    SpanAttributes['vedette.model.version'] AS version, topK(1)(toString(ServiceName))[1] AS service
FROM @otel_traces
WHERE Timestamp >= {end:DateTime64(9, 'UTC')} - toIntervalDay(1) AND Timestamp < {end:DateTime64(9, 'UTC')}
    AND Timestamp >= {start:DateTime64(9, 'UTC')}
    AND mapContains(SpanAttributes, 'vedette.model.name')
GROUP BY account, model, version
LIMIT {limit:UInt32}
"""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A model version at an endpoint.

    Attributes:
        hours: clock hours in which it predicted.
        service: that made the predictions, by the spans of the window's last day that name the model,
            else that of the endpoint's name; empty where neither is known.

    """

    account: str
    model: str
    version: str
    endpoint: str
    predictions: float
    hours: float
    p95_ms: float | None
    service: str


def read_endpoints(
    runner: QueryRunner, account: str, time_range: TimeRange, services: set[tuple[str, str]]
) -> list[Endpoint]:
    """Return what predicted in a window, the busiest first; ``services`` by account and name."""
    params = {**window_params(time_range), "limit": MAX_ENDPOINTS}
    rows = runner.run(account, _PREDICTED, params).records()
    if not rows:
        return []
    spans = {
        (row["account"], row["model"], row["version"]): row["service"]
        for row in runner.run(account, _SERVED, params).records()
    }
    found = []
    for row in rows:
        service = spans.get((row["account"], row["model"], row["version"]), "")
        if not service and (row["account"], row["endpoint"]) in services:
            service = row["endpoint"]
        found.append(
            Endpoint(
                row["account"], row["model"], row["version"], row["endpoint"],
                row["predicted"], float(row["hours"]), row["p95_ms"], service,
            )
        )  # fmt: skip
    return found
