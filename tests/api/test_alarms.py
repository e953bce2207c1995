"""Alarms and mute windows by the API."""

from datetime import UTC, datetime, timedelta

import pytest

from vedette.ingest import Source
from vedette.store.catalog import Scope
from vedette.store.catalog.alarm_models import AlarmStatusRow
from vedette.telemetry.emit import MetricPoint, otlp_body

START = (datetime.now(UTC) - timedelta(days=3)).replace(hour=9, minute=0, second=0, microsecond=0)


def above(metric="temp", threshold=10, **spec):
    query = {"id": "m1", "metric": metric, "statistic": "Maximum", "group_by": ["host"]}
    return {
        "source": {"type": "metric", "queries": [query]},
        "condition": {"threshold": {"comparison": ">", "threshold": threshold}},
        **spec,
    }


def test_an_alarm_is_made_shown_changed_and_deleted(admin):
    made = admin.post("/alarms", {"name": "hot", "spec": above(), "labels": {"team": "a"}})
    assert (made["state"], made["evaluation"], made["version"]) == ("INSUFFICIENT_DATA", "NONE", 1)
    assert made["summary"] == "Maximum of temp > 10, 1 of 1 periods of 60 s"
    assert admin.get(f"/alarms/{made['id']}") == admin.get("/alarms/hot") == made
    changed = admin.put("/alarms/hot", {"spec": above(severity="critical")})
    assert (changed["version"], changed["spec"]["severity"]) == (2, "critical")
    page = admin.get("/alarms", state="INSUFFICIENT_DATA", severity="critical", search="HO")
    assert [one["name"] for one in page["alarms"]] == ["hot"]
    assert page["counts"] == {"OK": 0, "ALARM": 0, "INSUFFICIENT_DATA": 1}
    assert admin.get("/alarms", label="team=a")["alarms"] == []
    admin.delete("/alarms/hot")
    admin.get("/alarms/hot", status=404)
    (record,) = admin.records("CreateAlarm")
    assert record["resources"] == [f"{admin.account}/alarm/hot"]
    assert admin.records("PutAlarm")
    assert admin.records("DeleteAlarm")


def test_pages_and_labels(admin):
    for n in range(5):
        admin.post("/alarms", {"name": f"a{n}", "spec": above(), "labels": {"team": f"t{n % 2}"}})
    first = admin.get("/alarms", limit=3)
    rest = admin.get("/alarms", limit=3, cursor=first["cursor"])
    names = [one["name"] for one in first["alarms"] + rest["alarms"]]
    assert names == ["a0", "a1", "a2", "a3", "a4"]
    assert rest["cursor"] is None
    assert len(admin.get("/alarms", label="team=t1")["alarms"]) == 2


def test_conflicts_and_what_is_not_there(admin, stranger):
    admin.post("/alarms", {"name": "hot", "spec": above()})
    admin.post("/alarms", {"name": "hot", "spec": above()}, status=409)
    made = admin.get("/alarms/hot")
    for path in ("/alarms/hot", f"/alarms/{made['id']}"):
        stranger.get(path, status=404)
        stranger.delete(path, status=404)
    assert stranger.get("/alarms")["alarms"] == []


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"period": 45}, "period"),
        ({"period": 5}, "period"),
        ({"periods": 2, "to_alarm": 3}, "to_alarm"),
        ({"periods": 1440, "period": 86400}, "periods"),
        ({"for": "soon"}, "duration"),
        ({"condition": {}}, "condition"),
        ({"condition": {"threshold": {"threshold": 5, "recovery": 7}}}, "recovery"),
        ({"condition": {"threshold": {"threshold": "NaN"}}}, "threshold"),
        ({"surprise": 1}, "surprise"),
        ({"runbook": "javascript:alert(1)"}, "runbook"),
        ({"low_samples": "ignore"}, "low_samples"),
        ({"source": {"type": "nothing"}}, "source"),
        ({"source": {"type": "metric", "queries": []}}, "queries"),
        ({"source": {"type": "metric", "queries": [
            {"id": "e", "expression": "m1 +"}]}}, "e"),
        ({"source": {"type": "metric", "queries": [
            {"id": "m", "metric": "x", "statistic": "mode"}]}}, "statistic"),
        ({"source": {"type": "logs", "query": "level:(", "statistic": "count"}}, None),
        ({"source": {"type": "logs", "statistic": "p95"}}, "field"),
        ({"source": {"type": "sql", "sql": "DROP TABLE otel_logs"}}, "sql"),
        ({"source": {"type": "sql", "sql": "SELECT * FROM system.users"}}, "sql"),
        ({"source": {"type": "composite", "rule": "ALARM("}, "condition": None}, "rule"),
    ],
)  # fmt: skip
def test_a_wrong_definition_is_refused_with_its_field(admin, change, field):
    response = admin.send("POST", "/alarms", json={"name": "x", "spec": {**above(), **change}})
    assert response.status_code in {400, 403}, response.text
    error = response.json()["error"]
    assert field is None or field in f"{error.get('field')} {error['message']}"
    assert admin.get("/alarms")["alarms"] == []


