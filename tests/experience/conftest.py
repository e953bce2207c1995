"""An account with a clock of its own over the process's one warehouse."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from support.spans import Sender
from vedette.alarms.service import AlarmService
from vedette.experience.slo.counts import SloCounts
from vedette.experience.slo.evaluator import Evaluator
from vedette.experience.slo.service import SloService
from vedette.query import QueryRunner
from vedette.store.catalog import Actor, Catalog, Clock
from vedette.store.warehouse import Warehouse

ACTOR = Actor.system("tests")
_NUMBERS = itertools.count(1)


@dataclass
class Lived:
    """An account, its services, and what was emitted."""

    account: str
    catalog: Catalog
    warehouse: Warehouse
    runner: QueryRunner
    sender: Sender
    now: list[datetime]
    emitted: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.alarms = AlarmService(self.catalog, self.warehouse, self.runner)
        self.slos = SloService(self.catalog, self.alarms)
        self.counts = SloCounts(self.warehouse, self.runner)
        self.evaluator = Evaluator(
            self.catalog, self.slos, self.counts, self.runner,
            lambda _account, points, _name: self.emitted.extend(points),
        )  # fmt: skip

    def evaluate(self) -> Any:
        self.emitted.clear()
        return self.evaluator.evaluate(self.account, self.now[0].timestamp())

    def points(self, name: str, **labels: str) -> list[float]:
        return [
            point.value for point in self.emitted
            if point.name == name and labels.items() <= point.attributes.items()
        ]  # fmt: skip


@pytest.fixture
def lived(
    tmp_path: Path, warehouse: Warehouse, runner: QueryRunner, submit: Callable[..., Any]
) -> Iterator[Lived]:
    sender = None
    now = [datetime.now(UTC)]
    clock = Clock(now=lambda: now[0])
    with Catalog.open(f"sqlite:///{tmp_path / 'catalog.sqlite'}", clock=clock) as catalog:
        account = catalog.accounts.create(ACTOR, f"lived-{next(_NUMBERS)}").name
        sender = Sender(account, submit)
        now[0] = sender.base + timedelta(minutes=10)
        yield Lived(account, catalog, warehouse, runner, sender, now)
