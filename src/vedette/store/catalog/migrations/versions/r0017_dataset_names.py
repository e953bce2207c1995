"""Datasets that runs read have the name by which lineage knows them."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from vedette.core.names import dataset_source_name

revision = "0017"
down_revision = "0021"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    """Add the column, fill it from the sources, and index it."""
    op.add_column(
        "run_datasets", sa.Column("lineage_name", TEXT, nullable=False, server_default="")
    )
    rows = sa.table("run_datasets", sa.column("id"), sa.column("source"), sa.column("lineage_name"))
    connection = op.get_bind()
    for identity, source in connection.execute(sa.select(rows.c.id, rows.c.source)).all():
        if name := dataset_source_name(source):
            connection.execute(
                sa.update(rows).where(rows.c.id == identity).values(lineage_name=name)
            )
    with op.batch_alter_table("run_datasets") as table:
        table.alter_column("lineage_name", server_default=None, existing_type=TEXT)
    op.create_index(
        "ix_run_datasets_account_lineage_name", "run_datasets", ["account", "lineage_name"]
    )
    op.create_index(
        "ix_run_datasets_account_name_digest", "run_datasets", ["account", "name", "digest"]
    )
