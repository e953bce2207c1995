"""Signed digests of the audit trail, chains of calls, legal holds, and removal of what is past its time."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0024"
down_revision = "0017"
branch_labels = None
depends_on = None

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
MOMENT = sa.DateTime(timezone=True)
SEQUENCE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
GENESIS_HASH = "0" * 64

# Only what the head says was removed may be: the records up to its pruned_sequence.
SQLITE = (
    "DROP TRIGGER audit_no_delete",
    """
    CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit
    WHEN OLD.sequence > (SELECT pruned_sequence FROM audit_head)
    BEGIN SELECT RAISE(ABORT, 'the audit table is append-only'); END
    """,
    """
    CREATE TRIGGER audit_digests_no_update BEFORE UPDATE ON audit_digests
    BEGIN SELECT RAISE(ABORT, 'digests are append-only'); END
    """,
    """
    CREATE TRIGGER audit_digests_no_delete BEFORE DELETE ON audit_digests
    BEGIN SELECT RAISE(ABORT, 'digests are append-only'); END
    """,
)
POSTGRESQL = (
    "DROP TRIGGER audit_append_only ON audit",
    """
    CREATE TRIGGER audit_append_only BEFORE UPDATE OR TRUNCATE ON audit
    FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()
    """,
    """
    CREATE FUNCTION audit_prune_only() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN
      IF OLD.sequence > (SELECT pruned_sequence FROM audit_head) THEN
        RAISE EXCEPTION 'the audit table is append-only';
      END IF;
      RETURN OLD;
    END $$
    """,
    """
    CREATE TRIGGER audit_prune_only BEFORE DELETE ON audit
    FOR EACH ROW EXECUTE FUNCTION audit_prune_only()
    """,
    """
    CREATE TRIGGER audit_digests_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_digests
    FOR EACH STATEMENT EXECUTE FUNCTION audit_append_only()
    """,
)


def upgrade() -> None:
    """Create the tables, and let only what was pruned be deleted."""
    op.create_table(
        "audit_keys",
        sa.Column("fingerprint", TEXT, nullable=False),
        sa.Column("public_key", TEXT, nullable=False),
        sa.Column("sealed", TEXT, nullable=False),
        sa.Column("valid_from", MOMENT, nullable=False),
        sa.Column("valid_until", MOMENT, nullable=True),
        sa.Column("endorsed_by", TEXT, nullable=True),
        sa.Column("endorsement", TEXT, nullable=True),
        sa.PrimaryKeyConstraint("fingerprint", name="pk_audit_keys"),
    )
    op.create_table(
        "audit_digests",
        sa.Column("sequence", SEQUENCE, autoincrement=False, nullable=False),
        sa.Column("starts", MOMENT, nullable=False),
        sa.Column("ends", MOMENT, nullable=False),
        sa.Column("records", SEQUENCE, nullable=False),
        sa.Column("fingerprint", TEXT, nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("hash", TEXT, nullable=False),
        sa.Column("signature", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("sequence", name="pk_audit_digests"),
    )
    op.create_table(
        "audit_chains",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("host", TEXT, nullable=False),
        sa.Column("started", MOMENT, nullable=False),
        sa.Column("seen", MOMENT, nullable=False),
        sa.Column("closed", MOMENT, nullable=True),
        sa.Column("interrupted", MOMENT, nullable=True),
        sa.Column("written", SEQUENCE, nullable=False),
        sa.Column("written_hash", TEXT, nullable=False),
        sa.Column("pending", SEQUENCE, nullable=False),
        sa.Column("pending_hash", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audit_chains"),
    )
    op.create_index("ix_audit_chains_seen", "audit_chains", ["seen"])
    op.create_table(
        "audit_holds",
        sa.Column("id", TEXT, nullable=False),
        sa.Column("account", TEXT, nullable=True),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("since", MOMENT, nullable=True),
        sa.Column("created", MOMENT, nullable=False),
        sa.Column("created_by", TEXT, nullable=False),
        sa.Column("released", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_audit_holds"),
    )
    pruned = sa.Column("pruned_sequence", SEQUENCE, nullable=False, server_default="0")
    op.add_column("audit_head", pruned)
    op.add_column(
        "audit_head", sa.Column("pruned_hash", TEXT, nullable=False, server_default=GENESIS_HASH)
    )
    sqlite = op.get_bind().dialect.name == "sqlite"
    for statement in SQLITE if sqlite else POSTGRESQL:
        op.execute(statement)
