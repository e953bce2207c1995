"""The agent of a host: its metrics, its busiest processes, and its log files.

It uses the SDK's sender and spool, but sets none of OpenTelemetry's global providers.
"""

from __future__ import annotations

import contextlib
import signal
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from opentelemetry.sdk.metrics import MeterProvider

from vedette.core.errors import InvalidInputError
from vedette.sdk import compression
from vedette.sdk.batch import Batch
from vedette.sdk.checkpoint import Checkpoint
from vedette.sdk.client import open_spool
from vedette.sdk.config import SdkConfig, default_state_dir, resolve
from vedette.sdk.diagnostics import warn
from vedette.sdk.exporters import MetricCollector
from vedette.sdk.host_metrics import HostMetrics
from vedette.sdk.log_records import encode_request
from vedette.sdk.resource import make_resource, process_attributes
from vedette.sdk.tail import LogSource
from vedette.sdk.tailer import Tailer
from vedette.sdk.top_processes import top_processes
from vedette.sdk.transport import Sender

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

__all__ = ["AgentConfig", "LogSource", "run_agent"]

_STOP_TIMEOUT_S = 5.0
_MAX_TOP = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class AgentConfig:
    """What the agent does; what is None comes from the environment as in ``vedette.init``.

    Raises:
        InvalidInputError: a field is wrong; it is named.

    """

    endpoint: str | None = None
    api_key: str | None = field(default=None, repr=False)
    service_name: str = "vedette-agent"
    environment: str | None = None
    resource: Mapping[str, str | bool | int | float] | None = None
    tags: Mapping[str, str] | None = None
    logs: Sequence[LogSource] = ()
    """Files to follow."""
    host_metrics: bool = True
    metric_interval: float | None = None
    """Seconds between metric exports; None: 15."""
    top_processes: int = 10
    """Processes by CPU, and as many by memory, that are reported; 0 turns it off."""
    top_interval: float = 60.0
    """Seconds between those reports."""
    state_dir: Path | None = None
    """Folder of the checkpoint; None: ``agent`` in the user's state folder. One agent a folder."""
    spool_dir: Path | None = None
    spool_bytes: int | None = None
    poll_interval: float = 1.0
    """Seconds between looks at files that had nothing new."""
    rescan_interval: float = 10.0
    """Seconds between looks for new files."""

    def __post_init__(self) -> None:
        for name in ("top_interval", "poll_interval", "rescan_interval"):
            if not getattr(self, name) > 0:
                raise InvalidInputError(
                    f"{name} is not above 0", field=name, remedy="give a number of seconds"
                )
        if not 0 <= self.top_processes <= _MAX_TOP:
            raise InvalidInputError(
                f"{self.top_processes} top processes are out of bounds",
                field="top_processes",
                remedy=f"use 0 to {_MAX_TOP}",
            )

    def sdk_config(self) -> SdkConfig:
        """Return the settings of the sender, with the environment's below them."""
        names = ("endpoint", "api_key", "service_name", "environment", "resource", "tags")
        more = ("host_metrics", "metric_interval", "spool_dir", "spool_bytes")
        return resolve({name: getattr(self, name) for name in names + more})


def run_agent(config: AgentConfig, stop: threading.Event | None = None) -> None:
    """Run until ``stop`` is set, or SIGTERM or SIGINT arrives; then end cleanly in seconds.

    Signals are handled only where this runs in the main thread.

    Raises:
        InvalidInputError: a setting is wrong.
        ConflictError: another agent uses the state folder.
        OSError: the state folder cannot be made.

    """
    stop = stop or threading.Event()
    sdk = config.sdk_config()
    checkpoint = Checkpoint(config.state_dir or default_state_dir() / "agent")
    try:
        with _signals_set(stop):
            _Agent(config, sdk, checkpoint).run(stop)
    finally:
        checkpoint.close()


class _Agent:
    def __init__(self, config: AgentConfig, sdk: SdkConfig, checkpoint: Checkpoint) -> None:
        self._config = config
        self._wake = threading.Event()
        self._sender = Sender(sdk, open_spool(sdk))
        self._resource = dict(make_resource(sdk).attributes)
        # The process of a record is whoever wrote the file, not the agent that read it.
        for name in (*process_attributes(), "service.instance.id"):
            self._resource.pop(name, None)
        self._collector = self._start_metrics(sdk) if config.host_metrics else None
        self._tailer = Tailer(
            config.logs,
            checkpoint,
            self._sender,
            self._resource,  # type: ignore[arg-type]  # attribute values of our own making
            rescan_seconds=config.rescan_interval,
            wake=self._wake.set,
        )
        self._top_at = time.monotonic()

    def run(self, stop: threading.Event) -> None:
        """Work in rounds until told to stop."""
        self._sender.start()
        try:
            while not stop.is_set():
                self._wake.clear()
                had_more = self._round()
                # A settled batch wakes the loop: what a busy file has more of is read at once.
                if not had_more or not self._wake.is_set():
                    self._sleep(stop)
        finally:
            self._close()

    def _sleep(self, stop: threading.Event) -> None:
        until = time.monotonic() + self._config.poll_interval
        while not stop.is_set() and not self._wake.is_set():
            left = until - time.monotonic()
            if left <= 0:
                return
            self._wake.wait(min(left, 0.2))

    def _round(self) -> bool:
        try:
            if self._config.top_processes and time.monotonic() >= self._top_at:
                self._top_at = time.monotonic() + self._config.top_interval
                self._report_top()
            return self._tailer.poll()
        except Exception as error:  # noqa: BLE001 - one bad file or process must not end the agent
            warn("agent", "a round of the agent failed: %r", error)
            return False

    def _report_top(self) -> None:
        records = top_processes(self._config.top_processes)
        if records:
            body = encode_request(records, self._resource)  # type: ignore[arg-type]  # as above
            coding = self._sender.coding
            packed = compression.compress(body, coding)
            self._sender.submit(Batch("logs", packed, coding, len(records)))

    def _start_metrics(self, sdk: SdkConfig) -> MetricCollector:
        collector = MetricCollector(self._sender, sdk.metric_interval)
        provider = MeterProvider([collector], make_resource(sdk), shutdown_on_exit=False)
        self._host_metrics = HostMetrics(provider.get_meter("vedette.host_metrics"), process=False)
        collector.start()
        return collector

    def _close(self) -> None:
        if self._collector is not None:
            self._collector.close(_STOP_TIMEOUT_S)
        self._sender.stop(_STOP_TIMEOUT_S)
        self._tailer.close()


@contextlib.contextmanager
def _signals_set(stop: threading.Event) -> Iterator[None]:
    """Let SIGTERM and SIGINT set ``stop``; put the handlers of before back afterwards."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {
        number: signal.signal(number, lambda *_: stop.set())
        for number in (signal.SIGTERM, signal.SIGINT)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
