"""KPIs as people see and change them, and what they depend on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vedette.business.kpis.definition import (
    PREFIX,
    FromEvents,
    FromMetric,
    KpiSpec,
    check_kpi_name,
)
from vedette.core.identity import ResourceId
from vedette.core.time import parse_duration
from vedette.scheduler import Every, put_work
from vedette.store.catalog.definitions import Defined, DefinitionKind, Definitions
from vedette.telemetry.metrics.bodies import MetricQueryBody

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vedette.store.catalog import Actor, Catalog, Change, Page

KIND = "kpis"
"""Kind of scheduled work: one piece a KPI that is computed."""
Kpi = Defined[KpiSpec]
DEFINITION = DefinitionKind("kpi", "Kpi", "vedette.business", KpiSpec, "a KPI")


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What a KPI is made of and what moves it, for lineage.

    Attributes:
        kpi: its identity, ``account/kpi/name``.
        metric: name of the metric that holds its values.
        metrics: names of the metrics that it is computed from.
        models: identities of models, with a version where one is named.
        services: identities of services.
        reads: ``sql``, ``logs`` or ``traces`` where it is computed from those, else empty.

    """

    kpi: ResourceId
    metric: str
    metrics: Sequence[str]
    models: Sequence[ResourceId]
    services: Sequence[ResourceId]
    reads: str


class KpiService:
    """KPIs of an account. Thread-safe; every method blocks its thread."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._definitions = Definitions(catalog, DEFINITION, self._schedule)

    def put(
        self,
        actor: Actor,
        account: str,
        name: str,
        spec: KpiSpec,
        *,
        labels: Mapping[str, str] | None = None,
        owner: str = "",
        create: bool | None = None,
    ) -> Kpi:
        """Create a KPI or change it, and schedule it; see ``Definitions.put``."""
        return self._definitions.put(
            actor, account, check_kpi_name(name), spec, labels=labels, owner=owner,
            enabled=spec.enabled, create=create,
        )  # fmt: skip

    def get(self, account: str, name: str) -> Kpi:
        """Return a KPI by name or id."""
        return self._definitions.get(account, name)

    def by_id(self, account: str, kpi_id: str) -> Kpi | None:
        """Return a KPI, or None."""
        return self._definitions.by_id(account, kpi_id)

    def page(
        self, account: str, *, search: str = "", limit: int = 100, after: str | None = None
    ) -> Page[Kpi]:
        """Return KPIs by name."""
        return self._definitions.page(account, search=search, limit=limit, after=after)

    def all(self, account: str) -> list[Kpi]:
        """Return all KPIs of an account."""
        return self._definitions.all(account)

    def remove(self, actor: Actor, account: str, name: str) -> None:
        """Delete a KPI; its values stay."""
        self._definitions.remove(actor, account, name)

    def dependencies(self, account: str) -> list[Dependencies]:
        """Return what every KPI of an account depends on."""
        return [dependencies_of(kpi) for kpi in self.all(account)]

    def _schedule(self, change: Change, kpi: Kpi, verb: str) -> None:
        key = f"{kpi.account}/{kpi.id}"
        if verb == "put" and kpi.spec.enabled and kpi.spec.is_computed:
            delay = int(parse_duration(kpi.spec.delay).total_seconds()) % kpi.spec.step
            put_work(
                self._catalog, KIND, key, Every(kpi.spec.step, delay), executor=change.session,
                account=kpi.account,
            )  # fmt: skip
        else:
            self._catalog.scheduled_work.remove(change.session, KIND, key)


def dependencies_of(kpi: Kpi) -> Dependencies:
    """Return what a KPI depends on."""
    source, account = kpi.spec.source, kpi.account
    metrics: tuple[str, ...] = ()
    if isinstance(source, FromMetric):
        named = (one.metric for one in source.queries if isinstance(one, MetricQueryBody))
        metrics = tuple(sorted(set(named)))
    models = []
    for text in kpi.spec.models:
        name, _, version = text.partition("/")
        models.append(ResourceId(account, "model", name or text, version or None))
    reads = source.type if isinstance(source, FromEvents) or source.type == "sql" else ""
    return Dependencies(
        kpi=ResourceId(account, "kpi", kpi.name),
        metric=PREFIX + kpi.name,
        metrics=metrics,
        models=models,
        services=[ResourceId(account, "service", name) for name in kpi.spec.services],
        reads=reads,
    )
