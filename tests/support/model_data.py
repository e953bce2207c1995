"""Fixed data that Vedette and its peers both look at."""

import numpy as np


def binary_data():
    """A reference whose scores are too sure of themselves, and four chunks to estimate."""
    rng = np.random.default_rng(7)
    frames = []
    for size in (20_000, 8_000):
        logit = rng.normal(-0.4, 1.6, size)
        actual = (rng.random(size) < 1 / (1 + np.exp(-logit))).astype(int)
        score = 1 / (1 + np.exp(-(2.0 * logit + 0.3)))
        frames.append({"score": score, "predicted": (score >= 0.5).astype(int), "actual": actual})
    return frames


def multiclass_data():
    rng = np.random.default_rng(8)
    found = []
    for size in (10_000, 5_000):
        logits = rng.normal(0, 1.2, (size, 3))
        p = np.exp(logits)
        p /= p.sum(axis=1, keepdims=True)
        actual = (p.cumsum(axis=1) < rng.random((size, 1))).sum(axis=1)
        sharp = np.exp(1.7 * logits)
        found.append((sharp / sharp.sum(axis=1, keepdims=True), actual))
    return found


def facet_data():
    rng = np.random.default_rng(9)
    size = 3_000
    facet = np.where(rng.random(size) < 0.35, "d", "a")
    stratum = rng.integers(0, 3, size)
    features = rng.normal(0, 1, (size, 2)) + stratum[:, None] * 0.3
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    logit = features[:, 0] + 0.6 * (facet == "a") - 0.2 * stratum
    actual = (rng.random(size) < 1 / (1 + np.exp(-logit))).astype(int)
    predicted = (logit + rng.normal(0, 0.7, size) > 0.1).astype(int)
    return facet, actual, predicted, stratum, features
