"""Segments where quality falls: every value of every feature and tag, then pairs of the worst.

The loss of a row is 1 where a class was wrong and the absolute error of a number. A slice is told by
its effect (how far its mean loss is above the rest's, in standard deviations) and by Welch's test,
corrected over all slices that were looked at (Chung et al., "Slice Finder", 2019).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from vedette.models.production import reading
from vedette.models.production.relation import Condition, Scope, relation
from vedette.models.production.task import Task
from vedette.models.production.windows import Windows
from vedette.query import QueryRunner
from vedette.statistics.significance import benjamini_hochberg

MAX_FEATURES = 200
MAX_VALUES = 50
MIN_ROWS = 30
MAX_PARENTS = 12
EFFECT = 0.1
LEVEL = 0.05
_SAME_LOSS = 1e-3
_LOSS = {
    "class": "toFloat64(class != actual)",
    "binary": "toFloat64(called != truth)",
    "number": "abs(value - actual_value)",
}
_LEVELS = f"""
SELECT f.1 AS name, quantiles(0.25, 0.5, 0.75)(f.2) AS levels
FROM (SELECT arrayJoin(arraySlice(arrayZip(mapKeys(numbers), mapValues(numbers)), 1,
    {MAX_FEATURES})) AS f FROM ({{rows}}) LIMIT 2000000)
WHERE isFinite(f.2)
GROUP BY name
HAVING uniq(f.2) > 1
LIMIT {MAX_FEATURES}
"""
_SLICES = f"""
SELECT s.1 AS name, s.2 AS value, count() AS rows, sum(w) AS weight, sum(w * w) AS squares,
    sum(w * loss) AS lost, sum(w * loss * loss) AS lost2
FROM (SELECT loss, weight AS w, arrayJoin({{parts}}) AS s FROM ({{rows}}))
GROUP BY name, value
HAVING rows >= {MIN_ROWS}
ORDER BY rows DESC
LIMIT {MAX_VALUES} BY name
LIMIT 20000
"""
_PARTS = f"""arrayConcat(
    arrayMap(k -> (k, texts[k]), arraySlice(mapKeys(texts), 1, {MAX_FEATURES})),
    arrayMap(k -> (concat('tags.', k), tags[k]), arraySlice(mapKeys(tags), 1, {MAX_FEATURES})),
    arrayMap(k -> (CAST(k, 'String'), '\\0missing'), arraySlice(missing, 1, {MAX_FEATURES})),
    [('version', CAST(version, 'String')), ('endpoint', CAST(endpoint, 'String'))],
    arrayMap(k -> (CAST(k, 'String'), toString(arrayCount(e -> numbers[k] > e, edges[k]))),
        arrayFilter(k -> mapContains(edges, k), mapKeys(numbers)))
)"""


def find_slices(
    runner: QueryRunner, account: str, scope: Scope, task: Task, *, limit: int = 20
) -> dict[str, Any]:
    """Return the segments whose labelled predictions are worse than the rest, the worst first.

    Returns:
        ``rows``, ``loss`` (the mean of all) and ``slices``: each with ``filters`` as the API takes
        them, ``rows``, ``share``, ``loss``, ``effect``, ``p_value`` (adjusted) and ``significant``.

    """
    sql, params = relation(scope)
    rows, params = _with_loss(Windows().keyed(sql, params), params, task)
    found = runner.run(account, _LEVELS.replace("{rows}", rows), params).records()
    edges = {row["name"]: sorted(set(row["levels"])) for row in found}
    params = {**params, **_edge_params(edges)}
    edged = f"SELECT *, {_EDGES} AS edges FROM ({rows})"
    statement = _SLICES.replace("{rows}", edged).replace("{parts}", _PARTS)
    limits = runner.bulk_limits(20_000)
    singles = runner.run(account, statement, params, limits=limits).records()
    total = _total(runner, account, rows, params)
    if not total["rows"]:
        return {"rows": 0, "loss": None, "looked_at": 0, "slices": []}
    sliced = (_slice([_condition(row, edges)], row, total) for row in singles)
    looked = [one for one in sliced if one is not None]
    parents = sorted(
        (one for one in looked if one["effect"] > 0),
        key=lambda one: -one["effect"] * math.sqrt(one["share"]),
    )[:MAX_PARENTS]
    looked += _pairs(runner, account, rows, params, parents, total)
    adjusted = benjamini_hochberg([one["p_value"] for one in looked]) if looked else np.array([])
    for one, p in zip(looked, adjusted.tolist(), strict=True):
        one["p_value"] = p
        one["significant"] = bool(p <= LEVEL and one["effect"] >= EFFECT)
    worst = [one for one in looked if one["significant"]]
    kept = _without_shadows(sorted(worst, key=lambda one: -one["effect"]))[:limit]
    for one in kept:
        one["filters"] = [text for condition in one.pop("conditions") for text in _texts(condition)]
    return {
        "rows": total["rows"], "loss": total["lost"] / total["weight"], "looked_at": len(looked), "slices": kept,
    }  # fmt: skip


_EDGES = "mapFromArrays({edge_names:Array(String)}, {edge_values:Array(Array(Float64))})"
_TOTAL = """
SELECT count() AS rows, sum(w) AS weight, sum(w * w) AS squares, sum(w * loss) AS lost,
    sum(w * loss * loss) AS lost2
