"""Metrics by the OpenTelemetry SDK and its exporters, unmodified."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pytest
from opentelemetry.exporter.otlp.proto.grpc.metric_exporter import (
    OTLPMetricExporter as GrpcExporter,
)
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.metric_exporter import (
    OTLPMetricExporter as HttpExporter,
)
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import (
    AlwaysOnExemplarFilter,
    Counter,
    Histogram,
    Meter,
    MeterProvider,
    ObservableCounter,
)
from opentelemetry.sdk.metrics.export import (
    AggregationTemporality,
    MetricExporter,
    PeriodicExportingMetricReader,
)
from opentelemetry.sdk.metrics.view import (
    ExplicitBucketHistogramAggregation,
    ExponentialBucketHistogramAggregation,
    View,
)
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider

DELTA = dict.fromkeys((Counter, Histogram, ObservableCounter), AggregationTemporality.DELTA)
Temporality = dict[type, AggregationTemporality] | None


def http_exporter(tenant: Any, temporality: Temporality = None) -> MetricExporter:
    return HttpExporter(
        endpoint=f"{tenant.server.otlp}/v1/metrics",
        headers=tenant.headers,
        compression=Compression.Gzip,
        preferred_temporality=temporality,
    )


def grpc_exporter(tenant: Any, temporality: Temporality = None) -> MetricExporter:
    return GrpcExporter(
        endpoint=tenant.server.grpc,
        insecure=True,
        headers=tuple(tenant.headers.items()),
        preferred_temporality=temporality,
    )


EXPORTERS = pytest.mark.parametrize("exporter", [http_exporter, grpc_exporter])


def measure(
    exporter: MetricExporter, *rounds: Callable[[Meter], None], views: Iterable[View] = ()
) -> None:
    """Run each round and export after it."""
    reader = PeriodicExportingMetricReader(exporter, export_interval_millis=float("inf"))
    provider = MeterProvider(
        [reader],
        resource=Resource({"service.name": "checkout", "host.name": "h1"}),
        exemplar_filter=AlwaysOnExemplarFilter(),
        views=list(views),
        shutdown_on_exit=False,
    )
    meter = provider.get_meter("shop", "2.0")
    for work in rounds:
        work(meter)
        assert provider.force_flush(30_000)
    provider.shutdown(30_000)


@EXPORTERS
def test_sync_and_observable_instruments(
    tenant: Any, exporter: Callable[..., MetricExporter]
) -> None:
    def temperature(_: CallbackOptions) -> Iterable[Observation]:
        yield Observation(21.5, {"room": "a"})
        yield Observation(-3, {"room": "b"})

    def cpu(_: CallbackOptions) -> Iterable[Observation]:
        yield Observation(12.25, {"mode": "user"})

    def threads(_: CallbackOptions) -> Iterable[Observation]:
        yield Observation(7)

    def work(meter: Meter) -> None:
        counter = meter.create_counter("orders", unit="{order}", description="Orders taken")
        counter.add(3, {"shop": "x", "paid": True})
        counter.add(4, {"shop": "x", "paid": True})
        counter.add(1, {"shop": "y", "paid": False})
        updown = meter.create_up_down_counter("queue.size")
        updown.add(5)
        updown.add(-7)
        meter.create_gauge("level", unit="%").set(42.5, {"tank": "1"})
        meter.create_observable_gauge("temperature", [temperature], unit="Cel")
        meter.create_observable_counter("cpu.time", [cpu], unit="s")
        meter.create_observable_up_down_counter("threads", [threads])

    measure(exporter(tenant), work)
    sums = tenant.rows(
        "SELECT MetricName, MetricUnit, MetricDescription, Attributes, Value, IsMonotonic, "
        "AggregationTemporality, ServiceName, ScopeName, ScopeVersion, ResourceAttributes, "
        "toUnixTimestamp64Nano(StartTimeUnix) > 0 AS started, TimeUnix > StartTimeUnix AS ordered "
        "FROM otel_metrics_sum ORDER BY MetricName, Value"
    )
    values = {(r["MetricName"], str(r["Attributes"])): (r["Value"], r["IsMonotonic"]) for r in sums}
    # Shutting down exports once more: the same cumulative values.
    assert values == {
        ("orders", "{'shop': 'x', 'paid': 'true'}"): (7, True),
        ("orders", "{'shop': 'y', 'paid': 'false'}"): (1, True),
        ("queue.size", "{}"): (-2, False),
        ("cpu.time", "{'mode': 'user'}"): (12.25, True),
        ("threads", "{}"): (7, False),
    }
    orders = sums[[row["MetricName"] for row in sums].index("orders")]
    assert (orders["MetricUnit"], orders["MetricDescription"]) == ("{order}", "Orders taken")
    assert (orders["ServiceName"], orders["ScopeName"], orders["ScopeVersion"]) == (
        "checkout",
        "shop",
        "2.0",
    )
    assert orders["ResourceAttributes"] == {"service.name": "checkout", "host.name": "h1"}
    assert {row["AggregationTemporality"] for row in sums} == {2}
    assert orders["started"]
    assert orders["ordered"]
    gauges = tenant.rows(
        "SELECT DISTINCT MetricName, MetricUnit, Attributes, Value FROM otel_metrics_gauge ORDER BY Value"
    )
    assert [(r["MetricName"], r["MetricUnit"], r["Attributes"], r["Value"]) for r in gauges] == [
        ("temperature", "Cel", {"room": "b"}, -3),
        ("temperature", "Cel", {"room": "a"}, 21.5),
        ("level", "%", {"tank": "1"}, 42.5),
    ]


@EXPORTERS
@pytest.mark.parametrize("temporality", ["delta", "cumulative"])
def test_temporality(
    tenant: Any, exporter: Callable[..., MetricExporter], temporality: str
) -> None:
    def add(number: int) -> Callable[[Meter], None]:
        def work(meter: Meter) -> None:
            meter.create_counter("hits").add(number)
            meter.create_histogram("size").record(number)

        return work

    measure(exporter(tenant, DELTA if temporality == "delta" else None), add(3), add(5))
    expected = [3, 5] if temporality == "delta" else [3, 8]
    sums = tenant.rows(
        "SELECT Value, AggregationTemporality AS t FROM otel_metrics_sum ORDER BY TimeUnix LIMIT 2"
    )
    sizes = tenant.rows(
        "SELECT Sum, toUInt32(Count) AS n, AggregationTemporality AS t "
        "FROM otel_metrics_histogram ORDER BY TimeUnix LIMIT 2"
    )
    number = 1 if temporality == "delta" else 2
    assert [(row["Value"], row["t"]) for row in sums] == [(value, number) for value in expected]
    assert [(row["Sum"], row["t"]) for row in sizes] == [(value, number) for value in expected]
    assert [row["n"] for row in sizes] == ([1, 1] if temporality == "delta" else [1, 2])


@EXPORTERS
def test_histograms(tenant: Any, exporter: Callable[..., MetricExporter]) -> None:
    def work(meter: Meter) -> None:
        explicit = meter.create_histogram("latency", unit="ms")
        exponential = meter.create_histogram("bytes", unit="By")
        for value in (0.5, 5, 5, 70, 1000):
            explicit.record(value, {"route": "/"})
        for value in (0, 1, 2, 4, 4):
            exponential.record(value)

    views = [
        View(
            instrument_name="latency", aggregation=ExplicitBucketHistogramAggregation([1, 10, 100])
        ),
        View(
            instrument_name="bytes",
            aggregation=ExponentialBucketHistogramAggregation(max_size=20, max_scale=0),
        ),
    ]
    measure(exporter(tenant, DELTA), work, views=views)
    explicit = tenant.row("SELECT * FROM otel_metrics_histogram")
    assert (explicit["MetricName"], explicit["MetricUnit"]) == ("latency", "ms")
    assert explicit["Attributes"] == {"route": "/"}
    assert (int(explicit["Count"]), explicit["Sum"]) == (5, 1080.5)
    assert (explicit["Min"], explicit["Max"]) == (0.5, 1000)
    assert explicit["ExplicitBounds"] == [1, 10, 100]
    assert [int(n) for n in explicit["BucketCounts"]] == [1, 2, 1, 1]
    assert explicit["AggregationTemporality"] == 1
    exponential = tenant.row("SELECT * FROM otel_metrics_exponential_histogram")
    assert (exponential["MetricName"], exponential["MetricUnit"]) == ("bytes", "By")
    assert (int(exponential["Count"]), exponential["Sum"]) == (5, 11)
    assert (exponential["Min"], exponential["Max"]) == (0, 4)
    assert (exponential["Scale"], int(exponential["ZeroCount"])) == (0, 1)
    # Scale 0: bucket i holds (2^i, 2^(i+1)], so 1 is in -1, 2 in 0 and 4 in 1.
    assert exponential["PositiveOffset"] == -1
    assert [int(n) for n in exponential["PositiveBucketCounts"] if int(n)] == [1, 1, 2]
    assert not any(int(n) for n in exponential["NegativeBucketCounts"])


@EXPORTERS
def test_exemplars(tenant: Any, exporter: Callable[..., MetricExporter]) -> None:
    tracer = TracerProvider(shutdown_on_exit=False).get_tracer("t")
    ids: list[str] = []

    def work(meter: Meter) -> None:
        with tracer.start_as_current_span("request") as span:
            context = span.get_span_context()
            ids.extend((f"{context.trace_id:032x}", f"{context.span_id:016x}"))
            meter.create_histogram("wait").record(12.5, {"route": "/"})
            meter.create_counter("seen").add(2, {"user": "u1"})

    measure(
        exporter(tenant, DELTA), work, views=[View(instrument_name="seen", attribute_keys=set())]
    )
    for table, value, attributes in (
        ("otel_metrics_histogram", 12.5, {}),
        ("otel_metrics_sum", 2, {"user": "u1"}),
    ):
        row = tenant.row(
            "SELECT *, arrayMap(t -> abs(dateDiff('second', t, TimeUnix)) < 60, `Exemplars.TimeUnix`) "
            f"AS recent FROM {table}"
        )
        assert row["Exemplars.Value"] == [value]
        assert row["Exemplars.TraceId"] == [ids[0]]
        assert row["Exemplars.SpanId"] == [ids[1]]
        assert row["Exemplars.FilteredAttributes"] == [attributes]
        assert row["recent"] in ([True], [1])


def test_series_keep_their_identity(tenant: Any) -> None:
    def work(meter: Meter) -> None:
        counter = meter.create_counter("hits")
        counter.add(1, {"a": "1", "b": "2"})
        counter.add(1, {"a": "2", "b": "2"})

    measure(http_exporter(tenant), work, work)
    measure(grpc_exporter(tenant), work)
    rows = tenant.rows(
        "SELECT DISTINCT toString(SeriesId) AS id, Attributes['a'] AS a FROM otel_metrics_sum ORDER BY a"
    )
    assert [row["a"] for row in rows] == ["1", "2"]
