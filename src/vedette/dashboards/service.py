"""Dashboards of an account: made, changed, restored and deleted, with every version kept."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, false, func, select

from vedette.core.errors import ConflictError, InvalidInputError, NotFoundError
from vedette.core.identity import ResourceId
from vedette.core.ids import new_id
from vedette.dashboards.definition import MAX_NAME, DashboardSpec
from vedette.store.catalog.checks import (
    DEFAULT_PAGE,
    Page,
    check_limit,
    check_text,
    is_storable,
)
from vedette.store.catalog.dashboard_models import DashboardRow, DashboardVersionRow

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.orm import Session

    from vedette.store.catalog import Actor, Catalog

SOURCE = "vedette.dashboards"
MAX_DASHBOARDS = 2_000
"""Dashboards of an account."""
MAX_VERSIONS = 100
"""Versions that a dashboard keeps; older ones go."""
MAX_BYTES = 1_000_000
"""Length of a definition as JSON."""


@dataclass(frozen=True, slots=True)
class Dashboard:
    """A dashboard as it is kept; ``owner`` keeps it as code, where it is not empty."""

    id: str
    name: str
    spec: DashboardSpec
    owner: str
    version: int
    created: datetime
    created_by: str
    updated: datetime
    updated_by: str


@dataclass(frozen=True, slots=True)
class DashboardVersion:
    """What a dashboard was."""

    version: int
    name: str
    comment: str
    created: datetime
    created_by: str
    spec: DashboardSpec


class Dashboards:
    """Repository of dashboards. Those kept as code change by ``vedette apply`` alone."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def create(
        self,
        actor: Actor,
        account: str,
        name: str,
        spec: DashboardSpec,
        *,
        owner: str = "",
        comment: str = "",
    ) -> Dashboard:
        """Make a dashboard.

        Raises:
            ConflictError: the account has one of this name.
            InvalidInputError: it has too many, or the definition is too large.

        """
        name, comment = _checked(name, comment)
        text = dumped_text(spec)
        with self._catalog.change(
            actor, "CreateDashboard", account=account, source=SOURCE,
            request={"name": name, "panels": len(spec.panels), "owner": owner},
            resources=[ResourceId(account, "dashboard", name)],
        ) as change:  # fmt: skip
            session, now = change.session, self._catalog.clock.now()
            held = select(func.count()).where(DashboardRow.account == account)
            if (session.scalar(held) or 0) >= MAX_DASHBOARDS:
                raise InvalidInputError(
                    f"the account has {MAX_DASHBOARDS} dashboards", field="name",
                    remedy="delete some first",
                )  # fmt: skip
            _require_free(session, account, name)
            row = DashboardRow(
                id=new_id(), account=account, name=name, spec=text, owner=owner, version=1,
                created=now, created_by=actor.name, updated=now, updated_by=actor.name,
            )  # fmt: skip
            session.add(row)
            session.flush()
            _keep(session, row, comment)
            change.respond(dashboardId=row.id)
            return _dashboard(row)

    def update(
        self,
        actor: Actor,
        account: str,
        dashboard: str,
        *,
        name: str | None = None,
        spec: DashboardSpec | None = None,
        version: int | None = None,
        owner: str = "",
        comment: str = "",
    ) -> Dashboard:
        """Change a dashboard's name or definition; what is None stays.

        Args:
            actor: who changes it.
            account: whose it is.
            dashboard: its id or name.
            name: the new name.
            spec: the new definition.
            version: the version that was edited; another one by now is a conflict.
            owner: who keeps it as code, where it is changed by that.
            comment: said in its history.

        Raises:
            ConflictError: somebody changed it since, the name is taken, or it is kept as code.
            NotFoundError: there is none.

        """
        checked, comment = _checked(name if name is not None else "-", comment)
        text = None if spec is None else dumped_text(spec)
        with self._catalog.change(
            actor, "UpdateDashboard", account=account, source=SOURCE,
            request={"dashboard": dashboard, "name": name, "comment": comment, "owner": owner},
        ) as change:  # fmt: skip
            session = change.session
            row = _existing(session, account, dashboard)
            change.concern(ResourceId(account, "dashboard", row.name))
            _require_owner(row, owner)
            if version is not None and version != row.version:
                raise ConflictError(
                    f"{row.name!r} was changed since by {row.updated_by}: it is version "
                    f"{row.version} now",
                    field="version",
                    remedy="load it anew, or save yours under another name",
                )
            if name is not None and checked != row.name:
                _require_free(session, account, checked)
                row.name = checked
            row.spec = text or row.spec
            self._advance(actor, row, owner)
            session.flush()
            _keep(session, row, comment)
            change.respond(version=row.version)
            return _dashboard(row)

    def put(
        self, actor: Actor, account: str, name: str, spec: DashboardSpec, *, owner: str = ""
    ) -> Dashboard:
        """Make a dashboard, or change the one of this name; for what is kept as code."""
        with self._catalog.read() as session:
            there = _find(session, account, name) is not None
        comment = f"applied by {owner}" if owner else "applied"
        if there:
            return self.update(actor, account, name, spec=spec, owner=owner, comment=comment[:500])
        return self.create(actor, account, name, spec, owner=owner, comment=comment[:500])

    def restore(self, actor: Actor, account: str, dashboard: str, version: int) -> Dashboard:
        """Make a former version the newest one."""
        before = self.version(account, dashboard, version)
        return self.update(
            actor, account, dashboard, spec=before.spec, comment=f"version {version} again"
        )

    def duplicate(
        self, actor: Actor, account: str, dashboard: str, name: str | None = None
    ) -> Dashboard:
        """Make a copy under a name of its own; nobody keeps it as code."""
        found = self.get(account, dashboard)
        wanted = name if name is not None else self.free_name(account, f"{found.name} (copy)")
        return self.create(
            actor, account, wanted, found.spec, comment=f"copy of {found.name}"[:500]
        )

    def free_name(self, account: str, wanted: str) -> str:
        """Return a name that is not taken yet: the wanted one, or it with a number."""
        with self._catalog.read() as session:
            chosen = select(DashboardRow.name).where(DashboardRow.account == account)
            taken = set(session.scalars(chosen))
        if wanted[:MAX_NAME] not in taken:
            return wanted[:MAX_NAME]
        numbered = (f"{wanted[: MAX_NAME - 7]} ({number})" for number in range(2, 9_999))
        return next(name for name in numbered if name not in taken)

    def delete(self, actor: Actor, account: str, dashboard: str, *, owner: str | None = "") -> None:
        """Delete a dashboard with its history; ``owner=None`` does so whoever keeps it."""
        with self._catalog.change(
            actor, "DeleteDashboard", account=account, source=SOURCE,
            request={"dashboard": dashboard},
        ) as change:  # fmt: skip
            row = _existing(change.session, account, dashboard)
            change.concern(ResourceId(account, "dashboard", row.name))
            if owner is not None:
                _require_owner(row, owner)
            change.session.delete(row)

    def get(self, account: str, dashboard: str) -> Dashboard:
        """Return one dashboard, by its id or its name."""
        with self._catalog.read() as session:
            return _dashboard(_existing(session, account, dashboard))

    def page(
        self,
        account: str,
        *,
        search: str = "",
        limit: int = DEFAULT_PAGE,
        after: str | None = None,
    ) -> Page[Dashboard]:
        """Return dashboards by name; ``search`` is a part of it, in any case."""
        chosen = select(DashboardRow).where(DashboardRow.account == account)
        if search:
            part = func.lower(DashboardRow.name).contains(search.lower(), autoescape=True)
            chosen = chosen.where(part if is_storable(search) else false())
        if after is not None:
            chosen = chosen.where(
                DashboardRow.name > check_text(after, field="cursor", max_length=MAX_NAME)
            )
        chosen = chosen.order_by(DashboardRow.name).limit(check_limit(limit) + 1)
        with self._catalog.read() as session:
            found = [_dashboard(row) for row in session.scalars(chosen)]
        shown = found[:limit]
        return Page(shown, shown[-1].name if len(found) > limit else None)

    def versions(self, account: str, dashboard: str) -> list[DashboardVersion]:
        """Return what a dashboard was and is, newest first; at most 100 versions."""
        with self._catalog.read() as session:
            row = _existing(session, account, dashboard)
            chosen = (
                select(DashboardVersionRow)
                .where(DashboardVersionRow.dashboard_id == row.id)
                .order_by(DashboardVersionRow.version.desc())
            )
            return [_version(one) for one in session.scalars(chosen)]

    def version(self, account: str, dashboard: str, version: int) -> DashboardVersion:
        """Return one version."""
        with self._catalog.read() as session:
            row = _existing(session, account, dashboard)
            found = session.get(DashboardVersionRow, (row.id, version))
            if found is None:
                raise NotFoundError(
                    f"{row.name!r} has no version {version}", field="version",
                    remedy="see its history",
                )  # fmt: skip
            return _version(found)

    def _advance(self, actor: Actor, row: DashboardRow, owner: str) -> None:
        row.owner = owner
        row.version += 1
        row.updated = self._catalog.clock.now()
        row.updated_by = actor.name


