"""From an alarm to what changed shortly before: a deployment far below shows first."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from urllib.parse import parse_qs, urlsplit

import orjson
import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

from support.lineage import dataset, facet, run_events, run_id
from support.spans import Sender, Sent, pairs
from support.watch import ACTOR, above
from vedette.alarms.causes import SOURCES, Candidate, find_causes
from vedette.alarms.causes.rank import services_of
from vedette.alarms.definition import check_spec
from vedette.alarms.model import Contributor, State
from vedette.core.errors import ConflictError, QueryLimitError
from vedette.core.time import TimeRange
from vedette.ingest import Source
from vedette.monitors.results import Result, Results

MINUTE = 60_000


def calls(number, at, *, failing=False, version="1"):
    """One request: web calls shop, shop calls db-proxy, which fails and runs a version."""
    bad = {"status": "Error"} if failing else {}
    trace = f"t{number}"
    http = {"http.response.status_code": 500 if failing else 200}
    return [
        Sent("web", "", "web", "Server", at, at + 90, trace=trace, attributes=http, **bad),
        Sent("c1", "web", "web", "Client", at + 5, at + 80, trace=trace, attributes=http, **bad),
        Sent("shop", "c1", "shop", "Server", at + 10, at + 70, trace=trace, attributes=http, **bad),
        Sent("c2", "shop", "shop", "Client", at + 15, at + 60, trace=trace, attributes=http, **bad),
        Sent("px", "c2", "proxy", "Server", at + 20, at + 50, trace=trace, attributes=http,
             resource={"service.version": version}, **bad),
        Sent("by", "", "bystander", "Server", at, at + 5, trace=f"b{number}",
             resource={"service.version": version}),
    ]  # fmt: skip


@pytest.fixture
def incident(watch):
    """A proxy two calls below the web fails from minute 20 on, with a new version."""
    sender = Sender(watch.account, watch.submit)
    before = [s for n in range(20) for s in calls(n, (-18 + n) * MINUTE)]
    after = [
        s for n in range(20, 40)
        for s in calls(n, 20 * MINUTE + (n - 20) * 5000, failing=True, version="2")
    ]  # fmt: skip
    sender.send(before, after)
    request = ExportLogsServiceRequest()
    block = request.resource_logs.add()
    block.resource.attributes.extend(pairs({"service.name": "proxy"}))
    records = block.scope_logs.add().log_records
    for n in range(12):
        record = records.add(severity_number=17, severity_text="ERROR")
        record.body.string_value = f"connection pool exhausted for tenant {n}"
        record.time_unix_nano = sender.base_ns + (20 * 60 + n) * 10**9
    (receipt,) = watch.submit(Source.OTLP_LOGS, watch.account, request.SerializeToString())
    assert not receipt.rejected
    since = sender.base + timedelta(minutes=22)
    spec = check_spec(above("temp"))
    watch.service.put(ACTOR, watch.account, "web-errors", spec, labels={"service": "web"})
    view = watch.service.get(watch.account, "web-errors")
    view.status.since, view.status.state = since.timestamp(), State.ALARM
    return SimpleNamespace(watch=watch, view=view, since=since)


def in_alarm(onset: datetime | None = None, **labels: str) -> Contributor:
    """A series that is in ALARM."""
    return Contributor(labels, State.ALARM, onset=onset and onset.timestamp())


def test_the_deployment_and_the_farthest_failing_service_come_first(incident):
    watch = incident.watch
    found = find_causes(watch.catalog, watch.runner, incident.view, [in_alarm(service="web")])
    assert found.failed == {}
    assert found.services == ["web"]
    first = found.causes[:2]
    assert {one.candidate.kind for one in first} == {"version", "dependency"}
    assert {one.candidate.service for one in first} == {"proxy"}
    assert {one.distance for one in first} == {2}
    version = next(one.candidate for one in found.causes if one.candidate.kind == "version")
    assert version.title == "proxy went from 1 to 2"
    assert version.evidence == {"before": "1", "after": "2"}
    shown = parse_qs(urlsplit(version.link).query)
    assert shown["q"] == ['service:"proxy" resource.service.version:"2"']
    assert shown["from"] == [f"{incident.since - timedelta(minutes=30):%Y-%m-%dT%H:%M:%SZ}"]
    kinds = [(one.candidate.kind, one.candidate.service) for one in found.causes]
    assert ("errors", "proxy") in kinds
    message = next(one.candidate for one in found.causes if one.candidate.kind == "message")
    assert "connection pool exhausted" in message.title
    assert message.evidence["count"] == 12
    # The same kind of change where the alarm's service does not depend on it counts less.
    bystander = next(one for one in found.causes if one.candidate.service == "bystander")
    assert bystander.distance is None
    assert bystander.score < min(one.score for one in first)
    assert [one.score for one in found.causes] == sorted(
        (one.score for one in found.causes), reverse=True
    )


def test_causes_are_looked_for_from_the_first_bad_data_on(incident):
    watch = incident.watch
    late = incident.since + timedelta(minutes=50)
    incident.view.status.since = late.timestamp()
    found = find_causes(watch.catalog, watch.runner, incident.view, [in_alarm(service="web")])
    assert "version" not in {one.candidate.kind for one in found.causes}
    found = find_causes(
        watch.catalog, watch.runner, incident.view, [in_alarm(service="web", onset=incident.since)]
    )
    version = next(one for one in found.causes if one.candidate.kind == "version")
    assert version.score > 0.7  # as near as to an alarm that went off with its first data
    assert found.since == late


def test_what_came_after_the_first_bad_data_did_not_begin_it(incident):
    watch = incident.watch
    long_before = incident.since - timedelta(hours=1)
    found = find_causes(
        watch.catalog, watch.runner, incident.view, [in_alarm(service="web", onset=long_before)]
    )
    version = next(one for one in found.causes if one.candidate.kind == "version")
    assert version.score < 0.25


def test_what_causes_link_to_are_pages_of_the_console(incident):
    pages = Path(__file__).parents[2] / "console" / "src" / "pages"
    paths = {
        re.sub(r"\$\w+", "[^/?]+", path)
        for file in pages.glob("*/page.ts")
        for path in re.findall(r'path: "([^"]+)"', file.read_text())
    }
    watch = incident.watch
    found = find_causes(watch.catalog, watch.runner, incident.view, [in_alarm(service="web")])
    for one in found.causes:
        path = urlsplit(one.candidate.link).path
        assert any(re.fullmatch(known, path) for known in paths), one.candidate.link


@pytest.fixture
def quality(watch):
    """An alarm of 25 minutes ago, on a dataset that a pipeline's task writes."""
    spec = check_spec(above("temp"))
    watch.service.put(ACTOR, watch.account, "orders-rows", spec)
    view = watch.service.get(watch.account, "orders-rows")
    since = datetime.now(UTC) - timedelta(minutes=25)
    view.status.since, view.status.state = since.timestamp(), State.ALARM

    def store(*runs):
        events = [event for run in runs for event in run]
        (receipt,) = watch.submit(Source.LINEAGE, watch.account, orjson.dumps(events))
        assert not receipt.rejected, receipt

    return SimpleNamespace(watch=watch, view=view, store=store)


