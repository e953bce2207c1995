"""``vedette sessions``: who is signed in to the console, and ending it."""

from __future__ import annotations

import json
from typing import Annotated
from urllib.parse import quote

import typer
from rich.console import Console
from rich.table import Table

from vedette.cli.client import DEFAULT_ENDPOINT, ApiKey, Client, Endpoint, Json
from vedette.cli.tables import whole

app = typer.Typer(help="Who is signed in: list, end; for admins.", no_args_is_help=True)
Everywhere = Annotated[
    bool, typer.Option("--installation", help="In every account; for the installation's admins.")
]


@app.command("list")
def list_(
    everywhere: Everywhere = False,
    as_json: Json = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """List open sessions, newest first."""
    scope = "installation" if everywhere else "account"
    answer = Client(endpoint, api_key).get("/members/sessions", scope=scope, limit=1000)
    if as_json:
        typer.echo(json.dumps(answer["sessions"], ensure_ascii=False))
        return
    table = Table(whole("id"), "who", "account", "since", "until", "from")
    for item in answer["sessions"]:
        table.add_row(
            item["id"], item["name"], item["account"], item["created"], item["expires"],
            item["ip"] or "",
        )  # fmt: skip
    Console(highlight=False).print(table)


@app.command()
def end(
    session_id: Annotated[str, typer.Argument(help="Id, as 'vedette sessions list' shows it.")],
    everywhere: Everywhere = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """End a session: whoever uses it has to sign in again."""
    scope = "installation" if everywhere else "account"
    Client(endpoint, api_key).delete(f"/members/sessions/{quote(session_id, safe='')}", scope=scope)
