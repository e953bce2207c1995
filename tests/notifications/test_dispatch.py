"""From notices to what arrives, and what is recorded."""

import hashlib
import hmac

import pytest

from notifications.conftest import ACTOR, KEY
from vedette.core.errors import ConflictError, InvalidInputError
from vedette.notifications import outbox
from vedette.notifications.outbox import CHANNEL


@pytest.fixture(autouse=True)
def channel(post, receiver):
    post.webhook(receiver)
    post.route()


def test_a_webhook_says_what_fires_and_why_and_is_signed(post, receiver, notice):
    post.put(notice())
    post.later(6)
    ((headers, raw),) = receiver.requests
    (body,) = receiver.bodies
    assert body["title"] == "[FIRING] [critical] errors (service=checkout)"
    assert "service=checkout: 3 of 3 periods breach, value 7.25" in body["text"]
    assert body["notices"][0]["link"] == "https://vedette.example/alarms/id-errors"
    assert headers["Vedette-Delivery"] == body["delivery_id"]
    signed = b".".join((headers["Vedette-Timestamp"].encode(), body["delivery_id"].encode(), raw))
    expected = hmac.new(KEY.encode(), signed, hashlib.sha256).hexdigest()
    assert headers["Vedette-Signature"] == f"v1={expected}"
    assert post.statuses() == [("delivered", 1)]
    # Nothing waits, so nothing is scheduled any more.
    assert post.catalog.scheduled_work.list(kind=outbox.KIND) == []


def test_series_of_an_alarm_go_together_and_alarms_apart(post, receiver, notice):
    post.put(notice(series={"host": "a"}), notice(series={"host": "b"}), notice(alarm="slow"))
    post.later(6)
    titles = sorted(body["title"] for body in receiver.bodies)
    assert titles == [
        "[FIRING:2] [critical] errors", "[FIRING] [critical] slow (service=checkout)",
    ]  # fmt: skip
    (both,) = [body for body in receiver.bodies if len(body["notices"]) == 2]
    assert "host=a" in both["text"]
    assert "host=b" in both["text"]


def test_a_group_waits_for_more_and_a_resolve_does_not(post, receiver, notice):
    post.route(group_wait="30s")
    post.put(notice(series={"host": "a"}))
    post.later(20)
    assert receiver.requests == []
    post.put(notice(series={"host": "b"}))
    post.later(11)
    assert [len(body["notices"]) for body in receiver.bodies] == [2]
    post.put(notice("resolved", series={"host": "a"}))
    post.later(5)
    assert receiver.bodies[-1]["status"] == "resolved"


def test_a_failure_is_tried_again_with_the_same_delivery_and_ever_later(post, receiver, notice):
    receiver.answers = [500, 503, 204]
    post.put(notice())
    post.later(6)
    post.later(9)
    assert len(receiver.requests) == 1
    post.later(6)
    assert len(receiver.requests) == 2
    post.later(15)
    assert len(receiver.requests) == 2
    post.later(10)
    assert len({body["delivery_id"] for body in receiver.bodies}) == 1
    assert post.statuses() == [("retrying", 1), ("retrying", 2), ("delivered", 3)]


def test_what_comes_while_a_group_waits_for_another_try_goes_with_it(post, receiver, notice):
    receiver.answers = [500]
    post.put(notice(series={"host": "a"}))
    post.later(6)
    post.put(notice(series={"host": "b"}))
    post.later(6)
    assert len(receiver.requests) == 1
    post.later(6)
    assert [one["series"]["host"] for one in receiver.bodies[-1]["notices"]] == ["a", "b"]


def test_the_other_side_can_ask_to_wait(post, receiver, notice):
    receiver.answers, receiver.headers = [429], {"Retry-After": "120"}
    post.put(notice())
    post.later(6)
    post.later(100)
    assert len(receiver.requests) == 1
    post.later(25)
    assert len(receiver.requests) == 2


def test_a_refusal_is_not_tried_again(post, receiver, notice):
    receiver.answers = [401]
    post.put(notice())
    post.later(6)
    post.later(3600)
    assert len(receiver.requests) == 1
    (delivery,) = post.service.deliveries(post.account).items
    assert (delivery.status, delivery.error) == ("failed", "the other side answered 401")


def test_it_gives_up_after_twelve_tries(post, receiver, notice):
    receiver.answers = [500] * 20
    post.put(notice())
    for _ in range(16):
        post.later(1801)
    assert len(receiver.requests) == 12
    assert post.statuses()[-1] == ("failed", 12)


def test_a_redirect_is_not_followed(post, receiver, notice):
    receiver.answers, receiver.headers = [302], {"Location": receiver.url}
    post.put(notice())
    post.later(6)
    assert len(receiver.requests) == 1
    assert post.statuses() == [("failed", 1)]


