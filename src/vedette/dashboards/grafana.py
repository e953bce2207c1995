"""Dashboards of Grafana as dashboards of ours: what fits, and a list of what does not.

Reads the JSON that Grafana exports (its classic model, schema versions up to 41). Queries in
PromQL become metric queries as rules of alarms do; what has no equal is left out and named.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vedette.core.errors import InvalidInputError
from vedette.dashboards.definition import (
    COLUMNS,
    MAX_NAME,
    MAX_PANELS,
    MAX_TEXT,
    MAX_VALUES,
    MAX_VARIABLES,
    DashboardSpec,
)
from vedette.dashboards.grafana_looks import PANEL_TYPES, as_dict, as_list, look_of, text_of
from vedette.dashboards.grafana_queries import Untranslatable, query_of, with_our_variables
from vedette.manifests.model import checked

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_LABEL_VALUES = re.compile(r"\s*label_values\(\s*(?:(?P<metric>.+),)?\s*(?P<label>[\w.]+)\s*\)\s*$")
_NOW = re.compile(r"now(?:-(\d+[smhdw]))?(?:/[smhdwMy])?$")
_REFRESH = re.compile(r"(\d+)([smhd])$")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_ROW_HEIGHT = 2
"""Of a heading here; of a row there it is 1, so what stands below one moves down."""


@dataclass(frozen=True, slots=True)
class Note:
    """What did not come over as it was: ``panel`` is its title, empty for the dashboard's own."""

    panel: str
    reason: str


@dataclass(slots=True)
class ImportedDashboard:
    """What a dashboard of Grafana became."""

    name: str
    spec: DashboardSpec
    notes: list[Note] = field(default_factory=list)


def is_grafana(value: Mapping[str, Any]) -> bool:
    """Tell whether JSON is a dashboard of Grafana."""
    return isinstance(value.get("dashboard"), dict) or (
        "schemaVersion" in value or "templating" in value or "elements" in value
    )


def import_grafana(value: Mapping[str, Any]) -> ImportedDashboard:
    """Return a dashboard of Grafana as one of ours.

    Raises:
        InvalidInputError: it is none, or of a model that is not read.

    """
    inner = value.get("dashboard")
    board: Mapping[str, Any] = inner if isinstance(inner, dict) else value
    if "elements" in board or isinstance(board.get("spec"), dict):
        raise InvalidInputError(
            "this is Grafana's schema v2", field="dashboard",
            remedy="export it as 'Classic' model",
        )  # fmt: skip
    if not isinstance(board.get("panels"), list) and not isinstance(board.get("rows"), list):
        raise InvalidInputError(
            "there are no panels in it", field="dashboard",
            remedy="give the JSON that Grafana exports a dashboard as",
        )  # fmt: skip
    notes: list[Note] = []
    variables = _variables(board, notes)
    names = {one["name"] for one in variables}
    panels = list(_panels(board, names, notes))
    if len(panels) > MAX_PANELS:
        notes.append(Note("", f"only the first {MAX_PANELS} of {len(panels)} panels came over"))
    spec = {
        "description": text_of(board.get("description"))[:4096],
        "tags": [text_of(tag)[:64] for tag in as_list(board.get("tags")) if text_of(tag)][:20],
        "time": _time(board),
        "refresh": _refresh(board.get("refresh")),
        "variables": variables,
        "panels": panels[:MAX_PANELS],
    }
    name = text_of(board.get("title")).strip()[:MAX_NAME] or "Imported dashboard"
    return ImportedDashboard(name, checked(lambda: DashboardSpec.model_validate(spec)), notes)


def _panels(
    board: Mapping[str, Any], variables: set[str], notes: list[Note]
) -> Iterator[dict[str, Any]]:
    number = 0
    flat = list(_flat(board))
    rows = [_place(one)["y"] for one in flat if one.get("type") == "row"]
    for one in flat:
        number += 1
        place = _place(one)
        above = sum(row < place["y"] for row in rows)
        place["y"] += above * (_ROW_HEIGHT - 1)
        title = with_our_variables(text_of(one.get("title")))[:MAX_NAME]
        kind = text_of(one.get("type"))
        try:
            panel = _panel(one, kind, title, variables, notes)
        except Untranslatable as reason:
            notes.append(Note(title or f"panel {number}", str(reason)))
            continue
        yield {"id": f"p{number}", "place": place, **panel}


