from __future__ import annotations

import json
import os
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vedette.core.errors import ConflictError, InvalidInputError
from vedette.sdk.batch import EVICTED, REFUSED, SENT, SPOOLED
from vedette.sdk.checkpoint import Checkpoint
from vedette.sdk.log_records import split
from vedette.sdk.tail import LogSource
from vedette.sdk.tailer import Tailer


def texts(result):
    return [record.data for record in result.records]


def test_split_leaves_an_unfinished_line():
    result = split(b"one\r\ntwo\nthr", max_line_bytes=64)
    assert texts(result) == [b"one", b"two"]
    assert result.consumed == 9
    assert texts(split(b"thr", max_line_bytes=64, final=True)) == [b"thr"]
    assert texts(split(b"\n\n", max_line_bytes=64)) == [b"", b""]


def test_split_cuts_long_lines_and_skips_their_rest():
    whole = split(b"x" * 100 + b"\nnext\n", max_line_bytes=10)
    assert [(r.data, r.is_truncated) for r in whole.records] == [
        (b"x" * 10, True),
        (b"next", False),
    ]
    part = split(b"x" * 100, max_line_bytes=10)
    assert (texts(part), part.consumed, part.skip) == ([b"x" * 10], 100, True)
    more = split(b"y" * 50, max_line_bytes=10, skip=True)
    assert (texts(more), more.consumed, more.skip) == ([], 50, True)
    rest = split(b"yyy\nnext\n", max_line_bytes=10, skip=True)
    assert (texts(rest), rest.consumed, rest.skip) == ([b"next"], 9, False)


def test_split_joins_lines_up_to_the_next_start():
    start = re.compile(rb"^\d{4}-")
    data = b"2024-01 boom\n  at a\n  at b\n2024-02 fine\n"
    waiting = split(data, max_line_bytes=64, start=start)
    assert texts(waiting) == [b"2024-01 boom\n  at a\n  at b"]
    assert waiting.consumed == data.index(b"2024-02")
    idle = split(data, max_line_bytes=64, start=start, idle=True)
    assert texts(idle) == [b"2024-01 boom\n  at a\n  at b", b"2024-02 fine"]
    assert idle.consumed == len(data)


def test_split_bounds_a_record_without_an_end():
    data = b"2024-01\n" + b"  more\n" * 1000
    result = split(data, max_line_bytes=64, start=re.compile(rb"^\d{4}-"))
    assert all(len(r.data) <= 4 * 64 + 64 + 1 for r in result.records)
    assert len(result.records) > 10


@given(
    st.lists(st.text(alphabet="ab\u00e9", max_size=20), max_size=30),
    st.lists(st.integers(1, 40), min_size=1, max_size=60),
)
def test_split_in_any_pieces_gives_every_line_once(lines, sizes):
    data = "".join(f"{line}\n" for line in lines).encode()
    found, offset, available, skip = [], 0, 0, False
    for size in [*sizes, len(data)]:
        available = min(len(data), available + size)
        result = split(data[offset:available], max_line_bytes=64, skip=skip)
        found += texts(result)
        offset += result.consumed
        skip = result.skip
    assert found == [line.encode() for line in lines]


class FakeSender:
    """Takes batches and settles them when told."""

    coding = "none"

    def __init__(self):
        self.batches = []
        self.room = True

    def submit(self, batch):
        self.batches.append(batch)

    def has_room(self):
        return self.room

    def settle(self, outcome=SENT):
        for batch in self.batches:
            batch.on_settled(outcome)