def test_permissions(admin, reader, api_of):
    reader.post("/alarms", {"name": "x", "spec": above()}, status=403)
    writer = api_of(admin.account, Scope.WRITE)
    writer.post("/alarms", {"name": "x", "spec": above()})
    sql = {"source": {"type": "sql", "sql": "SELECT 1 AS value"},
           "condition": {"threshold": {"threshold": 0}}}  # fmt: skip
    writer.post("/alarms", {"name": "s", "spec": sql}, status=403)
    admin.post("/alarms", {"name": "s", "spec": sql})
    assert len(reader.get("/alarms")["alarms"]) == 2


def test_a_preview_says_how_often_it_would_have_fired(admin, submit):
    points = [
        MetricPoint("temp", 50 if host == "a" and n % 20 < 2 else 5, attributes={"host": host},
                    time=START + timedelta(minutes=n, seconds=30))
        for n in range(60) for host in ("a", "b")
    ]  # fmt: skip
    submit(Source.OTLP_METRICS, admin.account, otlp_body(points))
    body = {
        "spec": above(periods=2),
        "start": START.isoformat(),
        "end": (START + timedelta(hours=1)).isoformat(),
    }
    found = admin.post("/alarm-preview", body, status=200)
    assert found["fired"] == 3
    fired = {one["labels"]["host"]: one["fired"] for one in found["chart"]["series"]}
    assert fired == {"a": 3, "b": 0}
    states = [one["state"] for one in found["segments"]]
    assert states.count("ALARM") == 3
    assert found["segments"][-1]["end"] == body["end"].replace("+00:00", "Z")
    assert admin.get("/alarms")["alarms"] == []
    assert admin.post(
        "/alarm-preview", {**body, "spec": above(periods=3)}, status=200
    )["fired"] == 0  # fmt: skip


def test_a_preview_of_a_composite_replays_its_alarms(admin, submit):
    # Hot in minutes 0-4, 20-24 and 40-44; the flag that mutes it is up from minute 18 to 29.
    points = [
        MetricPoint(name, value, time=START + timedelta(minutes=n, seconds=30))
        for n in range(60)
        for name, value in (
            ("temp", 50 if n % 20 < 5 else 5), ("flag", 50 if 18 <= n < 30 else 5),
        )
    ]  # fmt: skip
    submit(Source.OTLP_METRICS, admin.account, otlp_body(points))
    admin.post("/alarms", {"name": "hot", "spec": above()})
    flag = above()
    flag["source"]["queries"][0]["metric"] = "flag"
    admin.post("/alarms", {"name": "flag", "spec": flag})
    inner = {"source": {"type": "composite", "rule": "ALARM(hot) OR ALARM(gone)"}}
    admin.post("/alarms", {"name": "inner", "spec": inner})
    body = {
        "spec": {"source": {"type": "composite", "rule": "ALARM(inner)"}},
        "start": START.isoformat(),
        "end": (START + timedelta(hours=1)).isoformat(),
    }
    found = admin.post("/alarm-preview", body, status=200)
    assert (found["fired"], found["notices"]) == (3, 6)
    assert found["chart"]["warnings"] == ["no alarm is called gone"]
    assert [sum(one["values"]) for one in found["chart"]["series"]] == [15]
    body["spec"]["source"]["suppressor"] = {"alarm": "flag", "wait": "1m", "extension": "1m"}
    quieter = admin.post("/alarm-preview", body, status=200)
    assert (quieter["fired"], quieter["notices"]) == (3, 4)
    body["spec"]["source"]["rule"] = "NOT ALARM(flag) AND ALARM(inner)"
    assert admin.post("/alarm-preview", body, status=200)["fired"] == 2


