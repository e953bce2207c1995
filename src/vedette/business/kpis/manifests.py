"""KPIs as code."""

# ruff: noqa: D102 - methods have the shape of Kind

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vedette.business.kpis.definition import KpiSpec, check_kpi, check_kpi_name
from vedette.manifests.definitions import DefinitionManifests

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vedette.business.kpis.service import KpiService


class KpiKind(DefinitionManifests[KpiSpec]):
    """``kind: KPI``."""

    name = "KPI"
    order = 20
    spec = KpiSpec

    def __init__(
        self, kpis: KpiService, *, may_read: Callable[[KpiSpec], None] | None = None
    ) -> None:
        super().__init__(kpis)
        self._may_read = may_read

    def check(self, spec: Mapping[str, Any]) -> KpiSpec:
        kpi = check_kpi(dict(spec))
        if self._may_read:
            self._may_read(kpi)
        return kpi

    def normal(
        self, account: str, name: str, labels: Mapping[str, str], spec: Mapping[str, Any]
    ) -> Mapping[str, Any]:
        return super().normal(account, check_kpi_name(name), labels, spec)
