"""Request bodies for the benchmarks: the same records for every system that is compared."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

_METHODS = ("GET", "POST", "PUT", "DELETE")
_MARK = b"\xf7\xe3\xd1\xc5"
"""Begins each id of a span or trace; a body that is sent again has another four bytes for it."""
_MOMENT_BITS = 24
_MADE = time.time_ns() >> _MOMENT_BITS
_MOMENT = _MADE.to_bytes(5, "little")
_NOW = (_MADE << _MOMENT_BITS) + (1 << 22)
"""All times of records lie in one sixtieth of a second about this one, so that they begin alike."""
_WORDS = ("alpha", "beta", "gamma", "delta", "omega", "sigma", "kappa", "theta")


def moved(data: bytes) -> bytes:
    """Return a body, or the engine's columns of it, with the present for the times of its records.

    Sent again and again with the same times, every part that is stored would lie over every other,
    row by row, as no program's records do, and merging them would take several times as long.
    """
    return data.replace(_MOMENT, (time.time_ns() >> _MOMENT_BITS).to_bytes(5, "little"))


def again(body: bytes, turn: int) -> bytes:
    """Return a body with other ids and the present time, as a program would send it next."""
    return moved(body.replace(_MARK, turn.to_bytes(4)))


def _attribute(target, key, value) -> None:
    attribute = target.attributes.add()
    attribute.key = key
    if isinstance(value, bool):
        attribute.value.bool_value = value
    elif isinstance(value, int):
        attribute.value.int_value = value
    elif isinstance(value, float):
        attribute.value.double_value = value
    else:
        attribute.value.string_value = value


def _resource(resource, service: str) -> None:
    _attribute(resource, "service.name", service)
    _attribute(resource, "host.name", f"{service}-host")
    _attribute(resource, "telemetry.sdk.language", "python")


def traces(seed: int, spans: int = 1000) -> bytes:
    """Return a request of spans with 6 attributes and 1 event each, in traces of 10."""
    rng = random.Random(seed)
    request = ExportTraceServiceRequest()
    block = request.resource_spans.add()
    _resource(block.resource, f"service-{seed % 20}")
    scope = block.scope_spans.add()
    scope.scope.name = "benchmark"
    trace_id, parent = b"", b""
    for number in range(spans):
        if number % 10 == 0:
            trace_id, parent = _MARK + rng.randbytes(12), b""
        span = scope.spans.add(
            trace_id=trace_id,
            span_id=_MARK + rng.randbytes(4),
            parent_span_id=parent,
            name=f"{rng.choice(_METHODS)} /items/{number % 20}",
            kind=1 + number % 5,
            start_time_unix_nano=_NOW - number * 1000,
            end_time_unix_nano=_NOW + rng.randrange(10**7),
        )
        parent = span.span_id
        _attribute(span, "http.request.method", rng.choice(_METHODS))
        _attribute(span, "url.path", f"/items/{rng.randrange(50)}")
        _attribute(span, "user.id", f"user-{rng.randrange(100_000)}")
        _attribute(span, "http.response.status_code", rng.choice((200, 200, 200, 404, 500)))
        _attribute(span, "app.ratio", rng.random())
        _attribute(span, "app.cached", rng.random() < 0.5)
        event = span.events.add(time_unix_nano=_NOW, name="cache.lookup")
        _attribute(event, "cache.key", f"item:{number % 50}")
        span.status.code = 2 if rng.random() < 0.01 else 0
    return request.SerializeToString()


def logs(seed: int, records: int = 1000) -> bytes:
    """Return a request of log records with a sentence and 3 attributes each."""
    rng = random.Random(seed)
    request = ExportLogsServiceRequest()
    block = request.resource_logs.add()
    _resource(block.resource, f"service-{seed % 20}")
    scope = block.scope_logs.add()
    for number in range(records):
        record = scope.log_records.add(
            time_unix_nano=_NOW - number * 1000, severity_number=rng.choice((9, 9, 9, 13, 17))
        )
        record.body.string_value = (
            f"request {rng.choice(_WORDS)} for user {rng.randrange(100_000)} took "
            f"{rng.randrange(3000)} ms, order {rng.randbytes(6).hex()} {rng.choice(_WORDS)}"
        )
        _attribute(record, "http.request.method", rng.choice(_METHODS))
        _attribute(record, "user.id", f"user-{rng.randrange(100_000)}")
        _attribute(record, "code.lineno", rng.randrange(400))
    return request.SerializeToString()


def metrics(seed: int, points: int = 1000) -> bytes:
    """Return a request of gauge and counter points, 2 attributes each, over 1,000 series."""
    rng = random.Random(seed)
    request = ExportMetricsServiceRequest()
    block = request.resource_metrics.add()
    _resource(block.resource, f"service-{seed % 20}")
    scope = block.scope_metrics.add()
    for number in range(points // 100):
        metric = scope.metrics.add(name=f"app.metric_{number}", unit="1")
        if number % 2:
            metric.sum.aggregation_temporality = 2
            metric.sum.is_monotonic = True
            data = metric.sum
        else:
            data = metric.gauge
        for series in range(100):
            point = data.data_points.add(
                time_unix_nano=_NOW,
                start_time_unix_nano=_NOW - 10**10,
                as_double=rng.random() * 100,
            )
            _attribute(point, "route", f"/items/{series % 10}")
            _attribute(point, "worker", series // 10)
    return request.SerializeToString()


def large_trace(trace_id: bytes, spans: int, spans_a_request: int) -> Iterator[bytes]:
    """Yield the requests of one trace: a tree of ten services, seven children a span, 1 % errors.

    Every span lies within its parent, so that a waterfall of it looks like one of a real batch job.
    """
    rng = random.Random(spans)
    ids = [rng.randbytes(8) for _ in range(spans)]
    start = time.time_ns() - 120_000_000_000
    times = [(start, start + 60_000_000_000)]
    for number in range(1, spans):
        begin, end = times[(number - 1) // 7]
        slot = (end - begin) // 8
        first = begin + (number - 1) % 7 * slot + rng.randrange(max(slot // 4, 1))
        times.append((first, first + max(slot - rng.randrange(max(slot // 3, 1)), 1000)))
    for offset in range(0, spans, spans_a_request):
        request = ExportTraceServiceRequest()
        blocks = {}
        for number in range(offset, min(offset + spans_a_request, spans)):
            service = f"service-{number % 10}"
            if service not in blocks:
                block = request.resource_spans.add()
                _resource(block.resource, service)
                blocks[service] = block.scope_spans.add()
            span = blocks[service].spans.add(
                trace_id=trace_id,
                span_id=ids[number],
                parent_span_id=ids[(number - 1) // 7] if number else b"",
                name=f"step {number % 40}",
                kind=1 + number % 3,
                start_time_unix_nano=times[number][0],
                end_time_unix_nano=times[number][1],
            )
            _attribute(span, "step.number", number)
            span.status.code = 2 if rng.random() < 0.01 else 0
        yield request.SerializeToString()
