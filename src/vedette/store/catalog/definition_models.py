"""Tables of what is defined by a document: KPIs, returns, reports, SLOs, synthetic checks, browser apps."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from vedette.store.catalog.models import OPERATIONAL, Base, Kept


class DefinitionRow(Kept, Base):
    """An entity that its definition says all about; ``definition`` and ``labels`` are JSON."""

    __tablename__ = "definitions"
    __table_args__: Any = (UniqueConstraint("account", "kind", "name"),)

    kind: Mapped[str]
    enabled: Mapped[bool]
    labels: Mapped[str]
    definition: Mapped[str]


class BrowserKeyRow(Base):
    """A public key by which pages of a browser app send; it can do nothing else."""

    __tablename__ = "browser_keys"

    key: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.name"))
    app: Mapped[str] = mapped_column(unique=True)
    created: Mapped[datetime]


class ReportRunRow(Base):
    """A report as it was made; ``document`` is the whole page."""

    __tablename__ = "report_runs"
    __table_args__: Any = (
        Index("ix_report_runs_account_report_created", "account", "report", "created"),
        {"info": OPERATIONAL},
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.name"))
    report: Mapped[str]
    slot: Mapped[str]
    created: Mapped[datetime]
    document: Mapped[str]
    delivered: Mapped[str]
    error: Mapped[str]
