"""``vedette import``: content of other systems."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from vedette.cli.client import DEFAULT_ENDPOINT, ApiKey, Endpoint

if TYPE_CHECKING:
    from vedette.sdk.artifacts.findings import Findings

app = typer.Typer(help="Bring content of other systems over.", no_args_is_help=True)


@app.command()
def mlflow(
    uri: Annotated[str, typer.Argument(help="Address of the MLflow server, http://host:5000.")],
    token: Annotated[
        str, typer.Option(envvar="MLFLOW_TRACKING_TOKEN", help="Its token, if it wants one.")
    ] = "",
    artifacts: Annotated[bool, typer.Option(help="Files that the server proxies come too.")] = True,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Bring experiments, runs, histories, files, logged models and the registry of MLflow over.

    Runs and logged models keep their ids. It can be repeated, and goes on where it was cut off. What
    Vedette refuses is told at the end, which is 1 then. For a folder or a database, start 'mlflow
    server' on it first.
    """
    from vedette.cli.import_mlflow import import_mlflow  # noqa: PLC0415 - rarely used
    from vedette.cli.mlflow_api import MlflowApi  # noqa: PLC0415 - as above
    from vedette.cli.mlflow_transfer import Transfer  # noqa: PLC0415 - as above

    console = Console(stderr=True, highlight=False)
    with console.status("reading") as status:
        transfer = Transfer(
            MlflowApi(uri, token), MlflowApi(endpoint, api_key), status.update, artifacts
        )
        import_mlflow(transfer)
    typer.echo(", ".join(f"{count} {what}" for what, count in transfer.counts.items()))
    for problem in transfer.problems:
        typer.echo(f"not brought: {problem}", err=True)
    if transfer.problems:
        raise typer.Exit(1)


@app.command()
def dbt(
    path: Annotated[
        Path, typer.Argument(help="dbt's target folder, or its run_results.json or sources.json.")
    ] = Path("target"),
    namespace: Annotated[
        str, typer.Option(help="Of the tables, as OpenLineage has it, such as postgres://db:5432.")
    ] = "",
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Bring dbt's last command over: its run, models, tables, lineage, tests and freshness.

    The same artifacts again change nothing. Without --namespace a table is DATABASE.SCHEMA.TABLE.
    """
    from vedette.core.names import NAMESPACE  # noqa: PLC0415 - rarely used
    from vedette.sdk.artifacts.dbt import read_artifacts  # noqa: PLC0415 - as above

    _send(read_artifacts(path, namespace=namespace or NAMESPACE), endpoint, api_key)


@app.command("great-expectations")
def great_expectations(
    path: Annotated[
        Path, typer.Argument(help="A validation result, a checkpoint's, or a folder of them.")
    ],
    dataset: Annotated[
        str, typer.Option(help="The dataset that was checked; the data asset's name if not given.")
    ] = "",
    keep_rows: Annotated[
        bool, typer.Option("--keep-rows", help="Send the unexpected values that are shown, too.")
    ] = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Bring validation results of Great Expectations (0.18 and 1.x) over, as results of checks."""
    from vedette.sdk.artifacts.great_expectations import (  # noqa: PLC0415 - rarely used
        read_validations,
    )

    _send(read_validations(path, dataset=dataset, keep_rows=keep_rows), endpoint, api_key)


@app.command()
def sagemaker(
    path: Annotated[
        Path, typer.Argument(help="A .jsonl of data capture or ground truth, or a folder of them.")
    ],
    model: Annotated[str, typer.Option(help="Name of the model.")],
    version: Annotated[str, typer.Option(help="Its version.")] = "",
    columns: Annotated[
        str, typer.Option(help="Names of the columns of CSV input, separated by commas.")
    ] = "",
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Bring SageMaker's data capture and ground truth over, as predictions and labels, each once."""
    from vedette.sdk.sagemaker import send_files  # noqa: PLC0415 - rarely used

    names = [name.strip() for name in columns.split(",") if name.strip()]
    counts = send_files(
        path, model, version=version, columns=names, endpoint=endpoint, api_key=api_key or None
    )
    typer.echo(f"{counts['predictions']} predictions, {counts['labels']} labels")


def _send(found: Findings, endpoint: str, api_key: str) -> None:
    from vedette.sdk.artifacts.findings import send  # noqa: PLC0415 - rarely used

    console = Console(stderr=True, highlight=False)
    with console.status("sending") as status:
        done = send(found, endpoint=endpoint, api_key=api_key or None, progress=status.update)
    known = f", {done.known} were there already" if done.known else ""
    typer.echo(f"{done.events} events, {done.results} results of checks{known}")
    for reason in sorted(set(done.refused)):
        console.print(f"[yellow]not taken:[/] {done.refused.count(reason)} events: {reason}")
    if done.refused:
        raise typer.Exit(1)
