"""How panels of Grafana look, in our terms: types, units, thresholds, legends."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

PANEL_TYPES = {
    "timeseries": "timeseries", "graph": "timeseries", "trend": "timeseries",
    "stat": "stat", "singlestat": "stat",
    "gauge": "gauge",
    "table": "table", "table-old": "table",
    "bargauge": "bar", "barchart": "bar", "piechart": "bar", "grafana-piechart-panel": "bar",
    "heatmap": "heatmap", "histogram": "histogram", "text": "text",
}  # fmt: skip
_UNITS = {
    "s": "s", "ms": "ms", "µs": "us", "ns": "ns", "m": "min", "h": "h", "d": "d",
    "bytes": "By", "decbytes": "By", "kbytes": "KiBy", "mbytes": "MiBy", "gbytes": "GiBy",
    "Bps": "By/s", "binBps": "By/s", "bps": "bit/s", "binbps": "bit/s", "bits": "bit",
    "percent": "%", "percentunit": "share",
    "reqps": "{request}/s", "rps": "{read}/s", "wps": "{write}/s", "ops": "{operation}/s",
    "cps": "{count}/s", "iops": "{operation}/s", "pps": "{packet}/s", "celsius": "Cel",
    "hertz": "Hz", "watt": "W", "volt": "V",
}  # fmt: skip
_REDUCE = {
    "last": "last", "lastNotNull": "last", "mean": "mean", "avg": "mean", "min": "min",
    "max": "max", "sum": "sum", "total": "sum", "count": "count", "current": "last",
}  # fmt: skip
_LEGEND = {"list": "list", "table": "table", "hidden": "none"}
_LEVELS = (
    ("red", "critical"), ("orange", "warning"), ("yellow", "warning"), ("green", "ok"),
    ("blue", "info"), ("purple", "info"),
)  # fmt: skip
_HEX_RED = ("#e02", "#f2", "#e24d42", "#d44a3a", "#bf1b00", "#c4162a", "#f53636")


def as_dict(value: object) -> Mapping[str, Any]:
    """Return a JSON object, or an empty one."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    """Return a JSON list, or an empty one."""
    return value if isinstance(value, list) else []


def text_of(value: object) -> str:
    """Return a text or number as text without control characters, else an empty one."""
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return ""
    return "".join(char for char in str(value) if char in "\n\t" or char.isprintable())


def look_of(panel: Mapping[str, Any], kind: str) -> dict[str, Any]:
    """Return how a panel shows its data."""
    defaults = as_dict(as_dict(panel.get("fieldConfig")).get("defaults"))
    custom, options = as_dict(defaults.get("custom")), as_dict(panel.get("options"))
    look: dict[str, Any] = {
        "unit": _unit(panel, defaults), "minimum": _number(defaults.get("min")),
        "maximum": _number(defaults.get("max")), "draw": _draw(panel, custom),
        "log": as_dict(custom.get("scaleDistribution")).get("type") == "log",
        "reduce": _reduce(panel, options), "thresholds": _thresholds(defaults),
        "legend": _legend(panel, options), "sparkline": options.get("graphMode") != "none",
    }  # fmt: skip
    decimals = defaults.get("decimals", panel.get("decimals"))
    if isinstance(decimals, int) and 0 <= decimals <= 10:  # noqa: PLR2004 - as the form has it
        look["decimals"] = decimals
    calcs = [
        _REDUCE.get(text_of(one)) for one in as_list(as_dict(options.get("legend")).get("calcs"))
    ]
    shown = list(dict.fromkeys(one for one in calcs if one and one != "count"))
    if shown:
        look["statistics"] = shown
    if kind == "gauge" and look["minimum"] is None and look["unit"] in {"%", "share"}:
        look["minimum"], look["maximum"] = 0, 100 if look["unit"] == "%" else 1
    return look


def _unit(panel: Mapping[str, Any], defaults: Mapping[str, Any]) -> str:
    axes = as_list(panel.get("yaxes"))
    old = as_dict(axes[0]).get("format") if axes else panel.get("format")
    unit = text_of(defaults.get("unit") or old)
    if unit in {"", "none", "short", "string", "locale"}:
        return ""
    return _UNITS.get(unit, unit.removeprefix("suffix:") if ":" in unit else "")[:64]


def _draw(panel: Mapping[str, Any], custom: Mapping[str, Any]) -> str:
    bars = custom.get("drawStyle") == "bars" or (panel.get("bars") and not panel.get("lines", True))
    stacked = as_dict(custom.get("stacking")).get("mode") in {"normal", "percent"} or bool(
        panel.get("stack")
    )
    if bars:
        return "bars"
    if stacked:
        return "stack"
    fill = custom.get("fillOpacity", panel.get("fill", 0))
    # Grafana's own faint fill is no area.
    return "area" if isinstance(fill, int | float) and fill >= 10 else "line"  # noqa: PLR2004 - percent


def _reduce(panel: Mapping[str, Any], options: Mapping[str, Any]) -> str:
    calcs = as_list(as_dict(options.get("reduceOptions")).get("calcs"))
    return _REDUCE.get(text_of(calcs[0] if calcs else panel.get("valueName")), "last")


def _legend(panel: Mapping[str, Any], options: Mapping[str, Any]) -> str:
    legend = as_dict(options.get("legend"))
    old = as_dict(panel.get("legend"))
    if legend.get("showLegend") is False or old.get("show") is False:
        return "none"
    if old.get("alignAsTable"):
        return "table"
    return _LEGEND.get(text_of(legend.get("displayMode")), "list")


def _thresholds(defaults: Mapping[str, Any]) -> list[dict[str, Any]]:
    given = as_dict(defaults.get("thresholds"))
    if given.get("mode") == "percentage":
        return []
    steps = [as_dict(one) for one in as_list(given.get("steps"))]
    found = [(_number(one.get("value")), text_of(one.get("color"))) for one in steps]
    limits = [{"value": v, "level": _level(color)} for v, color in found if v is not None]
    # One limit of Grafana's own makes, which nobody set.
    usual = [one["value"] for one in limits] == [80] and not _is_share(defaults)
    return [] if usual else limits[:20]


def _is_share(defaults: Mapping[str, Any]) -> bool:
    return text_of(defaults.get("unit")) == "percent"


def _level(color: str) -> str:
    lower = color.lower()
    for word, level in _LEVELS:
        if word in lower:
            return level
    return "critical" if lower.startswith(_HEX_RED) else "warning"


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None
