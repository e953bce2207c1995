"""Users, members, accounts, tags, retention, audit and backups."""

from __future__ import annotations

import itertools

NAMES = itertools.count(1)


def test_users_and_members(root, admin, catalog, account):
    login = f"bob-{next(NAMES)}"
    user = root.post("/users", {"login": login, "password": "correct horse battery"})
    assert root.post("/users", {"login": login}, 409)["error"]["field"] == "login"
    admin.post("/users", {"login": "x"}, 403)
    member = admin.post("/members", {"login": login, "roles": ["admin", "viewer"]})
    assert member["roles"] == ["admin", "viewer"]
    assert [m["user_id"] for m in admin.get("/members")["members"]] == [user["id"]]
    admin.delete(f"/members/{user['id']}/roles", role="admin")
    assert admin.get("/members")["members"][0]["roles"] == ["viewer"]
    admin.delete(f"/members/{user['id']}/roles")
    admin.delete(f"/members/{user['id']}/roles", 404)
    assert root.patch(f"/users/{user['id']}", {"disabled": True})["disabled"]
    assert "battery" not in str(root.records("CreateUser"))
    assert admin.records("CreateUser")[0]["errorCode"] == "forbidden"


def test_accounts(root, admin, account):
    name = f"new-{next(NAMES)}"
    assert root.post("/accounts", {"name": name})["display_name"] == name
    root.post("/accounts", {"name": name}, 409)
    assert root.post("/accounts", {"name": "No"}, 400)["error"]["remedy"]
    assert root.patch(f"/accounts/{account}", {"disabled": True})["disabled"]
    admin.get("/keys", 401)
    admin.headers = root.headers
    root.patch(f"/accounts/{account}", {}, 400)


def test_tags(admin, reader, stranger, account):
    resource = f"{account}/service/checkout"
    admin.put("/tags", {"tags": {"team": "a", "tier": ""}}, resource=resource)
    assert reader.get("/tags", resource=resource)["tags"] == {"team": "a", "tier": ""}
    assert reader.get("/tags/resources", tag=["team=a", "tier"])["resources"] == [resource]
    assert reader.get("/tags/resources", tag=["team=b"])["resources"] == []
    reader.put("/tags", {"tags": {"team": "b"}}, 403, resource=resource)
    assert stranger.get("/tags", 403, resource=resource)["error"]["field"] == "resource"
    assert stranger.get("/tags/resources", tag=["team=a"])["resources"] == []
    admin.delete("/tags", resource=resource, key=["team"])
    assert admin.get("/tags", resource=resource)["tags"] == {"tier": ""}
    assert admin.get("/tags", 400, resource="nonsense")["error"]["field"] == "resource"
    assert reader.records("TagResource")[0]["errorCode"] == "forbidden"


def test_retention(admin, root, reader):
    admin.put("/retention/logs", {"days": 7})
    logs = reader.get("/retention")["signals"][0]
    assert (logs["signal"], logs["days"], logs["own_days"]) == ("logs", 7, 7)
    assert reader.get("/retention")["disk"] is None
    assert {usage["signal"] for usage in root.get("/retention")["disk"]} >= {"logs", "traces"}
    admin.delete("/retention/logs")
    assert reader.get("/retention")["signals"][0]["own_days"] is None
    assert admin.put("/retention/logs", {"days": 0}, 400)["error"]["field"] == "days"
    assert root.post("/retention/enforce", status=200)["deletions"] >= 0
    admin.post("/retention/enforce", status=403)
    assert admin.records("EnforceRetention")[0]["errorCode"] == "forbidden"


def test_audit(admin, reader, stranger):
    admin.put("/retention/traces", {"days": 3})
    page = admin.get("/audit", event_name="SetRetention")
    assert page["records"][0]["record"]["requestParameters"] == {"days": 3.0, "signal": "traces"}
    assert stranger.get("/audit", event_name="SetRetention")["records"] == []
    reader.get("/audit", 403)
    first = admin.get("/audit", limit=1)
    assert admin.get("/audit", limit=1, cursor=first["cursor"])["records"] != first["records"]
    report = admin.get("/audit/verify")
    assert report["ok"]
    assert admin.get("/audit/verify", 400, expected_sequence=1)["error"]["field"] == "expected_hash"


def test_backups(root, admin):
    made = root.post("/backups", {"name": "one"})
    assert made["name"] == "one"
    assert "one" in {entry["name"] for entry in root.get("/backups")["backups"]}
    root.post("/backups", {"name": "one"}, 409)
    assert root.post("/backups", {"name": "../x"}, 400)["error"]["field"] == "name"
    admin.post("/backups", {"name": "two"}, 403)
    assert root.records("CreateBackup")[0]["errorCode"] == "invalid_input"


def test_paths_and_methods_that_are_not_there(admin):
    assert admin.get("/nothing", 404)["error"]["code"] == "not_found"
    assert admin.call("PUT", "/keys", 405)["error"]["code"] == "method_not_allowed"
