"""A durable queue in the feature store, traced as messaging.

Span names, kinds and attributes: OpenTelemetry's semantic conventions for messaging spans. The
producer's context travels in the message's headers (W3C Trace Context).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from opentelemetry import propagate, trace
from opentelemetry.instrumentation.utils import suppress_instrumentation
from opentelemetry.trace import SpanKind
from sqlalchemy import delete, insert, select

from vedette.demo.workload.feature_store import messages

if TYPE_CHECKING:
    from collections.abc import Sequence
    from contextlib import AbstractContextManager

    from opentelemetry.trace import Span
    from sqlalchemy import Connection, Engine

SYSTEM = "sqlite"
PREDICTIONS = "predictions"
"""The destination that predict-api sends to."""
_tracer = trace.get_tracer("vedette.demo.message_queue")


@dataclass(frozen=True, slots=True)
class Message:
    """One message as it lies in the queue."""

    row: int
    message_id: str
    headers: dict[str, str]
    body: dict[str, Any]


class MessageQueue:
    """One destination; many producers, one consumer."""

    def __init__(self, engine: Engine, destination: str) -> None:
        self._engine = engine
        self._destination = destination

    def send(self, body: dict[str, Any]) -> None:
        """Append one message; raises ``OperationalError`` where the store stays locked."""
        message_id = uuid.uuid4().hex
        attributes = self._attributes("send", message_id)
        name = f"send {self._destination}"
        with _tracer.start_as_current_span(name, kind=SpanKind.PRODUCER, attributes=attributes):
            headers = {"message-id": message_id}
            propagate.inject(headers)
            row = {"destination": self._destination, "headers": headers, "body": body}
            with self._engine.begin() as connection:
                connection.execute(insert(messages), row)

    def receive(self, limit: int) -> list[Message]:
        """Return the oldest messages; they stay in the queue until acknowledged."""
        statement = (
            select(messages.c.id, messages.c.headers, messages.c.body)
            .where(messages.c.destination == self._destination)
            .order_by(messages.c.id)
            .limit(limit)
        )
        # Most polls find nothing: a span of each would bury the spans that matter.
        with suppress_instrumentation(), self._engine.connect() as connection:
            rows = connection.execute(statement).all()
        return [Message(row.id, row.headers["message-id"], row.headers, row.body) for row in rows]

    def processing(self, message: Message) -> AbstractContextManager[Span]:
        """Return the span in which one message is processed, a child of the producer's."""
        return _tracer.start_as_current_span(
            f"process {self._destination}",
            context=propagate.extract(message.headers),
            kind=SpanKind.CONSUMER,
            attributes=self._attributes("process", message.message_id),
        )

    @staticmethod
    def acknowledge(connection: Connection, done: Sequence[Message]) -> None:
        """Remove messages, in the transaction that stores what came of them."""
        connection.execute(delete(messages).where(messages.c.id.in_([m.row for m in done])))

    def _attributes(self, operation: str, message_id: str) -> dict[str, str]:
        return {
            "messaging.system": SYSTEM,
            "messaging.operation.name": operation,
            "messaging.operation.type": operation,
            "messaging.destination.name": self._destination,
            "messaging.message.id": message_id,
        }
