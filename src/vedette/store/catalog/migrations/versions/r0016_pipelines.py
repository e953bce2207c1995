"""What is expected of pipelines, and how far their metrics are."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0030"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "pipelines",
        sa.Column("account", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("definition", TEXT, nullable=False),
        sa.Column("updated", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("account", "name", name="pk_pipelines"),
        sa.ForeignKeyConstraint(["account"], ["accounts.name"], name="fk_pipelines_account"),
    )
    op.create_table(
        "pipeline_progress",
        sa.Column("account", TEXT, nullable=False),
        sa.Column("up_to", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("account", name="pk_pipeline_progress"),
    )