def causes_of(quality, **labels):
    watch = quality.watch
    found = find_causes(watch.catalog, watch.runner, quality.view, [Contributor(labels)])
    assert found.failed == {}
    return [one for one in found.causes if one.candidate.kind == "run"]


def test_a_failed_run_is_named_where_it_began(quality):
    error = {"errorMessage": facet(message="no column amount\nat line 3", programmingLanguage="x")}
    quality.store(
        run_events("nightly", "n1", 3000, 1900, outcome="FAIL"),
        run_events(
            "nightly.load", "l1", 2400, 2000, outcome="FAIL", parent=("nightly", "n1"),
            outputs=[dataset("orders")], **error,
        ),
        run_events("nightly.extract", "e1", 2900, 2500, parent=("nightly", "n1")),
    )  # fmt: skip
    (cause,) = causes_of(quality, dataset="orders")
    candidate = cause.candidate
    assert candidate.title == "nightly.load failed: no column amount"
    assert candidate.link == f"/pipelines/runs/{run_id('l1')}"
    assert candidate.evidence["status"] == "failed"
    assert cause.distance == 1
    assert cause.minutes_before == pytest.approx(8.3, abs=0.2)
    (elsewhere,) = causes_of(quality, dataset="customers")
    assert elsewhere.distance is None
    assert elsewhere.score < cause.score


