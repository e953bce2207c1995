"""The pipe language, read-only SQL, completion, and cancelling."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import Query, Request, Response
from pydantic import Field

from vedette.api.answers import answer
from vedette.api.dependencies import AppServices, Reader, SqlReader, run_query
from vedette.api.errors import READ_ONLY
from vedette.api.models import Body, View
from vedette.api.routing import Router
from vedette.core.time import TimeRange
from vedette.query.language import Signal, compile_pipe, complete
from vedette.query.language.pipe.values import Kind
from vedette.query.language.search.completion import Expected
from vedette.query.sql import compile_sql
from vedette.store.warehouse import Columns

router = Router(tags=["query"])

_EXACT = (1 << 53) - 1
"""The largest integer that every reader of JSON reads exactly (RFC 8259, section 6)."""


class PipeQuery(Body):
    """A query of the pipe language."""

    query: str = Field(
        max_length=16_384, examples=["filter level = 'error' | stats count(*) by service"]
    )
    source: Signal = Field(default=Signal.LOGS, description="what is read unless the query says")
    start: str = Field(default="-1h", max_length=64)
    end: str = Field(default="now", max_length=64)


class SqlQuery(Body):
    """One SELECT over the account's fact tables."""

    sql: str = Field(max_length=32_768, examples=["SELECT count() FROM otel_logs"])


class PipeColumn(View):
    """A column of a result of the pipe language."""

    name: str
    kind: Kind


class SqlColumn(View):
    """A column of a result of SQL."""

    name: str
    type: str = Field(description="the engine's type", examples=["Nullable(UInt64)"])


class _Result(View):
    data: list[list[Any]] = Field(
        description="one list a column; a column of integers beyond 2**53 comes as decimal text"
    )
    rows: int
    rows_read: int = Field(description="rows that the engine read")
    seconds: float = Field(description="time that the engine took")


class PipeResult(_Result):
    """A columnar result of the pipe language."""

    columns: list[PipeColumn]
    is_timeseries: bool = Field(description="one time column, texts that name series, and numbers")


class SqlResult(_Result):
    """A columnar result of SQL."""

    columns: list[SqlColumn]
    truncated: bool = Field(description="whether there may be more rows than are given")


class CompletionView(View):
    """What may stand at the cursor of the search box."""

    expects: list[Expected]
    prefix: str = Field(description="what is typed of it already")
    start: int = Field(description="where the part begins that a choice replaces")
    end: int
    field: str | None = Field(description="whose value is expected")


@router.post("/query", response_model=PipeResult, openapi_extra={READ_ONLY: True})
async def pipe(
    request: Request, services: AppServices, caller: Reader, body: PipeQuery
) -> Response:
    """Run a query of the pipe language; the answer is columnar."""
    compiled = compile_pipe(body.query, default_signal=body.source)
    time_range = TimeRange.parse(body.start, body.end)
    found = await run_query(
        request,
        services,
        caller,
        lambda query_id: services.runner.run(
            caller.account,
            compiled.sql,
            {**compiled.params, "start": time_range.start, "end": time_range.end},
            query_id=query_id,
        ),
    )
    columns = [{"name": column.name, "kind": column.kind} for column in compiled.columns]
    return answer(
        {
            "columns": columns,
            "data": [_exact(found[column.key]) for column in compiled.columns],
            "is_timeseries": compiled.is_timeseries,
            **_cost(found),
        }
    )


@router.post("/sql", response_model=SqlResult, openapi_extra={READ_ONLY: True})
async def sql(
    request: Request, services: AppServices, caller: SqlReader, body: SqlQuery
) -> Response:
    """Run one read-only SELECT; ``otel_logs`` and the other tables hold the account's rows."""
    statement = compile_sql(body.sql)
    found = await run_query(
        request,
        services,
        caller,
        lambda query_id: services.runner.run(caller.account, statement, query_id=query_id),
    )
    columns = [
        {"name": name, "type": type_} for name, type_ in zip(found.names, found.types, strict=True)
    ]
    return answer(
        {
            "columns": columns,
            "data": [_exact(found[name]) for name in found.names],
            "truncated": found.rows >= services.settings.query_max_rows,
            **_cost(found),
        }
    )


@router.get("/complete", response_model=CompletionView)
async def completion(
    _: Reader, text: Annotated[str, Query(max_length=16_384)], cursor: Annotated[int, Query(ge=0)]
) -> Response:
    """Tell what the search box expects at the cursor."""
    return answer(complete(text, cursor))


@router.delete("/queries/{query_id}", status_code=204, openapi_extra={READ_ONLY: True})
async def cancel(services: AppServices, caller: Reader, query_id: str) -> None:
    """Cancel a running query that was named with the header ``X-Query-Id``."""
    await asyncio.to_thread(services.runner.cancel, caller.account, query_id)


def _exact(values: list[Any]) -> list[Any]:
    """Return a column whose integers JavaScript reads exactly: as text where one is too large."""
    if not any(type(value) is int and abs(value) > _EXACT for value in values):
        return values
    return [str(value) if type(value) is int else value for value in values]


def _cost(found: Columns) -> dict[str, Any]:
    return {
        "rows": found.rows,
        "rows_read": found.rows_read,
        "seconds": round(found.seconds, 6),
    }
