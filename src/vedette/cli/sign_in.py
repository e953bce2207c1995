"""``vedette sign-in``: a link that signs a browser in."""

from __future__ import annotations

import typer

from vedette.cli.client import DEFAULT_ENDPOINT, ApiKey, Client, Endpoint


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command("sign-in")
    def sign_in(endpoint: Endpoint = DEFAULT_ENDPOINT, api_key: ApiKey = "") -> None:
        """Print a link that signs a browser in with the key's permissions; it works once, soon."""
        typer.echo(Client(endpoint, api_key).post("/session/links", {})["url"])
