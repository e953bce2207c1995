"""What is told of an evaluation: changes that are not muted, suppressed or told already.

What was last told is remembered for each series. So what changes while it is muted is told when the
window closes, if it is still so then; and nothing is told twice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, Protocol

from sqlalchemy import select

from vedette.alarms.definition import (
    AbsenceSource,
    AlarmSpec,
    EventSource,
    MetricSource,
    PipeSource,
    seconds,
)
from vedette.alarms.model import Contributor, State
from vedette.alarms.mute import MuteSpec, MuteWindow
from vedette.core.ids import new_id
from vedette.notifications.model import Notice
from vedette.store.catalog.alarm_models import AlarmAcknowledgementRow, AlarmRow, MuteWindowRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from vedette.alarms.store import Alarm, Status
    from vedette.store.catalog import Catalog


class Outbox(Protocol):
    """Where notices go: the routes and channels of an account."""

    def store(
        self, connection: Connection, account: str, notices: Sequence[Notice], now: float
    ) -> None:
        """Put notices on their way, within the caller's transaction."""


class Teller:
    """Collects the notices of one evaluation at a time; not thread-safe."""

    def __init__(self, catalog: Catalog, outbox: Outbox | None = None) -> None:
        self._catalog = catalog
        self._outbox = outbox
        self._slot = 0.0
        self._windows: Sequence[MuteWindow] = ()
        self._acknowledged: dict[str, float] = {}
        self.notices: list[Notice] = []

    def windows(self, account: str) -> list[tuple[str, MuteSpec]]:
        """Return the account's mute windows."""
        chosen = select(MuteWindowRow.name, MuteWindowRow.spec).where(
            MuteWindowRow.account == account
        )
        with self._catalog.read() as session:
            rows = session.execute(chosen).all()
        return [(name, MuteSpec.model_validate_json(spec)) for name, spec in rows]

    def begin(self, account: str, slot: float, windows: Sequence[MuteWindow]) -> None:
        """Begin an evaluation."""
        chosen = (
            select(AlarmAcknowledgementRow.alarm_id, AlarmAcknowledgementRow.since)
            .join(AlarmRow.__table__, AlarmRow.id == AlarmAcknowledgementRow.alarm_id)
            .where(AlarmRow.account == account)
        )
        with self._catalog.read() as session:
            self._acknowledged = {one: since for one, since in session.execute(chosen)}  # noqa: C416
        self._slot, self._windows, self.notices = slot, windows, []

    def tell(
        self, alarm: Alarm, status: Status, contributor: Contributor, *, quiet: str = ""
    ) -> str:
        """Tell of a series where there is something to tell; return why not, or an empty text."""
        fires = contributor.state is State.ALARM
        told = contributor.told is State.ALARM
        again = fires and told and self._is_time_again(alarm, status, contributor)
        if fires == told and not again:
            return ""
        if reason := quiet or self._muted(alarm, contributor):
            return reason
        self.notices.append(
            _notice(alarm, contributor, "firing" if fires else "resolved", repeated=again)
        )
        contributor.told, contributor.told_at = contributor.state, self._slot
        return ""

    def tell_closed(self, alarm: Alarm, status: Status, contributor: Contributor) -> None:  # noqa: ARG002 - as tell
        """Tell that a series which fired is gone: otherwise whoever was told would wait for ever."""
        if contributor.told is State.ALARM:
            gone = Contributor(
                labels=contributor.labels, state=State.INSUFFICIENT_DATA, since=self._slot,
                reason="the series is gone", value=contributor.value,
            )  # fmt: skip
            self.notices.append(_notice(alarm, gone, "resolved"))

    def store(self, connection: Connection, account: str) -> None:
        """Put the notices on their way, within the evaluation's transaction."""
        if self.notices and self._outbox:
            self._outbox.store(connection, account, self.notices, self._slot)

    def _is_time_again(self, alarm: Alarm, status: Status, contributor: Contributor) -> bool:
        if alarm.spec.renotify is None or contributor.told_at is None:
            return False
        if self._acknowledged.get(alarm.id) == status.since:
            return False
        return self._slot - contributor.told_at >= seconds(alarm.spec.renotify)

    def _muted(self, alarm: Alarm, contributor: Contributor) -> str:
        labels = {**alarm.watched_labels, **contributor.labels}
        for window in self._windows:
            if window.covers(alarm.name, labels):
                return f"muted by {window.name}"
        return ""


def _notice(
    alarm: Alarm,
    contributor: Contributor,
    status: Literal["firing", "resolved"],
    *,
    repeated: bool = False,
) -> Notice:
    return Notice(
        id=new_id(),
        alarm_id=alarm.id,
        alarm=alarm.name,
        status=status,
        severity=alarm.spec.severity,
        labels={**alarm.watched_labels, **contributor.labels},
        series=dict(contributor.labels),
        reason=contributor.reason,
        summary=summary(alarm.spec),
        since=contributor.since,
        value=contributor.value,
        description=alarm.spec.description,
        runbook=alarm.spec.runbook,
        repeated=repeated,
    )


def summary(spec: AlarmSpec) -> str:
    """Return what an alarm watches and compares with, in a line."""
    source = spec.source
    if isinstance(source, MetricSource):
        watched = next(q for q in source.queries if q.id == source.watched)
        text = getattr(watched, "expression", "") or f"{watched.statistic} of {watched.metric}"  # type: ignore[union-attr]
    elif isinstance(source, EventSource):
        of = f" of {source.field}" if source.field else ""
        text = f"{source.statistic}{of} of {source.type} matching {source.query or 'everything'!r}"
    elif isinstance(source, AbsenceSource):
        return f"no data of {source.metric or source.query or source.signal}"
    elif isinstance(source, PipeSource):
        text = f"{source.value or 'the last number'} of {source.query!r}"
    else:
        text = "the SQL's value" if source.type == "sql" else f"rule {source.rule}"
    if spec.condition and spec.condition.threshold:
        compared = spec.condition.threshold
        text += f" {compared.comparison} {compared.threshold:g}"
    elif spec.condition and spec.condition.band:
        text += f" {spec.condition.band.direction} its usual band"
    return f"{text}, {spec.m} of {spec.periods} periods of {spec.period} s"
