"""What the routes of spans answer."""

from __future__ import annotations

from pydantic import Field

from vedette.api.models import View


class SpanRow(View):
    """A span in a list."""

    timestamp: str = Field(description="start, RFC 3339 with nanoseconds")
    trace_id: str
    span_id: str
    parent_span_id: str
    service_name: str
    name: str
    kind: str
    duration_ns: int
    status: str
    status_message: str
    columns: list[str] = Field(description="values of the attributes that were asked for")


class SpanPageView(View):
    """A page of spans."""

    spans: list[SpanRow]
    cursor: str | None = Field(description="for the next page; none on the last")
    terms: list[str] = Field(description="words of the search, to highlight")


class HeatmapCells(View):
    """Cells with spans, one list a column."""

    time: list[int] = Field(description="Unix seconds")
    bucket: list[int] = Field(
        description="b holds durations from 2**(b / buckets_per_doubling) - 1 ns to the next one's"
    )
    count: list[int]
    errors: list[int]


class LatencyHeatmap(View):
    """Counts by time and duration."""

    step: int = Field(description="width of a cell in seconds")
    cells: HeatmapCells
    buckets_per_doubling: int


class ScatterPoints(View):
    """Single spans, one list a column."""

    time_ns: list[str] = Field(description="Unix time in nanoseconds as decimal text")
    duration_ns: list[int]
    trace_id: list[str]
    span_id: list[str]
    service_name: list[str]
    name: list[str]
    status: list[str]


class LatencyScatter(View):
    """Single spans to click on."""

    points: ScatterPoints


class Quantiles(View):
    """Durations over time, one value an interval; null where there was no span."""

    p50_ns: list[float | None]
    p90_ns: list[float | None]
    p95_ns: list[float | None]
    p99_ns: list[float | None]


class RedSeriesView(View):
    """Rate, errors and durations of a service or an operation over time."""

    service: str = Field(description="'' where not grouped")
    operation: str = Field(description="'' where not grouped by operation")
    counts: list[int]
    errors: list[int]
    rates: list[float] = Field(description="spans a second")
    quantiles_ns: Quantiles


class RedView(View):
    """RED metrics; all lists of the series are as long as ``times``."""

    step: int = Field(description="width of an interval in seconds")
    times: list[int] = Field(description="starts of the intervals, Unix seconds")
    series: list[RedSeriesView] = Field(description="busiest first")
    source: str = Field(description="'rollup' or 'spans'")
    truncated: bool = Field(description="whether there are more series")


class RedRow(View):
    """A service's operation of one kind, beside the period before."""

    service: str
    operation: str
    kind: str
    count: int
    errors: int
    total_ns: int
    max_ns: int
    quantiles: list[float | None] = Field(description="p50, p90, p95 and p99 in nanoseconds")
    previous_count: int
    previous_errors: int
    previous_total_ns: int
    previous_quantiles: list[float | None] = Field(description="empty where there was no span")


class RedSummary(View):
    """Operations, the greatest total duration first."""

    rows: list[RedRow]


class SelfTimeRow(View):
    """Where time is spent, by service, operation and kind."""

    service: str
    operation: str
    kind: str
    count: int
    errors: int
    total_ns: int
    self_ns: int
    share: float = Field(description="of all self time, 0 to 1")
    p50_self_ns: float
    p95_self_ns: float


class SelfTimeView(View):
    """Operations by self time."""

    rows: list[SelfTimeRow]
    spans: int = Field(description="spans that were looked at")
    sampled_every: int = Field(description="one trace in so many was looked at")


class PathShareView(View):
    """An operation's part of critical paths."""

    service: str
    operation: str
    kind: str
    time_ns: int
    share: float = Field(description="of all critical paths' time, 0 to 1")
    traces: int = Field(description="traces on whose path it is")


class PathShares(View):
    """Operations by their part of critical paths."""

    shares: list[PathShareView]


class DifferenceView(View):
    """A value that is more, or less, frequent among the selected spans."""

    key: str
    value: str
    selected_share: float
    baseline_share: float
    z: float = Field(description="of the two-proportion test")


class ComparisonView(View):
    """Two groups of spans compared."""

    differences: list[DifferenceView] = Field(description="greatest difference of shares first")
    selected: int
    baseline: int
    selected_sample: int
    baseline_sample: int
