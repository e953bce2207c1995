from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest
from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import (
    ExportLogsPartialSuccess,
    ExportLogsServiceRequest,
    ExportLogsServiceResponse,
)

from vedette.sdk import compression
from vedette.sdk.batch import Backoff, Batch, new_batch_id
from vedette.sdk.config import resolve
from vedette.sdk.http_client import _retry_after
from vedette.sdk.spool import Spool
from vedette.sdk.transport import Sender

KEY = "vdt-very-secret-key-1234"
QUICK = Backoff(initial=0.02, maximum=0.05)


def make_config(server, folder, **arguments):
    given = {"endpoint": server.endpoint, "api_key": KEY, "spool_dir": folder, "timeout": 5.0}
    return resolve(given | arguments, {})


def make_sender(server, folder, *, backoff=QUICK, **arguments):
    queue_bytes = arguments.pop("queue_bytes", 16 * 1024 * 1024)
    config = replace(make_config(server, folder, **arguments), queue_bytes=queue_bytes)
    spool = Spool(config.spool_dir, config.spool_bytes) if config.spool_dir else None
    return Sender(config, spool, backoff=backoff)


def make_batch(text: str, coding: str = "gzip", **fields) -> Batch:
    request = ExportLogsServiceRequest()
    record = request.resource_logs.add().scope_logs.add().log_records.add()
    record.body.string_value = text
    body = compression.compress(request.SerializeToString(), coding)
    return Batch("logs", body, coding, 1, **fields)


@pytest.mark.parametrize("coding", ["gzip", "zstd", "none"])
def test_a_batch_arrives_with_its_headers(server, tmp_path, coding):
    sender = make_sender(server, tmp_path, compression=coding)
    batch = make_batch("hello", coding)
    sender.submit(batch)
    assert sender.flush(5)
    assert server.bodies() == ["hello"]
    headers = server.received[0].headers
    assert headers["content-type"] == "application/x-protobuf"
    assert headers["authorization"] == f"Bearer {KEY}"
    assert headers["vedette-batch-id"] == batch.batch_id
    assert headers["vedette-attempt"] == "1"
    assert headers.get("content-encoding") == (None if coding == "none" else coding)
    assert sender.stop(5)
    assert sender.stats().sent == 1


def test_batch_ids_are_16_hex_digits_and_never_zero(monkeypatch):
    assert len({new_batch_id() for _ in range(1000)}) == 1000
    monkeypatch.setattr("secrets.randbelow", lambda _: 0)
    assert new_batch_id() == "0000000000000001"
    monkeypatch.setattr("secrets.randbelow", lambda bound: bound - 1)
    assert new_batch_id() == "ffffffffffffffff"


@pytest.mark.parametrize("status", [408, 429, 502, 503, 504])
def test_retryable_statuses_are_sent_again_with_the_same_id(server, tmp_path, status):
    server.answers = [(status, {}, b"busy"), (status, {}, b"busy")]
    sender = make_sender(server, tmp_path)
    sender.submit(make_batch("kept"))
    server.wait_for(lambda: server.stored("logs"))
    sender.stop(5)
    assert len({r.batch_id for r in server.received}) == 1
    attempts = [r.attempt for r in server.received]
    assert attempts == [1, 2, 3]
    stats = sender.stats()
    assert (stats.sent, stats.retried, stats.spooled, stats.dropped) == (1, 2, 1, 0)
    assert stats.spool_files == 0


@pytest.mark.parametrize("status", [400, 401, 403, 404, 413, 500, 302])
def test_other_statuses_drop_the_batch_and_go_on(server, tmp_path, status, caplog):
    server.answers = [(status, {}, f"no: {KEY}".encode())] * 2
    sender = make_sender(server, tmp_path)
    for text in ("bad", "also bad", "good"):
        sender.submit(make_batch(text))
    server.wait_for(lambda: server.bodies() == ["good"])
    assert not sender.stats().server_away
    assert sender.flush(5)
    sender.stop(5)
    assert sender.stats().dropped == 2
    assert len(server.received) == 3
    warnings = [r for r in caplog.records if r.name == "vedette.sdk"]
    assert len(warnings) == 1, "one warning a minute for one kind"
    assert str(status) in warnings[0].getMessage()
    assert KEY not in caplog.text


def test_retry_after_is_the_least_wait():
    assert Backoff(0.5, 30).wait(1, 7.0) == 7.0
    assert Backoff(0.5, 30).wait(1, 1e9) == 300.0
    assert all(0.25 <= Backoff(0.5, 30).wait(1, None) <= 0.5 for _ in range(50))
    assert all(15 <= Backoff(0.5, 30).wait(10_000, None) <= 30 for _ in range(50))


