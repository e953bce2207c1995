"""``vedette pipelines``: how pipelines stand, their runs, and where a run's time went."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.table import Table

from vedette.cli.client import DEFAULT_ENDPOINT, ApiKey, Client, End, Endpoint, Start

app = typer.Typer(help="Pipelines, their tasks and runs.", no_args_is_help=True)
_COLORS = {
    "failing": "red", "failed": "red", "error": "red", "aborted": "red", "violated": "red",
    "warning": "yellow", "late": "yellow", "running": "cyan", "ok": "green", "completed": "green",
    "passed": "green",
}  # fmt: skip


@app.command("list")
def list_pipelines(
    query: Annotated[str, typer.Argument(help="A part of the name.")] = "",
    start: Start = "-24h",
    end: End = "now",
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """List pipelines with their health, freshness, durations and volume."""
    found = Client(endpoint, api_key).get("/pipelines", q=query, start=start, end=end)
    table = _table(
        "pipeline", "health", "runs", "failed", "p50", "p95", "rows out", "fresh", "slowest"
    )
    for one in found["pipelines"]:
        table.add_row(
            one["job"], _colored(one["health"]), str(one["runs"]), str(one["failed"]),
            _seconds(one["p50_seconds"]), _seconds(one["p95_seconds"]), _number(one["rows_out"]),
            _seconds(one["age"]), one["slowest_task"],
        )  # fmt: skip
    Console().print(table)


@app.command()
def runs(
    pipeline: Annotated[str, typer.Argument(help="Only of this pipeline or task.")] = "",
    status: Annotated[str, typer.Option(help="running, completed, failed or aborted.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 20,
    start: Start = "-24h",
    end: End = "now",
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """List runs, newest first."""
    found = Client(endpoint, api_key).get(
        "/pipelines/runs", pipeline=pipeline, status=status, limit=limit, start=start, end=end
    )
    table = _table("run", "pipeline", "started", "status", "took", "rows in", "rows out", "error")
    for one in found["runs"]:
        table.add_row(
            one["run_id"], one["job"], one["started"][:19], _colored(one["status"]),
            _seconds(one["seconds"]), _number(one["rows_in"]), _number(one["rows_out"]),
            one["error"][:80],
        )  # fmt: skip
    Console().print(table)


@app.command()
def show(
    run_id: Annotated[str, typer.Argument(help="The run's id.")],
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Show a run: its tasks, datasets and checks, and where its time went."""
    found = Client(endpoint, api_key).get(f"/pipelines/runs/{quote(run_id, safe='')}")
    console, run = Console(highlight=False), found["run"]
    console.print(
        f"[bold]{run['job']}[/] {_colored(run['status'])} {run['started'][:19]} "
        f"took {_seconds(run['seconds'])}" + (f"\n[red]{run['error']}[/]" if run["error"] else "")
    )
    if run["trace_id"]:
        console.print(f"trace {run['trace_id']}")
    shares = {one["job"]: one for one in found["time_by_task"]}
    tasks = _table("task", "status", "attempt", "took", "of the path", "rows in", "rows out")
    for task in found["tasks"]:
        share = shares.get(task["label"])
        tasks.add_row(
            task["label"], _colored(task["status"]), str(task["attempt"] or 1),
            _seconds(task["seconds"]), f"{share['share']:.0%}" if share else "",
            _number(task["rows_in"]), _number(task["rows_out"]),
        )  # fmt: skip
    if found["tasks"]:
        console.print(tasks)
    if waiting := shares.get(""):
        console.print(f"between tasks: {_seconds(waiting['seconds'])} ({waiting['share']:.0%})")
    for one in found["datasets"]:
        way = {"in": "read ", "out": "wrote"}.get(one["direction"], "")
        console.print(
            f"{way} {one['dataset']} {_number(one['rows'])} rows {one['version']}".rstrip()
        )
    for check in found["checks"]:
        console.print(
            f"check {check['dataset']} {check['column']} {check['check']}: {_colored(check['status'])}"
        )


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column, overflow="fold")
    return table


def _colored(word: str) -> str:
    color = _COLORS.get(word)
    return f"[{color}]{word}[/]" if color else word


def _seconds(value: float | None) -> str:
    if value is None:
        return "-"
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if value >= size:
            return f"{value / size:.1f} {unit}"
    return f"{value:.2f} s"


def _number(value: Any) -> str:  # noqa: ANN401 - a number or none
    return "-" if value is None else f"{value:,.0f}"
