"""Schedules, overrides and policies as people see and change them; every change is audited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import delete, func, select

from vedette.core.errors import ConflictError, InvalidInputError, NotFoundError
from vedette.core.identity import ResourceId
from vedette.core.ids import new_id
from vedette.notifications.oncall.policy import EscalationSpec
from vedette.notifications.oncall.records import (
    Kept,
    all_of,
    check_there,
    existing,
    find,
    kept_of,
    override_of,
    overrides_of,
)
from vedette.notifications.oncall.schedule import (
    MAX_RANGE,
    OnCallSpec,
    Override,
    Shift,
    on_call,
    shifts,
)
from vedette.store.catalog.alarm_models import NotificationChannelRow, NotificationRouteRow
from vedette.store.catalog.checks import check_text
from vedette.store.catalog.oncall_models import (
    EscalationPolicyRow,
    EscalationRow,
    OnCallOverrideRow,
    OnCallScheduleRow,
)

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from vedette.store.catalog import Actor, Catalog

MAX_SCHEDULES = MAX_POLICIES = 200
MAX_OVERRIDES = 500
MAX_ESCALATIONS = 1_000
LOOK_AHEAD = timedelta(days=60)
SOURCE = "vedette.notifications"


@dataclass(frozen=True, slots=True)
class Now:
    """Who is on call by a schedule: ``person`` until ``until``, and who comes then; "" for nobody."""

    schedule: str
    person: str
    layer: int | None
    until: datetime | None
    next_person: str
    channels: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Escalating:
    """An escalation under way; moments are Unix seconds, ``due`` None where no step is left."""

    policy: str
    alarm_id: str
    alarm: str
    series: dict[str, str]
    began: float
    step: int
    due: float | None
    told: list[str]
    ended: str


class OnCallService:
    """Who is on call in an account. Thread-safe; everything blocks."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def put_schedule(
        self, actor: Actor, account: str, name: str, spec: OnCallSpec, *, owner: str = ""
    ) -> Kept[OnCallSpec]:
        """Create a schedule or change it; its overrides stay.

        Raises:
            InvalidInputError: a person is told by a channel that is not there.

        """
        named = {channel for channels in spec.people.values() for channel in channels}
        return self._put(
            actor, account, name, spec, owner, OnCallScheduleRow, MAX_SCHEDULES,
            lambda session: check_there(
                session, NotificationChannelRow, account, named, "people", "channel"
            ),
        )  # fmt: skip

    def delete_schedule(self, actor: Actor, account: str, name: str) -> None:
        """Delete a schedule with its overrides.

        Raises:
            ConflictError: a policy names it.

        """
        with self._catalog.change(
            actor, "DeleteOnCallSchedule", account=account, source=SOURCE, request={"name": name},
            resources=[ResourceId(account, "oncall_schedule", name)],
        ) as change:  # fmt: skip
            row = existing(change.session, OnCallScheduleRow, account, name)
            for policy in all_of(change.session, EscalationPolicyRow, account):
                if row.name in EscalationSpec.model_validate_json(policy.spec).schedules:
                    raise ConflictError(
                        f"the policy {policy.name} tells {row.name}", remedy="change it first"
                    )
            change.session.delete(row)

    def schedules(self, account: str) -> list[Kept[OnCallSpec]]:
        """Return the schedules by name."""
        with self._catalog.read() as session:
            return [kept_of(row, OnCallSpec) for row in all_of(session, OnCallScheduleRow, account)]

    def schedule(self, account: str, name: str) -> Kept[OnCallSpec]:
        """Return one schedule, by its name or its id."""
        with self._catalog.read() as session:
            return kept_of(existing(session, OnCallScheduleRow, account, name), OnCallSpec)

    def overrides(self, account: str, name: str) -> list[Override]:
        """Return a schedule's overrides, those made first first."""
        with self._catalog.read() as session:
            row = existing(session, OnCallScheduleRow, account, name)
            return overrides_of(session, row.id)

    def add_override(
        self,
        actor: Actor,
        account: str,
        name: str,
        *,
        person: str,
        start: datetime,
        end: datetime,
        comment: str = "",
    ) -> Override:
        """Let someone take over for a while.

        Raises:
            InvalidInputError: the schedule does not know the person, or the end is not later.

        """
        comment = check_text(comment, field="comment", max_length=1024, min_length=0)
        if not start < end <= start + MAX_RANGE:
            raise InvalidInputError(
                "the end is not after the start, or more than 100 days after it", field="end",
                remedy="give a later end, up to 100 days",
            )  # fmt: skip
        request = {
            "name": name,
            "person": person,
            "start": start.isoformat(),
            "end": end.isoformat(),
        }
        with self._catalog.change(
            actor, "OverrideOnCall", account=account, source=SOURCE, request=request,
            resources=[ResourceId(account, "oncall_schedule", name)],
        ) as change:  # fmt: skip
            row = existing(change.session, OnCallScheduleRow, account, name)
            if person not in OnCallSpec.model_validate_json(row.spec).people:
                raise InvalidInputError(
                    f"{row.name} does not know {person[:128]!r}", field="person",
                    remedy="add the person with a channel to the schedule's people",
                )  # fmt: skip
            now = self._catalog.clock.now()
            _make_room(change.session, row.id, now)
            made = OnCallOverrideRow(
                id=new_id(), schedule_id=row.id, person=person, start=start, end=end,
                by=actor.name, comment=comment, at=now,
            )  # fmt: skip
            change.session.add(made)
            change.session.flush()
            return override_of(made)

    def remove_override(self, actor: Actor, account: str, name: str, override_id: str) -> None:
        """Take an override back."""
        with self._catalog.change(
            actor, "RemoveOnCallOverride", account=account, source=SOURCE,
            request={"name": name, "override": override_id},
            resources=[ResourceId(account, "oncall_schedule", name)],
        ) as change:  # fmt: skip
            row = existing(change.session, OnCallScheduleRow, account, name)
            found = change.session.get(OnCallOverrideRow, override_id)
            if found is None or found.schedule_id != row.id:
                raise NotFoundError(
                    f"{row.name} has no override {override_id[:64]!r}", field="override",
                    remedy="see the schedule's overrides",
                )  # fmt: skip
            change.session.delete(found)

    def now(self, account: str) -> list[Now]:
        """Return who is on call now, by schedule."""
        at = self._catalog.clock.now()
        with self._catalog.read() as session:
            rows = [
                (kept_of(row, OnCallSpec), overrides_of(session, row.id))
                for row in all_of(session, OnCallScheduleRow, account)
            ]
        return [_now(kept.name, kept.spec, overrides, at) for kept, overrides in rows]

    def shifts(
        self, account: str, name: str, start: datetime, end: datetime
    ) -> tuple[list[Shift], list[list[Shift]]]:
        """Return who is on call over a range, and the same of each layer as if it stood alone.

        Raises:
            InvalidInputError: the range is empty or longer than ``MAX_RANGE``.

        """
        if not start < end <= start + MAX_RANGE:
            raise InvalidInputError(
                "the range is empty or longer than 100 days", field="end",
                remedy="ask for up to 100 days",
            )  # fmt: skip
        spec = self.schedule(account, name).spec
        overrides = self.overrides(account, name)
        alone = [shifts(spec, (), start, end, layer=n) for n in range(len(spec.layers))]
        return shifts(spec, overrides, start, end), alone

    def put_policy(
        self, actor: Actor, account: str, name: str, spec: EscalationSpec, *, owner: str = ""
    ) -> Kept[EscalationSpec]:
        """Create a policy or change it.

        Raises:
            InvalidInputError: it names a schedule or a channel that is not there.

        """

        def check(session: Session) -> None:
            check_there(session, OnCallScheduleRow, account, spec.schedules, "steps", "schedule")
            check_there(session, NotificationChannelRow, account, spec.channels, "steps", "channel")

        return self._put(
            actor, account, name, spec, owner, EscalationPolicyRow, MAX_POLICIES, check
        )

    def delete_policy(self, actor: Actor, account: str, name: str) -> None:
        """Delete a policy with the escalations that are under way by it.

        Raises:
            ConflictError: a route names it.

        """
        with self._catalog.change(
            actor, "DeleteEscalationPolicy", account=account, source=SOURCE, request={"name": name},
            resources=[ResourceId(account, "escalation_policy", name)],
        ) as change:  # fmt: skip
            row = existing(change.session, EscalationPolicyRow, account, name)
            for route in all_of(change.session, NotificationRouteRow, account):
                if orjson.loads(route.spec).get("policy") == row.name:
                    raise ConflictError(
                        f"the route {route.name} escalates by {row.name}", remedy="change it first"
                    )
            change.session.delete(row)

    def policies(self, account: str) -> list[Kept[EscalationSpec]]:
        """Return the policies by name."""
        with self._catalog.read() as session:
            return [
                kept_of(row, EscalationSpec)
                for row in all_of(session, EscalationPolicyRow, account)
            ]

    def policy(self, account: str, name: str) -> Kept[EscalationSpec]:
        """Return one policy, by its name or its id."""
        with self._catalog.read() as session:
            return kept_of(existing(session, EscalationPolicyRow, account, name), EscalationSpec)

    def escalating(self, account: str, *, alarm_id: str = "") -> list[Escalating]:
        """Return escalations under way, newest first; of one alarm where it is given."""
        row, channel = EscalationRow, NotificationChannelRow
        chosen = (
            select(row, EscalationPolicyRow.name)
            .join(EscalationPolicyRow, EscalationPolicyRow.id == row.policy_id)
            .where(row.account == account)
            .order_by(row.id.desc())
            .limit(MAX_ESCALATIONS)
        )
        if alarm_id:
            chosen = chosen.where(row.alarm_id == alarm_id)
        with self._catalog.read() as session:
            found = session.execute(chosen).all()
            ids = select(channel.id, channel.name).where(channel.account == account)
            names = {id_: name for id_, name in session.execute(ids)}  # noqa: C416 - rows are not pairs to mypy
        shown = []
        for one, policy in found:
            notice = orjson.loads(one.payload)
            told = [names[id_] for id_ in orjson.loads(one.told) if id_ in names]
            shown.append(
                Escalating(
                    policy, one.alarm_id, notice["alarm"], notice["series"], one.began, one.step,
                    one.due, told, one.ended,
                )
            )  # fmt: skip
        return shown

    def _put(
        self, actor: Actor, account: str, name: str, spec: Any, owner: str, table: Any, most: int, check: Any,  # noqa: ANN401
    ) -> Kept[Any]:  # fmt: skip
        name = check_text(name, field="name", max_length=255)
        kind = "oncall_schedule" if table is OnCallScheduleRow else "escalation_policy"
        event = "PutOnCallSchedule" if table is OnCallScheduleRow else "PutEscalationPolicy"
        now = self._catalog.clock.now()
        with self._catalog.change(
            actor, event, account=account, source=SOURCE,
            request={"name": name, "spec": orjson.loads(spec.model_dump_json(exclude_defaults=True))},
            resources=[ResourceId(account, kind, name)],
        ) as change:  # fmt: skip
            check(change.session)
            row = find(change.session, table, account, name)
            if row is None:
                counted = select(func.count()).select_from(table).where(table.account == account)
                if (change.session.scalar(counted) or 0) >= most:
                    raise InvalidInputError(
                        f"the account has {most} already", field="name",
                        remedy="delete what is not used",
                    )  # fmt: skip
                row = table(
                    id=new_id(), account=account, name=name, created=now, created_by=actor.name
                )
                change.session.add(row)
            row.spec, row.owner = spec.model_dump_json(exclude_defaults=True), owner
            row.updated, row.updated_by = now, actor.name
            change.session.flush()
            return kept_of(row, type(spec))


