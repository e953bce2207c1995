"""Prices of training, and comments on approval requests."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0037"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "training_prices",
        sa.Column("account", TEXT, nullable=False),
        sa.Column("currency", TEXT, nullable=False),
        sa.Column("host_hour", sa.Float(precision=53), nullable=False),
        sa.Column("gpu_hour", sa.Float(precision=53), nullable=False),
        sa.Column("kwh", sa.Float(precision=53), nullable=False),
        sa.Column("updated", MOMENT, nullable=False),
        sa.Column("updated_by", TEXT, nullable=False),
        sa.ForeignKeyConstraint(["account"], ["accounts.name"], name="fk_training_prices_account"),
        sa.PrimaryKeyConstraint("account", name="pk_training_prices"),
    )
    op.create_table(
        "approval_comments",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("request_id", TEXT, nullable=False),
        sa.Column("actor_id", TEXT, nullable=False),
        sa.Column("actor_name", TEXT, nullable=False),
        sa.Column("comment", TEXT, nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["approval_requests.id"], name="fk_approval_comments_request_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_approval_comments"),
    )
    op.create_index("ix_approval_comments_request", "approval_comments", ["request_id", "id"])
