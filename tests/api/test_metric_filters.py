"""Metric filters by the API: the whole life of one, bad input, and who may do what."""

from __future__ import annotations

from typing import Any

import pytest

from vedette.store.catalog import Scope

BODY = {
    "name": "errors",
    "pattern": '{ $.level = "error" }',
    "metric": "log.errors",
    "default_value": 0,
}


def test_a_filter_is_made_listed_changed_and_removed(admin: Any) -> None:
    made = admin.post("/metric-filters", BODY)
    assert made["pattern"] == BODY["pattern"]
    assert made["enabled"]
    assert admin.get(f"/metric-filters/{made['id']}") == made
    changed = admin.put(
        f"/metric-filters/{made['id']}", {**BODY, "pattern": "ERROR", "enabled": False}
    )
    assert (changed["pattern"], changed["enabled"]) == ("ERROR", False)
    assert [one["name"] for one in admin.get("/metric-filters")["filters"]] == ["errors"]
    admin.delete(f"/metric-filters/{made['id']}")
    admin.get(f"/metric-filters/{made['id']}", 404)
    assert len(admin.records("DeleteMetricFilter")) == 1
    assert admin.records("CreateMetricFilter")[0]["requestParameters"]["pattern"] == BODY["pattern"]


def test_pages_go_on_where_the_last_one_ended(admin: Any) -> None:
    for name in "cab":
        admin.post("/metric-filters", {**BODY, "name": name})
    first = admin.get("/metric-filters", limit=2)
    assert [one["name"] for one in first["filters"]] == ["a", "b"]
    rest = admin.get("/metric-filters", limit=2, cursor=first["cursor"])
    assert ([one["name"] for one in rest["filters"]], rest["cursor"]) == (["c"], None)


@pytest.mark.parametrize(
    ("change", "field", "position"),
    [
        ({"pattern": "{ $.a = "}, "pattern", 7),
        ({"pattern": "%a{5000}%"}, "pattern", None),
        ({"value": "$.a", "pattern": "ERROR"}, "value", None),
        ({"dimensions": {"d": "$.a"}}, "default_value", None),
        ({"metric": " "}, "metric", None),
        ({"name": ""}, "name", None),
        ({"unknown": 1}, None, None),
    ],
)
def test_a_wrong_filter_is_refused(
    admin: Any, change: Any, field: str | None, position: Any
) -> None:
    error = admin.post("/metric-filters", {**BODY, **change}, 400)["error"]
    if field:
        assert error["field"] == field
    if position is not None:
        assert error["position"] == position
    assert admin.get("/metric-filters")["filters"] == []


def test_a_name_is_there_once(admin: Any) -> None:
    admin.post("/metric-filters", BODY)
    admin.post("/metric-filters", BODY, 409)


def test_a_filter_is_tried_on_given_and_on_stored_events(admin: Any, reader: Any) -> None:
    trial = {
        "pattern": "{ $.ms > 1 }",
        "value": "$.ms",
        "dimensions": {"route": "$.r"},
        "events": ['{"ms": 5, "r": "/a"}', '{"ms": 0.5}', "plain"],
    }
    found = reader.post("/metric-filters/test", trial, 200)
    assert (found["tested"], found["matches"]) == (3, 1)
    assert found["events"] == [
        {
            "time": "",
            "service": "",
            "body": '{"ms": 5, "r": "/a"}',
            "value": 5,
            "dimensions": {"route": "/a"},
        }
    ]
    stored = reader.post("/metric-filters/test", {"pattern": "ERROR"}, 200)
    assert stored == {"tested": 0, "matches": 0, "without_value": 0, "events": []}


def test_who_may_do_what(account: str, api_of: Any, admin: Any, stranger: Any, reader: Any) -> None:
    made = admin.post("/metric-filters", BODY)
    reader.post("/metric-filters", BODY, 403)
    reader.get(f"/metric-filters/{made['id']}")
    stranger.get(f"/metric-filters/{made['id']}", 404)
    stranger.delete(f"/metric-filters/{made['id']}", 404)
    api_of(account, Scope.INGEST).get("/metric-filters", 403)
