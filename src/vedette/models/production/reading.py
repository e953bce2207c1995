"""The statements that turn a keyed relation into what statistics take: histograms, sums, samples."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vedette.models.production.task import Task
from vedette.query import QueryRunner
from vedette.statistics import regression
from vedette.statistics.estimate import Floats

MAX_GROUPS = 300_000
MAX_SAMPLE = 50_000
"""Rows of one window that are looked at one by one: for scores of many classes, and for errors."""
_MAX_SAMPLES = 400_000
_FINEST = 10_000

# A score, the class called and the actual one; a probability that came as the prediction is a score.
_SCORED = """
SELECT *,
    if(mapContains(scores, {positive:String}), scores[{positive:String}], if(empty(scores), value,
        1 - scores[class])) AS score,
    toUInt8(if({cut:UInt8}, score >= {threshold:Float64}, class = {positive:String})) AS called,
    toInt8(if(labelled, actual = {positive:String}, -1)) AS truth
FROM ({source})
"""
_HISTOGRAM = f"""
SELECT window, called, truth, count() AS rows, sum(weight) AS w, sum(weight * weight) AS w2,
    if(isFinite(any(score)), sum(weight * score) / sum(weight), nan) AS s, fold
FROM (SELECT *, {{fold}} AS fold FROM ({_SCORED}))
GROUP BY window, called, truth, fold, if(isFinite(score), toInt64(round(score * {{bins:UInt32}})), -1)
"""
_FOLD = "toUInt8(cityHash64(id) % 10)"
_CONFUSION = """
SELECT window, if(has({classes:Array(String)}, class), class, '\\0other') AS called,
    if(has({classes:Array(String)}, actual), actual, '\\0other') AS truth,
    count() AS rows, sum(weight) AS w, sum(weight * weight) AS w2
FROM ({source})
WHERE labelled
GROUP BY window, called, truth
"""
_SAMPLE = """
SELECT window, arrayMap(c -> scores[c], {classes:Array(String)}) AS s, indexOf({classes:Array(String)},
    class) AS called,
    if(labelled, indexOf({classes:Array(String)}, actual), 0) AS truth, weight AS w
FROM ({source})
ORDER BY cityHash64(id)
LIMIT {sample:UInt32} BY window
"""
_SUMS = f"""
SELECT window, cityHash64(id) % {regression.GROUPS} AS part, count() AS rows,
    sum(weight) AS weight_, sum(weight * e) AS error, sum(weight * abs(e)) AS absolute,
        sum(weight * e * e) AS squared,
    sum(weight * actual_value) AS actual_, sum(weight * actual_value * actual_value) AS actual_squared,
    sumIf(weight * abs(e / actual_value), actual_value != 0) AS relative, sumIf(weight,
        actual_value != 0) AS related,
    sumIf(weight * 2 * abs(e) / (abs(value) + abs(actual_value)), abs(value) + abs(actual_value) > 0) AS scaled
FROM (SELECT *,
    value - actual_value AS e FROM ({{source}}) WHERE labelled AND isFinite(value) AND isFinite(actual_value))
GROUP BY window, part
"""
_ROWS = """
SELECT window, arrayMap(f -> if(mapContains(numbers, f), numbers[f], NULL), {numeric:Array(String)}) AS x,
    arrayMap(f -> texts[f], {texts:Array(String)}) AS t, value, actual_value,
        toUInt8(labelled AND isFinite(actual_value)) AS known, weight AS w
FROM ({source})
WHERE isFinite(value) {more}
ORDER BY cityHash64(id)
LIMIT {sample:UInt32} BY window
"""
_RANKED = """
SELECT window,
    arrayMap(t -> t.2, arraySort(t -> -t.1, groupArray((if(isFinite(value), value,
        arrayMax(mapValues(scores))), actual_value)))) AS listed,
    arraySlice(listed, 1, {k:UInt32}) AS top, arraySlice(arrayReverseSort(listed), 1, {k:UInt32}) AS ideal,
    arrayMap(r -> toUInt8(r > 0), top) AS hits, arrayCumSum(hits) AS so_far, arrayCount(r -> r > 0,
        listed) AS relevant,
    arraySum((r, i) -> r / log2(i + 1), top, arrayEnumerate(top)) AS gained, arraySum((r,
        i) -> r / log2(i + 1), ideal, arrayEnumerate(ideal)) AS best,
    avg(weight) AS w,
    if(best > 0, gained / best, nan) AS ndcg,
    if(relevant > 0, arraySum((h, s, i) -> h * s / i, hits, so_far, arrayEnumerate(hits)) / least(relevant,
        {k:UInt32}), nan) AS map_,
    if(has(hits, 1), 1 / indexOf(hits, 1), 0) AS mrr,
    arraySum(hits) / {k:UInt32} AS precision_, if(relevant > 0, arraySum(hits) / relevant, nan) AS recall_,
    toFloat64(has(hits, 1)) AS hit_rate
