"""With one account's key nothing of another account is seen or changed, by any route or query."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.testclient import TestClient

from support.routes import NOBODY, ROUTES
from support.world import World, make_world
from vedette.ingest.derive import CommitClock, Deriver
from vedette.store.catalog import Actor, Catalog, Permission, Role, Scope
from vedette.telemetry.metric_filters import MetricFilters
from vedette.web.services import Services

ACTOR = Actor.system("tests")
SECRET = "quetzal17"
_RANGE = {"start": "-2h", "end": "now"}
TELLING = [name for name, route in ROUTES.items() if route.tells]
CLOSED = [name for name, route in ROUTES.items() if route.permission != NOBODY]


@pytest.fixture(scope="module")
def keys(catalog: Catalog) -> dict[str, Any]:
    """A's and B's admin keys."""
    made = {}
    for account in ("isolated-a", "isolated-b"):
        catalog.accounts.create(ACTOR, account)
        made[account] = catalog.keys.create(ACTOR, account, name="admin", scopes=[Scope.ADMIN])
    return made


@pytest.fixture(scope="module")
def world(client: TestClient, services: Services, catalog: Catalog, keys: dict[str, Any]) -> World:
    """What A holds."""
    headers = {"authorization": f"Bearer {keys['isolated-a'].text}"}

    def send(path: str, body: Any) -> Any:
        answer = client.post(path, json=body, headers=headers)
        assert answer.is_success, answer.text
        return answer.json()

    made = make_world(services, send, "isolated-a", SECRET)
    Deriver(services.warehouse, CommitClock()).run()
    return made


@pytest.fixture
def as_a(keys: dict[str, Any], api_with: Callable[..., Any]) -> Any:
    return api_with("isolated-a", keys["isolated-a"])


@pytest.fixture
def as_b(keys: dict[str, Any], api_with: Callable[..., Any]) -> Any:
    return api_with("isolated-b", keys["isolated-b"])


def _held(services: Services, world: World) -> dict[str, Any]:
    """Return all that A holds, for comparing."""
    catalog, account = services.catalog, world.account
    counted = {
        table: services.runner.run(account, f"SELECT count() FROM @{table}").scalar()
        for table in ("otel_logs", "otel_traces", "otel_metrics_gauge")
    }
    return {
        **counted,
        "keys": [(key.id, key.revoked) for key in catalog.keys.list(account).items],
        "members": catalog.memberships.of_user(world.names["user_id"]),
        "user": catalog.users.get(world.names["user_id"]),
        "account": catalog.accounts.get(account),
        "sessions": catalog.sessions.of_user(world.names["user_id"]),
        "tags": catalog.tags.keys(account),
        "filters": MetricFilters(catalog).page(account).items,
        "retention": catalog.retention.get(account),
        "audit": [item.hash for item in catalog.audit.list(account).items],
    }


@pytest.mark.parametrize("name", TELLING)
def test_the_account_itself_is_told(as_a: Any, world: World, name: str) -> None:
    """Without this, a route that tells nobody anything would pass for isolated."""
    answer = as_a.ask(name, world)
    assert answer.is_success, answer.text
    assert SECRET.encode() in answer.content


@pytest.mark.parametrize("name", CLOSED)
def test_another_account_is_not(
    as_b: Any, world: World, services: Services, catalog: Catalog, name: str
) -> None:
    before = _held(services, world)
    answer = as_b.ask(name, world)
    route = ROUTES[name]
    if name == "POST /members":
        # Users are the installation's: B may make A's user its member, and learns the name.
        catalog.memberships.revoke(ACTOR, world.names["user_id"], "isolated-b", Role.VIEWER)
        before["members"].pop("isolated-b", None)
    elif route.foreign is None:
        assert answer.is_success, answer.text
        assert SECRET.encode() not in answer.content
    else:
        assert answer.status_code == route.foreign, answer.text
        assert SECRET.encode() not in answer.content
    assert _held(services, world) == before


@pytest.fixture
def sought(as_b: Any, world: World) -> Callable[[str, str, dict[str, Any]], None]:
    """Call a path as B; it may be refused (4xx), and must not tell."""

    def seek(method: str, path: str, options: dict[str, Any]) -> None:
        answer = as_b.send(method, path, **options)
        assert answer.status_code < 500, answer.text
        if answer.is_success:
            assert SECRET not in answer.text
            assert "isolated-a" not in answer.text

    return seek


@pytest.mark.parametrize(
    "text",
    [
        "Account:isolated-*",
        "account:*",
        "resource.Account:*",
        "NOT nothing",
        "word OR -word",
        "') OR 1=1 --",
        "\"' OR Account != '\"",
        "trace_id:*",
        "*",
    ],
)
def test_no_search_reaches_across(sought: Callable[..., None], text: str) -> None:
    for path in ("/logs", "/spans", "/traces", "/logs/patterns", "/spans/red"):
        sought("GET", path, {"params": {"q": text, **_RANGE}})
    for path in ("/logs/facets", "/spans/facets"):
        sought("GET", path, {"params": {"q": text, "key": ["Account", "owner"], **_RANGE}})


@pytest.mark.parametrize(
    "query",
    [
        "fields Account, @message",
        "fields *",
        "filter Account = 'isolated-a'",
        "filter 1 = 1 or Account != ''",
        "stats count(*) by Account",
        "stats count(*) by owner, service",
        "parse @message 'a word of *' as x | stats count(*) by x",
        "pattern",
        "filter @message like /.*/ | fields @message",
        "source otel_logs | fields @message",
    ],
)
def test_no_pipe_reaches_across(sought: Callable[..., None], query: str) -> None:
    for source in ("logs", "spans"):
        sought("POST", "/query", {"json": {"query": query, "source": source, **_RANGE}})


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM otel_logs",
        "SELECT * FROM otel_logs WHERE Account = 'isolated-a'",
        "SELECT * FROM otel_logs WHERE 1 OR Account = 'isolated-a'",
        "SELECT * FROM default.otel_logs",
        "SELECT * FROM `otel_logs`",
        'SELECT * FROM "default"."otel_logs"',
        "SELECT (SELECT groupArray(Body) FROM otel_logs)",
        "WITH otel_traces AS (SELECT * FROM otel_logs) SELECT * FROM otel_traces",
        "SELECT Body FROM otel_logs UNION ALL SELECT SpanName FROM otel_traces",
        "SELECT * FROM otel_logs AS a JOIN otel_traces AS b ON a.TraceId = b.TraceId",
        "SELECT 1 WHERE 'x' IN (SELECT Body FROM otel_logs)",
        "SELECT * FROM merge('default', 'otel_.*')",
        "SELECT * FROM cluster('default', default, otel_logs)",
        "SELECT * FROM remote('127.0.0.1', default.otel_logs)",
        "SELECT * FROM file('*')",
        "SELECT * FROM viewExplain('EXPLAIN', '', (SELECT * FROM otel_logs))",
        "SELECT * FROM system.query_log",
        "SELECT * FROM system.tables",
        "SELECT dictGet('x', 'y', 1)",
        "SELECT joinGet('otel_logs', 'Body', 1)",
        "SELECT {vedette_account:String}",
        "SELECT * FROM otel_logs SETTINGS additional_table_filters = {}",
        "SELECT * FROM metric_series UNION ALL SELECT * FROM metric_series",
        "SELECT * FROM attribute_values",
        "SELECT * FROM resources",
        "SELECT * FROM rejected",
        "SELECT * FROM ingest_logs",
    ],
)
def test_no_sql_reaches_across(sought: Callable[..., None], sql: str) -> None:
    sought("POST", "/sql", {"json": {"sql": sql}})


@pytest.mark.parametrize(
    "query",
    [
        {"id": "e1", "expression": "SEARCH('{depth}', 'Average')"},
        {"id": "e1", "expression": "SEARCH('depth', 'Average')"},
        {"id": "e1", "expression": "SEARCH('depth{color=~\".*\"}', 'Average')"},
        {"id": "m1", "metric": "depth", "group_by": ["color", "Account", "service"]},
        {"id": "m1", "metric": "depth", "group_by": None, "matchers": [
            {"label": "Account", "operator": "=~", "value": ".*"}]},
    ],
)  # fmt: skip
def test_no_metric_query_reaches_across(
    as_b: Any, sought: Callable[..., None], query: dict[str, Any]
) -> None:
    sought("POST", "/metrics/query", {"json": {"queries": [query], **_RANGE}})


def test_a_metric_whose_name_is_guessed_has_no_series(as_a: Any, as_b: Any, world: World) -> None:
    body = {"queries": [{"id": "m1", "metric": f"d.{SECRET}", "group_by": None}], **_RANGE}
    for api, series in ((as_a, 1), (as_b, 0)):
        (result,) = api.post("/metrics/query", body, 200)["results"]
        assert len([one for one in result["series"] if any(one["values"])]) == series


def test_the_tail_shows_only_the_own_account(
    as_a: Any, as_b: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("vedette.api.logs.TAIL_SECONDS", 0.05)
    follows = threading.Event()

    def enough(body: bytes) -> bool:
        follows.set()
        return b"B is done" in body

    def send(api: Any, text: str) -> None:
        api.call("POST", "/logs", content=f'{{"message": "{text}"}}')

    with ThreadPoolExecutor(1) as pool:
        following = pool.submit(as_b.follow, "/logs/tail", enough)
        assert follows.wait(20)
        send(as_a, f"A has {SECRET}")
        send(as_b, "B is done")
        body = following.result(30).content
    assert b"B is done" in body
    assert SECRET.encode() not in body


def test_a_name_of_the_account_header_does_not_open_it(as_b: Any) -> None:
    for header in ("isolated-a", "ISOLATED-A", " isolated-a "):
        answer = as_b.send("GET", "/logs", headers={"x-vedette-account": header})
        assert answer.status_code in {400, 403}, answer.text


def test_the_permissions_of_the_table_are_permissions() -> None:
    assert {route.permission for route in ROUTES.values()} >= set(Permission) - {
        Permission.TELEMETRY_WRITE,
        Permission.APPROVALS_DECIDE,
    }