FROM (SELECT weight AS w, loss FROM ({rows}))
"""


def _with_loss(source: str, params: Mapping[str, Any], task: Task) -> tuple[str, dict[str, Any]]:
    values = dict(params)
    if task.kind == "binary":
        values |= reading.binary_params(task)
        source, loss = reading.scored(source), _LOSS["binary"]
        held = "truth >= 0"
    elif task.kind == "multiclass":
        loss, held = _LOSS["class"], "labelled"
    else:
        loss, held = _LOSS["number"], "labelled AND isFinite(value) AND isFinite(actual_value)"
    return f"SELECT *, {loss} AS loss FROM ({source}) WHERE {held}", values


def _edge_params(edges: Mapping[str, Sequence[float]]) -> dict[str, Any]:
    return {"edge_names": list(edges), "edge_values": [list(levels) for levels in edges.values()]}


def _total(
    runner: QueryRunner, account: str, rows: str, params: Mapping[str, Any]
) -> dict[str, Any]:
    (row,) = runner.run(account, _TOTAL.replace("{rows}", rows), params).records()
    return row


class _Range:
    """A condition on a number's range, ``low < x <= high``."""

    def __init__(self, name: str, low: float | None, high: float | None) -> None:
        self.name, self.low, self.high = name, low, high


def _condition(row: Mapping[str, Any], edges: Mapping[str, Sequence[float]]) -> Condition | _Range:
    name, value = row["name"], row["value"]
    if name in edges and value != "\0missing":
        levels, place = edges[name], int(value)
        low = levels[place - 1] if place else None
        return _Range(name, low, levels[place] if place < len(levels) else None)
    return Condition(name, "=", "" if value == "\0missing" else value)


def _texts(condition: Condition | _Range) -> list[str]:
    if isinstance(condition, Condition):
        return [f"{condition.name}={condition.value}"]
    texts = [f"{condition.name}>{condition.low!r}"] if condition.low is not None else []
    return [
        *texts,
        *([f"{condition.name}<={condition.high!r}"] if condition.high is not None else []),
    ]


def _slice(
    conditions: list[Condition | _Range], row: Mapping[str, Any], total: Mapping[str, Any]
) -> dict[str, Any] | None:
    """Return a slice with its effect and Welch's p-value against the rest; None where it is all."""
    rest = {key: total[key] - row[key] for key in ("rows", "weight", "squares", "lost", "lost2")}
    if rest["rows"] < MIN_ROWS or rest["weight"] <= 0:
        return None
    parts = []
    for one in (row, rest):
        mean = one["lost"] / one["weight"]
        variance = max(0.0, one["lost2"] / one["weight"] - mean * mean)
        parts.append((mean, variance, one["weight"] ** 2 / one["squares"]))
    (mean, variance, size), (other, other_variance, other_size) = parts
    spread = math.sqrt((variance + other_variance) / 2) or _deviation(total)
    error = math.sqrt(variance / size + other_variance / other_size)
    p = math.erfc(abs(mean - other) / error / math.sqrt(2)) if error else float(mean == other)
    return {
        "conditions": conditions, "rows": row["rows"], "share": row["weight"] / total["weight"], "loss": mean,
        "rest": other, "effect": (mean - other) / spread if spread else 0.0, "p_value": p,
    }  # fmt: skip