FROM (
    SELECT *, if(mapContains(tags, {group:String}), tags[{group:String}], if(mapContains(texts,
        {group:String}), texts[{group:String}], toString(numbers[{group:String}]))) AS query
    FROM ({source}) WHERE labelled AND isFinite(actual_value)
)
GROUP BY window, query
"""
_MEANS = """
SELECT window, count() AS queries, {sums} FROM ({ranked}) GROUP BY window
"""
_RANKS = {
    "ndcg": "ndcg", "map": "map_", "mrr": "mrr", "precision": "precision_", "recall": "recall_",
    "hit_rate": "hit_rate",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Histogram:
    """Scores of one window, grouped; one entry a group in every array.

    Attributes:
        scores: mean score of the group; NaN where predictions have none.
        called: whether it was called positive.
        truth: 1 and 0, or -1 where there is no label.
        weights: sum of weights.
        squares: sum of squared weights.
        rows: captured predictions.
        folds: fold of a tenth of the predictions, where they were asked for.

    """

    scores: Floats
    called: Floats
    truth: Floats
    weights: Floats
    squares: Floats
    rows: Floats
    folds: Floats

    def labelled(self) -> Histogram:
        """Return what has labels."""
        return self.where(self.truth >= 0)

    def where(self, held: Any) -> Histogram:  # noqa: ANN401 - a mask
        """Return some groups."""
        return Histogram(*(getattr(self, name)[held] for name in self.__slots__))


def binary_params(task: Task) -> dict[str, Any]:
    """Return the parameters of a scored relation."""
    return {
        "positive": task.positive, "cut": int(task.threshold is not None), "threshold": task.threshold or 0.0,
    }  # fmt: skip


def scored(source: str) -> str:
    """Return the SELECT of a keyed relation with ``score``, ``called`` and ``truth`` (-1: no label)."""
    return _SCORED.replace("{source}", source)


def histograms(
    runner: QueryRunner, account: str, source: str, params: Mapping[str, Any], task: Task, *,
    windows: int = 1, folds: bool = False,
) -> dict[int, Histogram]:  # fmt: skip
    """Return the scores of each window of a keyed relation, grouped to what so many windows allow."""
    bins = max(200, min(_FINEST, MAX_GROUPS // (max(1, windows) * (12 if folds else 3))))
    sql = _HISTOGRAM.replace("{fold}", _FOLD if folds else "toUInt8(0)").replace("{source}", source)
    values = {**params, **binary_params(task), "bins": bins}
    found = runner.run(account, sql, values, limits=runner.bulk_limits(MAX_GROUPS * 2))
    return {
        window: Histogram(*parts)
        for window, *parts in _split(found, ("s", "called", "truth", "w", "w2", "rows", "fold"))
    }


def confusions(
    runner: QueryRunner,
    account: str,
    source: str,
    params: Mapping[str, Any],
    classes: Sequence[str],
) -> dict[int, tuple[Floats, float, int]]:
    """Return by window the confusion matrix, the sum of squared weights and the number of rows.

    A row of the matrix is an actual class, a column a predicted one; what is in no class is last.
    """
    sql = _CONFUSION.replace("{source}", source)
    limits = runner.bulk_limits(MAX_GROUPS)
    rows = runner.run(account, sql, {**params, "classes": list(classes)}, limits=limits).records()
    place = {name: index for index, name in enumerate([*classes, "\0other"])}
    found: dict[int, list[Any]] = {}
    for row in rows:
        entry = found.setdefault(row["window"], [np.zeros((len(place), len(place))), 0.0, 0])
        entry[0][place[row["truth"]], place[row["called"]]] += row["w"]
        entry[1] += row["w2"]
        entry[2] += row["rows"]
    return {window: (_without_other(matrix), w2, n) for window, (matrix, w2, n) in found.items()}


def _without_other(matrix: Floats) -> Floats:
    if not matrix[-1].any() and not matrix[:, -1].any():
        return matrix[:-1, :-1]
    return matrix


def class_scores(
    runner: QueryRunner,
    account: str,
    source: str,
    params: Mapping[str, Any],
    task: Task,
    *,
    windows: int = 1,
) -> Iterator[tuple[int, Floats, Floats, Floats, Floats]]:
    """Yield of each window a sample of rows: scores by class, class called, actual (-1: none), weights."""
    values = {**params, "classes": list(task.classes), "sample": _sample(windows)}
    sql = _SAMPLE.replace("{source}", source)
    found = runner.run(account, sql, values, limits=runner.bulk_limits(_MAX_SAMPLES))
    for window, scores, called, truth, w in _split(found, ("s", "called", "truth", "w")):
        held = called > 0
        yield window, scores[held], called[held] - 1, truth[held] - 1, w[held]


def error_sums(
    runner: QueryRunner, account: str, source: str, params: Mapping[str, Any]
) -> dict[int, tuple[Floats, int]]:
    """Return each window's sums of errors by random group, and its number of rows."""
    found = runner.run(
        account, _SUMS.replace("{source}", source), params, limits=runner.bulk_limits(MAX_GROUPS)
    )
    names = ("rows", "part", "weight_", *regression.SUMS[1:4], "actual_", *regression.SUMS[5:])
    result = {}
    for window, rows, part, *sums in _split(found, names):
        groups = np.zeros((regression.GROUPS, len(sums)))
        groups[part.astype(np.int64)] = np.stack(sums, axis=1)
        result[window] = (groups, int(rows.sum()))
    return result


