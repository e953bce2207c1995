"""The service ``prediction-logger``: takes predictions from the queue and keeps them."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from opentelemetry import metrics, trace
from sqlalchemy import insert
from sqlalchemy.exc import OperationalError

from vedette.demo.workload import service
from vedette.demo.workload.feature_store import open_store, predictions
from vedette.demo.workload.message_queue import PREDICTIONS, SYSTEM, Message, MessageQueue

if TYPE_CHECKING:
    from sqlalchemy import Engine

SERVICE = "prediction-logger"
_BATCH = 200
_POLL_S = 0.5
_log = logging.getLogger(__name__)
_tracer = trace.get_tracer("vedette.demo.prediction_logger")
_meter = metrics.get_meter("vedette.demo.prediction_logger")
_consumed = _meter.create_counter(
    "messaging.client.consumed.messages", "{message}", "Messages taken from the queue"
)
_age = _meter.create_histogram(
    "vedette.messaging.message.age",
    "s",
    "Time a message waited in the queue",
    explicit_bucket_boundaries_advisory=service.SECONDS,
)
_KEPT = [c.name for c in predictions.c if c.name not in {"id", "reported"}]
_labels = {"messaging.destination.name": PREDICTIONS, "messaging.system": SYSTEM}


def process(queue: MessageQueue, message: Message) -> dict[str, object]:
    """Return the row to keep of one message."""
    with queue.processing(message):
        body = message.body
        waited = time.time() - body["made_at"]
        _age.record(waited, _labels)
        _consumed.add(1, _labels)
        _log.info(
            "%s %d from %s on %s: late with probability %.2f (model version %d)",
            body["carrier"],
            body["flight"],
            body["origin"],
            body["flight_date"],
            body["probability"],
            body["model_version"],
        )
        return {name: body[name] for name in _KEPT}


def keep(engine: Engine, done: list[Message], rows: list[dict[str, object]]) -> None:
    """Store rows and acknowledge their messages in one transaction."""
    attributes: dict[str, str | int] = {**_labels, "messaging.batch.message_count": len(done)}
    with (
        _tracer.start_as_current_span("store predictions", attributes=attributes),
        engine.begin() as connection,
    ):
        connection.execute(insert(predictions), rows)
        MessageQueue.acknowledge(connection, done)


def main(_arguments: list[str]) -> None:
    """Run the service; what lies in the queue when it is told to stop is still kept."""
    stopping = service.start(SERVICE)
    engine = open_store()
    queue = MessageQueue(engine, PREDICTIONS)
    pending: list[Message] = []
    rows: list[dict[str, object]] = []
    while True:
        last_turn = stopping.is_set()
        if not pending:
            pending = queue.receive(_BATCH)
            rows = [process(queue, message) for message in pending]
        if pending:
            try:
                keep(engine, pending, rows)
            except OperationalError:
                # They stay in the queue and here, so that the next turn processes none twice.
                _log.exception("%d predictions could not be stored; trying again", len(pending))
            else:
                pending = []
        if last_turn:
            return
        stopping.wait(_POLL_S)
