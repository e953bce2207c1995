"""What opens incidents, adds to them and closes them: recurring work over all accounts.

Each alarm that fires and is of no incident yet is looked at once: what it is about, what may have
caused it, and which open incident it has most in common with. An incident whose alarms are all out
is resolved after ``RESOLVE_AFTER``, unless someone did so before.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import orjson
from sqlalchemy import or_, select

from vedette.alarms.causes import find_causes
from vedette.alarms.model import State
from vedette.alarms.service import AlarmService, AlarmView
from vedette.core.errors import VedetteError
from vedette.core.identity import ResourceId
from vedette.core.time import TimeRange
from vedette.incidents.grouping import (
    JOIN_WITHIN,
    Candidate,
    Firing,
    Match,
    Surroundings,
    find_incident,
)
from vedette.incidents.model import MAX_SERVICES, MAX_TITLE, Status, most_severe
from vedette.incidents.records import new_incident, note, put_alarm
from vedette.incidents.service import SOURCE
from vedette.store.catalog import Actor
from vedette.store.catalog.alarm_models import AlarmRow, AlarmStatusRow
from vedette.store.catalog.incident_models import IncidentAlarmRow, IncidentRow
from vedette.telemetry.traces.service_map import service_map

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from vedette.query import QueryRunner
    from vedette.store.catalog import Catalog
    from vedette.store.warehouse import Warehouse

    Lineage = Callable[[str, ResourceId, int], Mapping[str, int]]
    """Takes an account, a resource and a depth; returns how far what is linked to it is."""

RESOLVE_AFTER = timedelta(minutes=10)
MAX_NEW = 50
"""Alarms of an account that are looked at in one run; the others in the next."""
_MAP_WINDOW = timedelta(hours=1)
_MIN_SCORE = 0.25
_ACTOR = Actor.system("incidents")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Looked:
    """An alarm that fires, as it was looked at."""

    view: AlarmView
    firing: Firing
    onset: datetime
    cause: Mapping[str, object]


class IncidentWatcher:
    """Keeps the incidents of all accounts in step with their alarms; everything blocks.

    Args:
        catalog: incidents and alarms.
        warehouse: of the alarms' history.
        runner: looks for causes.
        lineage: what is linked to a resource; None where nobody knows.

    """

    def __init__(
        self,
        catalog: Catalog,
        warehouse: Warehouse,
        runner: QueryRunner,
        *,
        lineage: Lineage | None = None,
    ) -> None:
        self._catalog = catalog
        self._alarms = AlarmService(catalog, warehouse, runner)
        self._runner = runner
        self._lineage = lineage

    def run(self) -> None:
        """Bring all accounts up to date; one that fails does not stop the others."""
        for account, names in self._new().items():
            try:
                self._take(account, names[:MAX_NEW])
            except VedetteError as error:
                _log.warning("alarms of %s were not put into incidents: %s", account, error.message)
        self._end()

    def _new(self) -> dict[str, list[str]]:
        """Return the names of alarms that fire and are of no unresolved incident, by account."""
        held = (
            select(IncidentAlarmRow.alarm_id)
            .join(IncidentRow, IncidentRow.id == IncidentAlarmRow.incident_id)
            .where(
                IncidentRow.status != Status.RESOLVED.value, IncidentAlarmRow.ended.is_(None)
            )
        )  # fmt: skip
        chosen = (
            select(AlarmRow.account, AlarmRow.name)
            .join(AlarmStatusRow, AlarmStatusRow.alarm_id == AlarmRow.id)
            .where(
                AlarmStatusRow.state == State.ALARM.value,
                AlarmStatusRow.quiet == "",
                AlarmRow.severity != "info",
                AlarmRow.enabled,
                AlarmRow.id.not_in(held),
            )
            .order_by(AlarmStatusRow.since)
        )
        found: dict[str, list[str]] = defaultdict(list)
        with self._catalog.read() as session:
            for account, name in session.execute(chosen):
                found[account].append(name)
        return found

    def _take(self, account: str, names: Sequence[str]) -> None:
        calls = self._calls(account)
        for name in names:
            looked = self._look(account, name)
            if looked is None:
                continue
            lineage = {}
            if self._lineage:
                for resource in looked.firing.resources:
                    lineage[resource] = self._lineage(account, ResourceId.parse(resource), 6)
            around = Surroundings(calls, lineage)
            match = find_incident(looked.firing, self._candidates(account), around)
            self._put(account, looked, match)

    def _look(self, account: str, name: str) -> _Looked | None:
        view = self._alarms.get(account, name)
        if view.status.state is not State.ALARM:
            return None
        firing = self._alarms.firing(account, name)
        causes = find_causes(self._catalog, self._runner, view, firing)
        top = causes.causes[0] if causes.causes and causes.causes[0].score >= _MIN_SCORE else None
        cause: dict[str, object] = {}
        if top:
            found = top.candidate
            cause = {
                "kind": found.kind, "title": found.title, "reason": found.reason,
                "service": found.service, "at": found.at.isoformat(), "link": found.link,
                "score": top.score,
            }  # fmt: skip
        key = f"{cause['kind']}|{cause['service']}|{cause['title']}" if cause else ""
        about = Firing(
            view.alarm.id, frozenset(causes.services), key, str(cause.get("title", "")),
            causes.resources, causes.since,
        )  # fmt: skip
        return _Looked(view, about, causes.onset, cause)

    def _calls(self, account: str) -> dict[str, list[str]]:
        now = self._catalog.clock.now()
        found = service_map(self._runner, account, TimeRange(now - _MAP_WINDOW, now))
        names = {node.id: node.name for node in found.nodes}
        calls: dict[str, list[str]] = defaultdict(list)
        for edge in found.edges:
            if edge.source in names and edge.target in names:
                calls[names[edge.source]].append(names[edge.target])
        return calls

    def _candidates(self, account: str) -> list[Candidate]:
        """Return the incidents that an alarm may join: open ones, and ones over only just now."""
        since = self._catalog.clock.now() - JOIN_WITHIN
        open_or_recent = or_(
            IncidentRow.status != Status.RESOLVED.value, IncidentRow.resolved > since
        )
        with self._catalog.read() as session:
            rows = session.scalars(
                select(IncidentRow).where(IncidentRow.account == account, open_or_recent)
            ).all()
            alarms = session.execute(
                select(IncidentAlarmRow.incident_id, IncidentAlarmRow.alarm_id).where(
                    IncidentAlarmRow.incident_id.in_([row.id for row in rows])
                )
            ).all()
        of: dict[str, set[str]] = defaultdict(set)
        for incident_id, alarm_id in alarms:
            of[incident_id].add(alarm_id)
        found = []
        for row in rows:
            cause = orjson.loads(row.cause)
            key = f"{cause['kind']}|{cause['service']}|{cause['title']}" if "kind" in cause else ""
            found.append(
                Candidate(
                    row.id, frozenset(of[row.id]), frozenset(orjson.loads(row.services)), key,
                    frozenset(cause.get("resources", ())), row.joined, row.quiet_since,
                )
            )  # fmt: skip
        return found

    def _put(self, account: str, looked: _Looked, match: Match | None) -> None:
        alarm, status = looked.view.alarm, looked.view.status
        now, by = self._catalog.clock.now(), _ACTOR.name
        event = "ExtendIncident" if match else "OpenIncident"
        with self._catalog.change(
            _ACTOR, event, account=account, source=SOURCE, request={"alarm": alarm.name},
            resources=[ResourceId(account, "alarm", alarm.name)],
        ) as change:  # fmt: skip
            session = change.session
            row = session.get(IncidentRow, match.incident_id) if match else None
            if row is None:
                title = str(looked.cause.get("title") or f"{alarm.name}: {status.reason}")
                row = new_incident(
                    change, account, title=title[:MAX_TITLE], severity=alarm.spec.severity, by=by,
                    now=now, services=tuple(sorted(looked.firing.services))[:MAX_SERVICES],
                    cause={**looked.cause, "resources": sorted(looked.firing.resources)},
                    began=looked.onset,
                )  # fmt: skip
                reason = "it began the incident"
            else:
                change.concern(ResourceId(account, "incident", str(row.number)))
                reason = match.reason if match else ""
                self._extend(row, looked)
                if row.status == Status.RESOLVED.value:
                    row.status, row.resolved = Status.OPEN.value, None
                    text = f"reopened: {alarm.name} fires"
                    note(session, row.id, "system", text, by=by, now=now)
            put_alarm(
                session, row, alarm_id=alarm.id, name=alarm.name, severity=alarm.spec.severity,
                since=looked.firing.since, ended=None, now=now, reason=reason,
            )  # fmt: skip
            row.updated, row.updated_by = now, by

    @staticmethod
    def _extend(row: IncidentRow, looked: _Looked) -> None:
        names = {*orjson.loads(row.services), *looked.firing.services}
        row.services = orjson.dumps(sorted(names)[:MAX_SERVICES]).decode()
        cause = orjson.loads(row.cause)
        # An alarm that fires later may show a likelier cause than the first one could.
        if float(str(looked.cause.get("score", 0))) > float(cause.get("score", 0)):
            cause = {**looked.cause, "resources": cause.get("resources", [])}
        resources = {*cause.get("resources", ()), *looked.firing.resources}
        row.cause = orjson.dumps({**cause, "resources": sorted(resources)}).decode()
        row.severity = most_severe([row.severity, looked.view.alarm.spec.severity])
        row.began = min(row.began, looked.onset)

    def _end(self) -> None:
        """Note alarms that went out, and resolve incidents that have been quiet for long."""
        fires = select(AlarmStatusRow.alarm_id).where(AlarmStatusRow.state == State.ALARM.value)
        over = (
            select(IncidentAlarmRow.incident_id)
            .where(IncidentAlarmRow.ended.is_(None), IncidentAlarmRow.alarm_id.not_in(fires))
            .distinct()
        )
        quiet = select(IncidentRow.id).where(
            IncidentRow.status != Status.RESOLVED.value,
            IncidentRow.quiet_since < self._catalog.clock.now() - RESOLVE_AFTER,
        )
        with self._catalog.read() as session:
            ended, resolved = session.scalars(over).all(), session.scalars(quiet).all()
        for incident_id in ended:
            self._end_alarms(incident_id)
        for incident_id in resolved:
            self._resolve(incident_id)

    def _end_alarms(self, incident_id: str) -> None:
        with self._catalog.change(_ACTOR, "EndIncidentAlarm", source=SOURCE) as change:
            session, now = change.session, self._catalog.clock.now()
            row = session.get(IncidentRow, incident_id)
            if row is None:
                change.cancel()
                return
            change.within(row.account)
            change.concern(ResourceId(row.account, "incident", str(row.number)))
            held = session.scalars(
                select(IncidentAlarmRow).where(
                    IncidentAlarmRow.incident_id == incident_id, IncidentAlarmRow.ended.is_(None)
                )
            ).all()
            for one in held:
                status = session.get(AlarmStatusRow, one.alarm_id)
                if status is None or status.state != State.ALARM.value:
                    one.ended = datetime.fromtimestamp(status.since, UTC) if status else now
            if all(one.ended for one in held):
                row.quiet_since = now

    def _resolve(self, incident_id: str) -> None:
        with self._catalog.change(_ACTOR, "ResolveIncident", source=SOURCE) as change:
            session, now = change.session, self._catalog.clock.now()
            row = session.get(IncidentRow, incident_id)
            if row is None or row.quiet_since is None or row.status == Status.RESOLVED.value:
                change.cancel()
                return
            change.within(row.account)
            change.concern(ResourceId(row.account, "incident", str(row.number)))
            minutes = round(RESOLVE_AFTER.total_seconds() / 60)
            text = f"resolved: no alarm fired for {minutes} minutes"
            note(session, row.id, "system", text, by=_ACTOR.name, now=now)
            row.status, row.resolved = Status.RESOLVED.value, now
            row.updated, row.updated_by = now, _ACTOR.name
