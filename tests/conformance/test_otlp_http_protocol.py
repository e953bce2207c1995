"""OTLP over HTTP at its edges: types, encodings, sizes, bad and odd content, the shape of answers."""

from __future__ import annotations

import gzip
import json
import time
import zlib
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import zstandard
from google.protobuf import json_format
from google.rpc.status_pb2 import Status
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric

from support.otlp_bodies import attributes, logs_body, metrics_body, resource, traces_body

if TYPE_CHECKING:
    from collections.abc import Iterator

PROTOBUF = "application/x-protobuf"
JSON = "application/json"
COUNT = "SELECT toUInt32(count()) AS n FROM otel_traces"
SIGNALS = [
    ("/v1/traces", traces_body, ExportTraceServiceRequest),
    ("/v1/logs", logs_body, ExportLogsServiceRequest),
    ("/v1/metrics", metrics_body, ExportMetricsServiceRequest),
]
EACH_SIGNAL = pytest.mark.parametrize(
    ("path", "make", "request_type"), SIGNALS, ids=["traces", "logs", "metrics"]
)


def status_of(answer: httpx.Response) -> Status:
    """Read the error body, which must be a google.rpc.Status in the request's type."""
    if answer.headers["content-type"] == JSON:
        return json_format.Parse(answer.text, Status())
    assert answer.headers["content-type"] == PROTOBUF
    return Status.FromString(answer.content)


def one_span(**fields: Any) -> ExportTraceServiceRequest:
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add(resource=resource()).scope_spans.add().spans
    now = time.time_ns()
    given = {"start_time_unix_nano": now, "end_time_unix_nano": now + 1, "name": "s", **fields}
    spans.add(**{"trace_id": b"t" * 16, "span_id": b"s" * 8, **given})
    return request


@EACH_SIGNAL
def test_success_is_an_empty_message(tenant: Any, path: str, make: Any, request_type: Any) -> None:
    answer = tenant.post(path, make("b", 3), PROTOBUF)
    assert (answer.status_code, answer.content) == (200, b"")
    assert answer.headers["content-type"] == PROTOBUF
    document = json_format.MessageToDict(request_type.FromString(make("b", 3)))
    _ids_to_hex(document)
    answer = tenant.post(path, json.dumps(document).encode(), f"{JSON}; charset=utf-8")
    assert (answer.status_code, answer.json()) == (200, {})
    assert answer.headers["content-type"] == JSON


@EACH_SIGNAL
def test_empty_bodies(tenant: Any, path: str, make: Any, request_type: Any) -> None:
    assert tenant.post(path, b"", PROTOBUF).status_code == 200
    assert tenant.post(path, b"{}", JSON).status_code == 200
    assert tenant.post(
        path, gzip.compress(b""), PROTOBUF, **{"content-encoding": "gzip"}
    ).is_success
    refused = tenant.post(path, b"", JSON)
    assert refused.status_code == 400
    assert status_of(refused).code == 3


@pytest.mark.parametrize("content_type", ["text/plain", "application/xml", "", "application/grpc"])
def test_other_content_types_are_415(tenant: Any, content_type: str) -> None:
    answer = tenant.post("/v1/traces", traces_body("b", 1), content_type)
    assert answer.status_code == 415
    assert "Content-Type" in status_of(answer).message
    assert tenant.row(COUNT) == {"n": 0}


@pytest.mark.parametrize("encoding", ["br", "snappy", "gzip, gzip", "nonsense"])
def test_other_content_encodings_are_415(tenant: Any, encoding: str) -> None:
    answer = tenant.post(
        "/v1/traces", traces_body("b", 1), PROTOBUF, **{"content-encoding": encoding}
    )
    assert answer.status_code == 415
    assert "Content-Encoding" in status_of(answer).message


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("identity", bytes),
        ("gzip", gzip.compress),
        ("x-gzip", gzip.compress),
        ("GZIP", gzip.compress),
        ("deflate", zlib.compress),
        ("zstd", zstandard.compress),
        ("gzip", lambda raw: gzip.compress(raw[:100]) + gzip.compress(raw[100:])),
        ("zstd", lambda raw: zstandard.compress(raw[:100]) + zstandard.compress(raw[100:])),
    ],
    ids=["identity", "gzip", "x-gzip", "upper", "deflate", "zstd", "gzip members", "zstd frames"],
)
def test_each_encoding_is_read(tenant: Any, encoding: str, pack: Any) -> None:
    body = pack(traces_body("b", 20))
    assert tenant.post("/v1/traces", body, PROTOBUF, **{"content-encoding": encoding}).is_success
    assert tenant.row(COUNT) == {"n": 20}


