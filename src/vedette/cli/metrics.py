"""``vedette metrics``: what there is, and one metric as a table with a sparkline."""

from __future__ import annotations

import json
import re
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table

from vedette.cli.client import DEFAULT_ENDPOINT, ApiKey, Client, End, Endpoint, Json, Start
from vedette.core.errors import InvalidInputError, NotFoundError

POINTS = 40
_PAGE = 1000
_BARS = "▁▂▃▄▅▆▇█"
_CONDITION = re.compile(r"([^=!~]+)(=~|!~|!=|=)(.*)", re.DOTALL)


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def metrics(
        name: Annotated[str, typer.Argument(help="Metric to show; a list where left out.")] = "",
        search: Annotated[str, typer.Option("--search", "-q", help="Part of names.")] = "",
        stat: Annotated[
            str, typer.Option("--stat", help="Average, p95, rate, ...; what fits by default.")
        ] = "",
        by: Annotated[
            list[str] | None, typer.Option("--by", help="Label to group by; again for more.")
        ] = None,
        where: Annotated[
            list[str] | None, typer.Option("--where", help="Such as host=web1 or path=~/api/.*")
        ] = None,
        period: Annotated[int | None, typer.Option(min=1, help="Seconds.")] = None,
        top: Annotated[int, typer.Option("--top", min=1, max=500, help="Most series.")] = 20,
        start: Start = "-1h",
        end: End = "now",
        as_json: Json = False,
        endpoint: Endpoint = DEFAULT_ENDPOINT,
        api_key: ApiKey = "",
    ) -> None:
        """List metrics, or show one.

        `vedette metrics http.server.request.duration --stat p95 --by service --start -3h`
        """
        client = Client(endpoint, api_key)
        if not name:
            page = client.get("/metrics", search=search, start=start, end=end, limit=_PAGE)
            typer.echo(json.dumps(page, ensure_ascii=False)) if as_json else _show_list(page)
            return
        query = {
            "id": "m1", "metric": name, "group_by": by or [], "top": {"count": top},
            "statistic": stat or _usual_statistic(client, name, start, end),
            "matchers": [matcher(text) for text in where or []],
        }  # fmt: skip
        body = {
            "queries": [query], "start": start, "end": end, "period": period, "max_points": POINTS,
        }  # fmt: skip
        answer = client.post("/metrics/query", body)
        if as_json:
            typer.echo(json.dumps(answer, ensure_ascii=False))
        else:
            _show_series(answer, str(query["statistic"]))


def matcher(text: str) -> dict[str, str]:
    """Return the matcher that ``label=value`` (or ``!=``, ``=~``, ``!~``) says.

    Raises:
        InvalidInputError: it has another form.

    """
    found = _CONDITION.fullmatch(text)
    if not found:
        raise InvalidInputError(
            f"{text!r} is no condition",
            field="where",
            remedy="write label=value, label!=value, label=~expression or label!~expression",
        )
    return {"label": found[1].strip(), "operator": found[2], "value": found[3]}


def sparkline(values: list[float | None]) -> str:
    """Return a bar a value, from the least to the greatest one; a space where there is none."""
    known = [value for value in values if value is not None]
    if not known:
        return ""
    low, width = min(known), max(known) - min(known)
    steps = len(_BARS) - 1
    return "".join(
        " " if value is None else _BARS[round((value - low) / width * steps) if width else 0]
        for value in values
    )


def _usual_statistic(client: Client, name: str, start: str, end: str) -> str:
    page = client.get("/metrics", search=name, start=start, end=end, limit=_PAGE)
    for metric in page["metrics"]:
        if metric["name"] == name:
            return str(metric["default_statistic"])
    raise NotFoundError(
        f"no metric {name} has points in the range",
        remedy="see 'vedette metrics' for names, or widen --start",
    )


def _show_list(page: dict[str, Any]) -> None:
    console = Console(highlight=False)
    # The name is what the next command takes, so it is never cut.
    name = Column("name", overflow="fold", ratio=2)
    table = Table(name, "type", "unit", "series", "last point", "usual", header_style="bold")
    for metric in page["metrics"]:
        table.add_row(
            metric["name"], metric["type"], metric["unit"], f"{metric['series']:,}",
            metric["last_time"][:19].replace("T", " "), metric["default_statistic"],
        )  # fmt: skip
    console.print(table)
    if page["total"] > len(page["metrics"]):
        console.print(f"[dim]{page['total']:,} in all; narrow with --search[/]")


def _show_series(answer: dict[str, Any], statistic: str) -> None:
    console = Console(highlight=False)
    (result,) = answer["results"]
    table = Table("series", "last", "min", "mean", "max", "", header_style="bold")
    for series in result["series"]:
        known = [value for value in series["values"] if value is not None]
        if known:
            shown = (known[-1], min(known), sum(known) / len(known), max(known))
            table.add_row(
                series["label"], *(f"{value:,.6g}" for value in shown), sparkline(series["values"])
            )
    console.print(table)
    unit = f" in {result['unit']}" if result["unit"] not in {"", "1"} else ""
    console.print(f"[dim]{statistic}{unit}, by {answer['period']} s[/]")
    if result["hidden"]:
        console.print(f"[dim]{result['hidden']} more series; raise --top, or narrow --where[/]")
    for warning in result["warnings"]:
        console.print(warning, style="yellow", markup=False)
