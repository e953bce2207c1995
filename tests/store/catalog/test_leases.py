from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from vedette.core.errors import InvalidInputError
from vedette.store.catalog import Catalog

MINUTE = timedelta(minutes=1)


@pytest.fixture
def expire(raw):
    """Make a lease expire: PostgreSQL's clock cannot be moved, so the lease is."""
    return lambda name: raw("UPDATE leases SET expires = 0 WHERE name = ?", name)


def test_one_holder_at_a_time(catalog):
    assert catalog.leases.acquire("job", "a", MINUTE)
    assert catalog.leases.acquire("job", "a", MINUTE)
    assert not catalog.leases.acquire("job", "b", MINUTE)
    assert catalog.leases.acquire("other job", "b", MINUTE)


def test_an_expired_lease_can_be_taken_and_is_lost_to_its_holder(catalog, expire):
    catalog.leases.acquire("job", "a", MINUTE)
    expire("job")
    assert not catalog.leases.renew("job", "a", MINUTE)
    assert catalog.leases.acquire("job", "b", MINUTE)
    assert not catalog.leases.renew("job", "a", MINUTE)
    assert not catalog.leases.release("job", "a")
    assert catalog.leases.renew("job", "b", MINUTE)


def test_renewing_moves_the_end(catalog, raw):
    catalog.leases.acquire("job", "a", MINUTE)
    ((before,),) = raw("SELECT expires FROM leases")
    assert catalog.leases.renew("job", "a", 2 * MINUTE)
    ((after,),) = raw("SELECT expires FROM leases")
    assert 55 < after - before < 65


def test_the_clock_of_sqlite_is_the_catalog_s(catalog, fake_clock):
    if catalog._database.dialect != "sqlite":
        pytest.skip("PostgreSQL decides by its own clock")
    catalog.leases.acquire("job", "a", MINUTE)
    fake_clock.advance(59)
    assert not catalog.leases.acquire("job", "b", MINUTE)
    fake_clock.advance(1)
    assert catalog.leases.acquire("job", "b", MINUTE)


def test_release(catalog):
    catalog.leases.acquire("job", "a", MINUTE)
    assert not catalog.leases.release("job", "b")
    assert catalog.leases.release("job", "a")
    assert not catalog.leases.release("job", "a")
    assert catalog.leases.acquire("job", "b", MINUTE)


def test_leases_leave_no_audit_records(catalog):
    before = catalog.audit.verify().head_sequence
    catalog.leases.acquire("job", "a", MINUTE)
    catalog.leases.release("job", "a")
    assert catalog.audit.verify().head_sequence == before


def test_of_many_that_ask_at_once_one_gets_it(catalog, catalog_url, expire, fake_clock):
    clock = fake_clock.clock()
    with Catalog.open(catalog_url, clock=clock) as other, ThreadPoolExecutor(8) as pool:
        for round_number in range(10):
            name = f"job{round_number % 5}"
            expire(name)

            def ask(number, name=name):
                chosen = catalog if number % 2 else other
                return chosen.leases.acquire(name, f"holder{number}", MINUTE)

            assert sum(pool.map(ask, range(16))) == 1


@pytest.mark.parametrize(
    ("name", "holder", "ttl", "field"),
    [
        ("", "a", MINUTE, "name"),
        ("x" * 257, "a", MINUTE, "name"),
        ("job", "nul\x00", MINUTE, "holder"),
        ("job", "a", timedelta(0), "ttl"),
        ("job", "a", timedelta(days=2), "ttl"),
    ],
)
def test_bad_input(catalog, name, holder, ttl, field):
    for call in (catalog.leases.acquire, catalog.leases.renew):
        with pytest.raises(InvalidInputError) as caught:
            call(name, holder, ttl)
        assert caught.value.field == field
