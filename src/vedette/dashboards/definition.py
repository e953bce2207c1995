"""What a dashboard is: panels on a grid, variables, and the range that it opens with.

One form for the API, the console, files for ``vedette apply`` and exports. Texts of queries may
name variables as ``$name`` or ``${name}``; whoever shows the dashboard puts their values in.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import ConfigDict, Discriminator, Field, Tag, field_validator, model_validator

from vedette.core.bodies import Body
from vedette.telemetry.metrics.bodies import QueryBody

COLUMNS = 24
"""Columns of the grid."""
ROW_PX = 38
"""Height of a row of the grid, with the gap below it, in px; as Grafana has it."""
MAX_NAME = 255
MAX_PANELS = 100
MAX_ROWS = 10_000
MAX_QUERIES = 50
MAX_VARIABLES = 30
MAX_VALUES = 200
MAX_TEXT = 65_536
_MAX_QUERY = 32_768
_ID = r"^[A-Za-z0-9_-]{1,64}$"
_VARIABLE = r"^[A-Za-z][A-Za-z0-9_]{0,62}$"
_MOMENT = r"^[-+:.\w ]{1,64}$"

PanelType = Literal["timeseries", "stat", "gauge", "table", "bar", "heatmap", "histogram", "text"]
Reduce = Literal["last", "mean", "min", "max", "sum", "count"]
Measure = Literal["rate", "errors", "error_share", "p50", "p90", "p95", "p99"]
Text = Annotated[str, Field(max_length=1024)]


class MetricPanelQuery(Body):
    """Metric queries and metric math over them, on one axis of time."""

    type: Literal["metric"]
    queries: list[QueryBody] = Field(min_length=1, max_length=MAX_QUERIES)


class BandPanelQuery(Body):
    """A metric with the corridor in which it usually is; see ``POST /metrics/band``."""

    type: Literal["band"]
    queries: list[QueryBody] = Field(min_length=1, max_length=MAX_QUERIES)
    of: str = Field(default="", max_length=255, description="id of the query; empty: the last")
    period: int = Field(default=300, ge=1, le=86_400, description="seconds")
    direction: Literal["above", "below", "outside"] = "outside"


class LogsPanelQuery(Body):
    """Log records that match a search: counts by level over time, or the newest in a table."""

    type: Literal["logs"]
    q: str = Field(default="", max_length=16_384, description="search-box syntax")


class SpansPanelQuery(Body):
    """Spans that match a search: rate, errors, durations; in a heatmap their latency."""

    type: Literal["spans"]
    q: str = Field(default="", max_length=16_384, description="search-box syntax")
    measure: Measure = "rate"
    group_by: Literal["", "service", "operation"] = ""


class PipePanelQuery(Body):
    """A query of the pipe language."""

    type: Literal["pipe"]
    query: str = Field(min_length=1, max_length=16_384)
    source: Literal["logs", "spans"] = "logs"


class SqlPanelQuery(Body):
    """A SELECT over the account's tables.

    ``$__timeFilter(Column)`` is a condition on the range that is shown; ``$__from`` and ``$__to``
    are its ends, ``$__interval`` is the seconds of a step that suits the panel.
    """

    type: Literal["sql"]
    sql: str = Field(min_length=1, max_length=_MAX_QUERY)


Source = Annotated[
    Annotated[MetricPanelQuery, Tag("metric")]
    | Annotated[BandPanelQuery, Tag("band")]
    | Annotated[LogsPanelQuery, Tag("logs")]
    | Annotated[SpansPanelQuery, Tag("spans")]
    | Annotated[PipePanelQuery, Tag("pipe")]
    | Annotated[SqlPanelQuery, Tag("sql")],
    Discriminator("type"),
]


class Place(Body):
    """Where a panel is on the grid of 24 columns."""

    x: int = Field(default=0, ge=0, lt=COLUMNS)
    y: int = Field(default=0, ge=0, lt=MAX_ROWS)
    w: int = Field(default=12, ge=1, le=COLUMNS)
    h: int = Field(default=8, ge=1, le=100)

    @model_validator(mode="after")
    def _inside(self) -> Self:
        if self.x + self.w > COLUMNS:
            raise ValueError(f"the panel ends right of column {COLUMNS}")
        return self


class Limit(Body):
    """A value from which on things are worse; gauges and figures take its colour."""

    value: float = Field(allow_inf_nan=False)
    level: Literal["ok", "info", "warning", "critical"] = "warning"
    label: str = Field(default="", max_length=128)


class Look(Body):
    """How a panel shows what its query gave; what does not concern its type is not used."""

    unit: str = Field(default="", max_length=64, description="UCUM; empty: that of the data")
    decimals: int | None = Field(default=None, ge=0, le=10)
    draw: Literal["line", "area", "stack", "bars"] = "line"
    log: bool = False
    minimum: float | None = Field(default=None, allow_inf_nan=False)
    maximum: float | None = Field(default=None, allow_inf_nan=False)
    legend: Literal["table", "list", "none"] = "list"
    statistics: list[Literal["last", "mean", "min", "max", "sum"]] = Field(
        default=["mean", "max", "last"], max_length=5
    )
    reduce: Reduce = Field(default="last", description="how a series becomes one number")
    thresholds: list[Limit] = Field(default=[], max_length=20)
    better: Literal["", "up", "down"] = Field(
        default="", description="which values the thresholds spare; up: those above are well"
    )
    sparkline: bool = True
    rows: int = Field(default=100, ge=1, le=1000, description="of a table")


class Panel(Body):
    """One panel."""

    id: str = Field(pattern=_ID)
    title: str = Field(default="", max_length=MAX_NAME)
    description: str = Field(default="", max_length=4096)
    type: PanelType = "timeseries"
    place: Place = Place()
    query: Source | None = None
    look: Look = Look()
    text: str = Field(default="", max_length=MAX_TEXT, description="markdown of a text panel")
    repeat: str = Field(default="", max_length=63, description="variable: a panel for each value")

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.type != "text" and self.query is None:
            raise ValueError("a panel that is no text has a query")
        if self.type == "text" and self.query is not None:
            raise ValueError("a text panel has no query")
        return self


class Variable(Body):
    """A value that people choose above the panels."""

    name: str = Field(pattern=_VARIABLE)
    label: str = Field(default="", max_length=128)
    type: Literal["list", "label", "field", "text"] = "text"
    values: list[Text] = Field(default=[], max_length=MAX_VALUES, description="of a list")
    metric: str = Field(
        default="", max_length=_MAX_QUERY, description="selector whose label's values are offered"
    )
    key: str = Field(default="", max_length=1024, description="label, or field of the signal")
    signal: Literal["logs", "spans"] = Field(default="spans", description="of a field")
    q: str = Field(default="", max_length=16_384, description="search that limits a field's values")
    multi: bool = False
    all: bool = Field(default=False, description="whether everything can be chosen at once")
    default: list[Text] = Field(default=[], max_length=MAX_VALUES)

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if self.name.startswith("__"):
            raise ValueError("names with __ are the system's")
        if self.type == "list" and not self.values:
            raise ValueError("a list has values")
        if self.type == "label" and not (self.metric and self.key):
            raise ValueError("values of a label need its metric and key")
        if self.type == "field" and not self.key:
            raise ValueError("values of a field need its key")
        return self


class Opening(Body):
    """The range that a dashboard opens with."""

    start: str = Field(default="-1h", alias="from", pattern=_MOMENT)
    end: str = Field(default="now", alias="to", pattern=_MOMENT)

    model_config = ConfigDict(extra="forbid", validate_by_name=True, serialize_by_alias=True)


class DashboardSpec(Body):
    """A dashboard's definition, version 1 of its form."""

    form: Literal[1] = 1
    description: str = Field(default="", max_length=4096)
    tags: list[Annotated[str, Field(min_length=1, max_length=64)]] = Field(
        default=[], max_length=20
    )
    time: Opening = Opening()
    refresh: int = Field(default=0, ge=0, le=86_400, description="seconds; 0: not by itself")
    variables: list[Variable] = Field(default=[], max_length=MAX_VARIABLES)
    panels: list[Panel] = Field(default=[], max_length=MAX_PANELS)

    @field_validator("panels")
    @classmethod
    def _own_ids(cls, panels: list[Panel]) -> list[Panel]:
        if twice := _twice([one.id for one in panels]):
            raise ValueError(f"the panel id {twice!r} is there twice")
        return panels

    @field_validator("variables")
    @classmethod
    def _own_names(cls, variables: list[Variable]) -> list[Variable]:
        if twice := _twice([one.name for one in variables]):
            raise ValueError(f"the variable {twice!r} is there twice")
        return variables

    @model_validator(mode="after")
    def _known_repeats(self) -> Self:
        known = {one.name for one in self.variables}
        for panel in self.panels:
            if panel.repeat and panel.repeat not in known:
                raise ValueError(f"panel {panel.id!r} repeats {panel.repeat!r}: no such variable")
        return self

    def languages(self) -> set[str]:
        """Return the types of its queries."""
        return {panel.query.type for panel in self.panels if panel.query}


def _twice(values: list[str]) -> str | None:
    seen: set[str] = set()
    for value in values:
        if value in seen:
            return value
        seen.add(value)
    return None


def slug(name: str) -> str:
    """Return a name as a file's name."""
    return re.sub(r"[^\w.-]+", "-", name).strip("-.") or "dashboard"
