"""Ready-made dashboards for what is known by convention, offered where there are such data.

They read what OpenTelemetry's semantic conventions name, and nobody has to set anything up.
Duplicate one to change it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from vedette.core.errors import NotFoundError
from vedette.dashboards.definition import DashboardSpec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vedette.core.time import TimeRange
    from vedette.query import QueryRunner

_METRICS = """
SELECT DISTINCT toString(MetricName) AS name
FROM @metric_series
WHERE MetricName IN {names:Array(String)}
    AND Day >= toDate({start:DateTime64(3)}) AND Day <= toDate({end:DateTime64(3)})
    AND LastTime >= {start:DateTime64(3)} AND FirstTime <= {end:DateTime64(3)}
"""
_CALLS = """
SELECT 1 AS found FROM @span_metrics_1m
WHERE SpanKind IN ('Server', 'Consumer')
    AND Minute >= toStartOfMinute({start:DateTime64(3)}) AND Minute < {end:DateTime64(3)}
LIMIT 1
"""
_ENTRY = "kind:(server OR consumer)"
_HOST = "resource.host.name"


@dataclass(frozen=True, slots=True)
class ReadyMade:
    """A dashboard that everybody has.

    Attributes:
        id: in addresses.
        name: what people read.
        summary: what it shows.
        make: makes the definition.
        spans: whether it needs spans of calls that services took.
        metrics: it needs one of these; with neither, it is always there.

    """

    id: str
    name: str
    summary: str
    make: Callable[[], DashboardSpec]
    spans: bool = False
    metrics: tuple[str, ...] = ()


def ready_made(name: str) -> ReadyMade:
    """Return one of them; ``NotFoundError`` where there is none of this id."""
    found = READY.get(name)
    if found is None:
        raise NotFoundError(
            f"there is no ready-made dashboard {name[:100]!r}", field="name",
            remedy=f"there are {', '.join(READY)}",
        )  # fmt: skip
    return found


def find_available(runner: QueryRunner, account: str, time_range: TimeRange) -> set[str]:
    """Return the ids of those that have something to show in a range."""
    params = {"start": time_range.start, "end": time_range.end}
    names = sorted({metric for one in READY.values() for metric in one.metrics})
    there = set(runner.run(account, _METRICS, {**params, "names": names})["name"])
    calls = runner.run(account, _CALLS, params).rows > 0
    return {
        one.id
        for one in READY.values()
        if (one.spans and calls)
        or there.intersection(one.metrics)
        or not (one.spans or one.metrics)
    }


def _spec(description: str, variables: list[Mapping[str, Any]], *rows: Any) -> DashboardSpec:  # noqa: ANN401 - rows of panels
    """Return a definition; each row is its height and its panels, side by side."""
    panels: list[dict[str, Any]] = []
    y = 0
    for height, row in rows:
        x = 0
        for panel in row:
            width = panel.pop("w", 24 // len(row))
            place = {"x": x, "y": y, "w": width, "h": height}
            panels.append({"id": f"p{len(panels) + 1}", "place": place, **panel})
            x += width
        y += height
    return DashboardSpec.model_validate(
        {"description": description, "variables": variables, "panels": panels, "tags": ["ready-made"]}
    )  # fmt: skip


def _spans(title: str, kind: str, measure: str = "rate", group: str = "", **look: Any) -> Any:  # noqa: ANN401 - members
    source = {
        "type": "spans", "q": f"service:$service {_ENTRY}", "measure": measure, "group_by": group,
    }  # fmt: skip
    return {"title": title, "type": kind, "query": source, "look": look}


def _http_services() -> DashboardSpec:
    service = {
        "name": "service", "label": "Service", "type": "field", "key": "service",
        "signal": "spans", "q": _ENTRY, "multi": True, "all": True,
    }  # fmt: skip
    limits = [{"value": 0.01, "level": "warning"}, {"value": 0.05, "level": "critical"}]
    return _spec(
        "Rate, errors and durations of the calls that services take, by their spans.",
        [service],
        (5, [
            _spans("Calls a second", "stat", reduce="mean"),
            _spans("Failed", "stat", "error_share", reduce="mean", thresholds=limits),
            _spans("Median duration", "stat", "p50", reduce="mean"),
            _spans("99 % are done within", "stat", "p99", reduce="mean"),
        ]),
        (9, [
            _spans("Calls by service", "timeseries", "rate", "service", draw="stack"),
            _spans("Share of failed calls by service", "timeseries", "error_share", "service"),
        ]),
        (9, [
            _spans("95 % of calls are done within", "timeseries", "p95", "service"),
            _spans("Durations", "heatmap"),
        ]),
        (9, [
            _spans("Operations", "table"),
            {
                "title": "Errors in the logs", "type": "table",
                "query": {"type": "logs", "q": "level:>=error service:$service"},
                "look": {"rows": 50},
            },
        ]),
    )  # fmt: skip


def _metric(title: str, metric: str, statistic: str = "Average", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - members
    """Return a panel over one metric, limited by the dashboard's one variable."""
    variable = more.pop("variable", None)
    query = {
        "id": "m1", "metric": metric, "statistic": statistic,
        "group_by": more.pop("by", []), "across": more.pop("across", None),
        "matchers": [*more.pop("where", []), *([_chosen(*variable)] if variable else [])],
        "top": {"count": 50},
    }  # fmt: skip
    return {
        "title": title, "type": more.pop("type", "timeseries"),
        "query": {"type": "metric", "queries": [query]}, "look": more,
    }  # fmt: skip


