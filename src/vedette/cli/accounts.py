"""``vedette accounts``: accounts of the installation, links between them, quotas, use and cost."""

from __future__ import annotations

import json
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.table import Table

from vedette.cli.client import DEFAULT_ENDPOINT, ApiKey, Client, End, Endpoint, Json, Start
from vedette.cli.tables import whole

app = typer.Typer(
    help="Accounts: list, make, share with a monitoring account, quotas, use and cost.",
    no_args_is_help=True,
)
Name = Annotated[str, typer.Argument(help="Name of the account.")]
Kinds = Annotated[
    list[str],
    typer.Option(
        "--kind",
        help="logs, metrics, traces, models, monitors, alarms, compliance or usage; give it again.",
    ),
]
_console = Console(highlight=False)


@app.command("list")
def list_(
    as_json: Json = False, endpoint: Endpoint = DEFAULT_ENDPOINT, api_key: ApiKey = ""
) -> None:
    """List the accounts of the installation; for its admins."""
    client, cursor = Client(endpoint, api_key), None
    found: list[dict[str, Any]] = []
    while True:
        page = client.get("/accounts", cursor=cursor)
        found, cursor = found + page["accounts"], page["cursor"]
        if cursor is None:
            break
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    table = Table("name", "shown as", "created", "state")
    for item in found:
        state = "disabled" if item["disabled"] else "open"
        table.add_row(item["name"], item["display_name"], item["created"], state)
    _console.print(table)


@app.command()
def create(
    name: Name,
    shown: Annotated[str | None, typer.Option("--shown-as", help="What people see.")] = None,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Make an account; its name never changes."""
    typer.echo(
        Client(endpoint, api_key).post("/accounts", {"name": name, "display_name": shown})["name"]
    )


@app.command()
def disable(name: Name, endpoint: Endpoint = DEFAULT_ENDPOINT, api_key: ApiKey = "") -> None:
    """Refuse every key and member of an account; its data stays."""
    Client(endpoint, api_key).patch(f"/accounts/{quote(name, safe='')}", {"disabled": True})


@app.command()
def enable(name: Name, endpoint: Endpoint = DEFAULT_ENDPOINT, api_key: ApiKey = "") -> None:
    """Let keys and members of an account work again."""
    Client(endpoint, api_key).patch(f"/accounts/{quote(name, safe='')}", {"disabled": False})


@app.command()
def overview(
    start: Start = "-1h",
    end: End = "now",
    as_json: Json = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Show this account and those that share with it at one look."""
    answer = Client(endpoint, api_key).get("/organisation/overview", start=start, end=end)
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False))
        return
    table = Table(
        "account", "logs", "spans", "errors", "alarms", "models", "monitors", "tags comply"
    )
    for item in answer["accounts"]:
        health = item["health"]
        errors = sum(one["errors"] for one in health.values())
        comply = item["compliance"]
        table.add_row(
            item["account"], _shared(item, "logs"), _shared(item, "traces"), str(errors),
            _counts(item["alarms"]), _counts(item["models"]),
            "not shared" if item["monitors"] is None else str(item["monitors"]),
            f"{comply['compliant']} of {comply['resources']}" if comply else "not shared",
        )  # fmt: skip
    _console.print(table)


@app.command()
def links(
    as_json: Json = False, endpoint: Endpoint = DEFAULT_ENDPOINT, api_key: ApiKey = ""
) -> None:
    """List what this account shares, and what is shared with it."""
    answer = Client(endpoint, api_key).get("/organisation/links")
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False))
        return
    sink = answer["sink"]
    if sink and sink["kinds"]:
        _console.print(
            f"takes {', '.join(sink['kinds'])} from {', '.join(sink['sources']) or 'nobody'}"
        )
    else:
        _console.print("takes nothing from others")
    table = Table(whole("id"), "from", "to", "shares", "seen", "since", "ended")
    for item in [*answer["shares"], *answer["sees"]]:
        table.add_row(
            item["id"], item["source"], item["sink"], " ".join(item["kinds"]),
            " ".join(item["effective"]), item["created"], item["ended"] or "",
        )  # fmt: skip
    _console.print(table)


