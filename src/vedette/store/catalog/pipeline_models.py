"""Tables of pipelines: what is expected of them, and up to where their runs became metrics."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from vedette.store.catalog.models import WITH_CHANGES, Base


class PipelineRow(Base):
    """What is expected of a pipeline: schedule, freshness, owner; ``definition`` is JSON."""

    __tablename__ = "pipelines"

    account: Mapped[str] = mapped_column(ForeignKey("accounts.name"), primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    definition: Mapped[str]
    updated: Mapped[datetime]


class PipelineProgressRow(Base):
    """Up to which time of receipt ended runs of an account were made into metrics."""

    __tablename__ = "pipeline_progress"
    __table_args__: Any = ({"info": WITH_CHANGES},)

    account: Mapped[str] = mapped_column(primary_key=True)
    up_to: Mapped[datetime]
