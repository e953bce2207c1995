"""The model registry: versions, approvals, webhooks."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006b"
down_revision = "0006"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True)
INT64 = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Create the tables."""
    _create_models()
    _create_approvals()
    _create_webhooks()


def _create_models() -> None:
    """Create registered models and their versions."""
    op.create_table(
        "registered_models",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("created_ms", INT64, nullable=False),
        sa.Column("updated_ms", INT64, nullable=False),
        sa.Column("last_version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account"], ["accounts.name"], name="fk_registered_models_account"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_registered_models"),
        sa.UniqueConstraint("account", "name", name="uq_registered_models_account_name"),
    )
    op.create_table(
        "registered_model_tags",
        sa.Column("model_id", TEXT, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["model_id"], ["registered_models.id"], name="fk_registered_model_tags_model_id"
        ),
        sa.PrimaryKeyConstraint("model_id", "key", name="pk_registered_model_tags"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "model_versions",
        sa.Column("model_id", TEXT, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("user_id", TEXT, nullable=False),
        sa.Column("stage", TEXT, nullable=False),
        sa.Column("stage_status", TEXT, nullable=False),
        sa.Column("source", TEXT, nullable=False),
        sa.Column("storage_location", TEXT, nullable=False),
        sa.Column("run_id", TEXT, nullable=False),
        sa.Column("run_link", TEXT, nullable=False),
        sa.Column("logged_model_id", TEXT, nullable=True),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("status_message", TEXT, nullable=False),
        sa.Column("created_ms", INT64, nullable=False),
        sa.Column("updated_ms", INT64, nullable=False),
        sa.ForeignKeyConstraint(
            ["model_id"], ["registered_models.id"], name="fk_model_versions_model_id"
        ),
        sa.PrimaryKeyConstraint("model_id", "version", name="pk_model_versions"),
    )
    op.create_index("ix_model_versions_logged_model_id", "model_versions", ["logged_model_id"])
    op.create_index("ix_model_versions_run_id", "model_versions", ["run_id"])
    op.create_table(
        "model_version_tags",
        sa.Column("model_id", TEXT, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("key", TEXT, nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["model_id", "version"],
            ["model_versions.model_id", "model_versions.version"],
            name="fk_model_version_tags_model_id_version",
        ),
        sa.PrimaryKeyConstraint("model_id", "version", "key", name="pk_model_version_tags"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "model_aliases",
        sa.Column("model_id", TEXT, nullable=False),
        sa.Column("alias", TEXT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["model_id", "version"],
            ["model_versions.model_id", "model_versions.version"],
            name="fk_model_aliases_model_id_version",
        ),
        sa.PrimaryKeyConstraint("model_id", "alias", name="pk_model_aliases"),
    )
    op.create_table(
        "model_cards",
        sa.Column("model_id", TEXT, nullable=False),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("risk", TEXT, nullable=False),
        sa.Column("content", TEXT, nullable=False),
        sa.Column("author", TEXT, nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["model_id", "version"],
            ["model_versions.model_id", "model_versions.version"],
            name="fk_model_cards_model_id_version",
        ),
        sa.PrimaryKeyConstraint("model_id", "version", "revision", name="pk_model_cards"),
    )


def _create_approvals() -> None:
    """Create rules, requests and decisions."""
    op.create_table(
        "approval_rules",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("model", TEXT, nullable=False),
        sa.Column("stage", TEXT, nullable=False),
        sa.Column("approvals", sa.Integer(), nullable=False),
        sa.Column("reviewers", TEXT, nullable=False),
        sa.Column("aliases", TEXT, nullable=False),
        sa.Column("checks", TEXT, nullable=False),
        sa.Column("expires_hours", sa.Integer(), nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(["account"], ["accounts.name"], name="fk_approval_rules_account"),
        sa.PrimaryKeyConstraint("id", name="pk_approval_rules"),
        sa.UniqueConstraint(
            "account", "model", "stage", name="uq_approval_rules_account_model_stage"
        ),
    )
    op.create_table(
        "approval_requests",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("model_id", TEXT, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("stage", TEXT, nullable=False),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("comment", TEXT, nullable=False),
        sa.Column("requested_by", TEXT, nullable=False),
        sa.Column("requested_by_name", TEXT, nullable=False),
        sa.Column("checks", TEXT, nullable=False),
        sa.Column("needed", sa.Integer(), nullable=False),
        sa.Column("reviewers", TEXT, nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("expires", MOMENT, nullable=False),
        sa.Column("closed", MOMENT, nullable=True),
        sa.ForeignKeyConstraint(
            ["account"], ["accounts.name"], name="fk_approval_requests_account"
        ),
        sa.ForeignKeyConstraint(
            ["model_id", "version"],
            ["model_versions.model_id", "model_versions.version"],
            name="fk_approval_requests_model_id_version",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_approval_requests"),
    )
    op.create_index(
        "ix_approval_requests_account_status", "approval_requests", ["account", "status", "id"]
    )
    op.create_index("ix_approval_requests_version", "approval_requests", ["model_id", "version"])
    op.create_table(
        "approval_decisions",
        sa.Column("request_id", TEXT, nullable=False),
        sa.Column("actor_id", TEXT, nullable=False),
        sa.Column("actor_name", TEXT, nullable=False),
        sa.Column("decision", TEXT, nullable=False),
        sa.Column("comment", TEXT, nullable=False),
        sa.Column("created", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["request_id"], ["approval_requests.id"], name="fk_approval_decisions_request_id"
        ),
        sa.PrimaryKeyConstraint("request_id", "actor_id", name="pk_approval_decisions"),
    )


def _create_webhooks() -> None:
    """Create webhooks and their deliveries."""
    op.create_table(
        "registry_webhooks",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("description", TEXT, nullable=False),
        sa.Column("url", TEXT, nullable=False),
        sa.Column("events", TEXT, nullable=False),
        sa.Column("secret", TEXT, nullable=True),
        sa.Column("status", TEXT, nullable=False),
        sa.Column("created_ms", INT64, nullable=False),
        sa.Column("updated_ms", INT64, nullable=False),
        sa.ForeignKeyConstraint(
            ["account"], ["accounts.name"], name="fk_registry_webhooks_account"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_registry_webhooks"),
    )
    op.create_table(
        "webhook_deliveries",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("webhook_id", TEXT, nullable=False),
        sa.Column("payload", TEXT, nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("due", MOMENT, nullable=False),
        sa.ForeignKeyConstraint(
            ["webhook_id"],
            ["registry_webhooks.id"],
            name="fk_webhook_deliveries_webhook_id",
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_webhook_deliveries"),
        info={"audited": False, "with_changes": True},
    )
    op.create_index("ix_webhook_deliveries_due", "webhook_deliveries", ["due"])
