"""``vedette demo``: a server with a small, real ML system at work."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def demo(
        once: Annotated[bool, typer.Option("--once", help="Do one round and end.")] = False,
        data_dir: Annotated[Path | None, typer.Option(help="Folder of the demo's stores.")] = None,
        port: Annotated[int | None, typer.Option(help="Main port; 0 picks a free one.")] = None,
    ) -> None:
        """Run the server with a live example: a pipeline, a training and a prediction service.

        The example runs in its own processes and uses only public clients. Now and then something
        in it goes wrong: find it in the logs, metrics and traces.
        """
        from vedette.demo import run_demo  # noqa: PLC0415 - only in vedette[server,demo]

        raise typer.Exit(run_demo(once=once, data_dir=data_dir, port=port))
