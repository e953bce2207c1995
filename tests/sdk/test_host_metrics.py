from __future__ import annotations

import os
import sys
import types

import psutil
import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from vedette.sdk import host_metrics
from vedette.sdk.host_metrics import HostMetrics


class Readings:
    def __init__(self, **options):
        self.reader = InMemoryMetricReader()
        meter = MeterProvider([self.reader], shutdown_on_exit=False).get_meter("t")
        self.host = HostMetrics(meter, **options)

    def take(self):
        data = self.reader.get_metrics_data()
        return {
            metric.name: metric
            for resource in (data.resource_metrics if data else [])
            for scope in resource.scope_metrics
            for metric in scope.metrics
        }


def points(metric):
    return [(dict(p.attributes), p.value) for p in metric.data.data_points]


def by(metric, name):
    return {attributes[name]: value for attributes, value in points(metric)}


def test_names_units_and_kinds_are_the_conventions():
    metrics = Readings().take()
    expected = {
        "system.cpu.time": ("s", "Sum", True),
        "system.memory.usage": ("By", "Sum", False),
        "system.memory.utilization": ("1", "Gauge", None),
        "system.memory.limit": ("By", "Sum", False),
        "system.filesystem.usage": ("By", "Sum", False),
        "system.filesystem.utilization": ("1", "Gauge", None),
        "system.network.io": ("By", "Sum", True),
        "system.network.errors": ("{error}", "Sum", True),
        "system.process.count": ("{process}", "Sum", False),
        "system.uptime": ("s", "Gauge", None),
        "process.cpu.time": ("s", "Sum", True),
        "process.memory.usage": ("By", "Sum", False),
        "process.thread.count": ("{thread}", "Sum", False),
    }
    for name, (unit, kind, monotonic) in expected.items():
        metric = metrics[name]
        assert (metric.unit, type(metric.data).__name__) == (unit, kind), name
        assert getattr(metric.data, "is_monotonic", None) is monotonic, name


def test_cpu_utilization_is_the_share_since_the_last_collection(monkeypatch):
    times = {"user": 10.0, "system": 5.0, "idle": 85.0, "irq": 1.0, "softirq": 1.0}
    monkeypatch.setattr(psutil, "cpu_times", lambda: types.SimpleNamespace(**times))
    readings = Readings(process=False)
    times |= {"user": 13.0, "idle": 91.0, "softirq": 2.0}
    shares = by(readings.take()["system.cpu.utilization"], "cpu.mode")
    assert shares == pytest.approx({"user": 0.3, "system": 0.0, "idle": 0.6, "interrupt": 0.1})
    assert "system.cpu.utilization" not in readings.take(), "no time has passed"
    times |= {"user": 12.0, "idle": 95.0}  # a step back counts as nothing
    shares = by(readings.take()["system.cpu.utilization"], "cpu.mode")
    assert shares["user"] == 0.0
    assert shares["idle"] == 1.0


def test_memory_adds_up_to_its_limit():
    metrics = Readings(process=False).take()
    assert sum(by(metrics["system.memory.utilization"], "system.memory.state").values()) == (
        pytest.approx(1.0, abs=0.01)
    )
    assert points(metrics["system.memory.limit"]) == [({}, psutil.virtual_memory().total)]


def test_the_root_filesystem_is_there_and_each_device_once():
    metrics = Readings(process=False).take()
    mounts = [a for a, _ in points(metrics["system.filesystem.utilization"])]
    assert "/" in {a["system.filesystem.mountpoint"] for a in mounts}
    devices = [a["system.device"] for a in mounts if "system.device" in a]
    assert len(devices) == len(set(devices))
    assert all(0 <= value <= 1 for _, value in points(metrics["system.filesystem.utilization"]))


def test_partitions_and_stacked_disks_are_not_counted_again(monkeypatch):
    counter = types.SimpleNamespace(read_bytes=1, write_bytes=2, read_count=3, write_count=4)
    names = ("sda", "sda1", "dm-0", "loop3", "nvme0n1")
    monkeypatch.setattr(psutil, "disk_io_counters", lambda **_: dict.fromkeys(names, counter))
    monkeypatch.setattr(
        host_metrics.Path, "exists", lambda self: self.name in {"sda", "nvme0n1", "dm-0", "loop3"}
    )
    monkeypatch.setattr(host_metrics.Path, "is_dir", lambda _: True)
    readings = Readings(process=False)
    readings.take()
    counter.read_count, counter.write_count = 6, 8
    metrics = readings.take()
    assert {a["system.device"] for a, _ in points(metrics["system.disk.io"])} == {"sda", "nvme0n1"}
    assert by(metrics["system.disk.operations"], "disk.io.direction") == {"read": 3, "write": 4}


