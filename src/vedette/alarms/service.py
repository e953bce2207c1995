"""Alarms as people see and change them; every change is audited."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import delete, func, select

from vedette.alarms.checks import check_evaluable
from vedette.alarms.composite import children_of
from vedette.alarms.definition import (
    INTERVAL,
    AlarmSpec,
    CompositeSource,
)
from vedette.alarms.evaluator import KIND, schedule, work_key
from vedette.alarms.history import AlarmHistory
from vedette.alarms.model import State
from vedette.alarms.rule import find_cycle, parse_rule
from vedette.alarms.store import Alarm, AlarmStore, Status, alarm_of, count_alarms, status_of
from vedette.core.errors import ConflictError, InvalidInputError, NotFoundError
from vedette.core.identity import ResourceId
from vedette.core.ids import new_id
from vedette.scheduler import put_work
from vedette.store.catalog.alarm_models import (
    AlarmAcknowledgementRow,
    AlarmRow,
    AlarmStatusRow,
)
from vedette.store.catalog.checks import DEFAULT_PAGE, Page, check_limit, check_text
from vedette.store.catalog.oncall_models import EscalationRow

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy.orm import Session

    from vedette.alarms.model import Contributor
    from vedette.query import QueryRunner
    from vedette.store.catalog import Actor, Catalog, Change
    from vedette.store.warehouse import Warehouse

MAX_ALARMS = 20_000
"""Most alarms of an account."""
SOURCE = "vedette.alarms"


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Who looks after an alarm."""

    at: datetime
    by: str
    comment: str


@dataclass(frozen=True, slots=True)
class AlarmView:
    """An alarm with what it is in."""

    alarm: Alarm
    status: Status
    acknowledgement: Acknowledgement | None = None


