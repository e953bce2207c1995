"""Models in production: predictions sent as a client does, joined with labels that come later."""

import numpy as np
import pytest
from sklearn import metrics as sk

from support.production import DAY, START, Model, binary_rows
from vedette.models.production.compare import compare_versions
from vedette.models.production.estimator import Estimators
from vedette.models.production.facets import FacetBody, measure_bias
from vedette.models.production.overview import attributions, prediction_rows, schemas
from vedette.models.production.performance import report, series
from vedette.models.production.relation import Scope, parse_filters
from vedette.models.production.slices import find_slices
from vedette.models.production.task import Task, TaskBody, find_task
from vedette.models.production.windows import Windows


@pytest.fixture
def model(account, warehouse):
    return Model(account, warehouse)


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def test_quality_is_what_scikit_learn_says(model, runner, rng):
    records, labels, score, truth, plan = binary_rows(rng, 3000)
    model.send("predictions", records)
    # Wrong at first, corrected later; one label has no prediction, some predictions have no label.
    model.send(
        "labels",
        [{"id": "p0", "label": "stay" if truth[0] else "leave", "time": START.timestamp()}],
    )
    model.send("labels", [*labels[:2500], {"id": "nobody", "label": "stay"}])
    scope = Scope("churn", DAY)
    task = find_task(runner, model.account, scope, TaskBody())
    assert (task.kind, task.positive, task.scored) == ("binary", "leave", True)
    found = report(runner, model.account, scope, task)
    assert (found["rows"], found["labelled_rows"]) == (3000, 2500)
    y, s = truth[:2500], score[:2500]
    assert found["metrics"]["roc_auc"]["value"] == pytest.approx(sk.roc_auc_score(y, s), abs=1e-5)
    assert found["metrics"]["brier"]["value"] == pytest.approx(sk.brier_score_loss(y, s), abs=1e-5)
    assert found["metrics"]["accuracy"]["value"] == pytest.approx(
        np.mean(y == (s >= 0.5)), abs=1e-12
    )
    assert found["confusion"]["matrix"] == sk.confusion_matrix(y, s >= 0.5).tolist()
    assert found["constant"]["accuracy"] == pytest.approx(max(y.mean(), 1 - y.mean()))
    part = Scope("churn", DAY, filters=parse_filters(["plan=b", "age >= 40"]))
    filtered = report(runner, model.account, part, task)
    assert 0 < filtered["rows"] < (plan == "b").sum()


def test_an_estimate_and_late_truth_are_in_one_series(model, runner, rng):
    records, labels, *_ = binary_rows(rng, 6000, prefix="r")
    truth_of = {label["id"]: label["label"] for label in labels}
    plain = [{**one, "label": truth_of[one["id"]], "reference": "validation"} for one in records]
    model.send("references", plain)
    live, late, score, truth, _ = binary_rows(rng, 6000)
    model.send("predictions", live)
    model.send("labels", late[:3000])
    scope = Scope("churn", DAY)
    task = find_task(runner, model.account, scope, TaskBody())
    estimator = Estimators(runner).get(
        model.account, Scope("churn", version="1", reference="validation"), task
    )
    windows = series(runner, model.account, scope, task, Windows(seconds=6 * 3600), estimator)
    assert [w.rows for w in windows].count(0) == 0
    assert sum(w.rows for w in windows) == 6000
    assert windows[0].coverage == 1
    assert windows[-1].coverage == 0
    assert not windows[-1].realised
    for window in windows:
        assert set(window.estimated) >= {
            "roc_auc",
            "accuracy",
            "f1",
            "precision",
            "recall",
            "specificity",
        }
    whole = sk.roc_auc_score(truth, score)
    counted = series(runner, model.account, scope, task, Windows(rows=6000), estimator)
    (only,) = counted
    assert only.estimated["roc_auc"].value == pytest.approx(whole, abs=0.02)
    assert only.estimated["roc_auc"].low < whole < only.estimated["roc_auc"].high


def test_segments_where_quality_falls_are_found(model, runner, rng):
    records, labels, *_ = binary_rows(rng, 4000)
    model.send("predictions", records)
    model.send("labels", labels)
    scope = Scope("churn", DAY)
    task = find_task(runner, model.account, scope, TaskBody())
    found = find_slices(runner, model.account, scope, task)
    assert found["slices"][0]["filters"] == ["plan=b"]
    assert found["slices"][0]["loss"] > found["slices"][0]["rest"] + 0.1
    assert all("age" not in text for one in found["slices"] for text in one["filters"])


