"""Host and process metrics by OpenTelemetry's semantic conventions, read through psutil.

Names, units and attributes: opentelemetry.io/docs/specs/semconv/system/system-metrics and
process-metrics. Everything is read when a collection asks; nothing runs between.
"""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
from opentelemetry.metrics import CallbackOptions, Meter, Observation

from vedette.sdk.container_metrics import ContainerMetrics
from vedette.sdk.gpu_metrics import GpuMetrics

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

_CPU_MODES = ("user", "system", "nice", "idle", "iowait", "irq", "softirq", "steal")
_MODE_NAMES = {"irq": "interrupt", "softirq": "interrupt"}
_VIRTUAL_DISKS = ("loop", "ram", "zram", "dm-", "md", "sr", "fd")
_MAX_DEVICES = 64
_COUNTER, _UP_DOWN, _GAUGE = "counter", "up_down_counter", "gauge"


class HostMetrics:
    """Registers the instruments; holds the last CPU times, from which utilization is made.

    Args:
        meter: where the instruments are made.
        process: whether ``process.*`` of this process is measured.

    """

    def __init__(self, meter: Meter, *, process: bool = True) -> None:
        self._owner = os.getpid()
        self._cpu_before = _cpu_seconds()
        self._process_metrics = ProcessMetrics(meter) if process else None
        self._gpu = GpuMetrics.start(meter, self._guard)
        add = _Instruments(meter, self._guard, since_first=True)
        add(_COUNTER, "system.cpu.time", "s", self._cpu_time)
        add(_GAUGE, "system.cpu.utilization", "1", self._cpu_utilization)
        add(_UP_DOWN, "system.cpu.logical.count", "{cpu}", _cpu_count)
        for minutes in (1, 5, 15):
            add(_GAUGE, f"system.cpu.load_average.{minutes}m", "1", _load_average(minutes))
        add(_UP_DOWN, "system.memory.usage", "By", _memory_usage)
        add(_GAUGE, "system.memory.utilization", "1", _memory_utilization)
        add(_UP_DOWN, "system.memory.limit", "By", _memory_limit)
        add(_UP_DOWN, "system.paging.usage", "By", _paging_usage)
        add(_COUNTER, "system.disk.io", "By", _disk("bytes"))
        add(_COUNTER, "system.disk.operations", "{operation}", _disk("count"))
        add(_UP_DOWN, "system.filesystem.usage", "By", _filesystem_usage)
        add(_GAUGE, "system.filesystem.utilization", "1", _filesystem_utilization)
        add(_COUNTER, "system.network.io", "By", _network("bytes_recv", "bytes_sent"))
        add(_COUNTER, "system.network.errors", "{error}", _network("errin", "errout"))
        add(_COUNTER, "system.network.packet.dropped", "{packet}", _network("dropin", "dropout"))
        add(_UP_DOWN, "system.process.count", "{process}", _process_count)
        add(_GAUGE, "system.uptime", "s", _uptime)
        # A program tells of its own container, the agent of all that its host has.
        self._containers = ContainerMetrics(add, every=not process)

    def after_fork_in_child(self) -> None:
        """Measure the child's own process; the host stays the parent's to report."""
        if self._process_metrics is not None:
            self._process_metrics.restart()

    def _guard(self) -> bool:
        return os.getpid() == self._owner

    def _cpu_time(self) -> Iterator[Observation]:
        for mode, seconds in _cpu_seconds().items():
            yield Observation(seconds, {"cpu.mode": mode})

    def _cpu_utilization(self) -> Iterator[Observation]:
        """Yield the share of each mode in all CPUs' time since the last collection."""
        before, now = self._cpu_before, _cpu_seconds()
        # psutil's times may step back a tick on some kernels.
        spent = {mode: max(0.0, now[mode] - before.get(mode, 0.0)) for mode in now}
        total = sum(spent.values())
        if total <= 0:
            return
        self._cpu_before = now
        for mode, seconds in spent.items():
            yield Observation(seconds / total, {"cpu.mode": mode})