class Host:
    """A folder of logs, a state folder, a clock, and the agent's tailer started again and again."""

    def __init__(self, folder):
        self.logs = folder / "logs"
        self.logs.mkdir()
        self.state = folder / "state"
        self.now = 1000.0
        self.got: list[str] = []
        self.ids: list[tuple[str, int]] = []
        self.records = []
        self.tailer = None

    def start(self, **options):
        options = {"pattern": str(self.logs / "*.log"), "start_at": "beginning"} | options
        self.checkpoint = Checkpoint(self.state)
        self.sender = FakeSender()
        self.tailer = Tailer(
            [LogSource(**options)],
            self.checkpoint,
            self.sender,
            {"service.name": "agent"},
            rescan_seconds=0.5,
            clock=lambda: self.now,
        )
        return self

    def round(self, outcome=SENT, seconds=1.0):
        """One poll; what was submitted is settled and noted when it will not be sent again."""
        self.now += seconds
        self.tailer.poll()
        batches, self.sender.batches = self.sender.batches, []
        for batch in batches:
            self.ids.append((batch.batch_id, batch.attempts))
            if outcome is not None:
                if outcome != EVICTED:
                    self.take(batch)
                batch.on_settled(outcome)
        return batches

    def take(self, batch):
        from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest

        for resource in ExportLogsServiceRequest.FromString(batch.body).resource_logs:
            for record in resource.scope_logs[0].log_records:
                self.records.append(record)
                self.got.append(record.body.string_value)

    def rounds(self, count=3):
        for _ in range(count):
            self.round()
        return self.got

    def stop(self):
        self.tailer.close()
        self.checkpoint.close()

    def crash(self):
        """End without writing anything more."""
        for tailed in self.tailer._files.values():
            tailed.close()
        self.checkpoint.close()

    def write(self, text, name="app.log"):
        with (self.logs / name).open("a") as file:
            file.write(text)


@pytest.fixture
def host(tmp_path):
    return Host(tmp_path)


def test_lines_are_read_as_they_come(host):
    host.write("one\ntwo\npart")
    host.start()
    assert host.rounds() == ["one", "two"]
    host.write("ial\nthree\n")
    assert host.rounds() == ["one", "two", "partial", "three"]
    names = {a.key: a.value.string_value for a in host.records[0].attributes}
    assert names["log.file.path"] == str(host.logs / "app.log")
    assert names["log.file.name"] == "app.log"


def test_new_files_are_read_whole_and_old_ones_from_the_end(host):
    host.write("before\n")
    host.start(start_at="end")
    host.rounds(1)
    host.write("after\n")
    host.write("whole\n", "second.log")
    host.write("not matched\n", "other.txt")
    assert sorted(host.rounds()) == ["after", "whole"]


def test_restart_goes_on_where_it_was(host):
    host.write("one\n")
    host.start(start_at="end")
    host.rounds()
    host.write("two\n")
    host.rounds()
    host.stop()
    host.write("three\n")
    host.write("born meanwhile\n", "new.log")
    host.start(start_at="end")
    assert sorted(host.rounds()) == ["born meanwhile", "three", "two"]


@pytest.mark.parametrize("outcome", [SENT, SPOOLED, REFUSED])
def test_crash_after_settling_but_before_the_checkpoint_uses_the_same_id(host, outcome):
    host.write("one\ntwo\n")
    host.start()
    (batch,) = host.round(outcome)
    host.crash()
    host.write("three\n")
    host.start()
    (again,) = host.round()
    assert again.batch_id == batch.batch_id
    assert again.attempts == 1, "so the request says attempt 2 and the server looks for a copy"
    host.rounds()
    assert host.got == ["one", "two", "one", "two", "three"]
    assert again.items == batch.items == 2


def test_crash_before_settling_sends_the_same_range_again(host):
    host.write("one\ntwo\n")
    host.start()
    (batch,) = host.round(None)
    host.crash()
    host.write("three\n")
    host.start()
    (again,) = host.round()
    assert again.batch_id == batch.batch_id
    assert host.rounds() == ["one", "two", "three"]


def test_nothing_more_is_read_while_a_batch_is_on_its_way(host):
    host.write("one\n")
    host.start()
    (batch,) = host.round(None)
    host.write("two\n")
    assert host.round(None) == []
    batch.on_settled(SENT)
    (second,) = host.round()
    assert host.got == ["two"]
    assert second.batch_id != batch.batch_id


def test_an_evicted_batch_is_sent_again(host):
    host.write("one\n")
    host.start()
    host.round(EVICTED)
    host.round()
    assert host.rounds() == ["one"]
    (first, first_attempts), (second, second_attempts) = host.ids
    assert first == second
    assert (first_attempts, second_attempts) == (0, 1)


