"""FastAPI, requests, SQLAlchemy and logging, instrumented by what users install, from outside."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SHOP = Path(__file__).with_name("shop.py")


@pytest.mark.parametrize("protocol", ["http/protobuf", "grpc"])
def test_an_instrumented_application(tenant: Any, protocol: str) -> None:
    endpoint = tenant.server.otlp if protocol != "grpc" else f"http://{tenant.server.grpc}"
    environment = {
        **{k: v for k, v in os.environ.items() if not k.startswith("OTEL_")},
        "OTEL_SERVICE_NAME": "shop",
        "OTEL_RESOURCE_ATTRIBUTES": "deployment.environment.name=test,team=core",
        "OTEL_EXPORTER_OTLP_ENDPOINT": endpoint,
        "OTEL_EXPORTER_OTLP_PROTOCOL": protocol,
        "OTEL_EXPORTER_OTLP_HEADERS": f"authorization=Bearer%20{tenant.key}",
        "OTEL_EXPORTER_OTLP_COMPRESSION": "gzip",
        "OTEL_TRACES_EXPORTER": "otlp",
        "OTEL_METRICS_EXPORTER": "otlp",
        "OTEL_LOGS_EXPORTER": "otlp",
        "OTEL_PYTHON_LOGGING_AUTO_INSTRUMENTATION_ENABLED": "true",
        "OTEL_SEMCONV_STABILITY_OPT_IN": "http,database",
    }
    instrument = Path(sys.executable).with_name("opentelemetry-instrument")
    done = subprocess.run(
        [str(instrument), sys.executable, str(SHOP)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    for trouble in ("Failed to export", "Transient error", "Traceback"):
        assert trouble not in done.stderr, done.stderr

    spans = tenant.rows("SELECT * FROM otel_traces")
    assert {span["ServiceName"] for span in spans} == {"shop"}
    assert {span["ResourceAttributes"]["team"] for span in spans} == {"core"}
    by_id = {span["SpanId"]: span for span in spans}
    servers = [span for span in spans if span["SpanKind"] == "Server"]
    assert [span["SpanName"] for span in servers] == ["GET /orders/{number}"] * 3
    for server in servers:
        client = by_id[server["ParentSpanId"]]
        assert (client["SpanKind"], client["SpanName"]) == ("Client", "GET")
        assert client["TraceId"] == server["TraceId"]
        assert server["SpanAttributes"]["http.route"] == "/orders/{number}"
        below = [s for s in spans if s["ParentSpanId"] == server["SpanId"]]
        selects = [s for s in below if s["SpanName"].startswith("SELECT")]
        assert [s["SpanKind"] for s in selects] == ["Client"]
        assert selects[0]["TraceId"] == server["TraceId"]
    codes = sorted(server["SpanAttributes"]["http.response.status_code"] for server in servers)
    assert codes == ["200", "200", "404"]

    logs = tenant.rows("SELECT * FROM otel_logs WHERE ScopeName = 'shop' ORDER BY Timestamp")
    assert [(log["Body"], log["SeverityText"]) for log in logs] == [
        ("order 1 was looked at", "WARN"),
        ("order 2 was looked at", "WARN"),
        ("order 5 is missing", "ERROR"),
    ]
    for log, server in zip(logs, sorted(servers, key=lambda s: s["Timestamp"]), strict=True):
        assert (log["TraceId"], log["SpanId"]) == (server["TraceId"], server["SpanId"])

    durations = tenant.rows(
        "SELECT toUInt32(Count) AS n, Attributes['http.response.status_code'] AS code, MetricUnit "
        "FROM otel_metrics_histogram WHERE MetricName = 'http.server.request.duration'"
    )
    assert {(d["code"], d["n"], d["MetricUnit"]) for d in durations} == {
        ("200", 2, "s"),
        ("404", 1, "s"),
    }
