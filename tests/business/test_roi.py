"""Returns of models: by experiment, against a counterfactual and by formula; what cannot be told is said."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
import pytest

from vedette.business.roi.compute import RoiComputer
from vedette.business.roi.definition import check_roi
from vedette.business.roi.formula import evaluate, names_of
from vedette.core.errors import InvalidInputError, QuerySyntaxError

DAY = timedelta(days=1)


@pytest.fixture
def compute(firm: Any) -> Any:
    computer = RoiComputer(firm.kpis, firm.values, firm.runner)

    def run(days: int = 30, **spec: Any) -> Any:
        since = (firm.today - days * DAY).date().isoformat()
        made = check_roi({"model": "churn/3", "since": since, **spec})
        return computer.compute(firm.account, made, firm.now[0])

    return run


def test_an_experiment_s_value_has_significance_and_an_interval(compute: Any) -> None:
    value = {
        "type": "ab", "units": {"value": 10_000},
        "control": {"mean": 10.0, "sd": 5.0, "n": 2000},
        "treatment": {"mean": 10.5, "sd": 5.0, "n": 2000},
    }  # fmt: skip
    roi = compute(
        value=value, costs=[{"name": "training", "kind": "training", "amount": {"value": 1000}}]
    )
    # A difference of 0.5 with a standard error of 0.158.
    assert roi.p_value == pytest.approx(0.0016, abs=0.0003)
    assert roi.significant
    assert roi.value.value == pytest.approx(5000, rel=0.02)
    assert roi.value.low == pytest.approx(10_000 * (0.5 - 1.96 * 0.1581), rel=0.05)
    assert roi.roi.value == pytest.approx(4.0, rel=0.03)
    assert roi.net.low < roi.net.value < roi.net.high
    same = {**value, "treatment": value["control"]}
    nothing = compute(value=same, costs=[{"name": "x", "amount": {"value": 10}}])
    assert not nothing.significant
    assert nothing.value.low < 0 < nothing.value.high
    assert 0.3 < nothing.positive < 0.7


def test_before_and_after_with_a_season_and_gaps(firm: Any, compute: Any) -> None:
    kpi = firm.kpi("orders")
    rng = np.random.default_rng(5)
    days = np.arange(1, 121)

    def usual(n: int) -> float:
        return 100 + 20 * ((firm.today - n * DAY).weekday() >= 5) + rng.normal()

    values = {int(n): usual(int(n)) + (15 if n <= 20 else 0) for n in days}
    del values[7], values[50]
    firm.push(kpi, values)
    launch = (firm.today - 20 * DAY).date().isoformat()
    roi = compute(
        days=20,
        value={"type": "before_after", "kpi": "orders", "launch": launch, "before_days": 90,
               "unit_value": {"value": 2}},
        costs=[{"name": "serving", "kind": "serving", "amount": {"value": 10}, "per": "day"}],
    )  # fmt: skip
    # 15 a day on the 19 days that have a value, worth 2 each.
    assert roi.value.value == pytest.approx(15 * 19 * 2, rel=0.15)
    assert roi.value.low < 15 * 19 * 2 < roi.value.high
    assert roi.significant
    assert roi.cost.value == pytest.approx(200)
    assert any("1 periods since the launch have no value" in note for note in roi.notes)
    assert len(roi.times) == len(roi.actual) == len(roi.expected) == 20


def test_groups_of_a_kpi_are_compared_period_by_period(firm: Any, compute: Any) -> None:
    kpi = firm.kpi("refunds", direction="down", dimensions=["arm"])
    rng = np.random.default_rng(6)
    firm.push(kpi, {n: 50 + rng.normal() for n in range(1, 31)}, arm="control")
    firm.push(kpi, {n: 40 + rng.normal() for n in range(1, 29)}, arm="model")
    value = {"type": "ab_kpi", "kpi": "refunds", "dimension": "arm", "control": "control"}
    value["treatment"] = "model"
    roi = compute(value=value, costs=[{"name": "x", "amount": {"value": 100}}])
    # Fewer refunds are better: the value is positive.
    assert roi.value.value == pytest.approx(280, rel=0.05)
    assert roi.significant
    assert "2 periods without a value of both groups are left out" in roi.notes


def test_a_formula_draws_what_is_not_known(firm: Any, compute: Any) -> None:
    kpi = firm.kpi("prevented")
    firm.push(kpi, dict.fromkeys(range(1, 11), 2.0))
    value = {
        "type": "formula", "expression": "prevented * worth",
        "inputs": {"prevented": {"kpi": "prevented"}, "worth": {"value": 50, "low": 20, "high": 80}},
    }  # fmt: skip
    roi = compute(
        days=10, value=value, share={"value": 0.5}, costs=[{"name": "x", "amount": {"value": 100}}]
    )
    assert roi.value.value == pytest.approx(20 * 50 * 0.5, rel=0.02)
    assert 20 * 20 * 0.5 < roi.value.low < roi.value.high < 20 * 80 * 0.5
    assert {one.name for one in roi.assumptions} >= {"worth", "prevented", "share of the model"}
    assert compute(days=10, value=value).value == compute(days=10, value=value).value


def test_zero_cost_negative_value_and_missing_data_are_said(firm: Any, compute: Any) -> None:
    loss = {"type": "formula", "expression": "-a", "inputs": {"a": {"value": 100}}}
    free = compute(value=loss)
    assert free.roi is None
    assert free.net.value == -100
    assert any("no return" in note for note in free.notes)
    paid = compute(value=loss, costs=[{"name": "x", "amount": {"value": 50}}])
    assert paid.roi.value == pytest.approx(-3.0)
    assert paid.positive == 0
    broken = compute(
        value={"type": "formula", "expression": "1 / a", "inputs": {"a": {"value": 0}}}
    )
    assert broken.value is None
    assert any("divides by zero" in note for note in broken.notes)
    firm.kpi("empty")
    value = {
        "type": "before_after",
        "kpi": "empty",
        "launch": firm.today.date().replace(day=1).isoformat(),
    }
    unknown = compute(value=value, costs=[{"name": "x", "amount": {"value": 50}}])
    assert (unknown.value, unknown.roi, unknown.cost.value) == (None, None, 50)


@pytest.mark.parametrize(
    "text",
    ["__import__('os').system('x')", "a.b", "[1][0]", "a if b else c", "2 ** 99", "f(a)", "a +", "lambda: 1",
     "'x' * 3", "(1).real", "min(a, key=b)", "a" + " + a" * 300, "True"],
)  # fmt: skip
def test_formulas_are_arithmetic_and_nothing_else(text: str) -> None:
    with pytest.raises(QuerySyntaxError):
        names_of(text)


def test_formulas_compute() -> None:
    assert names_of("max(a, -b) ** 2 / 4") == {"a", "b"}
    values = {"a": np.array([1.0, 2.0]), "b": np.array([-4.0, 0.0])}
    assert evaluate("max(a, -b) ** 2 / 4 + abs(-1)", values).tolist() == [5.0, 2.0]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"share": {"value": 2}}, "share"),
        ({"costs": [{"name": "x"}]}, "amount"),
        ({"value": {"type": "formula", "expression": "a", "inputs": {}}}, "inputs"),
        ({"value": {
            "type": "formula", "expression": "a", "inputs": {"a": {"value": 5, "low": 6, "high": 7}},
        }}, "value"),
    ],
)  # fmt: skip
def test_what_cannot_be_is_refused_by_name(wrong: dict[str, Any], named: str) -> None:
    good = {
        "model": "m", "since": "2026-01-01",
        "value": {"type": "formula", "expression": "1", "inputs": {}},
    }  # fmt: skip
    with pytest.raises(InvalidInputError) as caught:
        check_roi({**good, **wrong})
    assert named in f"{caught.value.field} {caught.value.message}"
