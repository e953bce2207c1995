"""Sizes and costs: rules with known answers."""

from __future__ import annotations

from dataclasses import replace

import pytest

from vedette.infrastructure.cost import (
    Cost,
    PriceList,
    container_cost,
    grouped,
    host_cost,
    parse_price,
)
from vedette.infrastructure.machines import MachineSpec
from vedette.infrastructure.rightsizing import GIB, Advice, advise
from vedette.infrastructure.use import Level, Usage
from vedette.models.training.prices import Prices

MACHINES = {
    "small": MachineSpec(price_hour=0.1, cpus=2, memory_gib=8),
    "medium": MachineSpec(price_hour=0.2, cpus=4, memory_gib=16),
    "large": MachineSpec(price_hour=0.4, cpus=8, memory_gib=32),
    "gpu": MachineSpec(price_hour=3.0, cpus=8, memory_gib=32, gpus=1),
}


def level(
    high: float, limit: float | None, idle: float | None = 0.0, mean: float | None = None
) -> Level:
    return Level(high / 2 if mean is None else mean, high, high, limit, limit, idle)


def machine(cpu: float, memory: float, **more: object) -> Usage:
    """A host of 8 cores and 32 GiB, of which so much is used, over 14 days."""
    fields = {
        "hosts": ["a"], "machine_type": "large", "hours": 336.0, "span_hours": 336.0, "step_seconds": 300,
        "steps": 4032,
        "cpu": level(cpu, 8), "memory": level(memory * GIB, 32 * GIB), "network": 1e6, **more,
    }  # fmt: skip
    return Usage("acme", "host", "a", **fields)  # type: ignore[arg-type]


def advice(
    usage: Usage, cost: Cost | None = None, machines: dict[str, MachineSpec] | None = None
) -> Advice:
    return advise(usage, cost, machines or {}, percentile=0.95, headroom=0.2)


def test_findings_by_percentile_and_headroom() -> None:
    assert advice(machine(7, 8)).finding == "under_provisioned"  # 7 x 1.2 > 8
    assert advice(machine(6.6, 8)).finding == "optimized"
    assert advice(machine(2, 28)).finding == "under_provisioned"  # memory counts as well
    assert advice(machine(2, 24)).finding == "optimized"
    small = advice(machine(2, 8))
    assert small.finding == "over_provisioned"
    assert small.confidence == "high"
    assert small.size is not None
    assert (small.size.cpus, small.size.memory_bytes) == (3, 10 * GIB)
    assert (
        "p95 2 cores (25% of 8) over 14 days of 5-minute means; with 20% headroom 2.4"
        in small.reasons[0]
    )
    assert advice(machine(0.1, 1, network=1.0)).finding == "idle"
    assert advice(machine(0.1, 1)).finding == "over_provisioned"  # it has traffic


def test_little_history_is_said() -> None:
    assert advice(machine(2, 8, hours=0.5)).finding == "insufficient_data"
    assert advice(machine(2, 8, hours=20.0, span_hours=20.0)).confidence == "low"
    assert advice(machine(2, 8, hours=100.0, span_hours=100.0)).confidence == "medium"
    assert advice(replace(machine(2, 8), cpu=None, memory=None)).finding == "insufficient_data"


def test_the_cheapest_type_that_holds_it_is_named_with_what_it_saves() -> None:
    usage = machine(2, 8)
    cost = host_cost(usage, PriceList("acme", machines=MACHINES))
    assert cost is not None
    assert (cost.by, cost.per_hour) == ("machine type large", 0.4)
    assert cost.total == pytest.approx(0.4 * 336)
    found = advice(usage, cost, MACHINES)
    assert found.size is not None
    assert found.size.machine_type == "medium"
    assert found.saving == pytest.approx(0.2 * 730)
    # What would do costs no less: it stays.
    assert advice(machine(2, 8, machine_type="small"), cost, MACHINES).finding == "over_provisioned"
    cheap = {**MACHINES, "medium": MachineSpec(price_hour=0.5, cpus=4, memory_gib=16)}
    cheap.pop("small")
    stays = advice(usage, cost, cheap)
    assert stays.finding == "optimized"
    assert "no machine type" in stays.reasons[-1]
    # Memory that nobody measured does not shrink, nor do GPUs.
    blind = advice(replace(usage, memory=None), cost, MACHINES)
    assert blind.finding == "optimized"
    more = advice(
        machine(7.5, 8),
        cost,
        {**MACHINES, "huge": MachineSpec(price_hour=0.8, cpus=16, memory_gib=64)},
    )
    assert more.size is not None
    assert (more.finding, more.size.machine_type) == ("under_provisioned", "huge")
    assert more.saving == pytest.approx(-0.4 * 730)


