"""Tables of who may do what, beyond members and keys: service accounts, roles limited by a tag."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from vedette.store.catalog.models import AUTHENTICATION, Base


class ServiceAccountRow(Base):
    """A program that owns API keys; ``roles`` are separated by blanks.

    With a tag its changes are limited to resources that carry it.
    """

    __tablename__ = "service_accounts"
    __table_args__: Any = (
        UniqueConstraint("account", "name", name="uq_service_accounts_account_name"),
        {"info": AUTHENTICATION},
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.name"))
    name: Mapped[str]
    description: Mapped[str]
    roles: Mapped[str]
    tag_key: Mapped[str | None]
    tag_value: Mapped[str | None]
    created: Mapped[datetime]
    created_by: Mapped[str]
    expires: Mapped[datetime | None]
    disabled: Mapped[bool]


class LimitedRoleRow(Base):
    """A role of a user whose changes are limited to resources with a tag."""

    __tablename__ = "limited_roles"
    __table_args__: Any = (
        Index("ix_limited_roles_account", "account"),
        {"info": AUTHENTICATION},
    )

    user_id: Mapped[str] = mapped_column(ForeignKey("users.id"), primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.name"), primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)
    tag_key: Mapped[str] = mapped_column(primary_key=True)
    tag_value: Mapped[str] = mapped_column(primary_key=True)
