"""Monitors look at windows once they are over, and again when data comes late."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from vedette.core.errors import ConflictError, InvalidInputError, NotFoundError
from vedette.core.time import TimeRange
from vedette.data.checks.definition import parse_checks
from vedette.data.datasets import Datasets
from vedette.data.profiles import Selection
from vedette.monitors.definition import MonitorSpec
from vedette.monitors.service import KIND, Monitors
from vedette.scheduler import Scheduler
from vedette.store.catalog import Actor

ACTOR = Actor.system("tests")
HOUR = timedelta(hours=1)


@pytest.fixture
def monitor(watched: Any) -> Any:
    def make(name: str = "orders by the hour", **spec: Any) -> Any:
        definition = MonitorSpec.model_validate(
            {"dataset": "orders", "schedule": "every 1h", "window": "1h", "late": "1d"} | spec
        )
        return Monitors(watched.catalog).put(ACTOR, watched.account, name, definition)

    return make


def statuses(done: list[Any]) -> list[dict[str, str]]:
    return [
        {r.column or r.family: r.status for r in one.results if r.family in {"drift", "window"}}
        for one in done
    ]


def test_drift_against_the_days_before(watched: Any, monitor: Any, hour: datetime) -> None:
    for back in range(6, 0, -1):
        watched.send(hour - back * HOUR)
    one = monitor(baseline={"over": "1d"}, drift={})
    watched.evaluator.run(one, now=hour)
    watched.emitted.clear()
    watched.send(hour, mean=1.0, country="IT")
    (done,) = watched.evaluator.run(one, now=hour + HOUR)
    assert done.window == TimeRange(hour, hour + HOUR)
    assert statuses([done]) == [
        {"window": "ok", "drift": "drift", "amount": "drift", "country": "drift"}
    ]
    assert watched.values("vedette.drift.share") == [1.0]
    assert watched.values("vedette.drift.detected", column="amount") == [1.0]
    assert watched.values("vedette.data.rows") == [2000.0]
    assert watched.values("vedette.data.mean", column="amount") == [pytest.approx(1, abs=0.1)]
    assert all(point.time == hour for point in watched.emitted)
    range_ = TimeRange(hour, hour + HOUR)
    (run,) = watched.results.runs(watched.account, one.id, range_)
    assert (run["status"], run["rows"], run["drifted"]) == ("CompletedWithViolations", 2000, 2)
    rows = watched.results.rows(watched.account, one.id, range_, column="country")
    assert rows[0]["details"]["new_categories"]["largest"][0]["value"] == "IT"
    assert "'IT'" in rows[0]["description"]
    # Nothing new: nothing to do.
    assert watched.evaluator.run(one, now=hour + HOUR) == []


def test_the_window_itself_and_incidents_are_not_learned_from(
    watched: Any, monitor: Any, hour: datetime
) -> None:
    watched.send(hour - 3 * HOUR)
    watched.send(hour - 2 * HOUR, mean=5.0)
    watched.send(hour - HOUR, mean=5.0)
    masked = [{"start": (hour - 2 * HOUR).isoformat(), "end": (hour - HOUR).isoformat()}]
    one = monitor(baseline={"over": "2h", "masked": masked}, drift={})
    done = watched.evaluator.run(one, now=hour)
    assert statuses(done)[-1]["amount"] == "drift"
    learned = monitor("unmasked", baseline={"over": "1h"}, drift={})
    assert statuses(watched.evaluator.run(learned, now=hour))[-1]["amount"] == "no drift"


def test_late_data_is_looked_at_again(watched: Any, monitor: Any, hour: datetime) -> None:
    one = monitor(checks=[{"check": "volume", "min": 2500}])
    watched.send(hour)
    (first,) = watched.evaluator.run(one, now=hour + HOUR)
    assert [r.status for r in first.results if r.family == "check"] == ["violated"]
    watched.send(hour, rows=1000)
    (second,) = watched.evaluator.run(one, now=hour + 2 * HOUR)[:1]
    assert second.window == first.window
    (run,) = watched.results.runs(watched.account, one.id, TimeRange(hour, hour + HOUR))
    assert (run["status"], run["rows"]) == ("Completed", 3000)


def test_a_window_without_data_is_told(watched: Any, monitor: Any, hour: datetime) -> None:
    one = monitor(checks=[{"check": "volume", "min": 1, "severity": "critical"}])
    (done,) = watched.evaluator.run(one, now=hour + HOUR)
    assert [r.status for r in done.results] == ["no data", "violated"]
    assert watched.values("vedette.data.rows") == [0.0]
    assert watched.values("vedette.checks.violated", severity="critical") == [1.0]
    (run,) = watched.results.runs(watched.account, one.id, done.window)
    assert run["status"] == "NoData"


def test_the_datasets_checks_and_segments(watched: Any, monitor: Any, hour: datetime) -> None:
    datasets = Datasets(watched.catalog)
    checks = parse_checks([
        {"check": "values", "column": "country", "in": ["DE", "FR"]},
        {"check": "unique", "columns": ["amount"]},
    ])  # fmt: skip
    datasets.put_checks(ACTOR, watched.account, "orders", checks)
    watched.send(hour, segment={"shop": "a"})
    watched.send(hour, segment={"shop": "b"}, country="XX")
    one = monitor(segments=[{"shop": "a"}, {"shop": "b"}])
    (done,) = watched.evaluator.run(one, now=hour + HOUR)
    told = {(str(r.segment), r.measure): r.status for r in done.results if r.family == "check"}
    assert told == {
        ("{}", "values"): "violated",
        ("{'shop': 'a'}", "values"): "passed",
        ("{'shop': 'b'}", "values"): "violated",
    }
    rows = {str(r.segment): r.value for r in done.results if r.family == "window"}
    assert rows == {"{}": 4000, "{'shop': 'a'}": 2000, "{'shop': 'b'}": 2000}


def test_a_frozen_baseline(watched: Any, monitor: Any, hour: datetime) -> None:
    datasets = Datasets(watched.catalog)
    watched.send(hour - 5 * HOUR)
    named = datasets.add_baseline(ACTOR, watched.account, "orders", "model:churn/3", "range")
    range_ = TimeRange(hour - 5 * HOUR, hour - 4 * HOUR)
    watched.profiles.freeze(watched.account, Selection("orders", range_), named.id)
    one = monitor(baseline={"kind": "frozen", "name": "model:churn/3"}, drift={"preset": "nannyml"})
    watched.send(hour, mean=2.0)
    done = [d for d in watched.evaluator.run(one, now=hour + HOUR) if d.window.start == hour]
    assert statuses(done)[0]["amount"] == "drift"
    with pytest.raises(ConflictError, match="already"):
        datasets.add_baseline(ACTOR, watched.account, "orders", "model:churn/3", "range")
    datasets.remove_baseline(ACTOR, watched.account, "orders", "model:churn/3")
    watched.send(hour, mean=2.0)
    with pytest.raises(NotFoundError, match="no baseline"):
        watched.evaluator.run(one, now=datetime.now(UTC))


def test_on_arrival_the_open_window_counts(watched: Any, monitor: Any) -> None:
    now = datetime.now(UTC)
    hour = now.replace(minute=0, second=0, microsecond=0)
    one = monitor(schedule="arrival", checks=[{"check": "volume", "min": 1}])
    assert watched.evaluator.run(one, now=now) == []
    watched.send(hour)
    (done,) = watched.evaluator.run(one, now=datetime.now(UTC))
    assert done.window.start == hour


def test_it_runs_on_the_scheduler(watched: Any, monitor: Any) -> None:
    one = monitor(schedule="every 1h", window="1h")
    scheduler = Scheduler(watched.catalog)
    scheduler.handle(KIND, watched.evaluator.handle)
    (item,) = watched.catalog.scheduled_work.list(kind=KIND)
    assert (item.key, item.schedule) == (
        f"{watched.account}/{one.id}",
        one.spec.parsed_schedule().text,
    )
    Monitors(watched.catalog).remove(ACTOR, watched.account, one.name)
    with pytest.raises(NotFoundError):
        Monitors(watched.catalog).get(watched.account, one.name)
    assert scheduler.run_due(KIND) == []
    assert watched.catalog.scheduled_work.list(kind=KIND) == []


def test_versions_of_checks(watched: Any) -> None:
    datasets, account = Datasets(watched.catalog), watched.account
    first = datasets.put_checks(
        ACTOR, account, "orders", parse_checks([{"check": "volume", "min": 1}])
    )
    same = datasets.put_checks(ACTOR, account, "orders", first.checks)
    second = datasets.put_checks(
        ACTOR, account, "orders", parse_checks([{"check": "volume", "min": 2}]), expected_version=1
    )
    assert (first.version, same.version, second.version) == (1, 1, 2)
    assert datasets.checks(account, "orders").checks == second.checks
    assert datasets.checks(account, "orders", 1).checks == first.checks
    assert [one.version for one in datasets.versions(account, "orders")] == [2, 1]
    with pytest.raises(ConflictError, match="latest version is 2"):
        datasets.put_checks(ACTOR, account, "orders", first.checks, expected_version=1)
    with pytest.raises(NotFoundError):
        datasets.checks(account, "nothing")
    events = watched.catalog.audit.list(account, event_name="PutDatasetChecks").items
    assert len(events) == 2


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"schedule": "sometimes"}, None),
        ({"window": "10s"}, "window"),
        ({"window": "long"}, "window"),
        ({"late": "x"}, "late"),
        ({"drift": {}}, "baseline"),
        ({"checks": [{"check": "magic"}]}, "checks[0].check"),
        ({"baseline": {"over": "x"}}, "baseline.over"),
        ({"baseline": {"masked": [{"start": "-1h", "end": "now"}]}}, "masked.start"),
        ({"drift": {"measure": "feeling"}, "baseline": {}}, "measure"),
        ({"columns": []}, "columns"),
        ({"segments": [{}]}, "segments[0]"),
        ({"segments": [{"shop": "a"}, {"shop": "a"}]}, "segments[1]"),
    ],
)
def test_wrong_definitions_are_refused(
    watched: Any, monitor: Any, wrong: dict[str, Any], field: str | None
) -> None:
    with pytest.raises(InvalidInputError) as caught:
        monitor(**wrong)
    assert field in {None, caught.value.field}
    with pytest.raises(NotFoundError):
        Monitors(watched.catalog).get(watched.account, "orders by the hour")
