"""``vedette models`` and ``vedette approvals``: the registry, and decisions about it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.table import Column, Table

from vedette.cli import model_monitors
from vedette.cli.client import DEFAULT_ENDPOINT, ApiKey, Client, Endpoint
from vedette.cli.tables import whole

models = typer.Typer(help="Registered models, versions and model cards.", no_args_is_help=True)
models.add_typer(model_monitors.app, name="monitor")
approvals = typer.Typer(help="Ask for, approve and reject stages.", no_args_is_help=True)
Model = Annotated[str, typer.Argument(help="Name of the registered model.")]
Version = Annotated[int, typer.Argument(help="Number of the version.", min=1)]
Stage = Annotated[
    str, typer.Argument(help="Development, QA, PreProduction, Production or Archived.")
]
Comment = Annotated[str, typer.Option(help="Why, for those who read it later.")]
Login = Annotated[
    str, typer.Option(envvar="VEDETTE_LOGIN", prompt=True, help="Who decides: no API key may.")
]
Account = Annotated[str, typer.Option(help="Account of the request; else the first of yours.")]
RequestId = Annotated[str, typer.Argument(help="Id, as 'vedette approvals list' shows it.")]


@models.command("list")
def list_models(
    filter_: Annotated[
        str | None, typer.Option("--filter", help="As MLflow's: name ILIKE '%churn%'.")
    ] = None,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """List registered models."""
    table = Table("name", "versions", "in production", "aliases", "description")
    client, cursor = Client(endpoint, api_key), None
    while True:
        page = client.get("/models", filter=filter_, cursor=cursor)
        for model in page["models"]:
            live = [str(v["version"]) for v in model["latest"] if v["stage"] == "Production"]
            aliases = [f"{alias}={version}" for alias, version in model["aliases"].items()]
            table.add_row(
                model["name"], str(model["last_version"]), " ".join(live), " ".join(aliases),
                model["description"],
            )  # fmt: skip
        cursor = page["cursor"]
        if not cursor:
            break
    Console(highlight=False).print(table)


@models.command()
def versions(model: Model, endpoint: Endpoint = DEFAULT_ENDPOINT, api_key: ApiKey = "") -> None:
    """List a model's versions, newest first."""
    page = Client(endpoint, api_key).get(f"/models/{_part(model)}/versions", limit=1000)
    table = Table("version", "stage", "status", "aliases", whole("run", width=32), "by")
    for version in page["versions"]:
        table.add_row(
            str(version["version"]), version["stage"], version["stage_status"],
            " ".join(version["aliases"]), version["run_id"], version["user_id"],
        )  # fmt: skip
    Console(highlight=False).print(table)


@models.command()
def stage(
    model: Model,
    version: Version,
    to: Stage,
    archive_others: Annotated[
        bool, typer.Option("--archive-others", help="Archive the versions that are there.")
    ] = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Bring a version into a stage; refused where it needs an approval first."""
    body = {"stage": to, "archive_others": archive_others}
    path = f"/models/{_part(model)}/versions/{version}/stage"
    changed = Client(endpoint, api_key).post(path, body)
    typer.echo(f"{model} {version} is in {changed['stage']}")


@models.command()
def card(
    model: Model,
    version: Version,
    output: Annotated[Path, typer.Option("--output", "-o", help="A .html or .json file.")],
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Write a version's model card to a file, as HTML or JSON by its name."""
    form = "html" if output.suffix == ".html" else "json"
    path = f"/models/{_part(model)}/versions/{version}/card"
    output.write_bytes(Client(endpoint, api_key).content(path, format=form))


@approvals.command()
def request(
    model: Model,
    version: Version,
    to: Stage,
    comment: Comment = "",
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Ask that a version enters a stage; prints the request's id."""
    body = {"model": model, "version": version, "stage": to, "comment": comment}
    made = Client(endpoint, api_key).post("/approvals", body)
    _print_checks(made)
    typer.echo(made["id"])


@approvals.command("list")
def list_requests(
    status: Annotated[
        str | None, typer.Option(help="pending, approved, rejected, expired or cancelled.")
    ] = "pending",
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """List approval requests, newest first."""
    page = Client(endpoint, api_key).get("/approvals", status=status or None, limit=1000)
    table = Table(
        whole("id"), Column("model", overflow="fold"), "version", "stage", "status", "by", "approvals",
        "checks",
    )  # fmt: skip
    for item in page["approvals"]:
        given = sum(decision["decision"] == "approved" for decision in item["decisions"])
        green = sum(check["passed"] for check in item["checks"])
        table.add_row(
            item["id"], item["model"], str(item["version"]), item["stage"], item["status"],
            item["requested_by"], f"{given}/{item['needed']}", f"{green}/{len(item['checks'])}",
        )  # fmt: skip
    Console(highlight=False).print(table)


@approvals.command()
def approve(
    request_id: RequestId,
    login: Login,
    comment: Comment = "",
    account: Account = "",
    endpoint: Endpoint = DEFAULT_ENDPOINT,
) -> None:
    """Approve a request of somebody else's; asks for your password, since a person decides."""
    with Client.of_person(endpoint, login, _password(login), account) as client:
        _decide("approve", request_id, comment, client)


@approvals.command()
def reject(
    request_id: RequestId,
    login: Login,
    comment: Comment = "",
    account: Account = "",
    endpoint: Endpoint = DEFAULT_ENDPOINT,
) -> None:
    """Reject a request of somebody else's; asks for your password, since a person decides."""
    with Client.of_person(endpoint, login, _password(login), account) as client:
        _decide("reject", request_id, comment, client)


def _decide(what: str, request_id: str, comment: str, client: Client) -> None:
    decided = client.post(f"/approvals/{_part(request_id)}/{what}", {"comment": comment})
    _print_checks(decided)
    typer.echo(f"the request is {decided['status']}")


def _password(login: str) -> str:
    password: str = typer.prompt(f"Password of {login}", hide_input=True, err=True)
    return password


def _print_checks(approval: dict[str, Any]) -> None:
    for check in approval["checks"]:
        mark = "ok  " if check["passed"] else "FAIL"
        typer.echo(f"{mark} {check['check']}: {check['message']}", err=True)


def _part(text: str) -> str:
    return quote(text, safe="")
