"""What the routes of metrics answer."""

from __future__ import annotations

from pydantic import Field

from vedette.api.models import View
from vedette.telemetry.metrics import MetricType


class MetricView(View):
    """A metric of one type."""

    name: str
    type: MetricType
    unit: str
    description: str
    is_monotonic: bool
    temporality: int = Field(description="OTLP's: 0 unspecified, 1 delta, 2 cumulative")
    series: int
    last_time: str
    default_statistic: str


class MetricPageView(View):
    """A page of metrics by name."""

    metrics: list[MetricView]
    total: int


class LabelView(View):
    """A label of a metric."""

    name: str
    values: int = Field(description="how many")
    series: int = Field(description="series that carry it")


class LabelsView(View):
    """Labels by name."""

    labels: list[LabelView]


class LabelValue(View):
    """A value of a label."""

    value: str
    series: int


class LabelValuesView(View):
    """Values of a label, those of most series first."""

    values: list[LabelValue]
    total: int


class SeriesView(View):
    """A series on the timestamps of the answer."""

    values: list[float | None] = Field(description="one a timestamp; null where there is no data")
    label: str
    labels: dict[str, str]


class QueryResultView(View):
    """What one query or expression gave."""

    id: str
    label: str
    series: list[SeriesView]
    hidden: int = Field(description="series that were left out")
    unit: str
    warnings: list[str]


class BatchView(View):
    """Results of the queries that are not hidden, in their order."""

    timestamps: list[int] = Field(description="starts of the periods, Unix seconds")
    period: int = Field(description="seconds")
    results: list[QueryResultView]


class BandSeriesView(View):
    """A series with its band; each list has one item a timestamp."""

    label: str
    labels: dict[str, str]
    values: list[float | None]
    expected: list[float | None]
    lower: list[float | None]
    upper: list[float | None]
    score: list[float | None] = Field(description="departure in standard deviations; 10 pages")
    shift: list[float | None] = Field(description="slow shift of the level, signed; 4 pages")
    severity: list[float | None] = Field(description="the larger of both, on the score's scale")
    breaching: list[bool]


class MetricBandView(View):
    """Series with the band that was known at each moment."""

    timestamps: list[int] = Field(description="starts of the periods, Unix seconds")
    period: int = Field(description="seconds")
    unit: str
    warnings: list[str]
    series: list[BandSeriesView]


class ExemplarView(View):
    """A measurement with the trace that it was made in."""

    time: str
    value: float | None
    trace_id: str
    span_id: str
    attributes: dict[str, str]
    series_id: str = Field(description="64 bits as decimal text")


class ExemplarsView(View):
    """Exemplars, oldest first."""

    exemplars: list[ExemplarView]
