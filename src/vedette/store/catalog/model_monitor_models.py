"""Table of model monitors."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from vedette.store.catalog.models import Base


class ModelMonitorRow(Base):
    """A monitor of a model in production; ``definition`` is JSON."""

    __tablename__ = "model_monitors"
    __table_args__: Any = (UniqueConstraint("account", "name"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.name"))
    name: Mapped[str]
    model: Mapped[str]
    enabled: Mapped[bool]
    owner: Mapped[str]
    definition: Mapped[str]
    created: Mapped[datetime]
    updated: Mapped[datetime]
