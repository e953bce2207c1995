"""What the demo says on the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.console import Console
from rich.markup import escape

from vedette.demo.people import PEOPLE

if TYPE_CHECKING:
    from pathlib import Path

console = Console(highlight=False, soft_wrap=True)

_SLOWEST = (
    "SELECT ServiceName, SpanName, count() AS spans, quantile(0.95)(Duration) / 1e6 AS p95_ms "
    "FROM otel_traces GROUP BY ALL ORDER BY p95_ms DESC LIMIT 15"
)
_COMMANDS = (
    ("what goes wrong, as it happens", "vedette logs --follow 'level:>=warn'"),
    (
        "errors by service",
        "vedette query \"filter level = 'error' | stats count(*) as errors by service\"",
    ),
    ("errors of one service", "vedette logs 'service:predict-api level:error' --start -15m"),
    ("the slowest steps", f'vedette query --sql "{_SLOWEST}"'),
)

_STORIES = (
    (
        "a feature drifts, the estimate falls, then the labels say so",
        "/models/flight-delay/monitoring?from=-3h",
    ),
    ("what it led to, and the money it cost", "/incidents"),
    (
        "from the airports' files to the money, nothing drawn by hand",
        "/lineage?resource=default/dataset/flights.features&depth=8",
    ),
    ("trainings by MLflow's client and autolog", "/experiments"),
    ("a request that waits for your decision: sign in as olga", "/approvals"),
    (
        "the table of features: profiles, drift, a check that fails",
        "/datasets/flights.features?from=-15d",
    ),
    ("the pipeline's runs, tasks and rows", "/pipelines"),
    ("what it is worth: KPIs, return on the model, objectives", "/business"),
    ("whose tags break the policy", "/settings/tags"),
    ("who did what", "/settings/audit"),
)


def announce(url: str, admin_key: str | None, folder: Path) -> None:
    """Say where the server is, with which key, and what to look at."""
    console.print(f"\n[bold green]Vedette is up[/] at [link={url}]{url}[/link]")
    if admin_key:
        console.print("\n[bold]Admin key, shown only this once:[/]")
    else:
        console.print("\n[bold]Use the admin key of the first start[/] [dim](or make another:")
        console.print(
            escape(
                f"  vedette keys create me --scope admin --local --data-dir {folder / 'server'})"
            ),
            style="dim",
        )
    console.print(f"  export VEDETTE_ENDPOINT={url}")
    console.print(f"  export VEDETTE_API_KEY={admin_key or '...'}")
    console.print(
        "\nBeside it runs a small ML system on the flights that left New York in 2013:\n"
        "  [bold]etl[/] takes a day a round into a feature store, starts [bold]trainer[/] and "
        "[bold]profiler[/],\n"
        "  [bold]predict-api[/] tells [bold]traffic-client[/] which flights will be late,\n"
        "  [bold]prediction-logger[/] keeps the answers.\n"
        "Now and then something in it goes wrong. In a minute or two there will be more to see; "
        "until then:\n"
    )
    for meaning, command in _COMMANDS:
        console.print(f"  [dim]# {meaning}[/]")
        console.print(f"  {escape(command)}")
    console.print(f"\n[dim]Data and logs: {escape(str(folder))}. Ctrl-C ends it.[/]\n")


def announce_stories(url: str, password: str) -> None:
    """Say where each story is to be seen, once everything is there."""
    console.print("\n[bold]What to look at[/] [dim](history is in, monitors are on)[/]")
    for meaning, path in _STORIES:
        console.print(f"  [dim]# {meaning}[/]")
        console.print(f"  [link={url}{path}]{url}{path}[/link]")
    console.print(
        "\nSign in with the link of [bold]vedette sign-in[/], or as one of the people: "
        f"{', '.join(person.login for person in PEOPLE)}; password [bold]{escape(password)}[/]\n"
    )
