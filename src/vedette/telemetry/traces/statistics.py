"""Counts, outcomes and latencies of calls, from fine logarithmic buckets that add up."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vedette.telemetry.traces.service_map_sql import BUCKETS_PER_DOUBLING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


@dataclass(slots=True)
class CallStatistics:
    """Statistics of a node or an edge; each call counts in one of ok, throttle, error and fault.

    Attributes:
        count: calls.
        throttles: answered 429 or "resource exhausted".
        errors: refused for another reason on the caller's side (4xx).
        faults: failed on the callee's side (5xx, or status Error without a code).
        total_ns: durations together, in nanoseconds.
        buckets: fine bucket to calls; bucket ``b`` holds durations from ``2**(b/16)`` ns.

    """

    count: float = 0.0
    throttles: float = 0.0
    errors: float = 0.0
    faults: float = 0.0
    total_ns: float = 0.0
    buckets: dict[int, float] = field(default_factory=dict)

    @classmethod
    def of(cls, row: Mapping[str, Any], scale: int = 1) -> CallStatistics:
        """Return the statistics of an answer's row, scaled up from a sample of one in ``scale``."""
        numbers, counts = row["histogram"]
        return cls(
            count=row["count"] * scale,
            throttles=row["throttles"] * scale,
            errors=row["errors"] * scale,
            faults=row["faults"] * scale,
            total_ns=row["total_ns"] * scale,
            buckets={n: c * scale for n, c in zip(numbers, counts, strict=True)},
        )

    @classmethod
    def merged(cls, many: Iterable[CallStatistics]) -> CallStatistics:
        """Return the statistics of all together."""
        total = cls()
        for one in many:
            total.count += one.count
            total.throttles += one.throttles
            total.errors += one.errors
            total.faults += one.faults
            total.total_ns += one.total_ns
            for number, count in one.buckets.items():
                total.buckets[number] = total.buckets.get(number, 0.0) + count
        return total

    @property
    def ok(self) -> float:
        """Calls that went well."""
        return self.count - self.throttles - self.errors - self.faults

    @property
    def fault_rate(self) -> float:
        """Faults over calls, 0 where there are none."""
        return self.faults / self.count if self.count else 0.0

    @property
    def mean_ns(self) -> float:
        """Mean duration, 0 without calls."""
        return self.total_ns / self.count if self.count else 0.0

    def quantile_ns(self, q: float) -> float:
        """Return a quantile of the durations, 2.2 % off at most; 0 without calls."""
        seen, wanted = 0.0, q * self.count
        for number in sorted(self.buckets):
            seen += self.buckets[number]
            if seen >= wanted:
                return float(2 ** ((number + 0.5) / BUCKETS_PER_DOUBLING))
        return 0.0

    def histogram(self) -> list[tuple[float, float]]:
        """Return ``(upper bound in ns, calls)`` by doubling durations, from first to last used."""
        doublings: dict[int, float] = {}
        for number, count in self.buckets.items():
            doubling = number // BUCKETS_PER_DOUBLING
            doublings[doubling] = doublings.get(doubling, 0.0) + count
        if not doublings:
            return []
        return [
            (float(2 ** (doubling + 1)), doublings.get(doubling, 0.0))
            for doubling in range(min(doublings), max(doublings) + 1)
        ]
