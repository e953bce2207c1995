"""Monitors as people see and change them; every change is audited."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from vedette.core.encryption import SecretBox
from vedette.core.errors import InvalidInputError
from vedette.core.identity import ResourceId
from vedette.data.profile_rows import check_dataset
from vedette.monitors.allowed import AllowedSources
from vedette.monitors.definition import MonitorSpec
from vedette.monitors.repository import MonitorRepository
from vedette.store.catalog import Actor, Catalog
from vedette.store.catalog.data_models import MonitorRow

KIND = "monitors"
"""Kind of scheduled work."""
SOURCE_KIND = "monitor-sources"
"""Kind of those that profile a source first, which takes long: they hold no others up."""
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


class Monitors(MonitorRepository[MonitorSpec, Monitor]):
    """Repository of monitors of datasets. Thread-safe; every method blocks its thread.

    Args:
        catalog: keeps them.
        secrets: encrypts what their sources need; without it none of them can have a secret.
        allowed: the sources that the server may read; without it none.

    """

    row = MonitorRow
    target = "dataset"
    event = "Monitor"
    source = "vedette.monitors"
    title = "monitor"
    work_kinds = (KIND, SOURCE_KIND)
    hidden = _SECRET

    def __init__(
        self,
        catalog: Catalog,
        secrets: SecretBox | None = None,
        allowed: AllowedSources | None = None,
    ) -> None:
        super().__init__(catalog)
        self._secrets = secrets
        self._allowed = allowed or AllowedSources()

    def monitor(self, row: MonitorRow) -> Monitor:
        """See ``MonitorRepository``."""
        spec = MonitorSpec.model_validate_json(row.definition)
        return Monitor(
            row.id, row.account, row.name, spec, row.owner, row.created, row.updated, row.secret
        )  # fmt: skip

    def work_kind(self, spec: MonitorSpec) -> str:
        """See ``MonitorRepository``."""
        return SOURCE_KIND if spec.source else KIND

    def check(self, spec: MonitorSpec) -> None:
        """See ``MonitorRepository``."""
        check_dataset(spec.dataset)
        spec.check()
        if spec.source:
            self._allowed.check(spec.source.url)

    def prepare(self, row: MonitorRow, spec: MonitorSpec) -> None:
        """See ``MonitorRepository``."""
        row.secret = self._sealed(row, spec)

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

    def fingerprint(self, account: str, name: str, spec: MonitorSpec) -> str | None:
        """Return what tells the secret of a definition's source from others; None without one.

        Where the definition brings none, that is the secret which stays when it is put.
        """
        if spec.source is None or self._secrets is None:
            return None
        if spec.source.secret:
            return self._secrets.fingerprint(spec.source.secret.get_secret_value())
        with self._catalog.read() as session:
            row = session.scalar(self._of(account).where(MonitorRow.name == name))
        sealed = self._sealed(row, spec) if row else None
        return self._secrets.fingerprint(self._secrets.open_text(sealed)) if sealed else None

    def note_run(self, actor: Actor, monitor: Monitor, start: str | None, end: str) -> None:
        """Write into the audit trail that someone has a monitor look at windows again."""
        request = {"name": monitor.name, **({"start": start, "end": end} if start else {})}
        with self._catalog.change(
            actor, "RunMonitor", account=monitor.account, request=request, source=self.source,
            resources=[ResourceId(monitor.account, "monitor", monitor.name)],
        ):  # fmt: skip
            pass


def _server_of(spec: MonitorSpec) -> str:
    """Return scheme, user, host and port of a source: a secret goes to no other place."""
    assert spec.source  # noqa: S101 - the caller looked
    return spec.source.url.partition("://")[0] + spec.source.url.partition("://")[2].split("/")[0]
