"""``vedette traces``: search, and the waterfall of one."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from vedette.cli.client import DEFAULT_ENDPOINT, ApiKey, Client, End, Endpoint, Json, Start
from vedette.cli.tables import whole

BAR_CHARACTERS = 40
_MAX_DEPTH = 30
_TIME_CHARACTERS = 23
_NS_UNITS = ((10**9, "s"), (10**6, "ms"), (10**3, "µs"))


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def traces(
        trace_id: Annotated[str, typer.Argument(help="Show this trace as a waterfall.")] = "",
        search: Annotated[
            str, typer.Option("--search", "-q", help="Search, such as 'service:pay'.")
        ] = "",
        slow: Annotated[bool, typer.Option("--slow", help="Longest first.")] = False,
        errors: Annotated[bool, typer.Option("--errors", help="Only with a failed span.")] = False,
        start: Start = "-1h",
        end: End = "now",
        limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=200)] = 20,
        spans: Annotated[
            int, typer.Option("--spans", min=1, max=50_000, help="Most spans of a waterfall.")
        ] = 1000,
        as_json: Json = False,
        endpoint: Endpoint = DEFAULT_ENDPOINT,
        api_key: ApiKey = "",
    ) -> None:
        """List traces, newest first, or show one with its critical path marked.

        `vedette traces --errors --slow -q 'service:checkout' --start -15m`
        """
        client = Client(endpoint, api_key)
        if trace_id:
            answer = client.get(f"/traces/{trace_id}", max_spans=spans)
        else:
            text = f"({search}) status:error" if errors and search else search
            answer = client.get(
                "/traces", q=text or ("status:error" if errors else ""), start=start, end=end,
                limit=limit, sort="duration" if slow else "time",
            )  # fmt: skip
        if as_json:
            typer.echo(json.dumps(answer, ensure_ascii=False))
        elif trace_id:
            _show_trace(answer)
        else:
            _show_list(answer["traces"])


def duration(nanoseconds: float) -> str:
    """Return a duration with three digits and a unit."""
    for size, unit in _NS_UNITS:
        if nanoseconds >= size:
            return f"{nanoseconds / size:.3g} {unit}" if nanoseconds < 1000 * size else (
                f"{nanoseconds / size:,.0f} {unit}"
            )  # fmt: skip
    return f"{nanoseconds:.0f} ns"


def _show_list(found: list[dict[str, Any]]) -> None:
    table = Table(
        "started", "duration", "spans", "errors", "root", whole("trace id", width=32),
        header_style="bold",
    )  # fmt: skip
    for trace in found:
        root = Text(f"{trace['root_service']} ", style="cyan").append(
            trace["root_name"], style="default"
        )
        table.add_row(
            trace["timestamp"][:_TIME_CHARACTERS].replace("T", " "),
            duration(trace["duration_ns"]),
            str(trace["spans"]),
            Text(str(trace["errors"]), style="red" if trace["errors"] else "dim"),
            root,
            Text(trace["trace_id"], no_wrap=True),
        )
    Console(highlight=False).print(table)


def _show_trace(trace: dict[str, Any]) -> None:
    console = Console(highlight=False)
    console.print(
        f"[bold]{trace['trace_id']}[/]  {duration(trace['duration_ns'])}, "
        f"{trace['total_spans']} spans; [yellow]●[/] is on the critical path, with its time there"
    )
    path: dict[str, int] = {}
    for segment in trace["critical_path"]["segments"]:
        path[segment["span_id"]] = path.get(segment["span_id"], 0) + segment["duration_ns"]
    table = Table("", "span", "duration", "critical", "", header_style="bold", box=None)
    for span, depth in walk(trace):
        table.add_row(*_row(span, depth, path.get(span["span_id"], 0), trace["duration_ns"]))
    console.print(table)
    if trace["truncated"]:
        left = trace["total_spans"] - len(trace["spans"]["span_id"])
        console.print(f"[dim]… {left} more spans; raise --spans to see them[/]")


def walk(trace: Mapping[str, Any]) -> Iterator[tuple[dict[str, Any], int]]:
    """Yield each span with its depth, children after their parent, by start.

    Spans in a circle of parents are reached from the one that the server names as a root.
    """
    columns = trace["spans"]
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    spans = {span["span_id"]: span for span in rows}
    children: dict[str, list[str]] = {}
    for span in rows:
        children.setdefault(span["parent_span_id"], []).append(span["span_id"])
    seen: set[str] = set()
    # Orphans that the server hangs under the root come last, as roots of their own.
    starts = [*trace["roots"], *(one for one in spans if spans[one]["parent_span_id"] not in spans)]
    waiting = [(span_id, 0) for span_id in reversed(starts)]
    while waiting:
        span_id, depth = waiting.pop()
        if span_id in seen:
            continue
        seen.add(span_id)
        yield spans[span_id], depth
        waiting.extend((child, depth + 1) for child in reversed(children.get(span_id, [])))


def _row(span: Mapping[str, Any], depth: int, critical: int, whole: int) -> tuple[Text | str, ...]:
    failed = span["status"] == "Error"
    name = Text("  " * min(depth, _MAX_DEPTH)).append(f"{span['service_name']} ", style="cyan")
    name.append(span["name"], style="red" if failed else "")
    if failed:
        name.append(f" ✗ {span['status_message']}".rstrip(), style="red")
    first = min(BAR_CHARACTERS - 1, span["offset_ns"] * BAR_CHARACTERS // max(whole, 1))
    length = max(1, round(span["duration_ns"] * BAR_CHARACTERS / max(whole, 1)))
    length = min(length, BAR_CHARACTERS - first)
    style = "red" if failed else "yellow" if critical else "blue"
    bar = Text(" " * first, no_wrap=True).append("█" * length, style=style)
    bar.append(" " * (BAR_CHARACTERS - first - length))
    mark = Text("●", style="yellow") if critical else ""
    return mark, name, duration(span["duration_ns"]), duration(critical) if critical else "", bar