def test_reading_pauses_when_there_is_no_room(host):
    host.write("one\n")
    host.start()
    host.sender.room = False
    assert host.rounds() == []
    host.sender.room = True
    assert host.rounds() == ["one"]


def test_rotation_by_rename_loses_and_doubles_nothing(host):
    host.write("one\n")
    host.start()
    host.rounds()
    writer = (host.logs / "app.log").open("a")
    (host.logs / "app.log").rename(host.logs / "app.log.1")
    writer.write("late to the old file\n")
    writer.flush()
    host.write("first of the new\n")
    host.rounds()
    writer.write("no line break")
    writer.close()
    host.rounds(10)
    assert sorted(host.got) == [
        "first of the new",
        "late to the old file",
        "no line break",
        "one",
    ]
    assert len(host.tailer._files) == 1, "the rotated file was let go"
    assert len(host.checkpoint.files) == 1


def test_rotated_files_that_match_are_not_read_again(host):
    host.write("one\n")
    host.start(pattern=str(host.logs / "app.log*"))
    host.rounds()
    (host.logs / "app.log").rename(host.logs / "app.log.1")
    host.write("two\n")
    host.rounds(20)
    host.stop()
    host.start(pattern=str(host.logs / "app.log*"))
    (host.logs / "app.log.1").rename(host.logs / "app.log.2")
    (host.logs / "app.log").rename(host.logs / "app.log.1")
    host.write("three\n")
    host.rounds(20)
    assert host.got == ["one", "two", "three"]


def test_rotation_while_the_agent_was_down(host):
    host.write("one\n")
    host.start()
    host.rounds()
    host.stop()
    host.write("two\n")
    (host.logs / "app.log").rename(host.logs / "app.log.1")
    host.write("three\n")
    host.start()
    assert sorted(host.rounds(10)) == ["one", "three", "two"]


def test_truncation_starts_over(host):
    host.write("a first line that is long enough\n")
    host.start()
    host.rounds()
    (host.logs / "app.log").write_text("new\n")
    assert host.rounds() == ["a first line that is long enough", "new"]


def test_truncation_that_grew_past_the_old_end_is_noticed(host):
    host.write("short\n")
    host.start()
    host.rounds()
    (host.logs / "app.log").write_text("quite another and longer text\n")
    assert host.rounds() == ["short", "quite another and longer text"]


def test_an_inode_used_again_is_another_file(host):
    host.write("of the old file\n")
    host.start()
    host.rounds()
    host.stop()
    path = host.logs / "app.log"
    inode = path.stat().st_ino
    state = json.loads((host.state / "checkpoint.json").read_text())
    path.unlink()
    path.write_text("of the new file, which is longer\n")
    state["files"][0]["inode"] = path.stat().st_ino
    (host.state / "checkpoint.json").write_text(json.dumps(state))
    host.start()
    assert inode
    assert host.rounds() == ["of the old file", "of the new file, which is longer"]


def test_a_deleted_file_is_read_to_its_end_and_let_go(host):
    host.write("one\n")
    host.start()
    host.rounds()
    writer = (host.logs / "app.log").open("a")
    (host.logs / "app.log").unlink()
    writer.write("last words\n")
    writer.close()
    assert host.rounds(10) == ["one", "last words"]
    assert host.tailer._files == {}
    assert host.checkpoint.files == []


def test_long_lines_are_cut_and_marked_across_reads_and_restarts(host):
    host.write("x" * 200)
    host.start(max_line_bytes=64)
    host.rounds()
    host.stop()
    host.write("y" * 100 + "\nnext\n")
    host.start(max_line_bytes=64)
    assert host.rounds() == ["x" * 64, "next"]
    cut = {a.key: a.value.bool_value for a in host.records[0].attributes}
    assert cut["vedette.log.truncated"] is True
    assert "vedette.log.truncated" not in {a.key for a in host.records[1].attributes}


