"""Hand-made traces: spans by short names and offsets in milliseconds, sent through the ingest."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.common.v1.common_pb2 import AnyValue, KeyValue

from vedette.core.time import TimeRange
from vedette.ingest import Source

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

KINDS = ("Unspecified", "Internal", "Server", "Client", "Producer", "Consumer")
STATUS = ("Unset", "Ok", "Error")
MS = 10**6


@dataclass(frozen=True)
class Sent:
    """A span to send: times in ms after ``Sender.base``; ids are made from the names."""

    name: str
    parent: str = ""
    service: str = "shop"
    kind: str = "Internal"
    start: float = 0
    end: float = 10
    status: str = "Unset"
    trace: str = "t"
    operation: str = ""
    attributes: Mapping[str, str | int] = field(default_factory=dict)
    resource: Mapping[str, str] = field(default_factory=dict)
    links: tuple[tuple[str, str], ...] = ()
    events: tuple[str, ...] = ()
    trace_state: str = ""
    message: str = ""


def trace_id(name: str) -> str:
    return hashlib.sha256(f"trace {name}".encode()).hexdigest()[:32]


def span_id(name: str, trace: str = "t") -> str:
    return hashlib.sha256(f"span {trace} {name}".encode()).hexdigest()[:16]


def pairs(values: Mapping[str, str | int]) -> list[KeyValue]:
    return [
        KeyValue(
            key=key,
            value=AnyValue(int_value=value)
            if isinstance(value, int)
            else AnyValue(string_value=value),
        )
        for key, value in values.items()
    ]


class Sender:
    """Sends spans of one account; ``base`` is a whole minute, half an hour ago."""

    def __init__(self, account: str, submit: Callable[..., list[object]]) -> None:
        self.account = account
        self.submit = submit
        self.base_ns = (time.time_ns() // (60 * 10**9) - 30) * 60 * 10**9
        self.base = datetime.fromtimestamp(self.base_ns / 1e9, UTC)
        self.range = TimeRange(self.base - timedelta(minutes=5), self.base + timedelta(minutes=10))

    def body(self, spans: Iterable[Sent]) -> bytes:
        request = ExportTraceServiceRequest()
        for span in spans:
            group = request.resource_spans.add()
            group.resource.attributes.extend(pairs({"service.name": span.service, **span.resource}))
            made = group.scope_spans.add().spans.add(
                trace_id=bytes.fromhex(trace_id(span.trace)),
                span_id=bytes.fromhex(span_id(span.name, span.trace)),
                parent_span_id=bytes.fromhex(span_id(span.parent, span.trace))
                if span.parent
                else b"",
                name=span.operation or span.name,
                kind=KINDS.index(span.kind),
                start_time_unix_nano=self.base_ns + round(span.start * MS),
                end_time_unix_nano=self.base_ns + round(span.end * MS),
                attributes=pairs(span.attributes),
                trace_state=span.trace_state,
            )
            made.status.code = STATUS.index(span.status)
            made.status.message = span.message
            for trace, name in span.links:
                made.links.add(
                    trace_id=bytes.fromhex(trace_id(trace)),
                    span_id=bytes.fromhex(span_id(name, trace)),
                )
            for name in span.events:
                made.events.add(time_unix_nano=made.start_time_unix_nano, name=name)
        return request.SerializeToString()

    def send(self, *batches: Iterable[Sent]) -> None:
        """Send each batch as a request of its own, one after the other."""
        for batch in batches:
            (receipt,) = self.submit(Source.OTLP_TRACES, self.account, self.body(batch))
            assert not isinstance(receipt, Exception), receipt
            assert not receipt.rejected, receipt
