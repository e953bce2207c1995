"""OTLP over gRPC at its edges."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2_grpc import LogsServiceStub
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2_grpc import MetricsServiceStub
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2_grpc import TraceServiceStub

from support.otlp_bodies import logs_body, metrics_body, resource, traces_body

if TYPE_CHECKING:
    from collections.abc import Iterator

EXPORT = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
DAY_NS = 86_400 * 10**9
COUNT = "SELECT toUInt32(count()) AS n FROM otel_traces"


@pytest.fixture
def channel(tenant: Any) -> Iterator[grpc.Channel]:
    options = [("grpc.max_send_message_length", -1)]
    with grpc.insecure_channel(tenant.server.grpc, options=options) as opened:
        yield opened


def metadata(tenant: Any) -> tuple[tuple[str, str], ...]:
    return tuple(tenant.headers.items())


def failure(channel: grpc.Channel, tenant: Any, method: str, body: bytes) -> grpc.RpcError:
    with pytest.raises(grpc.RpcError) as caught:
        channel.unary_unary(method)(body, metadata=metadata(tenant), timeout=60)
    return caught.value


def test_the_three_services_with_generated_stubs(channel: grpc.Channel, tenant: Any) -> None:
    from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
        ExportMetricsServiceRequest,
    )

    for stub, request in (
        (TraceServiceStub, ExportTraceServiceRequest.FromString(traces_body("b", 3))),
        (LogsServiceStub, ExportLogsServiceRequest.FromString(logs_body("b", 4))),
        (MetricsServiceStub, ExportMetricsServiceRequest.FromString(metrics_body("b", 6))),
    ):
        response = stub(channel).Export(request, metadata=metadata(tenant), timeout=60)
        assert not response.HasField("partial_success")
    counts = [
        tenant.row(f"SELECT toUInt32(count()) AS n FROM {table}")["n"]
        for table in (
            "otel_traces",
            "otel_logs",
            "otel_metrics_gauge",
            "otel_metrics_sum",
            "otel_metrics_histogram",
        )
    ]
    assert counts == [3, 4, 2, 2, 2]


def test_partial_success(channel: grpc.Channel, tenant: Any) -> None:
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add(resource=resource()).scope_spans.add().spans
    now = time.time_ns()
    for index, at in enumerate((now, now - 400 * DAY_NS, now + 30 * DAY_NS)):
        spans.add(
            trace_id=b"t" * 16,
            span_id=bytes([index + 1] * 8),
            name=f"s{index}",
            start_time_unix_nano=at,
            end_time_unix_nano=at,
        )
    stub = TraceServiceStub(channel)
    partial = stub.Export(request, metadata=metadata(tenant), timeout=60).partial_success
    assert partial.rejected_spans == 2
    assert "past" in partial.error_message
    assert "future" in partial.error_message
    assert tenant.row(COUNT) == {"n": 1}


def test_a_body_that_does_not_decode(channel: grpc.Channel, tenant: Any) -> None:
    error = failure(channel, tenant, EXPORT, b"\xff\xff\xff")
    assert error.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "does not decode" in error.details()


def test_an_unknown_method(channel: grpc.Channel, tenant: Any) -> None:
    error = failure(channel, tenant, EXPORT.replace("Export", "Import"), b"")
    assert error.code() is grpc.StatusCode.UNIMPLEMENTED


def test_a_large_message_is_refused_for_good(channel: grpc.Channel, tenant: Any) -> None:
    error = failure(channel, tenant, EXPORT, bytes(65 << 20))
    # RESOURCE_EXHAUSTED without RetryInfo: exporters drop it instead of sending it for ever.
    assert error.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert not [key for key, _ in error.trailing_metadata() if key == "grpc-status-details-bin"]


def test_an_empty_request(channel: grpc.Channel, tenant: Any) -> None:
    answer = channel.unary_unary(EXPORT)(b"", metadata=metadata(tenant), timeout=60)
    assert answer == b""
