"""Predictions and labels: JSON lines, or one array of objects; the engine decodes them.

``POST /api/v1/predictions``: ``model``, ``prediction`` (a number or a text) or ``scores``; and perhaps
``version``, ``endpoint``, ``id``, ``time``, ``features``, ``tags``, ``weight``, ``latency_ms``,
``trace_id``, ``attributions``. ``POST /api/v1/labels``: ``model``, ``id``, ``label`` and perhaps
``time``. ``POST /api/v1/references``: what a version was validated on, as predictions with ``version``,
``label`` and perhaps ``reference``, its name. With ``Vedette-Batch-Id`` a batch that is sent again is
stored once.
"""

from __future__ import annotations

from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vedette.core.errors import UnsupportedMediaError, VedetteError
from vedette.ingest import Receipt, Source
from vedette.receivers.lines import check_count
from vedette.receivers.otlp_http import batch_of
from vedette.store.catalog import Permission
from vedette.web import authenticate, read_body, services_of
from vedette.web.errors import error_response

SHOWN_LINES = 100
_TYPES = frozenset({"", "application/json", "application/jsonl", "application/x-ndjson"})


async def _receive(request: Request, source: Source) -> Response:
    services = services_of(request)
    try:
        principal = await authenticate(request, Permission.TELEMETRY_WRITE)
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind not in _TYPES:
            raise UnsupportedMediaError(
                f"Content-Type {kind[:60]!r} is not JSON lines",
                field="Content-Type",
                remedy="send application/x-ndjson or application/json",
            )
        batch_id, attempt = batch_of(request)
        body = await read_body(request, services.settings)
        check_count(body.count(b"\n"))
        receipt = await services.ingest.submit(
            source, principal.account, body, batch_id=batch_id, attempt=attempt
        )
    except VedetteError as error:
        return error_response(error)
    # Nothing else was wrong with the request, so what was right in it is stored.
    return Response(orjson.dumps(_answer(receipt)), media_type="application/json")


def _answer(receipt: Receipt) -> dict[str, Any]:
    errors = [
        {"reason": reason, "count": count, "lines": receipt.lines.get(reason, [])[:SHOWN_LINES]}
        for reason, count in receipt.rejected.items()
    ]
    return {"rejected": sum(receipt.rejected.values()), "errors": errors}


async def receive_predictions(request: Request) -> Response:
    """Store predictions; 200 with what was rejected of them."""
    return await _receive(request, Source.PREDICTIONS)


async def receive_labels(request: Request) -> Response:
    """Store labels; 200 with what was rejected of them."""
    return await _receive(request, Source.LABELS)


async def receive_references(request: Request) -> Response:
    """Store labelled predictions of a version's training or validation set."""
    return await _receive(request, Source.REFERENCES)


routes = [
    Route("/api/v1/predictions", receive_predictions, methods=["POST"], name="predictions"),
    Route("/api/v1/labels", receive_labels, methods=["POST"], name="labels"),
    Route("/api/v1/references", receive_references, methods=["POST"], name="references"),
]