def _chosen(label: str, name: str) -> dict[str, str]:
    return {"label": label, "operator": "=~", "value": f"${name}"}


def _processor(limits: list[dict[str, Any]]) -> dict[str, Any]:
    """Return the share of time that processors are not idle, by host.

    A share, because several services of one host may each report its counters.
    """
    panel = _metric(
        "Processor", "system.cpu.time", "rate", variable=(_HOST, "host"), by=[_HOST],
        where=[{"label": "cpu.mode", "operator": "=", "value": "idle"}],
        unit="share", thresholds=limits, minimum=0,
    )  # fmt: skip
    [idle] = panel["query"]["queries"]
    every = {**idle, "id": "m2", "matchers": idle["matchers"][1:]}
    busy = {"id": "busy", "expression": "1 - m1 / m2", "label": "{{resource.host.name}}"}
    panel["query"]["queries"] = [{**idle, "hidden": True}, {**every, "hidden": True}, busy]
    return panel


def _hosts() -> DashboardSpec:
    host = {
        "name": "host", "label": "Host", "type": "label", "metric": "system.cpu.time",
        "key": _HOST, "multi": True, "all": True,
    }  # fmt: skip
    limits = [{"value": 0.8, "level": "warning"}, {"value": 0.95, "level": "critical"}]
    at = (_HOST, "host")

    def one(title: str, metric: str, statistic: str = "Average", **more: Any) -> dict[str, Any]:  # noqa: ANN401 - members
        return _metric(title, metric, statistic, variable=at, **{"by": [_HOST], **more})

    used = [{"label": "system.memory.state", "operator": "=", "value": "used"}]
    return _spec(
        "How busy hosts are: processors, memory, disks and network.",
        [host],
        (9, [
            _processor(limits),
            one("Load of the last minute", "system.cpu.load_average.1m"),
        ]),
        (9, [
            one("Memory used", "system.memory.utilization", thresholds=limits, unit="share",
                where=used),
            one("Memory by state", "system.memory.usage", draw="stack", across="max",
                by=[_HOST, "system.memory.state"]),
        ]),
        (9, [
            one("Disk", "system.disk.io", "rate", across="max", by=[_HOST, "disk.io.direction"]),
            one("Network", "system.network.io", "rate", across="max",
                by=[_HOST, "network.io.direction"]),
        ]),
        (8, [
            one("Fullest file systems", "system.filesystem.utilization", "Maximum", type="bar",
                thresholds=limits, unit="share", by=[_HOST, "system.filesystem.mountpoint"]),
            one("Processes", "system.process.count", across="max"),
        ]),
    )  # fmt: skip


