"""Tables of training capture: experiments, runs and what belongs to them, logged models, traces.

Moments are milliseconds since the epoch, as MLflow's clients send them. Current values of metrics,
points that wait for the warehouse, and heads of traces are facts, not entities: their tables are
``OPERATIONAL`` and leave no audit records.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Float, ForeignKey, ForeignKeyConstraint, Index, LargeBinary, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from vedette.store.catalog.models import WITH_CHANGES, Base, Sequence64

CLUSTERED: dict[str, Any] = {"sqlite_with_rowid": False}
"""Keeps a row in its primary key's index: key-value rows are only ever read by their owner."""


class ExperimentRow(Base):
    """An experiment; ``id`` is its number in the account as text, ``0`` the default one."""

    __tablename__ = "experiments"
    __table_args__: Any = (UniqueConstraint("account", "name"),)

    account: Mapped[str] = mapped_column(ForeignKey("accounts.name"), primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(Sequence64)
    name: Mapped[str]
    artifact_location: Mapped[str]
    lifecycle_stage: Mapped[str]
    created_ms: Mapped[int] = mapped_column(Sequence64)
    updated_ms: Mapped[int] = mapped_column(Sequence64)


class ExperimentTagRow(Base):
    """A tag of an experiment."""

    __tablename__ = "experiment_tags"
    __table_args__: Any = (
        ForeignKeyConstraint(
            ["account", "experiment_id"], ["experiments.account", "experiments.id"]
        ),
        CLUSTERED,
    )

    account: Mapped[str] = mapped_column(primary_key=True)
    experiment_id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class RunRow(Base):
    """A training run."""

    __tablename__ = "runs"
    __table_args__: Any = (
        ForeignKeyConstraint(
            ["account", "experiment_id"], ["experiments.account", "experiments.id"]
        ),
        Index("ix_runs_account_experiment_start", "account", "experiment_id", "start_ms", "id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str]
    experiment_id: Mapped[str]
    name: Mapped[str]
    user_id: Mapped[str]
    status: Mapped[str]
    start_ms: Mapped[int | None] = mapped_column(Sequence64)
    end_ms: Mapped[int | None] = mapped_column(Sequence64)
    artifact_uri: Mapped[str]
    lifecycle_stage: Mapped[str]
    deleted_ms: Mapped[int | None] = mapped_column(Sequence64)


class RunParamRow(Base):
    """A parameter of a run; written once."""

    __tablename__ = "run_params"
    __table_args__: Any = (Index("ix_run_params_key_value", "key", "value"), CLUSTERED)

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class RunTagRow(Base):
    """A tag of a run."""

    __tablename__ = "run_tags"
    __table_args__: Any = (CLUSTERED,)

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class RunMetricRow(Base):
    """A metric's current value in a run: that of the highest step, then time, then value.

    ``value`` is None for NaN, which SQLite cannot store.
    """

    __tablename__ = "run_metrics"
    __table_args__: Any = ({**CLUSTERED, "info": WITH_CHANGES},)

    run_id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[float | None] = mapped_column(Float(53))
    time_ms: Mapped[int] = mapped_column(Sequence64)
    step: Mapped[int] = mapped_column(Sequence64)


class MetricOutboxRow(Base):
    """Metric points that are acknowledged and wait to be written to the warehouse together.

    ``points`` are lines of JSON for the warehouse's table ``run_metric_points``.
    """

    __tablename__ = "metric_outbox"
    __table_args__: Any = (
        Index("ix_metric_outbox_run_id", "run_id"),
        {"info": WITH_CHANGES, "sqlite_autoincrement": True},
    )

    id: Mapped[int] = mapped_column(Sequence64, primary_key=True, autoincrement=True)
    run_id: Mapped[str]
    points: Mapped[bytes] = mapped_column(LargeBinary)


class DatasetRow(Base):
    """A dataset that runs read, known by name and digest; ``source`` says where it came from."""

    __tablename__ = "run_datasets"
    __table_args__: Any = (
        ForeignKeyConstraint(
            ["account", "experiment_id"], ["experiments.account", "experiments.id"]
        ),
        UniqueConstraint("account", "experiment_id", "name", "digest"),
        Index("ix_run_datasets_account_lineage_name", "account", "lineage_name"),
        Index("ix_run_datasets_account_name_digest", "account", "name", "digest"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str]
    experiment_id: Mapped[str]
    name: Mapped[str]
    digest: Mapped[str]
    source_type: Mapped[str]
    source: Mapped[str]
    schema: Mapped[str | None]
    profile: Mapped[str | None]
    lineage_name: Mapped[str]


class RunInputRow(Base):
    """A dataset as an input of a run; ``context`` is the tag that filters look for."""

    __tablename__ = "run_inputs"
    __table_args__: Any = (Index("ix_run_inputs_dataset_id", "dataset_id"),)

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    dataset_id: Mapped[str] = mapped_column(ForeignKey("run_datasets.id"), primary_key=True)
    context: Mapped[str | None]
    tags: Mapped[str]


class RunModelRow(Base):
    """A logged model as an input or output of a run."""

    __tablename__ = "run_models"

    run_id: Mapped[str] = mapped_column(ForeignKey("runs.id"), primary_key=True)
    model_id: Mapped[str] = mapped_column(ForeignKey("logged_models.id"), primary_key=True)
    direction: Mapped[str] = mapped_column(primary_key=True)
    step: Mapped[int] = mapped_column(Sequence64)


class LoggedModelRow(Base):
    """A model that a run logged, before anyone registers it."""

    __tablename__ = "logged_models"
    __table_args__: Any = (
        ForeignKeyConstraint(
            ["account", "experiment_id"], ["experiments.account", "experiments.id"]
        ),
        Index("ix_logged_models_account_experiment", "account", "experiment_id", "created_ms"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str]
    experiment_id: Mapped[str]
    name: Mapped[str]
    created_ms: Mapped[int] = mapped_column(Sequence64)
    updated_ms: Mapped[int] = mapped_column(Sequence64)
    artifact_uri: Mapped[str]
    status: Mapped[str]
    model_type: Mapped[str | None]
    source_run_id: Mapped[str | None]
    status_message: Mapped[str | None]
    lifecycle_stage: Mapped[str]


class LoggedModelParamRow(Base):
    """A parameter of a logged model."""

    __tablename__ = "logged_model_params"
    __table_args__: Any = (CLUSTERED,)

    model_id: Mapped[str] = mapped_column(ForeignKey("logged_models.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class LoggedModelTagRow(Base):
    """A tag of a logged model."""

    __tablename__ = "logged_model_tags"
    __table_args__: Any = (CLUSTERED,)

    model_id: Mapped[str] = mapped_column(ForeignKey("logged_models.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class LoggedModelMetricRow(Base):
    """A metric's current value of a logged model by run and dataset (empty texts for none)."""

    __tablename__ = "logged_model_metrics"
    __table_args__: Any = ({**CLUSTERED, "info": WITH_CHANGES},)

    model_id: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    dataset_name: Mapped[str] = mapped_column(primary_key=True)
    dataset_digest: Mapped[str] = mapped_column(primary_key=True)
    run_id: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[float | None] = mapped_column(Float(53))
    time_ms: Mapped[int] = mapped_column(Sequence64)
    step: Mapped[int] = mapped_column(Sequence64)


class TraceRow(Base):
    """The head of a trace that an MLflow client sent; its spans are in the warehouse."""

    __tablename__ = "traces"
    __table_args__: Any = (
        Index("ix_traces_account_experiment_time", "account", "experiment_id", "request_ms", "id"),
        {"info": WITH_CHANGES},
    )

    account: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str] = mapped_column(primary_key=True)
    experiment_id: Mapped[str]
    client_request_id: Mapped[str | None]
    request_ms: Mapped[int] = mapped_column(Sequence64)
    duration_ms: Mapped[int | None] = mapped_column(Sequence64)
    state: Mapped[str]
    request_preview: Mapped[str | None]
    response_preview: Mapped[str | None]


class TraceAttributeRow(Base):
    """What a trace has under a key: a tag (``kind`` is ``tag``) or a member of its metadata (``metadata``).

    A version of a prompt that it used (``prompt``) is a key without a value.
    """

    __tablename__ = "trace_attributes"
    __table_args__: Any = ({**CLUSTERED, "info": WITH_CHANGES},)

    account: Mapped[str] = mapped_column(primary_key=True)
    trace_id: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class AssessmentRow(Base):
    """What a person, a judge or code said of a trace: feedback or an expectation."""

    __tablename__ = "trace_assessments"
    __table_args__: Any = (Index("ix_trace_assessments_trace", "account", "trace_id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.name"))
    trace_id: Mapped[str]
    span_id: Mapped[str | None]
    name: Mapped[str]
    kind: Mapped[str]
    value: Mapped[str]
    document: Mapped[str]
    created_ms: Mapped[int] = mapped_column(Sequence64)
    updated_ms: Mapped[int] = mapped_column(Sequence64)
    valid: Mapped[bool]


class TrainingPricesRow(Base):
    """What an account's machines cost, from which the costs of its runs are worked out."""

    __tablename__ = "training_prices"

    account: Mapped[str] = mapped_column(ForeignKey("accounts.name"), primary_key=True)
    currency: Mapped[str]
    host_hour: Mapped[float] = mapped_column(Float(53))
    gpu_hour: Mapped[float] = mapped_column(Float(53))
    kwh: Mapped[float] = mapped_column(Float(53))
    updated: Mapped[datetime]
    updated_by: Mapped[str]
