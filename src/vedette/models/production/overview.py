"""What is in production: models, versions and endpoints with volume, latency and errors; rows; schemas."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from vedette.core.errors import NotFoundError
from vedette.core.time import TimeRange
from vedette.models.production.relation import Scope, relation
from vedette.query import QueryRunner
from vedette.statistics.attribution import VIOLATES_BELOW, attribution_ndcg

_LIST = """
SELECT Model AS model, Version AS version, Endpoint AS endpoint, count() AS captured, sum(Weight) AS asked,
    min(Timestamp) AS first, max(Timestamp) AS last,
    quantilesIf(0.5, 0.95, 0.99)(LatencyMs, isFinite(LatencyMs)) AS latency
FROM @predictions
WHERE Timestamp >= {start:DateTime64(3)} AND Timestamp < {end:DateTime64(3)}
    AND ({model:String} = '' OR Model = {model:String})
GROUP BY model, version, endpoint
ORDER BY asked DESC
LIMIT {limit:UInt32}
"""
_LABELLED = """
SELECT Model AS model, Version AS version, Endpoint AS endpoint, sum(Weight) AS labelled
FROM @predictions
WHERE Timestamp >= {start:DateTime64(3)} AND Timestamp < {end:DateTime64(3)}
    AND ({model:String} = '' OR Model = {model:String})
    AND (Model, PredictionId) IN (SELECT Model, PredictionId FROM @prediction_labels)
GROUP BY model, version, endpoint
LIMIT {limit:UInt32}
"""
_ERRORS = """
SELECT SpanAttributes['vedette.model.name'] AS model, SpanAttributes['vedette.model.version'] AS version,
    count() AS calls, countIf(StatusCode IN ('Error', 'STATUS_CODE_ERROR')) AS errors
FROM @otel_traces
WHERE Timestamp >= {start:DateTime64(9)} AND Timestamp < {end:DateTime64(9)}
    AND mapContains(SpanAttributes, 'vedette.model.name')
    AND ({model:String} = '' OR SpanAttributes['vedette.model.name'] = {model:String})
GROUP BY model, version
LIMIT {limit:UInt32}
"""
_ROWS = """
SELECT time, id, version, endpoint, numbers, texts, missing, tags, scores, attributions, class AS prediction,
    weight, latency, trace_id, labelled, actual AS label
FROM ({relation})
WHERE ({state:String} = '' OR labelled = ({state:String} != 'unlabelled'))
    AND ({state:String} NOT IN ('right', 'wrong') OR (class = actual) = ({state:String} = 'right'))
ORDER BY time DESC, id
LIMIT {limit:UInt32} OFFSET {offset:UInt32}
"""
_SCHEMAS = """
SELECT version, arraySort(arrayDistinct(arrayConcat(mapKeys(numbers), mapKeys(texts), missing))) AS names,
    count() AS captured, min(time) AS first, max(time) AS last,
    groupUniqArrayArray(10000)(mapKeys(numbers)) AS numeric, groupUniqArrayArray(10000)(mapKeys(texts)) AS textual
FROM ({relation})
GROUP BY version, names
ORDER BY first
LIMIT 1000
"""
_ATTRIBUTIONS = """
SELECT a.1 AS name, sum(weight * abs(a.2)) / sum(weight) AS size, count() AS captured
FROM (SELECT weight, arrayJoin(arrayZip(mapKeys(attributions), mapValues(attributions))) AS a FROM ({relation}))
GROUP BY name ORDER BY size DESC LIMIT 1000
"""
_REFERENCES = """
SELECT Model AS model, Version AS version, Reference AS name, uniq(PredictionId) AS rows,
    countIf(isFinite(ActualValue) OR ActualLabel != '') AS labelled_rows, max(ReceivedTime) AS received
