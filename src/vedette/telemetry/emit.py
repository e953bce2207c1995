"""Metric points that Vedette itself makes: results of monitors and alarms, stored like any other.

They go through ingest's own ``submit`` as OTLP, so that limits, rollups, retention and the account's
scope hold for them too, and whatever reads metrics needs nothing special.
"""

from __future__ import annotations

import asyncio
import hashlib
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue
from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric

from vedette.core.errors import InvalidInputError, VedetteError
from vedette.core.time import utc_now
from vedette.ingest import Ingest, Source

MAX_POINTS = 50_000
"""Most points of one call."""
BODY_POINTS = 2_000
"""Points of one body; a longer list becomes several."""
SERVICE = "vedette"
ACCOUNTS_AT_ONCE = 200
MAX_SECONDS = 60.0

Scalar = str | bool | int | float


@dataclass(frozen=True, slots=True)
class MetricPoint:
    """One point of a gauge.

    Attributes:
        name: the metric's name, such as ``vedette.drift.distance``.
        value: the value; a point that is not finite is left out.
        unit: UCUM unit; ``1`` for a share or count without one.
        attributes: labels of the series.
        time: when the value held; the present where it is None.

    """

    name: str
    value: float
    unit: str = "1"
    attributes: Mapping[str, Scalar] = field(default_factory=dict)
    time: datetime | None = None


@dataclass(frozen=True, slots=True)
class Emitted:
    """What became of the points of a call.

    Attributes:
        stored: points that are in the store now.
        left_out: points whose value was NaN or infinite.
        rejected: reason to number of points that ingest refused, such as too old a time.

    """

    stored: int
    left_out: int = 0
    rejected: Mapping[str, int] = field(default_factory=dict)


class MetricEmitter:
    """Stores points for an account; made on the event loop that ingest lives on, or given it."""

    def __init__(self, ingest: Ingest, loop: asyncio.AbstractEventLoop | None = None) -> None:
        self._ingest = ingest
        self._loop = loop

    async def emit(
        self,
        account: str,
        points: Sequence[MetricPoint],
        *,
        scope: str = SERVICE,
        resource: Mapping[str, Scalar] | None = None,
        batch: str | None = None,
        attempt: int = 1,
    ) -> Emitted:
        """Store points; returns after the commit. Call it on ingest's loop.

        Args:
            account: whose points they are.
            points: up to 50,000; none is fine.
            scope: instrumentation scope, such as ``vedette.monitors``.
            resource: resource attributes beside ``service.name``, which is ``vedette`` if not given.
            batch: names this list of points, for whoever may emit the same one again: a name that
                was stored is not stored twice.
            attempt: which try of the batch this is; above 1 the store is asked what it has.

        Raises:
            InvalidInputError: there are too many points.
            OverloadedError, UnavailableError: nothing more was stored; try again with ``attempt``
                raised and the same ``batch``.

        """
        if len(points) > MAX_POINTS:
            raise InvalidInputError(
                f"{len(points)} points are too many for one call",
                field="points",
                remedy=f"emit up to {MAX_POINTS} at a time",
            )
        finite = [point for point in points if math.isfinite(point.value)]
        rejected: dict[str, int] = {}
        for start in range(0, len(finite), BODY_POINTS):
            receipt = await self._ingest.submit(
                Source.OTLP_METRICS,
                account,
                otlp_body(finite[start : start + BODY_POINTS], scope=scope, resource=resource),
                batch_id=_batch_id(batch, start),
                attempt=attempt,
            )
            for reason, count in receipt.rejected.items():
                rejected[reason] = rejected.get(reason, 0) + count
        return Emitted(len(finite) - sum(rejected.values()), len(points) - len(finite), rejected)

    def emit_blocking(
        self,
        account: str,
        points: Sequence[MetricPoint],
        *,
        scope: str = SERVICE,
        resource: Mapping[str, Scalar] | None = None,
        batch: str | None = None,
        attempt: int = 1,
    ) -> Emitted:
        """Do as ``emit`` from a worker thread; the emitter must have been given ingest's loop."""
        if self._loop is None:
            raise RuntimeError("an emitter without a loop can be used on the loop alone")
        emitting = self.emit(
            account, points, scope=scope, resource=resource, batch=batch, attempt=attempt
        )
        return asyncio.run_coroutine_threadsafe(emitting, self._loop).result(MAX_SECONDS)

    def emit_each_blocking(
        self, points: Mapping[str, Sequence[MetricPoint]], *, scope: str, batch: str
    ) -> dict[str, VedetteError]:
        """Store points of many accounts from a worker thread, together: they share commits.

        Returns:
            What failed, by account; the others are stored.

        """
        if self._loop is None:
            raise RuntimeError("an emitter without a loop can be used on the loop alone")
        failed: dict[str, VedetteError] = {}
        accounts = list(points)
        for start in range(0, len(accounts), ACCOUNTS_AT_ONCE):
            chunk = accounts[start : start + ACCOUNTS_AT_ONCE]
            emitting = self._emit_each({name: points[name] for name in chunk}, scope, batch)
            done = asyncio.run_coroutine_threadsafe(emitting, self._loop).result(MAX_SECONDS)
            failed.update(done)
        return failed

    async def _emit_each(
        self, points: Mapping[str, Sequence[MetricPoint]], scope: str, batch: str
    ) -> dict[str, VedetteError]:
        found = await asyncio.gather(
            *(self.emit(name, each, scope=scope, batch=batch) for name, each in points.items()),
            return_exceptions=True,
        )
        failed: dict[str, VedetteError] = {}
        for name, result in zip(points, found, strict=True):
            if isinstance(result, VedetteError):
                failed[name] = result
            elif isinstance(result, BaseException):
                raise result
        return failed


