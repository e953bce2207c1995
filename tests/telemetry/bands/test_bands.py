"""Bands of stored metrics: trained from history, walked, persisted, and the same whoever reads."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from vedette.core.errors import InvalidInputError, QuerySyntaxError, VedetteError
from vedette.core.time import TimeRange
from vedette.ingest.derive import CommitClock, Deriver
from vedette.query import QueryRunner
from vedette.statistics.band_step import PAGING_SCORE, BandOptions
from vedette.store.catalog import Catalog
from vedette.store.catalog.database import Clock
from vedette.store.warehouse import Warehouse
from vedette.telemetry.bands import BandDetectors, BandQuery, BandResult, compute_band
from vedette.telemetry.bands.store import query_of, text_of
from vedette.telemetry.metrics import Expression, Matcher, MetricQuery, Top

PERIOD = 300
DAY = 86_400
# Two days back, at midnight; four days of history before it.
T0 = int(datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0).timestamp()) - 2 * DAY
_NUMBERS = itertools.count(1)
# A day's course with a little noise; an incident from 06:00 to 06:30 of the last day.
POINTS = """
INSERT INTO otel_metrics_gauge (Account, SeriesId, MetricName, Attributes, TimeUnix, Value)
SELECT '{account}', cityHash64('{account}', host), 'load', map('host', host), at,
    100 * if(host = 'b', 2, 1) + 30 * sin(2 * pi() * toUnixTimestamp(at) / 86400) + (cityHash64(at, host) % 100) / 50
    + if(host = 'a' AND at >= toDateTime({t0} + 21600) AND at < toDateTime({t0} + 23400), 200, 0)
FROM (SELECT toDateTime64({t0} - {days} * 86400 + number * 300, 9) AS at, arrayJoin(['a', 'b']) AS host
      FROM numbers({days} * 288 + 288))
