"""Alarms over the process's one warehouse, with a catalog and a clock for each test.

Not a ``conftest``, which is loaded once for its folder and again where another folder imports it: two
counts of accounts gave two tests one account.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from vedette.alarms import evaluator
from vedette.alarms.definition import AlarmSpec, check_spec
from vedette.alarms.evaluator import Evaluator
from vedette.alarms.model import State
from vedette.alarms.service import AlarmService
from vedette.alarms.telling import Teller
from vedette.core.time import TimeRange
from vedette.ingest import Source
from vedette.notifications.model import Notice
from vedette.query import QueryRunner
from vedette.scheduler import Scheduler
from vedette.store.catalog import Actor, Catalog, Clock
from vedette.store.warehouse import Warehouse
from vedette.telemetry.emit import MetricPoint, otlp_body

ACTOR = Actor.system("tests")
_NUMBERS = itertools.count(1)
START = (datetime.now(UTC) - timedelta(days=2)).replace(hour=12, minute=0, second=0, microsecond=0)


@dataclass
class Watch:
    """One account's alarms; ``tick`` moves the clock to just after the next evaluation."""

    account: str
    catalog: Catalog
    warehouse: Warehouse
    runner: QueryRunner
    submit: Callable[..., Any]
    now: list[datetime]
    notices: list[Notice] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.service = AlarmService(self.catalog, self.warehouse, self.runner)
        self.start_process()

    def start_process(self) -> None:
        """Begin anew, as a process that was restarted: nothing but the stores is kept."""
        self.scheduler = Scheduler(self.catalog)
        self.evaluator = Evaluator(
            self.catalog, self.warehouse, self.runner, Teller(self.catalog, self)
        )
        self.scheduler.handle(evaluator.KIND, self.evaluator.handle)

    def store(self, connection: object, account: str, notices: list[Notice], now: float) -> None:
        """Be the outbox."""
        self.notices += notices

    def told(self) -> list[tuple[str, str, Mapping[str, str]]]:
        """What was told since the last call."""
        out = [(n.alarm, n.status, n.series) for n in self.notices]
        self.notices.clear()
        return out

    def put(self, name: str, spec: Mapping[str, Any], **options: Any) -> None:
        self.service.put(ACTOR, self.account, name, check_spec(dict(spec)), **options)

    def gauge(self, name: str, value: float, at: datetime | None = None, **labels: str) -> None:
        """Send a point; by default for the middle of the minute that the clock is in."""
        moment = at or self.now[0].replace(second=30)
        body = otlp_body([MetricPoint(name, value, attributes=labels, time=moment)])
        (receipt,) = self.submit(Source.OTLP_METRICS, self.account, body)
        assert not isinstance(receipt, Exception), receipt
        assert not receipt.rejected

    def gauges(self, **series: Sequence[float]) -> None:
        """Send points of the minutes to come, by metric or by ``metric__label__value``, at once."""
        points = []
        for text, values in series.items():
            name, *labels = text.split("__")
            attributes = dict(zip(labels[::2], labels[1::2], strict=True))
            for number, value in enumerate(values):
                moment = self.now[0].replace(second=30) + timedelta(minutes=number)
                points.append(MetricPoint(name, value, attributes=attributes, time=moment))
        (receipt,) = self.submit(Source.OTLP_METRICS, self.account, otlp_body(points))
        assert not isinstance(receipt, Exception), receipt

    def tick(self, minutes: float = 1) -> list[Any]:
        self.now[0] = (self.now[0] + timedelta(minutes=minutes)).replace(second=6)
        return self.scheduler.run_due(evaluator.KIND)

    def state(self, name: str) -> State:
        return self.service.get(self.account, name).status.state

    def series(self, name: str) -> dict[str, State]:
        found = self.service.contributors(self.account, name)
        return {",".join(one.labels.values()): one.state for one in found}

    def history(self, name: str = "", scope: str = "") -> list[dict[str, Any]]:
        alarm_id = self.service.get(self.account, name).alarm.id if name else ""
        time_range = TimeRange(START - timedelta(days=1), START + timedelta(days=2))
        rows = self.service.history.read(
            self.account, time_range, alarm_id=alarm_id, scope=scope, limit=1000
        )
        return rows[::-1]


def above(metric: str, threshold: float = 10, **spec: Any) -> dict[str, Any]:
    """An alarm on a gauge's maximum."""
    query = {"id": "m1", "metric": metric, "statistic": "Maximum"}
    query["group_by"] = spec.pop("group_by", [])
    return {
        "source": {"type": "metric", "queries": [query]},
        "condition": {"threshold": {"comparison": ">", "threshold": threshold}},
        **spec,
    }


@pytest.fixture
def watch(
    tmp_path: Path, warehouse: Warehouse, runner: QueryRunner, submit: Callable[..., Any]
) -> Iterator[Watch]:
    now = [START]
    clock = Clock(now=lambda: now[0])
    with Catalog.open(f"sqlite:///{tmp_path / 'catalog.sqlite'}", clock=clock) as catalog:
        account = catalog.accounts.create(ACTOR, f"watch-{next(_NUMBERS)}").name
        yield Watch(account, catalog, warehouse, runner, submit, now)


@pytest.fixture
def spec() -> Callable[..., AlarmSpec]:
    return lambda **options: check_spec(above("m", **options))
