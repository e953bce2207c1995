"""Tables of reviews: what judges traces by itself, what people are asked of them, and issues found.

Moments as in ``tracking_models``.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import Float, ForeignKey, ForeignKeyConstraint, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from vedette.store.catalog.models import Base, Sequence64
from vedette.store.catalog.tracking_models import CLUSTERED


def _of_experiment() -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["account", "experiment_id"], ["experiments.account", "experiments.id"]
    )


class OnlineScoringRow(Base):
    """Which share of an experiment's traces a scorer is to judge as they come, and which of them."""

    __tablename__ = "online_scoring"
    __table_args__: Any = (_of_experiment(), CLUSTERED)

    account: Mapped[str] = mapped_column(primary_key=True)
    experiment_id: Mapped[str] = mapped_column(primary_key=True)
    scorer_id: Mapped[str] = mapped_column(primary_key=True)
    id: Mapped[str]
    sample_rate: Mapped[float] = mapped_column(Float(53))
    filter: Mapped[str | None]


class LabelSchemaRow(Base):
    """A question that reviewers of an experiment's traces are asked; ``input`` is JSON."""

    __tablename__ = "label_schemas"
    __table_args__: Any = (
        _of_experiment(),
        UniqueConstraint("account", "experiment_id", "name"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str]
    experiment_id: Mapped[str]
    name: Mapped[str]
    type: Mapped[str]
    instruction: Mapped[str | None]
    enable_comment: Mapped[bool]
    input: Mapped[str]
    is_default: Mapped[bool]
    created_by: Mapped[str]
    created_ms: Mapped[int] = mapped_column(Sequence64)
    updated_ms: Mapped[int] = mapped_column(Sequence64)


class ReviewQueueRow(Base):
    """A list of traces for people to review; ``name_key`` is its name in small letters.

    ``schema_ids`` is a list in JSON: the questions of a queue that is nobody's own.
    """

    __tablename__ = "review_queues"
    __table_args__: Any = (
        _of_experiment(),
        UniqueConstraint("account", "experiment_id", "name_key"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str]
    experiment_id: Mapped[str]
    name: Mapped[str]
    name_key: Mapped[str]
    type: Mapped[str]
    schema_ids: Mapped[str]
    created_by: Mapped[str]
    created_ms: Mapped[int] = mapped_column(Sequence64)
    updated_ms: Mapped[int] = mapped_column(Sequence64)


class ReviewQueueUserRow(Base):
    """A person whose queue this is, or one of those."""

    __tablename__ = "review_queue_users"
    __table_args__: Any = (CLUSTERED,)

    queue_id: Mapped[str] = mapped_column(ForeignKey("review_queues.id"), primary_key=True)
    user: Mapped[str] = mapped_column(primary_key=True)


class ReviewItemRow(Base):
    """A trace in a queue, and how its review stands."""

    __tablename__ = "review_items"
    __table_args__: Any = (Index("ix_review_items_item", "item_id"),)

    queue_id: Mapped[str] = mapped_column(ForeignKey("review_queues.id"), primary_key=True)
    item_id: Mapped[str] = mapped_column(primary_key=True)
    status: Mapped[str]
    completed_by: Mapped[str | None]
    completed_ms: Mapped[int | None] = mapped_column(Sequence64)
    created_ms: Mapped[int] = mapped_column(Sequence64)
    updated_ms: Mapped[int] = mapped_column(Sequence64)


class TraceIssueRow(Base):
    """A problem that was found in an experiment's traces; lists are JSON."""

    __tablename__ = "trace_issues"
    __table_args__: Any = (
        _of_experiment(),
        Index("ix_trace_issues_account", "account", "experiment_id"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str]
    experiment_id: Mapped[str]
    name: Mapped[str]
    description: Mapped[str]
    status: Mapped[str]
    severity: Mapped[str | None]
    root_causes: Mapped[str]
    categories: Mapped[str]
    source_run_id: Mapped[str | None]
    created_by: Mapped[str | None]
    created_ms: Mapped[int] = mapped_column(Sequence64)
    updated_ms: Mapped[int] = mapped_column(Sequence64)
