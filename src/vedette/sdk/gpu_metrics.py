"""GPU metrics through NVML, where the machine has it and ``vedette[gpu]`` is installed.

Names: opentelemetry.io/docs/specs/semconv/hardware/gpu. NVML reports power in mW, energy in mJ,
utilization in percent; the conventions want W, J and a share of 1.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from opentelemetry.metrics import CallbackOptions, Meter, Observation

from vedette.sdk.diagnostics import logger

if TYPE_CHECKING:
    from collections.abc import Callable

_MAX_GPUS = 64


class GpuMetrics:
    """One set of instruments over all GPUs of the machine."""

    def __init__(self, meter: Meter, nvml: Any, guard: Callable[[], bool]) -> None:  # noqa: ANN401 - a module
        self._nvml = nvml
        self._guard = guard
        self._gpus = [_identify(nvml, index) for index in range(_count(nvml))]
        self._add(meter, "gauge", "hw.gpu.utilization", "1", self._utilization)
        self._add(meter, "gauge", "hw.gpu.memory.utilization", "1", self._memory_share)
        self._add(meter, "up_down_counter", "hw.gpu.memory.usage", "By", self._memory("used"))
        self._add(meter, "up_down_counter", "hw.gpu.memory.limit", "By", self._memory("total"))
        self._add(meter, "gauge", "hw.power", "W", self._power)
        self._add(meter, "counter", "hw.energy", "J", self._energy)
        self._add(meter, "gauge", "hw.temperature", "Cel", self._temperature)
        self._add(meter, "counter", "hw.errors", "{error}", self._errors)

    @classmethod
    def start(cls, meter: Meter, guard: Callable[[], bool]) -> GpuMetrics | None:
        """Return the metrics, or None where there is no NVML or no GPU.

        Args:
            meter: where the instruments are made.
            guard: asked at each collection; False reports nothing (a forked child: NVML's
                handles are the parent's).

        """
        try:
            nvml = importlib.import_module("pynvml")
        except ImportError:
            return None
        try:
            nvml.nvmlInit()
            return cls(meter, nvml, guard) if _count(nvml) else None
        except nvml.NVMLError as error:
            logger.debug("no GPU metrics: %s", error)
            return None

    def _add(
        self,
        meter: Meter,
        kind: str,
        name: str,
        unit: str,
        read: Callable[[Any], list[tuple[float, dict[str, str]]]],
    ) -> None:
        def callback(_: CallbackOptions) -> list[Observation]:
            observations: list[Observation] = []
            for handle, attributes in self._gpus if self._guard() else []:
                try:
                    values = read(handle)
                except self._nvml.NVMLError:
                    continue  # this model does not report it
                observations += [
                    Observation(value, {**attributes, **more}) for value, more in values
                ]
            return observations

        getattr(meter, f"create_observable_{kind}")(name, callbacks=[callback], unit=unit)

    def _utilization(self, handle: Any) -> list[tuple[float, dict[str, str]]]:  # noqa: ANN401 - a C handle
        rates = self._nvml.nvmlDeviceGetUtilizationRates(handle)
        return [(rates.gpu / 100, {"hw.gpu.task": "general"})]

    def _memory_share(self, handle: Any) -> list[tuple[float, dict[str, str]]]:  # noqa: ANN401 - a C handle
        memory = self._nvml.nvmlDeviceGetMemoryInfo(handle)
        return [(memory.used / memory.total, {})] if memory.total else []

    def _memory(self, field: str) -> Callable[[Any], list[tuple[float, dict[str, str]]]]:
        return lambda handle: [(getattr(self._nvml.nvmlDeviceGetMemoryInfo(handle), field), {})]

    def _power(self, handle: Any) -> list[tuple[float, dict[str, str]]]:  # noqa: ANN401 - a C handle
        return [(self._nvml.nvmlDeviceGetPowerUsage(handle) / 1000, {"hw.type": "gpu"})]

    def _energy(self, handle: Any) -> list[tuple[float, dict[str, str]]]:  # noqa: ANN401 - a C handle
        joules = self._nvml.nvmlDeviceGetTotalEnergyConsumption(handle) / 1000
        return [(joules, {"hw.type": "gpu"})]

    def _temperature(self, handle: Any) -> list[tuple[float, dict[str, str]]]:  # noqa: ANN401 - a C handle
        nvml = self._nvml
        degrees = nvml.nvmlDeviceGetTemperature(handle, nvml.NVML_TEMPERATURE_GPU)
        return [(degrees, {"hw.sensor_location": "gpu"})]

    def _errors(self, handle: Any) -> list[tuple[float, dict[str, str]]]:  # noqa: ANN401 - a C handle
        nvml = self._nvml
        kinds = {
            "corrected": nvml.NVML_MEMORY_ERROR_TYPE_CORRECTED,
            "uncorrected": nvml.NVML_MEMORY_ERROR_TYPE_UNCORRECTED,
        }
        return [
            (
                nvml.nvmlDeviceGetTotalEccErrors(handle, kind, nvml.NVML_AGGREGATE_ECC),
                {"hw.type": "gpu", "error.type": name},
            )
            for name, kind in kinds.items()
        ]


def _count(nvml: Any) -> int:  # noqa: ANN401 - a module
    return min(int(nvml.nvmlDeviceGetCount()), _MAX_GPUS)


def _identify(nvml: Any, index: int) -> tuple[Any, dict[str, str]]:  # noqa: ANN401 - a module
    handle = nvml.nvmlDeviceGetHandleByIndex(index)
    return handle, {
        "hw.id": _text(nvml.nvmlDeviceGetUUID(handle)),
        "hw.name": f"gpu{index}",
        "hw.model": _text(nvml.nvmlDeviceGetName(handle)),
        "hw.vendor": "NVIDIA",
    }


def _text(value: str | bytes) -> str:
    return value.decode() if isinstance(value, bytes) else value
