"""``vedette runs`` and ``vedette prices``: training runs, side by side, and what machines cost."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from vedette.cli.client import DEFAULT_ENDPOINT, ApiKey, Client, Endpoint, Json
from vedette.cli.tables import whole
from vedette.core.errors import InvalidInputError

runs = typer.Typer(help="Training runs.", no_args_is_help=True)
prices = typer.Typer(help="What the account's machines cost.", no_args_is_help=True)
_COLORS = {"FINISHED": "green", "FAILED": "red", "KILLED": "red", "RUNNING": "cyan"}
_PAGE = 1000


@runs.command()
def experiments(
    search: Annotated[str, typer.Argument(help="A part of the name.")] = "",
    as_json: Json = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """List experiments, those that changed last first."""
    found = [
        one
        for one in _experiments(Client(endpoint, api_key))
        if search.casefold() in one["name"].casefold()
    ]
    if as_json:
        typer.echo(json.dumps(found))
        return
    table = Table("id", "experiment", "runs", "running", "last run", "models")
    for one in found:
        table.add_row(
            one["id"], escape(one["name"]), str(one["runs"]), str(one["running"]),
            _moment(one["last_run_ms"]), str(one["models"]),
        )  # fmt: skip
    Console(highlight=False).print(table)


@runs.command("list")
def list_runs(
    experiment: Annotated[
        list[str] | None,
        typer.Argument(help="Names or ids of experiments; all where none is given."),
    ] = None,
    filter_: Annotated[
        str,
        typer.Option("--filter", help="As MLflow's: metrics.loss < 0.3 AND params.depth = '4'."),
    ] = "",
    column: Annotated[
        list[str] | None,
        typer.Option("--column", help="metrics.KEY, params.KEY or tags.KEY; repeat for more."),
    ] = None,
    order: Annotated[
        list[str] | None,
        typer.Option("--order", help="Such as 'metrics.loss ASC'; repeat for more."),
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=_PAGE)] = 20,
    as_json: Json = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """List runs with the values that you choose, newest first unless ordered."""
    client = Client(endpoint, api_key)
    columns = list(column or ())
    found = client.post(
        "/runs/search",
        {
            "experiment_ids": _ids(client, experiment or ()), "filter": filter_, "columns": columns,
            "order_by": list(order or ()), "limit": limit,
        },
    )  # fmt: skip
    if as_json:
        typer.echo(json.dumps(found))
        return
    table = Table(whole("run", width=32), "name", "status", "started", "took", *columns)
    for place, run in enumerate(found["runs"]):
        values = [_value(found["values"][name][place]) for name in columns]
        table.add_row(
            run["id"], escape(run["name"]), _status(run["status"]), _moment(run["start_ms"]),
            _took(run), *values,
        )  # fmt: skip
    console = Console(highlight=False)
    console.print(table)
    if found["total"] > len(found["runs"]):
        console.print(f"{len(found['runs'])} of {found['total']:,} runs; --limit shows more")


@runs.command()
def show(
    run_id: Annotated[str, typer.Argument(help="The run's id.")],
    as_json: Json = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Show a run: metrics, parameters, datasets, models, and what it took and cost."""
    client, path = Client(endpoint, api_key), f"/runs/{quote(run_id, safe='')}"
    run, use = client.get(path), client.get(f"{path}/efficiency")
    if as_json:
        typer.echo(json.dumps({**run, "efficiency": use}))
        return
    console, info = Console(highlight=False), run["info"]
    console.print(
        f"[bold]{escape(info['name'])}[/] of {escape(run['experiment'])}: {_status(info['status'])}, "
        f"{_moment(info['start_ms'])}, took {_took(info)}"
    )
    table = Table("", "name", "value", box=None, pad_edge=False)
    for one in run["metrics"]:
        table.add_row("metric", escape(one["key"]), f"{_value(one['value'])} at step {one['step']}")
    for kind in ("params", "tags"):
        for name, value in sorted(run[kind].items()):
            if not name.startswith("mlflow."):
                table.add_row(kind[:-1], escape(name), escape(value[:200]))
    for one in run["inputs"]:
        table.add_row("read", escape(one["name"]), one["digest"])
    for one in run["models"]:
        table.add_row("model", escape(one["name"]), one["id"])
    for one in run["versions"]:
        table.add_row(
            "registered", escape(one["model"]), f"version {one['version']}, {one['stage']}"
        )
    console.print(table)
    _show_use(console, use)


