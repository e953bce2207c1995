"""``vedette metric-filters``: patterns of log events that make metrics."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from vedette.cli.client import DEFAULT_ENDPOINT, ApiKey, Client, Endpoint
from vedette.cli.tables import whole

app = typer.Typer(help="Make metrics of log events.", no_args_is_help=True)
Pattern = Annotated[
    str,
    typer.Argument(help="""Such as 'ERROR', '{ $.level = "error" }', '[ip, ..., status=5*]'."""),
]
Value = Annotated[str, typer.Option(help="A number, $.field (JSON) or $field.")]
Dimension = Annotated[
    list[str] | None,
    typer.Option("--dimension", help="label=$.field; give it again for more, up to 3."),
]
Service = Annotated[str, typer.Option(help="Only events of this service.")]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What people call the filter.")],
    pattern: Pattern,
    metric: Annotated[str, typer.Option(help="Name of the metric.")],
    namespace: Annotated[str, typer.Option(help="Label 'namespace' of the metric.")] = "",
    value: Value = "1",
    default: Annotated[
        float | None, typer.Option(help="Value of a minute with events and no match.")
    ] = None,
    unit: Annotated[str, typer.Option(help="UCUM unit.")] = "",
    dimension: Dimension = None,
    service: Service = "",
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Make a filter and print its id; it is applied to events that arrive from now on."""
    body = {
        "name": name,
        "pattern": pattern,
        "metric": metric,
        "namespace": namespace,
        "value": value,
        "default_value": default,
        "unit": unit,
        "dimensions": _dimensions(dimension),
        "service": service,
    }
    typer.echo(Client(endpoint, api_key).post("/metric-filters", body)["id"])


@app.command("list")
def list_(endpoint: Endpoint = DEFAULT_ENDPOINT, api_key: ApiKey = "") -> None:
    """List the account's filters."""
    table = Table(whole("id"), "name", "metric", "value", "pattern", "service", "enabled")
    client, cursor = Client(endpoint, api_key), None
    while True:
        page = client.get("/metric-filters", cursor=cursor)
        for one in page["filters"]:
            table.add_row(
                one["id"], escape(one["name"]), escape(one["metric"]), one["value"], escape(one["pattern"]),
                one["service"], "yes" if one["enabled"] else "no",
            )  # fmt: skip
        cursor = page["cursor"]
        if not cursor:
            break
    Console(highlight=False).print(table)


@app.command("test")
def try_(
    pattern: Pattern,
    value: Value = "1",
    dimension: Dimension = None,
    service: Service = "",
    start: Annotated[str, typer.Option("--start", help="RFC 3339, Unix time, or -1h.")] = "-1h",
    end: Annotated[str, typer.Option("--end", help="As --start.")] = "now",
    stdin: Annotated[
        bool,
        typer.Option("--stdin", help="Try it on lines of standard input, not on stored events."),
    ] = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Show which events a filter would match, and with which values, before it is made."""
    body: dict[str, Any] = {
        "pattern": pattern,
        "value": value,
        "dimensions": _dimensions(dimension),
        "service": service,
        "start": start,
        "end": end,
        "events": [line.rstrip("\n") for line in sys.stdin] if stdin else None,
    }
    found = Client(endpoint, api_key).post("/metric-filters/test", body)
    table = Table("time", "service", "value", "dimensions", "event")
    for one in found["events"]:
        labels = " ".join(f"{name}={text}" for name, text in one["dimensions"].items())
        shown = "not a number" if one["value"] is None else f"{one['value']:g}"
        table.add_row(one["time"], one["service"], shown, escape(labels), escape(one["body"][:200]))
    console = Console(highlight=False)
    console.print(table)
    console.print(f"{found['matches']} of {found['tested']} events match")


@app.command()
def delete(
    filter_id: Annotated[
        str, typer.Argument(help="Id, as 'vedette metric-filters list' shows it.")
    ],
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Remove a filter; the points that it made stay."""
    Client(endpoint, api_key).delete(f"/metric-filters/{filter_id}")


def _dimensions(pairs: list[str] | None) -> dict[str, str]:
    out = {}
    for pair in pairs or []:
        name, equals, selector = pair.partition("=")
        if not equals:
            raise typer.BadParameter(f"{pair!r} is not label=$.field")
        out[name] = selector
    return out
