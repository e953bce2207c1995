"""``vedette profile``, ``vedette drift`` and ``vedette check``: data where it is."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

import vedette
from vedette.cli.client import FAILED, ApiKey, Endpoint, Json, gate
from vedette.core.errors import InvalidInputError
from vedette.core.time import parse_moment

VIOLATED = 1
_MIB = 1 << 20

Source = Annotated[
    str,
    typer.Argument(help="Path, glob, s3://, https://, postgresql://, mysql://, iceberg:, delta:."),
]
Memory = Annotated[int, typer.Option("--memory", help="Most memory of the engine, in MiB.")]
Html = Annotated[Path | None, typer.Option("--html", help="Write a page that can be shared.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(profile)
    app.command()(drift)
    app.command()(check)


def profile(
    source: Source,
    dataset: Annotated[
        str | None, typer.Option(help="Dataset that the profile is stored of; none: only shown.")
    ] = None,
    start: Annotated[str | None, typer.Option(help="First moment that the data is about.")] = None,
    end: Annotated[str | None, typer.Option(help="The moment after it.")] = None,
    column: Annotated[
        list[str] | None, typer.Option("--column", help="Only this column; repeat for more.")
    ] = None,
    segment_by: Annotated[
        list[str] | None,
        typer.Option("--segment-by", help="Column to segment by; repeat for more."),
    ] = None,
    time_column: Annotated[
        str | None, typer.Option(help="Column that puts rows into windows.")
    ] = None,
    period: Annotated[str, typer.Option(help="Length of a window.")] = "1d",
    baseline: Annotated[
        str | None, typer.Option(help="Store as a frozen baseline of this name.")
    ] = None,
    keep_rows: Annotated[
        int, typer.Option(help="So many rows of each window are sent and kept, to be looked at.")
    ] = 0,
    memory: Memory = 1024,
    html: Html = None,
    as_json: Json = False,
    endpoint: Endpoint = "",
    api_key: ApiKey = "",
) -> None:
    """Profile data where it is; only aggregate states are sent, and rows where you keep some."""
    with _progress() as report:
        found = vedette.profile(
            source, dataset, start=_moment(start, "start"), end=_moment(end, "end"),
            columns=column or None, segment_by=segment_by or (), time_column=time_column,
            period=period, baseline=baseline, keep_rows=keep_rows, endpoint=endpoint or None,
            api_key=api_key or None, memory_bytes=memory * _MIB, progress=report,
        )  # fmt: skip
    for note in found.notes:
        typer.echo(note, err=True)
    if html:
        found.to_html(html)
    if as_json:
        typer.echo(json.dumps(found.to_dict(), default=str))
    else:
        _show_profile(found)
    if dataset and not found.sent:
        sys.exit(FAILED)


@gate()
def drift(
    reference: Annotated[str, typer.Argument(help="What the data should be like.")],
    current: Annotated[str, typer.Argument(help="What it is like.")],
    preset: Annotated[
        str, typer.Option(help="vedette, evidently, sagemaker or nannyml.")
    ] = "vedette",
    threshold: Annotated[float | None, typer.Option(help="Threshold of every column.")] = None,
    exact: Annotated[bool, typer.Option(help="Read every value: no sketch's error.")] = False,
    memory: Memory = 1024,
    html: Html = None,
    as_json: Json = False,
) -> None:
    """Compare two sets of data, column by column; ends with 1 where the dataset drifted.

    It ends with 2 where they cannot be compared.
    """
    with _progress() as report:
        found = vedette.drift(
            reference, current, preset, exact=exact, threshold=threshold,
            memory_bytes=memory * _MIB, progress=report,
        )  # fmt: skip
    if html:
        found.to_html(html)
    if as_json:
        typer.echo(json.dumps(found.to_dict(), default=str))
    else:
        _show_drift(found)
    sys.exit(VIOLATED if found.drifted else 0)


@gate()
def check(
    file: Annotated[Path, typer.Argument(help="YAML or JSON with 'checks', and 'source'.")],
    source: Annotated[
        str | None, typer.Option(help="Data to check, instead of the file's 'source'.")
    ] = None,
    baseline: Annotated[
        str | None, typer.Option(help="Data that drift is measured against.")
    ] = None,
    fail_on: Annotated[str, typer.Option(help="Least severity that fails.")] = "error",
    dataset: Annotated[
        str | None, typer.Option(help="Dataset that the results are kept of on the server.")
    ] = None,
    keep_rows: Annotated[
        bool, typer.Option("--keep-rows", help="Send the failing rows that are shown, too.")
    ] = False,
    violations: Annotated[
        Path | None, typer.Option(help="Write Model Monitor's constraint_violations.json there.")
    ] = None,
    memory: Memory = 1024,
    as_json: Json = False,
    endpoint: Endpoint = "",
    api_key: ApiKey = "",
) -> None:
    """Check data; ends with 1 where a check is violated, with 2 where one could not be made.

    It ends with 2 as well where the checks or the data cannot be read.
    """
    from vedette.sdk.data_checks import (  # noqa: PLC0415 - the engine is an extra
        read_document,
        severity_of,
    )

    least = severity_of(fail_on)
    document = read_document(file)
    named = document if isinstance(document, dict) else {}
    data = source or named.get("source")
    if not isinstance(data, str):
        raise InvalidInputError(
            "there is no data to check",
            field="source",
            remedy="give --source, or 'source:' in the file",
        )
    if source is None and "://" not in data and not Path(data).is_absolute():
        data = str(file.parent / data)
    with _progress() as report:
        found = vedette.check(
            data, document, baseline=baseline or named.get("baseline"), raise_on=None,
            dataset=dataset, keep_rows=keep_rows, endpoint=endpoint or None, api_key=api_key or None,
            memory_bytes=memory * _MIB, progress=report,
        )  # fmt: skip
    if violations:
        from vedette.data.checks import model_monitor  # noqa: PLC0415 - the engine is an extra

        violations.write_text(json.dumps(model_monitor.violations(found), indent=2))
    if as_json:
        typer.echo(json.dumps(found.as_dict(), default=str))
    else:
        _show_checks(found)
    if found.violations(least):
        sys.exit(VIOLATED)
    sys.exit(FAILED if any(one.status == "unknown" for one in found.results) else 0)


def _moment(text: str | None, field: str) -> datetime | None:
    return None if text is None else parse_moment(text, field=field)


@contextmanager
def _progress() -> Iterator[Any]:
    """Show a bar on a terminal, and nothing elsewhere."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield None
        return
    with Progress(
        TextColumn("profiling"), BarColumn(), TextColumn("{task.description}"), TimeElapsedColumn(),
        console=console, transient=True,
    ) as bar:  # fmt: skip
        task = bar.add_task("reading", total=None)

        def report(share: float | None, text: str) -> None:
            bar.update(task, description=text, total=None if share is None else 1.0,
                       completed=share or 0.0)  # fmt: skip

        yield report


