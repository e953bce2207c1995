"""Metrics of models against scikit-learn and scipy, and against what peers said of the same data."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from sklearn import metrics as sk

from support.model_data import binary_data, facet_data, multiclass_data
from vedette.statistics import bias, binary, calibration, cbpe, dle, multiclass, ranking, regression
from vedette.statistics.attribution import attribution_ndcg
from vedette.statistics.estimate import Estimate, difference, proportion

PEERS = json.loads((Path(__file__).parent / "golden" / "peers.json").read_text())


@pytest.fixture
def rng():
    return np.random.default_rng(3)


@pytest.fixture
def rows(rng):
    """Labels, scores with many ties, weights."""
    scores = np.round(rng.random(4000), 2)
    labels = (rng.random(4000) < scores).astype(int)
    return labels, scores, rng.choice([1.0, 2.0, 5.0], 4000)


def points_of(labels, scores, weights):
    return binary.scored(
        scores, weights * labels, weights * (1 - labels), squares=weights @ weights
    )


def test_binary_metrics_are_scikit_learns(rows):
    y, s, w = rows
    points = points_of(y, s, w)
    called = (s >= 0.5).astype(int)
    ours = {
        **binary.confusion_metrics(binary.confusion_at(points, 0.5)), **binary.score_metrics(points),
    }  # fmt: skip
    theirs = {
        "roc_auc": sk.roc_auc_score(y, s, sample_weight=w),
        "average_precision": sk.average_precision_score(y, s, sample_weight=w),
        "brier": sk.brier_score_loss(y, s, sample_weight=w),
        "log_loss": sk.log_loss(y, np.clip(s, 1e-15, 1 - 1e-15), sample_weight=w),
        "accuracy": sk.accuracy_score(y, called, sample_weight=w),
        "precision": sk.precision_score(y, called, sample_weight=w),
        "recall": sk.recall_score(y, called, sample_weight=w),
        "specificity": sk.recall_score(1 - y, 1 - called, sample_weight=w),
        "f1": sk.f1_score(y, called, sample_weight=w),
        "mcc": sk.matthews_corrcoef(y, called, sample_weight=w),
        "balanced_accuracy": sk.balanced_accuracy_score(y, called, sample_weight=w),
    }
    for name, value in theirs.items():
        assert ours[name].value == pytest.approx(value, abs=1e-9), name
    assert set(theirs) | {"ece"} == set(ours)


def test_curves_are_scikit_learns(rows):
    y, s, w = rows
    points = points_of(y, s, w)
    fpr, tpr, _ = sk.roc_curve(y, s, sample_weight=w, drop_intermediate=False)
    curve = binary.roc_curve(points)
    assert curve["fpr"] == pytest.approx(fpr, abs=1e-9)
    assert curve["tpr"] == pytest.approx(tpr, abs=1e-9)
    curve = binary.lift(points)
    assert curve["gain"][-1] == pytest.approx(1)
    assert curve["lift"][0] > 1.5 > curve["lift"][-1] == pytest.approx(1)


def test_intervals_cover_as_often_as_they_say(rng):
    inside = dict.fromkeys(("roc_auc", "f1", "mcc", "accuracy", "brier", "log_loss"), 0)
    true_scores = rng.random(100_000)
    truth = points_of(
        (rng.random(100_000) < true_scores).astype(int), true_scores, np.ones(100_000)
    )
    whole = {
        **binary.confusion_metrics(binary.confusion_at(truth, 0.5)),
        **binary.score_metrics(truth),
    }
    for _ in range(150):
        s = rng.random(300)
        part = points_of((rng.random(300) < s).astype(int), s, np.ones(300))
        found = {
            **binary.confusion_metrics(binary.confusion_at(part, 0.5)),
            **binary.score_metrics(part),
        }
        for name in inside:
            inside[name] += found[name].low <= whole[name].value <= found[name].high
    assert all(0.9 <= count / 150 <= 0.99 for count in inside.values()), inside


def test_a_standard_deviation_needs_200_samples():
    assert math.isnan(proportion(100, 199, 199).std)
    assert proportion(100, 200, 200).std == pytest.approx(math.sqrt(0.25 / 200))
    assert proportion(0, 0, 0).as_dict()["low"] is None


def test_multiclass_metrics_are_scikit_learns(rng):
    y, p = rng.integers(0, 4, 3000), rng.integers(0, 4, 3000)
    p = np.where(rng.random(3000) < 0.6, y, p)
    w = rng.choice([1.0, 3.0], 3000)
    matrix = sk.confusion_matrix(y, p, sample_weight=w).astype(float)
    ours = multiclass.confusion_metrics(matrix, w.sum() ** 2 / (w @ w))
    kind = {"sample_weight": w, "zero_division": 0}
    theirs = {
        "accuracy": sk.accuracy_score(y, p, sample_weight=w),
        "precision_macro": sk.precision_score(y, p, average="macro", **kind),
        "recall_macro": sk.recall_score(y, p, average="macro", **kind),
        "f1_macro": sk.f1_score(y, p, average="macro", **kind),
        "precision_weighted": sk.precision_score(y, p, average="weighted", **kind),
        "f1_weighted": sk.f1_score(y, p, average="weighted", **kind),
        "kappa": sk.cohen_kappa_score(y, p, sample_weight=w),
        "mcc": sk.matthews_corrcoef(y, p, sample_weight=w),
    }
    assert {n: one.value for n, one in ours.items()} == pytest.approx(theirs, abs=1e-9)
    # One cell's error by the delta method is the known one.
    assert ours["recall_macro"].low < theirs["recall_macro"] < ours["recall_macro"].high


def test_regression_metrics_are_scikit_learns(rng):
    y = rng.normal(10, 4, 2000)
    p, w = y + rng.normal(0.2, 1, 2000), rng.choice([1.0, 4.0], 2000)
    ours = regression.metrics(regression.sums(y, p, w), 2000)
    theirs = {
        "mae": sk.mean_absolute_error(y, p, sample_weight=w),
        "mse": sk.mean_squared_error(y, p, sample_weight=w),
        "rmse": sk.root_mean_squared_error(y, p, sample_weight=w),
        "mape": sk.mean_absolute_percentage_error(y, p, sample_weight=w),
        "r2": sk.r2_score(y, p, sample_weight=w),
    }
    for name, value in theirs.items():
        assert ours[name].value == pytest.approx(value, abs=1e-9), name
    plain = regression.metrics(regression.sums(y, p), 2000)["bias"]
    assert plain.std == pytest.approx(np.std(p - y) / math.sqrt(2000), rel=0.4)


def test_ranking_metrics(rng):
    scores, relevance = rng.random((40, 12)), rng.integers(0, 3, (40, 12))
    queries = np.repeat(np.arange(40), 12)
    ours = ranking.ranking_metrics(scores.ravel(), relevance.ravel(), queries, k=5)
    assert ours["ndcg"].value == pytest.approx(sk.ndcg_score(relevance, scores, k=5), abs=1e-9)
    assert ranking.per_query([3, 2, 1], [0, 1, 1], 2) == pytest.approx(
        {"ndcg": (1 / np.log2(3)) / (1 + 1 / np.log2(3)), "map": 0.25, "mrr": 0.5, "precision": 0.5,
         "recall": 0.5, "hit_rate": 1.0}
    )  # fmt: skip


def test_isotonic_calibration_is_scikit_learns(rows):
    from sklearn.isotonic import IsotonicRegression

    y, s, w = rows
    theirs = IsotonicRegression(out_of_bounds="clip").fit(s, y, sample_weight=w)
    at = np.linspace(-0.2, 1.2, 57)
    assert calibration.isotonic(points_of(y, s, w)).apply(at) == pytest.approx(
        theirs.predict(at), abs=1e-9
    )


def test_scores_that_are_calibrated_stay(rng):
    s = np.clip(rng.normal(0.5, 0.2, 20_000), 0.01, 0.99)
    y = rng.random(20_000) < s
    assert calibration.fit(s, y, ~y).identity
    off = s**3
    assert not calibration.fit(off, y, ~y).identity
    assert calibration.fit(s, np.ones(20_000), np.zeros(20_000)).identity


def test_cbpe_says_what_nannyml_says():
    reference, later = binary_data()
    calibrator = calibration.fit(reference["score"], reference["actual"], 1 - reference["actual"])
    for chunk in range(4):
        part = slice(2000 * chunk, 2000 * (chunk + 1))
        s, called = later["score"][part], later["predicted"][part]
        ours = cbpe.estimate_binary(s, called, np.ones(2000), calibrator)
        for name, theirs in PEERS["cbpe_binary"].items():
            assert ours[name].value == pytest.approx(theirs["value"][chunk], abs=1e-5), name
            # Its F1 has a wider one; ours covers, see above.
            if name in {"average_precision", "f1"}:
                continue
            half = theirs["upper_confidence_boundary"][chunk] - theirs["value"][chunk]
            assert ours[name].high - ours[name].value == pytest.approx(half, rel=0.35), name


def test_cbpe_of_several_classes_says_what_nannyml_says():
    (scores, actual), (later, _) = multiclass_data()
    calibrators = [calibration.fit(scores[:, k], actual == k, actual != k) for k in range(3)]
    ours = cbpe.estimate_multiclass(later, later.argmax(axis=1), np.ones(len(later)), calibrators)
    theirs = PEERS["cbpe_multiclass"]
    for name, peer in (("accuracy", "accuracy"), ("f1_macro", "f1"), ("roc_auc_ovr", "roc_auc")):
        assert ours[name].value == pytest.approx(theirs[peer]["value"][0], abs=2e-4), name


def test_dle_expects_the_error_that_comes(rng):
    x = rng.normal(0, 1, (6000, 3))
    noise = 0.3 + np.abs(x[:, 0])
    y = x @ [1, 2, 0] + rng.normal(0, 1, 6000) * noise
    p = x @ [1, 2, 0]
    model = dle.fit(x[:4000], p[:4000], y[:4000], np.ones(4000))
    # A window where the noisy part of the space is more frequent.
    held = np.flatnonzero(np.abs(x[4000:, 0]) > 0.8) + 4000
    found = model.estimate(x[held], p[held], np.ones(held.size))
    realised = np.abs(p - y)[held].mean()
    assert found["mae"].value == pytest.approx(realised, rel=0.08)
    assert found["mae"].low < realised < found["mae"].high
    with pytest.raises(ValueError, match="too few"):
        dle.fit(x[:9], p[:9], y[:9], np.ones(9))


def test_bias_is_what_clarify_says():
    facet, actual, predicted, stratum, features = facet_data()

    def group(held):
        y, p = actual[held], predicted[held]
        return bias.Group(
            *(float(n.sum()) for n in (y & p, (1 - y) & p, (1 - y) & (1 - p), y & (1 - p)))
        )

    strata = [(group(stratum == n), group((stratum == n) & (facet == "d"))) for n in range(3)]
    facets = bias.Facets(group(facet == "a"), group(facet == "d"), strata=strata)
    ours = {**bias.pre_training(facets), **bias.post_training(facets)}
    ours["FT"] = bias.flip_test(features, predicted, facet == "a")
    assert set(ours) == {*bias.PRE_TRAINING, *bias.POST_TRAINING} == set(PEERS["clarify"])
    for name, theirs in PEERS["clarify"].items():
        # Its code has the sign of FT that its documentation has not.
        sign = -1 if name == "FT" else 1
        assert ours[name] == pytest.approx(sign * theirs, abs=1e-9), name


def test_bias_of_nothing_is_none():
    nothing = bias.Facets(bias.Group(), bias.Group())
    found = {**bias.pre_training(nothing), **bias.post_training(nothing)}
    assert {name: value for name, value in found.items() if value} == {}
    assert bias.further_from_none("DI", 0.7, 0.8)
    assert not bias.further_from_none("DI", 0.9, 0.8)
    assert bias.further_from_none("DPL", -0.2, 0.1)


def test_attribution_ndcg():
    baseline = {"a": 0.6, "b": 0.3, "c": 0.1}
    assert attribution_ndcg(baseline, {"a": 9, "b": 5, "c": 1}) == pytest.approx(1)
    turned = attribution_ndcg(baseline, {"a": 1, "b": 5, "c": 9})
    theirs = sk.ndcg_score([[0.6, 0.3, 0.1]], [[1, 5, 9]])
    assert turned == pytest.approx(theirs, abs=1e-9)
    assert turned < 0.9


def test_a_difference_of_two_estimates():
    z, p = difference(proportion(900, 1000, 1000), proportion(850, 1000, 1000))
    assert z == pytest.approx(3.41, abs=0.02)
    assert p < 0.001
    assert difference(Estimate(1.0), Estimate(2.0)) == pytest.approx(
        (math.nan, math.nan), nan_ok=True
    )
