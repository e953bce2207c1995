from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from vedette.core.errors import InvalidInputError
from vedette.telemetry.metrics.model import Matcher, MetricQuery, RangeResult, Top
from vedette.telemetry.metrics.range_query import query_range

if TYPE_CHECKING:
    from collections.abc import Callable

    from vedette.core.time import TimeRange
    from vedette.query import QueryRunner

Body = Any
Points = list[float | None]


def values(result: RangeResult) -> list[Points]:
    return [[None if math.isnan(x) else float(x) for x in one.values] for one in result.series]


def close(result: RangeResult, *expected: Points) -> None:
    assert len(result.series) == len(expected)
    for one, wanted in zip(result.series, expected, strict=True):
        numbers = [math.nan if x is None else x for x in wanted]
        np.testing.assert_allclose(one.values, numbers, rtol=1e-9, atol=1e-12)


@pytest.fixture
def ask(
    runner: QueryRunner, span: Callable[[float, float], TimeRange]
) -> Callable[..., RangeResult]:
    """``ask(account, "metric", "statistic", start, end, period=60, ...)``."""

    def run(
        account: str, metric: str, statistic: str, start: float, end: float, *,
        period: int | None = 60, resolution: Any = "auto", **options: Any,
    ) -> RangeResult:  # fmt: skip
        query = MetricQuery(metric, statistic, **options)
        return query_range(
            runner, account, span(start, end), query, period=period, resolution=resolution
        )

    return run


@pytest.mark.parametrize(
    ("statistic", "expected"),
    [
        ("Sum", [9, None, 30]),
        ("Average", [3, None, 15]),
        ("Minimum", [1, None, 10]),
        ("Maximum", [6, None, 20]),
        ("SampleCount", [3, None, 2]),
        ("Last", [2, None, 20]),
        ("p50", [2, None, 10]),
        ("p100", [6, None, 20]),
        ("TM(:2)", [1.5, None, None]),
        ("TC(1:10)", [2, None, 1]),
        ("TS(1:10)", [8, None, 10]),
        ("PR(:2)", [200 / 3, None, 0]),
        ("WM(2:5)", [(2 + 5 + 2) / 3, None, 5]),
    ],
)
def test_statistics_of_a_gauge(
    store: Any, body: Body, ask: Any, statistic: str, expected: Points
) -> None:
    if not ask("gauge", "cpu", "Last", 0, 60).series:
        store("gauge", body().gauge("cpu", {0: 1, 10: 6, 59.9: 2, 120: 10, 150: 20, 180: 99}))
    result = ask("gauge", "cpu", statistic, 0, 180)
    close(result, expected)
    assert result.source == "otel_metrics_gauge"
    assert result.grid.timestamps.tolist()[1] - result.grid.timestamps.tolist()[0] == 60


def test_trimmed_statistics_agree_with_a_loop(store: Any, body: Body, ask: Any) -> None:
    random = np.random.default_rng(7)
    samples = random.gamma(2.0, 30.0, 53).round(3)
    store("trimmed", body().gauge("latency", {n: float(x) for n, x in enumerate(samples)}))
    ordered = sorted(samples)
    n = len(ordered)
    for low, high in ((0.02, 0.98), (0.25, 0.75), (0.0, 0.9), (0.8, 1.0)):
        kept = ordered[math.floor(low * n + 1e-9) : math.ceil(high * n - 1e-9)]
        bounds = f"({low * 100:g}%:{high * 100:g}%)"
        clamped = [min(max(x, kept[0]), kept[-1]) for x in ordered]
        close(ask("trimmed", "latency", f"TM{bounds}", 0, 60), [float(np.mean(kept))])
        close(ask("trimmed", "latency", f"TC{bounds}", 0, 60), [len(kept)])
        close(ask("trimmed", "latency", f"TS{bounds}", 0, 60), [float(np.sum(kept))])
        close(ask("trimmed", "latency", f"WM{bounds}", 0, 60), [float(np.mean(clamped))])
    close(ask("trimmed", "latency", "tm99", 0, 60), [float(np.mean(ordered))])
    quarter = ordered[math.floor(n / 4) : math.ceil(3 * n / 4)]
    close(ask("trimmed", "latency", "IQM", 0, 60), [float(np.mean(quarter))])
    for percent in (1, 50, 90, 99, 99.9):
        rank = math.ceil(percent / 100 * n - 1e-9)
        close(ask("trimmed", "latency", f"p{percent:g}", 0, 60), [float(ordered[rank - 1])])


