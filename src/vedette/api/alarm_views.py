"""What the routes of alarms answer."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from pydantic import Field

from vedette.alarms.composite import children_of
from vedette.alarms.definition import AlarmSpec
from vedette.alarms.model import Evaluation, State, Transition, series_key
from vedette.alarms.mute import MuteSpec
from vedette.alarms.telling import summary
from vedette.api.models import View
from vedette.core.identity import ResourceId

if TYPE_CHECKING:
    from vedette.alarms.causes.rank import Causes
    from vedette.alarms.model import Contributor, Reading
    from vedette.alarms.mute_service import MuteView
    from vedette.alarms.preview import Preview
    from vedette.alarms.service import AlarmView as Viewed

MAX_CHART_SERIES = 50


def moment(seconds: float | None) -> datetime | None:
    """Return a Unix second as a moment; none for 0 and None."""
    return datetime.fromtimestamp(seconds, UTC) if seconds else None


class AcknowledgementView(View):
    """Who looks after an alarm, until its state changes."""

    at: datetime
    by: str
    comment: str


class AlarmView(View):
    """An alarm: its definition and what it is in."""

    id: str
    name: str
    resource: str
    labels: dict[str, str]
    owner: str = Field(description="who keeps it as code; empty where nobody does")
    spec: AlarmSpec
    summary: str = Field(description="what is watched and compared with, in a line")
    version: int
    created: datetime
    created_by: str
    updated: datetime
    updated_by: str
    state: State
    since: datetime | None
    reason: str
    evaluation: Evaluation
    evaluation_reason: str
    series: int
    in_alarm: int
    pending: int
    quiet: str = Field(description="why nothing is told now; empty where it is")
    children: list[str] = Field(description="alarms that a composite's rule names")
    acknowledgement: AcknowledgementView | None

    @classmethod
    def of(cls, view: Viewed) -> AlarmView:
        """Return the view of an alarm."""
        alarm, status, done = view.alarm, view.status, view.acknowledgement
        return cls(
            id=alarm.id, name=alarm.name, resource=str(ResourceId(alarm.account, "alarm", alarm.name)),
            labels=dict(alarm.labels), owner=alarm.owner, spec=alarm.spec,
            summary=summary(alarm.spec), version=alarm.version,
            created=alarm.created, created_by=alarm.created_by,
            updated=alarm.updated, updated_by=alarm.updated_by,
            state=status.state, since=moment(status.since), reason=status.reason,
            evaluation=status.evaluation, evaluation_reason=status.evaluation_reason,
            series=status.series, in_alarm=status.in_alarm, pending=status.pending,
            quiet=status.quiet,
            children=list(children_of(alarm)),
            acknowledgement=AcknowledgementView(at=done.at, by=done.by, comment=done.comment)
            if done
            else None,
        )  # fmt: skip


class AlarmPage(View):
    """Alarms by name, and how many there are in each state."""

    alarms: list[AlarmView]
    counts: dict[State, int]
    cursor: str | None


class ContributorView(View):
    """One series of an alarm."""

    labels: dict[str, str]
    state: State
    since: datetime | None
    pending_since: datetime | None
    onset: datetime | None = Field(
        description="when the first period began by whose data it is pending or in alarm"
    )
    last_data: datetime | None
    told: State | None
    told_at: datetime | None
    value: float | None = Field(description="the data point that its state was last decided by")
    reason: str

    @classmethod
    def of(cls, one: Contributor) -> ContributorView:
        """Return the view of a series."""
        return cls(
            labels=dict(one.labels), state=one.state, since=moment(one.since),
            pending_since=moment(one.pending_since), onset=moment(one.onset),
            last_data=moment(one.seen), told=one.told, told_at=moment(one.told_at), value=one.value, reason=one.reason,
        )  # fmt: skip


class Contributors(View):
    """An alarm's series, those in ALARM first."""

    contributors: list[ContributorView]


class CommentView(View):
    """What someone said about an alarm."""

    id: str
    at: datetime
    by: str
    text: str


class Comments(View):
    """Comments, newest first."""

    comments: list[CommentView]


class AlarmEventView(View):
    """Something that happened to an alarm, with the evidence that it was decided from."""

    id: str
    time: datetime
    alarm_id: str
    alarm: str
    severity: str
    scope: str = Field(description="series, alarm or evaluation")
    labels: dict[str, str]
    previous: str
    state: str
    reason: str
    evidence: dict[str, Any]


class Events(View):
    """History, newest first."""

    events: list[AlarmEventView]


class ChartSeries(View):
    """One series of a chart; values are null where there is no data point."""

    labels: dict[str, str]
    values: list[float | None]
    lower: list[float | None] | None
    upper: list[float | None] | None
    fired: int


