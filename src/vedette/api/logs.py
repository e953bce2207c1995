"""Logs: search, counts, facets, patterns, live tail, export."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Annotated, Any, Literal

import orjson
from fastapi import Query, Request, Response
from fastapi.responses import StreamingResponse
from pydantic import Field

from vedette.api.answers import answer
from vedette.api.dependencies import AppServices, Range, Reader, TailSlot, run_query
from vedette.api.facets import FacetsView, Keys, Values, add_completion, facets_answer
from vedette.api.models import View
from vedette.api.routing import Router
from vedette.query.language import Signal
from vedette.telemetry import logs

router = Router(prefix="/logs", tags=["logs"])
add_completion(router, Signal.LOGS)

TAIL_SECONDS = 1.0
_MEDIA_TYPES = {
    "csv": "text/csv",
    "ndjson": "application/x-ndjson",
    "parquet": "application/vnd.apache.parquet",
}
Text = Annotated[str, Query(alias="q", max_length=16_384, description="search-box syntax")]


class LogRecordView(View):
    """A log record."""

    timestamp: str = Field(description="RFC 3339 with nanoseconds")
    severity_text: str
    severity_number: int = Field(description="1 to 24, 0 where unset")
    service_name: str
    body: str
    trace_id: str
    span_id: str
    event_name: str
    scope_name: str
    attributes: dict[str, str]
    resource: dict[str, str]
    received_time: str


class LogPageView(View):
    """A page of log records."""

    records: list[LogRecordView]
    cursor: str | None = Field(description="for the next page; none on the last")
    terms: list[str] = Field(description="words of the search, to highlight")
    rows_read: int
    seconds: float


class LogHistogram(View):
    """Counts over time by level."""

    step: int = Field(description="width of an interval in seconds")
    times: list[int] = Field(description="starts of the intervals, Unix seconds")
    series: dict[str, list[int]] = Field(description="level to one count an interval")


class PatternView(View):
    """One kind of message."""

    pattern: str = Field(description="the message with <*> for what varies")
    count: int
    share: float = Field(description="of all messages of the range, 0 to 1")
    previous: int | None = Field(description="in the period before; none where not compared")
    sample: str


class PatternsView(View):
    """Kinds of messages."""

    patterns: list[PatternView]


class EventStream(StreamingResponse):
    """Server-sent events."""

    media_type = "text/event-stream"


_TAIL_EVENTS: dict[int | str, dict[str, Any]] = {
    200: {
        "description": "events; the data of a `log` event is a record in JSON",
        "content": {
            "text/event-stream": {
                "schema": {
                    "type": "string",
                    "contentMediaType": "application/json",
                    "contentSchema": {"$ref": "#/components/schemas/LogRecordView"},
                }
            }
        },
    }
}


@router.get("", response_model=LogPageView)
async def search(
    request: Request,
    services: AppServices,
    caller: Reader,
    time_range: Range,
    text: Text = "",
    limit: Annotated[int, Query(ge=1, le=logs.MAX_PAGE)] = 100,
    cursor: str | None = None,
    order: Literal["asc", "desc"] = "desc",
) -> Response:
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
    return answer(page)


@router.get("/histogram", response_model=LogHistogram)
async def histogram(
    request: Request,
    services: AppServices,
    caller: Reader,
    time_range: Range,
    text: Text = "",
    points: Annotated[int, Query(ge=1, le=1000)] = 60,
) -> Response:
    """Return counts of matching records over time by level."""
    found = await run_query(
        request,
        services,
        caller,
        lambda query_id: logs.histogram(
            services.runner, caller.account, time_range, text, points=points, query_id=query_id
        ),
    )
    return answer(found)


@router.get("/facets", response_model=FacetsView)
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


@router.get("/patterns", response_model=PatternsView)
async def patterns(
    request: Request,
    services: AppServices,
    caller: Reader,
    time_range: Range,
    text: Text = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
    compare: bool = False,  # noqa: FBT001, FBT002 - a query parameter
) -> Response:
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
    return answer({"patterns": found})


@router.get(
    "/export",
    response_class=StreamingResponse,
    responses={
        200: {
            "description": "the file",
            "content": {
                kind: {"schema": {"type": "string", "format": "binary"}}
                for kind in _MEDIA_TYPES.values()
            },
        }
    },
)
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


@router.get("/tail", response_class=StreamingResponse, responses=_TAIL_EVENTS)
async def tail(
    request: Request, services: AppServices, caller: Reader, _: TailSlot, text: Text = ""
) -> EventStream:
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
                yield b"id: %b\nevent: log\ndata: %b\n\n" % (
                    record.pop("id").encode(), orjson.dumps(record),
                )  # fmt: skip
            if look.dropped:
                yield b'event: dropped\ndata: {"count": %d}\n\n' % look.dropped
            if not look.records:
                yield b": waiting\n\n"
            await asyncio.sleep(TAIL_SECONDS)

    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
    return EventStream(events(), headers=headers)
