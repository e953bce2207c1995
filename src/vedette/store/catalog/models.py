"""Tables of the catalog's own entities.

A table is *audited* unless its ``info`` says otherwise: rows of it can be written only inside
``Catalog.change``, which appends the audit record in the same transaction. Operational state
(leases, when a key was last used) is not an entity and is marked ``OPERATIONAL``, or
``WITH_CHANGES`` where it may also be written inside the change of the entity it belongs to. Tables that
decide who may do what are marked ``AUTHENTICATION``: a change of one empties the cache of
principals.

Domain services add their tables to the same ``Base`` and a migration for them.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    DateTime,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Text,
    UniqueConstraint,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from sqlalchemy.engine import Dialect

OPERATIONAL = {"audited": False}
WITH_CHANGES = {"audited": False, "with_changes": True}
AUTHENTICATION = {"authentication": True}
APPEND_ONLY = {"append_only": True}
GENESIS = "0" * 64
"""What stands for the hash before a chain's first record."""

# Byte order on both back ends, so that pages and comparisons do not depend on a locale.
PlainText = Text().with_variant(Text(collation="C"), "postgresql")
Sequence64 = BigInteger().with_variant(Integer(), "sqlite")


class UtcDateTime(TypeDecorator[datetime]):
    """An aware moment, kept in UTC with microseconds on both back ends."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Refuse naive moments; SQLite has no zones, so UTC is stored without one."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone cannot be stored")
        moment = value.astimezone(UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Return an aware moment in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if dialect.name == "sqlite" else value.astimezone(UTC)


class Base(DeclarativeBase):
    """Declarative base of every table in the catalog."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[Any] = {str: PlainText, datetime: UtcDateTime()}


class Kept:
    """Columns of what an account keeps under a name, and who made and changed it.

    ``owner`` is who keeps it as code, empty where nobody does.
    """

    id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.name"))
    name: Mapped[str]
    owner: Mapped[str]
    created: Mapped[datetime]
    created_by: Mapped[str]
    updated: Mapped[datetime]
    updated_by: Mapped[str]


class AccountRow(Base):
    """An account: the unit of isolation."""

    __tablename__ = "accounts"
    __table_args__: Any = ({"info": AUTHENTICATION},)

    name: Mapped[str] = mapped_column(primary_key=True)
    display_name: Mapped[str]
    created: Mapped[datetime]
    disabled: Mapped[bool]


class UserRow(Base):
    """A person; ``password_hash`` is None for those who sign in elsewhere (OIDC)."""

    __tablename__ = "users"
    __table_args__: Any = ({"info": AUTHENTICATION},)

    id: Mapped[str] = mapped_column(primary_key=True)
    login: Mapped[str] = mapped_column(unique=True)
    display_name: Mapped[str]
    password_hash: Mapped[str | None]
    created: Mapped[datetime]
    disabled: Mapped[bool]
    failed_attempts: Mapped[int]
    locked_until: Mapped[datetime | None]


class MembershipRow(Base):
    """One role of one user in one account."""

    __tablename__ = "memberships"
    __table_args__: Any = (
        Index("ix_memberships_account", "account"),
        {"info": AUTHENTICATION},
    )

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.name"), primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)