def channel_user(session: Session, account: str, channel: str) -> str:
    """Return the schedule or policy that names a channel, or an empty text."""
    for row in all_of(session, OnCallScheduleRow, account):
        people = OnCallSpec.model_validate_json(row.spec).people
        if any(channel in channels for channels in people.values()):
            return f"the schedule {row.name}"
    for row in all_of(session, EscalationPolicyRow, account):
        if channel in EscalationSpec.model_validate_json(row.spec).channels:
            return f"the policy {row.name}"
    return ""


def _make_room(session: Session, schedule_id: str, now: datetime) -> None:
    """Forget overrides that are long over; refuse one more than ``MAX_OVERRIDES``."""
    kept = OnCallOverrideRow
    session.execute(delete(kept).where(kept.schedule_id == schedule_id, kept.end < now - MAX_RANGE))
    counted = select(func.count()).where(kept.schedule_id == schedule_id)
    if (session.scalar(counted) or 0) >= MAX_OVERRIDES:
        raise InvalidInputError(
            f"the schedule has {MAX_OVERRIDES} overrides", field="name",
            remedy="remove those that are over, or change its layers",
        )  # fmt: skip


def _now(name: str, spec: OnCallSpec, overrides: list[Override], at: datetime) -> Now:
    who = on_call(spec, overrides, at)
    ahead = shifts(spec, overrides, at, at + LOOK_AHEAD)
    # A handover within a layer to the same person is no change.
    person = who[0] if who else ""
    later = [one for one in ahead if one.person != person or one.start > at]
    changed = later[0] if later and (not who or later[0].start > at) else None
    end = next((one.end for one in ahead if who and one.start == at), None)
    until = end if who else changed.start if changed else None
    follows = changed.person if changed and changed.start == until else ""
    channels = tuple(spec.people.get(person, ()))
    if until is not None and until >= at + LOOK_AHEAD:
        until, follows = None, ""
    return Now(name, person, who[1] if who else None, until, follows, channels)
