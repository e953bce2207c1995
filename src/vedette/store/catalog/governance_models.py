"""Tables of governance: signing keys and digests of the audit trail, chains of calls, legal holds."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from vedette.store.catalog.models import OPERATIONAL, Base, Sequence64


class AuditKeyRow(Base):
    """A key that signs digests; ``sealed`` is its private half, encrypted with the secret key.

    ``endorsement`` is the signature of this key by the one before it, ``endorsed_by``.
    """

    __tablename__ = "audit_keys"

    fingerprint: Mapped[str] = mapped_column(primary_key=True)
    public_key: Mapped[str]
    sealed: Mapped[str]
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime | None]
    endorsed_by: Mapped[str | None]
    endorsement: Mapped[str | None]


class AuditDigestRow(Base):
    """A signed digest: its canonical text, the SHA-256 of that, and the signature."""

    __tablename__ = "audit_digests"
    __table_args__: Any = ({"info": {**OPERATIONAL, "append_only": True}},)

    sequence: Mapped[int] = mapped_column(Sequence64, primary_key=True, autoincrement=False)
    starts: Mapped[datetime]
    ends: Mapped[datetime]
    records: Mapped[int] = mapped_column(Sequence64)
    fingerprint: Mapped[str]
    text: Mapped[str]
    hash: Mapped[str]
    signature: Mapped[str]


class AuditChainRow(Base):
    """The chain of calls that one server process writes to the warehouse.

    What is ``written`` is surely stored; what is ``pending`` was about to be. ``closed`` is None while
    the process runs, and ``interrupted`` is set where it ended without closing: what it held in memory
    then is lost.
    """

    __tablename__ = "audit_chains"
    __table_args__: Any = (Index("ix_audit_chains_seen", "seen"), {"info": OPERATIONAL})

    id: Mapped[str] = mapped_column(primary_key=True)
    host: Mapped[str]
    started: Mapped[datetime]
    seen: Mapped[datetime]
    closed: Mapped[datetime | None]
    interrupted: Mapped[datetime | None]
    written: Mapped[int] = mapped_column(Sequence64)
    written_hash: Mapped[str]
    pending: Mapped[int] = mapped_column(Sequence64)
    pending_hash: Mapped[str]


class AuditHoldRow(Base):
    """A legal hold: records from ``since`` on are kept, however old, until it is released."""

    __tablename__ = "audit_holds"

    id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str | None]
    reason: Mapped[str]
    since: Mapped[datetime | None]
    created: Mapped[datetime]
    created_by: Mapped[str]
    released: Mapped[datetime | None]
