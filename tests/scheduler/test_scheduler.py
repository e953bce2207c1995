import asyncio
import logging
import threading
from datetime import UTC, datetime, timedelta

import pytest

from vedette.core.errors import InvalidInputError
from vedette.scheduler import Every, LostClaimError, Scheduler
from vedette.store.catalog import Actor, Catalog

MINUTE = Every(60)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def recorder(scheduler: Scheduler, kind: str = "job", **options) -> list:
    """Have a kind's ticks put on a list."""
    seen: list = []
    scheduler.handle(kind, lambda claims: seen.extend(c.tick for c in claims), **options)
    return seen


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


def test_work_runs_once_at_each_slot(catalog, clock):
    scheduler = Scheduler(catalog)
    seen = recorder(scheduler)
    scheduler.put("job", "a", MINUTE, account="acme", payload={"x": 1})
    assert scheduler.run_due() == []
    for _ in range(3):
        clock.advance(seconds=60)
        scheduler.run_due()
        scheduler.run_due()
    assert [tick.slot for tick in seen] == [at(1), at(2), at(3)]
    assert [tick.previous for tick in seen] == [None, at(1), at(2)]
    assert {(t.missed, t.account, t.payload["x"], t.attempt) for t in seen} == {(0, "acme", 1, 0)}


def test_a_late_run_is_for_its_slot(catalog, clock):
    scheduler = Scheduler(catalog)
    seen = recorder(scheduler)
    scheduler.put("job", "", MINUTE)
    clock.advance(seconds=59)
    scheduler.run_due()
    assert seen[0].slot == at(1)


def test_after_a_pause_one_run_stands_for_those_missed_and_says_so(catalog, clock, caplog):
    scheduler = Scheduler(catalog)
    seen = recorder(scheduler)
    scheduler.put("job", "", MINUTE)
    clock.advance(minutes=1)
    scheduler.run_due()
    clock.advance(hours=3)
    with caplog.at_level(logging.WARNING):
        scheduler.run_due()
    assert [(tick.slot, tick.missed) for tick in seen] == [(at(1), 0), (at(181), 179)]
    assert "179 runs after 2026-03-01T12:01:00+00:00 were missed" in caplog.text
    (item,) = catalog.scheduled_work.list(kind="job")
    assert item.note.startswith("179 runs after")
    clock.advance(minutes=1)
    scheduler.run_due()
    assert catalog.scheduled_work.list(kind="job")[0].note is None


def test_a_clock_set_back_a_little_repeats_no_slot(catalog, clock):
    scheduler = Scheduler(catalog)
    seen = recorder(scheduler)
    scheduler.put("job", "", MINUTE)
    clock.advance(minutes=5)
    scheduler.run_due()
    clock.advance(minutes=-3)
    for _ in range(5):
        scheduler.run_due()
        clock.advance(minutes=1)
    assert [tick.slot for tick in seen] == [at(5), at(6)]


def test_a_clock_that_was_far_ahead_does_not_stop_the_work(catalog, clock):
    scheduler = Scheduler(catalog)
    seen = recorder(scheduler)
    scheduler.put("job", "", MINUTE)
    clock.advance(days=365)
    scheduler.run_due()
    clock.advance(days=-365)
    clock.advance(minutes=1)
    scheduler.run_due()
    scheduler.run_due()
    clock.advance(minutes=1)
    scheduler.run_due()
    assert [tick.slot for tick in seen[1:]] == [at(1), at(2)]
    assert [tick.clock_stepped_back for tick in seen] == [False, True, False]
    assert "set back" in seen[1].note


