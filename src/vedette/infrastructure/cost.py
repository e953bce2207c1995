"""What hosts, containers, services and endpoints cost in a window, and what of it was paid for nothing.

A price comes from the tag ``vedette.price_per_hour`` of the thing itself; a host's else from its machine type,
else from the account's prices of a host and of a GPU. What runs on a host has a share of what that costs: a
container by the larger of its reserved parts of processors and memory, as schedulers place it; a service by its
part of what all services of the host use, so that a host's idle time is shared out with the rest.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import isfinite
from typing import TYPE_CHECKING

from vedette.infrastructure.machines import MachineSpec, machine_types
from vedette.models.training.efficiency import PRICE_TAG
from vedette.models.training.prices import Prices, read_prices

if TYPE_CHECKING:
    from vedette.infrastructure.use import Usage
    from vedette.models.context import Caller

HOURS_A_MONTH = 730.0
KINDS = ("host", "container", "service", "endpoint")


@dataclass(frozen=True, slots=True)
class Cost:
    """What something cost over the hours in which it was measured.

    Attributes:
        per_hour: what an hour of it costs.
        total: ``per_hour`` times the hours.
        idle: the part of it that was paid while processors, or GPUs where there are some, were nearly
            unused; None where that was not measured.
        by: where the price comes from.

    """

    currency: str
    per_hour: float
    total: float
    idle: float | None
    by: str


@dataclass(frozen=True, slots=True)
class PriceList:
    """All prices of an account.

    Attributes:
        tags: prices of an hour by kind and name.

    """

    account: str
    prices: Prices = field(default_factory=Prices)
    machines: Mapping[str, MachineSpec] = field(default_factory=dict)
    tags: Mapping[str, Mapping[str, float]] = field(default_factory=dict)

    def tagged(self, kind: str, account: str, name: str) -> float | None:
        """Return the price that a tag says; tags of another account are not ours to read."""
        return self.tags.get(kind, {}).get(name) if account == self.account else None


def read_price_list(caller: Caller) -> PriceList:
    """Return an account's prices."""
    account, catalog = caller.account, caller.catalog
    machines = {one.name: one.spec for one in machine_types(catalog).all(account)}
    tags = {
        kind: {
            name: price
            for name, text in catalog.tags.values(account, kind, PRICE_TAG).items()
            if (price := parse_price(text)) is not None
        }
        for kind in KINDS
    }
    return PriceList(account, read_prices(caller), machines, tags)


def parse_price(text: str) -> float | None:
    """Return the price in a tag, None where it is none."""
    try:
        price = float(text)
    except ValueError:
        return None
    return price if isfinite(price) and price >= 0 else None


def host_cost(usage: Usage, prices: PriceList) -> Cost | None:
    """Return what a host cost; None where no price is known."""
    cpu_idle = usage.cpu.idle if usage.cpu else None
    gpu_idle = usage.gpu.idle if usage.gpu else None
    one_price = prices.tagged("host", usage.account, usage.name)
    by = "tag"
    if one_price is None and usage.machine_type in prices.machines:
        one_price = prices.machines[usage.machine_type].price_hour
        by = f"machine type {usage.machine_type}"
    if one_price is not None:
        return _cost(prices, one_price, usage.hours, cpu_idle if gpu_idle is None else gpu_idle, by)
    listed = prices.prices
    if not listed.known:
        return None
    gpus = (usage.gpu.reserved or 0.0) * listed.gpu_hour if usage.gpu else 0.0
    energy = listed.kwh * (usage.power_watts or 0.0) / 1000
    per_hour = listed.host_hour + gpus + energy
    idle = None
    if cpu_idle is not None or gpu_idle is not None:
        spent = listed.host_hour * (cpu_idle or 0.0) + gpus * (gpu_idle or 0.0)
        idle = spent / per_hour if per_hour else 0.0
    return _cost(prices, per_hour, usage.hours, idle, "prices")


def container_cost(
    usage: Usage, host: Usage | None, of_host: Cost | None, prices: PriceList
) -> Cost | None:
    """Return what a container cost: by its tag, or as its share of its host."""
    idle = usage.cpu.idle if usage.cpu else None
    price = prices.tagged("container", usage.account, usage.name)
    if price is not None:
        return _cost(prices, price, usage.hours, idle, "tag")
    if host is None or of_host is None:
        return None
    shares = [
        (level.reserved or level.mean) / whole.limit
        for level, whole in ((usage.cpu, host.cpu), (usage.memory, host.memory))
        if level is not None and whole is not None and whole.limit
    ]
    if not shares:
        return None
    share = min(1.0, max(shares))
    return _cost(prices, of_host.per_hour * share, usage.hours, idle, f"{share:.0%} of its host")


def service_cost(
    usage: Usage,
    hosts: Mapping[tuple[str, str], Cost],
    cores: Mapping[tuple[str, str], Mapping[str, float]],
    prices: PriceList,
) -> Cost | None:
    """Return what a service cost: by its tag, or its part of its hosts by what it uses of them."""
    price = prices.tagged("service", usage.account, usage.name)
    if price is not None:
        return _cost(prices, price, usage.hours, usage.cpu.idle if usage.cpu else None, "tag")
    total = idle = 0.0
    idle_known = priced = False
    for host in usage.hosts:
        cost = hosts.get((usage.account, host))
        used = cores.get((usage.account, host), {})
        whole = sum(used.values())
        if cost is None or usage.name not in used:
            continue
        part = used[usage.name] / whole if whole else 1 / len(used)
        priced = True
        total += cost.total * part
        if cost.idle is not None:
            idle += cost.idle * part
            idle_known = True
    if not priced:
        return None
    per_hour = total / usage.hours if usage.hours else 0.0
    return Cost(
        prices.prices.currency, per_hour, total, idle if idle_known else None, "part of its hosts"
    )


def _cost(
    prices: PriceList, per_hour: float, hours: float, idle_share: float | None, by: str
) -> Cost:
    total = per_hour * hours
    idle = total * idle_share if idle_share is not None else None
    return Cost(prices.prices.currency, per_hour, total, idle, by)


@dataclass(frozen=True, slots=True)
class Group:
    """Things with one value of a tag, or of one account, together."""

    value: str
    items: int
    priced: int
    cost: float
    idle: float


def grouped(values: Sequence[str], costs: Sequence[Cost | None]) -> list[Group]:
    """Return costs by value, the dearest first; what has no value is under the empty one."""
    found: dict[str, list[Cost | None]] = {}
    for value, cost in zip(values, costs, strict=True):
        found.setdefault(value, []).append(cost)
    groups = []
    for value, members in found.items():
        priced = [one for one in members if one is not None]
        total = sum(one.total for one in priced)
        idle = sum(one.idle or 0.0 for one in priced)
        groups.append(Group(value, len(members), len(priced), total, idle))
    return sorted(groups, key=lambda one: (-one.cost, one.value))
