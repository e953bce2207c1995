"""Artifacts over HTTP: streamed up and down, in parts, listed and deleted.

``/api/2.0/mlflow-artifacts/artifacts[/<path>]``, ``.../mpu/{create,complete,abort,part}/...``.
"""

from __future__ import annotations

import asyncio
import hashlib
import mimetypes
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractContextManager
from typing import IO, Any

import orjson
from starlette.requests import ClientDisconnect, Request
from starlette.responses import FileResponse, Response, StreamingResponse
from starlette.routing import Route

from vedette.core.errors import InvalidInputError, TooLargeError, VedetteError
from vedette.models.artifacts import ArtifactInfo, LocalArtifacts, safe_path
from vedette.receivers.mlflow.calls import (
    PREFIXES,
    context_of,
    json_response,
    record_failure,
)
from vedette.receivers.mlflow.errors import error_response
from vedette.receivers.mlflow.schema import (
    INT64,
    STRING,
    message,
    optional,
    read_members,
    repeated,
    required,
)
from vedette.store.catalog import AuditEvent, Permission, Principal
from vedette.web import Services, authenticate, services_of
from vedette.web.body import read_raw

_WRITE_BYTES = 1 << 20
_MAX_COMMAND_BYTES = 4 << 20
_DOWNLOAD_HEADERS = {
    # A browser must not run what somebody uploaded.
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "sandbox; default-src 'none'",
}
Endpoint = Callable[[Request], Awaitable[Response]]
_PART = message("Part", part_number=required(INT64), etag=optional(STRING), url=optional(STRING))


def _guarded(permission: Permission | None, event: str | None, endpoint: Any) -> Endpoint:  # noqa: ANN401 - an endpoint
    """Return the endpoint for callers who may, with errors in MLflow's shape."""

    async def guarded(request: Request) -> Response:
        principal: Principal | None = None
        try:
            if permission is not None:
                principal = await authenticate(request, permission)
            response: Response = await endpoint(request, services_of(request), principal)
        except VedetteError as error:
            await record_failure(request, principal, event, error)
            return error_response(error)
        return response

    return guarded


async def list_artifacts(request: Request, services: Services, principal: Principal) -> Response:
    """``GET artifacts?path=``: what a folder holds, by the names in it."""
    path = request.query_params.get("path", "")
    found = await asyncio.to_thread(services.artifacts.list, principal.account, path)
    return json_response({"files": [shown(info) for info in found]})


async def download(request: Request, services: Services, principal: Principal) -> Response:
    """``GET artifacts/<path>``: the file, in ranges where it lies on this machine's disk."""
    return await file_response(services, principal.account, request.path_params["path"])


async def file_response(services: Services, account: str, path: str) -> Response:
    """Return a response with an artifact's content."""
    media_type = mimetypes.guess_type(path)[0] or "application/octet-stream"
    headers = {**_DOWNLOAD_HEADERS, "Content-Disposition": "attachment"}
    store = services.artifacts
    if isinstance(store, LocalArtifacts):
        at = await asyncio.to_thread(store.local_path, account, path)
        return FileResponse(at, headers=headers, media_type=media_type)
    size, pieces = await asyncio.to_thread(store.read, account, path)
    headers["Content-Length"] = str(size)
    return StreamingResponse(_in_threads(pieces), headers=headers, media_type=media_type)


async def upload(request: Request, services: Services, principal: Principal) -> Response:
    """``PUT artifacts/<path>``: store the body, which may be of any size, as it comes."""
    path = safe_path(request.path_params["path"])
    target = services.artifacts.write(principal.account, path)
    size, digest = await _receive(request, target, services.settings.artifact_max_bytes)
    await _record(request, principal, "UploadArtifact", path, size=size, sha256=digest)
    return json_response({})


async def delete(request: Request, services: Services, principal: Principal) -> Response:
    """``DELETE artifacts/<path>``."""
    path = safe_path(request.path_params["path"])
    await asyncio.to_thread(services.artifacts.delete, principal.account, path)
    await _record(request, principal, "DeleteArtifact", path)
    return json_response({})


async def create_upload(request: Request, services: Services, principal: Principal) -> Response:
    """``POST mpu/create/<folder>``: begin an upload in parts and say where each part goes."""
    given = await _command(request, path=required(STRING), num_parts=optional(INT64, 1))
    path, parts = _path_of(request, given), given["num_parts"]
    identity = await asyncio.to_thread(services.uploads.create, principal.account, path, parts)
    base = str(request.base_url).rstrip("/")
    credentials = [
        {
            "url": f"{base}/api/2.0/mlflow-artifacts/mpu/part/{identity}/{number}",
            "part_number": number,
            "headers": {},
        }
        for number in range(1, parts + 1)
    ]
    return json_response({"upload_id": identity, "credentials": credentials})


async def upload_part(
    request: Request, services: Services, principal: Principal | None
) -> Response:
    """``PUT mpu/part/<id>/<number>``: store a part; the answer's ETag is what completing names."""
    del principal  # whoever knows the id
    number = request.path_params["number"]
    target = services.uploads.part(request.path_params["identity"], number)
    _, digest = await _receive(request, target, services.settings.artifact_max_bytes)
    return Response(headers={"ETag": f'"{digest}"'})


