"""Which spans a request is about, as query parameters or in a body."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import Depends, Query
from pydantic import Field

from vedette.api.models import Body
from vedette.core.time import TimeRange
from vedette.telemetry.traces.filters import SpanFilter

MAX_TEXT = 16_384
_MAX_NAME = 1024
_MAX_NS = (1 << 63) - 1
Kind = Literal["Unspecified", "Internal", "Server", "Client", "Producer", "Consumer"]
SortBy = Literal["time", "duration"]


def get_filter(
    text: Annotated[str, Query(alias="q", max_length=MAX_TEXT, description="search-box syntax")]
    = "",
    service: Annotated[str, Query(max_length=_MAX_NAME)] = "",
    operation: Annotated[str, Query(max_length=_MAX_NAME, description="exact span name")] = "",
    kinds: Annotated[list[Kind] | None, Query(alias="kind", max_length=6)] = None,
    min_duration_ns: Annotated[int | None, Query(ge=0, le=_MAX_NS)] = None,
    max_duration_ns: Annotated[int | None, Query(ge=0, le=_MAX_NS)] = None,
) -> SpanFilter:  # fmt: skip
    """Return the spans that the parameters keep."""
    return SpanFilter(
        text, service, operation, tuple(kinds or ()), min_duration_ns, max_duration_ns
    )


Filter = Annotated[SpanFilter, Depends(get_filter)]


class SpanGroup(Body):
    """Some spans: a filter and a time range."""

    q: str = Field(default="", max_length=MAX_TEXT, description="search-box syntax")
    service: str = Field(default="", max_length=_MAX_NAME)
    operation: str = Field(default="", max_length=_MAX_NAME)
    kind: list[Kind] = Field(default=[], max_length=6)
    min_duration_ns: int | None = Field(default=None, ge=0, le=_MAX_NS)
    max_duration_ns: int | None = Field(default=None, ge=0, le=_MAX_NS)
    start: str = Field(default="-1h", max_length=64)
    end: str = Field(default="now", max_length=64)

    def parsed(self) -> tuple[TimeRange, SpanFilter]:
        """Return the range and the filter."""
        spans = get_filter(
            self.q, self.service, self.operation, self.kind,
            self.min_duration_ns, self.max_duration_ns,
        )  # fmt: skip
        return TimeRange.parse(self.start, self.end), spans