def _show_profile(found: Any) -> None:  # noqa: ANN401 - a Profile
    table = Table("column", "kind", "missing", "distinct", "min", "mean", "max", "most frequent",
                  header_style="bold")  # fmt: skip
    for column in found.columns:
        missing = "" if column.completeness is None else f"{1 - column.completeness:.2%}"
        about = "" if column.distinct_exact else "~"
        top = [
            f"{value} ({count:,})" for value, count in list(column.frequencies().counts.items())[:3]
        ]
        numbers = [
            _shown(value, column.kind) for value in (column.minimum, column.mean, column.maximum)
        ]
        table.add_row(column.name, column.kind.value, missing, f"{about}{column.distinct:,}",
                      *numbers, ", ".join(top))  # fmt: skip
    console = Console(highlight=False, markup=False)
    console.print(table)
    console.print(f"{found.rows:,} rows of {found.source}" + ("; sent" if found.sent else ""))


def _shown(value: float | None, kind: str) -> str:
    if value is None:
        return ""
    if kind == "time":
        return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d %H:%M:%S}"
    return f"{value:,.6g}"


def _show_drift(found: Any) -> None:  # noqa: ANN401 - a Drift
    table = Table("column", "status", "measure", "value", "threshold", "why", header_style="bold")
    for column in found.report.columns:
        value = "" if column.value is None else f"{column.value:.4g}"
        threshold = "" if column.threshold is None else f"{column.threshold:.4g}"
        table.add_row(column.name, column.status, column.measure, value, threshold, column.why)
    console = Console(highlight=False, markup=False)
    console.print(table)
    report = found.report
    console.print(f"{report.drifted} of {report.compared} columns drifted: {report.status}")


def _show_checks(found: Any) -> None:  # noqa: ANN401 - a CheckReport
    table = Table("check", "severity", "status", "", header_style="bold")
    for result in found.results:
        table.add_row(
            result.check.title, result.check.severity.value, result.status, result.description
        )
    console = Console(highlight=False, markup=False)
    console.print(table)
    for result in found.results:
        for row in result.sample:
            console.print(f"{result.check.title}: {json.dumps(row, default=str)}")
