from datetime import timedelta

import pytest

from vedette.core.errors import InvalidInputError
from vedette.core.identity import ResourceId
from vedette.core.time import TimeRange
from vedette.store.catalog import Actor, AuditEvent, IdentityType


@pytest.fixture
def recorded(catalog, actor, fake_clock):
    """Ten searches of acme by two people, a minute apart, and one of another account."""
    catalog.accounts.create(Actor.system("test"), "other")
    fake_clock.advance(3600)
    for n in range(10):
        person = Actor(type=IdentityType.USER, id=f"u{n % 2}", name="p", account="acme")
        catalog.audit.record_event(
            AuditEvent(actor=person, name="Search", read_only=True, request={"n": n})
        )
        fake_clock.advance(60)
    stranger = Actor(type=IdentityType.USER, id="u0", name="p", account="other")
    catalog.audit.record_event(AuditEvent(actor=stranger, name="Search", read_only=True))
    return catalog


def numbers(page):
    return [item.record["requestParameters"]["n"] for item in page.items]


def test_newest_first_and_only_of_the_account(recorded):
    page = recorded.audit.list("acme", event_name="Search")
    assert numbers(page) == [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]
    assert page.next is None


def test_pages_follow_each_other(recorded):
    seen, after = [], None
    while True:
        page = recorded.audit.list("acme", event_name="Search", limit=4, after=after)
        seen += numbers(page)
        after = page.next
        if after is None:
            break
    assert seen == list(range(9, -1, -1))


def test_filters(recorded, fake_clock):
    now = fake_clock.moment
    assert numbers(recorded.audit.list("acme", actor_id="u1")) == [9, 7, 5, 3, 1]
    within = TimeRange(now - timedelta(minutes=3), now - timedelta(minutes=1))
    assert numbers(recorded.audit.list("acme", within=within)) == [8, 7]
    assert len(recorded.audit.list("acme", read_only=False).items) == 1
    assert recorded.audit.list("acme", event_name="nothing").items == []
    assert recorded.audit.list("acme", event_name="nul\x00").items == []
    assert recorded.audit.list("nowhere").items == []


@pytest.mark.parametrize("after", ["", "x", "-1", "1.5", "9" * 30, "²"])
def test_a_bad_position(recorded, after):
    with pytest.raises(InvalidInputError) as caught:
        recorded.audit.list("acme", after=after)
    assert caught.value.field == "after"


def test_text_that_databases_cannot_hold_is_recorded_all_the_same(catalog):
    caller = Actor(
        type=IdentityType.USER, id="a\x00\ud800", name="\x00", account="acme",
        ip="\x00", user_agent="bad \udcff agent" * 500, request_id="\x00",
    )  # fmt: skip
    catalog.tags.set(caller, ResourceId("acme", "service", "x"), {"a": "1"})
    (item,) = catalog.audit.list("acme", limit=1).items
    assert item.record["userIdentity"]["principalId"] == "a\ufffd?"
    assert len(item.record["userAgent"]) == 1024
    assert catalog.audit.verify().ok
