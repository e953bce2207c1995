from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from vedette.core.errors import InvalidInputError
from vedette.ingest import Source
from vedette.telemetry.metrics.model import MetricQuery, RangeResult
from vedette.telemetry.metrics.range_query import query_range

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from vedette.core.time import TimeRange
from vedette.query import QueryRunner

Body = Any
Points = list[float | None]
BOUNDS = [0.1, 0.5, 1.0, 5.0]


@pytest.fixture
def ask(
    runner: QueryRunner, span: Callable[[float, float], TimeRange]
) -> Callable[..., RangeResult]:
    def run(
        account: str, metric: str, statistic: str, start: float, end: float, **options: Any
    ) -> RangeResult:
        query = MetricQuery(metric, statistic, **options)
        return query_range(runner, account, span(start, end), query, period=60)

    return run


def close(result: RangeResult, *expected: Points) -> None:
    assert len(result.series) == len(expected)
    for one, wanted in zip(result.series, expected, strict=True):
        numbers = [math.nan if x is None else x for x in wanted]
        np.testing.assert_allclose(one.values, numbers, rtol=1e-9, atol=1e-12)


def explicit_quantile(q: float, bounds: Sequence[float], counts: Sequence[float]) -> float:
    """The rules of histogram_quantile for classic histograms, one bucket after the other."""
    rank, seen = q * sum(counts), 0.0
    for n, count in enumerate(counts):
        if seen + count >= rank:
            if n == len(bounds):
                return bounds[-1]
            if n == 0 and bounds[0] <= 0:
                return bounds[0]
            low = 0.0 if n == 0 else bounds[n - 1]
            return low + (bounds[n] - low) * (rank - seen) / count
        seen += count
    raise AssertionError


def exponential_quantile(
    q: float, scale: int, up: Mapping[int, float], down: Mapping[int, float], zero: float,
    *, threshold: float = 0.0,
) -> float:  # fmt: skip
    """The same for native histograms."""
    base = 2.0 ** (2.0**-scale)
    rows: list[tuple[str, int, float]] = [("down", k, down[k]) for k in sorted(down, reverse=True)]
    rows += [("zero", 0, zero), *(("up", k, up[k]) for k in sorted(up))]
    rank, seen = q * sum(row[2] for row in rows), 0.0
    for side, key, count in rows:
        if count and seen + count >= rank:
            part = (rank - seen) / count
            if side == "up":
                return base**key * base**part
            if side == "down":
                return -(base ** (key + 1)) / base**part
            low = 0.0 if up and not down else -threshold
            high = 0.0 if down and not up else threshold
            return low + (high - low) * part
        seen += count
    raise AssertionError


def test_delta_histograms_by_hand(store: Any, body: Body, ask: Any) -> None:
    # Two points in the first minute, one in the third; all above 5 s is beyond the last bound.
    points = [
        (10, [2, 3, 0, 5, 0], 12.0),
        (50, [0, 1, 4, 0, 5], 40.0),
        (130, [0, 0, 0, 0, 3], 30.0),
    ]
    store("hist", body().histogram("latency", points, BOUNDS))
    counts = [2, 4, 4, 5, 5]
    for percent in (5, 10, 25, 50, 74, 75, 90, 100):
        expected = explicit_quantile(percent / 100, BOUNDS, counts)
        close(ask("hist", "latency", f"p{percent}", 0, 180), [expected, None, 5.0])
    close(ask("hist", "latency", "Sum", 0, 180), [52, None, 30])
    close(ask("hist", "latency", "SampleCount", 0, 180), [20, None, 3])
    close(ask("hist", "latency", "Average", 0, 180), [2.6, None, 10])
    close(ask("hist", "latency", "increase", 0, 180), [20, None, 3])
    close(ask("hist", "latency", "rate", 0, 180), [20 / 60, None, 3 / 60])
    close(ask("hist", "latency", "Minimum", 0, 180), [0, None, 5])
    close(ask("hist", "latency", "Maximum", 0, 180), [5, None, 5])
    # 2 + 4 up to 0.5 s; half of the next bucket up to 0.75 s.
    close(ask("hist", "latency", "PR(:0.5)", 0, 180), [30, None, 0])
    close(ask("hist", "latency", "PR(0.5:0.75)", 0, 180), [10, None, 0])
    close(ask("hist", "latency", "PR(5:)", 0, 180), [25, None, 100])