class ProcessMetrics:
    """``process.*`` of this process."""

    def __init__(self, meter: Meter) -> None:
        self.restart()
        add = _Instruments(meter, lambda: True)
        add(_COUNTER, "process.cpu.time", "s", self._cpu_time)
        add(_GAUGE, "process.cpu.utilization", "1", self._cpu_utilization)
        add(_UP_DOWN, "process.memory.usage", "By", lambda: self._memory("rss"))
        add(_UP_DOWN, "process.memory.virtual", "By", lambda: self._memory("vms"))
        add(_UP_DOWN, "process.thread.count", "{thread}", self._threads)
        add(_COUNTER, "process.disk.io", "By", self._disk_io)
        add(_GAUGE, "process.uptime", "s", self._uptime)
        if sys.platform != "win32":
            name, unit = "process.unix.file_descriptor.count", "{file_descriptor}"
            add(_UP_DOWN, name, unit, self._descriptors)

    def restart(self) -> None:
        """Measure the calling process from now on."""
        self._process = psutil.Process()
        self._started = self._process.create_time()
        self._before = (time.monotonic(), *self._process.cpu_times()[:2])

    def _cpu_time(self) -> list[Observation]:
        times = self._process.cpu_times()
        return [
            Observation(times.user, {"cpu.mode": "user"}),
            Observation(times.system, {"cpu.mode": "system"}),
        ]

    def _cpu_utilization(self) -> list[Observation]:
        """Return CPU time since the last collection over elapsed time and CPUs."""
        times = self._process.cpu_times()
        moment, user, system = self._before
        self._before = (time.monotonic(), times.user, times.system)
        capacity = (self._before[0] - moment) * (psutil.cpu_count() or 1)
        if capacity <= 0:
            return []
        return [
            Observation(max(0.0, times.user - user) / capacity, {"cpu.mode": "user"}),
            Observation(max(0.0, times.system - system) / capacity, {"cpu.mode": "system"}),
        ]

    def _memory(self, field: str) -> list[Observation]:
        return [Observation(getattr(self._process.memory_info(), field))]

    def _threads(self) -> list[Observation]:
        return [Observation(self._process.num_threads())]

    def _descriptors(self) -> list[Observation]:
        return [Observation(self._process.num_fds())]

    def _disk_io(self) -> list[Observation]:
        if not hasattr(self._process, "io_counters"):  # macOS
            return []
        counters = self._process.io_counters()
        return [
            Observation(counters.read_bytes, {"disk.io.direction": "read"}),
            Observation(counters.write_bytes, {"disk.io.direction": "write"}),
        ]

    def _uptime(self) -> list[Observation]:
        return [Observation(max(0.0, time.time() - self._started))]


class _Instruments:
    """Makes observable instruments whose reading may fail without harm.

    Args:
        meter: where they are made.
        guard: whether this process may read now.
        since_first: counters count from their first reading on, whose time the SDK gives its points
            as their start. A host counts since it was booted, and gigabytes of weeks, or a second's
            megabytes, would be the growth of the milliseconds between that start and the point.

    """

    def __init__(
        self, meter: Meter, guard: Callable[[], bool], *, since_first: bool = False
    ) -> None:
        self._meter = meter
        self._guard = guard
        self._since_first = since_first

    def __call__(
        self, kind: str, name: str, unit: str, read: Callable[[], Iterable[Observation]]
    ) -> None:
        relative = _SinceFirst() if self._since_first and kind == _COUNTER else None

        def callback(_: CallbackOptions | None) -> list[Observation]:
            if not self._guard():
                return []
            try:
                found = list(read())
            except (psutil.Error, OSError, RuntimeError, NotImplementedError):
                return []  # not readable here (containers, permissions): the metric is absent
            return relative(found) if relative else found

        create = getattr(self._meter, f"create_observable_{kind}")
        create(name, callbacks=[callback], unit=unit)


class _SinceFirst:
    """Counts from each series' first reading; a device whose own count restarts begins anew."""

    def __init__(self) -> None:
        self._first: dict[frozenset[tuple[str, Any]], float] = {}

    def __call__(self, observations: Iterable[Observation]) -> list[Observation]:
        return [
            Observation(self._growth(one.value, one.attributes or {}), one.attributes)
            for one in observations
        ]

    def _growth(self, value: float, attributes: Mapping[str, Any]) -> float:
        key = frozenset(attributes.items())
        self._first[key] = min(self._first.get(key, value), value)
        return value - self._first[key]


def _cpu_seconds() -> dict[str, float]:
    times = psutil.cpu_times()
    seconds: dict[str, float] = {}
    for field in _CPU_MODES:
        if hasattr(times, field):
            mode = _MODE_NAMES.get(field, field)
            seconds[mode] = seconds.get(mode, 0.0) + getattr(times, field)
    return seconds


