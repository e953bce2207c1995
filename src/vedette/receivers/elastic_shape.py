"""How Elasticsearch writes its answers and errors."""

from __future__ import annotations

from typing import NamedTuple

import orjson
from starlette.responses import Response

from vedette.core.errors import VedetteError
from vedette.web.errors import error_headers

_PRODUCT = {"X-elastic-product": "Elasticsearch"}
"""Elastic's own clients refuse a server that does not send it."""
_TYPES = {
    400: "illegal_argument_exception",
    401: "security_exception",
    403: "security_exception",
    404: "resource_not_found_exception",
    413: "content_too_long_exception",
    415: "media_type_header_exception",
    429: "es_rejected_execution_exception",
    503: "unavailable_shards_exception",
}


class Action(NamedTuple):
    """One action line: what to do with the document that follows it.

    Attributes:
        name: ``create``, ``index``, ``update`` or ``delete``.
        index_name: the index it names, or the request's.
        document_id: the id it gives the document, where it does.

    """

    name: str
    index_name: str
    document_id: str | None = None


def success_item(action: Action) -> bytes:
    """Return the answer to a document that was stored."""
    return _item(action, {"result": "created", "status": 201})


def error_item(action: Action, kind: str, reason: str) -> bytes:
    """Return the answer to a document that was not stored and must not be sent again."""
    return _item(action, {"status": 400, "error": {"type": kind, "reason": reason}})


def _item(action: Action, outcome: dict[str, object]) -> bytes:
    target = {"_index": action.index_name, "_id": action.document_id}
    return orjson.dumps({action.name: {**target, **outcome}})


def json_response(content: bytes, status: int = 200) -> Response:
    """Return an answer with the headers that clients check."""
    return Response(content, status, _PRODUCT, "application/json")


def failure(error: VedetteError) -> Response:
    """Return the answer to a request that failed as a whole."""
    kind = _TYPES.get(error.status, "exception")
    reason = " - ".join(filter(None, (error.message, error.remedy)))
    cause = {"type": kind, "reason": reason}
    content = {"error": {"root_cause": [cause], **cause}, "status": error.status}
    response = json_response(orjson.dumps(content), error.status)
    response.headers.update(error_headers(error))
    return response
