"""Logs as lines of JSON: ``POST /api/v1/logs``, one object a line (NDJSON) or one array of objects.

Names that are understood: ``time``, ``timestamp``, ``@timestamp``, ``ts``, ``date`` (RFC 3339, or a
unix time in s, ms, us or ns); ``level``, ``severity``, ``severity_text``, ``severity_number``;
``message``, ``msg``, ``body``, ``log``; ``service``, ``service.name``; ``trace_id``, ``span_id``;
``event``, ``event_name``; ``resource`` and ``attributes``, which are objects. Everything else is an
attribute, members of an object by their dotted name.
"""

from __future__ import annotations

import asyncio
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vedette.core.errors import UnsupportedMediaError, VedetteError
from vedette.ingest import Receipt, Source
from vedette.receivers.lines import check_count
from vedette.store.catalog import Permission
from vedette.web import authenticate, read_body, services_of
from vedette.web.errors import error_response

SHOWN_LINES = 100
"""Most line numbers that an answer lists for one reason."""
_TYPES = frozenset(
    {
        "",
        "application/json",
        "application/jsonl",
        "application/ndjson",
        "application/x-ndjson",
        "text/plain",
    }
)


async def receive(request: Request) -> Response:
    """Store the lines; 200 with what was rejected, 400 where that is every line."""
    services = services_of(request)
    try:
        principal = await authenticate(request, Permission.TELEMETRY_WRITE)
        _check_type(request)
        body = await read_body(request, services.settings)
        check_count(body.count(b"\n"))
        receipt = await services.ingest.submit(Source.LOG_LINES, principal.account, body)
        if not receipt.rejected:
            return Response(b'{"rejected":0,"errors":[]}', media_type="application/json")
        records = await asyncio.to_thread(_count_records, body)
    except VedetteError as error:
        return error_response(error)
    status = 400 if sum(receipt.rejected.values()) >= records else 200
    return Response(orjson.dumps(_answer(receipt)), status, media_type="application/json")


def _check_type(request: Request) -> None:
    content_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if content_type not in _TYPES:
        raise UnsupportedMediaError(
            f"Content-Type {content_type[:60]!r} is not JSON lines",
            field="Content-Type",
            remedy="send application/x-ndjson, or OTLP to /v1/logs",
        )


def _count_records(body: bytes) -> int:
    """Return how many records a body holds of which some were rejected."""
    if body.lstrip().startswith(b"["):
        try:
            return len(orjson.loads(body))
        except orjson.JSONDecodeError:
            pass  # lines, of which the first is an array
    return sum(map(bool, map(bytes.strip, body.split(b"\n"))))


def _answer(receipt: Receipt) -> dict[str, Any]:
    errors = [
        {"reason": reason, "count": count, "lines": receipt.lines.get(reason, [])[:SHOWN_LINES]}
        for reason, count in receipt.rejected.items()
    ]
    return {"rejected": sum(receipt.rejected.values()), "errors": errors}


routes = [Route("/api/v1/logs", receive, methods=["POST"], name="log lines")]
