"""Monitors as people see and change them; every change is audited."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from vedette.core.encryption import SecretBox
from vedette.core.errors import ConflictError, InvalidInputError, NotFoundError
from vedette.core.identity import ResourceId
from vedette.core.ids import new_id
from vedette.data.profile_rows import check_dataset
from vedette.monitors.allowed import AllowedSources
from vedette.monitors.definition import MonitorSpec
from vedette.scheduler import put_work
from vedette.store.catalog import Actor, Catalog
from vedette.store.catalog.checks import Page, check_limit, check_text
from vedette.store.catalog.data_models import MonitorRow

KIND = "monitors"
"""Kind of scheduled work."""
SOURCE_KIND = "monitor-sources"
"""Kind of those that profile a source first, which takes long: they hold no others up."""
SOURCE = "vedette.monitors"
MAX_MONITORS = 5000
_SECRET = {"source": {"secret"}}


@dataclass(frozen=True, slots=True)
class Monitor:
    """A monitor of an account."""

    id: str
    account: str
    name: str
    spec: MonitorSpec
    owner: str
    created: datetime
    updated: datetime
    sealed: str | None = field(default=None, repr=False)

    @property
    def has_secret(self) -> bool:
        """Whether its source has a secret."""
        return self.sealed is not None


class Monitors:
    """Repository of monitors. Thread-safe; every method blocks its thread.

    Args:
        catalog: keeps them.
        secrets: encrypts what their sources need; without it none of them can have a secret.
        allowed: the sources that the server may read; without it none.

    """

    def __init__(
        self,
        catalog: Catalog,
        secrets: SecretBox | None = None,
        allowed: AllowedSources | None = None,
    ) -> None:
        self._catalog = catalog
        self._secrets = secrets
        self._allowed = allowed or AllowedSources()

    def put(
        self,
        actor: Actor,
        account: str,
        name: str,
        spec: MonitorSpec,
        *,
        owner: str = "",
        create: bool | None = None,
    ) -> Monitor:
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
        check_dataset(spec.dataset)
        spec.check()
        if spec.source:
            self._allowed.check(spec.source.url)
        now = self._catalog.clock.now()
        request = {"name": name, "spec": spec.model_dump(exclude_defaults=True, exclude=_SECRET)}
        with self._catalog.change(
            actor, "CreateMonitor" if create else "PutMonitor", account=account, request=request,
            source=SOURCE, resources=[ResourceId(account, "monitor", name)],
        ) as change:  # fmt: skip
            session = change.session
            row = session.scalar(_of(account).where(MonitorRow.name == name))
            if row is not None and create:
                raise ConflictError(
                    f"there is a monitor {name!r} already",
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
                row = MonitorRow(id=new_id(), account=account, name=name, created=now)
                session.add(row)
            row.secret = self._sealed(row, spec)
            row.dataset, row.enabled, row.owner = spec.dataset, spec.enabled, owner
            row.definition = spec.model_dump_json(exclude_defaults=True, exclude=_SECRET)
            row.updated = now
            session.flush()
            self._schedule(session, row, spec)
        return _monitor(row)

    def _schedule(self, session: Session, row: MonitorRow, spec: MonitorSpec) -> None:
        """Put its work where it is of, and nowhere else."""
        wanted = (SOURCE_KIND if spec.source else KIND) if spec.enabled else ""
        key = f"{row.account}/{row.id}"
        for kind in (KIND, SOURCE_KIND):
            if kind == wanted:
                put_work(
                    self._catalog, kind, key, spec.parsed_schedule(),
                    executor=session, account=row.account,
                )  # fmt: skip
            else:
                self._catalog.scheduled_work.remove(session, kind, key)

    def _sealed(self, row: MonitorRow, spec: MonitorSpec) -> str | None:
        """Return the secret as it is stored; without a new one that of the same source stays."""
        if spec.source is None:
            return None
        if spec.source.secret is None:
            before = MonitorSpec.model_validate_json(row.definition) if row.definition else None
            same = before and before.source and _server_of(before) == _server_of(spec)
            return row.secret if same else None
        if self._secrets is None:
            raise InvalidInputError(
                "no secret can be stored here", field="spec.source.secret", remedy="leave it out"
            )
        return self._secrets.seal(spec.source.secret.get_secret_value())

    def get(self, account: str, name: str) -> Monitor:
        """Return a monitor by name; ``NotFoundError`` where there is none."""
        with self._catalog.read() as session:
            row = session.scalar(_of(account).where(MonitorRow.name == name))
        if row is None:
            raise _missing(name)
        return _monitor(row)

    def fingerprint(self, account: str, name: str, spec: MonitorSpec) -> str | None:
        """Return what tells the secret of a definition's source from others; None without one.

        Where the definition brings none, that is the secret which stays when it is put.
        """
        if spec.source is None or self._secrets is None:
            return None
        if spec.source.secret:
            return self._secrets.fingerprint(spec.source.secret.get_secret_value())
        with self._catalog.read() as session:
            row = session.scalar(_of(account).where(MonitorRow.name == name))
        sealed = self._sealed(row, spec) if row else None
        return self._secrets.fingerprint(self._secrets.open_text(sealed)) if sealed else None

    def note_run(self, actor: Actor, monitor: Monitor, start: str | None, end: str) -> None:
        """Write into the audit trail that someone has a monitor look at windows again."""
        request = {"name": monitor.name, **({"start": start, "end": end} if start else {})}
        with self._catalog.change(
            actor, "RunMonitor", account=monitor.account, request=request, source=SOURCE,
            resources=[ResourceId(monitor.account, "monitor", monitor.name)],
        ):  # fmt: skip
            pass

    def by_id(self, account: str, monitor_id: str) -> Monitor | None:
        """Return a monitor, or None."""
        with self._catalog.read() as session:
            row = session.get(MonitorRow, monitor_id)
        return _monitor(row) if row is not None and row.account == account else None

    def page(
        self,
        account: str,
        *,
        dataset: str | None = None,
        limit: int = 100,
        after: str | None = None,
    ) -> Page[Monitor]:
        """Return monitors by name."""
        query = _of(account).order_by(MonitorRow.name).limit(check_limit(limit) + 1)
        if dataset is not None:
            query = query.where(MonitorRow.dataset == dataset)
        if after is not None:
            query = query.where(MonitorRow.name > after)
        with self._catalog.read() as session:
            rows = session.scalars(query).all()
        page = [_monitor(row) for row in rows[:limit]]
        return Page(page, page[-1].name if len(rows) > limit else None)

    def remove(self, actor: Actor, account: str, name: str) -> None:
        """Delete a monitor; its results stay."""
        with self._catalog.change(
            actor, "DeleteMonitor", account=account, request={"name": name}, source=SOURCE,
            resources=[ResourceId(account, "monitor", name)],
        ) as change:  # fmt: skip
            row = change.session.scalar(_of(account).where(MonitorRow.name == name))
            if row is None:
                raise _missing(name)
            for kind in (KIND, SOURCE_KIND):
                self._catalog.scheduled_work.remove(change.session, kind, f"{account}/{row.id}")
            change.session.delete(row)


def _of(account: str):  # type: ignore[no-untyped-def]  # noqa: ANN202 - a Select
    return select(MonitorRow).where(MonitorRow.account == account)


def _missing(name: str) -> NotFoundError:
    return NotFoundError(
        f"there is no monitor {name!r}", field="name", remedy="list the monitors for their names"
    )


def _monitor(row: MonitorRow) -> Monitor:
    spec = MonitorSpec.model_validate_json(row.definition)
    return Monitor(
        row.id, row.account, row.name, spec, row.owner, row.created, row.updated, row.secret
    )  # fmt: skip


def _server_of(spec: MonitorSpec) -> str:
    """Return scheme, user, host and port of a source: a secret goes to no other place."""
    assert spec.source  # noqa: S101 - the caller looked
    return spec.source.url.partition("://")[0] + spec.source.url.partition("://")[2].split("/")[0]
