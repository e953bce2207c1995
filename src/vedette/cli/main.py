"""The commands, put together."""

from __future__ import annotations

import sys

import httpx
import typer
from rich.console import Console

from vedette import __version__
from vedette.cli import agent, backup, demo, doctor, keys, logs, metrics, query, sign_in, traces, up
from vedette.core.errors import VedetteError

app = typer.Typer(
    name="vedette",
    help="Vedette: the open lookout for data and ML.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
up.register(app)
demo.register(app)
query.register(app)
logs.register(app)
traces.register(app)
metrics.register(app)
app.add_typer(keys.app, name="keys")
sign_in.register(app)
agent.register(app)
doctor.register(app)
backup.register(app)


@app.command()
def version() -> None:
    """Print the version."""
    typer.echo(__version__)


def main() -> None:
    """Run the command line; our errors are one message with a remedy, not a traceback."""
    console = Console(stderr=True)
    try:
        app()
    except VedetteError as error:
        console.print(f"[bold red]error:[/] {error.message}", highlight=False)
        if error.remedy:
            console.print(f"[dim]{error.remedy}[/]", highlight=False)
        sys.exit(1)
    except httpx.HTTPError as error:
        console.print(f"[bold red]error:[/] the server does not answer: {error}", highlight=False)
        console.print("[dim]start it with 'vedette up', or set VEDETTE_ENDPOINT[/]")
        sys.exit(1)
