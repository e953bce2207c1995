"""A catalog whose clock tests move, and schedulers over it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from vedette.store.catalog import Catalog, Clock


@dataclass
class MovedClock:
    moment: datetime = datetime(2026, 3, 1, 12, 0, 30, tzinfo=UTC)

    def advance(self, **duration: float) -> None:
        self.moment += timedelta(**duration)

    def clock(self) -> Clock:
        return Clock(now=lambda: self.moment)


@pytest.fixture
def clock() -> MovedClock:
    return MovedClock()


@pytest.fixture
def catalog(tmp_path: Path, clock: MovedClock) -> Iterator[Catalog]:
    with Catalog.open(f"sqlite:///{tmp_path / 'catalog.sqlite'}", clock=clock.clock()) as opened:
        yield opened
