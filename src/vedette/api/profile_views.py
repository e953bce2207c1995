"""What the routes of datasets and monitors answer: profiles, drift, checks, results of monitors.

A member that does not apply to a column or check is left out where the class is not a ``...View``.
"""

from __future__ import annotations

from typing import Any

from pydantic import Field

from vedette.api.models import View

Scalar = str | float | int | bool | None


class HistogramView(View):
    """Bins of one width."""

    edges: list[float] = Field(description="one more than there are bins")
    counts: list[float] = Field(description="rows; sketched where not every value is kept")


class FrequentValueView(View):
    """A value and its rows."""

    value: Scalar
    count: int


class FrequentWordView(View):
    """A word and how often it occurs."""

    word: str
    count: int


class ColumnProfileAnswer(View):
    """A column's merged profile, with the counts that are not zero."""

    name: str
    position: int
    kind: str
    type: str = Field(description="the engine's")
    rows: int
    missing: int = Field(description="NULL or NaN")
    completeness: float | None = Field(description="share of rows with a value")
    distinct: int
    distinct_exact: bool
    nulls: int = 0
    nans: int = 0
    positive_infinities: int = 0
    negative_infinities: int = 0
    zeros: int = 0
    negatives: int = 0
    integrals: int = 0
    empties: int = 0
    invalid_texts: int = 0
    numeric_texts: int = 0
    integral_texts: int = 0
    length_sum: int = 0
    word_count: int = 0
    minimum: float | None = None
    maximum: float | None = None
    mean: float | None = None
    std: float | None = Field(default=None, description="of the population")
    sum: float | None = None
    skewness: float | None = None
    length_minimum: float | None = None
    length_maximum: float | None = None
    quantiles: dict[str, float | None] = Field(default={}, description="by level, such as 0.95")
    histogram: HistogramView | None = None
    length_quantiles: dict[str, float | None] = Field(default={})
    top_values: list[FrequentValueView] = Field(default=[])
    values_complete: bool = Field(default=False, description="top values come from all values")
    top_words: list[FrequentWordView] = Field(default=[])
    vector_length: int = 0


class ProfileView(View):
    """A merged profile, column by column."""

    dataset: str
    total: int = Field(description="columns, of which these are a page")
    columns: list[ColumnProfileAnswer]


class ProfileWindowView(View):
    """A period's merged profile."""

    start: str
    columns: list[ColumnProfileAnswer]


class ProfileSeriesView(View):
    """Merged profiles by period, oldest first."""

    dataset: str
    period: int = Field(description="seconds")
    windows: list[ProfileWindowView]


class DistributionView(View):
    """Both distributions of a column over common bins or categories, as shares of the rows."""

    labels: list[str]
    reference: list[float]
    current: list[float]
    edges: list[float] = Field(description="of bins of numbers; one more than there are bins")
    values: list[Scalar] = Field(description="the category of each bin; null for all others")


class ColumnDriftView(View):
    """What became of a column."""

    name: str
    kind: str
    status: str = Field(description="drift, no drift, or unknown")
    measure: str = Field(description="what decided; empty where nothing did")
    value: float | None
    threshold: float | None
    p_value: float | None
    adjusted: float | None = Field(description="the p-value after correction over columns")
    exact: bool = Field(description="from every value, not from a sketch")
    why: str
    measures: dict[str, float | None] = Field(description="other measures, by name")
    details: dict[str, Any] = Field(
        description="new and vanished categories, missing values, words, embeddings"
    )
    distribution: DistributionView | None = Field(description="null unless it is asked for")


class DriftView(View):
    """What became of a dataset; columns that drifted furthest first."""

    dataset: str
    status: str
    preset: str
    drifted: int
    compared: int
    share: float | None
    reference_rows: int
    current_rows: int
    columns: list[ColumnDriftView]


class DriftWindowView(View):
    """A window of a series."""

    start: str
    rows: int
    share: float | None = Field(description="of columns that drifted")
    status: str


class DriftCellsView(View):
    """A column over the windows: a value, threshold, measure and status each; null where it lacks."""

    name: str
    kind: str
    value: list[float | None]
    threshold: list[float | None]
    measure: list[str | None]
    status: list[str | None]


class DriftSeriesView(View):
    """Columns and windows; the columns that drifted most often first."""

    dataset: str
    windows: list[DriftWindowView]
    columns: list[DriftCellsView]


class SchemaChangeView(View):
    """A column that came, went or changed its type."""

    window: str = Field(description="start of the first window in which it is so")
    column: str
    change: str = Field(description="added, removed or type")
    was: str = Field(description="the engine's type before")
    is_: str = Field(alias="is", description="the engine's type now")


class SchemaChangesView(View):
    """Changes, newest first."""

    changes: list[SchemaChangeView]


class KeptRowView(View):
    """A row that was kept, and the start of its window."""

    start: str
    row: dict[str, Any]


class KeptRowsView(View):
    """Kept rows, those of the newest window first."""

    rows: list[KeptRowView]


class CheckResultAnswer(View):
    """What became of a check."""

    check: dict[str, Any] = Field(description="as it was written")
    title: str
    kind: str
    column: str = ""
    severity: str
    status: str = Field(description="passed, violated, or unknown")
    observed: float | None = None
    expected: float | None = None
    description: str
    failing: int | None = Field(default=None, description="rows, where rows were looked at")
    sample: list[dict[str, Any]] = Field(default=[], description="some of the failing rows")


class CheckRunView(View):
    """All results: violated, unknown, passed; the worst first."""

    dataset: str
    rows: int
    passed: int
    violated: int
    unknown: int
    results: list[CheckResultAnswer]


class ModelMonitorStatisticsView(View):
    """``statistics.json`` as SageMaker's documentation of Model Monitor describes it."""

    version: float
    dataset: dict[str, int]
    features: list[dict[str, Any]]


class ModelMonitorConstraintsView(View):
    """``constraints.json`` as SageMaker's documentation of Model Monitor describes it."""

    version: float
    features: list[dict[str, Any]]
    monitoring_config: dict[str, Any]


class MonitorResultView(View):
    """One result of a monitor in a window."""

    start: str
    end: str
    run: str
    time: str
    segment: dict[str, str]
    column: str = Field(description="empty for the dataset")
    family: str = Field(description="window, check or drift")
    measure: str
    status: str
    severity: str
    value: float | None
    threshold: float | None
    p_value: float | None
    adjusted: float | None
    description: str
    details: dict[str, Any]
    monitor: str = Field(description="its id; empty where a gate said it")


class MonitorResultsView(View):
    """Results, newest window first, the bad before the good."""

    results: list[MonitorResultView]
