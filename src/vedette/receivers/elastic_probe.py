"""What log shippers ask an Elasticsearch server before and while they send to it.

Elastic's Beats and Logstash read the version and the license and look whether their index template
and lifecycle policy are there; Vector and rsyslog ask for the cluster's health. There is nothing of
all that to set up here: any template and policy is answered as being there, so that none is sent.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from vedette.core.errors import VedetteError
from vedette.receivers.elastic_shape import failure, json_response
from vedette.store.catalog import Permission
from vedette.web import authenticate

VERSION = "8.19.0"
"""The version whose bulk API this is."""
_CLUSTER = "vedette"
_ROOT = {
    "name": _CLUSTER,
    "cluster_name": _CLUSTER,
    "cluster_uuid": "vedette",
    "version": {
        "number": VERSION,
        "build_flavor": "default",
        "build_type": "tar",
        "build_snapshot": False,
        "minimum_wire_compatibility_version": "7.17.0",
        "minimum_index_compatibility_version": "7.0.0",
    },
    "tagline": "You Know, for Search",
}
_LICENSE = {"license": {"uid": _CLUSTER, "type": "basic", "status": "active"}}
_HEALTH = {"cluster_name": _CLUSTER, "status": "green", "timed_out": False, "number_of_nodes": 1}
_ANSWERS: dict[str, object] = {
    "/": _ROOT,
    "/_license": _LICENSE,
    "/_cluster/health": _HEALTH,
    "/_cat/health": [{"cluster": _CLUSTER, "status": "green"}],
    "/_index_template/{name}": {"index_templates": []},
    "/_template/{name}": {},
    "/_ilm/policy/{name}": {},
    "/_data_stream/{name}": {"data_streams": []},
}


def routes(prefix: str) -> list[Route]:
    """Return the routes, all under a prefix: at the root they would hide the console."""
    paths = {f"{prefix}{path}": answer for path, answer in _ANSWERS.items()}
    paths[prefix] = _ROOT
    return [
        Route(path, _answering(answer), methods=["GET", "HEAD"], name="elasticsearch probe")
        for path, answer in paths.items()
    ]


def _answering(answer: object) -> Callable[[Request], Awaitable[Response]]:
    content = orjson.dumps(answer)

    async def handle(request: Request) -> Response:
        try:
            await authenticate(request, Permission.TELEMETRY_WRITE)
        except VedetteError as error:
            return failure(error)
        return json_response(content)

    return handle
