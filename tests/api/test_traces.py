"""Routes over spans and traces, on one hand-made trace with known times."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from support.spans import MS, Sender, Sent, span_id, trace_id
from vedette.store.catalog import Scope

TRACE = trace_id("t")


@pytest.fixture
def sender(account: str, submit: Callable[..., list[object]]) -> Sender:
    """GET / of 100 ms: a query from 10 to 40 to db1, and a failing charge from 50 to 80."""
    made = Sender(account, submit)
    made.send(
        [
            Sent("GET /", kind="Server", start=0, end=100, attributes={"http.route": "/"}),
            Sent(
                "query", "GET /", kind="Client", start=10, end=40, resource={"host.name": "h1"},
                attributes={"db.system": "pg", "server.address": "db1"},
            ),
            Sent(
                "charge", "GET /", service="pay", kind="Server", start=50, end=80,
                status="Error", message="declined", events=("exception",),
            ),
        ]
    )  # fmt: skip
    return made


@pytest.fixture
def get(sender: Sender, reader: Any) -> Callable[..., Any]:
    """GET with the sender's range."""
    start, end = sender.range.start.isoformat(), sender.range.end.isoformat()

    def call(path: str, status: int = 200, **params: Any) -> Any:
        return reader.get(path, status, start=start, end=end, **params)

    return call


def test_traces_are_listed_with_their_roots_and_the_match(get: Callable[..., Any]) -> None:
    page = get("/traces", q="status:error")
    (trace,) = page["traces"]
    assert trace["trace_id"] == TRACE
    assert (trace["root_service"], trace["root_name"]) == ("shop", "GET /")
    assert (trace["spans"], trace["errors"], trace["duration_ns"]) == (3, 1, 100 * MS)
    assert page["matches"] == {TRACE: span_id("charge")}
    assert page["cursor"] is None


