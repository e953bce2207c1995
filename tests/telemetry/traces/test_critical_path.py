"""The critical path: cases worked out by hand, and properties of any trace."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vedette.telemetry.traces.critical_path import CriticalPath, critical_path
from vedette.telemetry.traces.span_tree import Span, SpanTree


def span(
    span_id: str,
    parent: str,
    start: int,
    end: int,
    *,
    service: str = "a",
    kind: str = "Internal",
    host: str = "h",
) -> Span:
    return Span(span_id, parent, service, host, kind, start, end)


def path_of(*spans: Span) -> CriticalPath:
    return critical_path(SpanTree(spans))


def segments(*spans: Span) -> list[tuple[str, int, int]]:
    return [(s.span_id, s.start, s.end) for s in path_of(*spans).segments]


def test_one_span_is_its_own_path() -> None:
    assert segments(span("r", "", 5, 9)) == [("r", 5, 9)]


def test_no_spans_no_path() -> None:
    assert segments() == []


def test_children_in_a_row() -> None:
    found = segments(span("r", "", 0, 100), span("a", "r", 10, 40), span("b", "r", 50, 90))
    assert found == [("r", 0, 10), ("a", 10, 40), ("r", 40, 50), ("b", 50, 90), ("r", 90, 100)]


def test_of_parallel_children_the_one_that_ended_last() -> None:
    found = segments(span("r", "", 0, 100), span("a", "r", 10, 60), span("b", "r", 10, 80))
    assert found == [("r", 0, 10), ("b", 10, 80), ("r", 80, 100)]


def test_a_child_that_still_ran_did_not_hold_the_next_up() -> None:
    found = segments(span("r", "", 0, 20), span("a", "r", 0, 10), span("b", "r", 5, 20))
    assert found == [("r", 0, 5), ("b", 5, 20)]


def test_the_path_goes_down_through_grandchildren() -> None:
    found = segments(
        span("r", "", 0, 100),
        span("a", "r", 10, 90),
        span("b", "a", 20, 50),
        span("c", "a", 60, 70),
    )
    assert found == [
        ("r", 0, 10),
        ("a", 10, 20),
        ("b", 20, 50),
        ("a", 50, 60),
        ("c", 60, 70),
        ("a", 70, 90),
        ("r", 90, 100),
    ]


def test_a_child_that_outlives_its_parent_was_not_waited_for() -> None:
    found = path_of(span("r", "", 0, 100), span("job", "r", 20, 400), span("below", "job", 30, 50))
    assert [(s.span_id, s.start, s.end) for s in found.segments] == [("r", 0, 100)]
    assert found.asynchronous == ("job",)


def test_a_consumer_runs_on_its_own_even_within_its_producer() -> None:
    found = path_of(
        span("r", "", 0, 100, kind="Producer"),
        span("c", "r", 20, 40, service="b", kind="Consumer"),
    )
    assert [s.span_id for s in found.segments] == ["r"]
    assert found.asynchronous == ("c",)


def test_a_poll_within_its_own_service_is_waited_for() -> None:
    found = segments(span("r", "", 0, 100), span("poll", "r", 20, 40, kind="Consumer"))
    assert found == [("r", 0, 20), ("poll", 20, 40), ("r", 40, 100)]


def test_clock_skew_moves_a_server_into_the_middle_of_its_client() -> None:
    found = path_of(
        span("client", "", 1000, 1100, kind="Client"),
        span("server", "client", 5000, 5060, service="b", kind="Server"),
        span("db", "server", 5010, 5050, service="b", kind="Client"),
    )
    assert [(s.span_id, s.start, s.end) for s in found.segments] == [
        ("client", 1000, 1020),
        ("server", 1020, 1030),
        ("db", 1030, 1070),
        ("server", 1070, 1080),
        ("client", 1080, 1100),
    ]
    assert found.moved == {"server": -3980, "db": -3980}


def test_a_client_that_gave_up_cuts_its_server() -> None:
    found = segments(
        span("client", "", 0, 100, kind="Client"),
        span("server", "client", 10, 500, service="b", kind="Server"),
    )
    assert found == [("client", 0, 10), ("server", 10, 100)]


def test_a_span_whose_parent_is_missing_counts_as_the_roots_child() -> None:
    tree = SpanTree([span("r", "", 0, 100), span("o", "lost", 20, 50)])
    assert tree.roots == ("r",)
    assert tree.adopted == {"o"}
    assert [s.span_id for s in critical_path(tree).segments] == ["r", "o", "r"]


def test_without_a_root_the_orphans_are_roots() -> None:
    found = segments(span("a", "lost", 0, 30), span("b", "lost", 50, 80))
    assert found == [("a", 0, 30), ("b", 50, 80)]


def test_several_roots_leave_the_time_between_them_to_nobody() -> None:
    found = segments(span("a", "", 0, 30), span("b", "", 40, 80), span("c", "", 45, 60))
    assert found == [("a", 0, 30), ("b", 40, 80)]


def test_a_circle_of_parents_is_cut_before_its_earliest_span() -> None:
    tree = SpanTree([span("a", "b", 10, 40), span("b", "a", 0, 50), span("s", "s", 60, 70)])
    assert tree.roots == ("b", "s")
    assert [s.span_id for s in critical_path(tree).segments] == ["b", "a", "b", "s"]


def test_a_span_sent_twice_counts_once() -> None:
    assert segments(span("r", "", 0, 10), span("r", "", 0, 10)) == [("r", 0, 10)]


def test_a_deep_trace_needs_no_deep_stack() -> None:
    depth = 20_000
    chain = [span("0", "", 0, 2 * depth)]
    chain += [span(str(n), str(n - 1), n, 2 * depth - n) for n in range(1, depth)]
    found = path_of(*chain).segments
    assert sum(s.end - s.start for s in found) == 2 * depth


@st.composite
def traces(draw: st.DrawFn, *, single_root: bool) -> list[Span]:
    """Spans with any parents, times and kinds: skewed, overlong, circular and missing."""
    count = draw(st.integers(1, 25))
    spans = []
    for number in range(count):
        start = draw(st.integers(0, 1000))
        if single_root:
            parent = "" if number == 0 else str(draw(st.integers(0, number - 1)))
        else:
            parent = draw(st.sampled_from(["", "lost", *map(str, range(count))]))
        spans.append(
            span(
                str(number),
                parent,
                start,
                start + draw(st.integers(0, 500)),
                service=draw(st.sampled_from("abc")),
                kind=draw(
                    st.sampled_from(["Internal", "Server", "Client", "Producer", "Consumer"])
                ),
                host=draw(st.sampled_from("xy")),
            )
        )
    return spans


@given(traces(single_root=True))
@settings(max_examples=300, deadline=None)
def test_with_one_root_the_path_covers_its_interval_exactly(spans: list[Span]) -> None:
    found = path_of(*spans).segments
    root = spans[0]
    at = root.start
    for segment in found:
        assert segment.start == at
        assert segment.end > segment.start
        at = segment.end
    assert at == root.end


@given(traces(single_root=False))
@settings(max_examples=300, deadline=None)
def test_segments_are_disjoint_and_within_the_roots(spans: list[Span]) -> None:
    tree = SpanTree(spans)
    found = critical_path(tree).segments
    assert all(first.end <= second.start for first, second in zip(found, found[1:], strict=False))
    roots = [tree.spans[root] for root in tree.roots]
    assert all(any(r.start <= s.start and s.end <= r.end for r in roots) for s in found)
    last = max(root.end for root in roots)
    if any(root.end == last and root.duration for root in roots):
        assert found[-1].end == last


@given(traces(single_root=False))
@settings(max_examples=200, deadline=None)
def test_every_span_is_below_exactly_one_root(spans: list[Span]) -> None:
    tree = SpanTree(spans)
    seen: list[str] = []
    waiting = list(tree.roots)
    while waiting:
        current = waiting.pop()
        seen.append(current)
        waiting.extend(tree.children.get(current, ()))
    assert sorted(seen) == sorted(tree.spans)


@pytest.mark.parametrize("order", ["forward", "backward"])
def test_the_order_of_spans_does_not_matter(order: str) -> None:
    spans = [span("r", "", 0, 100), span("a", "r", 10, 60), span("b", "r", 60, 80)]
    if order == "backward":
        spans.reverse()
    assert segments(*spans) == [("r", 0, 10), ("a", 10, 60), ("b", 60, 80), ("r", 80, 100)]