@pytest.mark.parametrize(
    ("encoding", "pack"), [("gzip", gzip.compress), ("zstd", zstandard.compress)]
)
@pytest.mark.parametrize("damage", ["truncated", "not packed", "garbage behind"])
def test_damaged_packing_is_400(tenant: Any, encoding: str, pack: Any, damage: str) -> None:
    raw = traces_body("b", 50)
    body = {
        "truncated": pack(raw)[:-9],
        "not packed": raw,
        "garbage behind": pack(raw) + b"garbage",
    }[damage]
    answer = tenant.post("/v1/traces", body, PROTOBUF, **{"content-encoding": encoding})
    assert answer.status_code == 400
    assert encoding in status_of(answer).message
    assert tenant.row(COUNT) == {"n": 0}


@pytest.mark.parametrize(
    ("encoding", "pack"), [("gzip", gzip.compress), ("zstd", zstandard.compress)]
)
def test_a_bomb_is_413(tenant: Any, encoding: str, pack: Any) -> None:
    before = tenant.server.resident_bytes()
    bomb = pack(bytes(512 << 20))
    assert len(bomb) < 1 << 20
    answer = tenant.post("/v1/logs", bomb, PROTOBUF, **{"content-encoding": encoding})
    assert answer.status_code == 413
    assert "unpacked" in status_of(answer).message
    assert tenant.server.resident_bytes() - before < 256 << 20


def test_a_large_body_is_413_by_its_length(tenant: Any) -> None:
    answer = tenant.post("/v1/logs", bytes((4 << 20) + 1), PROTOBUF)
    assert answer.status_code == 413
    assert "4194304" in status_of(answer).message


def test_a_large_body_is_413_in_chunks(tenant: Any) -> None:
    def chunks() -> Iterator[bytes]:
        for _ in range(70):
            yield bytes(64 << 10)

    answer = httpx.post(
        f"{tenant.server.otlp}/v1/logs",
        content=chunks(),
        headers={**tenant.headers, "content-type": PROTOBUF},
        timeout=60,
    )
    assert answer.status_code == 413


def test_chunks_are_read(tenant: Any) -> None:
    body = traces_body("b", 40)
    answer = httpx.post(
        f"{tenant.server.otlp}/v1/traces",
        content=iter([body[:10], body[10:500], body[500:]]),
        headers={**tenant.headers, "content-type": PROTOBUF},
        timeout=60,
    )
    assert answer.status_code == 200
    assert tenant.row(COUNT) == {"n": 40}


@EACH_SIGNAL
@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"\xff\xff\xff\xff", PROTOBUF),
        (b'{"resourceSpans": []}', PROTOBUF),
        (b"{", JSON),
        (b"[]", JSON),
        (b"null", JSON),
        (b"\xff", JSON),
        (b'{"resourceSpans": 5, "resourceLogs": 5, "resourceMetrics": 5}', JSON),
        (b'{"resourceSpans": [5], "resourceLogs": [5], "resourceMetrics": [5]}', JSON),
        (b'{"resourceSpans":' + b"[" * 5000, JSON),
    ],
)
def test_bodies_that_do_not_decode_are_400(
    tenant: Any, path: str, make: Any, request_type: Any, body: bytes, content_type: str
) -> None:
    answer = tenant.post(path, body, content_type)
    assert answer.status_code == 400, answer.text
    status = status_of(answer)
    assert status.code == 3
    assert status.message


def test_a_truncated_body_is_400_and_kept_as_rejected(tenant: Any) -> None:
    answer = tenant.post("/v1/traces", traces_body("b", 5)[:-20], PROTOBUF)
    assert answer.status_code == 400
    assert tenant.row(COUNT) == {"n": 0}
    until = time.monotonic() + 15
    while not (rejected := tenant.rejected()):
        assert time.monotonic() < until
        time.sleep(0.2)
    assert [(r["signal"], r["count"]) for r in rejected] == [("traces", 1)]
    assert "does not decode" in rejected[0]["reason"]


def _times(far: int) -> list[int]:
    now = time.time_ns()
    return [now, now + far, now - 1]


DAY = 86_400 * 10**9


