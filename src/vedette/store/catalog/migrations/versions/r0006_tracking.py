"""Training capture: experiments, runs, logged models, traces."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INT64 = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    _create_experiments()
    _create_runs()
    _create_logged_models()
    _create_traces()


def _create_experiments() -> None:
    """Create experiments that runs and models are in."""
    op.create_table(
        "experiments",
        sa.Column("account", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("number", INT64, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("artifact_location", TEXT, nullable=False),
        sa.Column("lifecycle_stage", TEXT, nullable=False),
        sa.Column("created_ms", INT64, nullable=False),
        sa.Column("updated_ms", INT64, nullable=False),
        sa.ForeignKeyConstraint(["account"], ["accounts.name"], name="fk_experiments_account"),
        sa.PrimaryKeyConstraint("account", "id", name="pk_experiments"),
        sa.UniqueConstraint("account", "name", name="uq_experiments_account_name"),
    )
    op.create_table(
        "experiment_tags",
        sa.Column("account", TEXT, nullable=False),
        sa.Column("experiment_id", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account", "experiment_id"],
            ["experiments.account", "experiments.id"],
            name="fk_experiment_tags_account_experiment_id",
        ),
        sa.PrimaryKeyConstraint("account", "experiment_id", "key", name="pk_experiment_tags"),
        sqlite_with_rowid=False,
    )


def _create_runs() -> None:
    """Create runs with what they log."""
    op.create_table(
        "runs",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("experiment_id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("start_ms", INT64, nullable=True),
        sa.Column("end_ms", INT64, nullable=True),
        sa.Column("artifact_uri", TEXT, nullable=False),
        sa.Column("lifecycle_stage", TEXT, nullable=False),
        sa.Column("deleted_ms", INT64, nullable=True),
        sa.ForeignKeyConstraint(
            ["account", "experiment_id"],
            ["experiments.account", "experiments.id"],
            name="fk_runs_account_experiment_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_runs"),
    )
    op.create_index(
        "ix_runs_account_experiment_start", "runs", ["account", "experiment_id", "start_ms", "id"]
    )
    op.create_table(
        "run_params",
        sa.Column("run_id", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_run_params_run_id"),
        sa.PrimaryKeyConstraint("run_id", "key", name="pk_run_params"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_run_params_key_value", "run_params", ["key", "value"])
    op.create_table(
        "run_tags",
        sa.Column("run_id", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_run_tags_run_id"),
        sa.PrimaryKeyConstraint("run_id", "key", name="pk_run_tags"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "run_metrics",
        sa.Column("run_id", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("value", sa.Float(precision=53), nullable=True),
        sa.Column("time_ms", INT64, nullable=False),
        sa.Column("step", INT64, nullable=False),
        sa.PrimaryKeyConstraint("run_id", "key", name="pk_run_metrics"),
        info={"audited": False, "with_changes": True},
        sqlite_with_rowid=False,
    )
    op.create_table(
        "metric_outbox",
        sa.Column("id", INT64, autoincrement=True, nullable=False),
        sa.Column("run_id", TEXT, nullable=False),
        sa.Column("points", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_metric_outbox"),
        info={"audited": False, "with_changes": True},
        sqlite_autoincrement=True,
    )
    op.create_index("ix_metric_outbox_run_id", "metric_outbox", ["run_id"])
    op.create_table(
        "run_datasets",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("experiment_id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("digest", TEXT, nullable=False),
        sa.Column("source_type", TEXT, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("schema", TEXT, nullable=True),
        sa.Column("profile", TEXT, nullable=True),
        sa.ForeignKeyConstraint(
            ["account", "experiment_id"],
            ["experiments.account", "experiments.id"],
            name="fk_run_datasets_account_experiment_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_run_datasets"),
        sa.UniqueConstraint(
            "account",
            "experiment_id",
            "name",
            "digest",
            name="uq_run_datasets_account_experiment_id_name_digest",
        ),
    )
    op.create_table(
        "run_inputs",
        sa.Column("run_id", TEXT, nullable=False),
        sa.Column("dataset_id", TEXT, nullable=False),
        sa.Column("context", TEXT, nullable=True),
        sa.Column("tags", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["run_datasets.id"], name="fk_run_inputs_dataset_id"
        ),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_run_inputs_run_id"),
        sa.PrimaryKeyConstraint("run_id", "dataset_id", name="pk_run_inputs"),
    )
    op.create_index("ix_run_inputs_dataset_id", "run_inputs", ["dataset_id"])


def _create_logged_models() -> None:
    """Create models that runs log."""
    op.create_table(
        "logged_models",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("experiment_id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("created_ms", INT64, nullable=False),
        sa.Column("updated_ms", INT64, nullable=False),
        sa.Column("artifact_uri", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("model_type", TEXT, nullable=True),
        sa.Column("source_run_id", TEXT, nullable=True),
        sa.Column("status_message", TEXT, nullable=True),
        sa.Column("lifecycle_stage", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account", "experiment_id"],
            ["experiments.account", "experiments.id"],
            name="fk_logged_models_account_experiment_id",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_logged_models"),
    )
    op.create_index(
        "ix_logged_models_account_experiment",
        "logged_models",
        ["account", "experiment_id", "created_ms"],
    )
    op.create_table(
        "logged_model_params",
        sa.Column("model_id", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["model_id"], ["logged_models.id"], name="fk_logged_model_params_model_id"
        ),
        sa.PrimaryKeyConstraint("model_id", "key", name="pk_logged_model_params"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "logged_model_tags",
        sa.Column("model_id", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["model_id"], ["logged_models.id"], name="fk_logged_model_tags_model_id"
        ),
        sa.PrimaryKeyConstraint("model_id", "key", name="pk_logged_model_tags"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "logged_model_metrics",
        sa.Column("model_id", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("dataset_name", TEXT, nullable=False),
        sa.Column("dataset_digest", TEXT, nullable=False),
        sa.Column("run_id", TEXT, nullable=False),
        sa.Column("value", sa.Float(precision=53), nullable=True),
        sa.Column("time_ms", INT64, nullable=False),
        sa.Column("step", INT64, nullable=False),
        sa.PrimaryKeyConstraint(
            "model_id",
            "key",
            "dataset_name",
            "dataset_digest",
            "run_id",
            name="pk_logged_model_metrics",
        ),
        info={"audited": False, "with_changes": True},
        sqlite_with_rowid=False,
    )
    op.create_table(
        "run_models",
        sa.Column("run_id", TEXT, nullable=False),
        sa.Column("model_id", TEXT, nullable=False),
        sa.Column("direction", TEXT, nullable=False),
        sa.Column("step", INT64, nullable=False),
        sa.ForeignKeyConstraint(["model_id"], ["logged_models.id"], name="fk_run_models_model_id"),
        sa.ForeignKeyConstraint(["run_id"], ["runs.id"], name="fk_run_models_run_id"),
        sa.PrimaryKeyConstraint("run_id", "model_id", "direction", name="pk_run_models"),
    )


def _create_traces() -> None:
    """Create traces with what was said of them."""
    op.create_table(
        "traces",
        sa.Column("account", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("experiment_id", TEXT, nullable=False),
        sa.Column("client_request_id", TEXT, nullable=True),
        sa.Column("request_ms", INT64, nullable=False),
        sa.Column("duration_ms", INT64, nullable=True),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("request_preview", TEXT, nullable=True),
        sa.Column("response_preview", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("account", "id", name="pk_traces"),
        info={"audited": False, "with_changes": True},
    )
    op.create_index(
        "ix_traces_account_experiment_time",
        "traces",
        ["account", "experiment_id", "request_ms", "id"],
    )
    op.create_table(
        "trace_attributes",
        sa.Column("account", TEXT, nullable=False),
        sa.Column("trace_id", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("account", "trace_id", "kind", "key", name="pk_trace_attributes"),
        info={"audited": False, "with_changes": True},
        sqlite_with_rowid=False,
    )
    op.create_table(
        "trace_assessments",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("trace_id", TEXT, nullable=False),
        sa.Column("span_id", TEXT, nullable=True),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("document", TEXT, nullable=False),
        sa.Column("created_ms", INT64, nullable=False),
        sa.Column("updated_ms", INT64, nullable=False),
        sa.Column("valid", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account"], ["accounts.name"], name="fk_trace_assessments_account"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_trace_assessments"),
    )
    op.create_index("ix_trace_assessments_trace", "trace_assessments", ["account", "trace_id"])
