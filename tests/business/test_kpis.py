"""KPIs: values are metrics, corrections count, gaps are said, targets are judged."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest

from vedette.business.kpis.definition import check_kpi, check_kpi_name
from vedette.business.kpis.outlook import period_of, read_outlook
from vedette.business.kpis.service import dependencies_of
from vedette.business.kpis.values import KpiValue
from vedette.core.errors import InvalidInputError
from vedette.core.time import TimeRange
from vedette.ingest import Source
from vedette.telemetry.metrics import MetricQuery, query_range

DAY = timedelta(days=1)


def test_a_value_is_a_metric_a_correction_counts_and_gaps_are_said(firm: Any) -> None:
    kpi = firm.kpi(unit="EUR", dimensions=["region"])
    firm.push(kpi, {5: 10, 4: 20, 1: 40}, region="eu")
    firm.push(kpi, {5: 1, 4: 2, 1: 4}, region="us")
    (whole,) = firm.read(kpi, 6)
    assert whole.values.tolist()[1:3] == [11, 22]
    assert np.isnan(whole.values[[0, 3, 4]]).all()
    assert whole.missing == 2
    missing = [int((firm.today - n * DAY).timestamp()) for n in (3, 2)]
    assert whole.gaps == (tuple(missing),)
    firm.push(kpi, {4: 25, 120: 7}, region="eu")
    assert firm.read(kpi, 6)[0].values[2] == 27
    # Older than what metrics take, a value is known all the same.
    assert firm.read(kpi, 121)[0].values[1] == 7
    by_region = {one.group: one.values[2] for one in firm.read(kpi, 6, group_by="region")}
    assert by_region == {"eu": 25, "us": 2}
    assert firm.read(kpi, 6, where={"region": "us"})[0].values[5] == 4
    range_ = TimeRange(firm.today - 6 * DAY, firm.today)
    query = MetricQuery("vedette.kpi.revenue", "Last", group_by=("region",))
    metric = query_range(firm.runner, firm.account, range_, query, period=86_400)
    assert metric.unit == "EUR"
    assert {s.labels["region"]: s.values[5] for s in metric.series} == {"eu": 40, "us": 4}


def test_any_opentelemetry_client_can_send_values(firm: Any) -> None:
    from vedette.telemetry.emit import MetricPoint

    kpi = firm.kpi("margin", aggregate="last")
    moment = firm.today - 2 * DAY
    firm._emit(firm.account, [MetricPoint("vedette.kpi.margin", 0.4, time=moment)], "a")
    assert firm.read(kpi, 3)[0].values[1] == 0.4


def test_computed_from_sql_logs_and_metrics_and_again_for_what_comes_late(firm: Any) -> None:
    def log(days: int, amount: float, n: int) -> bytes:
        lines = [
            {"time": (firm.today - days * DAY + timedelta(hours=3, seconds=i)).isoformat(),
             "message": "order paid", "amount": amount, "service": "shop"}
            for i in range(n)
        ]  # fmt: skip
        return "\n".join(map(json.dumps, lines)).encode()

    firm.submit(Source.LOG_LINES, firm.account, log(3, 10, 3), log(1, 5, 2))
    orders = firm.kpi("orders", source={"type": "logs", "query": "paid"}, history="4d")
    revenue = firm.kpi(
        "revenue", source={"type": "logs", "query": "paid", "statistic": "sum", "field": "amount"},
        history="4d",
    )  # fmt: skip
    sql = firm.kpi(
        "sql", history="4d",
        source={
            "type": "sql",
            "sql": "SELECT count() AS value, ServiceName AS service FROM otel_logs "
            "WHERE Timestamp >= $start AND Timestamp < $end GROUP BY service",
        },
    )  # fmt: skip
    for kpi in (orders, revenue, sql):
        firm.computer.compute(kpi, firm.now[0])
    assert firm.read(orders, 4)[0].values.tolist() == [0, 3, 0, 2]
    assert firm.read(revenue, 4)[0].values[[1, 3]].tolist() == [30, 10]
    assert np.isnan(firm.read(revenue, 4)[0].values[2])
    assert firm.read(sql, 4, where={"service": "shop"})[0].values[[1, 3]].tolist() == [3, 2]
    firm.submit(Source.LOG_LINES, firm.account, log(2, 1, 4))
    done = firm.computer.compute(orders, firm.now[0])
    assert (done.values, done.stored) == (3, 1)
    assert firm.read(orders, 4)[0].values.tolist() == [0, 3, 4, 2]
    # A metric's points never change: what was corrected is two points of a moment there.
    from_metric = firm.kpi(
        "doubled", history="4d",
        source={"type": "metric", "queries": [
            {"id": "m", "metric": "vedette.kpi.orders", "statistic": "Last"},
            {"id": "e", "expression": "2 * m"}]},
    )  # fmt: skip
    firm.computer.compute(from_metric, firm.now[0])
    assert firm.read(from_metric, 4)[0].values[[0, 1, 3]].tolist() == [0, 6, 4]


def test_targets_are_judged_by_pace_and_forecast(firm: Any) -> None:
    week = {"period": "week", "value": 700.0}
    kpi = firm.kpi(
        targets=[week, {"period": "week", "value": 900.0}, {"period": "week", "value": 1e4}]
    )
    empty = read_outlook(firm.values, kpi, firm.now[0])
    assert [one.verdict for one in empty.standings] == ["no data"] * 3
    rng = np.random.default_rng(1)
    firm.push(kpi, {n: 110.0 + rng.normal() for n in range(1, 71)})
    found = read_outlook(firm.values, kpi, firm.now[0])
    assert found.expected.mean[0] == pytest.approx(110, abs=5)
    first, second, third = found.standings
    if first.actual is not None:
        assert first.verdict in {"on track", "met"}
        assert first.projected == pytest.approx(770, abs=25)
        assert first.lower <= first.projected <= first.upper
        assert second.verdict == "missed"
        assert third.verdict == "missed"
    down = firm.kpi("refunds", direction="down", targets=[{"period": "year", "value": 50.0}])
    firm.push(down, dict.fromkeys(range(1, 20), 10.0))
    (standing,) = read_outlook(firm.values, down, firm.now[0]).standings
    assert standing.verdict == "missed"


def test_the_hour_that_is_not_over_is_no_value_of_an_hour(firm: Any) -> None:
    kpi = firm.kpi("often", every="5m", targets=[{"period": "day", "value": 100.0}])
    at = firm.now[0].replace(minute=20)
    moments = [
        KpiValue(at - timedelta(minutes=20 + 5 * n), 1.0) for n in range(1, 25)
    ] + [KpiValue(at - timedelta(minutes=20), 1.0)]  # fmt: skip
    firm.values.store(firm.account, kpi.name, "1", moments, batch="often", now=at)
    found = read_outlook(firm.values, kpi, at)
    assert found.past.values[np.isfinite(found.past.values)].tolist() == [12.0, 12.0]
    assert found.standings[0].actual == 25.0


def test_periods_of_targets() -> None:
    target = check_kpi({"targets": [{"period": "quarter", "value": 1}]}).targets[0]
    start, end = period_of(target, datetime(2026, 12, 31, 23, tzinfo=UTC))
    assert (start.month, start.day, end.year, end.month) == (10, 1, 2027, 1)


def test_dependencies_are_identities_for_lineage(firm: Any) -> None:
    kpi = firm.kpi(
        models=["churn/3", "ranker"], services=["checkout"],
        source={"type": "metric", "queries": [{"id": "m", "metric": "orders.count"}]},
    )  # fmt: skip
    found = dependencies_of(kpi)
    account = firm.account
    assert str(found.kpi) == f"{account}/kpi/revenue"
    assert [str(one) for one in found.models] == [
        f"{account}/model/churn/3",
        f"{account}/model/ranker",
    ]
    assert [str(one) for one in found.services] == [f"{account}/service/checkout"]
    assert found.metrics == ("orders.count",)
    assert firm.kpis.dependencies(account) == [found]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"every": "7m"}, "every"),
        ({"targets": [{"value": float("nan")}]}, "targets"),
        ({"source": {"type": "sql", "sql": "DROP TABLE x"}}, "sql"),
        ({"source": {"type": "logs", "statistic": "sum"}}, "field"),
        ({"direction": "sideways"}, "direction"),
    ],
)
def test_what_cannot_be_is_refused_by_name(wrong: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidInputError) as caught:
        check_kpi(wrong)
    assert named in f"{caught.value.field} {caught.value.message}"


def test_names_are_metric_names() -> None:
    assert check_kpi_name("orders.revenue-eu_1") == "orders.revenue-eu_1"
    for name in ("", "Revenue", "a b", "x" * 101, ".a"):
        with pytest.raises(InvalidInputError):
            check_kpi_name(name)
