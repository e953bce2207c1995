"""Prometheus remote write by OpenTelemetry's exporter for it, unmodified."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from opentelemetry.exporter.prometheus_remote_write import PrometheusRemoteWriteMetricsExporter
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.metrics.view import ExplicitBucketHistogramAggregation, View
from opentelemetry.sdk.resources import Resource

if TYPE_CHECKING:
    from collections.abc import Mapping


def send(tenant: Any, credentials: Mapping[str, Any]) -> bool:
    exporter = PrometheusRemoteWriteMetricsExporter(
        endpoint=f"{tenant.server.url}/api/v1/write", **credentials
    )
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=float("inf"))
    provider = MeterProvider(
        [reader],
        resource=Resource({"job": "shop", "instance": "h1:80"}),
        views=[
            View(
                instrument_name="latency",
                aggregation=ExplicitBucketHistogramAggregation([1, 10]),
            )
        ],
        shutdown_on_exit=False,
    )
    meter = provider.get_meter("m")
    meter.create_counter("orders_total").add(3, {"kind": "a"})
    meter.create_gauge("temperature").set(21.5, {"room": "x"})
    for value in (0.5, 5, 50):
        meter.create_histogram("latency").record(value)
    sent = provider.force_flush(30_000)
    provider.shutdown()
    return sent


def test_counters_gauges_and_histograms(tenant: Any) -> None:
    assert send(tenant, {"headers": tenant.headers})
    gauges = tenant.rows(
        "SELECT DISTINCT * EXCEPT (TimeUnix, ReceivedTime) FROM otel_metrics_gauge"
    )
    (gauge,) = [row for row in gauges if row["MetricName"] == "temperature"]
    assert (gauge["Value"], gauge["Attributes"]) == (21.5, {"room": "x"})
    assert gauge["ServiceName"] == "shop"
    assert gauge["ResourceAttributes"] == {"service.name": "shop", "service.instance.id": "h1:80"}
    sums = tenant.rows(
        "SELECT DISTINCT MetricName, Attributes, Value, IsMonotonic, AggregationTemporality "
        "FROM otel_metrics_sum"
    )
    values = {(r["MetricName"], r["Attributes"].get("le"), r["Value"]) for r in sums}
    assert ("orders_total", None, 3) in values
    assert {value for value in values if value[0] == "latency_count"} == {
        ("latency_count", None, 3)
    }
    assert ("latency_sum", None, 55.5) in values
    assert {(r["IsMonotonic"], r["AggregationTemporality"]) for r in sums} == {(True, 2)}


def test_credentials_as_prometheus_has_them(tenant: Any) -> None:
    assert send(tenant, {"basic_auth": {"username": "shop", "password": tenant.key}})
    assert tenant.row(
        "SELECT toUInt32(uniqExact(MetricName)) AS n FROM otel_metrics_gauge "
        "WHERE MetricName = 'temperature'"
    ) == {"n": 1}
