"""``vedette alarms``: what fires, and what to do about it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.table import Column, Table

from vedette.cli.apply import read
from vedette.cli.client import DEFAULT_ENDPOINT, ApiKey, Client, End, Endpoint, Json, Start

app = typer.Typer(help="Alarms: list, show, acknowledge, test, import.", no_args_is_help=True)

_STYLES = {"ALARM": "bold red", "OK": "green", "INSUFFICIENT_DATA": "yellow"}
Name = Annotated[str, typer.Argument(help="Name or id.")]


@app.command("list")
def list_alarms(
    state: Annotated[str, typer.Option("--state", help="ALARM, OK or INSUFFICIENT_DATA.")] = "",
    search: Annotated[str, typer.Option("--search", "-q", help="Part of the name.")] = "",
    as_json: Json = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """List alarms with their states."""
    client = Client(endpoint, api_key)
    options = {"state": state.upper() or None, "search": search, "limit": 1000}
    alarms: list[dict[str, Any]] = []
    counts: dict[str, int] = {}
    cursor = None
    while True:
        page = client.get("/alarms", cursor=cursor, **options)
        alarms, counts, cursor = alarms + page["alarms"], page["counts"], page["cursor"]
        if cursor is None:
            break
    if as_json:
        typer.echo(json.dumps({"alarms": alarms, "counts": counts}, ensure_ascii=False))
        return
    console = Console(highlight=False)
    table = Table("state", Column("name", overflow="fold"), "since", "severity", "watches",
                  header_style="bold")  # fmt: skip
    for alarm in alarms:
        notes = " acknowledged" if alarm["acknowledgement"] else ""
        table.add_row(
            f"[{_STYLES[alarm['state']]}]{alarm['state']}[/]{notes}", alarm["name"],
            _moment(alarm["since"]), alarm["spec"].get("severity", "warning"), alarm["summary"],
        )  # fmt: skip
    console.print(table)
    console.print(", ".join(f"{count} {name}" for name, count in counts.items()), style="dim")


@app.command()
def show(
    name: Name,
    start: Start = "-24h",
    end: End = "now",
    as_json: Json = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Show an alarm, its series and what happened to it."""
    client, path = Client(endpoint, api_key), _path(name)
    alarm = client.get(path)
    series = client.get(f"{path}/contributors")["contributors"]
    events = client.get(f"{path}/history", start=start, end=end)["events"]
    if as_json:
        found = {"alarm": alarm, "contributors": series, "events": events}
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    console = Console(highlight=False, soft_wrap=True)
    console.print(
        f"[{_STYLES[alarm['state']]}]{alarm['state']}[/] {alarm['name']}: {alarm['summary']}"
    )
    for label, text in (("why", alarm["reason"]), ("evaluation", alarm["evaluation_reason"]),
                        ("quiet", alarm["quiet"]), ("runbook", alarm["spec"].get("runbook"))):  # fmt: skip
        if text:
            console.print(f"{label}: {text}", markup=False)
    for one in series[:20]:
        labels = ", ".join(f"{k}={v}" for k, v in one["labels"].items()) or "the alarm"
        console.print(f"  {one['state']} {labels}: {one['reason']}", markup=False)
    for event in events[:20]:
        labels = ", ".join(f"{k}={v}" for k, v in event["labels"].items())
        change = f"{event['previous']} -> {event['state']}" if event["state"] else "note"
        console.print(f"{_moment(event['time'])}  {change} {labels}  {event['reason']}",
                      style="dim", markup=False)  # fmt: skip


@app.command()
def ack(
    name: Name,
    comment: Annotated[str, typer.Option("--comment", "-m", help="What you do about it.")] = "",
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Say that you look after an alarm that fires."""
    Client(endpoint, api_key).post(f"{_path(name)}/acknowledgement", {"comment": comment})
    typer.echo(f"{name} is acknowledged until its state changes")


@app.command("test")
def send_test(name: Name, endpoint: Endpoint = DEFAULT_ENDPOINT, api_key: ApiKey = "") -> None:
    """Send a test notification the way that the alarm's would go."""
    results = Client(endpoint, api_key).post(f"{_path(name)}/test", {})["results"]
    if not results:
        typer.echo("no route takes this alarm: make one with kind NotificationRoute")
        raise typer.Exit(1)
    for result in results:
        how = "delivered" if result["delivered"] else f"failed: {result['error']}"
        typer.echo(f"{result['channel']}: {how}")
    if not all(result["delivered"] for result in results):
        raise typer.Exit(1)


@app.command("import")
def import_rules(
    file: Annotated[Path, typer.Argument(help="File of Prometheus alerting rules.")],
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File for 'vedette apply'.")
    ] = None,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Turn Prometheus alerting rules into documents for `vedette apply`.

    What cannot be turned is named with its position and the reason, and nothing else is guessed.
    """
    body = {"name": str(file), "text": read(file)}
    answer = Client(endpoint, api_key).post("/alarm-import", body)
    if output:
        output.write_text(answer["documents"], encoding="utf-8")
    else:
        typer.echo(answer["documents"])
    for refused in answer["refused"]:
        typer.echo(f"{refused['place']}: {refused['name']}: {refused['reason']}", err=True)
    for note in answer["notes"]:
        typer.echo(note, err=True)
    typer.echo(f"{answer['imported']} imported, {len(answer['refused'])} refused", err=True)
    if answer["refused"]:
        raise typer.Exit(1)


def _path(name: str) -> str:
    return f"/alarms/{quote(name, safe='')}"


def _moment(text: str | None) -> str:
    return (text or "")[:19].replace("T", " ")