def test_without_types_a_saving_is_in_proportion_and_without_prices_none() -> None:
    usage = machine(2, 8, machine_type="")
    cost = host_cost(usage, PriceList("acme", Prices("EUR", host_hour=1.0)))
    assert cost is not None
    found = advice(usage, cost)
    assert found.saving == pytest.approx(730 * (1 - 0.3))
    assert advice(usage).saving is None
    free = PriceList("acme", tags={"host": {"a": 0.0}})
    nothing = host_cost(usage, free)
    assert nothing is not None
    assert (nothing.total, nothing.idle) == (0.0, 0.0)
    assert advice(usage, nothing).saving == 0.0
    assert host_cost(usage, PriceList("acme")) is None
    # Another account's host: its tag is not ours.
    assert host_cost(replace(usage, account="other"), free) is None


def test_gpus_that_are_never_busy_are_named() -> None:
    usage = machine(2, 8, gpu=Level(1.0, 1.6, 2.0, 4.0, 4.0, 0.5), gpus_used=2, machine_type="")
    prices = PriceList("acme", Prices("EUR", host_hour=1.0, gpu_hour=2.0, kwh=0.5))
    cost = host_cost(replace(usage, power_watts=400.0), prices)
    assert cost is not None
    assert cost.per_hour == pytest.approx(1.0 + 4 * 2.0 + 0.2)
    assert cost.idle == pytest.approx(8.0 * 0.5 * 336)
    found = advice(usage, cost)
    assert found.size is not None
    assert (found.finding, found.size.gpus) == ("over_provisioned", 2)
    run = replace(
        usage, kind="run", cpu_unit="machine", cpu=level(0.9, 1.0), memory=level(0.5, 1.0)
    )
    assert advice(run).finding == "under_provisioned"
    run = replace(run, cpu=level(0.8, 1.0))
    of_run = advice(run, Cost("EUR", 9.0, 90.0, None, "prices"))
    assert of_run.finding == "over_provisioned"
    assert of_run.saving == pytest.approx(45.0)


def container(cpu: float, limit: float | None, memory: float = 0.5, of: float | None = 1) -> Usage:
    return Usage(
        "acme", "container", "web", ["a"], hours=336.0, span_hours=336.0, steps=4032, cpu=level(cpu, limit),
        memory=level(memory * GIB, of * GIB if of else None),
    )  # fmt: skip


def test_containers_with_and_without_limits() -> None:
    assert advice(container(0.9, 1.0)).finding == "under_provisioned"
    assert advice(container(0.8, 1.0, 0.8)).finding == "optimized"
    small = advice(container(0.2, 1.0, 0.8))
    assert small.size is not None
    assert (small.finding, small.size.cpus) == ("over_provisioned", 0.24)
    free = advice(container(0.2, None, of=None))
    assert free.finding == "no_limit"
    assert "no limit" in free.reasons[0]


def test_a_container_costs_its_share_of_its_host() -> None:
    host = machine(2, 8)
    prices = PriceList("acme", machines=MACHINES)
    cost = host_cost(host, prices)
    found = container_cost(container(0.2, 1.0, of=8), host, cost, prices)
    assert found is not None
    assert found.per_hour == pytest.approx(0.4 / 4)  # 8 of 32 GiB, more than 1 of 8 cores
    assert found.by == "25% of its host"
    unbound = container_cost(container(0.8, None, memory=1, of=None), host, cost, prices)
    assert unbound is not None
    assert unbound.per_hour == pytest.approx(0.4 * 0.05)  # a mean of 0.4 of 8 cores
    assert container_cost(container(0.2, 1.0), None, None, prices) is None


def test_groups_and_prices_in_tags() -> None:
    costs = [Cost("EUR", 1, 10.0, 4.0, "tag"), Cost("EUR", 1, 5.0, None, "tag"), None]
    a, rest = grouped(["a", "a", ""], costs)
    assert (a.value, a.items, a.cost, a.idle) == ("a", 2, 15.0, 4.0)
    assert (rest.items, rest.priced, rest.cost) == (1, 0, 0.0)
    assert [parse_price(text) for text in ("0.5", "-1", "nan", "inf", "x", "")] == [0.5] + [
        None
    ] * 5
