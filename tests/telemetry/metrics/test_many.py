"""Many queries at once answer what each would by itself."""

import numpy as np
import pytest

from telemetry.metrics.conftest import T0_S, MetricBody
from vedette.core.errors import InvalidInputError
from vedette.ingest import Source
from vedette.query.metric_math import Grid
from vedette.telemetry.metrics import Matcher, MetricQuery
from vedette.telemetry.metrics.many import read_many
from vedette.telemetry.metrics.range_query import read_series

ACCOUNT = "many"
BOUNDS = [0.1, 0.5, 1.0]
GRID = Grid(np.arange(T0_S - 60, T0_S + 300, 60, dtype=np.int64), 60)
SLIDING = Grid(np.arange(T0_S - 30, T0_S + 270, 120, dtype=np.int64), 120)


@pytest.fixture(scope="module", autouse=True)
def stored(warehouse, settings):
    import asyncio

    from vedette.ingest import Ingest

    body = MetricBody("shop", host_name="h1")
    other = MetricBody("cart", host_name="h2")
    for n, (b, host) in enumerate([(body, "a"), (body, "b"), (other, "c")]):
        labels = {"host": host, "zone": "z1" if host != "c" else "z2"}
        b.gauge("g", {s + n: 10 * n + s / 60 for s in range(-60, 300, 20) if s % 100}, labels)
        b.sum("count", {s + n: s + 100 * n for s in range(-60, 300, 20)}, labels)
        b.sum("delta", dict.fromkeys(range(0, 300, 30), n + 1), labels, temporality=1)
        b.sum("updown", {s + n: 50 - s / 10 for s in range(0, 300, 30)}, labels, monotonic=False)
        b.histogram(
            "h", [(s, [5, 3, n, 1], 4.0) for s in range(0, 300, 30)], BOUNDS, labels,
        )  # fmt: skip

    async def main():
        ingest = Ingest(warehouse, settings)
        await ingest.start()
        for one in (body, other):
            await ingest.submit(Source.OTLP_METRICS, ACCOUNT, one.bytes())
        await ingest.stop()

    asyncio.run(main())


def answer(result):
    assert not isinstance(result, Exception), result
    return {
        tuple(sorted((k, v) for k, v in series.labels.items() if v)): series.values
        for series in result.series
    }


QUERIES = [
    MetricQuery(metric, statistic, group_by=group_by, matchers=matchers, across=across)
    for metric, statistics in {
        "g": ("Average", "Sum", "Minimum", "Maximum", "SampleCount", "Last", "p50", "rate"),
        "count": ("Sum", "Average", "Last", "rate", "increase", "p90"),
        "delta": ("Sum", "rate", "increase", "Maximum"),
        "updown": ("Average", "Last", "increase"),
        "h": ("p95", "Average", "SampleCount", "PR(:0.5)"),
    }.items()
    for statistic in statistics
    for group_by in ((), ("host",), ("zone",), None, ("service", "resource.host.name"))
    for matchers in (
        (),
        (Matcher("zone", "=", "z1"),),
        (Matcher("host", "=~", "a|c"), Matcher("zone", "!=", "")),
        (Matcher("host", "!~", "a"),),
    )
    for across in ((None, "max", "sum") if statistic in {"Average", "rate"} else (None,))
    if not (across and metric == "h")
]


@pytest.mark.parametrize("grid", [GRID, SLIDING], ids=["aligned", "sliding"])
def test_they_answer_what_each_would_alone(runner, grid):
    many = read_many(runner, ACCOUNT, grid, QUERIES)
    assert many.statements < len(QUERIES) / 4
    # Alone takes two statements and more each: a sample of the combinations is compared.
    for query, result in list(zip(QUERIES, many.results, strict=True))[
        :: 7 if grid is GRID else 23
    ]:
        expected = answer(read_series(runner, ACCOUNT, grid, query, resolution="raw"))
        found = answer(result)
        assert found.keys() == expected.keys(), query
        for key, values in expected.items():
            np.testing.assert_allclose(found[key], values, rtol=1e-9, err_msg=str((query, key)))


def test_simple_statistics_of_all_gauges_are_one_statement(runner):
    queries = [
        MetricQuery("g", statistic, matchers=(Matcher("host", "=", host),))
        for statistic in ("Average", "Maximum", "Last")
        for host in ("a", "b", "c", "nobody")
    ]
    many = read_many(runner, ACCOUNT, GRID, queries)
    assert many.statements == 2
    assert [len(one.series) for one in many.results] == [1, 1, 1, 0] * 3
    assert many.results[3].warnings


def test_a_wrong_query_does_not_fail_the_others(runner):
    good = MetricQuery("g")
    many = read_many(
        runner, ACCOUNT, GRID, [MetricQuery("g", "nonsense"), good, MetricQuery("h", "tm90")]
    )
    assert isinstance(many.results[0], InvalidInputError)
    assert isinstance(many.results[2], InvalidInputError)
    assert len(many.results[1].series) == 1


def test_another_account_has_none_of_it(runner):
    many = read_many(runner, "somebody-else", GRID, [MetricQuery("g")])
    assert many.results[0].series == ()


def test_equal_queries_are_read_once(runner):
    queries = [MetricQuery("h", "p95", id=f"m{n}") for n in range(50)]
    assert read_many(runner, ACCOUNT, GRID, queries).statements == 2
