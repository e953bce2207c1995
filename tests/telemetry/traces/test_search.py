"""Search of spans and traces: filters, order, pages, summaries."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.spans import MS, Sender, Sent, span_id, trace_id
from vedette.core.errors import InvalidInputError, QuerySyntaxError
from vedette.core.time import TimeRange
from vedette.telemetry.traces.filters import SpanFilter
from vedette.telemetry.traces.search import search_spans, search_traces

if TYPE_CHECKING:
    from vedette.query import QueryRunner

EVERYTHING = SpanFilter()


def names_of(runner: QueryRunner, sender: Sender, spans: SpanFilter, **options: str) -> list[str]:
    return search_spans(runner, sender.account, sender.range, spans, **options).spans["name"]


@pytest.fixture
def sent(sender: Sender) -> Sender:
    sender.send(
        [
            Sent("GET /", kind="Server", start=0, end=100, attributes={"http.route": "/", "n": 7}),
            Sent("query", "GET /", kind="Client", start=10, end=40, resource={"host.name": "h1"}),
            Sent(
                "charge", service="pay", start=50, end=80, status="Error", message="card declined"
            ),
        ]
    )
    return sender


def test_newest_first(runner: QueryRunner, sent: Sender) -> None:
    page = search_spans(runner, sent.account, sent.range, EVERYTHING)
    assert page.spans["name"] == ["charge", "query", "GET /"]
    assert page.cursor is None
    row = page.spans.records()[1]
    assert row["trace_id"] == trace_id("t")
    assert row["span_id"] == span_id("query")
    assert row["parent_span_id"] == span_id("GET /")
    assert row["duration_ns"] == 30 * MS
    assert row["kind"] == "Client"
    assert set(page.spans.names) == set(page.spans.data)
    assert "tie" not in page.spans.names


def test_longest_first(runner: QueryRunner, sent: Sender) -> None:
    assert set(names_of(runner, sent, EVERYTHING, sort="duration")[1:]) == {"query", "charge"}
    assert names_of(runner, sent, EVERYTHING, sort="duration")[0] == "GET /"


@pytest.mark.parametrize(
    ("spans", "names"),
    [
        (SpanFilter("status:error"), ["charge"]),
        (SpanFilter("declined"), ["charge"]),
        (SpanFilter("http.route:/"), ["GET /"]),
        (SpanFilter("n:>6"), ["GET /"]),
        (SpanFilter("service:shop -kind:client"), ["GET /"]),
        (SpanFilter("status:error OR kind:client"), ["charge", "query"]),
        (SpanFilter("duration:>50ms"), ["GET /"]),
        (SpanFilter(service="pay"), ["charge"]),
        (SpanFilter(operation="query"), ["query"]),
        (SpanFilter(kinds=("Server", "Client")), ["query", "GET /"]),
        (SpanFilter(min_duration_ns=30 * MS, max_duration_ns=99 * MS), ["charge", "query"]),
        (SpanFilter("status:error", service="shop"), []),
    ],
)
def test_filters(runner: QueryRunner, sent: Sender, spans: SpanFilter, names: list[str]) -> None:
    assert names_of(runner, sent, spans) == names


def test_the_range_is_half_open_to_the_millisecond(runner: QueryRunner, sender: Sender) -> None:
    sender.send([Sent("at", start=100.0), Sent("after", start=100.5)])
    base = sender.base.timestamp()
    window = TimeRange.parse(f"{base + 0.1:.4f}", f"{base + 0.1005:.4f}")
    page = search_spans(runner, sender.account, window, EVERYTHING)
    assert page.spans["name"] == ["at"]


def test_asked_attributes_come_as_columns(runner: QueryRunner, sent: Sender) -> None:
    page = search_spans(
        runner,
        sent.account,
        sent.range,
        EVERYTHING,
        columns=["n", "resource.host.name", "host.name"],
    )
    assert page.spans["columns"] == [["", "", ""], ["", "h1", "h1"], ["7", "", ""]]


@pytest.mark.parametrize("sort", ["time", "duration"])
def test_pages_neither_repeat_nor_skip(runner: QueryRunner, sender: Sender, sort: str) -> None:
    # Many spans share one start and one duration: only the tie-break tells them apart.
    spans = [Sent(f"s{n}", start=n // 10, end=n // 10 + 5 + n % 3) for n in range(47)]
    sender.send(spans)
    seen, cursor = [], None
    for _ in range(10):
        page = search_spans(
            runner, sender.account, sender.range, EVERYTHING, sort=sort, limit=7, cursor=cursor
        )
        seen += page.spans["span_id"]
        cursor = page.cursor
        if cursor is None:
            break
    assert sorted(seen) == sorted(span_id(span.name) for span in spans)


def test_traces_have_root_services_errors_and_duration(runner: QueryRunner, sent: Sender) -> None:
    (row,) = search_traces(runner, sent.account, sent.range, EVERYTHING).traces.records()
    assert row["trace_id"] == trace_id("t")
    assert row["root_name"] == "GET /"
    assert row["root_service"] == "shop"
    assert row["root_kind"] == "Server"
    assert row["spans"] == 3
    assert row["errors"] == 1
    assert sorted(row["services"]) == ["pay", "shop"]
    assert row["duration_ns"] == 100 * MS
    assert row["has_root"]


def test_a_trace_without_root_is_known_by_its_earliest_span(
    runner: QueryRunner, sender: Sender
) -> None:
    sender.send([Sent("late", "lost", start=20), Sent("early", "lost", start=10, service="pay")])
    (row,) = search_traces(runner, sender.account, sender.range, EVERYTHING).traces.records()
    assert (row["root_name"], row["root_service"], row["has_root"]) == ("early", "pay", 0)


def test_a_trace_is_found_by_any_of_its_spans_and_summed_whole(
    runner: QueryRunner, sender: Sender
) -> None:
    sender.send(
        [Sent("root", trace="a", end=500), Sent("bad", "root", trace="a", status="Error")],
        [Sent("root", trace="b", end=900)],
    )
    page = search_traces(runner, sender.account, sender.range, SpanFilter("status:error"))
    (row,) = page.traces.records()
    assert (row["trace_id"], row["spans"]) == (trace_id("a"), 2)
    assert page.matches == {trace_id("a"): span_id("bad", "a")}


@pytest.mark.parametrize("sort", ["time", "duration"])
def test_pages_of_traces(runner: QueryRunner, sender: Sender, sort: str) -> None:
    spans = []
    for number in range(23):
        spans.append(Sent("root", trace=f"{number}", start=number, end=number + 100 + number))
        # A second match, far older than the first: it must not bring the trace up once more.
        spans.append(Sent("child", "root", trace=f"{number}", start=number - 200, end=number))
    sender.send(spans)
    seen, cursor = [], None
    for _ in range(10):
        page = search_traces(
            runner, sender.account, sender.range, EVERYTHING, sort=sort, limit=5, cursor=cursor
        )
        assert page.traces["trace_id"] == list(page.matches)
        seen += page.traces["trace_id"]
        cursor = page.cursor
        if cursor is None:
            break
    newest = [trace_id(str(number)) for number in reversed(range(23))]
    if sort == "time":
        assert seen == newest
    else:
        assert sorted(seen) == sorted(newest)


def test_nothing_found(runner: QueryRunner, sender: Sender) -> None:
    assert search_spans(runner, sender.account, sender.range, EVERYTHING).spans.rows == 0
    page = search_traces(runner, sender.account, sender.range, EVERYTHING)
    assert (page.traces.rows, page.matches, page.cursor) == (0, {}, None)


def test_another_accounts_spans_are_not_found(runner: QueryRunner, sent: Sender) -> None:
    assert search_spans(runner, "someone-else", sent.range, EVERYTHING).spans.rows == 0


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 1001}, "limit"),
        ({"sort": "name"}, "sort"),
        ({"cursor": "x"}, "cursor"),
        ({"cursor": "duration:1:2"}, "cursor"),
        ({"cursor": "time:9999999999999999999:1"}, "cursor"),
        ({"columns": ["a"] * 21}, "columns"),
    ],
)
def test_bad_options_name_their_field(
    runner: QueryRunner, sender: Sender, options: dict[str, object], field: str
) -> None:
    with pytest.raises(InvalidInputError) as raised:
        search_spans(runner, sender.account, sender.range, EVERYTHING, **options)
    assert raised.value.field == field
    assert raised.value.remedy


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"kinds": ("server",)}, "kinds"),
        ({"min_duration_ns": -1}, "min_duration_ns"),
        ({"max_duration_ns": 1 << 63}, "max_duration_ns"),
        ({"min_duration_ns": 2, "max_duration_ns": 1}, "min_duration_ns"),
    ],
)
def test_bad_filters_name_their_field(values: dict[str, object], field: str) -> None:
    with pytest.raises(InvalidInputError) as raised:
        SpanFilter(**values)
    assert raised.value.field == field


def test_a_text_that_does_not_parse_says_where(runner: QueryRunner, sender: Sender) -> None:
    with pytest.raises(QuerySyntaxError) as raised:
        search_spans(runner, sender.account, sender.range, SpanFilter("duration:>soon"))
    assert raised.value.position == 0