def test_the_chart_of_an_alarm(admin, submit):
    admin.post("/alarms", {"name": "hot", "spec": above()})
    points = [MetricPoint("temp", n, attributes={"host": "a"}, time=START + timedelta(minutes=n))
              for n in range(10)]  # fmt: skip
    submit(Source.OTLP_METRICS, admin.account, otlp_body(points))
    chart = admin.get(
        "/alarms/hot/chart",
        start=START.isoformat(),
        end=(START + timedelta(minutes=10)).isoformat(),
    )
    assert chart["series"][0]["values"] == list(range(10))
    assert len(chart["timestamps"]) == 10
    assert chart["period"] == 60


def test_acknowledging_lasts_until_the_state_changes(admin, catalog):
    made = admin.post("/alarms", {"name": "hot", "spec": above()})
    admin.post("/alarms/hot/acknowledgement", {"comment": "on it"}, status=409)

    def set_state(since):
        values = {
            "alarm_id": made["id"], "account": admin.account, "state": "ALARM", "since": since,
            "evaluation": "OK", "evaluation_reason": "", "reason": "", "series": 1, "in_alarm": 1,
            "pending": 0, "suppression": "{}", "quiet": "",
        }  # fmt: skip
        with catalog.operate() as connection:
            connection.execute(AlarmStatusRow.__table__.delete())
            connection.execute(AlarmStatusRow.__table__.insert(), values)

    set_state(100.0)
    done = admin.post("/alarms/hot/acknowledgement", {"comment": "on it"}, status=200)
    assert done["acknowledgement"]["comment"] == "on it"
    assert admin.get("/alarms/hot")["acknowledgement"]["by"] == "test key"
    set_state(200.0)
    assert admin.get("/alarms/hot")["acknowledgement"] is None
    admin.delete("/alarms/hot/acknowledgement")


def test_comments_are_kept_newest_first(admin, reader):
    admin.post("/alarms", {"name": "hot", "spec": above()})
    for text in ("first", "second"):
        admin.post("/alarms/hot/comments", {"text": text})
    assert [one["text"] for one in reader.get("/alarms/hot/comments")["comments"]] == [
        "second", "first",
    ]  # fmt: skip
    admin.post("/alarms/hot/comments", {"text": " "}, status=400)
    reader.post("/alarms/hot/comments", {"text": "x"}, status=403)


def test_mute_windows(admin, stranger):
    once = {"start": "2026-01-01T00:00:00Z", "end": "2099-01-01T00:00:00Z", "alarms": ["hot"]}
    made = admin.post("/mute-windows", {"name": "move", "spec": once}, status=200)
    assert made["active"] is True
    nightly = {"schedule": "CRON_TZ=Europe/Berlin 0 2 * * *", "duration": "2h",
               "matchers": [{"label": "team", "operator": "=~", "value": "a|b"}]}  # fmt: skip
    admin.post("/mute-windows", {"name": "nightly", "spec": nightly}, status=200)
    assert [one["name"] for one in admin.get("/mute-windows")["windows"]] == ["move", "nightly"]
    stranger.get("/mute-windows/move", status=404)
    admin.delete("/mute-windows/move")
    admin.get("/mute-windows/move", status=404)
    for wrong in (
        {}, {**once, "schedule": "0 2 * * *"}, {"schedule": "0 2 * *", "alarms": ["x"]},
        {**once, "end": "2025-01-01T00:00:00Z"}, {"schedule": "0 2 * * *"},
        {**nightly, "matchers": [{"label": "a", "operator": "=~", "value": "(?=x)"}]},
    ):  # fmt: skip
        admin.post("/mute-windows", {"name": "x", "spec": wrong}, status=400)


def test_history_of_nothing_is_empty(admin):
    admin.post("/alarms", {"name": "hot", "spec": above()})
    assert admin.get("/alarms/hot/history") == {"events": []}
    assert admin.get("/alarm-history") == {"events": []}
    assert admin.get("/alarms/hot/contributors") == {"contributors": []}