def test_a_channels_rate_holds_messages_back_and_loses_none(post, receiver, notice):
    post.webhook(receiver, per_minute=3)
    post.put(*(notice(alarm=f"a{n}") for n in range(8)))
    post.later(6)
    assert len(receiver.requests) == 3
    post.later(16)
    assert len(receiver.requests) == 3
    for _ in range(12):
        post.later(16)
    alarms = {one["alarm"] for body in receiver.bodies for one in body["notices"]}
    assert alarms == {f"a{n}" for n in range(8)}


def test_one_channel_that_fails_does_not_hold_up_another(post, receiver, notice):
    dead = CHANNEL.validate_python({"type": "webhook", "url": "http://127.0.0.1:9/"})
    post.service.put_channel(ACTOR, post.account, "dead", dead, KEY)
    post.route(channels=["dead", "hook"])
    post.put(notice())
    post.later(6)
    assert len(receiver.requests) == 1
    found = {one.channel: one for one in post.service.deliveries(post.account).items}
    assert found["hook"].status == "delivered"
    assert found["dead"].status == "retrying"
    assert found["dead"].error == "the call failed: ConnectError"


def test_routes_choose_by_labels_tags_and_order(post, receiver, notice):
    from vedette.core.identity import ResourceId

    post.service.delete_route(ACTOR, post.account, "all")
    post.webhook(receiver, "pay")
    post.webhook(receiver, "night")
    tagged = ResourceId(post.account, "service", "checkout")
    post.catalog.tags.set(ACTOR, tagged, {"oncall": "night"})
    matcher = lambda label, value: {"label": label, "operator": "=~", "value": value}  # noqa: E731
    post.route("b", 10, matchers=[matcher("tag.oncall", "night|day")], channels=["night"],
               further=True)  # fmt: skip
    post.route("c", 20, matchers=[matcher("team", "pay")], channels=["pay"])
    post.route("d", 30, channels=["hook"])
    post.put(notice())
    post.put(notice(alarm="other", labels={"alarm": "other"}, series={}))
    post.later(6)
    sent = {(one.channel, one.alarms[0]) for one in post.service.deliveries(post.account).items}
    assert sent == {("night", "errors"), ("pay", "errors"), ("hook", "other")}


def test_channels_take_what_they_want(post, receiver, notice):
    post.webhook(receiver, send_resolved=False, min_severity="error")
    post.put(notice("resolved"), notice(severity="warning"), notice(severity="error"))
    post.later(6)
    assert [one["severity"] for body in receiver.bodies for one in body["notices"]] == ["error"]


def test_without_a_route_nothing_is_kept(post, receiver, notice):
    post.service.delete_route(ACTOR, post.account, "all")
    post.put(notice())
    post.later(60)
    assert receiver.requests == []
    assert post.catalog.scheduled_work.list(kind=outbox.KIND) == []


def test_a_test_says_how_it_went(post, receiver):
    receiver.answers = [500]
    failed = post.service.test_channel(post.account, "hook")
    assert not failed.delivered
    assert failed.error.reason == "the other side answered 500"
    assert post.service.test_channel(post.account, "hook").delivered
    assert receiver.bodies[-1]["title"].startswith("[TEST]")
    assert post.statuses() == [("failed", 1), ("delivered", 1)]


def test_a_channel_in_use_is_kept_and_an_unknown_one_refused(post):
    with pytest.raises(ConflictError, match="the route all"):
        post.service.delete_channel(ACTOR, post.account, "hook")
    with pytest.raises(InvalidInputError, match="no channel 'nowhere'"):
        post.route("x", channels=["nowhere"])


def test_text_from_telemetry_makes_no_links_and_calls_nobody(post, receiver, notice):
    evil = "<!channel> @here [x](https://evil.example) `a` **b**"
    post.put(notice(series={"host": evil}, reason=evil))
    post.later(6)
    text = receiver.bodies[0]["text"]
    assert "<!channel>" not in text
    assert "@here" not in text
    assert "](" not in text


def test_a_slow_channel_of_one_account_holds_up_no_other(post, receiver, notice):
    import threading

    from vedette.notifications.outbox import NotificationOutbox
    from vedette.notifications.routing import RouteSpec
    from vedette.notifications.send import Sender

    post.catalog.accounts.create(ACTOR, "other")
    hook = CHANNEL.validate_python({"type": "webhook", "url": receiver.url})
    post.service.put_channel(ACTOR, "other", "hook", hook, KEY)
    post.service.put_route(ACTOR, "other", "all", RouteSpec(channels=["hook"]))
    arrived = threading.Barrier(2, timeout=10)

    class Both(Sender):
        def send(self, channel, secret, message):
            # Neither returns before the other has begun.
            arrived.wait()

    post.dispatcher._sender = Both(post.dispatcher._sender._guard)
    post.put(notice())
    with post.catalog.operate() as connection:
        now = post.now[0].timestamp()
        NotificationOutbox(post.catalog).store(connection, "other", [notice()], now)
    post.later(6)
    assert post.statuses() == [("delivered", 1)]
    assert [one.status for one in post.service.deliveries("other").items] == ["delivered"]