@app.command()
def take(
    kinds: Kinds = [],  # noqa: B006 - as typer has it
    sources: Annotated[
        list[str], typer.Option("--from", help="Account that may share; '*' for every one.")
    ] = [],  # noqa: B006
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Make this account a monitoring account: say what it takes, and from whom; nothing ends it."""
    Client(endpoint, api_key).put("/organisation/sink", {"kinds": kinds, "sources": sources})


@app.command()
def share(
    sink: Annotated[str, typer.Argument(help="The monitoring account.")],
    kinds: Kinds,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Share kinds of what this account holds with a monitoring account; prints the link's id."""
    made = Client(endpoint, api_key).post("/organisation/links", {"sink": sink, "kinds": kinds})
    typer.echo(made["id"])


@app.command("end")
def end_link(
    link_id: Annotated[str, typer.Argument(help="Id, as 'vedette accounts links' shows it.")],
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """End a link of this account: what it shared is seen no more."""
    Client(endpoint, api_key).delete(f"/organisation/links/{quote(link_id, safe='')}")


@app.command()
def quotas(
    account: Annotated[
        str | None, typer.Argument(help="Account; this one where it is left out.")
    ] = None,
    limits: Annotated[
        list[str],
        typer.Option("--set", help="name=limit, or name=none; for admins of the installation."),
    ] = [],  # noqa: B006
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Show an account's limits, or set them; ingest over a limit is answered 429."""
    client = Client(endpoint, api_key)
    if limits:
        name = account or client.get("/organisation/quotas")["account"]
        body = {"limits": dict(_limit(text) for text in limits)}
        answer = client.put(f"/organisation/quotas/{quote(name, safe='')}", body)
    else:
        path = (
            f"/organisation/quotas/{quote(account, safe='')}" if account else "/organisation/quotas"
        )
        answer = client.get(path)
    table = Table("quota", "limit")
    for name, limit in answer["limits"].items():
        table.add_row(name, "none" if limit is None else f"{limit:,.0f}")
    _console.print(table)


@app.command()
def usage(
    since: Annotated[
        str | None, typer.Option(help="UTC day, 2026-03-01; the month's first where left out.")
    ] = None,
    until: Annotated[str | None, typer.Option(help="UTC day.")] = None,
    as_json: Json = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Show what was used by day and account, and what that costs by the price list."""
    answer = Client(endpoint, api_key).get("/organisation/usage", since=since, until=until)
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False))
        return
    table = Table(
        "day", "account", "bytes sent", "requests", "over quota", "series", "stored", "cost"
    )
    for day in answer["days"]:
        table.add_row(
            day["day"], day["account"], f"{day['ingest_bytes']:,}", f"{day['ingest_requests']:,}",
            f"{day['refused_requests']:,}", f"{day['series']:,}", f"{day['storage_bytes']:,}",
            f"{day['cost']:,.2f}",
        )  # fmt: skip
    _console.print(table)
    _console.print(f"{answer['cost']:,.2f} {answer['currency']} together")


def _limit(text: str) -> tuple[str, float | None]:
    name, _, value = text.partition("=")
    try:
        return name, None if value == "none" else float(value)
    except ValueError:
        message = f"{text!r} is no limit: write name=number, or name=none"
        raise typer.BadParameter(message) from None


def _shared(item: dict[str, Any], kind: str) -> str:
    if kind not in item["kinds"]:
        return "not shared"
    return f"{item['health'].get(kind, {}).get('records', 0):,}"


def _counts(counts: dict[str, int] | None) -> str:
    if counts is None:
        return "not shared"
    return ", ".join(f"{count} {name}" for name, count in counts.items()) or "none"
