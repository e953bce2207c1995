from __future__ import annotations

import os
import subprocess
import sys
import threading
import time

import pytest

from vedette.sdk.batch import Batch
from vedette.sdk.spool import Spool


def make_batch(moment: int, size: int = 100, **fields) -> Batch:
    return Batch("logs", b"x" * size, "none", 3, created_ns=moment, **fields)


def take(spool: Spool):
    with spool.claim() as claimed:
        assert claimed
        file = spool.next()
        if file is None:
            return None
        started = spool.start_attempt(file)
        assert started is not None
        spool.finish(started[0])
        return started


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "0123456789abcdef"


def test_batches_come_back_whole_oldest_first(folder):
    spool = Spool(folder, 10_000)
    batches = [make_batch(n, size=n) for n in (30, 10, 20)]
    for batch in batches:
        spool.put(batch)
    assert spool.usage() == (3, 60)
    found = [take(spool) for _ in range(3)]
    assert [len(body) for _, body in found] == [10, 20, 30]
    assert {file.batch_id for file, _ in found} == {batch.batch_id for batch in batches}
    assert all((file.signal, file.items, file.coding) == ("logs", 3, "none") for file, _ in found)
    assert take(spool) is None
    assert spool.is_empty()
    assert spool.usage() == (0, 0)


def test_files_and_folder_are_private(folder):
    spool = Spool(folder, 10_000)
    spool.put(make_batch(1))
    modes = [path.stat().st_mode & 0o777 for path in (folder, *folder.iterdir())]
    assert modes == [0o700, 0o600]


def test_the_oldest_are_dropped_beyond_the_bound(folder):
    spool = Spool(folder, 350)
    evicted = [spool.put(make_batch(n)) for n in range(5)]
    assert [e.batches for e in evicted] == [0, 0, 0, 1, 1]
    assert sum(e.items for e in evicted) == 6
    assert spool.usage() == (3, 300)
    assert next(sorted_times(folder)) == 2
    with pytest.raises(OSError, match="over the spool's bound"):
        spool.put(make_batch(9, size=351))


def sorted_times(folder):
    names = sorted(path.name for path in folder.iterdir() if "-" in path.name)
    return (int(name.partition("-")[0]) for name in names)


def test_attempts_survive_a_restart_and_never_begin_at_one(folder):
    spool = Spool(folder, 10_000)
    spool.put(make_batch(1))
    spool.put(make_batch(2, attempts=4))
    for expected in (2, 3):
        with spool.claim():
            file, _ = spool.start_attempt(spool.next())
            assert file.attempts == expected
        spool = Spool(folder, 10_000)
    take(spool)
    file, _ = take(spool)
    assert file.attempts == 5


def test_a_batch_that_fails_often_lets_the_next_go_first(folder):
    spool = Spool(folder, 10_000)
    spool.put(make_batch(1, attempts=20))
    spool.put(make_batch(2))
    with spool.claim():
        first, _ = spool.start_attempt(spool.next())
        spool.postpone(first)
        second = spool.next()
        assert second.path.name.startswith(f"{2:020d}")
        again, _ = spool.start_attempt(second)
        spool.postpone(again)
        assert spool.next() == again, "one that failed once stays first"


def test_only_one_holds_the_claim(folder):
    first, second = Spool(folder, 10_000), Spool(folder, 10_000)
    with first.claim() as one, second.claim() as two:
        assert (one, two) == (True, False)
    with second.claim() as two:
        assert two


def test_the_claim_of_a_killed_process_ends(folder):
    spool = Spool(folder, 10_000)
    code = (
        "import pathlib, sys, time\n"
        "from vedette.sdk.spool import Spool\n"
        "with Spool(pathlib.Path(sys.argv[1]), 1000).claim() as claimed:\n"
        "    print(claimed, flush=True)\n"
        "    time.sleep(60)\n"
    )
    other = subprocess.Popen([sys.executable, "-c", code, folder], stdout=subprocess.PIPE)
    assert other.stdout.readline() == b"True\n"
    with spool.claim() as claimed:
        assert not claimed
    other.kill()
    other.wait()
    other.stdout.close()
    with spool.claim() as claimed:
        assert claimed


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_child_does_not_keep_the_claim(folder):
    spool = Spool(folder, 10_000)
    with spool.claim() as claimed:
        assert claimed
        spool.before_fork()
        ready, done = os.pipe(), os.pipe()
        child = os.fork()
        if child == 0:
            spool.after_fork_in_child()
            os.write(ready[1], b"1")
            os.read(done[0], 1)
            os._exit(0)
        spool.after_fork_in_parent()
        os.read(ready[0], 1)
        with Spool(folder, 10_000).claim() as second:
            assert not second, "the child's copy is closed, the parent's lock holds"
    with Spool(folder, 10_000).claim() as free:
        assert free, "the child is alive and holds nothing"
    os.write(done[1], b"1")
    os.waitpid(child, 0)


def test_half_written_files_are_not_read_and_swept_later(folder):
    spool = Spool(folder, 10_000)
    half = folder / ".123-456-0123456789abcdef.tmp"
    half.write_bytes(b"half")
    stranger = folder / "notes.tmp"
    stranger.write_text("not ours")
    assert spool.is_empty()
    for path in (half, stranger):
        os.utime(path, (1, 1))
    Spool(folder, 10_000)
    assert not half.exists()
    assert stranger.exists()


def test_what_an_unused_key_left_is_swept_after_weeks_and_nothing_else(folder, caplog):
    old = Spool(folder.with_name("aaaaaaaaaaaaaaaa"), 10_000)
    old.put(make_batch(1))
    old.put(make_batch(2))
    aged = min(path for path in old.folder.iterdir() if path.name != "lock")
    os.utime(aged, (time.time() - 15 * 86400,) * 2)
    foreign = folder.with_name("photos") / aged.name
    foreign.parent.mkdir()
    foreign.write_bytes(b"not in a spool folder")
    os.utime(foreign, (1, 1))
    Spool(folder, 10_000)
    assert old.usage() == (1, 100)
    assert foreign.exists()
    assert "1 batches" in caplog.text


def test_a_failed_write_leaves_nothing(folder, monkeypatch):
    spool = Spool(folder, 10_000)
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(28, "No space left")))
    with pytest.raises(OSError, match="No space"):
        spool.put(make_batch(1))
    monkeypatch.undo()
    assert list(folder.iterdir()) == []


def test_a_folder_that_was_removed_is_made_again(folder):
    spool = Spool(folder, 10_000)
    folder.rmdir()
    spool.put(make_batch(1))
    assert spool.usage() == (1, 100)


def test_a_file_that_another_process_removed_is_skipped(folder):
    spool = Spool(folder, 10_000)
    spool.put(make_batch(1))
    spool.put(make_batch(2))
    with spool.claim():
        file = spool.next()
        file.path.unlink()
        assert spool.start_attempt(file) is None
        assert spool.next().path.name.startswith(f"{2:020d}")


def test_many_writers_lose_nothing(folder):
    spools = [Spool(folder, 1_000_000) for _ in range(4)]

    def write(number):
        for n in range(25):
            spools[number].put(make_batch(number * 100 + n))

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ids = set()
    while (found := take(spools[0])) is not None:
        ids.add(found[0].batch_id)
    assert len(ids) == 100