def test_cumulative_histograms_over_a_reset(store: Any, body: Body, ask: Any) -> None:
    points = [
        (-20, [1, 1, 1, 1, 1], 5.0), (40, [3, 1, 1, 2, 1], 9.0),
        (100, [1, 0, 0, 0, 0], 0.05), (160, [1, 0, 4, 0, 0], 3.05),
    ]  # fmt: skip
    store("cumhist", body().histogram("latency", points, BOUNDS, temporality=2))
    close(ask("cumhist", "latency", "SampleCount", 0, 180), [3, 1, 4])
    close(ask("cumhist", "latency", "Sum", 0, 180), [4, 0.05, 3])
    close(ask("cumhist", "latency", "rate", 0, 180), [3 / 60, 1 / 60, 4 / 60])
    expected = [
        explicit_quantile(0.9, BOUNDS, counts)
        for counts in ([2, 0, 0, 1, 0], [1, 0, 0, 0, 0], [0, 0, 4, 0, 0])
    ]
    close(ask("cumhist", "latency", "p90", 0, 180), expected)


def test_groups_of_histograms_merge(store: Any, body: Body, ask: Any) -> None:
    made = body()
    made.histogram("h", [(1, [1, 2, 3, 4, 5], 1)], BOUNDS, {"host": "a", "zone": "x"})
    made.histogram("h", [(1, [5, 4, 3, 2, 1], 1)], BOUNDS, {"host": "b", "zone": "x"})
    # Other bounds: 0.5 and 5 are what all have in common.
    made.histogram("h", [(1, [7, 1, 2], 1)], [0.5, 5.0], {"host": "c", "zone": "y"})
    store("mergehist", made)
    for percent in (20, 50, 80):
        q = percent / 100
        zones = ask("mergehist", "h", f"p{percent}", 0, 60, group_by=("zone",))
        found = {one.labels["zone"]: float(one.values[0]) for one in zones.series}
        assert found == pytest.approx(
            {
                "x": explicit_quantile(q, BOUNDS, [6, 6, 6, 6, 6]),
                "y": explicit_quantile(q, [0.5, 5.0], [7, 1, 2]),
            }
        )
        merged = explicit_quantile(q, [0.5, 5.0], [12 + 7, 12 + 1, 6 + 2])
        close(ask("mergehist", "h", f"p{percent}", 0, 60), [merged])
    worst = ask("mergehist", "h", "p50", 0, 60, across="max", group_by=("zone",))
    found = {one.labels["zone"]: float(one.values[0]) for one in worst.series}
    assert found["x"] == pytest.approx(explicit_quantile(0.5, BOUNDS, [1, 2, 3, 4, 5]))


def test_bounds_below_zero_and_missing_buckets(store: Any, body: Body, ask: Any) -> None:
    made = body().histogram("cold", [(1, [4, 4, 0], -9)], [-5.0, 0.0])
    store("odd", made.histogram("bare", [(1, [], 9)], []))
    close(ask("odd", "cold", "p25", 0, 60), [-5])
    close(ask("odd", "cold", "p75", 0, 60), [-2.5])
    close(ask("odd", "cold", "Minimum", 0, 60), [-5])
    assert ask("odd", "bare", "p50", 0, 60).series == ()
    close(ask("odd", "bare", "Sum", 0, 60), [9])


def test_histograms_agree_with_a_loop(store: Any, body: Body, ask: Any) -> None:
    random = np.random.default_rng(3)
    cumulated, points, steps = np.zeros(5, dtype=int), [], []
    for n in range(30):
        grown = random.integers(0, 6, 5)
        cumulated = cumulated + grown
        points.append((n * 20 - 20 + 1, [int(c) for c in cumulated], float(cumulated.sum())))
        steps.append(grown)
    store("randhist", body().histogram("h", points, BOUNDS, temporality=2))
    for percent in (1, 50, 95, 99.9):
        expected: Points = []
        for minute in range(9):
            counts = np.sum(steps[1 + 3 * minute : 4 + 3 * minute], axis=0)
            expected.append(explicit_quantile(percent / 100, BOUNDS, [float(c) for c in counts]))
        close(ask("randhist", "h", f"p{percent:g}", 0, 540), expected)


def test_exponential_histograms_by_hand(store: Any, body: Body, ask: Any) -> None:
    point = {"at": 1, "scale": 0, "up": (-1, [2, 0, 4]), "down": (0, [3]), "zero": 1, "sum": 8.0}
    store("exp", body().exponential("e", [point]))
    # (-2, -1]: 3, zero: 1, (0.5, 1]: 2, (2, 4]: 4
    close(ask("exp", "e", "p100", 0, 60), [4])
    close(ask("exp", "e", "p80", 0, 60), [2 * 2**0.5])
    close(ask("exp", "e", "p30", 0, 60), [-1])
    close(ask("exp", "e", "p15", 0, 60), [-(2**0.5)])
    close(ask("exp", "e", "p40", 0, 60), [0])
    close(ask("exp", "e", "Minimum", 0, 60), [-2])
    close(ask("exp", "e", "Maximum", 0, 60), [4])
    close(ask("exp", "e", "Average", 0, 60), [0.8])
    close(ask("exp", "e", "SampleCount", 0, 60), [10])
    close(ask("exp", "e", "rate", 0, 60), [10 / 60])
    close(ask("exp", "e", "PR(:0)", 0, 60), [40])
    close(ask("exp", "e", "PR(:1)", 0, 60), [60])
    close(ask("exp", "e", f"PR(2:{math.sqrt(8):.10f})", 0, 60), [20.000000000])
    close(ask("exp", "e", "PR(-1:)", 0, 60), [70])


