"""Hosts with a known past, stored through the real ingest."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from vedette.core.time import TimeRange
from vedette.ingest import Source
from vedette.telemetry.emit import MetricPoint, otlp_body

_NUMBERS = itertools.count(1)
NOW = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
GIB = 2**30


class Past:
    """An account whose metrics are given as functions of days before now, which are negative."""

    def __init__(self, submit: Callable[..., Any]) -> None:
        self.account = f"past-{next(_NUMBERS)}"
        self._submit = submit
        self._bodies: list[bytes] = []

    def range(self, days: float = 14) -> TimeRange:
        return TimeRange(NOW - timedelta(days=days), NOW + timedelta(minutes=5))

    def store(
        self,
        resource: Mapping[str, str],
        metrics: Mapping[tuple[str, tuple[tuple[str, str], ...]], Callable[[float], float]],
        *,
        days: float = 14,
        every: float = 6,
        until: float = 0,
    ) -> None:
        """Keep a point each ``every`` hours: metrics by name and labels; see ``send``."""
        count = round((days - until) * 24 / every)
        ages = [-(until + step * every / 24) for step in range(count, -1, -1)]
        points = [
            MetricPoint(name, read(age), "1", dict(labels), NOW + timedelta(days=age))
            for (name, labels), read in metrics.items()
            for age in ages
        ]
        self._bodies.append(otlp_body(points, resource=dict(resource)))

    def send(self) -> None:
        """Send what was stored, all at once."""
        bodies, self._bodies = self._bodies, []
        if not bodies:
            return
        for receipt in self._submit(Source.OTLP_METRICS, self.account, *bodies):
            assert not isinstance(receipt, Exception), receipt
            assert not receipt.rejected
