"""Tables of dashboards: what each is now, and what it was."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from vedette.store.catalog.models import Base, Kept


class DashboardRow(Kept, Base):
    """A dashboard; ``spec`` is JSON.

    ``owner`` is who keeps it as code, empty where nobody does.
    """

    __tablename__ = "dashboards"
    __table_args__: Any = (UniqueConstraint("account", "name", name="uq_dashboards_account_name"),)

    spec: Mapped[str]
    version: Mapped[int]


class DashboardVersionRow(Base):
    """One version of a dashboard; it never changes."""

    __tablename__ = "dashboard_versions"

    dashboard_id: Mapped[str] = mapped_column(
        ForeignKey("dashboards.id", ondelete="CASCADE"), primary_key=True
    )
    version: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    account: Mapped[str]
    name: Mapped[str]
    spec: Mapped[str]
    comment: Mapped[str]
    created: Mapped[datetime]
    created_by: Mapped[str]