def test_a_run_is_slow_beside_those_before_it(quality):
    usual = [run_events("hourly", f"u{n}", 3600 * n + 120, 3600 * n + 60) for n in range(2, 6)]
    quality.store(*usual, run_events("hourly", "slow", 2400, 1800))
    (cause,) = causes_of(quality)
    assert cause.candidate.title == "hourly took 600 s, 10.0 times the usual"
    assert cause.candidate.evidence["usual_seconds"] == pytest.approx(60)


def test_a_run_that_has_not_ended_is_slow_from_when_it_should_have(quality):
    usual = [run_events("hourly", f"u{n}", 3600 * n + 120, 3600 * n + 60) for n in range(2, 6)]
    quality.store(*usual, run_events("hourly", "open", 2400, None))
    (cause,) = causes_of(quality)
    assert cause.candidate.title.startswith("hourly has taken ")
    assert cause.minutes_before == pytest.approx(40 - 2 - 25, abs=0.2)


def test_a_run_long_before_counts_only_upstream(quality):
    quality.store(
        run_events("makes-it", "m", 20_000, 19_000, outcome="FAIL", outputs=[dataset("orders")]),
        run_events("other", "o", 20_000, 19_000, outcome="FAIL", outputs=[dataset("things")]),
    )
    (cause,) = causes_of(quality, dataset="orders")
    assert cause.candidate.title == "makes-it failed"
    assert causes_of(quality, dataset="nothing") == []


def test_a_dataset_upstream_that_began_to_drift_comes_before_what_came_later(quality):
    watch = quality.watch
    results = Results(watch.warehouse, watch.runner)
    now = datetime.now(UTC)

    def window(minutes, dataset_name, *found, run="01"):
        start = now - timedelta(minutes=minutes)
        results.store(
            watch.account, dataset_name, "m1", run, TimeRange(start, start + timedelta(minutes=5)),
            found, time=now,
        )  # fmt: skip

    def psi(column, value):
        status = "drift" if value >= 0.25 else "no drift"
        return Result("drift", "psi", status, column=column, value=value, threshold=0.25)

    quality.store(
        run_events("daily", "d1", 9000, 8000, inputs=[dataset("raw")], outputs=[dataset("orders")])
    )
    for minutes in (40, 35):  # it begins once, and goes on
        window(minutes, "raw", psi("hour", 4.0), psi("day", 1.0), psi("amount", 0.3))
    window(45, "raw", psi("hour", 0.9), psi("day", 0.1), psi("amount", 0.3))
    window(45, "raw", psi("hour", 0.1), psi("day", 0.1), psi("amount", 0.3), run="02")
    window(50, "raw", psi("amount", 0.3))
    window(400, "raw", psi("amount", 0.3))
    window(40, "orders", psi("hour", 4.0))  # the alarm's own
    window(40, "model:delay", psi("hour", 4.0))
    quality.store(
        run_events("later", "l1", 1700, 1550, outcome="FAIL", outputs=[dataset("orders")])
    )
    missing = Result(
        "check",
        "completeness",
        "violated",
        column="id",
        value=0.5,
        description="id: half is missing",
    )
    window(40, "elsewhere", missing)
    onset = now - timedelta(minutes=40)
    found = find_causes(
        watch.catalog, watch.runner, quality.view, [in_alarm(onset, dataset="orders")]
    )
    assert found.failed == {}
    assert [one.candidate.title for one in found.causes] == [
        "raw drifts in hour and 1 more column",
        "elsewhere violates a check: id: half is missing",
        "later failed",
    ]
    drift = found.causes[0]
    assert drift.candidate.evidence["columns"] == ["day", "hour"]
    assert (drift.candidate.evidence["measure"], drift.candidate.evidence["value"]) == ("psi", 4)
    assert drift.distance == 2
    assert urlsplit(drift.candidate.link).path == "/datasets/raw"
    # Nobody looked at the other before: it may have been so for long.
    assert [one.candidate.earlier for one in found.causes] == [False, True, False]


