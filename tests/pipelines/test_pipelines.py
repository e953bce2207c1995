from datetime import UTC, datetime, timedelta

import pytest

from support.lineage import dataset, facet, run_events, run_id
from vedette.core.errors import NotFoundError
from vedette.core.time import TimeRange
from vedette.pipelines.expectations import Expectations, PipelineExpectations, standing
from vedette.pipelines.measures import PipelineMetrics
from vedette.pipelines.service import Pipelines
from vedette.pipelines.timeline import critical_path, time_by_task
from vedette.store.catalog import Actor

ACTOR = Actor.system("tests")
HOUR = ("-1h", "now")


@pytest.fixture
def nightly(store):
    """A run of an hour ago that failed in its second try, and a good one."""
    parent = ("nightly", "good")
    check = facet(assertions=[{"assertion": "not_null", "column": "id", "success": False}])
    store(
        [
            *run_events("nightly", "bad", 1800, 1700, outcome="FAIL", errorMessage=facet(message="boom")),
            *run_events("nightly.extract", "bad-e", 1799, 1701, outcome="FAIL", parent=("nightly", "bad")),
            *run_events("nightly", "good", 600, 500, own={"traceId": "ab" * 16}),
            *run_events("nightly.extract", "e1", 600, 580, outcome="FAIL", parent=parent),
            *run_events("nightly.extract", "e2", 579, 560, parent=parent, own={"attempt": 2},
                        outputs=[dataset("raw", rows=100)]),
            *run_events("nightly.load", "l", 550, 501, parent=parent, inputs=[dataset("raw", rows=100)],
                        outputs=[dataset("clean", rows=90, dataQualityAssertions=check)]),
        ]
    )  # fmt: skip


def test_pipelines_with_their_tasks(catalog, runner, account, nightly):
    pipelines = Pipelines(catalog, runner)
    (found,) = pipelines.page(account, TimeRange.parse(*HOUR))
    assert (found["job"], found["runs"], found["failed"]) == ("nightly", 2, 1)
    assert (found["last_status"], found["health"]) == ("completed", "ok")
    assert found["p50_seconds"] == pytest.approx(100, abs=1)
    # What its tasks moved, since it says nothing of itself.
    assert (found["rows_in"], found["rows_out"], found["retries"]) == (100, 190, 1)
    assert found["slowest_task"] == "nightly.load"
    assert found["rows_per_second"] == pytest.approx(1.9, rel=0.05)
    assert [one["status"] for one in found["recent"]] == ["failed", "completed"]
    assert found["age"] == pytest.approx(500, abs=30)
    one = pipelines.get(account, "nightly", TimeRange.parse(*HOUR))
    assert [(task["label"], task["runs"], task["failed"]) for task in one["tasks"]] == [
        ("extract", 3, 2), ("load", 1, 0),
    ]  # fmt: skip
    aged = {"age", "lateness"}
    assert {**one["summary"], **dict.fromkeys(aged)} == {**found, **dict.fromkeys(aged)}
    task = pipelines.get(account, "nightly.extract", TimeRange.parse(*HOUR))
    summary = task["summary"]
    assert (task["about"]["parent"], summary["runs"], summary["failed"]) == ("nightly", 3, 2)
    assert (summary["retries"], summary["rows_out"], summary["health"]) == (1, 100, "ok")
    assert summary["p50_seconds"] == pytest.approx(19, abs=1)
    with pytest.raises(NotFoundError):
        pipelines.get(account, "none", TimeRange.parse(*HOUR))


def test_runs_and_a_run(catalog, runner, account, nightly):
    pipelines = Pipelines(catalog, runner)
    runs = pipelines.runs(account, TimeRange.parse(*HOUR))
    assert [run["status"] for run in runs] == ["completed", "failed"]
    assert runs[1]["error"] == "boom"
    failed = pipelines.runs(account, TimeRange.parse(*HOUR), status="failed")
    assert [run["run_id"] for run in failed] == [run_id("bad")]
    assert len(pipelines.runs(account, TimeRange.parse(*HOUR), parent="nightly")) == 4
    found = pipelines.run(account, run_id("good"))
    assert found["run"]["trace_id"] == "ab" * 16
    assert (found["run"]["tasks"], found["run"]["tasks_failed"]) == (3, 1)
    assert [(task["label"], task["attempt"]) for task in found["tasks"]] == [
        ("extract", 0), ("extract", 2), ("load", 0),
    ]  # fmt: skip
    assert {(one["dataset"], one["direction"]) for one in found["datasets"]} == {
        ("raw", "in"), ("raw", "out"), ("clean", "out"),
    }  # fmt: skip
    assert [(check["column"], check["status"]) for check in found["checks"]] == [("id", "violated")]
    slowest = found["time_by_task"][0]
    assert (slowest["job"], round(slowest["share"], 1)) == ("load", 0.5)
    assert sum(step.seconds for step in found["path"]) == pytest.approx(100, abs=0.5)
    events = pipelines.events(account, run_id("good"))
    assert [event["event_type"] for event in events] == ["START", "COMPLETE"]
    series = pipelines.series(account, "nightly", TimeRange.parse(*HOUR))
    assert sum(filter(None, series["jobs"]["nightly"]["runs"])) == 2
    assert sum(filter(None, series["jobs"]["nightly.load"]["rows_out"])) == 90


