"""Roles that are limited by a tag, service accounts, and sessions of others."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from support.contract import Contract
from support.routes import ROUTES
from support.world import World, make_world
from vedette.api.errors import READ_ONLY
from vedette.core.identity import ResourceId
from vedette.store.catalog import Actor, Catalog, Role, Scope, TagCondition
from vedette.store.catalog.roles import GUARDED
from vedette.web.services import Services

ACTOR = Actor.system("tests")
PASSWORD = "correct horse battery"
ACCOUNT = "limited"
FRAUD = TagCondition("team", "fraud")
_NUMBERS = itertools.count(1)
Member = Callable[..., Any]


@pytest.fixture(scope="module")
def made(client: TestClient, services: Services, catalog: Catalog) -> World:
    """An account with something of everything, and nothing of it tagged for a team."""
    catalog.accounts.create(ACTOR, ACCOUNT)
    key = catalog.keys.create(ACTOR, ACCOUNT, name="sender", scopes=[Scope.ADMIN]).text

    def send(path: str, body: Any) -> Any:
        answer = client.post(path, json=body, headers={"authorization": f"Bearer {key}"})
        assert answer.is_success, answer.text
        return answer.json()

    return make_world(services, send, ACCOUNT, "okapi77")


@pytest.fixture
def member(catalog: Catalog, client: TestClient, api_with: Any) -> Member:
    """Make somebody with limited roles, signed in: ``member(Role.EDITOR, tag=FRAUD)``."""

    def make(*roles: Role, tag: TagCondition = FRAUD, account: str = ACCOUNT) -> Any:
        login = f"limited-{next(_NUMBERS)}"
        user = catalog.users.create(ACTOR, login, display_name=login, password=PASSWORD)
        for role in roles:
            catalog.memberships.grant_limited(ACTOR, user.id, account, role, tag)
        opened = client.post("/api/v1/session", json={"login": login, "password": PASSWORD})
        assert opened.status_code == 201, opened.text
        api = api_with(account, None)
        api.headers = {
            "cookie": opened.headers["set-cookie"].partition(";")[0],
            "x-csrf-token": opened.json()["csrf_token"],
        }
        api.user_id, api.login = user.id, login
        return api

    return make


def _tag(catalog: Catalog, kind: str, name: str, tag: TagCondition = FRAUD) -> None:
    resource = ResourceId(ACCOUNT, kind, name)
    catalog.tags.set(ACTOR, resource, {tag.key: tag.value})


def test_no_route_changes_what_does_not_carry_the_tag(
    client: TestClient, made: World, member: Member
) -> None:
    """Every route that asks for a guarded permission, by a role whose tag nothing has."""
    api = member(Role.EDITOR, Role.APPROVER, tag=TagCondition("nobody", "has this"))
    reading = {
        f"{method} {path.removeprefix('/api/v1')}"
        for method, path, operation in Contract.of(client.app).operations()
        if operation.get(READ_ONLY) or method == "GET"
    }
    asked, refused, wrong = 0, 0, []
    for name, route in ROUTES.items():
        needed = route.permission if isinstance(route.permission, tuple) else (route.permission,)
        if not set(needed) & GUARDED or name in reading:
            continue
        asked += 1
        answer = api.ask(name, made)
        refused += answer.status_code == 403
        # What is refused for another reason changes nothing either.
        if answer.status_code not in {400, 403, 404, 409}:
            wrong.append((name, answer.status_code, answer.text[:120]))
    assert wrong == [], "\n".join(map(str, wrong))
    assert asked > 60
    assert refused > 0.7 * asked


def test_a_limited_editor_changes_what_carries_the_tag_alone(
    catalog: Catalog, made: World, member: Member
) -> None:
    api = member(Role.EDITOR)
    own, other = f"{ACCOUNT}/service/scoring", f"{ACCOUNT}/service/elsewhere"
    _tag(catalog, "service", "scoring")
    api.put("/tags", {"tags": {"cost": "1"}}, resource=own)
    # It is what was tagged before that counts: nobody tags a thing to get hold of it.
    refused = api.put("/tags", {"tags": {"team": "fraud"}}, 403, resource=other)["error"]
    assert "may change only what is tagged team=fraud" in refused["message"]
    assert catalog.tags.get(ResourceId.parse(other)) == {}
    told = api.records("TagResource")[0]
    assert (told["errorCode"], told["userIdentity"]["userName"]) == ("forbidden", api.login)
    both = {"resources": [own, other], "tags": {"cost": "2"}}
    api.post("/tags/bulk", both, 403)
    many = [f"{ACCOUNT}/service/s{number}" for number in range(150)]
    for name in many[:120]:
        _tag(catalog, "service", name.rpartition("/")[2])
    # Past what an audit record names, too.
    api.post("/tags/bulk", {"resources": many, "tags": {"cost": "3"}}, 403)
    api.post("/tags/bulk", {"resources": many[:120], "tags": {"cost": "3"}}, 200)
    # Reads are not limited; what is about no single resource is refused.
    assert api.get("/tags", resource=other)["tags"] == {}
    api.get("/logs", start="-1h")
    api.post("/sql", {"sql": "SELECT 1"}, 403)
    shown = api.get("/session")
    assert "catalog:write" not in shown["permissions"]
    assert shown["limited"] == [{"permission": "catalog:write", "key": "team", "value": "fraud"}]


def test_versions_have_the_tags_of_their_model(
    catalog: Catalog, made: World, member: Member, api_of: Any
) -> None:
    admin = api_of(ACCOUNT, Scope.ADMIN)
    for model in ("card-fraud", "churn"):
        admin.post("/models", {"name": model})
        admin.post(f"/models/{model}/versions", {"source": "s3://b/1"})
    _tag(catalog, "model", "card-fraud")
    api = member(Role.EDITOR, Role.APPROVER)
    tag = {"tags": {"seen": "yes"}}
    api.patch("/models/card-fraud/versions/1", tag)
    api.patch("/models/churn/versions/1", tag, 403)
    for model in ("card-fraud", "churn"):
        admin.put("/approval-rules", {"model": model, "stage": "Production", "approvals": 1})
    asked = {
        model: admin.post("/approvals", {"model": model, "version": 1, "stage": "Production"})["id"]
        for model in ("card-fraud", "churn")
    }
    api.post(f"/approvals/{asked['churn']}/approve", {}, 403)
    api.post(f"/approvals/{asked['card-fraud']}/approve", {}, 200)
    assert admin.get(f"/approvals/{asked['churn']}")["status"] == "pending"


def test_roles_with_a_tag_are_given_and_taken(
    catalog: Catalog, admin: Any, client: TestClient
) -> None:
    login = f"given-{next(_NUMBERS)}"
    catalog.users.create(ACTOR, login, display_name=login, password=PASSWORD)
    wanted = {"login": login, "roles": ["editor"], "tag": {"key": "team", "value": "fraud"}}
    made = admin.post("/members", wanted)
    assert (made["roles"], made["limited"]) == (
        [],
        [{"role": "editor", "key": "team", "value": "fraud"}],
    )
    assert [one["login"] for one in admin.get("/members")["members"]] == [login]
    admin.post("/members", {**wanted, "roles": ["admin"]}, 400)
    path = f"/members/{made['user_id']}/roles"
    admin.delete(path, tag="team=other")
    assert admin.get("/members")["members"] != []
    admin.post("/members", {"login": login, "roles": ["viewer"]})
    admin.delete(path, tag="team=fraud")
    (left,) = admin.get("/members")["members"]
    assert (left["roles"], left["limited"]) == (["viewer"], [])
    given = [one["requestParameters"].get("tag") for one in admin.records("GrantRole")]
    assert "team=fraud" in given
    admin.delete(path)
    admin.delete(path, 404)


def test_a_service_account_owns_keys(admin: Any, api_with: Any, catalog: Catalog) -> None:
    made = admin.post("/service-accounts", {"name": "deployer", "roles": ["editor"]})
    admin.post("/service-accounts", {"name": "deployer", "roles": ["editor"]}, 409)
    admin.post("/service-accounts", {"name": "x", "roles": ["approver"]}, 400)
    path = f"/service-accounts/{made['id']}"
    key = admin.post(f"{path}/keys", {"name": "ci", "scopes": ["read", "write", "admin"]})
    assert key["service_account_id"] == made["id"]
    program = api_with(admin.account, None)
    program.headers = {"authorization": f"Bearer {key['key']}"}
    resource = f"{admin.account}/service/shop"
    program.put("/tags", {"tags": {"a": "b"}}, resource=resource)
    # The key's scopes are cut down to what the roles allow.
    program.get("/keys", 403)
    identity = admin.records("TagResource")[0]["userIdentity"]
    assert identity == {
        "type": "APIKey", "principalId": key["id"], "userName": "deployer",
        "accountId": admin.account, "serviceAccount": "deployer",
    }  # fmt: skip
    rotated = admin.post(f"/keys/{key['id']}/rotation", {"overlap_hours": 1})
    assert rotated["service_account_id"] == made["id"]
    admin.patch(path, {"disabled": True})
    assert program.get("/tags", 401, resource=resource)["error"]["code"] == "unauthenticated"
    program.headers = {"authorization": f"Bearer {rotated['key']}"}
    program.get("/tags", 401, resource=resource)
    admin.patch(path, {"disabled": False})
    program.get("/tags", resource=resource)
    admin.patch(path, {"tag": {"key": "team", "value": "fraud"}})
    program.put("/tags", {"tags": {"a": "c"}}, 403, resource=resource)
    admin.patch(path, {"tag": None, "roles": ["viewer"]})
    program.put("/tags", {"tags": {"a": "c"}}, 403, resource=resource)
    admin.patch(path, {"roles": ["admin"], "tag": {"key": "a", "value": "b"}}, 400)
    assert [one["name"] for one in admin.get("/service-accounts")["service_accounts"]] == [
        "deployer"
    ]


def test_a_service_account_ends(catalog: Catalog, account: str, api_with: Any) -> None:
    ends = catalog.clock.now() + timedelta(hours=1)
    made = catalog.service_accounts.create(
        ACTOR, account, name="short", roles=[Role.VIEWER], expires=ends
    )
    key = catalog.keys.create(
        ACTOR, account, name="k", scopes=[Scope.READ], service_account_id=made.id
    )
    assert catalog.authenticate_key(key.text).expires == ends


def test_an_admin_sees_and_ends_sessions_of_others(
    member: Member, made: World, admin: Any, api_of: Any, root: Any
) -> None:
    mine = api_of(ACCOUNT, Scope.ADMIN)
    api = member(Role.EDITOR)
    found = mine.get("/members/sessions", limit=1000)["sessions"]
    (open_one,) = [one for one in found if one["name"] == api.login]
    assert open_one["account"] == ACCOUNT
    path = f"/members/sessions/{open_one['id']}"
    assert all(one["name"] != api.login for one in admin.get("/members/sessions")["sessions"])
    admin.delete(path, 404)
    mine.get("/members/sessions", 403, scope="installation")
    everywhere = root.get("/members/sessions", scope="installation", limit=1000)["sessions"]
    assert any(one["id"] == open_one["id"] for one in everywhere)
    api.get("/session")
    mine.delete(path)
    api.get("/session", 401)
    ended = mine.records("RevokeSession")[0]
    assert ended["requestParameters"]["sessionId"] == open_one["id"]
    mine.delete(path, 404)
