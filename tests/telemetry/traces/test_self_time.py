"""Self time and critical-path shares against numbers worked out by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.spans import MS, Sender, Sent
from vedette.core.errors import InvalidInputError
from vedette.telemetry.traces.filters import SpanFilter
from vedette.telemetry.traces.self_time import critical_path_shares, self_time

if TYPE_CHECKING:
    from vedette.query import QueryRunner


def one_trace(trace: str = "t") -> list[Sent]:
    return [
        Sent("root", kind="Server", start=0, end=100, trace=trace),
        Sent("a", "root", start=10, end=50, trace=trace),
        Sent("b", "root", start=30, end=60, trace=trace, status="Error"),
        Sent("c", "b", start=35, end=45, trace=trace, service="pay"),
        # Outlives its parent: only 90-100 is taken off the root.
        Sent("late", "root", start=90, end=300, trace=trace),
    ]


SELF_MS = {"root": 100 - 50 - 10, "a": 40, "b": 20, "c": 10, "late": 210}


def rows(runner: QueryRunner, sender: Sender, *args: SpanFilter, **options: int) -> dict[str, dict]:
    answer = self_time(runner, sender.account, sender.range, *args, **options)
    return {row["operation"]: row for row in answer.rows.records()}


def test_the_union_of_children_is_taken_off(runner: QueryRunner, sender: Sender) -> None:
    spans = one_trace()
    sender.send(spans[3:], spans[:3])
    found = rows(runner, sender)
    assert {name: row["self_ns"] / MS for name, row in found.items()} == SELF_MS
    assert list(found) == ["late", "a", "root", "b", "c"]
    assert found["root"]["total_ns"] == 100 * MS
    assert found["root"]["kind"] == "Server"
    assert found["b"]["errors"] == 1
    assert found["c"]["service"] == "pay"
    assert found["a"]["share"] == pytest.approx(40 / sum(SELF_MS.values()))
    assert sum(row["share"] for row in found.values()) == pytest.approx(1)
    assert found["a"]["p50_self_ns"] == pytest.approx(40 * MS)


def test_traces_add_up_and_doubles_do_not(runner: QueryRunner, sender: Sender) -> None:
    sender.send(one_trace("x"), one_trace("y"), one_trace("y"))
    found = rows(runner, sender)
    assert {name: row["count"] for name, row in found.items()} == dict.fromkeys(SELF_MS, 2)
    assert {name: row["self_ns"] / MS / 2 for name, row in found.items()} == SELF_MS


def test_only_traces_with_a_matching_span_but_all_of_their_spans(
    runner: QueryRunner, sender: Sender
) -> None:
    sender.send(one_trace(), [Sent("other", trace="o", end=1000)])
    assert set(rows(runner, sender, SpanFilter("status:error"))) == set(SELF_MS)
    assert set(rows(runner, sender, SpanFilter(operation="other"))) == {"other"}
    assert rows(runner, sender, SpanFilter("nothing-like-it")) == {}


def test_a_sample_is_flagged_and_scaled(runner: QueryRunner, sender: Sender) -> None:
    sender.send([span for number in range(400) for span in one_trace(str(number))])
    found = self_time(runner, sender.account, sender.range, span_bound=500)
    assert found.sampled_every == 4
    counts = set(found.rows["count"])
    assert len(counts) == 1  # whole traces
    (count,) = counts
    assert count % 4 == 0
    assert count == pytest.approx(400, abs=4 * 4 * (400 * 3 / 16) ** 0.5)
    assert found.spans == count // 4 * 5
    records = {row["operation"]: row for row in found.rows.records()}
    assert {name: row["self_ns"] / MS / count for name, row in records.items()} == SELF_MS


def test_rows_are_limited(runner: QueryRunner, sender: Sender) -> None:
    sender.send(one_trace())
    assert list(rows(runner, sender, limit=2)) == ["late", "a"]
    with pytest.raises(InvalidInputError) as raised:
        rows(runner, sender, limit=0)
    assert raised.value.field == "limit"


def test_critical_path_shares(runner: QueryRunner, sender: Sender) -> None:
    sender.send(one_trace("x"), one_trace("y"))
    found = critical_path_shares(runner, sender.account, sender.range)
    # Backwards from 100: root to 60, b to 30 with c within, root; a still ran when b began.
    assert {share.operation: share.time_ns / MS / 2 for share in found} == {
        "root": 40 + 30,
        "b": 20,
        "c": 10,
    }
    assert found[0].share == pytest.approx(0.7)
    assert found[0].traces == 2


def test_critical_path_shares_of_matching_traces(runner: QueryRunner, sender: Sender) -> None:
    sender.send(one_trace("x"), [Sent("other", trace="o", end=1000)])
    found = critical_path_shares(
        runner, sender.account, sender.range, SpanFilter(operation="other")
    )
    assert [(share.operation, share.share) for share in found] == [("other", 1.0)]
    nothing = critical_path_shares(runner, sender.account, sender.range, SpanFilter(service="no"))
    assert nothing == []
