"""Every route of the API: who may call it, a request that is right, and what is told by its answer.

The tests of access and of isolation go through this table, and fail where a route of the OpenAPI
document has no entry: whoever adds a route adds it here, under its method and path.

Values of paths, parameters and bodies may name what the tests' account holds: ``$trace_id`` and the
others of ``World.names``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from vedette.store.catalog import Permission

ANYONE_KNOWN = None
NOBODY = "nobody"
TAIL = "GET /logs/tail"
"""Its answer does not end."""


@dataclass(frozen=True)
class Route:
    """One route.

    Attributes:
        permission: what it asks for, one of several if they are a tuple; ``ANYONE_KNOWN`` for any
            valid credentials, ``NOBODY`` for none.
        path: values of the path's parameters.
        query: parameters.
        body: JSON body.
        tells: whether the answer to its own account has the account's secret in it.
        foreign: status with which another account's admin is answered; None for any success, which
            then must not tell the secret.

    """

    permission: Permission | tuple[Permission, ...] | str | None
    path: Mapping[str, str] = field(default_factory=dict)
    query: Mapping[str, Any] = field(default_factory=dict)
    body: Any = None
    tells: bool = False
    foreign: int | None = None


_RANGE = {"start": "-2h", "end": "now"}
_TRACE = {"trace_id": "$trace_id"}
_GROUP = {**_RANGE, "q": "color:red"}
_FILTER = {"name": "errors", "pattern": "ERROR", "metric": "errors"}
_PROGRAM = {"service_account_id": "$program_id"}
ALARM_SPEC = {
    "source": {"type": "metric", "queries": [
        {"id": "m1", "metric": "depth", "statistic": "Maximum", "group_by": ["color"]}]},
    "condition": {"threshold": {"comparison": ">", "threshold": 1}},
}  # fmt: skip
CHANNEL = {"name": "hook", "settings": {"type": "webhook", "url": "https://203.0.113.1/hook"}}
MUTE_SPEC = {"schedule": "0 2 * * *", "alarms": ["hot"]}
ONCALL_SPEC = {
    "people": {"anna": ["hook"]},
    "layers": [{"people": ["anna"], "start": "2026-01-05"}],
}
POLICY_SPEC = {"steps": [{"targets": [{"schedule": "rota"}]}]}
_ROTA = {"name": "rota"}
_ALARM = {"alarm": "$alarm"}
_INCIDENT = {"incident": "$incident"}
_BOARD = {"dashboard": "$dashboard"}
_MARQUEZ_DATASET = {"namespace": "vedette", "dataset": "table"}
_MARQUEZ_JOB = {"namespace": "vedette", "job": "nightly"}
_MODEL = {"name": "$model"}
_VERSION = {**_MODEL, "version": "$model_version"}
_APPROVAL = {"request_id": "$approval_id"}
_EXPERIMENT = {"experiment_id": "$experiment_id"}
_EVALUATION_DATASET = {"dataset_id": "$evaluation_dataset_id"}
_RUN = {"run_id": "$run_id"}
_FILES = {"owner": "run", "id": "$run_id"}
_WEBHOOK = {"webhook_id": "$webhook_id"}
_DATASET = {"dataset": "orders"}
_DRIFT = {"reference": _RANGE, "current": _RANGE}
MONITOR_SPEC = {"dataset": "orders", "window": "1d", "baseline": {"over": "7d"}, "drift": {}}
_MONITOR = {"name": "daily"}
MODEL_MONITOR_SPEC = {"model": "served", "window": "1h", "quality": [{"metric": "accuracy"}]}
_PRODUCTION = {"model": "served"}
SLO_SPEC = {"goal": 0.99, "source": {"type": "traces", "service": "shop"}, "alarms": []}
_SLO = {"name": "quick"}
BROWSER_APP = {"service": "shop-web", "origins": ["https://shop.example"]}
_APP = {"name": "web"}
ROI_SPEC = {
    "model": "churn", "since": "2026-01-01",
    "value": {"type": "formula", "expression": "a * 2", "inputs": {"a": {"value": 5.0}}},
}  # fmt: skip
_ROI = {"name": "churn"}
_REPORT = {"name": "weekly"}
_CORRELATION = {
    "first": {"type": "kpi", "name": "revenue"},
    "second": {"type": "metric", "metric": "depth"},
    "step": 300,
}
SYNTHETIC_SPEC = {
    "check": {"type": "tcp", "host": "192.0.2.1", "port": 9}, "timeout": "1s", "alarm": None,
    "enabled": False,
}  # fmt: skip
_CHECK = {"name": "front"}
KPI_SPEC = {"unit": "EUR", "dimensions": ["color"], "targets": [{"value": 10.0}]}
MACHINE_SPEC = {"price_hour": 0.1, "cpus": 2, "memory_gib": 8}
_KPI = {"name": "revenue"}
_METRICS = {
    "queries": [{"id": "m1", "metric": "depth", "group_by": ["color"]}], **_RANGE,
}  # fmt: skip


def _read(**options: Any) -> Route:
    """A GET over telemetry that tells what the account stored."""
    query = {**_RANGE, **options.pop("query", {})}
    return Route(Permission.TELEMETRY_READ, query=query, **{"tells": True, **options})


ROUTES: dict[str, Route] = {
    "GET /session": Route(ANYONE_KNOWN),
    "POST /session": Route(NOBODY, body={"api_key": "$key"}),
    "DELETE /session": Route(ANYONE_KNOWN, foreign=404),
    "PUT /session/password": Route(
        ANYONE_KNOWN, body={"password": "x" * 12, "new_password": "y" * 12}, foreign=403
    ),
    "POST /session/links": Route(ANYONE_KNOWN),
    "GET /sessions": Route(ANYONE_KNOWN),
    "DELETE /sessions/{session_id}": Route(
        ANYONE_KNOWN, path={"session_id": "$session_id"}, foreign=404
    ),
    "GET /logs": _read(),
    "GET /logs/histogram": _read(tells=False),
    "GET /logs/facets": _read(query={"key": ["service", "color"]}),
    "GET /logs/patterns": _read(),
    "GET /logs/export": _read(),
    TAIL: Route(Permission.TELEMETRY_READ),
    "GET /logs/keys": _read(),
    "GET /logs/values": _read(query={"key": "owner"}),
    "GET /traces": _read(),
    "GET /traces/{trace_id}": _read(path=_TRACE, foreign=404),
    "GET /traces/{trace_id}/logs": _read(path=_TRACE, foreign=404),
    "GET /traces/{trace_id}/spans/{span_id}": _read(
        path={**_TRACE, "span_id": "$span_id"}, foreign=404
    ),
    "GET /service-map": _read(),
    "GET /spans": _read(query={"column": ["owner"]}),
    "GET /spans/facets": _read(query={"key": ["service"]}),
    "GET /spans/latency": _read(query={"view": "scatter"}),
    "GET /spans/red": _read(),
    "GET /spans/red/summary": _read(),
    "GET /spans/self-time": _read(),
    "GET /spans/critical-path": _read(),
    "GET /spans/keys": _read(),
    "GET /spans/values": _read(query={"key": "owner"}),
    "POST /spans/compare": Route(
        Permission.TELEMETRY_READ,
        body={"selected": _GROUP, "baseline": {**_GROUP, "q": "-color:red"}},
    ),
    "GET /metrics": _read(),
    "GET /metrics/labels": _read(query={"name": "depth"}),
    "GET /metrics/labels/values": _read(query={"name": "depth", "label": "color"}),
    "POST /metrics/query": Route(Permission.TELEMETRY_READ, body=_METRICS, tells=True),
    "POST /metrics/band": Route(
        Permission.TELEMETRY_READ, body={**_METRICS, "of": "m1"}, tells=True
    ),
    "GET /metrics/exemplars": _read(query={"name": "depth"}),
    "GET /services": _read(),
    "GET /services/resources": _read(query={"service": "$service"}),
    "GET /hosts": _read(),
    "GET /infrastructure/storage": _read(),
    "GET /infrastructure/efficiency": _read(),
    "GET /infrastructure/rightsizing": _read(),
    "GET /infrastructure/costs": _read(tells=False),
    "GET /infrastructure/machine-types": Route(Permission.CATALOG_READ, tells=True),
    "PUT /infrastructure/machine-types/{name}": Route(
        Permission.CATALOG_WRITE, path={"name": "medium"}, body=MACHINE_SPEC
    ),
    "DELETE /infrastructure/machine-types/{name}": Route(
        Permission.CATALOG_WRITE, path={"name": "none"}, foreign=404
    ),
    "POST /query": Route(
        Permission.TELEMETRY_READ, body={"query": "fields @message, owner", **_RANGE}, tells=True
    ),
    "POST /sql": Route(
        Permission.SQL_READ, body={"sql": "SELECT ServiceName, Body FROM otel_logs"}, tells=True
    ),
    "GET /complete": Route(Permission.TELEMETRY_READ, query={"text": "serv", "cursor": 4}),
    "DELETE /queries/{query_id}": Route(Permission.TELEMETRY_READ, path={"query_id": "some-query"}),
    "GET /ingest/stats": Route(Permission.TELEMETRY_READ),
    "GET /ingest/rejected": _read(),
    "GET /tags": Route(
        Permission.CATALOG_READ, query={"resource": "$resource"}, tells=True, foreign=403
    ),
    "PUT /tags": Route(
        Permission.CATALOG_WRITE,
        query={"resource": "$resource"},
        body={"tags": {"new": "tag"}},
        foreign=403,
    ),
    "DELETE /tags": Route(
        Permission.CATALOG_WRITE, query={"resource": "$resource", "key": ["new"]}, foreign=403
    ),
    "GET /tags/resources": Route(Permission.CATALOG_READ, query={"tag": ["team"]}, tells=True),
    "GET /tags/policies": Route(Permission.CATALOG_READ, tells=True),
    "PUT /tags/policies/{name}": Route(
        Permission.ADMIN, path={"name": "made"}, body={"keys": [{"key": "team"}]}
    ),
    "DELETE /tags/policies/{name}": Route(Permission.ADMIN, path={"name": "none"}, foreign=404),
    "GET /tags/compliance": Route(Permission.CATALOG_READ, tells=True),
    "POST /tags/bulk": Route(
        Permission.CATALOG_WRITE,
        body={"resources": ["$resource"], "tags": {"bulk": "x"}},
        foreign=403,
    ),
    "POST /tags/inherit": Route(Permission.CATALOG_WRITE),
    "GET /organisation/links": Route(Permission.CATALOG_READ),
    "PUT /organisation/sink": Route(Permission.ADMIN, body={"kinds": ["logs"], "sources": []}),
    "POST /organisation/links": Route(
        Permission.ADMIN, body={"sink": "$unique", "kinds": ["logs"]}, foreign=409
    ),
    "DELETE /organisation/links/{link_id}": Route(
        Permission.ADMIN, path={"link_id": "none"}, foreign=404
    ),
    "GET /organisation/overview": _read(tells=False),
    "GET /organisation/items": Route(Permission.CATALOG_READ, query={"kind": "alarms"}, tells=True),
    "GET /organisation/quotas": Route(Permission.CATALOG_READ),
    "GET /organisation/quotas/{account}": Route(
        Permission.INSTALLATION_ADMIN, path={"account": "$account"}, foreign=403
    ),
    "PUT /organisation/quotas/{account}": Route(
        Permission.INSTALLATION_ADMIN,
        path={"account": "$account"},
        body={"limits": {"keys": 1000}},
        foreign=403,
    ),
    "GET /organisation/usage": Route(Permission.CATALOG_READ),
    "GET /organisation/usage/by-tag": _read(query={"key": "team"}),
    "POST /keys/{key_id}/rotation": Route(
        Permission.ADMIN, path={"key_id": "$other_key_id"}, body={}, foreign=404
    ),
    "GET /session/oidc": Route(NOBODY, foreign=404),
    "GET /session/oidc/callback": Route(NOBODY, foreign=404),
    "GET /tags/keys": Route(Permission.CATALOG_READ, tells=True),
    "GET /metric-filters": Route(Permission.CATALOG_READ, tells=True),
    "POST /metric-filters": Route(Permission.CATALOG_WRITE, body={**_FILTER, "name": "$unique"}),
    "POST /metric-filters/test": Route(
        Permission.TELEMETRY_READ, body={"pattern": "word", **_RANGE}, tells=True
    ),
    "GET /metric-filters/{filter_id}": Route(
        Permission.CATALOG_READ, path={"filter_id": "$filter_id"}, tells=True, foreign=404
    ),
    "PUT /metric-filters/{filter_id}": Route(
        Permission.CATALOG_WRITE, path={"filter_id": "$other_filter_id"}, body=_FILTER, foreign=404
    ),
    "DELETE /metric-filters/{filter_id}": Route(
        Permission.CATALOG_WRITE, path={"filter_id": "$other_filter_id"}, foreign=404
    ),
    "GET /incidents": Route(Permission.CATALOG_READ, tells=True),
    "POST /incidents": Route(Permission.CATALOG_WRITE, body={"title": "it burns"}),
    "GET /incidents/{incident}": Route(
        Permission.CATALOG_READ, path=_INCIDENT, tells=True, foreign=404
    ),
    "PATCH /incidents/{incident}": Route(
        Permission.CATALOG_WRITE, path=_INCIDENT, body={"owner": "ada"}, tells=True, foreign=404
    ),
    "GET /incidents/{incident}/notes": Route(
        Permission.CATALOG_READ, path=_INCIDENT, tells=True, foreign=404
    ),
    "POST /incidents/{incident}/notes": Route(
        Permission.CATALOG_WRITE, path=_INCIDENT, body={"text": "seen"}, foreign=404
    ),
    "PUT /incidents/{incident}/alarms/{alarm}": Route(
        Permission.CATALOG_WRITE,
        path={**_INCIDENT, "alarm": "$alarm"},
        tells=True,
        foreign=404,
    ),
    "DELETE /incidents/{incident}/alarms/{alarm}": Route(
        Permission.CATALOG_WRITE,
        path={**_INCIDENT, "alarm": "$alarm"},
        tells=True,
        foreign=404,
    ),
    "POST /incidents/{incident}/merge": Route(
        Permission.CATALOG_WRITE,
        path={"incident": "$other_incident"},
        body={"into": "$incident"},
        tells=True,
        foreign=404,
    ),
    "PATCH /incidents/{incident}/postmortem": Route(
        Permission.CATALOG_WRITE,
        path=_INCIDENT,
        body={"actions": "test more"},
        tells=True,
        foreign=404,
    ),
    "GET /incidents/{incident}/postmortem": Route(
        Permission.TELEMETRY_READ, path=_INCIDENT, tells=True, foreign=404
    ),
    "GET /incidents/{incident}/timeline": Route(
        Permission.TELEMETRY_READ, path=_INCIDENT, tells=True, foreign=404
    ),
    "GET /incidents/{incident}/impact": Route(
        Permission.TELEMETRY_READ, path=_INCIDENT, foreign=404
    ),
    "GET /alarms": Route(Permission.CATALOG_READ, tells=True),
    "POST /alarms": Route(Permission.CATALOG_WRITE, body={"name": "$unique", "spec": ALARM_SPEC}),
    "GET /alarms/{alarm}": Route(Permission.CATALOG_READ, path=_ALARM, tells=True, foreign=404),
    # Where it names none, it makes one of that name.
    "PUT /alarms/{alarm}": Route(
        Permission.CATALOG_WRITE,
        path={"alarm": "$other_alarm"},
        body={"spec": ALARM_SPEC},
    ),
    "DELETE /alarms/{alarm}": Route(
        Permission.CATALOG_WRITE, path={"alarm": "$third_alarm"}, foreign=404
    ),
    "GET /alarms/{alarm}/contributors": Route(Permission.CATALOG_READ, path=_ALARM, foreign=404),
    "GET /alarms/{alarm}/history": Route(Permission.TELEMETRY_READ, path=_ALARM, foreign=404),
    "GET /alarm-history": Route(Permission.TELEMETRY_READ),
    "GET /alarms/{alarm}/chart": _read(path=_ALARM, foreign=404),
    "GET /alarms/{alarm}/causes": _read(path=_ALARM, tells=False, foreign=404),
    "POST /alarm-preview": Route(
        Permission.CATALOG_READ, body={"spec": ALARM_SPEC, **_RANGE}, tells=True
    ),
    "POST /alarms/{alarm}/acknowledgement": Route(
        Permission.CATALOG_WRITE, path=_ALARM, body={"comment": "seen"}, foreign=404
    ),
    "DELETE /alarms/{alarm}/acknowledgement": Route(
        Permission.CATALOG_WRITE, path=_ALARM, foreign=404
    ),
    "GET /alarms/{alarm}/comments": Route(
        Permission.CATALOG_READ, path=_ALARM, tells=True, foreign=404
    ),
    "POST /alarms/{alarm}/comments": Route(
        Permission.CATALOG_WRITE, path=_ALARM, body={"text": "seen"}, foreign=404
    ),
    "GET /mute-windows": Route(Permission.CATALOG_READ, tells=True),
    "POST /mute-windows": Route(
        Permission.CATALOG_WRITE, body={"name": "$unique", "spec": MUTE_SPEC}
    ),
    "GET /mute-windows/{name}": Route(
        Permission.CATALOG_READ, path={"name": "night"}, tells=True, foreign=404
    ),
    "DELETE /mute-windows/{name}": Route(
        Permission.CATALOG_WRITE, path={"name": "day"}, foreign=404
    ),
    "POST /alarms/{alarm}/test": Route(Permission.CATALOG_WRITE, path=_ALARM, foreign=404),
    "GET /notification-channels": Route(Permission.CATALOG_READ, tells=True),
    "POST /notification-channels": Route(
        Permission.CATALOG_WRITE, body={**CHANNEL, "name": "$unique"}
    ),
    "GET /notification-channels/{name}": Route(
        Permission.CATALOG_READ, path={"name": "hook"}, tells=True, foreign=404
    ),
    "DELETE /notification-channels/{name}": Route(
        Permission.CATALOG_WRITE, path={"name": "other-hook"}, foreign=404
    ),
    # None of that name: the tests call nobody.
    "POST /notification-channels/{name}/test": Route(
        Permission.CATALOG_WRITE, path={"name": "none"}, foreign=404
    ),
    "GET /notification-routes": Route(Permission.CATALOG_READ, tells=True),
    "POST /notification-routes": Route(
        Permission.CATALOG_WRITE,
        body={"name": "$unique", "spec": {"channels": ["hook"]}},
        foreign=400,
    ),
    "DELETE /notification-routes/{name}": Route(
        Permission.CATALOG_WRITE, path={"name": "all"}, foreign=404
    ),
    "GET /notification-deliveries": Route(Permission.CATALOG_READ),
    "GET /oncall": Route(Permission.CATALOG_READ, tells=True),
    "GET /oncall-schedules": Route(Permission.CATALOG_READ, tells=True),
    "POST /oncall-schedules": Route(
        Permission.CATALOG_WRITE, body={"name": "$unique", "spec": ONCALL_SPEC}, foreign=400
    ),
    "GET /oncall-schedules/{name}": Route(
        Permission.CATALOG_READ, path=_ROTA, tells=True, foreign=404
    ),
    "DELETE /oncall-schedules/{name}": Route(
        Permission.CATALOG_WRITE, path={"name": "other-rota"}, foreign=404
    ),
    "GET /oncall-schedules/{name}/shifts": Route(
        Permission.CATALOG_READ, path=_ROTA, query=_RANGE, tells=True, foreign=404
    ),
    "POST /oncall-schedules/{name}/overrides": Route(
        Permission.CATALOG_WRITE,
        path=_ROTA,
        body={"person": "anna", "end": "2099-01-01T00:00:00Z", "start": "2098-12-31T00:00:00Z"},
        foreign=404,
    ),
    "DELETE /oncall-schedules/{name}/overrides/{override}": Route(
        Permission.CATALOG_WRITE, path={**_ROTA, "override": "$override"}, foreign=404
    ),
    "GET /escalation-policies": Route(Permission.CATALOG_READ, tells=True),
    "POST /escalation-policies": Route(
        Permission.CATALOG_WRITE, body={"name": "$unique", "spec": POLICY_SPEC}, foreign=400
    ),
    "GET /escalation-policies/{name}": Route(
        Permission.CATALOG_READ, path={"name": "urgent"}, tells=True, foreign=404
    ),
    "DELETE /escalation-policies/{name}": Route(
        Permission.CATALOG_WRITE, path={"name": "other-policy"}, foreign=404
    ),
    "GET /escalations": Route(Permission.CATALOG_READ),
    "GET /retention": Route(Permission.TELEMETRY_READ),
    "PUT /retention/{signal}": Route(Permission.ADMIN, path={"signal": "traces"}, body={"days": 9}),
    "DELETE /retention/{signal}": Route(Permission.ADMIN, path={"signal": "traces"}),
    "POST /retention/enforce": Route(Permission.INSTALLATION_ADMIN, foreign=403),
    "GET /session/providers": Route(NOBODY),
    "GET /dashboards": Route(Permission.CATALOG_READ, tells=True),
    "POST /dashboards": Route(
        Permission.CATALOG_WRITE, body={"name": "$unique", "spec": {"panels": []}}
    ),
    "GET /dashboards/ready-made": Route(Permission.TELEMETRY_READ, query=_RANGE),
    "GET /dashboards/ready-made/{name}": Route(Permission.CATALOG_READ, path={"name": "hosts"}),
    "POST /dashboards/import": Route(
        Permission.CATALOG_WRITE, body={"text": '{"panels": []}', "name": "$unique"}
    ),
    "GET /dashboards/{dashboard}": Route(
        Permission.CATALOG_READ, path=_BOARD, tells=True, foreign=404
    ),
    "PATCH /dashboards/{dashboard}": Route(
        Permission.CATALOG_WRITE, path=_BOARD, body={"spec": {"panels": []}}, foreign=404
    ),
    "DELETE /dashboards/{dashboard}": Route(
        Permission.CATALOG_WRITE, path={"dashboard": "$other_dashboard"}, foreign=404
    ),
    "POST /dashboards/{dashboard}/copies": Route(
        Permission.CATALOG_WRITE, path=_BOARD, body={"name": "$unique"}, foreign=404
    ),
    "GET /dashboards/{dashboard}/versions": Route(
        Permission.CATALOG_READ, path=_BOARD, tells=True, foreign=404
    ),
    "GET /dashboards/{dashboard}/versions/{version}": Route(
        Permission.CATALOG_READ, path={**_BOARD, "version": "1"}, tells=True, foreign=404
    ),
    "POST /dashboards/{dashboard}/restorations": Route(
        Permission.CATALOG_WRITE, path=_BOARD, body={"version": 1}, foreign=404
    ),
    "GET /dashboards/{dashboard}/export": Route(
        Permission.CATALOG_READ, path=_BOARD, tells=True, foreign=404
    ),
    "GET /views": Route(Permission.CATALOG_READ, tells=True),
    "POST /views": Route(
        Permission.CATALOG_WRITE, body={"name": "made", "page": "/logs", "search": "q=a"}
    ),
    "PATCH /views/{view_id}": Route(
        Permission.CATALOG_WRITE, path={"view_id": "$view_id"}, body={"search": "q=b"}, foreign=404
    ),
    "DELETE /views/{view_id}": Route(
        Permission.CATALOG_WRITE, path={"view_id": "$other_view_id"}, foreign=404
    ),
    "GET /keys": Route(Permission.ADMIN, tells=True),
    "POST /keys": Route(Permission.ADMIN, body={"name": "made", "scopes": ["ingest"]}),
    "GET /keys/{key_id}": Route(
        Permission.ADMIN, path={"key_id": "$key_id"}, tells=True, foreign=404
    ),
    "DELETE /keys/{key_id}": Route(Permission.ADMIN, path={"key_id": "$other_key_id"}, foreign=404),
    "GET /service-accounts": Route(Permission.ADMIN, tells=True),
    "POST /service-accounts": Route(
        Permission.ADMIN, body={"name": "$unique", "roles": ["viewer"]}
    ),
    "GET /service-accounts/{service_account_id}": Route(
        Permission.ADMIN, path=_PROGRAM, tells=True, foreign=404
    ),
    "PATCH /service-accounts/{service_account_id}": Route(
        Permission.ADMIN, path=_PROGRAM, body={"description": "changed"}, foreign=404
    ),
    "POST /service-accounts/{service_account_id}/keys": Route(
        Permission.ADMIN, path=_PROGRAM, body={"name": "made", "scopes": ["read"]}, foreign=404
    ),
    "GET /members/sessions": Route(Permission.ADMIN),
    "DELETE /members/sessions/{session_id}": Route(
        Permission.ADMIN, path={"session_id": "none"}, foreign=404
    ),
    "GET /members": Route(Permission.ADMIN, tells=True),
    "POST /members": Route(Permission.ADMIN, body={"login": "$login", "roles": ["viewer"]}),
    "DELETE /members/{user_id}/roles": Route(
        Permission.ADMIN, path={"user_id": "$user_id"}, query={"role": ["viewer"]}, foreign=404
    ),
    "GET /users": Route(Permission.INSTALLATION_ADMIN, foreign=403),
    "POST /users": Route(Permission.INSTALLATION_ADMIN, body={"login": "$unique"}, foreign=403),
    "GET /users/{user_id}": Route(
        Permission.INSTALLATION_ADMIN, path={"user_id": "$user_id"}, foreign=403
    ),
    "PATCH /users/{user_id}": Route(
        Permission.INSTALLATION_ADMIN,
        path={"user_id": "$user_id"},
        body={"disabled": False},
        foreign=403,
    ),
    "GET /accounts": Route(Permission.INSTALLATION_ADMIN, foreign=403),
    "POST /accounts": Route(Permission.INSTALLATION_ADMIN, body={"name": "$unique"}, foreign=403),
    "GET /accounts/{name}": Route(
        Permission.INSTALLATION_ADMIN, path={"name": "$account"}, foreign=403
    ),
    "PATCH /accounts/{name}": Route(
        Permission.INSTALLATION_ADMIN,
        path={"name": "$account"},
        body={"display_name": "A"},
        foreign=403,
    ),
    "GET /audit": Route(Permission.AUDIT_READ, tells=True),
    "GET /audit/verify": Route(Permission.AUDIT_READ),
    "GET /audit/activity": Route(Permission.AUDIT_READ),
    "GET /audit/unusual": Route(Permission.AUDIT_READ),
    "GET /audit/digests": Route(Permission.AUDIT_READ),
    "GET /audit/digests/covering": Route(Permission.AUDIT_READ, query={"sequence": 1, "at": "now"}),
    "POST /audit/digests": Route(Permission.INSTALLATION_ADMIN, foreign=403),
    "GET /audit/digests/verify": Route(Permission.AUDIT_READ),
    "GET /audit/keys": Route(Permission.AUDIT_READ),
    "POST /audit/keys": Route(Permission.INSTALLATION_ADMIN, foreign=403),
    "GET /audit/chains": Route(Permission.AUDIT_READ),
    "GET /audit/export": Route(Permission.AUDIT_READ),
    "GET /audit/holds": Route(Permission.AUDIT_READ, tells=True),
    "POST /audit/holds": Route(Permission.ADMIN, body={"reason": "a lawsuit"}),
    "DELETE /audit/holds/{hold_id}": Route(
        Permission.ADMIN, path={"hold_id": "$hold_id"}, foreign=404
    ),
    "GET /scheduled-work": Route(Permission.INSTALLATION_ADMIN, foreign=403),
    "GET /backups": Route(Permission.INSTALLATION_ADMIN, foreign=403),
    "POST /backups": Route(Permission.INSTALLATION_ADMIN, body={"name": "$unique"}, foreign=403),
    "GET /models": Route(Permission.CATALOG_READ, tells=True),
    "GET /models/{name}": Route(Permission.CATALOG_READ, path=_MODEL, tells=True, foreign=404),
    "GET /models/{name}/versions": Route(Permission.CATALOG_READ, path=_MODEL, tells=True),
    "GET /models/{name}/versions/{version}": Route(
        Permission.CATALOG_READ, path=_VERSION, tells=True, foreign=404
    ),
    "POST /models/{name}/versions/{version}/stage": Route(
        Permission.CATALOG_WRITE, path=_VERSION, body={"stage": "QA"}, foreign=404
    ),
    "POST /models/{name}/versions/{version}/status": Route(
        Permission.CATALOG_WRITE, path=_VERSION, body={"status": "OnHold"}, foreign=404
    ),
    "PUT /models/{name}/aliases/{alias}": Route(
        Permission.CATALOG_WRITE, path={**_MODEL, "alias": "best"}, body={"version": 1}, foreign=404
    ),
    "DELETE /models/{name}/aliases/{alias}": Route(
        Permission.CATALOG_WRITE, path={**_MODEL, "alias": "none"}, foreign=404
    ),
    "GET /models/{name}/versions/{version}/card": Route(
        Permission.CATALOG_READ, path=_VERSION, tells=True, foreign=404
    ),
    "PUT /models/{name}/versions/{version}/card": Route(
        Permission.CATALOG_WRITE, path=_VERSION, body={"content": {"owners": "us"}}, foreign=404
    ),
    "POST /models": Route(Permission.CATALOG_WRITE, body={"name": "$unique"}),
    "PATCH /models/{name}": Route(
        Permission.CATALOG_WRITE, path=_MODEL, body={"tags": {"k": "v"}}, foreign=404
    ),
    "DELETE /models/{name}": Route(Permission.CATALOG_WRITE, path={"name": "none"}, foreign=404),
    "POST /models/{name}/versions": Route(
        Permission.CATALOG_WRITE, path=_MODEL, body={"source": "s3://b/k"}, foreign=404
    ),
    "PATCH /models/{name}/versions/{version}": Route(
        Permission.CATALOG_WRITE, path=_VERSION, body={"tags": {"k": "v"}}, foreign=404
    ),
    "DELETE /models/{name}/versions/{version}": Route(
        Permission.CATALOG_WRITE, path={**_MODEL, "version": "999"}, foreign=404
    ),
    "GET /models/{name}/versions/{version}/comparison": Route(
        Permission.CATALOG_READ, path=_VERSION, tells=True, foreign=404
    ),
    "GET /models/{name}/versions/{version}/card/revisions": Route(
        Permission.CATALOG_READ, path=_VERSION, foreign=404
    ),
    "GET /experiments": Route(Permission.CATALOG_READ, tells=True),
    "POST /experiments": Route(Permission.CATALOG_WRITE, body={"name": "$unique"}),
    # Numbers of experiments are an account's own: the other account has one of this number too.
    "GET /experiments/{experiment_id}": Route(
        Permission.CATALOG_READ, path=_EXPERIMENT, tells=True
    ),
    "PATCH /experiments/{experiment_id}": Route(
        Permission.CATALOG_WRITE, path=_EXPERIMENT, body={"tags": {"k": "v"}}
    ),
    "GET /experiments/{experiment_id}/keys": Route(
        Permission.CATALOG_READ, path=_EXPERIMENT, tells=True
    ),
    "POST /runs/search": Route(
        Permission.CATALOG_READ, body={"experiment_ids": ["$experiment_id"]}, tells=True
    ),
    "POST /runs/actions": Route(
        Permission.CATALOG_WRITE,
        body={"run_ids": ["$run_id"], "action": "set_tag", "key": "k", "value": "v"},
        foreign=404,
    ),
    "POST /runs/histories": Route(
        Permission.CATALOG_READ, body={"run_ids": ["$run_id"], "metrics": ["loss"]}, foreign=404
    ),
    "GET /runs": Route(Permission.CATALOG_READ, query={"id": "$run_id"}, tells=True, foreign=404),
    "GET /runs/{run_id}": Route(Permission.CATALOG_READ, path=_RUN, tells=True, foreign=404),
    "PATCH /runs/{run_id}": Route(
        Permission.CATALOG_WRITE, path=_RUN, body={"tags": {"k": "v"}}, foreign=404
    ),
    "GET /runs/{run_id}/efficiency": Route(Permission.CATALOG_READ, path=_RUN, foreign=404),
    "GET /training-prices": Route(Permission.CATALOG_READ),
    "PUT /training-prices": Route(Permission.ADMIN, body={"currency": "EUR"}),
    "GET /artifacts": Route(Permission.CATALOG_READ, query=_FILES, foreign=404),
    "GET /artifacts/preview": Route(
        Permission.CATALOG_READ, query={**_FILES, "path": "notes.txt"}, tells=True, foreign=404
    ),
    "GET /artifacts/content": Route(
        Permission.CATALOG_READ, query={**_FILES, "path": "notes.txt"}, tells=True, foreign=404
    ),
    "GET /logged-models": Route(
        Permission.CATALOG_READ, query={"experiment_id": "$experiment_id"}, tells=True
    ),
    "GET /logged-models/{model_id}": Route(
        Permission.CATALOG_READ, path={"model_id": "$logged_model_id"}, tells=True, foreign=404
    ),
    "GET /evaluation-datasets": Route(Permission.CATALOG_READ, tells=True),
    "GET /evaluation-datasets/{dataset_id}": Route(
        Permission.CATALOG_READ, path=_EVALUATION_DATASET, tells=True, foreign=404
    ),
    "GET /evaluation-datasets/{dataset_id}/records": Route(
        Permission.CATALOG_READ, path=_EVALUATION_DATASET, tells=True, foreign=404
    ),
    "GET /scorers": Route(Permission.CATALOG_READ, tells=True),
    "GET /scorers/versions": Route(
        Permission.CATALOG_READ,
        query={"experiment_id": "$experiment_id", "name": "polite"},
        tells=True,
        foreign=404,
    ),
    "GET /registry-webhooks": Route(Permission.CATALOG_READ, tells=True),
    "POST /registry-webhooks": Route(
        Permission.CATALOG_WRITE,
        body={
            "name": "hook",
            "url": "https://203.0.113.1/hook",
            "events": [{"entity": "MODEL_VERSION", "action": "CREATED"}],
        },
    ),
    "PATCH /registry-webhooks/{webhook_id}": Route(
        Permission.CATALOG_WRITE, path=_WEBHOOK, body={"description": "d"}, foreign=404
    ),
    "DELETE /registry-webhooks/{webhook_id}": Route(
        Permission.CATALOG_WRITE, path={"webhook_id": "none"}, foreign=404
    ),
    "POST /registry-webhooks/{webhook_id}/test": Route(
        Permission.CATALOG_WRITE, path={"webhook_id": "none"}, foreign=404
    ),
    "GET /approvals": Route(Permission.CATALOG_READ, tells=True),
    "POST /approvals": Route(
        Permission.CATALOG_WRITE,
        body={"model": "$model", "version": 1, "stage": "Production"},
        foreign=404,
    ),
    "GET /approvals/{request_id}": Route(
        Permission.CATALOG_READ, path=_APPROVAL, tells=True, foreign=404
    ),
    "POST /approvals/{request_id}/approve": Route(
        Permission.APPROVALS_DECIDE, path=_APPROVAL, body={}, foreign=403
    ),
    "POST /approvals/{request_id}/reject": Route(
        Permission.APPROVALS_DECIDE, path={"request_id": "none"}, body={}, foreign=403
    ),
    "POST /approvals/{request_id}/comments": Route(
        (Permission.APPROVALS_DECIDE, Permission.CATALOG_WRITE),
        path=_APPROVAL,
        body={"comment": "c"},
        foreign=404,
    ),
    "POST /approvals/{request_id}/cancel": Route(
        Permission.CATALOG_WRITE, path={"request_id": "none"}, foreign=404
    ),
    "GET /approval-rules": Route(Permission.CATALOG_READ, tells=True),
    "PUT /approval-rules": Route(Permission.ADMIN, body={"model": "$unique", "stage": "QA"}),
    "DELETE /approval-rules/{rule_id}": Route(
        Permission.ADMIN, path={"rule_id": "none"}, foreign=404
    ),
    "POST /apply": Route(
        Permission.CATALOG_WRITE,
        body={"files": [{"name": "a.yaml", "text": "kind: none"}]},
        foreign=400,
    ),
    "GET /kinds": Route(Permission.CATALOG_READ),
    "GET /kinds/{kind}": Route(Permission.CATALOG_READ, path={"kind": "Alarm"}),
    "POST /alarm-import": Route(
        Permission.CATALOG_READ, body={"name": "rules.yml", "text": "groups: []"}
    ),
    "GET /datasets": _read(),
    "GET /datasets/{dataset}/windows": _read(path=_DATASET, tells=False),
    "POST /datasets/{dataset}/profiles": Route(
        Permission.TELEMETRY_WRITE,
        path=_DATASET,
        body={"start": "2026-01-01T00:00:00Z", "end": "2026-01-02T00:00:00Z", "columns": []},
        foreign=400,
    ),
    "GET /datasets/{dataset}/profile": _read(path=_DATASET, foreign=404),
    "GET /datasets/{dataset}/series": _read(path=_DATASET),
    "POST /datasets/{dataset}/drift": Route(
        Permission.TELEMETRY_READ, path=_DATASET, body=_DRIFT, tells=True, foreign=404
    ),
    "POST /datasets/{dataset}/drift/report": Route(
        Permission.TELEMETRY_READ, path=_DATASET, body=_DRIFT, tells=True, foreign=404
    ),
    "POST /datasets/{dataset}/drift/series": Route(
        Permission.TELEMETRY_READ, path=_DATASET, body={"start": "-2h", "period": 300}
    ),
    "GET /datasets/{dataset}/schema-changes": _read(path=_DATASET, tells=False),
    "GET /datasets/{dataset}/rows": _read(path=_DATASET),
    "GET /datasets/{dataset}/results": _read(path=_DATASET),
    "POST /datasets/{dataset}/results": Route(
        Permission.TELEMETRY_WRITE,
        path={"dataset": "other"},
        body={"time": "2026-01-01T00:00:00Z", "rows": 1, "results": []},
    ),
    "GET /datasets/{dataset}/profile/report": _read(path=_DATASET, foreign=404),
    "GET /datasets/{dataset}/checks": Route(
        Permission.CATALOG_READ, path=_DATASET, tells=True, foreign=404
    ),
    "GET /datasets/{dataset}/checks/versions": Route(
        Permission.CATALOG_READ, path=_DATASET, tells=True
    ),
    "PUT /datasets/{dataset}/checks": Route(
        Permission.CATALOG_WRITE, path={"dataset": "other"}, body={"checks": []}
    ),
    "GET /datasets/{dataset}/checks/suggested": _read(path=_DATASET, foreign=404),
    "POST /datasets/{dataset}/checks/run": Route(
        Permission.TELEMETRY_READ, path=_DATASET, body={"current": _RANGE}, tells=True, foreign=404
    ),
    "GET /datasets/{dataset}/model-monitor/{document}": _read(
        path={**_DATASET, "document": "statistics.json"}, foreign=404
    ),
    "GET /datasets/{dataset}/baselines": Route(Permission.CATALOG_READ, path=_DATASET, tells=True),
    "POST /datasets/{dataset}/baselines": Route(
        Permission.CATALOG_WRITE, path=_DATASET, body={"name": "$unique", **_RANGE}, foreign=404
    ),
    "DELETE /datasets/{dataset}/baselines/{name}": Route(
        Permission.CATALOG_WRITE, path={**_DATASET, "name": "none"}, foreign=404
    ),
    "GET /slos": Route(Permission.TELEMETRY_READ, tells=True),
    "POST /slos": Route(Permission.CATALOG_WRITE, body={"name": "$unique", "spec": SLO_SPEC}),
    "POST /slo-previews": Route(Permission.TELEMETRY_READ, body=SLO_SPEC),
    "GET /slos/{name}": Route(Permission.TELEMETRY_READ, path=_SLO, tells=True, foreign=404),
    "PUT /slos/{name}": Route(
        Permission.CATALOG_WRITE, path={"name": "slow"}, body={"spec": SLO_SPEC}
    ),
    "DELETE /slos/{name}": Route(Permission.CATALOG_WRITE, path={"name": "none"}, foreign=404),
    "GET /slos/{name}/history": _read(path=_SLO, tells=False, foreign=404),
    "GET /apdex": _read(tells=True),
    "GET /kpis": Route(Permission.TELEMETRY_READ, tells=True),
    "POST /kpis": Route(Permission.CATALOG_WRITE, body={"name": "$unique", "spec": KPI_SPEC}),
    "GET /kpis/{name}": Route(Permission.CATALOG_READ, path=_KPI, tells=True, foreign=404),
    "PUT /kpis/{name}": Route(
        Permission.CATALOG_WRITE, path={"name": "costs"}, body={"spec": KPI_SPEC}
    ),
    "DELETE /kpis/{name}": Route(Permission.CATALOG_WRITE, path={"name": "none"}, foreign=404),
    "POST /kpis/{name}/values": Route(
        Permission.CATALOG_WRITE, path=_KPI, body={"values": [{"value": 1.0}]}, foreign=404
    ),
    "GET /kpis/{name}/values": _read(path=_KPI, query={"group_by": "color"}, foreign=404),
    "GET /kpis/{name}/outlook": Route(
        Permission.TELEMETRY_READ, path=_KPI, tells=False, foreign=404
    ),
    "POST /kpis/{name}/compute": Route(
        Permission.CATALOG_WRITE, path={"name": "spans"}, foreign=404
    ),
    "GET /synthetic-checks": Route(Permission.TELEMETRY_READ, tells=True),
    "POST /synthetic-checks": Route(
        Permission.CATALOG_WRITE, body={"name": "$unique", "spec": SYNTHETIC_SPEC}
    ),
    "POST /synthetic-checks/try": Route(Permission.CATALOG_WRITE, body=SYNTHETIC_SPEC),
    "GET /synthetic-checks/{name}": Route(
        Permission.TELEMETRY_READ, path=_CHECK, tells=True, foreign=404
    ),
    "PUT /synthetic-checks/{name}": Route(
        Permission.CATALOG_WRITE, path={"name": "back"}, body={"spec": SYNTHETIC_SPEC}
    ),
    "DELETE /synthetic-checks/{name}": Route(
        Permission.CATALOG_WRITE, path={"name": "none"}, foreign=404
    ),
    "POST /synthetic-checks/{name}/run": Route(Permission.CATALOG_WRITE, path=_CHECK, foreign=404),
    "GET /synthetic-checks/{name}/runs": _read(path=_CHECK, tells=False, foreign=404),
    "GET /browser-apps": Route(Permission.CATALOG_READ, tells=True),
    "POST /browser-apps": Route(
        Permission.CATALOG_WRITE, body={"name": "$unique", "spec": BROWSER_APP}
    ),
    "GET /browser-apps/{name}": Route(Permission.CATALOG_READ, path=_APP, tells=True, foreign=404),
    "PUT /browser-apps/{name}": Route(
        Permission.CATALOG_WRITE, path={"name": "phone"}, body={"spec": BROWSER_APP}
    ),
    "DELETE /browser-apps/{name}": Route(
        Permission.CATALOG_WRITE, path={"name": "none"}, foreign=404
    ),
    "POST /browser-apps/{name}/key": Route(Permission.CATALOG_WRITE, path=_APP, foreign=404),
    "GET /experience/vitals": _read(tells=False),
    "GET /experience/errors": _read(tells=False),
    "GET /experience/sessions": _read(tells=False),
    "GET /experience/sessions/{session}": _read(path={"session": "none"}, tells=False),
    "GET /experience/impact": _read(query={"service": "$service"}, tells=False),
    "GET /business/overview": Route(Permission.TELEMETRY_READ),
    "POST /business/correlation": Route(
        Permission.TELEMETRY_READ, query=_RANGE, body=_CORRELATION, foreign=404
    ),
    "GET /returns": Route(Permission.CATALOG_READ, tells=True),
    "POST /returns": Route(Permission.CATALOG_WRITE, body={"name": "$unique", "spec": ROI_SPEC}),
    "POST /return-previews": Route(Permission.TELEMETRY_READ, body=ROI_SPEC),
    "GET /returns/{name}": Route(Permission.CATALOG_READ, path=_ROI, tells=True, foreign=404),
    "PUT /returns/{name}": Route(
        Permission.CATALOG_WRITE, path={"name": "rank"}, body={"spec": ROI_SPEC}
    ),
    "DELETE /returns/{name}": Route(Permission.CATALOG_WRITE, path={"name": "none"}, foreign=404),
    "GET /returns/{name}/result": Route(Permission.TELEMETRY_READ, path=_ROI, foreign=404),
    "GET /reports": Route(Permission.CATALOG_READ, tells=True),
    "POST /reports": Route(Permission.CATALOG_WRITE, body={"name": "$unique", "spec": {}}),
    "GET /reports/{name}": Route(Permission.CATALOG_READ, path=_REPORT, tells=True, foreign=404),
    "PUT /reports/{name}": Route(
        Permission.CATALOG_WRITE, path={"name": "daily"}, body={"spec": {}}
    ),
    "DELETE /reports/{name}": Route(Permission.CATALOG_WRITE, path={"name": "none"}, foreign=404),
    "POST /reports/{name}/send": Route(Permission.CATALOG_WRITE, path=_REPORT, foreign=404),
    "GET /reports/{name}/page": Route(
        Permission.TELEMETRY_READ, path=_REPORT, tells=True, foreign=404
    ),
    "GET /model-production": _read(query={"model": ""}),
    "GET /model-production/series": _read(query=_PRODUCTION, tells=False, foreign=404),
    "GET /model-production/quality": _read(query=_PRODUCTION, tells=False, foreign=404),
    "GET /model-production/compare": _read(
        query={**_PRODUCTION, "first": "1", "second": "2"}, tells=False, foreign=404
    ),
    "GET /model-production/slices": _read(query=_PRODUCTION, tells=False, foreign=404),
    "GET /model-production/bias": _read(
        query={**_PRODUCTION, "facet": "plan"}, tells=False, foreign=404
    ),
    "GET /model-production/attributions": _read(query=_PRODUCTION, foreign=404),
    "GET /model-production/predictions": _read(query=_PRODUCTION),
    "GET /model-production/schemas": _read(query=_PRODUCTION),
    "GET /model-production/references": _read(),
    "DELETE /model-production/references": Route(
        Permission.CATALOG_WRITE,
        query={"model": "none", "version": "1", "name": "none"},
        foreign=404,
    ),
    "GET /model-monitors": Route(Permission.CATALOG_READ, tells=True),
    "POST /model-monitors": Route(
        Permission.CATALOG_WRITE, body={"name": "$unique", "spec": MODEL_MONITOR_SPEC}
    ),
    "GET /model-monitors/{name}": Route(
        Permission.CATALOG_READ, path=_MONITOR, tells=True, foreign=404
    ),
    "PUT /model-monitors/{name}": Route(
        Permission.CATALOG_WRITE, path={"name": "weekly"}, body=MODEL_MONITOR_SPEC
    ),
    "DELETE /model-monitors/{name}": Route(
        Permission.CATALOG_WRITE, path={"name": "none"}, foreign=404
    ),
    "GET /model-monitors/{name}/runs": _read(path=_MONITOR, tells=False, foreign=404),
    "GET /model-monitors/{name}/results": _read(path=_MONITOR, tells=False, foreign=404),
    "GET /monitors": Route(Permission.CATALOG_READ, tells=True),
    "POST /monitors": Route(
        Permission.CATALOG_WRITE, body={"name": "$unique", "spec": MONITOR_SPEC}
    ),
    "GET /monitors/{name}": Route(Permission.CATALOG_READ, path=_MONITOR, tells=True, foreign=404),
    # Where it names none, it makes one of that name.
    "PUT /monitors/{name}": Route(
        Permission.CATALOG_WRITE, path={"name": "weekly"}, body=MONITOR_SPEC
    ),
    "DELETE /monitors/{name}": Route(Permission.CATALOG_WRITE, path={"name": "none"}, foreign=404),
    "POST /monitors/{name}/run": Route(
        Permission.CATALOG_WRITE, path=_MONITOR, body={}, foreign=404
    ),
    "GET /monitors/{name}/runs": _read(path=_MONITOR, tells=False, foreign=404),
    "GET /monitors/{name}/results": _read(path=_MONITOR, tells=False, foreign=404),
    "GET /pipelines": _read(),
    "GET /pipelines/detail": _read(query={"pipeline": "nightly"}, foreign=404),
    "GET /pipelines/series": _read(query={"pipeline": "nightly"}, tells=False),
    "GET /pipelines/runs": _read(),
    "GET /pipelines/runs/{run_id}": _read(path={"run_id": "$pipeline_run"}, foreign=404),
    "GET /pipelines/runs/{run_id}/events": _read(path={"run_id": "$pipeline_run"}),
    "PUT /pipelines/expectations": Route(
        Permission.CATALOG_WRITE, query={"pipeline": "other"}, body={"schedule": "every 1h"}
    ),
    "DELETE /pipelines/expectations": Route(
        Permission.CATALOG_WRITE, query={"pipeline": "none"}, foreign=404
    ),
    "GET /lineage": Route(
        Permission.TELEMETRY_READ, query={"nodeId": "job:vedette:nightly"}, tells=True, foreign=404
    ),
    "GET /lineage/graph": Route(
        Permission.TELEMETRY_READ,
        query={"resource": "$pipeline"},
        tells=True,
        foreign=403,
    ),
    "GET /lineage/impact": Route(
        Permission.TELEMETRY_READ,
        query={"resource": "$pipeline"},
        tells=True,
        foreign=403,
    ),
    "GET /lineage/provenance": Route(
        Permission.TELEMETRY_READ, query={"resource": "$training"}, foreign=403
    ),
    "GET /lineage/columns": Route(
        Permission.TELEMETRY_READ, query={"dataset": "$table"}, tells=True
    ),
    "GET /search": Route(Permission.TELEMETRY_READ, query={"q": "source"}, tells=True),
    "GET /namespaces": Route(Permission.TELEMETRY_READ),
    "GET /namespaces/{namespace}/datasets": Route(
        Permission.TELEMETRY_READ, path={"namespace": "vedette"}, tells=True
    ),
    "GET /namespaces/{namespace}/jobs": Route(
        Permission.TELEMETRY_READ, path={"namespace": "vedette"}
    ),
    "GET /namespaces/{namespace}": Route(
        Permission.TELEMETRY_READ, path={"namespace": "vedette"}, foreign=404
    ),
    "GET /namespaces/{namespace}/datasets/{dataset}": Route(
        Permission.TELEMETRY_READ, path=_MARQUEZ_DATASET, foreign=404
    ),
    "GET /namespaces/{namespace}/datasets/{dataset}/versions": Route(
        Permission.TELEMETRY_READ, path=_MARQUEZ_DATASET, foreign=404
    ),
    "GET /namespaces/{namespace}/datasets/{dataset}/versions/{version}": Route(
        Permission.TELEMETRY_READ,
        path={**_MARQUEZ_DATASET, "version": "$pipeline_run"},
        foreign=404,
    ),
    "GET /namespaces/{namespace}/jobs/{job}": Route(
        Permission.TELEMETRY_READ, path=_MARQUEZ_JOB, tells=True, foreign=404
    ),
    "GET /namespaces/{namespace}/jobs/{job}/runs": Route(
        Permission.TELEMETRY_READ, path=_MARQUEZ_JOB, foreign=404
    ),
    "GET /jobs/runs/{run_id}": Route(
        Permission.TELEMETRY_READ, path={"run_id": "$pipeline_run"}, tells=True, foreign=404
    ),
}
