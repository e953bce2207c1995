"""Data quality: versions of checks, baselines and monitors: three tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006b"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "dataset_checks",
        sa.Column("account", TEXT, nullable=False),
        sa.Column("dataset", TEXT, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("checks", TEXT, nullable=False),
        sa.Column("comment", TEXT, nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("created_by", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("account", "dataset", "version", name="pk_dataset_checks"),
        sa.ForeignKeyConstraint(["account"], ["accounts.name"], name="fk_dataset_checks_account"),
    )
    op.create_table(
        "data_baselines",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("dataset", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("origin", TEXT, nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("created_by", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_data_baselines"),
        sa.ForeignKeyConstraint(["account"], ["accounts.name"], name="fk_data_baselines_account"),
        sa.UniqueConstraint(
            "account", "dataset", "name", name="uq_data_baselines_account_dataset_name"
        ),
    )
    op.create_table(
        "monitors",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("dataset", TEXT, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("definition", TEXT, nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("updated", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_monitors"),
        sa.ForeignKeyConstraint(["account"], ["accounts.name"], name="fk_monitors_account"),
        sa.UniqueConstraint("account", "name", name="uq_monitors_account_name"),
    )
