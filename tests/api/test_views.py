from __future__ import annotations

import pytest

VIEW = {"name": "Errors of checkout", "page": "/logs", "search": "q=level%3Aerror&col=region"}


def test_a_view_is_shared_changed_and_deleted(admin, reader):
    made = admin.post("/views", VIEW)
    assert made["search"] == VIEW["search"]
    assert [view["id"] for view in reader.get("/views", page="/logs")["views"]] == [made["id"]]
    assert reader.get("/views", page="/traces")["views"] == []
    changed = admin.patch(f"/views/{made['id']}", {"search": "?q=b"})
    assert (changed["name"], changed["search"]) == (VIEW["name"], "q=b")
    assert changed["updated"] >= made["updated"]
    admin.delete(f"/views/{made['id']}")
    assert admin.get("/views")["views"] == []
    admin.delete(f"/views/{made['id']}", 404)


def test_every_change_is_recorded(admin):
    made = admin.post("/views", VIEW)
    admin.patch(f"/views/{made['id']}", {"name": "New"})
    admin.delete(f"/views/{made['id']}")
    (created,) = admin.records("CreateSavedView")
    assert created["requestParameters"]["name"] == VIEW["name"]
    assert created["responseElements"] == {"viewId": made["id"]}
    assert len(admin.records("UpdateSavedView")) == 1
    assert len(admin.records("DeleteSavedView")) == 1


def test_a_name_is_taken_once_a_page(admin):
    first = admin.post("/views", VIEW)
    assert admin.post("/views", VIEW, 409)["error"]["field"] == "name"
    admin.post("/views", {**VIEW, "page": "/traces"})
    other = admin.post("/views", {**VIEW, "name": "Other"})
    admin.patch(f"/views/{other['id']}", {"name": VIEW["name"]}, 409)
    admin.patch(f"/views/{first['id']}", {"name": VIEW["name"]})


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": ""},
        {"name": "   "},
        {"name": "x" * 129},
        {"name": "a\u0000b"},
        {"page": "https://evil.example"},
        {"page": "//evil.example"},
        {"page": "/logs?x"},
        {"search": "x" * 16_385},
        {"search": "a\nb"},
        {"more": 1},
    ],
)
def test_what_is_no_view_is_refused_by_field(admin, wrong):
    error = admin.post("/views", {**VIEW, **wrong}, 400)["error"]
    assert error["field"] in {"name", "page", "search", "more"}
    assert error["remedy"]


def test_nothing_to_change_is_an_error(admin):
    made = admin.post("/views", VIEW)
    admin.patch(f"/views/{made['id']}", {}, 400)


def test_who_may_only_read_saves_nothing(reader):
    reader.post("/views", VIEW, 403)


def test_pages_hold_every_view_once(admin):
    made = {admin.post("/views", {**VIEW, "name": f"v{n}"})["id"] for n in range(5)}
    seen, cursor = [], None
    while True:
        page = admin.get("/views", limit=2, **({"cursor": cursor} if cursor else {}))
        seen += [view["id"] for view in page["views"]]
        cursor = page["cursor"]
        if cursor is None:
            break
    assert sorted(seen) == sorted(made)