class AlarmService:
    """Alarms of an account. Thread-safe; everything blocks."""

    def __init__(self, catalog: Catalog, warehouse: Warehouse, runner: QueryRunner) -> None:
        self._catalog = catalog
        self._store = AlarmStore(catalog)
        self.history = AlarmHistory(catalog, warehouse, runner)

    def put(
        self,
        actor: Actor,
        account: str,
        name: str,
        spec: AlarmSpec,
        *,
        labels: Mapping[str, str] | None = None,
        owner: str = "",
        create: bool | None = None,
    ) -> Alarm:
        """Create an alarm or change its definition; what it remembers is kept.

        Args:
            actor: who does it.
            account: whose alarm.
            name: unique in the account.
            spec: how it decides.
            labels: what routes and mute windows match.
            owner: who keeps it as code, empty where nobody does.
            create: True refuses one that is there, False one that is not, None takes both.

        Raises:
            InvalidInputError: the definition cannot be evaluated, or makes a cycle.
            ConflictError, NotFoundError: see ``create``.

        """
        name = check_text(name, field="name", max_length=255)
        check_evaluable(spec)
        now, by = self._catalog.clock.now(), actor.name
        values = {**_columns(spec, labels or {}), "owner": owner, "updated": now, "updated_by": by}
        request = {"name": name, "spec": spec.model_dump(exclude_defaults=True), "labels": labels}
        event = "CreateAlarm" if create else "PutAlarm"
        with self._catalog.change(
            actor, event, account=account, request=request, source=SOURCE,
            resources=[ResourceId(account, "alarm", name)],
        ) as change:  # fmt: skip
            row = _find(change.session, account, name)
            _check_existence(name, row, create)
            self._check_composite(change.session, account, name, spec)
            if row is None:
                if count_alarms(change.session, account) >= MAX_ALARMS:
                    raise InvalidInputError(
                        f"the account has {MAX_ALARMS} alarms", field="name",
                        remedy="watch many series with one alarm that groups by a label",
                    )  # fmt: skip
                row = AlarmRow(
                    id=new_id(), account=account, name=name, version=1,
                    created=now, created_by=by, **values,
                )  # fmt: skip
                change.session.add(row)
            else:
                for field, value in values.items():
                    setattr(row, field, value)
                row.version += 1
            change.session.flush()
            self._schedule(change, account, row.interval)
            return alarm_of(row)

    def delete(self, actor: Actor, account: str, name: str) -> None:
        """Delete an alarm with all that it remembers; its history stays.

        Raises:
            NotFoundError: there is none.
            ConflictError: a composite depends on it.

        """
        with self._catalog.change(
            actor, "DeleteAlarm", account=account, request={"name": name}, source=SOURCE,
            resources=[ResourceId(account, "alarm", name)],
        ) as change:  # fmt: skip
            row = existing_alarm(change.session, account, name)
            parents = [
                one.name
                for one in self._composites(change.session, account)
                if name in children_of(one) and one.name != name
            ]
            if parents:
                raise ConflictError(
                    f"{', '.join(parents[:5])} depends on {name}",
                    remedy="change or delete the composite first",
                )
            change.session.delete(row)
            # Nobody need be called any more for what is not watched.
            change.session.execute(delete(EscalationRow).where(EscalationRow.alarm_id == row.id))

    def get(self, account: str, name: str) -> AlarmView:
        """Return one alarm, by its name or its id."""
        with self._catalog.read() as session:
            row = existing_alarm(session, account, name)
            status = session.get(AlarmStatusRow, row.id)
            return _view(row, status, session.get(AlarmAcknowledgementRow, row.id))

    def definition(self, account: str, name: str) -> AlarmSpec | None:
        """Return what an alarm is defined as, or None where no alarm has this name."""
        with self._catalog.read() as session:
            chosen = select(AlarmRow.spec).where(AlarmRow.account == account, AlarmRow.name == name)
            spec = session.scalar(chosen)
            return None if spec is None else AlarmSpec.model_validate_json(spec)

    def name_of(self, account: str, name: str) -> str:
        """Return the name of the alarm with this id, or the text itself."""
        with self._catalog.read() as session:
            row = session.get(AlarmRow, name)
            return row.name if row is not None and row.account == account else name

    def find(
        self,
        account: str,
        *,
        state: State | None = None,
        search: str = "",
        severity: str = "",
        labels: Mapping[str, str] | None = None,
        owner: str | None = None,
        limit: int = DEFAULT_PAGE,
        after: str | None = None,
    ) -> Page[AlarmView]:
        """Return alarms by name.

        Args:
            account: whose alarms.
            state: only those in it.
            search: part of the name, in any case.
            severity: only those of it.
            labels: only those that have all of them.
            owner: only those that this owner keeps as code.
            limit: most alarms of the page.
            after: ``next`` of the page before.

        """
        found = func.coalesce(AlarmStatusRow.state, State.INSUFFICIENT_DATA.value)
        chosen = (
            select(AlarmRow, AlarmStatusRow, AlarmAcknowledgementRow)
            .outerjoin(AlarmStatusRow, AlarmStatusRow.alarm_id == AlarmRow.id)
            .outerjoin(AlarmAcknowledgementRow, AlarmAcknowledgementRow.alarm_id == AlarmRow.id)
            .where(AlarmRow.account == account)
            .order_by(AlarmRow.name)
        )
        if state is not None:
            chosen = chosen.where(found == state.value)
        if search:
            chosen = chosen.where(
                func.lower(AlarmRow.name).contains(search.lower(), autoescape=True)
            )
        if severity:
            chosen = chosen.where(AlarmRow.severity == severity)
        if owner is not None:
            chosen = chosen.where(AlarmRow.owner == owner)
        for key, value in (labels or {}).items():
            pair = orjson.dumps({key: value}).decode()[1:-1]
            chosen = chosen.where(AlarmRow.labels.contains(pair, autoescape=True))
        if after is not None:
            chosen = chosen.where(AlarmRow.name > after)
        with self._catalog.read() as session:
            rows = session.execute(chosen.limit(check_limit(limit) + 1)).all()
        views = [_view(*row) for row in rows[:limit]]
        return Page(views, views[-1].alarm.name if len(rows) > limit else None)

    def counts(self, account: str) -> dict[str, int]:
        """Return how many alarms are in each state."""
        found = func.coalesce(AlarmStatusRow.state, State.INSUFFICIENT_DATA.value)
        chosen = (
            select(found, func.count())
            .select_from(AlarmRow)
            .outerjoin(AlarmStatusRow, AlarmStatusRow.alarm_id == AlarmRow.id)
            .where(AlarmRow.account == account)
            .group_by(found)
        )
        with self._catalog.read() as session:
            counted = {str(name): count for name, count in session.execute(chosen)}
        return {state.value: counted.get(state.value, 0) for state in State}

    def contributors(self, account: str, name: str) -> list[Contributor]:
        """Return an alarm's series, those in ALARM first."""
        alarm = self.get(account, name).alarm
        found = self._store.contributors(account, alarm_id=alarm.id).get(alarm.id, {})
        order = {State.ALARM: 0, State.INSUFFICIENT_DATA: 1, State.OK: 2}
        return sorted(found.values(), key=lambda one: (order[one.state], one.key))

    def firing(self, account: str, name: str) -> list[Contributor]:
        """Return an alarm's series that are in ALARM."""
        return [one for one in self.contributors(account, name) if one.state is State.ALARM]

    def acknowledge(self, actor: Actor, account: str, name: str, comment: str = "") -> AlarmView:
        """Say that someone looks after an alarm, until its state changes.

        Raises:
            ConflictError: it is not in ALARM.

        """
        comment = check_text(comment, field="comment", max_length=4096, min_length=0)
        with self._catalog.change(
            actor, "AcknowledgeAlarm", account=account, source=SOURCE,
            request={"name": name, "comment": comment},
            resources=[ResourceId(account, "alarm", name)],
        ) as change:  # fmt: skip
            row = existing_alarm(change.session, account, name)
            status = change.session.get(AlarmStatusRow, row.id)
            if status is None or status.state != State.ALARM:
                raise ConflictError(
                    f"{row.name} is not in ALARM", remedy="only what fires can be acknowledged"
                )
            made = AlarmAcknowledgementRow(
                alarm_id=row.id, since=status.since, at=self._catalog.clock.now(),
                by=actor.name, comment=comment,
            )  # fmt: skip
            change.session.merge(made)
            change.session.flush()
            return _view(row, status, made)

    def unacknowledge(self, actor: Actor, account: str, name: str) -> None:
        """Take an acknowledgement back."""
        with self._catalog.change(
            actor, "UnacknowledgeAlarm", account=account, source=SOURCE, request={"name": name},
            resources=[ResourceId(account, "alarm", name)],
        ) as change:  # fmt: skip
            row = existing_alarm(change.session, account, name)
            change.session.execute(
                delete(AlarmAcknowledgementRow).where(AlarmAcknowledgementRow.alarm_id == row.id)
            )

    def _schedule(self, change: Change, account: str, interval: int) -> None:
        """See that the group of an interval is evaluated, and the usual one for composites."""
        for one in {interval, INTERVAL}:
            put_work(
                self._catalog, KIND, work_key(account, one), schedule(one),
                executor=change.session, account=account, payload={"interval": one},
            )  # fmt: skip

    def _composites(self, session: Session, account: str) -> list[Alarm]:
        rows = session.scalars(
            select(AlarmRow).where(AlarmRow.account == account, AlarmRow.kind == "composite")
        )
        return [alarm_of(row) for row in rows]

    def _check_composite(self, session: Session, account: str, name: str, spec: AlarmSpec) -> None:
        source = spec.source
        if not isinstance(source, CompositeSource):
            return
        rules = {one.name: children_of(one) for one in self._composites(session, account)}
        suppressor = (source.suppressor.alarm,) if source.suppressor else ()
        rules[name] = (*parse_rule(source.rule).children, *suppressor)
        if cycle := find_cycle(rules, name):
            raise InvalidInputError(
                f"alarms would depend on each other in a circle: {' -> '.join(cycle)}",
                field="spec.source.rule",
                remedy="remove one of these from a rule",
            )


