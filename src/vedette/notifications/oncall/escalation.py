"""Escalations under way: whom to tell when, and whom to tell that it is over.

One row a series of an alarm and policy. It is made with the notice that fires, goes from step to step
while nobody acknowledges, and ends with the notice that resolves, which goes to everyone who was told.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import delete, func, insert, select, update

from vedette.core.ids import new_id
from vedette.notifications.channel import wants
from vedette.notifications.model import Notice
from vedette.notifications.oncall.policy import EscalationSpec
from vedette.notifications.oncall.records import overrides_of
from vedette.notifications.oncall.schedule import OnCallSpec, on_call
from vedette.store.catalog.alarm_models import (
    AlarmAcknowledgementRow,
    AlarmStatusRow,
    NotificationMessageRow,
)
from vedette.store.catalog.oncall_models import (
    EscalationPolicyRow,
    EscalationRow,
    OnCallScheduleRow,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection
    from sqlalchemy.orm import Session

    from vedette.notifications.channel import Channel
    from vedette.notifications.oncall.policy import EscalationStep
    from vedette.store.catalog import Catalog

ACKNOWLEDGED, EXHAUSTED = "acknowledged", "every step was taken"
_LOADED = 2_000


class Escalations:
    """Escalations of all accounts. Everything blocks."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def begin(
        self, connection: Connection, account: str, policy: str, group_key: str, notice: Notice,
        due: float,
    ) -> None:  # fmt: skip
        """Begin one for a notice that fires; one that is under way already goes on as it is."""
        row, series = EscalationRow, _series(notice)
        policy_id = connection.execute(
            select(EscalationPolicyRow.id).where(
                EscalationPolicyRow.account == account, EscalationPolicyRow.name == policy
            )
        ).scalar()
        if policy_id is None:
            return
        same = (
            (row.account == account)
            & (row.policy_id == policy_id)
            & (row.alarm_id == notice.alarm_id)
            & (row.series == series)
        )
        there = connection.execute(select(row.id, row.ended).where(same)).first()
        values = {
            "group_key": group_key, "step": 0, "due": due, "ended": "", "payload": notice.to_json()
        }  # fmt: skip
        if there is None:
            new = {"id": new_id(), "account": account, "policy_id": policy_id, "series": series,
                   "alarm_id": notice.alarm_id, "began": due, "told": "[]"}  # fmt: skip
            connection.execute(insert(row), [{**new, **values}])
        elif there.ended == EXHAUSTED:
            # Told again, as the alarm wants it, and still nobody answered: from the first step.
            connection.execute(update(row).where(same).values(values))

    def end(self, connection: Connection, account: str, notice: Notice) -> list[tuple[str, str]]:
        """End those of a notice that resolves; return who was told, as channel and group."""
        row = EscalationRow
        same = (
            (row.account == account)
            & (row.alarm_id == notice.alarm_id)
            & (row.series == _series(notice))
        )
        found = connection.execute(select(row.told, row.group_key).where(same)).all()
        connection.execute(delete(row).where(same))
        return [(channel, key) for told, key in found for channel in orjson.loads(told)]

    def waiting(self, connection: Connection, account: str) -> bool:
        """Tell whether a step is still to be taken."""
        row = EscalationRow
        counted = select(func.count()).where(row.account == account, row.due.is_not(None))
        return bool(connection.execute(counted).scalar())

    def advance(
        self, account: str, channels: Mapping[str, tuple[str, Channel]], now: float
    ) -> None:
        """Take the steps that are due: put messages on their way, and set when the next is.

        Args:
            account: whose escalations.
            channels: channels by name, with their ids.
            now: Unix second.

        """
        row = EscalationRow
        due = (
            select(row)
            .where(row.account == account, row.due <= now)
            .order_by(row.due, row.id)
            .limit(_LOADED)
        )
        with self._catalog.read() as session:
            rows = list(session.scalars(due))
            if not rows:
                return
            acknowledged = _acknowledged(session, {one.alarm_id for one in rows})
            policies = _policies(session, account)
            told_by = _PeopleNow(session, account, now)
        messages: list[dict[str, Any]] = []
        with self._catalog.operate() as connection:
            for one in rows:
                if one.alarm_id in acknowledged:
                    values: dict[str, Any] = {"due": None, "ended": ACKNOWLEDGED}
                else:
                    values = _step(one, policies[one.policy_id], told_by, channels, messages, now)
                connection.execute(update(row).where(row.id == one.id).values(values))
            if messages:
                connection.execute(insert(NotificationMessageRow), messages)


def _step(
    row: EscalationRow, policy: EscalationSpec, people: _PeopleNow,
    channels: Mapping[str, tuple[str, Channel]], messages: list[dict[str, Any]], now: float,
) -> dict[str, Any]:  # fmt: skip
    """Take the next step that reaches someone; return what the row holds then."""
    notice = Notice.from_json(row.payload)
    told = orjson.loads(row.told)
    number = row.step
    while (step := policy.step_at(number)) is not None:
        number += 1
        reached = [
            channels[name][0]
            for name in people.reached(step)
            if name in channels and wants(channels[name][1], notice)
        ]
        if not reached:
            continue  # nobody is on call: nothing is won by waiting for them
        messages += [
            {
                "id": new_id(), "account": row.account, "channel_id": channel,
                "group_key": row.group_key, "created": now, "due": now, "attempts": 0,
                "payload": row.payload,
            }
            for channel in reached
        ]  # fmt: skip
        told = list(dict.fromkeys([*told, *reached]))
        due = now + step.wait_seconds
        last = policy.step_at(number) is None
        return {
            "step": number, "told": orjson.dumps(told).decode(), "due": None if last else due,
            "ended": EXHAUSTED if last else "",
        }  # fmt: skip
    return {"step": number, "due": None, "ended": EXHAUSTED}


class _PeopleNow:
    """Which channels reach who is on call now."""

    def __init__(self, session: Session, account: str, now: float) -> None:
        at = datetime.fromtimestamp(now, UTC)
        row = OnCallScheduleRow
        self._channels: dict[str, list[str]] = {}
        for one in session.scalars(select(row).where(row.account == account)):
            spec = OnCallSpec.model_validate_json(one.spec)
            who = on_call(spec, overrides_of(session, one.id), at)
            self._channels[one.name] = list(spec.people.get(who[0], [])) if who else []

    def reached(self, step: EscalationStep) -> list[str]:
        """Return the names of the channels that a step tells, each once."""
        names = []
        for target in step.targets:
            names += (
                [target.channel]
                if target.channel
                else self._channels.get(target.schedule or "", [])
            )
        return list(dict.fromkeys(names))


def _policies(session: Session, account: str) -> dict[str, EscalationSpec]:
    row = EscalationPolicyRow
    chosen = select(row.id, row.spec).where(row.account == account)
    return {id_: EscalationSpec.model_validate_json(spec) for id_, spec in session.execute(chosen)}


def _acknowledged(session: Session, alarms: set[str]) -> set[str]:
    """Return those alarms whose present state someone has acknowledged."""
    ack, status = AlarmAcknowledgementRow, AlarmStatusRow
    found: set[str] = set()
    ids = sorted(alarms)
    for start in range(0, len(ids), 500):
        chosen = (
            select(ack.alarm_id)
            .join(status, status.alarm_id == ack.alarm_id)
            .where(ack.since == status.since, ack.alarm_id.in_(ids[start : start + 500]))
        )
        found |= set(session.scalars(chosen))
    return found


def _series(notice: Notice) -> str:
    return orjson.dumps(dict(notice.series), option=orjson.OPT_SORT_KEYS).decode()
