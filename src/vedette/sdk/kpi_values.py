"""``vedette.kpi``: a value of a KPI, on its way as a metric point, by queue and spool as all else."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from time import time_ns
from typing import TYPE_CHECKING

from vedette.core.errors import InvalidInputError
from vedette.sdk import client

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "vedette.kpi."


def kpi(
    name: str,
    value: float,
    *,
    unit: str = "1",
    time: datetime | None = None,
    dimensions: Mapping[str, str] | None = None,
) -> None:
    """Send a value of a KPI; never waits, and does nothing before ``init``.

    Args:
        name: the KPI, such as ``orders.revenue``.
        value: its value.
        unit: such as ``EUR``.
        time: start of the period that the value is of; now where None. A value of the same moment
            and dimensions corrects the one before.
        dimensions: such as ``{"region": "eu"}``.

    Raises:
        InvalidInputError: the value is not finite.

    """
    handle = client.current()
    service = handle.config.service_name if handle else ""
    body = encode(name, value, unit=unit, moment=time, dimensions=dimensions, service=service or "")
    if handle is not None:
        handle.submit("metrics", body, 1)


def encode(
    name: str,
    value: float,
    *,
    unit: str = "1",
    moment: datetime | None = None,
    dimensions: Mapping[str, str] | None = None,
    service: str = "",
) -> bytes:
    """Return an OTLP metrics request with one gauge point.

    Raises:
        InvalidInputError: the value is no number.

    """
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (  # noqa: PLC0415 - not before it is used
        ExportMetricsServiceRequest,
    )
    from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue  # noqa: PLC0415

    if not math.isfinite(value):
        raise InvalidInputError(
            f"{value} is no value of a KPI", field="value", remedy="leave it out: gaps are shown"
        )

    def pair(key: str, text: str) -> KeyValue:
        return KeyValue(key=key, value=AnyValue(string_value=str(text)))

    request = ExportMetricsServiceRequest()
    group = request.resource_metrics.add()
    group.resource.attributes.append(pair("service.name", service or "unknown_service"))
    metric = group.scope_metrics.add().metrics.add(name=PREFIX + name, unit=unit)
    nanos = time_ns()
    if moment is not None:
        aware = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        nanos = round(aware.timestamp() * 1e6) * 1000
    metric.gauge.data_points.add(
        time_unix_nano=nanos,
        as_double=float(value),
        attributes=[pair(key, text) for key, text in (dimensions or {}).items()],
    )
    body: bytes = request.SerializeToString()
    return body
