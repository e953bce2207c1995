"""``vedette.kpi``: one point a value, and nothing where there is no handle."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest

import vedette
from vedette.core.errors import InvalidInputError
from vedette.sdk.kpi_values import encode


def test_a_value_is_one_gauge_point() -> None:
    moment = datetime(2026, 3, 1, tzinfo=UTC)
    body = encode("orders.revenue", 8.5, unit="EUR", moment=moment, dimensions={"region": "eu"})
    (group,) = ExportMetricsServiceRequest.FromString(body).resource_metrics
    (metric,) = group.scope_metrics[0].metrics
    assert (metric.name, metric.unit) == ("vedette.kpi.orders.revenue", "EUR")
    (point,) = metric.gauge.data_points
    assert (point.as_double, point.time_unix_nano) == (8.5, int(moment.timestamp()) * 10**9)
    assert point.attributes[0].key == "region"


def test_a_gap_is_left_out_and_without_init_nothing_happens() -> None:
    with pytest.raises(InvalidInputError):
        vedette.kpi("orders.revenue", float("nan"))
    vedette.kpi("orders.revenue", 1.0)
