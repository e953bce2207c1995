"""What a metric query asks and what it answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vedette.query.metric_math import Grid, TimeSeries

MAX_SERIES_READ = 10_000
"""Most series that one metric query reads."""
MAX_SERIES_RETURNED = 500
"""Most series that one metric query returns; the others are counted as hidden."""
MAX_POINTS = 10_000
"""Most periods that one request covers."""
DEFAULT_POINTS = 1_000
"""Most periods where the period is chosen for the caller."""

Across = Literal["avg", "max", "min", "sum"]
"""How values of several series in one group become one."""
RankBy = Literal["avg", "last", "max", "min", "sum"]
Resolution = Literal["auto", "raw", "rollup"]


class MetricType(Enum):
    """The kinds of metric of the OpenTelemetry data model, as ``metric_series`` names them."""

    GAUGE = "gauge"
    SUM = "sum"
    HISTOGRAM = "histogram"
    EXPONENTIAL_HISTOGRAM = "exponential_histogram"
    SUMMARY = "summary"


@dataclass(frozen=True, slots=True)
class Matcher:
    """A condition on a label, as in Prometheus: a missing label is the empty string.

    Attributes:
        label: an attribute of the points, ``resource.`` and an attribute of the resource, or
            ``service`` (the resource's ``service.name``).
        operator: ``=``, ``!=``, ``=~`` or ``!~``; the last two take an RE2 expression that must
            match the whole value.
        value: a text or an expression.

    """

    label: str
    operator: str
    value: str


@dataclass(frozen=True, slots=True)
class Top:
    """Which series to return where there are more than ``count``.

    Attributes:
        count: how many, 1 to ``MAX_SERIES_RETURNED``.
        by: what of a series' values is compared.
        bottom: return the smallest instead of the largest.

    """

    count: int = MAX_SERIES_RETURNED
    by: RankBy = "avg"
    bottom: bool = False


@dataclass(frozen=True, slots=True)
class MetricQuery:
    """One metric, read as series on a grid of periods.

    Attributes:
        metric: its name.
        statistic: see ``vedette.telemetry.metrics.statistics``.
        matchers: all of them must hold.
        group_by: labels; series that agree in them become one. None keeps every series apart,
            ``()`` makes all of them one.
        across: None pools the samples of a group, so that ``Average`` is the average of all samples
            as in CloudWatch. Otherwise the statistic is taken of each series first and these are
            combined: ``Average`` across ``sum`` is the total of a gauge such as memory over hosts.
            ``rate`` and ``increase`` are always of each series first, and summed by default.
        top: which series to return where there are many.
        metric_type: reads only series of this type, where several share the name.
        shift: reads this much earlier and answers as if it were now.
        id: what expressions call it; lower-case first letter.
        label: what a legend calls it.
        hidden: only expressions use it; it is not returned.

    """

    metric: str
    statistic: str = "Average"
    matchers: tuple[Matcher, ...] = ()
    group_by: tuple[str, ...] | None = ()
    across: Across | None = None
    top: Top = field(default_factory=Top)
    metric_type: MetricType | None = None
    shift: timedelta = timedelta()
    id: str = "m1"
    label: str = ""
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class Expression:
    """A metric math expression over the other queries of a request."""

    expression: str
    id: str = "e1"
    label: str = ""
    hidden: bool = False


@dataclass(frozen=True, slots=True)
class RangeResult:
    """Series of one metric query.

    Attributes:
        grid: their timestamps (starts of periods) and period.
        series: at most ``MAX_SERIES_RETURNED``, in order of rank; NaN where there is no data.
        metric_type: None where no series matched.
        unit: as the sender gave it.
        series_read: how many stored series went into the answer.
        groups: how many series there would be without a limit.
        source: table that the points came from.
        warnings: what a reader of the numbers should know.

    """

    grid: Grid
    series: tuple[TimeSeries, ...]
    metric_type: MetricType | None
    unit: str
    series_read: int
    groups: int
    source: str
    warnings: tuple[str, ...] = ()

    @property
    def hidden(self) -> int:
        """How many series were left out."""
        return self.groups - len(self.series)


@dataclass(frozen=True, slots=True)
class QueryResult:
    """What one query or expression of a request gave."""

    id: str
    label: str
    series: tuple[TimeSeries, ...]
    hidden: int = 0
    unit: str = ""
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class BatchResult:
    """Results of all queries and expressions that are not hidden, on one grid."""

    grid: Grid
    results: tuple[QueryResult, ...]


@dataclass(frozen=True, slots=True)
class MetricInfo:
    """A metric as a list shows it; one entry a name and type."""

    name: str
    type: MetricType
    unit: str
    description: str
    is_monotonic: bool
    temporality: int
    series: int
    last_time: datetime
    default_statistic: str


@dataclass(frozen=True, slots=True)
class MetricPage:
    """A page of metrics and how many there are in all."""

    metrics: tuple[MetricInfo, ...]
    total: int


@dataclass(frozen=True, slots=True)
class LabelInfo:
    """A label of a metric: how many values it has and how many series carry it."""

    name: str
    values: int
    series: int


@dataclass(frozen=True, slots=True)
class LabelValues:
    """Values of a label, most frequent first, each with its number of series."""

    values: Mapping[str, int]
    total: int


@dataclass(frozen=True, slots=True)
class Exemplar:
    """A sample measurement that a point carries, with the trace it was made in."""

    time: datetime
    value: float
    trace_id: str
    span_id: str
    attributes: Mapping[str, str]
    series_id: int