def test_retry_after_header_is_a_number_or_a_date():
    assert _retry_after("12") == 12.0
    assert _retry_after("-3") == 0.0
    assert _retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0.0
    assert _retry_after("Fri, 21 Oct 2095 07:28:00 GMT") > 3e8
    assert _retry_after("soon") is None
    assert _retry_after(None) is None


def test_retry_after_of_an_answer_is_kept(server, tmp_path):
    server.answers = [(429, {"retry-after": "120"}, b"")]
    sender = make_sender(server, tmp_path)
    sender.submit(make_batch("later"))
    server.wait_for(lambda: server.received)
    wait_until(lambda: sender.stats().spool_files == 1)
    assert sender._retry_at - time.monotonic() > 100
    sender.stop(1)
    assert len(server.received) == 1


def wait_until(condition, timeout=10.0):
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.005)


def test_server_away_then_back_each_batch_is_stored_once_in_order(dead_server, tmp_path):
    sender = make_sender(dead_server, tmp_path)
    batches = [make_batch(f"line {n}", created_ns=10**18 + n) for n in range(20)]
    for batch in batches:
        sender.submit(batch)
    wait_until(lambda: sender.stats().spool_files == 20)
    assert sender.stats().server_away
    dead_server.start()
    dead_server.wait_for(lambda: len(dead_server.bodies()) == 20)
    assert sender.flush(5)
    sender.stop(5)
    assert dead_server.bodies() == [f"line {n}" for n in range(20)]
    assert [r.batch_id for r in dead_server.stored("logs")] == [b.batch_id for b in batches]
    # What was in the spool may have been stored before: never attempt 1.
    assert all(r.attempt >= 2 for r in dead_server.received)
    assert sender.stats().spool_files == 0


def test_a_lost_answer_does_not_store_twice(server, tmp_path):
    server.release.clear()
    sender = make_sender(server, tmp_path, timeout=0.2)
    batch = make_batch("once")
    sender.submit(batch)
    server.wait_for(lambda: server.received)  # stored, but the answer does not come
    wait_until(lambda: sender.stats().spool_files == 1)
    server.release.set()
    assert sender.flush(5)
    sender.stop(5)
    assert server.bodies() == ["once"]
    assert {r.batch_id for r in server.received} == {batch.batch_id}
    assert [r.attempt for r in server.received][:2] == [1, 2]


def test_a_hanging_server_does_not_block_the_caller(server, tmp_path):
    server.release.clear()
    sender = make_sender(server, tmp_path, timeout=60.0)
    sender.submit(make_batch("first"))
    server.wait_for(lambda: server.received)
    started = time.monotonic()
    for n in range(200):
        sender.submit(make_batch(f"more {n}"))
    assert time.monotonic() - started < 1.0
    assert sender.flush(0.2) is False
    assert sender.stop(0.3) is False
    assert time.monotonic() - started < 3.0
    assert sender.stats().spool_files == 201, "what was in flight is kept as well"


def test_restart_sends_what_the_last_process_left(dead_server, tmp_path):
    first = make_sender(dead_server, tmp_path)
    batch = make_batch("left over")
    first.submit(batch)
    wait_until(lambda: first.stats().spool_files == 1)
    assert first.stop(5) is False or first.stats().spool_files == 1
    dead_server.start()
    second = make_sender(dead_server, tmp_path)
    second.start()
    dead_server.wait_for(dead_server.bodies)
    assert second.flush(5)
    second.stop(5)
    assert dead_server.bodies() == ["left over"]
    assert dead_server.received[0].batch_id == batch.batch_id


def test_two_senders_on_one_folder_send_each_batch_once(dead_server, tmp_path):
    senders = [make_sender(dead_server, tmp_path) for _ in range(3)]
    for n, sender in enumerate(senders):
        for m in range(20):
            sender.submit(make_batch(f"{n}-{m}"))
    wait_until(lambda: senders[0].stats().spool_files == 60)
    dead_server.start()
    dead_server.wait_for(lambda: len(dead_server.bodies()) >= 60)
    for sender in senders:
        assert sender.flush(5)
        sender.stop(5)
    ids = [r.batch_id for r in dead_server.received]
    assert len(ids) == len(set(ids)) == 60, "no file was sent by two"


