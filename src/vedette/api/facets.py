"""What the routes of logs and of spans share: facets as JSON, and completion of keys and values."""

from __future__ import annotations

import asyncio
from typing import Annotated

from fastapi import APIRouter, Query, Response

from vedette.api.answers import answer, fields_of
from vedette.api.dependencies import AppServices, Range, Reader
from vedette.query.language import Signal
from vedette.telemetry.facets import MAX_KEYS, MAX_VALUES, Facets, known_keys, known_values

Keys = Annotated[
    list[str], Query(alias="key", max_length=MAX_KEYS, description="fields or attributes")
]
Values = Annotated[int, Query(ge=1, le=MAX_VALUES, description="values a key")]
Key = Annotated[str, Query(min_length=1, max_length=1024)]
Prefix = Annotated[str, Query(max_length=1024)]


def facets_answer(found: Facets) -> Response:
    """Return facets as JSON."""
    facets = [
        {
            **fields_of(facet),
            "values": [{"value": value, "count": count} for value, count in facet.values],
        }
        for facet in found.facets
    ]
    return answer({"counted": found.counted, "facets": facets})


def add_completion(router: APIRouter, signal: Signal) -> None:
    """Add ``/keys`` and ``/values`` of a signal to its router."""

    @router.get("/keys")
    async def keys(
        services: AppServices, caller: Reader, time_range: Range, prefix: Prefix = ""
    ) -> Response:
        """Return keys of attributes, for completion and for choosing facets."""
        found = await asyncio.to_thread(
            known_keys, services.runner, caller.account, time_range, signal, prefix
        )
        return answer({"keys": [{"key": key, "count": count} for key, count in found]})

    @router.get("/values")
    async def values(
        services: AppServices, caller: Reader, time_range: Range, key: Key, prefix: Prefix = ""
    ) -> Response:
        """Return values of a key, for completion."""
        found = await asyncio.to_thread(
            known_values, services.runner, caller.account, time_range, signal, key, prefix
        )
        return answer({"values": [{"value": value, "count": count} for value, count in found]})
