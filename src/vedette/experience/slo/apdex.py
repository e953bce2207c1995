"""Apdex of services and operations: (satisfied + tolerating / 2) / total, with T and 4T.

From https://www.apdex.org: satisfied up to T, tolerating up to 4T; what failed frustrates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vedette.core.errors import InvalidInputError
from vedette.experience.slo.count_sql import TOLERATED
from vedette.telemetry.ranges import bound_range
from vedette.telemetry.traces.filters import ENTRY_KINDS, in_range

if TYPE_CHECKING:
    from vedette.core.time import TimeRange
    from vedette.query import QueryRunner

MAX_ROWS = 500
_RATINGS = ((0.94, "Excellent"), (0.85, "Good"), (0.70, "Fair"), (0.50, "Poor"))
_READ = f"""
SELECT ServiceName AS service, $operation AS operation,
    countIf(Duration <= {{within:UInt64}} AND StatusCode != 'Error') AS satisfied,
    countIf(Duration > {{within:UInt64}} AND Duration <= {{tolerated:UInt64}} AND StatusCode != 'Error')
        AS tolerating,
    count() AS total
FROM @otel_traces
WHERE {in_range()} AND SpanKind IN ('{"', '".join(ENTRY_KINDS)}') $service
GROUP BY service, operation
ORDER BY total DESC, service, operation
LIMIT {MAX_ROWS}
"""


@dataclass(frozen=True, slots=True)
class Apdex:
    """Requests by how long they took."""

    service: str
    operation: str
    satisfied: int
    tolerating: int
    total: int

    @property
    def frustrated(self) -> int:
        """Slower than 4T, or failed."""
        return self.total - self.satisfied - self.tolerating

    @property
    def score(self) -> float:
        """0 to 1."""
        return (self.satisfied + self.tolerating / 2) / self.total

    @property
    def rating(self) -> str:
        """The Alliance's word for the score."""
        rounded = round(self.score, 2)
        return next((word for low, word in _RATINGS if rounded >= low), "Unacceptable")


def read_apdex(
    runner: QueryRunner,
    account: str,
    time_range: TimeRange,
    threshold: float,
    *,
    service: str = "",
) -> list[Apdex]:
    """Return the Apdex of every service, or of the operations of one; busiest first.

    Args:
        runner: runs the statement.
        account: whose spans.
        time_range: of their starts.
        threshold: T in seconds, above 0.
        service: whose operations; empty for all services.

    """
    if threshold <= 0:
        raise InvalidInputError(
            "T must be above 0", field="threshold", remedy="give a time such as 300ms"
        )
    sql = _READ.replace("$operation", "SpanName" if service else "''")
    sql = sql.replace("$service", "AND ServiceName = {service:String}" if service else "")
    within = round(threshold * 1e9)
    params = {**bound_range(time_range), "within": within, "tolerated": within * TOLERATED}
    if service:
        params["service"] = service
    rows = runner.run(account, sql, params).records()
    return [Apdex(**row) for row in rows]
