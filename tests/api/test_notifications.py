"""Channels, routes and tests of notifications by the API."""

KEY = "a signing key of 16+"
HOOK = {"type": "webhook", "url": "https://hooks.example.invalid/x"}
SPEC = {
    "source": {"type": "metric", "queries": [{"id": "m1", "metric": "temp"}]},
    "condition": {"threshold": {"threshold": 10}},
    "severity": "critical",
}


def test_channels_and_routes_without_their_secrets(admin, reader, stranger):
    made = admin.post(
        "/notification-channels", {"name": "hook", "settings": HOOK, "secret": KEY}, status=200
    )
    assert made["has_secret"] is True
    assert KEY not in str(made) + str(reader.get("/notification-channels"))
    assert KEY not in str(admin.records("PutNotificationChannel"))
    admin.post("/notification-routes", {"name": "all", "spec": {"channels": ["hook"]}}, status=200)
    assert [one["name"] for one in reader.get("/notification-routes")["routes"]] == ["all"]
    admin.delete("/notification-channels/hook", status=409)
    admin.delete("/notification-routes/all")
    stranger.get("/notification-channels/hook", status=404)
    stranger.delete("/notification-channels/hook", status=404)
    admin.delete("/notification-channels/hook")
    reader.post("/notification-channels", {"name": "x", "settings": HOOK}, status=403)


def test_wrong_ones_are_refused_and_secrets_not_repeated(admin):
    for body in (
        {"name": "x", "settings": {"type": "fax"}},
        {"name": "x", "settings": {**HOOK, "url": "ftp://x/"}},
        {"name": "x", "settings": HOOK, "secret": "short"},
        {"name": "x", "settings": {"type": "slack"}, "secret": "https://evil.example/sesame"},
        {"name": "x", "settings": {"type": "apprise"}, "secret": "json://127.0.0.1/sesame"},
        {"name": "x", "settings": HOOK, "secret": "${env:VEDETTE_ADMIN_sesame}"},
    ):
        answer = admin.send("POST", "/notification-channels", json=body)
        assert answer.status_code == 400
        assert "sesame" not in answer.text
        assert answer.json()["error"]["remedy"]
    admin.post("/notification-routes", {"name": "x", "spec": {"channels": ["none"]}}, status=400)


def test_testing_a_channel_and_an_alarm_says_what_happened(admin):
    admin.post("/notification-channels", {"name": "hook", "settings": HOOK}, status=200)
    admin.post(
        "/notification-channels",
        {"name": "inside", "settings": {"type": "webhook", "url": "http://169.254.169.254/"}},
        status=200,
    )
    inside = admin.post("/notification-channels/inside/test", status=200)
    assert (inside["delivered"], "not a public address" in inside["error"]) == (False, True)
    admin.post("/alarms", {"name": "hot", "spec": SPEC})
    assert admin.post("/alarms/hot/test", status=200) == {"results": []}
    matcher = {"label": "severity", "value": "critical"}
    admin.post(
        "/notification-routes",
        {"name": "crit", "spec": {"channels": ["hook"], "matchers": [matcher]}},
        status=200,
    )
    (result,) = admin.post("/alarms/hot/test", status=200)["results"]
    assert (result["channel"], result["delivered"]) == ("hook", False)
    found = admin.get("/notification-deliveries")["deliveries"]
    assert [one["channel"] for one in found] == ["hook", "inside"]
    assert admin.records("TestAlarmNotification")