def test_a_counter_over_resets(store: Any, body: Body, ask: Any) -> None:
    # 100 is only what the next step counts from; 15 after 130 is a restart.
    points = {-30: 100, 30: 110, 90: 130, 150: 15, 210: 15, 330: 45}
    store("resets", body().sum("requests", points))
    expected = [10, 20, 15, 0, None, 30]
    close(ask("resets", "requests", "increase", 0, 360), expected)
    close(ask("resets", "requests", "Sum", 0, 360), expected)
    # Steps are divided by the time between the points.
    close(ask("resets", "requests", "rate", 0, 360), [10 / 60, 20 / 60, 15 / 60, 0, None, 30 / 120])
    close(ask("resets", "requests", "Last", 0, 360), [110, 130, 15, 15, None, 45])
    close(ask("resets", "requests", "increase", 0, 360, period=360), [75])


def test_start_times_tell_first_points_and_resets(store: Any, body: Body, ask: Any) -> None:
    # Started within what is read: the first value is growth. The restart at 100 reaches a higher
    # value than before, so that only its start time tells. The last start is "unknown".
    points = [(30, 7, 10), (90, 9, 10), (150, 20, 100), (210, 50, 210), (270, 51, 210)]
    store("starts", body().sum("requests", points))
    close(ask("starts", "requests", "increase", 0, 300), [7, 2, 20, None, 1])
    # Started long before: where it stood at the start of the range is not known.
    store("starts", body().sum("older", [(30, 700, -90000), (90, 709, -90000)]))
    close(ask("starts", "older", "increase", 0, 120), [None, 9])


def test_delta_sums_add_up(store: Any, body: Body, ask: Any) -> None:
    points = [(10, 4, 0.001), (20, 6, 10), (130, 9, 120)]
    store("delta", body().sum("requests", points, temporality=1))
    close(ask("delta", "requests", "Sum", 0, 180), [10, None, 9])
    close(ask("delta", "requests", "increase", 0, 180), [10, None, 9])
    close(ask("delta", "requests", "rate", 0, 180), [10 / 60, None, 9 / 60])
    close(ask("delta", "requests", "Average", 0, 180), [5, None, 9])


def test_an_up_down_counter_is_read_as_a_gauge(store: Any, body: Body, ask: Any) -> None:
    store("updown", body().sum("queue", {-10: 5, 10: 8, 70: 2, 100: 4}, monotonic=False))
    close(ask("updown", "queue", "Average", 0, 120), [8, 3])
    close(ask("updown", "queue", "increase", 0, 120), [3, -4])


def test_rate_of_a_gauge_warns(store: Any, body: Body, ask: Any) -> None:
    store("gaugerate", body().gauge("odd", {0: 5, 30: 10, 90: 4}))
    result = ask("gaugerate", "odd", "increase", 0, 120)
    close(result, [5, 4])
    assert "is a gauge" in result.warnings[0]


