"""Alarms and notifications: definitions, states, windows, channels, routes and what waits."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True)
FLOAT = sa.Float(53)


def upgrade() -> None:
    """Create the tables."""
    _create_alarms()
    _create_alarm_notes()
    _create_notifications()


def _create_alarms() -> None:
    op.create_table(
        "alarms",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("interval", sa.Integer(), nullable=False),
        sa.Column("enabled", sa.Boolean(), nullable=False),
        sa.Column("severity", TEXT, nullable=False),
        sa.Column("spec", TEXT, nullable=False),
        sa.Column("labels", TEXT, nullable=False),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("created_by", TEXT, nullable=False),
        sa.Column("updated", MOMENT, nullable=False),
        sa.Column("updated_by", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alarms"),
        sa.ForeignKeyConstraint(["account"], ["accounts.name"], name="fk_alarms_account"),
        sa.UniqueConstraint("account", "name", name="uq_alarms_account_name"),
    )
    op.create_index("ix_alarms_account_interval", "alarms", ["account", "interval"])
    op.create_table(
        "alarm_status",
        sa.Column("alarm_id", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("since", FLOAT, nullable=False),
        sa.Column("evaluation", TEXT, nullable=False),
        sa.Column("evaluation_reason", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("series", sa.Integer(), nullable=False),
        sa.Column("in_alarm", sa.Integer(), nullable=False),
        sa.Column("pending", sa.Integer(), nullable=False),
        sa.Column("suppression", TEXT, nullable=False),
        sa.Column("quiet", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("alarm_id", name="pk_alarm_status"),
        sa.ForeignKeyConstraint(
            ["alarm_id"], ["alarms.id"], name="fk_alarm_status_alarm_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_alarm_status_account_state", "alarm_status", ["account", "state"])
    op.create_table(
        "alarm_contributors",
        sa.Column("alarm_id", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("labels", TEXT, nullable=False),
        sa.Column("state", TEXT, nullable=False),
        sa.Column("since", FLOAT, nullable=False),
        sa.Column("pending_since", FLOAT),
        sa.Column("breached", FLOAT),
        sa.Column("seen", FLOAT),
        sa.Column("told", TEXT),
        sa.Column("told_at", FLOAT),
        sa.Column("value", FLOAT),
        sa.Column("reason", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("alarm_id", "key", name="pk_alarm_contributors"),
        sa.ForeignKeyConstraint(
            ["alarm_id"], ["alarms.id"], name="fk_alarm_contributors_alarm_id", ondelete="CASCADE"
        ),
    )


def _create_alarm_notes() -> None:
    op.create_table(
        "alarm_acknowledgements",
        sa.Column("alarm_id", TEXT, nullable=False),
        sa.Column("since", FLOAT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("comment", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("alarm_id", name="pk_alarm_acknowledgements"),
        sa.ForeignKeyConstraint(
            ["alarm_id"],
            ["alarms.id"],
            name="fk_alarm_acknowledgements_alarm_id",
            ondelete="CASCADE",
        ),
    )
    op.create_table(
        "alarm_comments",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("alarm_id", TEXT, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("by", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alarm_comments"),
        sa.ForeignKeyConstraint(
            ["alarm_id"], ["alarms.id"], name="fk_alarm_comments_alarm_id", ondelete="CASCADE"
        ),
    )
    op.create_index("ix_alarm_comments_alarm_id_id", "alarm_comments", ["alarm_id", "id"])
    op.create_table(
        "mute_windows",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("spec", TEXT, nullable=False),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("created_by", TEXT, nullable=False),
        sa.Column("updated", MOMENT, nullable=False),
        sa.Column("updated_by", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_mute_windows"),
        sa.ForeignKeyConstraint(["account"], ["accounts.name"], name="fk_mute_windows_account"),
        sa.UniqueConstraint("account", "name", name="uq_mute_windows_account_name"),
    )
    op.create_table(
        "alarm_events",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("payload", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_alarm_events"),
    )
    op.create_index("ix_alarm_events_account_id", "alarm_events", ["account", "id"])


def _create_notifications() -> None:
    op.create_table(
        "notification_channels",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("kind", TEXT, nullable=False),
        sa.Column("settings", TEXT, nullable=False),
        sa.Column("secret", TEXT),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("created_by", TEXT, nullable=False),
        sa.Column("updated", MOMENT, nullable=False),
        sa.Column("updated_by", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notification_channels"),
        sa.ForeignKeyConstraint(
            ["account"], ["accounts.name"], name="fk_notification_channels_account"
        ),
        sa.UniqueConstraint("account", "name", name="uq_notification_channels_account_name"),
    )
    op.create_table(
        "notification_routes",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("spec", TEXT, nullable=False),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("created_by", TEXT, nullable=False),
        sa.Column("updated", MOMENT, nullable=False),
        sa.Column("updated_by", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notification_routes"),
        sa.ForeignKeyConstraint(
            ["account"], ["accounts.name"], name="fk_notification_routes_account"
        ),
        sa.UniqueConstraint("account", "name", name="uq_notification_routes_account_name"),
    )
    op.create_table(
        "notification_messages",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("channel_id", TEXT, nullable=False),
        sa.Column("group_key", TEXT, nullable=False),
        sa.Column("created", FLOAT, nullable=False),
        sa.Column("due", FLOAT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("payload", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notification_messages"),
        sa.ForeignKeyConstraint(
            ["channel_id"],
            ["notification_channels.id"],
            name="fk_notification_messages_channel_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "ix_notification_messages_account_due", "notification_messages", ["account", "due"]
    )
    op.create_table(
        "notification_deliveries",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("channel_id", TEXT, nullable=False),
        sa.Column("channel", TEXT, nullable=False),
        sa.Column("at", FLOAT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("title", TEXT, nullable=False),
        sa.Column("alarms", TEXT, nullable=False),
        sa.Column("notices", sa.Integer(), nullable=False),
        sa.Column("error", TEXT),
        sa.Column("seconds", FLOAT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_notification_deliveries"),
        sa.ForeignKeyConstraint(
            ["channel_id"],
            ["notification_channels.id"],
            name="fk_notification_deliveries_channel_id",
            ondelete="CASCADE",
        ),
    )
    op.create_index(
        "ix_notification_deliveries_account_id", "notification_deliveries", ["account", "id"]
    )
    op.create_index(
        "ix_notification_deliveries_channel_id_at", "notification_deliveries", ["channel_id", "at"]
    )
