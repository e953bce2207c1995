"""The three signals of a process: providers, processors, the log handler, host metrics."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from opentelemetry import _logs, metrics, trace
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider

from vedette.sdk.diagnostics import logger
from vedette.sdk.exporters import LogBatcher, MetricCollector, SpanBatcher
from vedette.sdk.host_metrics import HostMetrics
from vedette.sdk.log_handler import LogHandler
from vedette.sdk.resource import make_resource, process_attributes

if TYPE_CHECKING:
    from vedette.sdk.config import SdkConfig
    from vedette.sdk.record_queue import RecordQueue
    from vedette.sdk.transport import Sender


class Signals:
    """Connects OpenTelemetry's global providers with the sender.

    Where the program has set a provider before, its spans and log records are taken from that
    one; OpenTelemetry allows no second.
    """

    def __init__(self, config: SdkConfig, sender: Sender) -> None:
        self._resource = make_resource(config)
        self._providers: list[Any] = []
        self._queues: list[RecordQueue[Any]] = []
        self._collector: MetricCollector | None = None
        self._handler: LogHandler | None = None
        self._host_metrics: HostMetrics | None = None
        if config.traces:
            self._start_traces(config, sender)
        if config.metrics:
            self._start_metrics(config, sender)
        if config.logs:
            self._start_logs(config, sender)

    def drain(self, deadline: float) -> bool:
        """Encode and submit all that waits, until ``deadline`` (monotonic seconds)."""
        drained = True
        if self._collector is not None:
            drained = self._collector.drain(max(0.0, deadline - time.monotonic()))
        for queue in self._queues:
            drained = queue.drain(max(0.0, deadline - time.monotonic())) and drained
        return drained

    def close(self, deadline: float) -> None:
        """Leave logging, and submit all that waits."""
        if self._handler is not None:
            self._handler.detach()
        if self._collector is not None:
            # At most half of the time: a user's callback may hang, and records wait too.
            self._collector.close(max(0.0, (deadline - time.monotonic()) / 2))
        for queue in self._queues:
            queue.close(max(0.0, deadline - time.monotonic()))

    def keep_attached(self) -> None:
        """Keep the log handler on the root logger."""
        if self._handler is not None:
            self._handler.keep_attached()

    def before_fork(self) -> None:
        """Let a running collection end."""
        if self._collector is not None:
            self._collector.before_fork()

    def after_fork_in_parent(self) -> None:
        """Let collections go on."""
        if self._collector is not None:
            self._collector.after_fork_in_parent()

    def after_fork_in_child(self) -> None:
        """Start with empty queues, as another process."""
        for queue in self._queues:
            queue.after_fork_in_child()
        own = Resource(process_attributes())
        for provider in self._providers:
            # OpenTelemetry renews service.instance.id by this same method, but not the pid.
            update = getattr(provider, "_update_resource", None)
            if update is not None:
                update(own)
        if self._host_metrics is not None:
            self._host_metrics.after_fork_in_child()
        if self._collector is not None:
            self._collector.after_fork_in_child()

    def _start_traces(self, config: SdkConfig, sender: Sender) -> None:
        batcher = SpanBatcher(config.span_limits, sender)
        self._queues.append(batcher.queue)
        provider = trace.get_tracer_provider()
        if not isinstance(provider, TracerProvider):
            provider = TracerProvider(resource=self._resource, shutdown_on_exit=False)
            trace.set_tracer_provider(provider)
            self._providers.append(provider)
        provider.add_span_processor(batcher)

    def _start_logs(self, config: SdkConfig, sender: Sender) -> None:
        batcher = LogBatcher(config.log_limits, sender)
        self._queues.append(batcher.queue)
        provider = _logs.get_logger_provider()
        if not isinstance(provider, LoggerProvider):
            provider = LoggerProvider(resource=self._resource, shutdown_on_exit=False)
            _logs.set_logger_provider(provider)
            self._providers.append(provider)
        provider.add_log_record_processor(batcher)
        self._handler = LogHandler(provider, config.log_level)
        self._handler.attach()

    def _start_metrics(self, config: SdkConfig, sender: Sender) -> None:
        collector = MetricCollector(sender, config.metric_interval)
        provider = MeterProvider([collector], self._resource, shutdown_on_exit=False)
        if isinstance(metrics.get_meter_provider(), MeterProvider):
            logger.warning(
                "a MeterProvider was set before vedette.init: the program's own metrics go where"
                " that one sends them; call vedette.init first to send them here"
            )
        else:
            metrics.set_meter_provider(provider)
        self._providers.append(provider)
        self._collector = collector
        if config.host_metrics:
            self._host_metrics = HostMetrics(provider.get_meter("vedette.host_metrics"))
        collector.start()
