"""Alarms and notifications on both back ends of the catalog."""

import pytest

from vedette.alarms.comments import AlarmComments
from vedette.alarms.definition import check_spec
from vedette.alarms.model import Contributor, Evaluation, State
from vedette.alarms.service import AlarmService
from vedette.alarms.store import AlarmStore, Status, add_events
from vedette.core.encryption import SecretBox
from vedette.notifications.dispatch import Dispatcher
from vedette.notifications.model import Notice
from vedette.notifications.outbox import CHANNEL, KIND, NotificationOutbox
from vedette.notifications.routing import RouteSpec
from vedette.notifications.service import NotificationService
from vedette.scheduler import Scheduler

SPEC = check_spec(
    {
        "source": {"type": "metric", "queries": [{"id": "m1", "metric": "temp"}]},
        "condition": {"threshold": {"threshold": 10}},
    }
)


@pytest.fixture
def service(catalog):
    return AlarmService(catalog, None, None)


def test_what_an_evaluation_remembers_is_written_again_and_again(catalog, service, actor):
    alarm = service.put(actor, "acme", "hot", SPEC, labels={"team": "a"})
    store = AlarmStore(catalog)
    for value in (1.0, 2.0):
        many = [
            (
                alarm.id,
                Contributor({"host": str(n)}, State.ALARM, 5.0, value=value, told=State.ALARM),
            )
            for n in range(1200)
        ]
        status = Status(State.ALARM, 5.0, Evaluation.OK, suppression={"active": True})
        with catalog.operate() as connection:
            store.save_contributors(connection, many)
            store.save_statuses(connection, [(alarm, status)])
            add_events(connection, "acme", [{"AlarmId": alarm.id}] * 600)
    found = store.contributors("acme", 60)[alarm.id]
    assert len(found) == 1200
    assert {(one.value, one.told) for one in found.values()} == {(2.0, State.ALARM)}
    assert store.statuses("acme")[alarm.id].suppression == {"active": True}
    with catalog.operate() as connection:
        store.remove_contributors(connection, [(alarm.id, key) for key in list(found)[:700]])
    assert len(store.contributors("acme", alarm_id=alarm.id)[alarm.id]) == 500
    view = service.acknowledge(actor, "acme", "hot", "mine")
    assert view.acknowledgement.by == "test"
    AlarmComments(catalog).add(actor, "acme", "hot", "look\nthere")
    service.delete(actor, "acme", "hot")
    assert store.contributors("acme", 60) == {}
    assert store.statuses("acme") == {}


def test_lists_find_by_state_text_and_labels(catalog, service, actor):
    for name, labels in (("a_1", {"team": 'x"y'}), ("a%2", {"team": "z"}), ("B3", {})):
        service.put(actor, "acme", name, SPEC, labels=labels)
    names = lambda **by: [one.alarm.name for one in service.find("acme", **by).items]  # noqa: E731
    assert names() == ["B3", "a%2", "a_1"]
    assert names(search="A%") == ["a%2"]
    assert names(search="_") == ["a_1"]
    assert names(labels={"team": 'x"y'}) == ["a_1"]
    assert names(state=State.OK) == []
    page = service.find("acme", limit=2)
    assert [one.alarm.name for one in service.find("acme", limit=2, after=page.next).items] == [
        "a_1"
    ]


def test_messages_wait_are_sent_and_forgotten(catalog, actor, fake_clock):
    sent = []

    class Sender:
        def send(self, channel, secret, message):
            sent.append((secret, len(message.notices)))

    secrets = SecretBox(b"tests")
    dispatcher = Dispatcher(catalog, Sender(), secrets)
    notifications = NotificationService(catalog, secrets, dispatcher)
    hook = CHANNEL.validate_python({"type": "webhook", "url": "https://hooks.example/x"})
    notifications.put_channel(actor, "acme", "hook", hook, "a signing key of 16+")
    notifications.put_route(actor, "acme", "all", RouteSpec(channels=["hook"]))
    scheduler = Scheduler(catalog)
    scheduler.handle(KIND, dispatcher.handle)
    notice = Notice("n1", "a1", "hot", "firing", "error", {"alarm": "hot"}, {}, "why", "what", 1.0)
    with catalog.operate() as connection:
        now = catalog.clock.now().timestamp()
        NotificationOutbox(catalog).store(connection, "acme", [notice, notice], now)
    fake_clock.advance(6)
    scheduler.run_due()
    assert sent == [("a signing key of 16+", 2)]
    assert catalog.scheduled_work.list(kind=KIND) == []
    assert [one.status for one in notifications.deliveries("acme").items] == ["delivered"]
