"""An account with something of every kind in it, each with the account's secret in its text."""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from support.lineage import dataset, facet, run_events, run_id
from support.profiles import column_states
from support.routes import (
    ALARM_SPEC,
    BROWSER_APP,
    CHANNEL,
    KPI_SPEC,
    MACHINE_SPEC,
    MONITOR_SPEC,
    MUTE_SPEC,
    POLICY_SPEC,
    ROI_SPEC,
    SLO_SPEC,
    SYNTHETIC_SPEC,
)
from support.spans import MS
from vedette.core.identity import ResourceId
from vedette.data.checks.definition import parse_checks
from vedette.data.datasets import Datasets
from vedette.governance.audit.holds import Holds
from vedette.governance.tags.policies import KeyRule, PolicyRules
from vedette.infrastructure.machines import MachineSpec, machine_types
from vedette.models.context import Caller
from vedette.models.evaluation.datasets import EvaluationDatasets
from vedette.models.evaluation.records import EvaluationRecords
from vedette.models.evaluation.scorers import Scorers
from vedette.models.registry.approvals import Approvals
from vedette.models.registry.cards import Cards
from vedette.models.registry.models import Models
from vedette.models.registry.rules import Rules
from vedette.models.registry.stages import Stage
from vedette.models.registry.versions import Versions
from vedette.models.tracking.experiments import Experiments
from vedette.models.tracking.log_batch import log_batch
from vedette.models.tracking.logged_models import LoggedModels
from vedette.models.tracking.runs import Metric, Runs
from vedette.store.catalog import Actor, Catalog, Role, Scope
from vedette.telemetry.metric_filters import FilterDefinition, MetricFilters
from vedette.web.services import Services

_ACTOR = Actor.system("tests")
_UNIQUE = itertools.count(1)
_METRICS = ("depth", "system.filesystem.utilization", "system.cpu.logical.count")


@dataclass
class World:
    """One account.

    Attributes:
        account: its name.
        secret: a word that is in everything the account holds, and in no name that a request names.
        names: what routes' values name: ids of what the account holds.

    """

    account: str
    secret: str
    names: dict[str, str] = field(default_factory=dict)

    def fill(self, value: Any) -> Any:
        """Return a value of a route with ``$name`` replaced."""
        if isinstance(value, Mapping):
            return {key: self.fill(inner) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.fill(inner) for inner in value]
        if value == "$unique":
            return f"made-{next(_UNIQUE)}"
        if isinstance(value, str) and value.startswith("$"):
            return self.names[value[1:]]
        return value


def make_world(
    services: Services, send: Callable[[str, Any], Any], account: str, secret: str
) -> World:
    """Store logs, spans, metrics, profiles and entities for an account, which must exist.

    ``send(path, body)`` posts JSON as the account's admin and returns the answer.
    """
    world = World(account, secret, {"account": account, "service": f"svc-{secret}"})
    _send_telemetry(world, send)
    _make_entities(world, services)
    _make_alarms(world, send)
    _make_dataset(world, services, send)
    _make_pipeline(world, send)
    _make_training(world, services, send)
    return world


