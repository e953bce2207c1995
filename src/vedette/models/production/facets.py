"""Bias of a model between the values of a feature or tag, by labels and by predictions."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from pydantic import Field

from vedette.core.bodies import Body
from vedette.core.errors import InvalidInputError, NotFoundError
from vedette.models.production import reading
from vedette.models.production.relation import Scope, relation
from vedette.models.production.task import Task
from vedette.models.production.windows import Windows
from vedette.query import QueryRunner
from vedette.statistics import bias
from vedette.statistics.bias import Facets, Group

MAX_FLIP_ROWS = 20_000
MAX_FLIP_FEATURES = 50
MAX_STRATA = 200
_OF_PREDICTIONS = ("DPPL", "DI", "CDDPL")
_VALUE = (
    "multiIf(mapContains(tags, {{{0}:String}}), tags[{{{0}:String}}], mapContains(texts, {{{0}:String}}),"
    " texts[{{{0}:String}}], mapContains(numbers, {{{0}:String}}), toString(numbers[{{{0}:String}}]), '')"
)
_GROUPS = f"""
SELECT facet, stratum, called, truth, sum(weight) AS w FROM (
    SELECT weight, called, truth,
        if({{above:UInt8}}, toString(toUInt8(ifNull(toFloat64OrNull(facet_value) > {{cut_at:Float64}}, 0))),
            facet_value) AS facet,
        if({{stratum:String}} = '', '', {_VALUE.format("stratum")}) AS stratum
    FROM (SELECT *, {_VALUE.format("facet")} AS facet_value FROM ({{scored}}))
    WHERE facet_value != ''
)
GROUP BY facet, stratum, called, truth
ORDER BY w DESC
LIMIT 100000
"""
_FLIP = f"""
SELECT arrayMap(f -> if(mapContains(numbers, f), numbers[f], NULL), {{features:Array(String)}}) AS x, called,
    if({{above:UInt8}}, toString(toUInt8(ifNull(toFloat64OrNull(facet_value) > {{cut_at:Float64}}, 0))),
        facet_value) AS facet
