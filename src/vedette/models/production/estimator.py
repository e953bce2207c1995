"""What a reference teaches, so that performance can be estimated before labels come."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from vedette.core.errors import UnavailableError
from vedette.models.production import reading
from vedette.models.production.relation import Scope, relation
from vedette.models.production.task import Task
from vedette.models.production.windows import Windows
from vedette.query import QueryRunner
from vedette.statistics import calibration, cbpe, dle
from vedette.statistics.calibration import Calibrator
from vedette.statistics.estimate import Estimate, Floats

MIN_LABELLED = 100
"""Labelled rows that a reference needs to teach anything."""
MAX_CATEGORIES = 200
MAX_FEATURES = 200
_KEPT = 64
_KEPT_SECONDS = 300.0
_FEATURES = """
SELECT arraySort(groupUniqArrayArray(1000)(mapKeys(numbers))) AS numeric,
    arraySort(groupUniqArrayArray(1000)(mapKeys(texts))) AS texts
FROM (SELECT numbers, texts FROM ({relation}) LIMIT 5000)
"""


@dataclass(frozen=True, slots=True)
class Estimator:
    """What was learnt; exactly one of the three is set.

    Attributes:
        calibrator: of a binary classifier.
        calibrators: one a class, of a multiclass one.
        errors: of a regressor, with the features that it looks at.

    """

    calibrator: Calibrator | None = None
    calibrators: Sequence[Calibrator] = ()
    errors: dle.ErrorModel | None = None
    numeric: Sequence[str] = ()
    texts: Sequence[str] = ()
    codes: Sequence[Mapping[str, int]] = ()

    def windows(
        self,
        runner: QueryRunner,
        account: str,
        source: str,
        params: Mapping[str, Any],
        task: Task,
        count: int,
    ) -> dict[int, dict[str, Estimate]]:
        """Return what is expected of each window of a keyed relation, with labels or without."""
        if self.calibrator is not None:
            found = reading.histograms(runner, account, source, params, task, windows=count)
            return {window: self.binary(h) for window, h in found.items()}
        if self.calibrators:
            return {
                window: cbpe.estimate_multiclass(scores, called, w, self.calibrators)
                for window, scores, called, _, w in reading.class_scores(
                    runner, account, source, params, task, windows=count
                )
                if w.size
            }
        assert self.errors is not None  # noqa: S101 - one of the three is set
        return {
            window: self.errors.estimate(self.encoded(x, t), value, w)
            for window, x, t, value, _, w in reading.feature_rows(
                runner,
                account,
                source,
                params,
                numeric=self.numeric,
                texts=self.texts,
                windows=count,
            )
        }

    def binary(self, h: reading.Histogram) -> dict[str, Estimate]:
        """Return what is expected of a window's scores."""
        assert self.calibrator is not None  # noqa: S101 - asked of binary ones alone
        held = h.where(np.isfinite(h.scores))
        if not held.weights.size:
            return {}
        return cbpe.estimate_binary(
            held.scores,
            held.called,
            held.weights,
            self.calibrator,
            squares=float(held.squares.sum()),
        )

    def encoded(self, numbers: Floats, texts: Sequence[Sequence[str]]) -> Floats:
        """Return features as the error model takes them; a category it does not know is missing."""
        columns = [
            np.array([codes.get(row[k], np.nan) for row in texts], dtype=np.float64)
            for k, codes in enumerate(self.codes)
        ]
        return np.column_stack([numbers, *columns]) if columns else numbers


class Estimators:
    """Learns estimators from references, and keeps the newest for some minutes. Thread-safe."""

    def __init__(self, runner: QueryRunner) -> None:
        self._runner = runner
        self._lock = threading.Lock()
        self._kept: OrderedDict[str, tuple[float, Estimator | None]] = OrderedDict()

    def get(self, account: str, reference: Scope, task: Task) -> Estimator | None:
        """Return what a reference teaches; None where it has too few labels, or no scores.

        Args:
            account: whose.
            reference: its rows.
            task: what the model does.

        """
        key = f"{account}\n{reference}\n{task}"
        with self._lock:
            made, kept = self._kept.get(key, (0.0, None))
            if made and time.monotonic() - made < _KEPT_SECONDS:
                return kept
        learnt = _learn(self._runner, account, reference, task)
        with self._lock:
            self._kept[key] = (time.monotonic(), learnt)
            self._kept.move_to_end(key)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return learnt


def _learn(runner: QueryRunner, account: str, reference: Scope, task: Task) -> Estimator | None:
    sql, params = relation(reference)
    source = Windows().keyed(sql, params)
    if task.kind == "binary" and task.scored:
        return _calibrator(runner, account, source, params, task)
    if task.kind == "multiclass" and task.scored:
        for _, scores, _, truth, _ in reading.class_scores(runner, account, source, params, task):
            known = truth >= 0
            if known.sum() < MIN_LABELLED:
                return None
            s, t = scores[known], truth[known]
            return Estimator(
                calibrators=[calibration.fit(s[:, k], t == k, t != k) for k in range(s.shape[1])]
            )
    if task.kind == "regression":
        return _errors(runner, account, source, params, sql)
    return None


def _calibrator(
    runner: QueryRunner, account: str, source: str, params: Mapping[str, Any], task: Task
) -> Estimator | None:
    found = reading.histograms(runner, account, source, params, task, folds=True).get(0)
    if found is None:
        return None
    h = found.labelled()
    h = h.where(np.isfinite(h.scores))
    if h.rows.sum() < MIN_LABELLED:
        return None
    positive = h.weights * (h.truth == 1)
    folds = h.folds.astype(np.int64)
    return Estimator(calibrator=calibration.fit(h.scores, positive, h.weights - positive, folds))


def _errors(
    runner: QueryRunner, account: str, source: str, params: Mapping[str, Any], sql: str
) -> Estimator | None:
    (names,) = runner.run(account, _FEATURES.replace("{relation}", sql), params).records()
    numeric, texts = names["numeric"][:MAX_FEATURES], names["texts"][:MAX_FEATURES]
    for _, x, t, value, actual, w in reading.feature_rows(
        runner, account, source, params, numeric=numeric, texts=texts, only_labelled=True
    ):
        if value.size < MIN_LABELLED:
            return None
        codes = [_codes([row[k] for row in t]) for k in range(len(texts))]
        made = Estimator(numeric=numeric, texts=texts, codes=codes)
        try:
            errors = dle.fit(made.encoded(x, t), value, actual, w)
        except UnavailableError:
            return None
        return Estimator(errors=errors, numeric=numeric, texts=texts, codes=codes)
    return None


def _codes(values: Sequence[str]) -> dict[str, int]:
    unique, counts = np.unique(np.array(values, dtype=object).astype(str), return_counts=True)
    frequent = unique[np.argsort(-counts, kind="stable")][:MAX_CATEGORIES]
    return {str(name): index for index, name in enumerate(frequent)}
