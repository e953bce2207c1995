"""Answers about infrastructure."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from pydantic import Field

from vedette.api.answers import fields_of
from vedette.api.models import View

if TYPE_CHECKING:
    from vedette.infrastructure.efficiency import Item
    from vedette.infrastructure.machines import MachineType
    from vedette.infrastructure.rightsizing import Advice
    from vedette.infrastructure.storage import Store
    from vedette.infrastructure.use import Level


class ExhaustionView(View):
    """Trend and forecast of something that fills up."""

    state: str = Field(
        description="full, growing, not_growing, too_little_history, or no_limit where nobody tells "
        "the capacity"
    )
    days: float | None = Field(
        description="until full, from last_seen; null where it does not grow or takes over ten years"
    )
    earliest: float | None = Field(description="days at the fastest growth of the 95 % interval")
    latest: float | None = Field(description="days at its slowest; null beyond ten years")
    per_day: float | None = Field(description="growth a day, in the unit")
    per_day_low: float | None
    per_day_high: float | None
    points: int = Field(description="points behind the trend")
    span_days: float = Field(description="how long they reach")
    since: datetime | None = Field(description="the trend's first point")
    cleanups: int = Field(description="steps down that noise does not explain")
    notes: list[str]


class StoreView(View):
    """A file system, volume, database or store."""

    account: str
    kind: str = Field(description="filesystem, volume, database or store (Vedette's own)")
    host: str
    name: str = Field(description="mount point, volume or database")
    device: str
    type: str
    unit: str = Field(description="By, or 1 where only the used share is reported")
    used: float
    capacity: float | None = Field(description="used and free; without what is reserved for root")
    utilization: float | None
    last_seen: datetime
    reporting: bool
    full_at: datetime | None
    outlook: ExhaustionView
    times: list[int] = Field(description="starts of steps, as Unix time")
    values: list[float] = Field(description="used in each step")


class StorageView(View):
    """What fills up, what is full first."""

    start: datetime
    end: datetime
    step_seconds: int
    counts: dict[str, int] = Field(description="by state, of all; silent ones as not_reporting")
    total: int
    stores: list[StoreView]


def store_view(store: Store) -> StoreView:
    """Return a store as the API tells it."""
    outlook, begin = store.outlook, store.outlook.begin
    grows = outlook.per_day is not None
    since = datetime.fromtimestamp(store.points[begin][0], UTC) if grows else None
    return StoreView(
        account=store.account, kind=store.kind, host=store.host, name=store.name,
        device=store.device, type=store.type, unit=store.unit, used=store.used,
        capacity=store.capacity, utilization=store.utilization, last_seen=store.last_seen,
        reporting=store.reporting, full_at=store.full_at,
        outlook=ExhaustionView(
            state=outlook.state, days=outlook.days, earliest=outlook.earliest,
            latest=outlook.latest, per_day=outlook.per_day, per_day_low=outlook.per_day_low,
            per_day_high=outlook.per_day_high, points=outlook.points,
            span_days=outlook.span_days, since=since, cleanups=outlook.cleanups,
            notes=list(outlook.notes),
        ),
        times=[at for at, _ in store.points], values=[value for _, value in store.points],
    )  # fmt: skip


class LevelView(View):
    """Use of one thing over the window."""

    mean: float
    high: float = Field(description="the percentile of the steps' means")
    most: float = Field(description="the highest step")
    reserved: float | None = Field(description="what is set aside; null where nobody tells")
    limit: float | None = Field(description="what it cannot go beyond; null where there is none")
    idle: float | None = Field(description="share of the steps in which it was nearly unused")


class InfrastructureCostView(View):
    """What something cost in the hours in which it was measured."""

    currency: str
    per_hour: float
    total: float
    idle: float | None = Field(description="of it, while processors or GPUs were nearly unused")
    by: str = Field(description="where the price comes from")


class SizeView(View):
    """A size that would do; null for what is not known or stays."""

    cpus: float | None
    memory_bytes: float | None
    gpus: int | None
    machine_type: str


class AdviceView(View):
    """What is found about a size."""

    finding: str = Field(
        description="under_provisioned, idle, over_provisioned, no_limit, optimized or "
        "insufficient_data"
    )
    reasons: list[str] = Field(description="the evidence")
    size: SizeView | None
    saving: float | None = Field(
        description="money a month of 730 hours, or of the run; negative where more is needed"
    )
    saving_by: str
    confidence: str = Field(description="high from 14 days, medium from 30 hours, else low")


class EfficiencyItem(View):
    """A host, container, service, endpoint or run."""

    account: str
    kind: str
    id: str
    name: str
    model: str
    version: str
    service: str = Field(description="that an endpoint's predictions come from")
    hosts: list[str]
    services: list[str]
    machine_type: str
    hours: float = Field(
        description="in which it was measured; of an endpoint, in which it predicted"
    )
    span_hours: float
    step_seconds: int
    last_seen: datetime | None
    cpu_unit: str = Field(description="core; machine where only the share of all is known")
    cpu: LevelView | None
    memory: LevelView | None = Field(description="bytes; of a run, the share")
    gpu: LevelView | None = Field(description="GPUs: 4 at half use are 2")
    gpu_memory: LevelView | None
    gpus_used: int
    power_watts: float | None
    network: float | None = Field(description="bytes a second, both ways")
    cost: InfrastructureCostView | None
    advice: AdviceView | None
    predictions: float | None
    p95_ms: float | None
    cost_per_1000: float | None = Field(description="predictions")


class EfficiencyList(View):
    """Everything of a kind, what costs most first."""

    start: datetime
    end: datetime
    percentile: float
    headroom: float
    currency: str
    total: int
    cost: float = Field(description="of all that have a price")
    idle: float = Field(description="of that, for nothing")
    items: list[EfficiencyItem]


class HintList(View):
    """Sizes, what hurts or saves most first."""

    start: datetime
    end: datetime
    percentile: float
    headroom: float
    currency: str
    counts: dict[str, int] = Field(description="by finding, of all")
    saving: float = Field(description="a month, of all over-provisioned and idle")
    total: int
    items: list[EfficiencyItem]


class CostGroup(View):
    """Things with one value of a tag, together."""

    value: str = Field(description="empty for what has none")
    items: int
    priced: int = Field(description="of them, with a known price")
    cost: float
    idle: float


class CostGroups(View):
    """Costs by the value of a tag, or by account."""

    kind: str
    tag: str
    currency: str
    groups: list[CostGroup]


class MachineTypeView(View):
    """A machine type."""

    name: str
    price_hour: float
    cpus: float
    memory_gib: float
    gpus: int
    updated: datetime
    updated_by: str


class MachineTypes(View):
    """Machine types by name."""

    currency: str
    machine_types: list[MachineTypeView]


def item_view(item: Item) -> EfficiencyItem:
    """Return one thing as the API tells it."""
    usage, cost, advice = item.usage, item.cost, item.advice
    return EfficiencyItem(
        account=usage.account, kind=usage.kind, id=item.id, name=usage.name, model=item.model,
        version=item.version, service=item.service, hosts=list(usage.hosts),
        services=list(usage.services), machine_type=usage.machine_type, hours=usage.hours,
        span_hours=usage.span_hours, step_seconds=usage.step_seconds, last_seen=usage.last_seen,
        cpu_unit=usage.cpu_unit, cpu=_level(usage.cpu), memory=_level(usage.memory),
        gpu=_level(usage.gpu), gpu_memory=_level(usage.gpu_memory), gpus_used=usage.gpus_used,
        power_watts=usage.power_watts, network=usage.network,
        cost=InfrastructureCostView(**fields_of(cost)) if cost else None,
        advice=_advice(advice) if advice else None, predictions=item.predictions,
        p95_ms=item.p95_ms, cost_per_1000=item.cost_per_1000,
    )  # fmt: skip


def _level(level: Level | None) -> LevelView | None:
    return LevelView(**fields_of(level)) if level else None


def _advice(advice: Advice) -> AdviceView:
    size = SizeView(**fields_of(advice.size)) if advice.size else None
    return AdviceView(
        finding=advice.finding, reasons=list(advice.reasons), size=size, saving=advice.saving,
        saving_by=advice.saving_by, confidence=advice.confidence,
    )  # fmt: skip


def machine_view(machine: MachineType) -> MachineTypeView:
    """Return a machine type as the API tells it."""
    return MachineTypeView(
        name=machine.name, updated=machine.updated, updated_by=machine.updated_by,
        **machine.spec.model_dump(),
    )  # fmt: skip
