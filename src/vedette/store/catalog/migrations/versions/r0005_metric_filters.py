"""Metric filters, and how far metrics made from log events have got: two tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True)
SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "metric_filters",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("pattern", TEXT, nullable=False),
        sa.Column("service", TEXT, nullable=False),
        sa.Column("metric", TEXT, nullable=False),
        sa.Column("namespace", TEXT, nullable=False),
        sa.Column("unit", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.Column("default_value", sa.Float(53)),
        sa.Column("dimensions", TEXT, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("updated", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_metric_filters"),
        sa.ForeignKeyConstraint(["account"], ["accounts.name"], name="fk_metric_filters_account"),
        sa.UniqueConstraint("account", "name", name="uq_metric_filters_account_name"),
    )
    op.create_table(
        "derivations",
        sa.Column("name", TEXT, nullable=False),
        sa.Column("through", SEQUENCE, nullable=False),
        sa.Column("pending", SEQUENCE),
        sa.PrimaryKeyConstraint("name", name="pk_derivations"),
    )
