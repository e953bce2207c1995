"""``vedette.kpi``: a value of a KPI, on its way as a metric point, by queue and spool as all else."""

from __future__ import annotations

import math
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from vedette.core.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

PREFIX = "vedette.kpi."


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
    nanos = time.time_ns()
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
