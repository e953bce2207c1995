"""OTLP over HTTP: ``POST /v1/{traces,logs,metrics}``, protobuf or JSON.

Source: https://opentelemetry.io/docs/specs/otlp/#otlphttp. A protobuf body goes to the engine as it
is; a JSON body is turned into protobuf by the protobuf library. Answers and errors come in the
content type of the request: ``Export*ServiceResponse``, or ``google.rpc.Status``.

``Vedette-Batch-Id`` (16 hex digits) and ``Vedette-Attempt`` let a client resend a batch whose
acknowledgement it missed without storing it twice. ``x-mlflow-experiment-id`` makes traces of it appear
in an experiment too, as MLflow's clients want.
"""

from __future__ import annotations

import asyncio
import logging

from google.protobuf import json_format
from google.protobuf.message import Message
from google.rpc.status_pb2 import Status
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vedette.core.errors import InvalidInputError, UnsupportedMediaError, VedetteError
from vedette.ingest import Source
from vedette.models.context import Caller
from vedette.models.traces.heads import Traces
from vedette.models.traces.spans import heads_of_spans
from vedette.receivers.otlp import GRPC_CODES, SIGNALS, OtlpSignal
from vedette.store.catalog import Permission, Principal
from vedette.web import authenticate, read_body, services_of
from vedette.web.errors import error_headers
from vedette.web.origin import origin_of

PROTOBUF = "application/x-protobuf"
JSON = "application/json"
BATCH_HEADER = "vedette-batch-id"
ATTEMPT_HEADER = "vedette-attempt"
EXPERIMENT_HEADER = "x-mlflow-experiment-id"
RUN_HEADER = "x-mlflow-run-id"
_BATCH_DIGITS = 16
_MAX_ATTEMPT = 1_000_000
_log = logging.getLogger(__name__)


async def _receive(request: Request, signal: OtlpSignal) -> Response:
    services = services_of(request)
    content_type = _content_type(request)
    try:
        # Who calls is checked before a byte of the body is read.
        principal = await authenticate(request, Permission.TELEMETRY_WRITE)
        if content_type not in {PROTOBUF, JSON}:
            raise UnsupportedMediaError(
                f"Content-Type {content_type[:60]!r} is not OTLP",
                field="Content-Type",
                remedy=f"send {PROTOBUF} or {JSON}",
            )
        batch_id, attempt = batch_of(request)
        body = await read_body(request, services.settings)
        if content_type == JSON:
            body = await asyncio.to_thread(signal.protobuf_from_json, body)
        if EXPERIMENT_HEADER in request.headers and signal.source is Source.OTLP_TRACES:
            await asyncio.to_thread(_note_traces, request, principal, body)
        receipt = await services.ingest.submit(
            signal.source, principal.account, body, batch_id=batch_id, attempt=attempt
        )
    except VedetteError as error:
        return _failure(error, content_type)
    except Exception:  # noqa: BLE001 - a client gets an answer whatever happens
        _log.exception("receiving OTLP failed")
        return _failure(VedetteError("something went wrong in the server"), content_type)
    if not receipt.rejected:
        return Response(b"{}" if content_type == JSON else b"", media_type=content_type)
    return Response(
        _encoded(signal.partial_success(receipt.rejected), content_type), media_type=content_type
    )


def _note_traces(request: Request, principal: Principal, body: bytes) -> None:
    """Store the heads of traces that an MLflow client sends to an experiment."""
    if not body:
        return
    caller = Caller(
        services_of(request).catalog, principal.account, principal.actor(**origin_of(request))
    )
    run_id = request.headers.get(RUN_HEADER, "")
    Traces(caller).note(heads_of_spans(body, request.headers[EXPERIMENT_HEADER], run_id))


def _content_type(request: Request) -> str:
    return request.headers.get("content-type", "").partition(";")[0].strip().lower()


def batch_of(request: Request) -> tuple[int, int]:
    """Return the batch id (0 for none) and the attempt."""
    text = request.headers.get(BATCH_HEADER)
    if text is None:
        return 0, 1
    attempt = request.headers.get(ATTEMPT_HEADER, "1")
    try:
        if len(text) != _BATCH_DIGITS or not 1 <= int(attempt) <= _MAX_ATTEMPT:
            raise ValueError
        return int(text, 16), int(attempt)
    except ValueError:
        raise InvalidInputError(
            "the batch id or the attempt is not one",
            field="Vedette-Batch-Id",
            remedy="send 16 hexadecimal digits, and an attempt from 1",
        ) from None


def _failure(error: VedetteError, content_type: str) -> Response:
    text = " - ".join(filter(None, (error.message, error.remedy)))
    status = Status(code=GRPC_CODES.get(error.status, GRPC_CODES[500]).value[0], message=text)
    media_type = JSON if content_type == JSON else PROTOBUF
    return Response(_encoded(status, media_type), error.status, error_headers(error), media_type)


def _encoded(message: Message, content_type: str) -> bytes:
    if content_type == JSON:
        text: str = json_format.MessageToJson(message, indent=None)
        return text.encode()
    encoded: bytes = message.SerializeToString()
    return encoded


def _route(path: str, signal: OtlpSignal) -> Route:
    async def receive(request: Request) -> Response:
        return await _receive(request, signal)

    return Route(path, receive, methods=["POST"], name=f"otlp {signal.source.signal}")


routes = [
    _route("/v1/traces", SIGNALS[Source.OTLP_TRACES]),
    _route("/v1/logs", SIGNALS[Source.OTLP_LOGS]),
    _route("/v1/metrics", SIGNALS[Source.OTLP_METRICS]),
]
