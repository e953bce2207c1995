"""``vedette incidents``: what goes wrong together, who looks after it, and what it cost."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table

from vedette.cli.client import DEFAULT_ENDPOINT, ApiKey, Client, Endpoint, Json

app = typer.Typer(help="Incidents: list, show, change, note, export.", no_args_is_help=True)

Number = Annotated[str, typer.Argument(help="Number or id.")]
_STYLES = {
    "open": "bold red", "acknowledged": "yellow", "mitigated": "cyan", "resolved": "green",
}  # fmt: skip


@app.command("list")
def list_incidents(
    status: Annotated[
        str, typer.Option("--status", help="open, acknowledged, mitigated or resolved.")
    ] = "",
    everything: Annotated[bool, typer.Option("--all", help="Resolved ones, too.")] = False,
    as_json: Json = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """List incidents, newest first."""
    unresolved = not everything and not status
    page = Client(endpoint, api_key).get(
        "/incidents", status=status or None, unresolved=unresolved, limit=1000
    )
    if as_json:
        typer.echo(json.dumps(page, ensure_ascii=False))
        return
    table = Table("no", "status", "severity", "began", "owner", Column("title", overflow="fold"),
                  "alarms", header_style="bold")  # fmt: skip
    for one in page["incidents"]:
        firing = sum(alarm["ended"] is None for alarm in one["alarms"])
        table.add_row(
            str(one["number"]), f"[{_STYLES[one['status']]}]{one['status']}[/]", one["severity"],
            _moment(one["began"]), one["owner"], one["title"].replace("[", r"\["),
            f"{firing} of {len(one['alarms'])} fire",
        )  # fmt: skip
    console = Console(highlight=False)
    console.print(table)
    counts = ", ".join(f"{count} {name}" for name, count in page["counts"].items())
    console.print(counts, style="dim")


@app.command()
def show(
    incident: Number,
    as_json: Json = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Show an incident: its alarms, what happened around it, and what it cost."""
    client = Client(endpoint, api_key)
    found: dict[str, Any] = client.get(f"/incidents/{incident}")
    timeline = client.get(f"/incidents/{incident}/timeline")
    impact = client.get(f"/incidents/{incident}/impact")
    if as_json:
        together = {**found, "timeline": timeline["entries"], "impact": impact["kpis"]}
        typer.echo(json.dumps(together, ensure_ascii=False))
        return
    console = Console(highlight=False, soft_wrap=True)
    style = _STYLES[found["status"]]
    console.print(f"[{style}]{found['status']}[/] {found['number']}:", end=" ")
    console.print(found["title"], markup=False)
    cause = found["cause"]["title"] if found["cause"] else "none found"
    for label, text in (("owner", found["owner"] or "nobody"), ("severity", found["severity"]),
                        ("services", ", ".join(found["services"])), ("likely cause", cause)):  # fmt: skip
        console.print(f"{label}: {text}", markup=False)
    for alarm in found["alarms"]:
        state = "over" if alarm["ended"] else "fires"
        console.print(f"  {state} {alarm['name']} ({alarm['reason']})", markup=False)
    for kpi in impact["kpis"]:
        if kpi["loss"] is not None:
            console.print(
                f"  {kpi['kpi']}: {kpi['actual']:,.4g} instead of {kpi['expected']:,.4g} "
                f"{kpi['unit']}, a loss of {kpi['loss']:,.4g} ({kpi['lower']:,.4g} to "
                f"{kpi['upper']:,.4g})", markup=False,
            )  # fmt: skip
    for one in timeline["entries"]:
        text = f"{_moment(one['at'])}  {one['kind']}  {one['title']}  {one['detail']}"
        console.print(text, style="dim", markup=False)


@app.command()
def update(
    incident: Number,
    status: Annotated[str | None, typer.Option("--status", help="The new status.")] = None,
    owner: Annotated[str | None, typer.Option("--owner", help="Who looks after it.")] = None,
    severity: Annotated[str | None, typer.Option("--severity")] = None,
    title: Annotated[str | None, typer.Option("--title")] = None,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Change an incident's status, owner, severity or title."""
    given = {"status": status, "owner": owner, "severity": severity, "title": title}
    body = {key: value for key, value in given.items() if value is not None}
    done = Client(endpoint, api_key).patch(f"/incidents/{incident}", body)
    typer.echo(f"incident {done['number']} is {done['status']}")


@app.command()
def note(
    incident: Number,
    text: Annotated[str, typer.Argument(help="What you have to say.")],
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Say something about an incident."""
    Client(endpoint, api_key).post(f"/incidents/{incident}/notes", {"text": text})
    typer.echo("noted")


@app.command()
def export(
    incident: Number,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="File: .html or .md; else Markdown here.")
    ] = None,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Export an incident with its timeline, its cost and its postmortem."""
    kind = "html" if output and output.suffix in {".html", ".htm"} else "markdown"
    text = (
        Client(endpoint, api_key).content(f"/incidents/{incident}/postmortem", format=kind).decode()
    )
    if output:
        output.write_text(text, encoding="utf-8")
        typer.echo(f"{output} is written")
    else:
        typer.echo(text)


def _moment(text: str) -> str:
    return text[:19].replace("T", " ")
