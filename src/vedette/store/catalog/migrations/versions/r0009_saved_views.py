"""Saved views of the console."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "saved_views",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("page", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("search", TEXT, nullable=False),
        sa.Column("created_by", TEXT, nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("updated", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_saved_views"),
        sa.ForeignKeyConstraint(["account"], ["accounts.name"], name="fk_saved_views_account"),
        sa.UniqueConstraint("account", "page", "name", name="uq_saved_views_account_page_name"),
    )
