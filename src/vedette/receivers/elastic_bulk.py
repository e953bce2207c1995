"""Elasticsearch's bulk API for log shippers: ``POST /_bulk`` and ``/{index}/_bulk``.

Source: https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk. Documents are
log records; ``create`` and ``index`` are accepted, each item is answered for itself. The same paths
stand under ``/elastic``, together with what shippers ask a server before they send
(``elastic_probe``), so that they are pointed at ``http://host:port/elastic``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vedette.core.errors import UnsupportedMediaError, VedetteError
from vedette.ingest import Receipt, Source
from vedette.receivers import elastic_probe
from vedette.receivers.elastic_actions import Bulk, parse_bulk
from vedette.receivers.elastic_shape import error_item, failure, json_response
from vedette.receivers.lines import rejected_lines
from vedette.store.catalog import Permission
from vedette.web import authenticate, read_body, services_of

PREFIX = "/elastic"
_INLINE_BYTES = 64 * 1024


async def receive(request: Request) -> Response:
    """Store the documents of a bulk request and answer each."""
    services = services_of(request)
    started = time.perf_counter()
    try:
        principal = await authenticate(request, Permission.TELEMETRY_WRITE)
        _check_type(request)
        body = await read_body(request, services.settings)
        index = request.path_params.get("index", "")
        if len(body) <= _INLINE_BYTES:
            bulk = parse_bulk(body, index)
        else:
            bulk = await asyncio.to_thread(parse_bulk, body, index)
        receipt = Receipt()
        if bulk.documents:
            receipt = await services.ingest.submit(
                Source.LOG_DOCUMENTS, principal.account, bulk.data
            )
    except VedetteError as error:
        return failure(error)
    took = int((time.perf_counter() - started) * 1000)
    return json_response(_answer(bulk, receipt, took))


def _check_type(request: Request) -> None:
    content_type = request.headers.get("content-type", "application/json").lower()
    if "json" not in content_type:
        raise UnsupportedMediaError(
            f"Content-Type {content_type[:60]!r} is not supported",
            field="Content-Type",
            remedy="send application/x-ndjson",
        )


def _answer(bulk: Bulk, receipt: Receipt, took: int) -> bytes:
    items, places = bulk.items(), bulk.places()
    for number, reason in rejected_lines(receipt):
        place = places[number - 1]
        items[place] = error_item(bulk.actions[place], "document_parsing_exception", reason)
    errors = b"true" if bulk.refused or receipt.rejected else b"false"
    return b'{"took":%d,"errors":%s,"items":[%s]}' % (took, errors, b",".join(items))


def _routes(prefix: str) -> Iterable[Route]:
    for path in ("/_bulk", "/{index}/_bulk"):
        yield Route(f"{prefix}{path}", receive, methods=["POST", "PUT"], name="elasticsearch bulk")


routes = [*_routes(""), *_routes(PREFIX), *elastic_probe.routes(PREFIX)]
