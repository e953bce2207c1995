"""Two distributions of a column over common bins or categories, as charts show them."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from vedette.data.drift.measures import OTHER, comparable
from vedette.data.profiling.summary import ColumnProfile
from vedette.statistics.binning import equal_edges

BINS = 24
SHOWN_CATEGORIES = 12

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Distribution:
    """Shares of the rows of both sides, bin by bin.

    Attributes:
        labels: what each bin is called.
        reference: shares of the baseline; together at most 1.
        current: shares of the window.
        edges: bounds of the bins of numbers, one more than bins; empty for categories.
        values: the category of each bin, None for the rest; empty for numbers.

    """

    labels: list[str]
    reference: Floats
    current: Floats
    edges: list[float]
    values: list[Any]

    def as_dict(self) -> dict[str, Any]:
        """Return it as the API shows it."""
        return {
            "labels": self.labels,
            "reference": self.reference.tolist(),
            "current": self.current.tolist(),
            "edges": self.edges,
            "values": self.values,
        }


def distribution(reference: ColumnProfile, current: ColumnProfile) -> Distribution | None:
    """Return both distributions; None where nothing is kept that can be compared.

    Numbers are put into 24 bins of one width over the middle 99 % of both, far outliers are left
    out of the picture; of categories the 12 largest are shown.
    """
    pair = comparable(reference, current)
    if pair is None:
        return None
    if pair.categorical:
        names, p, q = pair.categories
        if not p.sum() or not q.sum():
            return None
        p, q = p / p.sum(), q / q.sum()
        order = np.argsort(-np.maximum(p, q), kind="stable")[:SHOWN_CATEGORIES]
        shown = [None if names[place] == OTHER else names[place] for place in order]
        labels = ["all others" if name is None else str(name) for name in shown]
        return Distribution(labels, p[order], q[order], [], shown)
    first, second = pair.samples
    if first.is_empty or second.is_empty:
        return None
    low, high = _middle(first.values, second.values)
    edges = equal_edges(low, high, BINS if high > low else 1)
    p, q = (s.histogram(edges) / s.weights.sum() for s in (first, second))
    labels = [f"{a:.4g} to {b:.4g}" for a, b in pairwise(edges)]
    return Distribution(labels, p, q, edges.tolist(), [])


def _middle(*values: Floats) -> tuple[float, float]:
    lows = [float(np.quantile(v, 0.005)) for v in values]
    highs = [float(np.quantile(v, 0.995)) for v in values]
    return min(lows), max(highs)