"""


@pytest.fixture(scope="module")
def account(warehouse: Warehouse) -> str:
    name = f"bands-{next(_NUMBERS)}"
    store(warehouse, POINTS.format(account=name, t0=T0, days=4))
    return name


@pytest.fixture
def now() -> list[float]:
    return [T0 + DAY]


@pytest.fixture
def catalog(tmp_path: Any, now: list[float]) -> Iterator[Catalog]:
    clock = Clock(now=lambda: datetime.fromtimestamp(now[0], UTC))
    with Catalog.open(f"sqlite:///{tmp_path / 'catalog.sqlite'}", clock=clock) as opened:
        yield opened


def store(warehouse: Warehouse, statement: str) -> None:
    warehouse.execute(statement)
    Deriver(warehouse, CommitClock()).run()


def moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(T0 + seconds, UTC)


def query(**members: Any) -> BandQuery:
    asked = MetricQuery("load", group_by=("host",), id="m1")
    given = {"queries": (asked,), "of": "m1", "period": PERIOD, "history": timedelta(days=3)}
    return BandQuery(**{**given, **members})


def of_host(result: BandResult | VedetteError, host: str) -> Any:
    assert isinstance(result, BandResult), result
    return next(one for one in result.series if one.labels["host"] == host)


@pytest.fixture
def band(runner: QueryRunner, account: str) -> Callable[..., BandResult]:
    def run(start: float, end: float, **members: Any) -> BandResult:
        span = TimeRange(moment(start), moment(end))
        return compute_band(runner, account, span, query(**members), now=moment(DAY))

    return run


def test_a_band_is_there_at_once_and_finds_the_incident(band: Any) -> None:
    result = band(0, DAY)
    assert len(result.grid) == 288
    one, other = of_host(result, "a"), of_host(result, "b")
    incident = np.zeros(288, bool)
    incident[72:78] = True
    assert (one.above[incident] >= PAGING_SCORE).all()
    assert (one.breaching("above") == incident)[:78].all()
    assert not one.breaching("below")[:78].any()
    assert not other.breaching().any()
    quiet = ~incident
    assert np.nanmax(np.abs(one.values - one.expected)[quiet]) < 25
    assert ((one.lower <= one.expected) & (one.expected <= one.upper)).all()
    # The incident did not widen the band.
    assert one.upper[80] - one.lower[80] < 2 * (one.upper[70] - one.lower[70])


def test_bounds_exclusions_and_the_unfinished_period(
    band: Any, runner: QueryRunner, account: str
) -> None:
    bounded = of_host(band(0, 7200, options=BandOptions(minimum=90, maximum=100)), "a")
    assert np.nanmin(bounded.lower) >= 90
    assert np.nanmax(bounded.upper) <= 100
    span = TimeRange(moment(21_600), moment(23_400))
    open_ = compute_band(runner, account, span, query(), now=moment(23_100))
    one = of_host(open_, "a")
    assert np.isfinite(one.values[-1])
    assert np.isnan(one.above[-1])
    window = ((moment(21_600), moment(23_400)),)
    taught, excluded = of_host(band(0, DAY), "a"), of_host(band(0, DAY, exclusions=window), "a")
    assert (excluded.above[72:78] >= PAGING_SCORE).all()
    assert abs(excluded.expected[79] - 130) < abs(taught.expected[79] - 130) + 1e-3


def test_an_expression_has_a_band(band: Any) -> None:
    parts = tuple(
        MetricQuery("load", matchers=(Matcher("host", "=", host),), id=host) for host in "ab"
    )
    result = band(0, 25_000, queries=(*parts, Expression("b - a", id="e1")), of="e1")
    (one,) = result.series
    assert one.label == "b - a"
    assert (one.below[72:78] >= PAGING_SCORE).all()


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"of": "zz"}, "of"),
        ({"period": 61}, "period"),
        ({"period": 2 * DAY}, "period"),
        ({"options": BandOptions(minimum=1, maximum=0)}, "minimum"),
        ({"options": BandOptions(min_sigma=-1)}, "options"),
        ({"options": BandOptions(minimum=float("nan"))}, "options"),
        ({"options": BandOptions(miss_rate=0)}, "miss_rate"),
        ({"exclusions": ((moment(5), moment(1)),)}, "exclusions"),
        ({"history": timedelta(days=100)}, "history"),
        ({"queries": (Expression("1 +", id="e1"),), "of": "e1"}, "e1"),
    ],
)
def test_a_wrong_query_is_refused_with_its_field(band: Any, members: Any, field: str) -> None:
    with pytest.raises((InvalidInputError, QuerySyntaxError)) as caught:
        band(0, 3600, **members)
    assert caught.value.field == field


def test_a_metric_that_is_not_there_has_no_series_and_says_so(band: Any) -> None:
    result = band(0, 3600, queries=(MetricQuery("nothing", id="m1"),))
    assert result.series == ()
    assert "nothing" in result.warnings[0]


def test_queries_survive_as_text() -> None:
    made = query(
        queries=(
            MetricQuery(
                "load", "p95", (Matcher("host", "=~", "a|b"),), None, "max", Top(5, "max"),
                shift=timedelta(hours=1), id="m1",
            ),
            Expression("m1 * 2", id="e1", hidden=True),
        ),
        options=BandOptions(minimum=0, miss_rate=0.02),
        exclusions=((moment(0), moment(60)),),
    )  # fmt: skip
    assert query_of(text_of(made)) == made
    assert query_of(text_of(made)).key("a") == made.key("a")
    assert made.key("a") != made.key("b")
    assert made.key("a") != replace(made, period=60).key("a")


def test_a_detector_reads_as_the_band_that_is_computed_on_the_spot(
    catalog: Catalog, runner: QueryRunner, account: str, band: Any
) -> None:
    detectors = BandDetectors(catalog, runner)
    (found,) = detectors.read(account, [query()], end=T0 + 23_400, periods=6)
    one = of_host(found, "a")
    assert found.grid.timestamps.tolist() == [T0 + 21_600 + PERIOD * n for n in range(6)]
    assert one.breaching("above").all()
    computed = of_host(band(21_600, 23_400), "a")
    np.testing.assert_allclose(one.expected, computed.expected, rtol=1e-4)
    np.testing.assert_allclose(one.above, computed.above, rtol=1e-3)


def test_reading_twice_or_later_or_from_another_process_gives_the_same(
    catalog: Catalog, runner: QueryRunner, account: str
) -> None:
    detectors = BandDetectors(catalog, runner)
    first = detectors.read(account, [query()], end=T0 + 20_000, periods=3)
    again = detectors.read(account, [query()], end=T0 + 20_000, periods=3)
    assert (of_host(first[0], "a").above == of_host(again[0], "a").above).all()
    for end in range(T0 + 20_100, T0 + 22_600, 60):
        walked = detectors.read(account, [query()], end=end, periods=3)
    # Another process has what the catalog keeps, and walks the rest.
    other = BandDetectors(catalog, runner).read(account, [query()], end=T0 + 22_540, periods=3)
    assert (of_host(walked[0], "a").above == of_host(other[0], "a").above).all()
    assert of_host(other[0], "a").above[-1] >= PAGING_SCORE
    alone = BandDetectors(catalog, runner)
    alone._store.remove(query().checked().key(account))
    fresh = alone.read(account, [query()], end=T0 + 22_540, periods=3)
    # Trained on a later window than the others, so alike and not equal.
    np.testing.assert_allclose(
        of_host(fresh[0], "a").expected, of_host(other[0], "a").expected, rtol=0.03
    )


def test_the_scheduled_update_brings_all_forward_and_keeps_their_state(
    catalog: Catalog, runner: QueryRunner, account: str, now: list[float]
) -> None:
    detectors = BandDetectors(catalog, runner)
    now[0] = T0 + 7200
    detectors.read(
        account, [query(), query(options=BandOptions(minimum=0))], end=T0 + 7200, periods=2
    )
    before = {one: detectors._store.load(one).through for one in detectors._store.ids()}
    assert len(before) == 2
    report = BandDetectors(catalog, runner).update(moment(10_800))
    assert (report.detectors, report.series, report.failed) == (2, 4, {})
    after = {one: detectors._store.load(one).through for one in detectors._store.ids()}
    assert all(after[one] == before[one] + 3600 for one in before)
    # A state that cannot be read is trained anew, and one that nobody asks for leaves.
    kept = detectors._store.load(next(iter(before)))
    detectors._store.save([replace(kept, state=b"broken")])
    assert list(BandDetectors(catalog, runner).update(moment(10_860)).failed) == [kept.id]
    assert BandDetectors(catalog, runner).update(moment(9 * DAY)).removed == 1


def test_one_wrong_query_does_not_fail_the_others(
    catalog: Catalog, runner: QueryRunner, account: str
) -> None:
    wrong = query(queries=(MetricQuery("load", "p95x", id="m1"),))
    found = BandDetectors(catalog, runner).read(account, [wrong, query()], end=T0 + 3600, periods=1)
    assert isinstance(found[0], InvalidInputError)
    assert isinstance(found[1], BandResult)


def test_a_new_series_joins_and_is_scored_when_it_is_warm(
    catalog: Catalog, runner: QueryRunner, warehouse: Warehouse
) -> None:
    account = f"bands-{next(_NUMBERS)}"
    store(warehouse, POINTS.format(account=account, t0=T0, days=3))
    detectors = BandDetectors(catalog, runner)
    detectors.read(account, [query()], end=T0, periods=1)
    store(
        warehouse,
        "INSERT INTO otel_metrics_gauge (Account, SeriesId, MetricName, Attributes, TimeUnix, Value) "
        f"SELECT '{account}', 7, 'load', map('host', 'new'), toDateTime64({T0} + number * 300, 9), 5 FROM numbers(80)",
    )
    (found,) = detectors.read(account, [query()], end=T0 + 6000, periods=2)
    assert np.isnan(of_host(found, "new").above).all()
    (found,) = detectors.read(account, [query()], end=T0 + 20_000, periods=2)
    assert (of_host(found, "new").above < 1).all()
    assert len(found.series) == 3


def test_a_query_of_one_series_is_trained_and_read_as_the_same_series(
    catalog: Catalog, runner: QueryRunner, account: str
) -> None:
    one = query(queries=(MetricQuery("load", matchers=(Matcher("host", "=", "a"),), id="m1"),))
    (found,) = BandDetectors(catalog, runner).read(account, [one], end=T0 + 23_400, periods=3)
    assert isinstance(found, BandResult)
    (series,) = found.series
    assert (series.label, dict(series.labels)) == ("m1", {})
    assert (series.above >= PAGING_SCORE).all()
