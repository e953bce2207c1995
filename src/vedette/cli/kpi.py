"""``vedette kpi``: KPIs, and sending values of them."""

from __future__ import annotations

import json
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.table import Column, Table

from vedette.cli.client import DEFAULT_ENDPOINT, ApiKey, Client, Endpoint, Json
from vedette.core.errors import InvalidInputError
from vedette.core.time import parse_moment

app = typer.Typer(help="KPIs: list, push values, compute.", no_args_is_help=True)
Name = Annotated[str, typer.Argument(help="Name or id.")]
_STYLES = {
    "met": "green",
    "on track": "green",
    "at risk": "yellow",
    "missed": "red",
    "no data": "dim",
}


@app.command("list")
def list_kpis(
    search: Annotated[str, typer.Option("--search", "-q", help="Part of the name.")] = "",
    as_json: Json = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """List KPIs with their newest values and targets."""
    client = Client(endpoint, api_key)
    kpis: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = client.get("/kpis", search=search, cursor=cursor)
        kpis, cursor = kpis + page["kpis"], page["cursor"]
        if cursor is None:
            break
    if as_json:
        typer.echo(json.dumps(kpis, ensure_ascii=False))
        return
    table = Table(Column("name", overflow="fold"), "latest", "unit", "change", "of", "targets",
                  header_style="bold")  # fmt: skip
    for kpi in kpis:
        targets = ", ".join(
            f"[{_STYLES[one['verdict']]}]{one['period']} {one['verdict']}[/]"
            for one in kpi["standings"]
        )
        latest = "" if kpi["latest"] is None else f"{kpi['latest']:,.6g}"
        change = "" if kpi["change"] is None else f"{kpi['change']:+.1%}"
        table.add_row(
            kpi["name"], latest, kpi["unit"], change, (kpi["latest_time"] or "")[:16], targets
        )
    Console(highlight=False).print(table)


@app.command()
def push(
    name: Name,
    value: Annotated[float, typer.Argument(help="The value.")],
    time: Annotated[
        str, typer.Option("--time", help="Start of its period: RFC 3339, Unix time or '-1d'.")
    ] = "now",
    dimension: Annotated[
        list[str] | None, typer.Option("--dimension", "-d", help="name=value; repeat for more.")
    ] = None,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Send a value; one of the same period and dimensions is corrected by it."""
    dimensions = {}
    for text in dimension or ():
        key, equals, text_value = text.partition("=")
        if not key or not equals:
            raise InvalidInputError(
                f"{text!r} is no dimension", field="dimension", remedy="write name=value"
            )
        dimensions[key] = text_value
    moment = parse_moment(time).isoformat()
    body = {"values": [{"value": value, "time": moment, "dimensions": dimensions}]}
    Client(endpoint, api_key).post(f"/kpis/{quote(name, safe='')}/values", body)
    typer.echo(f"stored {value:g} of {name}")


@app.command()
def compute(name: Name, endpoint: Endpoint = DEFAULT_ENDPOINT, api_key: ApiKey = "") -> None:
    """Compute what is due now, without waiting for the schedule."""
    done = Client(endpoint, api_key).post(f"/kpis/{quote(name, safe='')}/compute", {})
    typer.echo(f"{done['values']} values, {done['stored']} new or corrected")