@pytest.mark.parametrize(
    ("far", "word"), [(-100 * DAY, "past"), (3 * DAY, "future")], ids=["past", "future"]
)
@pytest.mark.parametrize("content_type", [PROTOBUF, JSON])
def test_partial_success(tenant: Any, far: int, word: str, content_type: str) -> None:
    request = ExportTraceServiceRequest()
    spans = request.resource_spans.add(resource=resource()).scope_spans.add().spans
    for index, at in enumerate(_times(far)):
        spans.add(
            trace_id=b"t" * 16,
            span_id=bytes([index + 1] * 8),
            name=f"s{index}",
            start_time_unix_nano=at,
            end_time_unix_nano=at + 5,
        )
    answer = tenant.post("/v1/traces", *_encoded(request, content_type))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == content_type
    if content_type == JSON:
        partial = answer.json()["partialSuccess"]
        assert partial["rejectedSpans"] == "1"  # 64-bit integers are strings in protobuf's JSON
        assert word in partial["errorMessage"]
    else:
        response = ExportTraceServiceResponse.FromString(answer.content)
        assert response.partial_success.rejected_spans == 1
        assert word in response.partial_success.error_message
    assert [row["SpanName"] for row in tenant.rows("SELECT SpanName FROM otel_traces")] != ["s1"]
    assert tenant.row(COUNT) == {"n": 2}
    (rejected,) = tenant.rejected()
    assert (rejected["signal"], rejected["count"]) == ("traces", 1)
    assert word in rejected["reason"]
    assert "s1" in rejected["sample"]


def test_partial_success_of_logs_and_metrics(tenant: Any) -> None:
    old = time.time_ns() - 200 * DAY
    logs = ExportLogsServiceRequest()
    records = logs.resource_logs.add().scope_logs.add().log_records
    records.add(time_unix_nano=old, body=AnyValue(string_value="old"))
    records.add(body=AnyValue(string_value="no time: now"))
    answer = tenant.post("/v1/logs", logs.SerializeToString(), PROTOBUF)
    assert (
        ExportLogsServiceResponse.FromString(answer.content).partial_success.rejected_log_records
        == 1
    )
    metrics = ExportMetricsServiceRequest()
    gauge = metrics.resource_metrics.add().scope_metrics.add().metrics.add(name="g").gauge
    gauge.data_points.add(time_unix_nano=old, as_double=1)
    gauge.data_points.add(time_unix_nano=time.time_ns(), as_double=float("nan"))
    gauge.data_points.add(time_unix_nano=time.time_ns(), as_double=float("inf"))
    gauge.data_points.add(time_unix_nano=time.time_ns(), as_int=7)
    answer = tenant.post("/v1/metrics", metrics.SerializeToString(), PROTOBUF)
    partial = ExportMetricsServiceResponse.FromString(answer.content).partial_success
    assert partial.rejected_data_points == 3
    assert "past" in partial.error_message
    assert "NaN" in partial.error_message
    assert [row["Body"] for row in tenant.rows("SELECT Body FROM otel_logs")] == ["no time: now"]
    assert [row["Value"] for row in tenant.rows("SELECT Value FROM otel_metrics_gauge")] == [7]
    assert sorted(r["count"] for r in tenant.rejected()) == [1, 1, 2]


def test_a_metric_of_two_kinds_is_rejected(tenant: Any) -> None:
    # No encoder makes one: the bytes of two metrics, one after the other, in the field of one.
    gauge, total = Metric(name="both"), Metric()
    gauge.gauge.data_points.add(time_unix_nano=time.time_ns(), as_int=1)
    total.sum.aggregation_temporality = 2
    for _ in range(2):
        total.sum.data_points.add(time_unix_nano=time.time_ns(), as_int=2)
    good = Metric(name="good")
    good.histogram.aggregation_temporality = 1
    good.histogram.data_points.add(time_unix_nano=time.time_ns(), count=2, sum=3)
    body = b"".join(
        b"\x12" + bytes([len(metric)]) + metric
        for metric in (
            gauge.SerializeToString() + total.SerializeToString(),
            good.SerializeToString(),
        )
    )
    for field in (b"\x12", b"\x0a"):
        body = field + varint(len(body)) + body
    answer = tenant.post("/v1/metrics", body, PROTOBUF)
    partial = ExportMetricsServiceResponse.FromString(answer.content).partial_success
    assert partial.rejected_data_points == 3
    assert "more than one kind" in partial.error_message
    stored = tenant.rows("SELECT MetricName, Count, Sum FROM otel_metrics_histogram")
    assert stored == [{"MetricName": "good", "Count": 2, "Sum": 3}]


