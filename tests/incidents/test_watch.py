"""Alarms that fire over the stores become incidents, and incidents end with them."""

from datetime import timedelta

import pytest

from support.watch import ACTOR, above
from vedette.core.errors import ConflictError, InvalidInputError
from vedette.incidents.model import Status
from vedette.incidents.postmortem import render_html, render_markdown
from vedette.incidents.service import Edit, Incidents
from vedette.incidents.timeline import read_timeline
from vedette.incidents.watch import RESOLVE_AFTER, IncidentWatcher


@pytest.fixture
def incidents(watch):
    return Incidents(watch.catalog)


@pytest.fixture
def watcher(watch):
    return IncidentWatcher(watch.catalog, watch.warehouse, watch.runner)


def fire(watch, name, metric, service, severity="error"):
    watch.put(name, above(metric, severity=severity), labels={"service": service})
    watch.gauge(metric, 50)


def open_of(incidents, watch):
    return incidents.page(watch.account, unresolved=True).items


def test_alarms_of_one_service_are_one_incident_and_others_another(watch, incidents, watcher):
    fire(watch, "slow", "lat", "shop", "warning")
    fire(watch, "errors", "err", "shop", "critical")
    fire(watch, "disk", "full", "lake")
    fire(watch, "mere news", "chat", "shop", "info")
    watch.tick()
    watcher.run()
    watcher.run()
    lake, shop = sorted(open_of(incidents, watch), key=lambda one: one.services)
    assert (lake.services, [one.alarm for one in lake.alarms]) == (("lake",), ["disk"])
    assert sorted(one.alarm for one in shop.alarms) == ["errors", "slow"]
    assert shop.severity == "critical"
    assert {one.reason for one in shop.alarms} == {"it began the incident", "same service: shop"}
    assert {shop.number, lake.number} == {1, 2}


def test_an_incident_ends_with_its_alarms_and_is_reopened_by_them(watch, incidents, watcher):
    fire(watch, "slow", "lat", "shop")
    watch.tick()
    watcher.run()
    (one,) = open_of(incidents, watch)
    with pytest.raises(ConflictError, match="slow still fires"):
        incidents.edit(ACTOR, watch.account, one.id, Edit(status="resolved"))
    watch.gauge("lat", 1)
    watch.tick()
    watcher.run()
    (one,) = open_of(incidents, watch)
    assert one.alarms[0].ended
    assert one.quiet_since
    watch.now[0] += RESOLVE_AFTER + timedelta(seconds=1)
    watcher.run()
    assert incidents.get(watch.account, "1").status is Status.RESOLVED
    assert (
        incidents.notes(watch.account, one.id)[-1].text == "resolved: no alarm fired for 10 minutes"
    )
    watch.gauge("lat", 50)
    watch.tick()
    watcher.run()
    (again,) = open_of(incidents, watch)
    assert (again.id, again.resolved, again.quiet_since) == (one.id, None, None)
    assert incidents.notes(watch.account, one.id)[-1].text == "reopened: slow fires"


def test_an_incident_begins_with_the_data_that_put_its_alarm_off(watch, incidents, watcher):
    bad = watch.now[0]
    watch.put("slow", above("lat", **{"for": "3m"}), labels={"service": "shop"})
    watch.gauges(lat=[50] * 4)
    for _ in range(4):
        watch.tick()
    watcher.run()
    (one,) = open_of(incidents, watch)
    assert one.alarms[0].since >= bad + timedelta(minutes=4)
    assert one.began == bad


def test_a_lineage_links_what_no_call_does(watch, incidents):
    far = {f"{watch.account}/dataset/orders": 2}
    watcher = IncidentWatcher(watch.catalog, watch.warehouse, watch.runner, lineage=lambda *_: far)
    for name, metric, label in (("late", "age", "dataset"), ("drift", "psi", "model")):
        spec = above(metric)
        spec["source"]["queries"][0]["group_by"] = [label]
        watch.put(name, spec)
    watch.gauge("age", 50, dataset="orders")
    watch.gauge("psi", 50, model="churn")
    watch.tick()
    watcher.run()
    (one,) = open_of(incidents, watch)
    assert sorted(alarm.alarm for alarm in one.alarms) == ["drift", "late"]
    assert any("linked in lineage" in alarm.reason for alarm in one.alarms)


def test_people_work_on_an_incident(watch, incidents, watcher):
    fire(watch, "slow", "lat", "shop")
    watch.tick()
    watcher.run()
    (one,) = open_of(incidents, watch)
    account = watch.account
    incidents.edit(
        ACTOR, account, one.id, Edit(status="acknowledged", owner="ada", severity="critical")
    )
    incidents.note(ACTOR, account, "1", "rolled back")
    other = incidents.open(ACTOR, account, "customers | <script>alert(1)</script>")
    incidents.merge(ACTOR, account, one.id, other.id)
    assert incidents.get(account, one.id).status is Status.RESOLVED
    assert [each.alarm for each in incidents.get(account, other.id).alarms] == ["slow"]
    incidents.unlink(ACTOR, account, other.id, "slow")
    incidents.link(ACTOR, account, other.id, "slow")
    incidents.write_postmortem(
        ACTOR, account, other.id, {"summary": "It was <b>slow</b>.", "actions": None}
    )
    found = incidents.get(account, other.id)
    assert found.postmortem.summary == "It was <b>slow</b>."
    timeline = read_timeline(
        watch.catalog, watch.warehouse, watch.runner, found, incidents.notes(account, other.id)
    )
    assert timeline.failed == {}
    assert {"alarm", "change", "note", "incident"} <= {entry.kind for entry in timeline.entries}
    assert [entry.at for entry in timeline.entries] == sorted(
        entry.at for entry in timeline.entries
    )
    html = render_html(found, timeline, [], watch.now[0])
    assert "<script>" not in html
    assert "It was &lt;b&gt;slow" in html
    markdown = render_markdown(found, timeline, [], watch.now[0])
    assert r"customers \| \<script\>" in markdown
    with pytest.raises(InvalidInputError):
        incidents.note(ACTOR, account, other.id, "  ")
