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
    from collections.abc import Sequence

    from vedette.store.catalog import Catalog, Change

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


class KpiService(Definitions[KpiSpec]):
    """KPIs of an account. Thread-safe; every method blocks its thread."""

    def __init__(self, catalog: Catalog) -> None:
        super().__init__(catalog, DEFINITION)

    def check_name(self, name: str) -> str:
        """See ``Definitions.check_name``: it becomes part of a metric's."""
        return check_kpi_name(name)

    def dependencies(self, account: str) -> list[Dependencies]:
        """Return what every KPI of an account depends on."""
        return [dependencies_of(kpi) for kpi in self.all(account)]

    def on_change(self, change: Change, made: Kpi, *, deleted: bool) -> None:
        """See ``Definitions.on_change``: what is computed is scheduled."""
        key = f"{made.account}/{made.id}"
        if made.enabled and made.spec.is_computed and not deleted:
            delay = int(parse_duration(made.spec.delay).total_seconds()) % made.spec.step
            put_work(
                self._catalog, KIND, key, Every(made.spec.step, delay), executor=change.session,
                account=made.account,
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
