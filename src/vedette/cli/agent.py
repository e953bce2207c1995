"""``vedette agent``: a host's metrics and log files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from vedette.cli.client import DEFAULT_ENDPOINT, ApiKey, Endpoint


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def agent(
        logs: Annotated[
            list[str] | None,
            typer.Option("--log", help="File or glob to follow; give it again for more."),
        ] = None,
        multiline: Annotated[
            str | None, typer.Option(help="Regular expression that a record's first line matches.")
        ] = None,
        service_name: Annotated[
            str, typer.Option(help="service.name of what is sent.")
        ] = "vedette-agent",
        metric_interval: Annotated[
            float, typer.Option(help="Seconds between metric exports.")
        ] = 15.0,
        top_processes: Annotated[
            int, typer.Option(min=0, help="Busiest processes to report.")
        ] = 10,
        state_dir: Annotated[Path | None, typer.Option(help="Folder of the checkpoint.")] = None,
        endpoint: Endpoint = DEFAULT_ENDPOINT,
        api_key: ApiKey = "",
    ) -> None:
        """Send this host's metrics, and follow log files, until stopped.

        `vedette agent --log '/var/log/app/*.log'`
        """
        from vedette.sdk.agent import AgentConfig, run_agent  # noqa: PLC0415 - starts OpenTelemetry
        from vedette.sdk.tail import LogSource  # noqa: PLC0415

        sources = tuple(LogSource(pattern, multiline_start=multiline) for pattern in logs or ())
        run_agent(
            AgentConfig(
                endpoint=endpoint,
                api_key=api_key or None,
                service_name=service_name,
                logs=sources,
                metric_interval=metric_interval,
                top_processes=top_processes,
                state_dir=state_dir,
            )
        )
