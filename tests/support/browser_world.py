"""Something of every kind for the console's pages, sent to a real server as its clients send it."""

from __future__ import annotations

import json
import math
import random
import urllib.error
import urllib.request
from datetime import UTC, datetime, timedelta
from typing import Any

from support.lineage import dataset, facet, run_events, run_id
from support.profiles import client_states
from support.server import Server
from support.spans import Sender, Sent, trace_id
from vedette.store.catalog import Scope
from vedette.telemetry.emit import MetricPoint, otlp_body

DAY = timedelta(days=1)
TODAY = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
_DAYS = 40


class Client:
    """Sends JSON to a server as its admin."""

    def __init__(self, server: Server) -> None:
        self._server = server

    def __call__(self, path: str, body: Any, method: str = "POST") -> Any:
        headers = {
            "Authorization": f"Bearer {self._server.key}",
            "Content-Type": "application/json",
        }
        url = f"{self._server.url}{path}"
        request = urllib.request.Request(url, json.dumps(body).encode(), headers, method=method)
        try:
            return json.loads(urllib.request.urlopen(request).read() or "null")
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path}: {error.read().decode()}") from error

    def put(self, path: str, body: Any) -> Any:
        return self(path, body, "PUT")

    def mlflow(self, path: str, body: Any) -> Any:
        return self(f"/api/2.0/mlflow/{path}", body)


def make_browser_world(server: Server) -> dict[str, str]:
    """Store it all; returns ids for the addresses of pages."""
    send = Client(server)
    names: dict[str, str] = {}
    _telemetry(server)
    _infrastructure(server, send)
    _alarms(send, names)
    _business(send)
    _datasets(send)
    _pipelines(send, names)
    _training(send, names)
    _evaluation(send, names)
    _registry(send, names)
    _production(send)
    _experience(send)
    _governance(send, server)
    return names


def _infrastructure(server: Server, send: Client) -> None:
    """A host of 14 days: its disk grows, and its cores are mostly idle."""
    now = datetime.now(UTC)
    points = [
        MetricPoint(name, value(step), "1", labels, now - timedelta(hours=6 * step))
        for name, labels, value in (
            (
                "system.filesystem.usage",
                {"mountpoint": "/", "state": "used"},
                lambda s: 8e10 - 1e9 * s,
            ),
            (
                "system.filesystem.usage",
                {"mountpoint": "/", "state": "free"},
                lambda s: 2e10 + 1e9 * s,
            ),
            ("system.cpu.utilization", {"state": "idle"}, lambda _: 0.93),
            ("system.cpu.logical.count", {}, lambda _: 8.0),
            ("system.memory.limit", {}, lambda _: 3.2e10),
            ("system.memory.usage", {"state": "used"}, lambda _: 4e9),
        )
        for step in range(55)
    ]
    resource = {"host.name": "host-a", "host.type": "large", "service.name": "vedette-agent"}
    headers = {
        "Authorization": f"Bearer {server.key}", "Content-Type": "application/x-protobuf",
    }  # fmt: skip
    body = otlp_body(points, resource=resource)
    urllib.request.urlopen(urllib.request.Request(f"{server.url}/v1/metrics", body, headers)).read()
    for name, size in {"large": 8, "small": 2}.items():
        machine = {"price_hour": size / 10, "cpus": size, "memory_gib": 4 * size}
        send.put(f"/api/v1/infrastructure/machine-types/{name}", machine)


def _telemetry(server: Server) -> None:
    sender = Sender("default", lambda *_: [])
    spans = [
        Sent(
            "root", service="web", kind="Server", trace=f"order {at}", start=at * 1000,
            end=at * 1000 + 50, status="Error" if at % 5 == 0 else "Unset",
            operation="POST /orders", resource={"host.name": "host-a"},
            attributes={"http.response.status_code": 500 if at % 5 == 0 else 200},
        )
        for at in range(30)
    ]  # fmt: skip
    spans += [
        Sent("call", "root", service="web", kind="Client", trace=f"order {at}",
             start=at * 1000 + 5, end=at * 1000 + 40, operation="SELECT orders",
             attributes={"db.system.name": "postgresql", "db.namespace": "orders"})
        for at in range(30)
    ]  # fmt: skip
    headers = {"Authorization": f"Bearer {server.key}", "Content-Type": "application/x-protobuf"}
    request = urllib.request.Request(f"{server.url}/v1/traces", sender.body(spans), headers)
    assert urllib.request.urlopen(request).read() == b""


