"""Errors name the member that is wrong as the body has it."""

import pytest

ALARM = {"name": "a", "spec": {"source": {"type": "sql", "query": "SELECT 1"}}}
CHANNEL = {"name": "c", "settings": {"type": "webhook", "url": "https://x.example", "secret": "s"}}


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("/alarms", ALARM, "spec.source.sql"),
        (
            "/alarms",
            {"name": "a", "spec": {"source": {"type": "sql", "sql": 3}}},
            "spec.source.sql",
        ),
        ("/alarms", {"name": "a", "spec": {"source": {"type": "steam"}}}, "spec.source"),
        ("/alarms", {"name": "a"}, "spec"),
        (
            "/alarms",
            {"name": "a", "spec": {"source": {"type": "logs", "quary": "x"}}},
            "spec.source.quary",
        ),
        ("/notification-channels", CHANNEL, "settings.secret"),
        ("/notification-channels", {**CHANNEL, "settings": []}, "settings"),
        ("/alarms", [], "body"),
    ],
)
def test_a_variants_name_is_no_member(admin, path, body, field):
    error = admin.post(path, body, status=400)["error"]
    assert error["field"] == field
    assert error["message"].startswith(field)
