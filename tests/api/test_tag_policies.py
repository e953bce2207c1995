"""Policies of tags: who complies, what is refused, many at once, tags of telemetry."""

from __future__ import annotations

import time
from typing import Any

import pytest

from vedette.ingest.derive import CommitClock, Deriver
from vedette.scheduler import Scheduler
from vedette.server.governance_jobs import MEASURES, add_governance
from vedette.store.catalog import Actor
from vedette.web.services import Services

ACTOR = Actor.system("tests")


def _put(admin: Any, name: str, keys: list[dict[str, Any]], **rules: Any) -> None:
    admin.put(f"/tags/policies/{name}", {"keys": keys, **rules})


def _tag(admin: Any, name: str, tags: dict[str, str], status: int = 200) -> None:
    admin.put("/tags", {"tags": tags}, status, resource=f"{admin.account}/service/{name}")


def test_the_report_names_who_does_not_comply_and_why(admin: Any, services: Services) -> None:
    _put(admin, "cost", [
        {"key": "team", "values": ["payments", "search"]},
        {"key": "cost-center", "pattern": "[0-9]{4}"},
        {"key": "stage", "required": False, "values": ["prod", "test"]},
    ], kinds=["service"])  # fmt: skip
    _tag(admin, "good", {"team": "payments", "cost-center": "0815"})
    _tag(admin, "bad", {"team": "pirates", "cost-center": "08150", "stage": "yard"})
    _tag(admin, "half", {"team": "search"})
    report = admin.get("/tags/compliance")
    assert (report["resources"], report["compliant"], report["offence_count"]) == (3, 1, 2)
    problems = {
        item["resource"].rpartition("/")[2]: item["problems"] for item in report["offences"]
    }
    assert problems["half"] == ["cost-center is missing"]
    assert len(problems["bad"]) == 3
    assert report["policies"] == [{"policy": "cost", "resources": 3, "compliant": 1}]
    assert admin.get("/tags/compliance", kind="service", policy="cost")["offence_count"] == 2
    assert admin.get("/tags/compliance", kind="alarm")["offences"] == []
    services.tag_policies.sample()
    assert admin.get("/tags/compliance")["trend"][-1]["compliant"] == 1
    admin.delete("/tags/policies/cost")
    assert admin.get("/tags/compliance")["compliant"] == 3
    admin.delete("/tags/policies/cost", 404)


def test_a_policy_that_refuses(admin: Any) -> None:
    _put(admin, "strict", [{"key": "team", "values": ["a"]}], effect="refuse")
    _tag(admin, "one", {"other": "x"}, 400)
    _tag(admin, "one", {"team": "b"}, 400)
    _tag(admin, "one", {"team": "a", "other": "x"})
    resources = [f"{admin.account}/service/{name}" for name in ("one", "two")]
    admin.post("/tags/bulk", {"resources": resources, "tags": {"x": "y"}}, 400)
    assert "x" not in admin.get("/tags", resource=resources[0])["tags"]
    admin.post("/tags/bulk", {"resources": resources, "tags": {"team": "a"}}, 200)
    admin.post("/tags/bulk", {"resources": resources, "remove": ["team"]}, 400)
    admin.post("/tags/bulk", {"resources": ["other/service/x"], "tags": {"team": "a"}}, 403)
    assert len(admin.records("TagResources")) >= 2


@pytest.mark.parametrize(
    "rules",
    [
        {"keys": []},
        {"keys": [{"key": ""}]},
        {"keys": [{"key": "team", "pattern": "("}]},
        {"keys": [{"key": "team"}], "effect": "destroy"},
    ],
)
def test_a_bad_policy(admin: Any, rules: dict[str, Any]) -> None:
    admin.put("/tags/policies/bad", rules, 400)


def test_services_inherit_tags_of_their_telemetry(admin: Any, services: Services) -> None:
    _log_of(admin, services, {"service.name": "shop", "tag.team": "web", "tag.own": "x"})
    resource = f"{admin.account}/service/shop"
    _tag(admin, "shop", {"own": "kept"})
    admin.post("/tags/inherit", status=200)
    assert admin.get("/tags", resource=resource)["tags"] == {"own": "kept", "team": "web"}
    _tag(admin, "shop", {"team": "set by hand"})
    services.inherited_tags.everywhere()
    assert admin.get("/tags", resource=resource)["tags"] == {"own": "kept", "team": "set by hand"}


def test_tags_of_telemetry_are_inherited_without_being_asked_for(
    admin: Any, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    _log_of(admin, services, {"service.name": "lake", "tag.team": "data"})
    work: dict[str, Any] = {}
    monkeypatch.setattr(
        Scheduler, "recur", lambda _self, kind, _schedule, run, **_: work.update({kind: run})
    )
    add_governance(Scheduler(services.catalog), services, None)
    work[MEASURES](None)
    assert admin.get("/tags", resource=f"{admin.account}/service/lake")["tags"] == {"team": "data"}


def _log_of(admin: Any, services: Services, attributes: dict[str, str]) -> None:
    """Send a record of a resource, and have what is derived from it there."""
    pairs = [{"key": key, "value": {"stringValue": value}} for key, value in attributes.items()]
    record = {"timeUnixNano": str(time.time_ns()), "body": {"stringValue": "x"}}
    body = {"resourceLogs": [{"resource": {"attributes": pairs},
                              "scopeLogs": [{"logRecords": [record]}]}]}  # fmt: skip
    answer = admin.client.post("/v1/logs", json=body, headers=admin.headers)
    assert answer.is_success
    Deriver(services.warehouse, CommitClock()).run()


def test_ten_thousand_resources_in_less_than_a_second(
    admin: Any, services: Services, account: str
) -> None:
    from vedette.store.catalog.models import TagRow

    with services.catalog.change(ACTOR, "Fill", account=account) as change:
        change.session.add_all(
            TagRow(resource=f"{account}/service/s{n}", key="team", value=str(n % 7),
                   account=account, kind="service")
            for n in range(10_000)
        )  # fmt: skip
    _put(admin, "teams", [{"key": "team", "values": [str(n) for n in range(6)]}])
    started = time.perf_counter()
    report = services.tag_policies.report(account)
    seconds = time.perf_counter() - started
    assert (report.resources, report.compliant) == (10_000, 10_000 - 10_000 // 7)
    assert seconds < 5.0  # the target is a second on a quiet machine
