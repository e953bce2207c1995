"""The embedded metric format: what becomes points, and what is rejected loudly."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
import pytest

from vedette.core.settings import Settings
from vedette.query import QueryRunner
from vedette.store.catalog import Catalog
from vedette.store.warehouse import Warehouse
from vedette.telemetry import metric_filters as mf

NOON = datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=2)
MILLIS = int(NOON.timestamp() * 1000)


def event(*directives: Any, timestamp: Any = MILLIS, **members: Any) -> str:
    return orjson.dumps(
        {"_aws": {"Timestamp": timestamp, "CloudWatchMetrics": list(directives)}, **members}
    ).decode()


def directive(*metrics: Any, namespace: str = "shop", dimensions: Any = ((),)) -> dict[str, Any]:
    return {"Namespace": namespace, "Dimensions": dimensions, "Metrics": list(metrics)}


@pytest.fixture
def run(
    catalog: Catalog, warehouse: Warehouse, settings: Settings, account: str, runner: QueryRunner,
    arrive: Callable[..., None],
) -> Callable[..., tuple[list[Any], dict[str, int]]]:  # fmt: skip
    """Let events arrive and return the points ``(name, value, labels, unit)`` and the rejections."""

    def work(*events: str) -> tuple[list[Any], dict[str, int]]:
        job = mf.LogMetrics(catalog, warehouse, settings)
        job.update(NOON)
        arrive(*((1, one) for one in events))
        assert job.update(NOON + timedelta(seconds=60)).failed == {}
        points = runner.run(
            account,
            "SELECT MetricName, Value, Attributes, MetricUnit, TimeUnix FROM @otel_metrics_gauge"
            " ORDER BY MetricName, Value, toString(Attributes)",
        )
        assert {one[:19] for one in points["TimeUnix"]} <= {NOON.isoformat()[:19]}
        rejected = runner.run(account, "SELECT Reason, Count FROM @rejected WHERE Signal = 'emf'")
        rows = zip(
            points["MetricName"],
            points["Value"],
            points["Attributes"],
            points["MetricUnit"],
            strict=True,
        )
        return list(rows), dict(zip(rejected["Reason"], rejected["Count"], strict=True))

    return work


def test_a_number_and_an_array_with_each_dimension_set(run: Any) -> None:
    made = event(
        directive(
            {"Name": "ms", "Unit": "Milliseconds", "StorageResolution": 1},
            {"Name": "n", "Unit": "Count"},
            dimensions=[["route"], ["route", "region"]],
        ),
        ms=[5, 2.5], n=3, route="/a", region="eu", other="kept out",
    )  # fmt: skip
    points, rejected = run(made)
    one, both = (
        {"namespace": "shop", "route": "/a"},
        {"namespace": "shop", "route": "/a", "region": "eu"},
    )
    assert rejected == {}
    assert sorted(points, key=str) == sorted(
        [
            ("ms", 2.5, one, "Milliseconds"), ("ms", 2.5, both, "Milliseconds"),
            ("ms", 5, one, "Milliseconds"), ("ms", 5, both, "Milliseconds"),
            ("n", 3, one, "Count"), ("n", 3, both, "Count"),
        ],
        key=str,
    )  # fmt: skip


def test_targets_are_root_members_and_never_nested(run: Any) -> None:
    literal = event(directive({"Name": "A.a"}), **{"A.a": 7, "A": {"a": 1}})
    nested = event(directive({"Name": "A.a"}), A={"a": 1})
    points, rejected = run(literal, nested)
    assert points == [("A.a", 7, {"namespace": "shop"}, "")]
    assert rejected == {"a metric names no root member that is a number": 1}


def test_the_limits_hold_and_just_fit(run: Any) -> None:
    names = {f"d{n}": "x" for n in range(30)}
    fits = event(directive({"Name": "m"}, dimensions=[list(names)]), m=list(range(100)), **names)
    hundred = event(
        directive(*({"Name": f"k{n}"} for n in range(100))), **{f"k{n}": n for n in range(100)}
    )
    points, rejected = run(fits, hundred)
    assert rejected == {}
    assert len(points) == 200


@pytest.mark.parametrize(
    ("made", "reason"),
    [
        (event(directive({"Name": "m"}), m="5"), "a metric names no root member that is a number"),
        (event(directive({"Name": "m"})), "a metric names no root member that is a number"),
        (event(directive({"Name": "m"}), m=None), "a metric names no root member that is a number"),
        (event(directive({"Name": "m"}), m=[1, "2"]), "a metric has a value that is not a number"),
        (event(directive({"Name": "m"}), m=[]), "a metric has a value that is not a number"),
        (event(directive({"Name": "m"}), m=[[1]]), "a metric has a value that is not a number"),
        (event(directive({"Name": "m"}), m=list(range(101))), "a metric has more than 100 values"),
        (
            event(directive({"Name": "m", "StorageResolution": 30}), m=1),
            "StorageResolution is neither 1 nor 60",
        ),
        (event(directive({"Unit": "Count"}), m=1), "a metric has no Name"),
        (event(directive({"Name": "m"}, namespace=""), m=1), "a metric directive has no Namespace"),
        (
            event(directive({"Name": "m"}, dimensions=[["d"]]), m=1),
            "a dimension names no root member that is a string",
        ),
        (
            event(directive({"Name": "m"}, dimensions=[["d"]]), m=1, d=5),
            "a dimension names no root member that is a string",
        ),
        (
            event(directive({"Name": "m"}, dimensions=[[f"d{n}" for n in range(31)]]), m=1),
            "a dimension set has more than 30 dimensions",
        ),
        (event(m=1), "_aws.CloudWatchMetrics holds no metric directive"),
        ('{"_aws": {"Timestamp": 1}, "m": 1}', "_aws.Timestamp is too far in the past"),
        (
            event(directive({"Name": "m"}), timestamp="x", m=1),
            "_aws.Timestamp is not a number of milliseconds",
        ),
        (
            event(directive({"Name": "m"}), timestamp=MILLIS * 2, m=1),
            "_aws.Timestamp is too far in the future",
        ),
    ],
)
def test_what_breaks_a_rule_is_rejected_with_the_reason(run: Any, made: str, reason: str) -> None:
    points, rejected = run(made)
    assert points == []
    assert rejected == {reason: 1}


def test_too_many_metrics_are_rejected(run: Any) -> None:
    made = event(
        directive(*({"Name": f"k{n}"} for n in range(101))), **{f"k{n}": n for n in range(101)}
    )
    points, rejected = run(made)
    assert points == []
    assert rejected == {"a metric directive has more than 100 metrics": 101}


def test_good_metrics_of_an_event_are_kept_and_other_events_are_none(run: Any) -> None:
    made = event(directive({"Name": "good"}, {"Name": "bad"}), good=1, bad="x")
    points, rejected = run(made, "plain", '{"_aws": 5}', '{"m": "_aws"}', '{broken "_aws"')
    assert points == [("good", 1, {"namespace": "shop"}, "")]
    assert rejected == {"a metric names no root member that is a number": 1}