def _deviation(total: Mapping[str, Any]) -> float:
    """Return the standard deviation of all rows' loss: of use where neither side varies in itself."""
    mean = total["lost"] / total["weight"]
    return math.sqrt(max(0.0, total["lost2"] / total["weight"] - mean * mean))


def _pairs(
    runner: QueryRunner, account: str, rows: str, params: Mapping[str, Any], parents: Sequence[dict[str, Any]],
    total: Mapping[str, Any],
) -> list[dict[str, Any]]:  # fmt: skip
    """Return the slices of two conditions that are clearly worse than both of them alone."""
    pairs = [
        (a, b)
        for a, b in combinations(parents, 2)
        if a["conditions"][0].name != b["conditions"][0].name
    ]
    if not pairs:
        return []
    values = dict(params)
    tests: dict[int, str] = {}
    for parent in parents:
        tests[id(parent)] = _test(parent["conditions"][0], len(tests), values)
    counted = ", ".join(
        f"({index}, toUInt8({tests[id(a)]} AND {tests[id(b)]}))"
        for index, (a, b) in enumerate(pairs)
    )
    sql = (
        "SELECT pair, count() AS rows, sum(w) AS weight, sum(w * w) AS squares, sum(w * loss) AS lost,"
        " sum(w * loss * loss) AS lost2 FROM (SELECT loss, weight AS w,"
        f" arrayJoin(arrayFilter(t -> t.2 = 1, [{counted}])).1 AS pair FROM ({rows}))"
        f" GROUP BY pair HAVING rows >= {MIN_ROWS}"
    )
    found = []
    for row in runner.run(account, sql, values).records():
        a, b = pairs[row["pair"]]
        one = _slice([*a["conditions"], *b["conditions"]], row, total)
        if one is not None and one["effect"] >= max(a["effect"], b["effect"]) + EFFECT:
            found.append(one)
    return found


def _test(condition: Condition | _Range, index: int, params: dict[str, Any]) -> str:
    key = f"{{slice_key{index}:String}}"
    params[f"slice_key{index}"] = condition.name.removeprefix("tags.")
    if isinstance(condition, _Range):
        found = f"mapContains(numbers, {key})"
        for op, bound, end in ((">", condition.low, "low"), ("<=", condition.high, "high")):
            if bound is not None:
                params[f"slice_{end}{index}"] = bound
                found += f" AND numbers[{key}] {op} {{slice_{end}{index}:Float64}}"
        return f"({found})"
    params[f"slice_value{index}"] = condition.value
    value = f"{{slice_value{index}:String}}"
    if condition.name in {"version", "endpoint"}:
        # The name is bound too, so that the parameter is used.
        return f"({key} != '' AND {condition.name} = {value})"
    if condition.name.startswith("tags."):
        return f"(mapContains(tags, {key}) AND tags[{key}] = {value})"
    if not condition.value:
        return f"(has(missing, {key}) OR (mapContains(texts, {key}) AND texts[{key}] = {value}))"
    return f"(mapContains(texts, {key}) AND texts[{key}] = {value})"


def _without_shadows(slices: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """Leave out what says again, of nearly the same rows, what a worse slice said."""
    kept: list[dict[str, Any]] = []
    for one in slices:
        same = any(
            abs(k["rows"] - one["rows"]) <= 0.02 * k["rows"]
            and abs(k["loss"] - one["loss"]) < _SAME_LOSS
            for k in kept
        )
        if not same:
            kept.append(one)
    return kept
