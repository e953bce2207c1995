"""Routes of datasets and monitors, on profiles that a client would send."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import orjson
import pytest

from support.profiles import column_states
from vedette.core.time import TimeRange
from vedette.query import QueryRunner
from vedette.store.catalog import Scope


@pytest.fixture
def states(runner: QueryRunner) -> Callable[..., list[dict[str, Any]]]:
    return partial(column_states, runner)


DAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=5)


@pytest.fixture
def orders(admin: Any, states: Any) -> Any:
    """Two days of orders: the second one drifted."""
    for day, mean, country in ((0, 0.0, "DE"), (1, 1.0, "IT")):
        start = DAY + timedelta(days=day)
        body = {
            "start": start.isoformat(), "end": (start + timedelta(days=1)).isoformat(),
            "columns": states(mean, country),
        }  # fmt: skip
        admin.post("/datasets/orders/profiles", body)
    return admin


def day(number: int) -> dict[str, str]:
    start = DAY + timedelta(days=number)
    return {"start": start.isoformat(), "end": (start + timedelta(days=1)).isoformat()}


WHOLE = {"start": DAY.isoformat(), "end": (DAY + timedelta(days=3)).isoformat()}


def test_profiles_are_stored_and_merged(orders: Any, stranger: Any) -> None:
    (dataset,) = orders.get("/datasets")["datasets"]
    assert (dataset["name"], dataset["columns"], dataset["profiles"]) == ("orders", 2, 2)
    windows = orders.get("/datasets/orders/windows", **WHOLE)["windows"]
    assert [window["rows"] for window in windows] == [2000, 2000]
    amount, country = orders.get("/datasets/orders/profile", **WHOLE)["columns"]
    assert (amount["rows"], amount["mean"]) == (4000, pytest.approx(0.5, abs=0.1))
    assert sum(amount["histogram"]["counts"]) == pytest.approx(4000)
    assert {one["value"]: one["count"] for one in country["top_values"]} == {
        "FR": 2000,
        "DE": 1000,
        "IT": 1000,
    }
    series = orders.get("/datasets/orders/series", column="amount", **WHOLE)["windows"]
    assert [round(window["columns"][0]["mean"]) for window in series] == [0, 1]
    assert stranger.get("/datasets")["datasets"] == []
    stranger.get("/datasets/orders/profile", 404, **WHOLE)


def test_a_profile_is_read_by_pages(orders: Any) -> None:
    first = orders.get("/datasets/orders/profile", limit=1, **WHOLE)
    second = orders.get("/datasets/orders/profile", limit=1, offset=1, **WHOLE)
    assert [first["total"], second["total"]] == [2, 2]
    assert [one["name"] for page in (first, second) for one in page["columns"]] == [
        "amount",
        "country",
    ]
    found = orders.get("/datasets/orders/profile", search="COUNT", **WHOLE)
    assert (found["total"], found["columns"][0]["name"]) == (1, "country")
    none = orders.get("/datasets/orders/profile", search="nothing", **WHOLE)
    assert (none["total"], none["columns"]) == (0, [])
    orders.get("/datasets/orders/profile", 400, limit=1001, **WHOLE)
    page = orders.send("GET", "/datasets/orders/profile/report", params=WHOLE)
    assert "4,000 rows, 2 columns<" in page.text


def test_a_packed_body_and_wrong_ones(admin: Any, states: Any, api_of: Any, account: str) -> None:
    body = {**day(0), "columns": states(0.0)}
    packed = gzip.compress(orjson.dumps(body))
    writer = api_of(account, Scope.INGEST)
    path = "/datasets/orders/profiles"
    sent = writer.send("POST", path, content=packed, headers={"content-encoding": "gzip"})
    assert sent.status_code == 201, sent.text
    reader = api_of(account, Scope.READ)
    assert reader.send("POST", path, json=body).status_code == 403
    for wrong, field in (
        (b"{", "body"),
        (orjson.dumps({**body, "start": "x"}), "start"),
        (orjson.dumps({**body, "columns": []}), "columns"),
        (orjson.dumps({**body, "columns": [{"column": "a"}]}), "columns[0].column"),
        (orjson.dumps({**body, "columns": [3]}), "columns.0"),
        (orjson.dumps({**body, "end": body["start"]}), "start"),
    ):
        refused = writer.send("POST", path, content=wrong)
        assert refused.status_code == 400, refused.text
        assert refused.json()["error"]["field"] == field
    # Nothing of it was stored.
    assert len(reader.get("/datasets/orders/windows", **WHOLE)["windows"]) == 1


def test_drift_as_json_and_html(orders: Any) -> None:
    body = {"reference": day(0), "current": day(1)}
    found = orders.post("/datasets/orders/drift", body, 200)
    assert (found["status"], found["drifted"]) == ("drift", 2)
    amount = next(one for one in found["columns"] if one["name"] == "amount")
    assert amount["measure"] == "ks"
    assert "The mean went from" in amount["why"]
    page = orders.send("POST", "/datasets/orders/drift/report", json=body)
    assert page.headers["content-type"].startswith("text/html")
    assert "<script" not in page.text
    assert "http" not in page.text
    assert "country" in page.text
    orders.post("/datasets/orders/drift", {**body, "preset": "magic"}, 400)
    orders.post("/datasets/orders/drift", {**body, "measure": "feeling"}, 400)
    orders.post("/datasets/nothing/drift", body, 404)
    same = orders.post("/datasets/orders/drift", {"reference": day(0), "current": day(0)}, 200)
    assert same["status"] == "no drift"


def test_checks_are_suggested_versioned_and_run(orders: Any) -> None:
    suggested = orders.get("/datasets/orders/checks/suggested", **day(0))["checks"]
    stored = orders.put("/datasets/orders/checks", {"checks": suggested, "comment": "first"})
    assert stored["version"] == 1
    passed = orders.post("/datasets/orders/checks/run", {"current": day(0)}, 200)
    assert passed["violated"] == 0
    failed = orders.post("/datasets/orders/checks/run", {"current": day(1)}, 200)
    assert [one["kind"] for one in failed["results"] if one["status"] == "violated"] == ["values"]
    orders.put("/datasets/orders/checks", {"checks": [], "expected_version": 5}, 409)
    orders.put("/datasets/orders/checks", {"checks": [{"check": "magic"}]}, 400)
    assert len(orders.get("/datasets/orders/checks/versions")["versions"]) == 1
    assert orders.records("PutDatasetChecks")
    orders.get("/datasets/nothing/checks", 404)
    for name in ("statistics.json", "constraints.json"):
        document = orders.get(f"/datasets/orders/model-monitor/{name}", **day(0))
        assert [one["name"] for one in document["features"]] == ["amount", "country"]
    orders.get("/datasets/orders/model-monitor/other.json", 404)


def test_baselines(orders: Any, states: Any) -> None:
    made = orders.post("/datasets/orders/baselines", {"name": "model:churn/3", **day(0)})
    assert made["name"] == "model:churn/3"
    orders.post("/datasets/orders/baselines", {"name": "model:churn/3", **day(0)}, 409)
    upload = {**day(0), "columns": states(5.0), "baseline": "training", "version": "1"}
    orders.post("/datasets/orders/profiles", upload)
    orders.post("/datasets/orders/profiles", {**upload, "version": "2"}, 409)
    names = [one["name"] for one in orders.get("/datasets/orders/baselines")["baselines"]]
    assert names == ["training", "model:churn/3"]
    assert orders.get("/datasets/orders/profile", baseline="training")["columns"][0]["mean"] > 4
    body = {"reference": {"baseline": "model:churn/3"}, "current": day(0)}
    assert orders.post("/datasets/orders/drift", body, 200)["drifted"] == 0
    orders.delete("/datasets/orders/baselines/model:churn/3")
    orders.post("/datasets/orders/drift", body, 404)


def test_monitors(orders: Any, services: Any) -> None:
    from vedette.data.profiles import Profiles
    from vedette.monitors.evaluator import Evaluator
    from vedette.monitors.results import Results
    from vedette.monitors.service import Monitors

    spec = {"dataset": "orders", "window": "1d", "schedule": "0 2 * * *", "late": "20d",
            "baseline": {"over": "7d"}, "drift": {}}  # fmt: skip
    made = orders.post("/monitors", {"name": "daily", "spec": spec})
    assert made["spec"]["schedule"] == "0 2 * * *"
    orders.post("/monitors", {"name": "daily", "spec": spec}, 409)
    orders.post("/monitors", {"name": "bad", "spec": {**spec, "window": "1s"}}, 400)
    monitor = Monitors(services.catalog).get(orders.account, "daily")
    evaluator = Evaluator(
        services.catalog,
        Profiles(services.warehouse, services.runner),
        Results(services.warehouse, services.runner),
    )
    evaluator.evaluate(monitor, TimeRange.parse(**day(1)), now=datetime.now(UTC))
    (run,) = orders.get("/monitors/daily/runs", **WHOLE)["runs"]
    assert (run["status"], run["drifted"]) == ("CompletedWithViolations", 2)
    results = orders.get("/monitors/daily/results", family="drift", column="amount", **WHOLE)[
        "results"
    ]
    assert results[0]["status"] == "drift"
    changed = orders.put("/monitors/daily", {**spec, "enabled": False})
    assert changed["spec"]["enabled"] is False
    assert [one["name"] for one in orders.get("/monitors", dataset="orders")["monitors"]] == [
        "daily"
    ]
    orders.delete("/monitors/daily")
    orders.get("/monitors/daily", 404)


def test_the_list_says_volume_and_state(orders: Any) -> None:
    orders.put(
        "/monitors/daily",
        {"dataset": "orders", "window": "1d", "late": "10d", "drift": {},
         "baseline": {"over": "3d"}, "checks": [{"check": "volume", "min": 5000}]},
    )  # fmt: skip
    before = orders.get("/datasets", search="ORD")["datasets"][0]
    assert (before["rows"], before["volumes"]) == (2000, [2000, 2000])
    assert (before["checks"], before["drift"]) == ("none", "none")
    ran = orders.post("/monitors/daily/run", {"start": DAY.isoformat()}, 200)
    assert len(ran["windows"]) == 2
    (after,) = orders.get("/datasets")["datasets"]
    assert (after["checks"], after["violations"], after["monitors"]) == ("violated", 1, 1)
    assert (after["drift"], after["drift_share"], after["drifted_columns"]) == ("drift", 1.0, 2)
    assert orders.get("/datasets", search="nothing")["datasets"] == []
    said = orders.get("/datasets/orders/results", family="drift", column="amount", **WHOLE)
    assert [one["status"] for one in said["results"]] == ["drift"]


def test_drift_by_window_and_both_distributions(orders: Any) -> None:
    body = {**WHOLE, "period": 86400, "reference": day(0)}
    found = orders.post("/datasets/orders/drift/series", body, 200)
    assert [window["status"] for window in found["windows"]] == ["no drift", "drift"]
    amount = next(one for one in found["columns"] if one["name"] == "amount")
    assert amount["status"] == ["no drift", "drift"]
    assert amount["value"][0] == 0.0
    rolling = orders.post("/datasets/orders/drift/series", {**WHOLE, "period": 86400}, 200)
    assert [window["status"] for window in rolling["windows"]] == ["unknown", "drift"]
    cell = {"reference": day(0), "current": day(1), "distributions": True}
    columns = orders.post("/datasets/orders/drift", cell, 200)["columns"]
    shown = {one["name"]: one["distribution"] for one in columns}
    assert len(shown["amount"]["edges"]) == len(shown["amount"]["current"]) + 1
    assert sum(shown["amount"]["reference"]) == pytest.approx(1, abs=0.02)
    by_value = dict(zip(shown["country"]["values"], shown["country"]["current"], strict=True))
    assert by_value["IT"] == pytest.approx(0.5, abs=0.05)


def test_schema_changes_are_found(admin: Any, states: Any) -> None:
    for number in range(4):
        start = DAY + timedelta(days=number)
        columns = states(0.0)
        if number == 1:
            columns = [one for one in columns if one["column"] != "country"]
        if number == 3:
            columns[0]["type"] = "Float32"
        body = {"start": start.isoformat(), "end": (start + timedelta(days=1)).isoformat()}
        admin.post("/datasets/orders/profiles", {**body, "columns": columns})
    range_ = {"start": DAY.isoformat(), "end": (DAY + timedelta(days=4)).isoformat()}
    changes = admin.get("/datasets/orders/schema-changes", **range_)["changes"]
    assert [(one["column"], one["change"], one["is"]) for one in changes] == [
        ("amount", "type", "Float32"),
        ("country", "added", "String"),
        ("country", "removed", ""),
    ]


def test_kept_rows_and_results_of_gates(admin: Any, states: Any, stranger: Any) -> None:
    rows = [{"row": {"amount": float(number), "country": "DE" if number % 2 else None}}
            for number in range(10)]  # fmt: skip
    admin.post("/datasets/orders/profiles", {**day(0), "columns": states(0.0), "rows": rows})
    path = "/datasets/orders/rows"
    assert len(admin.get(path, **WHOLE)["rows"]) == 10
    between = admin.get(path, column="amount", low=3, high=5, **WHOLE)["rows"]
    assert sorted(one["row"]["amount"] for one in between) == [3.0, 4.0]
    assert len(admin.get(path, column="country", value="DE", **WHOLE)["rows"]) == 5
    admin.get(path, 400, value="DE", **WHOLE)
    assert stranger.get(path, **WHOLE)["rows"] == []
    result = {
        "status": "violated", "kind": "unique", "title": "unique id", "severity": "critical",
        "description": "2 rows repeat", "failing": 2, "sample": [{"id": 7}],
        "check": {"check": "unique", "columns": ["id"]},
    }  # fmt: skip
    gate = {"time": DAY.isoformat(), "rows": 10, "results": [result]}
    admin.post("/datasets/orders/results", gate)
    (kept,) = admin.get("/datasets/orders/results", family="check", **WHOLE)["results"]
    assert (kept["status"], kept["details"]["sample"]) == ("violated", [{"id": 7}])
    named = {**gate, "run": "one", "gate": "dbt shop"}
    url = "/datasets/s3:%2F%2Fbucket%2Forders/results"
    assert [admin.post(url, named)["known"] for _ in range(2)] == [False, True]
    assert len(admin.get(url, family="check", **WHOLE)["results"]) == 1
    admin.post("/datasets/orders/results", {**gate, "results": [{"status": "odd"}]}, 400)
    page = admin.send("GET", "/datasets/orders/profile/report", params=WHOLE)
    assert "<svg" in page.text
