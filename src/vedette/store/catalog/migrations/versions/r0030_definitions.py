"""What is defined by a document, keys of browser apps, and reports that were made."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0030"
down_revision = "0009"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "definitions",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("labels", TEXT, nullable=False),
        sa.Column("definition", TEXT, nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("created_by", TEXT, nullable=False),
        sa.Column("updated", MOMENT, nullable=False),
        sa.Column("updated_by", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_definitions"),
        sa.ForeignKeyConstraint(["account"], ["accounts.name"], name="fk_definitions_account"),
        sa.UniqueConstraint("account", "kind", "name", name="uq_definitions_account_kind_name"),
    )
    op.create_table(
        "browser_keys",
        sa.Column("key", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("app", TEXT, nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_browser_keys"),
        sa.ForeignKeyConstraint(["account"], ["accounts.name"], name="fk_browser_keys_account"),
        sa.UniqueConstraint("app", name="uq_browser_keys_app"),
    )
    op.create_table(
        "report_runs",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("report", TEXT, nullable=False),
        sa.Column("slot", TEXT, nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("document", TEXT, nullable=False),
        sa.Column("delivered", TEXT, nullable=False),
        sa.Column("error", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_report_runs"),
        sa.ForeignKeyConstraint(["account"], ["accounts.name"], name="fk_report_runs_account"),
    )
    op.create_index(
        "ix_report_runs_account_report_created", "report_runs", ["account", "report", "created"]
    )