@runs.command()
def compare(
    run_ids: Annotated[list[str], typer.Argument(help="Ids of runs.")],
    differing: Annotated[
        bool, typer.Option("--differing", help="Only what is not the same in all of them.")
    ] = False,
    as_json: Json = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Show parameters and metrics of runs side by side."""
    found = Client(endpoint, api_key).get("/runs", id=run_ids)["runs"]
    if as_json:
        typer.echo(json.dumps(found))
        return
    table = Table("", "name", *(escape(run["info"]["name"] or run["info"]["id"]) for run in found))
    table.add_row("run", "status", *(_status(run["info"]["status"]) for run in found))
    table.add_row("run", "took", *(_took(run["info"]) for run in found))
    for kind, values in (
        ("param", [run["params"] for run in found]),
        ("metric", [{one["key"]: one["value"] for one in run["metrics"]} for run in found]),
    ):
        for name in sorted({name for one in values for name in one}):
            row = [one.get(name) for one in values]
            if not differing or len({json.dumps(value) for value in row}) > 1:
                table.add_row(kind, escape(name), *map(_value, row))
    Console(highlight=False).print(table)


@prices.command("show")
def show_prices(
    as_json: Json = False, endpoint: Endpoint = DEFAULT_ENDPOINT, api_key: ApiKey = ""
) -> None:
    """Show what a machine, a GPU and a kilowatt-hour cost."""
    _show_prices(Client(endpoint, api_key).get("/training-prices"), as_json=as_json)


@prices.command("set")
def set_prices(
    currency: Annotated[str | None, typer.Option(help="ISO 4217, such as EUR.")] = None,
    host_hour: Annotated[float | None, typer.Option(min=0, help="A machine, an hour.")] = None,
    gpu_hour: Annotated[float | None, typer.Option(min=0, help="One GPU, an hour.")] = None,
    kwh: Annotated[float | None, typer.Option(min=0, help="A kilowatt-hour of the GPUs.")] = None,
    as_json: Json = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Set prices, from which costs of runs are worked out; what is left out stays."""
    client = Client(endpoint, api_key)
    given = {"currency": currency, "host_hour": host_hour, "gpu_hour": gpu_hour, "kwh": kwh}
    now = client.get("/training-prices")
    body = {name: now[name] if value is None else value for name, value in given.items()}
    _show_prices(client.put("/training-prices", body), as_json=as_json)


def _show_prices(found: Mapping[str, Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(found))
        return
    table = Table("of", found["currency"])
    for name, label in (("host_hour", "a machine, an hour"), ("gpu_hour", "one GPU, an hour"),
                        ("kwh", "a kilowatt-hour of the GPUs")):  # fmt: skip
        table.add_row(label, f"{found[name]:g}")
    Console(highlight=False).print(table)


def _show_use(console: Console, use: Mapping[str, Any]) -> None:
    parts = []
    if use["cpu"]:
        parts.append(f"CPU {use['cpu']['mean']:.0f} %")
    parts += [
        f"GPU {gpu['index']} {gpu['utilization']['mean']:.0f} %"
        for gpu in use["gpus"]
        if gpu["utilization"]
    ]
    if use["seconds_per_epoch"]:
        parts.append(f"{use['seconds_per_epoch']:.3g} s an epoch")
    if cost := use["cost"]:
        parts.append(f"cost {cost['total']:.2f} {cost['currency']}")
        if cost["idle"]:
            parts.append(f"{cost['idle']:.2f} of it idle")
    if parts:
        console.print(", ".join(parts))


def _experiments(client: Client) -> Iterator[dict[str, Any]]:
    cursor = None
    while True:
        page = client.get("/experiments", cursor=cursor, limit=_PAGE)
        yield from page["experiments"]
        cursor = page["cursor"]
        if not cursor:
            return


def _ids(client: Client, wanted: Sequence[str]) -> list[str]:
    """Return ids of experiments that are named by id or name; of all where none is named."""
    known = list(_experiments(client))
    if not wanted:
        return [one["id"] for one in known]
    found = []
    for text in wanted:
        one = next((e for e in known if text in {e["id"], e["name"]}), None)
        if one is None:
            raise InvalidInputError(
                f"there is no experiment {text!r}",
                field="experiment",
                remedy="see 'vedette runs experiments'",
            )
        found.append(one["id"])
    return found


def _status(word: str) -> str:
    color = _COLORS.get(word)
    return f"[{color}]{word.lower()}[/]" if color else word.lower()


def _moment(milliseconds: int | None) -> str:
    if milliseconds is None:
        return ""
    return f"{datetime.fromtimestamp(milliseconds / 1000, UTC):%Y-%m-%d %H:%M:%S}"


def _took(info: Mapping[str, Any]) -> str:
    if info["start_ms"] is None or info["end_ms"] is None:
        return ""
    seconds = (info["end_ms"] - info["start_ms"]) / 1000
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds >= size:
            return f"{seconds / size:.1f} {unit}"
    return f"{seconds:.2f} s"


def _value(value: Any) -> str:  # noqa: ANN401 - a number, a text or none
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float | int) else escape(str(value)[:100])
