"""Signing in by a real provider that runs in a process of its own."""

from __future__ import annotations

import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from starlette.testclient import TestClient

from vedette.core.errors import InvalidInputError
from vedette.core.settings import Settings
from vedette.governance.signin.oidc import Oidc, parse_roles, roles_of, safe_path
from vedette.ingest import Ingest
from vedette.query import QueryRunner
from vedette.server.app import make_app
from vedette.store.catalog import Actor, Catalog, Role
from vedette.store.warehouse import Warehouse
from vedette.web.services import Services

PROVIDER = """
import sys
from wsgiref.simple_server import make_server, WSGIRequestHandler
import oidc_provider_mock
class Quiet(WSGIRequestHandler):
    def log_message(self, *_): pass
app = oidc_provider_mock.app()
server = make_server("127.0.0.1", 0, app, handler_class=Quiet)
print(server.server_port, flush=True)
server.serve_forever()
"""


@pytest.fixture(scope="module")
def provider() -> Iterator[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROVIDER], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        text=True,
    )  # fmt: skip
    assert process.stdout is not None
    port = process.stdout.readline().strip()
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(20)


@pytest.fixture(scope="module")
def app(
    provider: str,
    warehouse: Warehouse,
    runner: QueryRunner,
    settings: Settings,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[TestClient, Catalog]]:
    path = tmp_path_factory.mktemp("oidc") / "catalog.sqlite"
    set_ = settings.model_copy(
        update={
            "auth": "required",
            "oidc_issuer": provider,
            "oidc_client_id": "vedette",
            "oidc_client_secret": "shh",
            "oidc_name": "Corporate",
            "oidc_roles": "groups=ml:default/editor,groups=auditors:default/auditor",
            "public_url": "http://testserver",
        }
    )
    with Catalog.open(f"sqlite:///{path}") as catalog:
        catalog.ensure_first_start()
        services = Services(set_, warehouse, catalog, Ingest(warehouse, set_), runner)
        with TestClient(make_app(services), follow_redirects=False) as client:
            yield client, catalog


def _person(provider: str, subject: str, **claims: Any) -> None:
    answer = httpx.put(f"{provider}/users/{subject}", json=claims)
    assert answer.is_success, answer.text


def _begin(client: TestClient, return_to: str = "/logs?q=a") -> str:
    client.cookies.clear()
    begun = client.get("/api/v1/session/oidc", params={"return_to": return_to})
    assert begun.status_code == 303
    return str(begun.headers["location"])


def _consent(url: str, subject: str) -> str:
    """Sign in at the provider and return the address that it sends the browser to."""
    answer = httpx.post(url, data={"sub": subject}, follow_redirects=False)
    assert answer.status_code in {302, 303}, answer.text
    return str(answer.headers["location"])


def _finish(client: TestClient, location: str) -> httpx.Response:
    parts = urlsplit(location)
    return client.get(f"{parts.path}?{parts.query}")


def test_a_person_signs_in_with_the_roles_of_the_groups(
    app: tuple[TestClient, Catalog], provider: str
) -> None:
    client, catalog = app
    listed = client.get("/api/v1/session/providers").json()["providers"]
    assert listed == [{"id": "oidc", "name": "Corporate", "start": "/api/v1/session/oidc"}]
    _person(provider, "s-ann", email="ann@example.com", name="Ann", groups=["ml", "else"])
    url = _begin(client)
    query = parse_qs(urlsplit(url).query)
    assert query["code_challenge_method"] == ["S256"]
    answer = _finish(client, _consent(url, "s-ann"))
    assert answer.status_code == 303, answer.text
    assert answer.headers["location"] == "/logs?q=a"
    session = client.get("/api/v1/session").json()
    assert session["identity"]["name"] == "ann@example.com"
    assert [one["roles"] for one in session["accounts"]] == [["editor"]]
    events = [item.record["eventName"] for item in catalog.audit.list("default").items]
    assert {"SignInByProvider", "CreateSession"} <= set(events)
    # Groups change at the provider: the roles follow.
    _person(provider, "s-ann", email="ann@example.com", name="Ann", groups=["auditors"])
    assert _finish(client, _consent(_begin(client), "s-ann")).status_code == 303
    user = catalog.users.get_by_login("ann@example.com")
    assert catalog.memberships.of_user(user.id) == {"default": frozenset({Role.AUDITOR})}
    catalog.users.set_disabled(Actor.system("test"), user.id, disabled=True)
    assert _finish(client, _consent(_begin(client), "s-ann")).status_code == 403