def test_another_version_of_a_model_began_to_answer(quality):
    def answers(minutes, version, model="delay"):
        at = datetime.now(UTC) - timedelta(minutes=minutes)
        return [
            {"id": f"{model}{minutes}-{n}", "model": model, "version": version, "endpoint": "predict-api",
             "time": at.timestamp() + n, "prediction": 0.5, "features": {"x": 1.0}}
            for n in range(6)
        ]  # fmt: skip

    records = [*answers(300, "1"), *answers(40, "2"), *answers(35, "1"), *answers(40, "7", "other")]
    body = b"\n".join(orjson.dumps(record) for record in records)
    (receipt,) = quality.watch.submit(Source.PREDICTIONS, quality.watch.account, body)
    assert not receipt.rejected, receipt
    found = find_causes(
        quality.watch.catalog, quality.watch.runner, quality.view, [in_alarm(model="delay")]
    )
    assert found.failed == {}
    # Of the other model nothing is known from before: it may have answered for long.
    (cause,) = found.causes
    assert cause.candidate.title == "delay went from version 1 to 2 at predict-api"
    assert cause.candidate.evidence == {"before": "1", "after": "2", "predictions": 6}
    assert cause.distance == 0
    assert urlsplit(cause.candidate.link).path == "/models/delay/monitoring"
    # There are no spans, so nothing is known of calls; an endpoint is still itself.
    watch = quality.watch
    found = find_causes(
        watch.catalog, watch.runner, quality.view, [in_alarm(service="predict-api")]
    )
    (cause,) = found.causes
    assert cause.distance == 0


def test_a_source_that_fails_is_said_and_others_answer(incident, monkeypatch):
    class Broken:
        name = "pipelines"

        def find(self, question):
            raise QueryLimitError("too much to read")

    class Added:
        name = "runs"

        def find(self, question):
            return [Candidate("run", "nightly load failed", "it feeds it", question.since, 1.0)]

    monkeypatch.setattr("vedette.alarms.causes.rank.SOURCES", [*SOURCES, Broken(), Added()])
    watch = incident.watch
    found = find_causes(watch.catalog, watch.runner, incident.view, [])
    assert found.failed == {"pipelines": "too much to read"}
    assert "run" in {one.candidate.kind for one in found.causes}


def test_what_was_so_before_is_no_cause(incident):
    watch = incident.watch
    incident.view.status.since = (incident.since + timedelta(minutes=100)).timestamp()
    found = find_causes(watch.catalog, watch.runner, incident.view, [in_alarm(service="web")])
    assert found.causes == []


def test_alarms_that_came_before_are_named(watch):
    watch.put("first", above("temp"))
    watch.put("second", above("temp2", **{"for": "2m"}))
    watch.gauges(temp=[99] * 4, temp2=[99] * 4)
    for _ in range(4):
        watch.tick()
    view = watch.service.get(watch.account, "second")
    firing = watch.service.firing(watch.account, "second")
    found = find_causes(watch.catalog, watch.runner, view, firing)
    (cause,) = found.causes
    assert cause.candidate.title == "first went into ALARM before"
    assert cause.minutes_before == 2


def test_an_alarm_that_was_never_evaluated(watch):
    watch.put("new", above("temp"))
    with pytest.raises(ConflictError):
        find_causes(watch.catalog, watch.runner, watch.service.get(watch.account, "new"), [])


def test_services_are_found_in_series_labels_and_conditions(watch):
    matcher = {"label": "service", "value": "cart"}
    spec = above("temp")
    spec["source"]["queries"][0]["matchers"] = [matcher]
    watch.put("a", spec, labels={"service": "web"})
    view = watch.service.get(watch.account, "a")
    assert services_of(view, [{"service": "shop"}, {"host": "x"}]) == {"web", "cart", "shop"}
