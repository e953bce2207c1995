"""``vedette slo``: objectives and how they stand."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.table import Column, Table

from vedette.cli.client import DEFAULT_ENDPOINT, ApiKey, Client, Endpoint, Json

app = typer.Typer(help="Service level objectives: list, show.", no_args_is_help=True)
_STYLES = {"ok": "green", "burning": "bold red", "exhausted": "red", "no data": "yellow"}
BURNING = 1


@app.command("list")
def list_slos(
    search: Annotated[str, typer.Option("--search", "-q", help="Part of the name.")] = "",
    fail: Annotated[
        bool, typer.Option("--fail", help="End with 1 where an objective burns or is exhausted.")
    ] = False,
    as_json: Json = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """List objectives with what is left of their budgets."""
    client = Client(endpoint, api_key)
    slos: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = client.get("/slos", search=search, limit=1000, cursor=cursor)
        slos, cursor = slos + page["slos"], page["cursor"]
        if cursor is None:
            break
    if as_json:
        typer.echo(json.dumps(slos, ensure_ascii=False))
    else:
        table = Table("state", Column("name", overflow="fold"), "goal", "period", "good",
                      "budget left", "burn 1h", header_style="bold")  # fmt: skip
        for slo in slos:
            status = slo["status"]
            table.add_row(
                f"[{_STYLES[status['state']]}]{status['state']}[/]", slo["name"],
                f"{slo['spec']['goal']:.6g}", slo["spec"].get("period", "30d"),
                _percent(status["sli"]), _percent(status["budget_remaining"]),
                _number(status["burn_rates"].get("1h")),
            )  # fmt: skip
        Console(highlight=False).print(table)
    if fail and any(slo["status"]["state"] in {"burning", "exhausted"} for slo in slos):
        sys.exit(BURNING)


@app.command()
def show(
    name: Annotated[str, typer.Argument(help="Name or id.")],
    as_json: Json = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Show an objective, its windows and its alarms."""
    slo = Client(endpoint, api_key).get(f"/slos/{quote(name, safe='')}")
    if as_json:
        typer.echo(json.dumps(slo, ensure_ascii=False))
        return
    status = slo["status"]
    console = Console(highlight=False, soft_wrap=True)
    console.print(f"[{_STYLES[status['state']]}]{status['state']}[/] {slo['name']}")
    console.print(
        f"good {_percent(status['sli'])} of {status['total']:,.0f}, goal {slo['spec']['goal']:.6g}; "
        f"budget left {_percent(status['budget_remaining'])}, "
        f"{status['bad_left']:,.0f} more may fail",
        markup=False,
    )
    for burn in status["burns"]:
        mark = "burns" if burn["breaches"] else "ok"
        console.print(
            f"  {burn['windows']}: {_number(burn['long'])} and {_number(burn['short'])}, "
            f"threshold {burn['threshold']:g}: {mark}",
            markup=False,
        )
    for alarm in slo["alarms"]:
        console.print(f"  {alarm['state']} {alarm['name']}", style="dim", markup=False)


def _percent(value: float | None) -> str:
    return "" if value is None else f"{value:.4%}"


def _number(value: float | None) -> str:
    return "no events" if value is None else f"{value:.3g}"