def test_counters_count_from_their_first_reading(monkeypatch):
    """What was counted before, or before the point's own start, would look like growth of a moment."""
    counter = types.SimpleNamespace(bytes_recv=9_000, bytes_sent=0, errin=0, errout=0, dropin=0)
    counter.dropout = 0
    monkeypatch.setattr(psutil, "net_io_counters", lambda **_: {"eth0": counter})
    readings = Readings(process=False)
    counter.bytes_recv = (
        9_400  # between the instrument and its first reading, from which points start
    )

    def received():
        return by(readings.take()["system.network.io"], "network.io.direction")["receive"]

    assert received() == 0
    counter.bytes_recv = 9_900
    assert received() == 500
    counter.bytes_recv = 100  # the device went and came again
    assert received() == 0
    counter.bytes_recv = 250
    assert received() == 150


def test_what_cannot_be_read_is_absent_and_the_rest_stays(monkeypatch):
    def refuse(*_, **__):
        raise PermissionError("not in a container")

    monkeypatch.setattr(psutil, "disk_io_counters", refuse)
    monkeypatch.setattr(psutil, "net_io_counters", lambda **_: (_ for _ in ()).throw(OSError()))
    metrics = Readings().take()
    assert "system.disk.io" not in metrics
    assert "system.network.io" not in metrics
    assert "system.memory.usage" in metrics


def test_this_process_is_measured():
    readings = Readings()
    sum(n * n for n in range(300_000))
    metrics = readings.take()
    cpu = by(metrics["process.cpu.utilization"], "cpu.mode")
    assert 0 < cpu["user"] <= 1
    ((_, resident),) = points(metrics["process.memory.usage"])
    assert 1_000_000 < resident < psutil.virtual_memory().total


def test_a_forked_child_leaves_the_host_to_its_parent(monkeypatch):
    readings = Readings()
    readings.host.after_fork_in_child()
    other = os.getpid() + 1
    monkeypatch.setattr(host_metrics.os, "getpid", lambda: other)
    names = set(readings.take())
    assert "process.memory.usage" in names
    assert not [name for name in names if name.startswith("system.")]


class FakeNvmlError(Exception):
    pass


def fake_nvml(count=2):
    nvml = types.ModuleType("pynvml")
    nvml.NVMLError = FakeNvmlError
    nvml.NVML_TEMPERATURE_GPU = 0
    nvml.NVML_MEMORY_ERROR_TYPE_CORRECTED, nvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED = 0, 1
    nvml.NVML_AGGREGATE_ECC = 1
    nvml.nvmlInit = lambda: None
    nvml.nvmlDeviceGetCount = lambda: count
    nvml.nvmlDeviceGetHandleByIndex = lambda index: index
    nvml.nvmlDeviceGetUUID = lambda handle: f"GPU-{handle}"
    nvml.nvmlDeviceGetName = lambda _: b"NVIDIA H100"
    nvml.nvmlDeviceGetUtilizationRates = lambda _: types.SimpleNamespace(gpu=45, memory=10)
    nvml.nvmlDeviceGetMemoryInfo = lambda _: types.SimpleNamespace(used=25, total=100)
    nvml.nvmlDeviceGetPowerUsage = lambda _: 250_000
    nvml.nvmlDeviceGetTotalEnergyConsumption = lambda _: 9_000
    nvml.nvmlDeviceGetTemperature = lambda *_: 61

    def no_ecc(*_):
        raise FakeNvmlError("not supported")

    nvml.nvmlDeviceGetTotalEccErrors = no_ecc
    return nvml


def test_gpus_are_reported_in_the_conventions_units(monkeypatch):
    monkeypatch.setitem(sys.modules, "pynvml", fake_nvml())
    metrics = Readings(process=False).take()
    assert by(metrics["hw.gpu.utilization"], "hw.id") == {"GPU-0": 0.45, "GPU-1": 0.45}
    attributes, _ = points(metrics["hw.gpu.utilization"])[0]
    assert attributes["hw.model"] == "NVIDIA H100"
    assert attributes["hw.gpu.task"] == "general"
    assert by(metrics["hw.gpu.memory.usage"], "hw.id") == {"GPU-0": 25, "GPU-1": 25}
    assert by(metrics["hw.gpu.memory.limit"], "hw.id")["GPU-0"] == 100
    assert by(metrics["hw.gpu.memory.utilization"], "hw.id")["GPU-0"] == 0.25
    assert by(metrics["hw.power"], "hw.type") == {"gpu": 250.0}
    assert by(metrics["hw.energy"], "hw.type") == {"gpu": 9.0}
    assert by(metrics["hw.temperature"], "hw.id")["GPU-1"] == 61
    assert "hw.errors" not in metrics, "what a model does not report is absent"


@pytest.mark.parametrize("nvml", [None, fake_nvml(0)])
def test_without_a_gpu_there_are_no_gpu_metrics(monkeypatch, nvml):
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    assert not [name for name in Readings(process=False).take() if name.startswith("hw.")]


def test_a_broken_driver_is_as_no_gpu(monkeypatch):
    nvml = fake_nvml()

    def fail():
        raise FakeNvmlError("driver not loaded")

    nvml.nvmlInit = fail
    monkeypatch.setitem(sys.modules, "pynvml", nvml)
    metrics = Readings(process=False).take()
    assert "system.memory.usage" in metrics
    assert "hw.gpu.utilization" not in metrics