def test_bias_between_two_plans(model, runner, rng):
    records, labels, score, truth, plan = binary_rows(rng, 2000)
    model.send("predictions", records)
    model.send("labels", labels)
    scope = Scope("churn", DAY)
    task = find_task(runner, model.account, scope, TaskBody())
    body = FacetBody(facet="plan", disadvantaged="b", favourable="stay")
    found = measure_bias(runner, model.account, scope, task, body)
    stay = score < 0.5
    of = {name: stay[plan == name].mean() for name in "ab"}
    assert found["post_training"]["DPPL"] == pytest.approx(of["a"] - of["b"])
    assert found["post_training"]["DI"] == pytest.approx(of["b"] / of["a"])
    right = stay == ~truth
    assert found["post_training"]["AD"] == pytest.approx(
        right[plan == "a"].mean() - right[plan == "b"].mean()
    )
    assert set(found["pre_training"]) == {"CI", "DPL", "KL", "JS", "LP", "TVD", "KS"}
    assert "FT" in found["post_training"]


def test_conditional_disparity_of_predictions_needs_no_labels(model, runner):
    """Numbers by hand: CDDPL is of all predictions, CDDL of those that have labels."""
    table = [
        ("a", "s", "yes", "yes", 3), ("a", "s", "no", "yes", 1), ("b", "s", "yes", "no", 1),
        ("b", "s", "no", "no", 3), ("a", "t", "yes", "yes", 2), ("b", "t", "no", "yes", 2),
        ("a", "t", "no", None, 2), ("b", "t", "yes", None, 2),
    ]  # fmt: skip
    records, labels = [], []
    for plan, dept, called, truth, count in table:
        for _ in range(count):
            identity = f"c{len(records)}"
            features = {"plan": plan, "dept": dept}
            told = {"id": identity, "time": START.timestamp(), "features": features}
            records.append({**told, "prediction": called})
            if truth is not None:
                labels.append({"id": identity, "label": truth})
    model.send("predictions", records)
    scope, body = Scope("churn", DAY), FacetBody(
        facet="plan", disadvantaged="b", favourable="yes", stratum="dept"
    )  # fmt: skip
    task = Task("binary", positive="yes", classes=("no", "yes"))
    # In s 3 of 4 refused are of b and 1 of 4 accepted; in t 2 of 4 and 2 of 4.
    expected = pytest.approx((8 * (3 / 4 - 1 / 4) + 8 * (2 / 4 - 2 / 4)) / 16)
    found = measure_bias(runner, model.account, scope, task, body)
    assert (found["pre_training"], found["post_training"]["CDDPL"]) == ({}, expected)
    model.send("labels", labels)
    found = measure_bias(runner, model.account, scope, task, body)
    assert found["post_training"]["CDDPL"] == expected
    # In s all 4 unfavourable labels are b's and none of the 4 others; in t there are 4 others, 2 b's.
    assert found["pre_training"]["CDDL"] == pytest.approx((8 * 1 + 4 * (0 - 2 / 4)) / 12)


def test_versions_are_compared_with_significance(model, runner, rng):
    for version, prefix, shift in (("1", "a", 0.0), ("2", "b", 0.25)):
        records, labels, *_ = binary_rows(rng, 2000, version=version, prefix=prefix, shift=shift)
        model.send("predictions", records)
        model.send("labels", labels)
    scope = Scope("churn", DAY)
    task = find_task(runner, model.account, scope, TaskBody())
    found = compare_versions(runner, model.account, scope, task, "1", "2")
    assert found["first"]["rows"] == found["second"]["rows"] == 2000
    assert {one["name"] for one in found["metrics"]} >= {"accuracy", "roc_auc"}
    assert all(one["p_value"] is None or 0 <= one["p_value"] <= 1 for one in found["metrics"])
    of = {one["name"]: one for one in found["metrics"]}
    assert all(one["z"] * one["difference"] > 0 for one in found["metrics"] if one["z"])
    assert of["brier"]["p_value"] is not None
    assert of["log_loss"]["p_value"] is not None