def _cpu_count() -> list[Observation]:
    return [Observation(psutil.cpu_count() or 1)]


def _load_average(minutes: int) -> Callable[[], list[Observation]]:
    position = (1, 5, 15).index(minutes)
    return lambda: [Observation(psutil.getloadavg()[position])]


def _memory_states() -> tuple[int, dict[str, int]]:
    """Return the total and its parts, which add up to it: used, free, buffers, cached."""
    memory = psutil.virtual_memory()
    parts = {
        name: getattr(memory, name)
        for name in ("free", "buffers", "cached")
        if hasattr(memory, name)
    }
    return memory.total, {"used": max(0, memory.total - sum(parts.values())), **parts}


def _memory_usage() -> list[Observation]:
    _, states = _memory_states()
    return [Observation(size, {"system.memory.state": state}) for state, size in states.items()]


def _memory_utilization() -> list[Observation]:
    total, states = _memory_states()
    return [
        Observation(size / total, {"system.memory.state": state}) for state, size in states.items()
    ]


def _memory_limit() -> list[Observation]:
    return [Observation(psutil.virtual_memory().total)]


def _paging_usage() -> list[Observation]:
    swap = psutil.swap_memory()
    return [
        Observation(swap.used, {"system.paging.state": "used"}),
        Observation(swap.free, {"system.paging.state": "free"}),
    ]


def _disk(field: str) -> Callable[[], Iterator[Observation]]:
    def read() -> Iterator[Observation]:
        counters = psutil.disk_io_counters(perdisk=True) or {}
        for device in [name for name in sorted(counters) if _is_whole_disk(name)][:_MAX_DEVICES]:
            for direction in ("read", "write"):
                yield Observation(
                    getattr(counters[device], f"{direction}_{field}"),
                    {"system.device": device, "disk.io.direction": direction},
                )

    return read


def _is_whole_disk(name: str) -> bool:
    """Leave out partitions and stacked devices, whose traffic is that of a disk once more."""
    if name.startswith(_VIRTUAL_DISKS):
        return False
    blocks = Path("/sys/block")
    return not blocks.is_dir() or (blocks / name.replace("/", "!")).exists()


def _filesystems() -> Iterator[tuple[dict[str, str], Any]]:
    """Yield attributes and usage of each mounted device once, the root always."""
    seen: set[str] = set()
    partitions = psutil.disk_partitions(all=False)
    if all(partition.mountpoint != "/" for partition in partitions) and sys.platform != "win32":
        yield {"system.filesystem.mountpoint": "/"}, psutil.disk_usage("/")
    for partition in partitions:
        if partition.device in seen or "loop" in partition.device or len(seen) >= _MAX_DEVICES:
            continue
        seen.add(partition.device)
        try:
            usage = psutil.disk_usage(partition.mountpoint)
        except OSError:  # unmounted meanwhile, or not ours to read
            continue
        yield (
            {
                "system.device": partition.device,
                "system.filesystem.mountpoint": partition.mountpoint,
                "system.filesystem.type": partition.fstype,
            },
            usage,
        )


def _filesystem_usage() -> Iterator[Observation]:
    for attributes, usage in _filesystems():
        states = {
            "used": usage.used,
            "free": usage.free,
            "reserved": max(0, usage.total - usage.used - usage.free),
        }
        for state, size in states.items():
            yield Observation(size, {**attributes, "system.filesystem.state": state})


def _filesystem_utilization() -> Iterator[Observation]:
    for attributes, usage in _filesystems():
        if usage.total:
            used = {**attributes, "system.filesystem.state": "used"}
            yield Observation(usage.used / usage.total, used)


def _network(received: str, sent: str) -> Callable[[], Iterator[Observation]]:
    def read() -> Iterator[Observation]:
        counters = psutil.net_io_counters(pernic=True)
        for name in sorted(counters)[:_MAX_DEVICES]:
            for field, direction in ((received, "receive"), (sent, "transmit")):
                yield Observation(
                    getattr(counters[name], field),
                    {"network.interface.name": name, "network.io.direction": direction},
                )

    return read


def _process_count() -> list[Observation]:
    return [Observation(len(psutil.pids()))]


def _uptime() -> list[Observation]:
    return [Observation(max(0.0, time.time() - psutil.boot_time()))]