def feature_rows(
    runner: QueryRunner, account: str, source: str, params: Mapping[str, Any], *, numeric: Sequence[str],
    texts: Sequence[str], windows: int = 1, only_labelled: bool = False,
) -> Iterator[tuple[int, Floats, list[list[str]], Floats, Floats, Floats]]:  # fmt: skip
    """Yield of each window a sample of rows: numbers (NaN: missing), texts, answers, actual values, weights."""
    sql = _ROWS.replace("{source}", source).replace(
        "{more}", "AND labelled AND isFinite(actual_value)" if only_labelled else ""
    )
    values = {**params, "numeric": list(numeric), "texts": list(texts), "sample": _sample(windows)}
    found = runner.run(account, sql, values, limits=runner.bulk_limits(_MAX_SAMPLES))
    order = np.argsort(np.asarray(found["window"], dtype=np.int64), kind="stable")
    if not order.size:
        return
    keys = np.asarray(found["window"], dtype=np.int64)[order]
    x = np.array(found["x"], dtype=np.float64).reshape(len(order), -1)
    columns = [_floats(found[name]) for name in ("value", "actual_value", "w")]
    for window in np.unique(keys):
        held = order[keys == window]
        listed = [found["t"][index] for index in held]
        yield int(window), x[held], listed, *(column[held] for column in columns)


def ranking_sums(
    runner: QueryRunner, account: str, source: str, params: Mapping[str, Any], task: Task
) -> dict[int, dict[str, Any]]:
    """Return each window's sums of its queries' metrics: w, w x, w x^2 and w^2 by metric."""
    parts = []
    for name, column in _RANKS.items():
        held = f"isFinite({column})"
        parts.append(
            f"tuple(sumIf(w, {held}), sumIf(w * {column}, {held}), sumIf(w * {column} * {column}, {held}),"
            f" sumIf(w * w, {held})) AS sums_{name}"
        )
    sql = _MEANS.replace("{sums}", ", ".join(parts)).replace(
        "{ranked}", _RANKED.replace("{source}", source)
    )
    values = {**params, "group": task.group, "k": task.k}
    rows = runner.run(account, sql, values, limits=runner.bulk_limits(MAX_GROUPS)).records()
    return {row["window"]: row for row in rows}


def _sample(windows: int) -> int:
    return max(1000, min(MAX_SAMPLE, _MAX_SAMPLES // max(1, windows)))


def _floats(values: Sequence[Any]) -> Floats:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)


def _split(found: Any, names: Sequence[str]) -> Iterator[Any]:  # noqa: ANN401 - Columns
    """Yield each window with its part of the columns."""
    keys = np.asarray(found["window"], dtype=np.int64)
    columns = [
        np.array(found[name], dtype=np.float64) if found[name] and isinstance(found[name][0], list)
        else _floats(found[name])
        for name in names
    ]  # fmt: skip
    order = np.argsort(keys, kind="stable")
    edges = np.flatnonzero(np.diff(keys[order])) + 1
    for part in np.split(order, edges) if order.size else ():
        yield (int(keys[part[0]]), *(column[part] for column in columns))
