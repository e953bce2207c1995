"""States of anomaly detectors: one table."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the table."""
    op.create_table(
        "band_detectors",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("definition", TEXT, nullable=False),
        sa.Column("state", sa.LargeBinary(), nullable=False),
        sa.Column("series", TEXT, nullable=False),
        sa.Column("through", SEQUENCE, nullable=False),
        sa.Column("trail", SEQUENCE, nullable=False),
        sa.Column("asked", SEQUENCE, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_band_detectors"),
    )
    op.create_index("ix_band_detectors_asked", "band_detectors", ["asked"])
