"""Series of alarms remember when the data began that put them off."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0101"
down_revision = "0090"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Add the column."""
    op.add_column("alarm_contributors", sa.Column("onset", sa.Float(53), nullable=True))
