"""Entities as code by the API: plan, diff, prune, owners."""

from vedette.store.catalog import Scope

CHANNEL = """
kind: NotificationChannel
metadata: {name: hook}
spec: {type: webhook, url: "https://hooks.example.invalid/x", secret: "a signing key of 16+"}
"""
ROUTE = """
kind: NotificationRoute
metadata: {name: all}
spec: {channels: [hook], position: 5}
"""
ALARM = """
kind: Alarm
metadata: {name: hot, labels: {team: a}}
spec:
  source: {type: metric, queries: [{id: m1, metric: temp}]}
  condition: {threshold: {threshold: 10}}
"""
WINDOW = """
kind: MuteWindow
metadata: {name: night}
spec: {schedule: "0 2 * * *", alarms: [hot]}
"""


def apply(api, *texts, status=200, **options):
    files = [{"name": f"f{n}.yaml", "text": text} for n, text in enumerate(texts, 1)]
    return api.post("/apply", {"files": files, **options}, status=status)


def verbs(answer):
    return {(one["kind"], one["name"]): one["action"] for one in answer["actions"]}


def test_applying_twice_changes_nothing_the_second_time(admin):
    texts = (WINDOW, ALARM, ROUTE, CHANNEL)  # the order of kinds is ours, not the files'
    planned = apply(admin, *texts, dry_run=True)
    assert set(verbs(planned).values()) == {"create"}
    assert not planned["applied"]
    assert admin.get("/alarms")["alarms"] == []
    first = apply(admin, *texts)
    assert first["applied"]
    assert [one["kind"] for one in first["actions"]] == [
        "NotificationChannel", "NotificationRoute", "Alarm", "MuteWindow",
    ]  # fmt: skip
    again = apply(admin, *texts)
    assert set(verbs(again).values()) == {"unchanged"}
    assert again["changes"] == 0
    assert admin.get("/alarms/hot")["version"] == 1


def test_a_diff_names_what_changes_and_no_secret(admin):
    apply(admin, CHANNEL, ALARM)
    changed = apply(
        admin, CHANNEL.replace("16+", "16 or more"), ALARM.replace("threshold: 10", "threshold: 20"),
        dry_run=True,
    )  # fmt: skip
    assert "signing key" not in str(changed)
    changes = {
        c["path"]: (c["before"], c["after"]) for a in changed["actions"] for c in a["changes"]
    }
    assert changes["spec.condition.threshold.threshold"] == (10, 20)
    assert "spec.secret" in changes
    assert len(changes) == 2
    without = CHANNEL.replace(', secret: "a signing key of 16+"', "")
    assert verbs(apply(admin, without, dry_run=True)) == {
        ("NotificationChannel", "hook"): "unchanged"
    }


ROTA = """
kind: OnCallSchedule
metadata: {name: pay}
spec:
  time_zone: Europe/Berlin
  people: {anna: [hook]}
  layers: [{people: [anna], start: 2026-01-05}]
"""
POLICY = """
kind: EscalationPolicy
metadata: {name: urgent}
spec: {steps: [{targets: [{schedule: pay}], wait: 5m}]}
"""


def test_who_is_on_call_as_code(admin):
    route = ROUTE.replace("channels: [hook]", "policy: urgent")
    texts = (route, POLICY, ROTA, CHANNEL)
    first = apply(admin, *texts)
    assert [one["kind"] for one in first["actions"]] == [
        "NotificationChannel", "OnCallSchedule", "EscalationPolicy", "NotificationRoute",
    ]  # fmt: skip
    assert apply(admin, *texts)["changes"] == 0
    (now,) = admin.get("/oncall")["schedules"]
    assert (now["schedule"], now["person"], now["channels"]) == ("pay", "anna", ["hook"])
    wrong = apply(admin, ROTA.replace("Europe/Berlin", "Europe/Atlantis"), status=400)
    assert "no time zone 'Europe/Atlantis'" in wrong["error"]["message"]