def test_groups_pool_samples_or_join_series(store: Any, body: Body, ask: Any) -> None:
    store(
        "groups",
        body(host_name="a").gauge("mem", {0: 10, 20: 30}, {"cpu": "0"}),
        body(host_name="b").gauge("mem", {0: 4}, {"cpu": "0"}).gauge("mem", {5: 6}, {"cpu": "1"}),
    )
    close(ask("groups", "mem", "Average", 0, 60), [12.5])
    close(ask("groups", "mem", "Average", 0, 60, across="sum"), [30])
    close(ask("groups", "mem", "Average", 0, 60, across="max"), [20])
    by_cpu = ask("groups", "mem", "Maximum", 0, 60, group_by=("cpu",))
    close(by_cpu, [30], [6])
    assert [one.labels for one in by_cpu.series] == [{"cpu": "0"}, {"cpu": "1"}]
    both = ask("groups", "mem", "Sum", 0, 60, group_by=("service", "resource.host.name"))
    assert [(one.label, float(one.values[0])) for one in both.series] == [
        ("service=shop, resource.host.name=a", 40.0),
        ("service=shop, resource.host.name=b", 10.0),
    ]
    apart = ask("groups", "mem", "Last", 0, 60, group_by=None)
    close(apart, [30], [6], [4])
    assert apart.series[1].labels == {
        "cpu": "1", "service": "shop", "resource.host.name": "b", "resource.service.name": "shop",
    }  # fmt: skip
    assert apart.series_read == 3


@pytest.mark.parametrize(
    ("matcher", "expected"),
    [
        (("code", "=", "200"), 1),
        (("code", "!=", "200"), 6),
        (("code", "=~", "2..|4.*"), 3),
        (("code", "!~", "2.."), 6),
        (("code", "=", ""), 4),
        (("service", "=", "shop"), 7),
        (("resource.host.name", "=~", "a|b"), 7),
        (("resource.host.name", "=", "x' OR 1"), None),
    ],
)
def test_matchers(
    store: Any, body: Body, ask: Any, matcher: tuple[str, str, str], expected: float | None
) -> None:
    if not ask("match", "m", "Last", 0, 60).series:
        made = body(host_name="a")
        made.gauge("m", {1: 1}, {"code": "200"}).gauge("m", {1: 2}, {"code": "404"})
        store("match", made.gauge("m", {1: 4}, {"other": "x"}))
    result = ask("match", "m", "Sum", 0, 60, matchers=(Matcher(*matcher),))
    if expected is None:
        assert result.series == ()
        assert "no series of m match" in result.warnings[0]
    else:
        close(result, [expected])


def test_top_keeps_the_largest_and_counts_the_others(store: Any, body: Body, ask: Any) -> None:
    made = body()
    for n in range(30):
        made.gauge("m", {1: n, 61: 100 - n if n < 29 else -500}, {"n": f"{n:02}"})
    store("top", made)
    result = ask("top", "m", "Average", 0, 120, group_by=("n",), top=Top(3, "max"))
    assert [one.labels["n"] for one in result.series] == ["00", "01", "02"]
    assert (result.groups, result.hidden, result.series_read) == (30, 27, 30)
    last = ask("top", "m", "Average", 0, 120, group_by=None, top=Top(1, "last", bottom=True))
    assert last.series[0].labels["n"] == "29"


ROLLUP_POINTS = {n * 60.0 + 5: float(10 * n + n % 7) for n in range(-60, 1440)}


@pytest.mark.parametrize("period", [60, 300, 3600])
@pytest.mark.parametrize(
    "statistic",
    ["Sum", "Average", "Minimum", "Maximum", "SampleCount", "Last", "rate", "increase"],
)
def test_rollups_agree_with_points(
    store: Any, body: Body, ask: Any, period: int, statistic: str
) -> None:
    account = "rollups"
    made = body()
    made.gauge("g", {at: 2 * value + 7 for at, value in ROLLUP_POINTS.items()})
    made.sum("c", ROLLUP_POINTS).sum("d", ROLLUP_POINTS, temporality=1)
    made.sum("u", {at: -value for at, value in ROLLUP_POINTS.items()}, monotonic=False)
    if not ask(account, "g", "Last", 0, 60).series:
        store(account, made)
    for metric in ("g", "c", "d", "u"):
        if metric == "c" and statistic in {"Average", "Minimum", "Maximum", "SampleCount"}:
            with pytest.raises(InvalidInputError, match="single points"):
                ask(account, metric, statistic, 0, 7200, period=period, resolution="rollup")
            continue
        asked = (account, metric, statistic, 0, 86400)
        raw = ask(*asked, period=period, resolution="raw")
        rolled = ask(*asked, period=period, resolution="rollup")
        assert raw.source.startswith("otel_metrics_")
        tier = {60: "1m", 300: "5m", 3600: "1h"}[period]
        assert rolled.source == f"metric_rollup_{tier}"
        close(rolled, *values(raw))
    assert ask(account, "g", "Sum", 0, 86400, period=period).source.startswith("metric_rollup_")