def _alarms(send: Client, names: dict[str, str]) -> None:
    settings = {"type": "webhook", "url": "http://127.0.0.1:9/hook"}
    send("/api/v1/notification-channels", {"name": "pager", "settings": settings})
    spec = {
        "source": {"type": "metric", "queries": [
            {"id": "m1", "metric": "depth", "statistic": "Maximum"}]},
        "condition": {"threshold": {"comparison": ">", "threshold": 1}},
        "description": "Orders wait for the queue.",
    }  # fmt: skip
    names["alarm"] = send("/api/v1/alarms", {"name": "queue too long", "spec": spec})["id"]
    route = {"name": "all", "spec": {"channels": ["pager"]}}
    send("/api/v1/notification-routes", route)
    mute = {"schedule": "0 2 * * *", "alarms": ["queue too long"], "comment": "nightly load"}
    send("/api/v1/mute-windows", {"name": "night", "spec": mute})
    rota = {"people": {"anna": ["pager"], "ben": ["pager"]},
            "layers": [{"people": ["anna", "ben"], "start": "2026-01-05"}]}  # fmt: skip
    send("/api/v1/oncall-schedules", {"name": "rota", "spec": rota})
    steps = {"steps": [{"targets": [{"schedule": "rota"}]}]}
    send("/api/v1/escalation-policies", {"name": "urgent", "spec": steps})
    made = send("/api/v1/incidents", {"title": "Checkout fails for one in five orders"})
    names["incident"] = made["id"]
    send(f"/api/v1/incidents/{made['id']}/notes", {"text": "The database was restarted."})
    send.put(f"/api/v1/incidents/{made['id']}/alarms/queue%20too%20long", None)
    words = {"id": "p1", "type": "text", "title": "About", "text": "# Hello", "query": None,
             "place": {"x": 0, "y": 0, "w": 8, "h": 6}}  # fmt: skip
    counts = {"id": "p2", "type": "timeseries", "title": "Records", "query": {"type": "logs", "q": ""},
              "place": {"x": 8, "y": 0, "w": 16, "h": 6}}  # fmt: skip
    board = {"name": "Shop", "spec": {"panels": [words, counts]}}
    names["dashboard"] = send("/api/v1/dashboards", board)["id"]


def _business(send: Client) -> None:
    draw = random.Random(3)
    for name, unit, level in (("revenue", "EUR", 1000.0), ("orders", "1", 200.0)):
        spec = {"unit": unit, "dimensions": ["plan"], "description": f"All {name} of the shop.",
                "targets": [{"value": level}]}  # fmt: skip
        send("/api/v1/kpis", {"name": name, "spec": spec})
        values = [
            {"value": level * (1 + 0.2 * math.sin(at / 3)) + draw.gauss(0, level / 50),
             "dimensions": {"plan": plan}, "time": (TODAY - at * DAY).isoformat()}
            for at in range(_DAYS) for plan in ("basic", "pro")
        ]  # fmt: skip
        send(f"/api/v1/kpis/{name}/values", {"values": values})
    saved = {"type": "formula", "expression": "prevented * cost",
             "inputs": {"prevented": {"value": 120, "low": 90, "high": 150},
                        "cost": {"value": 50, "why": "finance, 2025"}}}  # fmt: skip
    costs = [{"name": "Serving", "kind": "serving", "amount": {"value": 10}, "per": "day"}]
    spec = {"model": "churn", "since": (TODAY - 30 * DAY).date().isoformat(), "value": saved,
            "costs": costs}  # fmt: skip
    send("/api/v1/returns", {"name": "churn model", "spec": spec})
    send("/api/v1/reports", {"name": "weekly", "spec": {"title": "Week", "enabled": False}})


