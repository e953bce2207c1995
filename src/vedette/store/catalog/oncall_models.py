"""Tables of who is on call, and of escalations that are under way."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Float, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from vedette.store.catalog.models import WITH_CHANGES, Base, Kept


class OnCallScheduleRow(Kept, Base):
    """Who is on call when; ``spec`` is JSON."""

    __tablename__ = "oncall_schedules"
    __table_args__: Any = (UniqueConstraint("account", "name"),)

    spec: Mapped[str]


class OnCallOverrideRow(Base):
    """Someone takes over for a while."""

    __tablename__ = "oncall_overrides"
    __table_args__: Any = (Index("ix_oncall_overrides_schedule_id_end", "schedule_id", "end"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    schedule_id: Mapped[str] = mapped_column(ForeignKey("oncall_schedules.id", ondelete="CASCADE"))
    person: Mapped[str]
    start: Mapped[datetime]
    end: Mapped[datetime]
    by: Mapped[str]
    comment: Mapped[str]
    at: Mapped[datetime]


class EscalationPolicyRow(Kept, Base):
    """Whom to tell next where nobody answers; ``spec`` is JSON."""

    __tablename__ = "escalation_policies"
    __table_args__: Any = (UniqueConstraint("account", "name"),)

    spec: Mapped[str]


class EscalationRow(Base):
    """One series of an alarm that is escalated: the next step, when it is due, and who was told.

    ``due`` is None where nothing is left to be done but to tell of the end. Unix seconds; ``told``
    (ids of channels) is JSON, ``payload`` the notice.
    """

    __tablename__ = "escalations"
    __table_args__: Any = (
        UniqueConstraint("account", "policy_id", "alarm_id", "series"),
        Index("ix_escalations_account_due", "account", "due"),
        {"info": WITH_CHANGES},
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str]
    policy_id: Mapped[str] = mapped_column(ForeignKey("escalation_policies.id", ondelete="CASCADE"))
    alarm_id: Mapped[str]
    series: Mapped[str]
    group_key: Mapped[str]
    began: Mapped[float] = mapped_column(Float(53))
    step: Mapped[int]
    due: Mapped[float | None] = mapped_column(Float(53))
    told: Mapped[str]
    ended: Mapped[str]
    payload: Mapped[str]