FROM @prediction_references
WHERE {model:String} = '' OR Model = {model:String}
GROUP BY model, version, name ORDER BY received DESC LIMIT {limit:UInt32}
"""


def overview(
    runner: QueryRunner, account: str, range_: TimeRange, model: str = "", *, limit: int = 500
) -> list[dict[str, Any]]:
    """Return models by version and endpoint: volume, latency in ms, label coverage, calls and errors.

    Calls and errors are those of spans with ``vedette.model.name``; None where no span names the model.
    """
    params = {"start": range_.start, "end": range_.end, "model": model, "limit": limit}
    rows = runner.run(account, _LIST, params).records()
    labelled = {
        (row["model"], row["version"], row["endpoint"]): row["labelled"]
        for row in runner.run(account, _LABELLED, params).records()
    }
    spans = {
        (row["model"], row["version"]): row
        for row in runner.run(account, _ERRORS, params).records()
    }
    for row in rows:
        share = labelled.get((row["model"], row["version"], row["endpoint"]), 0.0)
        row["coverage"] = share / row["asked"] if row["asked"] else 0.0
        row["predictions"] = row.pop("asked")
        row["per_second"] = row["predictions"] / range_.seconds
        levels = row.pop("latency")
        row |= dict(zip(("p50_ms", "p95_ms", "p99_ms"), levels, strict=True))
        found = spans.get((row["model"], row["version"]))
        row["calls"], row["errors"] = (found["calls"], found["errors"]) if found else (None, None)
    return rows


def prediction_rows(
    runner: QueryRunner,
    account: str,
    scope: Scope,
    *,
    state: str = "",
    limit: int = 100,
    offset: int = 0,
) -> list[dict[str, Any]]:
    """Return captured predictions with their labels, newest first.

    Args:
        runner: runs the statement.
        account: whose.
        scope: which.
        state: ``labelled``, ``unlabelled``, ``right``, ``wrong``, or empty for all.
        limit: most rows.
        offset: rows that are left out first.

    """
    sql, params = relation(scope)
    values = {**params, "state": state, "limit": limit, "offset": offset}
    rows = runner.run(account, _ROWS.replace("{relation}", sql), values).records()
    for row in rows:
        row["features"] = {
            **row.pop("numbers"),
            **row.pop("texts"),
            **dict.fromkeys(row.pop("missing")),
        }
        row["labelled"] = bool(row["labelled"])
        row["label"] = row["label"] if row["labelled"] else None
        row["latency_ms"] = row.pop("latency")
    return rows


def schemas(runner: QueryRunner, account: str, scope: Scope) -> list[dict[str, Any]]:
    """Return the schemas that predictions had, oldest first, each with what it added and removed."""
    sql, params = relation(scope, labels=False)
    rows = runner.run(account, _SCHEMAS.replace("{relation}", sql), params).records()
    before: dict[str, set[str]] = {}
    numbers: dict[str, int] = {}
    for row in rows:
        version, names = row["version"], set(row["names"])
        numeric, textual = set(row.pop("numeric")), set(row.pop("textual"))
        kinds = {
            name: "mixed" if name in numeric & textual else "number" if name in numeric
            else "text" if name in textual else "unknown"
            for name in row.pop("names")
        }  # fmt: skip
        numbers[version] = numbers.get(version, 0) + 1
        known = before.get(version, names)
        row |= {
            "schema": numbers[version], "features": kinds, "added": sorted(names - known),
            "removed": sorted(known - names),
        }  # fmt: skip
        before[version] = names
    return rows


def attributions(
    runner: QueryRunner, account: str, scope: Scope, baseline: Scope | Mapping[str, float] | None
) -> dict[str, Any]:
    """Return features by their mean absolute attribution, and the nDCG against a baseline's ranking.

    Raises:
        NotFoundError: no prediction of the scope has attributions.

    """
    live = _sizes(runner, account, scope)
    if not live:
        raise NotFoundError(
            "no prediction came with attributions", field="model",
            remedy="send 'attributions' with predictions: SHAP values by feature",
        )  # fmt: skip
    before = (
        _sizes(runner, account, baseline) if isinstance(baseline, Scope) else dict(baseline or {})
    )
    ndcg = attribution_ndcg(before, live) if before else None
    ranks = {
        name: rank
        for rank, name in enumerate(sorted(before, key=lambda n: (-before[n], n)), start=1)
    }
    return {
        "ndcg": ndcg,
        "violated": ndcg is not None and ndcg < VIOLATES_BELOW,
        "features": [
            {
                "name": name,
                "value": size,
                "rank": rank,
                "baseline": before.get(name),
                "baseline_rank": ranks.get(name),
            }
            for rank, (name, size) in enumerate(live.items(), start=1)
        ],
    }


def _sizes(runner: QueryRunner, account: str, scope: Scope) -> dict[str, float]:
    sql, params = relation(scope, labels=False)
    rows = runner.run(account, _ATTRIBUTIONS.replace("{relation}", sql), params).records()
    return {row["name"]: row["size"] for row in rows}


def references(
    runner: QueryRunner, account: str, model: str = "", *, limit: int = 1000
) -> Sequence[dict[str, Any]]:
    """Return uploaded references, newest first."""
    return runner.run(account, _REFERENCES, {"model": model, "limit": limit}).records()