def test_the_same_events_again_change_nothing(catalog, runner, account, store):
    events = run_events("again", "again", 60, 10, outputs=[dataset("x", rows=5)])
    for _ in range(3):
        store(events)
    (found,) = Pipelines(catalog, runner).page(account, TimeRange.parse(*HOUR))
    assert (found["runs"], found["rows_out"]) == (1, 5)


def test_a_task_whose_pipeline_is_silent_is_a_pipeline(catalog, runner, account, store):
    store(run_events("orphan", "o", 60, 10, parent=("nobody", "n")))
    assert [
        one["job"] for one in Pipelines(catalog, runner).page(account, TimeRange.parse(*HOUR))
    ] == ["orphan"]


def test_metrics_are_told_once(catalog, warehouse, runner, account, store):
    told, clock = [], [datetime.now(UTC)]
    metrics = PipelineMetrics(
        catalog,
        warehouse,
        runner,
        lambda *batch: told.append(batch),
        lambda: int(clock[0].timestamp() * 1000),
    )
    metrics.update()
    store(run_events("nightly", "m", 100, 50, outputs=[dataset("clean", rows=500)]))
    clock[0] = datetime.now(UTC) + timedelta(seconds=30)
    metrics.update()
    mine = [point for batch in told if batch[0] == account for point in batch[1]]
    values = {point.name: point.value for point in mine}
    assert values["vedette.pipeline.duration"] == pytest.approx(50, abs=0.1)
    assert values["vedette.pipeline.rows.out"] == 500
    assert values["vedette.pipeline.throughput.rows"] == pytest.approx(10, abs=0.1)
    assert values["vedette.pipeline.failed"] == 0
    clock[0] += timedelta(seconds=70)
    before = len(told)
    metrics.update()
    later = {
        point.name: point.value
        for batch in told[before:]
        if batch[0] == account
        for point in batch[1]
    }
    assert set(later) == {"vedette.pipeline.freshness", "vedette.dataset.freshness"}
    assert later["vedette.pipeline.freshness"] == pytest.approx(150, abs=30)
    # A process that did not note what it told tells it again as the same batch.
    again = []
    restarted = PipelineMetrics(
        catalog,
        warehouse,
        runner,
        lambda *batch: again.append(batch),
        lambda: int(clock[0].timestamp() * 1000),
    )
    restarted._ended(account, clock[0] - timedelta(hours=1), clock[0])
    assert [batch[2] for batch in again] == [
        b[2] for b in told if b[0] == account and "standing" not in b[2]
    ]
    assert again[0][3] == 2


def test_standing_against_what_is_expected(catalog, account):
    now = datetime(2026, 1, 5, 4, 0, tzinfo=UTC)
    expected = Expectations(
        schedule="0 2 * * *", grace="10m", freshness_warn="3h", freshness_error="30h"
    )
    yesterday = now - timedelta(hours=25)
    late = standing(
        expected, last_status="completed", last_started=yesterday, last_success=yesterday, now=now
    )
    assert (late.health, late.lateness) == ("warning", 7200)
    fine = standing(
        expected, last_status="completed", last_started=now - timedelta(hours=2), now=now,
        last_success=now - timedelta(hours=1),
    )  # fmt: skip
    assert (fine.health, fine.lateness) == ("ok", 0)
    never = standing(expected, last_status="", last_started=None, last_success=None, now=now)
    assert never.health == "error"
    repository = PipelineExpectations(catalog)
    repository.put(ACTOR, account, "nightly", expected)
    assert repository.get(account, "nightly") == expected
    repository.remove(ACTOR, account, "nightly")
    with pytest.raises(NotFoundError):
        repository.remove(ACTOR, account, "nightly")


def test_the_critical_path_has_no_holes():
    tasks = [("1", "a", 0.0, 4.0), ("2", "b", 0.0, 6.0), ("3", "c", 7.0, 9.0)]
    path = critical_path((0.0, 10.0), tasks)
    assert [(step.job, step.start, step.seconds) for step in path] == [
        ("b", 0, 6), ("", 6, 1), ("c", 7, 2), ("", 9, 1),
    ]  # fmt: skip
    assert [(part["job"], part["share"]) for part in time_by_task(path)][:1] == [("b", 0.6)]
    assert [(s.start, s.seconds) for s in critical_path((0.0, 5.0), [])] == [(0.0, 5.0)]
    assert critical_path((0.0, 1.0), [("1", "a", -5.0, 20.0)])[0].seconds == 1
