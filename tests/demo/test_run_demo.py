"""One round of the demo, end to end, and what the store holds afterwards."""

from __future__ import annotations

import json
import os
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from vedette.core.errors import InvalidInputError
from vedette.demo import run, run_demo

FAULTS = ["renamed-column", "weather-without-column"]
SERVICES = {
    "etl", "trainer", "profiler", "history", "predict-api", "prediction-logger", "traffic-client",
    "flight-web",
}  # fmt: skip

# The engine holds one store a process, so another process reads the demo's.
_READ = """
import json, sys
from pathlib import Path
from vedette.core.settings import Settings
from vedette.query import QueryRunner
from vedette.store.warehouse import open_warehouse

settings = Settings(data_dir=Path(sys.argv[1]), min_free_disk_bytes=0)
warehouse = open_warehouse(settings)
runner = QueryRunner(warehouse, settings)
queries = json.load(sys.stdin)
print(json.dumps({k: list(runner.run("default", sql).records()) for k, sql in queries.items()}))
warehouse.close()
"""

QUERIES = {
    "services": "SELECT DISTINCT ServiceName AS name FROM @otel_traces",
    "tasks": """
        SELECT SpanAttributes['vedette.task.name'] AS name, countIf(StatusCode = 'Error') AS errors,
            max(toFloat64OrZero(SpanAttributes['vedette.task.rows.out'])) AS rows
        FROM @otel_traces WHERE name != '' GROUP BY name""",
    "edges": """
        SELECT DISTINCT caller.ServiceName AS source, caller.SpanKind AS source_kind,
            callee.ServiceName AS target, callee.SpanKind AS target_kind
        FROM @otel_traces AS caller
        INNER JOIN @otel_traces AS callee
            ON caller.TraceId = callee.TraceId AND caller.SpanId = callee.ParentSpanId
        WHERE caller.ServiceName != callee.ServiceName""",
    "databases": """
        SELECT DISTINCT ServiceName AS service, SpanAttributes['db.namespace'] AS name,
            SpanAttributes['db.system.name'] AS system
        FROM @otel_traces WHERE SpanKind = 'Client' AND name != ''""",
    "logs": """
        SELECT ServiceName AS service, SeverityText AS level, Body AS body,
            LogAttributes['exception.type'] AS exception, TraceId != '' AS traced,
            LogAttributes['exception.stacktrace'] LIKE 'Traceback%' AS has_stack
        FROM @otel_logs""",
    "metrics": """
        SELECT DISTINCT MetricName AS name, ServiceName AS service FROM @otel_metrics_sum
        UNION ALL
        SELECT DISTINCT MetricName, ServiceName FROM @otel_metrics_gauge
        UNION ALL
        SELECT DISTINCT MetricName, ServiceName FROM @otel_metrics_histogram""",
    "answers": """
        SELECT SpanAttributes['http.response.status_code'] AS status, count() AS count
        FROM @otel_traces
        WHERE ServiceName = 'predict-api' AND SpanName = 'POST /v1/predictions' GROUP BY status""",
    "predictions": """
        SELECT countIf(PredictionId LIKE 'history-%') AS earlier,
            countIf(PredictionId NOT LIKE 'history-%') AS live,
            countIf(Timestamp < now() - INTERVAL 30 HOUR) AS old
        FROM @predictions""",
    "labels": """
        SELECT count() AS count FROM @prediction_labels
        WHERE PredictionId IN (
            SELECT PredictionId FROM @predictions WHERE PredictionId NOT LIKE 'history-%'
        )""",
    "lineage": """
        SELECT DISTINCT Kind AS kind, Name AS name, OtherName AS other FROM @lineage_edges
        WHERE Direction = 'down'""",
    "kpis": """
        SELECT MetricName AS name, count() AS count FROM @otel_metrics_gauge
        WHERE MetricName LIKE 'vedette.kpi.%' GROUP BY name""",
    "checks": """
        SELECT DISTINCT Measure AS name, Status AS status FROM @data_results
        WHERE Dataset = 'flights.features' AND Family = 'check'""",
    "page": """
        SELECT EventName AS event, count() AS count, uniqExact(LogAttributes['session.id']) AS sessions
        FROM @otel_logs WHERE ServiceName = 'flight-web' GROUP BY event""",
    "exports": """
        SELECT count() AS count FROM @otel_traces
        WHERE SpanAttributes['url.full'] LIKE '%/v1/traces%'
            OR SpanAttributes['url.full'] LIKE '%/v1/logs%'
            OR SpanAttributes['url.full'] LIKE '%/v1/metrics%'""",
}


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """Output and folder of a demo that ran once."""
    folder = tmp_path_factory.mktemp("demo")
    code = (
        "import sys; from pathlib import Path; from vedette.demo import run_demo; "
        "sys.exit(run_demo(once=True, data_dir=Path(sys.argv[1]), faults=sys.argv[2:]))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", code, str(folder), *FAULTS],
        capture_output=True,
        check=False,
        text=True,
        timeout=600,
    )
    assert ended.returncode == 0, ended.stdout + ended.stderr
    return ended.stdout, folder


