"""``vedette query``: the pipe language and SQL."""

from __future__ import annotations

import json
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from vedette.cli.client import (
    DEFAULT_ENDPOINT,
    ApiKey,
    Client,
    End,
    Endpoint,
    Json,
    ServerError,
    Start,
)


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def query(
        text: Annotated[str, typer.Argument(help="A query, such as 'stats count(*) by service'.")],
        start: Start = "-1h",
        end: End = "now",
        sql: Annotated[bool, typer.Option("--sql", help="The text is one SQL SELECT.")] = False,
        spans: Annotated[bool, typer.Option("--spans", help="Read spans instead of logs.")] = False,
        as_json: Json = False,
        endpoint: Endpoint = DEFAULT_ENDPOINT,
        api_key: ApiKey = "",
    ) -> None:
        """Run a query of the pipe language, or SQL, and print a table.

        `vedette query "filter level = 'error' | stats count(*) as errors by service, bin(5m)"`

        `vedette query --sql "SELECT ServiceName, count() FROM otel_traces GROUP BY 1"`
        """
        client = Client(endpoint, api_key)
        try:
            if sql:
                answer = client.post("/sql", {"sql": text})
            else:
                source = "spans" if spans else "logs"
                body = {"query": text, "source": source, "start": start, "end": end}
                answer = client.post("/query", body)
        except ServerError as error:
            _point_at(text, error)
            raise
        if as_json:
            typer.echo(json.dumps(answer, ensure_ascii=False))
            return
        _print(answer)


def _point_at(text: str, error: ServerError) -> None:
    """Show the query with a mark under the column that the error is about."""
    if error.position is None or "\n" in text:
        return
    console = Console(stderr=True, highlight=False)
    console.print(text, markup=False, soft_wrap=True)
    console.print(" " * error.position + "[red]^[/]", soft_wrap=True)


def _print(answer: dict[str, Any]) -> None:
    console = Console(highlight=False)
    table = Table(header_style="bold")
    for column in answer["columns"]:
        table.add_column(column["name"], overflow="fold")
    for row in zip(*answer["data"], strict=True):
        table.add_row(*(_cell(value) for value in row))
    console.print(table)
    console.print(
        f"[dim]{answer['rows']} rows; {answer['rows_read']:,} read in "
        f"{answer['seconds'] * 1000:.0f} ms[/]"
    )


def _cell(value: Any) -> str:  # noqa: ANN401 - JSON
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:,.6g}"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