def otlp_body(
    points: Sequence[MetricPoint],
    *,
    scope: str = SERVICE,
    resource: Mapping[str, Scalar] | None = None,
) -> bytes:
    """Return an OTLP metrics request that holds the points as gauges."""
    request = ExportMetricsServiceRequest()
    group = request.resource_metrics.add()
    group.resource.attributes.extend(_pairs({"service.name": SERVICE, **(resource or {})}))
    scoped = group.scope_metrics.add()
    scoped.scope.name = scope
    now = utc_now()
    metrics: dict[tuple[str, str], Metric] = {}
    for point in points:
        key = (point.name, point.unit)
        metric = metrics.get(key)
        if metric is None:
            metric = metrics[key] = scoped.metrics.add(name=point.name, unit=point.unit)
        metric.gauge.data_points.add(
            time_unix_nano=_nanoseconds(point.time or now),
            as_double=point.value,
            attributes=_pairs(point.attributes),
        )
    body: bytes = request.SerializeToString()
    return body


def _pairs(values: Mapping[str, Scalar]) -> list[KeyValue]:
    return [KeyValue(key=key, value=_any_value(value)) for key, value in values.items()]


def _any_value(value: Scalar) -> AnyValue:
    if isinstance(value, bool):
        return AnyValue(bool_value=value)
    if isinstance(value, int):
        return AnyValue(int_value=value)
    if isinstance(value, float):
        return AnyValue(double_value=value)
    return AnyValue(string_value=value)


def _nanoseconds(moment: datetime) -> int:
    # Through whole microseconds: a float of nanoseconds would lose the last digits.
    whole = int(moment.timestamp())
    return (whole * 1_000_000 + moment.microsecond) * 1_000


def _batch_id(batch: str | None, start: int) -> int:
    """Return ingest's id of a named batch: 63 bits of a hash, 0 where it has no name."""
    if batch is None:
        return 0
    digest = hashlib.blake2b(f"{batch}\n{start}".encode(), digest_size=8).digest()
    return int.from_bytes(digest) >> 1 or 1
