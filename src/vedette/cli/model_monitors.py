"""``vedette models monitor``: models in production, and what watches them."""

from __future__ import annotations

import json
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.table import Table

from vedette.cli.client import DEFAULT_ENDPOINT, ApiKey, Client, End, Endpoint, Json, Start

app = typer.Typer(
    help="Models in production: quality, estimates, segments, bias, monitors.", no_args_is_help=True
)
Model = Annotated[str, typer.Argument(help="Name of the model.")]
Version = Annotated[str | None, typer.Option(help="Only this version.")]
Filter = Annotated[
    list[str] | None, typer.Option("--filter", help="Such as plan=a or age<30; repeat for more.")
]


@app.command("list")
def list_(endpoint: Endpoint = DEFAULT_ENDPOINT, api_key: ApiKey = "") -> None:
    """List monitors."""
    table = Table("name", "model", "version", "window", "schedule", "watches")
    client, cursor = Client(endpoint, api_key), None
    while True:
        page = client.get("/model-monitors", cursor=cursor)
        for one in page["monitors"]:
            spec = one["spec"]
            watched = [
                name
                for name in ("drift", "quality", "bias", "attribution", "slices")
                if spec.get(name)
            ]
            table.add_row(
                one["name"], spec["model"], spec.get("version") or "all", spec["window"], spec["schedule"],
                " ".join(watched),
            )  # fmt: skip
        cursor = page["cursor"]
        if not cursor:
            break
    Console(highlight=False).print(table)


@app.command()
def overview(
    start: Start = "-1d", end: End = "now", as_json: Json = False, endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:  # fmt: skip
    """Show models in production: volume, latency, errors, label coverage."""
    found = Client(endpoint, api_key).get("/model-production", start=start, end=end)
    if as_json:
        typer.echo(json.dumps(found))
        return
    table = Table("model", "version", "endpoint", "predictions", "p95 ms", "errors", "labelled")
    for row in found["rows"]:
        errors = "" if row["calls"] is None else f"{row['errors']}/{row['calls']}"
        table.add_row(
            row["model"], row["version"], row["endpoint"], f"{row['predictions']:,.0f}", _number(row["p95_ms"]),
            errors, f"{row['coverage']:.1%}",
        )  # fmt: skip
    Console(highlight=False).print(table)


@app.command()
def quality(
    model: Model, version: Version = None, filter_: Filter = None, start: Start = "-7d", end: End = "now",
    as_json: Json = False, endpoint: Endpoint = DEFAULT_ENDPOINT, api_key: ApiKey = "",
) -> None:  # fmt: skip
    """Show a model's metrics with intervals, as labels say and as is expected without them."""
    found = Client(endpoint, api_key).get(
        "/model-production/quality",
        model=model,
        version=version,
        filter=filter_,
        start=start,
        end=end,
    )
    if as_json:
        typer.echo(json.dumps(found))
        return
    table = Table("metric", "by labels", "interval", "expected", "bounds", "always the same")
    for name in dict.fromkeys([*found["metrics"], *found["estimated"]]):
        cells = [*_cells(found["metrics"].get(name)), *_cells(found["estimated"].get(name))]
        table.add_row(name, *cells, _number(found["constant"].get(name)))
    console = Console(highlight=False)
    console.print(table)
    console.print(
        f"{found['rows']:,} predictions, {found['labelled_rows']:,} with a label; {found['task']['kind']}"
    )


@app.command()
def slices(
    model: Model, version: Version = None, start: Start = "-7d", end: End = "now",
    endpoint: Endpoint = DEFAULT_ENDPOINT, api_key: ApiKey = "",
) -> None:  # fmt: skip
    """Find segments where quality falls."""
    found = Client(endpoint, api_key).get(
        "/model-production/slices", model=model, version=version, start=start, end=end
    )
    table = Table("segment", "predictions", "share", "loss", "rest", "effect", "p")
    for one in found["slices"]:
        table.add_row(
            " and ".join(one["filters"]), f"{one['rows']:,}", f"{one['share']:.1%}", _number(one["loss"]),
            _number(one["rest"]), _number(one["effect"]), _number(one["p_value"]),
        )  # fmt: skip
    Console(highlight=False, markup=False).print(table)


@app.command()
def runs(
    name: Annotated[str, typer.Argument(help="Name of the monitor.")], start: Start = "-30d", end: End = "now",
    endpoint: Endpoint = DEFAULT_ENDPOINT, api_key: ApiKey = "",
) -> None:  # fmt: skip
    """Show the windows that a monitor looked at, newest first."""
    page = Client(endpoint, api_key).get(
        f"/model-monitors/{quote(name, safe='')}/runs", start=start, end=end
    )
    table = Table("window", "status", "predictions", "violations", "drifted")
    for one in page["runs"]:
        table.add_row(
            one["start"],
            one["status"],
            f"{one['rows']:,.0f}",
            str(one["violations"]),
            str(one["drifted"]),
        )
    Console(highlight=False).print(table)


def _cells(one: dict[str, Any] | None) -> tuple[str, str]:
    if one is None:
        return "", ""
    reach = "" if one["low"] is None else f"{one['low']:.4g} to {one['high']:.4g}"
    return _number(one["value"]), reach


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.4g}"
