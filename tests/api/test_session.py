from __future__ import annotations

from datetime import timedelta
from typing import Any

from vedette.server.jobs import SESSIONS, make_scheduler
from vedette.store.catalog import Actor, Role
from vedette.web.attempts import BURST
from vedette.web.services import Services

ACTOR = Actor.system("tests")

PASSWORD = "correct horse battery"


def test_a_key_signs_in_and_its_cookie_needs_the_csrf_token(admin, client):
    key = admin.headers["authorization"].removeprefix("Bearer ")
    client.cookies.clear()
    answer = client.post("/api/v1/session", json={"api_key": key})
    assert answer.status_code == 201, answer.text
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert "Secure" not in cookie
    session = answer.json()
    assert session["account"] == admin.account
    assert session["identity"]["id"] == admin.key_id
    body = {"name": "x", "scopes": ["read"]}
    assert client.post("/api/v1/keys", json=body).status_code == 403
    headers = {"X-CSRF-Token": session["csrf_token"]}
    assert client.post("/api/v1/keys", json=body, headers=headers).status_code == 201
    assert client.get("/api/v1/session").json()["csrf_token"] == session["csrf_token"]
    assert client.delete("/api/v1/session", headers=headers).status_code == 204
    client.cookies.set("vedette_session", cookie.partition("=")[2].partition(";")[0])
    assert client.get("/api/v1/session").status_code == 401


def test_a_user_signs_in_and_changes_the_password(admin, client, person):
    login = person(Role.VIEWER)
    client.cookies.clear()
    body = {"login": login, "password": PASSWORD}
    answer = client.post("/api/v1/session", json=body, headers={"x-forwarded-proto": "https"})
    assert answer.status_code == 201, answer.text
    assert "Secure" in answer.headers["set-cookie"]
    client.cookies.set("vedette_session", answer.cookies.get("vedette_session") or "")
    token = {"X-CSRF-Token": answer.json()["csrf_token"]}
    change = {"password": PASSWORD, "new_password": "another long one"}
    changed = client.put("/api/v1/session/password", json=change, headers=token)
    assert changed.status_code == 200, changed.text
    client.cookies.clear()
    assert client.post("/api/v1/session", json=body).status_code == 401
    assert PASSWORD not in str(admin.records("SignIn"))


def test_a_link_signs_in_once(admin, client):
    url = admin.post("/session/links")["url"]
    token = url.partition("#sign-in=")[2]
    assert "?" not in url
    assert len(token) == 43
    first = client.post("/api/v1/session", json={"link_token": token})
    assert first.json()["account"] == admin.account
    client.cookies.clear()
    assert client.post("/api/v1/session", json={"link_token": token}).status_code == 401
    assert token not in str(admin.records("CreateSignInLink"))


def test_guessing_is_slowed_down(admin, client):
    client.cookies.clear()
    for _ in range(BURST):
        assert client.post("/api/v1/session", json={"api_key": "vdt_x"}).status_code == 401
    answer = client.post("/api/v1/session", json={"api_key": "vdt_x"})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) > 0


def test_credentials_are_of_one_kind(admin):
    for body in ({}, {"login": "a"}, {"api_key": "a", "link_token": "b"}, {"password": "x"}):
        error = admin.post("/session", body, 400)["error"]
        assert error["field"] == "body"
        assert "api_key" in error["message"]


def test_the_scheduler_deletes_expired_sessions(services: Services, person: Any) -> None:
    user = services.catalog.users.get_by_login(person())
    for lifetime in (timedelta(microseconds=1), timedelta(hours=1)):
        services.catalog.sessions.create_for_user(
            ACTOR, user.id, account="default", lifetime=lifetime
        )
    make_scheduler(services).run_due(SESSIONS)
    assert services.catalog.sessions.purge_expired(ACTOR) == 0
    (left,) = services.catalog.sessions.of_user(user.id)
    assert left.expires > services.catalog.clock.now()
