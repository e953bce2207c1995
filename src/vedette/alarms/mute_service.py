"""Mute windows as people see and change them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from vedette.alarms.mute import MuteSpec
from vedette.core.errors import InvalidInputError, NotFoundError
from vedette.core.identity import ResourceId
from vedette.core.ids import new_id
from vedette.store.catalog.alarm_models import MuteWindowRow
from vedette.store.catalog.checks import check_text

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from vedette.store.catalog import Actor, Catalog

MAX_WINDOWS = 500
SOURCE = "vedette.alarms"


@dataclass(frozen=True, slots=True)
class MuteView:
    """A mute window as it is kept."""

    id: str
    name: str
    spec: MuteSpec
    owner: str
    active: bool
    created: datetime
    created_by: str
    updated: datetime
    updated_by: str


class MuteService:
    """Mute windows of an account."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def put(
        self, actor: Actor, account: str, name: str, spec: MuteSpec, *, owner: str = ""
    ) -> MuteView:
        """Create a window, or change the one of this name."""
        name = check_text(name, field="name", max_length=255)
        now = self._catalog.clock.now()
        values = {
            "spec": spec.model_dump_json(exclude_defaults=True),
            "owner": owner,
            "updated": now,
            "updated_by": actor.name,
        }
        with self._catalog.change(
            actor, "PutMuteWindow", account=account, source=SOURCE,
            request={"name": name, "spec": spec.model_dump(exclude_defaults=True)},
            resources=[ResourceId(account, "mute_window", name)],
        ) as change:  # fmt: skip
            row = _find(change.session, account, name)
            if row is None:
                count = select(func.count()).where(MuteWindowRow.account == account)
                if (change.session.scalar(count) or 0) >= MAX_WINDOWS:
                    raise InvalidInputError(
                        f"the account has {MAX_WINDOWS} mute windows", field="name",
                        remedy="delete those that are over",
                    )  # fmt: skip
                row = MuteWindowRow(
                    id=new_id(), account=account, name=name, created=now, created_by=actor.name,
                    **values,
                )  # fmt: skip
                change.session.add(row)
            else:
                for field, value in values.items():
                    setattr(row, field, value)
            change.session.flush()
            return self._view(row)

    def delete(self, actor: Actor, account: str, name: str) -> None:
        """Delete a window."""
        with self._catalog.change(
            actor, "DeleteMuteWindow", account=account, source=SOURCE, request={"name": name},
            resources=[ResourceId(account, "mute_window", name)],
        ) as change:  # fmt: skip
            change.session.delete(_existing(change.session, account, name))

    def get(self, account: str, name: str) -> MuteView:
        """Return one window, by its name or its id."""
        with self._catalog.read() as session:
            return self._view(_existing(session, account, name))

    def all(self, account: str) -> list[MuteView]:
        """Return the windows by name."""
        chosen = (
            select(MuteWindowRow)
            .where(MuteWindowRow.account == account)
            .order_by(MuteWindowRow.name)
        )
        with self._catalog.read() as session:
            return [self._view(row) for row in session.scalars(chosen)]

    def _view(self, row: MuteWindowRow) -> MuteView:
        spec = MuteSpec.model_validate_json(row.spec)
        return MuteView(
            row.id, row.name, spec, row.owner, spec.active(self._catalog.clock.now()),
            row.created, row.created_by, row.updated, row.updated_by,
        )  # fmt: skip


def _find(session: Session, account: str, name: str) -> MuteWindowRow | None:
    return session.scalar(
        select(MuteWindowRow).where(MuteWindowRow.account == account, MuteWindowRow.name == name)
    )


def _existing(session: Session, account: str, name: str) -> MuteWindowRow:
    row = _find(session, account, name) or session.get(MuteWindowRow, name)
    if row is None or row.account != account:
        raise NotFoundError(
            f"there is no mute window {name[:255]!r}", field="name", remedy="see the list of them"
        )
    return row
