"""Artifacts as dbt 1.10 and Great Expectations 0.18 and 1.24 wrote them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from vedette.core.errors import InvalidInputError
from vedette.sdk.artifacts.dbt import read_artifacts
from vedette.sdk.artifacts.great_expectations import read_validations

HERE = Path(__file__).parents[1] / "support"
DBT, EXPECTATIONS = HERE / "dbt_shop", HERE / "great_expectations"


def events_of(found, kind):
    return {
        one["job"]["name"]: one for one in found.events if one.get("eventType") == kind
    }  # fmt: skip


def test_a_build_of_dbt_is_runs_and_datasets():
    found = read_artifacts(DBT)
    started, done = events_of(found, "START"), events_of(found, "COMPLETE")
    failed, skipped = events_of(found, "FAIL"), events_of(found, "ABORT")
    assert set(done) == {
        "shop.build.orders", "shop.build.raw_orders", "shop.build.revenue",
        "shop.build.tests of orders",
    }  # fmt: skip
    assert set(failed) == {"shop.build", "shop.build.broken", "shop.build.tests of revenue"}
    assert set(skipped) == {"shop.build.after_broken"}
    assert started.keys() == done.keys() | failed.keys() | skipped.keys()
    assert (
        'column "no_such_column" not found'
        in (failed["shop.build.broken"]["run"]["facets"]["errorMessage"]["message"])
    )
    whole, orders = failed["shop.build"], done["shop.build.orders"]
    assert whole["run"]["runId"] == "788d17ed-fecf-4102-9fed-91ef477b8cf0"
    assert orders["run"]["facets"]["parent"]["run"]["runId"] == whole["run"]["runId"]
    assert started["shop.build.orders"]["eventTime"] == "2026-11-29T10:07:39.419248+00:00"
    assert orders["eventTime"] == "2026-11-29T10:07:39.838420+00:00"
    assert [one["name"] for one in orders["inputs"]] == ["shop.main.raw_orders"]
    (table,) = orders["outputs"]
    assert (table["namespace"], table["name"]) == ("vedette", "shop.main.orders")
    assert table["facets"]["schema"]["fields"][0] == {
        "name": "id", "type": "INTEGER", "description": "Its number.",
    }  # fmt: skip
    assert orders["job"]["facets"]["sql"]["query"].startswith("select id, customer, amount from")
    assert orders["job"]["facets"]["tags"]["tags"][0]["key"] == "gold"
    (seeded,) = done["shop.build.raw_orders"]["outputs"]
    assert seeded["outputFacets"]["outputStatistics"]["rowCount"] == 3
    exposure = found.events[-1]
    assert "run" not in exposure
    assert exposure["job"]["name"] == "shop.exposures.weekly_revenue"
    assert [one["name"] for one in exposure["inputs"]] == ["shop.main.revenue"]
    assert read_artifacts(DBT) == found  # nothing of it is of now


def test_tests_and_freshness_of_dbt_are_results():
    named = read_artifacts(DBT, namespace="postgres://db:5432")
    by_name = {(one.dataset.rpartition(".")[2], one.gate): one for one in named.results}
    orders = by_name["orders", "dbt shop"]
    assert orders.dataset == "postgres://db:5432/shop.main.orders"
    assert {(one["kind"], one["column"], one["status"], one["severity"]) for one in orders.results} == {
        ("accepted_values", "amount", "violated", "warning"),
        ("not_null", "customer", "violated", "warning"),
        ("not_null", "id", "passed", "error"), ("unique", "id", "passed", "error"),
    }  # fmt: skip
    revenue = {one["title"]: one for one in by_name["revenue", "dbt shop"].results}
    assert revenue["no_refunds"]["status"] == "violated"
    assert (revenue["no_refunds"]["failing"], revenue["no_refunds"]["severity"]) == (1, "error")
    assert revenue["revenue_adds_up"]["kind"] == "unit_test"
    (fresh,) = by_name["raw_orders", "dbt shop source freshness"].results
    assert (fresh["status"], fresh["severity"], fresh["expected"]) == (
        "violated",
        "warning",
        43_200,
    )
    assert fresh["observed"] == pytest.approx(166_033.66, abs=0.01)


@pytest.mark.parametrize("wrong", ["manifest", "results"])
def test_a_folder_without_artifacts_says_what_is_missing(tmp_path, wrong):
    if wrong == "results":
        shutil.copy(DBT / "manifest.json", tmp_path)
    with pytest.raises(
        InvalidInputError, match="manifest" if wrong == "manifest" else "no results"
    ):
        read_artifacts(tmp_path)
    (tmp_path / "manifest.json").write_text("[]")
    with pytest.raises(InvalidInputError, match="holds no object"):
        read_artifacts(tmp_path)


def test_a_checkpoint_of_great_expectations_0_18():
    (found,) = read_validations(EXPECTATIONS / "checkpoint_0_18.json").results
    assert (found.dataset, found.gate, found.rows) == (
        "orders",
        "Great Expectations orders_suite",
        4,
    )
    assert found.time.isoformat() == "2026-11-29T10:09:10.223940+00:00"
    told = {one["kind"]: one for one in found.results}
    country = told["expect_column_values_to_be_in_set"]
    assert (country["column"], country["status"], country["observed"], country["expected"]) == (
        "country", "violated", 0.75, 1.0,
    )  # fmt: skip
    assert "sample" not in country
    median = told["expect_column_median_to_be_between"]
    assert (median["status"], median["observed"], median["expected"]) == ("passed", 10.5, 0.0)


def test_a_validation_of_great_expectations_1(tmp_path):
    shutil.copy(EXPECTATIONS / "validation_1.json", tmp_path)
    (tmp_path / "other.json").write_text(json.dumps({"no": "validation"}))
    (found,) = read_validations(tmp_path, dataset="shop.orders", keep_rows=True).results
    assert found.dataset == "shop.orders"
    told = {(one["kind"], one["status"]): one for one in found.results}
    between = told["expect_column_values_to_be_between", "violated"]
    assert (between["severity"], between["failing"], between["sample"]) == (
        "warning", 1, [{"amount": -3.0}],
    )  # fmt: skip
    raised = told["expect_column_values_to_be_in_set", "unknown"]
    assert raised["description"] == 'Error: The column "no_such" in BatchData does not exist.'
    assert told["expect_column_values_to_be_unique", "violated"]["severity"] == "critical"
    rows = told["expect_table_row_count_to_be_between", "violated"]
    assert (rows["observed"], rows["expected"]) == (4, 3)
    pair = told["expect_column_pair_values_a_to_be_greater_than_b", "violated"]
    assert pair["sample"][0] == {"amount": -3.0, "id": 3}
    with pytest.raises(InvalidInputError, match="no validation result"):
        read_validations(tmp_path / "other.json")
