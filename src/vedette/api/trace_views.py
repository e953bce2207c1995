"""What the routes of traces and of the service map answer."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from vedette.api.models import View


class TraceRow(View):
    """A trace in a list."""

    trace_id: str
    timestamp: str = Field(description="start, RFC 3339 with nanoseconds")
    duration_ns: int
    spans: int
    errors: int = Field(description="spans with status Error")
    services: list[str] = Field(description="at most 64")
    has_root: bool
    root_service: str
    root_name: str
    root_kind: str
    root_status: str


class TracePageView(View):
    """A page of traces."""

    traces: list[TraceRow]
    matches: dict[str, str] = Field(description="trace id to the span id that the filter found")
    cursor: str | None = Field(description="for the next page; none on the last")
    terms: list[str] = Field(description="words of the search, to highlight")


class TraceSpans(View):
    """Spans of a trace by start, one list a column."""

    span_id: list[str]
    parent_span_id: list[str]
    service_name: list[str]
    name: list[str]
    kind: list[str]
    duration_ns: list[int]
    status: list[str]
    status_message: list[str]
    host: list[str]
    events: list[int] = Field(description="how many")
    exception: list[bool] = Field(description="whether an event is an exception")
    links: list[int] = Field(description="how many")
    offset_ns: list[int] = Field(description="start after the trace's")


class PathSegment(View):
    """A stretch of the critical path that belongs to one span."""

    span_id: str
    offset_ns: int
    duration_ns: int


class CriticalPathView(View):
    """What the trace's duration was spent waiting for."""

    segments: list[PathSegment] = Field(description="by time and disjoint")
    asynchronous: list[str] = Field(description="spans that nothing waited for")
    moved: dict[str, int] = Field(description="span id to its move against clock skew in ns")


class TraceView(View):
    """A trace and its critical path."""

    trace_id: str
    start_ns: str = Field(description="Unix time in nanoseconds as decimal text")
    duration_ns: int
    spans: TraceSpans
    total_spans: int
    truncated: bool
    roots: list[str] = Field(description="span ids that a reader starts at")
    missing_parents: list[str]
    critical_path: CriticalPathView


class SpanEvent(View):
    """An event of a span."""

    timestamp: str
    name: str
    attributes: dict[str, str]


class SpanLink(View):
    """A link to another span."""

    trace_id: str
    span_id: str
    attributes: dict[str, str]


class SpanView(View):
    """A span with all it carries."""

    timestamp: str = Field(description="start, RFC 3339 with nanoseconds")
    trace_id: str
    span_id: str
    parent_span_id: str
    trace_state: str
    service_name: str
    name: str
    kind: str
    duration_ns: int
    status: str
    status_message: str
    scope_name: str
    scope_version: str
    attributes: dict[str, str]
    resource: dict[str, str]
    events: list[SpanEvent]
    links: list[SpanLink]
    received_time: str


class TraceLog(View):
    """A log record of a trace."""

    timestamp: str
    severity_text: str
    severity_number: int
    service_name: str
    body: str
    span_id: str
    event_name: str
    attributes: dict[str, str]


class TraceLogs(View):
    """Log records of a trace, oldest first."""

    records: list[TraceLog]


class HistogramBar(View):
    """Calls by duration."""

    up_to_ns: float
    count: float


class CallStatisticsView(View):
    """Statistics of calls; counts are scaled up where traces were sampled."""

    count: float
    ok: float
    throttles: float
    errors: float
    faults: float
    fault_rate: float
    mean_ns: float
    p50_ns: float
    p90_ns: float
    p95_ns: float
    p99_ns: float
    histogram: list[HistogramBar]


class MapNodeView(View):
    """A node of the service map."""

    id: str
    type: Literal["service", "database", "messaging", "external"]
    name: str
    basis: Literal["server", "root", "callers", "none"] = Field(
        description="the spans that the statistics are of"
    )
    statistics: CallStatisticsView


class MessageAgeView(View):
    """How old messages were when their consumer began."""

    count: int
    mean_ns: float
    p50_ns: float
    p95_ns: float
    max_ns: float


class MapEdgeView(View):
    """A directed edge of the service map."""

    source: str
    target: str
    type: Literal["call", "publish", "consume"]
    statistics: CallStatisticsView
    age: MessageAgeView | None


class RootCauseView(View):
    """A node that fails without anything below it failing."""

    node: str
    path: list[str] = Field(description="from where the failure is seen to the node")
    fault_rate: float


class ServiceMapView(View):
    """The service map."""

    nodes: list[MapNodeView]
    edges: list[MapEdgeView]
    spans: int
    sampled_every: int
    truncated: bool
    unresolved_calls: float
    root_causes: list[RootCauseView]
