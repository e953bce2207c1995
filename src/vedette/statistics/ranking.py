"""Metrics of ranking: each query's list is measured, and queries are averaged."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike, NDArray

from vedette.statistics.estimate import Estimate, Floats, normal

METRICS = ("ndcg", "map", "mrr", "precision", "recall", "hit_rate")


def per_query(scores: ArrayLike, relevance: ArrayLike, k: int) -> dict[str, float]:
    """Return the metrics of one list, its best-scored ``k`` looked at.

    nDCG has linear gains and log2 discounts (Jarvelin, Kekalainen 2002); relevant is above 0.
    """
    s, r = np.asarray(scores, dtype=np.float64), np.asarray(relevance, dtype=np.float64)
    order = np.argsort(-s, kind="stable")
    top, ideal = r[order][:k], np.sort(r)[::-1][:k]
    discount = 1 / np.log2(np.arange(2, k + 2))
    best = float(ideal @ discount[: ideal.size])
    hits = top > 0
    relevant = int((r > 0).sum())
    precision = np.cumsum(hits) / np.arange(1, hits.size + 1)
    first = int(hits.argmax()) + 1 if hits.any() else 0
    return {
        "ndcg": float(top @ discount[: top.size]) / best if best > 0 else math.nan,
        "map": float(precision[hits].sum()) / min(relevant, k) if relevant else math.nan,
        "mrr": 1 / first if first else 0.0,
        "precision": float(hits.sum()) / k,
        "recall": float(hits.sum()) / relevant if relevant else math.nan,
        "hit_rate": float(hits.any()),
    }


def ranking_metrics(
    scores: ArrayLike, relevance: ArrayLike, queries: ArrayLike, k: int = 10
) -> dict[str, Estimate]:
    """Return the mean of each metric over queries; those where it is not defined are left out."""
    s, r, q = np.asarray(scores), np.asarray(relevance), np.asarray(queries)
    rows = [per_query(s[q == name], r[q == name], k) for name in np.unique(q)]
    values = {name: np.array([row[name] for row in rows]) for name in METRICS}
    return {name: mean_of(column) for name, column in values.items()}


def mean_of(values: Floats, weights: NDArray[np.float64] | None = None) -> Estimate:
    """Return a mean over queries, with its normal interval."""
    held = np.isfinite(values)
    found = values[held]
    if not found.size:
        return Estimate(math.nan)
    w = np.ones(found.size) if weights is None else weights[held]
    return from_moments(float(w.sum()), float(w @ found), float(w @ found**2), float(w @ w))


def from_moments(weight: float, total: float, squares: float, weight_squares: float) -> Estimate:
    """Return a mean from sums of w, w x, w x^2 and w^2, with its normal interval."""
    if weight <= 0:
        return Estimate(math.nan)
    mean = total / weight
    size = weight * weight / weight_squares
    variance = max(0.0, squares / weight - mean * mean)
    std = math.sqrt(variance / (size - 1)) if size > 1 else math.nan
    return normal(mean, std, size, method="normal over queries", least=0.0, most=1.0)