def test_two_processes_share_the_work(catalog, clock):
    url = str(catalog._database.engine.url)
    with Catalog.open(url.replace("+pysqlite", ""), clock=clock.clock()) as other:
        first, second = Scheduler(catalog), Scheduler(other)
        seen = [recorder(first, batch=3), recorder(second, batch=3)]
        for number in range(10):
            first.put("job", str(number), MINUTE)
        clock.advance(minutes=1)
        threads = [threading.Thread(target=one.run_due) for one in (first, second)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(tick.key for ticks in seen for tick in ticks) == [str(n) for n in range(10)]


def test_a_run_that_was_taken_over_counts_for_nothing(catalog, clock):
    slow, quick = Scheduler(catalog), Scheduler(catalog)
    lost = []
    seen = recorder(quick)

    def paused(claims):
        clock.advance(minutes=2)  # longer than the lease, as a process that is stopped
        quick.run_due()
        with pytest.raises(LostClaimError) as caught, catalog.operate() as connection:
            claims[0].complete(connection)
        lost.append(caught.value)
        raise caught.value

    slow.handle("job", paused, lease=timedelta(minutes=1))
    slow.put("job", "", MINUTE)
    clock.advance(minutes=1)
    assert slow.run_due() == []
    assert lost
    assert [tick.slot for tick in seen] == [at(3)]


def test_a_result_is_stored_with_its_slot_or_not_at_all(catalog, clock):
    scheduler = Scheduler(catalog)
    fails = [True]

    def handler(claims):
        with catalog.operate() as connection:
            catalog.scheduled_work.put(connection, "result", "r", schedule="every 60s", next_due=0)
            claims[0].complete(connection)
            if fails.pop():
                raise RuntimeError("the disk is gone")

    scheduler.handle("job", handler)
    scheduler.put("job", "", MINUTE)
    clock.advance(minutes=1)
    fails.append(True)
    scheduler.run_due()
    assert catalog.scheduled_work.list(kind="result") == []
    (item,) = catalog.scheduled_work.list(kind="job")
    assert (item.last_slot, item.attempts) == (None, 1)


def test_a_failed_run_is_tried_again_ever_more_seldom(catalog, clock):
    scheduler = Scheduler(catalog)
    attempts = []

    def handler(claims):
        attempts.append((claims[0].tick.slot, claims[0].tick.attempt, clock.moment))
        if len(attempts) < 4:
            raise InvalidInputError("the metric is gone")

    scheduler.handle("job", handler)
    scheduler.put("job", "", Every(3600))
    clock.advance(minutes=60)
    for _ in range(60):
        scheduler.run_due()
        clock.advance(seconds=1)
    assert [slot for slot, _, _ in attempts] == [at(60)] * 4
    assert [attempt for _, attempt, _ in attempts] == [0, 1, 2, 3]
    waits = [b[2] - a[2] for a, b in zip(attempts, attempts[1:], strict=False)]
    assert [wait.total_seconds() for wait in waits] == [5, 10, 20]
    (item,) = catalog.scheduled_work.list(kind="job")
    assert (item.attempts, item.error) == (0, None)


def test_one_bad_piece_of_a_batch_does_not_fail_the_others(catalog, clock):
    scheduler = Scheduler(catalog)

    def handler(claims):
        for claim in claims:
            if claim.tick.key == "b":
                claim.fail(InvalidInputError("no such metric"))

    scheduler.handle("job", handler)
    for key in "abc":
        scheduler.put("job", key, MINUTE)
    clock.advance(minutes=1)
    scheduler.run_due()
    errors = {item.key: item.error for item in catalog.scheduled_work.list(kind="job")}
    assert errors == {"a": None, "b": "no such metric", "c": None}


def test_a_changed_schedule_keeps_what_was_run(catalog, clock):
    scheduler = Scheduler(catalog)
    seen = recorder(scheduler)
    scheduler.put("job", "", MINUTE)
    clock.advance(minutes=1)
    scheduler.run_due()
    scheduler.put("job", "", Every(3600))
    clock.advance(minutes=30)
    scheduler.run_due()
    clock.advance(minutes=29)
    scheduler.run_due()
    assert [tick.slot for tick in seen] == [at(1), at(60)]
    catalog.scheduled_work.remove(None, "job", "")
    clock.advance(hours=3)
    assert scheduler.run_due() == []


def test_work_is_stored_with_the_change_of_its_entity(catalog, clock):
    scheduler = Scheduler(catalog)
    recorder(scheduler)
    with pytest.raises(RuntimeError), catalog.change(Actor.system("t"), "CreateJob") as change:
        scheduler.put("job", "a", MINUTE, executor=change.session)
        raise RuntimeError
    assert catalog.scheduled_work.list() == []
    with catalog.change(Actor.system("t"), "CreateJob") as change:
        scheduler.put("job", "a", MINUTE, executor=change.session)
    assert [item.key for item in catalog.scheduled_work.list()] == ["a"]


def test_a_schedule_that_no_longer_parses_does_not_stop_others(catalog, clock):
    scheduler = Scheduler(catalog)
    seen = recorder(scheduler)
    catalog.scheduled_work.put(None, "job", "bad", schedule="sometimes", next_due=0)
    scheduler.put("job", "good", MINUTE)
    clock.advance(minutes=1)
    scheduler.run_due()
    assert [tick.key for tick in seen] == ["good"]
    errors = {item.key: item.error for item in catalog.scheduled_work.list()}
    assert "5 fields" in errors["bad"]


def test_the_loop_runs_due_work_wakes_for_new_work_and_waits_for_handlers(tmp_path):
    """In real time, since the loop is about it: a schedule of a second."""
    with Catalog.open(f"sqlite:///{tmp_path / 'catalog.sqlite'}") as catalog:
        scheduler = Scheduler(catalog)
        started, finish, finished = threading.Event(), threading.Event(), []

        def handler(claims):
            started.set()
            finish.wait(10)
            finished.append(claims[0].tick.slot)

        async def main():
            scheduler.handle("slow", handler, lease=timedelta(seconds=3))
            loop = asyncio.create_task(scheduler.run())
            await asyncio.sleep(0)
            await asyncio.to_thread(scheduler.put, "slow", "", Every(1))
            assert await asyncio.to_thread(started.wait, 10)
            loop.cancel()
            await asyncio.sleep(0)
            finish.set()
            with pytest.raises(asyncio.CancelledError):
                await loop

        asyncio.run(main())
        (item,) = catalog.scheduled_work.list(kind="slow")
        assert finished == [datetime.fromtimestamp(item.last_slot, UTC)]
