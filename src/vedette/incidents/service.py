"""Incidents as people see and change them; every change is audited."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import orjson
from sqlalchemy import func, or_, select

from vedette.alarms.service import existing_alarm
from vedette.core.errors import ConflictError, InvalidInputError, NotFoundError
from vedette.core.identity import ResourceId
from vedette.incidents.model import (
    MAX_NOTE,
    MAX_NOTES,
    MAX_SECTION,
    MAX_TITLE,
    Incident,
    Note,
    Status,
    check_severity,
)
from vedette.incidents.records import existing, incident_of, new_incident, note, note_of, put_alarm
from vedette.store.catalog.alarm_models import AlarmStatusRow
from vedette.store.catalog.checks import DEFAULT_PAGE, Page, check_limit, check_text
from vedette.store.catalog.incident_models import IncidentAlarmRow, IncidentNoteRow, IncidentRow

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from sqlalchemy.orm import Session

    from vedette.store.catalog import Actor, Catalog, Change

SOURCE = "vedette.incidents"


@dataclass(frozen=True, slots=True)
class Edit:
    """What is to be changed of an incident; None stays."""

    title: str | None = None
    status: str | None = None
    severity: str | None = None
    owner: str | None = None


class Incidents:
    """Incidents of an account. Thread-safe; everything blocks."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def open(
        self, actor: Actor, account: str, title: str, *, severity: str = "error", owner: str = ""
    ) -> Incident:
        """Open an incident by hand, without an alarm.

        Raises:
            ConflictError: the account has 1000 that are not resolved.

        """
        title = check_text(title, field="title", max_length=MAX_TITLE)
        owner = check_text(owner, field="owner", max_length=200, min_length=0)
        check_severity(severity)
        request = {"title": title, "severity": severity, "owner": owner}
        with self._catalog.change(
            actor, "OpenIncident", account=account, source=SOURCE, request=request
        ) as change:
            row = new_incident(
                change, account, title=title, severity=severity, owner=owner, by=actor.name,
                now=self._catalog.clock.now(),
            )  # fmt: skip
            return incident_of(change.session, row)

    def get(self, account: str, incident: str) -> Incident:
        """Return an incident by its id or its number."""
        with self._catalog.read() as session:
            return incident_of(session, existing(session, account, incident))

    def page(
        self,
        account: str,
        *,
        status: Status | None = None,
        unresolved: bool = False,
        search: str = "",
        limit: int = DEFAULT_PAGE,
        after: int | None = None,
    ) -> Page[Incident]:
        """Return incidents, newest first; ``after`` is the number that the page before ended with."""
        chosen = select(IncidentRow).where(IncidentRow.account == account)
        if status is not None:
            chosen = chosen.where(IncidentRow.status == status.value)
        if unresolved:
            chosen = chosen.where(IncidentRow.status != Status.RESOLVED.value)
        if search:
            chosen = chosen.where(
                func.lower(IncidentRow.title).contains(search.lower(), autoescape=True)
            )
        if after is not None:
            chosen = chosen.where(IncidentRow.number < after)
        chosen = chosen.order_by(IncidentRow.number.desc()).limit(check_limit(limit) + 1)
        with self._catalog.read() as session:
            rows = session.scalars(chosen).all()
            found = [incident_of(session, row) for row in rows[:limit]]
        return Page(found, str(found[-1].number) if len(rows) > limit else None)

    def counts(self, account: str) -> dict[str, int]:
        """Return how many incidents are in each status."""
        chosen = (
            select(IncidentRow.status, func.count())
            .where(IncidentRow.account == account)
            .group_by(IncidentRow.status)
        )
        with self._catalog.read() as session:
            counted = {str(name): count for name, count in session.execute(chosen)}
        return {status.value: counted.get(status.value, 0) for status in Status}

    def edit(self, actor: Actor, account: str, incident: str, edit: Edit) -> Incident:
        """Change an incident; a new status is noted on it.

        Raises:
            ConflictError: it is to be resolved while an alarm of it fires.

        """
        request = {key: value for key, value in asdict(edit).items() if value is not None}
        with self._changing(actor, "UpdateIncident", account, incident, request) as (change, row):
            if edit.title is not None:
                row.title = check_text(edit.title, field="title", max_length=MAX_TITLE)
            if edit.severity is not None:
                row.severity = check_severity(edit.severity)
            if edit.owner is not None:
                row.owner = check_text(edit.owner, field="owner", max_length=200, min_length=0)
            if edit.status is not None and edit.status != row.status:
                self._set_status(change.session, row, Status.named(edit.status), actor.name)
            return incident_of(change.session, row)

    def note(self, actor: Actor, account: str, incident: str, text: str) -> Note:
        """Say something about an incident."""
        text = text.strip()
        if not 1 <= len(text) <= MAX_NOTE or "\x00" in text:
            raise InvalidInputError(
                "the note is empty or too long",
                field="text",
                remedy=f"give 1 to {MAX_NOTE} characters",
            )
        request = {"text": text}
        with self._changing(actor, "NoteIncident", account, incident, request) as (change, row):
            return note(
                change.session, row.id, "note", text, by=actor.name, now=self._catalog.clock.now()
            )

    def notes(self, account: str, incident: str) -> list[Note]:
        """Return an incident's notes, oldest first."""
        with self._catalog.read() as session:
            row = existing(session, account, incident)
            chosen = (
                select(IncidentNoteRow)
                .where(IncidentNoteRow.incident_id == row.id)
                .order_by(IncidentNoteRow.id)
                .limit(MAX_NOTES)
            )
            return [note_of(one) for one in session.scalars(chosen)]

    def link(self, actor: Actor, account: str, incident: str, alarm: str) -> Incident:
        """Put an alarm into an incident by hand."""
        request = {"alarm": alarm}
        with self._changing(actor, "LinkIncidentAlarm", account, incident, request) as (
            change,
            row,
        ):
            session = change.session
            found = existing_alarm(session, account, alarm)
            status = session.get(AlarmStatusRow, found.id)
            fires = status is not None and status.state == "ALARM"
            now = self._catalog.clock.now()
            since = now.fromtimestamp(status.since, now.tzinfo) if status and status.since else now
            put_alarm(
                session, row, alarm_id=found.id, name=found.name, severity=found.severity,
                since=since, ended=None if fires else now, now=now, reason=f"put here by {actor.name}",
            )  # fmt: skip
            return incident_of(session, row)

    def unlink(self, actor: Actor, account: str, incident: str, alarm: str) -> Incident:
        """Take an alarm out of an incident: it is about something else."""
        request = {"alarm": alarm}
        with self._changing(actor, "UnlinkIncidentAlarm", account, incident, request) as (
            change,
            row,
        ):
            held = change.session.scalar(
                select(IncidentAlarmRow).where(
                    IncidentAlarmRow.incident_id == row.id,
                    or_(IncidentAlarmRow.alarm == alarm, IncidentAlarmRow.alarm_id == alarm),
                )
            )
            if held is None:
                raise NotFoundError(
                    f"{alarm[:255]!r} is not of this incident", field="alarm",
                    remedy="see the incident's alarms",
                )  # fmt: skip
            change.session.delete(held)
            change.session.flush()
            return incident_of(change.session, row)

    def write_postmortem(
        self, actor: Actor, account: str, incident: str, parts: Mapping[str, str | None]
    ) -> Incident:
        """Change parts of what was learned; what is None stays."""
        given = {name: text for name, text in parts.items() if text is not None}
        for name, text in given.items():
            if len(text) > MAX_SECTION or "\x00" in text:
                raise InvalidInputError(
                    f"{name} is too long or holds a NUL",
                    field=name,
                    remedy=f"give up to {MAX_SECTION} characters",
                )
        with self._changing(actor, "WritePostmortem", account, incident, given) as (change, row):
            merged = {**orjson.loads(row.postmortem), **given}
            row.postmortem = orjson.dumps(merged).decode()
            return incident_of(change.session, row)

    def merge(self, actor: Actor, account: str, incident: str, into: str) -> Incident:
        """Move everything of an incident into another one and close it: both are the same."""
        request = {"into": into}
        with self._changing(actor, "MergeIncident", account, incident, request) as (change, row):
            session, now = change.session, self._catalog.clock.now()
            target = existing(session, account, into)
            if target.id == row.id:
                raise ConflictError("an incident cannot be merged into itself", field="into")
            held = session.scalars(
                select(IncidentAlarmRow).where(IncidentAlarmRow.incident_id == row.id)
            ).all()
            for one in held:
                put_alarm(
                    session, target, alarm_id=one.alarm_id, name=one.alarm, severity=one.severity,
                    since=one.since, ended=one.ended, now=now, reason=f"from incident {row.number}",
                )  # fmt: skip
                session.delete(one)
            target.began = min(target.began, row.began)
            names = {*orjson.loads(target.services), *orjson.loads(row.services)}
            target.services = orjson.dumps(sorted(names)).decode()
            text = f"merged into incident {target.number}"
            note(session, row.id, "system", text, by=actor.name, now=now)
            text = f"incident {row.number} was merged into this one"
            note(session, target.id, "system", text, by=actor.name, now=now)
            row.status, row.resolved = Status.RESOLVED.value, now
            session.flush()
            return incident_of(session, target)

    @contextmanager
    def _changing(
        self, actor: Actor, event: str, account: str, incident: str, request: Mapping[str, object]
    ) -> Iterator[tuple[Change, IncidentRow]]:
        with self._catalog.change(
            actor, event, account=account, source=SOURCE, request={"incident": incident, **request}
        ) as change:
            row = existing(change.session, account, incident)
            change.concern(ResourceId(account, "incident", str(row.number)))
            row.updated, row.updated_by = self._catalog.clock.now(), actor.name
            yield change, row

    def _set_status(self, session: Session, row: IncidentRow, status: Status, by: str) -> None:
        now = self._catalog.clock.now()
        if status is Status.RESOLVED:
            firing = session.scalars(
                select(IncidentAlarmRow.alarm).where(
                    IncidentAlarmRow.incident_id == row.id, IncidentAlarmRow.ended.is_(None)
                )
            ).all()
            if firing:
                raise ConflictError(
                    f"{', '.join(firing[:3])} still fires",
                    field="status",
                    remedy="say 'mitigated', or take the alarm out of the incident",
                )
        note(session, row.id, "status", f"{row.status} -> {status.value}", by=by, now=now)
        row.status = status.value
        row.resolved = now if status is Status.RESOLVED else None
