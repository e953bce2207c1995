"""``vedette up``: the server."""

from __future__ import annotations

import gc
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console

from vedette.core.errors import InvalidInputError

if TYPE_CHECKING:
    from vedette.core.settings import Settings
    from vedette.server import Addresses

DataDir = Annotated[
    Path | None,
    typer.Option(
        help="Folder of the stores.", envvar="VEDETTE_DATA_DIR", show_default="./vedette-data"
    ),
]


def load_settings(**chosen: Any) -> Settings:  # noqa: ANN401 - options of commands
    """Return settings from the environment and the options that were given."""
    try:
        from pydantic import ValidationError  # noqa: PLC0415 - only in vedette[server]

        from vedette.core.settings import Settings  # noqa: PLC0415
    except ImportError as error:
        raise needs_server(error) from error
    try:
        return Settings(**{name: value for name, value in chosen.items() if value is not None})
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise InvalidInputError(
            f"the setting {field} is wrong: {first['msg']}",
            field=field,
            remedy=f"correct the option or VEDETTE_{field.upper()}",
        ) from error


def needs_server(missing: ImportError) -> InvalidInputError:
    """Return what a command says that runs only where ``vedette[server]`` is installed."""
    return InvalidInputError(
        f"this command needs the server's packages ({missing.name} is missing)",
        remedy="pip install 'vedette[server]'",
    )


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def up(
        data_dir: DataDir = None,
        host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
        port: Annotated[int | None, typer.Option(help="Main port; 0 picks a free one.")] = None,
        otlp_http_port: Annotated[
            int | None, typer.Option(help="Extra port for OTLP over HTTP; -1 for none.")
        ] = None,
        otlp_grpc_port: Annotated[
            int | None, typer.Option(help="Port for OTLP over gRPC; -1 for none.")
        ] = None,
        as_json: Annotated[
            bool, typer.Option("--json", help="Print the addresses as one line of JSON.")
        ] = False,
    ) -> None:
        """Run the server until Ctrl-C.

        Every setting can also be given in the environment as `VEDETTE_<NAME>`.
        """
        settings = load_settings(
            data_dir=data_dir, host=host, port=port,
            otlp_http_port=otlp_http_port, otlp_grpc_port=otlp_grpc_port,
        )  # fmt: skip
        # What a start makes stays: looking through it for garbage again and again is a tenth of a start.
        gc.disable()
        from vedette.server import serve  # noqa: PLC0415 - only in vedette[server]

        gc.freeze()
        gc.enable()
        serve(settings, _print_json if as_json else _print_addresses)


def _print_json(addresses: Addresses) -> None:
    shown = {
        "url": addresses.url,
        "otlp_http_url": addresses.otlp_http_url,
        "otlp_grpc_target": addresses.otlp_grpc_target,
        "admin_key": addresses.admin_key,
        "sign_in_url": addresses.sign_in_url,
    }
    typer.echo(json.dumps(shown))


def _print_addresses(addresses: Addresses) -> None:
    console = Console(highlight=False)
    console.print(f"[bold green]Vedette is up[/] at [link]{addresses.url}[/]")
    console.print(f"  API         {addresses.url}/api/docs")
    console.print(f"  OTLP/HTTP   {addresses.otlp_http_url or addresses.url}")
    if addresses.otlp_grpc_target:
        console.print(f"  OTLP/gRPC   {addresses.otlp_grpc_target}")
    if addresses.sign_in_url:
        console.print("\n[bold]Open the console[/] [dim](this link works once, for ten minutes)[/]")
        console.print(f"  {addresses.sign_in_url}", soft_wrap=True)
    if addresses.admin_key:
        console.print("\n[bold]Admin key, shown only this once:[/]")
        console.print(f"  export VEDETTE_API_KEY={addresses.admin_key}", soft_wrap=True)
        console.print("  [dim]make narrower keys with: vedette keys create NAME --scope ingest[/]")
        console.print("  [dim]sign another browser in with: vedette sign-in[/]")
