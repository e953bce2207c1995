"""Tables of the organisation: links between accounts, quotas, usage, policies of tags, outside identities."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Float, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from vedette.store.catalog.models import AUTHENTICATION, OPERATIONAL, Base, Sequence64


class AccountSinkRow(Base):
    """What a monitoring account takes: kinds and accounts, separated by blanks; ``*`` is every account."""

    __tablename__ = "account_sinks"

    account: Mapped[str] = mapped_column(ForeignKey("accounts.name"), primary_key=True)
    kinds: Mapped[str]
    sources: Mapped[str]
    updated: Mapped[datetime]


class AccountLinkRow(Base):
    """What a source account shares with a monitoring account, until it ends the link."""

    __tablename__ = "account_links"
    __table_args__: Any = (
        Index("ix_account_links_source", "source"),
        Index("ix_account_links_sink", "sink"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    source: Mapped[str] = mapped_column(ForeignKey("accounts.name"))
    sink: Mapped[str] = mapped_column(ForeignKey("accounts.name"))
    kinds: Mapped[str]
    created: Mapped[datetime]
    created_by: Mapped[str]
    ended: Mapped[datetime | None]


class QuotaRow(Base):
    """The most that an account may use of one thing."""

    __tablename__ = "account_quotas"

    account: Mapped[str] = mapped_column(ForeignKey("accounts.name"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    limit: Mapped[float] = mapped_column(Float(53))


class UsageRow(Base):
    """What an account used on a day (UTC, ``2026-03-01``)."""

    __tablename__ = "account_usage"
    __table_args__: Any = ({"info": OPERATIONAL},)

    account: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[str] = mapped_column(primary_key=True)
    ingest_bytes: Mapped[int] = mapped_column(Sequence64)
    ingest_requests: Mapped[int] = mapped_column(Sequence64)
    refused_requests: Mapped[int] = mapped_column(Sequence64)
    series: Mapped[int] = mapped_column(Sequence64)
    storage_bytes: Mapped[int] = mapped_column(Sequence64)


class TagPolicyRow(Base):
    """What tags resources of some kinds must have; ``rules`` is JSON."""

    __tablename__ = "tag_policies"
    __table_args__: Any = (
        UniqueConstraint("account", "name", name="uq_tag_policies_account_name"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.name"))
    name: Mapped[str]
    rules: Mapped[str]
    updated: Mapped[datetime]


class TagComplianceRow(Base):
    """How many resources of an account complied with its policies on a day."""

    __tablename__ = "tag_compliance"
    __table_args__: Any = ({"info": OPERATIONAL},)

    account: Mapped[str] = mapped_column(primary_key=True)
    day: Mapped[str] = mapped_column(primary_key=True)
    resources: Mapped[int] = mapped_column(Sequence64)
    compliant: Mapped[int] = mapped_column(Sequence64)


class ExternalIdentityRow(Base):
    """A person as an identity provider knows them: issuer and subject, which never change."""

    __tablename__ = "external_identities"
    __table_args__: Any = (
        Index("ix_external_identities_user_id", "user_id"),
        {"info": AUTHENTICATION},
    )

    issuer: Mapped[str] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"))
    created: Mapped[datetime]
