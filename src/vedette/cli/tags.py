"""``vedette tags``: tags of resources, policies of tags, and who complies with them."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.console import Console
from rich.table import Column, Table

from vedette.cli.client import DEFAULT_ENDPOINT, ApiKey, Client, Endpoint, Json

app = typer.Typer(help="Tags of resources, policies of tags, compliance.", no_args_is_help=True)
Resource = Annotated[str, typer.Argument(help="account/kind/name, such as default/service/shop.")]
OFFENDED = 1
"""Exit status of ``compliance --fail`` where a resource does not comply."""
_MOST = 1000
_console = Console(highlight=False)


@app.command()
def show(
    resource: Resource,
    as_json: Json = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Show the tags of a resource."""
    answer = Client(endpoint, api_key).get("/tags", resource=resource)
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False))
        return
    for key, value in answer["tags"].items():
        typer.echo(f"{key}={value}")


@app.command("set")
def set_(
    resource: Resource,
    tags: Annotated[list[str], typer.Argument(help="key=value, one or more.")],
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Set tags of a resource; others that it has stay."""
    Client(endpoint, api_key).put("/tags", {"tags": _pairs(tags)}, resource=resource)


@app.command()
def remove(
    resource: Resource,
    keys: Annotated[list[str], typer.Argument(help="Keys of the tags.")],
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Remove tags of a resource."""
    Client(endpoint, api_key).delete("/tags", resource=resource, key=keys)


@app.command()
def find(
    tags: Annotated[list[str], typer.Argument(help="key=value, or a key alone for any value.")],
    kind: Annotated[str | None, typer.Option(help="Only resources of this kind.")] = None,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Print the resources that have all of the tags, one a line."""
    client, cursor = Client(endpoint, api_key), None
    while True:
        page = client.get("/tags/resources", tag=tags, kind=kind, limit=_MOST, cursor=cursor)
        for resource in page["resources"]:
            typer.echo(resource)
        cursor = page["cursor"]
        if cursor is None:
            return


@app.command()
def bulk(
    tags: Annotated[list[str], typer.Option("--set", help="key=value.")] = [],  # noqa: B006
    removed: Annotated[list[str], typer.Option("--remove", help="A key.")] = [],  # noqa: B006
    path: Annotated[
        Path | None,
        typer.Option("--file", help="Resources, one a line; standard input where it is left out."),
    ] = None,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Set and remove tags of many resources, by 1,000 in a change: all of these, or none."""
    text = path.read_text() if path else sys.stdin.read()
    resources = list(dict.fromkeys(line.strip() for line in text.splitlines() if line.strip()))
    client, done = Client(endpoint, api_key), 0
    for start in range(0, len(resources), _MOST):
        body = {
            "resources": resources[start : start + _MOST],
            "tags": _pairs(tags),
            "remove": removed,
        }
        done += client.post("/tags/bulk", body)["resources"]
    typer.echo(f"{done} resources changed")


@app.command()
def policies(
    as_json: Json = False, endpoint: Endpoint = DEFAULT_ENDPOINT, api_key: ApiKey = ""
) -> None:
    """List the account's policies."""
    answer = Client(endpoint, api_key).get("/tags/policies")
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False))
        return
    table = Table("name", "kinds", Column("tags", overflow="fold"), "effect")
    for item in answer["policies"]:
        rules = item["rules"]
        keys = "\n".join(_sentence(rule) for rule in rules["keys"])
        table.add_row(item["name"], " ".join(rules["kinds"]) or "all", keys, rules["effect"])
    _console.print(table)


@app.command()
def policy(
    name: Annotated[str, typer.Argument(help="Name of the policy.")],
    keys: Annotated[
        list[str],
        typer.Option(
            "--key", help="key, key=value,value or key~pattern; a '?' before it: need not be there."
        ),
    ] = [],  # noqa: B006
    kinds: Annotated[
        list[str], typer.Option("--kind", help="Kind of resources; all where left out.")
    ] = [],  # noqa: B006
    refuse: Annotated[
        bool, typer.Option("--refuse", help="Refuse tags that break it, instead of listing them.")
    ] = False,
    delete: Annotated[bool, typer.Option("--delete", help="Delete the policy.")] = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Make, change or delete a policy."""
    client, path = Client(endpoint, api_key), f"/tags/policies/{quote(name, safe='')}"
    if delete:
        client.delete(path)
        return
    if not keys:
        raise typer.BadParameter("give a --key, or --delete")
    effect = "refuse" if refuse else "warn"
    client.put(path, {"kinds": kinds, "effect": effect, "keys": [_rule(key) for key in keys]})


@app.command()
def compliance(
    kind: Annotated[str, typer.Option(help="Offences of this kind alone.")] = "",
    policy: Annotated[str, typer.Option(help="Offences against this policy alone.")] = "",
    resources: Annotated[
        bool, typer.Option("--resources", help="Print offenders alone, one a line, for 'bulk'.")
    ] = False,
    fail: Annotated[bool, typer.Option("--fail", help="End with 1 where there is one.")] = False,
    as_json: Json = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Show how far resources comply with the policies, and who does not."""
    answer = Client(endpoint, api_key).get(
        "/tags/compliance", kind=kind, policy=policy, limit=_MOST
    )
    if as_json:
        typer.echo(json.dumps(answer, ensure_ascii=False))
    elif resources:
        for resource in dict.fromkeys(item["resource"] for item in answer["offences"]):
            typer.echo(resource)
    else:
        _print_compliance(answer)
    if fail and answer["offence_count"]:
        sys.exit(OFFENDED)


def _print_compliance(answer: dict[str, Any]) -> None:
    _console.print(f"{answer['compliant']:,} of {answer['resources']:,} resources comply")
    table = Table("", "name", "resources", "comply")
    for word in ("policies", "kinds"):
        for item in answer[word]:
            name = item["policy"] if word == "policies" else item["kind"]
            what = "policy" if word == "policies" else "kind"
            table.add_row(what, name, f"{item['resources']:,}", f"{item['compliant']:,}")
    _console.print(table)
    found = Table(Column("resource", overflow="fold"), "policy", Column("wrong", overflow="fold"))
    for item in answer["offences"]:
        found.add_row(item["resource"], item["policy"], "; ".join(item["problems"]))
    if answer["offences"]:
        _console.print(found)
    if answer["offence_count"] > len(answer["offences"]):
        _console.print(f"[dim]and {answer['offence_count'] - len(answer['offences']):,} more[/]")


def _pairs(tags: list[str]) -> dict[str, str]:
    pairs = {}
    for text in tags:
        key, equals, value = text.partition("=")
        if not key or not equals:
            raise typer.BadParameter(f"{text!r} is no tag: write key=value")
        pairs[key] = value
    return pairs


def _rule(text: str) -> dict[str, Any]:
    required, text = not text.startswith("?"), text.removeprefix("?")
    key, tilde, pattern = text.partition("~")
    if tilde and "=" not in key:
        return {"key": key, "required": required, "pattern": pattern}
    key, _, values = text.partition("=")
    return {"key": key, "required": required, "values": values.split(",") if values else None}


def _sentence(rule: dict[str, Any]) -> str:
    key = rule["key"] if rule["required"] else f"?{rule['key']}"
    if rule["values"]:
        return f"{key}={','.join(rule['values'])}"
    return f"{key}~{rule['pattern']}" if rule["pattern"] else key
