"""Spans of MLflow's traces: their heads from what came over OTLP, and spans as OTLP's JSON."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import orjson
from google.protobuf.message import DecodeError
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from vedette.core.errors import InvalidInputError
from vedette.models.traces.heads import OPEN, RUN_KEY, TraceHead
from vedette.store.warehouse import QueryLimits
from vedette.telemetry.traces.extent import extents

if TYPE_CHECKING:
    from vedette.query import QueryRunner

ID_PREFIX = "tr-"
MAX_SPANS = 50_000
_ERROR = 2
_NS_PER_MS = 1_000_000
_PREVIEW = 1000
_JSON_STARTS = frozenset("-0123456789tfn[{")
_STATUS = {"Unset": "STATUS_CODE_UNSET", "Ok": "STATUS_CODE_OK", "Error": "STATUS_CODE_ERROR"}
# As telemetry reads a trace: by its extent, one of each span however often it was sent.
_SPANS = f"""
WITH (
    SELECT (toDateTime64(min(Start), 9, 'UTC'), toDateTime64(max(End) + 1, 9, 'UTC'))
    FROM {extents("TraceId IN {ids:Array(String)}")}
) AS extent
SELECT
    TraceId AS trace_id, SpanId AS span_id, ParentSpanId AS parent_id, SpanName AS name,
    SpanKind AS kind, toUnixTimestamp64Nano(Timestamp) AS start_ns,
    toUnixTimestamp64Nano(Timestamp) + Duration AS end_ns, StatusCode AS status,
    StatusMessage AS message, SpanAttributes AS attributes,
    arrayMap(t -> toUnixTimestamp64Nano(t), Events.Timestamp) AS event_ns,
    Events.Name AS event_names, Events.Attributes AS event_attributes
FROM @otel_traces
WHERE TraceId IN {{ids:Array(String)}} AND Timestamp >= extent.1 AND Timestamp < extent.2
ORDER BY TraceId, Timestamp, SpanId
LIMIT 1 BY TraceId, SpanId
LIMIT {{limit:UInt32}}
"""


def heads_of_spans(body: bytes, experiment_id: str, run_id: str = "") -> list[TraceHead]:
    """Return the heads of the traces in an OTLP request.

    Only requests that name an experiment come here: applications whose traces MLflow shows. The
    state and the previews are those of the root span; without it the trace is still open.
    """
    try:
        request = ExportTraceServiceRequest.FromString(body)
    except DecodeError as error:
        raise InvalidInputError("the body is not an OTLP request", field="body") from error
    spans: dict[str, list[Any]] = {}
    for resource in request.resource_spans:
        for scope in resource.scope_spans:
            for span in scope.spans:
                spans.setdefault(span.trace_id.hex(), []).append(span)
    metadata = {"mlflow.trace_schema.version": "3", **({RUN_KEY: run_id} if run_id else {})}
    return [_head(trace_id, group, experiment_id, metadata) for trace_id, group in spans.items()]


def _head(
    trace_id: str, spans: Sequence[Any], experiment_id: str, metadata: dict[str, str]
) -> TraceHead:
    root = next((span for span in spans if not span.parent_span_id), None)
    first = min(span.start_time_unix_nano for span in spans)
    last = max(span.end_time_unix_nano for span in spans)
    attributes = {item.key: item.value.string_value for item in root.attributes} if root else {}
    state = OPEN if root is None else "ERROR" if root.status.code == _ERROR else "OK"
    return TraceHead(
        id=ID_PREFIX + trace_id,
        experiment_id=experiment_id,
        request_ms=first // _NS_PER_MS,
        duration_ms=None if root is None else (last - first) // _NS_PER_MS,
        state=state,
        request_preview=attributes.get("mlflow.spanInputs", "")[:_PREVIEW] or None,
        response_preview=attributes.get("mlflow.spanOutputs", "")[:_PREVIEW] or None,
        metadata=metadata,
        tags={"mlflow.traceName": root.name} if root else {},
    )


def spans_of(
    runner: QueryRunner, account: str, trace_ids: Sequence[str]
) -> dict[str, list[dict[str, Any]]]:
    """Return spans by the id of their trace, as protobuf writes OTLP's ``Span`` in JSON."""
    ids = [trace_id.removeprefix(ID_PREFIX) for trace_id in trace_ids]
    if not ids:
        return {}
    limits = QueryLimits(MAX_SPANS, 30.0, 1 << 30)
    found = runner.run(account, _SPANS, {"ids": ids, "limit": MAX_SPANS}, limits=limits)
    spans: dict[str, list[dict[str, Any]]] = {}
    for row in found.records():
        spans.setdefault(ID_PREFIX + row["trace_id"], []).append(_span(row))
    return spans


def _span(row: dict[str, Any]) -> dict[str, Any]:
    span = {
        "trace_id": _bytes(row["trace_id"]),
        "span_id": _bytes(row["span_id"]),
        "name": row["name"],
        "kind": f"SPAN_KIND_{row['kind'].upper()}" if row["kind"] else "SPAN_KIND_UNSPECIFIED",
        "start_time_unix_nano": row["start_ns"],
        "end_time_unix_nano": row["end_ns"],
        "attributes": _attributes(row["attributes"]),
        "status": {
            "code": _STATUS.get(row["status"], "STATUS_CODE_UNSET"),
            "message": row["message"],
        },
        "events": [
            {"time_unix_nano": ns, "name": name, "attributes": _attributes(attributes)}
            for ns, name, attributes in zip(
                row["event_ns"], row["event_names"], row["event_attributes"], strict=True
            )
        ],
    }
    if row["parent_id"]:
        span["parent_span_id"] = _bytes(row["parent_id"])
    return span


def _bytes(digits: str) -> str:
    return base64.b64encode(bytes.fromhex(digits)).decode()


def _attributes(values: dict[str, str]) -> list[dict[str, Any]]:
    """Return attributes with their types, which the warehouse keeps as texts.

    What reads as JSON is what JSON says, so a text that looks like a number comes back as one.
    """
    return [{"key": key, "value": _any(_parsed(value))} for key, value in values.items()]


def _parsed(text: str) -> Any:  # noqa: ANN401 - JSON
    if text[:1] in _JSON_STARTS:
        try:
            return orjson.loads(text)
        except orjson.JSONDecodeError:
            return text
    return text


def _any(value: Any) -> dict[str, Any]:  # noqa: ANN401 - JSON
    """Return OTLP's ``AnyValue`` in protobuf's JSON."""
    if isinstance(value, bool):
        return {"bool_value": value}
    if isinstance(value, int) and -(2**63) <= value < 2**63:
        return {"int_value": str(value)}
    if isinstance(value, int | float):
        return {"double_value": float(value)}
    if isinstance(value, list):
        return {"array_value": {"values": [_any(item) for item in value]}}
    if isinstance(value, dict):
        members = [{"key": key, "value": _any(item)} for key, item in value.items()]
        return {"kvlist_value": {"values": members}}
    return {"string_value": value} if isinstance(value, str) else {}
