"""Bias of data and of predictions between two groups (facets): the metrics of SageMaker Clarify.

Formulas: https://docs.aws.amazon.com/sagemaker/latest/dg/clarify-measure-data-bias.html and
clarify-measure-post-training-bias.html. ``a`` is the advantaged (favoured) group, ``d`` the
disadvantaged one; labels and predictions are 1 where they are favourable. 0 / 0 is 0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from vedette.statistics.estimate import Floats, ratio

PRE_TRAINING = ("CI", "DPL", "KL", "JS", "LP", "TVD", "KS", "CDDL")
POST_TRAINING = (
    "DPPL", "DI", "DCA", "DCR", "RD", "SD", "DAR", "DRR", "AD", "TE", "CDDPL", "FT", "GE",
)  # fmt: skip
NO_BIAS: Mapping[str, float] = {"DI": 1.0}
"""The value of no bias; 0 for metrics that are not named."""
FLIP_NEIGHBOURS = 5


@dataclass(frozen=True, slots=True)
class Group:
    """Outcomes of one facet, weighted; actual by predicted."""

    tp: float = 0.0
    fp: float = 0.0
    tn: float = 0.0
    fn: float = 0.0

    @property
    def total(self) -> float:
        """Weight of all."""
        return self.tp + self.fp + self.tn + self.fn

    @property
    def positive(self) -> float:
        """Weight of favourable labels."""
        return self.tp + self.fn

    @property
    def negative(self) -> float:
        """Weight of the other labels."""
        return self.tn + self.fp

    @property
    def accepted(self) -> float:
        """Weight of favourable predictions."""
        return self.tp + self.fp

    @property
    def rejected(self) -> float:
        """Weight of the other predictions."""
        return self.tn + self.fn


@dataclass(frozen=True, slots=True)
class Facets:
    """What the metrics are computed from.

    Attributes:
        a: outcomes of the advantaged group.
        d: outcomes of the disadvantaged group.
        labels_a: weight by label value in a, where there are more than two values; else empty.
        labels_d: the same in d.
        strata: by stratum of the conditioning variable: outcomes of both groups together and of d.

    """

    a: Group
    d: Group
    labels_a: Sequence[float] = ()
    labels_d: Sequence[float] = ()
    strata: Sequence[tuple[Group, Group]] = field(default_factory=tuple)


def pre_training(f: Facets) -> dict[str, float]:
    """Return the metrics of labels. CDDL is left out without strata."""
    a, d = f.a, f.d
    p = np.array(f.labels_a or (a.positive, a.negative), dtype=np.float64)
    q = np.array(f.labels_d or (d.positive, d.negative), dtype=np.float64)
    p, q = p / (p.sum() or 1.0), q / (q.sum() or 1.0)
    apart = np.abs(p - q)
    middle = (p + q) / 2
    found = {
        "CI": ratio(a.total - d.total, a.total + d.total),
        "DPL": ratio(a.positive, a.total) - ratio(d.positive, d.total),
        "KL": _kl(p, q),
        "JS": (_kl(p, middle) + _kl(q, middle)) / 2,
        "LP": float(np.sqrt((apart**2).sum())),
        "TVD": float(apart.sum() / 2),
        "KS": float(apart.max()),
    }
    if f.strata:
        found["CDDL"] = _conditional(f.strata, lambda g: (g.negative, g.positive))
    return found


def post_training(f: Facets) -> dict[str, float]:
    """Return the metrics of predictions beside labels. FT needs rows: see ``flip_test``."""
    a, d = f.a, f.d
    found = {
        "DPPL": ratio(a.accepted, a.total) - ratio(d.accepted, d.total),
        "DI": ratio(ratio(d.accepted, d.total), ratio(a.accepted, a.total)),
        "DCA": ratio(a.positive, a.accepted) - ratio(d.positive, d.accepted),
        "DCR": ratio(d.negative, d.rejected) - ratio(a.negative, a.rejected),
        "RD": ratio(a.tp, a.positive) - ratio(d.tp, d.positive),
        "SD": ratio(d.tn, d.negative) - ratio(a.tn, a.negative),
        "DAR": ratio(a.tp, a.accepted) - ratio(d.tp, d.accepted),
        "DRR": ratio(d.tn, d.rejected) - ratio(a.tn, a.rejected),
        "AD": ratio(a.tp + a.tn, a.total) - ratio(d.tp + d.tn, d.total),
        "TE": ratio(d.fn, d.fp) - ratio(a.fn, a.fp),
        "GE": generalised_entropy(a, d),
    }
    if f.strata:
        found["CDDPL"] = _conditional(f.strata, lambda g: (g.rejected, g.accepted))
    return found


def _kl(p: Floats, q: Floats) -> float:
    held = p > 0
    if (q[held] == 0).any():
        return math.inf
    return float(np.sum(p[held] * np.log(p[held] / q[held])))


def _conditional(strata: Sequence[tuple[Group, Group]], parts) -> float:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """Return demographic disparity of d averaged over strata by their weight."""
    total = sum(both.total for both, _ in strata)
    disparity = 0.0
    for both, d in strata:
        (rejected, accepted), (rejected_d, accepted_d) = parts(both), parts(d)
        apart = ratio(rejected_d, rejected) - ratio(accepted_d, accepted)
        disparity += both.total * apart
    return ratio(disparity, total)


def generalised_entropy(a: Group, d: Group) -> float:
    """Return the entropy of benefits b = predicted - actual + 1 with alpha 2 (Speicher 2018)."""
    fp, fn, right = a.fp + d.fp, a.fn + d.fn, a.tp + d.tp + a.tn + d.tn
    total = fp + fn + right
    mean = ratio(2 * fp + right, total)
    if total <= 0 or mean == 0:
        return 0.0
    squares = (4 * fp + right) / total
    return (squares / mean**2 - 1) / 2


def flip_test(features: Floats, predicted: ArrayLike, advantaged: ArrayLike) -> float:
    """Return FT: how many of d are answered otherwise than most of their neighbours in a.

    ``(F+ - F-) / n_d``: F+ were refused where their 5 nearest in a are mostly accepted. Features are
    scaled to unit variance; missing ones are the mean.
    """
    from scipy.spatial import cKDTree  # noqa: PLC0415 - only where it is needed

    y, favoured = np.asarray(predicted, dtype=np.float64), np.asarray(advantaged, dtype=bool)
    if not favoured.any() or favoured.all():
        return 0.0
    with np.errstate(all="ignore"):
        x = features - np.nanmean(features, axis=0)
        spread = np.nanstd(features, axis=0)
    x = np.nan_to_num(x) / np.where(np.isfinite(spread) & (spread > 0), spread, 1.0)
    count = min(FLIP_NEIGHBOURS, int(favoured.sum()))
    _, near = cKDTree(x[favoured]).query(x[~favoured], k=count)
    votes = y[favoured][near.reshape(-1, count)].mean(axis=1) > 0.5  # noqa: PLR2004 - most of them
    own = y[~favoured] > 0.5  # noqa: PLR2004 - a label of 0 or 1
    return float((votes & ~own).sum() - (~votes & own).sum()) / int((~favoured).sum())


def further_from_none(name: str, value: float, baseline: float) -> bool:
    """Tell whether a value is further from no bias than the baseline: Clarify's violation."""
    none = NO_BIAS.get(name, 0.0)
    return abs(value - none) > abs(baseline - none) + 1e-12
