"""Metric filters applied: what is emitted, when, and exactly once."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from vedette.core.errors import ConflictError, InvalidInputError, NotFoundError, StoreError
from vedette.core.settings import Settings
from vedette.core.time import TimeRange
from vedette.ingest.derive import CommitClock, Deriver
from vedette.query import QueryRunner
from vedette.store.catalog import Actor, Catalog
from vedette.store.warehouse import Warehouse
from vedette.telemetry import metric_filters as mf
from vedette.telemetry.metrics import Matcher, MetricQuery, query_range

ACTOR = Actor.system("tests")
NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=2)
Arrive = Callable[..., None]
Points = Callable[[], list[dict[str, Any]]]


def at(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


class Job(mf.LogMetrics):
    """The job, which must not have refused any account's filters."""

    def update(self, now: datetime) -> mf.Progress:
        done = super().update(now)
        assert done.failed == {}
        return done


@pytest.fixture
def job(catalog: Catalog, warehouse: Warehouse, settings: Settings) -> mf.LogMetrics:
    made = Job(catalog, warehouse, settings)
    made.update(at(0))
    return made


@pytest.fixture
def points(runner: QueryRunner, account: str) -> Points:
    """Return the account's points as ``(second, metric, value, labels)``, in order."""

    def read() -> list[dict[str, Any]]:
        found = runner.run(
            account,
            "SELECT toUnixTimestamp64Milli(TimeUnix) / 1000 AS At, MetricName, Value, Attributes, MetricUnit,"
            " ServiceName FROM @otel_metrics_gauge ORDER BY At, MetricName, Value, toString(Attributes)",
        )
        return [{**row, "At": row["At"] - NOON.timestamp()} for row in found.records()]

    return read


def values(found: list[dict[str, Any]]) -> list[tuple[float, float]]:
    return [(one["At"], one["Value"]) for one in found]


def make(catalog: Catalog, account: str, name: str = "errors", **members: Any) -> mf.MetricFilter:
    definition = mf.FilterDefinition(**{"pattern": "ERROR", "metric": "log.errors", **members})
    return mf.MetricFilters(catalog).create(ACTOR, account, name, definition)


def test_each_matching_event_is_a_point_at_its_own_time(
    catalog: Catalog,
    account: str,
    arrive: Arrive,
    job: mf.LogMetrics,
    points: Points,
    runner: QueryRunner,
    warehouse: Warehouse,
) -> None:
    make(catalog, account, namespace="shop", unit="{error}")
    arrive((1, "ERROR a"), (2.5, "INFO"), (3, "ERROR b"), (61, "ERROR c"))
    job.update(at(120))
    assert values(points()) == [(1, 1), (3, 1), (61, 1)]
    assert points()[0]["Attributes"] == {"namespace": "shop"}
    assert points()[0]["MetricUnit"] == "{error}"
    Deriver(warehouse, CommitClock()).run()
    query = MetricQuery("log.errors", "Sum", matchers=(Matcher("namespace", "=", "shop"),))
    asked = query_range(runner, account, TimeRange(at(0), at(120)), query, period=60)
    assert list(asked.series[0].values) == [2, 1]
    count = query_range(
        runner,
        account,
        TimeRange(at(0), at(120)),
        MetricQuery("log.errors", "SampleCount"),
        period=60,
    )
    assert list(count.series[0].values) == [2, 1]


def test_a_filter_is_not_retroactive(
    catalog: Catalog, account: str, arrive: Arrive, job: mf.LogMetrics, points: Points, clock: Any
) -> None:
    arrive((10, "ERROR before"), (50, "ERROR after"))
    clock.moment = at(30)
    make(catalog, account)
    job.update(at(120))
    assert values(points()) == [(50, 1)]


def test_what_comes_before_the_first_run_counts(
    catalog: Catalog,
    account: str,
    arrive: Arrive,
    warehouse: Warehouse,
    settings: Settings,
    points: Points,
) -> None:
    first = Job(catalog, warehouse, settings)
    first.begin(at(0))
    make(catalog, account)
    arrive((1, "ERROR"))
    first.begin(at(5))  # a second process, or a restart
    first.update(at(10))
    assert values(points()) == [(1, 1)]


def test_what_arrives_late_counts_at_its_own_time(
    catalog: Catalog, account: str, arrive: Arrive, job: mf.LogMetrics, points: Points
) -> None:
    make(catalog, account)
    job.update(at(600))
    arrive((10, "ERROR"), late=700)
    job.update(at(1200))
    assert values(points()) == [(10, 1)]


