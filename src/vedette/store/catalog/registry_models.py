"""Tables of the model registry: models, versions, aliases, approvals, cards and webhooks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, ForeignKeyConstraint, Index, Integer, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from vedette.store.catalog.models import WITH_CHANGES, Base, Sequence64
from vedette.store.catalog.tracking_models import CLUSTERED


class RegisteredModelRow(Base):
    """A registered model; ``last_version`` is the number that was given last, never given again."""

    __tablename__ = "registered_models"
    __table_args__: Any = (UniqueConstraint("account", "name"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.name"))
    name: Mapped[str]
    description: Mapped[str]
    user_id: Mapped[str]
    created_ms: Mapped[int] = mapped_column(Sequence64)
    updated_ms: Mapped[int] = mapped_column(Sequence64)
    last_version: Mapped[int] = mapped_column(Integer)


class RegisteredModelTagRow(Base):
    """A tag of a registered model."""

    __tablename__ = "registered_model_tags"
    __table_args__: Any = (CLUSTERED,)

    model_id: Mapped[str] = mapped_column(ForeignKey("registered_models.id"), primary_key=True)
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class ModelVersionRow(Base):
    """A version of a registered model, and where it is in its life cycle."""

    __tablename__ = "model_versions"
    __table_args__: Any = (
        Index("ix_model_versions_run_id", "run_id"),
        Index("ix_model_versions_logged_model_id", "logged_model_id"),
    )

    model_id: Mapped[str] = mapped_column(ForeignKey("registered_models.id"), primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    account: Mapped[str]
    description: Mapped[str]
    user_id: Mapped[str]
    stage: Mapped[str]
    stage_status: Mapped[str]
    source: Mapped[str]
    storage_location: Mapped[str]
    run_id: Mapped[str]
    run_link: Mapped[str]
    logged_model_id: Mapped[str | None]
    status: Mapped[str]
    status_message: Mapped[str]
    created_ms: Mapped[int] = mapped_column(Sequence64)
    updated_ms: Mapped[int] = mapped_column(Sequence64)


class ModelVersionTagRow(Base):
    """A tag of a model version."""

    __tablename__ = "model_version_tags"
    __table_args__: Any = (
        ForeignKeyConstraint(
            ["model_id", "version"], ["model_versions.model_id", "model_versions.version"]
        ),
        CLUSTERED,
    )

    model_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    key: Mapped[str] = mapped_column(primary_key=True)
    value: Mapped[str]


class ModelAliasRow(Base):
    """A name that points to a version of a model."""

    __tablename__ = "model_aliases"
    __table_args__: Any = (
        ForeignKeyConstraint(
            ["model_id", "version"], ["model_versions.model_id", "model_versions.version"]
        ),
    )

    model_id: Mapped[str] = mapped_column(primary_key=True)
    alias: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(Integer)


class ApprovalRuleRow(Base):
    """What a model's versions need before they enter a stage; ``model`` is ``*`` for every model."""

    __tablename__ = "approval_rules"
    __table_args__: Any = (UniqueConstraint("account", "model", "stage"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.name"))
    model: Mapped[str]
    stage: Mapped[str]
    approvals: Mapped[int] = mapped_column(Integer)
    reviewers: Mapped[str]
    aliases: Mapped[str]
    checks: Mapped[str]
    expires_hours: Mapped[int] = mapped_column(Integer)
    created: Mapped[datetime]


class ApprovalRequestRow(Base):
    """A request that a version may enter a stage, as a person decides it."""

    __tablename__ = "approval_requests"
    __table_args__: Any = (
        ForeignKeyConstraint(
            ["model_id", "version"], ["model_versions.model_id", "model_versions.version"]
        ),
        Index("ix_approval_requests_account_status", "account", "status", "id"),
        Index("ix_approval_requests_version", "model_id", "version"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.name"))
    model_id: Mapped[str]
    version: Mapped[int] = mapped_column(Integer)
    stage: Mapped[str]
    status: Mapped[str]
    comment: Mapped[str]
    requested_by: Mapped[str]
    requested_by_name: Mapped[str]
    checks: Mapped[str]
    needed: Mapped[int] = mapped_column(Integer)
    reviewers: Mapped[str]
    created: Mapped[datetime]
    expires: Mapped[datetime]
    closed: Mapped[datetime | None]


class ApprovalDecisionRow(Base):
    """What one person decided about a request."""

    __tablename__ = "approval_decisions"

    request_id: Mapped[str] = mapped_column(ForeignKey("approval_requests.id"), primary_key=True)
    actor_id: Mapped[str] = mapped_column(primary_key=True)
    actor_name: Mapped[str]
    decision: Mapped[str]
    comment: Mapped[str]
    created: Mapped[datetime]


class ApprovalCommentRow(Base):
    """What somebody said of a request without deciding it."""

    __tablename__ = "approval_comments"
    __table_args__: Any = (Index("ix_approval_comments_request", "request_id", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    request_id: Mapped[str] = mapped_column(ForeignKey("approval_requests.id"))
    actor_id: Mapped[str]
    actor_name: Mapped[str]
    comment: Mapped[str]
    created: Mapped[datetime]


class ModelCardRow(Base):
    """One revision of a model version's card; ``content`` holds what people wrote, as JSON."""

    __tablename__ = "model_cards"
    __table_args__: Any = (
        ForeignKeyConstraint(
            ["model_id", "version"], ["model_versions.model_id", "model_versions.version"]
        ),
    )

    model_id: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    revision: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    status: Mapped[str]
    risk: Mapped[str]
    content: Mapped[str]
    author: Mapped[str]
    created: Mapped[datetime]


class RegistryWebhookRow(Base):
    """Where events of the registry are sent; ``secret`` signs them and is never shown again."""

    __tablename__ = "registry_webhooks"

    id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.name"))
    name: Mapped[str]
    description: Mapped[str]
    url: Mapped[str]
    events: Mapped[str]
    secret: Mapped[str | None]
    status: Mapped[str]
    created_ms: Mapped[int] = mapped_column(Sequence64)
    updated_ms: Mapped[int] = mapped_column(Sequence64)


class WebhookDeliveryRow(Base):
    """An event on its way to a webhook; gone once it was delivered or given up."""

    __tablename__ = "webhook_deliveries"
    __table_args__: Any = (
        Index("ix_webhook_deliveries_due", "due"),
        {"info": WITH_CHANGES},
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    webhook_id: Mapped[str] = mapped_column(ForeignKey("registry_webhooks.id", ondelete="CASCADE"))
    payload: Mapped[str]
    attempts: Mapped[int] = mapped_column(Integer)
    due: Mapped[datetime]