class Chart(View):
    """Series that an alarm watches."""

    timestamps: list[int] = Field(description="Unix seconds at which periods start")
    period: int
    series: list[ChartSeries]
    left_out: int
    warnings: list[str]

    @classmethod
    def of(cls, reading: Reading, period: int, fired: dict[str, int] | None = None) -> Chart:
        """Return the chart of a reading; the series that fire most come first."""
        counts = fired or {}
        ranked = sorted(reading.series, key=lambda one: -counts.get(series_key(one.labels), 0))
        shown = [
            ChartSeries(
                labels=dict(one.labels),
                values=list(one.values),
                lower=[b[0] if b else None for b in one.thresholds] if one.thresholds else None,
                upper=[b[1] if b else None for b in one.thresholds] if one.thresholds else None,
                fired=counts.get(series_key(one.labels), 0),
            )
            for one in ranked[:MAX_CHART_SERIES]
        ]
        warnings = [*reading.warnings, *([reading.partial] if reading.partial else [])]
        return cls(
            timestamps=list(reading.starts), period=period, series=shown,
            left_out=len(reading.series) - len(shown), warnings=warnings,
        )  # fmt: skip


class SegmentView(View):
    """A stretch of time in one state."""

    start: datetime
    end: datetime
    state: State


class TransitionView(View):
    """A change of state of one series."""

    time: datetime
    labels: dict[str, str]
    previous: State
    state: State
    reason: str

    @classmethod
    def of(cls, change: Transition) -> TransitionView:
        """Return the view of a change."""
        return cls(
            time=datetime.fromtimestamp(change.slot, UTC), labels=dict(change.labels or {}),
            previous=change.previous, state=change.state, reason=change.reason,
        )  # fmt: skip


class AlarmPreviewView(View):
    """What a definition would have done."""

    summary: str
    fired: int = Field(description="how often the alarm would have gone into ALARM")
    notices: int
    segments: list[SegmentView]
    transitions: list[TransitionView]
    chart: Chart

    @classmethod
    def of(cls, spec: AlarmSpec, found: Preview) -> AlarmPreviewView:
        """Return the view of a preview."""
        return cls(
            summary=summary(spec),
            fired=found.fired,
            notices=found.notices,
            segments=[
                SegmentView(
                    start=datetime.fromtimestamp(one.start, UTC),
                    end=datetime.fromtimestamp(one.end, UTC), state=one.state,
                )
                for one in found.segments
            ],
            transitions=[TransitionView.of(one) for one in found.transitions],
            chart=Chart.of(found.reading, spec.period, dict(found.series_fired)),
        )  # fmt: skip


class MuteWindowView(View):
    """A mute window."""

    id: str
    name: str
    spec: MuteSpec
    owner: str
    active: bool = Field(description="whether it is open now")
    created: datetime
    created_by: str
    updated: datetime
    updated_by: str

    @classmethod
    def of(cls, view: MuteView) -> MuteWindowView:
        """Return the view of a window."""
        return cls(
            id=view.id, name=view.name, spec=view.spec, owner=view.owner, active=view.active,
            created=view.created, created_by=view.created_by, updated=view.updated,
            updated_by=view.updated_by,
        )  # fmt: skip


class MuteWindows(View):
    """Mute windows by name."""

    windows: list[MuteWindowView]


class CauseView(View):
    """Something that changed and may be why."""

    kind: str
    title: str
    reason: str
    at: datetime
    minutes_before: float = Field(description="before the alarm began; negative where after")
    service: str
    distance: int | None = Field(
        description="calls below the alarm's service; null where it is elsewhere"
    )
    score: float = Field(description="0 to 1: kind of change, time and distance together")
    evidence: dict[str, Any]
    link: str = Field(description="page of the console, after its address")


class CausesView(View):
    """What changed shortly before an alarm began, the most likely cause first."""

    since: datetime
    services: list[str]
    causes: list[CauseView]
    failed: dict[str, str] = Field(description="what could not be asked, and why")

    @classmethod
    def of(cls, found: Causes) -> CausesView:
        """Return the view of causes."""
        return cls(
            since=found.since,
            services=list(found.services),
            causes=[
                CauseView(
                    kind=one.candidate.kind, title=one.candidate.title,
                    reason=one.candidate.reason, at=one.candidate.at,
                    minutes_before=one.minutes_before, service=one.candidate.service,
                    distance=one.distance, score=one.score,
                    evidence=dict(one.candidate.evidence), link=one.candidate.link,
                )
                for one in found.causes
            ],
            failed=dict(found.failed),
        )  # fmt: skip
