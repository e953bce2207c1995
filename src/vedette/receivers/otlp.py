"""What OTLP over HTTP and over gRPC share: the signals, their messages and the status codes."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import grpc
import orjson
from google.protobuf import json_format
from google.protobuf.message import Message
from opentelemetry.proto.collector.logs.v1 import logs_service_pb2 as logs
from opentelemetry.proto.collector.metrics.v1 import metrics_service_pb2 as metrics
from opentelemetry.proto.collector.trace.v1 import trace_service_pb2 as traces

from vedette.core.errors import InvalidInputError
from vedette.ingest import Source

GRPC_CODES: Mapping[int, grpc.StatusCode] = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    413: grpc.StatusCode.INVALID_ARGUMENT,
    415: grpc.StatusCode.INVALID_ARGUMENT,
    422: grpc.StatusCode.INVALID_ARGUMENT,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    500: grpc.StatusCode.INTERNAL,
    503: grpc.StatusCode.UNAVAILABLE,
}
"""The gRPC status of each of our HTTP statuses."""

_ID_FIELDS = ("traceId", "spanId", "parentSpanId", "trace_id", "span_id", "parent_span_id")


@dataclass(frozen=True, slots=True)
class OtlpSignal:
    """One OTLP service.

    Attributes:
        source: what ingest calls it.
        method: full name of its gRPC method.
        request: its request message.
        partial_success: makes its response message from reasons and counts.
        identified: yields the JSON objects of a request that hold trace and span ids.

    """

    source: Source
    method: str
    request: type[Message]
    partial_success: Callable[[Mapping[str, int]], Message]
    identified: Callable[[dict[str, Any]], Iterator[dict[str, Any]]]

    def protobuf_from_json(self, body: bytes) -> bytes:
        """Turn OTLP JSON into protobuf.

        OTLP's JSON is protobuf's, but for ids, which are hexadecimal instead of base64.
        """
        try:
            document = orjson.loads(body)
            if not isinstance(document, dict):
                raise InvalidInputError(
                    "the body is not a JSON object", field="body", remedy="send one OTLP request"
                )
            for record in self.identified(document):
                _ids_to_base64(record)
            message = json_format.ParseDict(document, self.request(), ignore_unknown_fields=True)
        except (ValueError, TypeError, AttributeError, json_format.Error, RecursionError) as error:
            raise InvalidInputError(
                f"the body is not OTLP JSON: {str(error)[:200]}",
                field="body",
                remedy="send the JSON form of the OTLP request, with ids in hexadecimal",
            ) from error
        encoded: bytes = message.SerializeToString()
        return encoded


def _ids_to_base64(record: dict[str, Any]) -> None:
    for field in _ID_FIELDS:
        value = record.get(field)
        if isinstance(value, str) and value:
            record[field] = base64.b64encode(bytes.fromhex(value)).decode()


def _items(container: Any, *path: str) -> Iterator[Any]:  # noqa: ANN401 - JSON of any shape
    """Yield the objects down a path of arrays, in either spelling of each name."""
    if not path:
        yield container
        return
    head, *rest = path
    for item in container.get(head) or container.get(_snake(head)) or ():
        yield from _items(item, *rest)


def _snake(name: str) -> str:
    return "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)


def _spans(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for span in _items(document, "resourceSpans", "scopeSpans", "spans"):
        yield span
        yield from _items(span, "links")


def _log_records(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield from _items(document, "resourceLogs", "scopeLogs", "logRecords")


def _exemplars(document: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for metric in _items(document, "resourceMetrics", "scopeMetrics", "metrics"):
        for kind in ("gauge", "sum", "histogram", "exponentialHistogram", "exponential_histogram"):
            data = metric.get(kind)
            if isinstance(data, dict):
                yield from _items(data, "dataPoints", "exemplars")


def _explained(rejected: Mapping[str, int]) -> str:
    return "; ".join(f"{reason} ({count})" for reason, count in sorted(rejected.items()))


def _traces_partial(rejected: Mapping[str, int]) -> Message:
    partial = traces.ExportTracePartialSuccess(
        rejected_spans=sum(rejected.values()), error_message=_explained(rejected)
    )
    return traces.ExportTraceServiceResponse(partial_success=partial)


def _logs_partial(rejected: Mapping[str, int]) -> Message:
    partial = logs.ExportLogsPartialSuccess(
        rejected_log_records=sum(rejected.values()), error_message=_explained(rejected)
    )
    return logs.ExportLogsServiceResponse(partial_success=partial)


def _metrics_partial(rejected: Mapping[str, int]) -> Message:
    partial = metrics.ExportMetricsPartialSuccess(
        rejected_data_points=sum(rejected.values()), error_message=_explained(rejected)
    )
    return metrics.ExportMetricsServiceResponse(partial_success=partial)


_COLLECTOR = "/opentelemetry.proto.collector"
SIGNALS: Mapping[Source, OtlpSignal] = {
    signal.source: signal
    for signal in (
        OtlpSignal(
            Source.OTLP_TRACES,
            f"{_COLLECTOR}.trace.v1.TraceService/Export",
            traces.ExportTraceServiceRequest,
            _traces_partial,
            _spans,
        ),
        OtlpSignal(
            Source.OTLP_LOGS,
            f"{_COLLECTOR}.logs.v1.LogsService/Export",
            logs.ExportLogsServiceRequest,
            _logs_partial,
            _log_records,
        ),
        OtlpSignal(
            Source.OTLP_METRICS,
            f"{_COLLECTOR}.metrics.v1.MetricsService/Export",
            metrics.ExportMetricsServiceRequest,
            _metrics_partial,
            _exemplars,
        ),
    )
}
"""The three services."""
