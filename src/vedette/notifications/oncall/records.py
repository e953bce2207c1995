"""Records of schedules, overrides and policies, as they are read within a transaction."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from sqlalchemy import select

from vedette.core.errors import InvalidInputError, NotFoundError
from vedette.notifications.oncall.schedule import Override
from vedette.store.catalog.oncall_models import OnCallOverrideRow, OnCallScheduleRow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session


S = TypeVar("S")


@dataclass(frozen=True, slots=True)
class Kept(Generic[S]):
    """A schedule or a policy as it is kept."""

    id: str
    name: str
    spec: S
    owner: str
    created: datetime
    created_by: str
    updated: datetime
    updated_by: str


def overrides_of(session: Session, schedule_id: str) -> list[Override]:
    """Return a schedule's overrides, those made first first."""
    row = OnCallOverrideRow
    chosen = select(row).where(row.schedule_id == schedule_id).order_by(row.id)
    return [override_of(one) for one in session.scalars(chosen)]


def override_of(row: OnCallOverrideRow) -> Override:
    """Return the override of a row."""
    return Override(row.id, row.person, row.start, row.end, row.by, row.comment)


def all_of(session: Session, row: Any, account: str) -> list[Any]:  # noqa: ANN401 - a mapped class
    """Return an account's rows of a kind by name."""
    return list(session.scalars(select(row).where(row.account == account).order_by(row.name)))


def find(session: Session, row: Any, account: str, name: str) -> Any:  # noqa: ANN401 - a mapped class
    """Return the row of a name, None where there is none."""
    return session.scalar(select(row).where(row.account == account, row.name == name))


def existing(session: Session, row: Any, account: str, name: str) -> Any:  # noqa: ANN401 - a mapped class
    """Return the row of a name or an id; ``NotFoundError`` where there is none."""
    found = find(session, row, account, name) or session.get(row, name)
    if found is None or found.account != account:
        what = "schedule" if row is OnCallScheduleRow else "policy"
        raise NotFoundError(
            f"there is no {what} {name[:255]!r}", field="name", remedy="see the list of them"
        )
    return found


def check_there(
    session: Session, row: Any, account: str, names: set[str], field: str, what: str  # noqa: ANN401
) -> None:  # fmt: skip
    """Raise ``InvalidInputError`` where one of the names is of no row."""
    there = set(session.scalars(select(row.name).where(row.account == account)))
    if missing := sorted(names - there):
        raise InvalidInputError(
            f"there is no {what} {missing[0]!r}", field=field, remedy=f"create the {what} first"
        )


def kept_of(row: Any, spec: Any) -> Kept[Any]:  # noqa: ANN401 - a mapped class and its model
    """Return what a row keeps."""
    return Kept(
        row.id, row.name, spec.model_validate_json(row.spec), row.owner, row.created,
        row.created_by, row.updated, row.updated_by,
    )  # fmt: skip
