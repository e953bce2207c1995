"""A catalog, a source of profiles, and what is emitted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from vedette.data.profile_rows import NewProfile
from vedette.data.profiles import Profiles
from vedette.data.profiling.columns import Column, Kind
from vedette.data.profiling.run import ColumnStates
from vedette.data.profiling.states import MEMBERS, expressions
from vedette.monitors.evaluator import Evaluator
from vedette.monitors.results import Results
from vedette.query import QueryRunner
from vedette.store.catalog import Actor, Catalog
from vedette.store.warehouse import Warehouse

ACTOR = Actor.system("tests")


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    with Catalog.open(f"sqlite:///{tmp_path / 'catalog.sqlite'}") as opened:
        opened.ensure_first_start()
        yield opened


class Watched:
    """One account whose dataset 'orders' gets profiles of an amount and a country by the hour."""

    def __init__(
        self, account: str, catalog: Catalog, warehouse: Warehouse, runner: QueryRunner
    ) -> None:
        catalog.accounts.create(ACTOR, account)
        self.account, self.catalog, self._runner = account, catalog, runner
        self.profiles = Profiles(warehouse, runner)
        self.results = Results(warehouse, runner)
        self.emitted: list[Any] = []
        self.evaluator = Evaluator(
            catalog,
            self.profiles,
            self.results,
            lambda _account, points, _name: self.emitted.extend(points),
        )

    def send(self, start: datetime, *, mean: float = 0.0, country: str = "DE", rows: int = 2000,
             segment: dict[str, str] | None = None) -> None:  # fmt: skip
        columns = [
            Column("amount", 0, "Float64", Kind.NUMERIC, values=False),
            Column("country", 1, "String", Kind.TEXT),
        ]
        tuples = ", ".join(
            f"tuple({', '.join(expressions(c).get(m, 'NULL') for m in MEMBERS)})" for c in columns
        )
        seed = int(start.timestamp()) % 1000
        sql = (
            f"SELECT {tuples} FROM (SELECT randNormal({mean}, 1, number) AS amount,"
            f" if(number % 2 = {seed % 2}, 'FR', '{country}') AS country FROM numbers({rows}))"
        )
        answer = self._runner.run(self.account, sql)
        states = []
        for column, name in zip(columns, answer.names, strict=True):
            value = answer[name][0]
            listed = list(value.values()) if isinstance(value, dict) else value
            members = dict(zip(MEMBERS, listed, strict=True))
            states.append(ColumnStates(column, members, segment or {}).as_dict())
        end = start + timedelta(hours=1)
        self.profiles.store(self.account, "orders", NewProfile(states, start, end))

    def values(self, name: str, **labels: str) -> list[float]:
        return [
            point.value for point in self.emitted
            if point.name == name and labels.items() <= point.attributes.items()
        ]  # fmt: skip


_count = iter(range(1000))


@pytest.fixture
def watched(catalog: Catalog, warehouse: Warehouse, runner: QueryRunner) -> Watched:
    return Watched(f"monitors-{next(_count)}", catalog, warehouse, runner)


@pytest.fixture
def hour() -> datetime:
    """A whole hour, ten hours ago."""
    now = datetime.now(UTC)
    return now.replace(minute=0, second=0, microsecond=0) - timedelta(hours=10)
