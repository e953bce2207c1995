"""How well a model does: by window, realised beside estimated; and looked at closely over a range."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from vedette.models.production import reading
from vedette.models.production.estimator import Estimator
from vedette.models.production.relation import Scope, relation
from vedette.models.production.task import Task
from vedette.models.production.windows import Window, Windows, count_windows
from vedette.query import QueryRunner
from vedette.statistics import binary, cbpe, multiclass, ranking, regression
from vedette.statistics.estimate import Estimate, effective_size

HIGHER_IS_BETTER: Mapping[str, bool] = {
    **dict.fromkeys(
        ("accuracy", "precision", "recall", "specificity", "f1", "balanced_accuracy", "mcc", "roc_auc",
         "average_precision", "precision_macro", "recall_macro", "f1_macro", "precision_weighted",
         "f1_weighted", "kappa", "roc_auc_ovr", "r2", "ndcg", "map", "mrr", "hit_rate"), True,
    ),
    **dict.fromkeys(("brier", "log_loss", "ece", "mae", "mse", "rmse", "mape", "smape"), False),
}  # fmt: skip
"""Metrics whose direction is known; ``bias`` is best at 0."""
MAIN: Mapping[str, str] = {
    "binary": "roc_auc", "multiclass": "accuracy", "regression": "mae", "ranking": "ndcg",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Measured:
    """Metrics of labelled predictions, and those of always saying the same."""

    metrics: Mapping[str, Estimate]
    constant: Mapping[str, float]


def series(
    runner: QueryRunner,
    account: str,
    scope: Scope,
    task: Task,
    windows: Windows,
    estimator: Estimator | None = None,
) -> list[Window]:
    """Return the windows of a scope, oldest first, with what labels say and what is expected.

    Args:
        runner: runs the statements.
        account: whose.
        scope: which predictions.
        task: what the model does.
        windows: how they are parted.
        estimator: of a reference; None for no estimates.

    """
    sql, params = relation(scope)
    source = windows.keyed(sql, params)
    found = count_windows(runner, account, source, params, windows)
    if not found:
        return []
    for key, measured in measure(runner, account, source, params, task, len(found)).items():
        if key in found:
            found[key].realised = dict(measured.metrics)
            found[key].constant = dict(measured.constant)
    if estimator is not None:
        for key, expected in estimator.windows(
            runner, account, source, params, task, len(found)
        ).items():
            if key in found:
                found[key].estimated = expected
    return list(found.values())


def measure(
    runner: QueryRunner,
    account: str,
    source: str,
    params: Mapping[str, Any],
    task: Task,
    count: int = 1,
) -> dict[int, Measured]:
    """Return the metrics of each window of a keyed relation by what labels say."""
    if task.kind == "binary":
        found = reading.histograms(runner, account, source, params, task, windows=count)
        return {window: binary_of(h) for window, h in found.items() if (h.truth >= 0).any()}
    if task.kind == "multiclass":
        return _multiclass(runner, account, source, params, task, count)
    if task.kind == "regression":
        sums = reading.error_sums(runner, account, source, params)
        return {
            window: Measured(
                regression.metrics(groups, rows), regression.constant_predictor(groups)
            )
            for window, (groups, rows) in sums.items()
        }
    rows = reading.ranking_sums(runner, account, source, params, task)
    return {
        window: Measured(
            {name: ranking.from_moments(*_sums(row, name)) for name in ranking.METRICS}, {}
        )
        for window, row in rows.items()
    }


def _sums(row: Mapping[str, Any], name: str) -> tuple[float, float, float, float]:
    w, wx, wxx, ww = (
        row[f"sums_{name}"].values()
        if isinstance(row[f"sums_{name}"], dict)
        else row[f"sums_{name}"]
    )
    return w, wx or 0.0, wxx or 0.0, ww


def binary_of(h: reading.Histogram) -> Measured:
    """Return the metrics of a window's scores and labels."""
    known = h.labelled()
    squares = float(known.squares.sum())
    total = float(known.weights.sum())
    size = effective_size(total, squares)
    cells = {
        (called, truth): float(known.weights[(known.called == called) & (known.truth == truth)].sum())
        for called in (0, 1) for truth in (0, 1)
    }  # fmt: skip
    confusion = binary.Confusion(cells[1, 1], cells[1, 0], cells[0, 0], cells[0, 1], size)
    metrics = binary.confusion_metrics(confusion)
    if np.isfinite(known.scores).any():
        metrics |= binary.score_metrics(points_of(known))
    return Measured(metrics, binary.constant_classifier(cells[1, 1] + cells[0, 1], total))


def points_of(known: reading.Histogram) -> binary.Scored:
    """Return labelled groups as points."""
    held = known.where(np.isfinite(known.scores))
    positive = held.weights * (held.truth == 1)
    return binary.scored(
        held.scores, positive, held.weights - positive, squares=float(held.squares.sum())
    )


