"""OpenLineage 2-0-2: events of runs, jobs and datasets; the engine takes them apart.

``POST /api/v1/lineage`` takes one event, ``POST /api/v1/lineage/batch`` an array of them
(openlineage.io/apidocs/openapi). An event that comes again is stored once, whoever sends it.
"""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vedette.core.errors import (
    InvalidInputError,
    TooLargeError,
    UnsupportedMediaError,
    VedetteError,
)
from vedette.ingest import Receipt, Source
from vedette.receivers.lines import rejected_lines
from vedette.receivers.otlp_http import batch_of
from vedette.store.catalog import Permission
from vedette.web import authenticate, read_body, services_of
from vedette.web.errors import error_response

MAX_EVENTS = 10_000
"""Most events of one batch."""
_TYPES = frozenset({"", "application/json"})


async def _store(request: Request) -> tuple[int, Receipt]:
    """Store the events of a request; return how many there were, and what became of them."""
    services = services_of(request)
    principal = await authenticate(request, Permission.TELEMETRY_WRITE)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _TYPES:
        raise UnsupportedMediaError(
            f"Content-Type {kind[:60]!r} is not JSON",
            field="Content-Type",
            remedy="send application/json",
        )
    batch_id, attempt = batch_of(request)
    body = await read_body(request, services.settings)
    count = await asyncio.to_thread(_events_in, body)
    receipt = await services.ingest.submit(
        Source.LINEAGE, principal.account, body, batch_id=batch_id, attempt=attempt
    )
    return count, receipt


def _events_in(body: bytes) -> int:
    try:
        document = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise InvalidInputError(
            f"the body is not JSON: {error}",
            field="body",
            remedy="send an event of OpenLineage as a JSON object",
            position=error.pos,
        ) from error
    if not isinstance(document, list):
        return 1
    if len(document) > MAX_EVENTS:
        raise TooLargeError(
            f"the batch has {len(document)} events; a request may have {MAX_EVENTS}",
            field="body",
            remedy="send smaller batches",
        )
    return len(document)


async def receive_event(request: Request) -> Response:
    """Store an event; 201 as OpenLineage's reference server has it, or 400 with what is wrong."""
    try:
        _, receipt = await _store(request)
        if receipt.rejected:
            raise _refusal(next(iter(receipt.rejected)))
    except VedetteError as error:
        return error_response(error)
    return Response(status_code=201)


async def receive_batch(request: Request) -> Response:
    """Store events; 200 with which of them were not stored, and why."""
    try:
        count, receipt = await _store(request)
    except VedetteError as error:
        return error_response(error)
    failed = [
        {"index": line - 1, "reason": reason, "retriable": False}
        for line, reason in sorted(rejected_lines(receipt))
    ]
    answer: dict[str, Any] = {
        "status": "partial_success" if failed else "success",
        "summary": {
            "received": count,
            "successful": count - len(failed),
            "failed": len(failed),
            "retriable": 0,
            "non_retriable": len(failed),
        },
        "failed_events": failed,
        "rejected": len(failed),
    }
    return Response(orjson.dumps(answer), media_type="application/json")


def _refusal(reason: str) -> VedetteError:
    """Return the error of an event that was not stored; the reason begins with the field."""
    field = reason.split(" ", 1)[0]
    if "larger than" in reason or "more than" in reason:
        return TooLargeError(reason, field="body", remedy="send less in one event")
    return InvalidInputError(
        reason,
        field=field if field.startswith(("eventTime", "run.", "job.", "dataset.")) else "body",
        remedy="see https://openlineage.io/spec/2-0-2/OpenLineage.json",
    )


routes = [
    Route("/api/v1/lineage", receive_event, methods=["POST"], name="openlineage event"),
    Route("/api/v1/lineage/batch", receive_batch, methods=["POST"], name="openlineage batch"),
]
