"""Who is on call when, and whom an alarm is told next."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from notifications.conftest import ACTOR
from vedette.alarms.definition import check_spec
from vedette.core.errors import ConflictError, InvalidInputError
from vedette.notifications.oncall import (
    EscalationSpec,
    OnCallService,
    OnCallSpec,
    Override,
    on_call,
    shifts,
)
from vedette.store.catalog.alarm_models import (
    AlarmAcknowledgementRow,
    AlarmRow,
    AlarmStatusRow,
)

BERLIN = ZoneInfo("Europe/Berlin")
WEEKLY = {
    "time_zone": "Europe/Berlin",
    "people": {"anna": ["hook"], "ben": ["second"], "cleo": ["third"]},
    "layers": [{"people": ["anna", "ben"], "start": "2026-03-02", "handover": "09:00"}],
}


def spec(**changes):
    return OnCallSpec.model_validate({**WEEKLY, **changes})


def at(text):
    return datetime.fromisoformat(text).replace(tzinfo=BERLIN).astimezone(UTC)


def who(schedule, text, overrides=()):
    found = on_call(schedule, overrides, at(text))
    return found[0] if found else None


def test_turns_change_hands_by_the_wall_clock_also_when_it_is_changed():
    schedule = spec()
    assert who(schedule, "2026-03-02T08:59") is None
    assert who(schedule, "2026-03-02T09:00") == "anna"
    assert who(schedule, "2026-03-09T08:59") == "anna"
    assert who(schedule, "2026-03-09T09:00") == "ben"
    # Summer time begins on 29 March: the handover stays at nine.
    assert who(schedule, "2026-03-30T08:59") == "ben"
    assert who(schedule, "2026-03-30T09:00") == "anna"
    found = shifts(schedule, (), at("2026-03-23T09:00"), at("2026-04-06T09:00"))
    assert [(one.person, (one.end - one.start).total_seconds() / 3600) for one in found] == [
        ("ben", 167.0), ("anna", 168.0),
    ]  # fmt: skip


def test_a_later_layer_stands_over_earlier_ones_in_its_hours_and_past_midnight():
    night = {
        "people": ["cleo"], "start": "2026-03-01", "unit": "days",
        "restrictions": [{"days": ["fri"], "start": "22:00", "end": "06:00"}],
    }  # fmt: skip
    schedule = spec(layers=[*WEEKLY["layers"], night])
    assert who(schedule, "2026-03-06T21:59") == "anna"
    assert who(schedule, "2026-03-06T22:00") == "cleo"
    assert who(schedule, "2026-03-07T05:59") == "cleo"
    assert who(schedule, "2026-03-07T06:00") == "anna"
    assert who(schedule, "2026-03-07T23:00") == "anna"
    found = shifts(schedule, (), at("2026-03-06T12:00"), at("2026-03-07T12:00"))
    assert [(one.person, one.layer) for one in found] == [("anna", 0), ("cleo", 1), ("anna", 0)]


def test_an_override_stands_over_everything_and_the_newest_over_others():
    one = Override("1", "ben", at("2026-03-03T12:00"), at("2026-03-03T18:00"))
    two = Override("2", "cleo", at("2026-03-03T15:00"), at("2026-03-03T16:00"))
    schedule = spec()
    found = shifts(schedule, (one, two), at("2026-03-03T00:00"), at("2026-03-04T00:00"))
    assert [one.person for one in found] == ["anna", "ben", "cleo", "ben", "anna"]
    assert [one.layer for one in found] == [0, -1, -1, -1, 0]


def test_turns_of_hours_are_hours():
    layer = {"people": ["anna", "ben"], "start": "2026-03-28", "handover": "00:00", "every": 12,
             "unit": "hours"}  # fmt: skip
    found = shifts(spec(layers=[layer]), (), at("2026-03-28T00:00"), at("2026-03-30T00:00"))
    assert [one.person for one in found] == ["anna", "ben", "anna", "ben"]
    assert {(one.end - one.start).total_seconds() / 3600 for one in found[:3]} == {12.0}


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"time_zone": "Mars/Olympus"}, "no time zone"),
        ({"people": {"anna": ["hook"]}}, "name a channel by which ben is told"),
        ({"layers": []}, "at least 1 item"),
    ],
)
def test_a_schedule_that_reaches_nobody_is_refused(changes, message):
    with pytest.raises(ValueError, match=message):
        spec(**changes)


@pytest.fixture
def oncall(post, receiver):
    for name in ("hook", "second", "third"):
        post.webhook(receiver, name)
    service = OnCallService(post.catalog)
    week = {**WEEKLY, "layers": [{"people": ["anna", "ben"], "start": "2026-02-23"}]}
    service.put_schedule(ACTOR, post.account, "pay", OnCallSpec.model_validate(week))
    steps = [
        {"targets": [{"schedule": "pay"}], "wait": "5m"},
        {"targets": [{"channel": "third"}, {"schedule": "pay"}], "wait": "5m"},
    ]
    policy = EscalationSpec.model_validate({"steps": steps})
    service.put_policy(ACTOR, post.account, "urgent", policy)
    post.route("urgent", channels=[], policy="urgent")
    return service


def told(post):
    return [one.channel for one in reversed(post.service.deliveries(post.account).items)]


def test_who_is_on_call_is_told_and_then_the_next_until_it_is_over(post, oncall, notice):
    (now,) = oncall.now(post.account)
    assert (now.person, now.next_person, now.channels) == ("anna", "ben", ("hook",))
    assert now.until == at("2026-03-02T09:00")
    post.put(notice())
    post.later(6)
    assert told(post) == ["hook"]
    (one,) = oncall.escalating(post.account)
    assert (one.step, one.told, one.ended) == (1, ["hook"], "")
    post.later(290)
    assert told(post) == ["hook"]
    post.later(15)
    assert told(post)[0] == "hook"
    assert sorted(told(post)[1:]) == ["hook", "third"]
    post.later(3600)
    assert len(told(post)) == 3
    (one,) = oncall.escalating(post.account)
    assert one.ended == "every step was taken"
    post.put(notice("resolved"))
    post.later(6)
    assert sorted(told(post)[3:]) == ["hook", "third"]
    assert oncall.escalating(post.account) == []


def test_an_acknowledgement_ends_it(post, oncall, notice):
    post.put(notice())
    post.later(6)
    acknowledge(post, "id-errors")
    post.later(400)
    assert told(post) == ["hook"]
    (one,) = oncall.escalating(post.account)
    assert one.ended == "acknowledged"


def acknowledge(post, alarm_id):
    spec_ = check_spec({"source": {"type": "logs"}, "condition": {"threshold": {"threshold": 1}}})
    now = post.now[0]
    with post.catalog.change(ACTOR, "Test", account=post.account) as change:
        change.session.add(
            AlarmRow(
                id=alarm_id, account=post.account, name="errors", kind="logs", interval=60,
                enabled=True, severity="critical", spec=spec_.model_dump_json(), labels="{}",
                owner="", version=1, created=now, created_by="t", updated=now, updated_by="t",
            )
        )  # fmt: skip
        change.session.flush()
        change.session.add(
            AlarmStatusRow(
                alarm_id=alarm_id, account=post.account, state="ALARM", since=7.0, reason="",
                evaluation="OK", evaluation_reason="", series=1, in_alarm=1, pending=0,
                suppression="{}", quiet="",
            )
        )  # fmt: skip
        change.session.add(
            AlarmAcknowledgementRow(alarm_id=alarm_id, since=7.0, at=now, by="anna", comment="")
        )


def test_an_override_is_told_instead_and_can_be_taken_back(post, oncall, notice):
    start, end = post.now[0], at("2026-03-01T23:00")
    made = oncall.add_override(ACTOR, post.account, "pay", person="cleo", start=start, end=end)
    assert oncall.now(post.account)[0].person == "cleo"
    post.put(notice())
    post.later(6)
    assert told(post) == ["third"]
    oncall.remove_override(ACTOR, post.account, "pay", made.id)
    assert oncall.now(post.account)[0].person == "anna"
    with pytest.raises(InvalidInputError, match="does not know"):
        oncall.add_override(ACTOR, post.account, "pay", person="zoe", start=start, end=end)


def test_where_nobody_is_on_call_the_next_step_is_taken_at_once(post, oncall, notice):
    late = {**WEEKLY, "layers": [{"people": ["anna", "ben"], "start": "2027-01-01"}]}
    oncall.put_schedule(ACTOR, post.account, "pay", OnCallSpec.model_validate(late))
    post.put(notice())
    post.later(6)
    assert told(post) == ["third"]


def test_what_is_named_is_not_deleted_and_must_be_there(post, oncall):
    with pytest.raises(ConflictError, match="the policy urgent"):
        oncall.delete_schedule(ACTOR, post.account, "pay")
    with pytest.raises(ConflictError, match="the route urgent"):
        oncall.delete_policy(ACTOR, post.account, "urgent")
    with pytest.raises(ConflictError, match="the schedule pay"):
        post.service.delete_channel(ACTOR, post.account, "second")
    with pytest.raises(InvalidInputError, match="no policy"):
        post.route("other", channels=[], policy="nobody")
    missing = EscalationSpec.model_validate({"steps": [{"targets": [{"schedule": "nope"}]}]})
    with pytest.raises(InvalidInputError, match="no schedule"):
        oncall.put_policy(ACTOR, post.account, "x", missing)
