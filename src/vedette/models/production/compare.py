"""Two versions side by side: canary, shadow, A/B; each metric with the significance of its difference."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from vedette.models.production.performance import HIGHER_IS_BETTER, report
from vedette.models.production.relation import Scope
from vedette.models.production.task import Task
from vedette.query import QueryRunner
from vedette.statistics.estimate import Estimate, difference
from vedette.statistics.significance import benjamini_hochberg

LEVEL = 0.05


def compare_versions(
    runner: QueryRunner, account: str, scope: Scope, task: Task, first: str, second: str
) -> dict[str, Any]:
    """Return metrics of two versions over one range.

    Samples are taken to be independent, as in an A/B test; of a shadow, which answers the same
    requests, the p-values are on the safe side. They are corrected over metrics (Benjamini, Hochberg).
    """
    sides = [
        report(runner, account, replace(scope, version=version), task)
        for version in (first, second)
    ]
    rows = []
    for name in sides[0]["metrics"]:
        if name not in sides[1]["metrics"]:
            continue
        one, other = (_estimate(side["metrics"][name]) for side in sides)
        z, p = difference(other, one)
        rows.append((name, one, other, z, p))
    adjusted = benjamini_hochberg([row[4] for row in rows]).tolist() if rows else []
    metrics = []
    for (name, one, other, z, _), p in zip(rows, adjusted, strict=True):
        apart = other.value - one.value
        better = ""
        if p <= LEVEL and apart and name in HIGHER_IS_BETTER:
            better = "second" if (apart > 0) == HIGHER_IS_BETTER[name] else "first"
        metrics.append(
            {"name": name, "first": one.as_dict(), "second": other.as_dict(), "difference": _finite(apart),
             "z": _finite(z), "p_value": _finite(p), "better": better}
        )  # fmt: skip
    return {
        "task": task.as_dict(), "metrics": metrics,
        "first": _head(first, sides[0]), "second": _head(second, sides[1]),
    }  # fmt: skip


def _head(version: str, side: dict[str, Any]) -> dict[str, Any]:
    kept = ("rows", "predictions", "labelled_rows", "coverage")
    return {"version": version, **{name: side.get(name) for name in kept}}


def _estimate(told: dict[str, Any]) -> Estimate:
    numbers = {k: math.nan if told[k] is None else told[k] for k in ("value", "low", "high", "std")}
    return Estimate(**numbers, method=told["method"])


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None
