"""Tables of alarms and notifications.

What people decide (definitions, acknowledgements, comments, mute windows, channels, routes) is
audited. What the evaluation remembers and what waits to be sent is operational; all of it goes when
its alarm does.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Float, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from vedette.store.catalog.models import OPERATIONAL, WITH_CHANGES, Base, Kept


class AlarmRow(Kept, Base):
    """An alarm's definition; ``spec`` and ``labels`` are JSON.

    ``kind`` and ``interval`` (seconds) are copied from the definition: the evaluation reads by them.
    ``owner`` is who keeps it as code, empty where nobody does.
    """

    __tablename__ = "alarms"
    __table_args__: Any = (
        UniqueConstraint("account", "name"),
        Index("ix_alarms_account_interval", "account", "interval"),
    )

    kind: Mapped[str]
    interval: Mapped[int]
    enabled: Mapped[bool]
    severity: Mapped[str]
    spec: Mapped[str]
    labels: Mapped[str]
    version: Mapped[int]


class AlarmStatusRow(Base):
    """What an alarm as a whole is in; written only where it changed. Moments are Unix seconds."""

    __tablename__ = "alarm_status"
    __table_args__: Any = (
        Index("ix_alarm_status_account_state", "account", "state"),
        {"info": WITH_CHANGES},
    )

    alarm_id: Mapped[str] = mapped_column(
        ForeignKey("alarms.id", ondelete="CASCADE"), primary_key=True
    )
    account: Mapped[str]
    state: Mapped[str]
    since: Mapped[float] = mapped_column(Float(53))
    evaluation: Mapped[str]
    evaluation_reason: Mapped[str]
    reason: Mapped[str]
    series: Mapped[int]
    in_alarm: Mapped[int]
    pending: Mapped[int]
    suppression: Mapped[str]
    quiet: Mapped[str]


class AlarmContributorRow(Base):
    """One series of an alarm; see ``vedette.alarms.model.Contributor``."""

    __tablename__ = "alarm_contributors"
    __table_args__: Any = ({"info": OPERATIONAL},)

    alarm_id: Mapped[str] = mapped_column(
        ForeignKey("alarms.id", ondelete="CASCADE"), primary_key=True
    )
    key: Mapped[str] = mapped_column(primary_key=True)
    labels: Mapped[str]
    state: Mapped[str]
    since: Mapped[float] = mapped_column(Float(53))
    pending_since: Mapped[float | None] = mapped_column(Float(53))
    breached: Mapped[float | None] = mapped_column(Float(53))
    onset: Mapped[float | None] = mapped_column(Float(53))
    seen: Mapped[float | None] = mapped_column(Float(53))
    told: Mapped[str | None]
    told_at: Mapped[float | None] = mapped_column(Float(53))
    value: Mapped[float | None] = mapped_column(Float(53))
    reason: Mapped[str]


class AlarmAcknowledgementRow(Base):
    """Someone looks after an alarm; it counts while ``since`` is still when its state began."""

    __tablename__ = "alarm_acknowledgements"

    alarm_id: Mapped[str] = mapped_column(
        ForeignKey("alarms.id", ondelete="CASCADE"), primary_key=True
    )
    since: Mapped[float] = mapped_column(Float(53))
    at: Mapped[datetime]
    by: Mapped[str]
    comment: Mapped[str]


class AlarmCommentRow(Base):
    """A comment on an alarm."""

    __tablename__ = "alarm_comments"
    __table_args__: Any = (Index("ix_alarm_comments_alarm_id_id", "alarm_id", "id"),)

    id: Mapped[str] = mapped_column(primary_key=True)
    alarm_id: Mapped[str] = mapped_column(ForeignKey("alarms.id", ondelete="CASCADE"))
    at: Mapped[datetime]
    by: Mapped[str]
    text: Mapped[str]


class MuteWindowRow(Kept, Base):
    """When which alarms do not tell; ``spec`` is JSON."""

    __tablename__ = "mute_windows"
    __table_args__: Any = (UniqueConstraint("account", "name"),)

    spec: Mapped[str]


class AlarmEventRow(Base):
    """A fact about an alarm on its way to the warehouse; ``payload`` is a row of its history."""

    __tablename__ = "alarm_events"
    __table_args__: Any = (
        Index("ix_alarm_events_account_id", "account", "id"),
        {"info": WITH_CHANGES},
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str]
    payload: Mapped[str]


class NotificationChannelRow(Kept, Base):
    """Where notifications can go; ``settings`` is JSON, ``secret`` encrypted."""

    __tablename__ = "notification_channels"
    __table_args__: Any = (UniqueConstraint("account", "name"),)

    kind: Mapped[str]
    settings: Mapped[str]
    secret: Mapped[str | None]


class NotificationRouteRow(Kept, Base):
    """Which alarms go to which channels; ``spec`` is JSON, ``position`` the order."""

    __tablename__ = "notification_routes"
    __table_args__: Any = (UniqueConstraint("account", "name"),)

    position: Mapped[int]
    spec: Mapped[str]


class NotificationMessageRow(Base):
    """What waits to be sent to a channel; those of one group go together. Unix seconds."""

    __tablename__ = "notification_messages"
    __table_args__: Any = (
        Index("ix_notification_messages_account_due", "account", "due"),
        {"info": WITH_CHANGES},
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str]
    channel_id: Mapped[str] = mapped_column(
        ForeignKey("notification_channels.id", ondelete="CASCADE")
    )
    group_key: Mapped[str]
    created: Mapped[float] = mapped_column(Float(53))
    due: Mapped[float] = mapped_column(Float(53))
    attempts: Mapped[int]
    payload: Mapped[str]


class NotificationDeliveryRow(Base):
    """One attempt to send, as it went. Unix seconds."""

    __tablename__ = "notification_deliveries"
    __table_args__: Any = (
        Index("ix_notification_deliveries_account_id", "account", "id"),
        Index("ix_notification_deliveries_channel_id_at", "channel_id", "at"),
        {"info": OPERATIONAL},
    )

    id: Mapped[str] = mapped_column(primary_key=True)
    account: Mapped[str]
    channel_id: Mapped[str] = mapped_column(
        ForeignKey("notification_channels.id", ondelete="CASCADE")
    )
    channel: Mapped[str]
    at: Mapped[float] = mapped_column(Float(53))
    status: Mapped[str]
    attempt: Mapped[int]
    title: Mapped[str]
    alarms: Mapped[str]
    notices: Mapped[int]
    error: Mapped[str | None]
    seconds: Mapped[float] = mapped_column(Float(53))
