"""``vedette apply``: entities as files say, with a plan and a diff."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from vedette.cli.client import DEFAULT_ENDPOINT, ApiKey, Client, Endpoint, Json
from vedette.core.errors import InvalidInputError

_SUFFIXES = {".yaml", ".yml", ".json"}
_SIGNS = {"create": "+", "update": "~", "delete": "-", "unchanged": " "}
_STYLES = {"create": "green", "update": "yellow", "delete": "red", "unchanged": "dim"}
_MAX_SHOWN = 120


def register(app: typer.Typer) -> None:
    """Add the command."""

    @app.command()
    def apply(
        paths: Annotated[list[Path], typer.Argument(help="Files, or folders of them.")],
        owner: Annotated[
            str, typer.Option("--owner", help="Who keeps these files; needed for --prune.")
        ] = "",
        prune: Annotated[
            bool, typer.Option("--prune", help="Delete what the owner keeps and no file names.")
        ] = False,
        dry_run: Annotated[
            bool, typer.Option("--dry-run", help="Only say what would change.")
        ] = False,
        as_json: Json = False,
        endpoint: Endpoint = DEFAULT_ENDPOINT,
        api_key: ApiKey = "",
    ) -> None:
        """Make alarms, routes, mute windows and more as YAML files say.

        `vedette apply alarms/ --owner git --prune --dry-run`
        """
        files = [{"name": str(file), "text": read(file)} for file in find_files(paths)]
        body = {"files": files, "owner": owner, "prune": prune, "dry_run": dry_run}
        answer = Client(endpoint, api_key).post("/apply", body)
        if as_json:
            typer.echo(json.dumps(answer, ensure_ascii=False))
        else:
            show(answer, dry_run=dry_run)
        if answer["error"]:
            raise typer.Exit(1)

    @app.command()
    def kinds(
        kind: Annotated[str, typer.Argument(help="Print the JSON Schema of this one's spec.")] = "",
        endpoint: Endpoint = DEFAULT_ENDPOINT,
        api_key: ApiKey = "",
    ) -> None:
        """List the kinds that files of `vedette apply` may hold, or print what one looks like.

        `vedette kinds SLO > slo.schema.json`
        """
        client = Client(endpoint, api_key)
        if kind:
            typer.echo(json.dumps(client.get(f"/kinds/{kind}")["definition"], indent=2))
            return
        for name in client.get("/kinds")["kinds"]:
            typer.echo(name)


def find_files(paths: list[Path]) -> list[Path]:
    """Return the files of some paths, by name.

    Raises:
        InvalidInputError: a path is not there, or there is no file.

    """
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted(one for one in path.rglob("*") if one.suffix in _SUFFIXES)
        elif path.is_file():
            found.append(path)
        else:
            raise InvalidInputError(f"{path} is not there", remedy="give a file or a folder")
    if not found:
        raise InvalidInputError("there is no YAML file", remedy="give a folder that has some")
    return found


def read(path: Path) -> str:
    """Return a file's text."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"{path} cannot be read: {error}", remedy="check it") from error


def show(answer: dict[str, Any], *, dry_run: bool) -> None:
    """Print a plan."""
    console = Console(highlight=False, soft_wrap=True)
    for action in answer["actions"]:
        verb = action["action"]
        text = f"{_SIGNS[verb]} {action['kind']} {action['name']}"
        console.print(text, style=_STYLES[verb], markup=False)
        if verb == "update":
            for change in action["changes"]:
                line = (
                    f"    {change['path']}: {_short(change['before'])} -> {_short(change['after'])}"
                )
                console.print(line, markup=False)
    done = sum(action["done"] for action in answer["actions"])
    if answer["error"]:
        console.print(f"stopped after {done} of {answer['changes']}: {answer['error']}",
                      style="bold red", markup=False)  # fmt: skip
    elif dry_run:
        console.print(f"{answer['changes']} would change", style="bold")
    else:
        console.print(f"{done} changed", style="bold")


def _short(value: object) -> str:
    text = "none" if value is None else json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _MAX_SHOWN else text[: _MAX_SHOWN - 1] + "…"
