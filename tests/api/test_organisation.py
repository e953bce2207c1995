"""Accounts that share: what a monitoring account sees, what it never does, and quotas."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from support.routes import ROUTES
from support.world import World, make_world
from vedette.governance.accounts.quotas import Quota
from vedette.ingest.derive import CommitClock, Deriver
from vedette.store.catalog import Actor, Catalog, Permission, Scope
from vedette.web.services import Services

ACTOR = Actor.system("tests")
SECRET = "pangolin23"
_RANGE = {"start": "-2h", "end": "now"}
_NUMBERS = itertools.count(1)
ACROSS = sorted(
    name
    for name, route in ROUTES.items()
    if route.permission in {Permission.TELEMETRY_READ, Permission.SQL_READ}
    and name != "GET /logs/tail"
)


@pytest.fixture(scope="module")
def source(client: Any, services: Services, catalog: Catalog) -> dict[str, Any]:
    """An account with everything, whose admin's key is returned with its world."""
    catalog.accounts.create(ACTOR, "org-source")
    key = catalog.keys.create(ACTOR, "org-source", name="admin", scopes=[Scope.ADMIN])
    headers = {"authorization": f"Bearer {key.text}"}

    def send(path: str, body: Any) -> Any:
        answer = client.post(path, json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json()

    world = make_world(services, send, "org-source", SECRET)
    Deriver(services.warehouse, CommitClock()).run()
    return {"world": world, "key": key}


@pytest.fixture
def owner(source: dict[str, Any], api_with: Callable[..., Any]) -> Any:
    """The source account's admin."""
    return api_with("org-source", source["key"])


@pytest.fixture
def sink(catalog: Catalog, api_of: Callable[..., Any]) -> Any:
    """The admin of a new monitoring account."""
    name = catalog.accounts.create(ACTOR, f"org-sink-{next(_NUMBERS)}").name
    return api_of(name, Scope.ADMIN, Scope.SQL)


def _linked(owner: Any, sink: Any, shared: list[str], taken: list[str]) -> str:
    sink.put("/organisation/sink", {"kinds": taken, "sources": ["org-source"]})
    made = owner.post("/organisation/links", {"sink": sink.account, "kinds": shared})
    assert made["effective"] == sorted(set(shared) & set(taken))
    return str(made["id"])


def _logs(api: Any, wanted: str = "org-source") -> Any:
    return api.send("GET", "/logs", params=_RANGE, headers={"x-vedette-accounts": wanted})


def test_a_link_shares_what_both_want_and_its_source_ends_it(owner: Any, sink: Any) -> None:
    assert _logs(sink).status_code == 403
    link = _linked(owner, sink, ["logs", "traces"], ["logs", "metrics"])
    assert SECRET in _logs(sink).text
    assert SECRET in _logs(sink, "*").text
    # Without the header an account sees its own.
    assert SECRET not in sink.send("GET", "/logs", params=_RANGE).text
    spans = sink.send("GET", "/spans", params=_RANGE, headers={"x-vedette-accounts": "*"})
    assert spans.status_code == 200
    assert SECRET not in spans.text
    sql = {"sql": "SELECT Account, Body FROM otel_logs"}
    asked = sink.send("POST", "/sql", json=sql, headers={"x-vedette-accounts": "org-source"})
    assert SECRET in asked.text
    sql = {"sql": "SELECT Account, SpanName FROM otel_traces"}
    asked = sink.send("POST", "/sql", json=sql, headers={"x-vedette-accounts": "*"})
    assert SECRET not in asked.text
    sink.delete(f"/organisation/links/{link}", 404)
    owner.call("DELETE", f"/organisation/links/{link}")
    assert _logs(sink).status_code == 403
    assert SECRET not in _logs(sink, "*").text
    assert len(owner.records("EndAccountLink")) >= 1


def test_nothing_is_relayed(owner: Any, sink: Any, catalog: Catalog, api_of: Any) -> None:
    _linked(owner, sink, ["logs"], ["logs"])
    third = api_of(catalog.accounts.create(ACTOR, f"org-third-{next(_NUMBERS)}").name, Scope.ADMIN)
    third.put("/organisation/sink", {"kinds": ["logs"], "sources": ["*"]})
    sink.post("/organisation/links", {"sink": third.account, "kinds": ["logs"]})
    assert SECRET in _logs(sink).text
    assert SECRET not in _logs(third, "*").text
    assert _logs(third).status_code == 403
    relayed = third.send(
        "GET", "/logs", params=_RANGE, headers={"x-vedette-accounts": sink.account}
    )
    assert relayed.status_code == 200
    assert SECRET not in relayed.text


def test_a_sink_takes_only_from_whom_it_says(owner: Any, sink: Any, stranger: Any) -> None:
    body = {"sink": sink.account, "kinds": ["logs"]}
    owner.post("/organisation/links", body, 409)
    sink.put("/organisation/sink", {"kinds": ["logs"], "sources": ["org-source"]})
    stranger.post("/organisation/links", body, 409)
    link = owner.post("/organisation/links", body)
    owner.post("/organisation/links", body, 409)
    sink.put("/organisation/sink", {"kinds": [], "sources": []})
    assert _logs(sink).status_code == 403
    assert owner.get("/organisation/links")["shares"][0]["id"] == link["id"]


@pytest.mark.parametrize("name", ACROSS)
def test_a_kind_that_is_not_shared_is_seen_by_no_route(
    owner: Any, sink: Any, source: dict[str, Any], name: str
) -> None:
    """Only usage is shared: whatever is asked with the header, nothing of the source is told."""
    _linked(owner, sink, ["usage"], ["usage"])
    world: World = source["world"]
    sink.headers = {**sink.headers, "x-vedette-accounts": "*"}
    answer = sink.ask(name, world)
    assert answer.status_code < 500, answer.text
    if answer.is_success:
        assert SECRET.encode() not in answer.content


def test_a_route_of_entities_reads_one_account(owner: Any, sink: Any) -> None:
    _linked(owner, sink, ["logs", "alarms", "models"], ["logs", "alarms"])
    for path in ("/alarms", "/models", "/keys", "/audit"):
        answer = sink.send("GET", path, headers={"x-vedette-accounts": "*"})
        assert answer.status_code == 400
    alarms = sink.get("/organisation/items", kind="alarms")["items"]
    assert {item["account"] for item in alarms} == {"org-source"}
    assert sink.get("/organisation/items", kind="models")["items"] == []


def test_the_overview_has_what_is_shared(owner: Any, sink: Any) -> None:
    _linked(owner, sink, ["logs", "alarms", "compliance"], ["logs", "alarms", "compliance"])
    own, other = sink.get("/organisation/overview", **_RANGE)["accounts"]
    assert own["account"] == sink.account
    assert other["account"] == "org-source"
    assert other["health"]["logs"]["records"] >= 1
    assert "traces" not in other["health"]
    assert sum(other["alarms"].values()) >= 1
    assert other["models"] is None
    assert other["compliance"]["resources"] > other["compliance"]["compliant"]


def test_a_quota_refuses_with_a_remedy_and_use_has_a_price(
    services: Services, admin: Any, root: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    admin.call("POST", "/logs", content='{"message": "x"}')
    services.quotas.flush()
    path = f"/organisation/quotas/{admin.account}"
    root.put(path, {"limits": {"ingest_requests_per_day": 2, "keys": 3}})
    admin.call("POST", "/logs", content='{"message": "x"}')
    refused = admin.send("POST", "/logs", content='{"message": "x"}')
    assert refused.status_code == 429
    assert int(refused.headers["retry-after"]) > 0
    assert "quota ingest_requests_per_day" in refused.json()["error"]["message"]
    services.quotas.flush()
    services.quotas.measure()
    settings = services.settings.model_copy(
        update={"price_list": "currency=EUR,ingest_gb=1000000000"}
    )
    monkeypatch.setattr(services, "settings", settings)
    usage = admin.get("/organisation/usage")
    (day,) = usage["days"]
    assert (day["ingest_requests"], day["refused_requests"]) == (2, 1)
    assert usage["cost"] == pytest.approx(day["ingest_bytes"])
    assert usage["currency"] == "EUR"
    root.put(path, {"limits": {"ingest_requests_per_day": None}})
    admin.call("POST", "/logs", content='{"message": "x"}')
    made = [admin.send("POST", "/keys", json={"name": "k", "scopes": ["read"]}) for _ in range(4)]
    assert made[-1].status_code == 429
    assert services.quotas.of(admin.account) == {Quota.KEYS: 3}


def test_use_is_billed_by_tag(owner: Any, source: dict[str, Any]) -> None:
    found = owner.get("/organisation/usage/by-tag", key="team", **_RANGE)
    assert sum(item["share"] for item in found["values"]) == pytest.approx(1.0)
    assert {item["value"] for item in found["values"]} >= {SECRET}


def test_a_key_is_rotated_with_an_overlap(
    admin: Any, api_with: Callable[..., Any], client: Any
) -> None:
    old = admin.post("/keys", {"name": "sender", "scopes": ["read"]})
    new = admin.post(f"/keys/{old['id']}/rotation", {"overlap_hours": 1})
    assert (new["name"], new["scopes"]) == ("sender", ["read"])
    assert admin.get(f"/keys/{old['id']}")["expires"] is not None

    def status(key: str) -> int:
        headers = {"authorization": f"Bearer {key}"}
        return int(client.get("/api/v1/tags/keys", headers=headers).status_code)

    assert (status(old["key"]), status(new["key"])) == (200, 200)
    gone = admin.post(f"/keys/{new['id']}/rotation", {"overlap_hours": 0})
    assert (status(new["key"]), status(gone["key"])) == (401, 200)
    admin.post(f"/keys/{new['id']}/rotation", {}, 400)
