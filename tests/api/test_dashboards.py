"""Dashboards over the API: changes, conflicts, history, files, ready-made ones."""

from __future__ import annotations

import json

import pytest

SPEC = {
    "panels": [
        {
            "id": "p1",
            "title": "CPU",
            "query": {"type": "metric", "queries": [{"id": "m1", "metric": "cpu"}]},
        }
    ]
}
OTHER = {"panels": [{"id": "t", "type": "text", "text": "hello"}]}


def make(api, name="Load", spec=SPEC):
    return api.post("/dashboards", {"name": name, "spec": spec})


def test_a_dashboard_is_made_read_changed_and_deleted(admin, reader, stranger):
    made = make(admin)
    assert reader.get("/dashboards/Load") == reader.get(f"/dashboards/{made['id']}") == made
    assert (made["version"], made["spec"]["panels"][0]["type"]) == (1, "timeseries")
    [listed] = reader.get("/dashboards", search="lo")["dashboards"]
    assert (listed["name"], listed["panels"]) == ("Load", 1)
    assert reader.get("/dashboards", search="zzz")["dashboards"] == []
    changed = admin.patch(f"/dashboards/{made['id']}", {"name": "Burden", "version": 1})
    assert (changed["name"], changed["version"], changed["spec"]) == ("Burden", 2, made["spec"])
    stranger.get(f"/dashboards/{made['id']}", 404)
    admin.delete(f"/dashboards/{made['id']}")
    reader.get("/dashboards/Burden", 404)


def test_who_edits_an_old_version_is_told(admin):
    made = make(admin)
    path = f"/dashboards/{made['id']}"
    admin.patch(path, {"spec": OTHER, "version": 1})
    error = admin.patch(path, {"spec": SPEC, "version": 1}, 409)["error"]
    assert error["field"] == "version"
    assert admin.get(path)["spec"]["panels"][0]["id"] == "t"
    admin.patch(path, {}, 400)
    assert make(admin, "Second")["version"] == 1
    admin.patch(path, {"name": "Second"}, 409)
    admin.post("/dashboards", {"name": "Second", "spec": SPEC}, 409)


def test_history_is_kept_and_a_version_comes_back(admin):
    made = make(admin)
    path = f"/dashboards/{made['id']}"
    admin.patch(path, {"spec": OTHER, "comment": "simpler"})
    versions = admin.get(f"{path}/versions")["versions"]
    assert [(v["version"], v["comment"]) for v in versions] == [(2, "simpler"), (1, "")]
    assert admin.get(f"{path}/versions/1")["spec"] == made["spec"]
    again = admin.post(f"{path}/restorations", {"version": 1}, 200)
    assert (again["version"], again["spec"]) == (3, made["spec"])
    admin.post(f"{path}/restorations", {"version": 99}, 404)
    assert [len(admin.records(name)) for name in ("CreateDashboard", "UpdateDashboard")] == [1, 2]


def test_copies_have_names_of_their_own(admin):
    made = make(admin)
    path = f"/dashboards/{made['id']}/copies"
    names = [admin.post(path, {})["name"] for _ in range(2)]
    assert names == ["Load (copy)", "Load (copy) (2)"]
    assert admin.post(path, {"name": "Mine"})["spec"] == made["spec"]


@pytest.mark.parametrize("file_format", ["json", "yaml"])
def test_an_export_comes_in_and_can_be_applied(admin, file_format):
    made = make(admin)
    text = admin.send(
        "GET", f"/dashboards/{made['id']}/export", params={"format": file_format}
    ).text
    asked = admin.post("/dashboards/import", {"text": text, "dry_run": True}, 200)
    assert (asked["format"], asked["dashboard"], asked["name"]) == ("vedette", None, "Load (2)")
    brought = admin.post("/dashboards/import", {"text": text}, 200)["dashboard"]
    assert brought["spec"] == made["spec"]
    files = [{"name": "a.yaml", "text": text.replace("Load", "Applied")}]
    answer = admin.post("/apply", {"files": files, "owner": "git"}, 200)
    assert [(a["action"], a["kind"], a["done"]) for a in answer["actions"]] == [
        ("create", "Dashboard", True)
    ]
    again = admin.post("/apply", {"files": files, "owner": "git"}, 200)
    assert again["changes"] == 0
    kept = admin.get("/dashboards/Applied")
    assert kept["owner"] == "git"
    assert admin.patch("/dashboards/Applied", {"spec": OTHER}, 409)["error"]["field"] == "owner"
    admin.delete("/dashboards/Applied", 409)
    nothing = [{"name": "e", "text": ""}]
    pruned = admin.post("/apply", {"files": nothing, "owner": "git", "prune": True}, 200)
    assert pruned["applied"]
    admin.get("/dashboards/Applied", 404)


def test_grafana_comes_in_with_notes(admin):
    board = {
        "title": "Node", "schemaVersion": 39,
        "panels": [
            {"type": "stat", "title": "Up", "targets": [{"refId": "A", "expr": "sum(up)"}]},
            {"type": "logs", "title": "Logs", "targets": [{"expr": "x"}]},
        ],
    }  # fmt: skip
    answer = admin.post("/dashboards/import", {"text": json.dumps(board)}, 200)
    assert (answer["format"], answer["dashboard"]["name"]) == ("grafana", "Node")
    assert [note["panel"] for note in answer["notes"]] == ["Logs"]
    admin.post("/dashboards/import", {"text": "nonsense"}, 400)


def test_ready_made_ones_are_offered_where_there_are_data(admin):
    def available():
        found = admin.get("/dashboards/ready-made", start="-1h")["dashboards"]
        return {one["id"] for one in found if one["available"]}

    assert available() == {"ingest"}
    found = admin.get("/dashboards/ready-made/hosts")
    assert found["spec"]["variables"][0]["name"] == "host"
    admin.post("/dashboards", {"name": found["name"], "spec": found["spec"]})
    admin.get("/dashboards/ready-made/nothing", 404)


def test_who_may_only_read_makes_nothing(reader):
    reader.post("/dashboards", {"name": "a", "spec": OTHER}, 403)
