"""Logs by Python's logging and the OpenTelemetry SDK and exporters, unmodified."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from opentelemetry._logs import LogRecord, SeverityNumber
from opentelemetry.exporter.otlp.proto.grpc._log_exporter import OTLPLogExporter as GrpcExporter
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter as HttpExporter
from opentelemetry.instrumentation.logging.handler import LoggingHandler
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor, LogRecordExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider


def http_exporter(tenant: Any) -> LogRecordExporter:
    return HttpExporter(
        endpoint=f"{tenant.server.otlp}/v1/logs",
        headers=tenant.headers,
        compression=Compression.Gzip,
    )


def grpc_exporter(tenant: Any) -> LogRecordExporter:
    return GrpcExporter(
        endpoint=tenant.server.grpc,
        insecure=True,
        headers=tuple(tenant.headers.items()),
        compression=grpc.Compression.Gzip,
    )


EXPORTERS = pytest.mark.parametrize("exporter", [http_exporter, grpc_exporter])


def emit(exporter: LogRecordExporter, work: Callable[[LoggerProvider], None]) -> None:
    provider = LoggerProvider(Resource({"service.name": "billing"}), shutdown_on_exit=False)
    provider.add_log_record_processor(BatchLogRecordProcessor(exporter))
    work(provider)
    assert provider.force_flush(30_000)
    provider.shutdown()


@EXPORTERS
def test_pythons_logging_with_trace_correlation(
    tenant: Any, exporter: Callable[[Any], LogRecordExporter]
) -> None:
    ids: list[Any] = []

    def work(provider: LoggerProvider) -> None:
        logger = logging.Logger("billing.invoices")
        logger.addHandler(LoggingHandler(logger_provider=provider))
        tracer = TracerProvider(shutdown_on_exit=False).get_tracer("t")
        with tracer.start_as_current_span("bill") as span:
            context = span.get_span_context()
            ids.extend(
                (f"{context.trace_id:032x}", f"{context.span_id:016x}", int(context.trace_flags))
            )
            logger.warning("invoice %s is %d days late", "A-1", 3, extra={"customer": "c9", "n": 4})
        try:
            raise LookupError("gone")
        except LookupError:
            logger.exception("no invoice")
        logger.debug("noise")
        logger.critical("down")

    emit(exporter(tenant), work)
    rows = tenant.rows("SELECT * FROM otel_logs ORDER BY Timestamp")
    assert [(r["Body"], r["SeverityText"].upper(), r["SeverityNumber"]) for r in rows] == [
        ("invoice A-1 is 3 days late", "WARN", 13),
        ("no invoice", "ERROR", 17),
        ("noise", "DEBUG", 5),
        ("down", "FATAL", 21),
    ]
    late, failed = rows[:2]
    assert [late["TraceId"], late["SpanId"], late["TraceFlags"]] == ids
    assert (failed["TraceId"], failed["SpanId"]) == ("", "")
    assert late["LogAttributes"]["customer"] == "c9"
    assert late["LogAttributes"]["n"] == "4"
    assert failed["LogAttributes"]["exception.type"] == "LookupError"
    assert failed["LogAttributes"]["exception.message"] == "gone"
    assert "Traceback" in failed["LogAttributes"]["exception.stacktrace"]
    assert {row["ServiceName"] for row in rows} == {"billing"}
    assert {row["ScopeName"] for row in rows} == {"billing.invoices"}


@EXPORTERS
def test_records_arrive_as_they_were_made(
    tenant: Any, exporter: Callable[[Any], LogRecordExporter]
) -> None:
    now = time.time_ns()
    bodies: list[Any] = [
        "plain 🪵",
        {"order": 7, "items": ["a", {"sku": "b"}], "paid": True, "ratio": 0.5},
        ["x", 1, False],
        42,
        1.5,
        True,
        b"\x00\xff",
    ]

    def work(provider: LoggerProvider) -> None:
        logger = provider.get_logger("raw", "3.1", "https://schema", {"team": "core"})
        for index, body in enumerate(bodies):
            logger.emit(
                LogRecord(
                    timestamp=now + index,
                    observed_timestamp=now + 100,
                    severity_number=SeverityNumber.INFO2,
                    severity_text="NOTICE",
                    body=body,
                    attributes={"tags": ["p", "q"], "nested": {"k": 1}, "n": index},
                    event_name="order.made",
                )
            )
        logger.emit(LogRecord(observed_timestamp=now + 99, body="without a time"))

    emit(exporter(tenant), work)
    rows = tenant.rows(
        "SELECT *, toString(toUnixTimestamp64Nano(Timestamp)) AS ns FROM otel_logs ORDER BY ns"
    )
    assert [row["Body"] for row in rows] == [
        "plain 🪵",
        '{"order":7,"items":["a",{"sku":"b"}],"paid":true,"ratio":0.5}',
        '["x",1,false]',
        "42",
        "1.5",
        "true",
        "AP8=",
        "without a time",
    ]
    assert [row["ns"] for row in rows] == [str(now + i) for i in (*range(7), 99)]
    first = rows[0]
    assert (first["SeverityText"], first["SeverityNumber"]) == ("NOTICE", 10)
    assert first["EventName"] == "order.made"
    assert first["LogAttributes"] == {"tags": '["p","q"]', "nested": '{"k":1}', "n": "0"}
    assert (first["ScopeName"], first["ScopeVersion"]) == ("raw", "3.1")
    assert first["ScopeAttributes"] == {"team": "core"}
    assert first["ScopeSchemaUrl"] == "https://schema"
    assert (rows[-1]["SeverityText"], rows[-1]["SeverityNumber"]) == ("", 0)
