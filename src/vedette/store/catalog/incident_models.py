"""Tables of incidents: what belongs together of what went wrong, and who looks after it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from vedette.store.catalog.models import Base


class IncidentRow(Base):
    """An incident; ``services``, ``cause`` and ``postmortem`` are JSON.

    ``number`` counts the incidents of an account; ``quiet_since`` is when the last of its alarms
    went out, none while one of them fires.
    """

    __tablename__ = "incidents"
    __table_args__: Any = (
        Index("ix_incidents_account_number", "account", "number", unique=True),
        Index("ix_incidents_account_status", "account", "status"),
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str] = mapped_column(ForeignKey("accounts.name"))
    number: Mapped[int]
    title: Mapped[str]
    status: Mapped[str]
    severity: Mapped[str]
    owner: Mapped[str]
    services: Mapped[str]
    cause: Mapped[str]
    postmortem: Mapped[str]
    began: Mapped[datetime]
    joined: Mapped[datetime]
    quiet_since: Mapped[datetime | None]
    resolved: Mapped[datetime | None]
    created_by: Mapped[str]
    updated: Mapped[datetime]
    updated_by: Mapped[str]


class IncidentAlarmRow(Base):
    """An alarm that belongs to an incident, and why; its name stays where the alarm is deleted."""

    __tablename__ = "incident_alarms"
    __table_args__: Any = (Index("ix_incident_alarms_alarm_id", "alarm_id"),)

    incident_id: Mapped[str] = mapped_column(
        ForeignKey("incidents.id", ondelete="CASCADE"), primary_key=True
    )
    alarm_id: Mapped[str] = mapped_column(primary_key=True)
    alarm: Mapped[str]
    severity: Mapped[str]
    since: Mapped[datetime]
    ended: Mapped[datetime | None]
    joined: Mapped[datetime]
    reason: Mapped[str]


class IncidentNoteRow(Base):
    """What was said or done about an incident: ``kind`` is note, status or system."""

    __tablename__ = "incident_notes"
    __table_args__: Any = (Index("ix_incident_notes_incident_id_id", "incident_id", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    incident_id: Mapped[str] = mapped_column(ForeignKey("incidents.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    by: Mapped[str]
    kind: Mapped[str]
    text: Mapped[str]
