"""One run of a pipeline and its tasks, as spans, metrics and log records.

What OpenTelemetry has no names for is named under ``vedette.``: pipeline, run, task, dataset.
"""

from __future__ import annotations

import logging
import time
import uuid
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from opentelemetry import metrics, trace

from vedette.demo.workload.service import SECONDS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.trace import Span

_log = logging.getLogger(__name__)
_tracer = trace.get_tracer("vedette.demo.pipeline")
_meter = metrics.get_meter("vedette.demo.pipeline")
_runs = _meter.create_counter("vedette.pipeline.runs", "{run}", "Runs that ended")
_run_duration = _meter.create_histogram(
    "vedette.pipeline.run.duration",
    "s",
    "Duration of a run",
    explicit_bucket_boundaries_advisory=SECONDS,
)
_task_duration = _meter.create_histogram(
    "vedette.task.duration",
    "s",
    "Duration of a task",
    explicit_bucket_boundaries_advisory=SECONDS,
)
_rows = _meter.create_counter("vedette.task.rows", "{row}", "Rows into and out of tasks")
_errors = _meter.create_counter("vedette.task.errors", "{error}", "Tasks that failed")


@dataclass(slots=True)
class TaskReport:
    """What a task tells about itself while it runs."""

    span: Span
    rows_in: int = 0
    rows_out: int = 0
    bytes_read: int = 0


class PipelineRun:
    """A run that is going on; its tasks are children of its span."""

    def __init__(self, pipeline: str) -> None:
        self.pipeline = pipeline
        self.run_id = uuid.uuid4().hex

    @contextmanager
    def task(self, name: str, dataset: str) -> Iterator[TaskReport]:
        """Measure one task; an exception marks its span and goes on to the run."""
        labels = {"vedette.pipeline.name": self.pipeline, "vedette.task.name": name}
        attributes = {
            **labels,
            "vedette.pipeline.run.id": self.run_id,
            "vedette.dataset.name": dataset,
        }
        with _tracer.start_as_current_span(name, attributes=attributes) as span:
            report, started = TaskReport(span), time.perf_counter()
            try:
                yield report
            except Exception as error:
                _errors.add(1, {**labels, "error.type": type(error).__qualname__})
                raise
            finally:
                seconds = time.perf_counter() - started
                _task_duration.record(seconds, labels)
                _rows.add(report.rows_in, {**labels, "vedette.row.direction": "in"})
                _rows.add(report.rows_out, {**labels, "vedette.row.direction": "out"})
                span.set_attribute("vedette.task.rows.in", report.rows_in)
                span.set_attribute("vedette.task.rows.out", report.rows_out)
                if report.bytes_read:
                    span.set_attribute("vedette.task.bytes.read", report.bytes_read)
            _log.info(
                "%s: %d rows in, %d rows out, %.2f s",
                name,
                report.rows_in,
                report.rows_out,
                seconds,
                extra={**labels, "vedette.pipeline.run.id": self.run_id},
            )


@contextmanager
def pipeline_run(pipeline: str, partition: str) -> Iterator[PipelineRun]:
    """Open a run; an exception is recorded on its span, counted, and goes on to the caller.

    Args:
        pipeline: its name.
        partition: the part of the data that the run is about, such as a day.

    """
    run = PipelineRun(pipeline)
    labels: dict[str, str] = {"vedette.pipeline.name": pipeline}
    attributes = {
        **labels,
        "vedette.pipeline.run.id": run.run_id,
        "vedette.dataset.partition": partition,
    }
    started = time.perf_counter()
    outcome = {"vedette.pipeline.run.outcome": "success"}
    with _tracer.start_as_current_span(pipeline, attributes=attributes):
        try:
            yield run
        except Exception as error:
            outcome = {
                "vedette.pipeline.run.outcome": "failure",
                "error.type": type(error).__qualname__,
            }
            # Here and not in the caller, so that the record carries the run's trace.
            _log.exception("run of %s for %s failed", pipeline, partition, extra=attributes)
            raise
        finally:
            _runs.add(1, {**labels, **outcome})
            _run_duration.record(time.perf_counter() - started, labels)
