"""Service accounts that own keys, and roles that are limited by a tag."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0090"
down_revision = "0100"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True)


def upgrade() -> None:
    """Create the tables, and name the service account of a key."""
    op.create_table(
        "service_accounts",
        *(
            sa.Column(name, TEXT, nullable=False)
            for name in ("id", "account", "name", "description", "roles")
        ),
        sa.Column("tag_key", TEXT, nullable=True),
        sa.Column("tag_value", TEXT, nullable=True),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("created_by", TEXT, nullable=False),
        sa.Column("expires", MOMENT, nullable=True),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_service_accounts"),
        sa.ForeignKeyConstraint(["account"], ["accounts.name"], name="fk_service_accounts_account"),
        sa.UniqueConstraint("account", "name", name="uq_service_accounts_account_name"),
    )
    op.create_table(
        "limited_roles",
        *(
            sa.Column(name, TEXT, nullable=False)
            for name in ("user_id", "account", "role", "tag_key", "tag_value")
        ),
        sa.PrimaryKeyConstraint(
            "user_id", "account", "role", "tag_key", "tag_value", name="pk_limited_roles"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_limited_roles_user_id"),
        sa.ForeignKeyConstraint(["account"], ["accounts.name"], name="fk_limited_roles_account"),
    )
    op.create_index("ix_limited_roles_account", "limited_roles", ["account"])
    op.add_column("api_keys", sa.Column("service_account_id", TEXT, nullable=True))
    op.create_index("ix_api_keys_service_account_id", "api_keys", ["service_account_id"])
