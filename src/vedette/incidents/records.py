"""Records of incidents, their alarms and notes, as they are read and changed within a transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from sqlalchemy import func, select

from vedette.core.errors import ConflictError, NotFoundError
from vedette.core.identity import ResourceId
from vedette.core.ids import new_id
from vedette.incidents.model import (
    MAX_ALARMS,
    MAX_NOTES,
    Incident,
    IncidentAlarm,
    Note,
    NoteKind,
    Postmortem,
    Status,
)
from vedette.store.catalog.incident_models import IncidentAlarmRow, IncidentNoteRow, IncidentRow

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy.orm import Session

    from vedette.store.catalog import Change

MAX_OPEN = 1_000
"""Most incidents of an account that are not resolved."""


def new_incident(
    change: Change,
    account: str,
    *,
    title: str,
    severity: str,
    by: str,
    now: datetime,
    owner: str = "",
    services: tuple[str, ...] = (),
    cause: Mapping[str, object] | None = None,
    began: datetime | None = None,
) -> IncidentRow:
    """Add an incident within a change; ``ConflictError`` where too many are not resolved."""
    session = change.session
    mine = IncidentRow.account == account
    unresolved = select(func.count()).where(mine, IncidentRow.status != Status.RESOLVED.value)
    if (session.scalar(unresolved) or 0) >= MAX_OPEN:
        raise ConflictError(
            f"{MAX_OPEN} incidents are not resolved", remedy="resolve or merge some first"
        )
    number = (session.scalar(select(func.max(IncidentRow.number)).where(mine)) or 0) + 1
    row = IncidentRow(
        id=new_id(), account=account, number=number, title=title, status=Status.OPEN.value,
        severity=severity, owner=owner, services=orjson.dumps(list(services)).decode(),
        cause=orjson.dumps(dict(cause or {})).decode(), postmortem="{}", began=began or now,
        joined=now, quiet_since=None, resolved=None, created_by=by, updated=now, updated_by=by,
    )  # fmt: skip
    session.add(row)
    session.flush()
    change.concern(ResourceId(account, "incident", str(number)))
    change.respond(incident=number)
    return row


def put_alarm(
    session: Session,
    row: IncidentRow,
    *,
    alarm_id: str,
    name: str,
    severity: str,
    since: datetime,
    ended: datetime | None,
    now: datetime,
    reason: str,
) -> None:
    """Add an alarm to an incident within a change; one that is there fires again."""
    held = session.get(IncidentAlarmRow, (row.id, alarm_id))
    if held is not None:
        held.ended = ended
        if ended is None:
            held.severity = severity
    else:
        count = select(func.count()).where(IncidentAlarmRow.incident_id == row.id)
        if (session.scalar(count) or 0) >= MAX_ALARMS:
            raise ConflictError(
                f"an incident holds {MAX_ALARMS} alarms", remedy="open another incident"
            )
        session.add(
            IncidentAlarmRow(
                incident_id=row.id, alarm_id=alarm_id, alarm=name, severity=severity, since=since,
                ended=ended, joined=now, reason=reason[:500],
            )
        )  # fmt: skip
    if ended is None:
        row.quiet_since, row.joined = None, now
    session.flush()


def note(
    session: Session, incident_id: str, kind: NoteKind, text: str, *, by: str, now: datetime
) -> Note:
    """Add a note to an incident within a change."""
    held = select(func.count()).where(IncidentNoteRow.incident_id == incident_id)
    if (session.scalar(held) or 0) >= MAX_NOTES and kind == "note":
        raise ConflictError(
            f"the incident has {MAX_NOTES} notes", remedy="keep longer ones in its postmortem"
        )
    made = IncidentNoteRow(
        id=new_id(), incident_id=incident_id, at=now, by=by, kind=kind, text=text
    )
    session.add(made)
    return note_of(made)


def existing(session: Session, account: str, incident: str) -> IncidentRow:
    """Return an incident's row by its id or number; ``NotFoundError`` where there is none."""
    row: IncidentRow | None = None
    if incident.isascii() and incident.isdigit() and len(incident) < 10:  # noqa: PLR2004 - fits
        chosen = select(IncidentRow).where(
            IncidentRow.account == account, IncidentRow.number == int(incident)
        )
        row = session.scalar(chosen)
    elif incident.isascii() and incident.isalnum():
        row = session.get(IncidentRow, incident)
    if row is None or row.account != account:
        raise NotFoundError(
            f"there is no incident {incident[:100]!r}", field="incident", remedy="see the list"
        )
    return row


def incident_of(session: Session, row: IncidentRow) -> Incident:
    """Return the incident of a row."""
    chosen = (
        select(IncidentAlarmRow)
        .where(IncidentAlarmRow.incident_id == row.id)
        .order_by(IncidentAlarmRow.joined, IncidentAlarmRow.alarm)
    )
    alarms = [
        IncidentAlarm(
            one.alarm_id, one.alarm, one.severity, one.since, one.ended, one.joined, one.reason
        )
        for one in session.scalars(chosen)
    ]
    return Incident(
        id=row.id, account=row.account, number=row.number, title=row.title,
        status=Status(row.status), severity=row.severity, owner=row.owner,
        services=tuple(orjson.loads(row.services)), cause=orjson.loads(row.cause),
        postmortem=Postmortem(**orjson.loads(row.postmortem)), began=row.began,
        quiet_since=row.quiet_since, resolved=row.resolved, created_by=row.created_by,
        updated=row.updated, alarms=alarms,
    )  # fmt: skip


def note_of(row: IncidentNoteRow) -> Note:
    """Return the note of a row."""
    return Note(row.id, row.at, row.by, row.kind, row.text)  # type: ignore[arg-type]