def _python() -> DashboardSpec:
    service = {
        "name": "service", "label": "Service", "type": "label",
        "metric": "process.memory.usage", "key": "service", "multi": True, "all": True,
    }  # fmt: skip
    at = ("service", "service")
    by = ["service"]
    return _spec(
        "Processes of Python services: processor, memory, threads, files, garbage collection.",
        [service],
        (9, [
            _metric("Processors at work", "process.cpu.time", "rate", variable=at, by=by),
            _metric("Memory", "process.memory.usage", variable=at, by=by, across="sum"),
        ]),
        (9, [
            _metric("Threads", "process.thread.count", variable=at, by=by, across="sum"),
            _metric("Open files", "process.unix.file_descriptor.count", variable=at, by=by,
                    across="sum"),
        ]),
        (9, [
            _metric("Garbage collections", "cpython.gc.collections", "rate", variable=at,
                    by=["service", "cpython.gc.generation"]),
            _metric("Runs for", "process.uptime", "Minimum", variable=at, by=by, type="bar"),
        ]),
    )  # fmt: skip


def _ingest() -> DashboardSpec:
    rejected = (
        "SELECT toStartOfInterval(ReceivedTime, INTERVAL $__interval SECOND) AS time,\n"
        "    Signal AS signal, sum(Count) AS rejected\n"
        "FROM rejected WHERE $__timeFilter(ReceivedTime)\nGROUP BY time, signal ORDER BY time"
    )
    reasons = (
        "SELECT Signal AS signal, Reason AS reason, sum(Count) AS records, max(ReceivedTime) AS last\n"
        "FROM rejected WHERE $__timeFilter(ReceivedTime)\n"
        "GROUP BY signal, reason ORDER BY records DESC LIMIT 100"
    )
    series = (
        "SELECT MetricName AS metric, uniqExact(SeriesId) AS series\n"
        "FROM metric_series WHERE $__timeFilter(LastTime)\n"
        "GROUP BY metric ORDER BY series DESC LIMIT 20"
    )
    return _spec(
        "What comes in, what is rejected and why, and which metrics have the most series.",
        [],
        (9, [
            {"title": "Log records by level", "type": "timeseries",
             "query": {"type": "logs", "q": ""}, "look": {"draw": "bars"}},
            {"title": "Spans a second by service", "type": "timeseries",
             "query": {"type": "spans", "q": "", "measure": "rate", "group_by": "service"},
             "look": {"draw": "stack"}},
        ]),
        (9, [
            {"title": "Rejected records", "type": "timeseries",
             "query": {"type": "sql", "sql": rejected}, "look": {"draw": "bars"}},
            {"title": "Why records were rejected", "type": "table",
             "query": {"type": "sql", "sql": reasons}},
        ]),
        (9, [
            {"title": "Metrics with the most series", "type": "bar",
             "query": {"type": "sql", "sql": series}},
            {"title": "Log records by service", "type": "bar",
             "query": {"type": "pipe",
                       "query": "stats count(*) as records by service | sort records desc | limit 20"}},
        ]),
    )  # fmt: skip


@cache
def _made(make: Callable[[], DashboardSpec]) -> DashboardSpec:
    return make()


def spec_of(ready: ReadyMade) -> DashboardSpec:
    """Return the definition of one."""
    return _made(ready.make)


READY: dict[str, ReadyMade] = {
    one.id: one
    for one in (
        ReadyMade(
            "services", "HTTP services", "Rate, errors and durations of calls, by service",
            _http_services, spans=True,
        ),
        ReadyMade(
            "hosts", "Hosts", "Processors, memory, disks and network", _hosts,
            metrics=("system.cpu.time", "system.memory.usage"),
        ),
        ReadyMade(
            "python", "Python runtime", "Processor, memory, threads and files of processes",
            _python, metrics=("process.memory.usage", "process.cpu.time"),
        ),
        ReadyMade(
            "ingest", "Ingest health", "What comes in, and what is rejected and why", _ingest
        ),
    )
}  # fmt: skip