def test_without_a_spool_the_oldest_are_dropped_and_counted(server, tmp_path):
    server.default = (503, {}, b"")
    size = len(make_batch("00000000", "none").body)
    sender = make_sender(
        server,
        tmp_path,
        spool_bytes=0,
        queue_bytes=size * 3,
        compression="none",
        backoff=Backoff(30.0, 30.0),
    )
    outcomes = {}
    first = make_batch("00000000", "none", on_settled=lambda o: outcomes.setdefault(0, o))
    sender.submit(first)
    server.wait_for(lambda: server.received)
    wait_until(lambda: sender.stats().server_away)
    for n in range(1, 6):
        sender.submit(
            make_batch(f"{n:08}", "none", on_settled=lambda o, n=n: outcomes.setdefault(n, o))
        )
    stats = sender.stats()
    assert (stats.dropped, stats.dropped_items, stats.queued) == (3, 3, 3)
    assert outcomes == {0: "evicted", 1: "evicted", 2: "evicted"}
    server.default = (200, {}, b"")
    assert sender.flush(5)
    sender.stop(5)
    assert server.bodies() == ["00000003", "00000004", "00000005"]


def test_a_full_queue_goes_to_the_spool(server, tmp_path):
    server.release.clear()
    size = len(make_batch("00000000", "none").body)
    sender = make_sender(server, tmp_path, queue_bytes=size * 2, compression="none", timeout=60.0)
    sender.submit(make_batch("00000000", "none"))
    server.wait_for(lambda: server.received)
    for n in range(1, 6):
        sender.submit(make_batch(f"{n:08}", "none"))
    assert sender.stats().spool_files == 3
    server.release.set()
    assert sender.flush(5)
    sender.stop(5)
    assert sorted(server.bodies()) == [f"{n:08}" for n in range(6)]
    assert sender.stats().dropped == 0


def test_partial_success_is_counted_and_said(server, tmp_path, caplog):
    answer = ExportLogsServiceResponse(
        partial_success=ExportLogsPartialSuccess(
            rejected_log_records=1, error_message="time too far in the past"
        )
    )
    kind = {"content-type": "application/x-protobuf"}
    server.answers = [(200, kind, answer.SerializeToString()), (200, kind, b"\xff\xff")]
    sender = make_sender(server, tmp_path)
    sender.submit(make_batch("old"))
    sender.submit(make_batch("nonsense in the answer"))
    assert sender.flush(5)
    sender.stop(5)
    assert sender.stats().rejected_items == 1
    assert sender.stats().sent == 2
    assert "time too far in the past" in caplog.text


def test_a_server_without_zstd_gets_gzip(server, tmp_path):
    server.refused_codings = {"zstd"}
    sender = make_sender(server, tmp_path, compression="zstd")
    sender.submit(make_batch("packed", "zstd"))
    assert sender.flush(5)
    assert server.bodies() == ["packed"]
    assert sender.coding == "gzip"
    sender.stop(5)
    first, second = server.received
    assert (first.batch_id, second.attempt) == (second.batch_id, 2)


def test_an_answer_without_end_is_given_up(server, tmp_path):
    server.answers = [(400, {}, b"x" * 1_000_000)]
    sender = make_sender(server, tmp_path)
    sender.submit(make_batch("one"))
    sender.submit(make_batch("two"))
    assert sender.flush(5)
    sender.stop(5)
    assert server.bodies() == ["two"]


def test_stop_with_the_server_away_is_quick_and_keeps_all(dead_server, tmp_path):
    sender = make_sender(dead_server, tmp_path, backoff=Backoff(60.0, 60.0))
    for n in range(5):
        sender.submit(make_batch(f"{n}"))
    wait_until(lambda: sender.stats().server_away)
    started = time.monotonic()
    sender.stop(10)
    assert time.monotonic() - started < 2.0
    assert sender.stats().spool_files == 5


def test_submit_after_stop_goes_to_the_spool(server, tmp_path):
    sender = make_sender(server, tmp_path)
    assert sender.stop(5)
    sender.submit(make_batch("late"))
    assert sender.stats().spool_files == 1
    assert server.received == []


def test_every_batch_settles_exactly_once_from_many_threads(server, tmp_path):
    server.answers = [(503, {}, b""), (200, {}, b""), (400, {}, b"")]
    outcomes: list[tuple[int, str]] = []
    sender = make_sender(server, tmp_path)

    def produce(thread: int) -> None:
        for n in range(25):
            sender.submit(
                make_batch(
                    "x", on_settled=lambda o, number=thread * 100 + n: outcomes.append((number, o))
                )
            )

    threads = [threading.Thread(target=produce, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sender.flush(20)
    sender.stop(5)
    assert len(outcomes) == len({number for number, _ in outcomes}) == 100
    stats = sender.stats()
    assert stats.sent + stats.dropped == 100
    assert stats.dropped == 1


def test_the_key_is_in_no_repr(server, tmp_path):
    config = make_config(server, tmp_path, headers={"x-proxy": "another-secret"})
    assert KEY not in repr(config)
    assert "another-secret" not in repr(config)
    assert KEY not in repr(make_batch("x"))
    assert KEY not in str(config.spool_dir)
