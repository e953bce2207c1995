"""``vedette openapi``: the contract of the API."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from vedette.cli.up import needs_server


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def openapi(
        output: Annotated[
            Path | None, typer.Option("--output", "-o", help="Write to this file.")
        ] = None,
    ) -> None:
        """Print the OpenAPI document of this version's API; needs no running server.

        The same version prints the same text, so that generated clients can be compared.
        """
        try:
            from vedette.server.app import (  # noqa: PLC0415 - only in vedette[server]
                openapi_document,
            )
        except ImportError as error:
            raise needs_server(error) from error
        text = json.dumps(openapi_document(), indent=2, sort_keys=True, ensure_ascii=False)
        if output is None:
            typer.echo(text)
        else:
            output.write_text(text + "\n", encoding="utf-8")
