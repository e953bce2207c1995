"""``vedette backup`` and ``vedette restore``."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from vedette.cli.client import DEFAULT_ENDPOINT, ApiKey, Client, Endpoint
from vedette.cli.up import DataDir, load_settings


def register(app: typer.Typer) -> None:
    """Add the commands."""

    @app.command()
    def backup(
        name: Annotated[
            str, typer.Argument(help="Name of the backup; the time where not given.")
        ] = "",
        list_: Annotated[bool, typer.Option("--list", help="List the backups instead.")] = False,
        endpoint: Endpoint = DEFAULT_ENDPOINT,
        api_key: ApiKey = "",
    ) -> None:
        """Write a consistent copy of both stores on the server, while it runs."""
        client = Client(endpoint, api_key)
        if not list_:
            typer.echo(client.post("/backups", {"name": name})["folder"])
            return
        table = Table("name", "created", "version")
        for entry in client.get("/backups")["backups"]:
            table.add_row(entry["name"], entry["created"], entry["version"])
        Console(highlight=False).print(table)

    @app.command()
    def restore(
        name: Annotated[str, typer.Argument(help="Name of the backup.")], data_dir: DataDir = None
    ) -> None:
        """Bring a backup back into a data folder that does not exist yet; no server may run on it.

        Backups are looked for in VEDETTE_BACKUP_DIR, or in `backups` under the data folder.
        """
        settings = load_settings(data_dir=data_dir)
        from vedette.store.backup import restore as bring_back  # noqa: PLC0415

        bring_back(settings, name)
        typer.echo(f"restored {name} into {settings.data_dir}")
