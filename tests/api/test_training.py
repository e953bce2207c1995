"""Experiments, runs, curves, costs and artifacts over the API."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from starlette.testclient import TestClient

from vedette.models.context import Caller
from vedette.models.tracking.log_batch import log_batch
from vedette.models.tracking.runs import Metric, Runs
from vedette.store.catalog import Actor, Catalog, Scope
from vedette.web.services import Services

ACTOR = Actor.system("tests")
ACCOUNT = "training"


@pytest.fixture(scope="module")
def ask(client: TestClient, catalog: Catalog) -> Callable[..., Any]:
    """The API as an admin of the account calls it."""
    catalog.accounts.create(ACTOR, ACCOUNT)
    key = catalog.keys.create(ACTOR, ACCOUNT, name="admin", scopes=[Scope.ADMIN]).text

    def call(method: str, path: str, status: int = 200, **request: Any) -> Any:
        headers = {"authorization": f"Bearer {key}"}
        answer = client.request(method, f"/api/v1{path}", headers=headers, **request)
        assert answer.status_code == status, answer.text
        return answer.json() if answer.content else None

    return call


@pytest.fixture(scope="module")
def caller(catalog: Catalog) -> Caller:
    return Caller(catalog, ACCOUNT, ACTOR)


@pytest.fixture(scope="module")
def runs(ask: Callable[..., Any], caller: Caller) -> list[str]:
    """Three runs of an experiment: 100 steps of a loss, system metrics every ten seconds."""
    experiment = ask("POST", "/experiments", 201, json={"name": "churn"})["id"]
    made = []
    for number in range(3):
        start = 1_000_000 + number
        run = Runs(caller).create(experiment, name=f"run {number}", start_ms=start).info.id
        points = [
            Metric("loss", number + 1 / (step + 1), start + step * 1000, step)
            for step in range(100)
        ]
        points += [Metric("auc", 0.5 + number / 10, start + 99_000, 99)]
        points += [
            Metric("system/cpu_utilization_percentage", 5.0 if tick < 5 else 85.0,
                   start + tick * 10_000, tick)
            for tick in range(10)
        ]  # fmt: skip
        log_batch(caller, run, points, [("depth", str(number)), ("epochs", "20")])
        Runs(caller).update(run, status="FINISHED", end_ms=start + 100_000)
        made.append(run)
    log_batch(caller, made[2], [Metric("loss", float("nan"), 2_000_000, 100)])
    return made


def _experiment(ask: Callable[..., Any], runs: list[str]) -> str:
    identity: str = ask("GET", f"/runs/{runs[0]}")["info"]["experiment_id"]
    return identity


def test_a_table_has_the_columns_that_were_chosen(ask: Callable[..., Any], runs: list[str]) -> None:
    body = {
        "experiment_ids": [_experiment(ask, runs)],
        "columns": ["metrics.auc", "params.depth", "tags.none"],
        "filter": "metrics.auc > 0.55",
        "order_by": ["metrics.auc ASC"],
        "limit": 1,
    }
    first = ask("POST", "/runs/search", json=body)
    assert (first["total"], [run["id"] for run in first["runs"]]) == (2, [runs[1]])
    assert first["values"] == {"metrics.auc": [0.6], "params.depth": ["1"], "tags.none": [None]}
    second = ask("POST", "/runs/search", json={**body, "cursor": first["cursor"]})
    assert [run["id"] for run in second["runs"]] == [runs[2]]
    assert second["cursor"] is None
    keys = ask("GET", f"/experiments/{body['experiment_ids'][0]}/keys")
    assert {"key": "depth", "runs": 3} in keys["params"]
    error = ask("POST", "/runs/search", 400, json={**body, "filter": "metrics.auc >< 1"})["error"]
    assert (error["field"], error["position"]) == ("filter", 13)
    values = ask("POST", "/runs/search", json={**body, "columns": ["metrics.loss"], "filter": ""})
    assert values["total"] == 3


def test_curves_are_aligned_and_downsampled(ask: Callable[..., Any], runs: list[str]) -> None:
    body = {"run_ids": runs, "metrics": ["loss", "none"]}
    loss, none = ask("POST", "/runs/histories", json=body)["metrics"]
    assert (none["x"], none["curves"]) == ([], [])
    assert loss["x"] == list(range(101))
    assert loss["curves"][0]["values"] == [*(1 / (step + 1) for step in range(100)), None]
    assert loss["curves"][2]["special"] == 1
    few = ask("POST", "/runs/histories", json={**body, "points": 10})["metrics"][0]
    assert len(few["x"]) == 10
    assert few["curves"][1]["values"][-1] == pytest.approx(1 + 1 / 100)
    shared = ask(
        "POST",
        "/runs/histories",
        json={
            "run_ids": [runs[0]],
            "metrics": ["loss", "system/cpu_utilization_percentage"],
            "axis": "relative",
            "shared": True,
            "points": 20,
        },
    )["metrics"]
    assert shared[0]["x"] == shared[1]["x"]
    assert (len(shared[0]["x"]), shared[0]["x"][0]) == (20, 0)
    assert [value for value in shared[1]["curves"][0]["values"] if value is not None] == [
        *[5.0] * 5, *[85.0] * 5,
    ]  # fmt: skip
    part = ask("POST", "/runs/histories", json={**body, "first": 10, "last": 19})["metrics"][0]
    assert part["x"] == list(range(10, 20))


def test_costs_follow_from_prices_and_use(ask: Callable[..., Any], runs: list[str]) -> None:
    assert ask("GET", f"/runs/{runs[0]}/efficiency")["cost"] is None
    ask("PUT", "/training-prices", json={"currency": "EUR", "host_hour": 3.6})
    found = ask("GET", f"/runs/{runs[0]}/efficiency")
    assert (found["duration_ms"], found["epochs"]) == (100_000, 20)
    assert found["epochs_from"] == "parameter epochs"
    assert found["cpu"]["mean"] == pytest.approx(45)
    assert found["cpu"]["idle"] == pytest.approx(0.5)
    cost = found["cost"]
    assert (cost["currency"], cost["by"]) == ("EUR", "prices")
    assert cost["total"] == pytest.approx(0.1)
    assert cost["per_epoch"] == pytest.approx(0.005)
    assert cost["idle"] == pytest.approx(0.05)
    ask("PATCH", f"/runs/{runs[0]}", json={"tags": {"vedette.price_per_hour": "36"}})
    priced = ask("GET", f"/runs/{runs[0]}/efficiency")["cost"]
    assert (priced["by"], priced["total"]) == ("tag", pytest.approx(1.0))


def test_many_runs_are_changed_together(
    ask: Callable[..., Any], runs: list[str], catalog: Catalog
) -> None:
    act = {"run_ids": runs, "action": "set_tag", "key": "team", "value": "growth"}
    assert ask("POST", "/runs/actions", json=act) == {"runs": 3}
    assert ask("GET", f"/runs/{runs[2]}")["tags"]["team"] == "growth"
    missing = {"run_ids": [runs[0], "none"], "action": "delete"}
    ask("POST", "/runs/actions", 404, json=missing)
    assert ask("GET", f"/runs/{runs[0]}")["info"]["lifecycle_stage"] == "active"
    ask("POST", "/runs/actions", json={"run_ids": runs[:2], "action": "delete"})
    search = {"experiment_ids": [_experiment(ask, runs)], "which": "deleted"}
    assert ask("POST", "/runs/search", json=search)["total"] == 2
    ask("POST", "/runs/actions", json={"run_ids": runs[:2], "action": "restore"})
    assert ask("POST", "/runs/search", json=search)["total"] == 0
    events = [item.record["eventName"] for item in catalog.audit.list(ACCOUNT).items]
    assert {"SetRunTags", "DeleteRuns", "RestoreRuns"} <= set(events)


def test_artifacts_are_listed_and_shown(
    ask: Callable[..., Any], runs: list[str], services: Services
) -> None:
    root = f"{_experiment(ask, runs)}/{runs[0]}/artifacts"
    files = {
        "notes.txt": b"what we tried",
        "data/table.csv": b"a,b\n1,2\n3,4\n",
        "log_table.json": b'{"columns": ["a"], "data": [[1], ["x"]]}',
        "plot.png": b"\x89PNG\x00",
        "model.bin": b"\x00\x01",
        "page.html": b"<script>1</script>",
        "long.txt": "ä".encode() * 600_000,
    }
    for path, content in files.items():
        with services.artifacts.write(ACCOUNT, f"{root}/{path}") as file:
            file.write(content)
    of = {"owner": "run", "id": runs[0]}
    listed = ask("GET", "/artifacts", params=of)["files"]
    assert {"name": "data", "is_dir": True, "size": None} in listed

    def shown(path: str) -> Any:
        return ask("GET", "/artifacts/preview", params={**of, "path": path})

    assert (shown("notes.txt")["kind"], shown("notes.txt")["text"]) == ("text", "what we tried")
    table = shown("data/table.csv")
    assert (table["columns"], table["rows"]) == (["a", "b"], [["1", "2"], ["3", "4"]])
    assert shown("log_table.json")["rows"] == [["1"], ["x"]]
    kinds = [shown(path)["kind"] for path in ("plot.png", "model.bin", "page.html")]
    assert kinds == ["image", "binary", "html"]
    assert shown("long.txt")["truncated"]
    for climbing in ("../../secret", "a/%2e%2e/%2e%2e/b", "/etc/passwd"):
        error = ask("GET", "/artifacts/preview", 400, params={**of, "path": climbing})
        assert error["error"]["field"] == "path"


def test_versions_are_compared(ask: Callable[..., Any], runs: list[str]) -> None:
    ask("POST", "/models", 201, json={"name": "churn"})
    for run in runs[:2]:
        source = {"source": f"runs:/{run}/model", "run_id": run}
        ask("POST", "/models/churn/versions", 201, json=source)
    ask("POST", "/models/churn/versions/1/stage", json={"stage": "Production"})
    found = ask("GET", "/models/churn/versions/2/comparison")
    assert (found["this"]["version"], found["other"]["version"]) == (2, 1)
    auc = next(item for item in found["metrics"] if item["name"] == "auc")
    assert auc == {"name": "auc", "this": 0.6, "other": 0.5, "same": False}
    depth = next(item for item in found["params"] if item["name"] == "depth")
    assert (depth["this"], depth["other"]) == ("1", "0")
    assert ask("GET", "/models/churn/versions/1/comparison")["other"] is None
    assert ask("GET", f"/runs/{runs[0]}")["versions"] == [
        {"model": "churn", "version": 1, "stage": "Production", "stage_status": "InProgress"}
    ]


def test_an_experiment_is_renamed_deleted_and_restored(ask: Callable[..., Any]) -> None:
    made = ask("POST", "/experiments", 201, json={"name": "a", "description": "d"})
    path = f"/experiments/{made['id']}"
    assert ask("PATCH", path, json={"name": "a/ü"})["name"] == "a/ü"
    ask("PATCH", path, json={"lifecycle_stage": "deleted"})
    names = [one["name"] for one in ask("GET", "/experiments")["experiments"]]
    assert "a/ü" not in names
    assert ask("PATCH", path, json={"lifecycle_stage": "active"})["lifecycle_stage"] == "active"
