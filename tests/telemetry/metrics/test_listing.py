from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from vedette.core.errors import InvalidInputError, QueryLimitError
from vedette.core.time import TimeRange
from vedette.telemetry.metrics import (
    Matcher,
    MetricQuery,
    MetricType,
    find_exemplars,
    list_label_values,
    list_labels,
    list_metrics,
    query_range,
)

if TYPE_CHECKING:
    from vedette.query import QueryRunner

Body = Any
Span = Callable[[float, float], TimeRange]


@pytest.fixture
def listed(runner: QueryRunner, store: Any, body: Body) -> str:
    account = "listing"
    if list_metrics(runner, account, TimeRange.parse("-10d", "now")).total:
        return account
    made = body(host_name="h1").gauge("system.cpu", {0: 1}, {"cpu": "0"}, unit="1")
    made.gauge("system.cpu", {3700: 1}, {"cpu": "1"}).sum("http.requests", {10: 1}, {"code": "2"})
    other = body("web", host_name="h2").gauge("system.cpu", {0: 1}, {"cpu": "1"})
    store(account, made, other.histogram("http.duration", [(5, [1, 1], 2)], [1.0]))
    return account


def test_metrics_are_listed_with_what_they_are(
    runner: QueryRunner, listed: str, span: Span
) -> None:
    page = list_metrics(runner, listed, span(-60, 7200))
    assert page.total == 3
    assert [(one.name, one.type, one.series) for one in page.metrics] == [
        ("http.duration", MetricType.HISTOGRAM, 1),
        ("http.requests", MetricType.SUM, 1),
        ("system.cpu", MetricType.GAUGE, 3),
    ]
    duration, requests, cpu = page.metrics
    assert (cpu.last_time, cpu.default_statistic) == (
        span(3700, 3701).start,
        "Average",
    )
    assert (requests.is_monotonic, requests.temporality, requests.default_statistic) == (
        True, 2, "rate",
    )  # fmt: skip
    assert (duration.unit, duration.default_statistic) == ("s", "p95")


def test_metrics_are_searched_paged_and_limited_to_the_range(
    runner: QueryRunner, listed: str, span: Span
) -> None:
    found = list_metrics(runner, listed, span(-60, 7200), search="HTTP.", limit=1, offset=1)
    assert ([one.name for one in found.metrics], found.total) == (["http.requests"], 2)
    past = list_metrics(runner, listed, span(-60, 7200), offset=50)
    assert (past.metrics, past.total) == ((), 3)
    later = list_metrics(runner, listed, span(3600, 7200))
    assert [one.name for one in later.metrics] == ["system.cpu"]
    assert later.metrics[0].series == 1
    assert list_metrics(runner, listed, span(-60, 7200), search="%' OR 1").total == 0
    for bad in ({"limit": 0}, {"limit": 5000}, {"offset": -1}):
        with pytest.raises(InvalidInputError) as caught:
            list_metrics(runner, listed, span(0, 60), **bad)
        assert caught.value.field in bad


def test_labels_and_their_values(runner: QueryRunner, listed: str, span: Span) -> None:
    labels = list_labels(runner, listed, span(0, 7200), "system.cpu")
    assert [(one.name, one.values, one.series) for one in labels] == [
        ("cpu", 2, 3),
        ("resource.host.name", 2, 3),
        ("resource.service.name", 2, 3),
        ("service", 2, 3),
    ]
    values = list_label_values(runner, listed, span(0, 7200), "system.cpu", "cpu")
    assert (dict(values.values), values.total) == ({"1": 2, "0": 1}, 2)
    hosts = list_label_values(
        runner, listed, span(0, 7200), "system.cpu", "resource.host.name",
        matchers=(Matcher("cpu", "=", "1"),), search="H2",
    )  # fmt: skip
    assert dict(hosts.values) == {"h2": 1}
    few = list_label_values(runner, listed, span(0, 7200), "system.cpu", "cpu", limit=1)
    assert (dict(few.values), few.total) == ({"1": 2}, 2)
    assert list_labels(runner, "nobody", span(0, 7200), "system.cpu") == ()


def test_a_metric_stored_over_days_has_its_series_once(
    runner: QueryRunner, store: Any, body: Body, span: Span
) -> None:
    for day in range(3):
        store("days", body().gauge("g", {-day * 86400.0: 1}, {"a": "b"}))
    assert list_metrics(runner, "days", span(-3 * 86400, 60)).metrics[0].series == 1
    assert list_labels(runner, "days", span(-3 * 86400, 60), "g")[0].series == 1
    result = query_range(runner, "days", span(-3 * 86400, 60), MetricQuery("g", "SampleCount"))
    assert (result.series_read, np.nansum(result.series[0].values)) == (1, 3)


def test_too_many_series_are_refused(
    runner: QueryRunner, store: Any, body: Body, span: Span
) -> None:
    made = body()
    for n in range(10_001):
        made.gauge("wide", {0: n}, {"n": str(n), "half": str(n % 2)})
    store("wide", made)
    with pytest.raises(QueryLimitError, match="10001 series") as caught:
        query_range(runner, "wide", span(0, 60), MetricQuery("wide"))
    assert caught.value.field == "matchers"
    # Half of them fit, ids bound in pieces, and the top is found among all.
    half = MetricQuery("wide", matchers=(Matcher("half", "=", "0"),), group_by=None)
    result = query_range(runner, "wide", span(0, 60), half)
    assert (result.series_read, len(result.series), result.hidden) == (5001, 500, 4501)
    assert [float(one.values[0]) for one in result.series[:2]] == [10_000.0, 9_998.0]
    assert result.series[0].labels["n"] == "10000"


def test_exemplars_are_the_largest_of_each_slice(
    runner: QueryRunner, store: Any, body: Body, span: Span
) -> None:
    made = body()
    for n in range(20):
        trace = f"{n + 1:032x}"
        made.sum("req", {n * 10: n}, {"code": "5" if n == 7 else "2"}, exemplar=(n * 10, n, trace))
    store("exemplars", made.sum("req", {1: 1}, exemplar=(1, 99, "")))
    found = find_exemplars(runner, "exemplars", span(0, 200), MetricQuery("req"), limit=4)
    assert [one.value for one in found] == [4, 9, 14, 19]
    assert found[0].trace_id == f"{5:032x}"
    assert found[0].span_id == "01" * 8
    assert found[0].time == span(40, 41).start
    only = MetricQuery("req", matchers=(Matcher("code", "=", "5"),))
    assert [one.value for one in find_exemplars(runner, "exemplars", span(0, 200), only)] == [7]
    assert find_exemplars(runner, "exemplars", span(0, 200), MetricQuery("none")) == ()
    with pytest.raises(InvalidInputError, match="limit"):
        find_exemplars(runner, "exemplars", span(0, 200), only, limit=0)
    assert found[-1].time - found[0].time == timedelta(seconds=150)
