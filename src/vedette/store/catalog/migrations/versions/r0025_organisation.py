"""Links between accounts, quotas and usage, policies of tags, identities of providers."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True)
NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def _account(table: str, column: str = "account") -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], ["accounts.name"], name=f"fk_{table}_{column}")


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, TEXT, nullable=False)


def _number(name: str) -> sa.Column[int]:
    return sa.Column(name, NUMBER, nullable=False)


def _moment(name: str, *, nullable: bool = False) -> sa.Column[datetime]:
    return sa.Column(name, MOMENT, nullable=nullable)


def upgrade() -> None:
    """Create the tables."""
    op.create_table(
        "account_sinks",
        *(_text(name) for name in ("account", "kinds", "sources")),
        _moment("updated"),
        sa.PrimaryKeyConstraint("account", name="pk_account_sinks"),
        _account("account_sinks"),
    )
    op.create_table(
        "account_links",
        *(_text(name) for name in ("id", "source", "sink", "kinds")),
        _moment("created"),
        _text("created_by"),
        _moment("ended", nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_account_links"),
        _account("account_links", "source"),
        _account("account_links", "sink"),
    )
    for column in ("source", "sink"):
        op.create_index(f"ix_account_links_{column}", "account_links", [column])
    op.create_table(
        "account_quotas",
        _text("account"),
        _text("name"),
        sa.Column("limit", sa.Float(53), nullable=False),
        sa.PrimaryKeyConstraint("account", "name", name="pk_account_quotas"),
        _account("account_quotas"),
    )
    op.create_table(
        "account_usage",
        _text("account"),
        _text("day"),
        *(
            _number(name)
            for name in (
                "ingest_bytes", "ingest_requests", "refused_requests", "series", "storage_bytes",
            )
        ),
        sa.PrimaryKeyConstraint("account", "day", name="pk_account_usage"),
    )  # fmt: skip
    op.create_table(
        "tag_policies",
        *(_text(name) for name in ("id", "account", "name", "rules")),
        _moment("updated"),
        sa.PrimaryKeyConstraint("id", name="pk_tag_policies"),
        _account("tag_policies"),
        sa.UniqueConstraint("account", "name", name="uq_tag_policies_account_name"),
    )
    op.create_table(
        "tag_compliance",
        _text("account"),
        _text("day"),
        _number("resources"),
        _number("compliant"),
        sa.PrimaryKeyConstraint("account", "day", name="pk_tag_compliance"),
    )
    op.create_table(
        "external_identities",
        *(_text(name) for name in ("issuer", "subject", "user_id")),
        _moment("created"),
        sa.PrimaryKeyConstraint("issuer", "subject", name="pk_external_identities"),
        sa.ForeignKeyConstraint(["user_id"], ["users.id"], name="fk_external_identities_user_id"),
    )
    op.create_index("ix_external_identities_user_id", "external_identities", ["user_id"])
