"""Logs: search, counts, facets, patterns, live tail, export."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import asdict
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import StreamingResponse

from vedette.api.dependencies import AppServices, Range, Reader, TailSlot, run_query
from vedette.api.facets import Keys, Values, add_completion, facets_answer
from vedette.query.language import Signal
from vedette.telemetry import logs

router = APIRouter(prefix="/logs", tags=["logs"])
add_completion(router, Signal.LOGS)

TAIL_SECONDS = 1.0
_MEDIA_TYPES = {
    "csv": "text/csv",
    "ndjson": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}
Text = Annotated[str, Query(alias="q", max_length=16_384, description="search-box syntax")]


@router.get("")
async def search(
    request: Request,
    services: AppServices,
    caller: Reader,
    time_range: Range,
    text: Text = "",
    limit: Annotated[int, Query(ge=1, le=logs.MAX_PAGE)] = 100,
    cursor: str | None = None,
    order: Literal["asc", "desc"] = "desc",
) -> dict[str, Any]:
    """Return records that match, newest first unless ``order=asc``, a page at a time."""
    page = await run_query(
        request,
        services,
        caller,
        lambda query_id: logs.search_logs(
            services.runner, caller.account, time_range, text,
            limit=limit, cursor=cursor, order=order, query_id=query_id,
        ),
    )  # fmt: skip
    return asdict(page)


@router.get("/histogram")
async def histogram(
    request: Request,
    services: AppServices,
    caller: Reader,
    time_range: Range,
    text: Text = "",
    points: Annotated[int, Query(ge=1, le=1000)] = 60,
) -> dict[str, Any]:
    """Return counts of matching records over time by level."""
    return await run_query(
        request,
        services,
        caller,
        lambda query_id: logs.histogram(
            services.runner, caller.account, time_range, text, points=points, query_id=query_id
        ),
    )


@router.get("/facets")
async def facets(
    request: Request,
    services: AppServices,
    caller: Reader,
    time_range: Range,
    keys: Keys,
    text: Text = "",
    values: Values = 10,
) -> Response:
    """Return the most frequent values of the keys among matching records."""
    found = await run_query(
        request,
        services,
        caller,
        lambda query_id: logs.facets(
            services.runner, caller.account, time_range, text, keys, limit=values, query_id=query_id
        ),
    )
    return facets_answer(found)


@router.get("/patterns")
async def patterns(
    request: Request,
    services: AppServices,
    caller: Reader,
    time_range: Range,
    text: Text = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    compare: bool = False,  # noqa: FBT001, FBT002 - a query parameter
) -> dict[str, Any]:
    """Return the kinds of messages, by number or, with ``compare``, by change."""
    found = await run_query(
        request,
        services,
        caller,
        lambda query_id: logs.patterns(
            services.runner, caller.account, time_range, text,
            limit=limit, compare=compare, query_id=query_id,
        ),
    )  # fmt: skip
    return {"patterns": [asdict(pattern) for pattern in found]}


@router.get("/export")
async def export(
    services: AppServices,
    caller: Reader,
    time_range: Range,
    text: Text = "",
    file_format: Annotated[Literal["csv", "ndjson", "parquet"], Query(alias="format")] = "ndjson",
    limit: Annotated[int, Query(ge=1, le=logs.MAX_EXPORT_ROWS)] = 100_000,
) -> StreamingResponse:
    """Stream matching records, newest first, as a file."""
    pieces = logs.export_logs(
        services.runner, caller.account, time_range, text, file_format=file_format, limit=limit
    )
    # The first piece is fetched here, so that a wrong query is still answered with its error.
    first = await asyncio.to_thread(next, pieces, b"")

    def whole() -> Any:  # noqa: ANN401 - an iterator of bytes
        yield first
        yield from pieces

    return StreamingResponse(
        whole(),
        media_type=_MEDIA_TYPES[file_format],
        headers={"Content-Disposition": f'attachment; filename="logs.{file_format}"'},
    )


@router.get("/tail")
async def tail(
    request: Request, services: AppServices, caller: Reader, _: TailSlot, text: Text = ""
) -> StreamingResponse:
    """Follow matching records as server-sent events.

    Events: ``log`` with a record, ``dropped`` with the number of records that came too fast to
    show, and a comment now and then that keeps the connection alive.
    """
    follower = logs.LogTail(services.runner, caller.account, text)

    async def events() -> AsyncIterator[bytes]:
        yield b": following\n\n"
        while not await request.is_disconnected():
            look = await asyncio.to_thread(follower.look)
            for record in look.records:
                yield b"event: log\ndata: " + orjson.dumps(record) + b"\n\n"
            if look.dropped:
                yield b'event: dropped\ndata: {"count": %d}\n\n' % look.dropped
            if not look.records:
                yield b": waiting\n\n"
            await asyncio.sleep(TAIL_SECONDS)

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return StreamingResponse(events(), media_type="text/event-stream", headers=headers)
