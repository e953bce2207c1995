"""OTLP metric bodies with known points, on minutes of a fixed but recent hour."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)

from vedette.core.time import TimeRange
from vedette.ingest import Source

NOW = datetime.now(UTC).replace(microsecond=0)
# A day back, at noon: nothing depends on when the tests run, and no point is too old to be stored.
T0 = (NOW - timedelta(days=2)).replace(hour=12, minute=0, second=0)
T0_S = int(T0.timestamp())


class MetricBody:
    """Builds one export request; times are seconds after ``T0``, which may be negative."""

    def __init__(self, service: str = "shop", **resource: str) -> None:
        self.request = ExportMetricsServiceRequest()
        block = self.request.resource_metrics.add()
        _attributes(block.resource.attributes, {"service.name": service, **_dotted(resource)})
        self.scope = block.scope_metrics.add()

    def bytes(self) -> bytes:
        return self.request.SerializeToString()

    def gauge(
        self, name: str, points: Mapping[float, float], labels: Mapping[str, str] | None = None,
        unit: str = "",
    ) -> MetricBody:  # fmt: skip
        metric = self._metric(name, unit)
        for at, value in points.items():
            self._point(metric.gauge.data_points.add(), at, 0, labels).as_double = value
        return self

    def sum(
        self,
        name: str,
        points: Mapping[float, float] | Sequence[tuple[float, float, float | None]],
        labels: Mapping[str, str] | None = None,
        *,
        temporality: int = 2,
        monotonic: bool = True,
        exemplar: tuple[float, float, str] | None = None,
    ) -> MetricBody:
        """Points are ``{at: value}`` without start times, or ``(at, value, start)``."""
        metric = self._metric(name)
        metric.sum.aggregation_temporality = temporality
        metric.sum.is_monotonic = monotonic
        rows = [(a, v, None) for a, v in points.items()] if isinstance(points, Mapping) else points
        for at, value, start in rows:
            point = self._point(metric.sum.data_points.add(), at, start, labels)
            point.as_double = value
            if exemplar:
                example = point.exemplars.add()
                example.time_unix_nano = _nanos(exemplar[0])
                example.as_double = exemplar[1]
                example.trace_id = bytes.fromhex(exemplar[2])
                example.span_id = b"\x01" * 8
        return self

    def histogram(
        self,
        name: str,
        points: Sequence[tuple[float, Sequence[int], float]],
        bounds: Sequence[float],
        labels: Mapping[str, str] | None = None,
        *,
        temporality: int = 1,
        start: float | None = None,
    ) -> MetricBody:
        """Points are ``(at, bucket counts, sum)``."""
        metric = self._metric(name, "s")
        metric.histogram.aggregation_temporality = temporality
        for at, counts, total in points:
            point = self._point(metric.histogram.data_points.add(), at, start, labels)
            point.bucket_counts.extend(counts)
            point.explicit_bounds.extend(bounds)
            point.count, point.sum = sum(counts), total
        return self

    def exponential(
        self,
        name: str,
        points: Sequence[Mapping[str, Any]],
        labels: Mapping[str, str] | None = None,
        *,
        temporality: int = 1,
    ) -> MetricBody:
        metric = self._metric(name)
        metric.exponential_histogram.aggregation_temporality = temporality
        for given in points:
            point = self._point(
                metric.exponential_histogram.data_points.add(),
                given["at"],
                given.get("start"),
                labels,
            )
            point.scale = given["scale"]
            point.zero_count = given.get("zero", 0)
            point.zero_threshold = given.get("threshold", 0.0)
            up, down = given.get("up", (0, ())), given.get("down", (0, ()))
            point.positive.offset = up[0]
            point.positive.bucket_counts.extend(up[1])
            point.negative.offset = down[0]
            point.negative.bucket_counts.extend(down[1])
            point.count = point.zero_count + sum(up[1]) + sum(down[1])
            point.sum = given.get("sum", 0.0)
        return self

    def summary(
        self,
        name: str,
        points: Sequence[tuple[float, int, float, Mapping[float, float]]],
        labels: Mapping[str, str] | None = None,
    ) -> MetricBody:
        """Points are ``(at, count, sum, {quantile: value})``."""
        metric = self._metric(name)
        for at, count, total, quantiles in points:
            point = self._point(metric.summary.data_points.add(), at, None, labels)
            point.count, point.sum = count, total
            for quantile, value in quantiles.items():
                point.quantile_values.add(quantile=quantile, value=value)
        return self

    def _metric(self, name: str, unit: str = "") -> Any:
        metric = self.scope.metrics.add()
        metric.name, metric.unit = name, unit
        return metric

    def _point(
        self, point: Any, at: float, start: float | None, labels: Mapping[str, str] | None
    ) -> Any:
        point.time_unix_nano = _nanos(at)
        if start is not None and start != 0:
            point.start_time_unix_nano = _nanos(start)
        _attributes(point.attributes, labels or {})
        return point


def _nanos(at: float) -> int:
    return T0_S * 10**9 + round(at * 10**9)


def _dotted(resource: Mapping[str, str]) -> dict[str, str]:
    return {name.replace("_", "."): value for name, value in resource.items()}


def _attributes(target: Any, values: Mapping[str, str]) -> None:
    for name, value in values.items():
        attribute = target.add()
        attribute.key = name
        attribute.value.string_value = value


@pytest.fixture
def body() -> type[MetricBody]:
    return MetricBody


@pytest.fixture
def store(submit: Callable[..., Any]) -> Callable[..., None]:
    """Store bodies for an account and check that nothing was refused."""

    def run(account: str, *bodies: MetricBody) -> None:
        for result in submit(Source.OTLP_METRICS, account, *(one.bytes() for one in bodies)):
            assert not isinstance(result, Exception), result
            assert not result.rejected

    return run


@pytest.fixture
def span() -> Callable[[float, float], TimeRange]:
    """Make a range of seconds after ``T0``."""

    def make(start: float, end: float) -> TimeRange:
        return TimeRange(T0 + timedelta(seconds=start), T0 + timedelta(seconds=end))

    return make
