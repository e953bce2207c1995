"""``vedette synthetic``: checks, and running them."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.table import Column, Table

from vedette.cli.client import DEFAULT_ENDPOINT, ApiKey, Client, Endpoint, Json

app = typer.Typer(help="Synthetic checks: list, run.", no_args_is_help=True)
FAILED = 1


@app.command("list")
def list_checks(
    search: Annotated[str, typer.Option("--search", "-q", help="Part of the name.")] = "",
    as_json: Json = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """List checks with how they did in the last day."""
    client = Client(endpoint, api_key)
    checks: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = client.get("/synthetic-checks", search=search, limit=1000, cursor=cursor)
        checks, cursor = checks + page["checks"], page["cursor"]
        if cursor is None:
            break
    if as_json:
        typer.echo(json.dumps(checks, ensure_ascii=False))
        return
    table = Table("last", Column("name", overflow="fold"), "type", "every", "passed, 1 d", "p95 ms",
                  "error", header_style="bold")  # fmt: skip
    for check in checks:
        day = check["day"]
        passed = day["last_passed"]
        last = (
            "[yellow]no run[/]"
            if passed is None
            else "[green]ok[/]"
            if passed
            else "[red]failed[/]"
        )
        share = "" if day["availability"] is None else f"{day['availability']:.2%}"
        p95 = "" if day["p95_ms"] is None else f"{day['p95_ms']:,.0f}"
        table.add_row(last, check["name"], check["spec"]["check"]["type"],
                      check["spec"].get("every", "1m"), share, p95, day["last_error"][:80])  # fmt: skip
    Console(highlight=False).print(table)


@app.command()
def run(
    name: Annotated[str, typer.Argument(help="Name or id.")],
    as_json: Json = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Run a check now; ends with 1 where it fails."""
    result = Client(endpoint, api_key).post(f"/synthetic-checks/{quote(name, safe='')}/run", {})
    if as_json:
        typer.echo(json.dumps(result, ensure_ascii=False))
    else:
        console = Console(highlight=False, soft_wrap=True)
        for step in result["steps"]:
            status = f" {step['status']}" if step["status"] else ""
            word = "failed" if step["failures"] else "ok"
            console.print(
                f"{word}{status} {step['name']} {step['duration_ms']:,.0f} ms", markup=False
            )
            for failure in step["failures"]:
                console.print(f"  {failure}", markup=False)
        console.print("passed" if result["passed"] else "failed")
    sys.exit(0 if result["passed"] else FAILED)
