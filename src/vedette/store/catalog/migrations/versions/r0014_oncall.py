"""Who is on call, and escalations."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0016"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def _entity(name: str) -> None:
    op.create_table(
        name,
        sa.Column("id", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("spec", TEXT, nullable=False),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("created_by", TEXT, nullable=False),
        sa.Column("updated", MOMENT, nullable=False),
        sa.Column("updated_by", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name=f"pk_{name}"),
        sa.ForeignKeyConstraint(["account"], ["accounts.name"], name=f"fk_{name}_account"),
        sa.UniqueConstraint("account", "name", name=f"uq_{name}_account_name"),
    )


def upgrade() -> None:
    """Create the tables."""
    _entity("oncall_schedules")
    _entity("escalation_policies")
    op.create_table(
        "oncall_overrides",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("schedule_id", TEXT, nullable=False),
        sa.Column("person", TEXT, nullable=False),
        sa.Column("start", MOMENT, nullable=False),
        sa.Column("end", MOMENT, nullable=False),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("comment", TEXT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_oncall_overrides"),
        sa.ForeignKeyConstraint(
            ["schedule_id"],
            ["oncall_schedules.id"],
            name="fk_oncall_overrides_schedule_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "ix_oncall_overrides_schedule_id_end", "oncall_overrides", ["schedule_id", "end"]
    )
    op.create_table(
        "escalations",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("policy_id", TEXT, nullable=False),
        sa.Column("alarm_id", TEXT, nullable=False),
        sa.Column("series", TEXT, nullable=False),
        sa.Column("group_key", TEXT, nullable=False),
        sa.Column("began", sa.Float(53), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("due", sa.Float(53), nullable=True),
        sa.Column("told", TEXT, nullable=False),
        sa.Column("ended", TEXT, nullable=False),
        sa.Column("payload", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_escalations"),
        sa.ForeignKeyConstraint(
            ["policy_id"],
            ["escalation_policies.id"],
            name="fk_escalations_policy_id",
            ondelete="CASCADE",
        ),
        sa.UniqueConstraint(
            "account", "policy_id", "alarm_id", "series",
            name="uq_escalations_account_policy_id_alarm_id_series",
        ),
    )  # fmt: skip
    op.create_index("ix_escalations_account_due", "escalations", ["account", "due"])
