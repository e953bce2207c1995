"""Online scoring, questions for reviewers, their queues, and issues found in traces."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0111"
down_revision = "0110"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INT64 = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _text(*names: str, nullable: bool = False) -> list[sa.Column[str]]:
    return [sa.Column(name, TEXT, nullable=nullable) for name in names]


def _moments() -> list[sa.Column[int]]:
    return [sa.Column(name, INT64, nullable=False) for name in ("created_ms", "updated_ms")]


def _of_experiment(table: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["account", "experiment_id"],
        ["experiments.account", "experiments.id"],
        name=f"fk_{table}_account_experiment_id",
    )


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "online_scoring",
        *_text("account", "experiment_id", "scorer_id", "id"),
        sa.Column("sample_rate", sa.Float(53), nullable=False),
        *_text("filter", nullable=True),
        _of_experiment("online_scoring"),
        sa.PrimaryKeyConstraint("account", "experiment_id", "scorer_id", name="pk_online_scoring"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "label_schemas",
        *_text("id", "account", "experiment_id", "name", "type"),
        *_text("instruction", nullable=True),
        sa.Column("enable_comment", sa.Boolean(), nullable=False),
        *_text("input"),
        sa.Column("is_default", sa.Boolean(), nullable=False),
        *_text("created_by"),
        *_moments(),
        _of_experiment("label_schemas"),
        sa.PrimaryKeyConstraint("id", name="pk_label_schemas"),
        sa.UniqueConstraint(
            "account", "experiment_id", "name", name="uq_label_schemas_account_experiment_id_name"
        ),
    )
    _create_queues()
    op.create_table(
        "trace_issues",
        *_text("id", "account", "experiment_id", "name", "description", "status"),
        *_text("severity", nullable=True),
        *_text("root_causes", "categories"),
        *_text("source_run_id", "created_by", nullable=True),
        *_moments(),
        _of_experiment("trace_issues"),
        sa.PrimaryKeyConstraint("id", name="pk_trace_issues"),
    )
    op.create_index("ix_trace_issues_account", "trace_issues", ["account", "experiment_id"])


def _create_queues() -> None:
    op.create_table(
        "review_queues",
        *_text("id", "account", "experiment_id", "name", "name_key", "type", "schema_ids"),
        *_text("created_by"),
        *_moments(),
        _of_experiment("review_queues"),
        sa.PrimaryKeyConstraint("id", name="pk_review_queues"),
        sa.UniqueConstraint(
            "account",
            "experiment_id",
            "name_key",
            name="uq_review_queues_account_experiment_id_name_key",
        ),
    )
    op.create_table(
        "review_queue_users",
        *_text("queue_id", "user"),
        sa.ForeignKeyConstraint(
            ["queue_id"], ["review_queues.id"], name="fk_review_queue_users_queue_id"
        ),
        sa.PrimaryKeyConstraint("queue_id", "user", name="pk_review_queue_users"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "review_items",
        *_text("queue_id", "item_id", "status"),
        *_text("completed_by", nullable=True),
        sa.Column("completed_ms", INT64, nullable=True),
        *_moments(),
        sa.ForeignKeyConstraint(
            ["queue_id"], ["review_queues.id"], name="fk_review_items_queue_id"
        ),
        sa.PrimaryKeyConstraint("queue_id", "item_id", name="pk_review_items"),
    )
    op.create_index("ix_review_items_item", "review_items", ["item_id"])
