"""Tables of data quality: versions of a dataset's checks, baselines, monitors."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from vedette.store.catalog.models import Base


class DatasetChecksRow(Base):
    """One version of a dataset's checks; ``checks`` is a JSON list. A version never changes."""

    __tablename__ = "dataset_checks"

    account: Mapped[str] = mapped_column(ForeignKey("accounts.name"), primary_key=True)
    dataset: Mapped[str] = mapped_column(primary_key=True)
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    checks: Mapped[str]
    comment: Mapped[str]
    created: Mapped[datetime]
    created_by: Mapped[str]


class BaselineRow(Base):
    """A named frozen baseline; its states are in the warehouse under ``id``."""

    __tablename__ = "data_baselines"
    __table_args__: Any = (UniqueConstraint("account", "dataset", "name"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.name"))
    dataset: Mapped[str]
    name: Mapped[str]
    origin: Mapped[str]
    created: Mapped[datetime]
    created_by: Mapped[str]


class MonitorRow(Base):
    """A monitor of a dataset; ``definition`` is JSON."""

    __tablename__ = "monitors"
    __table_args__: Any = (UniqueConstraint("account", "name"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.name"))
    name: Mapped[str]
    dataset: Mapped[str]
    enabled: Mapped[bool]
    owner: Mapped[str]
    definition: Mapped[str]
    secret: Mapped[str | None]
    """The source's secret, encrypted."""
    created: Mapped[datetime]
    updated: Mapped[datetime]