def _make_dataset(world: World, services: Services, send: Callable[[str, Any], Any]) -> None:
    now = datetime.now(UTC)
    states = column_states(services.runner, 1.0, amount=f"amount_{world.secret}")
    profile = {
        "start": (now - timedelta(minutes=40)).isoformat(),
        "end": (now - timedelta(minutes=30)).isoformat(),
        "columns": states,
        "rows": [{"row": {"amount": world.secret}}],
    }
    for name in ("orders", f"orders {world.secret}"):
        send(f"/api/v1/datasets/{name}/profiles", profile)
    failed = {"status": "violated", "kind": "unique", "column": world.secret, "sample": []}
    gate = {"time": now.isoformat(), "rows": 1, "results": [failed]}
    send("/api/v1/datasets/orders/results", gate)
    baseline = {"name": f"frozen {world.secret}", "start": "-2h"}
    send("/api/v1/datasets/orders/baselines", baseline)
    checks = [{"check": "completeness", "column": f"amount_{world.secret}", "at_least": 0.5}]
    Datasets(services.catalog).put_checks(
        _ACTOR, world.account, "orders", parse_checks(checks), comment=world.secret
    )
    spec = {**MONITOR_SPEC, "columns": [f"amount_{world.secret}"]}
    send("/api/v1/monitors", {"name": "daily", "spec": spec})
    _make_production(world, send)
    kpi = {**KPI_SPEC, "description": world.secret}
    send("/api/v1/kpis", {"name": "revenue", "spec": kpi})
    value = {"value": 5.0, "dimensions": {"color": world.secret}, "time": now.isoformat()}
    send("/api/v1/kpis/revenue/values", {"values": [value]})
    spans = {"source": {"type": "traces"}, "history": "1d"}
    send("/api/v1/kpis", {"name": "spans", "spec": spans})
    app = {**BROWSER_APP, "description": world.secret}
    send("/api/v1/browser-apps", {"name": "web", "spec": app})
    roi = {**ROI_SPEC, "description": world.secret}
    send("/api/v1/returns", {"name": "churn", "spec": roi})
    report = {"title": world.secret, "enabled": False}
    send("/api/v1/reports", {"name": "weekly", "spec": report})
    check = {**SYNTHETIC_SPEC, "description": world.secret}
    send("/api/v1/synthetic-checks", {"name": "front", "spec": check})
    send("/api/v1/slos", {"name": "quick", "spec": {**SLO_SPEC, "description": world.secret}})


def _make_pipeline(world: World, send: Callable[[str, Any], Any]) -> None:
    run = f"run {world.secret}"
    world.names["pipeline_run"] = run_id(run)
    world.names["table"] = "table"
    world.names["pipeline"] = f"{world.account}/pipeline/nightly"
    world.names["training"] = f"{world.account}/run/x"
    events = run_events(
        "nightly", run, 600, 500, errorMessage=facet(message=world.secret),
        inputs=[dataset(f"source {world.secret}", rows=3), dataset("orders")],
        outputs=[dataset(f"report {world.secret}"), dataset("table", rows=3, columnLineage=facet(fields={"a": {
            "inputFields": [{"namespace": "vedette", "name": f"source {world.secret}", "field": "b"}]}}))],
    )  # fmt: skip
    send("/api/v1/lineage/batch", events)


def _make_production(world: World, send: Callable[[str, Any], Any]) -> None:
    secret = world.secret
    served = {
        "model": "served", "version": "1", "endpoint": secret, "prediction": "yes",
        "scores": {"yes": 0.75, "no": 0.25}, "attributions": {secret: 0.5},
    }  # fmt: skip
    rows = [
        {**served, "id": f"{secret}-{n}", "features": {"plan": "ab"[n % 2], secret: n}}
        for n in range(4)
    ]
    send("/api/v1/predictions", rows)
    send("/api/v1/labels", [{"model": "served", "id": row["id"], "label": "yes"} for row in rows])
    send("/api/v1/references", [{**row, "reference": secret, "label": "no"} for row in rows])
    spec = {"model": "served", "window": "1h", "endpoint": secret}
    send("/api/v1/model-monitors", {"name": "daily", "spec": spec})


