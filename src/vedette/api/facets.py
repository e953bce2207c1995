"""What the routes of logs and of spans share: facets as JSON, and completion of keys and values."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request, Response
from pydantic import Field

from vedette.api.answers import answer, fields_of
from vedette.api.dependencies import AppServices, Range, Reader, run_query
from vedette.api.models import View
from vedette.api.routing import Router
from vedette.query.language import Signal
from vedette.telemetry.facets import MAX_KEYS, MAX_VALUES, Facets, known_keys, known_values

Keys = Annotated[
    list[str], Query(alias="key", max_length=MAX_KEYS, description="fields or attributes")
]
Values = Annotated[int, Query(ge=1, le=MAX_VALUES, description="values a key")]
Key = Annotated[str, Query(min_length=1, max_length=1024)]
Prefix = Annotated[str, Query(max_length=1024)]


class ValueCount(View):
    """A value and how many records have it."""

    value: str
    count: int


class FacetView(View):
    """The values of one key."""

    key: str
    values: list[ValueCount] = Field(description="most frequent first")
    distinct: int = Field(description="how many values there are")
    present: int = Field(description="records that have the key")


class FacetsView(View):
    """Facets of the newest matching records."""

    counted: int = Field(description="records that were looked at")
    facets: list[FacetView] = Field(description="in the order of the keys")


class KeyCount(View):
    """A key and about how many records have it."""

    key: str
    count: int


class KnownKeys(View):
    """Keys, most used first."""

    keys: list[KeyCount]


class KnownValues(View):
    """Values of a key, most frequent first."""

    values: list[ValueCount]


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


def add_completion(router: Router, signal: Signal) -> None:
    """Add ``/keys`` and ``/values`` of a signal to its router."""

    @router.get("/keys", response_model=KnownKeys)
    async def keys(
        request: Request,
        services: AppServices,
        caller: Reader,
        time_range: Range,
        prefix: Prefix = "",
    ) -> Response:
        """Return keys of attributes, for completion and for choosing facets."""
        found = await run_query(
            request,
            services,
            caller,
            lambda _: known_keys(services.runner, caller.account, time_range, signal, prefix),
        )
        return answer({"keys": [{"key": key, "count": count} for key, count in found]})

    @router.get("/values", response_model=KnownValues)
    async def values(
        request: Request,
        services: AppServices,
        caller: Reader,
        time_range: Range,
        key: Key,
        prefix: Prefix = "",
    ) -> Response:
        """Return values of a key, for completion."""
        found = await run_query(
            request,
            services,
            caller,
            lambda _: known_values(
                services.runner, caller.account, time_range, signal, key, prefix
            ),
        )
        return answer({"values": [{"value": value, "count": count} for value, count in found]})
