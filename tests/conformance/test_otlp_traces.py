"""Traces by the OpenTelemetry SDK and its exporters, unmodified."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import grpc
import pytest
from opentelemetry.exporter.otlp.proto.grpc.trace_exporter import OTLPSpanExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter as HttpExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    Status,
    StatusCode,
    TraceFlags,
    TraceState,
    set_span_in_context,
)

TRANSPORTS = (
    "http",
    "http gzip",
    "http deflate",
    "http on the main port",
    "grpc",
    "grpc gzip",
)


def make_exporter(tenant: Any, transport: str) -> SpanExporter:
    protocol, _, option = transport.partition(" ")
    if protocol == "grpc":
        return GrpcExporter(
            endpoint=tenant.server.grpc,
            insecure=True,
            headers=tuple(tenant.headers.items()),
            compression=grpc.Compression.Gzip if option else grpc.Compression.NoCompression,
        )
    base = tenant.server.url if option == "on the main port" else tenant.server.otlp
    return HttpExporter(
        endpoint=f"{base}/v1/traces",
        headers=tenant.headers,
        compression={"gzip": Compression.Gzip, "deflate": Compression.Deflate}.get(
            option, Compression.NoCompression
        ),
    )


def record(exporter: SpanExporter, work: Callable[[TracerProvider], None]) -> None:
    resource = Resource({"service.name": "checkout", "service.version": "1.2", "host.cpus": 8})
    provider = TracerProvider(resource=resource, shutdown_on_exit=False)
    provider.add_span_processor(BatchSpanProcessor(exporter, max_queue_size=4096))
    work(provider)
    assert provider.force_flush(30_000)
    provider.shutdown()


@pytest.mark.parametrize("transport", TRANSPORTS)
def test_spans_arrive_as_they_were_made(tenant: Any, transport: str) -> None:
    made: dict[str, Any] = {}

    def work(provider: TracerProvider) -> None:
        tracer = provider.get_tracer("shop.orders", "0.9")
        with tracer.start_as_current_span("POST /orders", kind=SpanKind.SERVER) as root:
            with tracer.start_as_current_span(
                "insert order",
                kind=SpanKind.CLIENT,
                attributes={
                    "text": "naïve “quoted” \\ 'x' 🛒",
                    "empty": "",
                    "yes": True,
                    "no": False,
                    "zero": 0,
                    "large": 2**53 + 1,
                    "negative": -7,
                    "ratio": 0.125,
                    "texts": ["a", 'b"c'],
                    "numbers": [1, 2, 3],
                    "ratios": [0.5, 1.25],
                    "flags": [True, False],
                },
            ) as child:
                child.add_event("retry", {"attempt": 2}, timestamp=child.start_time + 5)
                child.set_status(Status(StatusCode.ERROR, "deadlock"))
            root.set_status(Status(StatusCode.OK))
        made["root"], made["child"] = root, child

    record(make_exporter(tenant, transport), work)
    root, child = made["root"], made["child"]
    rows = tenant.rows(
        "SELECT *, toString(toUnixTimestamp64Nano(Timestamp)) AS start, "
        "arrayMap(t -> toString(toUnixTimestamp64Nano(t)), `Events.Timestamp`) AS events "
        "FROM otel_traces ORDER BY Timestamp"
    )
    assert [row["SpanName"] for row in rows] == ["POST /orders", "insert order"]
    server, client = rows
    for row, span in zip(rows, (root, child), strict=True):
        assert row["TraceId"] == f"{span.context.trace_id:032x}"
        assert row["SpanId"] == f"{span.context.span_id:016x}"
        assert row["start"] == str(span.start_time)
        assert int(row["Duration"]) == span.end_time - span.start_time
        assert (row["ScopeName"], row["ScopeVersion"]) == ("shop.orders", "0.9")
        assert row["ServiceName"] == "checkout"
        assert row["ResourceAttributes"] == {
            "service.name": "checkout",
            "service.version": "1.2",
            "host.cpus": "8",
        }
    assert (server["ParentSpanId"], client["ParentSpanId"]) == ("", server["SpanId"])
    assert (server["SpanKind"], client["SpanKind"]) == ("Server", "Client")
    assert (server["StatusCode"], server["StatusMessage"]) == ("Ok", "")
    assert (client["StatusCode"], client["StatusMessage"]) == ("Error", "deadlock")
    assert client["SpanAttributes"] == {
        "text": "naïve “quoted” \\ 'x' 🛒",
        "empty": "",
        "yes": "true",
        "no": "false",
        "zero": "0",
        "large": "9007199254740993",
        "negative": "-7",
        "ratio": "0.125",
        "texts": '["a","b\\"c"]',
        "numbers": "[1,2,3]",
        "ratios": "[0.5,1.25]",
        "flags": "[true,false]",
    }
    assert client["Events.Name"] == ["retry"]
    assert client["events"] == [str(child.start_time + 5)]
    assert client["Events.Attributes"] == [{"attempt": "2"}]


def test_kinds_links_trace_state_and_exceptions(tenant: Any) -> None:
    state = TraceState([("vendor", "a1"), ("other", "b2")])
    elsewhere = SpanContext(2**127 + 3, 2**63 + 1, is_remote=True, trace_state=state)
    parent = SpanContext(5, 6, is_remote=True, trace_flags=TraceFlags(1), trace_state=state)

    def work(provider: TracerProvider) -> None:
        tracer = provider.get_tracer("kinds")
        for kind in SpanKind:
            tracer.start_span(kind.name, kind=kind).end()
        context = set_span_in_context(NonRecordingSpan(parent))
        span = tracer.start_span(
            "linked", context=context, links=[Link(elsewhere, {"why": "batch", "n": 1})]
        )
        try:
            raise ValueError("no such order")
        except ValueError as error:
            span.record_exception(error)
        span.end()

    record(make_exporter(tenant, "http"), work)
    kinds = tenant.rows(
        "SELECT SpanName, SpanKind, StatusCode FROM otel_traces WHERE ScopeName = 'kinds'"
    )
    assert {(r["SpanName"], r["SpanKind"]) for r in kinds if r["SpanName"] != "linked"} == {
        ("INTERNAL", "Internal"),
        ("SERVER", "Server"),
        ("CLIENT", "Client"),
        ("PRODUCER", "Producer"),
        ("CONSUMER", "Consumer"),
    }
    assert {row["StatusCode"] for row in kinds} == {"Unset"}
    linked = tenant.row("SELECT * FROM otel_traces WHERE SpanName = 'linked'")
    assert (linked["TraceId"], linked["ParentSpanId"]) == (f"{5:032x}", f"{6:016x}")
    assert linked["TraceState"] == "vendor=a1,other=b2"
    assert linked["Links.TraceId"] == [f"{2**127 + 3:032x}"]
    assert linked["Links.SpanId"] == [f"{2**63 + 1:016x}"]
    assert linked["Links.Attributes"] == [{"why": "batch", "n": "1"}]
    assert linked["Events.Name"] == ["exception"]
    (exception,) = linked["Events.Attributes"]
    assert exception["exception.type"] == "ValueError"
    assert exception["exception.message"] == "no such order"
    assert "Traceback" in exception["exception.stacktrace"]


@pytest.mark.parametrize("transport", ["http gzip", "grpc"])
def test_many_spans_in_many_requests(tenant: Any, transport: str) -> None:
    def work(provider: TracerProvider) -> None:
        tracer = provider.get_tracer("load")
        for index in range(1500):
            with tracer.start_as_current_span("outer", attributes={"i": index}):
                tracer.start_span("inner").end()

    record(make_exporter(tenant, transport), work)
    counts = tenant.row(
        "SELECT toUInt32(count()) AS n, toUInt32(uniqExact(TraceId)) AS traces, "
        "toUInt32(uniqExact(SpanAttributes['i'])) AS indexes, "
        "toUInt32(countIf(ParentSpanId IN (SELECT SpanId FROM otel_traces))) AS inner FROM otel_traces"
    )
    assert counts == {"n": 3000, "traces": 1500, "indexes": 1501, "inner": 1500}
