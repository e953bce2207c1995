"""``vedette oncall``: who is on call, and who takes over."""

from __future__ import annotations

import json
from typing import Annotated
from urllib.parse import quote

import typer
from rich.console import Console
from rich.table import Table

from vedette.cli.client import DEFAULT_ENDPOINT, ApiKey, Client, Endpoint, Json

app = typer.Typer(help="Who is on call: now, shifts, override.", no_args_is_help=True)

Schedule = Annotated[str, typer.Argument(help="Name of a schedule.")]
DAYS = 14


@app.command("now")
def now(as_json: Json = False, endpoint: Endpoint = DEFAULT_ENDPOINT, api_key: ApiKey = "") -> None:
    """Say who is on call now, by schedule."""
    found = Client(endpoint, api_key).get("/oncall")["schedules"]
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    table = Table("schedule", "on call", "until", "next", "told by", header_style="bold")
    for one in found:
        table.add_row(
            one["schedule"], one["person"] or "nobody", _moment(one["until"]), one["next_person"],
            ", ".join(one["channels"]),
        )  # fmt: skip
    Console(highlight=False).print(table)


@app.command()
def shifts(
    schedule: Schedule,
    start: Annotated[str, typer.Option("--start", help="RFC 3339, or now.")] = "now",
    end: Annotated[str, typer.Option("--end", help="RFC 3339; two weeks later if left out.")] = "",
    as_json: Json = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Show who is on call over a range, which may lie ahead."""
    from datetime import timedelta  # noqa: PLC0415 - the command line starts fast

    from vedette.core.time import parse_moment  # noqa: PLC0415 - as above

    first = parse_moment(start, field="start")
    last = parse_moment(end, field="end") if end else first + timedelta(days=DAYS)
    found = Client(endpoint, api_key).get(
        f"{_path(schedule)}/shifts", start=first.isoformat(), end=last.isoformat()
    )
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    table = Table("from", "until", "on call", "by", header_style="bold")
    for one in found["shifts"]:
        by = "override" if one["layer"] < 0 else f"layer {one['layer'] + 1}"
        table.add_row(_moment(one["start"]), _moment(one["end"]), one["person"], by)
    Console(highlight=False).print(table)


@app.command()
def override(
    schedule: Schedule,
    person: Annotated[str, typer.Argument(help="Who takes over.")],
    end: Annotated[str, typer.Option("--end", help="RFC 3339.")],
    start: Annotated[str, typer.Option("--start", help="RFC 3339, or now.")] = "now",
    comment: Annotated[str, typer.Option("--comment", "-m")] = "",
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Let someone take over for a while."""
    body = {"person": person, "start": start, "end": end, "comment": comment}
    made = Client(endpoint, api_key).post(f"{_path(schedule)}/overrides", body)
    typer.echo(f"{person} is on call from {_moment(made['start'])} until {_moment(made['end'])}")


def _path(schedule: str) -> str:
    return f"/oncall-schedules/{quote(schedule, safe='')}"


def _moment(text: str | None) -> str:
    return text[:16].replace("T", " ") + " UTC" if text else "-"