def _make_alarms(world: World, send: Callable[[str, Any], Any]) -> None:
    spec = {**ALARM_SPEC, "description": world.secret}
    for name in ("alarm", "other_alarm", "third_alarm"):
        made = send("/api/v1/alarms", {"name": f"{name} {world.secret}", "spec": spec})
        world.names[name] = made["id"]
    send(f"/api/v1/alarms/{world.names['alarm']}/comments", {"text": world.secret})
    for name in ("incident", "other_incident"):
        world.names[name] = send("/api/v1/incidents", {"title": f"about {world.secret}"})["id"]
    send(f"/api/v1/incidents/{world.names['incident']}/notes", {"text": world.secret})
    for name in ("dashboard", "other_dashboard"):
        board = {"panels": [{"id": "p1", "type": "text", "text": world.secret}]}
        made = send("/api/v1/dashboards", {"name": f"{name} {world.secret}", "spec": board})
        world.names[name] = made["id"]
    for name in ("hook", "other-hook"):
        url = f"https://203.0.113.1/{world.secret}"
        settings = {**CHANNEL["settings"], "url": url}
        send("/api/v1/notification-channels", {"name": name, "settings": settings})
    # The secret is a person's name, too: who is on call is nobody else's business.
    people = {"anna": ["hook"], world.secret: ["hook"]}
    layers = [{"people": [world.secret], "start": "2026-01-05"}]
    rota = {"people": people, "layers": layers, "description": world.secret}
    for name in ("rota", "other-rota"):
        send("/api/v1/oncall-schedules", {"name": name, "spec": rota})
    override = {"person": "anna", "start": "2098-01-01T00:00:00Z", "end": "2098-02-01T00:00:00Z"}
    made = send("/api/v1/oncall-schedules/rota/overrides", override)
    world.names["override"] = made["id"]
    for name in ("urgent", "other-policy"):
        policy = {**POLICY_SPEC, "description": world.secret}
        send("/api/v1/escalation-policies", {"name": name, "spec": policy})
    for name in ("all", f"all {world.secret}"):
        send("/api/v1/notification-routes", {"name": name, "spec": {"channels": ["hook"]}})
    for name in ("night", "day"):
        window = {**MUTE_SPEC, "comment": world.secret}
        send("/api/v1/mute-windows", {"name": name, "spec": window})


