"""``vedette audit``: search, verify and export the audit trail."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from vedette.cli.client import DEFAULT_ENDPOINT, ApiKey, Client, End, Endpoint, Start
from vedette.cli.tables import whole

app = typer.Typer(help="Search, verify and export the audit trail.", no_args_is_help=True)
_BAD = 2
"""Exit status where something is not as it was written."""
_console = Console(highlight=False)


@app.command()
def search(
    text: Annotated[str | None, typer.Argument(help="Anywhere in the record.")] = None,
    calls: Annotated[bool, typer.Option("--calls", help="Calls that changed nothing.")] = False,
    event: Annotated[str | None, typer.Option(help="Event name; a * may end it.")] = None,
    who: Annotated[str | None, typer.Option(help="Id or name of a user or key.")] = None,
    resource: Annotated[str | None, typer.Option(help="Identity, or a part of one.")] = None,
    ip: Annotated[str | None, typer.Option(help="Source address.")] = None,
    refused: Annotated[bool, typer.Option("--refused", help="Only calls that failed.")] = False,
    start: Start = "-7d",
    end: End = "now",
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 50,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """List records of the account, newest first."""
    page = Client(endpoint, api_key).get(
        "/audit", trail="calls" if calls else "changes", text=text, event_name=event, actor_id=who,
        resource=resource, source_ip=ip, failed=True if refused else None, start=start, end=end,
        limit=limit,
    )  # fmt: skip
    table = Table("time", "event", "who", "from", "outcome", "resources")
    for item in page["records"]:
        record = item["record"]
        table.add_row(
            record["eventTime"], record["eventName"], record["userIdentity"]["userName"],
            record["sourceIPAddress"] or "", record["errorCode"] or "done",
            " ".join(record["resources"]),
        )  # fmt: skip
    _console.print(table)
    if page["cursor"]:
        _console.print("[dim]there are more: narrow the search, or raise --limit[/]")


@app.command()
def export(
    path: Annotated[Path, typer.Argument(help="File to write, such as audit.zip.")],
    start: Start = "-30d",
    end: End = "now",
    installation: Annotated[
        bool, typer.Option("--installation", help="Every account's records; for its admins.")
    ] = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Write records, and the signed digests that cover them, to a zip."""
    body = Client(endpoint, api_key).content(
        "/audit/export", start=start, end=end,
        scope="installation" if installation else "account",
    )  # fmt: skip
    path.write_bytes(body)
    _console.print(f"{path}: {len(body):,} bytes")


@app.command()
def verify(
    path: Annotated[
        Path | None, typer.Argument(help="Export to verify, a zip or folder; no server is asked.")
    ] = None,
    server: Annotated[
        bool, typer.Option("--server", help="Verify the server's own trail instead.")
    ] = False,
    trust: Annotated[
        str | None,
        typer.Option(
            help="Fingerprint of a key that you kept elsewhere, from 'vedette audit keys'."
        ),
    ] = None,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Verify digests and records, newest to oldest; name what is not as it was written."""
    if (path is None) == (not server):
        raise typer.BadParameter("give the path of an export, or --server")
    if path is not None:
        report = _verify_offline(path, trust)
    else:
        report = Client(endpoint, api_key).get("/audit/digests/verify", fingerprint=trust)
    _tell(report, pinned=trust is not None)
    if not report["ok"]:
        sys.exit(_BAD)


@app.command()
def digests(
    limit: Annotated[int, typer.Option(min=1, max=1000)] = 24,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """List signed digests, newest first."""
    table = Table("number", "from", "to", "records", "hash", "key")
    for item in Client(endpoint, api_key).get("/audit/digests", limit=limit)["digests"]:
        table.add_row(
            str(item["sequence"]), item["starts"], item["ends"], str(item["records"]),
            item["hash"][:16], item["fingerprint"][:16],
        )  # fmt: skip
    _console.print(table)


@app.command()
def keys(
    rotate: Annotated[bool, typer.Option("--rotate", help="Make a new key first.")] = False,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """List the keys that sign digests; keep a fingerprint where the server cannot write."""
    client = Client(endpoint, api_key)
    if rotate:
        client.post("/audit/keys", {})
    for item in client.get("/audit/keys")["keys"]:
        until = item["valid_until"] or "now"
        typer.echo(f"{item['fingerprint']}  {item['valid_from']} to {until}")


@app.command()
def hold(
    reason: Annotated[str | None, typer.Argument(help="Why; none lists the holds.")] = None,
    since: Annotated[str | None, typer.Option(help="Keep records from this moment on.")] = None,
    release: Annotated[str | None, typer.Option(help="Id of a hold to release.")] = None,
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    api_key: ApiKey = "",
) -> None:
    """Make, release or list legal holds."""
    client = Client(endpoint, api_key)
    if release:
        client.delete(f"/audit/holds/{release}")
    if reason:
        client.post("/audit/holds", {"reason": reason, "since": since})
    table = Table(whole("id"), "reason", "since", "created", "by", "released")
    for item in client.get("/audit/holds")["holds"]:
        table.add_row(
            item["id"], item["reason"], item["since"] or "always", item["created"],
            item["created_by"], item["released"] or "",
        )  # fmt: skip
    _console.print(table)


def _verify_offline(path: Path, trust: str | None) -> dict[str, Any]:
    from vedette.governance.audit.offline import verify_export  # noqa: PLC0415 - needs [server]

    report = verify_export(path, trusted=trust)
    return {
        "ok": report.ok,
        "digests": report.digests,
        "records": report.records,
        "newest": report.newest,
        "fingerprints": report.fingerprints,
        "finding_count": report.findings.count,
        "findings": [
            {
                "kind": item.kind, "place": item.place, "detail": item.detail,
                "sequence": item.sequence, "event_id": item.event_id, "count": item.count,
            }
            for item in report.problems
        ],
    }  # fmt: skip


def _tell(report: dict[str, Any], *, pinned: bool) -> None:
    _console.print(
        f"{report['records']:,} records under {report['digests']:,} digests, "
        f"the newest up to {report['newest'] or 'nothing'}"
    )
    for mark in report["fingerprints"]:
        _console.print(f"signed by {mark}")
    if not pinned:
        _console.print("[dim]no --trust was given: the keys themselves were taken on trust[/]")
    for item in report["findings"]:
        number = f" {item['sequence']}" if item["sequence"] is not None else ""
        more = f" and {item['count'] - 1} after it" if item["count"] > 1 else ""
        event = f" ({item['event_id']})" if item["event_id"] else ""
        _console.print(
            f"[bold red]{item['kind']}[/]: {item['place']}{number}{more}{event}: {item['detail']}"
        )
    if report["ok"]:
        _console.print("[bold green]everything is as it was written[/]")
    else:
        _console.print(f"[bold red]{report['finding_count']} problems[/]")
