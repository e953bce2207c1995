"""What the audit trail costs: a mutation with and without its record, a call of ingest, verification.

    python benchmarks/audit.py [--records 1000000] [--folder FOLDER] [--only mutation ingest verify tags]

A mutation is timed in alternating blocks, with its record's insert and with that left out, over one
catalog; the ratio is that of the medians. Verification reads an export of the given number of records,
offline, as ``vedette audit verify`` does. The export is kept in FOLDER and used again.
"""

from __future__ import annotations

import argparse
import asyncio
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from unittest import mock

import httpx
import uvicorn
from starlette.routing import Route

from vedette.core.encryption import SecretBox
from vedette.core.identity import ResourceId
from vedette.core.settings import Settings
from vedette.governance.audit.offline import verify_export
from vedette.governance.audit.service import AuditService
from vedette.governance.tags.policies import KeyRule, PolicyRules, TagPolicies
from vedette.ingest import Ingest, Source
from vedette.query import QueryRunner
from vedette.server.app import make_app
from vedette.server.audited import Audited
from vedette.store.catalog import Actor, AuditEvent, Catalog, IdentityType, Scope, audit_chain
from vedette.store.catalog.models import TagRow
from vedette.store.warehouse import Warehouse, open_warehouse
from vedette.web.services import Services

ACTOR = Actor(
    type=IdentityType.API_KEY, id="bench", name="bench", account="default", ip="203.0.113.7",
    user_agent="benchmark/1.0", request_id="r-1",
)  # fmt: skip
BLOCKS, BLOCK = 200, 10
BATCH = 1000
CALLS = 20_000
RESOURCES = 10_000
LINE = b'{"message": "order 17 took 35 ms", "service": "checkout", "level": "info"}\n'


def timed(work, *arguments) -> float:
    """Return the seconds that a call takes."""
    started = time.perf_counter()
    work(*arguments)
    return time.perf_counter() - started


def without_record():
    """Leave the record's building and insert out, and nothing else."""
    return mock.patch.object(audit_chain, "append", return_value=None)


def compare(name: str, block: Callable[[int], list[float]]) -> None:
    """Print the medians of alternating blocks of a mutation, with and without its record."""
    block(0)
    seconds: dict[str, list[float]] = {"with": [], "without": []}
    for number in range(BLOCKS):
        for kind in ("with", "without") if number % 2 else ("without", "with"):
            if kind == "with":
                seconds[kind] += block(number * BLOCK)
            else:
                with without_record():
                    seconds[kind] += block(number * BLOCK)
    medians = {kind: statistics.median(values) * 1000 for kind, values in seconds.items()}
    extra = medians["with"] - medians["without"]
    print(
        f"{name}: {medians['with']:.3f} ms with its record, {medians['without']:.3f} ms without: "
        f"+{extra:.3f} ms, {extra / medians['without']:+.1%} ({BLOCKS * BLOCK} each, alternating)"
    )


def measure_mutation(catalog: Catalog) -> None:
    """Time setting a tag in the catalog, with and without its audit record."""
    resource = ResourceId("default", "service", "bench")

    def block(start: int) -> list[float]:
        return [
            timed(catalog.tags.set, ACTOR, resource, {"team": str(start + n)}) for n in range(BLOCK)
        ]

    compare("a tag set in the catalog", block)


def measure_call(services: Services) -> None:
    """Time the same as a call of the API, without a client, a socket or the parsing of HTTP."""
    app = make_app(services)
    key = services.catalog.keys.create(ACTOR, "default", name="bench", scopes=[Scope.ADMIN])
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "PUT",
        "scheme": "http", "path": "/api/v1/tags", "raw_path": b"/api/v1/tags", "root_path": "",
        "query_string": b"resource=default/service/bench", "client": ("203.0.113.7", 1),
        "server": ("bench", 80),
        "headers": [
            (b"authorization", f"Bearer {key.text}".encode()), (b"content-type", b"application/json"),
        ],
    }  # fmt: skip

    async def call(number: int) -> float:
        async def receive() -> dict[str, object]:
            return {"type": "http.request", "body": b'{"tags": {"team": "%d"}}' % number}

        async def send(message: dict[str, object]) -> None:
            if message["type"] == "http.response.start" and message["status"] != 200:
                raise SystemExit(f"the call was answered {message['status']}")

        started = time.perf_counter()
        await app({**scope, "state": {}}, receive, send)
        return time.perf_counter() - started

    with asyncio.Runner() as loop:

        async def calls(start: int) -> list[float]:
            return [await call(start + number) for number in range(BLOCK)]

        compare("the same through the API", lambda start: loop.run(calls(start)))


