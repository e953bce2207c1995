"""Model Monitor's files, by a document as its container writes them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from vedette.core.errors import InvalidInputError
from vedette.data.checks import model_monitor

CONSTRAINTS = {
    "version": 0.0,
    "features": [
        {"name": "age", "inferred_type": "Integral", "completeness": 1.0, "num_constraints": {"is_non_negative": True}},
        {"name": "score", "inferred_type": "Fractional", "completeness": 0.9},
        {
            "name": "plan",
            "inferred_type": "String",
            "completeness": 1.0,
            "string_constraints": {"domains": ["free", "pro"]},
            "monitoringConfigOverrides": {"domain_content_threshold": 0.9},
        },
        {"name": "gone", "inferred_type": "Unknown", "completeness": 0.0},
    ],
    "monitoring_config": {
        "evaluate_constraints": "Enabled",
        "emit_metrics": "Enabled",
        "datatype_check_threshold": 1.0,
        "domain_content_threshold": 1.0,
        "distribution_constraints": {
            "perform_comparison": "Enabled",
            "comparison_threshold": 0.1,
            "comparison_method": "Simple",
        },
    },
}  # fmt: skip


def frame(shift: float = 0.0, plans: tuple[str, ...] = ("free", "pro")) -> pd.DataFrame:
    draw = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "age": draw.integers(18, 80, 500),
            "score": draw.normal(shift, 1, 500),
            "plan": draw.choice(plans, 500),
        }
    )


def test_six_checks(profiled: Any) -> None:
    constraints = model_monitor.read_constraints(CONSTRAINTS)
    before = list(profiled(frame()).values())
    bad = frame(1.0, ("free", "pro", "gold")).assign(age=-1.5, extra=1)
    bad.loc[:99, "score"] = np.nan
    report = model_monitor.check_profiles(constraints, list(profiled(bad).values()), before)
    found = model_monitor.violations(report)["violations"]
    assert {(one["feature_name"], one["constraint_check_type"]) for one in found} == {
        ("age", "data_type_check"),
        ("age", "baseline_drift_check"),
        ("score", "completeness_check"),
        ("score", "baseline_drift_check"),
        ("plan", "categorical_values_check"),
        ("plan", "baseline_drift_check"),
        ("gone", "missing_column_check"),
        ("extra", "extra_column_check"),
    }
    assert all(one["description"] for one in found)


def test_the_override_of_a_feature_holds(profiled: Any) -> None:
    constraints = model_monitor.read_constraints(CONSTRAINTS)
    data = frame()
    data.loc[:24, "plan"] = "gold"  # 5 %, and 10 % may be
    report = model_monitor.check_profiles(constraints, list(profiled(data).values()))
    kinds = {one["constraint_check_type"] for one in model_monitor.violations(report)["violations"]}
    assert kinds == {"missing_column_check"}


def test_statistics_and_constraints_are_written(profiled: Any) -> None:
    data = frame()
    profiles = list(profiled(data).values())
    written = model_monitor.statistics(profiles)
    assert written["dataset"] == {"item_count": 500}
    age, score, plan = written["features"]
    numbers = score["numerical_statistics"]
    assert numbers["mean"] == pytest.approx(data.score.mean())
    assert numbers["std_dev"] == pytest.approx(data.score.std(ddof=0))
    buckets = numbers["distribution"]["kll"]["buckets"]
    assert len(buckets) == 10
    assert [b["count"] for b in buckets] == np.histogram(data.score, 10)[0].tolist()
    assert (age["inferred_type"], plan["inferred_type"]) == ("Integral", "String")
    assert plan["string_statistics"]["distinct_count"] == 2
    suggested = model_monitor.constraints(profiles)
    assert suggested["features"][0]["num_constraints"] == {"is_non_negative": True}
    assert suggested["features"][2]["string_constraints"] == {"domains": ["free", "pro"]}
    # What is written is read again, and the baseline fulfils it.
    again = model_monitor.read_constraints(suggested)
    report = model_monitor.check_profiles(again, profiles, profiles)
    assert model_monitor.violations(report) == {"violations": []}


def test_what_is_disabled_is_not_checked() -> None:
    config = {**CONSTRAINTS["monitoring_config"], "evaluate_constraints": "Disabled"}  # type: ignore[dict-item]
    found = model_monitor.read_constraints({**CONSTRAINTS, "monitoring_config": config})
    assert found.checks == []
    for wrong in ([], {"features": 3}, {"features": [{}]}):
        with pytest.raises(InvalidInputError):
            model_monitor.read_constraints(wrong)


def test_an_override_of_one_threshold_keeps_the_others() -> None:
    document = {
        "features": [{
            "name": "x", "monitoringConfigOverrides": {"distribution_constraints": {"comparison_threshold": 0.3}},
        }],
        "monitoring_config": {"distribution_constraints": {"comparison_method": "Simple"}},
    }  # fmt: skip
    *_, drift = model_monitor.read_constraints(document).checks
    assert (drift.members["measure"], drift.members["threshold"]) == ("l_infinity", 0.3)


@pytest.mark.parametrize("name", ["completeness", "datatype_check_threshold"])
def test_what_is_no_number_is_told(name: str) -> None:
    feature = {"name": "x", "inferred_type": "Integral", "completeness": 1.0}
    document = {"features": [feature | {name: "high"}], "monitoring_config": {name: "high"}}
    with pytest.raises(InvalidInputError, match=f"{name} of x is 'high', no number") as told:
        model_monitor.read_constraints(document)
    assert told.value.field == name
