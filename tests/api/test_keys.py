from __future__ import annotations

import pytest


def test_a_new_key_works_and_a_revoked_one_does_not(admin, client):
    made = admin.post("/keys", {"name": "ci", "scopes": ["read"]})
    headers = {"authorization": f"Bearer {made['key']}"}
    assert admin.call("GET", "/tags/keys", headers=headers) == {"keys": []}
    listed = {key["id"]: key for key in admin.get("/keys")["keys"]}
    assert listed[made["id"]]["name"] == "ci"
    assert listed[made["id"]]["scopes"] == ["read"]
    assert listed[made["id"]]["expires"] is None
    assert listed[made["id"]]["last_used"] is not None
    assert "key" not in listed[made["id"]]
    assert made["key"] not in str(listed)
    admin.delete(f"/keys/{made['id']}")
    assert (
        admin.call("GET", "/tags/keys", 401, headers=headers)["error"]["code"] == "unauthenticated"
    )
    assert admin.get(f"/keys/{made['id']}")["revoked"] is not None


def test_pages_hold_every_key_once(admin):
    made = {admin.post("/keys", {"name": f"k{n}", "scopes": ["read"]})["id"] for n in range(5)}
    seen, cursor = [], None
    while True:
        page = admin.get("/keys", limit=2, **({"cursor": cursor} if cursor else {}))
        assert len(page["keys"]) <= 2
        seen += [key["id"] for key in page["keys"]]
        cursor = page["cursor"]
        if cursor is None:
            break
    assert sorted(seen) == sorted(made | {admin.key_id})


def test_the_audit_record_has_no_secret(admin):
    made = admin.post("/keys", {"name": "ci", "scopes": ["read", "sql"]})
    (record,) = admin.records("CreateApiKey")[:1]
    assert record["responseElements"] == {"keyId": made["id"]}
    assert record["requestParameters"]["scopes"] == ["read", "sql"]
    assert record["userIdentity"]["principalId"] == admin.key_id
    assert record["sourceIPAddress"] == "testclient"
    assert made["key"].rpartition("_")[2] not in str(record)


def test_only_an_admin_manages_keys_and_refusals_are_recorded(reader, admin):
    error = reader.post("/keys", {"name": "x", "scopes": ["read"]}, 403)["error"]
    assert "admin" in error["message"]
    reader.get("/keys", 403)
    reader.delete(f"/keys/{admin.key_id}", 403)
    (record,) = reader.records("CreateApiKey")[:1]
    assert record["errorCode"] == "forbidden"
    assert record["userIdentity"]["principalId"] == reader.key_id
    assert record["requestParameters"]["path"] == "/api/v1/keys"
    (record,) = reader.records("RevokeApiKey")
    assert record["requestParameters"]["key_id"] == admin.key_id
    assert admin.get("/keys")["keys"]


def test_keys_of_another_account_do_not_exist(admin, stranger):
    mine = admin.post("/keys", {"name": "mine", "scopes": ["read"]})
    stranger.get(f"/keys/{mine['id']}", 404)
    stranger.delete(f"/keys/{mine['id']}", 404)
    assert mine["id"] not in str(stranger.get("/keys"))
    assert admin.get(f"/keys/{mine['id']}")["revoked"] is None
    assert stranger.records("RevokeApiKey")[0]["errorCode"] == "not_found"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"scopes": ["read"]}, "name"),
        ({"name": "", "scopes": ["read"]}, "name"),
        ({"name": "a\x00b", "scopes": ["read"]}, "name"),
        ({"name": "x" * 129, "scopes": ["read"]}, "name"),
        ({"name": "x", "scopes": []}, "scopes"),
        ({"name": "x", "scopes": ["root"]}, "scopes.0"),
        ({"name": "x", "scopes": "read"}, "scopes"),
        ({"name": "x", "scopes": ["read"], "expires": "tomorrow"}, "expires"),
        ({"name": "x", "scopes": ["read"], "expires": "2001-01-01T00:00:00Z"}, "expires"),
        ({"name": "x", "scopes": ["read"], "expires": "9999-12-31T23:59:59-12:00"}, "expires"),
        ({"name": "x", "scopes": ["read"], "expire": None}, "expire"),
        ([], "body"),
        (None, "body"),
    ],
)
def test_bad_input_names_the_field(admin, body, field):
    error = admin.post("/keys", body, 400)["error"]
    assert error["code"] == "invalid_input"
    assert error["field"] == field
    assert error["remedy"]


def test_a_key_expires(admin):
    made = admin.post(
        "/keys", {"name": "x", "scopes": ["read"], "expires": "2999-01-01T00:00:00+02:00"}
    )
    assert made["expires"] == "2998-12-31T22:00:00Z"


def test_bad_pages(admin):
    for params in ({"limit": 0}, {"limit": 1001}, {"limit": "many"}):
        assert admin.get("/keys", 400, **params)["error"]["field"] == "limit"
