"""Model monitors as people see and change them; every change is audited."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select

from vedette.core.errors import ConflictError, InvalidInputError, NotFoundError
from vedette.core.identity import ResourceId
from vedette.core.ids import new_id
from vedette.models.production.task import TaskBody
from vedette.monitors.models.definition import ModelMonitorSpec
from vedette.scheduler import put_work
from vedette.store.catalog import Actor, Catalog
from vedette.store.catalog.checks import Page, check_limit, check_text
from vedette.store.catalog.model_monitor_models import ModelMonitorRow

KIND = "model-monitors"
"""Kind of scheduled work."""
SOURCE = "vedette.monitors.models"
MAX_MONITORS = 5000


@dataclass(frozen=True, slots=True)
class ModelMonitor:
    """A monitor of a model."""

    id: str
    account: str
    name: str
    spec: ModelMonitorSpec
    owner: str
    created: datetime
    updated: datetime


class ModelMonitors:
    """Repository of monitors. Thread-safe; every method blocks its thread."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def put(
        self,
        actor: Actor,
        account: str,
        name: str,
        spec: ModelMonitorSpec,
        *,
        owner: str = "",
        create: bool | None = None,
    ) -> ModelMonitor:
        """Create a monitor or change its definition, and schedule it.

        Args:
            actor: who does it.
            account: whose monitor.
            name: unique in the account.
            spec: what it watches.
            owner: who keeps it as code, empty where nobody does.
            create: True refuses one that is there, False one that is not, None takes both.

        """
        name = check_text(name, field="name", max_length=255)
        spec.check()
        now = self._catalog.clock.now()
        request = {"name": name, "spec": spec.model_dump(exclude_defaults=True)}
        with self._catalog.change(
            actor, "CreateModelMonitor" if create else "PutModelMonitor", account=account, request=request,
            source=SOURCE, resources=[ResourceId(account, "monitor", name)],
        ) as change:  # fmt: skip
            session = change.session
            row = session.scalar(_of(account).where(ModelMonitorRow.name == name))
            if row is not None and create:
                raise ConflictError(
                    f"there is a model monitor {name!r} already",
                    field="name",
                    remedy="choose another name",
                )
            if row is None and create is False:
                raise _missing(name)
            if row is None:
                count = len(session.scalars(_of(account).limit(MAX_MONITORS)).all())
                if count >= MAX_MONITORS:
                    raise InvalidInputError(
                        f"an account has up to {MAX_MONITORS} monitors",
                        field="name",
                        remedy="delete some first",
                    )
                row = ModelMonitorRow(id=new_id(), account=account, name=name, created=now)
                session.add(row)
            row.model, row.enabled, row.owner = spec.model, spec.enabled, owner
            row.definition, row.updated = spec.model_dump_json(exclude_defaults=True), now
            session.flush()
            if spec.enabled:
                put_work(
                    self._catalog, KIND, f"{account}/{row.id}", spec.parsed_schedule(),
                    executor=session, account=account,
                )  # fmt: skip
            else:
                self._catalog.scheduled_work.remove(session, KIND, f"{account}/{row.id}")
        return _monitor(row)

    def get(self, account: str, name: str) -> ModelMonitor:
        """Return a monitor by name; ``NotFoundError`` where there is none."""
        with self._catalog.read() as session:
            row = session.scalar(_of(account).where(ModelMonitorRow.name == name))
        if row is None:
            raise _missing(name)
        return _monitor(row)

    def by_id(self, account: str, monitor_id: str) -> ModelMonitor | None:
        """Return a monitor, or None."""
        with self._catalog.read() as session:
            row = session.get(ModelMonitorRow, monitor_id)
        return _monitor(row) if row is not None and row.account == account else None

    def task_of(self, account: str, model: str) -> TaskBody:
        """Return what the newest monitor of a model says that the model does."""
        with self._catalog.read() as session:
            chosen = _of(account).where(ModelMonitorRow.model == model)
            row = session.scalar(chosen.order_by(ModelMonitorRow.updated.desc()).limit(1))
            return TaskBody() if row is None else _monitor(row).spec.task

    def page(
        self,
        account: str,
        *,
        model: str | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> Page[ModelMonitor]:
        """Return monitors by name."""
        query = _of(account).order_by(ModelMonitorRow.name).limit(check_limit(limit) + 1)
        if model is not None:
            query = query.where(ModelMonitorRow.model == model)
        if after is not None:
            query = query.where(ModelMonitorRow.name > after)
        with self._catalog.read() as session:
            rows = session.scalars(query).all()
        page = [_monitor(row) for row in rows[:limit]]
        return Page(page, page[-1].name if len(rows) > limit else None)

    def remove(self, actor: Actor, account: str, name: str) -> None:
        """Delete a monitor; its results stay."""
        with self._catalog.change(
            actor, "DeleteModelMonitor", account=account, request={"name": name}, source=SOURCE,
            resources=[ResourceId(account, "monitor", name)],
        ) as change:  # fmt: skip
            row = change.session.scalar(_of(account).where(ModelMonitorRow.name == name))
            if row is None:
                raise _missing(name)
            self._catalog.scheduled_work.remove(change.session, KIND, f"{account}/{row.id}")
            change.session.delete(row)


def _of(account: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - a Select
    return select(ModelMonitorRow).where(ModelMonitorRow.account == account)


def _missing(name: str) -> NotFoundError:
    return NotFoundError(
        f"there is no model monitor {name!r}",
        field="name",
        remedy="list the model monitors for their names",
    )


def _monitor(row: ModelMonitorRow) -> ModelMonitor:
    spec = ModelMonitorSpec.model_validate_json(row.definition)
    return ModelMonitor(row.id, row.account, row.name, spec, row.owner, row.created, row.updated)
