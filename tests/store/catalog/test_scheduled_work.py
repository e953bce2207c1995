import pytest

from vedette.core.errors import StoreError


def put(catalog, key, next_due=0.0, **options):
    catalog.scheduled_work.put(None, "job", key, schedule="every 60s", next_due=next_due, **options)


def claim(catalog, token, now=100.0, limit=10, lease=60.0):
    work = catalog.scheduled_work
    items = work.claim("job", token, now=now, lease_seconds=lease, back=600, limit=limit)
    return [item.key for item in items]


def complete(catalog, key, token, slot=100.0):
    with catalog.operate() as connection:
        return catalog.scheduled_work.complete(
            connection, "job", key, token, slot=slot, next_due=slot + 60, finished=slot
        )


def test_what_is_due_is_claimed_once_the_longest_due_first(catalog):
    for key, due in (("a", 30), ("b", 10), ("c", 20), ("d", 200)):
        put(catalog, key, due)
    assert claim(catalog, "one", limit=2) == ["b", "c"]
    assert claim(catalog, "two") == ["a"]
    assert claim(catalog, "three") == []


def test_only_the_holder_completes_and_only_once(catalog):
    put(catalog, "a", account="acme", payload={"n": [1]})
    claim(catalog, "one")
    assert not complete(catalog, "a", "two")
    assert complete(catalog, "a", "one")
    assert not complete(catalog, "a", "one")
    (item,) = catalog.scheduled_work.list(account="acme")
    assert (item.last_slot, item.next_due, item.leased_until) == (100.0, 160.0, None)
    assert item.payload == {"n": [1]}


def test_an_expired_claim_is_taken_over_and_a_renewed_one_is_not(catalog):
    put(catalog, "a")
    claim(catalog, "one", now=100)
    assert catalog.scheduled_work.renew("job", "one", until=200) == 1
    assert claim(catalog, "two", now=170) == []
    assert claim(catalog, "two", now=200) == ["a"]
    assert catalog.scheduled_work.renew("job", "one", until=300) == 0
    assert not complete(catalog, "a", "one")
    assert not catalog.scheduled_work.fail("job", "a", "one", error="late", next_due=0)


def test_a_claim_from_a_clock_far_ahead_expires(catalog):
    put(catalog, "a")
    claim(catalog, "one", now=1e9)
    assert claim(catalog, "two", now=100) == ["a"]


def test_putting_it_again_keeps_how_far_it_ran(catalog):
    put(catalog, "a", 10)
    claim(catalog, "one")
    complete(catalog, "a", "one")
    put(catalog, "a", 5000, payload={"changed": True})
    (item,) = catalog.scheduled_work.list()
    assert (item.next_due, item.last_slot, item.payload) == (160.0, 100.0, {"changed": True})
    catalog.scheduled_work.put(None, "job", "a", schedule="every 5s", next_due=5000)
    assert catalog.scheduled_work.list()[0].next_due == 5000


def test_wake_ups_are_when_something_can_be_claimed(catalog):
    work = catalog.scheduled_work
    wake_ups = lambda now: work.wake_ups(["job", "other"], now=now, back=600)  # noqa: E731
    assert wake_ups(100.0) == {}
    put(catalog, "a", 150)
    put(catalog, "b", 170)
    assert wake_ups(100.0) == {"job": 150.0}
    assert wake_ups(155.0) == {"job": 155.0}
    claim(catalog, "one", now=155.0, lease=10.0)
    assert wake_ups(155.0) == {"job": 165.0}
    complete(catalog, "a", "one", slot=2000.0)
    assert wake_ups(155.0) == {"job": 155.0}  # its last slot is far in the future


def test_removed_work_cannot_be_completed(catalog):
    put(catalog, "a")
    claim(catalog, "one")
    catalog.scheduled_work.remove(None, "job", "a")
    assert not complete(catalog, "a", "one")
    assert catalog.scheduled_work.list() == []


def test_a_lease_is_bounded(catalog):
    with pytest.raises(StoreError):
        claim(catalog, "one", lease=1e6)
