"""Scheduled work: one table."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "scheduled_work",
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("account", TEXT),
        sa.Column("schedule", TEXT, nullable=False),
        sa.Column("payload", TEXT, nullable=False),
        sa.Column("next_due", sa.Float(53), nullable=False),
        sa.Column("last_slot", sa.Float(53)),
        sa.Column("finished", sa.Float(53)),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", TEXT),
        sa.Column("note", TEXT),
        sa.Column("claim", TEXT),
        sa.Column("lease_expires", sa.Float(53)),
        sa.PrimaryKeyConstraint("kind", "key", name="pk_scheduled_work"),
    )
    op.create_index("ix_scheduled_work_kind_next_due", "scheduled_work", ["kind", "next_due"])
    op.create_index("ix_scheduled_work_account", "scheduled_work", ["account"])
