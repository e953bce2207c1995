from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vedette.core.errors import InvalidInputError, QueryLimitError, QuerySyntaxError
from vedette.query import QueryRunner
from vedette.telemetry.metrics import (
    BatchResult,
    Expression,
    Matcher,
    MetricQuery,
    Top,
    parse_selector,
    query_metrics,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from vedette.core.time import TimeRange
    from vedette.query.runner import Columns

Body = Any
Points = list[float | None]


class Counting(QueryRunner):
    """A runner that counts its statements."""

    def __init__(self, inner: QueryRunner) -> None:
        self.inner = inner
        self.statements = 0

    def limits(self, **narrower: Any) -> Any:
        return self.inner.limits(**narrower)

    def run(
        self, account: str, sql: str, params: Mapping[str, Any] | None = None, **options: Any
    ) -> Columns:
        self.statements += 1
        return self.inner.run(account, sql, params, **options)


@pytest.fixture
def ask(
    runner: QueryRunner, span: Callable[[float, float], TimeRange], store: Any, body: Body
) -> Callable[..., BatchResult]:
    made = body()
    made.sum("errors", {0: 2, 60: 0, 180: 5}, {"host": "a"}, temporality=1)
    made.sum("requests", {0: 20, 60: 10, 120: 5, 180: 50}, {"host": "a"}, temporality=1)
    made.sum("requests", {0: 1, 120: 7}, {"host": "b"}, temporality=1)

    def run(*queries: MetricQuery | Expression, use: QueryRunner | None = None) -> BatchResult:
        chosen = use or runner
        window = span(0, 240)
        first = query_metrics(runner, "batch", window, [MetricQuery("errors")], period=60)
        if not first.results[0].series:
            store("batch", made)
        return query_metrics(chosen, "batch", window, queries, period=60)

    return run


ERRORS = MetricQuery("errors", "Sum", id="errors", hidden=True)
REQUESTS = MetricQuery("requests", "Sum", id="requests", hidden=True)
BY_HOST = MetricQuery("requests", "Sum", id="hosts", hidden=True, group_by=("host",))


def plain(result: BatchResult, at: int = 0) -> list[Points]:
    return [
        [None if math.isnan(x) else float(x) for x in one.values]
        for one in result.results[at].series
    ]


def test_an_error_rate(ask: Any) -> None:
    result = ask(ERRORS, REQUESTS, Expression("100 * errors / requests", "e1", label="rate"))
    assert [one.id for one in result.results] == ["e1"]
    assert plain(result) == [[100 * 2 / 21, 0, 0, 10]]
    assert result.results[0].series[0].label == "rate"


def test_arrays_metrics_and_search(ask: Any) -> None:
    result = ask(
        BY_HOST,
        ERRORS,
        Expression("SORT(FILL(hosts, 0), MAX, DESC)", "sorted", label="top"),
        Expression("SUM(METRICS())", "total"),
        Expression("METRICS('err') / 2", "halves"),
        Expression("SUM(SEARCH('requests{host=\"b\"}', 'Sum')) + LAST(sorted)", "found"),
    )
    assert plain(result) == [[20, 10, 5, 50], [1, 0, 7, 0]]
    assert [one.label for one in result.results[0].series] == ["top host=a", "top host=b"]
    assert result.results[0].series[1].labels == {"host": "b"}
    assert plain(result, 1) == [[23, 10, 12, 55]]
    assert plain(result, 2) == [[1, 0, None, 2.5]]
    assert plain(result, 3) == [[2, 0, 14, 0]]


def test_metric_queries_are_returned_and_hidden_series_counted(ask: Any) -> None:
    shown = MetricQuery("requests", "Sum", id="m", group_by=None, top=Top(1), label="by host")
    result = ask(shown)
    assert plain(result) == [[20, 10, 5, 50]]
    assert (result.results[0].hidden, result.results[0].label) == (1, "by host")


def test_expressions_may_come_before_what_they_need(ask: Any) -> None:
    result = ask(
        Expression("e2 * 2", "e1"), Expression("s * requests", "e2", hidden=True),
        Expression("MAX(errors)", "s", hidden=True), ERRORS, REQUESTS,
    )  # fmt: skip
    assert plain(result) == [[210, 100, 120, 500]]


def test_what_nobody_needs_is_not_read(ask: Any, runner: QueryRunner) -> None:
    counting = Counting(runner)
    ask(ERRORS, REQUESTS, Expression("errors + 1", "e1"), use=counting)
    needed = counting.statements
    counting.statements = 0
    ask(ERRORS, Expression("errors + 1", "e1"), use=counting)
    assert counting.statements == needed
    counting.statements = 0
    ask(ERRORS, REQUESTS, Expression("SUM(METRICS())", "e1"), use=counting)
    assert counting.statements == 2 * needed


def test_a_metric_without_data_is_an_empty_series(ask: Any) -> None:
    nothing = MetricQuery("nothing", "Sum", id="n", hidden=True)
    result = ask(ERRORS, nothing, Expression("errors + n", "e1"), Expression("FILL(n, 3)", "e2"))
    assert plain(result) == [[2, 0, None, 5]]
    assert plain(result, 1) == [[3, 3, 3, 3]]


@pytest.mark.parametrize(
    ("expression", "field", "words"),
    [
        ("e1 + 1", "e1", "circle: e1 -> e1"),
        ("errors + zzz", "e1", "no query with the id zzz"),
        ("errors +", "e1", "end of the expression"),
        ("MAX(errors)", "e1", "must be time series"),
        ("SEARCH('{', 'Sum')", "e1", "a metric's name"),
        ("SEARCH('a', 'median')", "statistic", "no statistic"),
    ],
)
def test_mistakes_name_the_expression(ask: Any, expression: str, field: str, words: str) -> None:
    with pytest.raises(InvalidInputError, match=words) as caught:
        ask(ERRORS, BY_HOST, Expression(expression, "e1"))
    assert caught.value.field == field


def test_ids_are_checked(ask: Any) -> None:
    for queries in ([], [ERRORS, ERRORS], [MetricQuery("a", id="A1")], [MetricQuery("a", id="")]):
        with pytest.raises(InvalidInputError):
            ask(*queries)
    with pytest.raises(InvalidInputError, match="1 to 500"):
        ask(*(MetricQuery("a", id=f"m{n}") for n in range(501)))


@pytest.mark.parametrize(
    ("text", "metric", "matchers"),
    [
        ("cpu", "cpu", ()),
        (" http.server.duration { } ", "http.server.duration", ()),
        ('a{b="c"}', "a", (Matcher("b", "=", "c"),)),
        (
            'a{b.c=~\'x|y\', "d e"!="1\\"2" ,}',
            "a",
            (Matcher("b.c", "=~", "x|y"), Matcher("d e", "!=", '1"2')),
        ),
        ('"my metric"{service!~"a.*"}', "my metric", (Matcher("service", "!~", "a.*"),)),
        ('a{b="}"}', "a", (Matcher("b", "=", "}"),)),
    ],
)
def test_selectors(text: str, metric: str, matchers: tuple[Matcher, ...]) -> None:
    found = parse_selector(text)
    assert (found.metric, found.matchers) == (metric, matchers)


@pytest.mark.parametrize(
    ("text", "position"),
    [
        ("", 0),
        ('""', 0),
        ("{a='b'}", 0),
        ("a b", 2),
        ("a{b}", 2),
        ("a{b='c'", 7),
        ("a{b='c'}x", 8),
        ("a{,}", 2),
    ],
)
def test_selector_errors_say_where(text: str, position: int) -> None:
    with pytest.raises(QuerySyntaxError) as caught:
        parse_selector(text)
    assert caught.value.position == position


@settings(max_examples=300, deadline=None)
@given(
    st.one_of(
        st.text(max_size=40),
        st.lists(
            st.sampled_from(["a", "{", "}", "=", "=~", '"b"', "'c'", ",", " ", "\\", '"', "("]),
            max_size=12,
        ).map("".join),
    )
)
def test_any_selector_parses_or_is_refused(text: str) -> None:
    try:
        assert parse_selector(text).metric
    except InvalidInputError as error:
        refused = error
    else:
        return
    assert refused.message
    assert refused.field


def test_all_values_of_a_request_are_bounded(ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """Queries that are within their own limits may be too much together."""
    each = [MetricQuery("requests", "Sum", group_by=("host",), id=f"m{n}") for n in range(3)]
    sums = [Expression(f"RUNNING_SUM(m{n})", id=f"e{n}") for n in range(3)]
    monkeypatch.setattr("vedette.telemetry.metrics.batch.MAX_VALUES_OF_ALL", 2 * 4 * 4)
    assert len(ask(*each).results) == 3
    with pytest.raises(QueryLimitError) as caught:
        ask(*each, *sums)
    assert caught.value.field == "queries"