def test_multi_line_records_wait_for_the_next_start_or_for_silence(host):
    host.start(multiline_start=r"^\d{4}-", multiline_seconds=2.0)
    host.write("2024-01-01 boom\n  at a\n")
    host.round(seconds=0.6)
    host.round(seconds=0.6)
    host.write("  at b\n2024-01-02 fine\n")
    host.round(seconds=0.6)
    assert host.got == ["2024-01-01 boom\n  at a\n  at b"]
    host.rounds(4)
    assert host.got == ["2024-01-01 boom\n  at a\n  at b", "2024-01-02 fine"]


def test_a_resent_multi_line_batch_is_the_same(host):
    host.write("2024-01-01 a\n more\n2024-01-02 b\n more\n")
    host.start(multiline_start=r"^\d{4}-")
    host.round(EVICTED)
    host.rounds(5)
    assert host.got == ["2024-01-01 a\n more", "2024-01-02 b\n more"]


def test_undecodable_bytes_are_replaced(host):
    (host.logs / "app.log").write_bytes(b"caf\xe9 \xff\n")
    host.start()
    assert host.rounds() == ["caf� �"]


def test_a_latin_1_source_is_decoded(host):
    (host.logs / "app.log").write_bytes(b"caf\xe9\n")
    host.start(encoding="latin-1")
    assert host.rounds() == ["café"]


def test_a_big_file_is_read_in_bounded_batches(host):
    line = "x" * 99
    host.write(f"{line}\n" * 50_000)
    host.start()
    first = host.round()
    assert len(first) == 1
    assert len(first[0].body) < 4 * 1024 * 1024
    host.rounds(10)
    assert len(host.got) == 50_000


def test_the_checkpoint_is_written_before_the_batch_is_sent(host, monkeypatch):
    host.write("one\n")
    host.start()
    monkeypatch.setattr(Checkpoint, "save", lambda _: (_ for _ in ()).throw(OSError(28, "full")))
    assert host.round() == []
    monkeypatch.undo()
    assert host.rounds() == ["one"]


def test_two_agents_cannot_share_a_state_folder(host):
    host.start()
    with pytest.raises(ConflictError, match="another agent"):
        Checkpoint(host.state)
    host.stop()
    Checkpoint(host.state).close()


def test_an_unreadable_checkpoint_is_kept_aside(host, caplog):
    host.state.mkdir()
    (host.state / "checkpoint.json").write_text("{not json")
    host.write("one\n")
    host.start()
    assert host.rounds() == ["one"]
    assert (host.state / "checkpoint.unreadable").read_text() == "{not json"
    assert "not readable" in caplog.text


def test_an_unreadable_file_does_not_stop_the_others(host, monkeypatch):
    host.write("bad\n", "a.log")
    host.write("good\n", "b.log")
    host.start()
    host.tailer._scan()
    bad = next(t for t in host.tailer._files.values() if t.position.path.endswith("a.log"))
    monkeypatch.setattr(bad, "_read_at", lambda *_: (_ for _ in ()).throw(OSError(5, "I/O error")))
    assert host.rounds() == ["good"]


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"pattern": ""}, "pattern"),
        ({"pattern": "x", "form": "xml"}, "form"),
        ({"pattern": "x", "start_at": "middle"}, "start_at"),
        ({"pattern": "x", "max_line_bytes": 1}, "max_line_bytes"),
        ({"pattern": "x", "encoding": "utf-16"}, "encoding"),
        ({"pattern": "x", "encoding": "nonsense"}, "encoding"),
        ({"pattern": "x", "multiline_start": "("}, "multiline_start"),
    ],
)
def test_a_wrong_source_names_its_field(options, field):
    with pytest.raises(InvalidInputError) as caught:
        LogSource(**options)
    assert caught.value.field == field
    assert caught.value.remedy


def test_packed_files_and_folders_are_left_alone(host):
    (host.logs / "folder.log").mkdir()
    (host.logs / "old.gz").write_bytes(os.urandom(100))
    host.start(pattern=str(host.logs / "*"))
    assert host.rounds() == []