def dumped_text(spec: DashboardSpec) -> str:
    """Return a definition as JSON without defaults.

    Raises:
        InvalidInputError: it is too long.

    """
    text = spec.model_dump_json(exclude_defaults=True)
    if len(text) > MAX_BYTES:
        raise InvalidInputError(
            f"the definition has {len(text)} characters", field="spec",
            remedy=f"keep it under {MAX_BYTES}: split the dashboard",
        )  # fmt: skip
    if "\\u0000" in text or not is_storable(text):
        raise InvalidInputError(
            "the definition holds a character that is not text", field="spec",
            remedy="leave out control characters",
        )  # fmt: skip
    return text


def _checked(name: str, comment: str) -> tuple[str, str]:
    return (
        check_text(name, field="name", max_length=MAX_NAME),
        check_text(comment, field="comment", max_length=500, min_length=0),
    )


def _find(session: Session, account: str, name: str) -> DashboardRow | None:
    if not is_storable(name):
        return None
    return session.scalar(
        select(DashboardRow).where(DashboardRow.account == account, DashboardRow.name == name)
    )


def _existing(session: Session, account: str, dashboard: str) -> DashboardRow:
    row = session.get(DashboardRow, dashboard) if is_storable(dashboard) else None
    if row is None or row.account != account:
        row = _find(session, account, dashboard)
    if row is None:
        raise NotFoundError(
            f"there is no dashboard {dashboard[:MAX_NAME]!r}", field="dashboard",
            remedy="see the list of them",
        )  # fmt: skip
    return row


