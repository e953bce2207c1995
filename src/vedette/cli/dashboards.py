"""``vedette dashboards``: list, give out and bring in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from vedette.cli.apply import read
from vedette.cli.client import DEFAULT_ENDPOINT, ApiKey, Client, Endpoint, Json
from vedette.cli.tables import whole

app = typer.Typer(help="Dashboards: list, export, import.", no_args_is_help=True)
Output = Annotated[Path | None, typer.Option("--output", "-o", help="File; else it is printed.")]


@app.command("list")
def list_dashboards(
    search: Annotated[str, typer.Option("--search", "-q", help="Part of the name.")] = "",
    as_json: Json = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """List dashboards by name."""
    client, cursor, found = Client(endpoint, api_key), None, list[dict[str, Any]]()
    while True:
        page = client.get("/dashboards", search=search, limit=500, cursor=cursor)
        found, cursor = found + page["dashboards"], page["cursor"]
        if cursor is None:
            break
    if as_json:
        typer.echo(json.dumps({"dashboards": found}, ensure_ascii=False))
        return
    table = Table(whole("id"), Column("name", overflow="fold"), "panels", "version", "changed", "by",
                  "kept as code by", header_style="bold")  # fmt: skip
    for one in found:
        table.add_row(
            one["id"], escape(one["name"]), str(one["panels"]), str(one["version"]),
            one["updated"][:19].replace("T", " "), escape(one["updated_by"]), escape(one["owner"]),
        )  # fmt: skip
    Console(highlight=False).print(table)


@app.command("export")
def export(
    name: Annotated[str, typer.Argument(help="Name or id.")],
    output: Output = None,
    file_format: Annotated[
        str, typer.Option("--format", "-f", help="json or yaml; else as the file is called.")
    ] = "",
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Write a dashboard as a file for `vedette apply` and `vedette dashboards import`."""
    suffix = output.suffix.lstrip(".") if output else ""
    wanted = file_format or ("json" if suffix == "json" else "yaml")
    body = Client(endpoint, api_key).content(
        f"/dashboards/{quote(name, safe='')}/export", format=wanted
    )
    if output:
        output.write_bytes(body)
    else:
        typer.echo(body.decode())


@app.command("import")
def import_(
    file: Annotated[Path, typer.Argument(help="Export of Vedette, or JSON of Grafana.")],
    name: Annotated[str, typer.Option("--name", help="Another name than the file's.")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Only say what would come over.")
    ] = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Make a dashboard of a file; what did not come over is named."""
    body = {"text": read(file), "name": name or None, "dry_run": dry_run}
    answer = Client(endpoint, api_key).post("/dashboards/import", body)
    for note in answer["notes"]:
        typer.echo(f"{note['panel'] or 'dashboard'}: {note['reason']}", err=True)
    made = answer["dashboard"]
    what = f"{answer['name']}, {len(answer['spec']['panels'])} panels"
    typer.echo(f"would import {what}" if made is None else f"{made['id']}  {what}")
