"""``vedette keys``: API keys, by a running server or straight in the catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from vedette.cli.client import DEFAULT_ENDPOINT, ApiKey, Client, Endpoint
from vedette.cli.tables import whole
from vedette.cli.up import DataDir, load_settings

if TYPE_CHECKING:
    from vedette.store.catalog import Catalog

app = typer.Typer(help="Create, list and revoke API keys.", no_args_is_help=True)
Local = Annotated[
    bool,
    typer.Option(
        "--local",
        help="Work on the catalog itself, without a server: for whoever lost the admin key.",
    ),
]
Account = Annotated[str, typer.Option(help="Account of the key; only with --local.")]


@app.command()
def create(
    name: Annotated[str, typer.Argument(help="What the key is for.")],
    scopes: Annotated[
        list[str],
        typer.Option("--scope", help="ingest, read, write, sql or admin; give it again for more."),
    ],
    expires: Annotated[str | None, typer.Option(help="RFC 3339; never where not given.")] = None,
    local: Local = False,
    account: Account = "default",
    data_dir: DataDir = None,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Create a key and print it, once."""
    if local:
        with _catalog(data_dir) as catalog:
            from vedette.core.time import parse_moment  # noqa: PLC0415
            from vedette.store.catalog import Actor  # noqa: PLC0415
            from vedette.store.catalog.roles import parse_scopes  # noqa: PLC0415

            made = catalog.keys.create(
                Actor.system("cli", account), account, name=name, scopes=parse_scopes(scopes),
                expires=parse_moment(expires) if expires else None,
            )  # fmt: skip
            key = made.text
    else:
        body: dict[str, Any] = {"name": name, "scopes": scopes, "expires": expires}
        key = Client(endpoint, api_key).post("/keys", body)["key"]
    typer.echo(key)


@app.command("list")
def list_(endpoint: Endpoint = DEFAULT_ENDPOINT, api_key: ApiKey = "") -> None:
    """List the account's keys; the keys themselves are not kept anywhere."""
    table = Table(whole("id"), "name", "scopes", "created", "expires", "last used", "revoked")
    client, cursor = Client(endpoint, api_key), None
    while True:
        page = client.get("/keys", cursor=cursor)
        for key in page["keys"]:
            table.add_row(
                key["id"], key["name"], " ".join(key["scopes"]), key["created"],
                key["expires"] or "never", key["last_used"] or "never", key["revoked"] or "",
            )  # fmt: skip
        cursor = page["cursor"]
        if not cursor:
            break
    Console(highlight=False).print(table)


@app.command()
def revoke(
    key_id: Annotated[str, typer.Argument(help="Id, as 'vedette keys list' shows it.")],
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Revoke a key; it is refused from then on."""
    Client(endpoint, api_key).delete(f"/keys/{key_id}")


@app.command()
def rotate(
    key_id: Annotated[str, typer.Argument(help="Id, as 'vedette keys list' shows it.")],
    overlap_hours: Annotated[
        float, typer.Option("--overlap-hours", min=0, help="How long the old key still works.")
    ] = 24.0,
    expires: Annotated[str | None, typer.Option(help="RFC 3339; of the new key.")] = None,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Replace a key: prints the new one; the old one works for a while longer, then no more."""
    body = {"overlap_hours": overlap_hours, "expires": expires}
    typer.echo(Client(endpoint, api_key).post(f"/keys/{key_id}/rotation", body)["key"])


def _catalog(data_dir: Any) -> Catalog:  # noqa: ANN401 - an option
    settings = load_settings(data_dir=data_dir)
    from vedette.store.catalog import Catalog  # noqa: PLC0415 - only in vedette[server]

    settings.data_dir.mkdir(parents=True, exist_ok=True)
    return Catalog.open(settings.resolved_catalog_url())
