"""A catalog of its own for each module, with an account and people in it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta

import pytest

from vedette.models.context import Caller
from vedette.store.catalog import Actor, Catalog, Clock, IdentityType

_NUMBERS = itertools.count(1)


class Time:
    """A clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def pass_hours(self, hours: float) -> None:
        self.now += timedelta(hours=hours)


@pytest.fixture(scope="module")
def clock() -> Time:
    return Time()


@pytest.fixture(scope="module")
def catalog(tmp_path_factory, clock: Time) -> Iterator[Catalog]:
    path = tmp_path_factory.mktemp("models") / "catalog.sqlite"
    with Catalog.open(f"sqlite:///{path}", clock=Clock(now=lambda: clock.now)) as opened:
        yield opened


@pytest.fixture
def account(catalog: Catalog) -> str:
    name = f"models-{next(_NUMBERS)}"
    catalog.accounts.create(Actor.system("tests"), name)
    return name


@pytest.fixture
def as_user(catalog: Catalog, account: str) -> Callable[[str], Caller]:
    def make(login: str) -> Caller:
        actor = Actor(type=IdentityType.USER, id=f"id-{login}", name=login, account=account)
        return Caller(catalog, account, actor)

    return make
