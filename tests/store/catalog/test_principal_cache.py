from vedette.store.catalog.principal_cache import TimedCache


def new_cache(fake_clock, size=3):
    return TimedCache[str](size, lambda: fake_clock.ticks)


def test_entries_expire(fake_clock):
    cache = new_cache(fake_clock)
    cache.put("a", "1", generation=0, lifetime=60)
    cache.put("b", "2", generation=0, lifetime=2)
    fake_clock.advance(1.9)
    assert (cache.get("a"), cache.get("b")) == ("1", "2")
    fake_clock.advance(0.1)
    assert (cache.get("a"), cache.get("b")) == ("1", None)
    fake_clock.advance(3)
    assert cache.get("a") is None


def test_the_oldest_leaves_first(fake_clock):
    cache = new_cache(fake_clock)
    for key in "abc":
        cache.put(key, key, generation=0, lifetime=5)
    cache.put("a", "again", generation=0, lifetime=5)
    cache.put("d", "d", generation=0, lifetime=5)
    assert len(cache) == 3
    assert [cache.get(key) for key in "abcd"] == ["again", None, "c", "d"]


def test_what_was_loaded_before_clearing_is_not_stored(fake_clock):
    cache = new_cache(fake_clock)
    generation = cache.generation
    cache.clear()
    cache.put("a", "stale", generation=generation, lifetime=5)
    assert cache.get("a") is None
    cache.put("a", "fresh", generation=cache.generation, lifetime=5)
    assert cache.get("a") == "fresh"


def test_no_lifetime_is_not_stored(fake_clock):
    cache = new_cache(fake_clock)
    cache.put("a", "1", generation=0, lifetime=0)
    assert len(cache) == 0