def test_a_monitor_of_a_dataset_as_code(admin):
    monitor = """
kind: Monitor
metadata: {name: orders daily}
spec: {dataset: orders, schedule: every 1h, window: 1d, checks: [{check: volume, min: 1000}]}
"""
    assert set(verbs(apply(admin, monitor)).values()) == {"create"}
    assert admin.get("/monitors/orders daily")["spec"]["dataset"] == "orders"
    assert set(verbs(apply(admin, monitor)).values()) == {"unchanged"}
    changed = apply(admin, monitor.replace("1000", "500"), owner="data")
    assert [one["path"] for one in changed["actions"][0]["changes"]] == [
        "owner",
        "spec.checks[0].min",
    ]
    assert set(verbs(apply(admin, CHANNEL, owner="data", prune=True)).values()) == {
        "create", "delete",
    }  # fmt: skip
    admin.get("/monitors/orders daily", status=404)
    wrong = apply(admin, monitor.replace("every 1h", "now and then"), status=400)["error"]
    assert "schedule" in wrong["field"]


def test_an_owner_prunes_only_what_it_keeps(admin):
    admin.post(
        "/alarms",
        {"name": "by-hand", "spec": {"source": {"type": "logs"},
                                     "condition": {"threshold": {"threshold": 1}}}},
    )  # fmt: skip
    apply(admin, ALARM, WINDOW, owner="git")
    apply(admin, ALARM.replace("hot", "other"), owner="someone")
    pruned = apply(admin, ALARM, owner="git", prune=True)
    assert verbs(pruned) == {("Alarm", "hot"): "unchanged", ("MuteWindow", "night"): "delete"}
    names = [one["name"] for one in admin.get("/alarms")["alarms"]]
    assert names == ["by-hand", "hot", "other"]
    conflict = apply(admin, ALARM, owner="someone", status=409)
    assert "kept by 'git'" in conflict["error"]["message"]
    apply(admin, ALARM, prune=True, status=400)


def test_everything_is_checked_before_anything_is_changed(admin):
    wrong = ALARM.replace("hot", "bad").replace("threshold: 10", "threshold: ten")
    answer = apply(admin, ALARM, wrong, status=400)
    assert answer["error"]["message"].startswith("f2.yaml:2: bad:")
    assert admin.get("/alarms")["alarms"] == []
    assert "no kind" in apply(admin, ALARM.replace("Alarm", "Wish"), status=400)["error"]["message"]


def test_what_stops_half_way_says_how_far_it_got(admin):
    # A route is checked for its channels only when it is made.
    answer = apply(admin, CHANNEL, ROUTE.replace("[hook]", "[nowhere]"), ALARM)
    assert (answer["applied"], "no channel 'nowhere'" in answer["error"]) == (False, True)
    assert [one["done"] for one in answer["actions"]] == [True, False, False]


def test_permissions_hold_for_files_too(admin, reader, api_of):
    apply(reader, ALARM, status=403)
    sql = ALARM.replace(
        "{type: metric, queries: [{id: m1, metric: temp}]}", "{type: sql, sql: SELECT 1 AS value}"
    )
    apply(api_of(admin.account, Scope.WRITE), sql, status=403)
    apply(admin, sql)


def test_prometheus_rules_become_documents_that_apply(admin):
    rules = "groups: [{name: g, rules: [{alert: Hot, expr: 'temp > 5'}, {alert: Odd, expr: 'deriv(x[1m]) > 1'}]}]"
    found = admin.post("/alarm-import", {"name": "r.yml", "text": rules}, status=200)
    assert (found["imported"], [one["name"] for one in found["refused"]]) == (1, ["Odd"])
    assert verbs(apply(admin, found["documents"])) == {("Alarm", "Hot"): "create"}


def test_every_kind_has_a_schema_and_an_unknown_one_is_named(admin):
    names = admin.get("/kinds")["kinds"]
    assert {"Alarm", "SLO", "KPI", "Dashboard", "NotificationChannel"} <= set(names)
    for name in names:
        schema = admin.get(f"/kinds/{name}")["definition"]
        assert "properties" in schema or "oneOf" in schema
    assert admin.get("/kinds/Alarm")["definition"]["required"] == ["source"]
    assert "Alarm" in admin.get("/kinds/Nothing", status=404)["error"]["remedy"]