def _columns(spec: AlarmSpec, labels: Mapping[str, str]) -> dict[str, Any]:
    """Return what a definition is in columns of a row."""
    return {
        "kind": spec.source.type,
        "interval": INTERVAL if isinstance(spec.source, CompositeSource) else spec.interval,
        "enabled": spec.enabled,
        "severity": spec.severity,
        "spec": spec.model_dump_json(exclude_defaults=True),
        "labels": orjson.dumps(dict(labels), option=orjson.OPT_SORT_KEYS).decode(),
    }


def _find(session: Session, account: str, name: str) -> AlarmRow | None:
    return session.scalar(
        select(AlarmRow).where(AlarmRow.account == account, AlarmRow.name == name)
    )


def existing_alarm(session: Session, account: str, name: str) -> AlarmRow:
    """Return an alarm by its name or id; ``NotFoundError`` where the account has none."""
    row = _find(session, account, name) or session.get(AlarmRow, name)
    if row is None or row.account != account:
        raise NotFoundError(
            f"there is no alarm {name[:255]!r}", field="name", remedy="see the list of alarms"
        )
    return row


def _check_existence(name: str, row: AlarmRow | None, create: bool | None) -> None:  # noqa: FBT001 - as put has it
    if create is True and row is not None:
        raise ConflictError(
            f"there is an alarm {name!r} already", field="name", remedy="choose another name"
        )
    if create is False and row is None:
        raise NotFoundError(f"there is no alarm {name!r}", field="name", remedy="create it first")


def _view(
    row: AlarmRow, status: AlarmStatusRow | None, acknowledged: AlarmAcknowledgementRow | None
) -> AlarmView:
    now = status_of(status) if status else Status()
    counts = acknowledged is not None and acknowledged.since == now.since
    found: Any = acknowledged
    return AlarmView(
        alarm_of(row),
        now,
        Acknowledgement(found.at, found.by, found.comment) if counts else None,
    )