def test_rollups_see_a_reset_within_a_bucket(store: Any, body: Body, ask: Any) -> None:
    points = {-30.0: 50, 10: 60, 30: 5, 50: 8, 70: 10, 130: 2, 190: 3, 200: 1}
    store("rollreset", body().sum("c", points))
    close(ask("rollreset", "c", "increase", 0, 240, resolution="raw"), [18, 2, 2, 2])
    close(ask("rollreset", "c", "increase", 0, 240, resolution="rollup"), [18, 2, 2, 2])


def test_shift_draws_the_range_before(store: Any, body: Body, ask: Any) -> None:
    from vedette.telemetry.metrics.range_query import compared

    store("shift", body().gauge("g", {-100: 1, -10: 2, 30: 3, 90: 4}))
    now = ask("shift", "g", "Average", 0, 120)
    shift = compared(MetricQuery("g"), now.grid).shift
    close(now, [3, 4])
    close(ask("shift", "g", "Average", 0, 120, shift=shift), [1, 2])


def test_the_period_suits_the_range(store: Any, body: Body, ask: Any) -> None:
    store("period", body().gauge("g", {0: 1}))
    assert ask("period", "g", "Sum", 0, 3600, period=None).grid.period == 60
    assert ask("period", "g", "Sum", 0, 86400, period=None).grid.period == 120
    assert ask("period", "g", "Sum", -30 * 86400, 0, period=None).grid.period == 3600
    # The ends are widened to whole periods.
    grid = ask("period", "g", "Sum", 1, 61, period=60).grid
    assert len(grid) == 2


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"statistic": "median"}, "statistic"),
        ({"statistic": "p0"}, "statistic"),
        ({"statistic": "TM(5:2)"}, "statistic"),
        ({"statistic": "TM(5%:20)"}, "statistic"),
        ({"statistic": "PR(5%:)"}, "statistic"),
        ({"period": 7}, "period"),
        ({"period": 1, "end": 86400.0}, "period"),
        ({"matchers": (Matcher("a", "~", "b"),)}, "matchers"),
        ({"matchers": (Matcher("a", "=~", "(b"),)}, "matchers"),
        ({"matchers": (Matcher("", "=", "b"),)}, "matchers"),
        ({"top": Top(0)}, "top"),
        ({"top": Top(1, "median")}, "top"),  # type: ignore[arg-type]
        ({"across": "median"}, "across"),
        ({"metric": ""}, "metric"),
        ({"group_by": tuple(f"l{n}" for n in range(30))}, "group_by"),
    ],
)
def test_bad_input_names_the_field(ask: Any, options: dict[str, Any], field: str) -> None:
    asked = {"metric": "g", "statistic": "Sum", "end": 120.0, **options}
    with pytest.raises(InvalidInputError) as caught:
        ask("bad", asked.pop("metric"), asked.pop("statistic"), 0, asked.pop("end"), **asked)
    assert caught.value.field == field
    assert caught.value.remedy


def test_one_name_of_two_types_must_be_chosen(store: Any, body: Body, ask: Any) -> None:
    from vedette.telemetry.metrics.model import MetricType

    store(
        "types", body().gauge("x", {1: 1}, {"a": "1"}).sum("x", {1: 5}, {"a": "2"}, temporality=1)
    )
    with pytest.raises(InvalidInputError, match="gauge, sum"):
        ask("types", "x", "Sum", 0, 60)
    close(ask("types", "x", "Sum", 0, 60, metric_type=MetricType.SUM), [5])


def test_accounts_do_not_see_each_other(store: Any, body: Body, ask: Any) -> None:
    store("mine", body().gauge("secret", {1: 1}))
    assert ask("theirs", "secret", "Sum", 0, 60).series == ()
