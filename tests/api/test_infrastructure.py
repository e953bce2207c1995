"""Efficiency, costs and sizes over the API: a host, its service, a model, a run, with known answers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from support.infrastructure import GIB, NOW, Past
from vedette.models.context import Caller
from vedette.models.tracking.log_batch import log_batch
from vedette.models.tracking.runs import Metric, Runs
from vedette.store.catalog import Actor, Scope
from vedette.web.services import Services

ACTOR = Actor.system("tests")
DAY = {"start": "-1d"}


@pytest.fixture
def shop(
    submit: Callable[..., Any], services: Services, admin: Any, account: str
) -> dict[str, str]:
    """A host of 8 cores of which its one service uses 1 for 20 hours; 40 predictions; a run."""
    past = Past(submit)
    past.account = account
    host = {
        ("system.cpu.utilization", (("cpu.mode", "idle"),)): lambda _: 0.875,
        ("system.cpu.logical.count", ()): lambda _: 8.0,
        ("system.memory.usage", (("system.memory.state", "used"),)): lambda _: 4.0 * GIB,
        ("system.memory.limit", ()): lambda _: 32.0 * GIB,
        ("system.filesystem.usage", (("state", "used"), ("mountpoint", "/"))): lambda age: (
            (60 + 48 * age) * GIB
        ),
        ("system.filesystem.usage", (("state", "free"), ("mountpoint", "/"))): lambda age: (
            (40 - 48 * age) * GIB
        ),
    }
    past.store({"host.name": "a", "host.type": "large"}, host, days=20 / 24, every=1 / 4)
    process = {("process.cpu.time", ()): lambda age: (age + 2) * 86400.0}
    past.store({"service.name": "api", "host.name": "a"}, process, days=20 / 24, every=1 / 4)
    past.send()
    for name, price, cpus in (("small", 0.1, 2), ("large", 0.4, 8)):
        body = {"price_hour": price, "cpus": cpus, "memory_gib": 4 * cpus}
        admin.put(f"/infrastructure/machine-types/{name}", body)
    moment = (NOW - timedelta(hours=2)).isoformat()
    rows = [
        {"model": "churn", "version": "12"[n < 10], "endpoint": "api", "id": f"p{n}",
         "prediction": "yes", "features": {"x": n}, "time": moment}
        for n in range(40)
    ]  # fmt: skip
    admin.post("/predictions", rows, 200)
    caller = Caller(services.catalog, account, ACTOR)
    experiment = admin.post("/experiments", {"name": "churn"})["id"]
    start = round((NOW - timedelta(hours=2)).timestamp() * 1000)
    run = Runs(caller).create(experiment, name="fit", start_ms=start).info.id
    gpus = [
        Metric(f"system/gpu_{gpu}_utilization_percentage", busy, start + at * 60_000, at)
        for gpu, busy in ((0, 60.0), (1, 0.0))
        for at in range(60)
    ]
    log_batch(caller, run, gpus, [], [("vedette.price_per_hour", "6")])
    Runs(caller).update(run, status="FINISHED", end_ms=start + 3_600_000)
    return {"run": run}


def test_efficiency_of_hosts_services_endpoints_and_runs(
    shop: dict[str, str], admin: Any, account: str, services: Services
) -> None:
    (host,) = admin.get("/infrastructure/efficiency", **DAY)["items"]
    assert (host["cpu"]["mean"], host["cpu"]["reserved"]) == pytest.approx((1.0, 8.0))
    assert host["cost"]["by"] == "machine type large"
    hours = host["hours"]
    assert hours == pytest.approx(20, abs=1)
    assert host["cost"]["total"] == pytest.approx(0.4 * hours)
    (service,) = admin.get("/infrastructure/efficiency", kind="service", **DAY)["items"]
    # The only service of its host carries all that it costs.
    assert service["cost"]["total"] == pytest.approx(host["cost"]["total"])
    found = admin.get("/infrastructure/efficiency", kind="endpoint", name="churn", **DAY)["items"]
    assert [(one["version"], one["predictions"]) for one in found] == [("1", 30), ("2", 10)]
    for one in found:
        assert one["service"] == "api"
        assert one["cost_per_1000"] == pytest.approx(service["cost"]["total"] / 40 * 1000)
    (run,) = admin.get("/infrastructure/efficiency", kind="run", **DAY)["items"]
    assert (run["id"], run["gpus_used"], run["gpu"]["mean"]) == (shop["run"], 1, pytest.approx(0.6))
    assert run["cost"]["total"] == pytest.approx(6.0)
    assert run["cost"]["idle"] == pytest.approx(3.0)
    hint = admin.get("/infrastructure/rightsizing", kind="run", **DAY)["items"][0]["advice"]
    assert (hint["finding"], hint["size"]["gpus"]) == ("over_provisioned", 1)
    assert hint["saving"] == pytest.approx(3.0)


def test_hints_costs_by_tag_and_storage(
    shop: dict[str, str], admin: Any, account: str, services: Services
) -> None:
    hints = admin.get("/infrastructure/rightsizing", **DAY)
    (advice,) = (one["advice"] for one in hints["items"])
    assert (advice["finding"], advice["size"]["machine_type"]) == ("over_provisioned", "small")
    assert advice["saving"] == hints["saving"] == pytest.approx(0.3 * 730)
    assert advice["confidence"] == "low"
    more = admin.get("/infrastructure/rightsizing", headroom=1.5, percentile=0.5, **DAY)
    assert more["items"][0]["advice"]["finding"] == "optimized"  # 10 GiB and 2.5 cores: large
    admin.put("/tags", {"tags": {"team": "shop"}}, resource=f"{account}/host/a")
    by_team = admin.get("/infrastructure/costs", kind="host", tag="team", **DAY)["groups"]
    assert [(one["value"], one["items"]) for one in by_team] == [("shop", 1)]
    by_account = admin.get("/infrastructure/costs", kind="host", **DAY)["groups"]
    assert by_account[0]["value"] == account
    assert by_account[0]["cost"] == pytest.approx(by_team[0]["cost"])
    stores = admin.get("/infrastructure/storage", **DAY)
    (store,) = stores["stores"]
    assert stores["counts"] == {"growing": 1}
    assert store["outlook"]["days"] == pytest.approx(40 / 48, rel=0.05)
    assert len(store["times"]) == len(store["values"]) > 8


def test_what_is_not_possible_is_refused(
    api_of: Callable[..., Any], account: str, admin: Any
) -> None:
    reader = api_of(account, Scope.READ)
    for path, query in (
        ("storage", {"start": "-1m"}), ("efficiency", {"percentile": 0.42}),
        ("efficiency", {"headroom": -1}), ("efficiency", {"kind": "pet"}), ("costs", {"tag": ""}),
    ):  # fmt: skip
        assert reader.get(f"/infrastructure/{path}", 400, **query)["error"]["field"]
    for body in ({"price_hour": -1, "cpus": 1, "memory_gib": 1}, {"cpus": 1, "memory_gib": 1}):
        admin.put("/infrastructure/machine-types/x", body, 400)
    admin.put("/infrastructure/machine-types/x", {"price_hour": 0, "cpus": 1, "memory_gib": 1})
    assert admin.records("PutMachineType")
    admin.delete("/infrastructure/machine-types/x")
    admin.delete("/infrastructure/machine-types/x", 404)
    assert reader.get("/infrastructure/efficiency")["items"] == []
