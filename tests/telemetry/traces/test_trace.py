"""One trace, one span, and their logs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from support.spans import MS, Sender, Sent, span_id, trace_id
from vedette.core.errors import InvalidInputError, NotFoundError
from vedette.ingest import Source
from vedette.telemetry.traces.critical_path import critical_path
from vedette.telemetry.traces.trace import fetch_logs, fetch_span, fetch_trace

if TYPE_CHECKING:
    from collections.abc import Callable

    from vedette.query import QueryRunner

TRACE = trace_id("t")


def test_a_trace_comes_by_start_with_offsets(runner: QueryRunner, sender: Sender) -> None:
    sender.send(
        [Sent("root", start=5, end=105), Sent("b", "root", start=40, end=60)],
        [Sent("a", "root", start=10, end=30, events=("exception", "retry"), links=(("x", "y"),))],
    )
    trace = fetch_trace(runner, sender.account, TRACE)
    assert trace.spans["name"] == ["root", "a", "b"]
    assert trace.spans["offset_ns"] == [0, 5 * MS, 35 * MS]
    assert trace.start_ns == sender.base_ns + 5 * MS
    assert trace.duration_ns == 100 * MS
    assert trace.spans["events"] == [0, 2, 0]
    assert trace.spans["exception"] == [0, 1, 0]
    assert trace.spans["links"] == [0, 1, 0]
    assert trace.roots == (span_id("root"),)
    assert (trace.total_spans, trace.truncated, trace.missing_parents) == (3, False, ())
    assert [s.span_id for s in critical_path(trace.tree()).segments] == [
        span_id(name) for name in ("root", "a", "root", "b", "root")
    ]


def test_missing_parents_are_named(runner: QueryRunner, sender: Sender) -> None:
    sender.send([Sent("root", end=100), Sent("orphan", "lost", start=200, end=210)])
    trace = fetch_trace(runner, sender.account, TRACE)
    assert trace.missing_parents == (span_id("lost"),)
    assert trace.roots == (span_id("root"), span_id("orphan"))


def test_a_span_sent_twice_shows_once(runner: QueryRunner, sender: Sender) -> None:
    batch = [Sent("root", end=100), Sent("child", "root", end=50)]
    sender.send(batch, batch)
    assert sorted(fetch_trace(runner, sender.account, TRACE).spans["name"]) == ["child", "root"]


def test_a_trace_over_the_limit_is_cut_and_says_so(runner: QueryRunner, sender: Sender) -> None:
    sender.send([Sent(f"s{n}", start=n) for n in range(30)])
    trace = fetch_trace(runner, sender.account, TRACE, max_spans=20)
    assert trace.spans["name"] == [f"s{n}" for n in range(20)]
    assert (trace.total_spans, trace.truncated) == (30, True)


def test_more_spans_than_other_answers_have_rows(runner: QueryRunner, sender: Sender) -> None:
    sender.send([Sent("root", end=1000), *(Sent(f"s{n}", "root", start=1) for n in range(10_500))])
    trace = fetch_trace(runner, sender.account, TRACE)
    assert (trace.spans.rows, trace.truncated) == (10_501, False)


def test_a_trace_that_lasts_for_hours_is_whole(runner: QueryRunner, sender: Sender) -> None:
    hour = 3600 * 1000
    sender.send(
        [Sent("root", start=-5 * hour, end=0)],
        [Sent("end", "root", start=-1000, end=0)],
    )
    assert fetch_trace(runner, sender.account, TRACE).spans["name"] == ["root", "end"]


def test_an_id_may_be_in_upper_case(runner: QueryRunner, sender: Sender) -> None:
    sender.send([Sent("root")])
    assert fetch_trace(runner, sender.account, f" {TRACE.upper()} ").trace_id == TRACE


@pytest.mark.parametrize("wrong", ["", "abc", TRACE[:16], TRACE[:-1] + "g", TRACE + "0"])
def test_a_short_or_wrong_id_is_refused(runner: QueryRunner, sender: Sender, wrong: str) -> None:
    with pytest.raises(InvalidInputError) as raised:
        fetch_trace(runner, sender.account, wrong)
    assert raised.value.field == "trace_id"
    assert "32" in str(raised.value.remedy)


def test_unknown_traces_and_spans_are_not_found(runner: QueryRunner, sender: Sender) -> None:
    sender.send([Sent("root")])
    with pytest.raises(NotFoundError):
        fetch_trace(runner, "someone-else", TRACE)
    with pytest.raises(NotFoundError) as raised:
        fetch_span(runner, sender.account, TRACE, span_id("other"))
    assert raised.value.field == "span_id"


def test_a_span_comes_with_all_it_carries(runner: QueryRunner, sender: Sender) -> None:
    sender.send(
        [
            Sent(
                "root",
                kind="Server",
                status="Error",
                message="broke",
                attributes={"a.b": "1'\"\\", "n": 3},
                resource={"host.name": "h1"},
                events=("exception",),
                links=(("other", "far"),),
            )
        ]
    )
    span = fetch_span(runner, sender.account, TRACE, span_id("root"))
    assert span["attributes"] == {"a.b": "1'\"\\", "n": "3"}
    assert span["resource"]["host.name"] == "h1"
    assert span["status_message"] == "broke"
    assert [event["name"] for event in span["events"]] == ["exception"]
    assert span["links"] == [
        {"trace_id": trace_id("other"), "span_id": span_id("far", "other"), "attributes": {}}
    ]


def test_logs_of_a_trace_and_of_a_span(
    runner: QueryRunner, sender: Sender, submit: Callable[..., list[object]]
) -> None:
    sender.send([Sent("root", end=100), Sent("child", "root", start=10)])
    request = ExportLogsServiceRequest()
    records = request.resource_logs.add().scope_logs.add().log_records
    for text, span, at in (("one", "root", 5), ("two", "child", 15), ("far", "child", 10**7)):
        record = records.add(
            time_unix_nano=sender.base_ns + (at - (10**7 + 10**6 if text == "far" else 0)) * MS,
            trace_id=bytes.fromhex(TRACE),
            span_id=bytes.fromhex(span_id(span)),
        )
        record.body.string_value = text
    submit(Source.OTLP_LOGS, sender.account, request.SerializeToString())
    assert fetch_logs(runner, sender.account, TRACE)["body"] == ["one", "two"]
    assert fetch_logs(runner, sender.account, TRACE, span_id("child"))["body"] == ["two"]
    with pytest.raises(InvalidInputError):
        fetch_logs(runner, sender.account, TRACE, "abc")
