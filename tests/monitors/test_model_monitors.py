"""Model monitors: windows, late labels, violations, what is emitted."""

from datetime import timedelta

import numpy as np
import pytest

from support.production import START, Model, binary_rows
from vedette.core.errors import InvalidInputError
from vedette.data.profiles import Profiles
from vedette.monitors.models.definition import ModelMonitorSpec
from vedette.monitors.models.evaluator import Evaluator
from vedette.monitors.models.service import ModelMonitors
from vedette.monitors.results import Results
from vedette.store.catalog import Actor

ACTOR = Actor.system("tests")
NOW = START + timedelta(hours=25)


@pytest.fixture
def account(request):
    return f"models-{abs(hash(request.node.name)) % 10**8}"


@pytest.fixture
def watched(account, warehouse, runner, catalog):
    catalog.accounts.create(ACTOR, account)
    model = Model(account, warehouse)
    emitted = []
    evaluator = Evaluator(
        catalog, Profiles(warehouse, runner), Results(warehouse, runner), runner,
        lambda _account, points, _name: emitted.extend(points),
    )  # fmt: skip
    rng = np.random.default_rng(11)
    records, labels, *_ = binary_rows(rng, 4000, prefix="ref")
    truth = {one["id"]: one["label"] for one in labels}
    model.send("references", [{**one, "label": truth[one["id"]]} for one in records])
    return model, ModelMonitors(catalog), evaluator, emitted, rng


def spec(**more):
    return ModelMonitorSpec(
        model="churn", version="1", window="1d", schedule="every 1h", reference={}, **more
    )


def results_of(evaluated):
    (one,) = evaluated
    return {(r.family, r.measure, r.column): r for r in one.results}


def test_a_window_is_looked_at_again_when_its_labels_come(watched):
    model, monitors, evaluator, emitted, rng = watched
    live, labels, *_ = binary_rows(rng, 4000)
    midnight = (START + timedelta(days=1)).replace(hour=0)
    moved = [
        {**one, "time": (midnight - timedelta(hours=20) + timedelta(seconds=n)).timestamp()}
        for n, one in enumerate(live)
    ]
    model.send("predictions", moved)
    monitor = monitors.put(
        ACTOR, model.account, "m", spec(drift={}, quality=[{"metric": "roc_auc"}], slices=True)
    )
    now = midnight + timedelta(hours=1)
    first = results_of(evaluator.run(monitor, now=now))
    assert first["window", "coverage", ""].value == 0
    assert ("quality", "roc_auc", "") not in first
    assert first["estimate", "roc_auc", ""].status == "ok"
    assert first["drift", "share", ""].status == "no drift"
    assert evaluator.run(monitor, now=now) == []
    model.send(
        "labels",
        [{**one, "label": "stay" if one["label"] == "leave" else "leave"} for one in labels],
    )
    second = results_of(evaluator.run(monitor, now=now))
    assert second["window", "coverage", ""].value == 1
    # Labels are turned round, which no estimate can know.
    assert second["quality", "roc_auc", ""].status == "violated"
    assert second["alert", "violations", ""].status == "alert"
    names = {point.name for point in emitted}
    assert {"vedette.model.quality", "vedette.model.estimate", "vedette.model.drift", "vedette.model.coverage",
            "vedette.model.violations"} <= names  # fmt: skip


def test_drift_of_features_and_predictions(watched):
    model, monitors, evaluator, _, rng = watched
    live, *_ = binary_rows(rng, 3000, shift=0.3)
    midnight = (START + timedelta(days=1)).replace(hour=0)
    changed = [
        {
            **one,
            "time": (midnight - timedelta(hours=20)).timestamp(),
            "features": {"age": one["features"]["age"] + 30, "plan": "a"},
        }
        for one in live
    ]
    model.send("predictions", changed)
    monitor = monitors.put(ACTOR, model.account, "m", spec(drift={}, violations={"m": 2, "of": 3}))
    found = results_of(evaluator.run(monitor, now=midnight + timedelta(hours=1)))
    drifted = {
        name for (family, _, name), r in found.items() if family == "drift" and r.status == "drift"
    }
    told = {
        name: (r.status, r.measure, r.value, r.description)
        for (f, _, name), r in found.items()
        if f == "drift"
    }
    assert {"age", "plan", "prediction"} <= drifted, told
    # One window of three is not two.
    assert found["alert", "violations", ""].status == "ok"


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"window": "soon"}, "window"),
        ({"window": "1s"}, "window"),
        ({"filter": ["nothing"]}, "filter"),
        ({"drift": {}}, "reference"),
        ({"reference": {}}, "reference.version"),
        ({"reference": {"start": "-2d", "end": "now"}}, "reference.start"),
        ({"schedule": "now and then"}, "schedule"),
    ],
)
def test_what_cannot_be_watched_is_told(wrong, field):
    with pytest.raises(InvalidInputError) as raised:
        ModelMonitorSpec(model="m", **wrong).check()
    assert raised.value.field == field


def test_what_a_model_does_is_as_its_newest_monitor_says(catalog, account):
    catalog.accounts.create(ACTOR, account)
    monitors = ModelMonitors(catalog)
    assert monitors.task_of(account, "churn").positive is None
    monitors.put(ACTOR, account, "first", spec(task={"kind": "binary", "positive": "no"}))
    monitors.put(ACTOR, account, "second", spec(task={"kind": "binary", "positive": "yes"}))
    assert monitors.task_of(account, "churn").positive == "yes"
    assert monitors.task_of(account, "other").positive is None