def test_who_has_no_group_has_no_way_in(app: tuple[TestClient, Catalog], provider: str) -> None:
    client, _ = app
    _person(provider, "s-bob", email="bob@example.com", groups=["strangers"])
    answer = _finish(client, _consent(_begin(client), "s-bob"))
    assert answer.status_code == 403
    assert client.get("/api/v1/session").status_code == 401


def test_a_login_that_a_user_has_is_not_taken_over(
    app: tuple[TestClient, Catalog], provider: str
) -> None:
    client, catalog = app
    catalog.users.create(Actor.system("test"), "boss@example.com", password="correct horse 1")
    _person(provider, "s-eve", email="boss@example.com", groups=["ml"])
    assert _finish(client, _consent(_begin(client), "s-eve")).status_code == 403


def test_an_answer_of_another_browser_or_twice(
    app: tuple[TestClient, Catalog], provider: str
) -> None:
    client, _ = app
    _person(provider, "s-joe", email="joe@example.com", groups=["ml"])
    location = _consent(_begin(client), "s-joe")
    client.cookies.clear()
    assert _finish(client, location).status_code == 401
    mine = _consent(_begin(client), "s-joe")
    forged = re.sub(r"state=[^&]*", "state=forged", mine)
    assert _finish(client, forged).status_code == 401
    assert _finish(client, mine).status_code == 303
    _begin(client)
    assert _finish(client, mine).status_code == 401
    refused = client.get("/api/v1/session/oidc/callback", params={"error": "access_denied"})
    assert refused.status_code == 401


def test_a_token_that_is_forged(app: tuple[TestClient, Catalog]) -> None:
    """Signed by a key of one's own, or by none: the claims are never looked at."""
    from joserfc import jwt
    from joserfc.jwk import OctKey, RSAKey

    client, _ = app
    oidc: Oidc = client.app.state.services.oidc  # type: ignore[attr-defined]
    claims = {"sub": "s-ann", "aud": "vedette", "nonce": "n"}
    keys = RSAKey.generate_key(2048), OctKey.import_key("0" * 32)
    for key, algorithm in zip(keys, ("RS256", "HS256"), strict=True):
        token = jwt.encode({"alg": algorithm}, claims, key)
        with pytest.raises(Exception, match="not signed by its keys"):
            oidc._claims(token, "n")
    for token in ("", "a.b.c", "eyJhbGciOiJub25lIn0.eyJzdWIiOiJ4In0."):
        with pytest.raises(Exception, match="provider's token"):
            oidc._claims(token, "n")


@pytest.mark.parametrize(
    ("text", "expected"),
    [("/logs", "/logs"), ("//evil.example", "/"), ("https://evil.example", "/"), ("/\\evil", "/"),
     ("", "/"), ("/a\nb", "/")],
)  # fmt: skip
def test_only_a_path_of_the_console_is_returned_to(text: str, expected: str) -> None:
    assert safe_path(text) == expected


def test_claims_become_roles() -> None:
    rules = parse_roles("realm.roles=boss:acme/admin, email=*:acme/viewer,g=a:b:acme/editor")
    assert roles_of({"realm": {"roles": ["boss"]}}, rules) == [("acme", "admin")]
    assert roles_of({"email": "x"}, rules) == [("acme", "viewer")]
    assert roles_of({"g": ["a:b"]}, rules) == [("acme", "editor")]
    assert roles_of({"email": None}, rules) == []
    for text in ("nonsense", "a=b:c", "a=b:c/king", "=b:c/admin"):
        with pytest.raises(InvalidInputError):
            parse_roles(text)


def test_threads_share_one_discovery(app: tuple[TestClient, Catalog]) -> None:
    client, _ = app
    oidc: Oidc = client.app.state.services.oidc  # type: ignore[attr-defined]
    urls: list[str] = []
    threads = [
        threading.Thread(target=lambda: urls.append(oidc.begin("http://x/cb", "/").url))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert len({parse_qs(urlsplit(url).query)["state"][0] for url in urls}) == 4
