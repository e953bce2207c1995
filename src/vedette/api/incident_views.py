"""What the routes of incidents answer."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import Field

from vedette.api.models import View
from vedette.core.identity import ResourceId
from vedette.incidents.impact import Relation
from vedette.incidents.model import NoteKind, Status
from vedette.incidents.timeline import EntryKind

if TYPE_CHECKING:
    from vedette.incidents.impact import Loss
    from vedette.incidents.model import Incident, Note
    from vedette.incidents.timeline import Timeline


class IncidentAlarmView(View):
    """An alarm of an incident."""

    id: str
    name: str
    severity: str
    since: datetime
    ended: datetime | None = Field(description="when it went out; null while it fires")
    joined: datetime
    reason: str = Field(description="why it belongs to the incident")


class IncidentCauseView(View):
    """The likeliest cause, as it was told when the incident began."""

    kind: str
    title: str
    reason: str
    service: str
    at: datetime
    link: str
    score: float


class PostmortemView(View):
    """What was learned."""

    summary: str
    impact: str
    root_cause: str
    resolution: str
    actions: str


class IncidentView(View):
    """An incident."""

    id: str
    number: int
    resource: str
    title: str
    status: Status
    severity: str
    owner: str
    services: list[str]
    cause: IncidentCauseView | None
    resources: list[str] = Field(description="identities that its alarms name")
    postmortem: PostmortemView
    began: datetime
    quiet_since: datetime | None
    resolved: datetime | None
    created_by: str
    updated: datetime
    alarms: list[IncidentAlarmView]

    @classmethod
    def of(cls, one: Incident) -> IncidentView:
        """Return the view of an incident."""
        cause = {key: value for key, value in one.cause.items() if key != "resources"}
        learned = one.postmortem
        return cls(
            id=one.id, number=one.number,
            resource=str(ResourceId(one.account, "incident", str(one.number))),
            title=one.title, status=one.status, severity=one.severity, owner=one.owner,
            services=list(one.services),
            cause=IncidentCauseView(**cause) if cause else None,
            resources=list(one.cause.get("resources", [])),
            postmortem=PostmortemView(
                summary=learned.summary, impact=learned.impact, root_cause=learned.root_cause,
                resolution=learned.resolution, actions=learned.actions,
            ),
            began=one.began, quiet_since=one.quiet_since, resolved=one.resolved,
            created_by=one.created_by, updated=one.updated,
            alarms=[
                IncidentAlarmView(
                    id=each.alarm_id, name=each.alarm, severity=each.severity, since=each.since,
                    ended=each.ended, joined=each.joined, reason=each.reason,
                )
                for each in one.alarms
            ],
        )  # fmt: skip


class IncidentPage(View):
    """Incidents, newest first."""

    incidents: list[IncidentView]
    counts: dict[str, int] = Field(description="incidents by status, of the whole account")
    cursor: int | None


class IncidentNoteView(View):
    """What someone said, or what was done."""

    id: str
    at: datetime
    by: str
    kind: NoteKind
    text: str

    @classmethod
    def of(cls, one: Note) -> IncidentNoteView:
        """Return the view of a note."""
        return cls(id=one.id, at=one.at, by=one.by, kind=one.kind, text=one.text)


class IncidentNotes(View):
    """Notes, oldest first."""

    notes: list[IncidentNoteView]


class EntryView(View):
    """One thing that happened."""

    at: datetime
    kind: EntryKind
    title: str
    detail: str
    by: str
    link: str = Field(description="path of the console's page that shows it, or empty")
    data: dict[str, Any]


class TimelineView(View):
    """What happened, oldest first."""

    entries: list[EntryView]
    failed: dict[str, str] = Field(description="parts that could not be asked, and why")

    @classmethod
    def of(cls, found: Timeline) -> TimelineView:
        """Return the view of a timeline."""
        entries = [
            EntryView(
                at=one.at, kind=one.kind, title=one.title, detail=one.detail, by=one.by,
                link=one.link, data=dict(one.data),
            )
            for one in found.entries
        ]  # fmt: skip
        return cls(entries=entries, failed=dict(found.failed))


class LossView(View):
    """What happened to a KPI during the incident."""

    kpi: str
    unit: str
    relation: Relation = Field(description="why it is looked at")
    periods: int = Field(description="of the KPI, with a value, during the incident")
    step: int = Field(description="seconds of a period")
    expected: float | None
    actual: float | None
    loss: float | None = Field(description="how much worse than expected; negative if better")
    lower: float | None = Field(description="lower end of the loss with 95 %")
    upper: float | None
    affected: bool = Field(description="whether a period was outside of the expected band")
    note: str

    @classmethod
    def of(cls, one: Loss) -> LossView:
        """Return the view of a loss."""
        return cls(
            kpi=one.kpi, unit=one.unit, relation=one.relation, periods=one.periods, step=one.step,
            expected=one.expected, actual=one.actual, loss=one.loss, lower=one.lower,
            upper=one.upper, affected=one.affected, note=one.note,
        )  # fmt: skip


class IncidentImpactView(View):
    """KPIs, those that the incident is about first."""

    kpis: list[LossView]