def test_values_and_dimensions_come_from_the_event(
    catalog: Catalog,
    account: str,
    arrive: Arrive,
    job: mf.LogMetrics,
    points: Points,
    runner: QueryRunner,
) -> None:
    make(
        catalog,
        account,
        pattern="{ $.ms >= 0 || $.ms NOT EXISTS }",
        metric="took",
        value="$.ms",
        dimensions={"route": "$.http.route", "code": "$.code"},
        unit="ms",
    )
    make(
        catalog,
        account,
        name="bytes",
        pattern="[ip, ..., status, bytes > 0]",
        metric="bytes",
        value="$bytes",
        dimensions={"status": "$status"},
    )
    arrive(
        (1, '{"ms": 12.5, "http": {"route": "/a"}, "code": 200}'),
        (2, '{"ms": 7, "code": {"no": "scalar"}}'),
        (3, '{"other": 1}'),
        (4, '127.0.0.1 - [a b] "GET / x" 404 1534'),
    )
    job.update(at(60))
    found = [(one["At"], one["MetricName"], one["Value"], one["Attributes"]) for one in points()]
    assert found == [
        (1, "took", 12.5, {"route": "/a", "code": "200"}),
        (2, "took", 7, {}),
        (4, "bytes", 1534, {"status": "404"}),
    ]
    # The one that matched and had no number is not dropped in silence.
    rejected = runner.run(account, "SELECT Signal, Reason, Count FROM @rejected")
    assert rejected.records() == [
        {
            "Signal": "metric_filters",
            "Reason": "the value of metric filter errors is not a number",
            "Count": 1,
        }
    ]


def test_a_default_value_is_for_minutes_with_events_and_no_match(
    catalog: Catalog, account: str, arrive: Arrive, job: mf.LogMetrics, points: Points
) -> None:
    make(catalog, account, default_value=0)
    # Minute 0: a match; 1: events without one; 2: no events; 3: not over yet.
    arrive((5, "ERROR"), (30, "INFO"), (70, "INFO"), (90, "INFO"), (181, "INFO"))
    for seconds in range(10, 200, 10):
        job.update(at(seconds))
    assert values(points()) == [(5, 1), (60, 0)]
    job.update(at(300))
    assert values(points()) == [(5, 1), (60, 0), (180, 0)]


def test_a_filter_of_a_service_sees_only_its_events(
    catalog: Catalog, account: str, arrive: Arrive, job: mf.LogMetrics, points: Points
) -> None:
    make(catalog, account, service="shop", default_value=0)
    arrive((1, "ERROR"), service="shop")
    arrive((2, "ERROR"), (65, "INFO"), service="other")
    job.update(at(200))
    assert values(points()) == [(1, 1)]
    assert points()[0]["ServiceName"] == "shop"


def test_other_accounts_are_left_alone(
    catalog: Catalog, account: str, arrive: Arrive, job: mf.LogMetrics, points: Points
) -> None:
    make(catalog, "default")
    arrive((1, "ERROR"))
    job.update(at(60))
    assert points() == []


def test_windows_follow_each_other_and_none_is_done_twice(
    catalog: Catalog, account: str, arrive: Arrive, job: mf.LogMetrics, points: Points
) -> None:
    make(catalog, account)
    arrive(*((n / 2, "ERROR") for n in range(240)))
    for seconds in (3, 17, 17, 64, 65, 130):
        job.update(at(seconds))
    assert values(points()) == [(n / 2, 1) for n in range(240)]
    # A clock that was set back does nothing.
    assert job.update(at(10)).windows == 0
    assert len(points()) == 240


def test_a_long_pause_is_worked_through_in_windows(
    catalog: Catalog, account: str, arrive: Arrive, job: mf.LogMetrics, points: Points
) -> None:
    make(catalog, account)
    arrive((1, "ERROR"), (1799, "ERROR"))
    done = job.update(at(1802))
    assert done.windows == 7
    assert values(points()) == [(1, 1), (1799, 1)]


class Dies(Exception):  # noqa: N818
    pass


@pytest.mark.parametrize("after", [False, True])
def test_a_run_that_was_cut_off_is_repeated_without_doubles(
    catalog: Catalog, account: str, arrive: Arrive, job: mf.LogMetrics, points: Points,
    monkeypatch: pytest.MonkeyPatch, after: bool,
) -> None:  # fmt: skip
    make(catalog, account, default_value=0)
    arrive((1, "ERROR"), (61, "INFO"))
    real = mf.LogMetrics._execute

    def dying(self: Any, sql: str, parameters: Any) -> None:
        if parameters.get("account") != account:
            real(self, sql, parameters)
            return
        if after:
            real(self, sql, parameters)
        raise Dies

    monkeypatch.setattr(mf.LogMetrics, "_execute", dying)
    with pytest.raises(Dies):
        job.update(at(200))
    monkeypatch.undo()
    assert bool(points()) == after
    # Later, with more events: the window that was begun is finished first, as it was.
    arrive((201, "ERROR"))
    job.update(at(260))
    assert values(points()) == [(1, 1), (60, 0), (201, 1)]


