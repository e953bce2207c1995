"""An account with KPIs over the process's one warehouse; what is emitted goes through ingest."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from vedette.business.kpis.compute import KpiComputer
from vedette.business.kpis.definition import check_kpi
from vedette.business.kpis.service import Kpi, KpiService
from vedette.business.kpis.values import KpiValue, KpiValues
from vedette.ingest import Source
from vedette.query import QueryRunner
from vedette.store.catalog import Actor, Catalog, Clock
from vedette.store.warehouse import Warehouse
from vedette.telemetry.emit import otlp_body

ACTOR = Actor.system("tests")
_NUMBERS = itertools.count(1)
DAY = timedelta(days=1)


@dataclass
class Firm:
    """An account, its KPIs and a clock that stands at noon."""

    account: str
    catalog: Catalog
    warehouse: Warehouse
    runner: QueryRunner
    submit: Callable[..., Any]
    now: list[datetime]

    def __post_init__(self) -> None:
        self.kpis = KpiService(self.catalog)
        self.values = KpiValues(
            self.warehouse, self.runner, self._emit, max_age_seconds=80 * 86_400
        )
        self.computer = KpiComputer(self.catalog, self.kpis, self.values, self.runner)

    @property
    def today(self) -> datetime:
        return self.now[0].replace(hour=0, minute=0, second=0, microsecond=0)

    def _emit(self, account: str, points: Any, batch: str) -> None:
        (receipt,) = self.submit(Source.OTLP_METRICS, account, otlp_body(points))
        assert not isinstance(receipt, Exception), receipt
        assert not receipt.rejected

    def kpi(self, name: str = "revenue", **spec: Any) -> Kpi:
        return self.kpis.put(ACTOR, self.account, name, check_kpi(spec))

    def push(self, kpi: Kpi, values: dict[int, float], **dimensions: str) -> None:
        """Store values of days before today."""
        moments = [KpiValue(self.today - n * DAY, v, dimensions) for n, v in values.items()]
        self.values.store(
            self.account, kpi.name, kpi.spec.unit, moments, batch=str(next(_NUMBERS)),
            now=self.now[0],
        )  # fmt: skip
        self.now[0] += timedelta(seconds=1)

    def read(self, kpi: Kpi, days: int, **options: Any) -> Any:
        end = self.today.timestamp()
        return self.values.read(
            self.account, kpi.name, kpi.spec, end - days * 86_400, end, **options
        )


@pytest.fixture
def firm(
    tmp_path: Path, warehouse: Warehouse, runner: QueryRunner, submit: Callable[..., Any]
) -> Iterator[Firm]:
    now = [datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - DAY]
    clock = Clock(now=lambda: now[0])
    with Catalog.open(f"sqlite:///{tmp_path / 'catalog.sqlite'}", clock=clock) as catalog:
        account = catalog.accounts.create(ACTOR, f"firm-{next(_NUMBERS)}").name
        yield Firm(account, catalog, warehouse, runner, submit, now)
