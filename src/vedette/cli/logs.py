"""``vedette logs``: search and tail."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from vedette.cli.client import DEFAULT_ENDPOINT, ApiKey, Client, End, Endpoint, Start

_STYLES = {
    "TRACE": "dim",
    "DEBUG": "dim",
    "INFO": "green",
    "WARN": "yellow",
    "ERROR": "red",
    "FATAL": "bold red",
}
_TIME_CHARACTERS = 23
_PAGE = 1000


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def logs(
        search: Annotated[str, typer.Argument(help="Search, such as 'level:error timeout'.")] = "",
        start: Start = "-1h",
        end: End = "now",
        limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=10_000)] = 50,
        follow: Annotated[
            bool, typer.Option("--follow", "-f", help="Show new records as they come.")
        ] = False,
        as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
        endpoint: Endpoint = DEFAULT_ENDPOINT,
        api_key: ApiKey = "",
    ) -> None:
        """Search log records, oldest of the page first, or follow them.

        `vedette logs 'level:>=warn service:checkout "timed out" -debug' --start -15m`
        """
        client = Client(endpoint, api_key)
        console = Console(highlight=False)
        if follow:
            _follow(client, console, search, as_json=as_json)
            return
        records: list[dict[str, Any]] = []
        cursor = None
        while len(records) < limit:
            page = client.get(
                "/logs", q=search, start=start, end=end,
                limit=min(limit - len(records), _PAGE), cursor=cursor,
            )  # fmt: skip
            records += page["records"]
            cursor = page["cursor"]
            if not cursor:
                break
        for record in reversed(records):
            _show(console, record, as_json=as_json)


def _follow(client: Client, console: Console, search: str, *, as_json: bool) -> None:
    try:
        with client.events("/logs/tail", q=search) as events:
            for name, data in events:
                if name == "log":
                    _show(console, json.loads(data), as_json=as_json)
                elif name == "dropped":
                    count = json.loads(data)["count"]
                    console.print(f"[dim]… {count} more came too fast to show[/]")
    except KeyboardInterrupt:
        return


def _show(console: Console, record: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps(record, ensure_ascii=False))
        return
    severity = record["severity_text"] or "-"
    line = Text(record["timestamp"][:_TIME_CHARACTERS].replace("T", " "), style="dim")
    line.append(f" {severity:<5} ", style=_STYLES.get(severity.upper(), ""))
    line.append(f"{record['service_name'] or '-'} ", style="cyan")
    line.append(record["body"])
    if record["trace_id"]:
        line.append(f"  trace_id={record['trace_id']}", style="dim")
    console.print(line, soft_wrap=True)
