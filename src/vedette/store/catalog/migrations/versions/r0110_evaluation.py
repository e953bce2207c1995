"""Datasets that models are evaluated on, their records, and scorers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0110"
down_revision = "0101"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INT64 = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    _create_datasets()
    op.create_table(
        "scorer_versions",
        sa.Column("account", TEXT, nullable=False),
        sa.Column("experiment_id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("version", INT64, nullable=False),
        sa.Column("scorer_id", TEXT, nullable=False),
        sa.Column("serialized", TEXT, nullable=False),
        sa.Column("created_ms", INT64, nullable=False),
        sa.ForeignKeyConstraint(
            ["account", "experiment_id"],
            ["experiments.account", "experiments.id"],
            name="fk_scorer_versions_account_experiment_id",
        ),
        sa.PrimaryKeyConstraint(
            "account", "experiment_id", "name", "version", name="pk_scorer_versions"
        ),
    )


def _create_datasets() -> None:
    op.create_table(
        "evaluation_datasets",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("schema", TEXT, nullable=True),
        sa.Column("records", INT64, nullable=False),
        sa.Column("created_ms", INT64, nullable=False),
        sa.Column("updated_ms", INT64, nullable=False),
        sa.Column("created_by", TEXT, nullable=False),
        sa.Column("updated_by", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["account"], ["accounts.name"], name="fk_evaluation_datasets_account"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_evaluation_datasets"),
    )
    op.create_index("ix_evaluation_datasets_account_name", "evaluation_datasets", ["account", "name"])  # fmt: skip
    owned = {"evaluation_dataset_tags": "key", "evaluation_dataset_experiments": "experiment_id"}
    for table, key in owned.items():
        further = [sa.Column("value", TEXT, nullable=False)] if key == "key" else []
        op.create_table(
            table,
            sa.Column("dataset_id", TEXT, nullable=False),
            sa.Column(key, TEXT, nullable=False),
            *further,
            sa.ForeignKeyConstraint(
                ["dataset_id"], ["evaluation_datasets.id"], name=f"fk_{table}_dataset_id"
            ),
            sa.PrimaryKeyConstraint("dataset_id", key, name=f"pk_{table}"),
            sqlite_with_rowid=False,
        )
    op.create_table(
        "evaluation_records",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("dataset_id", TEXT, nullable=False),
        sa.Column("inputs_hash", TEXT, nullable=False),
        sa.Column("document", TEXT, nullable=False),
        sa.Column("created_ms", INT64, nullable=False),
        sa.Column("updated_ms", INT64, nullable=False),
        sa.ForeignKeyConstraint(
            ["dataset_id"], ["evaluation_datasets.id"], name="fk_evaluation_records_dataset_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_evaluation_records"),
        sa.UniqueConstraint(
            "dataset_id", "inputs_hash", name="uq_evaluation_records_dataset_id_inputs_hash"
        ),
    )