@pytest.fixture(scope="module")
def stored(demo: tuple[str, Path]) -> dict[str, list[dict[str, Any]]]:
    """What ``QUERIES`` find in the demo's store."""
    read = subprocess.run(
        [sys.executable, "-c", _READ, str(demo[1] / "server")],
        input=json.dumps(QUERIES),
        capture_output=True,
        check=False,
        text=True,
        timeout=60,
    )
    assert read.returncode == 0, read.stderr
    return json.loads(read.stdout)


def test_a_port_of_otlp_that_is_taken_is_another_one(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        number = taken.getsockname()[1]
        monkeypatch.setattr(run, "_OTLP_PORTS", {"--otlp-http-port": number})
        assert run._port_options(8230, once=False) == ["--port", "8230", "--otlp-http-port", "0"]
    assert run._port_options(None, once=False) == []


def test_it_says_where_the_server_is_and_shows_the_key_once(demo: tuple[str, Path]) -> None:
    output, folder = demo
    assert "Vedette is up" in output
    assert "export VEDETTE_API_KEY=vdt_" in output
    shown = output.split("VEDETTE_API_KEY=")[1].split()[0]
    for path in folder.glob("logs/*.log"):
        assert shown not in path.read_text(encoding="utf-8")
    workload_key = folder / "server" / "workload.key"
    assert workload_key.read_text(encoding="utf-8") != shown
    assert workload_key.stat().st_mode & 0o077 == 0


def test_every_service_tells_its_spans(stored: dict[str, list[dict[str, Any]]]) -> None:
    assert {row["name"] for row in stored["services"]} == SERVICES


def test_the_service_map_has_its_edges(stored: dict[str, list[dict[str, Any]]]) -> None:
    edges = {tuple(row.values()) for row in stored["edges"]}
    assert edges == {
        ("traffic-client", "Client", "predict-api", "Server"),
        ("flight-web", "Client", "predict-api", "Server"),
        ("predict-api", "Producer", "prediction-logger", "Consumer"),
        ("etl", "Producer", "trainer", "Consumer"),
        ("etl", "Producer", "profiler", "Consumer"),
    }
    assert {(row["service"], row["name"], row["system"]) for row in stored["databases"]} == {
        (service, "feature-store", "sqlite")
        for service in SERVICES - {"traffic-client", "flight-web"}
    }


def test_visitors_of_the_page_tell_what_its_script_would(
    stored: dict[str, list[dict[str, Any]]],
) -> None:
    events = {row["event"]: row for row in stored["page"]}
    # The model of the second fault answers with an error, which the page's code trips over.
    assert set(events) == {"browser.page_view", "browser.web_vital", "exception"}
    views = int(events["browser.page_view"]["count"])
    assert views == int(events["browser.page_view"]["sessions"]) > 5
    assert int(events["browser.web_vital"]["count"]) == 5 * views


def test_the_pipelines_tasks_count_their_rows(stored: dict[str, list[dict[str, Any]]]) -> None:
    tasks = {row["name"]: row for row in stored["tasks"]}
    assert set(tasks) == {"extract", "validate", "clean", "join", "load", "evaluate"}
    assert float(tasks["load"]["rows"]) > 500


def test_log_records_belong_to_traces(stored: dict[str, list[dict[str, Any]]]) -> None:
    logs = [row for row in stored["logs"] if row["service"] in {"etl", "prediction-logger"}]
    assert len(logs) > 50
    untraced = [row["body"] for row in logs if not row["traced"]]
    assert untraced == []


def test_metrics_of_pipeline_model_http_and_host_are_there(
    stored: dict[str, list[dict[str, Any]]],
) -> None:
    names = {(row["service"], row["name"]) for row in stored["metrics"]}
    assert names >= {
        ("etl", "system.cpu.utilization"),
        ("trainer", "vedette.model.evaluation"),
        ("predict-api", "http.server.request.duration"),
        ("predict-api", "vedette.model.predictions"),
        ("traffic-client", "http.client.request.duration"),
        ("predict-api", "system.cpu.utilization"),
        ("predict-api", "process.memory.usage"),
    }


def test_a_renamed_column_fails_the_run_with_a_stack(
    stored: dict[str, list[dict[str, Any]]],
) -> None:
    tasks = {row["name"]: int(row["errors"]) for row in stored["tasks"]}
    assert {name for name, errors in tasks.items() if errors} == {"validate"}
    [failed] = [r for r in stored["logs"] if r["service"] == "etl" and r["level"] == "ERROR"]
    assert failed["exception"].endswith("SchemaError")
    assert failed["has_stack"]


def test_a_model_trained_without_a_column_breaks_predictions(
    stored: dict[str, list[dict[str, Any]]],
) -> None:
    answers = {row["status"]: int(row["count"]) for row in stored["answers"]}
    assert answers["200"] > 20
    assert answers["500"] > 0
    burst = [r for r in stored["logs"] if r["service"] == "predict-api" and r["exception"]]
    assert len(burst) == answers["500"]
    assert all(row["traced"] and row["has_stack"] for row in burst)
    assert {row["exception"] for row in burst} == {"ValueError"}


def test_somebody_else_approves_what_is_served(demo: tuple[str, Path]) -> None:
    with sqlite3.connect(demo[1] / "server" / "catalog.sqlite") as catalog:
        decided = catalog.execute(
            "SELECT r.version, r.requested_by_name, d.actor_name, d.decision"
            " FROM approval_requests r JOIN approval_decisions d ON d.request_id = r.id"
            " ORDER BY r.version"
        ).fetchall()
        kept = {
            table: catalog.execute(f"SELECT count(*) FROM {table}").fetchone()[0]
            for table in ("account_links", "tag_policies", "model_monitors", "monitors")
        }
    assert decided == [
        (version, "demo-training", "grace", "approved") for version in (1, 2)
    ]  # fmt: skip
    assert kept == {"account_links": 1, "tag_policies": 2, "model_monitors": 2, "monitors": 1}


def test_predictions_are_captured_and_their_labels_come(
    stored: dict[str, list[dict[str, Any]]],
) -> None:
    [found], [labels] = stored["predictions"], stored["labels"]
    assert int(found["live"]) > 50
    assert int(labels["count"]) > 20
    assert int(found["earlier"]) > 3000
    assert int(found["old"]) > 500
    assert {row["name"] for row in stored["kpis"]} == {
        "vedette.kpi.rebooking.saved", "vedette.kpi.rebooking.needless",
    }  # fmt: skip
    assert min(int(row["count"]) for row in stored["kpis"]) == 2 * 288


def test_lineage_leads_from_the_feed_to_the_features(
    stored: dict[str, list[dict[str, Any]]],
) -> None:
    edges = {row["name"]: set[str]() for row in stored["lineage"]}
    for row in stored["lineage"]:
        edges[row["name"]].add(row["other"])
    reached = frontier = {"airports.flights"}
    while frontier:
        frontier = {other for name in frontier for other in edges.get(name, ())} - reached
        reached = reached | frontier
    assert {"flights-daily.load", "flights.features"} <= reached


def test_the_exporter_does_not_trace_itself(stored: dict[str, list[dict[str, Any]]]) -> None:
    assert int(stored["exports"][0]["count"]) == 0


def test_nothing_waits_unsent_and_no_process_is_left(demo: tuple[str, Path]) -> None:
    _, folder = demo
    assert [path for path in folder.glob("spool/*/*") if path.name != "lock"] == []
    if Path("/proc").exists():
        left = [
            entry.name
            for entry in Path("/proc").iterdir()
            if entry.name.isdigit() and _works_in(entry, folder)
        ]
        assert left == []


def _works_in(entry: Path, folder: Path) -> bool:
    try:
        return str((entry / "cwd").readlink()).startswith(f"{folder}{os.sep}")
    except OSError:
        return False


def test_an_unknown_fault_is_refused_before_anything_starts(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="'earthquake' is no fault") as caught:
        run_demo(once=True, data_dir=tmp_path, faults=["earthquake"])
    assert caught.value.field == "faults"
    assert list(tmp_path.iterdir()) == []