def measure_http(services: Services) -> None:
    """Time the same as a client sees it, over a connection that is kept open."""
    key = services.catalog.keys.create(ACTOR, "default", name="client", scopes=[Scope.ADMIN])
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(make_app(services), lifespan="off", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    with httpx.Client(
        base_url=f"http://127.0.0.1:{listener.getsockname()[1]}",
        headers={"authorization": f"Bearer {key.text}"}, timeout=30,
    ) as client:  # fmt: skip

        def call(number: int) -> None:
            body = {"tags": {"team": str(number)}}
            client.put(
                "/api/v1/tags", params={"resource": "default/service/bench"}, json=body
            ).raise_for_status()

        compare(
            "the same as a client sees it",
            lambda start: [timed(call, start + number) for number in range(BLOCK)],
        )
    server.should_exit = True
    thread.join()


async def measure_ingest(service: AuditService, warehouse: Warehouse, settings: Settings) -> None:
    """Time what the trail adds to a call of ingest, beside storing one body."""

    async def app(_scope, _receive, send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})

    async def nothing(*_) -> None:
        return None

    def endpoint() -> None:
        """Stand for a receiver."""

    services = SimpleNamespace(audit=service)
    audited = Audited(app, services, [Route("/v1/logs", endpoint, name="otlp logs")])
    scope = {
        "type": "http", "method": "POST", "path": "/v1/logs", "headers": [], "query_string": b"",
        "client": ("203.0.113.7", 1), "endpoint": endpoint, "state": {},
    }  # fmt: skip

    async def run(target) -> float:
        started = time.perf_counter()
        for _ in range(CALLS):
            await target(scope, nothing, nothing)
        return (time.perf_counter() - started) / CALLS * 1e6

    plain, whole = [], []
    for _ in range(5):
        plain.append(await run(app))
        whole.append(await run(audited))
    added = statistics.median(whole) - statistics.median(plain)
    ingest = Ingest(warehouse, settings)
    await ingest.start()
    taken = []
    for _ in range(100):
        started = time.perf_counter()
        await ingest.submit(Source.LOG_LINES, "default", LINE)
        taken.append((time.perf_counter() - started) * 1e6)
    await ingest.stop()
    body = statistics.median(taken)
    print(
        f"ingest: the trail adds {added:.1f} us to a call; storing one body takes {body:,.0f} us: "
        f"{added / body:.3%}"
    )


def fill(catalog: Catalog, records: int) -> None:
    """Record that many calls in the catalog's chain."""
    event = AuditEvent(
        actor=ACTOR, name="UpdateAlarm", source="vedette.alarms", account="default",
        request={"name": "queue too long", "spec": {"threshold": 17, "comparison": ">"}},
        resources=[ResourceId("default", "alarm", "queue too long")],
    )  # fmt: skip
    for start in range(0, records, BATCH):
        catalog.audit.record_events([event] * min(BATCH, records - start))


def measure_verification(
    service: AuditService, catalog: Catalog, folder: Path, records: int
) -> None:
    """Time the verification of an export, and of the chain in the catalog."""
    path = folder / f"audit-{records}.zip"
    if not path.exists():
        print(f"writing {records:,} records: {timed(fill, catalog, records):.1f} s")
        print(f"a digest over them: {timed(service.digest_now):.1f} s")
        now = datetime.now(UTC)
        since, until = now - timedelta(days=1), now + timedelta(days=1)
        export = timed(lambda: service.exporter.write(path, account=None, since=since, until=until))
        print(f"the export: {export:.1f} s, {path.stat().st_size / 2**20:.0f} MiB")
        started, begun = time.perf_counter(), time.process_time()
        chain = catalog.audit.verify()
        seconds, cpu = time.perf_counter() - started, time.process_time() - begun
        print(
            f"the chain in the catalog: {chain.records:,} records in {seconds:.1f} s "
            f"({cpu:.1f} s of CPU), ok={chain.ok}"
        )
    started, begun = time.perf_counter(), time.process_time()
    report = verify_export(path)
    seconds, cpu = time.perf_counter() - started, time.process_time() - begun
    print(
        f"verify offline: {report.records:,} records under {report.digests} digests in "
        f"{seconds:.1f} s ({cpu:.1f} s of CPU), ok={report.ok}"
    )


def measure_compliance(catalog: Catalog, runner: QueryRunner) -> None:
    """Time the report over 10,000 resources with three tags each and three policies."""
    policies = TagPolicies(catalog, runner)
    keys = [
        KeyRule(key="team", values=["a", "b", "c"]),
        KeyRule(key="cost-center", pattern="[0-9]{4}"),
    ]
    for number in range(3):
        policies.put(ACTOR, "default", f"policy {number}", PolicyRules(keys=keys))
    with catalog.change(ACTOR, "Fill") as change:
        change.session.add_all(
            TagRow(
                resource=f"default/service/s{number}", key=key, value=value, account="default",
                kind="service",
            )
            for number in range(RESOURCES)
            for key, value in (
                ("team", "abcd"[number % 4]), ("cost-center", str(1000 + number % 9000)), ("x", "y"),
            )
        )  # fmt: skip
    begun = time.process_time()
    seconds = [timed(lambda: policies.report("default", limit=100)) for _ in range(5)]
    cpu = (time.process_time() - begun) / 5
    report = policies.report("default", limit=100)
    print(
        f"compliance: {report.resources:,} resources, 3 policies: "
        f"{statistics.median(seconds):.2f} s, {cpu:.2f} s of CPU ({report.offence_count:,} offences)"
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--records", type=int, default=1_000_000)
    parser.add_argument("--folder", type=Path, help="keeps the export")
    parts = ("mutation", "ingest", "verify", "tags")
    parser.add_argument("--only", nargs="*", choices=parts, default=parts)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as name:
        folder = Path(name)
        settings = Settings(data_dir=folder, min_free_disk_bytes=0)
        warehouse = open_warehouse(settings)
        runner = QueryRunner(warehouse, settings)
        with Catalog.open(f"sqlite:///{folder}/catalog.sqlite") as catalog:
            catalog.ensure_first_start()
            box = SecretBox.open("benchmark", folder)
            service = AuditService(catalog, warehouse, runner, settings, box)
            if "mutation" in given.only:
                measure_mutation(catalog)
                ingest = Ingest(warehouse, settings)
                services = Services(settings, warehouse, catalog, ingest, runner)
                measure_call(services)
                measure_http(services)
            if "ingest" in given.only:
                asyncio.run(measure_ingest(service, warehouse, settings))
            if "tags" in given.only:
                measure_compliance(catalog, runner)
            if "verify" in given.only:
                measure_verification(service, catalog, given.folder or folder, given.records)
        warehouse.close()


if __name__ == "__main__":
    main()
