"""What happened around an incident, in one order: alarms, changes, approvals, data, notes."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from vedette.alarms.causes import find_causes
from vedette.alarms.history import AlarmHistory
from vedette.alarms.service import AlarmService
from vedette.core.errors import NotFoundError, VedetteError
from vedette.core.time import TimeRange

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from vedette.incidents.model import Incident, Note
    from vedette.query import QueryRunner
    from vedette.store.catalog import Catalog
    from vedette.store.warehouse import Warehouse

BEFORE, AFTER = timedelta(minutes=60), timedelta(minutes=30)
MAX_ENTRIES = 500
MAX_CAUSE_ALARMS = 5
"""Alarms of an incident whose causes are asked for; the first ones tell most."""
EntryKind = Literal["alarm", "cause", "change", "note", "incident"]
CHANGES = frozenset(
    {
        "ApproveRequest", "RejectRequest", "RequestApproval", "TransitionModelVersionStage",
        "SetModelVersionStageStatus", "CreateModelVersion", "SetRegisteredModelAlias",
        "DeleteRegisteredModelAlias", "ApplyManifests", "CreateAlarm", "PutAlarm", "DeleteAlarm",
        "PutMuteWindow", "DeleteMuteWindow", "PutMonitor", "DeleteMonitor", "PutDatasetChecks",
        "CreateBaseline", "PutKpi", "PutSlo", "PutSyntheticCheck",
    }
)  # fmt: skip
"""Audited changes that may have to do with what goes wrong."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened.

    Attributes:
        at: when.
        kind: what sort of thing.
        title: in a line.
        detail: more, or empty.
        by: who, where someone did it.
        link: path of the console's page that shows it, or empty.
        data: numbers and texts behind it.

    """

    at: datetime
    kind: EntryKind
    title: str
    detail: str = ""
    by: str = ""
    link: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Timeline:
    """Entries, oldest first; ``failed`` says which parts could not be asked, and why."""

    entries: Sequence[Entry]
    failed: Mapping[str, str]


def read_timeline(
    catalog: Catalog,
    warehouse: Warehouse,
    runner: QueryRunner,
    incident: Incident,
    notes: Sequence[Note],
) -> Timeline:
    """Return what happened from an hour before an incident to half an hour after it.

    Args:
        catalog: alarms, and what was changed.
        warehouse: of the alarms' history.
        runner: reads telemetry.
        incident: which.
        notes: of it.

    """
    end = incident.resolved or incident.quiet_since
    window = TimeRange(
        incident.began - BEFORE,
        (end + AFTER if end else catalog.clock.now() + timedelta(minutes=1)),
    )
    entries = [Entry(incident.began, "incident", "The incident began", incident.title)]
    entries += [_of_note(one) for one in notes]
    failed: dict[str, str] = {}
    parts: dict[str, Callable[[], list[Entry]]] = {
        "alarms": lambda: _of_alarms(AlarmHistory(catalog, warehouse, runner), incident, window),
        "causes": lambda: _of_causes(catalog, warehouse, runner, incident),
        "changes": lambda: _of_changes(catalog, incident, window),
    }
    for name, read in parts.items():
        try:
            entries += read()
        except VedetteError as error:
            failed[name] = error.message
    entries.sort(key=lambda one: one.at)
    return Timeline(entries[-MAX_ENTRIES:], failed)


def _of_note(note: Note) -> Entry:
    titles = {"note": "Note", "status": "Status", "system": "Vedette"}
    return Entry(note.at, "note", titles[note.kind], note.text, note.by)


def _of_alarms(history: AlarmHistory, incident: Incident, window: TimeRange) -> list[Entry]:
    return [
        Entry(
            _moment(row["time"]), "alarm", f"{row['alarm']} is {row['state']}",
            row["reason"], link=f"/alarms/{alarm.alarm_id}",
            data={key: row[key] for key in ("severity", "previous", "state")},
        )
        for alarm in incident.alarms
        for row in history.read(
            incident.account, window, alarm_id=alarm.alarm_id, scope="alarm", limit=50
        )
    ]  # fmt: skip


def _of_causes(
    catalog: Catalog, warehouse: Warehouse, runner: QueryRunner, incident: Incident
) -> list[Entry]:
    alarms = AlarmService(catalog, warehouse, runner)
    found: dict[tuple[str, str], Entry] = {}
    if title := str(incident.cause.get("title", "")):
        # As it was when the incident began: what it was told from may be gone by now.
        at = datetime.fromisoformat(str(incident.cause["at"]))
        found[str(incident.cause["kind"]), title] = Entry(
            at, "cause", title, str(incident.cause["reason"]), link=str(incident.cause["link"]),
            data={"kind": incident.cause["kind"], "score": incident.cause["score"]},
        )  # fmt: skip
    for one in incident.alarms[:MAX_CAUSE_ALARMS]:
        if one.ended:
            continue  # its state began when it went out, so that its causes are not to be found
        try:
            view = alarms.get(incident.account, one.alarm_id)
        except NotFoundError:
            continue
        firing = alarms.firing(incident.account, one.alarm_id)
        for ranked in find_causes(catalog, runner, view, firing).causes:
            cause = ranked.candidate
            found.setdefault(
                (cause.kind, cause.title),
                Entry(
                    cause.at, "cause", cause.title, cause.reason, link=cause.link,
                    data={"kind": cause.kind, "score": ranked.score},
                ),
            )  # fmt: skip
    return list(found.values())


def _of_changes(catalog: Catalog, incident: Incident, window: TimeRange) -> list[Entry]:
    found: list[Entry] = []
    after: str | None = None
    while len(found) < MAX_ENTRIES:
        page = catalog.audit.list(
            incident.account, within=window, read_only=False, limit=500, after=after
        )
        for one in page.items:
            record = one.record
            if record["eventName"] not in CHANGES or record.get("errorCode"):
                continue
            names = [str(each) for each in record.get("resources", ())]
            identity = record.get("userIdentity", {})
            found.append(
                Entry(
                    _moment(record["eventTime"]), "change", record["eventName"], ", ".join(names),
                    by=str(identity.get("userName") or identity.get("principalId") or ""),
                    data={"eventID": record.get("eventID", "")},
                )
            )  # fmt: skip
        after = page.next
        if after is None:
            break
    return found


def _moment(text: str) -> datetime:
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