def varint(number: int) -> bytes:
    """Return a length as protobuf writes it."""
    head = b""
    while number > 127:
        head += bytes([number & 127 | 128])
        number >>= 7
    return head + bytes([number])


@pytest.mark.parametrize(
    "ids",
    [
        {"trace_id": b""},
        {"trace_id": b"short"},
        {"trace_id": bytes(16)},
        {"span_id": b""},
        {"span_id": bytes(8)},
        {"span_id": b"s" * 9},
        {"parent_span_id": b"p"},
    ],
    ids=str,
)
def test_spans_with_bad_ids_are_rejected(tenant: Any, ids: dict[str, bytes]) -> None:
    answer = tenant.post("/v1/traces", one_span(**ids).SerializeToString(), PROTOBUF)
    assert answer.status_code == 200
    partial = ExportTraceServiceResponse.FromString(answer.content).partial_success
    assert partial.rejected_spans == 1
    assert next(iter(ids)) in partial.error_message
    assert tenant.row(COUNT) == {"n": 0}


NAMES = [
    "it's",
    'say "hi"',
    "back\\slash \\' \\n",
    "tab\tnew\nline",
    "nul\0byte",
    "🦊 émoji ‮",
    "'; DROP TABLE otel_traces; --",
    "{x:String} ?",
    "n" * 10_000,
]


@pytest.mark.parametrize("content_type", [PROTOBUF, JSON])
def test_odd_names_and_values_come_back_unchanged(tenant: Any, content_type: str) -> None:
    request = ExportTraceServiceRequest()
    for index, name in enumerate(NAMES):
        group = request.resource_spans.add()
        group.resource.attributes.extend(attributes(**{"service.name": name, name: name}))
        scope = group.scope_spans.add()
        scope.scope.name = name
        now = time.time_ns()
        scope.spans.add(
            trace_id=b"t" * 16,
            span_id=bytes([index + 1] * 8),
            name=name,
            start_time_unix_nano=now + index,
            end_time_unix_nano=now + 9,
            attributes=attributes(**{name: name}),
        )
    answer = tenant.post("/v1/traces", *_encoded(request, content_type))
    assert (answer.status_code, answer.content) in ((200, b""), (200, b"{}"))
    rows = tenant.rows(
        "SELECT SpanName, ServiceName, ScopeName, SpanAttributes, ResourceAttributes "
        "FROM otel_traces ORDER BY Timestamp"
    )
    assert len(rows) == len(NAMES)
    for name, row in zip(NAMES, rows, strict=True):
        assert (row["SpanName"], row["ServiceName"], row["ScopeName"]) == (name, name, name)
        assert row["SpanAttributes"] == {name: name}
        assert row["ResourceAttributes"] == {"service.name": name, name: name}


def test_a_megabyte_of_attributes(tenant: Any) -> None:
    large = "x" * (1 << 20)
    many = {f"key.{index}": str(index) for index in range(2000)}
    request = one_span(attributes=attributes(large=large, **many))
    assert tenant.post("/v1/traces", request.SerializeToString(), PROTOBUF).status_code == 200
    row = tenant.row(
        "SELECT length(SpanAttributes['large']) AS large, length(SpanAttributes) AS n, "
        "SpanAttributes['key.1999'] AS last FROM otel_traces"
    )
    assert {key: str(value) for key, value in row.items()} == {
        "large": str(1 << 20),
        "n": "2001",
        "last": "1999",
    }


def test_links_with_trace_state(tenant: Any) -> None:
    request = one_span(trace_state="a=1")
    span = request.resource_spans[0].scope_spans[0].spans[0]
    span.links.add(trace_id=b"l" * 16, span_id=b"k" * 8, trace_state="b=2")
    assert tenant.post("/v1/traces", request.SerializeToString(), PROTOBUF).status_code == 200
    row = tenant.row("SELECT TraceState, `Links.TraceState` AS l FROM otel_traces")
    assert row == {"TraceState": "a=1", "l": ["b=2"]}


