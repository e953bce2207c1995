"""What the routes of experiments, runs, artifacts and logged models answer.

Moments are milliseconds since the epoch, as MLflow's clients send them. A metric's value is a text
where JSON has no number for it: NaN, Infinity, -Infinity.
"""

from __future__ import annotations

from datetime import datetime

from pydantic import Field

from vedette.api.models import View

MetricValue = float | str


class ExperimentView(View):
    """An experiment with what is counted of it."""

    id: str
    name: str
    artifact_location: str
    lifecycle_stage: str = Field(description="active or deleted")
    created_ms: int
    updated_ms: int
    tags: dict[str, str]
    runs: int = Field(description="active ones")
    running: int
    last_run_ms: int | None
    models: int = Field(description="logged models")


class ExperimentPageView(View):
    """A page of experiments."""

    experiments: list[ExperimentView]
    cursor: str | None


class RunInfoView(View):
    """A run without what it logged."""

    id: str
    name: str
    experiment_id: str
    user_id: str
    status: str
    start_ms: int | None
    end_ms: int | None
    artifact_uri: str
    lifecycle_stage: str


class RunTableView(View):
    """A page of runs, and the chosen columns' values, one for each run."""

    runs: list[RunInfoView]
    values: dict[str, list[MetricValue | None]]
    total: int
    cursor: str | None


class KeyCountView(View):
    """A metric, parameter or tag, and how many runs have it."""

    key: str
    runs: int


class RunKeysView(View):
    """What can be a column: the most frequent 1,000 of each kind."""

    metrics: list[KeyCountView]
    params: list[KeyCountView]
    tags: list[KeyCountView]


class DoneView(View):
    """How many runs something was done to."""

    runs: int


class CurrentMetricView(View):
    """A metric's current point."""

    key: str
    value: MetricValue
    step: int
    time_ms: int


class RunInputView(View):
    """A dataset that a run read; ``tags`` say in which role (``mlflow.data.context``)."""

    name: str
    digest: str
    source_type: str
    source: str
    schema_: str | None = Field(alias="schema")
    profile: str | None
    tags: dict[str, str]


class LinkedModelView(View):
    """A logged model that a run read (``input``) or made (``output``)."""

    id: str
    name: str
    model_type: str | None
    status: str
    direction: str
    step: int


class LinkedVersionView(View):
    """A version that was registered from a run."""

    model: str
    version: int
    stage: str
    stage_status: str


class LinkedRunView(View):
    """A run within another one."""

    id: str
    name: str
    status: str


class TrainingRunView(View):
    """A run with all that belongs to it."""

    info: RunInfoView
    experiment: str
    metrics: list[CurrentMetricView]
    params: dict[str, str]
    tags: dict[str, str]
    inputs: list[RunInputView]
    models: list[LinkedModelView]
    versions: list[LinkedVersionView]
    parent_id: str | None
    children: list[LinkedRunView]


class ComparedRunView(View):
    """A run as it is compared with others."""

    info: RunInfoView
    metrics: list[CurrentMetricView]
    params: dict[str, str]
    tags: dict[str, str]


class ComparedRunsView(View):
    """Runs in the order asked for."""

    runs: list[ComparedRunView]


class CurveView(View):
    """One run's values, one for each place of the axis."""

    run_id: str
    values: list[float | None]
    special: int = Field(description="points that are NaN or infinite, which are not shown")


class CurvesView(View):
    """A metric's curves on one axis."""

    metric: str
    x: list[int] = Field(description="steps, or milliseconds")
    curves: list[CurveView]


class HistoriesView(View):
    """Curves by metric, in the order asked for."""

    metrics: list[CurvesView]


class UseView(View):
    """How much was used: a percentage, megabytes or watts."""

    mean: float
    p95: float
    most: float
    samples: int
    idle: float | None = Field(description="share of the samples in which it was nearly unused")


class GpuUseView(View):
    """One GPU."""

    index: int
    utilization: UseView | None
    memory_megabytes: UseView | None
    power_watts: UseView | None
    energy_kwh: float | None


class PricesView(View):
    """What an account's machines cost."""

    currency: str
    host_hour: float
    gpu_hour: float
    kwh: float
    updated: datetime | None
    updated_by: str


class TrainingCostView(View):
    """What a run cost."""

    currency: str
    by: str = Field(description="prices of the account, or the run's tag vedette.price_per_hour")
    total: float
    machine: float
    gpus: float
    energy: float
    per_epoch: float | None
    idle: float | None = Field(description="paid for idle processors")


class EfficiencyView(View):
    """What a run took."""

    running: bool
    duration_ms: int | None
    epochs: float | None
    epochs_from: str = Field(description="the metric or parameter that tells the epochs")
    seconds_per_epoch: float | None
    cpu: UseView | None
    memory: UseView | None
    gpus: list[GpuUseView]
    network_received_megabytes: float | None
    network_sent_megabytes: float | None
    prices: PricesView
    cost: TrainingCostView | None


class ArtifactView(View):
    """A file or folder."""

    name: str
    is_dir: bool
    size: int | None


class FolderView(View):
    """What a folder of artifacts holds."""

    uri: str = Field(description="where the owner's files are")
    path: str
    files: list[ArtifactView]


class ArtifactPreviewView(View):
    """A file as a page can show it."""

    path: str
    kind: str = Field(description="text, json, table, image, html or binary")
    size: int
    truncated: bool
    text: str
    columns: list[str]
    rows: list[list[str]]


class LoggedMetricView(View):
    """A metric of a logged model, with the run and the dataset it was measured on."""

    key: str
    value: MetricValue
    step: int
    time_ms: int
    run_id: str
    dataset_name: str
    dataset_digest: str


class RegistrationView(View):
    """A version that a logged model was registered as."""

    model: str
    version: int


class LoggedModelView(View):
    """A model that a run logged."""

    id: str
    experiment_id: str
    name: str
    created_ms: int
    updated_ms: int
    artifact_uri: str
    status: str
    model_type: str | None
    source_run_id: str | None
    status_message: str | None
    params: dict[str, str]
    tags: dict[str, str]
    metrics: list[LoggedMetricView]
    registrations: list[RegistrationView]


class LoggedModelPageView(View):
    """A page of logged models."""

    models: list[LoggedModelView]
    cursor: str | None