def test_rows_schemas_and_attributions(model, runner):
    at = START.timestamp()
    base = {"version": "1", "time": at, "prediction": "leave"}
    model.send("predictions", [
        {**base, "id": "a", "features": {"x": 1}, "attributions": {"x": 0.9, "y": -0.1}},
        {**base, "id": "b", "time": at + 60, "features": {"x": 1, "y": "t"}, "attributions": {"x": -0.7, "y": 0.3}},
    ])  # fmt: skip
    model.send("labels", [{"id": "a", "label": "stay"}])
    scope = Scope("churn", DAY)
    (wrong,) = prediction_rows(runner, model.account, scope, state="wrong")
    assert (wrong["id"], wrong["label"], wrong["features"]) == ("a", "stay", {"x": 1})
    (later,) = prediction_rows(runner, model.account, scope, state="unlabelled")
    assert (later["id"], later["label"]) == ("b", None)
    first, second = schemas(runner, model.account, scope)
    assert (first["schema"], second["schema"], second["added"]) == (1, 2, ["y"])
    assert second["features"] == {"x": "number", "y": "text"}
    found = attributions(runner, model.account, scope, {"x": 0.1, "y": 0.9})
    assert [one["name"] for one in found["features"]] == ["x", "y"]
    assert found["features"][0]["value"] == pytest.approx(0.8)
    assert found["violated"]
    assert not attributions(runner, model.account, scope, {"x": 0.9, "y": 0.1})["violated"]


def test_weights_count(model, runner):
    base = {"version": "1", "time": START.timestamp(), "prediction": "leave"}
    model.send("predictions", [{**base, "id": "a", "weight": 9}, {**base, "id": "b"}])
    model.send("labels", [{"id": "a", "label": "leave"}, {"id": "b", "label": "stay"}])
    scope = Scope("churn", DAY)
    found = report(
        runner, model.account, scope, find_task(runner, model.account, scope, TaskBody())
    )
    assert found["predictions"] == 10
    assert found["metrics"]["precision"]["value"] == pytest.approx(0.9)


def test_several_classes_regression_and_ranking(model, runner, rng):
    at = START.timestamp()
    scores = rng.dirichlet([1, 1, 1], 1500)
    truth = (scores.cumsum(axis=1) < rng.random((1500, 1))).sum(axis=1)
    names = ["ant", "bee", "cow"]
    model.send("predictions", [
        {"id": f"c{n}", "time": at, "version": "m", "prediction": names[s.argmax()],
         "scores": dict(zip(names, s.tolist(), strict=True))} for n, s in enumerate(scores)
    ])  # fmt: skip
    model.send("labels", [{"id": f"c{n}", "label": names[t]} for n, t in enumerate(truth)])
    y, p = rng.normal(10, 3, 1000), rng.normal(0, 1, 1000)
    model.send("predictions", [
        {"id": f"r{n}", "time": at, "version": "r", "prediction": y[n] + p[n], "features": {"x": p[n]}}
        for n in range(1000)
    ])  # fmt: skip
    model.send("labels", [{"id": f"r{n}", "label": y[n]} for n in range(1000)])
    ranks, relevance = rng.random((30, 8)), rng.integers(0, 3, (30, 8))
    model.send("predictions", [
        {"id": f"q{q}-{n}", "time": at, "version": "q", "prediction": ranks[q, n], "tags": {"query": str(q)}}
        for q in range(30) for n in range(8)
    ])  # fmt: skip
    model.send(
        "labels",
        [{"id": f"q{q}-{n}", "label": int(relevance[q, n])} for q in range(30) for n in range(8)],
    )

    def measured(version, **told):
        scope = Scope("churn", DAY, version=version)
        task = find_task(runner, model.account, scope, TaskBody(**told))
        return task.kind, report(runner, model.account, scope, task)["metrics"]

    kind, found = measured("m")
    assert kind == "multiclass"
    assert found["accuracy"]["value"] == pytest.approx(np.mean(scores.argmax(axis=1) == truth))
    assert found["f1_macro"]["value"] == pytest.approx(
        sk.f1_score(truth, scores.argmax(axis=1), average="macro")
    )
    assert found["roc_auc_ovr"]["value"] == pytest.approx(
        sk.roc_auc_score(truth, scores, multi_class="ovr", average="macro"), abs=1e-9)  # fmt: skip
    kind, found = measured("r")
    assert kind == "regression"
    assert found["mae"]["value"] == pytest.approx(np.abs(p).mean())
    assert found["r2"]["value"] == pytest.approx(sk.r2_score(y, y + p))
    kind, found = measured("q", kind="ranking", group="query", k=5)
    assert found["ndcg"]["value"] == pytest.approx(sk.ndcg_score(relevance, ranks, k=5), abs=1e-9)