def _datasets(send: Client) -> None:
    states = client_states()
    for at in range(12):
        start, odd = TODAY - (12 - at) * DAY, at >= 9
        rows = [{"row": {"amount": float(n), "country": "IT" if odd else "DE"}} for n in range(5)]
        body = {"start": start.isoformat(), "end": (start + DAY).isoformat(),
                "columns": states[odd], "rows": rows}  # fmt: skip
        send("/api/v1/datasets/orders/profiles", body)
    first = {"start": (TODAY - 12 * DAY).isoformat(), "end": (TODAY - 5 * DAY).isoformat()}
    send("/api/v1/datasets/orders/baselines", {"name": "first week", **first})
    checks = [{"check": "values", "column": "country", "in": ["DE", "FR"]}]
    send.put("/api/v1/datasets/orders/checks", {"checks": checks, "comment": "start"})
    spec = {"dataset": "orders", "schedule": "0 6 * * *", "late": "20d", "baseline": {"over": "5d"},
            "drift": {}, "checks": [{"check": "volume", "min": 100}]}  # fmt: skip
    send.put("/api/v1/monitors/daily", spec)
    send("/api/v1/monitors/daily/run", {"start": first["start"]})


def _pipelines(send: Client, names: dict[str, str]) -> None:
    names["pipeline_run"] = run_id("nightly 1")
    columns = facet(fields={"total": {"inputFields": [
        {"namespace": "vedette", "name": "raw_orders", "field": "price"}]}})  # fmt: skip
    for at in range(4):
        start = 600 + 7200 * at
        failed: dict[str, Any] = (
            {"outcome": "FAIL", "errorMessage": facet(message="the disk is full")}
            if at == 2
            else {}
        )
        events = run_events("nightly", f"nightly {at}", start, start - 300, **failed)
        events += run_events(
            "nightly.load", f"load {at}", start - 10, start - 200,
            parent=("nightly", f"nightly {at}"),
            inputs=[dataset("raw_orders", rows=1000)],
            outputs=[dataset("orders", rows=990, columnLineage=columns)],
        )  # fmt: skip
        send("/api/v1/lineage/batch", events)


def _training(send: Client, names: dict[str, str]) -> None:
    now = int(datetime.now(UTC).timestamp() * 1000)
    made = send.mlflow("experiments/create", {"name": "churn"})
    names["experiment"] = experiment = made["experiment_id"]
    for at, rate in enumerate((0.1, 0.01, 0.001)):
        asked = {"experiment_id": experiment, "run_name": f"run {at}", "start_time": now - 600_000}
        run = send.mlflow("runs/create", asked)["run"]["info"]["run_id"]
        names[f"run{at}"] = run
        metrics = [
            {"key": key, "value": level * math.exp(-step / 20) + rate, "step": step,
             "timestamp": now - 600_000 + step * 5000}
            for step in range(60) for key, level in (("loss", 1.0), ("val_loss", 1.2))
        ]  # fmt: skip
        params = [{"key": "lr", "value": str(rate)}, {"key": "layers", "value": str(at + 1)}]
        batch = {"run_id": run, "metrics": metrics, "params": params,
                 "tags": [{"key": "team", "value": "growth"}]}  # fmt: skip
        send.mlflow("runs/log-batch", batch)
        ended = {"run_id": run, "status": ("FINISHED", "FAILED", "FINISHED")[at], "end_time": now}
        send.mlflow("runs/update", ended)
    model = {"experiment_id": experiment, "name": "net", "source_run_id": names["run0"]}
    logged = send.mlflow("logged-models", model)
    names["logged_model"] = logged["model"]["info"]["model_id"]


def _evaluation(send: Client, names: dict[str, str]) -> None:
    experiment = names["experiment"]
    asked = {"name": "questions", "experiment_ids": [experiment], "tags": '{"team": "growth"}'}
    dataset = send("/api/3.0/mlflow/datasets/create", asked)["dataset"]["dataset_id"]
    names["evaluation_dataset"] = dataset
    records = [
        {"inputs": {"q": f"Why {n}?"}, "expectations": {"answer": "so " * 200},
         "source": {"source_type": "TRACE", "source_data": {"trace_id": f"tr-{TRACE}"}}}
        for n in range(60)
    ]  # fmt: skip
    send(f"/api/3.0/mlflow/datasets/{dataset}/records", {"records": json.dumps(records)})
    for text in ("Is it polite?", "Is it polite and short?"):
        judge = {"instructions_judge_pydantic_data": {"instructions": text, "model": "openai:/x"}}
        scorer = {"experiment_id": experiment, "name": "polite"}
        scorer["serialized_scorer"] = json.dumps(judge)
        send("/api/3.0/mlflow/scorers/register", scorer)