def test_a_store_that_fails_is_tried_again(
    catalog: Catalog, account: str, arrive: Arrive, job: mf.LogMetrics, points: Points,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    make(catalog, account)
    arrive((1, "ERROR"))

    def failing(*_: Any) -> None:
        raise StoreError("no")

    monkeypatch.setattr(mf.LogMetrics, "_execute", failing)
    with pytest.raises(StoreError):
        job.update(at(30))
    monkeypatch.undo()
    job.update(at(60))
    assert values(points()) == [(1, 1)]


def test_what_is_not_stored_yet_is_waited_for(
    catalog: Catalog,
    account: str,
    arrive: Arrive,
    warehouse: Warehouse,
    settings: Settings,
    points: Points,
) -> None:
    settled = [at(0)]
    job = mf.LogMetrics(
        catalog, warehouse, settings, settled=lambda: int(settled[0].timestamp() * 1000)
    )
    job.update(at(0))
    make(catalog, account)
    arrive((5, "ERROR"))
    settled[0] = at(4)
    job.update(at(60))
    assert points() == []
    settled[0] = at(60)
    job.update(at(61))
    assert values(points()) == [(5, 1)]


def test_a_hundred_filters_are_one_statement(
    catalog: Catalog, account: str, arrive: Arrive, job: mf.LogMetrics, points: Points,
    monkeypatch: pytest.MonkeyPatch,
) -> None:  # fmt: skip
    for n in range(mf.MAX_FILTERS):
        make(
            catalog, account, name=f"f{n}", pattern=f'{{ $.n = {n} && $.s = "a*" }}', metric=f"m{n}"
        )
    with pytest.raises(InvalidInputError, match="no more"):
        make(catalog, account, name="one too many")
    arrive(*((1, f'{{"n": {n}, "s": "abc"}}') for n in range(0, 100, 7)))
    statements = []
    real = mf.LogMetrics._execute

    def counted(self: Any, sql: str, parameters: Any) -> None:
        statements.append(parameters.get("account"))
        real(self, sql, parameters)

    monkeypatch.setattr(mf.LogMetrics, "_execute", counted)
    job.update(at(60))
    assert statements.count(account) == 1
    assert sorted(one["MetricName"] for one in points()) == sorted(
        f"m{n}" for n in range(0, 100, 7)
    )


@pytest.mark.parametrize(
    ("members", "field"),
    [
        ({"pattern": "{ $.a = }"}, "pattern"),
        ({"metric": ""}, "metric"),
        ({"value": "$.a"}, "value"),
        ({"value": "x"}, "value"),
        ({"value": "1e999"}, "value"),
        ({"default_value": float("nan")}, "default_value"),
        ({"pattern": "[a]", "dimensions": {"d": "$a"}, "default_value": 0.0}, "default_value"),
        ({"dimensions": {"d": "$.a"}}, "dimensions.d"),
        ({"pattern": "[a]", "dimensions": {"d": "$b"}}, "dimensions.d"),
        ({"pattern": "[a]", "dimensions": {"namespace": "$a"}}, "dimensions.namespace"),
        ({"pattern": "[a]", "dimensions": dict.fromkeys("abcd", "$a")}, "dimensions"),
    ],
)
def test_a_wrong_definition_is_refused_with_its_field(
    catalog: Catalog, account: str, members: dict[str, Any], field: str
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        make(catalog, account, **members)
    assert caught.value.field == field
    assert mf.MetricFilters(catalog).page(account).items == []


def test_filters_are_changed_listed_and_removed_with_audit_records(
    catalog: Catalog, account: str
) -> None:
    filters = mf.MetricFilters(catalog)
    made = make(catalog, account)
    with pytest.raises(ConflictError):
        make(catalog, account)
    definition = mf.FilterDefinition(pattern="WARN", metric="log.warnings")
    changed = filters.update(ACTOR, account, made.id, "warnings", definition)
    assert filters.get(account, made.id) == changed
    assert [one.name for one in filters.page(account).items] == ["warnings"]
    with pytest.raises(NotFoundError):
        filters.get("default", made.id)
    filters.delete(ACTOR, account, made.id)
    with pytest.raises(NotFoundError):
        filters.delete(ACTOR, account, made.id)
    names = [item.record["eventName"] for item in catalog.audit.list(account).items]
    for name in ("CreateMetricFilter", "UpdateMetricFilter", "DeleteMetricFilter"):
        assert name in names


def test_a_filter_can_be_tried_on_stored_events(
    account: str, arrive: Arrive, runner: QueryRunner
) -> None:
    arrive((1, '{"ms": 5, "r": "/a"}'), (2, '{"ms": "x", "r": "/b"}'), (3, "plain"))
    definition = mf.FilterDefinition(
        pattern='{ $.r = "/*" }', metric="took", value="$.ms", dimensions={"route": "$.r"}
    )
    found = mf.try_stored(runner, account, TimeRange(at(0), at(60)), definition)
    assert (found.tested, found.matches, found.without_value) == (3, 2, 1)
    assert [(one.value, one.dimensions, one.service) for one in found.events] == [
        (None, {"route": "/b"}, "shop"),
        (5, {"route": "/a"}, "shop"),
    ]
    nothing = mf.try_stored(runner, account, TimeRange(at(600), at(660)), definition)
    assert (nothing.tested, nothing.matches, nothing.events) == (0, 0, ())


def test_what_the_engine_would_refuse_is_refused_before_it_is_saved(
    account: str, runner: QueryRunner
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        mf.check_by_engine(runner, account, mf.FilterDefinition(pattern="%a{5000}%", metric="m"))
    assert caught.value.field == "pattern"
