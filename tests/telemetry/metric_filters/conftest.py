"""A catalog of its own, and log events with chosen times of arrival."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from vedette.store.catalog import Actor, Catalog
from vedette.store.warehouse import Warehouse

ACTOR = Actor.system("tests")
NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=2)
_NUMBERS = itertools.count(1)


class Clock:
    """A clock that stands where it is put."""

    def __init__(self, moment: datetime) -> None:
        self.moment = moment

    def __call__(self) -> datetime:
        return self.moment


@pytest.fixture
def clock() -> Clock:
    return Clock(NOON)


@pytest.fixture
def catalog(tmp_path: Any, clock: Clock) -> Iterator[Catalog]:
    from vedette.store.catalog.database import Clock as Clocks

    with Catalog.open(
        f"sqlite:///{tmp_path / 'catalog.sqlite'}", clock=Clocks(now=clock)
    ) as opened:
        opened.ensure_first_start()
        yield opened


@pytest.fixture
def account(catalog: Catalog) -> str:
    # The warehouse is every module's, so accounts are never used twice.
    name = f"filters-{next(_NUMBERS)}"
    catalog.accounts.create(ACTOR, name)
    return name


@pytest.fixture
def arrive(warehouse: Warehouse, account: str) -> Callable[..., None]:
    """Store events: ``(seconds after NOON, body)``, received when they happened or ``late`` seconds later."""

    def run(*events: tuple[float, str], service: str = "shop", late: float = 0) -> None:
        rows = [
            orjson.dumps(
                {
                    "Account": account,
                    "Timestamp": (NOON + timedelta(seconds=at)).timestamp(),
                    "ReceivedTime": (NOON + timedelta(seconds=at + late)).timestamp(),
                    "ServiceName": service,
                    "Body": body,
                }
            )
            for at, body in events
        ]
        warehouse.insert("otel_logs", [b"\n".join(rows)], "JSONEachRow", {})

    return run
