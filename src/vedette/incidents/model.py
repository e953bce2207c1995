"""What an incident is."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Literal

from vedette.core.errors import InvalidInputError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

MAX_TITLE, MAX_NOTE, MAX_SECTION = 200, 4096, 20_000
MAX_NOTES, MAX_ALARMS, MAX_SERVICES = 1_000, 200, 50
SEVERITIES = ("info", "warning", "error", "critical")
"""From the least to the most severe."""
NoteKind = Literal["note", "status", "system"]


class Status(StrEnum):
    """How far people are with an incident."""

    OPEN = "open"
    ACKNOWLEDGED = "acknowledged"
    MITIGATED = "mitigated"
    RESOLVED = "resolved"

    @classmethod
    def named(cls, text: str) -> Status:
        """Return the status of this name."""
        try:
            return cls(text)
        except ValueError as error:
            raise InvalidInputError(
                f"{text[:50]!r} is not a status of incidents",
                field="status",
                remedy=f"use {', '.join(cls)}",
            ) from error


@dataclass(frozen=True, slots=True)
class IncidentAlarm:
    """An alarm of an incident.

    Attributes:
        alarm_id: its id.
        alarm: its name.
        severity: when it joined.
        since: when it began to fire.
        ended: when it went out; None while it fires.
        joined: when it was put here.
        reason: why it belongs here.

    """

    alarm_id: str
    alarm: str
    severity: str
    since: datetime
    ended: datetime | None
    joined: datetime
    reason: str


@dataclass(frozen=True, slots=True)
class Note:
    """What someone said, or what was done, about an incident."""

    id: str
    at: datetime
    by: str
    kind: NoteKind
    text: str


@dataclass(frozen=True, slots=True)
class Postmortem:
    """What was learned; every part may be empty."""

    summary: str = ""
    impact: str = ""
    root_cause: str = ""
    resolution: str = ""
    actions: str = ""


@dataclass(frozen=True, slots=True)
class Incident:
    """An incident.

    Attributes:
        id: ULID.
        account: whose.
        number: counts the incidents of the account.
        title: in a line.
        status: how far people are.
        severity: of its most severe alarm, or what someone set.
        owner: who looks after it; empty where nobody does.
        services: what it is about.
        cause: the likeliest cause when it began, as ``GET /alarms/{alarm}/causes`` has them; empty
            where none was found.
        postmortem: what was learned.
        began: when the data began that put its first alarm off.
        quiet_since: when its last alarm went out; None while one fires.
        resolved: when it was resolved.
        created_by: who opened it; ``incidents`` where alarms did.
        updated: when it was changed last.
        alarms: what belongs to it, in the order in which it joined.

    """

    id: str
    account: str
    number: int
    title: str
    status: Status
    severity: str
    owner: str
    services: tuple[str, ...]
    cause: Mapping[str, Any]
    postmortem: Postmortem
    began: datetime
    quiet_since: datetime | None
    resolved: datetime | None
    created_by: str
    updated: datetime
    alarms: Sequence[IncidentAlarm] = field(default_factory=list)


def most_severe(severities: Sequence[str]) -> str:
    """Return the most severe of some severities."""
    return max(severities, key=SEVERITIES.index, default=SEVERITIES[0])


def check_severity(text: str) -> str:
    """Return a severity's name; ``InvalidInputError`` where it is none."""
    if text not in SEVERITIES:
        raise InvalidInputError(
            f"{text[:50]!r} is not a severity",
            field="severity",
            remedy=f"use {', '.join(reversed(SEVERITIES))}",
        )
    return text
