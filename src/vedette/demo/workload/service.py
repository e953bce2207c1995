"""What every service of the workload does alike: telemetry, and when to stop."""

from __future__ import annotations

import logging
import os
import signal
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from opentelemetry import propagate, trace
from opentelemetry.trace import SpanKind

import vedette

if TYPE_CHECKING:
    from collections.abc import Iterator

    from opentelemetry.trace import Span

NAMESPACE = "flight-delay"
ENVIRONMENT = "demo"
SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0)
"""Bucket bounds of durations; OpenTelemetry's default ones are made for milliseconds."""
_METRIC_INTERVAL_S = 15.0
_LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


def start(service_name: str, *, is_job: bool = False) -> threading.Event:
    """Start telemetry of this process; return the event that is set when it shall end.

    A job ends by itself, and SIGTERM ends it at once. A service ends by SIGTERM, SIGINT or the end
    of standard input. The latter comes by itself when the process that holds the other end dies, so
    no service is left behind.
    """
    logging.basicConfig(level=logging.INFO, format=_LOG_FORMAT)
    # httpx says every request at INFO; the spans say more.
    logging.getLogger("httpx").setLevel(logging.WARNING)
    vedette.init(
        service_name,
        service_version=vedette.__version__,
        environment=ENVIRONMENT,
        resource={"service.namespace": NAMESPACE},
        metric_interval=_METRIC_INTERVAL_S,
    )
    stopping = threading.Event()
    if is_job:
        return stopping
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    if not sys.stdin.isatty():
        threading.Thread(target=_watch_stdin, args=(stopping,), daemon=True).start()
    return stopping


@contextmanager
def job(name: str, **attributes: str) -> Iterator[Span]:
    """Open the span of a job that another service started; its trace goes on here.

    It was started asynchronously, so the span is of the kind CONSUMER, as the tracing API says.
    """
    context = propagate.extract({"traceparent": os.environ.get("TRACEPARENT", "")})
    tracer = trace.get_tracer("vedette.demo.job")
    with tracer.start_as_current_span(
        name, context=context, kind=SpanKind.CONSUMER, attributes=attributes
    ) as span:
        yield span


def _watch_stdin(stopping: threading.Event) -> None:
    # The descriptor, not sys.stdin: its lock would be held by this thread at interpreter exit.
    while os.read(0, 1024):
        pass
    stopping.set()
