"""The pipe language, read-only SQL, completion, and cancelling."""

from __future__ import annotations

import asyncio
from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, Field

from vedette.api.dependencies import AppServices, Reader, SqlReader, run_query
from vedette.api.errors import READ_ONLY
from vedette.core.time import TimeRange
from vedette.query.language import Signal, compile_pipe, complete
from vedette.query.sql import compile_sql
from vedette.store.warehouse import Columns

router = APIRouter(tags=["query"])


class PipeQuery(BaseModel):
    """A query of the pipe language."""

    query: str = Field(
        max_length=16_384, examples=["filter level = 'error' | stats count(*) by service"]
    )
    source: Signal = Field(default=Signal.LOGS, description="what is read unless the query says")
    start: str = "-1h"
    end: str = "now"


class SqlQuery(BaseModel):
    """One SELECT over the account's fact tables."""

    sql: str = Field(max_length=32_768, examples=["SELECT count() FROM otel_logs"])


@router.post("/query", openapi_extra={READ_ONLY: True})
async def pipe(
    request: Request, services: AppServices, caller: Reader, body: PipeQuery
) -> dict[str, Any]:
    """Run a query of the pipe language; the answer is columnar."""
    compiled = compile_pipe(body.query, default_signal=body.source)
    time_range = TimeRange.parse(body.start, body.end)
    answer = await run_query(
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
    return {
        "columns": columns,
        "data": [answer[column.key] for column in compiled.columns],
        "is_timeseries": compiled.is_timeseries,
        **_cost(answer),
    }


@router.post("/sql", openapi_extra={READ_ONLY: True})
async def sql(
    request: Request, services: AppServices, caller: SqlReader, body: SqlQuery
) -> dict[str, Any]:
    """Run one read-only SELECT; ``otel_logs`` and the other tables hold the account's rows."""
    statement = compile_sql(body.sql)
    answer = await run_query(
        request,
        services,
        caller,
        lambda query_id: services.runner.run(caller.account, statement, query_id=query_id),
    )
    columns = [
        {"name": name, "type": type_}
        for name, type_ in zip(answer.names, answer.types, strict=True)
    ]
    return {
        "columns": columns,
        "data": [answer[name] for name in answer.names],
        "truncated": answer.rows >= services.settings.query_max_rows,
        **_cost(answer),
    }


@router.get("/complete")
async def completion(
    _: Reader, text: Annotated[str, Query(max_length=16_384)], cursor: Annotated[int, Query(ge=0)]
) -> dict[str, Any]:
    """Tell what the search box expects at the cursor."""
    return asdict(complete(text, cursor))


@router.delete("/queries/{query_id}", status_code=204, openapi_extra={READ_ONLY: True})
async def cancel(services: AppServices, caller: Reader, query_id: str) -> None:
    """Cancel a running query that was named with the header ``X-Query-Id``."""
    await asyncio.to_thread(services.runner.cancel, caller.account, query_id)


def _cost(answer: Columns) -> dict[str, Any]:
    return {
        "rows": answer.rows,
        "rows_read": answer.rows_read,
        "seconds": round(answer.seconds, 6),
    }