def _send_telemetry(world: World, send: Callable[[str, Any], Any]) -> None:
    secret, service = world.secret, world.names["service"]
    minute = (time.time_ns() // (60 * 10**9) - 30) * 60 * 10**9
    trace, root, child = (os.urandom(size).hex() for size in (16, 8, 8))
    owned = _attributes(**{"owner": secret, "color": "red", f"key-{secret}": "x"})
    resource = {
        "attributes": _attributes(**{"service.name": service, "host.name": f"host-{secret}"})
    }
    spans = [
        {
            "traceId": trace, "spanId": root, "kind": 2, "name": f"op {secret}",
            "startTimeUnixNano": str(minute), "endTimeUnixNano": str(minute + 90 * MS),
            "attributes": owned,
        },
        {
            "traceId": trace, "spanId": child, "parentSpanId": root, "kind": 3,
            "name": f"call {secret}", "startTimeUnixNano": str(minute + 10 * MS),
            "endTimeUnixNano": str(minute + 60 * MS),
            "attributes": _attributes(**{"server.address": f"db-{secret}"}),
        },
    ]  # fmt: skip
    moment = str(minute + 20 * MS)
    record = {
        "timeUnixNano": moment, "body": {"stringValue": f"a word of {secret}"},
        "traceId": trace, "spanId": root, "attributes": owned,
    }  # fmt: skip
    exemplar = {
        "timeUnixNano": moment, "asDouble": 3.0, "traceId": trace, "spanId": root,
        "filteredAttributes": owned,
    }  # fmt: skip
    point = {
        "timeUnixNano": moment, "asDouble": 3.0, "exemplars": [exemplar],
        "attributes": _attributes(**{"color": secret, f"key-{secret}": "x"}),
    }  # fmt: skip
    gauges = [
        {"name": name, "gauge": {"dataPoints": [point]}} for name in (*_METRICS, f"d.{secret}")
    ]
    stale = {**record, "timeUnixNano": "1"}
    bodies = {
        "traces": {"scopeSpans": [{"spans": spans}]},
        "logs": {"scopeLogs": [{"logRecords": [record, stale]}]},
        "metrics": {"scopeMetrics": [{"metrics": gauges}]},
    }
    for signal, body in bodies.items():
        group = f"resource{signal.title().replace('Traces', 'Spans')}"
        send(f"/v1/{signal}", {group: [{"resource": resource, **body}]})
    world.names |= {"trace_id": trace, "span_id": root}


def _attributes(**values: str) -> list[dict[str, Any]]:
    return [{"key": key, "value": {"stringValue": text}} for key, text in values.items()]


def _make_entities(world: World, services: Services) -> None:
    catalog, account, secret = services.catalog, world.account, world.secret
    machine_types(catalog).put(_ACTOR, account, f"type {secret}", MachineSpec(**MACHINE_SPEC))
    login = f"user-of-{account}"
    user = catalog.users.create(_ACTOR, login, display_name=secret, password="correct horse 1")
    catalog.memberships.grant(_ACTOR, user.id, account, Role.VIEWER)
    keys = [
        catalog.keys.create(_ACTOR, account, name=f"{name} {secret}", scopes=[Scope.READ])
        for name in ("first", "second")
    ]
    program = catalog.service_accounts.create(
        _ACTOR, account, name=f"program {secret}", roles=[Role.VIEWER]
    )
    session = catalog.sessions.create_for_user(
        _ACTOR, user.id, account=account, lifetime=timedelta(hours=1)
    )
    resource = ResourceId(account, "service", "checkout")
    for tagged in (resource, ResourceId(account, "service", f"svc-{secret}")):
        catalog.tags.set(_ACTOR, tagged, {"team": secret, f"key-{secret}": "x"})
    repository = MetricFilters(catalog)
    definition = FilterDefinition(pattern="word", metric=f"made.{secret}")
    made = [
        repository.create(_ACTOR, account, f"{name} {secret}", definition)
        for name in ("first", "second")
    ]
    views = [
        catalog.saved_views.create(
            _ACTOR, account, name=f"{name} {secret}", page="/logs", search=f"q={secret}"
        )
        for name in ("first", "second")
    ]
    hold = Holds(catalog).create(_ACTOR, account, secret)
    rules = PolicyRules(keys=[KeyRule(key=f"needed-{secret}")])
    services.tag_policies.put(_ACTOR, account, f"policy {secret}", rules)
    world.names |= {
        "hold_id": hold.id,
        "view_id": views[0].id,
        "other_view_id": views[1].id,
        "login": login,
        "user_id": user.id,
        "key": keys[0].text,
        "key_id": keys[0].key.id,
        "other_key_id": keys[1].key.id,
        "program_id": program.id,
        "session_id": session.session.id,
        "resource": str(resource),
        "filter_id": made[0].id,
        "other_filter_id": made[1].id,
        **_make_model(account, secret, catalog),
    }


def _make_model(account: str, secret: str, catalog: Catalog) -> dict[str, str]:
    caller, name = Caller(catalog, account, _ACTOR), f"model-of-{account}"
    Models(caller).create(name, description=secret)
    version = Versions(caller).create(name, f"s3://bucket/{secret}", description=secret).version
    Cards(caller).write(name, version, {"overview": secret})
    Rules(caller).put(
        name, Stage.PRODUCTION, approvals=10, checks=[{"check": "tag", "key": secret}]
    )
    approval = Approvals(caller).request(name, version, Stage.PRODUCTION, comment=secret)
    return {"model": name, "model_version": str(version), "approval_id": approval.id}


def _make_training(world: World, services: Services, send: Callable[[str, Any], Any]) -> None:
    caller, secret = Caller(services.catalog, world.account, _ACTOR), world.secret
    experiment = Experiments(caller).create(f"experiment {secret}")
    run = Runs(caller).create(experiment, name=secret, tags=[("team", secret)]).info.id
    log_batch(caller, run, [Metric(f"loss/{secret}", 0.5, 1)], [(f"p/{secret}", secret)])
    logged = LoggedModels(caller).create(experiment, source_run_id=run, tags=[("team", secret)])
    path = f"{experiment}/{run}/artifacts/notes.txt"
    with services.artifacts.write(world.account, path) as file:
        file.write(secret.encode())
    dataset = EvaluationDatasets(caller).create(f"d {secret}", {"team": secret}, [experiment])
    EvaluationRecords(caller).upsert(dataset.id, [{"inputs": {"q": secret}}])
    Scorers(caller).register(experiment, "polite", f'{{"description": "{secret}"}}')
    hook = {
        "name": f"hook {secret}",
        "url": "https://203.0.113.1/hook",
        "events": [{"entity": "MODEL_VERSION_TAG", "action": "DELETED"}],
    }
    world.names |= {
        "experiment_id": experiment,
        "run_id": run,
        "logged_model_id": logged.id,
        "evaluation_dataset_id": dataset.id,
        "webhook_id": send("/api/v1/registry-webhooks", hook)["id"],
    }