def test_json_as_the_specification_has_it(tenant: Any) -> None:
    """Unknown fields are ignored, enumerations are integers, 64-bit integers text or numbers."""
    now = time.time_ns()
    span = {
        "traceId": "5B8EFFF798038103D269B633813FC60C",
        "spanId": "eee19b7ec3c1b174",
        "parentSpanId": "eee19b7ec3c1b173",
        "name": "json",
        "kind": 2,
        "startTimeUnixNano": str(now),
        "endTimeUnixNano": now + 10,
        "status": {"code": 2, "message": "no"},
        "attributes": [
            {"key": "i", "value": {"intValue": "9007199254740993"}},
            {"key": "d", "value": {"doubleValue": 0.5}},
            {"key": "b", "value": {"boolValue": False}},
            {"key": "a", "value": {"arrayValue": {"values": [{"stringValue": "x"}]}}},
            {"key": "raw", "value": {"bytesValue": "AP8="}},
        ],
        "links": [{"traceId": "5b8efff798038103d269b633813fc60d", "spanId": "eee19b7ec3c1b175"}],
        "newField": {"of": ["a later version"]},
    }
    body = {
        "resourceSpans": [
            {"resource": {"newer": 1}, "scopeSpans": [{"scope": {"name": "j"}, "spans": [span]}]}
        ],
        "alsoNew": True,
    }
    answer = tenant.post("/v1/traces", json.dumps(body).encode(), JSON)
    assert (answer.status_code, answer.json()) == (200, {})
    row = tenant.row("SELECT * FROM otel_traces")
    assert row["TraceId"] == "5b8efff798038103d269b633813fc60c"
    assert (row["SpanId"], row["ParentSpanId"]) == ("eee19b7ec3c1b174", "eee19b7ec3c1b173")
    assert (row["SpanKind"], row["StatusCode"], row["StatusMessage"]) == ("Server", "Error", "no")
    assert int(row["Duration"]) == 10
    assert row["SpanAttributes"] == {
        "i": "9007199254740993",
        "d": "0.5",
        "b": "false",
        "a": '["x"]',
        "raw": "AP8=",
    }
    assert row["Links.TraceId"] == ["5b8efff798038103d269b633813fc60d"]
    assert row["Links.SpanId"] == ["eee19b7ec3c1b175"]


def test_unknown_protobuf_fields_are_ignored(tenant: Any) -> None:
    known = one_span().SerializeToString()
    unknown = known + b"\xaa\x06\x03new" + b"\xb0\x06\x05"  # fields 101 (text) and 102 (integer)
    assert tenant.post("/v1/traces", unknown, PROTOBUF).status_code == 200
    assert tenant.row(COUNT) == {"n": 1}


@pytest.mark.parametrize(
    "headers",
    [
        {"vedette-batch-id": "1"},
        {"vedette-batch-id": "z" * 16},
        {"vedette-batch-id": "0" * 15 + "1", "vedette-attempt": "0"},
        {"vedette-batch-id": "0" * 15 + "1", "vedette-attempt": "x"},
    ],
    ids=str,
)
def test_bad_batch_headers_are_400(tenant: Any, headers: dict[str, str]) -> None:
    answer = tenant.post("/v1/traces", traces_body("b", 1), PROTOBUF, **headers)
    assert answer.status_code == 400
    assert tenant.row(COUNT) == {"n": 0}


def test_a_batch_sent_twice_is_stored_once(tenant: Any) -> None:
    body = traces_body("b", 5)
    for attempt in (1, 2, 3):
        headers = {"vedette-batch-id": "00000000000000ab", "vedette-attempt": str(attempt)}
        assert tenant.post("/v1/traces", body, PROTOBUF, **headers).status_code == 200
    assert tenant.row(COUNT) == {"n": 5}


def test_other_methods_and_paths(tenant: Any) -> None:
    for base in (tenant.server.otlp, tenant.server.url):
        assert httpx.get(f"{base}/v1/traces", headers=tenant.headers).status_code == 405
    answer = httpx.post(f"{tenant.server.otlp}/v1/nothing", headers=tenant.headers)
    assert answer.status_code == 404
    assert "/v1/traces" in answer.text


def _encoded(request: Any, content_type: str) -> tuple[bytes, str]:
    if content_type == PROTOBUF:
        return request.SerializeToString(), PROTOBUF
    document = json_format.MessageToDict(request)
    _ids_to_hex(document)
    return json.dumps(document).encode(), JSON


def _ids_to_hex(node: Any) -> None:
    import base64

    if isinstance(node, list):
        for item in node:
            _ids_to_hex(item)
    elif isinstance(node, dict):
        for key, value in node.items():
            if key in {"traceId", "spanId", "parentSpanId"}:
                node[key] = base64.b64decode(value).hex()
            else:
                _ids_to_hex(value)
