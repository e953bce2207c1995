"""Incidents."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0037"
down_revision = "0014"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "incidents",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("severity", TEXT, nullable=False),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("services", TEXT, nullable=False),
        sa.Column("cause", TEXT, nullable=False),
        sa.Column("postmortem", TEXT, nullable=False),
        sa.Column("began", MOMENT, nullable=False),
        sa.Column("joined", MOMENT, nullable=False),
        sa.Column("quiet_since", MOMENT, nullable=True),
        sa.Column("resolved", MOMENT, nullable=True),
        sa.Column("created_by", TEXT, nullable=False),
        sa.Column("updated", MOMENT, nullable=False),
        sa.Column("updated_by", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_incidents"),
        sa.ForeignKeyConstraint(["account"], ["accounts.name"], name="fk_incidents_account"),
    )
    op.create_index("ix_incidents_account_number", "incidents", ["account", "number"], unique=True)
    op.create_index("ix_incidents_account_status", "incidents", ["account", "status"])
    op.create_table(
        "incident_alarms",
        sa.Column("incident_id", TEXT, nullable=False),
        sa.Column("alarm_id", TEXT, nullable=False),
        sa.Column("alarm", TEXT, nullable=False),
        sa.Column("severity", TEXT, nullable=False),
        sa.Column("since", MOMENT, nullable=False),
        sa.Column("ended", MOMENT, nullable=True),
        sa.Column("joined", MOMENT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("incident_id", "alarm_id", name="pk_incident_alarms"),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name="fk_incident_alarms_incident_id",
            ondelete="CASCADE",
        ),
    )  # fmt: skip
    op.create_index("ix_incident_alarms_alarm_id", "incident_alarms", ["alarm_id"])
    op.create_table(
        "incident_notes",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("incident_id", TEXT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_incident_notes"),
        sa.ForeignKeyConstraint(
            ["incident_id"], ["incidents.id"], name="fk_incident_notes_incident_id",
            ondelete="CASCADE",
        ),
    )  # fmt: skip
    op.create_index("ix_incident_notes_incident_id_id", "incident_notes", ["incident_id", "id"])