FROM (SELECT *, {_VALUE.format("facet")} AS facet_value FROM ({{scored}}))
WHERE facet_value != ''
ORDER BY cityHash64(id) LIMIT {MAX_FLIP_ROWS}
"""
_NAMES = """
SELECT arraySort(groupUniqArrayArray(1000)(mapKeys(numbers))) AS names
FROM (SELECT numbers FROM ({relation}) LIMIT 5000)
"""


class FacetBody(Body):
    """Which two groups are compared.

    ``disadvantaged`` is a value of the facet; ``advantaged`` another, by default all the others.
    With ``above`` the facet is a number, and those above it are the disadvantaged.
    """

    facet: str = Field(min_length=1, max_length=256, description="a feature or a tag")
    disadvantaged: str | None = Field(default=None, max_length=256)
    advantaged: str | None = Field(default=None, max_length=256)
    above: float | None = Field(default=None, description="splits a number in two")
    stratum: str = Field(
        default="", max_length=256, description="feature or tag that CDDL and CDDPL condition on"
    )
    favourable: str | None = Field(
        default=None,
        max_length=256,
        description="the class that is good to get; by default the positive one",
    )


def measure_bias(
    runner: QueryRunner,
    account: str,
    scope: Scope,
    task: Task,
    facet: FacetBody,
    *,
    flip: bool = True,
) -> dict[str, Any]:
    """Return the metrics of bias of a scope.

    Returns:
        ``pre_training`` (of labels) and ``post_training``, by Clarify's short names; None where a
        metric is infinite; ``advantaged`` and ``disadvantaged`` with their weights and shares.

    Raises:
        InvalidInputError: the model is no classifier of two classes, or the facet has no such value.

    """
    if task.kind not in {"binary", "multiclass"}:
        raise InvalidInputError(
            f"bias of {task.kind} is not defined", field="kind", remedy="choose a classifier"
        )
    favourable = facet.favourable or task.positive or (task.classes[0] if task.classes else "1")
    task = _of(task, favourable)
    sql, params = relation(scope)
    scored = reading.scored(Windows().keyed(sql, params))
    values = {
        **params, **reading.binary_params(task), "facet": facet.facet, "stratum": facet.stratum,
        "above": int(facet.above is not None), "cut_at": facet.above or 0.0,
    }  # fmt: skip
    rows = runner.run(
        account, _GROUPS.replace("{scored}", scored), values, limits=runner.bulk_limits(100_000)
    ).records()
    a, d = _sides(rows, facet)
    labelled = [row for row in rows if row["truth"] >= 0]
    facets = Facets(
        _group(labelled, a),
        _group(labelled, d),
        strata=_strata(labelled, a, d, _group) if facet.stratum else (),
    )
    predicted = Facets(
        _called(rows, a),
        _called(rows, d),
        strata=_strata(rows, a, d, _called) if facet.stratum else (),
    )
    found = bias.post_training(predicted)
    post = {name: found[name] for name in _OF_PREDICTIONS if name in found}
    pre: dict[str, float] = {}
    if labelled:
        pre = bias.pre_training(facets)
        post |= {k: v for k, v in bias.post_training(facets).items() if k not in post}
    if flip and (flipped := _flip(runner, account, scored, values, sql, a, d)) is not None:
        post["FT"] = flipped
    return {
        "facet": facet.facet, "favourable": favourable, "rows": sum(row["w"] for row in rows),
        "advantaged": _side(predicted.a, facets.a, a), "disadvantaged": _side(predicted.d, facets.d, d),
        "pre_training": _finite(pre), "post_training": _finite(post),
    }  # fmt: skip


def _of(task: Task, favourable: str) -> Task:
    from dataclasses import replace  # noqa: PLC0415 - here alone

    if task.kind == "binary" and favourable == task.positive:
        return task
    # The threshold is the positive class's: of another class what was called counts.
    return replace(task, positive=favourable, threshold=None)


def _sides(rows: list[dict[str, Any]], facet: FacetBody) -> tuple[set[str], set[str]]:
    known = {row["facet"] for row in rows}
    if not known:
        raise NotFoundError(
            f"no prediction has {facet.facet!r}", field="facet", remedy="choose a feature or a tag"
        )
    if facet.above is not None:
        return {"0"}, {"1"}
    weights: dict[str, float] = {}
    for row in rows:
        weights[row["facet"]] = weights.get(row["facet"], 0.0) + row["w"]
    d = facet.disadvantaged
    if d is None:
        # The smaller of the frequent ones, until somebody says which.
        d = sorted(known, key=lambda name: (-weights[name], name))[:2][-1]
    if d not in known:
        raise InvalidInputError(
            f"{facet.facet!r} is never {d[:50]!r}", field="disadvantaged",
            remedy=f"it is {', '.join(sorted(known)[:10])}",
        )  # fmt: skip
    return ({facet.advantaged} if facet.advantaged is not None else known - {d}), {d}


def _group(rows: list[dict[str, Any]], side: set[str]) -> Group:
    cells = {(1, 1): 0.0, (1, 0): 0.0, (0, 0): 0.0, (0, 1): 0.0}
    for row in rows:
        if row["facet"] in side:
            cells[row["called"], row["truth"]] += row["w"]
    return Group(cells[1, 1], cells[1, 0], cells[0, 0], cells[0, 1])


def _called(rows: list[dict[str, Any]], side: set[str]) -> Group:
    accepted = sum(row["w"] for row in rows if row["facet"] in side and row["called"])
    rejected = sum(row["w"] for row in rows if row["facet"] in side and not row["called"])
    return Group(tp=accepted, tn=rejected)


def _strata(
    rows: list[dict[str, Any]],
    a: set[str],
    d: set[str],
    counted: Callable[[list[dict[str, Any]], set[str]], Group],
) -> list[tuple[Group, Group]]:
    names = sorted({row["stratum"] for row in rows})[:MAX_STRATA]
    found = []
    for name in names:
        part = [row for row in rows if row["stratum"] == name]
        found.append((counted(part, a | d), counted(part, d)))
    return found


def _flip(
    runner: QueryRunner,
    account: str,
    scored: str,
    params: Mapping[str, Any],
    sql: str,
    a: set[str],
    d: set[str],
) -> float | None:
    (row,) = runner.run(account, _NAMES.replace("{relation}", sql), params).records()
    names = [name for name in row["names"] if name != params["facet"]][:MAX_FLIP_FEATURES]
    if not names:
        return None
    found = runner.run(
        account, _FLIP.replace("{scored}", scored), {**params, "features": names},
        limits=runner.bulk_limits(MAX_FLIP_ROWS),
    )  # fmt: skip
    facet = np.array(found["facet"], dtype=object)
    held = np.array([name in a or name in d for name in facet], dtype=bool)
    favoured = np.array([name in a for name in facet], dtype=bool)
    if not held.any():
        return None
    x = np.array(found["x"], dtype=np.float64).reshape(len(facet), -1)
    return bias.flip_test(x[held], np.array(found["called"])[held], favoured[held])


def _side(predicted: Group, labelled: Group, names: set[str]) -> dict[str, Any]:
    share = predicted.accepted / predicted.total if predicted.total else None
    actual = labelled.positive / labelled.total if labelled.total else None
    return {
        "values": sorted(names)[:20], "weight": predicted.total, "predicted_share": share,
        "labelled_share": actual, "tp": labelled.tp, "fp": labelled.fp, "tn": labelled.tn, "fn": labelled.fn,
    }  # fmt: skip


def _finite(values: Mapping[str, float]) -> dict[str, float | None]:
    return {name: value if math.isfinite(value) else None for name, value in values.items()}
