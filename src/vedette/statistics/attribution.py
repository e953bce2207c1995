"""Attribution drift: whether features matter in the order in which they did."""

from __future__ import annotations

import math
from collections.abc import Mapping

VIOLATES_BELOW = 0.9
"""Amazon SageMaker's threshold of the nDCG."""


def attribution_ndcg(baseline: Mapping[str, float], live: Mapping[str, float]) -> float:
    """Return the nDCG of the live ranking of features against the baseline's.

    Args:
        baseline: mean absolute attribution (SHAP value) by feature.
        live: the same of the window; a feature that it lacks ranks last.

    A feature's gain is its baseline attribution; discounts are log2(rank + 1). Source:
    https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-model-monitor-feature-attribution-drift.html

    """
    names = sorted(baseline)
    ideal = sorted((baseline[name] for name in names), reverse=True)
    ranked = sorted(names, key=lambda name: (-live.get(name, -math.inf), name))
    best = _dcg(ideal)
    return _dcg([baseline[name] for name in ranked]) / best if best > 0 else math.nan


def _dcg(gains: list[float]) -> float:
    return sum(gain / math.log2(rank + 2) for rank, gain in enumerate(gains))
