"""``vedette infra``: storage and when it is full, efficiency, right sizes, costs."""

from __future__ import annotations

import json
import sys
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Column, Table

from vedette.cli.client import DEFAULT_ENDPOINT, ApiKey, Client, End, Endpoint, Json

app = typer.Typer(
    help="Infrastructure: when disks are full, efficiency, right sizes, costs.",
    no_args_is_help=True,
)
Since = Annotated[str, typer.Option("--start", help="Begin of the history, such as -14d.")]
Percentile = Annotated[float, typer.Option(help="Of use: 0.5, 0.75, 0.9, 0.95, 0.99, 0.995.")]
SOON = 1
_FINDINGS = {"under_provisioned": "bold red", "idle": "yellow", "over_provisioned": "yellow",
             "no_limit": "magenta", "optimized": "green"}  # fmt: skip
_STYLES = {"full": "bold red", "growing": "yellow", "not_growing": "green"}
_UNITS = ("B", "KiB", "MiB", "GiB", "TiB", "PiB")


@app.command()
def forecast(
    host: Annotated[str, typer.Option(help="Only this host.")] = "",
    start: Since = "-14d",
    end: End = "now",
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Most rows.")] = 50,
    fail_within: Annotated[
        float | None,
        typer.Option(help="End with 1 where something is full within so many days."),
    ] = None,
    as_json: Json = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """List file systems, volumes and databases with when they are full, the soonest first."""
    found = Client(endpoint, api_key).get(
        "/infrastructure/storage", host=host, start=start, end=end, limit=limit
    )
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
    else:
        table = Table("state", Column("host", overflow="fold"), Column("name", overflow="fold"),
                      "used", "of", "a day", "full in", header_style="bold")  # fmt: skip
        for store in found["stores"]:
            table.add_row(*_row(store))
        Console(highlight=False).print(table)
        if found["total"] > len(found["stores"]):
            typer.echo(f"{found['total'] - len(found['stores'])} more; see --limit")
    if fail_within is not None and any(_within(store, fail_within) for store in found["stores"]):
        sys.exit(SOON)


@app.command()
def efficiency(
    kind: Annotated[
        str, typer.Argument(help="host, container, service, endpoint or run.")
    ] = "host",
    name: Annotated[str, typer.Option(help="Only this one, by name or id.")] = "",
    start: Since = "-14d",
    end: End = "now",
    percentile: Percentile = 0.95,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Most rows.")] = 50,
    as_json: Json = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """List use against what is reserved, cost and idle spend, what costs most first."""
    found = Client(endpoint, api_key).get(
        "/infrastructure/efficiency", kind=kind, name=name, start=start, end=end,
        percentile=percentile, limit=limit,
    )  # fmt: skip
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    high = f"p{percentile * 100:g}"
    table = Table(Column("name", overflow="fold"), "hours", "CPU", f"CPU {high}", "memory",
                  f"memory {high}", "GPU", "cost", "idle spend", header_style="bold")  # fmt: skip
    if kind == "endpoint":
        table.add_column("per 1,000")
    for item in found["items"]:
        cost, currency = item["cost"], found["currency"]
        row = [
            _title(item), f"{item['hours']:.1f}", *_shares(item["cpu"]), *_shares(item["memory"]),
            _shares(item["gpu"])[0], _money(cost and cost["total"], currency),
            _money(cost and cost["idle"], currency),
        ]  # fmt: skip
        if kind == "endpoint":
            row.append(_money(item["cost_per_1000"], currency))
        table.add_row(*row)
    console = Console(highlight=False)
    console.print(table)
    total, idle = (_money(found[key], found["currency"]) for key in ("cost", "idle"))
    console.print(f"cost {total}, of it idle {idle}", markup=False)


@app.command()
def rightsizing(
    kind: Annotated[str, typer.Argument(help="host, container or run.")] = "host",
    start: Since = "-14d",
    end: End = "now",
    percentile: Percentile = 0.95,
    headroom: Annotated[float, typer.Option(help="Above the percentile, as a share.")] = 0.2,
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Most rows.")] = 50,
    as_json: Json = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Say whether sizes are right, with the evidence, what hurts or saves most first."""
    found = Client(endpoint, api_key).get(
        "/infrastructure/rightsizing", kind=kind, start=start, end=end, percentile=percentile,
        headroom=headroom, limit=limit,
    )  # fmt: skip
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    console = Console(highlight=False, soft_wrap=True)
    for item in found["items"]:
        advice = item["advice"]
        style = _FINDINGS.get(advice["finding"], "dim")
        console.print(
            f"[{style}]{advice['finding'].replace('_', ' ')}[/] {escape(_title(item))}"
            f"{_size(advice['size'])}{_saving(advice, item, found['currency'])}"
            f" [dim]({advice['confidence']} confidence)[/]"
        )
        for reason in advice["reasons"]:
            console.print(f"  {reason}", style="dim", markup=False)
    if found["saving"]:
        saving = _money(found["saving"], found["currency"])
        console.print(f"could save {saving}{'' if kind == 'run' else ' a month'}", markup=False)


@app.command()
def costs(
    kind: Annotated[
        str, typer.Argument(help="host, container, service, endpoint or run.")
    ] = "service",
    tag: Annotated[str, typer.Option(help="Key of a tag, or 'account'.")] = "account",
    start: Since = "-14d",
    end: End = "now",
    as_json: Json = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Add costs up by the value of a tag, or by account."""
    found = Client(endpoint, api_key).get(
        "/infrastructure/costs", kind=kind, tag=tag, start=start, end=end
    )
    if as_json:
        typer.echo(json.dumps(found, ensure_ascii=False))
        return
    table = Table(tag, "how many", "with a price", "cost", "idle", header_style="bold")
    for group in found["groups"]:
        table.add_row(
            group["value"] or "(none)", str(group["items"]), str(group["priced"]),
            _money(group["cost"], found["currency"]), _money(group["idle"], found["currency"]),
        )  # fmt: skip
    Console(highlight=False).print(table)


def _title(item: dict[str, Any]) -> str:
    if item["kind"] == "endpoint":
        return f"{item['model']} {item['version']} at {item['name']}"
    return f"{item['name']} {item['id'][:8]}" if item["kind"] == "run" else str(item["name"])


def _shares(level: dict[str, Any] | None) -> tuple[str, str]:
    """Return mean and percentile of what is reserved."""
    whole = level and (level["reserved"] or level["limit"])
    if not level or not whole:
        return "", ""
    return f"{level['mean'] / whole:.0%}", f"{level['high'] / whole:.0%}"


def _money(value: float | None, currency: str) -> str:
    return "" if value is None else f"{value:,.4g} {currency}"


def _size(size: dict[str, Any] | None) -> str:
    if not size:
        return ""
    parts = [
        escape(size["machine_type"]),
        f"{size['cpus']:g} core{'' if size['cpus'] == 1 else 's'}" if size["cpus"] else "",
        _amount(size["memory_bytes"], "By") if size["memory_bytes"] else "",
        f"{size['gpus']} GPUs" if size["gpus"] is not None else "",
    ]
    text = ", ".join(filter(None, parts))
    return f": {text} would do" if text else ""


def _saving(advice: dict[str, Any], item: dict[str, Any], currency: str) -> str:
    saving = advice["saving"]
    if not saving:
        return ""
    word = "saves" if saving > 0 else "costs more by"
    per = "" if item["kind"] == "run" else " a month"
    return f", {word} {_money(abs(saving), currency)}{per} ({escape(advice['saving_by'])})"


def _within(store: dict[str, Any], days: float) -> bool:
    ahead = store["outlook"]["days"]
    return store["reporting"] and ahead is not None and ahead <= days


def _row(store: dict[str, Any]) -> list[str]:
    outlook, unit = store["outlook"], store["unit"]
    state = outlook["state"] if store["reporting"] else "not_reporting"
    capacity = _amount(store["capacity"], unit) if unit == "By" else ""
    per_day = outlook["per_day"]
    return [
        f"[{_STYLES.get(state, 'dim')}]{state.replace('_', ' ')}[/]",
        store["host"],
        store["name"],
        _amount(store["used"], unit),
        capacity,
        "" if per_day is None else f"{'+' if per_day >= 0 else '-'}{_amount(abs(per_day), unit)}",
        _days(outlook),
    ]


def _days(outlook: dict[str, Any]) -> str:
    if outlook["days"] is None:
        return ""
    latest = outlook["latest"]
    until = "?" if latest is None else f"{latest:.3g}"
    return f"{outlook['days']:.3g} days ({outlook['earliest']:.3g} to {until})"


def _amount(value: float | None, unit: str) -> str:
    if value is None:
        return "unknown"
    if unit == "1":
        return f"{value:.1%}"
    for name in _UNITS:
        if value < 1024 or name == _UNITS[-1]:  # noqa: PLR2004 - a step of binary units
            break
        value /= 1024
    return f"{value:.4g} {name}"