def _registry(send: Client, names: dict[str, str]) -> None:
    send("/api/v1/models", {"name": "churn", "description": "Who leaves next month."})
    for at in range(2):
        version = {"source": f"s3://bucket/churn/{at}", "run_id": names[f"run{at}"]}
        send("/api/v1/models/churn/versions", version)
    card = {"content": {"overview": "Predicts who leaves.", "owners": "growth"}}
    send.put("/api/v1/models/churn/versions/1/card", card)
    send.put("/api/v1/models/churn/aliases/champion", {"version": 1})
    rule = {"model": "churn", "stage": "Production", "approvals": 1,
            "checks": [{"check": "tag", "key": "reviewed"}]}  # fmt: skip
    send.put("/api/v1/approval-rules", rule)
    asked = {"model": "churn", "version": 1, "stage": "Production", "comment": "ready"}
    names["approval"] = send("/api/v1/approvals", asked)["id"]
    hook = {"name": "ci", "url": "https://203.0.113.1/hook",
            "events": [{"entity": "MODEL_VERSION_TAG", "action": "SET"}]}  # fmt: skip
    send("/api/v1/registry-webhooks", hook)


def _production(send: Client) -> None:
    draw, now = random.Random(5), datetime.now(UTC)
    rows, labels = [], []
    for at in range(600):
        score = draw.betavariate(2, 3)
        rows.append({
            "model": "churn", "version": "1", "id": f"p{at}", "prediction": "yn"[score < 0.5],
            "time": (now - timedelta(seconds=300 + 12 * at)).isoformat(), "latency_ms": 5.0,
            "scores": {"y": score, "n": 1 - score}, "attributions": {"age": draw.gauss(0, 1)},
            "features": {"age": draw.gauss(40, 10), "plan": draw.choice("ab")},
        })  # fmt: skip
        labels.append({"model": "churn", "id": f"p{at}", "label": "yn"[draw.random() > score]})
    send("/api/v1/predictions", rows)
    send("/api/v1/labels", labels)
    held = [{**row, "id": f"r{row['id']}", "reference": "validation", "label": label["label"]}
            for row, label in zip(rows, labels, strict=True)]  # fmt: skip
    send("/api/v1/references", held)
    spec = {"model": "churn", "window": "1h", "quality": [{"metric": "accuracy"}]}
    send("/api/v1/model-monitors", {"name": "quality", "spec": spec})


def _experience(send: Client) -> None:
    app = {"service": "shop-web", "origins": ["https://shop.example"]}
    send("/api/v1/browser-apps", {"name": "web", "spec": app})
    spec = {"check": {"type": "tcp", "host": "127.0.0.1", "port": 9}, "timeout": "1s", "alarm": None,
            "enabled": False}  # fmt: skip
    send("/api/v1/synthetic-checks", {"name": "front door", "spec": spec})
    send("/api/v1/synthetic-checks/front door/run".replace(" ", "%20"), None)
    slo = {"goal": 0.9, "source": {"type": "traces", "service": "web"}, "alarms": []}
    send("/api/v1/slos", {"name": "orders succeed", "spec": slo})


def _governance(send: Client, server: Server) -> None:
    for policy, keys in {
        "owners": [{"key": "team", "values": ["growth", "payments"]}],
        "cost": [{"key": "cost-center", "pattern": "[0-9]{4}"}],
    }.items():
        body = {"keys": keys, "kinds": ["service", "model"]}
        send.put(f"/api/v1/tags/policies/{policy}", body)
    for service, tags in {"web": {"team": "pirates"}, "cart": {"team": "growth"}}.items():
        send.put(f"/api/v1/tags?resource=default/service/{service}", {"tags": tags})
    kinds = ["alarms", "models", "monitors", "logs", "traces", "compliance", "usage"]
    send.put("/api/v1/organisation/sink", {"kinds": kinds, "sources": ["*"]})
    _, branch = server.new_key([Scope.ADMIN], server.new_account("branch"))
    headers = {"Authorization": f"Bearer {branch}", "Content-Type": "application/json"}
    for path, shared in {
        "/api/v1/organisation/links": {"sink": "default", "kinds": ["models", "logs", "metrics"]},
        "/api/v1/models": {"name": "fraud"},
    }.items():
        request = urllib.request.Request(
            f"{server.url}{path}", json.dumps(shared).encode(), headers
        )
        urllib.request.urlopen(request).read()
    send("/api/v1/audit/digests", {})
    send("/api/v1/audit/holds", {"reason": "case 2026-17"})


TRACE = trace_id("order 3")