def _random_exponential(random: np.random.Generator, scale: int) -> dict[str, Any]:
    return {
        "scale": scale,
        "up": (int(random.integers(-20, 20)), [int(c) for c in random.integers(0, 5, 12)]),
        "down": (int(random.integers(-9, 9)), [int(c) for c in random.integers(0, 3, 5)]),
        "zero": int(random.integers(0, 4)),
    }


def _scaled(side: tuple[int, list[int]], by: int) -> dict[int, float]:
    out: dict[int, float] = {}
    for n, count in enumerate(side[1]):
        key = (side[0] + n) >> by
        if count:
            out[key] = out.get(key, 0.0) + count
    return out


def test_exponential_histograms_merge_at_the_lowest_scale(store: Any, body: Body, ask: Any) -> None:
    random = np.random.default_rng(5)
    made, points = body(), []
    for n, scale in enumerate((3, 1, 4, 1, 5)):
        point = {"at": n, **_random_exponential(random, scale)}
        points.append(point)
        made.exponential("e", [point], {"n": str(n)})
    store("expmerge", made)
    up: dict[int, float] = {}
    down: dict[int, float] = {}
    for point in points:
        for whole, side in ((up, point["up"]), (down, point["down"])):
            for key, count in _scaled(side, point["scale"] - 1).items():
                whole[key] = whole.get(key, 0.0) + count
    zero = float(sum(point["zero"] for point in points))
    for percent in (1, 10, 33, 50, 75, 99, 100):
        expected = exponential_quantile(percent / 100, 1, up, down, zero)
        close(ask("expmerge", "e", f"p{percent}", 0, 60), [expected])
    single = ask("expmerge", "e", "p50", 0, 60, group_by=("n",))
    for one in single.series:
        point = points[int(one.labels["n"])]
        wanted = exponential_quantile(
            0.5, point["scale"], _scaled(point["up"], 0), _scaled(point["down"], 0), point["zero"]
        )
        assert float(one.values[0]) == pytest.approx(wanted)


def test_cumulative_exponential_histograms_that_lose_scale(
    store: Any, body: Body, ask: Any
) -> None:
    points = [
        {"at": -10, "scale": 1, "up": (0, [1, 1, 2, 0])},
        # Grown by {0: 3, 2: 1} at scale 1, and sent at scale 0: (0, 1) -> 0 and (2, 3) -> 1.
        {"at": 30, "scale": 0, "up": (0, [5, 3]), "zero": 2, "sum": 7.0},
        # Restarted.
        {"at": 90, "scale": 2, "up": (4, [1]), "sum": 1.0},
    ]
    store("expcum", body().exponential("e", points, temporality=2))
    close(ask("expcum", "e", "SampleCount", 0, 120), [6, 1])
    first = exponential_quantile(0.9, 0, {0: 3, 1: 1}, {}, 2)
    close(ask("expcum", "e", "p90", 0, 120), [first, exponential_quantile(0.9, 2, {4: 1}, {}, 0)])


def test_a_wide_zero_bucket_is_interpolated(store: Any, body: Body, ask: Any) -> None:
    point = {"at": 1, "scale": 0, "zero": 4, "threshold": 0.5, "up": (3, [4])}
    store("expzero", body().exponential("e", [point]))
    close(ask("expzero", "e", "p25", 0, 60), [0.25])


