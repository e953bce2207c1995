"""``vedette service-accounts``: programs that own API keys."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from vedette.cli.client import DEFAULT_ENDPOINT, ApiKey, Client, Endpoint, Json
from vedette.core.errors import NotFoundError

app = typer.Typer(
    help="Service accounts: programs that own keys, with roles, an end and a switch.",
    no_args_is_help=True,
)
Name = Annotated[str, typer.Argument(help="Name of the service account.")]
_console = Console(highlight=False)


@app.command("list")
def list_(
    as_json: Json = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """List the account's service accounts."""
    found = Client(endpoint, api_key).get("/service-accounts")["service_accounts"]
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    table = Table("name", "roles", "only what is tagged", "created", "expires", "state")
    for item in found:
        tag = f"{item['tag']['key']}={item['tag']['value']}" if item["tag"] else ""
        table.add_row(
            item["name"], " ".join(item["roles"]), tag, item["created"],
            item["expires"] or "never", "disabled" if item["disabled"] else "open",
        )  # fmt: skip
    _console.print(table)


@app.command()
def create(
    name: Name,
    roles: Annotated[list[str], typer.Option("--role", help="viewer, editor, admin or auditor.")],
    tag: Annotated[
        str | None, typer.Option(help="key=value: an editor that changes only what carries it.")
    ] = None,
    expires: Annotated[str | None, typer.Option(help="RFC 3339; never where left out.")] = None,
    description: Annotated[str, typer.Option(help="What it is for.")] = "",
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Make a service account; give it a key next."""
    body: dict[str, Any] = {
        "name": name, "roles": roles, "expires": expires, "description": description,
    }  # fmt: skip
    if tag is not None:
        key, equals, value = tag.partition("=")
        if not equals:
            raise typer.BadParameter("write the tag as key=value")
        body["tag"] = {"key": key, "value": value}
    typer.echo(Client(endpoint, api_key).post("/service-accounts", body)["id"])


@app.command()
def key(
    name: Name,
    scopes: Annotated[list[str], typer.Option("--scope", help="ingest, read, write, sql, admin.")],
    expires: Annotated[str | None, typer.Option(help="RFC 3339; never where left out.")] = None,
    key_name: Annotated[str, typer.Option("--name", help="Name of the key.")] = "key",
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Make a key that it owns and print it, once; it may do its scopes, of what the roles allow."""
    client = Client(endpoint, api_key)
    body = {"name": key_name, "scopes": scopes, "expires": expires}
    typer.echo(client.post(f"/service-accounts/{_id(client, name)}/keys", body)["key"])


@app.command()
def disable(name: Name, endpoint: Endpoint = DEFAULT_ENDPOINT, api_key: ApiKey = "") -> None:
    """Stop all of its keys at once."""
    client = Client(endpoint, api_key)
    client.patch(f"/service-accounts/{_id(client, name)}", {"disabled": True})


@app.command()
def enable(name: Name, endpoint: Endpoint = DEFAULT_ENDPOINT, api_key: ApiKey = "") -> None:
    """Let its keys work again."""
    client = Client(endpoint, api_key)
    client.patch(f"/service-accounts/{_id(client, name)}", {"disabled": False})


def _id(client: Client, name: str) -> str:
    for item in client.get("/service-accounts")["service_accounts"]:
        if name in {item["name"], item["id"]}:
            return str(item["id"])
    raise NotFoundError(
        f"there is no service account {name!r}", remedy="see 'vedette service-accounts list'"
    )
