"""OTLP requests made with the protobuf library: many records that say which batch they are of."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality
from opentelemetry.proto.resource.v1.resource_pb2 import Resource

DAY_NS = 86_400 * 10**9
CUMULATIVE = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE


def attributes(**values: str | int) -> list[KeyValue]:
    """Return attributes; strings and integers."""
    return [
        KeyValue(
            key=key,
            value=AnyValue(string_value=value)
            if isinstance(value, str)
            else AnyValue(int_value=value),
        )
        for key, value in values.items()
    ]


def resource(service: str = "load") -> Resource:
    """Return a resource with a service name."""
    return Resource(attributes=attributes(**{"service.name": service}))


def traces_body(batch: str, count: int, *, days: int = 1, seed: int = 0) -> bytes:
    """Return ``count`` spans with the attributes ``batch`` and ``index``, spread over ``days``."""
    draw = random.Random(f"{seed} {batch}")
    request = ExportTraceServiceRequest()
    group = request.resource_spans.add(resource=resource())
    spans = group.scope_spans.add().spans
    for index, at in enumerate(_times(count, days)):
        spans.add(
            trace_id=draw.randbytes(16),
            span_id=draw.randbytes(8),
            name=f"operation {index % 5}",
            kind=2,
            start_time_unix_nano=at,
            end_time_unix_nano=at + draw.randrange(10**6, 10**9),
            attributes=attributes(batch=batch, index=index),
        )
    return request.SerializeToString()


def logs_body(batch: str, count: int, *, days: int = 1) -> bytes:
    """Return ``count`` log records with the attributes ``batch`` and ``index``."""
    request = ExportLogsServiceRequest()
    group = request.resource_logs.add(resource=resource())
    records = group.scope_logs.add().log_records
    for index, at in enumerate(_times(count, days)):
        records.add(
            time_unix_nano=at,
            severity_number=9,
            body=AnyValue(string_value=f"line {index} of {batch}"),
            attributes=attributes(batch=batch, index=index),
        )
    return request.SerializeToString()


def metrics_body(batch: str, count: int, *, days: int = 1) -> bytes:
    """Return ``count`` points of a gauge, a counter and a histogram in turn."""
    request = ExportMetricsServiceRequest()
    group = request.resource_metrics.add(resource=resource())
    metrics = group.scope_metrics.add().metrics
    gauge = metrics.add(name="load.gauge")
    counter = metrics.add(name="load.counter")
    counter.sum.aggregation_temporality = CUMULATIVE
    counter.sum.is_monotonic = True
    histogram = metrics.add(name="load.histogram")
    histogram.histogram.aggregation_temporality = CUMULATIVE
    for index, at in enumerate(_times(count, days)):
        labels = attributes(batch=batch, index=index)
        if index % 3 == 2:
            histogram.histogram.data_points.add(
                time_unix_nano=at,
                count=3,
                sum=4.5,
                bucket_counts=[1, 2],
                explicit_bounds=[1.0],
                attributes=labels,
            )
        else:
            points = (gauge.gauge, counter.sum)[index % 3].data_points
            points.add(time_unix_nano=at, as_double=index, attributes=labels)
    return request.SerializeToString()


def _times(count: int, days: int) -> Iterator[int]:
    now = time.time_ns()
    for index in range(count):
        yield now - DAY_NS * (index % days) + index