def _panel(
    one: Mapping[str, Any], kind: str, title: str, variables: set[str], notes: list[Note]
) -> dict[str, Any]:
    if kind == "row":
        return {"type": "text", "text": f"## {title}"}
    ours = PANEL_TYPES.get(kind)
    if ours is None:
        raise Untranslatable(f"there is no panel of the type {kind or 'nothing'!r}")
    if ours == "text":
        options = as_dict(one.get("options"))
        content = text_of(options.get("content") or one.get("content"))
        if options.get("mode") == "html":
            notes.append(Note(title, "its HTML is shown as text"))
        return {"type": "text", "title": title, "text": with_our_variables(content)[:MAX_TEXT]}
    query, said = query_of(one)
    notes += [Note(title, reason) for reason in said]
    panel: dict[str, Any] = {
        "type": ours, "title": title, "query": query, "look": look_of(one, kind),
        "description": text_of(one.get("description"))[:4096],
    }  # fmt: skip
    if kind in {"piechart", "grafana-piechart-panel"}:
        notes.append(Note(title, "a pie became bars, which are read more exactly"))
    repeat = text_of(one.get("repeat"))
    if repeat and repeat in variables:
        panel["repeat"] = repeat
    return panel


def _flat(board: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Return panels, those of folded rows below their row, with places on our grid."""
    for one in as_list(board.get("panels")):
        if isinstance(one, dict):
            yield one
            if one.get("type") == "row":
                yield from (p for p in as_list(one.get("panels")) if isinstance(p, dict))
    y = 0
    # Before version 5 of Grafana: rows of panels that are up to 12 wide.
    for row in as_list(board.get("rows")):
        x, height = 0, 8
        for one in as_list(as_dict(row).get("panels")):
            if not isinstance(one, dict):
                continue
            span = one.get("span")
            width = int(span) * 2 if isinstance(span, int | float) and 1 <= span <= 12 else 12  # noqa: PLR2004 - its grid
            if x + width > COLUMNS:
                x, y = 0, y + height
            yield {**one, "gridPos": {"x": x, "y": y, "w": width, "h": height}}
            x += width
        y += height


def _place(one: Mapping[str, Any]) -> dict[str, int]:
    given = as_dict(one.get("gridPos"))

    def number(name: str, usual: int, low: int, high: int) -> int:
        value = given.get(name, usual)
        return max(low, min(high, int(value))) if isinstance(value, int | float) else usual

    x = number("x", 0, 0, COLUMNS - 1)
    row = one.get("type") == "row"
    return {
        "x": x, "y": number("y", 0, 0, 9_000), "w": number("w", 12, 1, COLUMNS - x),
        "h": _ROW_HEIGHT if row else number("h", 8, 1, 100),
    }  # fmt: skip


def _variables(board: Mapping[str, Any], notes: list[Note]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for one in map(as_dict, as_list(as_dict(board.get("templating")).get("list"))):
        name, kind = text_of(one.get("name")), text_of(one.get("type"))
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,62}", name):
            notes.append(Note("", f"the variable {name[:100]!r} has no name that we can have"))
            continue
        if kind in {"datasource", "adhoc", "groupby", "system"}:
            notes.append(Note("", f"the variable {name}, of the type {kind}, is not needed here"))
            continue
        variable = {"name": name, "label": text_of(one.get("label"))[:128]}
        found.append({**variable, **_values(one, kind, name, notes)})
    return found[:MAX_VARIABLES]


def _values(one: Mapping[str, Any], kind: str, name: str, notes: list[Note]) -> dict[str, Any]:
    current = as_dict(one.get("current")).get("value")
    chosen = [text_of(v) for v in (current if isinstance(current, list) else [current]) if v]
    chosen = [v[:1024] for v in chosen if v != "$__all"][:MAX_VALUES]
    several = {"multi": bool(one.get("multi")), "all": bool(one.get("includeAll"))}
    if kind in {"custom", "interval"}:
        texts = [text.strip() for text in text_of(one.get("query")).split(",")]
        values = [text.rpartition(" : ")[2][:1024] for text in texts if text][:MAX_VALUES]
        if values:
            return {"type": "list", "values": values, "default": chosen, **several}
    if kind == "query":
        query = one.get("query")
        text = text_of(as_dict(query).get("query") if isinstance(query, dict) else query)
        matched = _LABEL_VALUES.match(text or text_of(one.get("definition")))
        if matched and matched["metric"]:
            if one.get("regex"):
                notes.append(Note("", f"the variable {name} is not filtered by its expression"))
            metric = with_our_variables(matched["metric"].strip())
            return {
                "type": "label", "metric": metric, "key": matched["label"], "default": chosen,
                **several,
            }  # fmt: skip
        notes.append(
            Note("", f"the variable {name} is typed in: its query {text[:100]!r} has no equal")
        )
    return {"type": "text", "default": chosen[:1], "all": several["all"]}


def _time(board: Mapping[str, Any]) -> dict[str, str]:
    given = as_dict(board.get("time"))
    start, end = _NOW.match(text_of(given.get("from"))), _NOW.match(text_of(given.get("to")))
    if not start or not start[1] or (end and end[1]):
        return {}
    return {"from": f"-{start[1]}", "to": "now"}


def _refresh(value: object) -> int:
    found = _REFRESH.match(text_of(value))
    return min(86_400, int(found[1]) * _SECONDS[found[2]]) if found else 0
