"""Routes over metrics, services and hosts, on points with known values."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import orjson
import pytest

from vedette.store.catalog import Scope

NAME = "app/queue.depth"
TRACE, SPAN = "ab" * 16, "cd" * 8


@pytest.fixture
def minute() -> int:
    """A whole minute, ten minutes ago."""
    return (int(time.time()) // 60 - 10) * 60


@pytest.fixture
def stored(api_of: Callable[..., Any], account: str, minute: int, reader: Any) -> Any:
    """Depths 1, 3, nothing, 5 on h0 and ten times as much on h1, and requests with an exemplar."""
    depths = [
        {
            "timeUnixNano": str((minute + 60 * at) * 10**9),
            "asDouble": value * scale,
            "attributes": [{"key": "host", "value": {"stringValue": host}}],
        }
        for host, scale in (("h0", 1.0), ("h1", 10.0))
        for at, value in ((0, 1.0), (1, 3.0), (3, 5.0))
    ]
    exemplar = {
        "timeUnixNano": str(minute * 10**9), "asDouble": 7.0, "traceId": TRACE, "spanId": SPAN,
    }  # fmt: skip
    requests = {
        "aggregationTemporality": 1,
        "isMonotonic": True,
        "dataPoints": [
            {"timeUnixNano": str(minute * 10**9), "asDouble": 60.0, "exemplars": [exemplar]}
        ],
    }
    attributes = [
        {"key": key, "value": {"stringValue": value}}
        for key, value in (("service.name", "shop"), ("host.name", "web1"))
    ]
    body = {
        "resourceMetrics": [
            {
                "resource": {"attributes": attributes},
                "scopeMetrics": [
                    {
                        "metrics": [
                            {"name": NAME, "unit": "1", "gauge": {"dataPoints": depths}},
                            {"name": "requests", "sum": requests},
                        ]
                    }
                ],
            }
        ]
    }
    writer = api_of(account, Scope.INGEST)
    headers = {**writer.headers, "content-type": "application/json"}
    sent = writer.client.post("/v1/metrics", content=orjson.dumps(body), headers=headers)
    assert sent.json() in ({}, {"partialSuccess": {}}), sent.text
    writer.client.app.state.services.ingest.derive()
    return reader


@pytest.fixture
def ask(stored: Any, minute: int) -> Callable[..., Any]:
    """POST queries over the four minutes."""

    def call(*queries: dict[str, Any], status: int = 200, **options: Any) -> Any:
        body = {"queries": queries, "start": str(minute), "end": str(minute + 240), "period": 60}
        return stored.post("/metrics/query", {**body, **options}, status)

    return call


def values(result: dict[str, Any]) -> dict[str, list[float | None]]:
    return {one["labels"].get("host", ""): one["values"] for one in result["series"]}


def test_metrics_are_listed(stored: Any) -> None:
    page = stored.get("/metrics")
    assert page["total"] == 2
    depth, requests = page["metrics"]
    assert (depth["name"], depth["type"], depth["unit"], depth["series"]) == (NAME, "gauge", "1", 2)
    assert depth["default_statistic"] == "Average"
    assert (requests["name"], requests["default_statistic"]) == ("requests", "rate")
    assert stored.get("/metrics", search="QUEUE")["total"] == 1
    assert stored.get("/metrics", offset=1)["metrics"] == [requests]


def test_labels_and_their_values(stored: Any) -> None:
    labels = {
        one["name"]: one["values"] for one in stored.get("/metrics/labels", name=NAME)["labels"]
    }
    assert labels == {"host": 2, "resource.host.name": 1, "resource.service.name": 1, "service": 1}
    found = stored.get("/metrics/labels/values", name=NAME, label="host")
    assert found == {
        "values": [{"value": "h0", "series": 1}, {"value": "h1", "series": 1}],
        "total": 2,
    }
    selector = f'{NAME}{{host="h1"}}'
    assert stored.get("/metrics/labels/values", name=selector, label="host")["total"] == 1


def test_series_have_null_where_there_is_no_point(ask: Callable[..., Any], minute: int) -> None:
    found = ask({"id": "m1", "metric": NAME, "group_by": ["host"]})
    assert found["period"] == 60
    assert found["timestamps"] == [minute + 60 * at for at in range(4)]
    (result,) = found["results"]
    assert values(result) == {"h0": [1, 3, None, 5], "h1": [10, 30, None, 50]}
    assert result["unit"] == "1"


def test_one_group_matchers_and_top(ask: Callable[..., Any]) -> None:
    found = ask(
        {"id": "m1", "metric": NAME, "statistic": "Maximum"},
        {"id": "m2", "metric": NAME, "matchers": [{"label": "host", "value": "h0"}]},
        {"id": "m3", "metric": NAME, "group_by": None, "top": {"count": 1}},
        {"id": "m4", "metric": NAME, "across": "sum"},
    )
    by_id = {result["id"]: result for result in found["results"]}
    assert by_id["m1"]["series"][0]["values"] == [10, 30, None, 50]
    assert by_id["m2"]["series"][0]["values"] == [1, 3, None, 5]
    assert values(by_id["m3"]) == {"h1": [10, 30, None, 50]}
    assert by_id["m3"]["hidden"] == 1
    assert by_id["m4"]["series"][0]["values"] == [11, 33, None, 55]


def test_expressions_over_hidden_queries(ask: Callable[..., Any]) -> None:
    found = ask(
        {"id": "m1", "metric": NAME, "hidden": True},
        {"id": "e1", "expression": "m1 / 2", "label": "half"},
    )
    (result,) = found["results"]
    assert (result["id"], result["label"]) == ("e1", "half")
    # The average over both hosts: 5.5, 16.5 and 27.5.
    assert result["series"][0]["values"] == [2.75, 8.25, None, 13.75]


def test_a_shifted_query_answers_as_if_it_were_now(ask: Callable[..., Any]) -> None:
    query = {"id": "m1", "metric": NAME, "matchers": [{"label": "host", "value": "h0"}]}
    found = ask({**query, "shift": "1m"})
    assert found["results"][0]["series"][0]["values"] == [None, 1, 3, None]


def test_exemplars_lead_to_traces(stored: Any) -> None:
    (one,) = stored.get("/metrics/exemplars", name="requests")["exemplars"]
    assert (one["value"], one["trace_id"], one["span_id"]) == (7.0, TRACE, SPAN)
    assert isinstance(one["series_id"], str)
    assert stored.get("/metrics/exemplars", name=NAME)["exemplars"] == []


def test_services_and_hosts(stored: Any) -> None:
    (service,) = stored.get("/services")["services"]
    assert (service["service"], service["signals"]) == ("shop", ["metrics"])
    assert (service["metric_points"], service["hosts"]) == (7, 1)
    assert stored.get("/services", signal="logs")["services"] == []
    (host,) = stored.get("/hosts")["hosts"]
    assert (host["host"], host["services"]) == ("web1", ["shop"])
    (seen,) = stored.get("/services/resources", service="shop")["resources"]
    assert seen["attributes"] == {"service.name": "shop", "host.name": "web1"}


def test_another_account_sees_nothing(stored: Any, stranger: Any) -> None:
    assert stranger.get("/metrics")["total"] == 0
    assert stranger.get("/services")["services"] == []
    assert stranger.get("/hosts")["hosts"] == []


@pytest.mark.parametrize(
    ("path", "params", "field"),
    [
        ("/metrics", {"limit": 1001}, "limit"),
        ("/metrics", {"offset": -1}, "offset"),
        ("/metrics", {"start": "soon"}, "start"),
        ("/metrics/labels", {}, "name"),
        ("/metrics/labels", {"name": "a{"}, "name"),
        ("/metrics/labels/values", {"name": "a"}, "label"),
        ("/metrics/exemplars", {"name": "a", "limit": 0}, "limit"),
        ("/metrics/exemplars", {"name": "a", "type": "pie"}, "type"),
        ("/services", {"signal": "smoke"}, "signal"),
        ("/hosts", {"limit": 1001}, "limit"),
    ],
)
def test_bad_parameters_name_their_field(
    reader: Any, path: str, params: dict[str, Any], field: str
) -> None:
    error = reader.get(path, 400, **params)["error"]
    assert error["field"] == field
    assert error["remedy"]


M1 = {"id": "m1", "metric": "x"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"queries": []}, "queries"),
        ({"queries": [M1] * 501}, "queries"),
        ({"queries": [M1, M1]}, "id"),
        ({"queries": [{**M1, "id": "M1"}]}, "id"),
        ({"queries": [{**M1, "statistic": "Avrg"}]}, "statistic"),
        ({"queries": [{**M1, "top": {"count": 0}}]}, "queries.0.top.count"),
        ({"queries": [{**M1, "stat": "p95"}]}, "queries.0.stat"),
        ({"queries": [{**M1, "shift": "soon"}]}, "shift"),
        ({"queries": [{**M1, "matchers": [{"label": "a", "operator": "=~", "value": "("}]}]},
         "matchers"),
        ({"queries": [M1], "period": 7}, "period"),
        ({"queries": [M1], "max_points": 0}, "max_points"),
        ({"queries": [M1], "start": "soon"}, "start"),
        ({"queries": [{"id": "e1", "expression": "m9 * 2"}]}, "e1"),
        ({"queries": [{"id": "e1", "expression": "e1 +"}]}, "e1"),
    ],
)  # fmt: skip
def test_bad_queries_name_their_field(reader: Any, body: dict[str, Any], field: str) -> None:
    assert reader.post("/metrics/query", body, 400)["error"]["field"] == field