def test_classic_histograms(store: Any, body: Body, ask: Any) -> None:
    counts = {"a": [10, 25, 25, 40, 44], "b": [0, 1, 5, 6, 10]}
    made = body()
    for host, ends in counts.items():
        for bound, end in zip(["0.1", "0.5", "1", "5", "+Inf"], ends, strict=True):
            points = {-20: 100.0, 30: 100.0 + end}
            made.sum("req_seconds_bucket", points, {"le": bound, "host": host})
    store("classic", made)
    for percent in (20, 50, 90, 99):
        asked = ("classic", "req_seconds_bucket", f"p{percent}", 0, 60)
        both = np.diff(np.sum(list(counts.values()), axis=0), prepend=0)
        close(ask(*asked), [explicit_quantile(percent / 100, BOUNDS, [float(c) for c in both])])
        hosts = ask(*asked, group_by=None)
        for one in hosts.series:
            assert "le" not in one.labels
            apart = [float(c) for c in np.diff(counts[one.labels["host"]], prepend=0)]
            wanted = explicit_quantile(percent / 100, BOUNDS, apart)
            assert float(one.values[0]) == pytest.approx(wanted)
        assert len(ask(*asked, group_by=("host",)).series) == 2
    close(ask("classic", "req_seconds_bucket", "PR(:0.5)", 0, 60), [100 * 26 / 54])
    # Everything else is asked of the counters themselves.
    by_bound = ask("classic", "req_seconds_bucket", "increase", 0, 60, group_by=("le",))
    assert {one.labels["le"]: float(one.values[0]) for one in by_bound.series}["+Inf"] == 54
    with pytest.raises(InvalidInputError, match="le label"):
        ask("classic", "req_seconds_bucket", "p50", 0, 60, group_by=("le",))


def test_summaries_pass_their_quantiles_through(store: Any, body: Body, ask: Any) -> None:
    made = body()
    made.summary("s", [(-5, 10, 5.0, {}), (10, 16, 9.0, {0.5: 1.0, 0.99: 3.0})], {"h": "a"})
    made.summary("s", [(20, 3, 1.0, {0.5: 2.0, 0.99: 9.0})], {"h": "b"})
    store("summary", made)
    apart = ask("summary", "s", "p99", 0, 60, group_by=("h",))
    assert {one.labels["h"]: float(one.values[0]) for one in apart.series} == {"a": 3, "b": 9}
    close(ask("summary", "s", "p50", 0, 60, across="max"), [2])
    close(ask("summary", "s", "SampleCount", 0, 60), [6])
    close(ask("summary", "s", "Average", 0, 60), [4 / 6])
    with pytest.raises(InvalidInputError, match="cannot be joined"):
        ask("summary", "s", "p99", 0, 60)
    with pytest.raises(InvalidInputError) as caught:
        ask("summary", "s", "p90", 0, 60, group_by=None)
    assert "p50, p99" in (caught.value.remedy or "")


@pytest.mark.parametrize("statistic", ["TM(2%:98%)", "tc99", "WM(1:2)", "Last"])
def test_what_a_histogram_does_not_have(store: Any, body: Body, ask: Any, statistic: str) -> None:
    if not ask("lacks", "h", "Sum", 0, 60).series:
        store("lacks", body().histogram("h", [(1, [1, 1, 1, 1, 1], 1)], BOUNDS))
    with pytest.raises(InvalidInputError) as caught:
        ask("lacks", "h", statistic, 0, 60)
    assert caught.value.field == "statistic"
    assert caught.value.remedy


def _field(number: int, payload: bytes) -> bytes:
    return bytes([number << 3 | 2, *_varint(len(payload))]) + payload


def _varint(value: int) -> bytes:
    out = []
    while value > 0x7F:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*out, value])


def remote_write(labels: Mapping[str, str], samples: Mapping[int, float]) -> bytes:
    """One series of a Prometheus WriteRequest; samples are milliseconds to values."""
    pairs = b"".join(
        _field(1, _field(1, name.encode()) + _field(2, value.encode()))
        for name, value in sorted(labels.items())
    )
    points = b"".join(
        _field(2, b"\x09" + struct.pack("<d", value) + b"\x10" + _varint(at))
        for at, value in samples.items()
    )
    return _field(1, pairs + points)


def test_classic_histograms_that_came_by_remote_write(
    submit: Any, ask: Any, span: Callable[[float, float], TimeRange]
) -> None:
    start = int(span(0, 60).start.timestamp() * 1000)
    request = b""
    for bound, end in zip(["0.1", "0.5", "1", "5", "+Inf"], [0, 8, 8, 12, 20], strict=True):
        labels = {"__name__": "http_seconds_bucket", "job": "api", "instance": "i1", "le": bound}
        samples = {start - 15_000: 7.0, start + 15_000: 7.0 + end / 2, start + 45_000: 7.0 + end}
        request += remote_write(labels, samples)
    (receipt,) = submit(Source.REMOTE_WRITE, "remote", request)
    assert not receipt.rejected
    for percent in (10, 50, 60, 95):
        expected = explicit_quantile(percent / 100, BOUNDS, [0, 8, 0, 4, 8])
        result = ask("remote", "http_seconds_bucket", f"p{percent}", 0, 60, group_by=("service",))
        assert result.series[0].labels == {"service": "api"}
        close(result, [expected])