def _multiclass(
    runner: QueryRunner,
    account: str,
    source: str,
    params: Mapping[str, Any],
    task: Task,
    count: int,
) -> dict[int, Measured]:
    found = {}
    for window, (matrix, squares, _) in reading.confusions(
        runner, account, source, params, task.classes
    ).items():
        size = effective_size(float(matrix.sum()), squares)
        metrics = multiclass.confusion_metrics(matrix, size)
        found[window] = Measured(metrics, multiclass.constant_classifier(matrix.sum(axis=1)))
    if task.scored:
        for window, scores, _, truth, w in reading.class_scores(
            runner, account, source, params, task, windows=count
        ):
            known = truth >= 0
            if window in found and known.any():
                t, s = truth[known], scores[known]
                area = cbpe.one_against_rest(
                    s, [(t == k).astype(float) for k in range(s.shape[1])], w[known]
                )
                found[window] = Measured(
                    {**found[window].metrics, "roc_auc_ovr": area}, found[window].constant
                )
    return found


_CURVES = (
    "confusion", "by_class", "roc", "precision_recall", "calibration", "lift", "residuals",
)  # fmt: skip
"""What a report has by kind of task; None where it has none."""


def report(
    runner: QueryRunner, account: str, scope: Scope, task: Task, estimator: Estimator | None = None
) -> dict[str, Any]:
    """Return all that can be shown of a range: metrics with intervals, and the curves behind them."""
    sql, params = relation(scope)
    source = Windows().keyed(sql, params)
    counted = count_windows(runner, account, source, params, Windows()).get(0)
    if counted is None:
        return {
            "task": task.as_dict(),
            "rows": 0,
            "predictions": None,
            "labelled_rows": 0,
            "coverage": None,
            "metrics": {},
            "estimated": {},
            "constant": {},
            **dict.fromkeys(_CURVES),
        }
    measured = measure(runner, account, source, params, task).get(0, Measured({}, {}))
    expected = (
        estimator.windows(runner, account, source, params, task, 1).get(0, {}) if estimator else {}
    )
    found: dict[str, Any] = {
        "task": task.as_dict(),
        "rows": counted.rows,
        "predictions": counted.predictions,
        "labelled_rows": counted.labelled_rows,
        "coverage": counted.coverage,
        "metrics": {name: one.as_dict() for name, one in measured.metrics.items()},
        "estimated": {name: one.as_dict() for name, one in expected.items()},
        "constant": {name: _finite(value) for name, value in measured.constant.items()},
        **dict.fromkeys(_CURVES),
    }
    if not counted.labelled_rows:
        return found
    if task.kind == "binary":
        h = reading.histograms(runner, account, source, params, task)[0]
        found |= _binary_curves(h, task)
    elif task.kind == "multiclass":
        matrix = reading.confusions(runner, account, source, params, task.classes)[0][0]
        classes = [*task.classes, "other"][: len(matrix)]
        found["confusion"] = {"classes": classes, "matrix": matrix.tolist()}
        found["by_class"] = multiclass.by_class(matrix, classes)
    elif task.kind == "regression":
        found["residuals"] = _residuals(runner, account, source, params)
    return found


def _binary_curves(h: reading.Histogram, task: Task) -> dict[str, Any]:
    known = h.labelled()
    matrix = [
        [float(known.weights[(known.truth == truth) & (known.called == called)].sum()) for called in (0, 1)]
        for truth in (0, 1)
    ]  # fmt: skip
    found: dict[str, Any] = {"confusion": {"classes": list(task.classes), "matrix": matrix}}
    if np.isfinite(known.scores).any():
        points = points_of(known)
        found |= {
            "roc": binary.roc_curve(points),
            "precision_recall": binary.precision_recall_curve(points),
            "calibration": binary.calibration_curve(points),
            "lift": binary.lift(points),
        }
    return found


_RESIDUALS = """
SELECT arrayMap(t -> (t.1, t.2, t.3), histogram(30)(e)) AS bins, quantiles(0.01, 0.05, 0.25, 0.5, 0.75, 0.95,
    0.99)(e) AS levels,
    arrayMap(t -> (t.1, t.2), groupArraySample(500, 13)((value, actual_value))) AS points
FROM (SELECT value, actual_value,
    value - actual_value AS e FROM ({source}) WHERE labelled AND isFinite(value) AND isFinite(actual_value))
"""


def _residuals(
    runner: QueryRunner, account: str, source: str, params: Mapping[str, Any]
) -> dict[str, Any]:
    (row,) = runner.run(account, _RESIDUALS.replace("{source}", source), params).records()
    levels = ("0.01", "0.05", "0.25", "0.5", "0.75", "0.95", "0.99")
    return {
        "bins": [_plain(bin_) for bin_ in row["bins"]],
        "quantiles": dict(zip(levels, row["levels"], strict=True)),
        "points": [_plain(point) for point in row["points"]],
    }


def _plain(value: Any) -> list[float]:  # noqa: ANN401 - a tuple, as an object or a list
    return list(value.values()) if isinstance(value, dict) else list(value)


def _finite(value: float) -> float | None:
    return value if math.isfinite(value) else None


def window_view(window: Window) -> dict[str, Any]:
    """Return a window as JSON has it."""
    return {
        "start": window.start.isoformat(),
        "end": window.end.isoformat(),
        "rows": window.rows,
        "predictions": window.predictions,
        "labelled_rows": window.labelled_rows,
        "labelled": window.labelled,
        "coverage": window.coverage,
        "realised": {name: one.as_dict() for name, one in window.realised.items()},
        "estimated": {name: one.as_dict() for name, one in window.estimated.items()},
        "constant": {name: _finite(value) for name, value in window.constant.items()},
    }
