"""From OpenTelemetry's SDK objects to encoded batches: span and log processors, metric reader."""

from __future__ import annotations

import contextlib
import copy
import os
import threading
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.common._log_encoder import encode_logs
from opentelemetry.exporter.otlp.proto.common.metrics_encoder import encode_metrics
from opentelemetry.exporter.otlp.proto.common.trace_encoder import encode_spans
from opentelemetry.sdk._logs import LogRecordProcessor, ReadableLogRecord, ReadWriteLogRecord
from opentelemetry.sdk.metrics import Counter, Histogram, ObservableCounter
from opentelemetry.sdk.metrics.export import AggregationTemporality, MetricReader, MetricsData
from opentelemetry.sdk.trace import ReadableSpan, SpanProcessor

from vedette.sdk import compression
from vedette.sdk.batch import Batch
from vedette.sdk.diagnostics import mark_own_thread, warn
from vedette.sdk.record_queue import RecordQueue

if TYPE_CHECKING:
    from collections.abc import Callable

    from vedette.sdk.config import BatchLimits
    from vedette.sdk.transport import Sender

T = TypeVar("T")

MAX_REQUEST_BYTES = 4 * 1024 * 1024
"""Encoded size above which a batch is halved; the server takes 16 MiB."""


class BatchExporter(Generic[T]):
    """Encodes lists of records of one signal and submits them.

    One record that cannot be encoded (a number over 64 bits, a lone surrogate) must not cost its
    neighbours: the list is halved until the bad record stands alone.
    """

    def __init__(self, signal: str, encode: Callable[[list[T]], Any], sender: Sender) -> None:
        self._signal = signal
        self._encode = encode
        self._sender = sender

    def __call__(self, records: list[T]) -> None:
        """Encode and submit; never raises."""
        try:
            body: bytes = self._encode(records).SerializeToString()
        except Exception as error:  # noqa: BLE001 - encoders raise bare Exception for a bad value
            if len(records) == 1:
                self._sender.count_lost_items(1)
                warn(
                    f"encode-{self._signal}",
                    "one of the %s could not be encoded and was dropped (%s)",
                    self._signal,
                    type(error).__name__,
                )
                return
            self._halve(records)
            return
        if len(body) > MAX_REQUEST_BYTES and len(records) > 1:
            self._halve(records)
            return
        submit(self._sender, self._signal, body, len(records))

    def _halve(self, records: list[T]) -> None:
        middle = len(records) // 2
        self(records[:middle])
        self(records[middle:])


def submit(sender: Sender, signal: str, body: bytes, items: int) -> None:
    """Compress an encoded request and hand it to the sender."""
    coding = sender.coding
    sender.submit(Batch(signal, compression.compress(body, coding), coding, items))


