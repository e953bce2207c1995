"""What monitors of datasets and of models share: names, definitions, pages, audit, schedules."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from sqlalchemy import func, select

from vedette.core.errors import ConflictError, InvalidInputError, NotFoundError, VedetteError
from vedette.core.identity import ResourceId
from vedette.core.ids import new_id
from vedette.scheduler import Claim, Schedule, put_work
from vedette.store.catalog.checks import Page, check_limit, check_text

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from sqlalchemy.orm import Session

    from vedette.store.catalog import Actor, Catalog

MAX_MONITORS = 5000
_log = logging.getLogger(__name__)


class _Spec(Protocol):
    """A definition: a model of pydantic that is enabled or not and has a schedule."""

    @property
    def enabled(self) -> bool: ...

    @property
    def model_dump(self) -> Callable[..., dict[str, Any]]: ...

    @property
    def model_dump_json(self) -> Callable[..., str]: ...

    def check(self) -> object: ...

    def parsed_schedule(self) -> Schedule: ...


class _Kept(Protocol):
    """A monitor as it is returned; both kinds have a name."""

    @property
    def name(self) -> str: ...


S = TypeVar("S", bound=_Spec)
M = TypeVar("M", bound=_Kept)


class MonitorRepository(Generic[S, M]):
    """Repository of monitors of one kind. Thread-safe; every method blocks its thread.

    Attributes:
        row: the table.
        target: its column that says what a monitor is of.
        event: as in audit events, such as ``Monitor`` in ``PutMonitor``.
        source: whose events they are.
        title: what messages call one.
        work_kinds: of scheduled work; ``work_kind`` chooses among them.
        hidden: members of a definition that are stored elsewhere, as pydantic's ``exclude``.

    """

    row: Any
    target: str
    event: str
    source: str
    title: str
    work_kinds: tuple[str, ...]
    hidden: Any = None

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog

    def monitor(self, row: Any) -> M:  # noqa: ANN401 - of the table
        """Return a row as a monitor."""
        raise NotImplementedError

    def work_kind(self, spec: S) -> str:
        """Return the kind of scheduled work that runs it."""
        del spec
        return self.work_kinds[0]

    def check(self, spec: S) -> None:
        """Raise where a definition is wrong."""
        spec.check()

    def prepare(self, row: Any, spec: S) -> None:  # noqa: ANN401 - of the table
        """Fill what a table has beside a definition, whose former one is still in the row."""

    def put(
        self,
        actor: Actor,
        account: str,
        name: str,
        spec: S,
        *,
        owner: str = "",
        create: bool | None = None,
    ) -> M:
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
        self.check(spec)
        now = self._catalog.clock.now()
        request = {
            "name": name,
            "spec": spec.model_dump(exclude_defaults=True, exclude=self.hidden),
        }
        with self._catalog.change(
            actor, f"{'Create' if create else 'Put'}{self.event}", account=account, request=request,
            source=self.source, resources=[ResourceId(account, "monitor", name)],
        ) as change:  # fmt: skip
            session = change.session
            row = self._found(session, account, name, create=create)
            if row is None:
                self._check_room(session, account)
                row = self.row(id=new_id(), account=account, name=name, created=now)
                session.add(row)
            self.prepare(row, spec)
            setattr(row, self.target, getattr(spec, self.target))
            row.enabled, row.owner = spec.enabled, owner
            row.definition = spec.model_dump_json(exclude_defaults=True, exclude=self.hidden)
            row.updated = now
            session.flush()
            self._schedule(session, row, spec)
        return self.monitor(row)

    def get(self, account: str, name: str) -> M:
        """Return a monitor by name; ``NotFoundError`` where there is none."""
        with self._catalog.read() as session:
            row = session.scalar(self._of(account).where(self.row.name == name))
        if row is None:
            raise self._missing(name)
        return self.monitor(row)

    def by_id(self, account: str, monitor_id: str) -> M | None:
        """Return a monitor, or None."""
        with self._catalog.read() as session:
            row = session.get(self.row, monitor_id)
        return self.monitor(row) if row is not None and row.account == account else None

    def page(
        self,
        account: str,
        *,
        target: str | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> Page[M]:
        """Return monitors by name, of all or of one dataset or model."""
        query = self._of(account).order_by(self.row.name).limit(check_limit(limit) + 1)
        if target is not None:
            query = query.where(getattr(self.row, self.target) == target)
        if after is not None:
            query = query.where(self.row.name > after)
        with self._catalog.read() as session:
            rows = session.scalars(query).all()
        page = [self.monitor(row) for row in rows[:limit]]
        return Page(page, page[-1].name if len(rows) > limit else None)

    def all(self, account: str) -> list[M]:
        """Return every monitor of an account, by name."""
        with self._catalog.read() as session:
            rows = session.scalars(self._of(account).order_by(self.row.name)).all()
        return [self.monitor(row) for row in rows]

    def remove(self, actor: Actor, account: str, name: str) -> None:
        """Delete a monitor; its results stay."""
        with self._catalog.change(
            actor, f"Delete{self.event}", account=account, request={"name": name}, source=self.source,
            resources=[ResourceId(account, "monitor", name)],
        ) as change:  # fmt: skip
            row = change.session.scalar(self._of(account).where(self.row.name == name))
            if row is None:
                raise self._missing(name)
            for kind in self.work_kinds:
                self._catalog.scheduled_work.remove(change.session, kind, f"{account}/{row.id}")
            change.session.delete(row)

    def run_due(self, claims: Sequence[Claim], run: Callable[[M], object]) -> None:
        """Run the monitors of claims; one that fails is claimed again and holds no other up."""
        for claim in claims:
            account, _, monitor_id = claim.tick.key.partition("/")
            monitor = self.by_id(account, monitor_id)
            if monitor is None:
                continue
            try:
                run(monitor)
            except VedetteError as error:
                _log.warning("%s %s/%s: %s", self.title, account, monitor.name, error.message)
                claim.fail(error)

    def _schedule(self, session: Session, row: Any, spec: S) -> None:  # noqa: ANN401 - of the table
        """Put its work where it is of, and nowhere else."""
        wanted = self.work_kind(spec) if spec.enabled else ""
        key = f"{row.account}/{row.id}"
        for kind in self.work_kinds:
            if kind == wanted:
                put_work(
                    self._catalog, kind, key, spec.parsed_schedule(),
                    executor=session, account=row.account,
                )  # fmt: skip
            else:
                self._catalog.scheduled_work.remove(session, kind, key)

    def _found(self, session: Session, account: str, name: str, *, create: bool | None) -> Any:  # noqa: ANN401 - a row
        row = session.scalar(self._of(account).where(self.row.name == name))
        if row is not None and create:
            raise ConflictError(
                f"there is a {self.title} {name!r} already",
                field="name",
                remedy="choose another name",
            )
        if row is None and create is False:
            raise self._missing(name)
        return row

    def _check_room(self, session: Session, account: str) -> None:
        held = select(func.count()).select_from(self.row).where(self.row.account == account)
        if (session.scalar(held) or 0) >= MAX_MONITORS:
            raise InvalidInputError(
                f"an account has up to {MAX_MONITORS} monitors",
                field="name",
                remedy="delete some first",
            )

    def _of(self, account: str) -> Any:  # noqa: ANN401 - a Select
        return select(self.row).where(self.row.account == account)

    def _missing(self, name: str) -> NotFoundError:
        return NotFoundError(
            f"there is no {self.title} {name!r}",
            field="name",
            remedy=f"list the {self.title}s for their names",
        )
