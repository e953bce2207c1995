"""Whether something has the right size: rules with their evidence.

The rules follow what cloud advisers do (AWS Compute Optimizer: a percentile of use over a look-back of 14 days, and
headroom above it): what is needed is the percentile and the headroom; it is under-provisioned where that is more
than it may use, over-provisioned where a clearly smaller size would hold it, idle where it did next to nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Literal

from vedette.infrastructure.cost import HOURS_A_MONTH, Cost

if TYPE_CHECKING:
    from vedette.infrastructure.machines import MachineSpec
    from vedette.infrastructure.use import Level, Usage

Finding = Literal[
    "idle", "under_provisioned", "over_provisioned", "optimized", "no_limit", "insufficient_data"
]
DEFAULT_HEADROOM = 0.2
ENOUGH_DAYS = 14.0
LEAST_HOURS, LEAST_STEPS = 1.0, 8
"""Less than this is no ground for a finding."""
SOME_HOURS = 30.0
"""Less than this, and confidence is low."""
SMALLER = 0.75
"""A size is clearly smaller from this part of the present one."""
IDLE_SHARE, IDLE_NETWORK = 0.05, 5e6 / 86_400
"""Idle: the percentile of every processor below this share, and less traffic than 5 MB a day."""
GIB = 2**30


@dataclass(frozen=True, slots=True)
class Size:
    """A size that would do; None for what is not known or stays."""

    cpus: float | None = None
    memory_bytes: float | None = None
    gpus: int | None = None
    machine_type: str = ""


@dataclass(frozen=True, slots=True)
class Advice:
    """What is found about a size, and what would do.

    Attributes:
        finding: see the module; ``no_limit`` is a container that may take all of its host.
        reasons: the evidence in words.
        size: what would do; None where the present one does, or nothing is known.
        saving: money a month (of 730 hours), or of the run; negative where more is needed. None
            where no price is known.
        saving_by: where the saving comes from.
        confidence: ``high`` from 14 days, ``medium`` from 30 hours, ``low`` below.

    """

    finding: Finding
    reasons: Sequence[str]
    size: Size | None = None
    saving: float | None = None
    saving_by: str = ""
    confidence: Literal["low", "medium", "high"] = "low"


@dataclass(frozen=True, slots=True)
class _Need:
    """What one resource needs: ``share`` of what it has, in units ``amount``."""

    name: str
    share: float
    amount: float
    level: Level


def advise(
    usage: Usage,
    cost: Cost | None,
    machines: Mapping[str, MachineSpec],
    *,
    percentile: float,
    headroom: float = DEFAULT_HEADROOM,
) -> Advice:
    """Return whether a host, container or run has the right size."""
    if usage.hours < LEAST_HOURS or usage.steps < LEAST_STEPS:
        reason = f"only {usage.hours:.2g} hours were measured, in {usage.steps} steps"
        return Advice("insufficient_data", [reason])
    needs = [
        _Need(name, level.high * (1 + headroom) / limit, level.high * (1 + headroom), level)
        for name, level in (("CPU", usage.cpu), ("memory", usage.memory), ("GPU", usage.gpu))
        if level is not None and (limit := level.limit or level.reserved)
    ]
    confidence = _confidence(usage)
    if not needs:
        if usage.kind != "container" or (usage.cpu is None and usage.memory is None):
            return Advice("insufficient_data", ["nothing tells what it may use"])
        reason = "it has no limit, and may take all of its host"
        return Advice("no_limit", [reason, *_used(usage)], confidence=confidence)
    reasons = [_evidence(need, usage, percentile, headroom) for need in needs]
    if _idle(usage):
        saving = cost.per_hour * HOURS_A_MONTH if cost else None
        reasons.insert(0, "it did next to nothing: it could be stopped")
        return Advice("idle", reasons, Size(), saving, "the whole of it", confidence)
    return _sized(usage, needs, cost, machines, reasons)


def _sized(
    usage: Usage,
    needs: Sequence[_Need],
    cost: Cost | None,
    machines: Mapping[str, MachineSpec],
    reasons: list[str],
) -> Advice:
    confidence = _confidence(usage)
    small = any(need.share > 1 for need in needs)
    held = [need.amount / (need.level.reserved or need.level.limit or 1.0) for need in needs]
    # A machine is bought whole: its fullest part says how small it may be. A container's parts are its own.
    clearly = min(held) if usage.kind == "container" else max(held)
    if usage.kind == "run" and usage.gpu and usage.gpus_used < (usage.gpu.reserved or 0):
        clearly = 0.0
    if not small and clearly > SMALLER:
        return Advice("optimized", reasons, confidence=confidence)
    size, saving, by = _machine(usage, needs, cost, machines, larger=small)
    if small:
        return Advice("under_provisioned", reasons, size, saving, by, confidence)
    if usage.kind == "host" and usage.machine_type in machines and (saving or 0.0) <= 0:
        reasons.append("no machine type of the list would do for less")
        return Advice("optimized", reasons, confidence=confidence)
    return Advice("over_provisioned", reasons, size, saving, by, confidence)


def _confidence(usage: Usage) -> Literal["low", "medium", "high"]:
    if usage.span_hours >= ENOUGH_DAYS * 24 - 12:
        return "high"
    return "medium" if usage.hours >= SOME_HOURS else "low"


def _idle(usage: Usage) -> bool:
    if usage.kind not in {"host", "container"} or usage.cpu is None or not usage.cpu.limit:
        return False
    if usage.cpu.high >= IDLE_SHARE * usage.cpu.limit:
        return False
    if usage.gpu and usage.gpus_used:
        return False
    return usage.network is None or usage.network < IDLE_NETWORK


def _used(usage: Usage) -> list[str]:
    found = []
    if usage.cpu:
        found.append(f"CPU: {usage.cpu.most:.2g} cores at most")
    if usage.memory:
        found.append(f"memory: {usage.memory.most / GIB:.2g} GiB at most")
    return found


def _evidence(need: _Need, usage: Usage, percentile: float, headroom: float) -> str:
    level = need.level
    has = level.limit or level.reserved or 0.0
    unit, scale = {"CPU": ("cores", 1.0), "memory": ("GiB", GIB), "GPU": ("GPUs", 1.0)}[need.name]
    if need.name == "CPU" and usage.cpu_unit == "machine":
        unit = "of the machine"
    days = usage.span_hours / 24
    over = f"{days:.2g} days" if days >= 1 else f"{usage.span_hours:.2g} hours"
    text = (
        f"{need.name}: p{percentile * 100:g} {level.high / scale:.2g} {unit} "
        f"({level.high / has:.0%} of {has / scale:.3g}) over {over} of {_step(usage)}; "
        f"with {headroom:.0%} headroom {need.amount / scale:.2g}"
    )
    if need.name == "GPU":
        text += f"; {usage.gpus_used} of {has:.0f} were ever busy"
    return text


def _step(usage: Usage) -> str:
    if usage.kind == "run":
        return "samples"
    return f"{usage.step_seconds // 60}-minute means"


def _size(usage: Usage, needs: Sequence[_Need]) -> Size:
    by = {need.name: need for need in needs}
    cpus = memory = None
    if (cpu := by.get("CPU")) and usage.cpu_unit == "core":
        whole = usage.kind == "host"
        cpus = float(max(1, ceil(cpu.amount))) if whole else max(0.01, ceil(cpu.amount * 100) / 100)
    if held := by.get("memory"):
        unit = GIB if usage.kind == "host" else 2**24
        memory = float(max(1, ceil(held.amount / unit)) * unit)
    gpus = max(usage.gpus_used, ceil(by["GPU"].amount)) if "GPU" in by else None
    if gpus is not None and usage.gpu is not None:
        gpus = min(gpus, int(usage.gpu.reserved or gpus)) if by["GPU"].share <= 1 else gpus
    return Size(cpus, memory, gpus)


def _machine(
    usage: Usage,
    needs: Sequence[_Need],
    cost: Cost | None,
    machines: Mapping[str, MachineSpec],
    *,
    larger: bool,
) -> tuple[Size, float | None, str]:
    """Return the size that would do, by the cheapest machine type that holds it, and what it saves."""
    size = _size(usage, needs)
    if usage.kind == "run":
        return size, *_run_saving(usage, cost)
    found = _cheapest(usage, size, machines) if usage.kind == "host" else None
    if found and cost is not None:
        price, name = found
        saving = (cost.per_hour - price) * HOURS_A_MONTH
        return Size(size.cpus, size.memory_bytes, size.gpus, name), saving, "price of the type"
    if cost is None or larger:
        return size, None, ""
    part = max(need.amount / (need.level.reserved or need.level.limit or 1.0) for need in needs)
    saving = cost.per_hour * HOURS_A_MONTH * max(0.0, 1 - part)
    return size, saving, "in proportion to the size"


def _cheapest(
    usage: Usage, size: Size, machines: Mapping[str, MachineSpec]
) -> tuple[float, str] | None:
    """Return price and name of the cheapest type that would do.

    What was not measured must not shrink: it stays as the present type has it, if that is known.
    """
    present = machines.get(usage.machine_type)
    if size.cpus is None or (size.memory_bytes is None and present is None):
        return None
    memory = size.memory_bytes / GIB if size.memory_bytes is not None else 0.0
    if size.memory_bytes is None and present:
        memory = present.memory_gib
    gpus = size.gpus if size.gpus is not None else (present.gpus if present else 0)
    fitting = [
        (spec.price_hour, name)
        for name, spec in machines.items()
        if spec.cpus >= size.cpus and spec.memory_gib >= memory and spec.gpus >= gpus
    ]
    return min(fitting, default=None)


def _run_saving(usage: Usage, cost: Cost | None) -> tuple[float | None, str]:
    """Return what GPUs that were never busy cost a run."""
    if cost is None or usage.gpu is None or not usage.gpu.reserved:
        return None, ""
    unused = max(0.0, usage.gpu.reserved - usage.gpus_used)
    return cost.total * unused / usage.gpu.reserved, "GPUs of the run that were never busy"
