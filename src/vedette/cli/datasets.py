"""``vedette data``: datasets on the server, and the monitors that watch them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from vedette.cli.client import DEFAULT_ENDPOINT, ApiKey, Client, End, Endpoint, Json, Start, gate

app = typer.Typer(help="Datasets on the server, and their monitors.", no_args_is_help=True)
datasets = typer.Typer(help="Datasets that have profiles or results.", no_args_is_help=True)
monitors = typer.Typer(help="Monitors of datasets.", no_args_is_help=True)
app.add_typer(datasets, name="datasets")
app.add_typer(monitors, name="monitors")
Dataset = Annotated[str, typer.Argument(help="The dataset's name.")]
Monitor = Annotated[str, typer.Argument(help="The monitor's name.")]
_BAD = {"violated", "drift", "CompletedWithViolations", "Failed"}
_GOOD = {"passed", "no drift", "Completed"}


@datasets.command("list")
def list_datasets(
    search: Annotated[str, typer.Argument(help="A part of the name.")] = "",
    as_json: Json = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """List datasets with their volume, checks and drift."""
    found = Client(endpoint, api_key).get("/datasets", search=search)["datasets"]
    if as_json:
        typer.echo(json.dumps(found))
        return
    table = Table("dataset", "data until", "rows", "columns", "checks", "drift", "monitors")
    for one in found:
        checks = one["checks"] + (f" ({one['violations']})" if one["violations"] else "")
        table.add_row(
            one["name"], one["last"][:19], _number(one["rows"]), str(one["columns"]),
            _colored(checks, one["checks"]), _colored(one["drift"]), str(one["monitors"]),
        )  # fmt: skip
    Console(highlight=False).print(table)


@datasets.command()
def results(
    dataset: Dataset,
    start: Start = "-7d",
    end: End = "now",
    family: Annotated[str | None, typer.Option(help="window, check or drift.")] = "check",
    as_json: Json = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Show what monitors and gates said of a dataset, newest first."""
    path = f"/datasets/{quote(dataset, safe='')}/results"
    found = Client(endpoint, api_key).get(path, start=start, end=end, family=family)
    _show_results(found["results"], as_json=as_json)


@monitors.command("list")
def list_monitors(
    dataset: Annotated[str | None, typer.Option(help="Only of this dataset.")] = None,
    as_json: Json = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """List monitors."""
    found = list(_monitors(Client(endpoint, api_key), dataset))
    if as_json:
        typer.echo(json.dumps(found))
        return
    table = Table("monitor", "dataset", "source", "window", "schedule", "watches")
    for one in found:
        spec = one["spec"]
        watches = [name for name in ("drift", "checks", "segments") if spec.get(name)]
        table.add_row(
            one["name"], spec["dataset"], (spec.get("source") or {}).get("url", "sent profiles"),
            spec["window"], spec["schedule"] if spec["enabled"] else "off", " ".join(watches),
        )  # fmt: skip
    Console(highlight=False).print(table)


@monitors.command()
def put(
    name: Monitor,
    file: Annotated[Path, typer.Argument(help="YAML or JSON of the definition.")],
    secret: Annotated[
        str | None,
        typer.Option(
            envvar="VEDETTE_SOURCE_SECRET", help="The source's secret; better by variable."
        ),
    ] = None,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Make a monitor of a file, or change it as a whole."""
    from vedette.sdk.data_checks import read_document  # noqa: PLC0415 - the engine is an extra

    spec = read_document(file)
    if secret and isinstance(spec, dict) and isinstance(spec.get("source"), dict):
        spec["source"]["secret"] = secret
    found = Client(endpoint, api_key).put(f"/monitors/{quote(name, safe='')}", spec)
    typer.echo(f"{found['name']} watches {found['spec']['dataset']}")


@monitors.command()
@gate()
def run(
    name: Monitor,
    start: Annotated[str | None, typer.Option(help="Windows from here on again.")] = None,
    end: End = "now",
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Look at windows now: those that are due, or those of a range again; ends with 1 at violations.

    It ends with 2 where it could not look.
    """
    body = {"end": end, **({"start": start} if start else {})}
    with Console(stderr=True).status("looking"):
        found = Client(endpoint, api_key, timeout=7300.0).post(
            f"/monitors/{quote(name, safe='')}/run", body
        )
    for window in found["windows"]:
        typer.echo(window)
    typer.echo(
        f"{len(found['windows'])} windows, {found['violations']} violations, "
        f"{found['drifted']} columns drifted"
    )
    if found["violations"] or found["drifted"]:
        raise typer.Exit(1)


@monitors.command()
def runs(
    name: Monitor,
    start: Start = "-7d",
    end: End = "now",
    as_json: Json = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """List the windows that a monitor looked at, newest first."""
    path = f"/monitors/{quote(name, safe='')}/runs"
    found = Client(endpoint, api_key).get(path, start=start, end=end)["runs"]
    if as_json:
        typer.echo(json.dumps(found))
        return
    table = Table("window", "looked", "status", "rows", "violations", "drifted", "")
    for one in found:
        table.add_row(
            one["start"][:19], one["time"][:19], _colored(one["status"]), _number(one["rows"]),
            str(one["violations"]), str(one["drifted"]),
            escape("; ".join([one["error"][:200], *one["notes"]] if one["error"] else one["notes"])),
        )  # fmt: skip
    Console(highlight=False).print(table)


@monitors.command("results")
def monitor_results(
    name: Monitor,
    start: Start = "-7d",
    end: End = "now",
    family: Annotated[str | None, typer.Option(help="window, check or drift.")] = None,
    as_json: Json = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Show what a monitor found, newest window first."""
    path = f"/monitors/{quote(name, safe='')}/results"
    found = Client(endpoint, api_key).get(path, start=start, end=end, family=family)
    _show_results(found["results"], as_json=as_json)


@monitors.command()
def delete(name: Monitor, endpoint: Endpoint = DEFAULT_ENDPOINT, api_key: ApiKey = "") -> None:
    """Delete a monitor; what it found stays."""
    Client(endpoint, api_key).delete(f"/monitors/{quote(name, safe='')}")


def _monitors(client: Client, dataset: str | None) -> Iterator[dict[str, Any]]:
    cursor = None
    while True:
        page = client.get("/monitors", dataset=dataset, cursor=cursor)
        yield from page["monitors"]
        cursor = page["cursor"]
        if not cursor:
            return


def _show_results(found: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(found))
        return
    table = Table("window", "column", "measure", "status", "severity", "value", "")
    for one in found:
        value = "" if one["value"] is None else f"{one['value']:,.6g}"
        table.add_row(
            one["start"][:19], one["column"], one["measure"], _colored(one["status"]),
            one["severity"], value, escape(one["description"]),
        )  # fmt: skip
    Console(highlight=False).print(table)


def _colored(text: str, word: str = "") -> str:
    color = "red" if (word or text) in _BAD else "green" if (word or text) in _GOOD else ""
    return f"[{color}]{text}[/]" if color else text


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.0f}"