def test_a_trace_comes_with_offsets_and_its_critical_path(get: Callable[..., Any]) -> None:
    trace = get(f"/traces/{TRACE}")
    assert trace["spans"]["name"] == ["GET /", "query", "charge"]
    assert trace["spans"]["offset_ns"] == [0, 10 * MS, 50 * MS]
    assert (trace["total_spans"], trace["truncated"]) == (3, False)
    assert trace["roots"] == [span_id("GET /")]
    path = [
        (one["span_id"], one["offset_ns"] // MS, one["duration_ns"] // MS)
        for one in trace["critical_path"]["segments"]
    ]
    root = span_id("GET /")
    assert path == [
        (root, 0, 10),
        (span_id("query"), 10, 30),
        (root, 40, 10),
        (span_id("charge"), 50, 30),
        (root, 80, 20),
    ]


def test_a_large_trace_is_cut_and_says_so(get: Callable[..., Any]) -> None:
    trace = get(f"/traces/{TRACE}", max_spans=2)
    assert len(trace["spans"]["name"]) == 2
    assert (trace["total_spans"], trace["truncated"]) == (3, True)


def test_a_span_has_its_attributes_and_events(get: Callable[..., Any]) -> None:
    span = get(f"/traces/{TRACE}/spans/{span_id('charge')}")
    assert (span["service_name"], span["status_message"]) == ("pay", "declined")
    assert [event["name"] for event in span["events"]] == ["exception"]
    query = get(f"/traces/{TRACE}/spans/{span_id('query')}")
    assert query["attributes"] == {"db.system": "pg", "server.address": "db1"}
    assert query["resource"]["host.name"] == "h1"


def test_logs_of_a_trace_and_of_one_span(
    get: Callable[..., Any], sender: Sender, api_of: Callable[..., Any]
) -> None:
    moment = str(sender.base_ns + 60 * MS)
    records = [
        {"timeUnixNano": moment, "body": {"stringValue": text}, "traceId": TRACE, "spanId": span}
        for text, span in (("ours", span_id("charge")), ("other", span_id("query")))
    ]
    body = {"resourceLogs": [{"scopeLogs": [{"logRecords": records}]}]}
    writer = api_of(sender.account, Scope.INGEST)
    sent = writer.client.post("/v1/logs", json=body, headers=writer.headers)
    assert sent.status_code == 200
    both = get(f"/traces/{TRACE}/logs")["records"]
    assert sorted(record["body"] for record in both) == ["other", "ours"]
    (one,) = get(f"/traces/{TRACE}/logs", span_id=span_id("charge"))["records"]
    assert one["body"] == "ours"


def test_spans_by_pages(get: Callable[..., Any]) -> None:
    first = get("/spans", limit=2, column="http.route")
    assert [span["name"] for span in first["spans"]] == ["charge", "query"]
    second = get("/spans", limit=2, column="http.route", cursor=first["cursor"])
    (span,) = second["spans"]
    assert (span["name"], span["columns"]) == ("GET /", ["/"])
    assert second["cursor"] is None


@pytest.mark.parametrize(
    ("params", "names"),
    [
        ({"service": "pay"}, ["charge"]),
        ({"operation": "query"}, ["query"]),
        ({"kind": ["Server", "Client"], "max_duration_ns": 30 * MS}, ["charge", "query"]),
        ({"min_duration_ns": 31 * MS}, ["GET /"]),
        ({"q": "status:error"}, ["charge"]),
    ],
)
def test_filters(get: Callable[..., Any], params: dict[str, Any], names: list[str]) -> None:
    assert [span["name"] for span in get("/spans", **params)["spans"]] == names


def test_facets_keys_and_values(get: Callable[..., Any]) -> None:
    (facet,) = get("/spans/facets", key="service")["facets"]
    assert facet["values"] == [{"value": "shop", "count": 2}, {"value": "pay", "count": 1}]
    assert (facet["distinct"], facet["present"]) == (2, 3)
    assert get("/spans/keys", prefix="http.")["keys"] == [{"key": "http.route", "count": 1}]
    assert get("/spans/values", key="http.route")["values"] == [{"value": "/", "count": 1}]


def test_latency_is_counted_by_time_and_duration(get: Callable[..., Any]) -> None:
    found = get("/spans/latency", points=15)
    # 30 ms is 2**24.8 ns and 100 ms 2**26.6, with two buckets a doubling.
    assert found["cells"]["bucket"] == [49, 53]
    assert found["cells"]["count"] == [2, 1]
    assert found["cells"]["errors"] == [1, 0]


def test_red_metrics_have_zeros_and_nulls_where_nothing_was(get: Callable[..., Any]) -> None:
    found = get("/spans/red", points=15)
    series = {one["service"]: one for one in found["series"]}
    place = [index for index, count in enumerate(series["shop"]["counts"]) if count]
    assert [series["shop"]["counts"][at] for at in place] == [2]
    assert sum(series["pay"]["errors"]) == 1
    p50 = series["pay"]["quantiles_ns"]["p50_ns"]
    assert [value for value in p50 if value is not None] == [30 * MS]
    assert len(p50) == len(found["times"]) > 1


def test_red_summary(get: Callable[..., Any]) -> None:
    rows = {row["operation"]: row for row in get("/spans/red/summary")["rows"]}
    assert (rows["GET /"]["count"], rows["GET /"]["total_ns"]) == (1, 100 * MS)
    assert (rows["charge"]["errors"], rows["charge"]["previous_count"]) == (1, 0)


def test_self_time_and_critical_path_shares(get: Callable[..., Any]) -> None:
    found = get("/spans/self-time")
    assert {row["operation"]: row["self_ns"] // MS for row in found["rows"]} == {
        "GET /": 40, "query": 30, "charge": 30,
    }  # fmt: skip
    assert found["sampled_every"] == 1
    shares = {row["operation"]: row["share"] for row in get("/spans/critical-path")["shares"]}
    assert shares == pytest.approx({"GET /": 0.4, "query": 0.3, "charge": 0.3})


def test_the_service_map_has_nodes_edges_and_statistics(get: Callable[..., Any]) -> None:
    found = get("/service-map")
    nodes = {node["id"]: node["statistics"] for node in found["nodes"]}
    assert set(nodes) == {"service:shop", "service:pay", "database:pg://db1"}
    assert (nodes["service:pay"]["count"], nodes["service:pay"]["fault_rate"]) == (1, 1.0)
    edges = {(edge["source"], edge["target"]) for edge in found["edges"]}
    assert ("service:shop", "database:pg://db1") in edges
    # One call says nothing about a rate.
    assert found["root_causes"] == []


def test_the_service_map_names_where_failures_come_from(
    get: Callable[..., Any], sender: Sender
) -> None:
    spans = []
    for number in range(20):
        trace = f"f{number}"
        spans += [
            Sent("in", trace=trace, kind="Server", status="Error"),
            Sent("out", "in", trace=trace, kind="Client", status="Error"),
            Sent("deep", "out", trace=trace, service="stock", kind="Server", status="Error"),
        ]
    sender.send(spans)
    causes = get("/service-map")["root_causes"]
    assert [(cause["node"], cause["path"]) for cause in causes] == [
        ("service:stock", ["service:shop", "service:stock"])
    ]


def test_failed_spans_are_compared_with_the_rest(sender: Sender, reader: Any) -> None:
    sender.send(
        [
            Sent(
                f"s{n}", trace=f"c{n}", operation="pick", service="stock",
                status="Error" if n < 40 else "Ok", attributes={"shelf": "b" if n < 40 else "a"},
            )
            for n in range(80)
        ]
    )  # fmt: skip
    window = {"start": sender.range.start.isoformat(), "end": sender.range.end.isoformat()}
    body = {
        "selected": {**window, "service": "stock", "q": "status:error"},
        "baseline": {**window, "service": "stock", "q": "-status:error"},
    }
    found = reader.post("/spans/compare", body, 200)
    assert (found["selected"], found["baseline"]) == (40, 40)
    shares = {
        (one["key"], one["value"]): (one["selected_share"], one["baseline_share"])
        for one in found["differences"]
    }
    assert shares[("shelf", "b")] == (1.0, 0.0)
    assert shares[("shelf", "a")] == (0.0, 1.0)
    assert ("service", "stock") not in shares


@pytest.mark.parametrize(
    ("path", "params", "field"),
    [
        ("/traces", {"sort": "name"}, "sort"),
        ("/traces", {"limit": 201}, "limit"),
        ("/traces", {"cursor": "x"}, "cursor"),
        ("/traces", {"kind": "server"}, "kind.0"),
        ("/traces/xyz", {}, "trace_id"),
        (f"/traces/{TRACE}/spans/1", {}, "span_id"),
        (f"/traces/{TRACE}/logs", {"limit": 0}, "limit"),
        ("/spans", {"min_duration_ns": 2, "max_duration_ns": 1}, "min_duration_ns"),
        ("/spans", {"column": ["a"] * 21}, "column"),
        ("/spans/facets", {}, "key"),
        ("/spans/facets", {"key": ["a"] * 21}, "key"),
        ("/spans/latency", {"points": 301}, "points"),
        ("/spans/latency", {"view": "pie"}, "view"),
        ("/spans/red", {"group_by": "host"}, "group_by"),
        ("/spans/red/summary", {"limit": 1001}, "limit"),
        ("/spans/self-time", {"limit": 0}, "limit"),
        ("/spans/values", {}, "key"),
        ("/service-map", {"threshold": 1.5}, "threshold"),
    ],
)
def test_bad_input_names_its_field(
    get: Callable[..., Any], path: str, params: dict[str, Any], field: str
) -> None:
    error = get(path, 400, **params)["error"]
    assert error["field"] == field
    assert error["remedy"]


def test_a_search_that_does_not_parse_says_where(get: Callable[..., Any]) -> None:
    error = get("/spans", 400, q="duration:>soon")["error"]
    assert (error["code"], error["position"]) == ("query_syntax", 0)


def test_a_comparison_refuses_what_it_does_not_know(reader: Any) -> None:
    error = reader.post("/spans/compare", {"selected": {"text": "x"}, "baseline": {}}, 400)["error"]
    assert error["field"] == "selected.text"


def test_what_is_not_there_is_not_found(get: Callable[..., Any], stranger: Any) -> None:
    assert get(f"/traces/{'0' * 31}1", 404)["error"]["field"] == "trace_id"
    assert get(f"/traces/{TRACE}/spans/{'0' * 15}1", 404)["error"]["field"] == "span_id"
    # Another account's trace is not there either.
    stranger.get(f"/traces/{TRACE}", 404)


def test_reading_needs_the_permission(api_of: Callable[..., Any], account: str) -> None:
    writer = api_of(account, Scope.INGEST)
    for path in ("/traces", "/spans", "/service-map", "/metrics", "/services", "/hosts"):
        writer.get(path, 403)


def test_single_spans_to_click_on(get: Callable[..., Any]) -> None:
    points = get("/spans/latency", view="scatter")["points"]
    assert points["duration_ns"] == [100 * MS, 30 * MS, 30 * MS]
    assert points["span_id"] == [span_id("GET /"), span_id("query"), span_id("charge")]