def _require_free(session: Session, account: str, name: str) -> None:
    if _find(session, account, name) is not None:
        raise ConflictError(
            f"there is a dashboard {name!r} already", field="name",
            remedy="choose another name, or change that one",
        )  # fmt: skip


def _require_owner(row: DashboardRow, owner: str) -> None:
    if row.owner and row.owner != owner:
        raise ConflictError(
            f"{row.name!r} is kept as code by {row.owner!r}", field="owner",
            remedy="change its file and apply it, or duplicate the dashboard",
        )  # fmt: skip


def _keep(session: Session, row: DashboardRow, comment: str) -> None:
    session.add(
        DashboardVersionRow(
            dashboard_id=row.id,
            version=row.version,
            account=row.account,
            name=row.name,
            spec=row.spec,
            comment=comment,
            created=row.updated,
            created_by=row.updated_by,
        )
    )
    session.execute(
        delete(DashboardVersionRow).where(
            DashboardVersionRow.dashboard_id == row.id,
            DashboardVersionRow.version <= row.version - MAX_VERSIONS,
        )
    )


def _dashboard(row: DashboardRow) -> Dashboard:
    return Dashboard(
        row.id, row.name, DashboardSpec.model_validate_json(row.spec), row.owner, row.version,
        row.created, row.created_by, row.updated, row.updated_by,
    )  # fmt: skip


def _version(row: DashboardVersionRow) -> DashboardVersion:
    return DashboardVersion(
        row.version, row.name, row.comment, row.created, row.created_by,
        DashboardSpec.model_validate_json(row.spec),
    )  # fmt: skip