class ApiKeyRow(Base):
    """An API key; ``id`` is the public part of its text, ``secret_hash`` SHA-256 of the rest."""

    __tablename__ = "api_keys"
    __table_args__: Any = (
        Index("ix_api_keys_account", "account", "id"),
        Index("ix_api_keys_service_account_id", "service_account_id"),
        {"info": AUTHENTICATION},
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.name"))
    name: Mapped[str]
    secret_hash: Mapped[str]
    scopes: Mapped[str]
    created: Mapped[datetime]
    created_by: Mapped[str]
    expires: Mapped[datetime | None]
    revoked: Mapped[datetime | None]
    service_account_id: Mapped[str | None]
    """The service account that owns it, if one does."""


class ApiKeyUseRow(Base):
    """When a key was last used; beside the key, because using one is not a change of it."""

    __tablename__ = "api_key_uses"
    __table_args__: Any = ({"info": OPERATIONAL},)

    key_id: Mapped[str] = mapped_column(
        ForeignKey("api_keys.id", ondelete="CASCADE"), primary_key=True
    )
    last_used: Mapped[datetime]


class SessionRow(Base):
    """A sign-in of a user, or of an API key that a person pasted into the console."""

    __tablename__ = "sessions"
    __table_args__: Any = (
        CheckConstraint("(user_id IS NULL) <> (key_id IS NULL)", name="owner"),
        Index("ix_sessions_user_id", "user_id"),
        Index("ix_sessions_key_id", "key_id"),
        Index("ix_sessions_expires", "expires"),
        {"info": AUTHENTICATION},
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    token_hash: Mapped[str] = mapped_column(unique=True)
    csrf_token: Mapped[str]
    user_id: Mapped[str | None] = mapped_column(ForeignKey("users.id"))
    key_id: Mapped[str | None] = mapped_column(ForeignKey("api_keys.id"))
    account: Mapped[str] = mapped_column(ForeignKey("accounts.name"))
    created: Mapped[datetime]
    expires: Mapped[datetime]
    ip: Mapped[str | None]
    user_agent: Mapped[str | None]


class SignInLinkRow(Base):
    """A sign-in link of an API key that waits to be used; using it deletes it."""

    __tablename__ = "sign_in_links"
    __table_args__: Any = (Index("ix_sign_in_links_key_id", "key_id"),)

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    key_id: Mapped[str] = mapped_column(ForeignKey("api_keys.id"))
    created: Mapped[datetime]
    expires: Mapped[datetime]


class TagRow(Base):
    """A key and value on any resource; ``resource`` is the text form of its identity."""

    __tablename__ = "tags"
    __table_args__: Any = (Index("ix_tags_account_key_value", "account", "key", "value"),)

    resource: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]
    account: Mapped[str] = mapped_column(ForeignKey("accounts.name"))
    kind: Mapped[str]


class RetentionRow(Base):
    """How many days an account keeps a signal, where it differs from the installation's default."""

    __tablename__ = "retention"

    account: Mapped[str] = mapped_column(ForeignKey("accounts.name"), primary_key=True)
    signal: Mapped[str] = mapped_column(primary_key=True)
    days: Mapped[float] = mapped_column(Float(53))


class LeaseRow(Base):
    """A named lease; ``expires`` is a Unix time in seconds of the clock that `leases` explains."""

    __tablename__ = "leases"
    __table_args__: Any = ({"info": OPERATIONAL},)

    name: Mapped[str] = mapped_column(primary_key=True)
    holder: Mapped[str]
    expires: Mapped[float] = mapped_column(Float(53))


class ScheduledWorkRow(Base):
    """What runs when, how far it ran and which claim it is under; moments are Unix seconds."""

    __tablename__ = "scheduled_work"
    __table_args__: Any = (
        Index("ix_scheduled_work_kind_next_due", "kind", "next_due"),
        Index("ix_scheduled_work_account", "account"),
        {"info": WITH_CHANGES},
    )

    kind: Mapped[str] = mapped_column(primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str | None]
    schedule: Mapped[str]
    payload: Mapped[str]
    next_due: Mapped[float] = mapped_column(Float(53))
    last_slot: Mapped[float | None] = mapped_column(Float(53))
    finished: Mapped[float | None] = mapped_column(Float(53))
    attempts: Mapped[int]
    error: Mapped[str | None]
    note: Mapped[str | None]
    claim: Mapped[str | None]
    lease_expires: Mapped[float | None] = mapped_column(Float(53))


class SavedViewRow(Base):
    """A name for a page of the console in a certain state; ``search`` is part of its address."""

    __tablename__ = "saved_views"
    __table_args__: Any = (
        UniqueConstraint("account", "page", "name", name="uq_saved_views_account_page_name"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.name"))
    page: Mapped[str]
    name: Mapped[str]
    search: Mapped[str]
    created_by: Mapped[str]
    created: Mapped[datetime]
    updated: Mapped[datetime]


class MetricFilterRow(Base):
    """A metric filter: a pattern of log events and the metric that it makes of them.

    ``dimensions`` is JSON: label to selector.
    """

    __tablename__ = "metric_filters"
    __table_args__: Any = (
        UniqueConstraint("account", "name", name="uq_metric_filters_account_name"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.name"))
    name: Mapped[str]
    pattern: Mapped[str]
    service: Mapped[str]
    metric: Mapped[str]
    namespace: Mapped[str]
    unit: Mapped[str]
    value: Mapped[str]
    default_value: Mapped[float | None] = mapped_column(Float(53))
    dimensions: Mapped[str]
    enabled: Mapped[bool]
    since: Mapped[datetime]
    created: Mapped[datetime]
    updated: Mapped[datetime]


class DerivationRow(Base):
    """How far the metrics made from log events have got; moments are Unix milliseconds.

    ``pending`` is the end of the window that is being written, so that a run that was cut off is
    repeated with the same window.
    """

    __tablename__ = "derivations"
    __table_args__: Any = ({"info": OPERATIONAL},)

    name: Mapped[str] = mapped_column(primary_key=True)
    through: Mapped[int] = mapped_column(Sequence64)
    pending: Mapped[int | None] = mapped_column(Sequence64)


class BandDetectorRow(Base):
    """The state of an anomaly detector; moments are Unix seconds. See ``telemetry.bands``."""

    __tablename__ = "band_detectors"
    __table_args__: Any = (Index("ix_band_detectors_asked", "asked"), {"info": OPERATIONAL})

    id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str]
    definition: Mapped[str]
    state: Mapped[bytes] = mapped_column(LargeBinary)
    series: Mapped[str]
    through: Mapped[int] = mapped_column(Sequence64)
    trail: Mapped[int] = mapped_column(Sequence64)
    asked: Mapped[int] = mapped_column(Sequence64)


class AuditRow(Base):
    """One audit record: its canonical JSON, the hash of that, and columns copied for look-ups."""

    __tablename__ = "audit"
    __table_args__: Any = (
        Index("ix_audit_account_sequence", "account", "sequence"),
        Index("ix_audit_account_event_name_sequence", "account", "event_name", "sequence"),
        Index("ix_audit_event_time", "event_time"),
        {"info": APPEND_ONLY},
    )

    sequence: Mapped[int] = mapped_column(Sequence64, primary_key=True, autoincrement=False)
    event_id: Mapped[str] = mapped_column(unique=True)
    event_time: Mapped[datetime]
    account: Mapped[str]
    actor_id: Mapped[str]
    event_name: Mapped[str]
    read_only: Mapped[bool]
    error_code: Mapped[str | None]
    record: Mapped[str]
    hash: Mapped[str]


class AuditHeadRow(Base):
    """The end of the audit chain: one row, locked by whoever appends.

    Records up to ``pruned_sequence`` were removed when their time was over; the last of them had
    ``pruned_hash``.
    """

    __tablename__ = "audit_head"
    __table_args__: Any = (CheckConstraint("id = 1", name="single_row"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    sequence: Mapped[int] = mapped_column(Sequence64)
    hash: Mapped[str]
    pruned_sequence: Mapped[int] = mapped_column(Sequence64, server_default="0")
    pruned_hash: Mapped[str] = mapped_column(server_default=GENESIS)
