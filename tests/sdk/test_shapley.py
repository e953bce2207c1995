"""Attributions by sampling are Shapley values; the package shap, where it is, is asked instead."""

from __future__ import annotations

import sys
import types

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LogisticRegression

import vedette
from vedette.core.errors import InvalidInputError, UnavailableError

DRAW = np.random.default_rng(5)
ROWS = pd.DataFrame(
    {"a": DRAW.normal(size=60), "b": DRAW.normal(size=60), "idle": DRAW.normal(size=60)}
)


def linear(rows):
    return 3 * rows["a"] - 2 * rows["b"]


def test_a_linear_models_values_are_its_coefficients():
    found = vedette.attributions(linear, ROWS, method="sampling", orders=400)
    means = ROWS.mean()
    for one, row in zip(found, ROWS.itertuples(), strict=True):
        assert one["a"] == pytest.approx(3 * (row.a - means.a), abs=0.6)
        assert one["b"] == pytest.approx(-2 * (row.b - means.b), abs=0.5)
        assert one["idle"] == 0


def test_the_values_of_a_row_add_up_to_its_answer():
    one_row = ROWS.iloc[[7]]
    background = ROWS.iloc[[3]]
    (found,) = vedette.attributions(
        lambda rows: rows["a"] * rows["b"], one_row, background=background, method="sampling"
    )
    gap = one_row.a.item() * one_row.b.item() - background.a.item() * background.b.item()
    assert sum(found.values()) == pytest.approx(gap)
    assert vedette.attributions(linear, ROWS, orders=2) == vedette.attributions(
        linear, ROWS, orders=2
    )


def test_a_classifiers_last_class_is_explained_and_arrays_have_numbers():
    model = LogisticRegression().fit(ROWS.to_numpy(), ROWS["a"] > 0)
    found = vedette.attributions(
        model, ROWS.to_numpy()[:5], background=ROWS.to_numpy(), method="sampling"
    )
    assert [set(one) for one in found] == [{"f0", "f1", "f2"}] * 5
    assert all((one["f0"] > 0) == (row > ROWS.a.mean()) for one, row in zip(found, ROWS.a[:5], strict=True)
               if abs(row) > 0.7)  # fmt: skip


def test_what_cannot_be_explained_says_so(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(UnavailableError, match="shap is not installed"):
        vedette.attributions(linear, ROWS, method="shap")
    with pytest.raises(InvalidInputError, match="predicts nothing"):
        vedette.attributions(5, ROWS)
    with pytest.raises(InvalidInputError, match="other features"):
        vedette.attributions(linear, ROWS, background=ROWS[["a"]])


def test_shap_is_asked_where_it_is(monkeypatch):
    class Explainer:
        def __init__(self, model, background):
            if not isinstance(model, types.FunctionType):
                raise TypeError("of no kind that is known")
            self.model = model

        def __call__(self, rows):
            values = np.stack([self.model(rows), np.zeros(len(rows)), np.ones(len(rows))], axis=1)
            return types.SimpleNamespace(values=values)

    shap = types.ModuleType("shap")
    shap.Explainer = Explainer
    monkeypatch.setitem(sys.modules, "shap", shap)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: object())
    model = types.SimpleNamespace(predict=linear)
    found = vedette.attributions(model, ROWS)
    assert found[0] == {"a": pytest.approx(linear(ROWS).iloc[0]), "b": 0, "idle": 1}