async def complete_upload(request: Request, services: Services, principal: Principal) -> Response:
    """``POST mpu/complete/<folder>``: make the artifact of its parts."""
    given = await _command(
        request, path=required(STRING), upload_id=required(STRING), parts=required(repeated(_PART))
    )
    path = _path_of(request, given)
    numbers = [part["part_number"] for part in given["parts"]]
    complete = services.uploads.complete
    await asyncio.to_thread(complete, principal.account, path, given["upload_id"], numbers)
    await _record(request, principal, "UploadArtifact", path, parts=len(numbers))
    return json_response({})


async def abort_upload(request: Request, services: Services, principal: Principal) -> Response:
    """``POST mpu/abort/<folder>``."""
    given = await _command(request, path=required(STRING), upload_id=required(STRING))
    path = _path_of(request, given)
    await asyncio.to_thread(services.uploads.abort, principal.account, path, given["upload_id"])
    return json_response({})


def shown(info: ArtifactInfo, folder: str = "") -> dict[str, Any]:
    """Return a file or folder in MLflow's shape."""
    path = f"{folder}/{info.name}" if folder else info.name
    answer: dict[str, Any] = {"path": path, "is_dir": info.is_dir}
    return answer if info.size is None else {**answer, "file_size": info.size}


async def _receive(
    request: Request, target: AbstractContextManager[IO[bytes]], most: int
) -> tuple[int, str]:
    """Write the body to a file as it comes; returns its size and SHA-256."""
    size, digest, waiting = 0, hashlib.sha256(), bytearray()
    file = await asyncio.to_thread(target.__enter__)
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > most:
                raise TooLargeError(
                    f"the file is larger than {most} bytes",
                    field="body",
                    remedy="raise VEDETTE_ARTIFACT_MAX_BYTES",
                )
            waiting += chunk
            if len(waiting) >= _WRITE_BYTES:
                await asyncio.to_thread(_write, file, digest, bytes(waiting))
                waiting.clear()
        await asyncio.to_thread(_write, file, digest, bytes(waiting))
    except ClientDisconnect as error:
        gone = InvalidInputError("the connection ended before the file", field="body")
        await _abandon(target, gone)
        raise gone from error
    except BaseException as error:
        await _abandon(target, error)
        raise
    await asyncio.to_thread(target.__exit__, None, None, None)
    return size, digest.hexdigest()


async def _abandon(target: AbstractContextManager[IO[bytes]], error: BaseException) -> None:
    """End the writing with an error, so that the file does not appear; the error stays raised."""

    def leave() -> None:
        try:
            target.__exit__(type(error), error, error.__traceback__)
        except BaseException as again:
            if again is not error:
                raise

    await asyncio.to_thread(leave)


def _write(file: IO[bytes], digest: Any, data: bytes) -> None:  # noqa: ANN401 - a hash
    digest.update(data)
    file.write(data)


async def _in_threads(pieces: Iterator[bytes]) -> AsyncIterator[bytes]:
    while (piece := await asyncio.to_thread(next, pieces, None)) is not None:
        yield piece


async def _command(request: Request, **schema: Any) -> dict[str, Any]:  # noqa: ANN401 - members
    body = await read_raw(request, _MAX_COMMAND_BYTES)
    try:
        document = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError:
        document = None
    if not isinstance(document, dict):
        raise InvalidInputError("Malformed request: the body is not a JSON object", field="body")
    return read_members(schema, document)


def _path_of(request: Request, given: dict[str, Any]) -> str:
    """Return the artifact's path: the folder in the URL and the name of the file in the body."""
    folder = request.path_params["path"]
    name = given["path"].rpartition("/")[2]
    return safe_path(f"{folder}/{name}" if folder else name)


async def _record(
    request: Request, principal: Principal, name: str, path: str, **more: object
) -> None:
    """Append the audit record of what was done to the artifact store, which the catalog does not hold."""
    event = AuditEvent(
        actor=context_of(request, principal).caller.actor,
        name=name,
        account=principal.account,
        source="vedette.mlflow",
        request={"path": path, **more},
    )
    await asyncio.to_thread(services_of(request).catalog.audit.record_event, event)


_READ, _WRITE = Permission.CATALOG_READ, Permission.CATALOG_WRITE
_ROUTES: tuple[tuple[str, str, Permission | None, str | None, Any], ...] = (
    ("GET", "artifacts", _READ, None, list_artifacts),
    ("GET", "artifacts/{path:path}", _READ, None, download),
    ("PUT", "artifacts/{path:path}", _WRITE, "UploadArtifact", upload),
    ("DELETE", "artifacts/{path:path}", _WRITE, "DeleteArtifact", delete),
    ("POST", "mpu/create/{path:path}", _WRITE, "UploadArtifact", create_upload),
    ("POST", "mpu/create", _WRITE, "UploadArtifact", create_upload),
    ("POST", "mpu/complete/{path:path}", _WRITE, "UploadArtifact", complete_upload),
    ("POST", "mpu/abort/{path:path}", _WRITE, "UploadArtifact", abort_upload),
    ("PUT", "mpu/part/{identity}/{number:int}", None, None, upload_part),
)
routes = [
    Route(
        f"{prefix}/2.0/mlflow-artifacts/{path}",
        _guarded(permission, event, endpoint),
        methods=[method],
        name=event or endpoint.__name__,
    )
    for prefix in PREFIXES
    for method, path, permission, event, endpoint in _ROUTES
]
