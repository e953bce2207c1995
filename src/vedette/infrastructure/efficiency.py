"""Efficiency of everything that computes: use against reservation, cost, idle spend, size."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from vedette.core.errors import InvalidInputError
from vedette.infrastructure.cost import (
    Cost,
    Group,
    PriceList,
    container_cost,
    grouped,
    host_cost,
    read_price_list,
    service_cost,
)
from vedette.infrastructure.endpoints import Endpoint, read_endpoints
from vedette.infrastructure.rightsizing import DEFAULT_HEADROOM, Advice, advise
from vedette.infrastructure.runs import read_runs
from vedette.infrastructure.use import (
    DEFAULT_PERCENTILE,
    PERCENTILES,
    Usage,
    cores_by_host,
    read_usage,
)

if TYPE_CHECKING:
    from vedette.core.time import TimeRange
    from vedette.models.context import Caller
    from vedette.models.tracking.metric_points import MetricOutbox
    from vedette.query import QueryRunner

ItemKind = Literal["host", "container", "service", "endpoint", "run"]
MAX_HEADROOM = 2.0


@dataclass(frozen=True, slots=True)
class Item:
    """One thing that computes.

    Attributes:
        id: of a run; of the rest their name.
        model: and ``version``, of an endpoint.
        service: that an endpoint's predictions come from.
        predictions: of an endpoint in the window.
        cost_per_1000: predictions; None where cost or predictions are not known.

    """

    usage: Usage
    id: str
    cost: Cost | None = None
    advice: Advice | None = None
    model: str = ""
    version: str = ""
    service: str = ""
    predictions: float | None = None
    p95_ms: float | None = None
    cost_per_1000: float | None = None


@dataclass(frozen=True, slots=True)
class Basis:
    """What efficiency is computed from.

    Attributes:
        percentile: of use, one of ``PERCENTILES``.
        headroom: above it, as a share.

    """

    percentile: float = DEFAULT_PERCENTILE
    headroom: float = DEFAULT_HEADROOM

    def __post_init__(self) -> None:
        if self.percentile not in PERCENTILES:
            raise InvalidInputError(
                f"{self.percentile} is not one of the percentiles",
                field="percentile",
                remedy=f"use {', '.join(map(str, PERCENTILES))}",
            )
        if not 0 <= self.headroom <= MAX_HEADROOM:
            raise InvalidInputError(
                f"{self.headroom} is not a headroom", field="headroom", remedy="use 0 to 2"
            )


class Efficiency:
    """Reads efficiency for one caller and window. Blocks its thread; not shared between threads."""

    def __init__(
        self,
        caller: Caller,
        runner: QueryRunner,
        outbox: MetricOutbox,
        time_range: TimeRange,
        basis: Basis,
    ) -> None:
        self._caller = caller
        self._runner = runner
        self._outbox = outbox
        self._range = time_range
        self._basis = basis
        self._list: PriceList | None = None
        self._of_hosts: list[Item] | None = None

    def read(self, kind: ItemKind, name: str = "") -> list[Item]:
        """Return everything of a kind, what costs most first; ``name`` leaves only one."""
        read = {
            "host": lambda: self._hosts(name),
            "container": lambda: self._containers(name),
            "service": lambda: self._services(name),
            "endpoint": lambda: self._endpoints(name),
            "run": self._runs,
        }[kind]
        items = [one for one in read() if not name or name in {one.usage.name, one.id, one.model}]
        return sorted(items, key=_dearest)

    def by_tag(self, kind: ItemKind, key: str) -> list[Group]:
        """Return costs of a kind by the value of a tag of it, or by account for ``account``."""
        items = self.read(kind)
        if key == "account":
            values = [one.usage.account for one in items]
        else:
            tags = self._caller.catalog.tags.values(self._caller.account, kind, key)
            values = [
                tags.get(one.id, "") if one.usage.account == self._caller.account else ""
                for one in items
            ]
        return grouped(values, [one.cost for one in items])

    @property
    def prices(self) -> PriceList:
        """The account's prices, read once."""
        if self._list is None:
            self._list = read_price_list(self._caller)
        return self._list

    def _usage(self, kind: str, name: str = "") -> list[Usage]:
        return read_usage(
            self._runner, self._caller.account, self._range, kind, name=name,
            percentile=self._basis.percentile,
        )  # fmt: skip

    def _advised(self, usage: Usage, cost: Cost | None) -> Advice:
        return advise(
            usage, cost, self.prices.machines, percentile=self._basis.percentile,
            headroom=self._basis.headroom,
        )  # fmt: skip

    def _hosts(self, name: str = "") -> list[Item]:
        if self._of_hosts is None or name:
            items = []
            for usage in self._usage("host", name):
                cost = host_cost(usage, self.prices)
                items.append(Item(usage, usage.name, cost, self._advised(usage, cost)))
            if name:
                return items
            self._of_hosts = items
        return self._of_hosts

    def _containers(self, name: str) -> list[Item]:
        hosts = {(one.usage.account, one.usage.name): one for one in self._hosts()}
        items = []
        for usage in self._usage("container", name):
            on = hosts.get((usage.account, usage.hosts[0])) if usage.hosts else None
            cost = container_cost(
                usage, on.usage if on else None, on.cost if on else None, self.prices
            )
            items.append(Item(usage, usage.name, cost, self._advised(usage, cost)))
        return items

    def _services(self, name: str = "") -> list[Item]:
        found = self._usage("service", name)
        hosts = {(one.usage.account, one.usage.name): one.cost for one in self._hosts() if one.cost}
        cores = cores_by_host(self._runner, self._caller.account, self._range)
        return [
            Item(usage, usage.name, service_cost(usage, hosts, cores, self.prices))
            for usage in found
        ]

    def _endpoints(self, name: str) -> list[Item]:
        services = {(one.usage.account, one.usage.name): one for one in self._services()}
        found = read_endpoints(self._runner, self._caller.account, self._range, set(services))
        total: dict[tuple[str, str, str], float] = {}
        for one in found:
            for key in _shares(one):
                total[key] = total.get(key, 0.0) + one.predictions
        wanted = [one for one in found if not name or name in {one.endpoint, one.model}]
        return [self._endpoint(one, services, total) for one in wanted]

    def _endpoint(
        self,
        one: Endpoint,
        services: Mapping[tuple[str, str], Item],
        total: Mapping[tuple[str, str, str], float],
    ) -> Item:
        """Return a model version with its part of what its endpoint or service costs."""
        served = services.get((one.account, one.service))
        usage = replace(
            served.usage if served else Usage(one.account, "endpoint", one.endpoint),
            kind="endpoint", name=one.endpoint or one.model, hours=one.hours,
        )  # fmt: skip
        price = self.prices.tagged("endpoint", one.account, one.endpoint) if one.endpoint else None
        cost = None
        by_endpoint, by_service = _shares(one)
        if price is not None:
            part = one.predictions / (total[by_endpoint] or 1.0)
            currency = self.prices.prices.currency
            cost = Cost(currency, price * part, price * part * one.hours, None, "tag")
        elif served is not None and served.cost is not None:
            part = one.predictions / (total[by_service] or 1.0)
            of, idle = served.cost, served.cost.idle
            cost = Cost(
                of.currency, of.per_hour * part, of.total * part,
                idle * part if idle is not None else None,
                f"{part:.0%} of service {one.service}, by predictions",
            )  # fmt: skip
        per = None
        if cost is not None and one.predictions > 0:
            per = cost.total / one.predictions * 1000
        return Item(
            usage, one.endpoint or one.model, cost, None, one.model, one.version, one.service,
            one.predictions, one.p95_ms, per,
        )  # fmt: skip

    def _runs(self) -> list[Item]:
        found = read_runs(
            self._caller, self._runner, self._outbox, self._range, self._basis.percentile
        )
        return [Item(usage, id_, cost, self._advised(usage, cost)) for usage, id_, cost in found]


def _shares(one: Endpoint) -> tuple[tuple[str, str, str], tuple[str, str, str]]:
    return (one.account, "endpoint", one.endpoint), (one.account, "service", one.service)


def _dearest(item: Item) -> tuple[float, str]:
    return (-(item.cost.total if item.cost else 0.0), item.usage.name)


ORDER: Sequence[str] = (
    "under_provisioned", "idle", "over_provisioned", "no_limit", "optimized", "insufficient_data",
)  # fmt: skip
"""Of hints: what hurts first."""


def hints(items: Sequence[Item]) -> list[Item]:
    """Return the items with advice, what hurts or saves most first."""
    advised = [one for one in items if one.advice is not None]
    return sorted(advised, key=_worth)


def _worth(item: Item) -> tuple[int, float, str]:
    if item.advice is None:
        raise TypeError("of advised items only")
    return (ORDER.index(item.advice.finding), -(item.advice.saving or 0.0), item.usage.name)