class SpanBatcher(SpanProcessor):
    """Queues ended, sampled spans."""

    def __init__(self, limits: BatchLimits, sender: Sender) -> None:
        self._sender = sender
        self.queue: RecordQueue[ReadableSpan] = RecordQueue(
            "traces",
            limits,
            BatchExporter("traces", encode_spans, sender),
            sender.count_lost_items,
        )

    def on_end(self, span: ReadableSpan) -> None:
        """Take a span that has ended."""
        context = span.get_span_context()
        if context is not None and context.trace_flags.sampled:
            self.queue.put(span)

    def shutdown(self) -> None:
        """Hand on what waits; the handle, not the provider, ends the sender."""
        self.queue.drain(1.0)

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Send what waits; False at the timeout or when the server is away."""
        return self.queue.drain(timeout_millis / 1000) and self._sender.flush(timeout_millis / 1000)


class LogBatcher(LogRecordProcessor):
    """Queues log records."""

    def __init__(self, limits: BatchLimits, sender: Sender) -> None:
        self._sender = sender
        self.queue: RecordQueue[ReadableLogRecord] = RecordQueue(
            "logs", limits, BatchExporter("logs", encode_logs, sender), sender.count_lost_items
        )

    def on_emit(self, log_record: ReadWriteLogRecord) -> None:
        """Take a record."""
        record = copy.copy(log_record.log_record)
        record.context = (
            Context()
        )  # ids are copied out already; a queue must not keep contexts alive
        self.queue.put(
            ReadableLogRecord(
                log_record=record,
                resource=log_record.resource,  # type: ignore[arg-type]  # a Logger always sets it
                instrumentation_scope=log_record.instrumentation_scope,
                limits=log_record.limits,
            )
        )

    def shutdown(self) -> None:
        """Hand on what waits; the handle, not the provider, ends the sender."""
        self.queue.drain(1.0)

    def force_flush(self, timeout_millis: int = 30000) -> bool:
        """Send what waits; False at the timeout or when the server is away."""
        return self.queue.drain(timeout_millis / 1000) and self._sender.flush(timeout_millis / 1000)


class MetricCollector(MetricReader):
    """Collects all instruments at an interval, and never during a fork.

    A collection holds locks of instruments. Were a fork to happen meanwhile, the child's first
    ``counter.add`` would wait for ever; so a fork waits for the collection instead, for a moment.
    """

    def __init__(self, sender: Sender, interval: float) -> None:
        super().__init__(preferred_temporality=_temporality())
        self._sender = sender
        self._interval = interval
        self._closed = False
        self._reset()

    def _reset(self) -> None:
        self._collect_lock = threading.Lock()
        self._wake = threading.Event()
        self._thread: threading.Thread | None = None
        self._held_for_fork = False

    def start(self) -> None:
        """Start the thread."""
        if self._thread is None and not self._closed:
            thread = threading.Thread(target=self._run, name="vedette-metrics", daemon=True)
            with contextlib.suppress(RuntimeError):  # out of threads: close() still collects once
                thread.start()
                self._thread = thread

    def drain(self, timeout: float) -> bool:
        """Collect and submit once, in the calling thread; False when one is still running."""
        if not self._collect_lock.acquire(timeout=max(timeout, 0.0)):
            return False
        try:
            self.collect(timeout_millis=max(timeout, 0.1) * 1000)
        except Exception as error:  # noqa: BLE001 - user callbacks run here and may raise anything
            warn("collect", "metrics were not collected (%s)", type(error).__name__)
            return False
        finally:
            self._collect_lock.release()
        return True

    def close(self, timeout: float) -> None:
        """Collect a last time and stop."""
        if not self._closed:
            self._closed = True
            self._wake.set()
            self.drain(timeout)

    def shutdown(self, timeout_millis: float = 30_000, **_: Any) -> None:  # noqa: ANN401 - their signature
        """Collect a last time and stop; called by the provider."""
        self.close(timeout_millis / 1000)

    def force_flush(self, timeout_millis: float = 10_000) -> bool:
        """Collect now and send."""
        return self.drain(timeout_millis / 1000) and self._sender.flush(timeout_millis / 1000)

    def before_fork(self) -> None:
        """Wait, at most a second, for a running collection."""
        self._held_for_fork = self._collect_lock.acquire(timeout=1.0)

    def after_fork_in_parent(self) -> None:
        """Let collections go on."""
        if self._held_for_fork:
            self._held_for_fork = False
            self._collect_lock.release()

    def after_fork_in_child(self) -> None:
        """Start over in the child."""
        self._reset()
        self.start()

    def _run(self) -> None:
        mark_own_thread()
        while not self._wake.wait(self._interval):
            self.drain(self._interval)

    def _receive_metrics(
        self,
        metrics_data: MetricsData,
        timeout_millis: float = 10_000,  # noqa: ARG002 - their signature
        **_: Any,  # noqa: ANN401 - their signature
    ) -> None:
        items = _points(metrics_data)
        if not items:
            return
        try:
            body = encode_metrics(metrics_data).SerializeToString()
        except Exception as error:  # noqa: BLE001 - encoders raise bare Exception for a bad value
            self._sender.count_lost_items(items)
            warn("encode-metrics", "metrics could not be encoded (%s)", type(error).__name__)
            return
        submit(self._sender, "metrics", body, items)


def _points(data: MetricsData) -> int:
    return sum(
        len(metric.data.data_points)
        for resource in data.resource_metrics
        for scope in resource.scope_metrics
        for metric in scope.metrics
    )


def _temporality() -> dict[type, AggregationTemporality]:
    """Honour ``OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE``, as the specification says."""
    preference = os.environ.get("OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE", "").lower()
    delta: tuple[type, ...] = ()
    if preference == "delta":
        delta = (Counter, Histogram, ObservableCounter)
    elif preference == "lowmemory":
        delta = (Counter, Histogram)
    return dict.fromkeys(delta, AggregationTemporality.DELTA)
