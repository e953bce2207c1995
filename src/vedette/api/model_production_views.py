"""What the API says of models in production."""

from __future__ import annotations

from typing import Any

from pydantic import Field

from vedette.api.models import View


class ProductionRow(View):
    """A version of a model at an endpoint."""

    model: str
    version: str
    endpoint: str
    captured: int = Field(description="rows")
    predictions: float = Field(description="what they stand for, by their weights")
    per_second: float
    first: str
    last: str
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    coverage: float = Field(description="share that has a label")
    calls: int | None = Field(description="spans with vedette.model.name of the version")
    errors: int | None = Field(description="of these, with an error")


class ProductionOverviewView(View):
    """Models in production."""

    rows: list[ProductionRow]


class EstimateView(View):
    """A metric with its interval."""

    value: float | None
    low: float | None
    high: float | None
    std: float | None = Field(description="standard error, from 200 samples on")
    method: str


class ModelTaskView(View):
    """What a model does."""

    kind: str
    positive: str
    threshold: float | None
    classes: list[str]
    scored: bool
    group: str
    k: int


class QualityWindowView(View):
    """A window with what labels say and what is expected."""

    start: str
    end: str
    rows: int
    predictions: float
    labelled_rows: int
    labelled: float
    coverage: float
    realised: dict[str, EstimateView]
    estimated: dict[str, EstimateView]
    constant: dict[str, float | None] = Field(description="what always saying the same reaches")


class QualitySeriesView(View):
    """Windows, oldest first."""

    task: ModelTaskView
    main: str = Field(description="the metric to look at first")
    windows: list[QualityWindowView]


class QualityView(View):
    """A range looked at closely; curves by what the model does."""

    task: ModelTaskView
    rows: int
    predictions: float | None
    labelled_rows: int
    coverage: float | None
    metrics: dict[str, EstimateView]
    estimated: dict[str, EstimateView]
    constant: dict[str, float | None]
    confusion: dict[str, Any] | None
    by_class: list[dict[str, Any]] | None
    roc: dict[str, list[float]] | None
    precision_recall: dict[str, list[float]] | None
    calibration: dict[str, list[float]] | None
    lift: dict[str, list[float]] | None
    residuals: dict[str, Any] | None


class ComparedMetric(View):
    """A metric of two versions."""

    name: str
    first: EstimateView
    second: EstimateView
    difference: float | None
    z: float | None
    p_value: float | None = Field(description="that both are the same; corrected over metrics")
    better: str = Field(
        description="first, second, or empty where the difference is not significant"
    )


class CompareView(View):
    """Two versions side by side."""

    task: ModelTaskView
    first: dict[str, Any]
    second: dict[str, Any]
    metrics: list[ComparedMetric]


class SliceView(View):
    """A segment that is worse than the rest."""

    filters: list[str] = Field(description="as the parameter filter takes them")
    rows: int
    share: float
    loss: float
    rest: float
    effect: float
    p_value: float | None
    significant: bool


class SlicesView(View):
    """Segments, the worst first."""

    rows: int
    loss: float | None
    looked_at: int
    slices: list[SliceView]


class SideView(View):
    """One group of a facet."""

    values: list[str]
    weight: float
    predicted_share: float | None
    labelled_share: float | None
    tp: float
    fp: float
    tn: float
    fn: float


class BiasView(View):
    """Metrics of bias by their short names."""

    facet: str
    favourable: str
    rows: float
    advantaged: SideView
    disadvantaged: SideView
    pre_training: dict[str, float | None]
    post_training: dict[str, float | None]


class AttributionView(View):
    """A feature's mean absolute attribution."""

    name: str
    value: float | None
    rank: int
    baseline: float | None
    baseline_rank: int | None


class AttributionsView(View):
    """Features, the most important first."""

    ndcg: float | None
    violated: bool
    features: list[AttributionView]


class PredictionView(View):
    """A captured prediction."""

    time: str
    id: str
    version: str
    endpoint: str
    prediction: str
    label: str | None
    labelled: bool
    features: dict[str, Any]
    scores: dict[str, float | None]
    attributions: dict[str, float | None]
    tags: dict[str, str]
    weight: float
    latency_ms: float | None
    trace_id: str


class PredictionsView(View):
    """Predictions, newest first."""

    predictions: list[PredictionView]


class SchemaView(View):
    """A schema of features: its version within the model's version, and what changed."""

    version: str
    schema_: int = Field(alias="schema", description="number of the schema within the version")
    captured: int
    first: str
    last: str
    features: dict[str, str] = Field(description="kind by name: number, text, mixed or unknown")
    added: list[str]
    removed: list[str]


class SchemasView(View):
    """Schemas, oldest first."""

    schemas: list[SchemaView]


class ReferenceView(View):
    """An uploaded reference."""

    model: str
    version: str
    name: str
    rows: int
    labelled_rows: int
    received: str


class ReferencesView(View):
    """References, newest first."""

    references: list[ReferenceView]
